"""The figures of one network."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from convnets.figures import INK, draw_image, network_colour, network_marker, new_figure, soften
from convnets.parameters import Dataset, Network

LIGHT_CELL = 0.5  # share of the darkest cell above which black on it is hard to read


def plot_architecture(layers: pd.DataFrame, network: Network) -> Figure:
    """Draw the layers from input to output: a feature map's height is its height in pixels, its width its depth.

    Args:
        layers: As `summarize_model` returns them.
        network: Its `name` is used.

    Returns:
        The figure.
    """
    name = network.root.name
    figure = new_figure(
        f"{name}: {layers['parameters'].sum():,} parameters", width=max(1.35 * len(layers) + 0.6, 6), height=4.2
    )
    axes = figure.subplots()
    axes.set_axis_off()
    for position, layer in enumerate(layers.itertuples()):
        sizes = [int(size) for size in str(layer.output_shape).split(" x ")]
        is_map = len(sizes) > 1
        height = sizes[0] / 28 if is_map else 0.1 + 0.22 * np.log10(sizes[0])
        width = 0.1 + 0.15 * np.log2(sizes[-1]) / 2 if is_map else 0.12
        axes.add_patch(
            Rectangle(
                (position - width / 2, -height / 2),
                width,
                height,
                facecolor=network_colour(name) if layer.parameters else "white",
                alpha=0.75,
                edgecolor=INK,
            )
        )
        if position:
            axes.annotate(
                "",
                xy=(position - 0.34, 0),
                xytext=(position - 0.62, 0),
                arrowprops={"arrowstyle": "->", "color": INK},
            )
        parameters = f"{layer.parameters:,}" if layer.parameters else "no"
        text = f"{layer.layer}\n{layer.type}\n{layer.output_shape}\n{parameters} parameters"
        axes.text(position, -0.75, text, ha="center", va="top", fontsize="x-small")
    axes.set_xlim(-0.7, len(layers) - 0.3)
    axes.set_ylim(-1.4, 0.85)
    axes.text(
        -0.7,
        -1.4,
        "Filled: layers with parameters. Numbers: height x width x depth of the output, or its length.",
        fontsize="x-small",
        color=INK,
    )
    return figure


def plot_learning_curves(history: pd.DataFrame, network: Network, dataset: Dataset) -> Figure:
    """Draw loss and accuracy after each epoch.

    Args:
        history: A row for each epoch.
        network: Its `name` is used.
        dataset: Its `name` is used.

    Returns:
        The figure.
    """
    name = network.root.name
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
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        soften(axes)
        axes.legend()
    return figure


def plot_confusion_matrix(confusions: pd.DataFrame, network: Network, dataset: Dataset) -> Figure:
    """Draw which class was taken for which; colour shows the share of the true class.

    Args:
        confusions: As `count_confusions` returns them.
        network: Its `name` is used.
        dataset: Its `name` is used.

    Returns:
        The figure.
    """
    names = confusions["label"].astype(str)
    counts = confusions.drop(columns="label").to_numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    mistakes = counts.sum() - np.trace(counts)
    figure = new_figure(
        f"{network.root.name} on {dataset.name}: {mistakes:,} mistakes in {counts.sum():,} test images",
        width=7.5,
        height=6.5,
    )
    axes = figure.subplots()
    drawn = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(
                column,
                row,
                f"{count:,}",
                ha="center",
                va="center",
                fontsize="small",
                color="white" if shares[row, column] > LIGHT_CELL else INK,
            )
    axes.set_xticks(range(len(names)), names, rotation=45 if names.str.len().max() > 2 else 0)  # noqa: PLR2004
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="predicted class", ylabel="label")
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, label="share of the label's images")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1))
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
        label="mean of a bin",
    )
    accuracy.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.02))
    accuracy.legend()
    samples.bar(centres, calibration["samples"], width, color=network_colour(name), edgecolor="white")
    samples.set(xlabel="confidence (highest probability)", ylabel="test images", yscale="log")
    soften(accuracy)
    soften(samples)
    return figure


def plot_first_prediction(
    test_images: np.ndarray, first_prediction: pd.DataFrame, network: Network, dataset: Dataset
) -> Figure:
    """Draw the first test image and the probability that the network gives to each class.

    Args:
        test_images: (m, height, width), float32.
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
    names = first_prediction["class"].astype(str)
    drawn = bars.barh(names, first_prediction["probability"], color=network_colour(name))
    bars.bar_label(drawn, labels=[f" {value:.2g}" for value in first_prediction["probability"]], fontsize="x-small")
    bars.invert_yaxis()
    bars.set(xlabel="probability", ylabel="class", xlim=(0, 1.18))
    soften(bars)
    return figure
