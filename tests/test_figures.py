"""What all figures share."""

import numpy as np
import pandas as pd

from convnets.figures import class_ticks, network_colour, network_marker, plot_image_grid
from convnets.network_parameters import Network
from convnets.parameters import NETWORKS, Dataset
from convnets.pipelines.classifier.figures import plot_confusion_matrix, plot_first_prediction
from convnets.pipelines.preparation.figures import plot_sample_images


def test_each_network_has_a_colour_and_a_marker_of_its_own() -> None:
    assert len({network_colour(network) for network in NETWORKS}) == len(NETWORKS)
    assert len({network_marker(network) for network in NETWORKS}) == len(NETWORKS)


def test_a_grid_shows_each_image_with_what_was_said_of_it() -> None:
    answers = {"fcn": ("7", True), "cnn": ("2", False)}
    figure = plot_image_grid("title", [np.eye(4)] * 3, ["a", "b", "c"], columns=2, answers=[answers] * 3)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in shown] == ["a", "b", "c"]
    assert [text.get_text() for text in shown[0].texts] == ["fcn: 7", "cnn: 2 ✗"]
    assert [text.get_color() for text in shown[0].texts] == [network_colour("fcn"), network_colour("cnn")]


def test_an_empty_grid_says_so() -> None:
    figure = plot_image_grid("title", [], [], columns=2)
    assert "no such image" in [text.get_text() for text in figure.texts]


def test_of_many_classes_as_many_are_named_as_an_axis_has_room_for() -> None:
    few, many = [str(label) for label in range(30)], [str(label) for label in range(256)]
    assert [list(ticks) for ticks in class_ticks(few)] == [list(range(30)), few]
    places, names = class_ticks(many)
    assert (list(places), list(names)) == (list(range(0, 256, 9)), many[::9])


def test_figures_of_as_many_classes_as_labels_can_be_told_apart_are_of_a_size_that_can_be_shown() -> None:
    names = tuple(f"sign {label}" for label in range(256))
    signs = Dataset(name="Signs", folder="signs", class_names=names, train_samples=None, test_samples=None)
    network = Network.model_validate({"name": "fcn", "architecture": "fully_connected", "units": 1})
    labels = np.arange(256, dtype=np.uint8)
    images = np.full((256, 12, 12), 9, np.uint8)
    samples = plot_sample_images(images, labels, signs)
    assert samples.get_suptitle() == "Signs: samples of the first 40 classes"
    assert max(samples.get_size_inches()) < 40
    confusions = pd.DataFrame(np.eye(256, dtype=int), columns=names)
    confusions.insert(0, "label", names)
    matrix = plot_confusion_matrix(confusions, network, signs).axes[0]
    assert [label.get_text() for label in matrix.get_yticklabels()] == list(names[::9])
    assert len(matrix.texts) == 0
    first = pd.DataFrame({"class": names, "probability": labels / labels.sum(), "is_label": labels == 3})
    bars = plot_first_prediction(images, first, network, signs).axes[1]
    assert [label.get_text() for label in bars.get_yticklabels()] == list(names[:-17:-1])
    assert bars.get_ylabel() == "class, the likeliest 16 of 256"
