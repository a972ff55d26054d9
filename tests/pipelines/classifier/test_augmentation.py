"""Augmentation: what is done to the training images, and that nothing is done to any other."""

import numpy as np
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from scipy import ndimage

from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.classifier import create_pipeline, nodes
from convnets.pipelines.classifier.augmentation import augment, transform
from convnets.pipelines.preparation.nodes import normalize_images
from convnets.training_parameters import Augmentation, Training

ALL = Augmentation(shift=2, rotation=10, zoom=0.1, noise=0.05)
SIDE = 41
CENTRE = SIDE // 2


@pytest.fixture(scope="module")
def images(raw_test_images: np.ndarray) -> np.ndarray:
    return normalize_images(raw_test_images[:200])


def test_pixels_are_taken_from_where_scipy_takes_them() -> None:
    random = np.random.default_rng(1)
    images = random.random((20, 9, 14, 3), np.float32)
    matrices, offsets = random.normal(size=(20, 2, 2)), random.normal(0, 3, (20, 2))
    changed = transform(images, matrices, offsets)
    assert changed.dtype == np.float32
    for image, matrix, offset, found in zip(images, matrices, offsets, changed, strict=True):
        for channel in range(3):
            expected = ndimage.affine_transform(image[..., channel], matrix, offset, order=1, mode="grid-constant")
            np.testing.assert_allclose(found[..., channel], expected, atol=1e-5)
    np.testing.assert_array_equal(transform(images[..., 0], matrices, offsets), changed[..., 0])


def test_images_are_shifted_by_whole_pixels_as_far_as_allowed_and_each_in_its_own_way(images: np.ndarray) -> None:
    framed = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    shifts = set()
    for frame, found in zip(framed, augment(images, Augmentation(shift=2), (1,)), strict=True):
        shifts |= {
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(found, frame[2 - down : 30 - down, 2 - right : 30 - right])
        }
    assert len(shifts) == 25


def brightest(augmentation: Augmentation) -> np.ndarray:
    """Where a blurred dot, ten pixels to the right of the centre, comes to be: rows and columns from the centre."""
    dot = np.zeros((SIDE, SIDE), np.float32)
    dot[CENTRE, CENTRE + 10] = 1
    changed = augment(np.tile(ndimage.gaussian_filter(dot, 2), (500, 1, 1)), augmentation, (1,))
    return np.array([ndimage.center_of_mass(image) for image in changed]) - CENTRE


def test_images_are_rotated_to_both_sides_by_no_more_than_is_said() -> None:
    rows, columns = brightest(Augmentation(rotation=30)).T
    degrees = np.rad2deg(np.arctan2(rows, columns))
    assert (degrees.min(), degrees.max()) == pytest.approx((-30, 30), abs=0.7)
    np.testing.assert_allclose(np.hypot(rows, columns), 10, atol=0.1)


def test_images_are_made_larger_and_smaller_by_no_more_than_is_said() -> None:
    rows, columns = brightest(Augmentation(zoom=0.2)).T
    assert (columns.min(), columns.max()) == pytest.approx((8, 12), abs=0.1)
    np.testing.assert_allclose(rows, 0, atol=0.1)


def test_noise_has_its_standard_deviation(images: np.ndarray) -> None:
    noise = augment(images, Augmentation(noise=0.1), (1,)) - images
    assert noise.std() == pytest.approx(0.1, rel=0.01)
    assert noise.mean() == pytest.approx(0, abs=0.001)


def test_the_same_key_gives_the_same_bits_and_any_other_does_not(images: np.ndarray) -> None:
    before = images.copy()
    first = augment(images, ALL, (1, 2, 3))
    np.testing.assert_array_equal(first, augment(images, ALL, (1, 2, 3)))
    np.testing.assert_array_equal(images, before)
    for key in ((2, 2, 3), (1, 3, 3), (1, 2, 4)):
        assert not np.isclose(first, augment(images, ALL, key)).all(axis=(1, 2)).any()


def test_only_the_images_learned_from_are_changed_and_anew_in_each_epoch(
    images: np.ndarray, raw_test_labels: np.ndarray, mnist: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[np.ndarray] = []
    seen: list[np.ndarray] = []

    def spy(batch: np.ndarray, augmentation: Augmentation, key: tuple[int, ...]) -> np.ndarray:
        assert augmentation == ALL
        given.append(batch)
        seen.append(augment(batch, augmentation, key))
        return seen[-1]

    monkeypatch.setattr(nodes, "augment", spy)
    training = Training(
        epochs=2,
        batch_size=64,
        optimizer="sgd",
        loss="sparse_categorical_crossentropy",
        validation_split=0.2,
        augmentation=ALL,
    )
    in_memory = {
        "train_images": images[:125],
        "train_labels": raw_test_labels[:125],
        "test_images": images[125:],
        "test_labels": raw_test_labels[125:200],
        "params:dataset": mnist,
        "params:seed": 1,
        "params:precision": "float32",
        "params:net.last_checkpoint": None,
        "params:steps_per_execution": 4,
        "params:strategy": "default",
        "params:net.network": Network.model_validate({"name": "net", "architecture": "fully_connected", "units": 2}),
        "params:net.training": training,
    }
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in in_memory.items()})
    pipeline = create_pipeline("net").to_outputs("net.predictions")
    for name in pipeline.all_outputs():
        catalog[name] = MemoryDataset(copy_mode="assign")
    outputs = SequentialRunner().run(pipeline, catalog)
    assert len(outputs["net.predictions"].load()) == 75

    assert [batch.shape for batch in given] == [(64, 28, 28), (36, 28, 28)] * 2
    learned_from = {image.tobytes() for image in images[:100]}
    for epoch in (given[:2], given[2:]):
        assert {image.tobytes() for image in np.concatenate(epoch)} == learned_from
    assert {image.tobytes() for batch in seen[:2] for image in batch}.isdisjoint(
        image.tobytes() for batch in seen[2:] for image in batch
    )
