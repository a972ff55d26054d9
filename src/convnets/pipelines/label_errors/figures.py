"""The figure of the test images whose labels are in doubt."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnets.figures import INK, draw_image, network_colour, network_marker, new_figure
from convnets.parameters import Dataset

COLUMNS = 5
WIDTH = 2.45  # of a cell, in inches: the image, and beside it the answers
HEIGHT, HEIGHT_OF_ANSWER = 1.0, 0.25


def plot_doubtful(
    raw_test_images: np.ndarray, answers: pd.DataFrame, ceiling: pd.DataFrame, dataset: Dataset
) -> Figure:
    """Draw each image whose label is in doubt, with its label and every network's answer.

    Args:
        raw_test_images: (m, height, width) or (m, height, width, channels), uint8.
        answers: As `list_answers` returns them.
        ceiling: As `measure_ceiling` returns it.
        dataset: Its `name` is used.

    Returns:
        The figure; it says so if there are no such images.
    """
    count = int(ceiling["doubtful_images"].iloc[0])
    images = list(answers.groupby("image"))
    title = f"{count} test labels of {dataset.name} that are in doubt, and the answers of the networks"
    if not images:
        figure = new_figure(f"{dataset.name}: no test label is known to be in doubt", height=2)
        figure.text(0.5, 0.4, "no such image", ha="center", color=INK)
        return figure
    columns, rows = min(COLUMNS, len(images)), -(-len(images) // COLUMNS)
    height = HEIGHT + HEIGHT_OF_ANSWER * len(ceiling)
    figure = new_figure(title, width=max(WIDTH * columns, 9), height=rows * height + 1.4)
    grid = figure.subplots(rows, 2 * columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    cells = grid.reshape(rows * columns, 2)
    for (picture, beside), (image, said) in zip(cells, images, strict=False):
        picture.set_axis_on()
        draw_image(picture, raw_test_images[image])
        picture.set_title(f"label {said['label'].iloc[0]}", fontsize="large", fontweight="bold")
        picture.set_xlabel(f"no. {image}", fontsize="small", color=INK)
        _write_answers(beside, said)
    _explain(figure, ceiling)
    return figure


def _write_answers(axes: Axes, said: pd.DataFrame) -> None:
    axes.set(xlim=(0, 1), ylim=(len(said) - 0.5, -0.5))
    for line, answer in enumerate(said.itertuples()):
        colour = network_colour(answer.network)
        axes.plot(0.02, line, network_marker(answer.network), color=colour, markersize=8, clip_on=False)
        axes.text(
            0.18,
            line,
            f"{answer.predicted} ({answer.probability_of_prediction:.2f}){'' if answer.right else ' ✗'}",
            va="center",
            fontsize="large",
            color=colour,
            fontweight="normal" if answer.right else "bold",
            parse_math=False,
        )


def _explain(figure: Figure, ceiling: pd.DataFrame) -> None:
    """Say which colour is which network, how often each errs here, and what ceiling that sets."""
    axes = figure.axes[0]
    marks = [
        axes.plot([], [], network_marker(row.network), color=network_colour(row.network), markersize=9)[0]
        for row in ceiling.itertuples()
    ]
    labels = [
        f"{row.network}: {row.errors_on_doubtful} of its {row.errors:,} errors are here" for row in ceiling.itertuples()
    ]
    title = (
        "✗: not the label. In parentheses: the probability that the network gives to its answer.\n"
        f"A perfect reader can be sure of {ceiling['sure_accuracy'].iloc[0]:.2%} of the test images."
    )
    figure.legend(
        marks, labels, title=title, loc="outside lower center", ncols=len(ceiling), frameon=False, fontsize="large"
    ).get_title().set_fontsize("large")
