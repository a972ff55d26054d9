"""Make the report of each network, and the report of them all."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from convnets.datasets.study_results import StudyResult
from convnets.harness.circumstances import describe_circumstances
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.report.findings import find_disagreeing, is_significant, summarize
from convnets.pipelines.report.rendering import describe_figures, render, section_of
from convnets.pipelines.report.studies import describe_studies
from convnets.pipelines.report.texts import COMPARISON_FIGURES, NETWORK_FIGURES, SAMPLE_IMAGES
from convnets.training_parameters import Training

PACKAGES = ("convnets", "keras", "tensorflow", "numpy", "kedro", "mlflow")  # whose versions are named


def make_network_report(  # noqa: PLR0913 - what a page is made of
    *,
    network: Network,
    training: Training,
    dataset: Dataset,
    metrics: Mapping[str, Any],
    record: Mapping[str, Any],
    summary: str,
    layers: pd.DataFrame,
    per_class: pd.DataFrame,
    **figures: bytes,
) -> str:
    """Make the page of one network, which its run records.

    Args:
        network: Its architecture.
        training: How it was trained.
        dataset: Its `name` is used.
        metrics: As `evaluate` returns them.
        record: As `record_training` returns it.
        summary: As Keras prints it.
        layers: As `summarize_model` returns them.
        per_class: As `score_classes` returns them.
        **figures: PNG files, with vectors or without, by the names of `NETWORK_FIGURES`.

    Returns:
        HTML, one file that needs nothing else.
    """
    name = network.root.name
    return render(
        "network.html.jinja",
        name=name,
        dataset=dataset.name,
        metrics=metrics,
        record=record,
        architecture=network.root.model_dump(mode="json", exclude={"name"}, exclude_defaults=True),
        training=training.model_dump(mode="json", exclude_defaults=True),
        summary=summary,
        layers=layers.to_dict("records"),
        per_class=per_class.to_dict("records"),
        test_images=int(per_class["samples"].sum()),
        figures=describe_figures(NETWORK_FIGURES, figures, network=name),
        made=describe_circumstances(PACKAGES),
    )


def make_report(  # noqa: PLR0913 - what a page is made of
    *,
    dataset: Dataset,
    table: pd.DataFrame,
    tests: pd.DataFrame,
    class_counts: pd.DataFrame,
    sample_images: bytes,
    outdated_inputs: Mapping[str, str] | None,
    studies: Mapping[str, StudyResult],
    **results: Any,
) -> str:
    """Make the page that compares the networks and shows each of them.

    Args:
        dataset: Its `name` is used.
        table: As `compare` returns it.
        tests: As `compare_pairs` returns them.
        class_counts: As `count_classes` returns them.
        sample_images: A PNG file.
        outdated_inputs: By namespace, a sentence on what its results were made from; `None`: nothing is known.
        studies: What those studies have found that were run.
        **results: The figures of the comparison, PNG files, by the names of `COMPARISON_FIGURES`; and of each network
            `<name>_metrics` and `<name>_report`.

    Returns:
        HTML, one file that needs nothing else.

    Raises:
        DataError: The report of a network has no section.
    """
    networks = [name.removesuffix("_report") for name in results if name.endswith("_report")]
    metrics = {name: results[f"{name}_metrics"] for name in networks}
    return render(
        "report.html.jinja",
        dataset=dataset.name,
        networks=networks,
        rows=table.to_dict("records"),
        tests=[row | {"significant": is_significant(row)} for row in tests.to_dict("records")],
        findings=summarize(table, tests),
        class_counts=class_counts.to_dict("records"),
        train_images=int(class_counts["train_samples"].sum()),
        test_images=int(class_counts["test_samples"].sum()),
        disagreeing=find_disagreeing(table, metrics),
        outdated=dict(outdated_inputs or {}),
        figures=describe_figures(
            COMPARISON_FIGURES | {"sample_images": SAMPLE_IMAGES}, results | {"sample_images": sample_images}
        ),
        studies=describe_studies(studies),
        sections={name: section_of(results[f"{name}_report"], name) for name in networks},
        made=describe_circumstances(PACKAGES),
    )
