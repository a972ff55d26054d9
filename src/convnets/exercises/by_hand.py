"""The exercises that need no trained network: windows, sizes, parameters, probabilities, intervals.

Where Keras's layers give what is right, they are asked; the mistakes are computed the way that students make them.
"""

from typing import Any

import numpy as np

from convnets.exercises.answers import Feedback, as_numbers, as_share, checked, hint, judge, praise
from convnets.pipelines.convolution.operation import apply_layer, convolution_layer, output_size
from convnets.significance import wilson_interval

IMAGE = np.array([[0, 0, 5, 5, 5], [0, 0, 5, 5, 5], [0, 0, 5, 0, 0], [0, 0, 5, 0, 0]], np.float32)
LEFT_EDGE = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], np.float32)
RESPONSES = np.array([[3, 1, 0, 2, 9], [5, 0, 4, 4, 9], [2, 2, 0, 1, 9], [8, 4, 1, 6, 9], [7, 7, 7, 7, 9]], np.float32)
LAYER = {"size": 28, "kernel_size": 5, "strides": 2}  # without padding
DEPTH = 8
BATCHED = 4  # axes of a layer's output
TWO_DIGITS = 0.006  # after the point are exact enough
LEARNING_LAYERS = (  # of cnn: name, pixels of a window, maps or numbers below, filters or units
    ("conv2d", 9, 1, 32),
    ("conv2d_1", 9, 32, 64),
    ("conv2d_2", 9, 64, 128),
    ("dense", 1, 1152, 10),
)
SCORES = np.array([2.0, 1.0, 0.0])
LABEL = 1
CONFUSIONS = np.array([[102, 3, 15], [2, 97, 1], [6, 1, 73]])  # rows: labels 4, 7 and 9; columns: answers 4, 7 and 9
OTHER_RIGHT = 279


@checked
def check_response_map(response_map: Any) -> Feedback:
    """Check the response map of `LEFT_EDGE` over `IMAGE`, by the layer itself."""
    right = apply_layer(convolution_layer(LEFT_EDGE), IMAGE[np.newaxis])[0]
    padded = apply_layer(convolution_layer(LEFT_EDGE, "same"), IMAGE[np.newaxis])[0]
    mistakes = [
        (-right, "The kernel was turned around first, as mathematicians do; Conv2D lays it on the image as it is."),
        (np.maximum(right, 0), "These are the values after the relu: what comes out of the products and sums alone?"),
        (padded, "The kernel was also laid on places where it hangs over the border: keep to those inside the image."),
        (right.T, "The values are right, but rows and columns are exchanged: the window first moves to the right."),
        (right.ravel(), "The values are right: write them as a map, in as many rows as the window has places down."),
    ]
    sentence = judge(
        found := as_numbers(response_map),
        right,
        mistakes,
        otherwise=(
            "Multiply each number of the kernel by the pixel under it and add the nine products; then move on by one."
            if found.shape == right.shape
            else f"The map has the shape {found.shape}: in how many places, across and down, does a 3 x 3 window lie "
            f"wholly inside an image of {IMAGE.shape[0]} rows and {IMAGE.shape[1]} columns?"
        ),
    )
    return hint(sentence) if sentence else praise("It is positive where a left edge is, negative at a right edge.")


@checked
def check_output_shape(shape: Any) -> Feedback:
    """Check the shape that `LAYER`, with `DEPTH` filters, makes of an image of 28 x 28; its height alone will do."""
    size, window, strides = LAYER["size"], LAYER["kernel_size"], LAYER["strides"]
    right = output_size(size, window, "valid", strides)
    mistakes = {
        output_size(size, window, "same", strides): "This is the size with padding: here no window hangs over.",
        output_size(size, window, "valid", 1): "This is the size with strides of 1: here the window jumps.",
        right - 1: "One is missing: the window also has the place where it starts, before its first jump.",
        right + 1: "One too many: would the last window still lie inside the image?",
        (size - window) / strides: "Half a place is none. And the window also has the place where it starts.",
        (size - window) / strides + 1: "Nearly: half a jump would take the window over the border.",
    }
    found = as_numbers(shape)
    if found.ndim > 1:
        return hint("One shape is expected: (height, width, channels).")
    numbers = found.reshape(-1).tolist()
    height, *others = numbers[1:] if len(numbers) == BATCHED and numbers[0] == 1 else numbers
    if height != right:
        start = (
            "Count the places of the window in a row: it starts at the left edge, jumps, and stops before the right."
        )
        return hint(mistakes.get(float(height), start))
    if others in ([], [right]) or others == [right, DEPTH]:
        return praise(f"Border and strides make {right} of {size}; the {DEPTH} filters give the map its depth.")
    return hint("The height is right. The width is like it, and how many response maps does the layer compute?")


@checked
def check_parameters(parameters: Any) -> Feedback:
    """Check the parameters of the layers of `cnn` that have any: three convolutions and the dense layer.

    Args:
        parameters: Of each layer; zeros are left out. A table as `summarize_model` returns it will do.
    """
    found = as_numbers(parameters["parameters"] if hasattr(parameters, "columns") else parameters).reshape(-1)
    found = found[found != 0]  # pooling and flatten have none
    if len(found) != len(LEARNING_LAYERS):
        return hint(
            f"Four layers have parameters, three Conv2D and one Dense: four numbers are expected, not {len(found)}."
        )
    for number, (name, window, below, outputs) in zip(found, LEARNING_LAYERS, strict=True):
        sentence = judge(
            number,
            (window * below + 1) * outputs,
            [
                (
                    window * below * outputs,
                    "These are the weights. What does a filter, or a dense unit, add to its sum?",
                ),
                (window * below * outputs + 1, "One bias is counted for the layer: each filter has its own."),
                (window * below + 1, "This is one filter, or one unit: how many are there?"),
                ((window + 1) * outputs, "A kernel is as deep as the maps that it is laid on."),
                (window * outputs, "A kernel is as deep as the maps that it is laid on. And what is added to its sum?"),
            ],
            otherwise="A filter has a weight for each pixel of its window in each map below, a dense unit one for each "
            "number below. (How many numbers are 128 maps of 3 x 3?) Each adds a bias.",
        )
        if sentence:
            return hint(f"{name}: {sentence}")
    return praise("Most sit where many maps meet many maps. fcn has four times as many, nearly all in its first layer.")


@checked
def check_receptive_fields(with_pooling: Any, without_pooling: Any) -> Feedback:
    """Check how many pixels across one value of the last feature maps of `cnn` and of `cnn_no_pool` sees."""
    found = {"cnn": as_numbers(with_pooling), "cnn_no_pool": as_numbers(without_pooling)}
    right = {"cnn": 18, "cnn_no_pool": 7}
    mistakes = {
        "cnn": {
            3: "This is what it sees of the maps just below: go on down to the image.",
            7: "This is without pooling, where neighbours in a map are neighbours in the image.",
            15: "Pooling makes later steps wider, but its own window adds to what is seen, too.",
            28: "Not the whole image: even a corner of the last maps has a patch of its own.",
        },
        "cnn_no_pool": {
            3: "This is what it sees of the maps just below: go on down to the image.",
            9: "Windows of neighbours overlap: each layer adds a border to what is seen.",
            27: "Windows of neighbours overlap: each layer adds a border to what is seen.",
            18: "This is with pooling: what does a layer add where steps are of one pixel?",
            22: "This is the size of the map, not of what one of its values sees.",
        },
    }
    for network, numbers in found.items():
        sides = numbers.reshape(-1)
        if len(sides) > 2 or len(set(sides)) != 1:  # noqa: PLR2004 - height and width
            return hint(f"{network}: one number is expected, the side of a square of pixels.")
        if sides[0] != right[network]:
            start = "Begin at the end: one value sees 3 x 3 values below; how many does it take to make those?"
            return hint(f"{network}: {mistakes[network].get(int(sides[0]), start)}")
    return praise("Pooling more than doubles what a value sees, at no parameter: this is the hierarchy of patterns.")


@checked
def check_max_pooling(pooled: Any) -> Feedback:
    """Check what max pooling with windows of 2 x 2 makes of `RESPONSES`, by the layer itself."""
    import keras

    def pool(layer: keras.Layer, sign: int = 1) -> np.ndarray:
        pooled: np.ndarray = sign * apply_layer(layer, sign * RESPONSES[np.newaxis])[0]
        return pooled

    right = pool(keras.layers.MaxPooling2D(2))
    mistakes = [
        (pool(keras.layers.AveragePooling2D(2)), "This is the mean of each window; what is the strongest response?"),
        (pool(keras.layers.MaxPooling2D(2), -1), "This is the least of each window."),
        (pool(keras.layers.MaxPooling2D(2, padding="same")), "The last row and column fill no window: leave them out."),
        (pool(keras.layers.MaxPooling2D(2, strides=1)), "The windows overlap here: pooling jumps by its whole window."),
        (right.ravel(), "The values are right: write them as a map, [[., .], [., .]]."),
        (right.T, "The values are right, but rows and columns are exchanged."),
    ]
    sentence = judge(
        as_numbers(pooled),
        right,
        mistakes,
        otherwise="Lay windows of 2 x 2 side by side, from the upper left, and keep the largest number in each.",
    )
    if sentence:
        return hint(sentence)
    return praise(
        "Three numbers of four are gone, and a fifth row and column with them: keep it in mind for exercise 8."
    )


@checked
def check_softmax(probabilities: Any, one_hot: Any, loss: Any) -> Feedback:
    """Check the softmax of `SCORES`, the one-hot form of `LABEL`, and the cross-entropy of both."""
    exponentials = np.exp(SCORES)
    right = exponentials / exponentials.sum()
    vector = np.eye(len(SCORES))[LABEL]
    sentence = judge(
        as_numbers(probabilities),
        right,
        [
            (exponentials, "These are not probabilities yet: what must they add up to?"),
            (SCORES / SCORES.sum(), "They add up to 1, but what if a score were negative? First make all positive."),
            (right * 100, "These are per cent: the loss takes numbers from 0 to 1."),
            (vector, "This is the label. The probabilities are what the network answers."),
        ],
        otherwise="The exponential of each score, divided by the sum of all three exponentials.",
        tolerance=TWO_DIGITS,
    )
    if sentence:
        return hint(f"Probabilities: {sentence}")
    sentence = judge(
        as_numbers(one_hot),
        vector,
        [
            (LABEL, "This is the sparse form. The one-hot form has a number for each class."),
            (np.eye(len(SCORES))[0], "Classes are counted from 0, as Python does."),
            (right, "These are the probabilities. The label is sure: it is one class, and no other."),
        ],
        otherwise="One-hot: a 1 at the place of the label, and 0 at all others.",
        tolerance=TWO_DIGITS,
    )
    if sentence:
        return hint(f"Label: {sentence}")
    likelihood = right[LABEL]
    sentence = judge(
        as_numbers(loss),
        -np.log(likelihood),
        [
            (np.log(likelihood), "A loss is what becomes less as the network learns: mind the sign."),
            (-np.log2(likelihood), "This is in bits: Keras takes the natural logarithm."),
            (-np.log10(likelihood), "Keras takes the natural logarithm, np.log."),
            (-np.log(right[0]), "This is the loss of the likeliest class: which one is the label?"),
            (1 - likelihood, "This is how much is missing to 1. Cross-entropy takes the logarithm."),
            (-np.log(right).sum(), "Only one term of the sum is left when the others are multiplied by 0."),
        ],
        otherwise="The loss is -log of the probability that the network gives to the label.",
        tolerance=TWO_DIGITS,
    )
    if sentence:
        return hint(f"Loss: {sentence}")
    return praise("Sparse or one-hot, the loss is the same; sparse needs one number for each image instead of ten.")


@checked
def check_confusions(recall: Any, precision: Any, better: Any) -> Feedback:
    """Check what `CONFUSIONS` say of the fours, and whether `OTHER_RIGHT` right answers of 300 are surely better."""
    fours, total = CONFUSIONS[0, 0], CONFUSIONS.sum()
    rights = {"recall": fours / CONFUSIONS[0].sum(), "precision": fours / CONFUSIONS[:, 0].sum()}
    swapped = {"recall": rights["precision"], "precision": rights["recall"]}
    lines = {"recall": "a row holds all images of one label", "precision": "a column holds all images with one answer"}
    for name, answer in {"recall": recall, "precision": precision}.items():
        sentence = judge(
            np.array(as_share(answer)),
            rights[name],
            [
                (swapped[name], f"Recall and precision are exchanged: {lines[name]}."),
                (fours, "This is how many: of how many?"),
                (fours / total, f"This is a share of all {total} images: {lines[name]}."),
                (np.trace(CONFUSIONS) / total, "This is the accuracy, of all three classes together."),
            ],
            otherwise=f"Divide the fours that are answered 4 by the images in question: {lines[name]}.",
            tolerance=TWO_DIGITS,
        )
        if sentence:
            return hint(f"{name.capitalize()}: {sentence}")
    if _says_yes(better):
        low, high = wilson_interval(int(np.trace(CONFUSIONS)), int(total))
        return hint(
            f"Better: {OTHER_RIGHT / total:.3f} is more, but the interval of the first goes from {low:.3f} to "
            f"{high:.3f}. What if another {total} images were drawn?"
        )
    return praise("The intervals overlap widely. Answers to the same images, compared in pairs, could say more.")


def _says_yes(answer: Any) -> bool:
    if isinstance(answer, str):
        return answer.strip().lower() in ("yes", "y", "true")
    return bool(answer)
