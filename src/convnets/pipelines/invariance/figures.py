"""The figures of a study of shifted images: what head and border do, and all settings side by side."""

from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from convnets.figures import INK, network_colour, network_marker, new_figure, soften
from convnets.parameters import Dataset
from convnets.pipelines.invariance.statistics import INTERACTION_AT
from convnets.pipelines.studies.statistics import factors_of
from convnets.study_parameters import Study

# By head and padding. The colours are none of the lecture's networks but cnn's, whose head it is.
HEADS = {"flatten": ("flatten", network_colour("cnn"), "s"), "global_max": ("global maximum", "#56B4E9", "D")}
BORDERS: dict[str, tuple[str, Literal["--", "-"]]] = {
    "valid": ("border lost (valid)", "--"),
    "circular": ("no border (circular)", "-"),
}
KINDS = {"axis": "shifted right, down, left or up", "diagonal": "shifted diagonally, as far in both directions"}
# Pixels, of the figure of all settings, and how a marker is filled.
SHOWN: dict[int, Literal["full", "left", "none"]] = {0: "full", 4: "left", 8: "none"}
LAYER_NAMES = {"conv2d": "conv", "max_pooling2d": "pool", "global_max_pooling2d": "global\nmax", "dense": "answer"}


def plot_head_and_border(mean_shifts: pd.DataFrame, layer_errors: pd.DataFrame, dataset: Dataset) -> Figure:
    """Draw the accuracy of four networks against the shift, above how far each of their layers is from equivariant.

    Args:
        mean_shifts: As `summarize_shifts` returns them.
        layer_errors: As `summarize_errors` returns them.
        dataset: Its `name` is used.

    Returns:
        The figure: of the networks with max pooling that differ in head and border alone, those that the study has.
    """
    figure = new_figure(f"{dataset.name}, shifted: what head and border do", width=12, height=8.6)
    axes = figure.subplots(2, 2, sharey="row")
    plain = mean_shifts.query("pooling == 'max' and augmentation_shift == 0 and canvas == 0")
    about = ["network", "variant"] if "variant" in plain else ["network"]
    layers = layer_errors.query("distance == @INTERACTION_AT").merge(plain[about].drop_duplicates(), on=about)
    places = _places(layers)
    for column, (kind, title) in enumerate(KINDS.items()):
        above, below = axes[:, column]
        for (head, padding), rows in plain[plain["kind"] == kind].groupby(["head", "padding"], sort=False):
            if head not in HEADS or padding not in BORDERS:
                continue
            (_, colour, marker), (_, line) = HEADS[head], BORDERS[padding]
            _plot_accuracies(above, rows, colour, marker, line)
            of_network = layers.merge(rows[about].drop_duplicates(), on=about)
            errors = of_network[of_network["kind"] == kind]
            below.plot(errors["layer"].map(places), errors["error"], marker + line, color=colour, linewidth=2)
        above.set_title(title, fontsize="large")
        above.set_xlabel("shift (pixels)")
        below.set_xlabel(f"layer, at a shift of {INTERACTION_AT} pixels")
        below.set_xticks(range(len(places)), [_layer(name) for name in places])
        soften(above)
        soften(below)
    axes[0, 0].set(ylabel="test accuracy", ylim=(0, 1.02))
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1))
    axes[1, 0].set_ylabel("relative equivariance error\n(0: shifts with the image)")
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle=line, linewidth=2, label=f"{head}, {border}")
        for head, colour, marker in HEADS.values()
        for border, line in BORDERS.values()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize="large")
    return figure


def _plot_accuracies(axes: Axes, rows: pd.DataFrame, colour: str, marker: str, line: str) -> None:
    reach = [
        rows["test_accuracy"] - rows["test_accuracy_low"],
        (rows["test_accuracy_high"] - rows["test_accuracy"]),
    ]
    axes.errorbar(
        rows["distance"], rows["test_accuracy"], yerr=reach, fmt=marker + line, color=colour, capsize=3, linewidth=2
    )


def _places(layers: pd.DataFrame) -> dict[str, int]:
    """A place on the axis for each layer, in the order of the deepest network; the answer is last."""
    deepest = max((list(rows["layer"].unique()) for _, rows in layers.groupby("variant")), key=len)
    return {name: place for place, name in enumerate(deepest)}


def _layer(name: str) -> str:
    """A layer's name as a lecture says it: `conv2d_1` is `conv 2`."""
    base, _, number = name.rpartition("_")
    if not number.isdigit():
        base, number = name, "0"
    said = LAYER_NAMES.get(base, base)
    return said if base not in ("conv2d", "max_pooling2d") else f"{said} {int(number) + 1}"


def plot_settings(mean_shifts: pd.DataFrame, study: Study, dataset: Dataset) -> Figure:
    """Draw a row for each setting: its accuracy without a shift, and at two.

    Args:
        mean_shifts: As `summarize_shifts` returns them.
        study: Says in what settings differ.
        dataset: Its `name` is used.

    Returns:
        The figure, of shifts along an axis.
    """
    axis = mean_shifts[mean_shifts["kind"] == "axis"]
    settings = list(axis.groupby(factors_of(study), sort=False, dropna=False))
    title = f"Test accuracy on {dataset.name}, shifted right, down, left or up: means and 95 % intervals over seeds"
    figure = new_figure(title, width=11, height=1.8 + 0.45 * len(settings))
    axes = figure.subplots()
    for place, (_, rows) in enumerate(settings):
        network = str(rows["network"].iloc[0])
        for distance, fill in SHOWN.items():
            for row in rows[rows["distance"] == distance].itertuples():
                reach = [[row.test_accuracy - row.test_accuracy_low], [row.test_accuracy_high - row.test_accuracy]]
                axes.errorbar(
                    row.test_accuracy,
                    place,
                    xerr=reach,
                    fmt=network_marker(network),
                    fillstyle=fill,
                    color=network_colour(network),
                    markersize=10,
                    capsize=3,
                )
    axes.set_yticks(range(len(settings)), [_setting(values) for values, _ in settings], fontsize="large")
    axes.set(xlabel="test accuracy", xlim=(0, 1.02), ylim=(len(settings) - 0.4, -0.6))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    soften(axes)
    handles = [
        Line2D([], [], color=INK, marker="o", linestyle="", markersize=10, fillstyle=fill, label=f"{distance} pixels")
        for distance, fill in SHOWN.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize="large")
    return figure


def _setting(values: tuple[object, ...]) -> str:
    return ": ".join(str(value).replace("_", " ") for value in values)
