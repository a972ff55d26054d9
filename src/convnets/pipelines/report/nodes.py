"""Make the reports on the data and on each network, and the report on all."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from convnets.datasets.study_results import StudyResult
from convnets.harness.circumstances import describe_circumstances
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.report.findings import SIGNIFICANCE, is_significant, summarize
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
    playground: str,
    **figures: bytes,
) -> str:
    """Make the page of one network, which its run records.

    Args:
        network: Its architecture.
        training: How it was trained.
        dataset: Its `name` is used.
        metrics: As `evaluate` returns them.
        record: As `record_results` returns it.
        summary: As Keras prints it.
        layers: As `summarize_model` returns them.
        per_class: As `score_classes` returns them.
        playground: The live page of the network; its size is named.
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
        test_images=record["test_samples"],
        playground_bytes=len(playground),
        figures=describe_figures(NETWORK_FIGURES, figures, network=name),
        made=describe_circumstances(PACKAGES),
    )


def make_data_report(class_counts: pd.DataFrame, sample_images: bytes, dataset: Dataset) -> str:
    """Make the page on what the networks learn from.

    Args:
        class_counts: As `count_classes` returns them.
        sample_images: A PNG file.
        dataset: Its `name` is used.

    Returns:
        HTML, one file that needs nothing else.
    """
    return render(
        "data.html.jinja",
        dataset=dataset.name,
        class_counts=class_counts.to_dict("records"),
        train_images=int(class_counts["train_samples"].sum()),
        test_images=int(class_counts["test_samples"].sum()),
        figures=describe_figures({"sample_images": SAMPLE_IMAGES}, {"sample_images": sample_images}),
    )


def make_report(  # noqa: PLR0913 - what a page is made of
    *,
    dataset: Dataset,
    outdated_inputs: Mapping[str, str] | None,
    table: pd.DataFrame,
    tests: pd.DataFrame,
    data: str,
    studies: Mapping[str, StudyResult],
    **results: Any,
) -> str:
    """Make the page that compares the networks and shows each of them.

    Args:
        dataset: Its `name` is used.
        outdated_inputs: By namespace, a sentence on what its results were made from; `None`: nothing is known.
        table: As `compare` returns it.
        tests: As `compare_pairs` returns them.
        data: As `make_data_report` returns it.
        studies: What those studies have found that were run.
        **results: The figures of the comparison, PNG files, by the names of `COMPARISON_FIGURES`; and of each network
            `<name>_report`, as `make_network_report` returns it.

    Returns:
        HTML, one file that needs nothing else.

    Raises:
        DataError: A report has no section.
    """
    networks = [name.removesuffix("_report") for name in results if name.endswith("_report")]
    return render(
        "report.html.jinja",
        dataset=dataset.name,
        networks=networks,
        outdated=dict(outdated_inputs or {}),
        rows=table.to_dict("records"),
        tests=[row | {"significant": is_significant(row)} for row in tests.to_dict("records")],
        findings=summarize(table, tests),
        significance=SIGNIFICANCE,
        figures=describe_figures(COMPARISON_FIGURES, results),
        sections={name: section_of(results[f"{name}_report"], f"{name}.report") for name in networks},
        data=section_of(data, "data_report"),
        studies=describe_studies(studies),
        made=describe_circumstances(PACKAGES),
    )
