"""Intervals and tests that are a few lines each: SciPy's and statsmodels's take a second to import."""

import math

import numpy as np
import pandas as pd

NORMAL_QUANTILE = 1.9599639845400545  # of 97.5 %, between which and its negative are 95 % of a normal distribution


def wilson_interval(right: int, asked: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 1927.

    Args:
        right: How many answers are right.
        asked: Of how many.

    Returns:
        Its lower and its upper bound, from 0 to 1.
    """
    share, squared = right / asked, NORMAL_QUANTILE**2
    scale = 1 + squared / asked
    centre = (share + squared / (2 * asked)) / scale
    reach = NORMAL_QUANTILE * math.sqrt(share * (1 - share) / asked + squared / (4 * asked**2)) / scale
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


def mcnemar_p_value(only_one: int, only_other: int) -> float:
    """The p-value of McNemar's exact test: whether of two, each is as often the only one to be right.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 1947.

    Args:
        only_one: How often only the one is right.
        only_other: How often only the other is.

    Returns:
        The chance that a fair coin, thrown once for each of these, is as uneven or more, from 0 to 1.
    """
    thrown = only_one + only_other
    ways = as_uneven = 1  # of 2 ** thrown; whole numbers of any size, so that nothing is rounded before the division
    for heads in range(min(only_one, only_other)):
        ways = ways * (thrown - heads) // (heads + 1)
        as_uneven += ways
    return min(2 * as_uneven / (1 << thrown), 1.0)


def holm(p_values: pd.Series) -> pd.Series:
    """Adjust p-values for how many they are.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 1979.

    Args:
        p_values: Of one family of tests; none is missing.

    Returns:
        The adjusted ones, in the same order.
    """
    smallest_first = p_values.sort_values(kind="stable")
    left = np.arange(len(p_values), 0, -1)  # tests, when those with smaller p-values are rejected
    return (smallest_first * left).cummax().clip(upper=1).reindex(p_values.index)
