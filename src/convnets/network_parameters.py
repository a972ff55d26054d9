"""The parameters of a network's architecture."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from convnets.harness.fields import Block, Fraction, Text, or_null, several, split_numbers
from convnets.limits import MAX_LAYER_SIZE, MAX_LAYERS, MAX_PIXELS, Depth, Pixels

Flag = Annotated[bool, Field(strict=True, description="true or false")]


class FullyConnected(Block):
    """The lecture's fully connected network; what has a default is not in the lecture.

    Attributes:
        name: What Keras, figures and tables call the network.
        architecture: `fully_connected`.
        units: Outputs of the hidden layer.
        dropout: The share of these that is dropped at random in each step of training.
    """

    name: Text
    architecture: Literal["fully_connected"]
    units: Depth
    dropout: Fraction = 0


class Convolutional(Block):
    """The lecture's convnet, with max pooling or without; what has a default is not in the lecture.

    Attributes:
        name: What Keras, figures and tables call the network.
        architecture: `convolutional`.
        filters: Depth of the output feature map of each convolution layer, first to last.
        kernel_size: Height and width of the patches, in pixels.
        strides: Step from one patch to the next, in pixels.
        padding: `valid` keeps to patches inside the image, `same` pads with zeros, `circular` with the opposite edge.
        pool_size: Height and width of the pooling windows between two convolution layers; `None`: no pooling.
        pooling: `max`, `average`, or `blur`: the maximum, then a filter against aliasing.
        head: What the last feature maps become: all of their pixels (`flatten`), or of each map its maximum
            (`global_max`) or its mean (`global_average`).
        hidden_units: Outputs of each dense layer between that and the layer that tells the classes apart.
        dropout: The share of the outputs of each hidden dense layer that is dropped at random in each step of
            training; without such layers, of the inputs of the layer that tells the classes apart.
        batch_normalization: Whether each convolution layer normalizes its outputs before its relu.
        space_to_depth: Height and width, in pixels, of the blocks that first become the channels of one pixel each;
            `None`: none do.
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
    padding: Literal["valid", "same", "circular"]
    pool_size: Pixels | None = or_null(MAX_PIXELS)
    pooling: Annotated[
        Literal["max", "average", "blur"], Field(description="max, average or blur; for no pooling, pool_size: null")
    ] = "max"
    head: Literal["flatten", "global_max", "global_average"] = "flatten"
    hidden_units: Annotated[
        tuple[Depth, ...],
        BeforeValidator(split_numbers),
        several(0, MAX_LAYERS, f"whole numbers from 1 to {MAX_LAYER_SIZE}"),
    ] = ()
    dropout: Fraction = 0
    batch_normalization: Flag = False
    space_to_depth: Annotated[Pixels | None, or_null(MAX_PIXELS)] = None


ARCHITECTURES: dict[str, type[BaseModel]] = {"fully_connected": FullyConnected, "convolutional": Convolutional}


class Network(RootModel[Annotated[FullyConnected | Convolutional, Field(discriminator="architecture")]]):
    """The parameters of a network's architecture."""

    model_config = ConfigDict(frozen=True)
