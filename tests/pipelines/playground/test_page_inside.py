"""The part "Inside the network", in a real browser: maps, receptive fields and sums against Keras."""

import json
import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from playwright.sync_api import expect
from py_mini_racer import MiniRacer

from convnets.network_parameters import Network
from convnets.networks import build_network
from convnets.pipelines.convolution.learned import tabulate_costs
from convnets.pipelines.playground.bundle import bundle
from convnets.pipelines.playground.description import describe_network

Open = Callable[..., Any]
Trained = Callable[[str], keras.Model]
SIDE = 28
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
PART = "part=inside"
COVER = 0x86  # red of --line, which covers what is outside of a receptive field
FRAME = 2  # pixels of the digit that the frame may cover


def open_part(open_page: Open, fragment: str = "", network: str = "cnn", **options: Any) -> Any:
    page = open_page(f"{PART}&insideNetwork={network}{fragment}", **options)
    expect(page.locator("#inside")).to_have_attribute("data-shown", network)
    expect(page.locator(".inside-weights")).to_be_visible()  # which the Worker sends apart
    return page


def outputs_of(model: keras.Model, image: np.ndarray) -> dict[str, np.ndarray]:
    """What each layer gives for an image of bytes."""
    inside = keras.Model(model.inputs, [layer.output for layer in model.layers])
    inputs = (image.astype(np.float32) / 255).reshape(1, *model.input_shape[1:])
    found = inside.predict(inputs, verbose=0)
    return {layer.name: output[0] for layer, output in zip(model.layers, found, strict=True)}


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text.replace(MINUS, "-"))]


def test_maps_of_every_layer_have_the_shapes_of_keras(
    open_page: Open, trained_network: Trained, raw_test_images: np.ndarray
) -> None:
    page = open_part(open_page)
    for network in ("cnn", "fcn"):
        page.click(f'[data-choose="{network}"]')
        expect(page.locator("#inside")).to_have_attribute("data-shown", network)
        outputs = outputs_of(trained_network(network), raw_test_images[0])
        outputs.pop("input_1", None)
        titles = page.locator(".inside-layer h2").all_inner_texts()
        assert titles == [f"{name}: {f' {TIMES} '.join(map(str, each.shape))}" for name, each in outputs.items()]
        for name, output in outputs.items():
            layer = page.locator(f'[data-layer="{name}"]')
            sizes = layer.locator("canvas").evaluate_all("all => all.map(each => [each.height, each.width])")
            if output.ndim == 3:
                assert sizes == [[*output.shape[:2]]] * output.shape[-1]
            elif len(output) > 10:
                assert layer.locator("canvas").get_attribute("aria-valuemax") == str(len(output) - 1)
            else:
                assert layer.locator("button").count() == len(output)


def test_click_draws_the_receptive_field_that_the_pipeline_computes(
    open_page: Open, trained_network: Trained, raw_test_images: np.ndarray
) -> None:
    costs = tabulate_costs(cnn=trained_network("cnn")).set_index("layer")
    outputs = outputs_of(trained_network("cnn"), raw_test_images[0])
    page = open_part(open_page)
    for name, output in outputs.items():
        if name == "input_1" or output.ndim == 1:
            continue
        index = int(output.max(axis=(0, 1)).argmax())
        page.locator(f'[data-layer="{name}"] button').nth(index).click()
        assert page.inner_text("#inside-title") == f"{name}, map {index}"
        size = costs.loc[name, "receptive_field"]
        assert page.inner_text("#inside-field") == f"Receptive field: {size} {TIMES} {size} pixels"
        rows, columns = uncovered(page, raw_test_images[0])
        assert np.ptp(rows) + 1 == pytest.approx(size, abs=FRAME)
        assert np.ptp(columns) + 1 == pytest.approx(size, abs=FRAME)
        row, column = np.unravel_index(output[..., index].argmax(), output.shape[:2])
        step = {26: 1, 13: 2, 11: 2, 5: 4, 3: 4}[len(output)]  # pixels between neighbouring fields
        assert rows.min() == pytest.approx(row * step, abs=FRAME)
        assert columns.min() == pytest.approx(column * step, abs=FRAME)
        value, *place = numbers(page.inner_text("#inside-value"))
        assert value == pytest.approx(output[..., index].max(), abs=0.01)
        assert place == [row, column]


def uncovered(page: Any, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of the drawn digit that are as light or dark as in the image."""
    levels = page.evaluate(
        """() => {
            const canvas = document.getElementById("inside-digit");
            const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
            copy.drawImage(canvas, 0, 0);
            const unit = canvas.width / 28;
            const places = [...Array(28).keys()].map((place) => (place + 0.5) * unit);
            return places.map((y) => places.map((x) => copy.getImageData(x, y, 1, 1).data[0]));
        }"""
    )
    own = 255 - image.astype(int)
    tells = np.abs(own - COVER) > 40  # what is covered looks different there
    rows, columns = np.nonzero(tells & (np.abs(np.array(levels) - own) < 2))
    return rows, columns


def test_sums_are_those_of_keras(open_page: Open, trained_network: Trained, raw_test_images: np.ndarray) -> None:
    model = trained_network("cnn")
    outputs = outputs_of(model, raw_test_images[0])
    filters = outputs["conv2d_1"].max(axis=(0, 1))
    index = int(filters.argmax())
    row, column = np.unravel_index(outputs["conv2d_1"][..., index].argmax(), (11, 11))
    kernel, bias = model.get_layer("conv2d_1").get_weights()
    patch = outputs["max_pooling2d"][row : row + 3, column : column + 3]
    parts = (patch * kernel[..., index]).sum(axis=(0, 1))
    page = open_part(open_page, f"&insideLayer=conv2d_1&insideMap={index}")
    check_sum(page, parts, bias[index], filters[index])
    page.locator(".inside-entry").first.click()
    assert page.inner_text("#inside-title") == f"max_pooling2d, map {np.abs(parts).argmax()}"
    page.get_by_role("button", name=f"conv2d, map {np.abs(parts).argmax()}", exact=True).click()
    assert page.inner_text("#inside-title") == f"conv2d, map {np.abs(parts).argmax()}"

    kernel, bias = model.layers[-1].get_weights()
    page.get_by_role("button", name=re.compile("^Class 3")).click()
    parts = (outputs["flatten"] * kernel[:, 3]).reshape(9, 128).sum(axis=0)
    check_sum(page, parts, bias[3], outputs[model.layers[-1].name][3])


def check_sum(page: Any, parts: np.ndarray, bias: float, value: float) -> None:
    """The strongest parts of a sum, what is left of it, and what it is."""
    expect(page.locator("#inside-sum")).to_be_visible()
    found = page.locator("#inside-sum").inner_text()
    assert numbers(found) == pytest.approx([parts.sum(), bias, parts.sum() + bias, value], abs=0.02)
    shown = [numbers(text) for text in page.locator(".inside-entry b").all_inner_texts()]
    strongest = parts[np.argsort(-np.abs(parts))][:13]
    assert np.ravel(shown) == pytest.approx([*strongest, parts.sum() - strongest.sum()], abs=0.02)


def test_fully_connected_units_show_their_weights(
    open_page: Open, trained_network: Trained, raw_test_images: np.ndarray
) -> None:
    hidden = outputs_of(trained_network("fcn"), raw_test_images[0])["dense"]
    page = open_part(open_page, network="fcn")
    expect(page.locator("#inside-title")).to_have_text(f"dense, unit {hidden.argmax()}")
    size = page.locator(".inside-entry canvas").evaluate("canvas => [canvas.height, canvas.width]")
    assert size == [SIDE, SIDE]
    page.locator(".inside-vector").focus()
    page.keyboard.press("ArrowRight")
    unit = int(hidden.argmax()) + 1
    assert page.inner_text("#inside-title") == f"dense, unit {unit}"
    assert numbers(page.inner_text("#inside-value")) == pytest.approx([hidden[unit]], abs=0.01)
    assert "the whole image" in page.inner_text("#inside-field")


def test_keyboard_alone_is_enough(open_page: Open, trained_network: Trained, raw_test_images: np.ndarray) -> None:
    output = outputs_of(trained_network("cnn"), raw_test_images[0])["conv2d_2"]
    page = open_part(open_page)
    page.locator('[data-layer="conv2d_2"] button').first.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.inner_text("#inside-title") == "conv2d_2, map 4"
    strongest = page.inner_text("#inside-value")
    assert strongest.startswith("Strongest: ")
    page.locator("#inside-map").focus()
    for key in ["ArrowUp"] * 3 + ["ArrowLeft"] * 3 + ["ArrowDown"]:
        page.keyboard.press(key)
    value, *place = numbers(page.inner_text("#inside-value"))
    assert place == [1, 0]
    assert value == pytest.approx(output[1, 0, 4], abs=0.01)
    rows, columns = uncovered(page, raw_test_images[0])
    assert (rows.min(), columns.min()) == (pytest.approx(4, abs=FRAME), pytest.approx(0, abs=FRAME))
    expect(page).to_have_url(re.compile("insideRow=1"))
    again = open_page(page.url.partition("#")[2])
    expect(again.locator("#inside-value")).to_have_text(page.inner_text("#inside-value"))
    page.keyboard.press("Home")
    assert page.inner_text("#inside-value") == strongest


def test_maps_follow_the_digit_on_a_phone(open_page: Open) -> None:
    page = open_part(open_page, viewport={"width": 390, "height": 844}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator('[data-layer="conv2d"] button').nth(3).tap()
    assert page.inner_text("#inside-title") == "conv2d, map 3"
    expect(page.locator(".inside-entry")).to_have_count(1)
    assert page.locator("button.inside-entry").count() == 0  # it leads to the image, which is no layer
    expect(page).to_have_url(re.compile("insideMap=3$"))
    page.evaluate("location.hash = location.hash.replace('insideMap=3', 'insideMap=30')")
    expect(page.locator('[data-layer="conv2d"] button').nth(30)).to_be_in_viewport()
    before = page.inner_text("#inside-value")
    page.tap("#next")
    expect(page.locator("#inside-value")).not_to_have_text(before)


VARIANTS: dict[str, dict[str, Any]] = {
    "lecture": {},
    "same, strides": {"padding": "same", "strides": 2, "pool_size": None},
    "circular, blur": {"padding": "circular", "pooling": "blur"},
    "average, normalized": {"pooling": "average", "pool_size": 3, "batch_normalization": True},
    "blocks": {"space_to_depth": 2, "kernel_size": 2},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_receptive_fields_are_where_the_gradients_are(variant: str) -> None:
    parameters: dict[str, Any] = {
        "name": "some",
        "architecture": "convolutional",
        "filters": [4, 4],
        "kernel_size": 3,
        "strides": 1,
        "padding": "valid",
        "pool_size": 2,
    }
    model = build_network(Network(**parameters | VARIANTS[variant]), (SIDE, SIDE, 1), 10, seed=1)
    model.set_weights([np.abs(weights) + 0.01 for weights in model.get_weights()])  # no relu that stops a gradient
    v8 = MiniRacer()
    v8.eval(bundle(("parts/inside_field.js",)))
    v8.eval(f"var layers = {json.dumps(describe_network('some', model)['layers'])};")
    x = model.inputs[0]
    for layer in model.layers[1:]:
        x = layer(x)
        if len(x.shape) != 4:
            break
        inside = keras.Model(model.inputs[0], x)
        height, width = x.shape[1:3]
        for row, column in ((0, 0), (height // 2, width // 3), (height - 1, width - 1)):
            found = v8.eval(f"""(() => {{
                const place = {{rows: new Set([{row}]), columns: new Set([{column}])}};
                const field = findReceptiveField(layers, "{layer.name}", place);
                return JSON.stringify([[...field.rows], [...field.columns]].map((each) => each.sort((a, b) => a - b)));
            }})()""")
            assert json.loads(str(found)) == depends_on(inside, row, column)


def depends_on(inside: keras.Model, row: int, column: int) -> list[list[int]]:
    """The rows and columns of the image whose change changes a value, found with many images: a maximum hides some."""
    images = tf.constant(np.random.default_rng(0).uniform(size=(96, SIDE, SIDE, 1)).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(images)
        values = tf.reduce_sum(inside(images, training=False)[:, row, column])
    changes = np.abs(tape.gradient(values, images).numpy()).sum(axis=(0, 3))
    return [np.flatnonzero(changes.sum(axis=1)).tolist(), np.flatnonzero(changes.sum(axis=0)).tolist()]
