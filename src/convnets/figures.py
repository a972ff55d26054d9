"""What all figures share: one colour per network, sizes, and images in a grid.

Figures are made with Matplotlib's `Figure` and never with pyplot, whose state is shared between threads.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnets.parameters import NETWORKS

# Source: M. Okabe and K. Ito, "Color Universal Design", 2008: colours that the colour-blind can tell apart; without
# its yellow, which is faint on white, and its black, in which means are drawn.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "os^DvP"  # what tells networks apart in print
IMAGES = "Greys"  # ink is dark, as on paper
INK = "#333333"
GUESSING: dict[str, Any] = {"color": "#999999", "linewidth": 2, "label": "guessing"}  # the line of chance
DPI = 150
CAPTION_POINTS = 12  # of a picture in a grid, which is seen from the last row of a hall
MAX_NAMES = 30  # along an axis, beyond which they overlap


def network_colour(network: str) -> str:
    """The colour of a network in every figure and in MLflow, as `#RRGGBB`."""
    return OKABE_ITO[_place(network)]


def network_marker(network: str) -> str:
    """The Matplotlib marker of a network in every figure."""
    return MARKERS[_place(network)]


def _place(network: str) -> int:
    """The lecture's networks come first; the place of a further one depends on its name alone."""
    if network in NETWORKS:
        return NETWORKS.index(network)
    return len(NETWORKS) + zlib.crc32(network.encode()) % (len(OKABE_ITO) - len(NETWORKS))


def new_figure(title: str, width: float = 8, height: float = 5) -> Figure:
    """An empty figure with a title; width and height in inches."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    figure.suptitle(title, fontsize="large", fontweight="bold", parse_math=False)  # a data set may be named $
    return figure


def soften(axes: Axes) -> None:
    """Take from a plot the lines that carry no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def class_ticks(names: Sequence[str]) -> tuple[Sequence[int], Sequence[str]]:
    """Where an axis of classes has its ticks, and their names: at each class, or of many at every second, third, ..."""
    step = -(-len(names) // MAX_NAMES)
    return range(0, len(names), step), names[::step]


def draw_image(axes: Axes, image: np.ndarray, caption: str = "", limit: float | None = None) -> None:
    """Draw one image.

    Args:
        axes: Where.
        image: (height, width) or (height, width, 1), any dtype: 0 is background, its largest value is ink. Three
            channels are red, green and blue, and a fourth is opacity; bytes to 255, other numbers to 1. Of other
            numbers of channels the mean is drawn.
        caption: Above it.
        limit: Of one channel: what is ink, where 0 is background; `None`: the largest value, and the smallest.
    """
    if image.ndim == 3 and image.shape[-1] not in (3, 4):  # noqa: PLR2004
        image = image.mean(axis=-1)
    axes.imshow(image, cmap=IMAGES, interpolation="nearest", vmin=None if limit is None else 0, vmax=limit)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#cccccc")
    axes.set_title(caption, fontsize=CAPTION_POINTS)


def plot_image_grid(
    title: str,
    images: Sequence[np.ndarray],
    captions: Sequence[str],
    columns: int,
    answers: Sequence[Mapping[str, tuple[str, bool]]] | None = None,
) -> Figure:
    """Draw images in rows, each with a caption above and, below, what each network said.

    Args:
        title: Of the figure.
        images: Each as `draw_image` takes it.
        captions: One for each image.
        columns: Images in a row.
        answers: For each image, by network: the answer, and whether it is right.

    Returns:
        The figure; it says so if there are no images.
    """
    if len(images) == 0:
        figure = new_figure(title, height=2)
        figure.text(0.5, 0.4, "no such image", ha="center", color=INK)
        return figure
    lines = max((len(answer) for answer in answers), default=0) if answers else 0
    rows = -(-len(images) // columns)
    width, height = (2.5, 2.75 + 0.27 * lines) if lines else (1.6, 1.95)  # of a cell
    figure = new_figure(title, width=max(width * columns, 7), height=rows * height + 0.7)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for index, (axes, image, caption) in enumerate(zip(grid.flat, images, captions, strict=False)):
        axes.set_axis_on()
        draw_image(axes, image, caption)
        for line, (network, (answer, right)) in enumerate((answers[index] if answers else {}).items()):
            axes.annotate(
                f"{network}: {answer}{'' if right else ' ✗'}",
                xy=(0.5, 0),
                xycoords="axes fraction",
                xytext=(0, -4 - 17 * line),
                textcoords="offset points",
                ha="center",
                va="top",
                fontsize=CAPTION_POINTS,
                color=network_colour(network),
                fontweight="normal" if right else "bold",
            )
    return figure
