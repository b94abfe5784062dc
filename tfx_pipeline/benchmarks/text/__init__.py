"""The figures of text: search, items without history, and what encoding and training cost."""
