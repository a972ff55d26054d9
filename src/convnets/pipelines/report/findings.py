"""What the numbers say, in sentences; and which of them do not belong together."""

from collections.abc import Mapping
from typing import Any

import numpy as np
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


def find_disagreeing(table: pd.DataFrame, metrics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Find the networks whose metrics are not those that the comparison was made of.

    Args:
        table: As `compare` returns it, and as its file was read.
        metrics: Of each network, as `evaluate` returns them.

    Returns:
        Their names.
    """
    compared = table.set_index("network")
    return [
        network
        for network, values in metrics.items()
        if network not in compared.index
        or any(
            not np.isclose(float(compared.loc[network, name]), float(value), rtol=1e-9, atol=0)
            for name, value in values.items()
            if name in compared.columns and value is not None
        )
    ]
