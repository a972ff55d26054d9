"""Compare the networks on the same test images.

All functions take one keyword argument for each network, by the network's name.
"""

from itertools import combinations
from typing import Any

import pandas as pd

from convnets.harness.messages import DataError
from convnets.parameters import Dataset
from convnets.pipelines.classifier.evaluation import probabilities_of, score_classes
from convnets.significance import holm, mcnemar_p_value

COLUMNS = [
    "parameters",
    "test_accuracy",
    "test_accuracy_low",
    "test_accuracy_high",
    "wrong_images",
    "test_loss",
    "lecture_accuracy",
    "fit_seconds",
    "fit_images_per_second",
    "predict_images_per_second",
    "model_bytes",
]


def compare(**records: dict[str, Any]) -> pd.DataFrame:
    """Put the metrics of all networks into one table, and beside them what they were trained with.

    Args:
        **records: Of each network, as `record_results` returns them.

    Returns:
        A row for each network: `network`, `parameters`, `test_accuracy` with the bounds of its 95 % interval,
        `wrong_images`, `test_loss`, `lecture_accuracy` (missing where the lecture reports none), `fit_seconds`,
        `fit_images_per_second`, `predict_images_per_second`, `model_bytes`; then what the network was trained with,
        with `mlflow_run` (missing where the training is not in MLflow) as the last.
    """
    table = pd.DataFrame([record["metrics"] for record in records.values()])[COLUMNS]
    table.insert(0, "network", list(records))
    trainings = pd.DataFrame(list(records.values())).drop(columns=["metrics", "history"])
    return pd.concat([table, trainings], axis=1)


def compare_pairs(**predictions: pd.DataFrame) -> pd.DataFrame:
    """Test for each pair of networks whether they are equally often right, with McNemar's exact test.

    The test looks at the images on which one of the two is right and the other wrong; if the networks were equally
    good, either would be as likely. It needs the same images in the same order. The p-values of all pairs are adjusted
    by Holm's method.

    Sources: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 1947; S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 1979.

    Args:
        **predictions: Of each network, as `predict` returns them.

    Returns:
        A row for each pair: `network`, `other`, the images on which `both_right`, `only_network_right`,
        `only_other_right`, `both_wrong`, and `p_value`, `p_value_holm`.

    Raises:
        DataError: The networks were not tested on the same images.
    """
    rows = []
    for (network, ours), (other, theirs) in combinations(predictions.items(), 2):
        if not ours["label"].equals(theirs["label"]):
            raise DataError(f"{network} and {other} were tested on different images: run both again")
        right = ours["label"] == ours["predicted"]
        other_right = theirs["label"] == theirs["predicted"]
        table = [
            [int((right & other_right).sum()), int((right & ~other_right).sum())],
            [int((~right & other_right).sum()), int((~right & ~other_right).sum())],
        ]
        rows.append(
            {
                "network": network,
                "other": other,
                "both_right": table[0][0],
                "only_network_right": table[0][1],
                "only_other_right": table[1][0],
                "both_wrong": table[1][1],
                "p_value": mcnemar_p_value(table[0][1], table[1][0]),
            }
        )
    tests = pd.DataFrame(rows)
    tests["p_value_holm"] = holm(tests["p_value"])
    return tests


def compare_classes(dataset: Dataset, **predictions: pd.DataFrame) -> pd.DataFrame:
    """Put the accuracy of each network on each class side by side.

    Args:
        dataset: Its `class_names` are used.
        **predictions: Of each network, as `predict` returns them.

    Returns:
        A row for each class: `class`, `samples`, and a column for each network, whose accuracy on a class is its
        recall.
    """
    scores = {network: score_classes(table, dataset) for network, table in predictions.items()}
    first = next(iter(scores.values()))
    return first[["class", "samples"]].assign(**{network: table["recall"] for network, table in scores.items()})


def find_disagreements(dataset: Dataset, **predictions: pd.DataFrame) -> pd.DataFrame:
    """List the test images to which the networks give different answers, the surest answers first.

    Args:
        dataset: Its `class_names` are used.
        **predictions: Of each network, as `predict` returns them.

    Returns:
        A row for each image: `image` (its index in the test set), `label`, and for each network `<network>_predicted`
        and `<network>_probability`.
    """
    answers = _answers(dataset, predictions)
    predicted = answers.filter(like="_predicted")
    differ = predicted.ne(predicted.iloc[:, 0], axis=0).any(axis=1)
    sureness = answers.filter(like="_probability").mean(axis=1)
    order = sureness[differ].sort_values(ascending=False, kind="stable").index
    return answers.loc[order].reset_index(drop=True)


def find_confident_mistakes(dataset: Dataset, **predictions: pd.DataFrame) -> pd.DataFrame:
    """List the test images that some network gets wrong, the surest mistakes first.

    Args:
        dataset: Its `class_names` are used.
        **predictions: Of each network, as `predict` returns them.

    Returns:
        Rows as of `find_disagreements`.
    """
    answers = _answers(dataset, predictions)
    mistakes = pd.DataFrame(
        {
            network: answers[f"{network}_probability"].where(answers[f"{network}_predicted"] != answers["label"])
            for network in predictions
        }
    )
    order = mistakes.max(axis=1).dropna().sort_values(ascending=False, kind="stable").index
    return answers.loc[order].reset_index(drop=True)


def _answers(dataset: Dataset, predictions: dict[str, pd.DataFrame]) -> pd.DataFrame:
    names = dict(enumerate(dataset.class_names))
    labels = next(iter(predictions.values()))["label"]
    answers = pd.DataFrame({"image": labels.index, "label": labels.map(names)})
    for network, table in predictions.items():
        answers[f"{network}_predicted"] = table["predicted"].map(names)
        answers[f"{network}_probability"] = probabilities_of(table).max(axis=1)
    return answers
