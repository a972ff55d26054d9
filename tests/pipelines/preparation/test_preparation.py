"""Load and normalize."""

import re

import numpy as np
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from convnets.harness.messages import DataError, ParameterError
from convnets.parameters import Dataset
from convnets.pipelines.preparation import create_pipeline, nodes

IMAGES = np.zeros((3, 28, 28), np.uint8)
LABELS = np.array([0, 1, 9], np.uint8)


def test_pixels_are_brought_to_the_unit_interval() -> None:
    images = nodes.normalize_images(np.array([[0, 51, 255]], np.uint8))
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images, np.array([[0, 0.2, 1]], np.float32))


def test_all_samples_are_taken_without_a_copy(mnist: Dataset) -> None:
    images, labels = nodes.load_training_set(IMAGES, LABELS, mnist)
    assert len(images) == len(labels) == 3
    assert np.shares_memory(images, IMAGES)


def test_the_first_samples_are_taken(mnist: Dataset) -> None:
    sliced = mnist.model_copy(update={"train_samples": 2, "test_samples": 1})
    assert nodes.load_training_set(IMAGES, LABELS, sliced)[1].tolist() == [0, 1]
    assert nodes.load_test_set(IMAGES, LABELS, sliced)[1].tolist() == [0]


def test_more_labels_than_images_are_refused(mnist: Dataset) -> None:
    with pytest.raises(DataError, match="raw_train_images holds 2 images and raw_train_labels 3 labels"):
        nodes.load_training_set(IMAGES[:2], LABELS, mnist)


def test_a_label_outside_the_classes_is_refused(mnist: Dataset) -> None:
    with pytest.raises(DataError, match="raw_test_labels holds the label 10; expected 0 to 9"):
        nodes.load_test_set(IMAGES, LABELS + 1, mnist)


def test_more_samples_than_there_are_are_refused(mnist: Dataset) -> None:
    with pytest.raises(DataError, match=re.escape("dataset.test_samples is 4, and raw_test_images holds 3 images")):
        nodes.load_test_set(IMAGES, LABELS, mnist.model_copy(update={"test_samples": 4}))


def test_classes_are_counted_by_name(mnist: Dataset) -> None:
    counts = nodes.count_classes(np.array([0, 0, 9]), np.array([1]), mnist).set_index("class")
    assert counts.loc["0"].tolist() == [2, 0]
    assert counts.loc["1"].tolist() == [0, 1]
    assert counts.sum().tolist() == [3, 1]


def test_the_pipeline_prepares_real_images(
    raw_test_images: np.ndarray, raw_test_labels: np.ndarray, mnist: Dataset
) -> None:
    catalog = DataCatalog(
        {
            "raw_train_images": MemoryDataset(raw_test_images[:500]),
            "raw_train_labels": MemoryDataset(raw_test_labels[:500]),
            "raw_test_images": MemoryDataset(raw_test_images[500:600]),
            "raw_test_labels": MemoryDataset(raw_test_labels[500:600]),
            "params:dataset": MemoryDataset(mnist),
        }
    )
    pipeline = create_pipeline()
    report = pipeline.only_nodes("preparation.make_data_report")  # of figures as files, which the catalog makes of them
    outputs = {name: dataset.load() for name, dataset in SequentialRunner().run(pipeline - report, catalog).items()}
    assert outputs["train_images"].shape == (500, 28, 28)
    assert (outputs["train_images"].min(), outputs["train_images"].max()) == (0, 1)
    assert outputs["test_images"].shape == (100, 28, 28)
    assert outputs["class_counts"]["train_samples"].sum() == 500
    titles = outputs["sample_images"].get_suptitle()
    assert titles == "MNIST: samples of each class"


def test_a_canvas_puts_images_in_its_middle(mnist: Dataset) -> None:
    pixels = np.arange(1, 2 * 3 * 4 + 1, dtype=np.uint8).reshape(2, 3, 4)
    arranged = nodes.arrange_pixels(pixels, mnist.model_copy(update={"canvas": 6}))
    assert arranged.shape == (2, 6, 6)
    np.testing.assert_array_equal(arranged[:, 1:4, 1:5], pixels)
    assert arranged.sum() == pixels.sum()


def test_a_canvas_smaller_than_the_images_is_refused(mnist: Dataset) -> None:
    with pytest.raises(ParameterError, match=r"dataset.canvas is 27, and images are 28 x 28; allowed: .* from 28"):
        nodes.arrange_pixels(np.zeros((1, 28, 28)), mnist.model_copy(update={"canvas": 27}))


@pytest.mark.parametrize("channels", [(), (3,)])
def test_all_images_have_their_pixels_permuted_alike(mnist: Dataset, channels: tuple[int, ...]) -> None:
    places = np.broadcast_to(np.arange(12).reshape(3, 4, *[1] * len(channels)), (2, 3, 4, *channels))
    arranged = nodes.arrange_pixels(places, mnist.model_copy(update={"pixel_permutation": 1}))
    np.testing.assert_array_equal(arranged[0], arranged[1])
    assert sorted(arranged[0].reshape(12, -1)[:, 0]) == list(range(12))
    assert not np.array_equal(arranged, places)
    again = nodes.arrange_pixels(places[:1], mnist.model_copy(update={"pixel_permutation": 1}))
    np.testing.assert_array_equal(again[0], arranged[0])
