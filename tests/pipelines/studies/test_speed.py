"""What the settings of a study cost, and what they reach."""

import numpy as np
import pandas as pd
import pytest

from convnets.parameters import Dataset
from convnets.pipelines.studies.speed import plot_speed, tabulate_speed
from convnets.pipelines.studies.statistics import summarize_trainings
from convnets.study_parameters import Study

STUDY = Study(
    seeds=(1, 2, 3),
    networks=("cnn", "small"),
    variants={"lecture": {"networks": ["cnn"]}, "fewer_filters": {"networks": ["small"]}},
)


@pytest.fixture
def speed() -> pd.DataFrame:
    rows = [
        {
            "network": network,
            "variant": variant,
            "samples": 60_000,
            "seed": seed,
            "parameters": 10,
            "operations": operations,
            "test_accuracy": 0.99 + seed / 1000,
            "fit_seconds": seconds,
        }
        for network, variant, operations, measured in (
            ("cnn", "lecture", 8_000, (20.0, 24.0, 90.0)),
            ("small", "fewer_filters", 1_000, (3.0, 1.0, 2.0)),
        )
        for seed, seconds in enumerate(measured, 1)
    ]
    trainings = pd.DataFrame(rows)
    return tabulate_speed(trainings, summarize_trainings(trainings, STUDY), STUDY)


def test_seconds_are_the_median_over_seeds_and_are_compared_with_the_first_setting(speed: pd.DataFrame) -> None:
    assert speed["variant"].tolist() == ["lecture", "fewer_filters"]
    assert speed["fit_seconds"].tolist() == [24, 2]
    assert speed["times_as_fast"].tolist() == [1, 12]
    assert speed["operations"].tolist() == [8_000, 1_000]
    assert speed["test_accuracy"].tolist() == pytest.approx([0.992, 0.992])
    assert speed["trainings"].tolist() == [3, 3]


def test_each_setting_is_drawn_with_its_seconds_and_its_accuracy(speed: pd.DataFrame, mnist: Dataset) -> None:
    seconds, accuracy = plot_speed(speed, STUDY, mnist).axes
    assert [np.asarray(line.get_xdata()).item() for line in seconds.lines] == [24, 2]
    assert [text.get_text() for text in seconds.texts] == ["24.0 s", "2.0 s"]
    assert [label.get_text() for label in seconds.get_yticklabels()] == ["cnn, lecture", "small, fewer_filters"]
    assert np.asarray(accuracy.lines[1].get_xdata()) == pytest.approx(0.992)
