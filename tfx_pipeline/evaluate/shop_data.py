"""Evaluation data from a shop's tables, cut into windows by a protocol."""

from typing import Literal

from tfx_pipeline.config import SplitConfig
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.ranker_rows import find_ranker_rows
from tfx_pipeline.evaluate.request import EvaluateRequest, Protocol
from tfx_pipeline.evaluate.shop_tables import ShopTables
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.evaluation_facts import WindowFacts
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.split_tables import read_split

_PROTOCOL_OF: dict[Literal["time", "files", "leave_last_out"], Protocol] = {
    "time": "time",
    "files": "files",
    "leave_last_out": "leave-last-out",
}
_METHOD_OF = {protocol: method for method, protocol in _PROTOCOL_OF.items()}


def shop_data(tables: ShopTables, request: EvaluateRequest) -> EvaluationData:
    """The cases of a window.

    Args:
        tables: The shop's tables.
        request: Names the window, the protocol if it is to be another than the configured one, and the slices.

    Raises:
        DataError: A window is empty, no user has both a history and a target, or there is no such column to slice by.
    """
    own = _PROTOCOL_OF[tables.config.split.method]
    protocol = request.protocol or own
    split = tables.config.split
    if protocol != own:
        split = SplitConfig(method=_METHOD_OF[protocol])
    events = EvaluationEvents(tables.folder, read_split(tables.folder, split))
    cases = events.cases(request.window).sample(tables.config.evaluation.most_users, tables.config.seed)
    if len(cases) == 0:
        raise DataError(f"{request.data}: no user of the {request.window} window has a history and a target")
    columns = list(dict.fromkeys([*tables.config.evaluation.slices, *request.slices]))
    objectives = {name: objective.event_types for name, objective in tables.config.objectives.items()}
    facts = WindowFacts(tables.folder, events, request.window, columns, objectives)
    data = EvaluationData(
        source=str(request.data),
        protocol=protocol,
        item_ids=events.item_ids,
        cases=cases,
        event_type_names=events.event_type_names,
        history_length=tables.config.history.length,
        settings=tables.config.evaluation,
        interactions=facts.interactions,
        facts=facts.items,
        slicings=facts.slicings,
        item_labels=facts.item_labels,
        ranker_rows=find_ranker_rows(tables) if protocol == own else None,
        window=request.window,
        period=events.period(request.window) if events.has_clock else None,
    )
    return data if protocol == own else data.with_notes(_may_have_seen(protocol, own))


def _may_have_seen(protocol: Protocol, own: Protocol) -> str:
    return (
        f"the configuration splits by {own}, this evaluation by {protocol}: "
        "a model that was trained under the other split may have seen events of this window"
    )
