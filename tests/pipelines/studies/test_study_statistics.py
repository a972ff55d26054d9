"""The paired tests between networks, held against known numbers, and the figure."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from convnets.figures import network_colour
from convnets.parameters import NETWORKS, Dataset
from convnets.pipelines.studies import figures
from convnets.pipelines.studies.statistics import compare_over_seeds, summarize_trainings
from convnets.study_parameters import Study

STUDY = Study(seeds=(1, 2, 3))
ACCURACIES = {"fcn": [0.981, 0.979, 0.984], "cnn": [0.991, 0.990, 0.992], "cnn_no_pool": [0.990, 0.988, 0.992]}


@pytest.fixture
def trainings() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "network": network,
                "samples": 60_000,
                "seed": seed,
                "test_accuracy": accuracy,
                "test_loss": 0.1,
                "fit_seconds": 1.0,
            }
            for network in NETWORKS
            for seed, accuracy in enumerate(ACCURACIES[network], 1)
        ]
    )


def test_each_pair_is_tested_on_the_same_seeds(trainings: pd.DataFrame) -> None:
    shuffled = trainings.sample(frac=1, random_state=0).sort_values("network", key=_in_order)
    tests = compare_over_seeds(shuffled, STUDY)
    assert (tests["differs_in"] == "network").all()
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
    figure = figures.plot_study(trainings, summarize_trainings(trainings, STUDY), STUDY, mnist)
    (axes,) = figure.axes
    places = {line.get_color(): np.asarray(line.get_xdata()) for line in axes.lines}
    assert {colour: list(values) for colour, values in places.items() if len(values) == 3} == {
        network_colour(network): ACCURACIES[network] for network in NETWORKS
    }
    assert "3 seeds" in figure.get_suptitle()


def test_every_training_is_drawn_with_means_on_logarithmic_axes(mnist: Dataset) -> None:
    sizes = Study(seeds=(1, 2), samples=(100, 1_000))
    trainings = pd.DataFrame(
        [
            {"network": network, "samples": samples, "seed": seed, "test_accuracy": 0.7 + samples / 5_000 + seed / 100}
            for network in NETWORKS
            for samples in (100, 1_000)
            for seed in (1, 2)
        ]
    )
    figure = figures.plot_study(trainings, summarize_trainings(trainings, sizes), sizes, mnist)
    accuracy, errors = figure.axes
    assert accuracy.get_xscale() == errors.get_xscale() == errors.get_yscale() == "log"
    heights = [np.asarray(line.get_ydata()) for line in accuracy.lines]
    assert [sorted(values) for values in heights if len(values) == 4] == [pytest.approx([0.73, 0.74, 0.91, 0.92])] * 3
    legend = accuracy.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        f"{network}: mean, 95 % interval" for network in NETWORKS
    ]
    assert [text.get_text() for text in accuracy.get_xticklabels()] == ["100", "1,000"]


def test_settings_that_differ_in_one_thing_are_tested_in_pairs() -> None:
    study = Study(
        seeds=(1, 2, 3), vary={"network.padding": ("valid", "same"), "network.head": ("flatten", "global_max")}
    )
    rng = np.random.default_rng(1)
    trainings = pd.DataFrame(
        [
            {"network": "cnn", "network.padding": padding, "network.head": head, "samples": 9, "seed": seed}
            | {"test_accuracy": rng.random()}
            for padding in ("valid", "same")
            for head in ("flatten", "global_max")
            for seed in (1, 2, 3)
        ]
    )
    tests = compare_over_seeds(trainings, study)
    assert tests[["network.padding", "network.head", "differs_in", "other"]].to_numpy().tolist() == [
        ["valid", "flatten", "network.head", "global_max"],
        ["valid", "flatten", "network.padding", "same"],
        ["valid", "global_max", "network.padding", "same"],
        ["same", "flatten", "network.head", "global_max"],
    ]
    assert (tests["p_value_holm"] >= tests["p_value"]).all()


def test_a_difference_that_is_the_same_for_all_seeds_cannot_be_tested() -> None:
    trainings = pd.DataFrame(
        [
            {"network": network, "samples": 9, "seed": seed, "test_accuracy": accuracy}
            for network, accuracy in (("fcn", 0.5), ("cnn", 0.5))
            for seed in (1, 2)
        ]
    )
    (row,) = compare_over_seeds(trainings, STUDY).to_dict("records")
    assert row["difference"] == 0
    assert np.isnan(row["p_value"])
