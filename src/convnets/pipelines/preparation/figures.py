"""The figure of the preparation pipeline."""

import numpy as np
from matplotlib.figure import Figure

from convnets.figures import draw_image, new_figure
from convnets.parameters import Dataset

SAMPLES_OF_A_CLASS = 8


def plot_sample_images(train_pixels: np.ndarray, train_labels: np.ndarray, dataset: Dataset) -> Figure:
    """Draw the first training images of each class, a row for each class.

    Args:
        train_pixels: (n, height, width), uint8.
        train_labels: (n,), uint8.
        dataset: Its `name` and `class_names` are used.

    Returns:
        The figure.
    """
    classes = len(dataset.class_names)
    figure = new_figure(f"{dataset.name}: samples of each class", width=7, height=0.78 * classes + 0.6)
    grid = figure.subplots(classes, SAMPLES_OF_A_CLASS, squeeze=False)
    for label, (row, name) in enumerate(zip(grid, dataset.class_names, strict=True)):
        for axes in row:
            axes.set_axis_off()
        for axes, image in zip(row, train_pixels[train_labels == label], strict=False):
            axes.set_axis_on()
            draw_image(axes, image)
        row[0].set_axis_on()
        row[0].set(xticks=[], yticks=[])
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return figure
