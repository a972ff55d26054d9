"""The figure of the study of sample sizes."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from convnets.figures import network_colour, network_marker, new_figure, soften
from convnets.parameters import Dataset

SPREAD = 0.03  # between networks at the same number of samples, as a share of it


def plot_sample_sizes(trainings: pd.DataFrame, mean_accuracies: pd.DataFrame, dataset: Dataset) -> Figure:
    """Draw accuracy, and errors on a logarithmic axis, against the number of training images.

    Args:
        trainings: As `gather_reports` returns them.
        mean_accuracies: As `summarize_trainings` returns it.
        dataset: Its `name` is used.

    Returns:
        The figure: every training run, and mean and 95 % interval over seeds.
    """
    figure = new_figure(f"Test accuracy on {dataset.name} by the number of training images", width=11, height=4.8)
    accuracy, errors = figure.subplots(1, 2)
    networks = mean_accuracies["network"].unique()
    for position, network in enumerate(networks):
        colour, marker = network_colour(network), network_marker(network)
        of_network, single = (table[table["network"] == network] for table in (mean_accuracies, trainings))
        apart = 1 + SPREAD * (position - (len(networks) - 1) / 2)
        reach = of_network["test_accuracy"] - of_network["test_accuracy_low"]
        for axes, mean, points in (
            (accuracy, of_network["test_accuracy"], single["test_accuracy"]),
            (errors, 1 - of_network["test_accuracy"], 1 - single["test_accuracy"]),
        ):
            axes.plot(single["samples"] * apart, points, marker, color=colour, alpha=0.35, markersize=3.5)
            axes.errorbar(
                of_network["samples"] * apart,
                mean,
                yerr=reach,
                fmt=f"{marker}-",
                color=colour,
                capsize=3,
                label=f"{network}: mean, 95 % interval",
            )
    for axes, label in ((accuracy, "test accuracy"), (errors, "test error")):
        axes.set(xscale="log", xlabel="training images", ylabel=label)
        axes.set_xticks(sorted(mean_accuracies["samples"].unique()))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.minorticks_off()
        axes.tick_params(axis="x", rotation=30)
        soften(axes)
    errors.set(yscale="log")
    for axes in (accuracy, errors):
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    accuracy.legend(loc="lower right")
    return figure
