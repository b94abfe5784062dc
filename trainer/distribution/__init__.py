"""Training on several devices or machines with `tf.distribute`: the strategy, the loop, and what replicas share."""
