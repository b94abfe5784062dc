"""Open Bandit: what two policies showed on the front page of ZOZOTOWN, with propensities, and what was clicked.

Every row is something shown: the event type is `click` or `impression`, the position is the place on the page, and the
propensity is the logging policy's. There are no users; the four hashed features of a visitor together stand for one.
Items have hashed features and no titles. The rows of both policies are read, of one campaign: the campaigns number
their items anew. Affinities between visitor and item are not read.
"""

from tfx_pipeline.config import Config, ObjectiveConfig
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile
from tfx_pipeline.table_config import DataConfig, TableConfig

CLICK, IMPRESSION = "click", "impression"

_CAMPAIGNS = ("all", "men", "women")
_USER_FEATURES = [f"user_feature_{number}" for number in range(4)]


def _open_bandit(download: Download) -> Config:
    found = [campaign for campaign in _CAMPAIGNS if download.paths(f"*/{campaign}/{campaign}.csv")]
    campaign = found[0]
    events = TableConfig(
        path=[str(path) for path in download.paths(f"*/{campaign}/{campaign}.csv")],
        columns={"user_id": list(_USER_FEATURES), "event_type": "click", "propensity": "propensity_score"},
        values={"event_type": {"0": IMPRESSION, "1": CLICK}},
    )
    items = TableConfig(
        path=download.path(f"*/{campaign}/item_context.csv"),
        constants={"title": ""},
        own_columns={
            "item_feature_0": "number",
            "item_feature_1": "text",
            "item_feature_2": "text",
            "item_feature_3": "text",
        },
    )
    return Config(
        run_dir=download.run_dir,
        data=DataConfig(events=events, items=items),
        objectives={CLICK: ObjectiveConfig(event_types=[CLICK])},
    )


OPEN_BANDIT = Dataset(
    name="open-bandit",
    title="Open Bandit: recommendations shown on ZOZOTOWN with true propensities, 2019",
    files=(
        PublishedFile(tuple(f"*/{campaign}/{campaign}.csv" for campaign in _CAMPAIGNS), "log of a policy"),
        PublishedFile(tuple(f"*/{campaign}/item_context.csv" for campaign in _CAMPAIGNS), "features of the items"),
    ),
    where="https://research.zozo.com/data.html (open_bandit_dataset.zip; a sample is in "
    "https://github.com/st-tech/zr-obp, folder obp/dataset/obd)",
    licence="CC BY 4.0 (the sample: Apache-2.0)",
    configure=_open_bandit,
    folders=("open_bandit_dataset", "obd"),
)
