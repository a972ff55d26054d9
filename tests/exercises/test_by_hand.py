"""The checks of the exercises without networks: right answers in many forms, and usual mistakes with what leads on."""

from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.signal import correlate2d

from convnets.exercises import by_hand
from convnets.exercises.answers import NO_ANSWER, as_numbers, as_share, is_empty
from convnets.network_parameters import Network
from convnets.networks import build_network
from convnets.pipelines.classifier.nodes import summarize_model
from support import CNN

RESPONSE_MAP = [[15, 10, -5], [15, 5, -10]]
PROBABILITIES = [0.665, 0.245, 0.09]


@pytest.mark.parametrize(
    "answer",
    [
        RESPONSE_MAP,
        tuple(map(tuple, RESPONSE_MAP)),
        correlate2d(by_hand.IMAGE, by_hand.LEFT_EDGE, "valid"),
        np.array(RESPONSE_MAP, np.int8),
        np.array(RESPONSE_MAP, np.float32)[np.newaxis, ..., np.newaxis],
        keras.ops.convert_to_tensor(np.array(RESPONSE_MAP, np.float32)),
        pd.DataFrame(RESPONSE_MAP),
    ],
)
def test_a_response_map_is_right_in_any_form(answer: Any) -> None:
    assert by_hand.check_response_map(answer).right


@pytest.mark.parametrize(
    ("answer", "leads_on"),
    [
        (-np.array(RESPONSE_MAP), "turned around"),
        (np.maximum(RESPONSE_MAP, 0), "relu"),
        (np.transpose(RESPONSE_MAP), "exchanged"),
        (np.ravel(RESPONSE_MAP), "write them as a map"),
        ([[10, 15, 10, -5, -10]] * 3, "shape (3, 5)"),
        (correlate2d(by_hand.IMAGE, by_hand.LEFT_EDGE, "same"), "hangs over the border"),
        ([[1, 2, 3], [4, 5, 6]], "add the nine products"),
        ([[1, 2], [3]], "rows of equal length"),
        ("no idea", "not understood"),
    ],
)
def test_a_wrong_response_map_is_explained(answer: Any, leads_on: str) -> None:
    feedback = by_hand.check_response_map(answer)
    assert not feedback.right
    assert leads_on in feedback.text


@pytest.mark.parametrize(
    "answer",
    [12, 12.0, np.int64(12), (12, 12), [12, 12, 8], (None, 12, 12, 8), (1, 12, 12, 8), "12 x 12", "(12, 12, 8)"],
)
def test_an_output_shape_is_right_in_any_form(answer: Any) -> None:
    assert by_hand.check_output_shape(answer).right


def test_the_right_output_shape_is_keras_s() -> None:
    layer = keras.layers.Conv2D(by_hand.DEPTH, by_hand.LAYER["kernel_size"], by_hand.LAYER["strides"])
    assert by_hand.check_output_shape(layer(np.zeros((1, 28, 28, 1))).shape).right


@pytest.mark.parametrize(
    ("answer", "leads_on"),
    [
        (14, "with padding"),
        ((24, 24, 8), "strides of 1"),
        (11, "place where it starts"),
        (11.5, "Half a place"),
        (12.5, "half a jump"),
        (13, "One too many"),
        ((12, 12, 1), "how many response maps"),
        ((12, 11), "how many response maps"),
        (100, "Count the places"),
        ([[12, 12], [8, 8]], "One shape"),
    ],
)
def test_a_wrong_output_shape_is_explained(answer: Any, leads_on: str) -> None:
    feedback = by_hand.check_output_shape(answer)
    assert not feedback.right
    assert leads_on in feedback.text


@pytest.fixture(scope="module")
def cnn() -> keras.Model:
    return build_network(Network.model_validate(CNN), (28, 28, 1), 10, seed=1)


def test_the_layers_that_learn_are_those_of_cnn(cnn: keras.Model) -> None:
    counts = {layer.name: layer.count_params() for layer in cnn.layers if layer.count_params()}
    assert counts == {name: (window * below + 1) * outputs for name, window, below, outputs in by_hand.LEARNING_LAYERS}


def test_parameters_are_right_in_any_form(cnn: keras.Model) -> None:
    _, table = summarize_model(cnn)
    counts = [320, 18_496, 73_856, 11_530]
    forms: list[Any] = [
        counts,
        np.array(counts),
        "320, 18,496, 73,856 and 11,530",
        ["320", "18,496", "73,856", "11,530"],
    ]
    forms += [
        table,
        table["parameters"],
        dict(zip("abcd", counts, strict=True)),
        [0, 320, 0, 18_496, 0, 73_856, 0, 11_530],
    ]
    for form in forms:
        assert by_hand.check_parameters(form).right, form


@pytest.mark.parametrize(
    ("answer", "leads_on"),
    [
        (104_202, "four numbers are expected, not 1"),
        ([288, 18_496, 73_856, 11_530], "conv2d: These are the weights"),
        ([320, 18_432, 73_856, 11_530], "conv2d_1: These are the weights"),
        ([320, 18_433, 73_856, 11_530], "conv2d_1: One bias"),
        ([320, 640, 73_856, 11_530], "conv2d_1: A kernel is as deep"),
        ([320, 576, 73_856, 11_530], "And what is added"),
        ([320, 18_496, 577, 11_530], "conv2d_2: This is one filter"),
        ([320, 18_496, 73_856, 11_520], "dense: These are the weights"),
        ([320, 18_496, 73_856, 1_290], "How many numbers are 128 maps"),
    ],
)
def test_wrong_parameters_are_explained(answer: Any, leads_on: str) -> None:
    feedback = by_hand.check_parameters(answer)
    assert not feedback.right
    assert leads_on in feedback.text


@pytest.mark.parametrize("answers", [(18, 7), ((18, 18), [7, 7]), ("18 x 18", "7"), (np.float32(18), np.array([[7]]))])
def test_receptive_fields_are_right_in_any_form(answers: tuple[Any, Any]) -> None:
    assert by_hand.check_receptive_fields(*answers).right


@pytest.mark.parametrize(
    ("answers", "leads_on"),
    [
        ((3, 7), "cnn: This is what it sees of the maps just below"),
        ((7, 7), "cnn: This is without pooling"),
        ((15, 7), "its own window"),
        ((28, 7), "Not the whole image"),
        ((5, 7), "Begin at the end"),
        ((18, 9), "cnn_no_pool: Windows of neighbours overlap"),
        ((18, 18), "cnn_no_pool: This is with pooling"),
        ((18, 22), "size of the map"),
        (((18, 17), 7), "one number is expected"),
    ],
)
def test_wrong_receptive_fields_are_explained(answers: tuple[Any, Any], leads_on: str) -> None:
    feedback = by_hand.check_receptive_fields(*answers)
    assert not feedback.right
    assert leads_on in feedback.text


@pytest.mark.parametrize("answer", [[[5, 4], [8, 6]], ((5.0, 4.0), (8.0, 6.0)), np.array([[[[5], [4]], [[8], [6]]]])])
def test_max_pooling_is_right_in_any_form(answer: Any) -> None:
    assert by_hand.check_max_pooling(answer).right


@pytest.mark.parametrize(
    ("answer", "leads_on"),
    [
        ([[2.25, 2.5], [4, 2]], "mean of each window"),
        ([[0, 0], [2, 0]], "least of each window"),
        ([[5, 4, 9], [8, 6, 9], [7, 7, 9]], "fill no window"),
        ([[5, 4, 4, 9], [5, 4, 4, 9], [8, 4, 6, 9], [8, 7, 7, 9]], "overlap"),
        ([5, 4, 8, 6], "write them as a map"),
        ([[5, 8], [4, 6]], "exchanged"),
        (9, "side by side"),
    ],
)
def test_wrong_max_pooling_is_explained(answer: Any, leads_on: str) -> None:
    feedback = by_hand.check_max_pooling(answer)
    assert not feedback.right
    assert leads_on in feedback.text


@pytest.mark.parametrize(
    "answers",
    [
        (PROBABILITIES, [0, 1, 0], 1.41),
        (np.array([PROBABILITIES]), (0.0, 1.0, 0.0), "1.4076"),
        ("0.67 0.24 0.09", np.eye(3)[1], np.float32(1.4076)),
    ],
)
def test_softmax_is_right_in_any_form(answers: tuple[Any, Any, Any]) -> None:
    assert by_hand.check_softmax(*answers).right


@pytest.mark.parametrize(
    ("answers", "leads_on"),
    [
        (([7.389, 2.718, 1], [0, 1, 0], 1.41), "must they add up to"),
        (([2 / 3, 1 / 3, 0], [0, 1, 0], 1.41), "negative"),
        (([0, 1, 0], [0, 1, 0], 1.41), "This is the label"),
        (([1, 2, 3], [0, 1, 0], 1.41), "exponential of each score"),
        ((PROBABILITIES, 1, 1.41), "sparse form"),
        ((PROBABILITIES, [1, 0, 0], 1.41), "counted from 0"),
        ((PROBABILITIES, PROBABILITIES, 1.41), "The label is sure"),
        ((PROBABILITIES, [0, 2, 0], 1.41), "a 1 at the place"),
        ((PROBABILITIES, [0, 1, 0], -1.41), "mind the sign"),
        ((PROBABILITIES, [0, 1, 0], 2.03), "bits"),
        ((PROBABILITIES, [0, 1, 0], 0.61), "natural logarithm"),
        ((PROBABILITIES, [0, 1, 0], 0.41), "which one is the label"),
        ((PROBABILITIES, [0, 1, 0], 0.755), "takes the logarithm"),
        ((PROBABILITIES, [0, 1, 0], 4.22), "multiplied by 0"),
        ((PROBABILITIES, [0, 1, 0], 17), "-log of the probability"),
    ],
)
def test_wrong_softmax_is_explained(answers: tuple[Any, Any, Any], leads_on: str) -> None:
    feedback = by_hand.check_softmax(*answers)
    assert not feedback.right
    assert leads_on in feedback.text


def test_the_loss_is_keras_s_sparse_or_one_hot() -> None:
    probabilities = np.array([PROBABILITIES])
    for loss in (
        keras.losses.sparse_categorical_crossentropy(np.array([by_hand.LABEL]), probabilities),
        keras.losses.categorical_crossentropy(np.eye(3)[[by_hand.LABEL]], probabilities),
    ):
        assert by_hand.check_softmax(PROBABILITIES, [0, 1, 0], loss).right


@pytest.mark.parametrize(
    "answers",
    [(0.85, 0.927, "no"), ("85 %", 93, False), ("102/120", "102 / 110", "No"), (np.float64(0.85), [0.9273], np.False_)],
)
def test_shares_are_right_in_any_form(answers: tuple[Any, Any, Any]) -> None:
    assert by_hand.check_confusions(*answers).right


@pytest.mark.parametrize(
    ("answers", "leads_on"),
    [
        ((0.927, 0.85, "no"), "exchanged: a row"),
        ((0.85, 0.85, "no"), "exchanged: a column"),
        ((102, 0.927, "no"), "of how many"),
        ((0.34, 0.927, "no"), "share of all 300"),
        ((0.907, 0.927, "no"), "accuracy"),
        ((0.5, 0.927, "no"), "a row holds"),
        (([0.85, 0.9], 0.927, "no"), "One number"),
        ((0.85, 0.927, "yes"), "from 0.868 to 0.935"),
        ((0.85, 0.927, True), "from 0.868 to 0.935"),
    ],
)
def test_wrong_shares_are_explained(answers: tuple[Any, Any, Any], leads_on: str) -> None:
    feedback = by_hand.check_confusions(*answers)
    assert not feedback.right
    assert leads_on in feedback.text


def test_an_empty_answer_is_asked_for() -> None:
    for feedback in (
        by_hand.check_response_map(...),
        by_hand.check_output_shape(None),
        by_hand.check_output_shape(""),
        by_hand.check_parameters([..., ..., ..., ...]),
        by_hand.check_receptive_fields(18, ...),
        by_hand.check_softmax(probabilities=PROBABILITIES, one_hot=[0, 1, 0], loss=...),
        by_hand.check_parameters({"conv2d": ...}),
    ):
        assert (feedback.right, repr(feedback)) == (False, NO_ANSWER)


@pytest.mark.parametrize("answer", [0, False, 0.0, [0], (None, 3), np.zeros(3)])
def test_zero_is_an_answer(answer: Any) -> None:
    assert not is_empty(answer)


def test_numbers_are_read_from_text() -> None:
    assert as_numbers("18,496").tolist() == 18_496
    assert as_numbers("26 x 26 x 32").tolist() == [26, 26, 32]
    assert as_numbers("1,000,000 or -2.5e3").tolist() == [1_000_000, -2500]
    assert as_share("90%") == as_share(90) == as_share(0.9) == as_share("9/10") == as_share([0.9])
    assert as_share(1) == 1
