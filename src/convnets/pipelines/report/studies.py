"""What the report shows of the studies that were run."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from convnets.datasets.study_results import StudyResult
from convnets.pipelines.report.formats import or_none
from convnets.pipelines.report.rendering import describe_figure
from convnets.pipelines.report.texts import OWN_STUDY, STUDIES

MAX_ROWS = 40  # of a table on the page; a longer one is named
DIGITS = 4  # of numbers that are no counts


def describe_studies(results: Mapping[str, StudyResult]) -> dict[str, dict[str, Any]]:
    """What a template needs of studies.

    Args:
        results: By study.

    Returns:
        By study, in the order of the texts, others last: its `question`, its `figure`, the `headings` and `rows` of its
        table, without any if it is long, the `file` that holds it, and when it was `made`.
    """
    order = [*STUDIES, *results]
    return {name: _describe(name, results[name]) for name in sorted(results, key=order.index)}


def _describe(name: str, result: StudyResult) -> dict[str, Any]:
    text = STUDIES.get(name, OWN_STUDY)
    short = len(result.table) <= MAX_ROWS
    return {
        "question": text.question.format(study=name),
        "figure": describe_figure(result.figure, f"The main figure of the study {name}.", text.reading),
        "headings": [str(name).replace("_", " ") for name in result.table.columns] if short else [],
        "rows": _written(result.table) if short else [],
        "length": len(result.table),
        "file": result.file,
        "made": result.made,
    }


def _written(table: pd.DataFrame) -> list[list[str]]:
    return [[_number(value) for value in row] for row in table.astype(object).itertuples(index=False)]


def _number(value: object) -> str:
    whole = isinstance(value, float) and value.is_integer() and abs(value) > 1
    return (
        f"{value:.{DIGITS}f}"
        if isinstance(value, float) and math.isfinite(value) and not whole
        else or_none(value, "-")
    )
