"""The paired tests between networks, held against known numbers, and the figure."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from convnets.figures import network_colour
from convnets.parameters import NETWORKS, Dataset
from convnets.pipelines.seeds import figures, nodes
from convnets.pipelines.training.nodes import summarize_trainings

ACCURACIES = {"fcn": [0.981, 0.979, 0.984], "cnn": [0.991, 0.990, 0.992], "cnn_no_pool": [0.990, 0.988, 0.992]}


@pytest.fixture
def trainings() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"network": network, "seed": seed, "test_accuracy": accuracy, "test_loss": 0.1, "fit_seconds": 1.0}
            for network in NETWORKS
            for seed, accuracy in enumerate(ACCURACIES[network], 1)
        ]
    )


def test_each_pair_is_tested_on_the_same_seeds(trainings: pd.DataFrame) -> None:
    tests = nodes.compare_over_seeds(trainings.sample(frac=1, random_state=0).sort_values("network", key=_in_order))
    assert tests[["network", "other"]].to_numpy().tolist() == [
        ["fcn", "cnn"],
        ["fcn", "cnn_no_pool"],
        ["cnn", "cnn_no_pool"],
    ]
    assert (tests["seeds"] == 3).all()
    first = tests.iloc[0]
    # Differences -0.010, -0.011, -0.008: mean -0.0096667, standard deviation 0.0015275.
    assert first["difference"] == pytest.approx(-0.0096667, abs=1e-6)
    assert first["effect_size"] == pytest.approx(-6.3284, abs=1e-3)
    assert first["t"] == pytest.approx(-6.3284 * np.sqrt(3), abs=1e-3)
    reach = stats.t.ppf(0.975, 2) * 0.0015275 / np.sqrt(3)
    assert first["difference_low"] == pytest.approx(-0.0096667 - reach, abs=1e-6)
    assert first["difference_high"] == pytest.approx(-0.0096667 + reach, abs=1e-6)
    assert first["p_value"] == pytest.approx(2 * stats.t.sf(6.3284 * np.sqrt(3), 2), rel=1e-3)
    assert sorted(tests["p_value_holm"] / tests["p_value"])[-1] == pytest.approx(3)


def _in_order(networks: pd.Series) -> pd.Series:
    return networks.map(NETWORKS.index)


def test_every_seed_is_drawn_in_the_colour_of_its_network(trainings: pd.DataFrame, mnist: Dataset) -> None:
    figure = figures.plot_seeds(trainings, summarize_trainings(trainings), mnist)
    (axes,) = figure.axes
    heights = {line.get_color(): np.asarray(line.get_ydata()) for line in axes.lines}
    assert {colour: list(values) for colour, values in heights.items() if len(values) == 3} == {
        network_colour(network): ACCURACIES[network] for network in NETWORKS
    }
    assert "3 seeds" in figure.get_suptitle()
