"""An anomaly score for users and items whose behaviour looks automated, and the filter before training.

`behaviour` measures what each user and item did, `robust_scores` says how far out that is, `signs` names what is
measured and puts it in words, and `score` combines them. `scan` does it all for the tables of a shop, `listing` writes
what was found, and `stages` are the TFX components.
"""
