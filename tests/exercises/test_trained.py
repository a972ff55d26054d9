"""The checks of the exercises with networks, on small networks whose weights are set by hand."""

from typing import Any

import keras
import numpy as np
import pytest

from convnets.exercises import trained
from convnets.exercises.answers import NO_ANSWER
from convnets.network_parameters import Network
from convnets.networks import build_network
from support import CNN

FCN = {"name": "fcn", "architecture": "fully_connected", "units": 4}


def draw_lines(count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Upright lines (class 0) and level ones (class 1) around the middle of images of 28 x 28."""
    images, labels = np.zeros((count, 28, 28), np.float32), np.arange(count, dtype=np.uint8) % 2
    for number, label in enumerate(labels):
        place = 12 + number // 2 % 4
        if label:
            images[number, place, 10:18] = 1
        else:
            images[number, 10:18, place] = 1
    return images, labels


IMAGES, LABELS = draw_lines()


def reader_of_lines(changes: dict[str, Any] | None = None) -> keras.Model:
    """A convnet whose two filters are the two lines; with `flatten`, it looks for them in the middle alone."""
    block = CNN | {"filters": [2], "pool_size": None} | (changes or {})
    model = build_network(Network.model_validate(block), (28, 28, 1), 2, seed=1)
    kernels = np.zeros((3, 3, 1, 2), np.float32)
    kernels[:, 1, 0, 0] = kernels[1, :, 0, 1] = 1
    convolution = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    convolution.set_weights([kernels, np.array([-2, -2], np.float32)])
    dense = model.layers[-1]
    weights = np.zeros(dense.kernel.shape, np.float32)
    if block.get("head") == "global_max":
        weights[:] = 50 * np.eye(2)
    else:
        maps = weights.reshape(*model.layers[-2].input.shape[1:], 2)
        maps[9:17, 9:17, 0, 0] = maps[9:17, 9:17, 1, 1] = 50
    dense.set_weights([weights, np.zeros(2, np.float32)])
    return model


def constant(answer: int, block: dict[str, Any] | None = None) -> keras.Model:
    """A network that answers the same to any image."""
    network = Network.model_validate(block or FCN)
    model = build_network(network, (28, 28, 1) if block else (784,), 2, seed=1)
    dense = model.layers[-1]
    dense.set_weights([np.zeros(dense.kernel.shape, np.float32), np.array([1 - answer, answer], np.float32)])
    return model


@pytest.fixture(scope="module")
def reader() -> keras.Model:
    return reader_of_lines()


@pytest.fixture(scope="module")
def moves_along() -> keras.Model:
    return reader_of_lines({"padding": "circular", "head": "global_max"})


def fooled() -> keras.Model:
    """A dense network that reads lines by the ink in the upper left of the middle: shifted, it reads another class."""
    model = build_network(Network.model_validate(FCN), (784,), 2, seed=1)
    first, weights = np.zeros((28, 28, 4), np.float32), np.zeros((4, 2), np.float32)
    first[16:, :, 0] = 1
    weights[0, 1] = 10
    model.layers[0].set_weights([first.reshape(784, 4), np.zeros(4, np.float32)])
    model.layers[1].set_weights([weights, np.array([1, 0], np.float32)])
    return model


def test_a_shift_that_changes_the_answer_is_right() -> None:
    labels = np.zeros(len(IMAGES), np.uint8)  # above row 16 all are of class 0
    answers: list[dict[str, Any]] = [
        {"image": 1, "distance": 4, "direction": "down"},
        {"image": np.int64(1), "distance": 4.0, "direction": "Down-Right"},
        {"image": "1", "distance": [4], "direction": "down_left"},
    ]
    for answer in answers:
        feedback = trained.check_shift(fooled(), IMAGES, labels, **answer)
        assert feedback.right, feedback
        assert "becomes a 1" in feedback.text


@pytest.mark.parametrize(
    ("answer", "leads_on"),
    [
        ({"image": 1, "distance": 4, "direction": "up"}, "still read as a 0"),
        ({"image": 1, "distance": 9, "direction": "down"}, "1 to 4 pixels"),
        ({"image": 1, "distance": 0, "direction": "down"}, "1 to 4 pixels"),
        ({"image": 1, "distance": 2, "direction": "sideways"}, "one of: right, down right"),
        ({"image": 40, "distance": 2, "direction": "down"}, "from 0 to 39"),
        ({"image": 1.5, "distance": 2, "direction": "down"}, "whole number"),
        ({"image": [1, 2], "distance": 2, "direction": "down"}, "whole number"),
        ({"image": 0, "distance": 4, "direction": "up"}, "is a 0 and read as a 1"),
    ],
)
def test_another_shift_is_explained(answer: dict[str, Any], leads_on: str) -> None:
    labels = np.zeros(len(IMAGES), np.uint8)
    feedback = trained.check_shift(fooled(), IMAGES, labels, **answer)
    assert not feedback.right
    assert leads_on in feedback.text


def test_a_network_without_border_whose_head_forgets_places_is_cured(moves_along: keras.Model) -> None:
    feedback = trained.check_cured(moves_along, IMAGES, LABELS)
    assert feedback.right
    assert "100.0% of the digits keep their answer" in feedback.text


def test_what_is_not_cured_is_explained(reader: keras.Model, moves_along: keras.Model) -> None:
    at_the_border = np.zeros((20, 28, 28), np.float32)
    at_the_border[:, 1, 10:18] = 1  # it leaves the image upwards
    labels = np.ones(20, np.uint8)
    has_border = reader_of_lines({"head": "global_max"})
    assert (trained.answers_to(reader, IMAGES) == LABELS).all()
    for model, images, true, leads_on in (
        (reader, IMAGES, LABELS, "The last maps are laid flat"),
        (has_border, at_the_border, labels, "What do the convolutions meet at the border"),
        (moves_along, at_the_border, labels, "does it learn long enough"),
        (moves_along, IMAGES, 1 - LABELS, "let the network learn longer"),
        (fooled(), IMAGES, LABELS, "A dense layer has a weight for each place"),
    ):
        feedback = trained.check_cured(model, images, true)
        assert not feedback.right
        assert leads_on in feedback.text


def test_fewer_errors_than_fcn_are_right(reader: keras.Model, moves_along: keras.Model) -> None:
    for model in (reader, moves_along):
        feedback = trained.check_better(constant(0), model, IMAGES, LABELS)
        assert feedback.right
        assert "0 errors against 20 of fcn" in feedback.text


def test_too_many_errors_are_explained() -> None:
    images = np.zeros((400, 28, 28), np.float32)
    labels = (np.arange(400) < 230).astype(np.uint8)
    always_one = constant(1, CNN | {"filters": [2]})
    for model, true, leads_on in (
        (constant(1), LABELS.repeat(10), "may be luck"),
        (constant(1), labels, "More units see the same"),
        (always_one, labels, "170 errors against 230 of fcn"),
        (always_one, labels, "More epochs help"),
        (always_one, 1 - labels, "230 errors against 170 of fcn"),
    ):
        feedback = trained.check_better(constant(0), model, images, true)
        assert not feedback.right
        assert leads_on in feedback.text


def test_an_empty_answer_is_asked_for(reader: keras.Model) -> None:
    for feedback in (
        trained.check_shift(reader, IMAGES, LABELS, image=0, distance=..., direction="up"),
        trained.check_cured(..., IMAGES, LABELS),
        trained.check_better(reader, ..., IMAGES, LABELS),
    ):
        assert (feedback.right, repr(feedback)) == (False, NO_ANSWER)
