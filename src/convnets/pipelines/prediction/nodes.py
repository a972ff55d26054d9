"""Bring a user's own images to the form of those that were learned, as MNIST's, and classify them.

The form is that of MNIST's authors: black and white digits "were size normalized to fit in a 20x20 pixel box while
preserving their aspect ratio", with the grey levels of anti-aliasing, and "centered in a 28x28 image by computing the
center of mass of the pixels, and translating the image so as to position this point at the center of the 28x28 field".
Source: Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits".
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

from convnets.harness.messages import DataError, ImageError
from convnets.parameters import Dataset
from convnets.pipelines.classifier.feed import PREDICTION_BATCH
from convnets.pipelines.preparation.nodes import normalize_images

if TYPE_CHECKING:
    from keras import Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Model = Any

BOX, FIELD = 20, 28  # pixels: the side of the box that the ink fits, and of the image
MNISTS = (FIELD, FIELD, 1)  # the shape of its images
MODES = {1: "L", 3: "RGB"}  # Pillow's, by channels
WHITE = 255
MAX_SIDE = 1024  # pixels, to which an image is reduced before its ink is looked for
MIN_CONTRAST = 25  # grey levels between ink and background
MIN_STROKE = 5  # pixels: the longer side of the largest stroke
NOISE_DEVIATIONS = 4  # standard deviations of the background that are not ink
INK_THRESHOLD = 64  # a quarter of full ink; of 2 to 50 % it brings enlarged MNIST digits back closest
MIN_PART = 0.02  # of the pixels of the largest stroke: less is a speck


def read_digits(
    own_images: Mapping[str, Callable[[], Image.Image]], **models: Model
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Read images one by one, and bring each to the form of the images that the networks have learned.

    Args:
        own_images: For each image, by its name, a function that reads it or raises `ImageError`.
        **models: Of each network, trained.

    Returns:
        The digits by name, as `size_normalize` returns them, or, where the networks take other images than MNIST's,
        as `fit_image` does; and a row for each image that was refused: `image`, `reason`.
    """
    shape = image_shape(models)
    digits, refused = {}, []
    for name, read in sorted(own_images.items()):
        try:
            digits[name] = size_normalize(read()) if shape == MNISTS else fit_image(read(), shape)
        except ImageError as error:
            refused.append({"image": name, "reason": str(error)})
    return digits, pd.DataFrame(refused, columns=["image", "reason"])


def image_shape(models: Mapping[str, Model]) -> tuple[int, ...]:
    """The height, width and channels of the images that networks take: a convnet tells; without one, MNIST's."""
    shapes = [tuple(model.input_shape[1:]) for model in models.values()]
    return next((shape for shape in shapes if len(shape) == len(MNISTS)), MNISTS)


def fit_image(image: Image.Image, shape: tuple[int, ...]) -> np.ndarray:
    """Bring an image to the size and the channels that networks take, and change nothing else.

    The middle of the image is cut out, as much of it as has the ratio wanted, and resized. What is transparent becomes
    white. One channel is the luminance, three are red, green and blue.

    Args:
        image: In any of Pillow's modes and of any size.
        shape: Height, width, channels.

    Returns:
        (height, width, channels), uint8.

    Raises:
        ImageError: The image is of a mode without colours, or the networks take another number of channels.
    """
    height, width, channels = shape
    if channels not in MODES:
        raise ImageError(f"The networks take images of {channels} channels; allowed: 1 or 3 to classify images.")
    small = shrink(image)
    opaque = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small).convert(MODES[channels])
    fitted = ImageOps.fit(opaque, (width, height), Image.Resampling.LANCZOS)
    return np.asarray(fitted).reshape(shape)


def size_normalize(image: Image.Image) -> np.ndarray:
    """Bring the image of a digit to MNIST's form.

    Args:
        image: In any of Pillow's modes and of any size; dark ink on light or light ink on dark.

    Returns:
        (28, 28), uint8: 0 is background, 255 is ink. The ink fits a box of 20 x 20, and its centre of mass is within
        half a pixel of (14, 14), unless that would push the box over the edge.

    Raises:
        ImageError: The image is of a mode without colours, or blank: it has too little contrast, nothing larger than a
            speck, or strokes that are too thin for how far they are apart.
    """
    ink = find_ink(to_grey(shrink(image)))
    left, top, right, bottom = box = bounding_box(ink)
    scale = BOX / max(right - left, bottom - top)
    size = max(round((right - left) * scale), 1), max(round((bottom - top) * scale), 1)
    digit = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.LANCZOS, box=box))
    if not digit.any():
        raise ImageError(
            f"The image is blank at {size[0]} x {size[1]} pixels, so thin are its strokes for how far they are apart; "
            "allowed: strokes about a tenth as thick as the digit is high."
        )
    return centre(np.rint(digit * (WHITE / digit.max())).astype(np.uint8))


def shrink(image: Image.Image) -> Image.Image:
    """Bring an image to RGBA, and to no more than `MAX_SIDE` pixels on its longer side.

    Args:
        image: Of any mode; numbers beyond 8 bits are taken for 16 bits, floating-point ones for grey levels of 255.

    Raises:
        ImageError: Pillow knows no colours of this mode.
    """
    if image.mode[0] in "IF":  # Pillow would cut off what is above 255
        levels = np.nan_to_num(np.asarray(image, np.float64)) / (WHITE + 1 if image.mode[0] == "I" else 1)
        image = Image.fromarray(np.clip(levels, 0, WHITE).astype(np.uint8))
    try:
        small = image.convert("RGB" if image.mode == "HSV" else "RGBA").convert("RGBA")
    except ValueError as error:
        raise ImageError(f"The image is of the mode {image.mode}; allowed: grey, RGB or CMYK.") from error
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    return small


def to_grey(image: Image.Image) -> np.ndarray:
    """Reduce an image to its luminance, on a background that keeps the ink visible where it is transparent.

    Args:
        image: RGBA. If what can be seen is of one tone, it is ink, and the background is the tone farthest from it;
            if not, the image has a background of its own, its most usual tone, which is continued.

    Returns:
        (height, width), uint8.
    """
    alpha = np.asarray(image.getchannel("A"))
    luminance = image.convert("L")
    visible = np.asarray(luminance)[alpha > WHITE // 2]
    if alpha.min() == WHITE or visible.size == 0:
        return np.asarray(luminance) * (alpha > 0)
    tone = int(np.median(visible))
    has_background = int(visible.max()) - int(visible.min()) > WHITE // 2
    background = tone if has_background else WHITE * (tone <= WHITE // 2)
    return np.asarray(Image.composite(luminance, Image.new("L", image.size, background), image.getchannel("A")))


def find_ink(grey: np.ndarray) -> np.ndarray:
    """Tell ink from background, whichever is darker; the background is what the border of the image shows.

    Args:
        grey: (height, width), uint8.

    Returns:
        (height, width), uint8: 0 is background, noise included, and 255 is the strongest ink.

    Raises:
        ImageError: There is less contrast than `MIN_CONTRAST`.
    """
    from scipy.stats import median_abs_deviation

    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    difference = grey.astype(np.float32) - np.median(border)
    contrast = np.abs(difference).max()
    if contrast < MIN_CONTRAST:
        raise ImageError(
            f"The image is blank: no pixel differs from the background by more than {contrast:.0f} of {WHITE} grey "
            f"levels; allowed: at least {MIN_CONTRAST}."
        )
    strength = np.maximum(difference if difference.max() == contrast else -difference, 0)
    # Where the background is noisy or shaded, half of the contrast still belongs to the ink.
    noise = min(NOISE_DEVIATIONS * median_abs_deviation(border, scale="normal"), contrast / 2)
    ink = np.maximum(strength - noise, 0)
    levels: np.ndarray = np.rint(ink * (WHITE / ink.max())).astype(np.uint8)
    return levels


def bounding_box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """The box around the strokes of a digit, specks left out.

    Args:
        ink: As `find_ink` returns it.

    Returns:
        Left, top, right and bottom in pixels, the last two exclusive.

    Raises:
        ImageError: The largest stroke is shorter than `MIN_STROKE`.
    """
    from scipy import ndimage

    strokes, _ = ndimage.label(ink > INK_THRESHOLD, structure=np.ones((3, 3)))
    pixels = np.bincount(strokes.ravel())[1:]
    boxes = ndimage.find_objects(strokes)
    longest = max(side.stop - side.start for side in boxes[int(np.argmax(pixels))])
    if longest < MIN_STROKE:
        raise ImageError(
            f"The image is blank but for specks: its largest stroke is {longest} pixels long; "
            f"allowed: at least {MIN_STROKE}."
        )
    rows, columns = zip(
        *(box for box, count in zip(boxes, pixels, strict=True) if count >= MIN_PART * pixels.max()), strict=True
    )
    return (
        min(side.start for side in columns),
        min(side.start for side in rows),
        max(side.stop for side in columns),
        max(side.stop for side in rows),
    )


def centre(digit: np.ndarray) -> np.ndarray:
    """Put a digit into MNIST's field so that its centre of mass is in the middle.

    Args:
        digit: (height, width), uint8, each at most 28 pixels.

    Returns:
        (28, 28), uint8. All of the digit is in it, even where that keeps the centre of mass from the middle.
    """
    from scipy import ndimage

    field = np.zeros((FIELD, FIELD), np.uint8)
    top, left = (
        min(max(round(FIELD / 2 - mass), 0), FIELD - size)
        for mass, size in zip(ndimage.center_of_mass(digit), digit.shape, strict=True)
    )
    field[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return field


def classify(digits: Mapping[str, np.ndarray], dataset: Dataset, **models: Model) -> pd.DataFrame:
    """Ask each network for the class of every image.

    Args:
        digits: By the image's name, as `read_digits` returns them.
        dataset: Its `class_names` are used.
        **models: Of each network, trained.

    Returns:
        A row for each image and network, by the images' names and in the order of the networks: `image`, `network`,
        `predicted` (the name of the class), `probability` (its), and the probability of each class, `p0`, `p1`, ...

    Raises:
        DataError: A network was trained on images of another size, or tells another number of classes apart.
    """
    images = normalize_images(np.array([*digits.values()], np.uint8))
    expected = image_shape(models)
    answers = []
    for network, model in models.items():
        shape = model.input_shape[1:]
        if np.prod(shape) != np.prod(expected):
            raise DataError(
                f"{network}.model takes images of {' x '.join(map(str, shape))} numbers; "
                f"expected {' x '.join(map(str, expected))}, as other networks take, or MNIST's are"
            )
        if model.output_shape[-1] != len(dataset.class_names):
            raise DataError(
                f"{network}.model tells {model.output_shape[-1]} classes apart, and dataset.class_names names "
                f"{len(dataset.class_names)}; expected the same number"
            )
        if digits:
            probabilities = model.predict(images.reshape(-1, *shape), batch_size=PREDICTION_BATCH, verbose=0)
            answers += [(image, network, row) for image, row in zip(digits, probabilities, strict=True)]
    return pd.DataFrame(
        [
            {
                "image": image,
                "network": network,
                "predicted": dataset.class_names[int(np.argmax(row))],
                "probability": row.max(),
                **{f"p{label}": probability for label, probability in enumerate(row)},
            }
            for image, network, row in sorted(answers, key=lambda answer: answer[0])
        ],
        columns=["image", "network", "predicted", "probability", *(f"p{i}" for i in range(len(dataset.class_names)))],
    )
