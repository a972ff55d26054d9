"""The figure of the study of seeds."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from convnets.figures import INK, network_colour, network_marker, new_figure, soften
from convnets.parameters import Dataset

WIDTH = 0.5  # of the seeds of a network


def plot_seeds(trainings: pd.DataFrame, mean_accuracies: pd.DataFrame, dataset: Dataset) -> Figure:
    """Draw the test accuracy of every training run, by network and seed.

    Args:
        trainings: As `gather_reports` returns them.
        mean_accuracies: As `summarize_trainings` returns it.
        dataset: Its `name` is used.

    Returns:
        The figure: from left to right the seeds, and next to them mean and 95 % interval.
    """
    seeds = trainings["seed"].nunique()
    figure = new_figure(f"Test accuracy on {dataset.name}: trainings from {seeds} seeds", width=8, height=4.8)
    axes = figure.subplots()
    for position, row in enumerate(mean_accuracies.itertuples()):
        accuracies = trainings.loc[trainings["network"] == row.network, "test_accuracy"]
        places = position - WIDTH / 2 + np.linspace(0, WIDTH, len(accuracies))
        axes.plot(
            places, accuracies, network_marker(row.network), color=network_colour(row.network), alpha=0.6, markersize=6
        )
        axes.errorbar(
            position + 0.8 * WIDTH,
            row.test_accuracy,
            yerr=row.test_accuracy - row.test_accuracy_low,
            fmt="_",
            markersize=12,
            capsize=5,
            color=INK,
            label=None if position else "mean over seeds, 95 % interval",
        )
        axes.annotate(
            f"{row.test_accuracy:.4f}",
            (position + 0.8 * WIDTH, row.test_accuracy),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
        )
    axes.plot([], [], "o", color="grey", alpha=0.6, label="one training, seeds from left to right")
    axes.set_xticks(range(len(mean_accuracies)), mean_accuracies["network"])
    axes.set(xlabel="network", ylabel="test accuracy", xlim=(-0.5, len(mean_accuracies) - 0.2))
    soften(axes)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
