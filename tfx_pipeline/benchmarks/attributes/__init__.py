"""How well missing attributes of items are predicted, beside the simplest ways to guess them."""
