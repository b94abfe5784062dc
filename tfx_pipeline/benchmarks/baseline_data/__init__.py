"""The data sets on which the baselines are compared with figures measured elsewhere, and those figures."""
