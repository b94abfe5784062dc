"""How values look in a report, beside the formats that the console shares."""

from tfx_pipeline import number_format
from tfx_pipeline.number_format import ABSENT

_SMALLEST_P_VALUE = 0.001


def format_interval(interval: tuple[float, float] | None) -> str:
    """Both ends with four decimals: `0.4020–0.4280`, `-0.2000 to 0.1000`; a dash where there is none."""
    if interval is None:
        return ABSENT
    low, high = interval
    return f"{low:.4f}–{high:.4f}" if low >= 0 else f"{low:.4f} to {high:.4f}"


def format_share(share: float) -> str:
    """Per cent with one decimal: `12.3 %`."""
    return f"{100 * share:.1f} %"


def format_difference(difference: float | None) -> str:
    """Four decimals and the sign: `+0.0123`, `-0.0123`, `0.0000`; a dash where there is no value."""
    return ABSENT if difference is None else f"{round(difference, 4) or 0.0:+.4f}".replace("+0.0000", "0.0000")


def format_p_value(p_value: float) -> str:
    """Three decimals: `0.042`; `< 0.001` below that."""
    return f"{p_value:.3f}" if p_value >= _SMALLEST_P_VALUE else f"< {_SMALLEST_P_VALUE}"


def format_days(days: float | None) -> str:
    """How long ago: `today`, `1 day ago`, `12 days ago`; nothing without a clock."""
    if days is None:
        return ""
    whole = int(days)
    return "today" if whole < 1 else f"{whole:,} day{'s' if whole > 1 else ''} ago"


FILTERS = {
    "count": number_format.format_count,
    "metric": number_format.format_metric,
    "number": number_format.format_number,
    "seconds": number_format.format_seconds,
    "interval": format_interval,
    "share": format_share,
    "difference": format_difference,
    "p_value": format_p_value,
    "days": format_days,
}
"""Name in the templates -> function."""
