"""The networks in JavaScript against Keras."""

import base64
import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from py_mini_racer import MiniRacer

from convnets.composite_layers import blur_pool2d, circular_padding2d, space_to_depth
from convnets.harness.messages import DataError
from convnets.network_parameters import Network
from convnets.networks import build_network
from convnets.pipelines.playground.description import describe_network

IMAGES = 1000
TOLERANCE = 1e-3  # of probabilities, with weights of 16 bits


def run(engine: MiniRacer, model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Let the page's engine run a model on images of bytes: (n, numbers of its output)."""
    packed = json.dumps(describe_network("some", model))
    images = images.reshape(len(images), -1)
    engine.eval(f"""
        var network = unpackNetwork({packed});
        var bytes = decodeBase64("{base64.b64encode(images.tobytes()).decode()}");
        var answer = (index) => {{
            const pixels = bytes.subarray(index * {images.shape[1]}, (index + 1) * {images.shape[1]});
            const image = Float32Array.from(pixels, value => value / 255);
            const outputs = runNetwork(network, image);
            return Array.from(outputs[outputs.length - 1].tensor.data);
        }}""")
    text = engine.eval(f"JSON.stringify(Array.from({{length: {len(images)}}}, (_, index) => answer(index)))")
    return np.array(json.loads(str(text)))


def ask_keras(model: keras.Model, images: np.ndarray) -> np.ndarray:
    inputs = (images.astype(np.float32) / 255).reshape(-1, *model.input_shape[1:])
    answers: np.ndarray = model.predict(inputs, verbose=0, batch_size=250)
    return answers.reshape(len(images), -1)


def convnet(**options: Any) -> keras.Model:
    """A small convnet of any options of the vocabulary, whose weights and statistics are drawn at random."""
    network = {
        "name": "some",
        "architecture": "convolutional",
        "filters": [5, 6],
        "kernel_size": 3,
        "strides": 1,
        "padding": "valid",
        "pool_size": 2,
    }
    return drawn(build_network(Network.model_validate(network | options), (28, 28, 1), 10, seed=1))


def drawn(model: keras.Model) -> keras.Model:
    """Draw all weights at random, so that no layer does nothing."""
    random = np.random.default_rng(1)
    for weight in model.weights:
        inputs = np.prod(weight.shape[:-1]) if "kernel" in weight.name else 25
        values = random.normal(0, 2 / np.sqrt(inputs), weight.shape)
        weight.assign(np.abs(values) + 0.1 if "variance" in weight.name else values)
    return model


def sequential(*inside: Any) -> keras.Model:
    return drawn(keras.Sequential([keras.Input((28, 28, 1)), *inside]))


def functional(function: Callable[[Any], Any]) -> keras.Model:
    inputs = keras.Input((28, 28, 1))
    return drawn(keras.Model(inputs, function(inputs)))


VOCABULARY: dict[str, Callable[[], keras.Model]] = {
    "padding valid": convnet,
    "padding same": lambda: convnet(padding="same"),
    "padding circular": lambda: convnet(padding="circular"),
    "padding circular, strides 2, kernel 4": lambda: convnet(padding="circular", kernel_size=4, strides=2),
    "strides 2": lambda: convnet(strides=2, padding="same"),
    "strides 3, kernel 5": lambda: convnet(strides=3, kernel_size=5, pool_size=None),
    "pooling average": lambda: convnet(pooling="average"),
    "pooling blur": lambda: convnet(pooling="blur"),
    "pooling blur, padding same": lambda: convnet(pooling="blur", padding="same", pool_size=3),
    "pooling blur, padding circular": lambda: convnet(pooling="blur", padding="circular"),
    "head global_max": lambda: convnet(head="global_max"),
    "head global_average": lambda: convnet(head="global_average", pool_size=None),
    "hidden_units": lambda: convnet(hidden_units=[7, 8], dropout=0.5),
    "dropout": lambda: convnet(dropout=0.3),
    "batch_normalization": lambda: convnet(batch_normalization=True),
    "space_to_depth": lambda: convnet(space_to_depth=4, padding="same"),
    "all at once": lambda: convnet(
        space_to_depth=2, padding="circular", pooling="blur", head="global_max", batch_normalization=True
    ),
    "dilation": lambda: sequential(layers.Conv2D(4, 3, dilation_rate=3, activation="relu")),
    "dilation, padding same": lambda: sequential(layers.Conv2D(4, 3, dilation_rate=2, padding="same")),
    "max pooling, padding same, strides": lambda: sequential(layers.MaxPooling2D(3, strides=2, padding="same")),
    "average pooling, padding same": lambda: sequential(layers.AveragePooling2D(3, padding="same")),
    "batch normalization alone": lambda: sequential(layers.BatchNormalization(scale=False, center=False)),
    "softmax": lambda: sequential(layers.Flatten(), layers.Dense(10, use_bias=False), layers.Activation("softmax")),
    "zero padding and cropping": lambda: sequential(
        layers.ZeroPadding2D(((1, 2), (3, 4))), layers.Cropping2D(((0, 5), (6, 1)))
    ),
    "reshape and permute": lambda: sequential(layers.Reshape((7, 4, 28)), layers.Permute((2, 3, 1))),
    "space to depth alone": lambda: functional(lambda x: space_to_depth(x, 7, "blocks")),
    "blur pooling alone": lambda: functional(lambda x: blur_pool2d(x, 2, "same", "blur")),
    "circular padding alone": lambda: functional(lambda x: circular_padding2d(x, 5, 1, "torus")),
}


@pytest.mark.parametrize("build", VOCABULARY.values(), ids=VOCABULARY.keys())
def test_each_layer_of_the_vocabulary_does_what_keras_does(
    engine: MiniRacer, raw_test_images: np.ndarray, build: Callable[[], keras.Model]
) -> None:
    model = build()
    images = raw_test_images[:3]
    expected = ask_keras(model, images)
    largest = np.abs(expected).max()
    assert np.ptp(expected, axis=0).max() > 0.02 * largest  # the answer depends on the image
    np.testing.assert_allclose(run(engine, model, images), expected, rtol=0, atol=2e-3 * largest)


@pytest.mark.parametrize(
    "name", ["fcn", *(pytest.param(name, marks=pytest.mark.slow) for name in ("cnn", "cnn_no_pool"))]
)
def test_networks_give_the_answers_of_keras(
    engine: MiniRacer, trained_network: Callable[[str], keras.Model], raw_test_images: np.ndarray, name: str
) -> None:
    images = raw_test_images[:IMAGES]
    expected = ask_keras(trained_network(name), images)
    found = run(engine, trained_network(name), images)
    assert np.abs(found - expected).max() <= TOLERANCE
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()


REFUSED: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "a layer": (
        lambda: sequential(layers.Conv2DTranspose(2, 3, name="upwards")),
        "some.model has a layer upwards of the type Conv2DTranspose, which the playground cannot run; allowed: Activ",
    ),
    "an activation": (
        lambda: sequential(layers.Conv2D(2, 3, activation="gelu", name="smooth")),
        "some.model has a layer smooth with the activation gelu, which the playground cannot run; allowed: linear,",
    ),
    "strides": (
        lambda: sequential(layers.Conv2D(2, 3, strides=(1, 2), name="aslant")),
        r"some.model has a layer aslant with strides \(1, 2\), which the playground cannot run; allowed: the same",
    ),
    "groups": (
        lambda: sequential(layers.Conv2D(2, 3), layers.Conv2D(2, 3, groups=2, name="apart")),
        "some.model has a layer apart with groups 2, which the playground cannot run; allowed: 1",
    ),
    "weights": (
        lambda: diverged(convnet()),
        "some.model has weights in its layer conv2d that are not finite or larger than 65,504",
    ),
}


def diverged(model: keras.Model) -> keras.Model:
    model.weights[0].assign(np.full(model.weights[0].shape, np.nan))
    return model


@pytest.mark.parametrize(("build", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_page_cannot_run_is_refused_in_a_sentence(build: Callable[[], keras.Model], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        describe_network("some", build())


def test_base64_goes_there_and_back(engine: MiniRacer) -> None:
    for size in (0, 1, 2, 3, 784):
        content = np.random.default_rng(size).bytes(size)
        text = base64.b64encode(content).decode()
        assert json.loads(str(engine.eval(f"JSON.stringify(Array.from(decodeBase64('{text}')))"))) == [*content]
        assert engine.eval(f"encodeBase64(Uint8Array.from({[*content]}))") == text
