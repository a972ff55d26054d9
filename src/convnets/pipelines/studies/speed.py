"""What accuracy costs: the seconds and the operations in which the settings of a study have learned."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, PercentFormatter

from convnets.figures import INK, network_colour, network_marker, new_figure, soften
from convnets.parameters import Dataset
from convnets.pipelines.studies.figures import MOST, label_of
from convnets.pipelines.studies.statistics import factors_of
from convnets.study_parameters import Study

COSTS = ("parameters", "operations", "fit_seconds")


def tabulate_speed(trainings: pd.DataFrame, mean_accuracies: pd.DataFrame, study: Study) -> pd.DataFrame:
    """What each setting costs, beside the accuracy that it reaches.

    Args:
        trainings: As `gather_reports` returns them.
        mean_accuracies: As `summarize_trainings` returns it.
        study: Says in what settings differ.

    Returns:
        A row for each setting: what it differs in (see `factors_of`), `parameters`, `operations` and `fit_seconds` of a
        training (the median over seeds), `times_as_fast` as the first setting, and the columns of `mean_accuracies`.
    """
    factors = factors_of(study)
    costs = trainings.groupby(factors, sort=False, dropna=False)[list(COSTS)].median().reset_index()
    costs["times_as_fast"] = costs["fit_seconds"].iloc[0] / costs["fit_seconds"]
    return costs.merge(mean_accuracies, on=factors)


def plot_speed(speed: pd.DataFrame, study: Study, dataset: Dataset) -> Figure:
    """Draw what each setting costs in seconds, and what it reaches.

    Args:
        speed: As `tabulate_speed` returns it.
        study: Says in what settings differ.
        dataset: Its `name` is used.

    Returns:
        The figure: a row for each setting, its seconds on a logarithmic axis beside its mean accuracy with its 95 %
        interval over seeds.
    """
    title = f"{dataset.name}: seconds of training, and the accuracy that they buy"
    figure = new_figure(title, width=12, height=1.8 + 0.55 * len(speed))
    seconds, accuracy = figure.subplots(1, 2, sharey=True)
    for place, (_, row) in enumerate(speed.iterrows()):
        colour, marker = network_colour(row["network"]), network_marker(row["network"])
        seconds.plot(row["fit_seconds"], place, marker, color=colour, markersize=9)
        seconds.annotate(
            f"{row['fit_seconds']:.1f} s",
            (row["fit_seconds"], place),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
        )
        low, high = row["test_accuracy_low"], row["test_accuracy_high"]
        accuracy.plot([low, high], [place, place], "-", color=INK, linewidth=1.5)
        accuracy.plot(row["test_accuracy"], place, marker, color=colour, markersize=9)
    settings = speed[factors_of(study)].to_dict("records")
    seconds.set_yticks(range(len(speed)), [label_of(setting) for setting in settings])
    seconds.set(xscale="log", xlabel="seconds of training, median over seeds", ylim=(len(speed) - 0.4, -0.6))
    seconds.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    seconds.xaxis.set_major_formatter("{x:g}")
    seconds.minorticks_off()
    seconds.margins(x=0.2)
    accuracy.set_xlabel("test accuracy, mean over seeds with its 95 % interval")
    accuracy.xaxis.set_major_formatter(PercentFormatter(1))
    left, right = accuracy.get_xlim()
    accuracy.set_xlim(max(left, 0), min(right, MOST))  # Student's intervals know nothing of the bounds of an accuracy
    for axes in (seconds, accuracy):
        soften(axes)
    return figure
