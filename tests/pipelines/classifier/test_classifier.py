"""Reshape, build, train, predict and evaluate: each node, and the pipeline on a slice of real MNIST."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from convnets.datasets.checkpoint import Checkpoint
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.classifier import create_pipeline, evaluation, figures, nodes
from convnets.pipelines.preparation.nodes import normalize_images
from convnets.precision import choose_policy
from convnets.showing_parameters import Convolution
from convnets.training_parameters import Training

FCN = Network.model_validate({"name": "fcn", "architecture": "fully_connected", "units": 32})
CNN = Network.model_validate(
    {
        "name": "cnn",
        "architecture": "convolutional",
        "filters": [8, 16],
        "kernel_size": 3,
        "strides": 1,
        "padding": "valid",
        "pool_size": 2,
    }
)
TRAINING = Training(
    epochs=2, batch_size=32, optimizer="rmsprop", loss="sparse_categorical_crossentropy", validation_split=0
)
CONVOLUTION = Convolution(image=0, kernels={"edge": [[-1, 0, 1]] * 3}, filters=(0,), images_of_a_filter=1)
SEED = 1


@pytest.fixture(scope="module")
def images(raw_test_images: np.ndarray) -> np.ndarray:
    return normalize_images(raw_test_images[:600])


@pytest.fixture(scope="module")
def labels(raw_test_labels: np.ndarray) -> np.ndarray:
    return raw_test_labels[:600]


@pytest.fixture
def untrained_fcn(images: np.ndarray, mnist: Dataset) -> keras.Model:
    return nodes.build_model(images.reshape(600, -1), FCN, mnist, SEED)


Trained = list[tuple[keras.Model, pd.DataFrame]]


@pytest.fixture
def train_fcn(untrained_fcn: keras.Model, images: np.ndarray, labels: np.ndarray) -> Callable[..., Trained]:
    def train(seed: int = SEED, precision: str = "float32", steps_per_execution: int = 1, **changed: Any) -> Trained:
        training = TRAINING.model_copy(update=changed)
        compiled = nodes.compile_model(untrained_fcn, training, precision, steps_per_execution)
        start = nodes.start_or_resume(compiled, training, None)
        steps = nodes.train(start, images.reshape(600, -1), labels, training, seed)
        return [(checkpoint.model, log) for log, checkpoint in steps]

    return train


def predictions_of(labels: list[int], probabilities: list[list[float]]) -> pd.DataFrame:
    table = pd.DataFrame(
        np.array(probabilities, np.float32), columns=[f"p{index}" for index in range(len(probabilities[0]))]
    )
    table.insert(0, "label", labels)
    table.insert(1, "predicted", np.argmax(probabilities, axis=1))
    return table


def test_reshaping_copies_nothing(images: np.ndarray) -> None:
    for network, shape in ((FCN, (600, 784)), (CNN, (600, 28, 28, 1))):
        train_inputs, test_inputs = nodes.reshape_images(images, images[:10], network)
        assert train_inputs.shape == shape
        assert test_inputs.shape == (10, *shape[1:])
        assert np.shares_memory(train_inputs, images)
        assert np.shares_memory(test_inputs, images)


def test_the_summary_is_the_lectures(untrained_fcn: keras.Model) -> None:
    summary, layers = nodes.summarize_model(untrained_fcn)
    assert 'Model: "fcn"' in summary
    assert "Total params: 25,450" in summary
    assert layers.to_dict("list") == {
        "layer": ["input_1", "dense", "dense_1"],
        "type": ["InputLayer", "Dense", "Dense"],
        "output_shape": ["784", "32", "10"],
        "parameters": [0, 25_120, 330],
    }


def test_training_learns(train_fcn: Callable[..., Trained]) -> None:
    history = train_fcn(epochs=4)[-1][1]
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["loss"].is_monotonic_decreasing
    assert history["accuracy"].iloc[-1] > 0.8
    assert (history["epoch_seconds"] > 0).all()


def test_each_epoch_is_handed_over_as_it_ends(train_fcn: Callable[..., Trained]) -> None:
    assert [len(log) for _, log in train_fcn()] == [1, 2]


def test_training_leaves_the_untrained_model_as_it_was(
    untrained_fcn: keras.Model, train_fcn: Callable[..., Trained]
) -> None:
    before = untrained_fcn.get_weights()
    train_fcn()
    for ours, theirs in zip(before, untrained_fcn.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_same_seed_gives_the_same_bits(train_fcn: Callable[..., Trained]) -> None:
    first = train_fcn()[-1][0].get_weights()
    keras.utils.set_random_seed(99)
    second, other = train_fcn()[-1][0].get_weights(), train_fcn(seed=2)[-1][0].get_weights()
    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(first[0], other[0])


def test_bfloat16_learns_as_well_and_the_model_is_kept_in_float32(
    untrained_fcn: keras.Model, train_fcn: Callable[..., Trained], images: np.ndarray, labels: np.ndarray
) -> None:
    exact = train_fcn(epochs=4)[-1][1]
    checkpoint, log = train_fcn(epochs=4, precision="mixed_bfloat16")[-1]
    assert [layer.compute_dtype for layer in checkpoint.layers] == ["bfloat16", "float32"]
    assert not np.array_equal(log["loss"], exact["loss"])
    np.testing.assert_allclose(log["loss"], exact["loss"], rtol=0.02)
    model, _ = nodes.finish_training(Checkpoint(checkpoint, log, 4), log, untrained_fcn)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    for ours, theirs in zip(checkpoint.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    accuracy = (evaluation.predict(model, images.reshape(600, -1), labels)[0]["predicted"] == labels).mean()
    assert accuracy == pytest.approx(exact["accuracy"].iloc[-1], abs=0.1)


def test_steps_at_a_time_change_the_speed_alone(train_fcn: Callable[..., Trained]) -> None:
    for ours, theirs in zip(
        train_fcn()[-1][0].get_weights(), train_fcn(steps_per_execution=8)[-1][0].get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_an_epoch_counts_the_images_it_learns_from(train_fcn: Callable[..., Trained]) -> None:
    log = train_fcn(validation_split=0.25)[-1][1]
    np.testing.assert_allclose(log["images_per_second"] * log["epoch_seconds"], 450)


def test_the_last_images_are_held_back_for_validation(
    train_fcn: Callable[..., Trained], images: np.ndarray, labels: np.ndarray
) -> None:
    model, log = train_fcn(validation_split=0.25)[-1]
    predicted = model.predict(images[450:].reshape(150, -1), verbose=0).argmax(axis=1)
    assert log["val_accuracy"].iloc[-1] == pytest.approx((predicted == labels[450:]).mean())


def test_predictions_are_the_models(train_fcn: Callable[..., Trained], images: np.ndarray, labels: np.ndarray) -> None:
    model = train_fcn()[-1][0]
    table, speed = evaluation.predict(model, images.reshape(600, -1), labels)
    assert list(table.columns) == ["label", "predicted", *(f"p{index}" for index in range(10))]
    np.testing.assert_array_equal(table["label"], labels)
    np.testing.assert_allclose(
        table.filter(regex=r"p\d").to_numpy(), model(images.reshape(600, -1)).numpy(), rtol=1e-4, atol=1e-6
    )
    assert speed["predict_images_per_second"] > 0


def test_evaluation_agrees_with_keras(
    train_fcn: Callable[..., Trained], images: np.ndarray, labels: np.ndarray
) -> None:
    model, history = train_fcn()[-1]
    table, speed = evaluation.predict(model, images.reshape(600, -1), labels)
    metrics: Any = evaluation.evaluate(
        model=model,
        history=history,
        predictions=table,
        prediction_speed=speed,
        calibration=evaluation.calibrate(table),
        lecture_accuracy=None,
    )
    assert metrics["fit_images_per_second"] == pytest.approx(2 * 600 / metrics["fit_seconds"])
    test_loss, test_accuracy = model.evaluate(images.reshape(600, -1), labels, verbose=0)
    assert metrics["test_loss"] == pytest.approx(test_loss, rel=1e-4)
    assert metrics["test_accuracy"] == pytest.approx(test_accuracy)
    assert metrics["parameters"] == 25_450
    assert metrics["operations"] == 2 * 600 * 2 * (3 * (784 * 32 + 32 * 10) - 784 * 32)
    assert metrics["fit_seconds"] == pytest.approx(history["epoch_seconds"].sum())
    assert metrics["model_bytes"] > 4 * 25_450
    assert metrics["lecture_accuracy"] is None


def test_operations_of_a_convolution_are_those_of_its_patches(images: np.ndarray, mnist: Dataset) -> None:
    model = nodes.build_model(images[..., np.newaxis], CNN, mnist, SEED)
    first, second, last = 26 * 26 * 3 * 3 * 8, 11 * 11 * 3 * 3 * 8 * 16, 11 * 11 * 16 * 10
    assert evaluation.count_operations(model) == 2 * (3 * (first + second + last) - first)


def test_the_interval_is_wilsons() -> None:
    # E. B. Wilson, 1927: 8 of 10 with z = 1.96 gives 0.4902 to 0.9433 (R: binom::binom.wilson(8, 10)).
    table = predictions_of([0] * 8 + [1] * 2, [[0.9, 0.1]] * 10)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    metrics: Any = evaluation.evaluate(
        model=model,
        history=pd.DataFrame({"epoch_seconds": [1.0], "images_per_second": [10.0]}),
        predictions=table,
        prediction_speed={},
        calibration=evaluation.calibrate(table),
        lecture_accuracy=0.9,
    )
    assert metrics["test_accuracy"] == 0.8
    assert (metrics["wrong_images"], metrics["test_error_percent"]) == (2, pytest.approx(20))
    assert (metrics["test_accuracy_low"], metrics["test_accuracy_high"]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert metrics["test_loss"] == pytest.approx(-(8 * np.log(0.9) + 2 * np.log(0.1)) / 10, rel=1e-6)
    assert metrics["expected_calibration_error"] == pytest.approx(0.1, abs=1e-6)


def test_classes_are_scored_one_by_one(mnist: Dataset) -> None:
    two = mnist.model_copy(update={"class_names": ("cat", "dog")})
    table = predictions_of([0, 0, 0, 1], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    scores = evaluation.score_classes(table, two).set_index("class")
    assert scores.loc["cat"].tolist() == pytest.approx([1, 2 / 3, 0.8, 3])
    assert scores.loc["dog"].tolist() == pytest.approx([1 / 2, 1, 2 / 3, 1])
    confusions = evaluation.count_confusions(table, two).set_index("label")
    assert confusions.loc["cat"].to_dict() == {"cat": 2, "dog": 1}
    assert confusions.loc["dog"].to_dict() == {"cat": 0, "dog": 1}


def test_scores_and_confusions_are_scikit_learns(mnist: Dataset) -> None:
    random = np.random.default_rng(0)
    label, predicted = random.integers(0, 9, (2, 300))  # of the last class there is nothing, and of the 0 no guess
    table = pd.DataFrame({"label": label, "predicted": np.where(predicted == 0, 1, predicted)})
    expected = precision_recall_fscore_support(table["label"], table["predicted"], labels=range(10), zero_division=0)
    scores = evaluation.score_classes(table, mnist)
    for name, values in zip(("precision", "recall", "f1", "samples"), expected, strict=True):
        assert scores[name].tolist() == values.tolist()
    counts = evaluation.count_confusions(table, mnist).drop(columns="label").to_numpy()
    assert counts.tolist() == confusion_matrix(table["label"], table["predicted"], labels=range(10)).tolist()


def test_calibration_bins_hold_their_answers() -> None:
    table = predictions_of([0, 1, 1], [[0.55, 0.45], [0.6, 0.4], [0.0, 1.0]])
    bins = evaluation.calibrate(table)
    assert bins["samples"].tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0, 1]  # float32's 0.6 is just above 0.6
    assert bins.loc[5, ["confidence", "accuracy"]].tolist() == pytest.approx([0.55, 1])
    assert bins.loc[9, ["confidence", "accuracy"]].tolist() == pytest.approx([1, 1])
    # (|0.55 - 1| + |0.6 - 0| + |1 - 1|) / 3
    assert evaluation.expected_calibration_error(bins) == pytest.approx(0.35, abs=1e-6)


def test_learning_curves_mark_the_epoch_that_is_kept(mnist: Dataset) -> None:
    history = pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.3, 0.2, 0.1], "accuracy": [0.8, 0.9, 0.95]})
    history = history.assign(val_loss=[0.3, 0.25, 0.4], val_accuracy=[0.8, 0.85, 0.8])
    whole = figures.plot_learning_curves(history, FCN, mnist)
    kept = figures.plot_learning_curves(history.assign(kept=[False, True, False]), FCN, mnist)
    for figure, marked in ((whole, []), (kept, ["epoch 2, kept"])):
        for axes in figure.axes:
            legend: Any = axes.get_legend()
            assert [text.get_text() for text in legend.get_texts()] == ["training", "validation", *marked]
            assert [line.get_xdata() for line in axes.lines[2:]] == [[2, 2]] * len(marked)


def test_the_first_prediction_has_a_row_for_each_class(mnist: Dataset) -> None:
    first = evaluation.tabulate_first_prediction(
        predictions_of([7, 2], [[0.01] * 7 + [0.91, 0.01, 0.01], [0.1] * 10]), mnist
    )
    assert first["class"].tolist() == list("0123456789")
    assert first.loc[first["is_label"], "probability"].tolist() == pytest.approx([0.91])


def test_a_probability_of_nearly_1_is_not_written_as_1(mnist: Dataset, images: np.ndarray) -> None:
    first = evaluation.tabulate_first_prediction(predictions_of([7], [[1e-5] * 7 + [0.99993, 0, 0]]), mnist)
    _, bars = figures.plot_first_prediction(images, first, FCN, mnist).axes
    assert [text.get_text().strip() for text in bars.texts][6:8] == ["< 0.001", "> 0.999"]
    assert max(bars.get_xticks()) == 1


@pytest.mark.parametrize("network", [FCN, CNN], ids=["fcn", "cnn"])
def test_the_pipeline_trains_and_reports(
    network: Network, images: np.ndarray, labels: np.ndarray, mnist: Dataset
) -> None:
    name = network.root.name
    in_memory = {
        "train_images": images[:500],
        "train_labels": labels[:500],
        "test_images": images[500:],
        "test_labels": labels[500:],
        "params:convolution": CONVOLUTION,
        "params:dataset": mnist,
        "params:seed": SEED,
        "params:precision": "auto",
        f"params:{name}.last_checkpoint": None,
        f"params:{name}.run_id": "a1b2c3",
        "params:steps_per_execution": 4,
        "params:strategy": "default",
        f"params:{name}.network": network,
        f"params:{name}.training": TRAINING,
        f"params:{name}.lecture_accuracy": 0.99,
    }
    drawn = ["architecture_figure", "learning_curves_figure", "confusion_matrix_figure", "reliability_diagram_figure"]
    drawn += ["first_prediction_figure", "mistakes_figure"]  # Kedro would copy it, and not every Matplotlib can
    kept = ["untrained_model", "compiled_model", "starting_point", "checkpoint", "model", "metrics", *drawn]
    catalog = DataCatalog({dataset: MemoryDataset(value, copy_mode="assign") for dataset, value in in_memory.items()})
    for dataset in kept:
        catalog[f"{name}.{dataset}"] = MemoryDataset(copy_mode="assign")
    pipeline = create_pipeline(name)
    shown = pipeline.only_nodes(f"{name}.make_network_report")  # of figures as files, which the catalog makes of them
    outputs = {dataset: value.load() for dataset, value in SequentialRunner().run(pipeline - shown, catalog).items()}
    assert f'Model: "{name}"' in outputs[f"{name}.summary"]
    assert f'"name":"{name}"' in outputs[f"{name}.playground"]
    assert outputs[f"{name}.per_class_table"]["samples"].sum() == 100
    record = outputs[f"{name}.record"]
    assert [row["epoch"] for row in record.pop("history")] == [1, 2]
    assert record.pop("metrics")["lecture_accuracy"] == 0.99
    assert record == {
        "seed": SEED,
        "train_samples": 500,
        "test_samples": 100,
        "epochs": 2,
        "optimizer": "rmsprop",
        "learning_rate": None,
        "batch_size": 32,
        "precision": choose_policy("auto"),
        "mlflow_run": "a1b2c3",
    }
    assert outputs[f"{name}.first_prediction_figure"].get_suptitle() == f"{name}: the first test image of MNIST"
    for figure in drawn:
        assert name in outputs[f"{name}.{figure}"].get_suptitle()
