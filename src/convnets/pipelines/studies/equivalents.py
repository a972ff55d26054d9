"""How many images one network needs to be as accurate as another."""

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from convnets.pipelines.studies.statistics import CONFIDENCE, factors_of
from convnets.study_parameters import Study

RESAMPLES = 2_000
FOUND = ("other", "seeds", "equivalent_samples", "equivalent_samples_low", "equivalent_samples_high", "factor")


def find_equivalents(trainings: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Find for each network and number of images how many another network needs for the same mean test accuracy.

    Between the numbers that were tried, the logarithm of the other's test error is interpolated linearly against the
    logarithm of the number of images. The interval is the bootstrap's percentile interval: seeds are drawn with
    replacement, for both networks the same, as with the same seed they saw the same images.
    Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", Ann. Statist. 1979.

    Args:
        trainings: As `gather_reports` returns them; each setting with the same seeds.
        study: Says in what settings differ.

    Returns:
        A row for each setting (see `factors_of`), with `samples`, and each `other` network: `seeds`,
        `equivalent_samples` with its 95 % interval `equivalent_samples_low` and `equivalent_samples_high`, and
        `factor`, that number over `samples`. 0 is fewer than the least that was tried, and infinity more than the most.
        No row if the study does not vary the number of images, or has one network.
    """
    factors = factors_of(study)
    if "samples" not in factors:
        return pd.DataFrame(columns=[*factors, *FOUND])
    alike = [name for name in factors if name not in ("network", "samples")]
    groups = trainings.groupby(alike, sort=False, dropna=False) if alike else [((), trainings)]
    rows: list[dict[str, Any]] = []
    for values, group in groups:
        about = dict(zip(alike, values, strict=True))
        errors = {
            network: 1 - rows.pivot_table("test_accuracy", "seed", "samples")
            for network, rows in group.groupby("network", sort=False)
        }
        for network, other in permutations(errors, 2):
            rows += _compare(errors[network], errors[other], {"network": network} | about, str(other))
    return pd.DataFrame(rows, columns=[*factors, *FOUND])


def _compare(ours: pd.DataFrame, theirs: pd.DataFrame, about: dict[str, Any], other: str) -> list[dict[str, Any]]:
    random = np.random.default_rng(0)
    seeds = len(ours)
    draws = np.vstack([np.arange(seeds), random.integers(seeds, size=(RESAMPLES, seeds))])
    sizes = theirs.columns.to_numpy(float)
    rows = []
    for samples in ours.columns:
        found = np.array(
            [
                equivalent(ours[samples].to_numpy()[drawn].mean(), sizes, theirs.to_numpy()[drawn].mean(axis=0))
                for drawn in draws
            ]
        )
        tails = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
        low, high = np.quantile(found[1:], tails, method="inverted_cdf")  # without averaging: some may be infinite
        rows.append(
            about
            | {"samples": samples, "other": other, "seeds": seeds, "equivalent_samples": found[0]}
            | {"equivalent_samples_low": low, "equivalent_samples_high": high, "factor": found[0] / samples}
        )
    return rows


def equivalent(error: float, sizes: np.ndarray, errors: np.ndarray) -> float:
    """At how many images a curve of test errors comes down to an error.

    Args:
        error: From 0 to 1.
        sizes: (n,), ascending: the numbers of images.
        errors: (n,): the mean test error at each.

    Returns:
        Images, between the numbers tried; 0 if the first error is already as low, infinity if none is.
    """
    reached = np.flatnonzero(errors <= error)
    if len(reached) == 0:
        return np.inf
    first = reached[0]
    if first == 0:
        return 0.0
    between = slice(first - 1, first + 1)
    least = np.finfo(float).tiny  # an error of 0 has no logarithm
    falling = np.log(np.maximum(errors[between], least))[::-1]
    place = np.interp(np.log(max(error, least)), falling, np.log(sizes[between])[::-1])
    return float(np.exp(place))
