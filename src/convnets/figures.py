"""What all figures share: one colour per network, sizes, and images in a grid.

Figures are made with Matplotlib's `Figure` and never with pyplot, whose state is shared between threads.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnets.parameters import NETWORKS

# Source: M. Okabe and K. Ito, "Color Universal Design", 2008: colours that the colour-blind can tell apart.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
MARKERS = "os^DvP*X"  # what tells networks apart in print
IMAGES = "Greys"  # ink is dark, as on paper
INK = "#333333"
DPI = 150


def network_colour(network: str) -> str:
    """The colour of a network in every figure and in MLflow, as `#RRGGBB`."""
    return OKABE_ITO[NETWORKS.index(network) % len(OKABE_ITO)]


def network_marker(network: str) -> str:
    """The Matplotlib marker of a network in every figure."""
    return MARKERS[NETWORKS.index(network) % len(MARKERS)]


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


def draw_image(axes: Axes, image: np.ndarray, caption: str = "") -> None:
    """Draw one image.

    Args:
        axes: Where.
        image: (height, width), any dtype: 0 is background, its largest value is ink.
        caption: Above it.
    """
    axes.imshow(image, cmap=IMAGES, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#cccccc")
    axes.set_title(caption, fontsize="small")


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
        images: Each (height, width).
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
    figure = new_figure(title, width=max(1.85 * columns, 7), height=rows * (2.05 + 0.19 * lines) + 0.7)
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
                xytext=(0, -4 - 10 * line),
                textcoords="offset points",
                ha="center",
                va="top",
                fontsize="x-small",
                color=network_colour(network),
                fontweight="normal" if right else "bold",
            )
    return figure
