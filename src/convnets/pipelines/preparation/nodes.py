"""Load and normalize the images."""

import numpy as np
import pandas as pd

from convnets.harness.messages import DataError, ParameterError
from convnets.parameters import Dataset


def load_training_set(
    raw_train_images: np.ndarray, raw_train_labels: np.ndarray, dataset: Dataset
) -> tuple[np.ndarray, np.ndarray]:
    """Check the training set and take the samples asked for.

    Args:
        raw_train_images: (n, height, width) or (n, height, width, channels), uint8: of one channel, 0 is background
            and 255 is ink.
        raw_train_labels: (n,), uint8: the class of each image.
        dataset: Its `class_names` and `train_samples` are used, and what `arrange_pixels` uses.

    Returns:
        The first `train_samples` images and labels; views, not copies, where no pixel is moved.

    Raises:
        DataError: Images and labels differ in number, a label names no class, or there are too few samples.
        ParameterError: See `arrange_pixels`.
    """
    return _load(raw_train_images, raw_train_labels, dataset, "train", dataset.train_samples)


def load_test_set(
    raw_test_images: np.ndarray, raw_test_labels: np.ndarray, dataset: Dataset
) -> tuple[np.ndarray, np.ndarray]:
    """Check the test set and take the samples asked for: `load_training_set`, with `test_samples`."""
    return _load(raw_test_images, raw_test_labels, dataset, "test", dataset.test_samples)


def _load(
    images: np.ndarray, labels: np.ndarray, dataset: Dataset, part: str, samples: int | None
) -> tuple[np.ndarray, np.ndarray]:
    if len(images) != len(labels):
        raise DataError(
            f"raw_{part}_images holds {len(images):,} images and raw_{part}_labels {len(labels):,} labels; "
            "expected a label for each image"
        )
    classes = len(dataset.class_names)
    if labels.max() >= classes:
        raise DataError(
            f"raw_{part}_labels holds the label {labels.max()}; expected 0 to {classes - 1}, "
            f"as dataset.class_names names {classes} classes"
        )
    if samples is not None and samples > len(images):
        raise DataError(
            f"dataset.{part}_samples is {samples:,}, and raw_{part}_images holds {len(images):,} images; "
            "expected no more than there are"
        )
    return arrange_pixels(images[:samples], dataset), labels[:samples]


def arrange_pixels(pixels: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Put images on a canvas, and then their pixels into another order, where the parameters ask for it.

    Args:
        pixels: (n, height, width) or (n, height, width, channels), any dtype.
        dataset: Its `canvas` and `pixel_permutation` are used.

    Returns:
        The images, or (n, canvas, canvas) or (n, canvas, canvas, channels) with 0 around them; the same dtype.

    Raises:
        ParameterError: The canvas is smaller than the images.
    """
    if dataset.canvas is not None:
        height, width = pixels.shape[1:3]
        if dataset.canvas < max(height, width):
            raise ParameterError(
                f"dataset.canvas is {dataset.canvas}, and images are {height} x {width}; allowed: null or a whole "
                f"number from {max(height, width)}"
            )
        around = [(free // 2, free - free // 2) for free in (dataset.canvas - height, dataset.canvas - width)]
        pixels = np.pad(pixels, [(0, 0), *around, (0, 0)][: pixels.ndim])
    if dataset.pixel_permutation is not None:
        places, *channels = pixels.shape[1] * pixels.shape[2], *pixels.shape[3:]
        order = np.random.default_rng(dataset.pixel_permutation).permutation(places)
        pixels = pixels.reshape(len(pixels), places, *channels)[:, order].reshape(pixels.shape)
    return pixels


def normalize_images(pixels: np.ndarray) -> np.ndarray:
    """Scale pixels from [0, 255] to [0, 1].

    Args:
        pixels: Any shape, uint8.

    Returns:
        The same shape, float32.
    """
    images: np.ndarray = np.divide(pixels, 255, dtype=np.float32)
    return images


def count_classes(train_labels: np.ndarray, test_labels: np.ndarray, dataset: Dataset) -> pd.DataFrame:
    """Count the samples of each class.

    Args:
        train_labels: (n,), uint8.
        test_labels: (m,), uint8.
        dataset: Its `class_names` are used.

    Returns:
        A row for each class: `class`, `train_samples`, `test_samples`.
    """
    classes = len(dataset.class_names)
    return pd.DataFrame(
        {
            "class": dataset.class_names,
            "train_samples": np.bincount(train_labels, minlength=classes),
            "test_samples": np.bincount(test_labels, minlength=classes),
        }
    )
