"""What a training of a study learns from, and how trainings are summed up: held against SciPy and known numbers."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from convnets.network_parameters import Network
from convnets.pipelines.classifier.optimization import count_learned
from convnets.pipelines.studies import nodes
from convnets.pipelines.studies.statistics import summarize_trainings
from convnets.study_parameters import Study
from convnets.training_parameters import Training

SEEDS = Study(seeds=(1, 2))
SIZES = Study(seeds=(1, 2), samples=(100, 300))
FCN = Network.model_validate({"name": "fcn", "architecture": "fully_connected", "units": 32})


def test_a_balanced_order_begins_with_as_many_of_each_class(raw_test_labels: np.ndarray) -> None:
    order = nodes.balanced_order(raw_test_labels, seed=1)
    assert sorted(order) == list(range(10_000))
    for samples in (100, 300, 8_000):
        assert np.bincount(raw_test_labels[order[:samples]]).tolist() == [samples // 10] * 10
    assert np.bincount(raw_test_labels[order[:105]]).tolist().count(11) == 5


def test_the_order_is_a_function_of_the_seed(raw_test_labels: np.ndarray) -> None:
    assert (nodes.balanced_order(raw_test_labels, 1) == nodes.balanced_order(raw_test_labels, 1)).all()
    assert (nodes.balanced_order(raw_test_labels, 1) != nodes.balanced_order(raw_test_labels, 2)).mean() > 0.99


def test_a_larger_training_set_holds_the_smaller(raw_test_images: np.ndarray, raw_test_labels: np.ndarray) -> None:
    few, few_labels = nodes.choose_samples(raw_test_images, raw_test_labels, 100, 3, None)
    many, many_labels = nodes.choose_samples(raw_test_images, raw_test_labels, 1_000, 3, None)
    assert (many[:100] == few).all()
    assert (many_labels[:100] == few_labels).all()
    assert len(np.unique(many.reshape(1_000, -1), axis=0)) == 1_000


def test_a_small_training_set_is_repeated_as_a_whole(raw_test_images: np.ndarray, raw_test_labels: np.ndarray) -> None:
    pixels, labels = nodes.choose_samples(raw_test_images, raw_test_labels, 300, 1, 1_000)
    once, _ = nodes.choose_samples(raw_test_images, raw_test_labels, 300, 1, None)
    assert len(pixels) == len(labels) == 1_200
    assert (pixels.reshape(4, 300, 28, 28) == once).all()
    assert np.bincount(labels).tolist() == [120] * 10


@pytest.mark.parametrize("split", [0.003, 0.25, 0.333])
@pytest.mark.parametrize("images_per_epoch", [None, 1_000])
def test_no_image_is_both_learned_and_held_back(
    raw_test_images: np.ndarray, raw_test_labels: np.ndarray, split: float, images_per_epoch: int | None
) -> None:
    training = Training(epochs=1, batch_size=1, optimizer="sgd", validation_split=split)
    pixels, _ = nodes.choose_samples(raw_test_images, raw_test_labels, 300, 1, images_per_epoch, training=training)
    once, _ = nodes.choose_samples(raw_test_images, raw_test_labels, 300, 1, None)
    assert len(pixels) == (1_200 if images_per_epoch else 300)
    learned = count_learned(len(pixels), training)
    parts = [{image.tobytes() for image in part} for part in (pixels[:learned], pixels[learned:], once)]
    assert len(parts[0]) + len(parts[1]) == 300
    assert parts[0] | parts[1] == parts[2]
    if images_per_epoch is None:
        assert (pixels == once).all()


def test_all_samples_are_the_images_as_they_are(raw_test_images: np.ndarray, raw_test_labels: np.ndarray) -> None:
    pixels, labels = nodes.choose_samples(raw_test_images, raw_test_labels, None, 1, None)
    assert pixels is raw_test_images
    assert labels is raw_test_labels


def report(network: str, samples: int | None, seed: int, test_accuracy: float, **varied: Any) -> pd.DataFrame:
    metrics: dict[str, Any] = {
        "test_accuracy": test_accuracy,
        "test_loss": 0.1,
        "fit_seconds": 2.0,
        "parameters": 7,
        "operations": 9,
    }
    named = FCN.model_copy(update={"root": FCN.root.model_copy(update={"name": network})})
    return nodes.report_training(
        metrics=metrics, all_labels=np.zeros(500, np.uint8), network=named, varied=varied, samples=samples, seed=seed
    )


def test_a_row_names_what_was_varied_and_how_many_images_were_learned_from() -> None:
    table = nodes.gather_reports(
        report("cnn", None, 1, 0.9, variant="plain", **{"network.filters": (16, 32)}),
        report("cnn", 300, 2, 0.8, variant="wide", **{"network.filters": (32, 64)}),
    )
    assert list(table.columns) == [
        *("network", "variant", "network.filters", "samples", "seed"),
        *("parameters", "operations", "test_accuracy", "test_loss", "fit_seconds"),
    ]
    assert table["network.filters"].tolist() == ["16+32", "32+64"]
    assert table["samples"].tolist() == [500, 300]


def test_the_interval_of_a_mean_is_students() -> None:
    accuracies = [0.981, 0.979, 0.984, 0.977, 0.980]
    summary = summarize_trainings(
        nodes.gather_reports(*(report("fcn", None, seed, value) for seed, value in enumerate(accuracies))), SEEDS
    )
    (row,) = summary.to_dict("records")
    low, high = stats.ttest_1samp(accuracies, 0).confidence_interval(0.95)
    assert row["trainings"] == 5
    assert row["test_accuracy"] == pytest.approx(np.mean(accuracies))
    assert row["test_accuracy_sd"] == pytest.approx(np.std(accuracies, ddof=1))
    assert (row["test_accuracy_low"], row["test_accuracy_high"]) == (pytest.approx(low), pytest.approx(high))
    # Of two numbers: t of one degree of freedom is 12.706, and the standard error half their distance.
    pair = nodes.gather_reports(report("fcn", 100, 1, 0.90), report("fcn", 100, 2, 0.92))
    assert summarize_trainings(pair, SIZES)["test_accuracy_high"].item() == pytest.approx(
        0.91 + 12.706 * 0.01, abs=1e-5
    )
