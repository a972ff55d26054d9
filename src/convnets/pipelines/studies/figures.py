"""The figure of a study: the test accuracy of every training, and the means over seeds."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, PercentFormatter

from convnets.figures import INK, network_colour, network_marker, new_figure, soften
from convnets.parameters import Dataset
from convnets.pipelines.studies.statistics import factors_of, settings_of
from convnets.study_parameters import Study

SPREAD = 0.03  # between settings at the same number of samples, as a share of it
MOST = 1.005  # of accuracies that are drawn: a point at 1 is whole
HEIGHT = 0.5  # of the seeds of a setting, in rows
LINES = ("-", "--", ":", "-.")  # of the settings of one network


def plot_study(trainings: pd.DataFrame, mean_accuracies: pd.DataFrame, study: Study, dataset: Dataset) -> Figure:
    """Draw the test accuracy of every training, with mean and 95 % interval over seeds.

    Args:
        trainings: As `gather_reports` returns them.
        mean_accuracies: As `summarize_trainings` returns it.
        study: Says in what settings differ.
        dataset: Its `name` is used.

    Returns:
        The figure: against the number of training images if the study varies it, else a row for each setting.
    """
    if "samples" in mean_accuracies:
        return plot_sample_sizes(trainings, mean_accuracies, study, dataset)
    return plot_settings(trainings, mean_accuracies, study, dataset)


def plot_settings(trainings: pd.DataFrame, mean_accuracies: pd.DataFrame, study: Study, dataset: Dataset) -> Figure:
    """Draw a row for each setting. See `plot_study`."""
    settings = settings_of(trainings, study)
    title = f"Test accuracy on {dataset.name}: trainings from {len(study.seeds)} seeds"
    figure = new_figure(title, width=9, height=1.6 + 0.55 * len(settings))
    axes = figure.subplots()
    for position, ((setting, rows), mean) in enumerate(zip(settings, mean_accuracies.itertuples(), strict=True)):
        network = str(setting["network"])
        places = position - HEIGHT / 2 + np.linspace(0, HEIGHT, len(rows))
        marker, colour = network_marker(network), network_colour(network)
        axes.plot(rows["test_accuracy"], places, marker, color=colour, alpha=0.6, markersize=6)
        low, high = mean.test_accuracy_low, mean.test_accuracy_high
        axes.plot([low, high], [position, position], "-", color=INK, linewidth=1.5)
        axes.plot(mean.test_accuracy, position, "|", color=INK, markersize=14, markeredgewidth=2)
        axes.annotate(
            f"{mean.test_accuracy:.4f}",
            (1, position),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
        )
    axes.plot([], [], "o", color="grey", alpha=0.6, label="one training, seeds from top to bottom")
    axes.plot([], [], "-", color=INK, label="mean over seeds, 95 % interval")
    axes.set_yticks(range(len(settings)), [label_of(setting) for setting, _ in settings])
    axes.set(xlabel="test accuracy", ylim=(len(settings) - 0.4, -0.6))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    left, right = axes.get_xlim()
    axes.set_xlim(max(left, 0), min(right, MOST))  # Student's intervals know nothing of the bounds of an accuracy
    soften(axes)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def plot_sample_sizes(trainings: pd.DataFrame, mean_accuracies: pd.DataFrame, study: Study, dataset: Dataset) -> Figure:
    """Draw accuracy, and errors on a logarithmic axis, against the number of training images. See `plot_study`."""
    figure = new_figure(f"Test accuracy on {dataset.name} by the number of training images", width=11, height=4.8)
    accuracy, errors = figure.subplots(1, 2)
    factors = [name for name in factors_of(study) if name != "samples"]
    groups = list(mean_accuracies.groupby(factors, sort=False, dropna=False))
    of_network: dict[str, int] = {}
    for position, (values, means) in enumerate(groups):
        setting = dict(zip(factors, values, strict=True))
        single = trainings.merge(means[factors].drop_duplicates(), on=factors)
        network = str(setting["network"])
        line = LINES[of_network.setdefault(network, 0) % len(LINES)]
        of_network[network] += 1
        apart = 1 + SPREAD * (position - (len(groups) - 1) / 2)
        colour, marker = network_colour(network), network_marker(network)
        reach = means["test_accuracy"] - means["test_accuracy_low"]
        for axes, mean, points in (
            (accuracy, means["test_accuracy"], single["test_accuracy"]),
            (errors, 1 - means["test_accuracy"], 1 - single["test_accuracy"]),
        ):
            axes.plot(single["samples"] * apart, points, marker, color=colour, alpha=0.35, markersize=3.5)
            axes.errorbar(
                means["samples"] * apart,
                mean,
                yerr=reach,
                fmt=f"{marker}{line}",
                color=colour,
                capsize=3,
                label=f"{label_of(setting)}: mean, 95 % interval",
            )
    for axes, label in ((accuracy, "test accuracy"), (errors, "test error")):
        _format_sizes(axes, label, sorted(mean_accuracies["samples"].unique()))
    errors.set(yscale="log")
    errors.yaxis.set_major_formatter(PercentFormatter(1))
    errors.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    errors.yaxis.set_minor_formatter(PercentFormatter(1))
    accuracy.legend(loc="lower right")
    return figure


def _format_sizes(axes: Axes, label: str, sizes: list[int]) -> None:
    axes.set(xscale="log", xlabel="training images", ylabel=label)
    axes.set_xticks(sizes)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.minorticks_off()
    axes.tick_params(axis="x", rotation=30)
    soften(axes)


def label_of(setting: dict[str, Any]) -> str:
    """What a setting is called in a figure: the network, then what is varied, as `cnn, padding same`."""
    network, *varied = setting.items()
    parts = [str(value) if name == "variant" else f"{name.rpartition('.')[2]} {value}" for name, value in varied]
    return ", ".join([str(network[1]), *parts])
