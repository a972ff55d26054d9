"""The figure of the preparation pipeline."""

import numpy as np
from matplotlib.figure import Figure

from convnets.figures import draw_image, new_figure
from convnets.parameters import Dataset

SAMPLES_OF_A_CLASS = 8
MARGIN = 2  # pixels around each image


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
    height, width = (size + 2 * MARGIN for size in train_pixels.shape[1:])
    mosaic = np.zeros((classes * height, SAMPLES_OF_A_CLASS * width), train_pixels.dtype)
    for label in range(classes):
        for column, image in enumerate(train_pixels[train_labels == label][:SAMPLES_OF_A_CLASS]):
            top, left = label * height + MARGIN, column * width + MARGIN
            mosaic[top : top + image.shape[0], left : left + image.shape[1]] = image
    figure = new_figure(f"{dataset.name}: samples of each class", width=7, height=0.78 * classes + 0.6)
    axes = figure.subplots()
    draw_image(axes, mosaic)
    axes.set_yticks(height * (np.arange(classes) + 0.5), dataset.class_names)
    axes.tick_params(length=0)
    return figure
