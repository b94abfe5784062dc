"""A made-up shop whose best slate is known, for closed-loop tests and exact regret. Everything it gives is generated.

`settings` says what shop, `hidden_truth` draws what no learner may see, `learner_view` what learners see of it.
`requests` are visits with candidates, `optimum` knows the best slate and the regret of another, `outcomes` answers
slates with clicks and purchases as the feedback log has them, and `shop_tables` writes events and items on the data
contract. Every id starts with `generated` and every table has the column `generated`: see `marks`.
"""
