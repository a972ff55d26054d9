"""Intervals and tests: that they are what SciPy makes, or what their definitions say."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from convnets.significance import holm, mcnemar_p_value, wilson_interval

EXACT = 1e-12


@given(asked=st.integers(1, 10_000), data=st.data())
@settings(max_examples=50, deadline=None)
def test_wilsons_interval_is_scipys(asked: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, asked))
    expected = binomtest(right, asked).proportion_ci(0.95, method="wilson")
    assert wilson_interval(right, asked) == pytest.approx((expected.low, expected.high), rel=EXACT, abs=EXACT)


@given(one=st.integers(0, 300), other=st.integers(0, 300))
@settings(max_examples=50, deadline=None)
def test_mcnemars_test_is_scipys_test_of_a_fair_coin(one: int, other: int) -> None:
    expected = binomtest(one, one + other).pvalue if one + other else 1
    assert mcnemar_p_value(one, other) == pytest.approx(expected, rel=EXACT)
    assert mcnemar_p_value(one, other) == mcnemar_p_value(other, one)


def test_networks_that_differ_on_all_images_are_told_apart() -> None:
    assert mcnemar_p_value(0, 10_000) == 0
    assert mcnemar_p_value(5_000, 5_000) == 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_holms_method_is_the_closed_test_of_bonferronis(p_values: list[float]) -> None:
    family = pd.Series(p_values, index=range(10, 10 + len(p_values)))

    def adjusted(number: int) -> float:
        """The largest of the p-values that Bonferroni gives to the sets of tests in which one is."""
        others = [other for other in range(len(p_values)) if other != number]
        sets = [(number, *chosen) for size in range(len(p_values)) for chosen in combinations(others, size)]
        return max(min(1.0, len(chosen) * min(p_values[one] for one in chosen)) for chosen in sets)

    expected = [adjusted(number) for number in range(len(p_values))]
    found = holm(family)
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=EXACT)
    assert found.index.equals(family.index)
