"""What layers draw at random, initial weights and dropout, follows from the seed, in layers of all kinds."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from convnets.harness.messages import ParameterError

if TYPE_CHECKING:
    from keras import Layer, Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Layer = Model = Any


def seed_weights(model: Model, seed: int) -> None:
    """Have all initial weights follow from a seed: those whose initializer has none are drawn again.

    Args:
        model: As it was built; changed. What has a seed already, as the initializers of `convnets.networks`, keeps it.
        seed: Of the training.

    Raises:
        ParameterError: A layer is not Keras's own, so nobody knows what it draws, and it cannot be stored without its
            code. The message names it.
    """
    for place, layer in enumerate(every_layer(model)):
        if not type(layer).__module__.startswith("keras.") or type(layer).__name__ == "Lambda":
            raise ParameterError(
                f"{model.name}.network has the layer {layer.name}, a {type(layer).__name__}; allowed: Keras's own "
                "layers but Lambda, whose random numbers follow from a seed, and which can be stored without code"
            )
        config = layer.get_config()
        unseeded = [part for part in parts_of(config) if "seed" in part and part["seed"] is None]
        if unseeded and layer.weights:
            for part, number in zip(unseeded, seeds_from(len(unseeded), seed, 0, place), strict=True):
                part["seed"] = number
            drawn = type(layer).from_config(config)
            drawn.build_from_config(layer.get_build_config())
            layer.set_weights(drawn.get_weights())


def seed_epoch(model: Model, seed: int, epoch: int) -> None:
    """Have what layers draw at random in an epoch, as dropout does, follow from seed and epoch alone.

    So a training that goes on after an interruption draws what it would have drawn. Each layer draws something else.

    Args:
        model: Compiled; changed.
        seed: Of the training.
        epoch: From 1.
    """
    # Keras keeps in them what a layer draws next. They are neither among a model's weights nor in its file.
    states = [variable for variable in model.variables if variable.name == "seed_generator_state"]
    for state, number in zip(states, seeds_from(len(states), seed, epoch), strict=True):
        state.assign([number, 0])


def seeds_from(count: int, *numbers: int) -> list[int]:
    """So many seeds that follow from numbers, as those of an experiment and an epoch."""
    return [int(seed) for seed in np.random.SeedSequence(numbers).generate_state(count)]


def every_layer(model: Model) -> Iterator[Layer]:
    """The layers of a model, and in place of each that is a model itself its layers."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from every_layer(layer)
        else:
            yield layer


def parts_of(config: Any) -> Iterator[dict[str, Any]]:
    """A configuration and all that are in it, as those of initializers."""
    if isinstance(config, dict):
        yield config
    for value in config.values() if isinstance(config, dict) else config if isinstance(config, list | tuple) else ():
        yield from parts_of(value)
