"""The figures of the study of corrupted test images."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import PercentFormatter

from convnets.figures import GUESSING, INK, draw_image, network_colour, network_marker, new_figure, soften
from convnets.parameters import Dataset
from convnets.pipelines.preparation.nodes import normalize_images
from convnets.pipelines.robustness.corruptions import CORRUPTIONS, corrupt
from convnets.pipelines.robustness.nodes import NONE
from convnets.robustness_parameters import Robustness

UNITS = {  # of amounts, and what an untouched image has
    "rotation": ("degrees", "0"),
    "scale": ("factor", "1"),
    "noise": ("standard deviation", "0"),
    "blur": ("standard deviation, pixels", "0"),
    "occlusion": ("side, pixels", "0"),
}
APART = 0.06  # severities, between networks
NUDGED = {"rotation": 5, "noise": -8, "occlusion": -4}  # points, of names of paths that end side by side


class Kind(NamedTuple):
    """A way of asking networks, and its line."""

    label: str
    line: str
    ensemble: bool = False
    scaled: bool = False

    @property
    def marker(self) -> str | None:
        """Of an ensemble; `None`: its network's."""
        return "D" if self.ensemble else None

    @property
    def confidence(self) -> str:
        """Its column in the table of means."""
        return "scaled_confidence" if self.scaled else "confidence"

    @property
    def error(self) -> str:
        """Likewise."""
        return "scaled_calibration_error" if self.scaled else "expected_calibration_error"


KINDS = (
    Kind("one network", "-"),
    Kind("one network, with temperature", "--", scaled=True),
    Kind("ensemble", ":", ensemble=True),
    Kind("ensemble, with temperature", "-.", ensemble=True, scaled=True),
)


def plot_accuracies(means: pd.DataFrame, robustness: Robustness, dataset: Dataset) -> Figure:
    """Draw accuracy against severity, a panel for each corruption.

    Args:
        means: As `average_over_seeds` returns them.
        robustness: Its `corruptions` and its `seeds` are used.
        dataset: Its `name` and `class_names` are used.

    Returns:
        The figure: of each network the mean over seeds with its 95 % interval, and its ensemble.
    """
    figure = new_figure(f"Test accuracy on corrupted {dataset.name}", width=12, height=7)
    grid = figure.subplots(2, 3, sharey=True)
    for axes in grid[:, 0]:
        axes.set_ylabel("test accuracy", fontsize="large")
    panels = grid.flat
    networks = list(means["network"].unique())
    for axes, corruption in zip(panels, CORRUPTIONS, strict=False):
        _draw_panel(axes, means[means["corruption"].isin([NONE, corruption])], networks, dataset)
        unit, untouched = UNITS[corruption]
        amounts = getattr(robustness.corruptions, corruption)
        axes.set_xticks(range(len(amounts) + 1), [untouched, *(f"{amount:g}" for amount in amounts)])
        axes.set_title(corruption, fontsize="x-large")
        axes.set_xlabel(unit, fontsize="large")
    rest = panels[-1]
    rest.set_axis_off()
    lines = [
        Line2D([], [], color=network_colour(network), marker=network_marker(network), markersize=9, label=network)
        for network in networks
    ]
    lines += [
        Line2D([], [], color=INK, marker="o", label=f"mean of {len(robustness.seeds)} seeds, 95 % interval"),
        Line2D([], [], color=INK, linestyle=":", linewidth=2, label=f"ensemble of the {len(robustness.seeds)}"),
        Line2D([], [], **GUESSING),
    ]
    rest.legend(handles=lines, loc="center", fontsize="x-large", frameon=False)
    return figure


def _draw_panel(axes: Axes, means: pd.DataFrame, networks: list[str], dataset: Dataset) -> None:
    for position, network in enumerate(networks):
        own = means[means["network"] == network]
        single, ensemble = own[own["members"] == 1], own[own["members"] > 1]
        colour, marker = network_colour(network), network_marker(network)
        places = single["severity"] + APART * (position - (len(networks) - 1) / 2)
        mean = single["test_accuracy"]
        low, high = single["test_accuracy_low"].clip(lower=0), single["test_accuracy_high"].clip(upper=1)
        bars = [(mean - low).to_numpy(), (high - mean).to_numpy()]
        axes.errorbar(places, mean, yerr=bars, fmt=f"{marker}-", color=colour, capsize=4, markersize=7, label=network)
        axes.plot(ensemble["severity"], ensemble["test_accuracy"], ":", color=colour, linewidth=2)
    axes.axhline(1 / len(dataset.class_names), zorder=1, **GUESSING)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.tick_params(labelsize="large")
    soften(axes)


def plot_calibration(means: pd.DataFrame, dataset: Dataset) -> Figure:
    """Draw how sure networks are against how often they are right, and the distance between both by severity.

    Args:
        means: As `average_over_seeds` returns them.
        dataset: Its `name` is used.

    Returns:
        The figure: a column for each network. Above, a path for each corruption, from the least severity to the
        greatest, before and after temperature; below, the mean calibration error over all corruptions.
    """
    networks = list(means["network"].unique())
    title = f"How sure and how right, on corrupted {dataset.name}"
    figure = new_figure(title, width=max(6 * len(networks), 9), height=10)
    grid = figure.subplots(2, len(networks), sharey="row", squeeze=False, height_ratios=[1.5, 1])
    for (above, below), network in zip(grid.T, networks, strict=True):
        for kind, rows in _kinds(means, network):
            if not kind.ensemble:
                _draw_paths(above, rows, network, kind)
            by_severity = rows.groupby("severity")[kind.error].mean()
            below.plot(by_severity.index, by_severity, **_style(network, kind))
        above.plot([0, 1], [0, 1], "-", color=INK, linewidth=1)
        above.annotate("too sure", (0.03, 0.97), va="top", color=INK, fontsize="large")
        above.annotate("not sure enough", (0.99, 0.03), ha="right", color=INK, fontsize="large")
        above.set(xlim=(0, 1.02), ylim=(0, 1.02))
        above.set_title(network, fontsize="x-large", color=network_colour(network))
        above.set_xlabel("test accuracy", fontsize="large")
        above.xaxis.set_major_formatter(PercentFormatter(1))
        below.set_xlabel("severity", fontsize="large")
        below.set_xticks(sorted(means["severity"].unique()))
        below.set_ylim(bottom=0)
        for axes in (above, below):
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            axes.tick_params(labelsize="large")
            soften(axes)
    grid[0, 0].set_ylabel("mean confidence", fontsize="large")
    grid[1, 0].set_ylabel("expected calibration error,\nmean over corruptions", fontsize="large")
    keys = [
        Line2D([], [], label=kind.label, **(_style(networks[0], kind) | {"color": INK, "marker": kind.marker or "o"}))
        for kind in KINDS
    ]
    keys.append(Line2D([], [], color=INK, linewidth=1, label="as sure as right"))
    figure.legend(handles=keys, loc="outside lower center", ncols=3, fontsize="large", frameon=False)
    return figure


def _draw_paths(axes: Axes, means: pd.DataFrame, network: str, kind: Kind) -> None:
    """Draw accuracy and confidence of each corruption as its severity grows, and name it where it ends."""
    for corruption in CORRUPTIONS:
        path = means[means["corruption"].isin([NONE, corruption])]
        axes.plot(path["test_accuracy"], path[kind.confidence], **(_style(network, kind) | {"markersize": 5}))
        if not kind.scaled:
            end = path.iloc[-1]
            place = (end["test_accuracy"], end[kind.confidence])
            aside = (-9, NUDGED.get(corruption, 0))
            name = axes.annotate(
                corruption, place, xytext=aside, textcoords="offset points", ha="right", va="center", color=INK
            )
            name.set_path_effects([withStroke(linewidth=3, foreground="white")])


def _kinds(means: pd.DataFrame, network: str) -> Iterator[tuple[Kind, pd.DataFrame]]:
    own = means[means["network"] == network]
    for kind in KINDS:
        yield kind, own[(own["members"] > 1) == kind.ensemble]


def _style(network: str, kind: Kind) -> dict[str, Any]:
    return {
        "color": network_colour(network),
        "linestyle": kind.line,
        "marker": kind.marker or network_marker(network),
        "markersize": 7,
        "markerfacecolor": "white" if kind.scaled else None,
    }


def plot_corruptions(raw_test_images: np.ndarray, robustness: Robustness, dataset: Dataset) -> Figure:
    """Draw the first test image as each corruption leaves it.

    Args:
        raw_test_images: (m, height, width) or (m, height, width, channels), uint8.
        robustness: Its `corruptions` and its `seed` are used.
        dataset: Its `name` is used.

    Returns:
        The figure: a row for each corruption, a column for each severity.
    """
    image = normalize_images(raw_test_images[:1])
    amounts = {corruption: getattr(robustness.corruptions, corruption) for corruption in CORRUPTIONS}
    columns = 1 + max(map(len, amounts.values()))
    figure = new_figure(
        f"The first test image of {dataset.name}, corrupted", width=1.5 * columns + 1.4, height=1.7 * len(amounts) + 0.6
    )
    grid = figure.subplots(len(amounts), columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for row, (corruption, values) in zip(grid, amounts.items(), strict=True):
        for axes in row[: 1 + len(values)]:
            axes.set_axis_on()
        draw_image(row[0], image[0], limit=1)
        row[0].set_title(UNITS[corruption][1], fontsize="large")
        row[0].set_ylabel(f"{corruption}\n({UNITS[corruption][0]})".replace(", ", ",\n"), fontsize="medium")
        for axes, amount in zip(row[1:], values, strict=False):
            draw_image(axes, corrupt(image, corruption, amount, robustness.seed)[0], limit=1)
            axes.set_title(f"{amount:g}", fontsize="large")
    return figure
