"""The lecture's networks. Read them beside the slides "The network architecture" and "Instantiating a small convnet".

What is not in the lecture, as dropout or other padding, is left out of a network unless its parameters ask for it.
Each function returns a new, uncompiled Keras model. Its layers have the names that the lecture's summaries print.
"""

from functools import partial
from typing import Any

import keras
from keras import layers

from convnets.composite_layers import blur_pool2d, circular_padding2d, space_to_depth
from convnets.harness.messages import ParameterError
from convnets.layer_seeds import seed_weights
from convnets.network_parameters import Convolutional, FullyConnected, Network

HEADS = {  # what makes a vector of the last feature maps
    "flatten": partial(layers.Flatten, name="flatten"),
    "global_max": partial(layers.GlobalMaxPooling2D, name="global_max_pooling2d"),
    "global_average": partial(layers.GlobalAveragePooling2D, name="global_average_pooling2d"),
}


def build_network(network: Network, image_shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    """Build the network that the parameters describe.

    Args:
        network: Its architecture.
        image_shape: Of one image as the network takes it: (pixels,) or (height, width, channels).
        classes: How many classes it tells apart.
        seed: Of the initial weights: the same seed gives the same weights, whatever was built before.

    Returns:
        A model from float32 images of `image_shape` to `classes` probabilities.

    Raises:
        ParameterError: A window does not fit into its feature map, or a layer is not Keras's own.
    """
    parameters = network.root
    if isinstance(parameters, FullyConnected):
        model = build_fcn(parameters, image_shape, classes, seed)
    else:
        model = _build_fitting_cnn(parameters, image_shape, classes, seed)
    seed_weights(model, seed)
    return model


def _build_fitting_cnn(parameters: Convolutional, image_shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    height, width, _ = image_shape
    block_size = parameters.space_to_depth or 1
    if height % block_size or width % block_size:
        raise ParameterError(
            f"{parameters.name}.network.space_to_depth is {block_size}, and images are {height} x {width}; "
            "allowed: null or a divisor of their height and width"
        )
    try:
        return build_cnn(parameters, image_shape, classes, seed)
    except ValueError as error:
        first = f", after blocks of {block_size} x {block_size} became pixels" if parameters.space_to_depth else ""
        raise ParameterError(
            f"{parameters.name}.network has windows that do not fit images of {height} x {width}{first}: its "
            f"kernel_size is {parameters.kernel_size}, strides {parameters.strides}, pool_size "
            f"{parameters.pool_size or 'null'}; allowed: sizes that leave each layer at least one pixel"
        ) from error


def build_fcn(parameters: FullyConnected, image_shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    """Build the fully connected network: every output of a layer sees every input. Arguments as `build_network`."""
    initializer = glorot_uniform(seed)
    dropout = [layers.Dropout(parameters.dropout, name="dropout")] if parameters.dropout else []
    return keras.Sequential(
        [
            keras.Input(shape=image_shape, name="input_1"),
            layers.Dense(parameters.units, activation="relu", kernel_initializer=initializer, name="dense"),
            *dropout,
            layers.Dense(classes, activation="softmax", kernel_initializer=initializer, name="dense_1"),
        ],
        name=parameters.name,
    )


def build_cnn(parameters: Convolutional, image_shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    """Build the convnet: convolution layers, with pooling between them or none. Arguments as `build_network`."""
    initializer = glorot_uniform(seed)
    inputs = keras.Input(shape=image_shape, name="input_1")
    x = inputs
    if parameters.space_to_depth is not None:
        x = space_to_depth(x, parameters.space_to_depth, name="space_to_depth")
    for index, filters in enumerate(parameters.filters):
        if index > 0 and parameters.pool_size is not None:
            x = _pool(x, parameters, parameters.pool_size, index - 1)
        x = _convolve(x, parameters, filters, initializer, index)
    x = HEADS[parameters.head]()(x)
    for index, units in enumerate(parameters.hidden_units):
        x = layers.Dense(units, "relu", kernel_initializer=initializer, name=numbered("dense", index))(x)
        x = _drop(x, parameters.dropout, index)
    if not parameters.hidden_units:
        x = _drop(x, parameters.dropout, 0)
    last = numbered("dense", len(parameters.hidden_units))
    outputs = layers.Dense(classes, activation="softmax", kernel_initializer=initializer, name=last)(x)
    return keras.Model(inputs=inputs, outputs=outputs, name=parameters.name)


def _convolve(x: Any, parameters: Convolutional, filters: int, initializer: keras.Initializer, index: int) -> Any:
    """Convolution and relu; with batch normalization between them, whose offset takes the place of the bias."""
    padding = parameters.padding
    if padding == "circular":
        name = numbered("circular_padding2d", index)
        x = circular_padding2d(x, parameters.kernel_size, parameters.strides, name)
        padding = "valid"
    x = layers.Conv2D(
        filters=filters,
        kernel_size=parameters.kernel_size,
        strides=parameters.strides,
        padding=padding,
        activation=None if parameters.batch_normalization else "relu",
        use_bias=not parameters.batch_normalization,
        kernel_initializer=initializer,
        name=numbered("conv2d", index),
    )(x)
    if parameters.batch_normalization:
        x = layers.BatchNormalization(name=numbered("batch_normalization", index))(x)
        x = layers.Activation("relu", name=numbered("activation", index))(x)
    return x


def _pool(x: Any, parameters: Convolutional, pool_size: int, index: int) -> Any:
    if parameters.pooling == "blur":
        return blur_pool2d(x, pool_size, parameters.padding, name=numbered("blur_pool2d", index))
    if parameters.pooling == "average":
        return layers.AveragePooling2D(pool_size=pool_size, name=numbered("average_pooling2d", index))(x)
    return layers.MaxPooling2D(pool_size=pool_size, name=numbered("max_pooling2d", index))(x)


def _drop(x: Any, rate: float, index: int) -> Any:
    return layers.Dropout(rate, name=numbered("dropout", index))(x) if rate else x


def glorot_uniform(seed: int) -> keras.Initializer:
    """Keras's default initializer, with its own random generator.

    Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.
    """
    return keras.initializers.GlorotUniform(seed=keras.random.SeedGenerator(seed, name="initial_weights"))


def numbered(name: str, index: int) -> str:
    """The name that Keras gives to the layer of a kind with this index: `conv2d`, `conv2d_1`, ..."""
    return name if index == 0 else f"{name}_{index}"
