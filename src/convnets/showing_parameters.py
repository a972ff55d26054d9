"""The parameters of what is shown of trained networks: pictures, the user's own images, shifted and doubtful ones."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from convnets.harness.fields import (
    MAX_TEXT_CHARS,
    Block,
    Folder,
    Number,
    several,
    split_numbers,
    unique,
    whole,
)
from convnets.limits import MAX_IMAGES, MAX_LAYER_SIZE, MAX_PIXELS

MAX_DRAWN = 64  # images of a filter, filters, kernels, distances
MAX_KERNEL_VALUE = 1_000

ImageIndex = Annotated[int, whole(0, MAX_IMAGES - 1)]
FilterIndex = Annotated[int, whole(0, MAX_LAYER_SIZE - 1)]
Distance = Annotated[int, whole(0, MAX_PIXELS)]
# What MLflow takes for a parameter, and is no path.
KernelName = Annotated[str, Field(max_length=MAX_TEXT_CHARS, pattern=r"^[\w .:-]+$")]
KernelValue = Annotated[Number, Field(ge=-MAX_KERNEL_VALUE, le=MAX_KERNEL_VALUE)]
Row = tuple[KernelValue, KernelValue, KernelValue]
Kernel = tuple[Row, Row, Row]
Direction = Literal["right", "down right", "down", "down left", "left", "up left", "up", "up right"]


class Convolution(Block):
    """What the pictures of convolution show.

    Attributes:
        image: Which test image is followed through the layers, by its index.
        kernels: Kernels set by hand, by name; the first is shown step by step.
        filters: Which filters of each convolution layer are shown, by their index; a layer with fewer begins anew.
        images_of_a_filter: How many test images are shown that excite a filter most.
    """

    image: ImageIndex
    kernels: Annotated[
        dict[KernelName, Kernel],
        Field(
            min_length=1,
            max_length=MAX_DRAWN,
            description=f"1 to {MAX_DRAWN} tables of 3 x 3 numbers from {-MAX_KERNEL_VALUE} to "
            f"{MAX_KERNEL_VALUE}, named with letters, digits, spaces and any of . _ : -",
        ),
    ]
    filters: Annotated[
        tuple[FilterIndex, ...],
        BeforeValidator(split_numbers),
        several(1, MAX_DRAWN, f"whole numbers from 0 to {MAX_LAYER_SIZE - 1}"),
    ]
    images_of_a_filter: Annotated[int, whole(1, MAX_DRAWN)]


class Prediction(Block):
    """The user's own images, which the trained networks classify.

    Attributes:
        folder: Where the PNG and JPEG files are, relative to the project or absolute.
    """

    folder: Folder


class Translation(Block):
    """The study of shifted test images.

    Attributes:
        distances: How far the images are shifted, in pixels.
        image: Which test image is drawn as it moves, by its index.
        direction: In which direction it moves.
        images_of_a_training: How many of the first test images a study shifts for each of its trainings.
    """

    distances: Annotated[
        tuple[Distance, ...],
        BeforeValidator(split_numbers),
        AfterValidator(unique),
        several(1, MAX_DRAWN, f"whole numbers from 0 to {MAX_PIXELS}, each different"),
    ]
    image: ImageIndex
    direction: Direction
    images_of_a_training: Annotated[int, whole(1, MAX_IMAGES)]


def none_if_null(images: Any) -> Any:
    """Take `null` for an empty list."""
    return () if images is None else split_numbers(images)


class LabelErrors(Block):
    """The study of test images whose labels are in doubt.

    Source: C. G. Northcutt, A. Athalye and J. Mueller, "Pervasive Label Errors in Test Sets Destabilize Machine
    Learning Benchmarks", NeurIPS Track on Datasets and Benchmarks 2021.

    Attributes:
        images: Which, by their index; `null` and an empty list: none is known.
    """

    images: Annotated[
        tuple[ImageIndex, ...],
        BeforeValidator(none_if_null),
        AfterValidator(unique),
        Field(
            max_length=MAX_DRAWN,
            description=f"null or up to {MAX_DRAWN} whole numbers from 0 to {MAX_IMAGES - 1}, each different",
        ),
    ]
