"""How many users there are, and how the towers are trained on them."""

USERS, LENGTH = 40, 8
SIZES = {"users": USERS, "event_types": 2}
PRIVACY = {"noise_multiplier": 0.01, "clip_norm": 1.0, "delta": 1e-3, "expected_users": 10, "steps": 20}
