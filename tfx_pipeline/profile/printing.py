"""A profile on the console."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.number_format import ABSENT, format_count, format_number
from tfx_pipeline.profile.repeat_habit import RepeatedItem
from tfx_pipeline.profile.user_profile import UserProfile


def print_profile(profile: UserProfile, console: Console | None = None) -> None:
    """Print a profile: what the user is interested in, pays, repeats, and who is like that."""
    console = console or Console()
    counts = f"the last {format_count(profile.events)} events, with {format_count(profile.items)} items"
    console.print(f"[bold]{escape(profile.user_id)}[/bold]: {counts}", highlight=False)
    _print_interests(profile, console)
    if profile.price is not None:
        numbers = f"{profile.price.against_category:+.2f} deviations, all users {profile.price.of_shop:+.2f}"
        console.print(f"Prices: {profile.price.words} ({numbers})", highlight=False)
    shares = f"{_percent(profile.repeats.share)} of the events, all users {_percent(profile.repeats.of_shop)}"
    console.print(f"Repeats: {shares}", highlight=False)
    _print_repeats(profile.repeats.items, console)
    _print_nearest(profile, console)


def _print_interests(profile: UserProfile, console: Console) -> None:
    if not profile.interests:
        console.print("Interests: none of the items has a category")
        return
    table = Table("interest", "share", "against all users", "favourite")
    for each in profile.interests:
        lift = f"{format_number(float(f'{each.lift:.2g}'))} times"
        table.add_row(escape(each.category), _percent(each.share), lift, escape(each.favourite))
    console.print(table)


def _print_repeats(items: list[RepeatedItem], console: Console) -> None:
    if not items:
        return
    table = Table("comes back for", "times", "days between", "days ago")
    for each in items:
        table.add_row(escape(each.title), str(each.times), _days(each.days_between), _days(each.days_ago))
    console.print(table)


def _print_nearest(profile: UserProfile, console: Console) -> None:
    if not profile.nearest:
        console.print("Nearest users: nobody has an item in common")
        return
    table = Table("nearest user", "similarity", "common interests", "such as")
    for each in profile.nearest:
        words = escape(", ".join(each.categories))
        table.add_row(escape(each.user_id), f"{each.similarity:.2f}", _percent(each.common), words)
    console.print(table)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _days(days: float | None) -> str:
    return ABSENT if days is None else format_number(round(days, 0 if days >= 10 else 1))
