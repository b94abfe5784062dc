"""The exploration head: a Bayesian linear posterior on the ranker's last layer and the policies that use it.

`evidence` and `posterior` fit with NumPy. `slate`, the policies and `exploration_head` run inside the servable with
core TensorFlow ops only. Nothing is imported here, so that fitting does not pay for importing TensorFlow.
"""
