"""The figures of what each convnet has learned."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from convnets.figures import draw_image, new_figure, plot_image_grid
from convnets.parameters import Dataset, Network
from convnets.pipelines.convolution.figures import draw_signed
from convnets.study_parameters import Convolution

CHANNELS_SHOWN = 8


def plot_first_filters(filters: np.ndarray, network: Network) -> Figure:
    """Draw the filters of the first convolution layer.

    Args:
        filters: (filters, height, width), float32.
        network: Its `name` is used.

    Returns:
        The figure.
    """
    columns = 8
    rows = -(-len(filters) // columns)
    figure = new_figure(
        f"{network.root.name}: the {len(filters)} filters of the first convolution layer",
        width=8,
        height=1.1 * rows + 0.6,
    )
    grid = figure.subplots(rows, columns, squeeze=False)
    limit = float(np.abs(filters).max())
    for axes in grid.flat[len(filters) :]:
        axes.set_axis_off()
    for number, (axes, weights) in enumerate(zip(grid.flat, filters, strict=False)):
        draw_signed(axes, weights, f"filter {number}", limit=limit)
    return figure


def plot_feature_maps(
    test_images: np.ndarray, feature_maps: dict[str, np.ndarray], convolution: Convolution, network: Network
) -> Figure:
    """Draw the strongest response maps of an image at every layer: from strokes to parts of the digit.

    Args:
        test_images: (m, height, width), float32.
        feature_maps: As `compute_feature_maps` returns them.
        convolution: Its `image` is used.
        network: Its `name` is used.

    Returns:
        The figure.
    """
    figure = new_figure(
        f"{network.root.name}: the strongest response maps of test image {convolution.image}, layer by layer",
        width=11,
        height=1.35 * len(feature_maps) + 0.6,
    )
    grid = figure.subplots(len(feature_maps), CHANNELS_SHOWN + 1, squeeze=False)
    for axes in grid[:, 0]:
        axes.set_axis_off()
    grid[0, 0].set_axis_on()
    draw_image(grid[0, 0], test_images[convolution.image], "image")
    for row, (name, feature_map) in zip(grid[:, 1:], feature_maps.items(), strict=True):
        strongest = np.argsort(-feature_map.sum(axis=(0, 1)), kind="stable")[:CHANNELS_SHOWN]
        for axes in row:
            axes.set_axis_off()
        for axes, channel in zip(row, strongest, strict=False):
            axes.set_axis_on()
            axes.imshow(feature_map[..., channel], cmap="viridis")
            axes.set(xticks=[], yticks=[])
            axes.set_title(f"channel {channel}", fontsize="x-small")
        height, width, depth = feature_map.shape
        row[0].set_ylabel(
            f"{name}\n{height} x {width} x {depth}", rotation=0, ha="right", va="center", fontsize="small"
        )
    return figure


def plot_exciting_images(test_images: np.ndarray, exciting_images: pd.DataFrame, network: Network) -> Figure:
    """Draw the test images to which filters of the last convolution layer respond most, a row for each filter.

    Args:
        test_images: (m, height, width), float32.
        exciting_images: As `find_exciting_images` returns them.
        network: Its `name` is used.

    Returns:
        The figure.
    """
    return plot_image_grid(
        f"{network.root.name}: what excites filters of the last convolution layer most",
        images=[test_images[image] for image in exciting_images["image"]],
        captions=[f"filter {row.filter}: {row.response:.1f}" for row in exciting_images.itertuples()],
        columns=int(exciting_images.groupby("filter").size().max()),
    )


def plot_patterns(patterns: dict[str, dict[int, np.ndarray]], network: Network) -> Figure:
    """Draw the patterns to which filters respond most, a row for each layer.

    Args:
        patterns: As `ascend_to_patterns` returns them.
        network: Its `name` is used.

    Returns:
        The figure.
    """
    columns = max(len(images) for images in patterns.values())
    figure = new_figure(
        f"{network.root.name}: the patterns that filters respond to most, found by gradient ascent",
        width=1.35 * columns + 1.6,
        height=1.45 * len(patterns) + 0.6,
    )
    grid = figure.subplots(len(patterns), columns, squeeze=False)
    for row, (layer, images) in zip(grid, patterns.items(), strict=True):
        for axes in row[len(images) :]:
            axes.set_axis_off()
        for axes, (number, image) in zip(row, images.items(), strict=False):
            axes.imshow(image, cmap="Greys", vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[])
            axes.set_title(f"filter {number}", fontsize="x-small")
        row[0].set_ylabel(layer, rotation=0, ha="right", va="center", fontsize="small")
    return figure


def plot_evidence(
    test_images: np.ndarray, answers: np.ndarray, evidence: np.ndarray, dataset: Dataset, network: Network
) -> Figure:
    """Draw where a network looked for its answers to the first test images.

    Args:
        test_images: (m, height, width), float32.
        answers: (samples,), as `locate_evidence` returns them.
        evidence: (samples, height, width), likewise.
        dataset: Its `class_names` are used.
        network: Its `name` is used.

    Returns:
        The figure.
    """
    figure = new_figure(
        f"{network.root.name}: where it looked for its answer (HiResCAM; bright speaks for it)", width=10, height=4.8
    )
    grid = figure.subplots(2, -(-len(answers) // 2))
    for axes, image, answer, heat in zip(grid.flat, test_images, answers, evidence, strict=False):
        draw_image(axes, image, f"answer: {dataset.class_names[answer]}")
        axes.imshow(heat, cmap="viridis", alpha=0.65, vmin=0, vmax=1)
    return figure
