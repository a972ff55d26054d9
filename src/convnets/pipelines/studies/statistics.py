"""Means of trainings over seeds, with their intervals, and tests between settings trained with the same seeds."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from convnets.significance import holm
from convnets.study_parameters import Study

CONFIDENCE = 0.95
TESTED = ("difference", "difference_low", "difference_high", "t", "p_value", "p_value_holm", "effect_size")


def factors_of(study: Study) -> list[str]:
    """The columns in which settings of a study differ: `network`, what is varied, `samples` if there are several."""
    several = ["samples"] if len(study.samples or ()) > 1 else []
    return ["network", *(["variant"] if study.variants else []), *study.vary, *several]


def settings_of(trainings: pd.DataFrame, study: Study) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """The trainings of each setting of a study, with the values that make it, in the order of the table."""
    factors = factors_of(study)
    groups = trainings.groupby(factors, sort=False, dropna=False)
    return [(dict(zip(factors, values, strict=True)), rows) for values, rows in groups]


def summarize_trainings(trainings: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The mean test accuracy over seeds, with its 95 % interval by Student's t distribution.

    Source: Student, "The Probable Error of a Mean", Biometrika 1908.

    Args:
        trainings: As `gather_reports` returns them.
        study: Says in what settings differ.

    Returns:
        A row for each setting: what it differs in (see `factors_of`), `trainings`, `test_accuracy` (the mean),
        `test_accuracy_sd` (the sample's standard deviation), `test_accuracy_low`, `test_accuracy_high`.
    """
    from scipy import stats

    accuracies = trainings.groupby(factors_of(study), sort=False, dropna=False)["test_accuracy"]
    summary = accuracies.agg(trainings="size", test_accuracy="mean", test_accuracy_sd="std").reset_index()
    standard_error = summary["test_accuracy_sd"] / np.sqrt(summary["trainings"])
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, summary["trainings"] - 1) * standard_error
    summary["test_accuracy_low"] = summary["test_accuracy"] - reach
    summary["test_accuracy_high"] = summary["test_accuracy"] + reach
    return summary


def compare_over_seeds(trainings: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Test for settings that differ in one thing whether their mean accuracies do, with the paired t-test over seeds.

    With the same seed both see the same images in the same order; pairing removes what this has in common. Settings
    are compared on the same number of samples. The p-values of all pairs of the study are adjusted by Holm's method.
    The effect size is Cohen's d of paired samples, the mean difference in standard deviations of the differences.

    Sources: Student, "The Probable Error of a Mean", Biometrika 1908; J. Cohen, "Statistical Power Analysis for the
    Behavioral Sciences", 1988 (there d_z); S. Holm, "A simple sequentially rejective multiple test procedure", Scand.
    J. Statist. 1979.

    Args:
        trainings: As `gather_reports` returns them; each setting with the same seeds.
        study: Says in what settings differ.

    Returns:
        A row for each pair: the first setting (see `factors_of`), `differs_in` (what the second differs in from it),
        `other` (its value there), `seeds`, `difference` of the mean test accuracies with its 95 % interval
        `difference_low` and `difference_high`, `t`, `p_value`, `p_value_holm`, `effect_size`; no row if no two settings
        differ in one thing. Where the difference is the same for all seeds the test is missing.
    """
    rows = []
    for (setting, ours), (other, theirs) in combinations(settings_of(trainings, study), 2):
        differ = [name for name in setting if setting[name] != other[name] and not _both_missing(setting, other, name)]
        if len(differ) == 1 and differ != ["samples"]:
            paired = ours.set_index("seed")["test_accuracy"], theirs.set_index("seed")["test_accuracy"]
            about = {"differs_in": differ[0], "other": other[differ[0]], "seeds": len(ours)}
            rows.append(setting | about | _paired_test(*paired))
    tests = pd.DataFrame(rows, columns=[*factors_of(study), "differs_in", "other", "seeds", *TESTED])
    tested = tests["p_value"].notna()
    if tested.any():
        tests.loc[tested, "p_value_holm"] = holm(tests.loc[tested, "p_value"])
    return tests


def _both_missing(setting: dict[str, Any], other: dict[str, Any], name: str) -> bool:
    return bool(pd.isna(setting[name]) and pd.isna(other[name]))


def _paired_test(accuracies: pd.Series, others: pd.Series) -> dict[str, float]:
    from scipy import stats

    differences = accuracies - others
    found = {"difference": differences.mean()}
    if differences.std() == 0:
        return found
    test = stats.ttest_rel(accuracies, others.loc[accuracies.index])
    interval = test.confidence_interval(CONFIDENCE)
    return found | {
        "difference_low": interval.low,
        "difference_high": interval.high,
        "t": test.statistic,
        "p_value": test.pvalue,
        "effect_size": differences.mean() / differences.std(),
    }
