"""The lecture's networks. Read them beside the slides "The network architecture" and "Instantiating a small convnet".

Each function returns a new, uncompiled Keras model. Its layers have the names that the lecture's summaries print.
"""

import keras
from keras import layers

from convnets.harness.messages import ParameterError
from convnets.parameters import Convolutional, FullyConnected, Network


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
        ParameterError: A window does not fit into its feature map.
    """
    parameters = network.root
    if isinstance(parameters, FullyConnected):
        return build_fcn(parameters, image_shape, classes, seed)
    try:
        return build_cnn(parameters, image_shape, classes, seed)
    except ValueError as error:
        height, width, _ = image_shape
        raise ParameterError(
            f"{parameters.name}.network has windows that do not fit images of {height} x {width}: its kernel_size is "
            f"{parameters.kernel_size}, strides {parameters.strides}, pool_size {parameters.pool_size or 'null'}; "
            "allowed: sizes that leave each layer at least one pixel"
        ) from error


def build_fcn(parameters: FullyConnected, image_shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    """Build the fully connected network: every output of a layer sees every input. Arguments as `build_network`."""
    initializer = glorot_uniform(seed)
    return keras.Sequential(
        [
            keras.Input(shape=image_shape, name="input_1"),
            layers.Dense(parameters.units, activation="relu", kernel_initializer=initializer, name="dense"),
            layers.Dense(classes, activation="softmax", kernel_initializer=initializer, name="dense_1"),
        ],
        name=parameters.name,
    )


def build_cnn(parameters: Convolutional, image_shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    """Build the convnet: convolution layers, with max pooling between them or none. Arguments as `build_network`."""
    initializer = glorot_uniform(seed)
    inputs = keras.Input(shape=image_shape, name="input_1")
    x = inputs
    for index, filters in enumerate(parameters.filters):
        if index > 0 and parameters.pool_size is not None:
            x = layers.MaxPooling2D(pool_size=parameters.pool_size, name=numbered("max_pooling2d", index - 1))(x)
        x = layers.Conv2D(
            filters=filters,
            kernel_size=parameters.kernel_size,
            strides=parameters.strides,
            padding=parameters.padding,
            activation="relu",
            kernel_initializer=initializer,
            name=numbered("conv2d", index),
        )(x)
    x = layers.Flatten(name="flatten")(x)
    outputs = layers.Dense(classes, activation="softmax", kernel_initializer=initializer, name="dense")(x)
    return keras.Model(inputs=inputs, outputs=outputs, name=parameters.name)


def glorot_uniform(seed: int) -> keras.Initializer:
    """Keras's default initializer, with its own random generator.

    Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.
    """
    return keras.initializers.GlorotUniform(seed=keras.random.SeedGenerator(seed, name="initial_weights"))


def numbered(name: str, index: int) -> str:
    """The name that Keras gives to the layer of a kind with this index: `conv2d`, `conv2d_1`, ..."""
    return name if index == 0 else f"{name}_{index}"
