"""Describe a trained network so that the page can run it, or say in one sentence why it cannot."""

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from convnets.harness.messages import DataError

if TYPE_CHECKING:
    from keras import Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Model = Any

ACTIVATIONS = ("linear", "relu", "softmax")
LARGEST = float(np.finfo(np.float16).max)


def describe_network(name: str, model: Model) -> dict[str, Any]:
    """Describe a network's layers and weights, of what JSON knows.

    Args:
        name: Of the network.
        model: Trained, made of layers that `engine/network.js` knows.

    Returns:
        `name`, `shape` of its input, and `layers`, as the typedef `Layer` in `engine/network.js` says.

    Raises:
        DataError: The page cannot run a layer of the network.
    """
    return {"name": name, "shape": [*model.input_shape[1:]], "layers": _describe_layers(name, model)}


def _describe_layers(network: str, model: Model) -> list[dict[str, Any]]:
    configuration = model.get_config()
    layers, previous = [], None
    for entry in configuration["layers"]:
        layer_name = entry["config"]["name"]
        # A sequential model lists its layers only, each the input of the next.
        sequential = "inbound_nodes" not in entry
        inputs = ([previous] if previous else []) if sequential else _input_names(entry["inbound_nodes"])
        layers.append(_describe_layer(network, entry["class_name"], layer_name, inputs, model))
        previous = layer_name
    return layers


def _input_names(inbound_nodes: list[dict[str, Any]]) -> list[str]:
    """The names of the layers whose outputs a layer takes, of Keras's description of a graph."""
    if not inbound_nodes:
        return []
    (first, *_) = inbound_nodes[0]["args"]
    tensors = first if isinstance(first, list | tuple) else [first]
    return [tensor["config"]["keras_history"][0] for tensor in tensors]


def _describe_layer(network: str, kind: str, name: str, inputs: list[str], model: Model) -> dict[str, Any]:
    if kind == "InputLayer":
        shape = model.input_shape
        return {"name": name, "type": kind, "inputs": [], "shape": [*shape[1:]], "options": {}}
    layer = model.get_layer(name)
    if kind not in DESCRIBE:
        raise DataError(
            f"{network}.model has a layer {name} of the type {kind}, which the playground cannot run; allowed: "
            f"{', '.join(DESCRIBE)}"
        )
    described: dict[str, Any] = {"name": name, "type": kind, "inputs": inputs, "shape": [*layer.output.shape[1:]]}
    if kind == "Functional":
        return described | {"options": {}, "layers": _describe_layers(network, layer)}
    options, weights = DESCRIBE[kind](network, layer)
    described["options"] = options
    if weights:
        described["weights"] = {key: _pack(network, name, value) for key, value in weights.items()}
    return described


def _pack(network: str, layer: str, values: np.ndarray) -> dict[str, Any]:
    """Write numbers as base64: kernels, which are many, in 16 bits, vectors in 32."""
    if not np.isfinite(values).all() or np.abs(values).max(initial=0) > LARGEST:
        raise DataError(
            f"{network}.model has weights in its layer {layer} that are not finite or larger than {LARGEST:,.0f}, and "
            "the playground writes them in 16 bits; allowed: a network whose training has not diverged"
        )
    kind = "float16" if values.ndim > 1 else "float32"
    data = np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<"))
    return {"shape": [*values.shape], "type": kind, "data": base64.b64encode(data.tobytes()).decode()}


Described = tuple[dict[str, Any], dict[str, np.ndarray]]


def _refuse(network: str, layer: Any, what: str, found: Any, allowed: str) -> DataError:
    return DataError(
        f"{network}.model has a layer {layer.name} with {what} {found}, which the playground cannot run; "
        f"allowed: {allowed}"
    )


def _square(network: str, layer: Any, what: str, sizes: Any) -> int:
    """One number for height and width."""
    if len({*sizes}) > 1:
        raise _refuse(network, layer, what, tuple(sizes), "the same vertically and horizontally")
    return int(sizes[0])


def _activation(network: str, layer: Any) -> str:
    name: str = layer.get_config()["activation"]
    if name not in ACTIVATIONS:
        raise _refuse(network, layer, "the activation", name, ", ".join(ACTIVATIONS))
    return name


def _kernel_and_bias(layer: Any) -> dict[str, np.ndarray]:
    return dict(zip(("kernel", "bias"), layer.get_weights(), strict=False))


def _convolution(network: str, layer: Any) -> Described:
    if layer.groups != 1:
        raise _refuse(network, layer, "groups", layer.groups, "1")
    options = {
        "size": _square(network, layer, "kernel size", layer.kernel_size),
        "padding": layer.padding,
        "stride": _square(network, layer, "strides", layer.strides),
        "dilation": _square(network, layer, "dilation", layer.dilation_rate),
        "activation": _activation(network, layer),
    }
    return options, _kernel_and_bias(layer)


def _dense(network: str, layer: Any) -> Described:
    return {"activation": _activation(network, layer)}, _kernel_and_bias(layer)


def _pooling(network: str, layer: Any) -> Described:
    options = {
        "size": _square(network, layer, "pool size", layer.pool_size),
        "stride": _square(network, layer, "strides", layer.strides),
        "padding": layer.padding,
    }
    return options, {}


def _batch_normalization(_network: str, layer: Any) -> Described:
    """A trained layer scales and shifts: four vectors become two."""
    weights = {weight.name: np.asarray(weight, np.float64) for weight in layer.weights}
    deviation = np.sqrt(weights["moving_variance"] + layer.epsilon)
    scale = weights.get("gamma", 1.0) / deviation
    return {}, {"scale": scale, "offset": weights.get("beta", 0.0) - weights["moving_mean"] * scale}


def _border(attribute: str) -> Any:
    def describe(_network: str, layer: Any) -> Described:
        (top, _bottom), (left, _right) = getattr(layer, attribute)
        return {"top": top, "left": left}, {}

    return describe


def _nothing(_network: str, _layer: Any) -> Described:
    return {}, {}


DESCRIBE: dict[str, Any] = {
    "Activation": lambda network, layer: ({"activation": _activation(network, layer)}, {}),
    "AveragePooling2D": _pooling,
    "BatchNormalization": _batch_normalization,
    "Concatenate": lambda _network, layer: ({"axis": layer.axis - 1}, {}),
    "Conv2D": _convolution,
    "Cropping2D": _border("cropping"),
    "Dense": _dense,
    "Dropout": _nothing,
    "Flatten": _nothing,
    "Functional": None,  # layers shown as one, as composite_layers.py makes them
    "GlobalAveragePooling2D": _nothing,
    "GlobalMaxPooling2D": _nothing,
    "MaxPooling2D": _pooling,
    "Permute": lambda _network, layer: ({"order": [axis - 1 for axis in layer.dims]}, {}),
    "Reshape": _nothing,
    "ZeroPadding2D": _border("padding"),
}
"""How each type of layer is described, by the name of its class in Keras."""
