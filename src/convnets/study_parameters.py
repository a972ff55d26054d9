"""The parameters of all that goes beyond the three networks: the pictures, the user's own images, and the studies."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from convnets.harness.fields import (
    MAX_SEED,
    MAX_TEXT_CHARS,
    Block,
    Folder,
    Number,
    Seed,
    several,
    split_numbers,
    unique,
    whole,
)
from convnets.limits import MAX_IMAGES, MAX_LAYER_SIZE, MAX_PIXELS, Images

MAX_IMAGES_PER_EPOCH = 200_000
MAX_DRAWN = 64  # images of a filter, filters, kernels, distances
MAX_SAMPLE_SIZES = 20
MAX_SEEDS = 50
MAX_KERNEL_VALUE = 1_000

ImagesPerEpoch = Annotated[int, whole(1, MAX_IMAGES_PER_EPOCH)]
ImageIndex = Annotated[int, whole(0, MAX_IMAGES - 1)]
FilterIndex = Annotated[int, whole(0, MAX_LAYER_SIZE - 1)]
Distance = Annotated[int, whole(0, MAX_PIXELS)]
# What MLflow takes for a parameter, and is no path.
KernelName = Annotated[str, Field(max_length=MAX_TEXT_CHARS, pattern=r"^[\w .:-]+$")]
KernelValue = Annotated[Number, Field(ge=-MAX_KERNEL_VALUE, le=MAX_KERNEL_VALUE)]
Row = tuple[KernelValue, KernelValue, KernelValue]
Kernel = tuple[Row, Row, Row]
Direction = Literal["right", "down right", "down", "down left", "left", "up left", "up", "up right"]
Seeds = Annotated[
    tuple[Seed, ...],
    BeforeValidator(split_numbers),
    AfterValidator(unique),
    several(2, MAX_SEEDS, f"whole numbers from 0 to {MAX_SEED}, each different"),
]


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
    """

    distances: Annotated[
        tuple[Distance, ...],
        BeforeValidator(split_numbers),
        AfterValidator(unique),
        several(1, MAX_DRAWN, f"whole numbers from 0 to {MAX_PIXELS}, each different"),
    ]
    image: ImageIndex
    direction: Direction


class SampleSize(Block):
    """The study of networks that are trained on few images.

    Attributes:
        samples: How many training images the networks learn from.
        seeds: Each draws other images and other initial weights.
        images_per_epoch: A smaller training set is shown several times an epoch, until it is as many images as these.
    """

    samples: Annotated[
        tuple[Images, ...],
        BeforeValidator(split_numbers),
        AfterValidator(unique),
        several(1, MAX_SAMPLE_SIZES, f"whole numbers from 1 to {MAX_IMAGES}, each different"),
    ]
    seeds: Seeds
    images_per_epoch: ImagesPerEpoch


class SeedStudy(Block):
    """The study of trainings that differ in nothing but their seed.

    Attributes:
        seeds: Of the initial weights and of the order of the images.
    """

    seeds: Seeds
