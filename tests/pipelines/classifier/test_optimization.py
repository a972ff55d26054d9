"""Each option of a training against Keras used directly: the same bits; and schedules at their corners."""

from typing import Any

import keras
import numpy as np
import pytest
from keras.optimizers import SGD, Adam, AdamW, RMSprop
from keras.optimizers.schedules import CosineDecay

from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.classifier import nodes
from convnets.pipelines.classifier.feed import shuffled_order
from convnets.pipelines.classifier.optimization import make_schedule
from convnets.training_parameters import Training

TRAINING: dict[str, Any] = {
    "epochs": 2,
    "batch_size": 32,
    "optimizer": "rmsprop",
    "loss": "sparse_categorical_crossentropy",
    "validation_split": 0.2,
}
IMAGES, LEARNED = 240, 192  # six steps an epoch
FCN = Network.model_validate({"name": "fcn", "architecture": "fully_connected", "units": 8})
OPTIMIZERS: dict[str, tuple[dict[str, Any], keras.Optimizer]] = {
    "momentum": ({"optimizer": "sgd", "momentum": 0.5, "weight_decay": 0.1}, SGD(momentum=0.5, weight_decay=0.1)),
    "of rmsprop": ({"momentum": 0.5, "clip_norm": 0.1}, RMSprop(momentum=0.5, global_clipnorm=0.1)),
    "nesterov": ({"optimizer": "nesterov"}, SGD(momentum=0.9, nesterov=True)),
    "its momentum": (
        {"optimizer": "nesterov", "momentum": 0.5, "learning_rate": 0.1},
        SGD(0.1, momentum=0.5, nesterov=True),
    ),
    "betas": ({"optimizer": "adam", "beta_1": 0.5, "beta_2": 0.9}, Adam(beta_1=0.5, beta_2=0.9)),
    "adamw": ({"optimizer": "adamw"}, AdamW()),
    "cosine": ({"schedule": "cosine", "learning_rate": 0.01}, RMSprop(CosineDecay(0.01, 12))),
    "warm-up": (
        {"schedule": "cosine", "learning_rate": 0.01, "warm_up": 0.25, "optimizer": "sgd", "momentum": 0.9},
        SGD(CosineDecay(0.0, 9, warmup_target=0.01, warmup_steps=3), momentum=0.9),
    ),
    "one cycle": (
        {"schedule": "one_cycle", "learning_rate": 0.5, "optimizer": "sgd"},
        SGD(CosineDecay(0.02, 7, warmup_target=0.5, warmup_steps=4, alpha=4e-6)),
    ),
}


@pytest.fixture(scope="module")
def images(raw_test_images: np.ndarray) -> np.ndarray:
    return raw_test_images[:IMAGES].astype(np.float32) / 255


@pytest.fixture(scope="module")
def labels(raw_test_labels: np.ndarray) -> np.ndarray:
    return raw_test_labels[:IMAGES]


def weights_of_ours(images: np.ndarray, labels: np.ndarray, dataset: Dataset, **chosen: Any) -> list[np.ndarray]:
    training = Training(**TRAINING | chosen)
    untrained = nodes.build_model(images.reshape(IMAGES, -1), FCN, dataset, 1)
    compiled = nodes.compile_model(untrained, training, "float32", 4, train_images=images)
    start = nodes.start_or_resume(compiled, training, None)
    (*_, (_, checkpoint)) = nodes.train(start, images, labels, training, 1)
    weights: list[np.ndarray] = checkpoint.model.get_weights()
    return weights


def weights_of_keras(
    images: np.ndarray, labels: np.ndarray, dataset: Dataset, optimizer: keras.Optimizer, loss: Any
) -> list[np.ndarray]:
    inputs = images.reshape(IMAGES, -1)
    model = nodes.build_model(inputs, FCN, dataset, 1)
    model.compile(optimizer, loss, jit_compile=False)
    for epoch in (1, 2):
        order = shuffled_order(LEARNED, 1, epoch)
        model.fit(inputs[order], labels[order], batch_size=32, shuffle=False, verbose=0)
    weights: list[np.ndarray] = model.get_weights()
    return weights


def assert_same_bits(ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(our, their)


@pytest.mark.parametrize(("chosen", "optimizer"), OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_an_option_is_the_one_of_keras(
    chosen: dict[str, Any], optimizer: keras.Optimizer, images: np.ndarray, labels: np.ndarray, mnist: Dataset
) -> None:
    assert_same_bits(
        weights_of_ours(images, labels, mnist, **chosen),
        weights_of_keras(images, labels, mnist, optimizer, "sparse_categorical_crossentropy"),
    )


def test_smoothed_labels_are_those_of_keras(images: np.ndarray, labels: np.ndarray, mnist: Dataset) -> None:
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.2)
    one_hot = keras.utils.to_categorical(labels, 10)
    assert_same_bits(
        weights_of_ours(images, labels, mnist, label_smoothing=0.2),
        weights_of_keras(images, one_hot, mnist, RMSprop(), loss),
    )


def rates(**chosen: Any) -> np.ndarray:
    """The learning rate of each of 100 steps, and of those that would follow."""
    training = Training(**TRAINING | {"epochs": 10, "batch_size": 8, "learning_rate": 0.5} | chosen)
    schedule = make_schedule(training, images=100)  # of which 80 are learned from
    return np.array([float(schedule(step)) for step in range(103)])


def test_one_cycle_rises_to_its_peak_and_falls_to_almost_nothing_at_the_last_step() -> None:
    rate = rates(schedule="one_cycle")
    assert rate[[0, 15, 30, 99]] == pytest.approx([0.02, 0.26, 0.5, 0.02e-4], rel=1e-3)
    assert (np.diff(rate[:31]) > 0).all()
    assert (np.diff(rate[30:100]) < 0).all()
    assert rate[100:] == pytest.approx([rate[99]] * 3)
    half = (30 + 99) / 2
    assert np.interp(half, range(103), rate) == pytest.approx(0.25, rel=1e-3)


@pytest.mark.parametrize(("warm_up", "peak"), [(0, 0), (0.004, 0), (0.5, 50), (0.999, 99)])
def test_one_cycle_rises_for_as_long_as_is_said(warm_up: float, peak: int) -> None:
    rate = rates(schedule="one_cycle", warm_up=warm_up)
    assert rate.argmax() == peak
    assert rate.max() == pytest.approx(0.5)


def test_a_training_of_one_step_takes_it_at_the_peak() -> None:
    for schedule in ("one_cycle", "cosine"):
        for warm_up in (None, 0.9):
            rate = rates(schedule=schedule, epochs=1, batch_size=80, warm_up=warm_up)
            assert rate[0] == pytest.approx(0.5)


def test_a_cosine_falls_to_nothing_after_the_last_step() -> None:
    rate = rates(schedule="cosine", warm_up=0.1)
    assert rate[[0, 5, 10, 55, 100]] == pytest.approx([0, 0.25, 0.5, 0.25, 0], abs=1e-6)
    assert rates(schedule="cosine")[[0, 50, 99]] == pytest.approx([0.5, 0.25, 0.5 * np.sin(np.pi / 200) ** 2], rel=1e-3)
