"""The corruptions, held against SciPy's and NumPy's, and against what their parameters say."""

import numpy as np
import pytest
from scipy import ndimage

from convnets.pipelines.preparation.nodes import normalize_images
from convnets.pipelines.robustness import corruptions
from convnets.pipelines.robustness.corruptions import CORRUPTIONS, corrupt
from convnets.robustness_parameters import Corruptions

AMOUNTS = {"rotation": 30.0, "scale": 0.7, "noise": 0.3, "blur": 1.5, "occlusion": 6}


@pytest.fixture(scope="module")
def images(raw_test_images: np.ndarray) -> np.ndarray:
    return normalize_images(raw_test_images[:40])


def test_there_is_a_corruption_for_each_parameter() -> None:
    assert list(CORRUPTIONS) == list(Corruptions.model_fields) == list(AMOUNTS)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_images_stay_images(images: np.ndarray, corruption: str, channels: tuple[int, ...]) -> None:
    given = np.broadcast_to(images.reshape(*images.shape, *(1 for _ in channels)), (*images.shape, *channels)).copy()
    before = given.copy()
    corrupted = corrupt(given, corruption, AMOUNTS[corruption], seed=1)
    assert (given == before).all()
    assert corrupted.shape == given.shape
    assert corrupted.dtype == np.float32
    assert 0 <= corrupted.min() < corrupted.max() <= 1 + 1e-6
    changed = (corrupted != before).reshape(len(given), -1).any(axis=1)
    assert changed.mean() > (0.2 if corruption == "occlusion" else 0.99)  # a square may be beside the digit
    assert (corrupted == corrupt(given, corruption, AMOUNTS[corruption], seed=1)).all()


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_only_what_is_random_depends_on_the_seed(images: np.ndarray, corruption: str) -> None:
    amount = AMOUNTS[corruption]
    same = np.array_equal(corrupt(images, corruption, amount, 1), corrupt(images, corruption, amount, 2))
    assert same == (corruption in ("scale", "blur"))


def test_a_rotation_goes_to_the_one_or_the_other_side(images: np.ndarray) -> None:
    sides = []
    for image, turned in zip(images, corrupt(images, "rotation", 90, seed=0), strict=True):
        sides.append([np.allclose(turned, np.rot90(image, turns), atol=1e-4) for turns in (1, -1)])
    assert (np.sum(sides, axis=1) == 1).all()
    assert (np.sum(sides, axis=0) > len(images) / 4).all()


def test_a_scale_is_scipys(images: np.ndarray) -> None:
    small = corrupt(images[:5], "scale", 0.5, seed=0)
    for image, scaled in zip(images, small, strict=False):
        expected = ndimage.affine_transform(image, [2, 2], offset=13.5 - 2 * 13.5, order=1, mode="grid-constant")
        np.testing.assert_allclose(scaled, expected, atol=1e-5)


def test_noise_has_its_deviation_and_grows_with_it() -> None:
    grey = np.full((50, 28, 28), 0.5, np.float32)
    little, more = (corrupt(grey, "noise", deviation, seed=0) - grey for deviation in (0.05, 0.1))
    assert little.std() == pytest.approx(0.05, rel=0.02)
    np.testing.assert_allclose(more, 2 * little, atol=1e-6)


def test_a_blur_is_scipys_of_each_image_and_channel(images: np.ndarray) -> None:
    coloured = np.stack([images, 1 - images], axis=-1)
    blurred = corrupt(coloured, "blur", 1.5, seed=0)
    for channel in (0, 1):
        expected = ndimage.gaussian_filter(coloured[3, :, :, channel], 1.5, mode="constant")
        np.testing.assert_allclose(blurred[3, :, :, channel], expected, atol=1e-6)


def test_a_square_is_hidden_and_a_larger_one_hides_it_too() -> None:
    white = np.ones((200, 28, 20), np.float32)
    hidden = {side: corrupt(white, "occlusion", side, seed=0) == 0 for side in (6, 14)}
    for side, square in hidden.items():
        assert (square.any(axis=2).sum(axis=1) == side).all()
        assert (square.any(axis=1).sum(axis=1) == side).all()
        assert (square.sum(axis=(1, 2)) == side**2).all()
        assert square.any(axis=(0, 2)).all()  # anywhere where it fits
        assert square.any(axis=(0, 1)).all()
    assert (hidden[14] | ~hidden[6]).all()
    assert (corrupt(white, "occlusion", 40, seed=0) == 0).all()


def test_images_of_other_batches_are_corrupted_otherwise(images: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corruptions, "BATCH", 2)
    same = np.repeat(images[:1], 5, axis=0)
    noise = corrupt(same, "noise", 0.3, seed=0)
    assert noise.shape == same.shape
    assert len(np.unique(noise, axis=0)) == len(same)
