"""Every parameter, typed, and checked before the first node runs.

The values stand in `conf/base/parameters.yml`; an environment or `--params` replaces some of them.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    RootModel,
    ValidationError,
    create_model,
    model_validator,
)

from convnets.errors import ParameterError, unknown

NETWORKS = ("fcn", "cnn", "cnn_no_pool")  # in the order of tables, figures and colours
CONVNETS = ("cnn", "cnn_no_pool")  # those that have convolution layers
LARGEST_SEED = 2**32 - 1

Fraction = Annotated[float, Field(ge=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
KernelName = Annotated[str, Field(pattern=r"^[\w .:-]+$")]  # what MLflow takes for a parameter, and is no path
Row = tuple[float, float, float]
Kernel = tuple[Row, Row, Row]
Precision = Literal["auto", "float32", "mixed_bfloat16"]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]


def _split(value: Any) -> Any:
    """Take `16+32+64` for a list: a comma would end the parameter on Kedro's command line."""
    if isinstance(value, int):
        return [value]
    return value.split("+") if isinstance(value, str) else value


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"each must differ from the others, found {', '.join(repeated)} more than once")
    return names


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

    name: Annotated[str, Field(min_length=1)]
    folder: Annotated[str, Field(min_length=1)]
    class_names: Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_unique), Field(min_length=2)]
    train_samples: PositiveInt | None
    test_samples: PositiveInt | None


class FullyConnected(_Parameters):
    """The lecture's fully connected network.

    Attributes:
        name: What Keras, figures and tables call the network.
        architecture: `fully_connected`.
        units: Outputs of the hidden layer.
    """

    name: str
    architecture: Literal["fully_connected"]
    units: PositiveInt


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

    name: str
    architecture: Literal["convolutional"]
    filters: Annotated[tuple[PositiveInt, ...], BeforeValidator(_split), Field(min_length=1)]
    kernel_size: PositiveInt
    strides: PositiveInt
    padding: Literal["valid", "same"]
    pool_size: PositiveInt | None


ARCHITECTURES = {"fully_connected": FullyConnected, "convolutional": Convolutional}


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

    epochs: PositiveInt
    batch_size: PositiveInt
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

    lecture_accuracy: Probability | None
    network: Network
    training: Training


class Convolution(_Parameters):
    """What the pictures of convolution show.

    Attributes:
        image: Which test image is followed through the layers, by its index.
        kernels: Kernels set by hand, by name; the first is shown step by step.
        filters: Which filters of each convolution layer are shown, by their index; a layer with fewer begins anew.
        images_of_a_filter: How many test images are shown that excite a filter most.
    """

    image: NonNegativeInt
    kernels: Annotated[dict[KernelName, Kernel], Field(min_length=1)]
    filters: Annotated[tuple[NonNegativeInt, ...], BeforeValidator(_split), Field(min_length=1)]
    images_of_a_filter: PositiveInt


class Prediction(_Parameters):
    """The user's own images, which the trained networks classify.

    Attributes:
        folder: Where the PNG and JPEG files are, relative to the project or absolute.
    """

    folder: Annotated[str, Field(min_length=1)]


class _Root(_Parameters):
    seed: Seed
    precision: Precision
    steps_per_execution: PositiveInt
    dataset: Dataset
    convolution: Convolution
    prediction: Prediction

    @model_validator(mode="after")
    def _each_network_bears_its_name(self) -> Self:
        for name in NETWORKS:
            found = getattr(self, name).network.root.name
            if found != name:
                raise ValueError(f"{name}.network.name is {found!r}, allowed: {name!r}")
        return self


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
        raise ParameterError("\n".join(_sentence(detail) for detail in error.errors())) from error


def _sentence(detail: Any) -> str:
    location = [str(part) for part in detail["loc"] if part not in ARCHITECTURES]
    name, found, context = ".".join(location), detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            prefix = "".join(f"{part}." for part in location[:-1])
            return unknown("parameter", location[-1], _names_beside(detail["loc"]), prefix)
        case "missing":
            return f"The parameter {name} is missing."
        case "union_tag_invalid":
            return f"{name}.architecture is {context['tag']!r}; allowed: {context['expected_tags']}."
        case "value_error" if not location:
            return f"{context['error']}."
        case _:
            return f"{name} is {found!r}; allowed: {detail['msg'].removeprefix('Input should be ').lower()}."


def _names_beside(location: tuple[str, ...]) -> Iterable[str]:
    """The names that may stand in the block in which pydantic's `location` ends."""
    block: Any = ProjectParameters
    for part in location[:-1]:
        block = ARCHITECTURES[part] if part in ARCHITECTURES else block.model_fields[part].annotation
    names: Iterable[str] = block.model_fields
    return names
