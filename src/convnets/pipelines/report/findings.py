"""What the numbers say, in sentences."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from convnets.pipelines.report.formats import p_value, percent, percent_range

SIGNIFICANCE = 0.05  # below which a p-value makes a difference significant


def summarize(table: pd.DataFrame, tests: pd.DataFrame) -> list[str]:
    """Say which network is right most often, and whether the test images tell it apart from the others.

    Args:
        table: As `compare` returns it.
        tests: As `compare_pairs` returns them.

    Returns:
        Sentences.
    """
    best = table.loc[table["test_accuracy"].idxmax()]
    name = str(best["network"])
    accuracy = percent(best["test_accuracy"])
    interval = percent_range(best["test_accuracy_low"], best["test_accuracy_high"])
    sentences = [f"{name} is right most often: on {accuracy} of the test images (95 % interval {interval})."]
    for row in tests.to_dict("records"):
        if name not in {row["network"], row["other"]}:
            continue
        ahead = row["network"] == name
        other = row["other"] if ahead else row["network"]
        won, lost = (row["only_network_right"], row["only_other_right"])[:: 1 if ahead else -1]
        significant = "" if is_significant(row) else "not "
        p = p_value(row["p_value_holm"])
        sentences.append(
            f"{name} alone is right on {won:,} images, {other} alone on {lost:,}: the difference is {significant}"
            f"significant (McNemar's test, p {p if p.startswith('<') else f'= {p}'})."
        )
    return sentences


def is_significant(test: Mapping[Any, Any]) -> bool:
    """Whether the difference in a row of the paired tests is significant."""
    return bool(test["p_value_holm"] < SIGNIFICANCE)
