"""The figures that show all networks side by side."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from convnets.figures import INK, class_ticks, network_colour, network_marker, new_figure, plot_image_grid, soften
from convnets.parameters import Dataset
from convnets.significance import wilson_interval

IMAGES_SHOWN, COLUMNS = 15, 5
APART = 0.22  # classes, between networks
# Of learning curves, by the prefix of the column.
PARTS: dict[str, dict[str, Any]] = {
    "": {"linestyle": "-", "label": "training"},
    "val_": {"linestyle": "--", "markerfacecolor": "white", "label": "validation"},
}
TEST: dict[str, Any] = {
    "linestyle": "",
    "marker": "*",
    "markersize": 16,
    "markeredgecolor": INK,
    "zorder": 3,
    "label": "test",
}


def plot_learning_curves(dataset: Dataset, **records: dict[str, Any]) -> Figure:
    """Draw loss and accuracy of all networks after each epoch, and on the test images after the last, or the one kept.

    Args:
        dataset: Its `name` is used.
        **records: Of each network, as `record_results` returns them.

    Returns:
        The figure, also with the images held back where there are any.
    """
    figure = new_figure(f"The networks learn {dataset.name}", width=10, height=4.4)
    both = figure.subplots(1, 2)
    drawn: dict[str, dict[str, Any]] = {}
    for network, record in records.items():
        history = pd.DataFrame(record["history"])
        tested = record["metrics"].get("best_epoch", history["epoch"].max())
        style: dict[str, Any] = {"marker": network_marker(network), "color": network_colour(network)}
        for axes, column in zip(both, ("loss", "accuracy"), strict=True):
            for prefix, part in PARTS.items():
                if prefix + column in history:
                    axes.plot(history["epoch"], history[prefix + column], **style | part)
                    drawn[part["label"]] = part
            axes.plot(tested, record["metrics"][f"test_{column}"], color=network_colour(network), **TEST)
    for axes, label in zip(both, ("loss (nats)", "accuracy"), strict=True):
        axes.set_xlabel("epoch", fontsize="large")
        axes.set_ylabel(label, fontsize="large")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        soften(axes)
    keys = [
        Line2D([], [], color=network_colour(network), marker=network_marker(network), label=network)
        for network in records
    ]
    keys += [Line2D([], [], color=INK, **part) for part in (*drawn.values(), TEST)]
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys), fontsize="large", frameon=False)
    return figure


def plot_test_accuracies(comparison_table: pd.DataFrame, dataset: Dataset) -> Figure:
    """Draw the test accuracy of each network with its 95 % interval, and what the lecture reports.

    Args:
        comparison_table: As `compare` returns it.
        dataset: Its `name` is used.

    Returns:
        The figure.
    """
    figure = new_figure(f"Test accuracy on {dataset.name}", width=8, height=1.1 + 0.8 * len(comparison_table))
    axes = figure.subplots()
    positions = np.arange(len(comparison_table))
    for position, row in zip(positions, comparison_table.itertuples(), strict=True):
        axes.errorbar(
            row.test_accuracy,
            position,
            xerr=[[row.test_accuracy - row.test_accuracy_low], [row.test_accuracy_high - row.test_accuracy]],
            fmt=network_marker(row.network),
            color=network_colour(row.network),
            markersize=8,
            capsize=5,
        )
        axes.annotate(
            f"{row.test_accuracy:.4f}",
            (row.test_accuracy, position),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
        )
    lecture = comparison_table["lecture_accuracy"]
    if lecture.notna().any():
        axes.plot(lecture, positions, "|", color=INK, markersize=20, markeredgewidth=2, label="the lecture")
        axes.legend()
    axes.set_yticks(positions, comparison_table["network"])
    axes.set_ylim(len(comparison_table) - 0.5, -0.6)
    axes.set_xlabel("test accuracy, with 95 % interval")
    soften(axes)
    return figure


def plot_class_accuracies(class_accuracies: pd.DataFrame, dataset: Dataset) -> Figure:
    """Draw the accuracy of all networks on each class with its 95 % interval.

    Args:
        class_accuracies: As `compare_classes` returns them.
        dataset: Its `name` is used.

    Returns:
        The figure.
    """
    figure = new_figure(f"Test accuracy on each class of {dataset.name}", width=10, height=4.8)
    axes = figure.subplots()
    samples, accuracies = class_accuracies["samples"], class_accuracies.drop(columns=["class", "samples"])
    for index, (network, accuracy) in enumerate(accuracies.items()):
        right = (accuracy * samples).round().astype(int)
        intervals = [wilson_interval(*counts) if counts[1] else (0, 1) for counts in zip(right, samples, strict=True)]
        low, high = np.transpose(intervals)
        axes.errorbar(
            np.arange(len(accuracy)) + (index - (accuracies.shape[1] - 1) / 2) * APART,
            accuracy,
            yerr=[(accuracy - low).clip(lower=0), (high - accuracy).clip(lower=0)],
            fmt=network_marker(str(network)),
            color=network_colour(str(network)),
            markersize=7,
            capsize=3,
            label=network,
        )
    names = [str(name) for name in class_accuracies["class"]]
    axes.set_xticks(*class_ticks(names), rotation=30 if max(map(len, names)) > 2 else 0)  # noqa: PLR2004
    axes.set_xlabel("class", fontsize="large")
    axes.set_ylabel("accuracy, with 95 % interval", fontsize="large")
    soften(axes)
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=accuracies.shape[1], frameon=False
    )
    return figure


def plot_disagreements(raw_test_images: np.ndarray, disagreements: pd.DataFrame, dataset: Dataset) -> Figure:
    """Draw the test images on which the networks disagree most surely, with what each said.

    Args:
        raw_test_images: (m, height, width) or (m, height, width, channels), uint8.
        disagreements: As `find_disagreements` returns them.
        dataset: Its `name` is used.

    Returns:
        The figure.
    """
    title = f"{len(disagreements):,} test images of {dataset.name} divide the networks: the surest answers"
    return _plot_answers(title, raw_test_images, disagreements)


def plot_confident_mistakes(raw_test_images: np.ndarray, confident_mistakes: pd.DataFrame, dataset: Dataset) -> Figure:
    """Draw the test images on which a network is most confidently wrong, with what each said.

    Args:
        raw_test_images: (m, height, width) or (m, height, width, channels), uint8.
        confident_mistakes: As `find_confident_mistakes` returns them.
        dataset: Its `name` is used.

    Returns:
        The figure.
    """
    title = f"Some network errs on {len(confident_mistakes):,} test images of {dataset.name}: the surest mistakes"
    return _plot_answers(title, raw_test_images, confident_mistakes)


def _plot_answers(title: str, raw_test_images: np.ndarray, table: pd.DataFrame) -> Figure:
    shown = table.head(IMAGES_SHOWN).to_dict("records")
    networks = [column.removesuffix("_predicted") for column in table.columns if column.endswith("_predicted")]
    return plot_image_grid(
        title,
        images=[raw_test_images[row["image"]] for row in shown],
        captions=[f"label {row['label']} (no. {row['image']})" for row in shown],
        columns=COLUMNS,
        answers=[
            {
                network: (
                    f"{row[f'{network}_predicted']} ({row[f'{network}_probability']:.2f})",
                    row[f"{network}_predicted"] == row["label"],
                )
                for network in networks
            }
            for row in shown
        ],
    )
