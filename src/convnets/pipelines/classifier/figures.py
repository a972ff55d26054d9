"""The figures of one network."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.ticker import MaxNLocator

from convnets.figures import INK, class_ticks, draw_image, network_colour, network_marker, new_figure, soften
from convnets.network_parameters import Network
from convnets.parameters import Dataset

MAX_NUMBERED = 30  # classes, of which each cell of a confusion matrix has room for its number
MAX_BARS = 16  # classes, of which each has a bar in the figure of the first prediction
LIGHT_CELL = 0.6  # of the scale of tints, above which black is hard to read
SMALLEST_SHOWN = 0.0005  # probability
# Of the drawing of an architecture, in inches.
SLOT, TALLEST, THICKEST, THINNEST = 1.75, 2.2, 0.7, 0.06
OBLIQUE = 0.35  # of a length that goes to the back, in either direction
LINE_CHARS = 14
ARROW: dict[str, Any] = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.5}


def plot_architecture(layers: pd.DataFrame, network: Network) -> Figure:
    """Draw the output of each layer, from input to output, as a volume of its height, width and depth.

    Args:
        layers: As `summarize_model` returns them.
        network: Its `name` is used.

    Returns:
        The figure. Heights and widths are to one scale, depths to another, and lengths of vectors logarithmic.
    """
    name = network.root.name
    shapes = [[int(size) for size in str(shape).split(" x ")] for shape in layers["output_shape"]]
    maps = [shape for shape in shapes if len(shape) > 1] or [[1, 1, 1]]
    pixel = TALLEST / max(max(shape[:2]) for shape in maps)
    channel = THICKEST / max(shape[2] for shape in maps)
    figure = new_figure(
        f"{name}: {layers['parameters'].sum():,} parameters", width=max(SLOT * len(layers), 6), height=TALLEST + 2.7
    )
    axes = figure.subplots()
    for position, (layer, shape) in enumerate(zip(layers.itertuples(), shapes, strict=True)):
        if len(shape) > 1:
            size = (max(channel * shape[2], THINNEST), pixel * shape[0], pixel * shape[1])
        else:
            size = (THINNEST, 0.4 * (1 + np.log10(shape[0])), THINNEST)
        colour = network_colour(name) if layer.parameters else "#d9d9d9"
        _draw_volume(axes, position * SLOT, size, colour)
        if position:
            axes.annotate("", ((position - 0.42) * SLOT, 0), ((position - 0.58) * SLOT, 0), arrowprops=ARROW)
        named = "input" if layer.type == "InputLayer" else str(layer.layer).replace("_", " ")
        named = named.replace("pooling2d", "pooling").replace("conv2d", "convolution")
        title, *rest = textwrap.wrap(named, LINE_CHARS)
        below = [*rest, str(layer.output_shape), f"{layer.parameters:,}" if layer.parameters else "no parameters"]
        axes.text(position * SLOT, -TALLEST / 2 - 0.45, title, ha="center", va="top", fontsize=13, fontweight="bold")
        axes.text(position * SLOT, -TALLEST / 2 - 0.72, "\n".join(below), ha="center", va="top", fontsize=13)
    axes.set(xlim=(-SLOT / 2, (len(layers) - 0.5) * SLOT), ylim=(-TALLEST / 2 - 1.3, TALLEST / 2 + 0.45))
    axes.set_aspect("equal")
    axes.set_axis_off()
    figure.supxlabel(
        "Below each layer: height x width x depth of its output,\nor its length; its parameters (coloured: if any).",
        fontsize=12,
        color=INK,
    )
    return figure


def _draw_volume(axes: Axes, centre: float, size: tuple[float, float, float], colour: str) -> None:
    """Draw a cuboid of some thickness, height and width, the last along a line to the back, in three shades."""
    thickness, height, width = size
    back = np.array([width * OBLIQUE, width * OBLIQUE])
    corner = np.array([centre - (thickness + back[0]) / 2, -(height + back[1]) / 2])
    right, up = np.array([thickness, 0]), np.array([0, height])
    faces = ((corner, right, up, 0.0), (corner + up, right, back, 0.45), (corner + right, back, up, 0.22))
    for start, first, second, white in faces:
        outline = [start, start + first, start + first + second, start + second]
        shade = (1 - white) * np.array(to_rgb(colour)) + white
        axes.add_patch(Polygon(outline, closed=True, facecolor=shade, edgecolor=INK, linewidth=0.8))


def plot_learning_curves(
    history: pd.DataFrame, network: Network, dataset: Dataset, metrics: dict[str, float] | None = None
) -> Figure:
    """Draw loss and accuracy after each epoch, and on the test images after the last, or the one that is kept.

    Args:
        history: A row for each epoch; where it has a column `kept`, that epoch is marked.
        network: Its `name` is used.
        dataset: Its `name` is used.
        metrics: As `evaluate` returns them.

    Returns:
        The figure.
    """
    name = network.root.name
    kept = history.loc[history["kept"], "epoch"] if "kept" in history else ()
    figure = new_figure(f"{name} learns {dataset.name}", width=9, height=3.8)
    for axes, column, label in zip(
        figure.subplots(1, 2), ("loss", "accuracy"), ("loss (nats)", "accuracy"), strict=True
    ):
        for prefix, style, part in (("", "-", "training"), ("val_", "--", "validation")):
            if prefix + column in history:
                axes.plot(
                    history["epoch"],
                    history[prefix + column],
                    style,
                    marker=network_marker(name),
                    color=network_colour(name),
                    label=part,
                )
        for epoch in kept:
            axes.axvline(epoch, color=INK, linestyle=":", label=f"epoch {epoch}, kept")
        if metrics:
            tested = metrics.get("best_epoch", history["epoch"].max())
            axes.plot(tested, metrics[f"test_{column}"], "*", color=INK, markersize=15, label="test")
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        soften(axes)
        axes.legend()
    return figure


def plot_confusion_matrix(confusions: pd.DataFrame, network: Network, dataset: Dataset) -> Figure:
    """Draw which class was taken for which; colour shows how many mistakes, and of not too many classes numbers.

    Args:
        confusions: As `count_confusions` returns them.
        network: Its `name` is used.
        dataset: Its `name` is used.

    Returns:
        The figure.
    """
    names = [str(name) for name in confusions["label"]]
    counts = confusions.drop(columns="label").to_numpy()
    mistaken = np.ma.masked_equal(counts * (1 - np.eye(len(counts), dtype=int)), 0)
    mistakes = counts.sum() - np.trace(counts)
    figure = new_figure(
        f"{network.root.name} on {dataset.name}: {mistakes:,} mistakes in {counts.sum():,} test images",
        width=7.5,
        height=6.5,
    )
    axes = figure.subplots()
    tint = LogNorm(1, max(counts[~mistaken.mask].max(initial=0), 2))
    axes.imshow(np.ma.masked_equal(np.eye(len(counts)), 0), cmap="Greys", vmin=0, vmax=4)
    drawn = axes.imshow(mistaken, cmap="Oranges", norm=tint)
    for (row, column), count in np.ndenumerate(counts):
        if count and len(names) <= MAX_NUMBERED:
            axes.text(
                column,
                row,
                f"{count:,}",
                ha="center",
                va="center",
                fontsize="medium",
                color="white" if row != column and tint(count) > LIGHT_CELL else "black",
            )
    axes.set_xticks(*class_ticks(names), rotation=45 if max(map(len, names)) > 2 else 0)  # noqa: PLR2004
    axes.set_yticks(*class_ticks(names))
    axes.set(xlabel="predicted class", ylabel="label")
    axes.xaxis.label.set_fontsize("large")
    axes.yaxis.label.set_fontsize("large")
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, label="mistakes (grey: right answers)", format="%d")
    bar.set_ticks(
        [count for power in range(9) for count in (10**power, 2 * 10**power, 5 * 10**power) if count <= tint.vmax]
    )
    bar.minorticks_off()
    return figure


def plot_reliability_diagram(calibration: pd.DataFrame, metrics: dict[str, float], network: Network) -> Figure:
    """Draw accuracy against confidence: on the diagonal, a network is as often right as it is sure.

    Args:
        calibration: As `calibrate` returns it.
        metrics: Its `expected_calibration_error` is used.
        network: Its `name` is used.

    Returns:
        The figure.
    """
    name = network.root.name
    error = metrics["expected_calibration_error"]
    figure = new_figure(f"{name}: expected calibration error {error:.4f}", width=6, height=6)
    accuracy, samples = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    centres, width = (calibration["low"] + calibration["high"]) / 2, calibration["high"] - calibration["low"]
    accuracy.bar(centres, calibration["accuracy"], width, color=network_colour(name), alpha=0.6, edgecolor="white")
    accuracy.plot([0, 1], [0, 1], "--", color=INK, label="as often right as sure")
    accuracy.plot(
        calibration["confidence"],
        calibration["accuracy"],
        network_marker(name),
        color=network_colour(name),
        markersize=9,
        clip_on=False,  # the last is often at the corner
        zorder=3,
        label="mean of a bin",
    )
    accuracy.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.02))
    figure.legend(*accuracy.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    samples.bar(centres, calibration["samples"], width, color=network_colour(name), edgecolor="white")
    samples.set(xlabel="confidence (highest probability)", ylabel="test images", yscale="log")
    soften(accuracy)
    soften(samples)
    return figure


def plot_first_prediction(
    test_images: np.ndarray, first_prediction: pd.DataFrame, network: Network, dataset: Dataset
) -> Figure:
    """Draw the first test image and the probability that the network gives to each class, or of many to the likeliest.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        first_prediction: As `tabulate_first_prediction` returns it.
        network: Its `name` is used.
        dataset: Its `name` is used.

    Returns:
        The figure.
    """
    name = network.root.name
    label = first_prediction.loc[first_prediction["is_label"], "class"].iloc[0]
    figure = new_figure(f"{name}: the first test image of {dataset.name}", width=8, height=3.8)
    picture, bars = figure.subplots(1, 2, width_ratios=[1, 1.7])
    draw_image(picture, test_images[0], f"label: {label}")
    classes = len(first_prediction)
    shown = first_prediction if classes <= MAX_BARS else first_prediction.nlargest(MAX_BARS, "probability")
    drawn = bars.barh(shown["class"].astype(str), shown["probability"], color=network_colour(name))
    bars.bar_label(drawn, labels=[f" {_probability(value)}" for value in shown["probability"]], fontsize="medium")
    bars.invert_yaxis()
    of_many = f", the likeliest {MAX_BARS} of {classes}" if classes > MAX_BARS else ""
    bars.set(xlabel="probability", ylabel=f"class{of_many}", xlim=(0, 1.22), xticks=np.linspace(0, 1, 6))
    soften(bars)
    return figure


def _probability(value: float) -> str:
    if value < SMALLEST_SHOWN:
        return "< 0.001"
    return f"{value:.3f}" if value <= 1 - SMALLEST_SHOWN else "> 0.999"
