"""Corrupted test images: what networks answer, what is measured of it, and the figures."""

from itertools import product
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from matplotlib.colors import to_hex
from scipy import stats
from scipy.stats import binomtest

from convnets.figures import network_colour
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.robustness import create_pipeline, figures, nodes, statistics
from convnets.pipelines.robustness.calibration import fit_temperature, scale_by_temperature
from convnets.pipelines.robustness.corruptions import CORRUPTIONS, corrupt
from convnets.robustness_parameters import Robustness
from convnets.studies import StudyTraining
from convnets.training_parameters import Training

FCN = Network.model_validate({"name": "fcn", "architecture": "fully_connected", "units": 32})
CNN = Network.model_validate({"name": "cnn", "architecture": "fully_connected", "units": 16})
ROBUSTNESS = Robustness.model_validate(
    {
        "networks": ["fcn", "cnn"],
        "seeds": [1, 2],
        "validation_split": 0.25,
        "seed": 3,
        "corruptions": {"rotation": [10, 90], "scale": [0.5], "noise": [0.2], "blur": [2], "occlusion": [6, 28]},
    }
)
CONDITIONS = ["none", "rotation", "rotation", "scale", "noise", "blur", "occlusion", "occlusion"]
TRAINING = Training(
    epochs=1, batch_size=4, optimizer="rmsprop", loss="sparse_categorical_crossentropy", validation_split=0.25
)


@pytest.fixture(scope="module")
def looks_for_ink() -> keras.Model:
    """A model that says 1 where there is ink anywhere, and else 0."""
    weights = np.zeros((784, 2), np.float32)
    weights[:, 1] = 10
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(2, activation="softmax")])
    model.set_weights([weights, np.array([1, 0], np.float32)])
    return model


def answers_of(probabilities: list[list[float]], labels: list[int]) -> pd.DataFrame:
    """As `predict` returns them."""
    table = pd.DataFrame(np.array(probabilities, np.float32), columns=[f"p{c}" for c in range(len(probabilities[0]))])
    table.insert(0, "label", labels)
    table.insert(1, "predicted", np.argmax(probabilities, axis=1))
    return table


def random_answers(seed: int, images: int = 60) -> pd.DataFrame:
    """Answers to images of ten classes, more often right than not."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, images)
    logits = random.normal(size=(images, 10)) + 3 * np.eye(10)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return answers_of(probabilities.tolist(), labels.tolist())


def under_each_condition(seed: int) -> pd.DataFrame:
    tables = [
        random_answers(100 * seed + place).assign(corruption=corruption, severity=severity, amount=amount)
        for place, (corruption, severity, amount) in enumerate(nodes.conditions_of(ROBUSTNESS))
    ]
    return pd.concat(tables, ignore_index=True)


def test_all_images_are_asked_for_under_each_condition(looks_for_ink: keras.Model) -> None:
    images = np.zeros((3, 28, 28), np.float32)
    images[:2, 12:16, 12:16] = 1
    labels = np.array([1, 1, 0], np.uint8)
    answers = nodes.answer_corrupted(looks_for_ink, images, labels, FCN, ROBUSTNESS)
    assert list(answers.columns) == ["corruption", "severity", "amount", "label", "predicted", "p0", "p1"]
    assert answers["corruption"].tolist() == [name for name in CONDITIONS for _ in labels]
    assert answers["label"].tolist() == [1, 1, 0] * len(CONDITIONS)
    right = (answers["label"] == answers["predicted"]).groupby(answers.index // 3).mean()
    # Noise puts ink into the empty image, and a square as large as the image hides all of it.
    assert right.tolist() == pytest.approx([1, 1, 1, 1, 2 / 3, 1, 1, 1 / 3])
    noisy = corrupt(images, "noise", 0.2, seed=3).reshape(3, -1).sum(axis=1, dtype=np.float64)
    said = answers.loc[answers["corruption"] == "noise", "p1"]
    assert said.tolist() == pytest.approx((1 / (1 + np.exp(1 - 10 * noisy))).tolist(), rel=1e-4)


def test_those_held_back_are_the_last_ones(looks_for_ink: keras.Model) -> None:
    images = np.zeros((8, 28, 28), np.float32)
    images[7, 0, 0] = 1
    answers = nodes.answer_held_back(looks_for_ink, images, np.arange(8, dtype=np.uint8), FCN, TRAINING)
    assert answers["label"].tolist() == [6, 7]
    assert answers["predicted"].tolist() == [0, 1]


def test_an_ensemble_answers_with_the_mean_of_probabilities() -> None:
    one = answers_of([[0.9, 0.1], [0.4, 0.6]], [0, 1]).assign(severity=2)
    other = answers_of([[0.2, 0.8], [0.3, 0.7]], [0, 1]).assign(severity=2)
    both = nodes.average(one, other)
    assert both["predicted"].tolist() == [0, 1]
    assert both[["p0", "p1"]].to_numpy() == pytest.approx(np.array([[0.55, 0.45], [0.35, 0.65]]))
    assert both[["label", "severity"]].to_numpy().tolist() == [[0, 2], [1, 2]]


def test_measures_are_those_of_each_condition() -> None:
    held_back = random_answers(1, images=500)
    easy = answers_of([[0.95, 0.05], [0.05, 0.95]], [0, 1]).assign(corruption="none", severity=0, amount=np.nan)
    hard = answers_of([[0.85, 0.15], [0.85, 0.15]], [0, 1]).assign(corruption="blur", severity=1, amount=2.0)
    none, blur = nodes.measure(pd.concat([easy, hard]), held_back).to_dict("records")
    temperature = fit_temperature(held_back.filter(regex=r"^p\d").to_numpy(), held_back["label"].to_numpy())
    assert (none["corruption"], none["severity"], none["test_accuracy"]) == ("none", 0, 1.0)
    assert np.isnan(none["amount"])
    assert (blur["corruption"], blur["severity"], blur["amount"], blur["test_accuracy"]) == ("blur", 1, 2.0, 0.5)
    assert none["temperature"] == blur["temperature"] == temperature != 1
    interval = binomtest(1, 2).proportion_ci(0.95, method="wilson")
    assert (blur["test_accuracy_low"], blur["test_accuracy_high"]) == pytest.approx((interval.low, interval.high))
    assert (none["confidence"], none["expected_calibration_error"]) == pytest.approx((0.95, 0.05))
    assert (blur["confidence"], blur["expected_calibration_error"]) == pytest.approx((0.85, 0.35))
    assert blur["test_loss"] == pytest.approx(-np.log([0.85, 0.15]).mean())
    scaled = scale_by_temperature(np.array([[0.85, 0.15]]), temperature)[0]
    assert blur["scaled_confidence"] == pytest.approx(scaled[0], rel=1e-5)
    assert blur["scaled_calibration_error"] == pytest.approx(abs(scaled[0] - 0.5), rel=1e-5)
    assert blur["scaled_loss"] == pytest.approx(-np.log(scaled).mean(), rel=1e-5)


@pytest.fixture(scope="module")
def measures() -> pd.DataFrame:
    """Of two seeds of each of two networks, and of their ensembles."""
    held_back = {seed: random_answers(seed + 50, images=200) for seed in (1, 2, 3, 4)}
    answers = {seed: under_each_condition(seed) for seed in (1, 2, 3, 4)}
    single = [
        nodes.measure_training(answers[seed + shift], held_back[seed + shift], network, seed)
        for network, shift in ((FCN, 0), (CNN, 2))
        for seed in (1, 2)
    ]
    together = [
        nodes.measure_ensemble(
            nodes.average(answers[one], answers[one + 1]),
            nodes.average(held_back[one], held_back[one + 1]),
            network,
            ROBUSTNESS,
        )
        for network, one in ((FCN, 1), (CNN, 3))
    ]
    return nodes.gather_measures(*single, *together)


def test_the_table_has_a_row_for_each_training_ensemble_and_condition(measures: pd.DataFrame) -> None:
    assert len(measures) == 6 * len(CONDITIONS)
    assert measures["corruption"].tolist() == CONDITIONS * 6
    about = measures[["network", "members", "seed"]].drop_duplicates()
    assert about["network"].tolist() == ["fcn", "fcn", "cnn", "cnn", "fcn", "cnn"]
    assert about["members"].tolist() == [1, 1, 1, 1, 2, 2]
    assert about["seed"].fillna(0).tolist() == [1, 2, 1, 2, 0, 0]


def test_means_are_over_seeds_and_an_ensemble_has_its_own_interval(measures: pd.DataFrame) -> None:
    means = statistics.average_over_seeds(measures)
    assert len(means) == 4 * len(CONDITIONS)
    row = means[(means["network"] == "cnn") & (means["members"] == 1) & (means["corruption"] == "blur")].iloc[0]
    of_seeds = measures[
        (measures["network"] == "cnn") & (measures["members"] == 1) & (measures["corruption"] == "blur")
    ]
    interval = stats.ttest_1samp(of_seeds["test_accuracy"], 0).confidence_interval(0.95)
    assert (row["test_accuracy_low"], row["test_accuracy_high"]) == pytest.approx((interval.low, interval.high))
    for name in statistics.MEASURES:
        assert row[name] == pytest.approx(of_seeds[name].mean())
    ensemble = means[means["members"] == 2].reset_index(drop=True)
    own = measures[measures["members"] == 2].reset_index(drop=True)
    for name in (*statistics.MEASURES, "test_accuracy_low", "test_accuracy_high"):
        assert ensemble[name].tolist() == pytest.approx(own[name].tolist())


def test_networks_are_compared_under_each_corruption_as_one_family(measures: pd.DataFrame) -> None:
    tests = statistics.compare_networks(measures, ROBUSTNESS)
    assert tests["corruption"].tolist() == ["none", *CORRUPTIONS]
    single = measures[(measures["members"] == 1) & (measures["corruption"] == "rotation")]
    accuracies = single.groupby(["network", "seed"])["test_accuracy"].mean()
    expected = stats.ttest_rel(accuracies["fcn"], accuracies["cnn"])
    rotation = tests.set_index("corruption").loc["rotation"]
    assert (rotation["t"], rotation["p_value"]) == pytest.approx((expected.statistic, expected.pvalue))
    assert rotation["difference"] == pytest.approx(accuracies["fcn"].mean() - accuracies["cnn"].mean())
    least = tests["p_value"].idxmin()
    count = tests["p_value"].notna().sum()
    assert tests.loc[least, "p_value_holm"] == pytest.approx(min(1, count * tests.loc[least, "p_value"]))


def test_one_network_is_compared_with_none(measures: pd.DataFrame) -> None:
    alone = ROBUSTNESS.model_copy(update={"networks": ("fcn",)})
    tests = statistics.compare_networks(measures[measures["network"] == "fcn"], alone)
    assert len(tests) == 0
    assert {"corruption", "difference", "p_value_holm"} <= {*tests.columns}


def training_of(network: Network, seed: int) -> StudyTraining:
    return StudyTraining.model_validate(
        {
            "study": "robustness",
            "setting": f"robustness-{network.root.name}-held_back",
            "varied": {"variant": "held_back"},
            "measures": [],
            "trial": None,
            "tune": None,
            "lecture_accuracy": None,
            "network": network.model_dump(),
            "training": TRAINING.model_dump(),
            "samples": None,
            "seed": seed,
            "images_per_epoch": None,
            "dataset": {
                "name": "-",
                "folder": "-",
                "class_names": ["a", "b"],
                "train_samples": None,
                "test_samples": None,
            },
            "precision": "float32",
            "steps_per_execution": 1,
            "strategy": "default",
        }
    )


def test_the_pipeline_makes_tables_and_figures_of_the_answers(raw_test_images: np.ndarray, mnist: Dataset) -> None:
    trainings = {
        f"robustness-{network.root.name}-held_back-{seed}": training_of(network, seed)
        for network in (FCN, CNN)
        for seed in (1, 2)
    }
    pipeline = create_pipeline("robustness", trainings)
    answered = [f"{name}.{part}_answers" for name in trainings for part in ("corrupted", "validation")]
    after = pipeline.from_inputs(*answered).only_nodes_with_namespaces(["robustness", *trainings])
    data: dict[str, Any] = {"raw_test_images": raw_test_images, "params:robustness": ROBUSTNESS}
    data |= {"params:dataset": mnist, "params:fcn.network": FCN, "params:cnn.network": CNN}
    for place, (name, training) in enumerate(trainings.items(), start=1):
        data[f"{name}.corrupted_answers"] = under_each_condition(place)
        data[f"{name}.validation_answers"] = random_answers(place + 50, images=200)
        data |= {f"params:{name}.network": training.network, f"params:{name}.seed": training.seed}
    after += pipeline.only_nodes("robustness.plot_corruptions")
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in data.items()})
    assert after.inputs() == data.keys()
    results = {name: dataset.load() for name, dataset in SequentialRunner().run(after, catalog).items()}
    assert results.keys() == {
        *(f"robustness.{name}_figure" for name in ("calibration", "corruptions")),
        *("robustness.figure", "robustness.paired_tests_table"),
    }


def test_accuracies_are_drawn_in_a_panel_for_each_corruption(measures: pd.DataFrame, mnist: Dataset) -> None:
    means = statistics.average_over_seeds(measures)
    figure = figures.plot_accuracies(means, ROBUSTNESS, mnist)
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == list(CORRUPTIONS)
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["0", "10", "90"]
    bars: Any = panels[0].containers
    assert [container.get_label() for container in bars] == ["fcn", "cnn"]
    for container, network in zip(bars, ("fcn", "cnn"), strict=True):
        drawn = container.lines[0]
        own = means[(means["network"] == network) & (means["members"] == 1)]
        expected = own[own["corruption"].isin(["none", "rotation"])]["test_accuracy"]
        assert list(np.asarray(drawn.get_ydata())) == pytest.approx(expected.tolist())
        assert to_hex(drawn.get_color()) == network_colour(network).lower()


def test_calibration_is_drawn_before_and_after(measures: pd.DataFrame, mnist: Dataset) -> None:
    means = statistics.average_over_seeds(measures)
    figure = figures.plot_calibration(means, mnist)
    above, _, below, _ = figure.axes
    fcn = means[means["network"] == "fcn"]
    single = fcn[fcn["members"] == 1]
    paths = above.get_lines()
    assert len(paths) == 2 * len(CORRUPTIONS) + 1
    for path, (name, corruption) in zip(paths, product(["confidence", "scaled_confidence"], CORRUPTIONS), strict=False):
        own = single[single["corruption"].isin(["none", corruption])]
        assert list(np.asarray(path.get_xdata())) == pytest.approx(own["test_accuracy"].tolist())
        assert list(np.asarray(path.get_ydata())) == pytest.approx(own[name].tolist())
    assert {text.get_text() for text in above.texts} >= {*CORRUPTIONS, "too sure"}
    for kind, line in zip(figures.KINDS, below.get_lines(), strict=True):
        own = fcn[(fcn["members"] > 1) == kind.ensemble]
        error = own["scaled_calibration_error" if kind.scaled else "expected_calibration_error"]
        expected = [error[own["severity"] == severity].mean() for severity in (0, 1, 2)]
        assert list(np.asarray(line.get_ydata())) == pytest.approx(expected)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()][:4] == [kind.label for kind in figures.KINDS]


def test_the_corruptions_are_shown(raw_test_images: np.ndarray, mnist: Dataset) -> None:
    figure = figures.plot_corruptions(raw_test_images, ROBUSTNESS, mnist)
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
    assert len(shown) == len(CORRUPTIONS) + len(CONDITIONS) - 1
    assert shown[0] == pytest.approx(raw_test_images[0] / 255)
    image = raw_test_images[:1].astype(np.float32) / 255
    assert shown[2] == pytest.approx(corrupt(image, "rotation", 90, seed=3)[0])
    assert (shown[-1] == 0).all()
