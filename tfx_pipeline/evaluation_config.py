"""Configuration of the evaluation: what is measured, against what, and which gates can block a push."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from tfx_pipeline.table_config import Fraction, Section

PositiveNumbers = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
Gap = Annotated[float, Field(gt=0.0, le=1.0)]


class ThresholdConfig(Section):
    """A gate on one metric of the model in the eval window. Give one of `at_least`, `at_most` and `above`."""

    metric: str
    """Such as `NDCG@10`, `Coverage@10` or `PopularityLift@20`, at one of the cut-offs."""
    items: Literal["all", "new"] = "all"
    at_least: float | None = None
    at_most: float | None = None
    above: str | None = None
    """Name of a baseline, such as `buy again`, whose metric has to be exceeded."""
    margin: float = 0.0
    """By how much, as a share of the baseline's metric."""

    @model_validator(mode="after")
    def _one_bound(self) -> "ThresholdConfig":
        if sum(bound is not None for bound in (self.at_least, self.at_most, self.above)) != 1:
            raise ValueError("give one of at_least, at_most and above")
        return self


class FairnessConfig(Section):
    """A gate on how far apart the groups of one dimension may be served, such as `country` or `category`."""

    dimension: str
    """A column of the items or the users that is sliced, or a slice that is always made."""
    quality: Gap | None = None
    """Largest difference of NDCG at the first cut-off between the best and the worst served group."""
    exposure: Gap | None = None
    """Largest difference between a group's share of what is shown and its share of what is wanted; for items."""

    @model_validator(mode="after")
    def _some_bound(self) -> "FairnessConfig":
        if self.quality is None and self.exposure is None:
            raise ValueError("give quality, exposure or both")
        return self


class EvaluationConfig(Section):
    """Cut-offs, intervals, baselines, slices and gates of the evaluation."""

    cutoffs: PositiveNumbers = [10, 20]
    baselines: list[str] | None = None
    """Names of the baselines beside the model. None takes all of them in the test window; in the eval window, which
    only the gates look at, the quick ones and those that a threshold names."""
    ease_items: int = Field(5000, ge=1)
    """Most bought items that the baseline EASE learns; its cost grows with their cube."""
    most_users: int = Field(20_000, ge=1)
    """Users of a window that are evaluated; where there are more, so many are drawn at random."""
    bootstrap_rounds: int = Field(1000, ge=0)
    """Resamplings of the users behind every interval; 0 for none."""
    slices: list[str] = []
    """Columns of the items or the users, own columns as well, to slice by, beside those that are always made."""
    smallest_slice: int = Field(50, ge=1)
    """A slice with fewer users is marked as too small to be read, and no gate looks at it."""
    search_queries: int = Field(200, ge=0)
    """Searches of each window that the model is asked beside BM25: logged ones, or words of the titles of what was
    chosen."""
    maximum_search_loss: Fraction | None = 0.0
    """Blocks a model whose NDCG at the first cut-off on the searches of the eval window lies below that of BM25 by more
    than this share, if the paired interval of the difference lies below zero as well; None for no such gate."""
    example_users: int = Field(4, ge=0)
    """Users whose history and answers the report shows; 0 where nobody's history may be in a report."""
    minimum_ranker_auc: Fraction = 0.6
    """TFMA blocks a ranker whose AUC on the first objective is below this."""
    minimum_lift_over_popular: float = 0.0
    """Blocks a model whose NDCG at the first cut-off, all items, is not above most popular by this share."""
    maximum_drop: Fraction | None = 0.02
    """Blocks a model whose NDCG at the first cut-off, all items, lies below that of the last blessed model on the same
    users by more than this share, if the paired interval of the difference lies below zero as well; None for no such
    gate."""
    doubt_window: bool = True
    """Whether an eval window blocks every model if the last blessed one is clearly below most popular in it, that is
    with its whole interval at the first cut-off, all items: then the data are more likely to be wrong than the model
    that was blessed."""
    off_policy_slates: int = Field(5_000, ge=1)
    """Latest slates of the feedback log that a new model is asked about."""
    minimum_effective_sample_size: float = Field(100.0, ge=0)
    """Slates that the weighted feedback log has to be worth before it can tell anything of a new model."""
    maximum_off_policy_loss: Fraction | None = 0.0
    """Blocks a model of which the feedback log can tell, if the lower bound of its off-policy value lies below what the
    logged slates earned by more than this share; None for no such gate."""
    thresholds: list[ThresholdConfig] = []
    """Further gates."""
    fairness: list[FairnessConfig] = []
    """Gates on gaps between groups; one that finds no two groups to compare fails."""

    @field_validator("cutoffs")
    @classmethod
    def _distinct_cutoffs(cls, cutoffs: list[int]) -> list[int]:
        repeated = next((k for k in cutoffs if cutoffs.count(k) > 1), None)
        if repeated is not None:
            raise ValueError(f"cut-off {repeated} is given twice")
        return cutoffs

    @field_validator("baselines")
    @classmethod
    def _known_baselines(cls, names: list[str] | None) -> list[str] | None:
        from tfx_pipeline.evaluation.baselines import BASELINES, MOST_POPULAR

        for name in names or []:
            if name not in BASELINES:
                raise ValueError(f"there is no baseline '{name}', only {', '.join(BASELINES)}")
        if names is not None and MOST_POPULAR not in names:
            raise ValueError(f"'{MOST_POPULAR}' cannot be left out: a gate compares with it")
        return names

    @model_validator(mode="after")
    def _known_thresholds(self) -> "EvaluationConfig":
        if self.thresholds:
            from tfx_pipeline.evaluation.baselines import BASELINES
            from tfx_pipeline.evaluation.beyond_accuracy import beyond_names
            from tfx_pipeline.evaluation.metrics import metric_names

            known = [*metric_names(self.cutoffs), *beyond_names(self.cutoffs)]
            baselines = self.baselines or list(BASELINES)
            for threshold in self.thresholds:
                if threshold.metric not in known:
                    raise ValueError(f"thresholds: there is no metric '{threshold.metric}', only {', '.join(known)}")
                if threshold.above not in (None, *baselines):
                    raise ValueError(f"thresholds: no baseline '{threshold.above}', only {', '.join(baselines)}")
        return self
