"""What the networks answer to test images whose labels are in doubt.

Each function takes one keyword argument for each network, by the network's name.
"""

import numpy as np
import pandas as pd

from convnets.harness.messages import ParameterError
from convnets.parameters import Dataset
from convnets.pipelines.classifier.evaluation import probabilities_of
from convnets.showing_parameters import LabelErrors
from convnets.significance import wilson_interval

ANSWERS = ["image", "label", "network", "predicted", "right", "probability_of_label", "probability_of_prediction"]


def choose_doubtful(test_images: int, label_errors: LabelErrors) -> list[int]:
    """The images whose labels are in doubt.

    Args:
        test_images: How many there are.
        label_errors: Its `images` are used.

    Returns:
        Their indices.

    Raises:
        ParameterError: There is no such test image.
    """
    for image in label_errors.images:
        if image >= test_images:
            raise ParameterError(
                f"label_errors.images has {image}; allowed: null, or numbers of test images, 0 to {test_images - 1}"
            )
    return list(label_errors.images)


def list_answers(label_errors: LabelErrors, dataset: Dataset, **predictions: pd.DataFrame) -> pd.DataFrame:
    """List what each network answers to each image whose label is in doubt.

    Args:
        label_errors: Its `images` are used.
        dataset: Its `class_names` are used.
        **predictions: Of each network, as `predict` returns them.

    Returns:
        A row for each image and network: `image` (its index in the test set), `label`, `network`, `predicted`, whether
        that is `right` by the label, `probability_of_label` and `probability_of_prediction`.

    Raises:
        ParameterError: There is no such test image.
    """
    names = np.array(dataset.class_names, dtype=object)
    tables = []
    for place, (network, table) in enumerate(predictions.items()):
        images = choose_doubtful(len(table), label_errors)
        asked = table.iloc[images]
        probabilities = probabilities_of(asked)
        tables.append(
            pd.DataFrame(
                {
                    "image": images,
                    "label": names[asked["label"]],
                    "network": network,
                    "predicted": names[asked["predicted"]],
                    "right": (asked["label"] == asked["predicted"]).to_numpy(),
                    "probability_of_label": probabilities[np.arange(len(asked)), asked["label"]],
                    "probability_of_prediction": probabilities.max(axis=1),
                    "place": place,
                }
            )
        )
    return pd.concat(tables).sort_values(["image", "place"])[ANSWERS].reset_index(drop=True)


def measure_ceiling(label_errors: LabelErrors, **predictions: pd.DataFrame) -> pd.DataFrame:
    """Measure how much of each network's errors the doubtful labels make, and what accuracy they leave.

    A reader who reads every other image as it is labelled can be sure of no more than these: whether the doubtful ones
    count as right is left to labels that most people would not give.

    Args:
        label_errors: Its `images` are used.
        **predictions: Of each network, as `predict` returns them.

    Returns:
        A row for each network: `network`, `test_images`, `doubtful_images`, `errors`, `errors_on_doubtful` ones,
        `test_accuracy` on all images and `accuracy_without_doubtful`, each with the bounds of its Wilson 95 % interval
        (`..._low`, `..._high`), and `sure_accuracy`, the share of the images that are not doubtful.

    Raises:
        ParameterError: There is no such test image.
    """
    rows = []
    for network, table in predictions.items():
        right = (table["label"] == table["predicted"]).to_numpy()
        doubtful = np.zeros(len(right), bool)
        doubtful[choose_doubtful(len(right), label_errors)] = True
        rows.append(
            {
                "network": network,
                "test_images": len(right),
                "doubtful_images": int(doubtful.sum()),
                "errors": int((~right).sum()),
                "errors_on_doubtful": int((~right & doubtful).sum()),
                **_accuracy("test_accuracy", right),
                **_accuracy("accuracy_without_doubtful", right[~doubtful]),
                "sure_accuracy": float((~doubtful).mean()),
            }
        )
    return pd.DataFrame(rows)


def _accuracy(name: str, right: np.ndarray) -> dict[str, float]:
    low, high = wilson_interval(int(right.sum()), len(right))
    return {name: float(right.mean()), f"{name}_low": low, f"{name}_high": high}
