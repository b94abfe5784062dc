"""The DAG: from the shop's files to a pushed SavedModel."""

import json
import time
from typing import Any

import tensorflow_model_analysis as tfma
from tfx.components import Evaluator, ExampleValidator, Pusher, StatisticsGen, Trainer, Transform
from tfx.dsl.components.base import base_component, executor_spec
from tfx.orchestration import metadata, pipeline
from tfx.proto import pusher_pb2, trainer_pb2, transform_pb2
from tfx.types import BaseChannel

from tfx_pipeline import stage_code
from tfx_pipeline.automation.stages import AutomationFilter, AutomationScorer
from tfx_pipeline.code_version import code_version
from tfx_pipeline.components.anomaly_gate import AnomalyGate
from tfx_pipeline.components.atomic_pusher import AtomicPusherExecutor
from tfx_pipeline.components.candidate_miner import LABEL_PREFIX, CandidateMiner
from tfx_pipeline.components.catalogue_evaluator import CatalogueEvaluator
from tfx_pipeline.components.contract_schema import ContractSchema
from tfx_pipeline.components.distribution_comparator import DistributionComparator
from tfx_pipeline.components.example_builder import ExampleBuilder
from tfx_pipeline.components.export_checker import ExportChecker
from tfx_pipeline.components.ingest import Ingest
from tfx_pipeline.components.leakage_auditor import LeakageAuditor
from tfx_pipeline.components.model_tuner import ModelTuner
from tfx_pipeline.components.off_policy_evaluator import OffPolicyEvaluator
from tfx_pipeline.components.release_gate import ReleaseGate
from tfx_pipeline.components.text_encoding import TextEncoding
from tfx_pipeline.components.text_pretraining import TextPretraining
from tfx_pipeline.components.text_training import TextTraining
from tfx_pipeline.config import Config
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.evaluation_config import EvaluationConfig
from tfx_pipeline.example_files import SPLITS
from tfx_pipeline.feedback.training_slates import TrainingLog
from tfx_pipeline.frozen_schema import frozen_schema
from tfx_pipeline.off_policy_measure import feedback_log, log_hash
from tfx_pipeline.run_directory import STOPPED_BY_ANOMALIES, STOPPED_BY_DISTANCES
from tfx_pipeline.runners import IN_PROCESS
from tfx_pipeline.sources.fingerprint import fingerprint
from tfx_pipeline.sources.forgotten_users import FORGOTTEN_USERS_FILE, digest
from tfx_pipeline.sources.user_hash import user_hash
from tfx_pipeline.table_config import Section
from tfx_pipeline.tuning_config import Stage, search_options
from trainer.features import CALIBRATION, CATALOGUE, EVAL, RANKER, TRAIN, USERS
from trainer.text_checkpoint import read_checkpoint
from trainer.warm_start.continuation import CONTINUATION, Continuation
from trainer.warm_start.training_span import FORGOTTEN_USERS

PIPELINE_NAME = "shoprank"


def create_pipeline(config: Config, data_hash: str | None = None) -> pipeline.Pipeline:
    """The pipeline of a configuration; pure: nothing runs and nothing is written.

    Args:
        config: The run.
        data_hash: `fingerprint` of its data, where the caller has read them already; by default they are read here.

    Raises:
        DataError: A source file cannot be read.
        PipelineError: The export leaves out a signature that the feedback log is asked with.
        TextCheckpointError: The text encoder cannot be read.
    """
    ingest = Ingest(
        data=config.data.model_dump_json(exclude={"feedback"}),
        event_types=json.dumps(config.event_types),
        fingerprint=_data_version(config, data_hash or fingerprint(config.data)),
        run_dir=str(config.run_dir),
    )
    examples = ExampleBuilder(
        tables=ingest.outputs["tables"],
        split=config.split.model_dump_json(),
        history=config.history.model_dump_json(),
    )
    automation = _automation(ingest, examples, config)
    kept = automation[-1] if config.automation.action == "filter" else examples
    validation = _validation(ingest.outputs["tables"], kept.outputs["examples"], config)
    *_, schema, _, _, _, gate_of_data = validation
    transform = _transform(kept.outputs["examples"], schema.outputs["union"], gate_of_data)
    trained = _trained_encoder(ingest, transform, config)
    texts = _text_encoding(transform, trained[-1] if trained else None, config)
    tower_search = _tower_search(transform, texts, config)
    towers = _towers(transform, texts, tower_search, config)
    miner = _candidate_miner(ingest, transform, towers, config)
    ranker_search = _ranker_search(transform, towers, config)
    ranker = _ranker(transform, towers, miner, ranker_search, config)
    evaluator = _evaluator(miner, ranker, config)
    catalogue = _catalogue_evaluator(ingest, miner, ranker, config)
    off_policy = _off_policy_evaluator(ingest, ranker, config)
    export = ExportChecker(
        model=ranker.outputs["model"],
        model_run=ranker.outputs["model_run"],
        version=code_version(*stage_code.EXPORT_CHECK_CODE),
    )
    gate = ReleaseGate(
        **({"off_policy": off_policy[0].outputs["evaluation"]} if off_policy else {}),
        ranker_evaluation=evaluator.outputs["evaluation"],
        ranker_blessing=evaluator.outputs["blessing"],
        catalogue_evaluation=catalogue.outputs["evaluation"],
        export_check=export.outputs["check"],
        settings=config.evaluation.model_dump_json(),
        objective=next(iter(config.objectives)),
        version=code_version(*stage_code.GATE_CODE),
    )
    stages = [
        ingest,
        examples,
        *automation,
        *validation,
        transform,
        *trained,
        texts,
        *tower_search,
        towers,
        miner,
        *ranker_search,
        ranker,
        evaluator,
        catalogue,
        *off_policy,
        export,
        gate,
        _pusher(ranker, gate, config),
    ]
    return _pipeline(stages, config)


def _pusher(ranker: Trainer, gate: base_component.BaseComponent, config: Config) -> Pusher:
    return Pusher(
        model=ranker.outputs["model"],
        model_blessing=gate.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(config.serving_dir))
        ),
        custom_executor_spec=executor_spec.ExecutorClassSpec(AtomicPusherExecutor),
    )


def _data_version(config: Config, data_hash: str) -> str:
    """What the tables depend on beside the configuration: the files, our code, and who is to be forgotten."""
    forgotten = digest(config.run_dir / FORGOTTEN_USERS_FILE)
    hasher = user_hash(config.data.privacy)
    key = hasher.fingerprint() if hasher is not None else ""
    return " ".join([data_hash, code_version(*stage_code.DATA_CODE), forgotten, key])


def _automation(
    ingest: base_component.BaseComponent, examples: base_component.BaseComponent, config: Config
) -> list[base_component.BaseComponent]:
    """The stages that look for behaviour that looks automated, as far as they are wanted."""
    if config.automation.action == "off":
        return []
    scorer = AutomationScorer(
        tables=ingest.outputs["tables"],
        split=config.split.model_dump_json(),
        settings=config.automation.model_dump_json(),
        run_dir=str(config.run_dir),
        version=code_version(*stage_code.AUTOMATION_CODE),
    )
    if config.automation.action == "report":
        return [scorer]
    return [
        scorer,
        AutomationFilter(
            unfiltered=examples.outputs["examples"],
            listing=scorer.outputs["listing"],
            version=code_version(*stage_code.AUTOMATION_CODE),
        ),
    ]


def _forgotten(config: Config) -> dict[str, str]:
    """Who is left out, for those who may go on from the towers; nothing while it is nobody."""
    forgotten = digest(config.run_dir / FORGOTTEN_USERS_FILE)
    return {FORGOTTEN_USERS: forgotten} if forgotten else {}


def _validation(tables: BaseChannel, examples: BaseChannel, config: Config) -> list[base_component.BaseComponent]:
    """The gates of the data: comparison with other events, audit, schema, statistics, validators, and what stops."""
    comparison = DistributionComparator(
        tables=tables,
        settings=config.validation.model_dump_json(exclude={"full_training_threshold"}),
        serving_log=config.data.serving_log.model_dump_json() if config.data.serving_log else "",
        version=code_version(*stage_code.COMPARISON_CODE),
        record=str(config.run_dir / STOPPED_BY_DISTANCES),
    )
    audit = LeakageAuditor(
        examples=examples,
        tables=tables,
        split=config.split.model_dump_json(),
        history=config.history.model_dump_json(),
        version=code_version(*stage_code.AUDIT_CODE),
    )
    frozen = frozen_schema(config.run_dir)
    schema = ContractSchema(
        own_columns=json.dumps(config.data.own_columns),
        frozen=frozen.folder,
        version=f"{code_version(*stage_code.SCHEMA_CODE)} {frozen.digest}",
    )
    # The users split repeats the histories of the eval cases.
    statistics = StatisticsGen(examples=examples, exclude_splits=[USERS])
    users = ExampleValidator(
        statistics=statistics.outputs["statistics"],
        schema=schema.outputs["users"],
        exclude_splits=[CATALOGUE, USERS],
    ).with_id("UserValidator")
    items = ExampleValidator(
        statistics=statistics.outputs["statistics"],
        schema=schema.outputs["items"],
        exclude_splits=[split for split in SPLITS if split != CATALOGUE],
    ).with_id("ItemValidator")
    gate = AnomalyGate(
        users=users.outputs["anomalies"],
        items=items.outputs["anomalies"],
        version=code_version("tfx_pipeline/components/anomaly_gate.py"),
        record=str(config.run_dir / STOPPED_BY_ANOMALIES),
    )
    gate.add_upstream_nodes([comparison, audit])
    return [comparison, audit, schema, statistics, users, items, gate]


def _transform(examples: BaseChannel, schema: BaseChannel, gate: base_component.BaseComponent) -> Transform:
    transform = Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn="trainer.preprocessing.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=[TRAIN, RANKER, CATALOGUE], transform=list(SPLITS)),
        custom_config={"version": code_version("trainer/preprocessing.py", "trainer/features.py")},
        # They double the time, and the raw features have been validated.
        disable_statistics=True,
        # It pays from the second span on; there is one.
        disable_analyzer_cache=True,
    )
    transform.add_upstream_node(gate)
    return transform


def _trained_encoder(
    ingest: base_component.BaseComponent, transform: Transform, config: Config
) -> list[base_component.BaseComponent]:
    """The stages that make the encoder the shop's own, as far as they are wanted; the last one has it."""
    stages = []
    if config.text.pretraining.maximum_steps:
        settings = config.text.pretraining.model_dump(exclude={"compiled"})
        settings |= {"jit_compile": config.text.pretraining.compiled, "seed": config.seed}
        stages.append(
            TextPretraining(
                **_text_inputs(transform, config),
                settings=json.dumps(settings),
                fine_tuning="" if config.text.training.pairs == "none" else config.text.training.mode,
                continuation=_continuation(config).get(CONTINUATION, ""),
            )
        )
    if config.text.training.pairs != "none":
        base = {"base": stages[-1].outputs["encoder"]} if stages else {}
        stages.append(
            TextTraining(
                tables=ingest.outputs["tables"],
                examples=transform.outputs["transformed_examples"],
                transform_graph=transform.outputs["transform_graph"],
                text=config.text.model_dump_json(),
                split=config.split.model_dump_json(),
                event_types=json.dumps(config.event_types),
                seed=config.seed,
                version=_text_version(config),
                continuation=_continuation(config).get(CONTINUATION, ""),
                **base,
            )
        )
    return stages


def _text_inputs(transform: Transform, config: Config) -> dict[str, Any]:
    """What every stage of the text encoder is given."""
    return {
        "examples": transform.outputs["transformed_examples"],
        "transform_graph": transform.outputs["transform_graph"],
        "checkpoint": str(config.text.checkpoint or ""),
        "max_tokens": config.text.max_tokens,
        "version": _text_version(config),
    }


def _text_version(config: Config) -> str:
    """What the stages of the text encoder depend on beside their settings; a checkpoint may change under its path."""
    checkpoint = read_checkpoint(config.text.checkpoint)
    return f"{code_version('trainer', *stage_code.TEXT_CODE)} {checkpoint.digest} {checkpoint.pooling}"


def _text_encoding(
    transform: Transform, trained: base_component.BaseComponent | None, config: Config
) -> base_component.BaseComponent:
    return TextEncoding(
        **_text_inputs(transform, config),
        dimension=config.text.dimension,
        terms=json.dumps(config.text.terms),
        cache=str(config.run_dir / "tfx" / "text_cache"),
        **({} if trained is None else {"trained": trained.outputs["encoder"]}),
    )


def _tower_search(
    transform: Transform, texts: base_component.BaseComponent, config: Config
) -> list[base_component.BaseComponent]:
    """The search for hyperparameters of the towers, where it is wanted."""
    if "towers" not in config.tuning.stages:
        return []
    return [
        ModelTuner(
            tuner_fn="trainer.tuning.tower_search.tuner_fn",
            examples=transform.outputs["transformed_examples"],
            transform_graph=transform.outputs["transform_graph"],
            base_model=texts.outputs["texts"],
            train_args=trainer_pb2.TrainArgs(splits=[TRAIN, RANKER, CATALOGUE]),
            # Of the windows that gates and test look at it is not told.
            eval_args=trainer_pb2.EvalArgs(splits=[RANKER]),
            custom_config={**_search_config("towers", config), **_forgotten(config)},
        ).with_id("TowerTuner")
    ]


def _search_config(stage: Stage, config: Config) -> dict[str, Any]:
    configured: dict[Stage, Section] = {"towers": config.retrieval, "ranker": config.ranker}
    told = search_options(config.tuning, stage, configured[stage], config.run_dir)
    return {**_custom_config(config), "version": code_version(*stage_code.SEARCH_CODE), **told}


def _found(search: list[base_component.BaseComponent]) -> dict[str, BaseChannel]:
    """What a training is given of the search before it, if there was one."""
    return {"hyperparameters": search[0].outputs["best_hyperparameters"]} if search else {}


def _towers(
    transform: Transform,
    texts: base_component.BaseComponent,
    search: list[base_component.BaseComponent],
    config: Config,
) -> Trainer:
    return Trainer(
        **_found(search),
        run_fn="trainer.run_fns.retrieval_run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        base_model=texts.outputs["texts"],
        train_args=trainer_pb2.TrainArgs(splits=[TRAIN, RANKER, USERS, CATALOGUE]),
        eval_args=trainer_pb2.EvalArgs(splits=[EVAL]),
        custom_config={**_custom_config(config), **_forgotten(config)},
    ).with_id("TowerTrainer")


def _candidate_miner(
    ingest: base_component.BaseComponent, transform: Transform, towers: Trainer, config: Config
) -> base_component.BaseComponent:
    folder, shown = feedback_log(config), {}
    # Without a tower for the slot the ranker would take what the slot did for what the item is worth.
    if folder is not None and config.ranker.position_slots:
        seconds = round(config.bandit.attribution_hours * 3600)
        log = TrainingLog(str(folder), log_hash(folder), seconds, config.split.model_dump_json())
        shown = {"log": log.to_json(), "tables": ingest.outputs["tables"]}
    return CandidateMiner(
        **shown,
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        towers=towers.outputs["model"],
        hyperparameters=_hyperparameters(config),
        version=code_version("trainer", "tfx_pipeline/feedback", "tfx_pipeline/components/candidate_miner.py"),
    )


def _ranker_search(transform: Transform, towers: Trainer, config: Config) -> list[base_component.BaseComponent]:
    """The search for hyperparameters of the ranker, where it is wanted."""
    if "ranker" not in config.tuning.stages:
        return []
    return [
        ModelTuner(
            tuner_fn="trainer.tuning.ranker_search.tuner_fn",
            examples=transform.outputs["transformed_examples"],
            transform_graph=transform.outputs["transform_graph"],
            base_model=towers.outputs["model"],
            train_args=trainer_pb2.TrainArgs(splits=[RANKER]),
            eval_args=trainer_pb2.EvalArgs(splits=[RANKER]),
            custom_config=_search_config("ranker", config),
        ).with_id("RankerTuner")
    ]


def _ranker(
    transform: Transform,
    towers: Trainer,
    miner: base_component.BaseComponent,
    search: list[base_component.BaseComponent],
    config: Config,
) -> Trainer:
    return Trainer(
        **_found(search),
        run_fn="trainer.run_fns.ranker_run_fn",
        examples=miner.outputs["candidates"],
        transform_graph=transform.outputs["transform_graph"],
        base_model=towers.outputs["model"],
        train_args=trainer_pb2.TrainArgs(splits=[TRAIN, CALIBRATION]),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config=_custom_config(config, exported=True),
    ).with_id("RankerTrainer")


def _evaluator(miner: base_component.BaseComponent, ranker: Trainer, config: Config) -> Evaluator:
    return Evaluator(
        examples=miner.outputs["rows"],
        example_splits=["eval"],
        model=ranker.outputs["model"],
        eval_config=ranker_eval_config(next(iter(config.objectives)), config.evaluation.minimum_ranker_auc),
    )


def ranker_eval_config(objective: str, minimum_auc: float) -> tfma.EvalConfig:
    """What TFMA measures of one objective of `serving_default`, with the threshold that can block a push."""
    threshold = tfma.MetricThreshold(value_threshold=tfma.GenericValueThreshold(lower_bound={"value": minimum_auc}))
    metrics = [
        tfma.MetricConfig(class_name="AUC", threshold=threshold),
        tfma.MetricConfig(class_name="BinaryCrossentropy"),
        tfma.MetricConfig(class_name="Calibration"),
        tfma.MetricConfig(class_name="ExampleCount"),
    ]
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                signature_name="serving_default", prediction_key=objective, label_key=LABEL_PREFIX + objective
            )
        ],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=[tfma.MetricsSpec(metrics=metrics)],
    )


def _catalogue_evaluator(
    ingest: base_component.BaseComponent, miner: base_component.BaseComponent, ranker: Trainer, config: Config
) -> Any:
    return CatalogueEvaluator(
        tables=ingest.outputs["tables"],
        model=ranker.outputs["model"],
        rows=miner.outputs["rows"],
        config=_evaluated_config(config).model_dump_json(exclude={"tuning"}),
        version=code_version(*stage_code.EVALUATION_CODE),
    )


def _off_policy_evaluator(
    ingest: base_component.BaseComponent, ranker: Trainer, config: Config
) -> list[base_component.BaseComponent]:
    """The stage that asks the feedback log about the model, where there is a log."""
    log = feedback_log(config)
    if log is None:
        return []
    if "propensities" not in config.export.signatures:
        raise PipelineError(f"export.signatures: without propensities, by which {log} asks the model")
    names = {"run_dir", "data", "objectives", "split", "bandit", "evaluation", "seed"}
    return [
        OffPolicyEvaluator(
            tables=ingest.outputs["tables"],
            model=ranker.outputs["model"],
            log=str(log),
            log_hash=f"{log_hash(log)} {int(time.time() // 3600)}",
            config=config.model_dump_json(include=names),
            version=code_version(*stage_code.OFF_POLICY_CODE),
        )
    ]


def _evaluated_config(config: Config) -> Config:
    """The configuration without what the evaluation does not depend on, so that its cache does not either."""
    names = {"run_dir", "data", "objectives", "split", "history", "bandit", "evaluation", "seed"}
    kept = Config.model_validate(config.model_dump(include=names))
    # Of the gates' bounds the evaluation needs no more than the baselines that they name.
    bounds: dict[str, Any] = {"thresholds": [each for each in kept.evaluation.thresholds if each.above]}
    for name in (
        "maximum_drop",
        "doubt_window",
        "maximum_search_loss",
        "minimum_lift_over_popular",
        "minimum_ranker_auc",
    ):
        bounds[name] = getattr(EvaluationConfig(), name)
    kept.evaluation = kept.evaluation.model_copy(update=bounds)
    return kept


def _hyperparameters(config: Config, exported: bool = False) -> str:
    # As text: TFX sorts the keys of a mapping, and the order of the objectives counts.
    names = {"objectives", "history", "text", "retrieval", "ranker", "bandit", "seed"}
    # No stage before the export depends on it, so that another export trains no towers.
    names |= {"export"} if exported else set()
    # What the encoder was trained with reaches the models through its artifact alone.
    others = {"text": {"pretraining", "training"}, "bandit": {"attribution_hours"}}
    values = config.model_dump(mode="json", include=names, exclude=others)
    privacy = config.training_privacy.settings
    return json.dumps({**values, "shared_cut": config.split.method == "time", "training_privacy": privacy})


def _custom_config(config: Config, exported: bool = False) -> dict[str, Any]:
    told = {"hyperparameters": _hyperparameters(config, exported), "version": code_version("trainer")}
    return {**told, **_continuation(config), **config.distribution.options}


def _continuation(config: Config) -> dict[str, str]:
    """The model that towers and ranker go on from; nothing for a training from scratch."""
    training = config.training
    if training.continue_from is None:
        return {}
    return {
        CONTINUATION: Continuation(
            version=training.continue_from,
            epochs=training.continued_epochs,
            learning_rate_share=training.learning_rate_share,
            overlap_days=training.overlap_days,
            forgetting=training.forgetting,
        ).to_json()
    }


def _pipeline(stages: list[Any], config: Config) -> pipeline.Pipeline:
    root = config.run_dir / "tfx"
    return pipeline.Pipeline(
        pipeline_name=PIPELINE_NAME,
        pipeline_root=str(root),
        components=stages,
        enable_cache=True,
        metadata_connection_config=metadata.sqlite_metadata_connection_config(str(root / "metadata.db")),
        beam_pipeline_args=config.beam_options or IN_PROCESS,
    )
