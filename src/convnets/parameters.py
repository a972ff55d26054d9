"""Every parameter, typed, and checked before the first node runs.

The values stand in `conf/base/parameters.yml`; an environment or `--params` replaces some of them.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    RootModel,
    ValidationError,
    create_model,
    model_validator,
)

from convnets.harness.messages import ParameterError, SettingError
from convnets.harness.validation import Faults, either

NETWORKS = ("fcn", "cnn", "cnn_no_pool")  # in the order of tables, figures and colours
CONVNETS = ("cnn", "cnn_no_pool")  # those that have convolution layers
LARGEST_SEED = 2**32 - 1

SUM = "null or 64 hexadecimal digits, in lower case"
SHORTEST_SILENCE, MAX_SILENCE = 10, 86_400  # seconds: a process of a task needs some to start
# More would take memory or days, and teach nothing.
LARGEST_LAYER = 65_536  # units or filters
MAX_IMAGES = 10_000_000  # of a data set
MAX_IMAGES_PER_EPOCH = 200_000
MAX_CLASSES = 256  # labels are bytes
MAX_EPOCHS = 10_000
MAX_BATCH_SIZE = 65_536
MAX_STEPS_PER_EXECUTION = 10_000
MAX_PIXELS = 1_024  # of a window's side, or of a shift
MAX_LAYERS = 32  # of convolution
MAX_DRAWN = 64  # images of a filter, filters, kernels, distances
MAX_SAMPLE_SIZES = 20
MAX_SEEDS = 50
MAX_WORKERS = 64
MAX_RETRIES = 100
MAX_TEXT_CHARS = 200
MAX_PATH_CHARS = 1_000
LARGEST_KERNEL_VALUE = 1_000

NO_CONTROL_CHARACTER = r"^\P{Cc}*$"  # a line feed, say: it would break a message, and NUL a path


def _split(value: Any) -> Any:
    """Take `16+32+64` for a list: a comma would end the parameter on Kedro's command line."""
    if isinstance(value, int):
        return [value]
    return value.split("+") if isinstance(value, str) else value


def _split_numbers(value: Any) -> Any:
    """The same of numbers, for which YAML takes only one that stands alone."""
    if isinstance(value, str):
        return [int(part) if part.isascii() and part.isdecimal() else part for part in value.split("+")]
    return _split(value)


def _unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("a value is repeated")
    return values


# The description of a type or a field says what is allowed: messages repeat it.
def _whole(least: int, most: int) -> Any:
    """Of a whole number; 4.0, '4' and true are none."""
    return Field(strict=True, ge=least, le=most, description=f"a whole number from {least} to {most}")


def _or_null(most: int) -> Any:
    return Field(description=f"null or a whole number from 1 to {most}")


def _several(least: int, most: int, of: str) -> Any:
    return Field(min_length=least, max_length=most, description=f"{least} to {most} {of}")


Number = Annotated[FiniteFloat, Field(strict=True)]
Fraction = Annotated[Number, Field(ge=0, lt=1, description="a number from 0 to less than 1")]
Seed = Annotated[int, _whole(0, LARGEST_SEED)]
Depth = Annotated[int, _whole(1, LARGEST_LAYER)]
Pixels = Annotated[int, _whole(1, MAX_PIXELS)]
Images = Annotated[int, _whole(1, MAX_IMAGES)]
ImagesPerEpoch = Annotated[int, _whole(1, MAX_IMAGES_PER_EPOCH)]
ImageIndex = Annotated[int, _whole(0, MAX_IMAGES - 1)]
FilterIndex = Annotated[int, _whole(0, LARGEST_LAYER - 1)]
Distance = Annotated[int, _whole(0, MAX_PIXELS)]
Text = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TEXT_CHARS,
        pattern=NO_CONTROL_CHARACTER,
        description=f"a text of 1 to {MAX_TEXT_CHARS} characters, none of them a control character",
    ),
]
Address = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_PATH_CHARS,
        pattern=NO_CONTROL_CHARACTER,
        description=f"an address of 1 to {MAX_PATH_CHARS} characters, none of them a control character",
    ),
]
Folder = Annotated[
    Address,
    Field(description=f"the path of a folder, of 1 to {MAX_PATH_CHARS} characters, none of them a control character"),
]
Sum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# What MLflow takes for a parameter, and is no path.
KernelName = Annotated[str, Field(max_length=MAX_TEXT_CHARS, pattern=r"^[\w .:-]+$")]
KernelValue = Annotated[Number, Field(ge=-LARGEST_KERNEL_VALUE, le=LARGEST_KERNEL_VALUE)]
Row = tuple[KernelValue, KernelValue, KernelValue]
Kernel = tuple[Row, Row, Row]
Precision = Literal["auto", "float32", "mixed_bfloat16"]
Strategy = Literal["default", "mirrored"]
Direction = Literal["right", "down right", "down", "down left", "left", "up left", "up", "up right"]
Seeds = Annotated[
    tuple[Seed, ...],
    BeforeValidator(_split_numbers),
    AfterValidator(_unique),
    _several(2, MAX_SEEDS, f"whole numbers from 0 to {LARGEST_SEED}, each different"),
]


class _Parameters(BaseModel):
    """A block of parameters: it cannot be changed, and has no name that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dataset(_Parameters):
    """What the networks learn: a data set of four IDX files.

    Attributes:
        name: What figures and tables call it.
        folder: Where the four files are, relative to the project or absolute.
        class_names: The name of each class, in the order of the labels.
        train_samples: How many of the first training images are used; `None`: all.
        test_samples: How many of the first test images are used; `None`: all.
    """

    name: Text
    folder: Folder
    class_names: Annotated[
        tuple[Text, ...],
        BeforeValidator(_split),
        AfterValidator(_unique),
        _several(2, MAX_CLASSES, f"names, each different and of 1 to {MAX_TEXT_CHARS} characters"),
    ]
    train_samples: Images | None = _or_null(MAX_IMAGES)
    test_samples: Images | None = _or_null(MAX_IMAGES)


class FullyConnected(_Parameters):
    """The lecture's fully connected network.

    Attributes:
        name: What Keras, figures and tables call the network.
        architecture: `fully_connected`.
        units: Outputs of the hidden layer.
    """

    name: Text
    architecture: Literal["fully_connected"]
    units: Depth


class Convolutional(_Parameters):
    """The lecture's convnet, with max pooling or without.

    Attributes:
        name: What Keras, figures and tables call the network.
        architecture: `convolutional`.
        filters: Depth of the output feature map of each convolution layer, first to last.
        kernel_size: Height and width of the patches, in pixels.
        strides: Step from one patch to the next, in pixels.
        padding: `valid` keeps to patches inside the image, `same` pads with zeros.
        pool_size: Height and width of the max-pooling windows between two convolution layers; `None`: no pooling.
    """

    name: Text
    architecture: Literal["convolutional"]
    filters: Annotated[
        tuple[Depth, ...],
        BeforeValidator(_split_numbers),
        _several(1, MAX_LAYERS, f"whole numbers from 1 to {LARGEST_LAYER}"),
    ]
    kernel_size: Pixels
    strides: Pixels
    padding: Literal["valid", "same"]
    pool_size: Pixels | None = _or_null(MAX_PIXELS)


ARCHITECTURES: dict[str, type[BaseModel]] = {"fully_connected": FullyConnected, "convolutional": Convolutional}


class Network(RootModel[Annotated[FullyConnected | Convolutional, Field(discriminator="architecture")]]):
    """The parameters of a network's architecture."""

    model_config = ConfigDict(frozen=True)


class Training(_Parameters):
    """How a network is trained.

    Attributes:
        epochs: How often each training image is seen.
        batch_size: Images per gradient step.
        optimizer: By Keras's name, with Keras's defaults.
        loss: By Keras's name.
        validation_split: The share of the training images, the last ones, that is held back to validate each epoch.
    """

    epochs: Annotated[int, _whole(1, MAX_EPOCHS)]
    batch_size: Annotated[int, _whole(1, MAX_BATCH_SIZE)]
    optimizer: Literal["rmsprop", "adam", "sgd"]
    loss: Literal["sparse_categorical_crossentropy"]
    validation_split: Fraction


class Classifier(_Parameters):
    """A network, how it is trained, and what the lecture reports of it.

    Attributes:
        lecture_accuracy: The test accuracy on the lecture's slides; `None`: not reported.
        network: Its architecture.
        training: How it is trained.
    """

    lecture_accuracy: Annotated[Number, Field(ge=0, le=1)] | None = Field(description="null or a number from 0 to 1")
    network: Network = Field(description=f"a block with architecture, {either(ARCHITECTURES)}, and what it needs")
    training: Training


class Convolution(_Parameters):
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
            description=f"1 to {MAX_DRAWN} tables of 3 x 3 numbers from {-LARGEST_KERNEL_VALUE} to "
            f"{LARGEST_KERNEL_VALUE}, named with letters, digits, spaces and any of . _ : -",
        ),
    ]
    filters: Annotated[
        tuple[FilterIndex, ...],
        BeforeValidator(_split_numbers),
        _several(1, MAX_DRAWN, f"whole numbers from 0 to {LARGEST_LAYER - 1}"),
    ]
    images_of_a_filter: Annotated[int, _whole(1, MAX_DRAWN)]


class Prediction(_Parameters):
    """The user's own images, which the trained networks classify.

    Attributes:
        folder: Where the PNG and JPEG files are, relative to the project or absolute.
    """

    folder: Folder


class Translation(_Parameters):
    """The study of shifted test images.

    Attributes:
        distances: How far the images are shifted, in pixels.
        image: Which test image is drawn as it moves, by its index.
        direction: In which direction it moves.
    """

    distances: Annotated[
        tuple[Distance, ...],
        BeforeValidator(_split_numbers),
        AfterValidator(_unique),
        _several(1, MAX_DRAWN, f"whole numbers from 0 to {MAX_PIXELS}, each different"),
    ]
    image: ImageIndex
    direction: Direction


class SampleSize(_Parameters):
    """The study of networks that are trained on few images.

    Attributes:
        samples: How many training images the networks learn from.
        seeds: Each draws other images and other initial weights.
        images_per_epoch: A smaller training set is shown several times an epoch, until it is as many images as these.
    """

    samples: Annotated[
        tuple[Images, ...],
        BeforeValidator(_split_numbers),
        AfterValidator(_unique),
        _several(1, MAX_SAMPLE_SIZES, f"whole numbers from 1 to {MAX_IMAGES}, each different"),
    ]
    seeds: Seeds
    images_per_epoch: ImagesPerEpoch


class SeedStudy(_Parameters):
    """The study of trainings that differ in nothing but their seed.

    Attributes:
        seeds: Of the initial weights and of the order of the images.
    """

    seeds: Seeds


class Dask(_Parameters):
    """Where `DaskRunner` has namespaces run.

    Attributes:
        scheduler: The address of a Dask scheduler; `None`: workers are started on this machine.
        workers: How many are started there.
        retries: How often a namespace that fails is tried again.
        silence_seconds: How long its process may give no sign of life before it is killed, and counts as failed.
    """

    scheduler: Annotated[str, Field(max_length=MAX_PATH_CHARS, pattern=r"^(tcp|tls)://[^/\s]+:\d{1,5}$")] | None = (
        Field(description="null or the address of a Dask scheduler, as tcp://127.0.0.1:8786")
    )
    workers: Annotated[int, _whole(1, MAX_WORKERS)]
    retries: Annotated[int, _whole(0, MAX_RETRIES)]
    silence_seconds: Annotated[int, _whole(SHORTEST_SILENCE, MAX_SILENCE)]


class _Root(_Parameters):
    seed: Seed
    precision: Precision
    steps_per_execution: Annotated[int, _whole(1, MAX_STEPS_PER_EXECUTION)]
    strategy: Strategy
    dataset: Dataset
    convolution: Convolution
    prediction: Prediction
    translation: Translation
    sample_size: SampleSize
    seeds: SeedStudy
    dask: Dask

    @model_validator(mode="after")
    def _each_network_bears_its_name(self) -> Self:
        for name in NETWORKS:
            found = getattr(self, name).network.root.name
            if found != name:
                raise ValueError(f"{name}.network.name is {found!r}; allowed: {name}")
        return self


class Sums(_Parameters):
    """What the SHA-256 of each raw file must be; `None`: anything."""

    train_images: Sum | None = Field(description=SUM)
    train_labels: Sum | None = Field(description=SUM)
    test_images: Sum | None = Field(description=SUM)
    test_labels: Sum | None = Field(description=SUM)


class Globals(_Parameters):
    """What `globals.yml` says: where the data is, and where results go."""

    folder: Folder
    images: Folder
    outputs: Folder
    sha256: Sums


class Tracking(_Parameters):
    """What `tracking.yml` says: where runs are recorded."""

    uri: Address
    artifacts: Folder
    experiment: Text


_networks: dict[str, Any] = dict.fromkeys(NETWORKS, (Classifier, ...))
ProjectParameters = create_model("ProjectParameters", __base__=_Root, **_networks)
"""The whole of `parameters.yml`: what all networks share, and a block for each of `NETWORKS`."""


def check_parameters(values: dict[str, Any]) -> BaseModel:
    """Check the values of all parameters.

    Args:
        values: What configuration and command line say, nested as in `parameters.yml`.

    Returns:
        A `ProjectParameters`.

    Raises:
        ParameterError: One or more are unknown, missing, of the wrong type or out of range. The message has one
            sentence for each, with the parameter's name, what was found and what is allowed.
    """
    try:
        return ProjectParameters.model_validate(values)
    except ValidationError as error:
        raise ParameterError("\n".join(Faults(ProjectParameters, "parameter", ARCHITECTURES).of(error))) from error


def check_settings(tracking: dict[str, Any], global_values: dict[str, Any]) -> None:
    """Check what the configuration says beside the parameters.

    Args:
        tracking: As in `tracking.yml`.
        global_values: As in `globals.yml`.

    Raises:
        SettingError: As of `check_parameters`; the message names the file, too.
    """
    for file, model, values in (("globals.yml", Globals, global_values), ("tracking.yml", Tracking, tracking)):
        try:
            model.model_validate(values)
        except ValidationError as error:
            sentences = [f"{file}: {sentence}" for sentence in Faults(model, "setting", {}).of(error)]
            raise SettingError("\n".join(sentences)) from error
