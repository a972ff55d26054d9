"""The figure of the prediction pipeline."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from PIL import Image

from convnets.figures import plot_image_grid
from convnets.harness.messages import ImageError
from convnets.pipelines.prediction.nodes import MNISTS, shrink

IMAGES_SHOWN, PAIRS_IN_A_ROW = 24, 3
SHOWN_SIDE = 200  # pixels
MAX_CAPTION_CHARS = 20
BEHIND_TRANSPARENCY = "#bbbbbb"  # black ink shows on it, and white ink too


def plot_predictions(
    own_images: Mapping[str, Callable[[], Image.Image]],
    digits: Mapping[str, np.ndarray],
    predictions_on_images: pd.DataFrame,
) -> Figure:
    """Draw images as they were given and as networks take them, with what each network said.

    Args:
        own_images: For each image, by its name, a function that reads it.
        digits: By the image's name, as `read_digits` returns them.
        predictions_on_images: As `classify` returns them.

    Returns:
        The figure, with the first images by name if there are many.
    """
    shown = list(digits)[:IMAGES_SHOWN]
    images, captions, answers = [], [], []
    for name in shown:
        rows = predictions_on_images[predictions_on_images["image"] == name]
        try:
            given, caption = _as_given(own_images[name]()), _caption(name)
        except ImageError:  # the file was changed after its digit was read
            given, caption = np.zeros_like(digits[name]), f"{_caption(name)}\n(no longer readable)"
        images += [given, digits[name]]
        captions += [caption, "in MNIST's form" if digits[name].shape == MNISTS[:2] else "as the networks take it"]
        answers += [{}, {row.network: (f"{row.predicted} ({row.probability:.2f})", True) for row in rows.itertuples()}]
    title = "What the networks read"
    if len(shown) < len(digits):
        title += f": the first {len(shown)} of {len(digits):,} images"
    return plot_image_grid(
        title,
        images,
        captions,
        columns=2 * PAIRS_IN_A_ROW,
        answers=answers,
    )


def _as_given(image: Image.Image) -> np.ndarray:
    small = shrink(image)
    small.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    return np.asarray(Image.alpha_composite(Image.new("RGBA", small.size, BEHIND_TRANSPARENCY), small))


def _caption(name: str) -> str:
    """A file's name as the figure's font can write it: no formula, and not too long."""
    letters = get_font(findfont(FontProperties())).get_charmap()
    known = "".join(letter if ord(letter) in letters else "?" for letter in name)
    half = MAX_CAPTION_CHARS // 2
    short = known if len(known) <= MAX_CAPTION_CHARS else f"{known[: half - 1]}…{known[-half:]}"
    return short.replace("$", r"\$")
