"""Means over seeds of what was measured on corrupted images, and tests between networks."""

import numpy as np
import pandas as pd

from convnets.pipelines.robustness.nodes import CONDITION, NONE
from convnets.pipelines.studies.statistics import CONFIDENCE, compare_over_seeds
from convnets.robustness_parameters import Robustness
from convnets.significance import holm

MEASURES = (
    "temperature",
    "test_accuracy",
    "confidence",
    "expected_calibration_error",
    "test_loss",
    "scaled_confidence",
    "scaled_calibration_error",
    "scaled_loss",
)


def average_over_seeds(measures: pd.DataFrame) -> pd.DataFrame:
    """The means of all measures over seeds, and beside them what was measured of the ensembles.

    Args:
        measures: As `gather_measures` returns them.

    Returns:
        A row for each network, number of `members` and condition: `network`, `members`, `corruption`, `severity`,
        `amount`, the means of `MEASURES`, and the 95 % interval of the accuracy, `test_accuracy_low` and
        `test_accuracy_high`: over seeds by Student's t distribution, and of an ensemble, of which there is one, over
        test images (Wilson's).
    """
    from scipy import stats

    groups = measures.groupby(["network", "members", *CONDITION], sort=False, dropna=False)
    means = groups[list(MEASURES)].mean()
    single = groups["test_accuracy"].agg(["size", "std"])
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, single["size"] - 1) * single["std"] / np.sqrt(single["size"])
    wilson = groups[["test_accuracy_low", "test_accuracy_high"]].mean()
    means["test_accuracy_low"] = (means["test_accuracy"] - reach).fillna(wilson["test_accuracy_low"])
    means["test_accuracy_high"] = (means["test_accuracy"] + reach).fillna(wilson["test_accuracy_high"])
    return means.reset_index()


def compare_networks(measures: pd.DataFrame, robustness: Robustness) -> pd.DataFrame:
    """Test for each corruption whether networks differ in their accuracy, with the paired t-test over seeds.

    The accuracy of a training under a corruption is its mean over the severities. All pairs of networks under all
    corruptions, and under none, are one family: their p-values are adjusted together, by Holm's method.

    Args:
        measures: As `gather_measures` returns them.
        robustness: Its `networks` and its `seeds` are used.

    Returns:
        A row for each corruption and pair: `corruption`, and what `compare_over_seeds` says of them.
    """
    single = measures[measures["members"] == 1]
    accuracies = single.groupby(["corruption", "network", "seed"], sort=False)["test_accuracy"].mean().reset_index()
    study = robustness.study.model_copy(update={"variants": {}})
    tests = [
        compare_over_seeds(accuracies[accuracies["corruption"] == corruption], study).assign(corruption=corruption)
        for corruption in (NONE, *type(robustness.corruptions).model_fields)
    ]
    table = pd.concat([test for test in tests if len(test)] or tests[:1], ignore_index=True)
    tested = table["p_value"].notna()
    if tested.any():
        table.loc[tested, "p_value_holm"] = holm(table.loc[tested, "p_value"])
    return table[["corruption", *table.columns.drop("corruption")]]
