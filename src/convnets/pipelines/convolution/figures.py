"""Pictures of convolution and of what the convnets have learned."""

import io
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from PIL import Image

from convnets.figures import CAPTION_POINTS, INK, draw_image, new_figure
from convnets.harness.progress import each
from convnets.image_shapes import to_grey
from convnets.pipelines.convolution.operation import Padding, locate_windows
from convnets.showing_parameters import Convolution

# Of the lecture's pictures: pixels and zeros, in the window and beside it.
INPUT, SEEN_INPUT, PADDED, SEEN_PADDED, OUTPUT = "#9ecae1", "#fdae6b", "#c9c9c9", "#fee0c2", "#fdae6b"
WINDOW = "#D55E00"  # the colour of a window on an image
SIGNED = "PuOr_r"  # orange is positive, purple negative; the colour-blind can tell them apart
ANIMATED_STEP = 4  # pixels between two frames
FRAME_MILLISECONDS, FRAME_DPI = 120, 70
LECTURE_SIZE, LECTURE_KERNEL = 5, 3  # of the lecture's pictures of border effects, padding and strides


def plot_kernels(test_images: np.ndarray, response_maps: dict[str, np.ndarray], convolution: Convolution) -> Figure:
    """Draw an image, kernels set by hand, and the response map that each gives.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        response_maps: As `compute_response_maps` returns them.
        convolution: Its `image` and `kernels` are used.

    Returns:
        The figure.
    """
    figure = new_figure("A convolution answers where, and how strongly, a pattern is present", width=12, height=4.6)
    grid = figure.subplots(2, len(response_maps) + 1)
    draw_image(grid[0, 0], test_images[convolution.image], f"test image {convolution.image}")
    grid[1, 0].set_axis_off()
    grid[1, 0].text(0.5, 0.5, "kernels above,\nresponse maps below", ha="center", va="center", fontsize=CAPTION_POINTS)
    for (upper, lower), (name, response_map) in zip(grid.T[1:], response_maps.items(), strict=True):
        draw_numbers(upper, np.array(convolution.kernels[name]), name)
        draw_signed(lower, response_map)
        lower.set_xlabel(f"{response_map.min():.1f} to {response_map.max():.1f}", fontsize=CAPTION_POINTS)
    return figure


def plot_convolution_step(
    test_images: np.ndarray, response_maps: dict[str, np.ndarray], convolution: Convolution
) -> Figure:
    """Draw how one number of a response map comes about: the patch, the products and their sum.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        response_maps: As `compute_response_maps` returns them; the first is drawn, where it is greatest.
        convolution: Its `image` and `kernels` are used.

    Returns:
        The figure.
    """
    name, response_map = next(iter(response_maps.items()))
    row, column = divmod(int(np.argmax(response_map)), response_map.shape[1])
    image, kernel = to_grey(test_images[[convolution.image]])[0], np.array(convolution.kernels[name])
    return _draw_step(image, kernel, response_map, name, (row, column), float(np.abs(response_map).max()))


def _draw_step(  # noqa: PLR0913, PLR0917 - a picture of six things
    image: np.ndarray, kernel: np.ndarray, response_map: np.ndarray, name: str, place: tuple[int, int], limit: float
) -> Figure:
    row, column = place
    patch = image[row : row + kernel.shape[0], column : column + kernel.shape[1]]
    figure = new_figure(f"One step of the convolution with the kernel “{name}”", width=12, height=2.9)
    axes = figure.subplots(1, 5, width_ratios=[1.3, 1, 1, 1, 1.3])
    draw_image(axes[0], image, "image")
    mark_window(axes[0], row, column, kernel.shape[0])
    draw_numbers(axes[1], patch, "patch")
    draw_numbers(axes[2], kernel, "times the kernel")
    draw_numbers(axes[3], patch * kernel, f"products, sum {response_map[row, column]:.2f}")
    draw_signed(axes[4], response_map, "response map", limit=limit)
    mark_window(axes[4], row, column, 1)
    return figure


def animate_convolution(
    test_images: np.ndarray, response_maps: dict[str, np.ndarray], convolution: Convolution
) -> Image.Image:
    """Let the window slide over the image while the response map fills.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        response_maps: As `compute_response_maps` returns them; the first is drawn.
        convolution: Its `image` and `kernels` are used.

    Returns:
        An animated GIF that repeats.
    """
    name, response_map = next(iter(response_maps.items()))
    image, kernel = to_grey(test_images[[convolution.image]])[0], np.array(convolution.kernels[name])
    limit = float(np.abs(response_map).max())
    frames = []
    places = list(product(*(range(0, size, ANIMATED_STEP) for size in response_map.shape[:2])))
    for row, column in each(places, "frames", "the animation"):
        seen = response_map.copy()
        seen[row + 1 :] = np.nan
        seen[row, column + 1 :] = np.nan
        frames.append(_render(_draw_step(image, kernel, seen, name, (row, column), limit)))
    file = io.BytesIO()
    frames[0].save(
        file, "GIF", save_all=True, append_images=frames[1:], duration=FRAME_MILLISECONDS, loop=0, optimize=True
    )
    return Image.open(file)


def _render(figure: Figure) -> Image.Image:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=FRAME_DPI)
    return Image.open(file).convert("P", palette=Image.Palette.ADAPTIVE, colors=64)


def plot_border_effects() -> Figure:
    """Draw every valid position of the lecture's 3x3 window on its 5x5 input.

    Returns:
        The figure.
    """
    return _plot_positions("Border effects", "valid", 1)


def plot_padding() -> Figure:
    """Draw every position of the window on the same input, padded so that there are as many as pixels.

    Returns:
        The figure.
    """
    return _plot_positions("Padding", "same", 1)


def plot_strides() -> Figure:
    """Draw every position of the window on the same input with 2x2 strides.

    Returns:
        The figure.
    """
    return _plot_positions("Strides of 2", "valid", 2)


def _plot_positions(title: str, padding: Padding, strides: int) -> Figure:
    positions = locate_windows(LECTURE_SIZE, LECTURE_KERNEL, padding, strides)
    side = round(len(positions) ** 0.5)
    margin = -positions.min()
    height = side * (0.9 + 2.6 / side)
    figure = new_figure(
        f"{title}: {len(positions)} positions of a 3 x 3 window on a 5 x 5 input, an output of {side} x {side}",
        width=height + 4,
        height=height + 1.1,
    )
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=[height, 4])[0]
    for number, (axes, (row, column)) in enumerate(zip(left.subplots(side, side).flat, positions, strict=True), 1):
        _draw_input(axes, margin, (row, column))
        mark_window(axes, row, column, LECTURE_KERNEL)
        axes.text(column + 1, row + 1, str(number), ha="center", va="center", fontsize=14, fontweight="bold")
    output = right.subplots()
    output.imshow(np.zeros((side, side)), cmap=ListedColormap([OUTPUT]))
    output.set_xticks(np.arange(side + 1) - 0.5, [])
    output.set_yticks(np.arange(side + 1) - 0.5, [])
    output.tick_params(length=0)
    output.grid(color="white", linewidth=2)
    for number, (row, column) in enumerate(np.ndindex(side, side), 1):
        output.text(column, row, str(number), ha="center", va="center", fontsize=16, fontweight="bold")
    output.set_title(f"output, {side} x {side}", fontsize=14)
    padded = "; grey: padding with zeros" if margin else ""
    figure.supxlabel(f"Blue: input{padded}; orange: the window. Each gives the pixel of its number.", fontsize=13)
    return figure


def _draw_input(axes: Axes, margin: int, window: tuple[int, int]) -> None:
    """Draw the lecture's input with a window on it, and around it as many rows and columns of zeros."""
    axes.set(xlim=(-margin - 0.6, LECTURE_SIZE + margin - 0.4), ylim=(LECTURE_SIZE + margin - 0.4, -margin - 0.6))
    axes.set_aspect("equal")
    axes.set_axis_off()
    for row, column in product(range(-margin, LECTURE_SIZE + margin), repeat=2):
        inside = 0 <= row < LECTURE_SIZE and 0 <= column < LECTURE_SIZE
        seen = all(0 <= place - first < LECTURE_KERNEL for place, first in zip((row, column), window, strict=True))
        colour = (SEEN_INPUT if seen else INPUT) if inside else (SEEN_PADDED if seen else PADDED)
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, edgecolor="white", linewidth=1))
        if not inside:
            axes.text(column, row, "0", ha="center", va="center", fontsize="small", color=INK)


def plot_pooling(downsampled: dict[str, np.ndarray]) -> Figure:
    """Draw a response map and what max pooling, average pooling and a strided convolution make of it.

    Args:
        downsampled: As `downsample` returns them. The values of the 2x2 window are printed in which the response map
            is greatest.

    Returns:
        The figure.
    """
    response_map = downsampled["response map"]
    row, column = (position // 2 for position in divmod(int(np.argmax(response_map)), response_map.shape[1]))
    window = response_map[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
    figure = new_figure("Max pooling halves a feature map, and keeps its strongest responses", width=12, height=4)
    columns = figure.subplots(1, 5, width_ratios=[1.4, 0.9, 1, 1, 1])
    limit = float(np.abs(response_map).max())
    draw_signed(columns[0], response_map, f"response map\n{_size(response_map)}", limit=limit)
    mark_window(columns[0], 2 * row, 2 * column, 2)
    draw_numbers(columns[1], window, "one window of 2 x 2")
    for axes, (name, halved) in zip(columns[2:], list(downsampled.items())[1:], strict=True):
        draw_signed(axes, halved, f"{name}\n{_size(halved)}", limit=limit)
        mark_window(axes, row, column, 1)
        axes.set_xlabel(f"here {halved[row, column]:.2f}", fontsize=CAPTION_POINTS)
    return figure


def _size(feature_map: np.ndarray) -> str:
    return " x ".join(str(size) for size in feature_map.shape)


def draw_numbers(axes: Axes, values: np.ndarray, caption: str) -> None:
    """Draw a small array as a table of its numbers, coloured by value."""
    draw_signed(axes, values, caption)
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row, f"{value + 0:.2g}", ha="center", va="center", fontsize=CAPTION_POINTS, color="black")


def draw_signed(axes: Axes, values: np.ndarray, caption: str = "", limit: float | None = None) -> AxesImage:
    """Draw an array whose zero is white, positive orange and negative purple; what is returned may have a scale."""
    limit = limit or float(np.nanmax(np.abs(values))) or 1.0
    drawn = axes.imshow(values, cmap=SIGNED, vmin=-1.4 * limit, vmax=1.4 * limit)
    axes.set(xticks=[], yticks=[])
    axes.set_title(caption, fontsize=CAPTION_POINTS)
    return drawn


def mark_window(axes: Axes, row: int, column: int, size: int) -> None:
    """Frame a window of an image; row and column are those of its upper left pixel."""
    axes.add_patch(
        Rectangle((column - 0.5, row - 0.5), size, size, fill=False, edgecolor=WINDOW, linewidth=2, clip_on=False)
    )
