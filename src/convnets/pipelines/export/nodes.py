"""A trained network in the formats of other programs, held against Keras.

The nodes need the extra `export`. Keras writes both formats; see https://keras.io/api/models/model_saving_apis/export.
"""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.harness.messages import DataError
from convnets.harness.progress import Bar, progress_bar
from convnets.harness.quiet import silence

if TYPE_CHECKING:
    from keras import Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Model = Any

ENDINGS = {"onnx": "onnx", "litert": "tflite"}  # on which Keras insists
MAX_DIFFERENCE = 1e-4  # of a probability
BATCH = 250  # images: the runtimes keep all activations of a batch

Predict = Callable[[np.ndarray], np.ndarray]
"""From images, as the network takes them, to probabilities, (n, classes)."""


def export_network(test_images: np.ndarray, **model: Model) -> tuple[bytes, bytes, dict[str, Any]]:
    """Write a network as ONNX and as LiteRT, and ask both what they say to all test images.

    Args:
        test_images: (n, height, width) or (n, height, width, channels), float32.
        **model: One, by the network's name.

    Returns:
        The ONNX file, the LiteRT file, and `network`, `test_images` (how many), and for each format its `bytes`, the
        `largest_difference` of a probability from Keras's, and the number of `other_answers`.

    Raises:
        DataError: A format says something else than Keras: a probability differs by more than `MAX_DIFFERENCE`.
    """
    ((network, keras_model),) = model.items()
    images = test_images.reshape(-1, *keras_model.input_shape[1:])
    expected = keras_model.predict(images, batch_size=BATCH, verbose=0)  # the first call builds what is exported
    onnx, litert = (_export(keras_model, name) for name in ENDINGS)
    row: dict[str, Any] = {"network": network, "test_images": len(images)}
    for name, content, predict in (("onnx", onnx, _run_onnx(onnx)), ("litert", litert, _run_litert(litert))):
        with progress_bar(len(images), "images", f"{network} as {name}") as bar:
            found = np.concatenate(list(_in_batches(predict, images, bar)))
        difference = float(np.abs(found - expected).max())
        if not difference <= MAX_DIFFERENCE:  # not a number is no agreement
            raise DataError(
                f"{network} as {name} gives probabilities that differ by up to {difference:.1g} from those of "
                f"{network}.model; allowed: at most {MAX_DIFFERENCE}"
            )
        row |= {
            f"{name}_bytes": len(content),
            f"{name}_largest_difference": difference,
            f"{name}_other_answers": int((found.argmax(axis=1) != expected.argmax(axis=1)).sum()),
        }
    return onnx, litert, row


def list_exports(*rows: dict[str, Any]) -> pd.DataFrame:
    """Put into one table how networks agree with Keras.

    Args:
        *rows: Of each network, as `export_network` returns them.

    Returns:
        A row for each network.
    """
    return pd.DataFrame(rows)


def _in_batches(predict: Predict, images: np.ndarray, bar: Bar) -> Iterator[np.ndarray]:
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        yield predict(batch)
        bar.advance(len(batch))


def _export(model: Model, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), silence():
        # tf2onnx asks NumPy for a name that will mean something else one day.
        warnings.filterwarnings("ignore", "In the future `np.object` will be defined", FutureWarning)
        file = Path(folder) / f"model.{ENDINGS[name]}"
        model.export(file, format=name, verbose=False)
        return file.read_bytes()


def _run_onnx(content: bytes) -> Predict:
    from onnxruntime import InferenceSession

    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()

    def predict(images: np.ndarray) -> np.ndarray:
        (probabilities,) = session.run(None, {given.name: images})
        return np.asarray(probabilities)

    return predict


def _run_litert(content: bytes) -> Predict:
    from ai_edge_litert.interpreter import Interpreter

    interpret = Interpreter(model_content=content).get_signature_runner()
    (given,) = interpret.get_input_details()

    def predict(images: np.ndarray) -> np.ndarray:
        with silence():  # it says which kernels it takes
            (probabilities,) = interpret(**{given: images}).values()
        return np.asarray(probabilities)

    return predict
