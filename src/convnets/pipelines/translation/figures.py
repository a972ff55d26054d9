"""The figures of the study of shifted test images."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from convnets.figures import GUESSING, INK, network_colour, network_marker, new_figure, plot_image_grid, soften
from convnets.parameters import Dataset
from convnets.pipelines.translation.nodes import KINDS, choose_digit, shift_images
from convnets.showing_parameters import Translation

COLUMNS = 5
TITLES = {"axis": "right, down, left or up", "diagonal": "diagonally: as far in both directions"}
APART = 0.09  # pixels, between networks at the same distance


def plot_accuracies(accuracies: pd.DataFrame, ink: pd.DataFrame, dataset: Dataset) -> Figure:
    """Draw accuracy against the distance by which the test images are shifted.

    Args:
        accuracies: As `gather_accuracies` returns them.
        ink: As `measure_ink` returns it.
        dataset: Its `name` and `class_names` are used.

    Returns:
        The figure: along the axes and diagonally, of each network the mean over four directions, with bars from the
        lower end of the worst direction's 95 % interval to the upper end of the best one's.
    """
    figure = new_figure(f"Test accuracy on {dataset.name}, shifted", width=12, height=5.6)
    both = figure.subplots(1, 2, sharey=True)
    of_kind = accuracies.groupby(accuracies["direction"].map(KINDS))
    for axes, (kind, title) in zip(both, TITLES.items(), strict=True):
        axes.set_title(title, fontsize="large")
        _plot_kind(axes, of_kind.get_group(kind), ink[ink["kind"] == kind], dataset)
    both[0].set_ylabel("test accuracy: mean of four directions\n(bars: worst to best)", fontsize="large")
    lines, names = both[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", ncols=len(lines), fontsize="large", frameon=False)
    return figure


def _plot_kind(axes: Axes, accuracies: pd.DataFrame, ink: pd.DataFrame, dataset: Dataset) -> None:
    networks = accuracies["network"].unique()
    for position, network in enumerate(networks):
        table = accuracies[accuracies["network"] == network]
        by_distance = table.groupby("distance").agg(
            test_accuracy=("test_accuracy", "mean"),
            low=("test_accuracy_low", "min"),
            high=("test_accuracy_high", "max"),
        )
        mean = by_distance["test_accuracy"]
        axes.errorbar(
            by_distance.index + APART * (position - (len(networks) - 1) / 2),
            mean,
            yerr=[mean - by_distance["low"], by_distance["high"] - mean],
            fmt=f"{network_marker(network)}-",
            color=network_colour(network),
            elinewidth=1,
            capsize=3,
            linewidth=2,
            label=network,
        )
    axes.plot(ink["distance"], ink["ink"], ":", color=INK, linewidth=2, label="ink still in the image")
    axes.axhline(1 / len(dataset.class_names), zorder=1, **GUESSING)
    axes.set_xlabel("distance (pixels)", fontsize="large")
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    soften(axes)


def plot_moving_digit(
    test_images: np.ndarray,
    test_labels: np.ndarray,
    dataset: Dataset,
    translation: Translation,
    **answers: pd.DataFrame,
) -> Figure:
    """Draw one digit as it moves, with each network's answers.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        test_labels: (m,), uint8.
        dataset: Its `class_names` are used.
        translation: Its `distances`, `image` and `direction` are used.
        **answers: Of each network, as `follow_digit` returns them.

    Returns:
        The figure.
    """
    image = choose_digit(test_images, translation)
    label = dataset.class_names[test_labels[translation.image]]
    said = {network: table.to_dict("records") for network, table in answers.items()}
    return plot_image_grid(
        f"Test image {translation.image} of {dataset.name}, a {label}, moves {translation.direction}: the answers",
        images=[shift_images(image, distance, translation.direction)[0] for distance in translation.distances],
        captions=[f"{distance} pixels" for distance in translation.distances],
        columns=COLUMNS,
        answers=[
            {
                network: (f"{rows[place]['predicted']} ({rows[place]['probability']:.2f})", _is(label, rows[place]))
                for network, rows in said.items()
            }
            for place in range(len(translation.distances))
        ],
    )


def _is(label: str, answer: dict[str, object]) -> bool:
    return answer["predicted"] == label
