"""Yardstick A: the lecture's script, plainly: import, load, fit, evaluate; nothing tracked, nothing saved.

`python benchmarks/lecture.py cnn` prints one line of JSON: `fit_seconds` and `test_accuracy`.
"""

import argparse
import gzip
import json
import sys
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

MNIST = Path(__file__).parents[1] / "data/01_raw/mnist"


def load(name: str) -> np.ndarray:
    """Read an IDX file of bytes: (n, 28, 28) or (n,), uint8."""
    data = gzip.decompress((MNIST / f"{name}.gz").read_bytes())
    shape = np.frombuffer(data, ">u4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def fcn() -> keras.Model:
    """The fully connected network."""
    return keras.Sequential(
        [keras.Input((28 * 28,)), layers.Dense(512, activation="relu"), layers.Dense(10, activation="softmax")]
    )


def cnn(*, pooling: bool) -> keras.Model:
    """The convnet, with max pooling or without."""
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(32, 3, activation="relu")(inputs)
    if pooling:
        x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(64, 3, activation="relu")(x)
    if pooling:
        x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(128, 3, activation="relu")(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def main(network: str, seed: int) -> None:
    """Train and evaluate a network as the lecture does."""
    keras.utils.set_random_seed(seed)
    train_images, train_labels = load("train-images-idx3-ubyte"), load("train-labels-idx1-ubyte")
    test_images, test_labels = load("t10k-images-idx3-ubyte"), load("t10k-labels-idx1-ubyte")
    shape, batch_size = ((28 * 28,), 128) if network == "fcn" else ((28, 28, 1), 64)
    train_images = train_images.reshape((-1, *shape)).astype("float32") / 255
    test_images = test_images.reshape((-1, *shape)).astype("float32") / 255

    model = fcn() if network == "fcn" else cnn(pooling=network == "cnn")
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    started = time.perf_counter()
    model.fit(train_images, train_labels, epochs=5, batch_size=batch_size, verbose=0)
    fit_seconds = time.perf_counter() - started
    _, test_accuracy = model.evaluate(test_images, test_labels, verbose=0)
    sys.stdout.write(json.dumps({"fit_seconds": fit_seconds, "test_accuracy": test_accuracy}) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=["fcn", "cnn", "cnn_no_pool"])
    parser.add_argument("--seed", type=int, default=1)
    main(**vars(parser.parse_args()))
