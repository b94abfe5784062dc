"""The code that each stage of the pipeline depends on: a change of it is a change of the stage's input."""

# A new version of the tables is a new input of the ExampleBuilder, so this is its code as well.
DATA_CODE = (
    "tfx_pipeline/sources",
    "tfx_pipeline/split.py",
    "tfx_pipeline/split_tables.py",
    "tfx_pipeline/timeline.py",
    "tfx_pipeline/slices.py",
    "tfx_pipeline/shown_rows.py",
    "tfx_pipeline/user_examples.py",
    "tfx_pipeline/item_examples.py",
    "tfx_pipeline/example_encoding.py",
    "tfx_pipeline/example_files.py",
    "tfx_pipeline/record_file.py",
    "tfx_pipeline/components/ingest.py",
    "tfx_pipeline/components/example_builder.py",
)
AUTOMATION_CODE = (
    "tfx_pipeline/automation",
    "tfx_pipeline/forgetting/example_files.py",
    "tfx_pipeline/split.py",
    "tfx_pipeline/split_tables.py",
    "tfx_pipeline/timeline.py",
)
AUDIT_CODE = (
    "tfx_pipeline/leakage",
    "tfx_pipeline/components/leakage_auditor.py",
)
SCHEMA_CODE = (
    "trainer/features.py",
    "tfx_pipeline/frozen_schema.py",
    "tfx_pipeline/components/contract_schema.py",
)
COMPARISON_CODE = (
    "tfx_pipeline/compared_features.py",
    "tfx_pipeline/distribution_comparison.py",
    "tfx_pipeline/distribution_distances.py",
    "tfx_pipeline/event_sample.py",
    "tfx_pipeline/components/distribution_comparator.py",
)
TEXT_CODE = (
    "tfx_pipeline/text_config.py",
    "tfx_pipeline/text_networks.py",
    "tfx_pipeline/search_pairs.py",
    "tfx_pipeline/components/text_pretraining.py",
    "tfx_pipeline/components/text_training.py",
    "tfx_pipeline/components/text_encoding.py",
)
SEARCH_CODE = (
    "trainer",
    "tfx_pipeline/components/model_tuner.py",
)
EVALUATION_CODE = (
    "tfx_pipeline/evaluate/search_evaluation.py",
    "tfx_pipeline/evaluation",
    "tfx_pipeline/split.py",
    "tfx_pipeline/split_tables.py",
    "tfx_pipeline/evaluation_cases.py",
    "tfx_pipeline/evaluation_facts.py",
    "tfx_pipeline/fairness_gaps.py",
    "tfx_pipeline/window_evaluation.py",
    "tfx_pipeline/served_ranker.py",
    "tfx_pipeline/ranker_scores.py",
    "tfx_pipeline/example_users.py",
    "tfx_pipeline/exploration_sample.py",
    "tfx_pipeline/last_blessed.py",
    "tfx_pipeline/search_cases.py",
    "tfx_pipeline/search_quality.py",
    "tfx_pipeline/catalogue_evaluation.py",
    "tfx_pipeline/components/catalogue_evaluator.py",
)
OFF_POLICY_CODE = (
    "tfx_pipeline/evaluation/off_policy",
    "tfx_pipeline/feedback",
    "tfx_pipeline/off_policy_check.py",
    "tfx_pipeline/off_policy_measure.py",
    "tfx_pipeline/split_tables.py",
    "tfx_pipeline/components/off_policy_evaluator.py",
)
EXPORT_CHECK_CODE = (
    "trainer/export_checks",
    "tfx_pipeline/components/export_checker.py",
)
GATE_CODE = (
    "tfx_pipeline/off_policy_check.py",
    "tfx_pipeline/search_quality.py",
    "tfx_pipeline/catalogue_evaluation.py",
    "tfx_pipeline/release_gates.py",
    "tfx_pipeline/components/release_gate.py",
)
