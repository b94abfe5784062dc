"""What the served model of a run keeps of users and items, read from its files without TensorFlow."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.new_version import served_version
from tfx_pipeline.sources.forgotten_users import FORGOTTEN_USERS_FILE, ForgottenUsers
from tfx_pipeline.sources.report import REPORT_FILE, IngestReport
from trainer.model_parts import ModelParts, ModelPartsError
from trainer.string_arrays import unpack_strings

LEVELS = 3
_CATALOGUE_FILE, _USERS_FILE = "catalogue.npz", "users.npz"
_VOCABULARIES = Path("transform_fn") / "assets"


@dataclass(frozen=True)
class StoredShop:
    """U users with their last H events before the eval window, and V items; row V is an unknown item.

    Attributes:
        user_ids: Ids as stored; '' for a user who asked to be forgotten, str [U].
        items: Catalogue rows of each user's events, oldest first, -1 pads behind, int32 [U, H].
        ages: Days from each event to the end of the training window, float32 [U, H].
        titles: Titles of the items, str [V + 1].
        item_ids: Their ids, str [V + 1].
        categories: Rows of `category_names` by level, the shallowest first, int32 [V + 1, 3].
        category_names: Paths by level, the last one '' for items without a category, 3 of str [size].
        prices: Price against the items of the same category in deviations, 0 where unknown, float32 [V + 1].
        has_clock: Whether the ages are days; otherwise they only tell the order.
    """

    user_ids: np.ndarray
    items: np.ndarray
    ages: np.ndarray
    titles: np.ndarray
    item_ids: np.ndarray
    categories: np.ndarray
    category_names: tuple[np.ndarray, ...]
    prices: np.ndarray
    has_clock: bool = True

    def row_of(self, user_id: str) -> int | None:
        """The row of a user; None for one whom the shop does not know."""
        found = np.flatnonzero(self.user_ids == user_id)
        # Forgotten users are '' there, and nobody else.
        return int(found[0]) if user_id and len(found) else None

    def title(self, row: int) -> str:
        """The title of an item, or its id where it has none."""
        return str(self.titles[row] or self.item_ids[row])


def read_stored_shop(run_dir: Path) -> StoredShop:
    """Read what the served model of a run keeps.

    Raises:
        PipelineError: The run has pushed no version, or what it was made of is gone.
        DataError: The list of forgotten users cannot be read.
    """
    _, served = served_version(run_dir, "ask about a user")
    try:
        parts = ModelParts.load(served, run_dir / "tfx")
    except ModelPartsError as error:
        raise PipelineError(str(error)) from error
    with np.load(parts.package / _CATALOGUE_FILE) as file:
        catalogue = dict(file)
    with np.load(parts.package / _USERS_FILE) as file:
        users = dict(file)
    vocabularies = parts.transform / _VOCABULARIES
    user_ids = _lines(vocabularies / "user_id")
    count = min(len(user_ids), len(users["items"]) - 1)
    forgotten = ForgottenUsers(run_dir / FORGOTTEN_USERS_FILE).mask(pa.array(user_ids[:count], pa.string()))
    return StoredShop(
        user_ids=np.where(forgotten, "", user_ids[:count]),
        # Nothing of theirs is counted, for nobody's profile.
        items=np.where(forgotten[:, np.newaxis], -1, users["items"][:count]),
        ages=users["ages"][:count],
        titles=np.append(unpack_strings("titles", catalogue), ""),
        item_ids=np.append(unpack_strings("item_ids", catalogue), ""),
        categories=catalogue["categories"],
        category_names=tuple(
            np.append(_lines(vocabularies / f"category_{level}"), "") for level in range(1, LEVELS + 1)
        ),
        prices=catalogue["price_against_category"],
        has_clock=_has_clock(run_dir),
    )


def _has_clock(run_dir: Path) -> bool:
    """Whether the newest tables of a run have times; yes where they are gone."""
    folders = [path.parent for path in run_dir.glob(f"tfx/Ingest/tables/*/{REPORT_FILE}")]
    newest = max(folders, key=lambda folder: int(folder.name), default=None)
    return newest is None or IngestReport.load(newest).time == "clock"


def _lines(path: Path) -> np.ndarray:
    """The lines of a vocabulary, str [size]; not splitlines: an id may hold what Python takes for the end of one."""
    text = path.read_text(encoding="utf-8").removesuffix("\n")
    return np.array(text.split("\n") if text else [], dtype=object)
