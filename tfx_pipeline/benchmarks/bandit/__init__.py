"""The bandit head measured: off-policy estimates, regret, and its peers."""
