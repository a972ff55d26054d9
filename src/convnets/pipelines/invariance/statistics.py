"""Means of a study's shifted answers over seeds, and the test of whether head and border act together."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from convnets.pipelines.studies.statistics import CONFIDENCE, factors_of
from convnets.significance import holm
from convnets.study_parameters import Study

INTERACTION_AT = 4  # pixels: a multiple of the lecture's total stride, and with 99 % of the ink still in the image
MEASURED = ("test_accuracy", "consistency")
LOCAL, GLOBAL = "flatten", "global_max"
TESTED = ("padding", "kind", "distance", "seeds", "interaction", "low", "high", "t", "p_value", "p_value_holm")


def gather(*tables: pd.DataFrame) -> pd.DataFrame:
    """Put the rows that trainings have measured into one table, in the order in which they are given."""
    return pd.concat(tables, ignore_index=True)


def summarize_shifts(shifts: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The mean accuracy and consistency over seeds, apart for shifts along an axis and diagonal ones.

    Args:
        shifts: The rows of `measure_shifts`.
        study: Says in what settings differ.

    Returns:
        A row for each setting (see `factors_of`), `kind` and `distance` (pixels): `trainings`, and of each training's
        mean over the four directions the mean over seeds, with its 95 % interval by Student's t distribution:
        `test_accuracy`, `test_accuracy_low`, `test_accuracy_high`, likewise of `consistency`; and what `design_of`
        tells.
    """
    from scipy import stats

    of_training = _over_directions(shifts, study)
    keys = [*_settings(study), "kind", "distance"]
    groups = of_training.groupby(keys, sort=False, dropna=False)
    summary = groups.agg(trainings=("seed", "size")).reset_index()
    for name in MEASURED:
        spread = groups[name].agg(["mean", "sem", "size"]).reset_index()
        reach = stats.t.ppf((1 + CONFIDENCE) / 2, spread["size"] - 1) * spread["sem"]
        summary[name] = spread["mean"]
        summary[f"{name}_low"], summary[f"{name}_high"] = spread["mean"] - reach, spread["mean"] + reach
    return summary


def summarize_errors(errors: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The mean over seeds of how far layers are from equivariant.

    Args:
        errors: The rows of `measure_equivariance`.
        study: Says in what settings differ.

    Returns:
        A row for each setting (see `factors_of`), `layer`, `kind` and `distance` (pixels): `stride`, `error` (the mean
        over seeds) and `error_sd` (the sample's standard deviation).
    """
    keys = [*factors_of(study), "layer", "stride", "kind", "distance"]
    found = errors.groupby(keys, sort=False, dropna=False)["error"]
    return found.agg(error="mean", error_sd="std").reset_index()


def measure_interaction(shifts: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Measure, and test, whether a global head helps more where the border loses nothing, with seeds as pairs.

    Of each seed the contrast is taken: what the global maximum gains over flattening with a padding, less what it gains
    with `valid`, both in accuracy on images shifted by `INTERACTION_AT` pixels; 0 would be two causes that add up. The
    contrasts of the seeds are tested with the t-test, and the p-values of all of them adjusted by Holm's method: they
    are one family. Only networks with max pooling count, trained on images as they are.

    Sources: Student, "The Probable Error of a Mean", Biometrika 1908; S. Holm, "A simple sequentially rejective
    multiple test procedure", Scand. J. Statist. 1979.

    Args:
        shifts: The rows of `measure_shifts`.
        study: Says in what settings differ.

    Returns:
        A row for each `padding` but `valid`, and each `kind` of shift: `distance` (pixels), `seeds`, the mean
        `interaction` (as a share of all images) with its 95 % interval `low` and `high`, `t`, `p_value`,
        `p_value_holm`; no row where one of the four networks of a contrast is missing.
    """
    from scipy import stats

    plain = shifts.query("pooling == 'max' and augmentation_shift == 0 and canvas == 0 and distance == @INTERACTION_AT")
    accuracy = _over_directions(plain, study).pivot_table("test_accuracy", "seed", ["padding", "head", "kind"])
    rows: list[dict[str, Any]] = []
    for padding, kind in product(("same", "circular"), ("axis", "diagonal")):
        corners = [(where, head, kind) for where in (padding, "valid") for head in (GLOBAL, LOCAL)]
        if not {*corners} <= {*accuracy.columns}:
            continue
        gains = accuracy[corners].dropna().to_numpy()
        contrasts = gains[:, 0] - gains[:, 1] - (gains[:, 2] - gains[:, 3])
        test = stats.ttest_1samp(contrasts, 0)
        interval = test.confidence_interval(CONFIDENCE)
        about = {"padding": padding, "kind": kind, "distance": INTERACTION_AT, "seeds": len(contrasts)}
        found = {"low": interval.low, "high": interval.high, "t": test.statistic, "p_value": test.pvalue}
        rows.append(about | {"interaction": np.mean(contrasts)} | found)
    tests = pd.DataFrame(rows, columns=TESTED)
    if len(tests):
        tests["p_value_holm"] = holm(tests["p_value"])
    return tests


def _settings(study: Study) -> list[str]:
    return [*factors_of(study), "padding", "head", "pooling", "augmentation_shift", "canvas"]


def _over_directions(shifts: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Of each training, the means over the directions of a kind."""
    keys = [*_settings(study), "seed", "kind", "distance"]
    return shifts.groupby(keys, sort=False, dropna=False)[list(MEASURED)].mean().reset_index()
