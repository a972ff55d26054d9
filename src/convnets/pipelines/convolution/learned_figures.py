"""The figures of what each convnet has learned."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from convnets.figures import CAPTION_POINTS, draw_image, new_figure, plot_image_grid
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.convolution.figures import WINDOW, draw_signed
from convnets.showing_parameters import Convolution

CHANNELS_SHOWN = 8
EVEN = 0.1  # share of ink, or of what is left without, below which a pattern shows no form


def plot_first_filters(filters: np.ndarray, network: Network) -> Figure:
    """Draw the filters of the first convolution layer.

    Args:
        filters: (filters, height, width, channels), float32. Those of three channels are drawn in colour, with grey
            for 0; of other numbers of channels the mean is drawn.
        network: Its `name` is used.

    Returns:
        The figure.
    """
    columns = 8
    rows = -(-len(filters) // columns)
    figure = new_figure(
        f"{network.root.name}: the {len(filters)} filters of the first convolution layer",
        width=11,
        height=1.4 * rows + 0.7,
    )
    grid = figure.subplots(rows, columns, squeeze=False)
    limit = float(np.abs(filters).max())
    for axes in grid.flat[len(filters) :]:
        axes.set_axis_off()
    for number, (axes, weights) in enumerate(zip(grid.flat, filters, strict=False)):
        if weights.shape[-1] == 3:  # noqa: PLR2004 - red, green and blue
            draw_image(axes, 0.5 + weights / (2 * limit), f"filter {number}")
        else:
            signed = draw_signed(axes, weights.mean(axis=-1), f"filter {number}", limit=limit)
    if filters.shape[-1] != 3:  # noqa: PLR2004
        bar = figure.colorbar(signed, ax=grid, shrink=0.8, label="weight")
        bar.ax.set_ylim(-limit, limit)
        bar.ax.yaxis.label.set_fontsize("large")
    return figure


def plot_feature_maps(
    test_images: np.ndarray, feature_maps: dict[str, np.ndarray], convolution: Convolution, network: Network
) -> Figure:
    """Draw the strongest response maps of an image at every layer: from strokes to parts of the digit.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        feature_maps: As `compute_feature_maps` returns them.
        convolution: Its `image` is used.
        network: Its `name` is used.

    Returns:
        The figure.
    """
    figure = new_figure(
        f"{network.root.name}: the strongest response maps of test image {convolution.image}, layer by layer",
        width=13,
        height=1.6 * len(feature_maps) + 0.7,
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
            axes.set_title(f"channel {channel}", fontsize=CAPTION_POINTS)
        height, width, depth = feature_map.shape
        row[0].set_ylabel(
            f"{name}\n{height} x {width} x {depth}", rotation=0, ha="right", va="center", fontsize=CAPTION_POINTS
        )
    return figure


def plot_exciting_images(test_images: np.ndarray, exciting_images: pd.DataFrame, network: Network) -> Figure:
    """Draw the test images to which filters of the last convolution layer respond most, a row for each filter.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
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
        width=1.6 * columns + 1.8,
        height=1.75 * len(patterns) + 1.1,
    )
    grid = figure.subplots(len(patterns), columns, squeeze=False)
    for row, (layer, images) in zip(grid, patterns.items(), strict=True):
        for axes in row[len(images) :]:
            axes.set_axis_off()
        for axes, (number, image) in zip(row, images.items(), strict=False):
            draw_image(axes, image, f"filter {number}{' *' if _is_even(image) else ''}", limit=1)
        row[0].set_ylabel(layer, rotation=0, ha="right", va="center", fontsize=CAPTION_POINTS)
    if any(_is_even(image) for images in patterns.values() for image in images.values()):
        note = "* ink nearly everywhere or nowhere: this filter responds to how much there is, not to a form"
        figure.supxlabel(note, fontsize=CAPTION_POINTS)
    return figure


def _is_even(image: np.ndarray) -> bool:
    return not EVEN <= image.mean() <= 1 - EVEN


def plot_evidence(  # noqa: PLR0913, PLR0917 - what is shown, and what it is called
    test_images: np.ndarray,
    test_labels: np.ndarray,
    answers: np.ndarray,
    evidence: np.ndarray,
    dataset: Dataset,
    network: Network,
) -> Figure:
    """Draw where a network looked for its answers to the first test images.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        test_labels: (m,) or more, uint8.
        answers: (samples,), as `locate_evidence` returns them.
        evidence: (samples, rows, columns), likewise; drawn over the whole image, however few places it has.
        dataset: Its `class_names` are used.
        network: Its `name` is used.

    Returns:
        The figure. A wrong answer is marked.
    """
    rows, columns = evidence.shape[1:]
    figure = new_figure(
        f"{network.root.name}: where it looked for its answer (HiResCAM), by {rows} x {columns} places",
        width=12,
        height=6.2,
    )
    grid = figure.subplots(2, -(-len(answers) // 2))
    height, width = test_images.shape[1:3]
    for axes, image, label, answer, heat in zip(grid.flat, test_images, test_labels, answers, evidence, strict=False):
        said = f"answer: {dataset.class_names[answer]}"
        draw_image(axes, image, said if answer == label else f"{said} ✗, label: {dataset.class_names[label]}")
        if answer != label:
            axes.title.set(color=WINDOW, fontweight="bold")
        whole = (-0.5, width - 0.5, height - 0.5, -0.5)
        drawn = axes.imshow(heat, cmap="viridis", alpha=0.65, vmin=0, vmax=1, extent=whole, interpolation="nearest")
    bar = figure.colorbar(drawn, ax=grid, shrink=0.7, ticks=[0, 1])
    bar.ax.set_yticklabels(["nothing", "most"], fontsize=CAPTION_POINTS)
    bar.set_label("speaks for the answer", fontsize=CAPTION_POINTS)
    return figure
