"""How many images another network needs: held against curves whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from convnets.pipelines.studies.equivalents import equivalent, find_equivalents
from convnets.study_parameters import Study

SIZES = (100, 1_000, 10_000)
STUDY = Study(seeds=(1, 2, 3), samples=SIZES)


def trainings(factor: float, spread: float = 0.0) -> pd.DataFrame:
    """Errors that fall with the square root of the number of images; `cnn` needs a factor fewer."""
    rows = [
        {
            **{"network": network, "samples": size, "seed": seed},
            "test_accuracy": 1 - (1 + spread * (seed - 2)) * (size * gain) ** -0.5,
        }
        for network, gain in (("fcn", 1.0), ("cnn", factor))
        for size in SIZES
        for seed in STUDY.seeds
    ]
    return pd.DataFrame(rows)


def test_the_equivalent_is_the_factor_by_which_curves_are_apart() -> None:
    found = find_equivalents(trainings(4.0), STUDY).set_index(["network", "samples"])
    assert found.loc[("cnn", 100), "equivalent_samples"] == pytest.approx(400)
    assert found.loc[("cnn", 1_000), "factor"] == pytest.approx(4)
    assert found.loc[("cnn", 10_000), "equivalent_samples"] == np.inf
    assert found.loc[("fcn", 100), "equivalent_samples"] == 0
    assert found.loc[("fcn", 1_000), "equivalent_samples"] == pytest.approx(250)


def test_the_interval_holds_the_estimate_and_widens_with_the_spread() -> None:
    narrow, wide = (
        find_equivalents(trainings(4.0, spread).assign(), STUDY).query("network == 'cnn' and samples == 1000").iloc[0]
        for spread in (0.0, 0.3)
    )
    assert narrow["equivalent_samples_low"] == pytest.approx(narrow["equivalent_samples_high"])
    changed = trainings(4.0)
    changed.loc[changed["network"] == "cnn", "test_accuracy"] += np.tile([-0.002, 0, 0.002], len(SIZES))
    apart = find_equivalents(changed, STUDY).query("network == 'cnn' and samples == 1000").iloc[0]
    assert apart["equivalent_samples_low"] < apart["equivalent_samples"] < apart["equivalent_samples_high"]
    # What the same seed does to both networks alike is no uncertainty of the comparison.
    assert wide["equivalent_samples_low"] == pytest.approx(wide["equivalent_samples_high"])


@pytest.mark.parametrize(("error", "expected"), [(0.5, 0.0), (0.4, 0.0), (0.2, 200.0), (0.1, 400.0), (0.05, np.inf)])
def test_an_error_is_looked_up_on_the_curve(error: float, expected: float) -> None:
    assert equivalent(error, np.array([100.0, 400.0]), np.array([0.4, 0.1])) == pytest.approx(expected)


def test_a_study_of_one_size_has_no_equivalents() -> None:
    assert len(find_equivalents(trainings(4.0), Study(seeds=(1, 2, 3)))) == 0
