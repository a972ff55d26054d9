"""The shift held against SciPy's, accuracy under it, and the figures."""

from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from scipy.stats import binomtest

from convnets.harness.messages import ParameterError
from convnets.network_parameters import Network
from convnets.parameters import NETWORKS, Dataset
from convnets.pipelines.preparation.nodes import normalize_images
from convnets.pipelines.translation import figures, nodes
from convnets.showing_parameters import Translation

FCN = Network.model_validate({"name": "fcn", "architecture": "fully_connected", "units": 32})
TRANSLATION = Translation(distances=(0, 1, 8), image=0, direction="down left", images_of_a_training=1)


@pytest.fixture(scope="module")
def images(raw_test_images: np.ndarray) -> np.ndarray:
    return normalize_images(raw_test_images[:300])


@pytest.mark.parametrize("direction", nodes.DIRECTIONS)
@pytest.mark.parametrize("distance", [0, 1, 5, 8, 27, 28, 40])
def test_a_shift_is_scipys(images: np.ndarray, distance: int, direction: str) -> None:
    down = ("down" in direction) - ("up" in direction)
    right = ("right" in direction) - ("left" in direction)
    expected = ndimage.shift(images[:5], (0, distance * down, distance * right), order=0, mode="constant", cval=0)
    shifted = nodes.shift_images(images[:5], distance, direction)
    assert shifted.dtype == np.float32
    assert (shifted == expected).all()


def test_a_shift_leaves_the_images_as_they_are(images: np.ndarray) -> None:
    before = images.copy()
    nodes.shift_images(images, 3, "up")[:] = 1
    assert (images == before).all()


@pytest.fixture(scope="module")
def reads_the_first_column() -> keras.Model:
    """A model that says 1 where there is ink in the upper left corner, and else 0."""
    weights = np.zeros((784, 2), np.float32)
    weights[0, 1] = 10
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(2, activation="softmax")])
    model.set_weights([weights, np.array([1, 0], np.float32)])
    return model


def test_accuracy_is_that_of_the_shifted_images(reads_the_first_column: keras.Model) -> None:
    images = np.zeros((4, 28, 28), np.float32)
    images[:3, 0, 1] = 1  # one pixel right of the corner
    labels = np.array([1, 1, 1, 0], np.uint8)
    table = nodes.measure_translation(reads_the_first_column, images, labels, FCN, TRANSLATION)
    assert list(table.columns) == [
        "network",
        "distance",
        "direction",
        "test_accuracy",
        "test_accuracy_low",
        "test_accuracy_high",
        "consistency",
    ]
    assert len(table) == 3 * 8
    accuracies = table.set_index(["distance", "direction"])["test_accuracy"]
    assert (accuracies[0] == 0.25).all()
    assert accuracies[1, "left"] == 1.0
    assert (accuracies[1].drop("left") == 0.25).all()
    same = table.set_index(["distance", "direction"])["consistency"]
    assert (same[1, "left"], same[1, "right"]) == (0.25, 1)
    interval = binomtest(4, 4).proportion_ci(0.95, method="wilson")
    moved_left = table[(table["distance"] == 1) & (table["direction"] == "left")]
    assert moved_left["test_accuracy_low"].item() == pytest.approx(interval.low)
    assert moved_left["test_accuracy_high"].item() == pytest.approx(interval.high)


def test_the_ink_is_what_is_left_in_the_image() -> None:
    image = np.zeros((1, 28, 28), np.float32)
    image[0, 0, 14] = image[0, 14, 14] = 1
    ink = nodes.measure_ink(image, TRANSLATION)
    # Up by a pixel, or up left or up right, the upper half of the ink leaves; by 8, too.
    shares = ink.set_index(["kind", "distance"])["ink"]
    assert shares["axis"].tolist() == pytest.approx([1, 1 - 1 / 8, 1 - 1 / 8])
    assert shares["diagonal"].tolist() == pytest.approx([1, 1 - 2 / 8, 1 - 2 / 8])


def test_the_digit_is_asked_for_as_it_moves(
    reads_the_first_column: keras.Model, images: np.ndarray, mnist: Dataset
) -> None:
    answers = nodes.follow_digit(reads_the_first_column, images, FCN, mnist, TRANSLATION)
    assert answers["distance"].tolist() == [0, 1, 8]
    assert answers["predicted"].tolist() == ["0", "0", "0"]
    assert answers["probability"].tolist() == pytest.approx([1 / (1 + np.exp(-1))] * 3)


def test_a_digit_that_is_not_there_is_refused(images: np.ndarray) -> None:
    with pytest.raises(ParameterError, match=r"translation\.image is 300; allowed: 0 to 299"):
        nodes.choose_digit(images, TRANSLATION.model_copy(update={"image": 300}))


def test_the_figures_show_all_networks(images: np.ndarray, raw_test_labels: np.ndarray, mnist: Dataset) -> None:
    accuracies = pd.DataFrame(
        [
            {
                "network": network,
                "distance": distance,
                "direction": direction,
                "test_accuracy": 1 - distance / 10 - 0.1 * (kind == "diagonal"),
                "test_accuracy_low": 0.8 - distance / 10,
                "test_accuracy_high": 1.0,
            }
            for network in NETWORKS
            for distance in (0, 1, 8)
            for direction, kind in nodes.KINDS.items()
        ]
    )
    figure = figures.plot_accuracies(accuracies, nodes.measure_ink(images, TRANSLATION), mnist)
    for axes, better in zip(figure.axes, (0.0, -0.1), strict=True):
        containers: list[Any] = list(axes.containers)
        curves = {str(bars.get_label()).partition(":")[0]: bars.lines[0] for bars in containers}
        assert list(curves) == list(NETWORKS)
        for line in curves.values():
            assert list(np.asarray(line.get_ydata())) == pytest.approx([1 + better, 0.9 + better, 0.2 + better])

    answer = pd.DataFrame({"distance": [0, 1, 8], "predicted": ["7", "7", "1"], "probability": [0.9, 0.8, 0.7]})
    moving = figures.plot_moving_digit(images, raw_test_labels, mnist, TRANSLATION, **dict.fromkeys(NETWORKS, answer))
    shown = [image.get_array() for axes in moving.axes for image in axes.get_images()]
    assert len(shown) == 3
    assert (shown[2] == nodes.shift_images(images[:1], 8, "down left")[0]).all()
    texts = [text.get_text() for axes in moving.axes for text in axes.texts]
    assert texts.count("cnn: 7 (0.90)") == 1
    assert texts.count("cnn: 1 (0.70) ✗") == 1
