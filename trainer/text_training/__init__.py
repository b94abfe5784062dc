"""Training of the text encoder: pretraining on the shop's own text, fine-tuning for search, and the cross-encoder."""
