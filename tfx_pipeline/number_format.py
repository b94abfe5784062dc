"""How numbers look wherever a person reads them."""

ABSENT = "–"


def format_count(count: int) -> str:
    """Thousands apart: `1,469,307`."""
    return f"{count:,}"


def format_metric(value: float | None) -> str:
    """Four decimals; a dash where there is no value."""
    return ABSENT if value is None else f"{value:.4f}"


def format_number(value: float) -> str:
    """Four significant digits, never in powers of ten: `0.8231`, `3.1`, `20,481`."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def format_seconds(seconds: float) -> str:
    """A duration: `0.4 s`, `12.3 s`, `2 min 05 s`, `1 h 02 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
