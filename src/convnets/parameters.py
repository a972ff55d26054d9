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

from convnets.errors import ParameterError, SettingError
from convnets.faults import Faults, either

NETWORKS = ("fcn", "cnn", "cnn_no_pool")  # in the order of tables, figures and colours
CONVNETS = ("cnn", "cnn_no_pool")  # those that have convolution layers
LARGEST_SEED = 2**32 - 1

COUNT_OR_NULL = "null or a whole number, 1 or more"
SUM = "null or 64 hexadecimal digits, in lower case"
SHORTEST_SILENCE = 10  # seconds: a process of a task needs some to start
SILENCE = f"a whole number of seconds, {SHORTEST_SILENCE} or more"
LARGEST_LAYER = 65_536  # units or filters: more would take memory, not learn


def _no_boolean(value: Any) -> Any:
    """Refuse what Python takes for 0 or 1."""
    if isinstance(value, bool):
        raise ValueError("a boolean is no number")
    return value


# The description of a type or a field says what is allowed: messages repeat it.
Number = Annotated[FiniteFloat, BeforeValidator(_no_boolean)]
Fraction = Annotated[Number, Field(ge=0, lt=1, description="a number from 0 to less than 1")]
Index = Annotated[int, BeforeValidator(_no_boolean), Field(ge=0, description="a whole number, 0 or more")]
Count = Annotated[int, BeforeValidator(_no_boolean), Field(ge=1, description="a whole number, 1 or more")]
Depth = Annotated[Count, Field(le=LARGEST_LAYER, description=f"a whole number from 1 to {LARGEST_LAYER}")]
Seed = Annotated[
    int,
    BeforeValidator(_no_boolean),
    Field(ge=0, le=LARGEST_SEED, description=f"a whole number from 0 to {LARGEST_SEED}"),
]
Text = Annotated[str, Field(min_length=1, description="a text of at least one character")]
Folder = Annotated[Text, Field(description="the path of a folder")]
Sum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
KernelName = Annotated[str, Field(pattern=r"^[\w .:-]+$")]  # what MLflow takes for a parameter, and is no path
Row = tuple[Number, Number, Number]
Kernel = tuple[Row, Row, Row]
Precision = Literal["auto", "float32", "mixed_bfloat16"]
Strategy = Literal["default", "mirrored"]
Direction = Literal["right", "down right", "down", "down left", "left", "up left", "up", "up right"]


def _split(value: Any) -> Any:
    """Take `16+32+64` for a list: a comma would end the parameter on Kedro's command line."""
    if isinstance(value, int):
        return [value]
    return value.split("+") if isinstance(value, str) else value


def _unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("a value is repeated")
    return values


Seeds = Annotated[
    tuple[Seed, ...],
    BeforeValidator(_split),
    AfterValidator(_unique),
    Field(min_length=2, description=f"two or more whole numbers from 0 to {LARGEST_SEED}, each different"),
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
        tuple[str, ...],
        BeforeValidator(_split),
        AfterValidator(_unique),
        Field(min_length=2, description="two or more names, each different"),
    ]
    train_samples: Count | None = Field(description=COUNT_OR_NULL)
    test_samples: Count | None = Field(description=COUNT_OR_NULL)


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
        BeforeValidator(_split),
        Field(min_length=1, description=f"one or more whole numbers from 1 to {LARGEST_LAYER}"),
    ]
    kernel_size: Count
    strides: Count
    padding: Literal["valid", "same"]
    pool_size: Count | None = Field(description=COUNT_OR_NULL)


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

    epochs: Count
    batch_size: Count
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

    image: Index
    kernels: Annotated[
        dict[KernelName, Kernel],
        Field(
            min_length=1,
            description="one or more tables of 3 x 3 numbers, named with letters, digits, spaces and any of . _ : -",
        ),
    ]
    filters: Annotated[
        tuple[Index, ...],
        BeforeValidator(_split),
        Field(min_length=1, description="one or more whole numbers, 0 or more each"),
    ]
    images_of_a_filter: Count


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
        tuple[Index, ...],
        BeforeValidator(_split),
        AfterValidator(_unique),
        Field(min_length=1, description="one or more whole numbers, 0 or more each, each different"),
    ]
    image: Index
    direction: Direction


class SampleSize(_Parameters):
    """The study of networks that are trained on few images.

    Attributes:
        samples: How many training images the networks learn from.
        seeds: Each draws other images and other initial weights.
        images_per_epoch: A smaller training set is shown several times an epoch, until it is as many images as these.
    """

    samples: Annotated[
        tuple[Count, ...],
        BeforeValidator(_split),
        AfterValidator(_unique),
        Field(min_length=1, description="one or more whole numbers, 1 or more each, each different"),
    ]
    seeds: Seeds
    images_per_epoch: Count


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

    scheduler: Annotated[str, Field(pattern=r"^(tcp|tls)://[^/\s]+:\d+$")] | None = Field(
        description="null or the address of a Dask scheduler, as tcp://127.0.0.1:8786"
    )
    workers: Count
    retries: Index
    silence_seconds: Annotated[Count, Field(ge=SHORTEST_SILENCE, description=SILENCE)]


class _Root(_Parameters):
    seed: Seed
    precision: Precision
    steps_per_execution: Count
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

    uri: Text
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
