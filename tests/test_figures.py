"""What all figures share."""

import numpy as np

from convnets.figures import network_colour, network_marker, plot_image_grid
from convnets.parameters import NETWORKS


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
