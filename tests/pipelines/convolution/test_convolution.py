"""Convolution held against independent constructions, and what is shown of trained convnets."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from scipy.signal import correlate2d

from convnets.harness.messages import ParameterError
from convnets.network_parameters import Network
from convnets.networks import build_network
from convnets.parameters import Dataset
from convnets.pipelines.convolution import create_pipeline, learned, operation
from convnets.pipelines.preparation.nodes import normalize_images
from convnets.showing_parameters import Convolution
from support import CNN, ROOT

NETWORKS = {
    "cnn": Network.model_validate(CNN),
    "cnn_no_pool": Network.model_validate(CNN | {"name": "cnn_no_pool", "pool_size": None}),
}


@pytest.fixture(scope="module")
def images(raw_test_images: np.ndarray) -> np.ndarray:
    return normalize_images(raw_test_images[:50])


@pytest.fixture(scope="module")
def convolution() -> Convolution:
    values = yaml.safe_load((ROOT / "conf" / "base" / "parameters.yml").read_text())
    return Convolution.model_validate(values["convolution"])


@pytest.fixture(scope="module")
def models() -> dict[str, keras.Model]:
    return {name: build_network(network, (28, 28, 1), classes=10, seed=1) for name, network in NETWORKS.items()}


def test_a_response_map_is_the_correlation_with_the_kernel(images: np.ndarray, convolution: Convolution) -> None:
    response_maps = operation.compute_response_maps(images, convolution)
    assert response_maps.keys() == convolution.kernels.keys()
    for name, kernel in convolution.kernels.items():
        assert response_maps[name].shape == (26, 26)
        np.testing.assert_allclose(response_maps[name], correlate2d(images[0], kernel, mode="valid"), atol=1e-5)


def test_opposite_edges_answer_with_opposite_signs(images: np.ndarray, convolution: Convolution) -> None:
    maps = operation.compute_response_maps(images, convolution)
    np.testing.assert_allclose(maps["left edge"], -maps["right edge"], atol=1e-6)
    np.testing.assert_allclose(maps["upper edge"], -maps["lower edge"], atol=1e-6)


@pytest.mark.parametrize(
    ("padding", "strides", "rows"),
    [("valid", 1, [0, 1, 2]), ("same", 1, [-1, 0, 1, 2, 3]), ("valid", 2, [0, 2])],
    ids=["border effects", "padding", "strides"],
)
def test_windows_lie_where_the_lecture_lays_them(padding: operation.Padding, strides: int, rows: list[int]) -> None:
    expected = [[row, column] for row in rows for column in rows]
    assert operation.locate_windows(5, 3, padding, strides).tolist() == expected


def test_layer_and_formula_agree_on_every_output_size() -> None:
    sizes = operation.tabulate_output_sizes()
    assert len(sizes) == 96
    assert sizes["equal"].all()
    chosen = sizes.set_index(["size", "kernel_size", "padding", "strides"])["size_by_layer"]
    assert chosen.loc[[(28, 3, "valid", 1), (5, 3, "same", 1), (5, 3, "valid", 2)]].tolist() == [26, 5, 2]


def test_pooling_halves_as_its_name_says(images: np.ndarray, convolution: Convolution) -> None:
    maps = operation.downsample(images, convolution)
    windows = maps["response map"].reshape(13, 2, 13, 2)
    np.testing.assert_array_equal(maps["max pooling"], windows.max(axis=(1, 3)))
    np.testing.assert_allclose(maps["average pooling"], windows.mean(axis=(1, 3)), atol=1e-6)
    np.testing.assert_allclose(maps["strided convolution"], maps["response map"][::2, ::2], atol=1e-5)


def test_costs_are_the_lectures_and_what_follows_from_them(models: dict[str, keras.Model]) -> None:
    costs = learned.tabulate_costs(**models).set_index(["network", "layer"])
    assert costs.groupby("network")["parameters"].sum().to_dict() == {"cnn": 104_202, "cnn_no_pool": 712_202}
    # 11 x 11 positions of 64 filters of 3 x 3 x 32; without pooling 24 x 24 positions
    assert costs.loc[("cnn", "conv2d_1"), "multiply_adds"] == 11 * 11 * 64 * 3 * 3 * 32
    assert costs.loc[("cnn_no_pool", "conv2d_1"), "multiply_adds"] == 24 * 24 * 64 * 3 * 3 * 32
    assert costs.loc[("cnn", "max_pooling2d"), "activation_bytes"] == 13 * 13 * 32 * 4
    assert costs.loc[("cnn", "dense"), "multiply_adds"] == 11_520


@pytest.mark.parametrize("name", NETWORKS)
def test_receptive_fields_are_as_far_as_an_output_depends_on_the_image(
    models: dict[str, keras.Model], name: str
) -> None:
    fields = learned.tabulate_costs(**{name: models[name]}).set_index("layer")["receptive_field"]
    model = keras.models.clone_model(models[name])
    model.set_weights(
        [np.abs(weights) + 0.01 for weights in model.get_weights()]
    )  # nothing cancels, nothing is cut off
    for layer in model.layers:
        if "2d" not in layer.name:
            continue
        inside = keras.Model(model.inputs[0], layer.output)
        reached = np.zeros((28, 28), bool)
        for seed in range(20):  # of a pooling window, one pixel passes: several images let all of them pass
            image = tf.constant(np.random.default_rng(seed).uniform(size=(1, 28, 28, 1)).astype(np.float32))
            with tf.GradientTape() as tape:
                tape.watch(image)
                middle = inside(image)[0, 1, 1, :]
            reached |= tape.gradient(middle, image).numpy()[0, ..., 0] != 0
        extent = np.ptp(np.nonzero(reached.any(axis=1))[0]) + 1
        assert extent == fields[layer.name]


def test_the_field_of_each_kind_of_layer_is_seen() -> None:
    changed = {"space_to_depth": 2, "padding": "circular", "pooling": "blur", "head": "global_average"}
    network = Network.model_validate(CNN | changed | {"filters": [4, 5], "batch_normalization": True})
    model = build_network(network, (32, 24, 3), classes=2, seed=1)
    fields = learned.tabulate_costs(cnn=model).set_index("layer")["receptive_field"]
    # Blocks of 2, then 3 x 3; a window of 4 blurs and takes steps of 2; then 3 x 3 again.
    assert fields[["space_to_depth", "conv2d", "blur_pool2d", "conv2d_1"]].tolist() == [2, 6, 12, 20]
    assert fields[["global_average_pooling2d", "dense"]].tolist() == [32, 32]


def test_colours_and_normalized_layers_are_explained(convolution: Convolution) -> None:
    changed = {"space_to_depth": 2, "padding": "circular", "pooling": "blur", "head": "global_max"}
    network = Network.model_validate(CNN | changed | {"filters": [4, 5], "batch_normalization": True})
    model = build_network(network, (32, 24, 3), classes=2, seed=1)
    images = np.random.default_rng(1).uniform(size=(12, 32, 24, 3)).astype(np.float32)
    chosen = convolution.model_copy(update={"filters": (0, 1), "images_of_a_filter": 2})
    maps = learned.compute_feature_maps(model, images, chosen)
    assert {name: found.shape for name, found in maps.items()} == {
        "conv2d": (16, 12, 4),
        "activation": (16, 12, 4),
        "blur_pool2d": (8, 6, 4),
        "conv2d_1": (8, 6, 5),
        "activation_1": (8, 6, 5),
    }
    assert learned.first_filters(model).shape == (4, 3, 3, 12)
    exciting = learned.find_exciting_images(model, images, chosen)
    assert exciting["response"].iloc[0] == pytest.approx(
        keras.Model(model.inputs[0], model.get_layer("activation_1").output)(images).numpy()[..., 0].max(), rel=1e-5
    )
    assert {image.shape for image in learned.ascend_to_patterns(model, chosen, 1)["conv2d_1"].values()} == {(32, 24, 3)}
    assert learned.locate_evidence(model, images)[1].shape == (10, 8, 6)
    grey = images[0] @ [0.299, 0.587, 0.114]
    kernel = convolution.kernels["left edge"]
    response = operation.compute_response_maps(images, chosen)["left edge"]
    np.testing.assert_allclose(response, correlate2d(grey, kernel, mode="valid"), atol=1e-5)


def test_feature_maps_follow_the_image_through_every_layer(
    models: dict[str, keras.Model], images: np.ndarray, convolution: Convolution
) -> None:
    maps = learned.compute_feature_maps(models["cnn"], images, convolution)
    assert {name: feature_map.shape for name, feature_map in maps.items()} == {
        "conv2d": (26, 26, 32),
        "max_pooling2d": (13, 13, 32),
        "conv2d_1": (11, 11, 64),
        "max_pooling2d_1": (5, 5, 64),
        "conv2d_2": (3, 3, 128),
    }
    kernel, bias = models["cnn"].get_layer("conv2d").get_weights()
    by_hand = np.maximum(correlate2d(images[0], kernel[:, :, 0, 5], mode="valid") + bias[5], 0)
    np.testing.assert_allclose(maps["conv2d"][..., 5], by_hand, atol=1e-5)


def test_the_most_exciting_images_come_first(
    models: dict[str, keras.Model], images: np.ndarray, convolution: Convolution
) -> None:
    chosen = convolution.model_copy(update={"filters": (3,), "images_of_a_filter": 4})
    found = learned.find_exciting_images(models["cnn"], images, chosen)
    layer = models["cnn"].get_layer("conv2d_2")
    responses = keras.Model(models["cnn"].inputs[0], layer.output).predict(images[..., np.newaxis], verbose=0)
    greatest = responses[..., 3].max(axis=(1, 2))
    assert found["image"].tolist() == np.argsort(-greatest, kind="stable")[:4].tolist()
    np.testing.assert_allclose(found["response"], np.sort(greatest)[::-1][:4], rtol=1e-5)


def test_a_filter_beyond_a_layers_depth_begins_anew(
    models: dict[str, keras.Model], images: np.ndarray, convolution: Convolution
) -> None:
    chosen = convolution.model_copy(update={"filters": (128 + 3,), "images_of_a_filter": 1})
    assert learned.find_exciting_images(models["cnn"], images, chosen)["filter"].tolist() == [3]


def test_an_image_beyond_the_test_set_is_refused(images: np.ndarray, convolution: Convolution) -> None:
    with pytest.raises(ParameterError, match=r"convolution\.image is 50; allowed: 0 to 49"):
        operation.compute_response_maps(images, convolution.model_copy(update={"image": 50}))


def test_a_found_pattern_excites_its_filter_more_than_noise_and_than_other_patterns(
    models: dict[str, keras.Model], convolution: Convolution
) -> None:
    chosen = convolution.model_copy(update={"filters": (0, 1, 2)})
    found = learned.ascend_to_patterns(models["cnn"], chosen, seed=1)["conv2d_1"]
    assert list(found) == [0, 1, 2]
    patterns = np.stack(list(found.values()))
    assert (patterns.min() >= 0) & (patterns.max() <= 1)
    noise = np.random.default_rng(2).uniform(size=(1, 28, 28, 1))
    layer = models["cnn"].get_layer("conv2d_1")
    inside = keras.Model(models["cnn"].inputs[0], layer.output)
    responses = inside.predict(np.concatenate([patterns, noise]), verbose=0).mean(axis=(1, 2))
    for number in range(3):
        assert responses[:, number].argmax() == number


def test_evidence_lies_where_the_answer_comes_from() -> None:
    """A network whose answer is the ink in the upper left quarter, or the lower right one, and nothing else."""
    inputs = keras.Input((8, 8, 1))
    maps = keras.layers.Conv2D(1, 1, kernel_initializer="ones", activation="relu")(inputs)
    outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(maps))
    model = keras.Model(inputs, outputs)
    upper_left, lower_right = np.zeros((8, 8)), np.zeros((8, 8))
    upper_left[:4, :4], lower_right[4:, 4:] = 1, 1
    model.layers[-1].set_weights([np.stack([upper_left.ravel(), lower_right.ravel()], axis=1), np.zeros(2)])
    images = np.stack([2 * upper_left + lower_right, upper_left + 2 * lower_right]).astype(np.float32)
    answers, evidence = learned.locate_evidence(model, images)
    assert answers.tolist() == [0, 1]
    np.testing.assert_allclose(evidence, [upper_left, lower_right], atol=1e-5)


def test_the_pipeline_shows_both_convnets(
    models: dict[str, keras.Model], images: np.ndarray, convolution: Convolution, mnist: Dataset
) -> None:
    in_memory: dict[str, Any] = {
        "test_images": images,
        "raw_test_labels": np.arange(len(images), dtype=np.uint8) % 10,
        "params:dataset": mnist,
        "params:seed": 1,
        "params:convolution": convolution,
        **{f"{name}.model": model for name, model in models.items()},
        **{f"params:{name}.network": network for name, network in NETWORKS.items()},
    }
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in in_memory.items()})
    catalog["convolution.animation"] = MemoryDataset(copy_mode="assign")
    run = SequentialRunner().run(create_pipeline(tuple(NETWORKS)), catalog)
    outputs = {name.removeprefix("convolution."): dataset.load() for name, dataset in run.items()}
    assert outputs["animation"].n_frames == 7 * 7
    assert outputs["border_effects_figure"].get_suptitle().startswith("Border effects: 9 positions")
    assert outputs["padding_figure"].get_suptitle().startswith("Padding: 25 positions")
    assert outputs["strides_figure"].get_suptitle().startswith("Strides of 2: 4 positions")
    for network in NETWORKS:
        for figure in (
            "first_filters_figure",
            "feature_maps_figure",
            "exciting_images_figure",
            "patterns_figure",
            "evidence_figure",
        ):
            assert outputs[f"{network}.{figure}"].get_suptitle().startswith(f"{network}: ")
        answers, _ = learned.locate_evidence(models[network], images)
        said = [axes.get_title() for axes in outputs[f"{network}.evidence_figure"].axes[: len(answers)]]
        assert ["✗" in text for text in said] == [answer != label % 10 for label, answer in enumerate(answers)]
