"""Our baselines with the settings that reproduce tables measured elsewhere."""

from tfx_pipeline.evaluation.baselines import EASE, ItemKNN

# The paper's variant, with the neighbours of the history's items; the tables say cosine and k = 100 and no more.
DAMPED_KNN = ItemKNN(of="history", days=365.0, damping=1.0, items=None)
DAMPED_KNN_NOTE = "the table does not weight its history; here by exp(-age / 365 days), with cosines damped by one user"
ALS_NOTE = "the table names the factors only, and ALS starts from random numbers"
RECENT_EASE = EASE(items=None, times_recent_popularity=False)
RECENT_EASE_POPULAR = EASE(items=None, times_recent_popularity=True)
RECENT_EASE_NOTE = "items of the history count at most 1"
