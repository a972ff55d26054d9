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
    RootModel,
    ValidationError,
    model_validator,
)

from convnets.harness.dask.settings import Dask
from convnets.harness.fields import (
    MAX_TEXT_CHARS,
    Block,
    Folder,
    Fraction,
    Number,
    Seed,
    Text,
    or_null,
    several,
    split,
    split_numbers,
    unique,
    whole,
)
from convnets.harness.messages import ParameterError, SettingError
from convnets.harness.validation import Faults, either
from convnets.limits import (
    MAX_BATCH_SIZE,
    MAX_CLASSES,
    MAX_EPOCHS,
    MAX_IMAGES,
    MAX_LAYER_SIZE,
    MAX_LAYERS,
    MAX_PIXELS,
    MAX_STEPS_PER_EXECUTION,
    Depth,
    Images,
    Pixels,
)
from convnets.study_parameters import Convolution, Prediction, SampleSize, SeedStudy, Translation

CONVNETS = ("cnn", "cnn_no_pool")  # those that have convolution layers

SUM = "null or 64 hexadecimal digits, in lower case"
Sum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Precision = Literal["auto", "float32", "mixed_bfloat16"]
Strategy = Literal["default", "mirrored"]


class Dataset(Block):
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
        BeforeValidator(split),
        AfterValidator(unique),
        several(2, MAX_CLASSES, f"names, each different and of 1 to {MAX_TEXT_CHARS} characters"),
    ]
    train_samples: Images | None = or_null(MAX_IMAGES)
    test_samples: Images | None = or_null(MAX_IMAGES)


class FullyConnected(Block):
    """The lecture's fully connected network.

    Attributes:
        name: What Keras, figures and tables call the network.
        architecture: `fully_connected`.
        units: Outputs of the hidden layer.
    """

    name: Text
    architecture: Literal["fully_connected"]
    units: Depth


class Convolutional(Block):
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
        BeforeValidator(split_numbers),
        several(1, MAX_LAYERS, f"whole numbers from 1 to {MAX_LAYER_SIZE}"),
    ]
    kernel_size: Pixels
    strides: Pixels
    padding: Literal["valid", "same"]
    pool_size: Pixels | None = or_null(MAX_PIXELS)


ARCHITECTURES: dict[str, type[BaseModel]] = {"fully_connected": FullyConnected, "convolutional": Convolutional}


class Network(RootModel[Annotated[FullyConnected | Convolutional, Field(discriminator="architecture")]]):
    """The parameters of a network's architecture."""

    model_config = ConfigDict(frozen=True)


class Training(Block):
    """How a network is trained.

    Attributes:
        epochs: How often each training image is seen.
        batch_size: Images per gradient step.
        optimizer: By Keras's name, with Keras's defaults.
        loss: By Keras's name.
        validation_split: The share of the training images, the last ones, that is held back to validate each epoch.
    """

    epochs: Annotated[int, whole(1, MAX_EPOCHS)]
    batch_size: Annotated[int, whole(1, MAX_BATCH_SIZE)]
    optimizer: Literal["rmsprop", "adam", "sgd"]
    loss: Literal["sparse_categorical_crossentropy"]
    validation_split: Fraction


class Classifier(Block):
    """A network, how it is trained, and what the lecture reports of it.

    Attributes:
        lecture_accuracy: The test accuracy on the lecture's slides; `None`: not reported.
        network: Its architecture.
        training: How it is trained.
    """

    lecture_accuracy: Annotated[Number, Field(ge=0, le=1)] | None = Field(description="null or a number from 0 to 1")
    network: Network = Field(description=f"a block with architecture, {either(ARCHITECTURES)}, and what it needs")
    training: Training


class ProjectParameters(Block):
    """The whole of `parameters.yml`: what all networks share, and a block for each network.

    Attributes:
        seed: Of the initial weights and of the order of the images.
        precision: Of training; `auto`: bfloat16 where the machine is built for it.
        steps_per_execution: Gradient steps that TensorFlow takes at a time.
        strategy: Of TensorFlow's distribution: `mirrored` shares each batch between all GPUs.
        dataset: What the networks learn.
        fcn: The fully connected network.
        cnn: The convnet.
        cnn_no_pool: The convnet without max pooling.
        convolution: What the pictures of convolution show.
        prediction: The user's own images.
        translation: The study of shifted images.
        sample_size: The study of few images.
        seeds: The study of seeds.
        dask: Where `DaskRunner` has namespaces run.
    """

    seed: Seed
    precision: Precision
    steps_per_execution: Annotated[int, whole(1, MAX_STEPS_PER_EXECUTION)]
    strategy: Strategy
    dataset: Dataset
    fcn: Classifier
    cnn: Classifier
    cnn_no_pool: Classifier
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


NETWORKS = tuple(name for name, field in ProjectParameters.model_fields.items() if field.annotation is Classifier)
"""The names of the networks, in the order of tables, figures and colours."""


class Sums(Block):
    """What the SHA-256 of each raw file must be; `None`: anything."""

    train_images: Sum | None = Field(description=SUM)
    train_labels: Sum | None = Field(description=SUM)
    test_images: Sum | None = Field(description=SUM)
    test_labels: Sum | None = Field(description=SUM)


class Globals(Block):
    """What `globals.yml` says: where the data is, and where results go."""

    folder: Folder
    images: Folder
    outputs: Folder
    sha256: Sums


def check_parameters(values: dict[str, Any]) -> ProjectParameters:
    """Check the values of all parameters.

    Args:
        values: What configuration and command line say, nested as in `parameters.yml`.

    Returns:
        The parameters, typed.

    Raises:
        ParameterError: One or more are unknown, missing, of the wrong type or out of range. The message has one
            sentence for each, with the parameter's name, what was found and what is allowed.
    """
    try:
        return ProjectParameters.model_validate(values)
    except ValidationError as error:
        raise ParameterError("\n".join(Faults(ProjectParameters, "parameter", ARCHITECTURES).of(error))) from error


def check_globals(values: dict[str, Any]) -> None:
    """Check what `globals.yml` says.

    Raises:
        SettingError: See `check_parameters`; the message names the file, too.
    """
    try:
        Globals.model_validate(values)
    except ValidationError as error:
        sentences = [f"globals.yml: {sentence}" for sentence in Faults(Globals, "setting", {}).of(error)]
        raise SettingError("\n".join(sentences)) from error
