"""What the ranker's features are called where a person reads them."""

import re

_WORDS = {
    "is_repeat": "chosen before",
    "days_since": "days since it was chosen",
    "interval": "days until it is usually chosen again",
    "due": "due again",
    "neighbours_by_events": "goes with the latest choices",
    "neighbours_by_days": "goes with the choices of late",
    "preference": "suits the user's taste",
    "query_text": "meaning of the query",
    "lexical": "words of the query, against the best item",
    "lexical_score": "words of the query",
    "search": "words and meaning of the query",
    "has_query": "there is a query",
    "history_text": "text like that of the history",
    "log_share": "popularity",
    "log_week_share": "popularity of the week",
    "log_recent_share": "popularity of four weeks",
    "log_quarter_share": "popularity of three months",
    "repeat_rate": "buyers who come back",
    "log_interval": "days until buyers come back",
    "price": "price",
    "price_known": "has a price",
    "price_against_category": "price against its kind",
    "is_cold": "new in the shop",
    "price_against_history": "price against the usual one",
    "history_length": "length of the history",
    "days_since_any": "days since the latest choice",
}
_LEVELS = {"1": "department", "2": "category", "3": "kind"}
_PATTERNS = (
    (r"count_tau_1e\+09", lambda found: "how often it was chosen"),
    (r"count_tau_(.+)", lambda found: f"chosen in the last {found[1]} events or so"),
    (r"count_days_(.+)", lambda found: f"chosen in the last {found[1]} days or so"),
    (r"count_(.+)", lambda found: f"events of {found[1]}"),
    (r"category_(\d)_share", lambda found: f"share of its {_LEVELS.get(found[1], 'category')} in the history"),
    (r"category_(\d)_count", lambda found: f"its {_LEVELS.get(found[1], 'category')} chosen of late"),
)


def feature_words(name: str) -> str:
    """Words for a feature of `CrossFeatures`; a name that is not known here has its underscores taken out."""
    if name in _WORDS:
        return _WORDS[name]
    for pattern, words in _PATTERNS:
        found = re.fullmatch(pattern, name)
        if found:
            return words(found)
    return name.replace("_", " ")
