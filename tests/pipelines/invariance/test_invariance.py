"""What a study measures under shifts: exact where the mathematics is, and held against NumPy and SciPy elsewhere."""

from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from convnets.network_parameters import Network
from convnets.networks import build_network
from convnets.parameters import Dataset
from convnets.pipelines.invariance import figures, nodes, statistics
from convnets.pipelines.preparation.nodes import normalize_images
from convnets.pipelines.translation.nodes import shift_images
from convnets.showing_parameters import Translation
from convnets.study_parameters import Study
from convnets.training_parameters import Training
from support import CNN

CURED: dict[str, Any] = CNN | {"padding": "circular", "head": "global_max", "filters": [8, 8, 8]}
TRANSLATION = Translation(distances=(0, 1, 4), image=0, direction="right", images_of_a_training=40)
TRAINING = Training(
    epochs=1,
    batch_size=64,
    optimizer="rmsprop",
    loss="sparse_categorical_crossentropy",
    validation_split=0.0,
)


def untrained(**changes: Any) -> tuple[keras.Model, Network]:
    network = Network.model_validate(CURED | changes)
    return build_network(network, (28, 28, 1), 10, seed=1), network


@pytest.fixture(scope="module")
def images(raw_test_images: np.ndarray) -> np.ndarray:
    return normalize_images(raw_test_images[:60])


@pytest.mark.parametrize("shift", [(0, 4), (4, 0), (-8, 12), (28, 4)])
@pytest.mark.parametrize("pooling", ["max", "average", "blur"])
def test_without_border_and_places_no_shift_by_the_stride_is_seen(
    images: np.ndarray, pooling: str, shift: tuple[int, int]
) -> None:
    model, _ = untrained(pooling=pooling)
    answers = model.predict(images[..., np.newaxis], verbose=0)
    shifted = model.predict(np.roll(images, shift, axis=(1, 2))[..., np.newaxis], verbose=0)
    np.testing.assert_allclose(shifted, answers, rtol=0, atol=1e-6)


@pytest.mark.parametrize("changes", [{"padding": "valid"}, {"padding": "same"}, {"head": "flatten"}])
def test_with_border_or_places_a_shift_is_seen(images: np.ndarray, changes: dict[str, str]) -> None:
    model, _ = untrained(**changes)
    answers = model.predict(images[..., np.newaxis], verbose=0)
    shifted = model.predict(np.roll(images, 4, axis=2)[..., np.newaxis], verbose=0)
    assert np.abs(shifted - answers).max() > 1e-3


def errors_of(images: np.ndarray, **changes: Any) -> pd.DataFrame:
    model, network = untrained(**changes)
    return nodes.measure_equivariance(
        model=model, test_images=images, network=network, varied={"variant": "x"}, seed=3, translation=TRANSLATION
    )


def test_each_layer_without_a_border_shifts_with_the_image(images: np.ndarray) -> None:
    errors = errors_of(images)
    at_four = errors[errors["distance"] == 4]
    assert at_four["error"].max() < 1e-6
    assert at_four.loc[at_four["kind"] == "diagonal", ["layer", "stride"]].to_numpy().tolist() == [
        *(["conv2d", 1], ["max_pooling2d", 2], ["conv2d_1", 2], ["max_pooling2d_1", 4], ["conv2d_2", 4]),
        *(["global_max_pooling2d", 0], ["dense", 0]),
    ]


def test_where_a_layer_has_no_such_place_it_is_not_compared(images: np.ndarray) -> None:
    errors = errors_of(images)
    by_one = errors[(errors["distance"] == 1) & (errors["kind"] == "axis")]
    assert by_one["layer"].tolist() == ["conv2d", "global_max_pooling2d", "dense"]


def test_the_error_of_a_layer_is_numpys(images: np.ndarray) -> None:
    model, _ = untrained(padding="same")
    first = keras.Model(model.inputs[0], model.get_layer("conv2d").output)
    before = first.predict(images[..., np.newaxis], verbose=0)
    after = first.predict(np.roll(images, 4, axis=2)[..., np.newaxis], verbose=0)
    expected = np.sqrt(((after - np.roll(before, 4, axis=2)) ** 2).sum() / (before**2).sum())
    errors = errors_of(images, padding="same").set_index(["layer", "distance", "kind"])["error"]
    assert errors["conv2d", 4, "axis"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "stride"),
    [({"strides": 2, "pool_size": None, "filters": [8, 8]}, 4), ({"space_to_depth": 2, "pooling": "blur"}, 8)],
)
def test_strides_multiply(changes: dict[str, Any], stride: int) -> None:
    model, _ = untrained(**changes)
    last_convolution = [name for name in nodes.total_strides(model) if name.startswith("conv2d")][-1]
    assert nodes.total_strides(model)[last_convolution] == stride


def test_the_rows_of_a_training_say_what_it_was(
    images: np.ndarray, raw_test_labels: np.ndarray, mnist: Dataset
) -> None:
    model, network = untrained()
    table = nodes.measure_shifts(
        model=model,
        test_images=images,
        test_labels=raw_test_labels[:60],
        network=network,
        training=TRAINING,
        dataset=mnist,
        varied={"variant": "cured"},
        seed=3,
        translation=TRANSLATION,
    )
    assert len(table) == 3 * 8
    assert table["kind"].value_counts().to_dict() == {"axis": 12, "diagonal": 12}
    about = ["variant", "seed", "padding", "head", "pooling", "augmentation_shift", "canvas"]
    assert table[about].drop_duplicates().to_numpy().tolist() == [["cured", 3, "circular", "global_max", "max", 0, 0]]
    assert (table.loc[table["distance"] == 0, "consistency"] == 1).all()
    answers = [
        model.predict(shift_images(images[:40], by, "up left")[..., np.newaxis], verbose=0).argmax(axis=1)
        for by in (0, 4)
    ]
    found = table.set_index(["distance", "direction"]).loc[(4, "up left")]
    assert found["test_accuracy"] == (answers[1] == raw_test_labels[:40]).mean()
    assert found["consistency"] == (answers[0] == answers[1]).mean()


def shifts(accuracies: dict[tuple[str, str], list[float]]) -> pd.DataFrame:
    """Rows as trainings leave them: by padding and head the accuracy of each seed at 4 pixels, in all directions."""
    rows = [
        {
            **{"network": "cnn", "variant": f"{padding}_{head}", "padding": padding, "head": head, "pooling": "max"},
            **{"augmentation_shift": 0, "canvas": 0, "seed": seed, "kind": kind, "distance": 4},
            **{"test_accuracy": accuracy - 0.1 * (kind == "diagonal") + change, "consistency": 0.5},
        }
        for (padding, head), values in accuracies.items()
        for seed, accuracy in enumerate(values)
        for kind in ("axis", "diagonal")
        for change in (-0.01, 0.01)  # two directions
    ]
    return pd.DataFrame(rows)


ACCURACIES = {
    ("valid", "flatten"): [0.40, 0.42, 0.38],
    ("valid", "global_max"): [0.68, 0.70, 0.69],
    ("circular", "flatten"): [0.41, 0.40, 0.42],
    ("circular", "global_max"): [0.97, 0.96, 0.99],
}
STUDY = Study(seeds=(0, 1, 2), variants={f"{padding}_{head}": {} for padding, head in ACCURACIES})


def test_the_interaction_is_scipys() -> None:
    tests = statistics.measure_interaction(shifts(ACCURACIES), STUDY)
    assert tests["padding"].tolist() == ["circular", "circular"]
    contrasts = [(0.97 - 0.41) - (0.68 - 0.40), (0.96 - 0.40) - (0.70 - 0.42), (0.99 - 0.42) - (0.69 - 0.38)]
    expected = stats.ttest_1samp(contrasts, 0)
    first = tests.iloc[0]
    assert first["interaction"] == pytest.approx(np.mean(contrasts))
    assert first["t"] == pytest.approx(expected.statistic)
    assert first["low"] == pytest.approx(expected.confidence_interval(0.95).low)
    assert tests["p_value_holm"].tolist() == pytest.approx([2 * expected.pvalue] * 2)  # two tests, alike


def test_without_all_four_networks_no_interaction_is_reported() -> None:
    some = {corner: values for corner, values in ACCURACIES.items() if corner != ("valid", "global_max")}
    assert len(statistics.measure_interaction(shifts(some), STUDY)) == 0


def test_the_interval_over_seeds_is_of_means_over_directions() -> None:
    summary = statistics.summarize_shifts(shifts(ACCURACIES), STUDY)
    row = summary.query("padding == 'valid' and head == 'flatten' and kind == 'axis'").iloc[0]
    interval = stats.t.interval(0.95, 2, loc=0.40, scale=stats.sem([0.40, 0.42, 0.38]))
    assert row["trainings"] == 3
    assert (row["test_accuracy_low"], row["test_accuracy_high"]) == pytest.approx(interval)


def test_the_figures_show_what_was_measured(images: np.ndarray, mnist: Dataset) -> None:
    summary = statistics.summarize_shifts(shifts(ACCURACIES), STUDY)
    errors = pd.concat(
        errors_of(images, padding=padding, head=head).assign(network="cnn", variant=f"{padding}_{head}")
        for padding, head in ACCURACIES
    )
    figure = figures.plot_head_and_border(summary, statistics.summarize_errors(errors, STUDY), mnist)
    above, below = figure.axes[0], figure.axes[2]
    containers: list[Any] = list(above.containers)
    drawn = [list(np.asarray(bars.lines[0].get_ydata())) for bars in containers]
    assert sorted(value for values in drawn for value in values) == pytest.approx([0.40, 0.41, 0.69, 2.92 / 3])
    names = [label.get_text().replace("\n", " ") for label in below.get_xticklabels()]
    assert names == ["conv 1", "pool 1", "conv 2", "pool 2", "conv 3", "global max", "answer"]
    settings = figures.plot_settings(summary, STUDY, mnist)
    assert [label.get_text() for label in settings.axes[0].get_yticklabels()][:2] == [
        "cnn: valid flatten",
        "cnn: valid global max",
    ]
