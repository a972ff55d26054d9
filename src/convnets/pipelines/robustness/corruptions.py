"""Corrupt images: rotate, scale, blur and occlude them, and add noise."""

from collections.abc import Callable

import numpy as np

from convnets.pipelines.classifier.augmentation import maps_around_centre, transform

BATCH = 2_000  # images that are corrupted at a time

Corrupt = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
"""From images, how much, and what draws random numbers, to images of the same shape."""


def corrupt(images: np.ndarray, corruption: str, amount: float, seed: int) -> np.ndarray:
    """Corrupt images, each in its own way where there is a choice.

    Args:
        images: (n, height, width) or (n, height, width, channels), float32 from 0 to 1; not changed.
        corruption: One of `CORRUPTIONS`.
        amount: How much; see `Corruptions`.
        seed: Of what is random: the same for all amounts, so that these differ in nothing else.

    Returns:
        Images of the same shape, float32 from 0 to 1. What comes in from outside of an image is 0.
    """
    number = list(CORRUPTIONS).index(corruption) + 1
    starts = range(0, len(images), BATCH)
    return np.concatenate(
        [
            CORRUPTIONS[corruption](
                images[start : start + BATCH], amount, np.random.default_rng((seed, number, start + 1))
            )
            for start in starts
        ]
    ).astype(np.float32, copy=False)


def rotate(images: np.ndarray, degrees: float, random: np.random.Generator) -> np.ndarray:
    """Rotate images around their centres, by the same angle to either side. See `corrupt`."""
    angles = np.deg2rad(degrees) * random.choice([-1, 1], len(images))
    return transform(images, *maps_around_centre(images.shape[1:3], angles, np.ones(len(images))))


def scale(images: np.ndarray, factor: float, _: np.random.Generator) -> np.ndarray:
    """Enlarge, or shrink, what is in the images around their centres. See `corrupt`."""
    factors = np.full(len(images), factor)
    return transform(images, *maps_around_centre(images.shape[1:3], np.zeros(len(images)), factors))


def add_noise(images: np.ndarray, deviation: float, random: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise to each pixel, and cut off what leaves 0 to 1. See `corrupt`."""
    noisy: np.ndarray = np.clip(images + deviation * random.standard_normal(images.shape, np.float32), 0, 1)
    return noisy


def blur(images: np.ndarray, deviation: float, _: np.random.Generator) -> np.ndarray:
    """Blur images with a Gaussian, whose standard deviation is in pixels. See `corrupt`."""
    from scipy import ndimage

    blurred: np.ndarray = ndimage.gaussian_filter(images, deviation, axes=(1, 2), mode="constant")
    return blurred


def occlude(images: np.ndarray, side: float, random: np.random.Generator) -> np.ndarray:
    """Put a square of background, 0, anywhere in each image where it fits as a whole. See `corrupt`."""
    hidden = np.ones(images.shape[:3], bool)
    for axis, size in enumerate(images.shape[1:3]):
        # A share of the room there is, so that larger squares are where smaller ones were.
        first = np.floor(random.random(len(images)) * (max(size - side, 0) + 1))[:, None]
        inside = (np.arange(size) >= first) & (np.arange(size) < first + side)
        hidden &= np.expand_dims(inside, 2 - axis)
    return np.where(hidden.reshape(*hidden.shape, *(1 for _ in images.shape[3:])), np.float32(0), images)


CORRUPTIONS: dict[str, Corrupt] = {
    "rotation": rotate,
    "scale": scale,
    "noise": add_noise,
    "blur": blur,
    "occlusion": occlude,
}
"""By the names of their parameters, in the order of tables and figures."""
