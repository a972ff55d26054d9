"""The mistakes of one network of which it is most sure."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from convnets.figures import plot_image_grid
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.classifier.evaluation import probabilities_of

IMAGES_SHOWN, COLUMNS = 12, 6


def find_mistakes(predictions: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """List the test images that the network gets wrong, the surest mistakes first.

    Args:
        predictions: As `predict` returns them.
        dataset: Its `class_names` are used.

    Returns:
        A row for each image: `image` (its index in the test set), `label`, `predicted`, both by name, and
        `probability`, which the network gives to its answer.
    """
    names = dict(enumerate(dataset.class_names))
    answers = pd.DataFrame(
        {
            "image": predictions.index,
            "label": predictions["label"].map(names),
            "predicted": predictions["predicted"].map(names),
            "probability": probabilities_of(predictions).max(axis=1),
        }
    )
    wrong = answers[predictions["label"] != predictions["predicted"]]
    return wrong.sort_values("probability", ascending=False, kind="stable").reset_index(drop=True)


def plot_mistakes(test_images: np.ndarray, mistakes: pd.DataFrame, network: Network, dataset: Dataset) -> Figure:
    """Draw the surest mistakes of the network.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        mistakes: As `find_mistakes` returns them.
        network: Its `name` is used.
        dataset: Its `name` is used.

    Returns:
        The figure.
    """
    name = network.root.name
    shown = mistakes.head(IMAGES_SHOWN).to_dict("records")
    return plot_image_grid(
        f"{name} errs on {len(mistakes):,} of {len(test_images):,} test images of {dataset.name}: the surest mistakes",
        images=[test_images[row["image"]] for row in shown],
        captions=[f"label {row['label']} (no. {row['image']})" for row in shown],
        columns=COLUMNS,
        answers=[{name: (f"{row['predicted']} ({row['probability']:.2f})", False)} for row in shown],
    )
