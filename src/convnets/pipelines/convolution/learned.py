"""What a trained convnet has learned: its filters, what they respond to, and where the network looks."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.harness.progress import each, progress_bar
from convnets.image_shapes import with_channels
from convnets.pipelines.classifier.feed import PREDICTION_BATCH
from convnets.pipelines.convolution.operation import choose_image
from convnets.showing_parameters import Convolution

if TYPE_CHECKING:
    from keras import Layer, Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Layer = Model = Any

ASCENT_STEPS, ASCENT_STEP = 100, 0.01  # the step is the root mean square of what is added to a pixel
LEAK = 0.1  # of a relu that also finds a filter that responds to nothing at first
IMAGES_EXPLAINED = 10
BYTES_OF_FLOAT32 = 4
FEATURE_MAPS = ("conv2d", "activation", "max_pooling2d", "average_pooling2d", "blur_pool2d")


def convolution_layers(model: Model) -> list[Layer]:
    """The convolution layers of a model, first to last."""
    return [layer for layer in model.layers if type(layer).__name__ == "Conv2D"]


def last_feature_maps(model: Model) -> Any:
    """The last feature maps of a model after their activation, a symbolic Keras tensor."""
    return [layer for layer in model.layers if layer.name.startswith(("conv2d", "activation"))][-1].output


def chosen_filters(layer: Layer, convolution: Convolution) -> list[int]:
    """The filters of a layer that are shown, each once; an index beyond its depth wraps around."""
    return list(dict.fromkeys(index % layer.filters for index in convolution.filters))


def before_activation(layer: Layer) -> Any:
    """The output of a layer before its activation, whose gradient is nowhere lost: not to relu, nor to softmax.

    Args:
        layer: Of a trained model.

    Returns:
        A symbolic Keras tensor.
    """
    linear = type(layer).from_config(layer.get_config() | {"activation": "linear"})
    output = linear(layer.input)
    linear.set_weights(layer.get_weights())
    return output


def first_filters(model: Model) -> np.ndarray:
    """The filters of the first convolution layer.

    Args:
        model: A trained convnet.

    Returns:
        (filters, height, width, channels), float32.
    """
    weights: np.ndarray = convolution_layers(model)[0].get_weights()[0]
    return weights.transpose(3, 0, 1, 2)


def compute_feature_maps(model: Model, test_images: np.ndarray, convolution: Convolution) -> dict[str, np.ndarray]:
    """Follow the chosen image through the network.

    Args:
        model: A trained convnet.
        test_images: (m, height, width) or (m, height, width, channels), float32.
        convolution: Its `image` is used.

    Returns:
        By convolution, activation or pooling layer, first to last, the output (height, width, depth), float32.
    """
    import keras

    outputs = {}
    x = model.inputs[0]
    for layer in model.layers[1:]:
        x = layer(x)
        if layer.name.startswith(FEATURE_MAPS):
            outputs[layer.name] = x
    inside = keras.Model(model.inputs[0], list(outputs.values()))
    found = inside.predict_on_batch(with_channels(choose_image(test_images, convolution)))
    return {name: output[0] for name, output in zip(outputs, found, strict=True)}


def find_exciting_images(model: Model, test_images: np.ndarray, convolution: Convolution) -> pd.DataFrame:
    """Find the test images to which filters of the last convolution layer respond most.

    Args:
        model: A trained convnet.
        test_images: (m, height, width) or (m, height, width, channels), float32.
        convolution: Its `filters` and `images_of_a_filter` are used.

    Returns:
        A row for each filter and image: `filter`, `image` (its index in the test set), `response` (the greatest of the
        filter's response map), the strongest first.
    """
    import keras

    last = convolution_layers(model)[-1]
    strongest = keras.Model(model.inputs[0], keras.layers.GlobalMaxPooling2D()(last_feature_maps(model)))
    images = with_channels(test_images)
    with progress_bar(
        -(-len(images) // PREDICTION_BATCH), "batches", f"{model.name}: what its filters respond to"
    ) as bar:
        count = keras.callbacks.LambdaCallback(on_predict_batch_end=lambda _batch, **_: bar.advance())
        responses = strongest.predict(images, batch_size=PREDICTION_BATCH, callbacks=[count], verbose=0)
    rows = [
        (number, image, responses[image, number])
        for number in chosen_filters(last, convolution)
        for image in np.argsort(-responses[:, number], kind="stable")[: convolution.images_of_a_filter]
    ]
    return pd.DataFrame(rows, columns=["filter", "image", "response"])


def ascend_to_patterns(model: Model, convolution: Convolution, seed: int) -> dict[str, dict[int, np.ndarray]]:
    """Find the images to which filters respond most, by gradient ascent from faint noise.

    Each step adds the gradient of the filter's mean response, divided by its root mean square, and keeps pixels in
    [0, 1]; the relu leaks. Source: D. Erhan, Y. Bengio, A. Courville and P. Vincent, "Visualizing Higher-Layer
    Features of a Deep Network", University of Montreal, 2009.

    Args:
        model: A trained convnet.
        convolution: Its `filters` are used.
        seed: Of the noise.

    Returns:
        By convolution layer and filter, (height, width, channels), float32.
    """
    patterns = {}
    layers = convolution_layers(model)
    for layer in each(layers, "layers", f"{model.name}: patterns to which filters respond most"):
        numbers = chosen_filters(layer, convolution)
        patterns[layer.name] = dict(zip(numbers, _ascend(model, layer, numbers, seed), strict=True))
    return patterns


def _ascend(model: Model, layer: Layer, numbers: list[int], seed: int) -> np.ndarray:
    import keras
    import tensorflow as tf

    inside = keras.Model(model.inputs[0], before_activation(layer))
    noise = np.random.default_rng(seed).uniform(0.4, 0.6, (len(numbers), *model.input_shape[1:]))
    images = tf.Variable(noise.astype(np.float32))
    chosen = tf.one_hot(numbers, layer.filters)

    def step() -> None:
        with tf.GradientTape() as tape:
            responses = tf.einsum("nhwc,nc->nhw", inside(images), chosen)
            total = tf.reduce_sum(tf.reduce_mean(tf.nn.leaky_relu(responses, LEAK), axis=(1, 2)))
        gradient = tape.gradient(total, images)
        scale = tf.sqrt(tf.reduce_mean(gradient**2, axis=(1, 2, 3), keepdims=True)) + keras.config.epsilon()
        images.assign(tf.clip_by_value(images + ASCENT_STEP * gradient / scale, 0, 1))

    compiled = tf.function(step)
    for _ in range(ASCENT_STEPS):
        compiled()
    patterns: np.ndarray = images.numpy()
    return patterns


def locate_evidence(model: Model, test_images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find where a network looked for its answers to the first test images, by HiResCAM.

    Grad-CAM weights each feature map of the last convolution layer by its mean gradient. Here a dense layer follows,
    whose weights differ from place to place, so each pixel of a feature map is weighted by its own gradient instead:
    the sum over the maps is then exactly what a place adds to the answer's score before the softmax, over the mean of
    all classes' scores. What speaks for the answer is kept.

    Sources: R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
    Localization", ICCV 2017; R. L. Draelos and L. Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations
    of convolutional neural networks", 2020.

    Args:
        model: A trained convnet that ends in a softmax.
        test_images: (m, height, width) or (m, height, width, channels), float32.

    Returns:
        The answers to the first ten images (10,), and maps (10, rows, columns), float32, of the size of the last
        feature maps: 0 does not speak for the answer, 1 is the greatest value of each map.
    """
    import keras
    import tensorflow as tf

    images = test_images[:IMAGES_EXPLAINED]
    inside = keras.Model(model.inputs[0], [last_feature_maps(model), before_activation(model.layers[-1])])
    with tf.GradientTape() as tape:
        feature_maps, scores = inside(with_channels(images))
        answers = tf.argmax(scores, axis=1)
        answer_over_mean = tf.one_hot(answers, scores.shape[1]) - 1 / scores.shape[1]
        total = tf.reduce_sum(scores * answer_over_mean)
    maps = tf.nn.relu(tf.reduce_sum(feature_maps * tape.gradient(total, feature_maps), axis=3, keepdims=True))
    maps /= tf.reduce_max(maps, axis=(1, 2), keepdims=True) + keras.config.epsilon()
    return answers.numpy(), maps.numpy()[..., 0]


def tabulate_costs(**models: Model) -> pd.DataFrame:
    """Tabulate for each layer what it costs and how far it sees.

    The receptive field r and the step j between the centres of neighbouring fields, both in input pixels, begin with
    r = 1 and j = 1. A layer with windows of k pixels and strides s makes them r + (k - 1) j and j s: its window covers
    k inputs, whose centres lie j apart, and each of which sees r pixels. A dense layer sees the whole image.
    Source: A. Araujo, W. Norris and J. Sim, "Computing Receptive Fields of Convolutional Neural Networks", 2019.

    Args:
        **models: Convnets by name.

    Returns:
        A row for each network and layer: `network`, `layer`, `output_shape` (without the batch), `parameters`,
        `multiply_adds` (of one image, forward), `activation_bytes` (of one image, float32), `receptive_field`
        (height and width, in input pixels).
    """
    return pd.DataFrame([row for name, model in models.items() for row in _layer_costs(name, model)])


def _layer_costs(network: str, model: Model) -> list[dict[str, Any]]:
    whole = max(model.input_shape[1:3])
    field, step = 1, 1
    rows = []
    for layer in model.layers:
        shape = tuple(layer.output.shape[1:])
        multiply_adds = 0
        for part in getattr(layer, "layers", [layer]):  # of one that is made of others
            match type(part).__name__:
                case "Conv2D":
                    window, strides = part.kernel_size[0], part.strides[0]
                    multiply_adds = int(np.prod(shape)) * int(np.prod(part.kernel.shape[:-1]))
                    field, step = field + (window - 1) * step, step * strides
                case "MaxPooling2D" | "AveragePooling2D":
                    field, step = field + (part.pool_size[0] - 1) * step, step * part.strides[0]
                case "Dense":
                    multiply_adds = int(np.prod(part.kernel.shape))
                    field = whole
        if layer.name == "space_to_depth":
            field = step = layer.input_shape[1] // shape[0]
        if layer.name.startswith("global_"):
            field = whole
        rows.append(
            {
                "network": network,
                "layer": layer.name,
                "output_shape": " x ".join(str(size) for size in shape),
                "parameters": layer.count_params(),
                "multiply_adds": multiply_adds,
                "activation_bytes": int(np.prod(shape)) * BYTES_OF_FLOAT32,
                "receptive_field": min(field, whole),
            }
        )
    return rows
