"""The profile of one user."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.profile.interests import Interest, interests
from tfx_pipeline.profile.nearest_users import NearUser, nearest_users
from tfx_pipeline.profile.price_habit import PriceHabit, price_habit
from tfx_pipeline.profile.repeat_habit import RepeatHabit, repeat_habit
from tfx_pipeline.profile.stored_shop import StoredShop, read_stored_shop
from tfx_pipeline.stored_user import stored_user_id

_MOST = 8
_NEAREST = 5


@dataclass(frozen=True)
class UserProfile:
    """What is known of a user at the end of the training window.

    Attributes:
        user_id: The id as stored.
        events: Stored events.
        items: Distinct items among them.
        interests: Categories, the largest share first.
        price: The price habit; None where there is too little to go by.
        repeats: The repeat habit.
        nearest: Users like this one.
    """

    user_id: str
    events: int
    items: int
    interests: list[Interest]
    price: PriceHabit | None
    repeats: RepeatHabit
    nearest: list[NearUser]

    def to_json(self) -> str:
        """The profile as a JSON document."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


def user_profile(user_id: str, run_dir: Path, level: int = 2) -> UserProfile:
    """The profile of a user of a run.

    Args:
        user_id: As the shop writes it.
        run_dir: Directory of the run.
        level: Level of the categories, 1 to 3; the first is the coarsest.

    Raises:
        PipelineError: The served model does not know the user, the run has pushed no version, or what that was made
            of is gone.
    """
    stored = stored_user_id(user_id, run_dir)
    shop = read_stored_shop(run_dir)
    user = shop.row_of(stored)
    if user is None or not (shop.items[user] >= 0).any():
        raise PipelineError(f"{run_dir}: the served model knows no user {user_id!r}")
    return profile_of(shop, user, level)


def profile_of(shop: StoredShop, user: int, level: int = 2) -> UserProfile:
    """The profile of the user in a row."""
    known = shop.items[user][shop.items[user] >= 0]
    return UserProfile(
        user_id=str(shop.user_ids[user]),
        events=len(known),
        items=len(set(known.tolist())),
        interests=interests(shop, user, level, _MOST),
        price=price_habit(shop, user),
        repeats=repeat_habit(shop, user, _MOST),
        nearest=nearest_users(shop, user, level, _NEAREST),
    )
