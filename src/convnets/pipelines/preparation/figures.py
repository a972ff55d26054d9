"""The figure of the preparation pipeline."""

import numpy as np
from matplotlib.figure import Figure

from convnets.figures import DPI, draw_image, new_figure
from convnets.parameters import Dataset

SAMPLES_OF_A_CLASS = 8
MAX_ROWS = 40  # classes that are drawn
MARGIN = 2  # pixels around each image
WHITE = 255


def plot_sample_images(train_pixels: np.ndarray, train_labels: np.ndarray, dataset: Dataset) -> Figure:
    """Draw the first training images of each class, a row for each class; of many classes, of the first ones.

    Args:
        train_pixels: (n, height, width) or (n, height, width, channels), uint8.
        train_labels: (n,), uint8.
        dataset: Its `name` and `class_names` are used.

    Returns:
        The figure.
    """
    classes = min(len(dataset.class_names), MAX_ROWS)
    height, width = (size + 2 * MARGIN for size in train_pixels.shape[1:3])
    channels = train_pixels.shape[3:]
    background = 0 if len(channels) == 0 else WHITE
    mosaic = np.full((classes * height, SAMPLES_OF_A_CLASS * width, *channels), background, train_pixels.dtype)
    for label in range(classes):
        for column, image in enumerate(train_pixels[train_labels == label][:SAMPLES_OF_A_CLASS]):
            top, left = label * height + MARGIN, column * width + MARGIN
            mosaic[top : top + image.shape[0], left : left + image.shape[1]] = image
    row_height = min(0.78 * height / width, 65_000 / DPI / classes)  # Matplotlib draws up to 65,536 pixels
    which = "each class" if classes == len(dataset.class_names) else f"the first {classes} classes"
    figure = new_figure(f"{dataset.name}: samples of {which}", width=7, height=row_height * classes + 0.6)
    axes = figure.subplots()
    draw_image(axes, mosaic)
    axes.set_yticks(height * (np.arange(classes) + 0.5), dataset.class_names[:classes])
    axes.tick_params(length=0)
    return figure
