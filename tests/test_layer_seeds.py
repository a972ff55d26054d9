"""Whatever layers a network has, the same seed gives the same bits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from convnets.datasets.checkpoint import Checkpoint, CheckpointDataset
from convnets.harness.messages import ParameterError
from convnets.layer_seeds import seed_epoch, seed_weights
from convnets.network_parameters import Network
from convnets.networks import build_network
from convnets.pipelines.classifier import nodes
from convnets.training_parameters import Training

SMALL: dict[str, Any] = {
    "name": "cnn",
    "architecture": "convolutional",
    "filters": [3, 4],
    "kernel_size": 3,
    "strides": 1,
    "padding": "same",
    "pool_size": 2,
}
RANDOM = {"dropout": 0.4, "hidden_units": [6, 5], "batch_normalization": True, "pooling": "blur"}
IMAGES = np.random.default_rng(1).uniform(size=(40, 8, 8, 1)).astype(np.float32)
LABELS = np.random.default_rng(2).integers(0, 3, 40).astype(np.uint8)


def training(epochs: int) -> Training:
    block = {"batch_size": 8, "optimizer": "rmsprop", "loss": "sparse_categorical_crossentropy", "validation_split": 0}
    return Training.model_validate(block | {"epochs": epochs})


def unseeded_layers() -> list[keras.Layer]:
    """What somebody might add who does not think of seeds."""
    return [
        keras.Input((8, 8, 1)),
        keras.layers.GaussianNoise(0.1),
        keras.layers.RandomFlip(),
        keras.layers.RandomTranslation(0.2, 0.2),
        keras.layers.SeparableConv2D(3, 3),
        keras.layers.SpatialDropout2D(0.2),
        keras.layers.Reshape((36, 3)),
        keras.layers.GRU(4, dropout=0.3),
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(5), keras.layers.Dropout(0.5)]),
        keras.layers.Dense(3, activation="softmax"),
    ]


def unseeded_network() -> keras.Model:
    model = keras.Sequential(unseeded_layers(), name="cnn")
    seed_weights(model, 1)
    return model


def network() -> keras.Model:
    return build_network(Network.model_validate(SMALL | RANDOM), (8, 8, 1), classes=3, seed=1)


def train(
    model: keras.Model, epochs: int, last: Checkpoint | None = None, precision: str = "float32"
) -> list[Checkpoint]:
    compiled = nodes.compile_model(model, training(epochs), precision, steps_per_execution=2)
    start = nodes.start_or_resume(compiled, training(epochs), last)
    return [checkpoint for _, checkpoint in nodes.train(start, IMAGES, LABELS, training(epochs), 1)]


def bits(model: keras.Model) -> list[bytes]:
    return [values.tobytes() for values in model.get_weights()]


def dropped(model: keras.Model) -> list[bytes]:
    """What the model says while it is trained."""
    return [model(IMAGES, training=True).numpy().tobytes()]


@pytest.mark.parametrize(("build", "precision"), [(network, "mixed_bfloat16"), (unseeded_network, "float32")])
def test_the_same_seed_gives_the_same_bits_whatever_the_layers(
    build: Callable[[], keras.Model], precision: str
) -> None:
    first = build()
    keras.utils.set_random_seed(99)  # and whatever was drawn before
    second = build()
    assert bits(first) == bits(second)
    assert bits(train(first, 2, precision=precision)[-1].model) == bits(train(second, 2, precision=precision)[-1].model)


def test_another_seed_gives_other_weights() -> None:
    first, second = keras.Sequential(unseeded_layers()), keras.Sequential(unseeded_layers())
    seed_weights(first, 1)
    seed_weights(second, 2)
    assert all(ours != theirs for ours, theirs in zip(bits(first), bits(second), strict=True) if any(ours))


def test_what_is_dropped_follows_from_seed_epoch_and_layer_alone() -> None:
    model, other = unseeded_network(), unseeded_network()
    seed_epoch(model, 1, 2)
    first, second = dropped(model), dropped(model)
    assert first != second
    for seed, epoch, same in ((1, 2, True), (2, 2, False), (1, 3, False)):
        seed_epoch(other, seed, epoch)
        assert (dropped(other) == first) is same
    two = keras.Sequential([keras.Input((9,)), keras.layers.GaussianNoise(1), keras.layers.GaussianNoise(1)])
    seed_epoch(two, 1, 1)
    zeros = np.zeros((1, 9))
    ours, theirs = (layer(zeros, training=True).numpy() for layer in two.layers)
    assert not np.allclose(ours, theirs)


def test_weights_of_seeded_initializers_stay_as_they_were_drawn() -> None:
    layers = [keras.Input((4,)), keras.layers.Dense(5, kernel_initializer=keras.initializers.HeNormal(seed=3))]
    model = keras.Sequential(layers)
    before = bits(model)
    seed_weights(model, 1)
    assert bits(model) == before


@pytest.mark.parametrize("precision", ["mixed_bfloat16"])
def test_a_training_that_resumes_from_a_file_ends_with_the_same_bits(tmp_path: Path, precision: str) -> None:
    whole = train(network(), 3, precision=precision)[-1].model
    stored = CheckpointDataset(filepath=str(tmp_path / "cnn.checkpoint.keras"))
    steps = nodes.train(
        nodes.start_or_resume(
            nodes.compile_model(network(), training(3), precision, steps_per_execution=2), training(3), None
        ),
        *(IMAGES, LABELS, training(3), 1),
    )
    stored.save(next(steps)[1])  # and here the process is killed
    resumed = train(network(), 3, stored.load(), precision=precision)
    assert [len(checkpoint.log) for checkpoint in resumed] == [2, 3]
    assert bits(resumed[-1].model) == bits(whole)


def test_the_finished_model_is_read_with_keras_alone_and_says_the_same(tmp_path: Path) -> None:
    checkpoint = train(network(), 1)[-1]
    assert isinstance(checkpoint.log, pd.DataFrame)
    model, _ = nodes.finish_training(checkpoint, checkpoint.log, network())
    model.save(tmp_path / "cnn.keras")
    loaded = keras.saving.load_model(tmp_path / "cnn.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0))
    np.testing.assert_allclose(
        model.predict(IMAGES, verbose=0), checkpoint.model.predict(IMAGES, verbose=0), rtol=1e-4, atol=1e-5
    )
    assert bits(loaded) == bits(model)


def test_layers_whose_randomness_nobody_knows_are_refused() -> None:
    class Noise(keras.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x + keras.random.normal((4,))

    for layer in (Noise(name="noise"), keras.layers.Lambda(abs, name="noise")):
        with pytest.raises(ParameterError, match=r"cnn\.network has the layer noise, a \w+; allowed: Keras's own"):
            seed_weights(keras.Sequential([keras.Input((4,)), layer], name="cnn"), 1)
