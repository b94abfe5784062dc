"""The search for hyperparameters of towers and ranker with KerasTuner: spaces, objectives, budget and resumption."""
