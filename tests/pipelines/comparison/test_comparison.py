"""Compare the networks: tables held against known numbers, and what the figures show."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from scipy.stats import binomtest

from convnets.harness.messages import DataError
from convnets.parameters import NETWORKS, Dataset
from convnets.pipelines.comparison import create_pipeline, nodes

CLASSES = 10


def predictions_of(labels: list[int], predicted: list[int], sureness: list[float]) -> pd.DataFrame:
    table = pd.DataFrame(0.0, index=range(len(labels)), columns=[f"p{label}" for label in range(CLASSES)])
    for row, (answer, probability) in enumerate(zip(predicted, sureness, strict=True)):
        table.loc[row, f"p{answer}"] = probability
    table.insert(0, "label", labels)
    table.insert(1, "predicted", predicted)
    return table


LABELS = [0, 1, 2, 3, 4]
PREDICTIONS = {
    "fcn": predictions_of(LABELS, [0, 1, 7, 9, 9], [0.9, 0.9, 0.8, 0.99, 0.6]),
    "cnn": predictions_of(LABELS, [0, 1, 2, 3, 9], [0.9, 0.9, 0.9, 0.95, 0.7]),
    "cnn_no_pool": predictions_of(LABELS, [0, 1, 2, 3, 4], [0.9, 0.9, 0.7, 0.94, 0.5]),
}


def metrics_of(test_accuracy: float, lecture_accuracy: float | None) -> dict[str, float | None]:
    return {
        "parameters": 104_202,
        "test_loss": 0.03,
        "test_accuracy": test_accuracy,
        "test_accuracy_low": test_accuracy - 0.002,
        "test_accuracy_high": test_accuracy + 0.002,
        "wrong_images": round(10_000 * (1 - test_accuracy)),
        "expected_calibration_error": 0.01,
        "fit_seconds": 50.0,
        "fit_images_per_second": 6000.0,
        "predict_images_per_second": 20_000.0,
        "model_bytes": 872_325,
        "lecture_accuracy": lecture_accuracy,
    }


METRICS = {"fcn": metrics_of(0.98, 0.9785), "cnn": metrics_of(0.99, 0.991), "cnn_no_pool": metrics_of(0.989, None)}


def record_of(network: str) -> dict[str, Any]:
    run_id = None if network == "fcn" else f"run of {network}"
    trained = {"seed": 1, "train_samples": 60_000, "test_samples": 5, "epochs": 5, "optimizer": "rmsprop"}
    settings = {"learning_rate": None, "batch_size": 64, "precision": "float32", "mlflow_run": run_id}
    history = [{"epoch": 1, "loss": 0.3, "accuracy": 0.9}, {"epoch": 2, "loss": 0.1, "accuracy": 0.97}]
    return trained | settings | {"metrics": METRICS[network], "history": history}


RECORDS = {network: record_of(network) for network in NETWORKS}


def test_the_table_has_a_row_for_each_network() -> None:
    table = nodes.compare(**RECORDS)
    assert list(table.columns) == [
        "network",
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
        "seed",
        "train_samples",
        "test_samples",
        "epochs",
        "optimizer",
        "learning_rate",
        "batch_size",
        "precision",
        "mlflow_run",
    ]
    assert table["network"].tolist() == list(NETWORKS)
    assert table["test_accuracy"].tolist() == [0.98, 0.99, 0.989]
    assert table["mlflow_run"].fillna("none").tolist() == ["none", "run of cnn", "run of cnn_no_pool"]
    assert table["lecture_accuracy"].isna().tolist() == [False, False, True]


def test_mcnemar_is_the_binomial_test_of_the_images_that_divide_a_pair() -> None:
    labels = [0] * 40
    tests = nodes.compare_pairs(
        fcn=predictions_of(labels, [0] * 20 + [1] * 20, [0.9] * 40),
        cnn=predictions_of(labels, [1] * 5 + [0] * 30 + [1] * 5, [0.9] * 40),
    )
    row = tests.iloc[0]
    assert row[["both_right", "only_network_right", "only_other_right", "both_wrong"]].tolist() == [15, 5, 15, 5]
    assert row["p_value"] == pytest.approx(binomtest(5, 20, 0.5).pvalue)
    assert row["p_value"] == pytest.approx(0.04138947)  # R: binom.test(5, 20)


def test_every_pair_is_tested_and_adjusted() -> None:
    tests = nodes.compare_pairs(**PREDICTIONS)
    assert list(zip(tests["network"], tests["other"], strict=True)) == [
        ("fcn", "cnn"),
        ("fcn", "cnn_no_pool"),
        ("cnn", "cnn_no_pool"),
    ]
    assert tests["p_value"].tolist() == pytest.approx([0.5, 0.25, 1.0])
    assert tests["p_value_holm"].tolist() == pytest.approx([1.0, 0.75, 1.0])


def test_networks_of_different_test_images_are_not_compared() -> None:
    other = predictions_of([9, 9, 9, 9, 9], [0, 1, 2, 3, 4], [0.9] * 5)
    with pytest.raises(DataError, match="fcn and cnn were tested on different images"):
        nodes.compare_pairs(fcn=PREDICTIONS["fcn"], cnn=other)


def test_disagreements_come_surest_first(mnist: Dataset) -> None:
    table = nodes.find_disagreements(mnist, **PREDICTIONS)
    assert table["image"].tolist() == [3, 2, 4]
    assert table.loc[0].to_dict() == {
        "image": 3,
        "label": "3",
        "fcn_predicted": "9",
        "fcn_probability": 0.99,
        "cnn_predicted": "3",
        "cnn_probability": 0.95,
        "cnn_no_pool_predicted": "3",
        "cnn_no_pool_probability": 0.94,
    }


def test_mistakes_come_surest_first(mnist: Dataset) -> None:
    table = nodes.find_confident_mistakes(mnist, **PREDICTIONS)
    assert table["image"].tolist() == [3, 2, 4]
    assert table["cnn_predicted"].tolist() == ["3", "2", "9"]


def test_networks_that_agree_and_do_not_err_leave_empty_tables(mnist: Dataset) -> None:
    flawless = dict.fromkeys(NETWORKS, PREDICTIONS["cnn_no_pool"])
    assert nodes.find_disagreements(mnist, **flawless).empty
    assert nodes.find_confident_mistakes(mnist, **flawless).empty


def test_classes_are_named_as_the_data_set_names_them(mnist: Dataset) -> None:
    clothes = mnist.model_copy(update={"class_names": tuple(f"garment {index}" for index in range(CLASSES))})
    assert nodes.find_disagreements(clothes, **PREDICTIONS)["fcn_predicted"].iloc[0] == "garment 9"


@pytest.mark.parametrize("flawless", [False, True], ids=["with mistakes", "without mistakes"])
def test_the_pipeline_compares(mnist: Dataset, flawless: bool) -> None:  # noqa: FBT001
    shown = {network: PREDICTIONS["cnn_no_pool" if flawless else network] for network in NETWORKS}
    catalog = DataCatalog(
        {
            "params:dataset": MemoryDataset(mnist),
            "raw_test_images": MemoryDataset(np.zeros((5, 28, 28), np.uint8)),
            **{f"{network}.record": MemoryDataset(RECORDS[network]) for network in NETWORKS},
            **{f"{network}.predictions": MemoryDataset(shown[network]) for network in NETWORKS},
        }
    )
    outputs = {
        name: dataset.load() for name, dataset in SequentialRunner().run(create_pipeline(NETWORKS), catalog).items()
    }
    number = 0 if flawless else 3
    assert outputs["comparison.disagreements_figure"].get_suptitle().startswith(f"{number} test images of MNIST divide")
    assert (
        outputs["comparison.confident_mistakes_figure"]
        .get_suptitle()
        .startswith(f"Some network errs on {number} test images")
    )
    curves = outputs["comparison.learning_curves_figure"]
    assert [text.get_text() for text in curves.legends[0].get_texts()] == [*NETWORKS, "training", "test"]
    stars = [line.get_xydata().tolist() for line in curves.axes[1].get_lines() if line.get_marker() == "*"]
    assert stars == [[[2, METRICS[network]["test_accuracy"]]] for network in NETWORKS]
    assert outputs["comparison.test_accuracies_figure"].axes[0].get_xlabel() == "test accuracy, with 95 % interval"
