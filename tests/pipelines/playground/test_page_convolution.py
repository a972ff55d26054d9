"""The part "How convolution works", in a real browser: sizes, sums and pictures against NumPy and Keras."""

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
from playwright.sync_api import expect

from convnets.composite_layers import blur_pool2d
from convnets.pipelines.convolution.operation import output_size

Open = Callable[..., Any]
SIDE = 28
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
LEFT_EDGE = np.array([[-1, 0, 1]] * 3, np.float32)
PART = "part=convolution"


def padded(image: np.ndarray, kernel_size: int, padding: str, strides: int) -> np.ndarray:
    """The image with TensorFlow's padding around it, or the opposite edge in its place."""
    if padding == "valid":
        return image
    count = -(-len(image) // strides)
    missing = max((count - 1) * strides + kernel_size - len(image), 0)
    pads = (missing // 2, missing - missing // 2)
    return np.pad(image, pads, mode="wrap" if padding == "circular" else "constant")


def convolve(image: np.ndarray, kernel: np.ndarray, padding: str = "valid", strides: int = 1) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(padded(image, len(kernel), padding, strides), kernel.shape)
    sums: np.ndarray = (windows[::strides, ::strides] * kernel).sum(axis=(2, 3))
    return sums


def heading(page: Any, canvas: str) -> str:
    text: str = page.inner_text(f".conv-picture:has(#{canvas}) h2")
    return text


def lines(page: Any, canvas: str) -> list[str]:
    found: list[str] = page.locator(f".conv-picture:has(#{canvas}) .conv-notes p").all_inner_texts()
    return found


def width(page: Any, canvas: str) -> float:
    """On the screen, in pixels."""
    found: float = page.locator(f"#{canvas}").bounding_box()["width"]
    return found


def place(page: Any) -> tuple[int, int]:
    """Which place is shown, from 1, and of how many."""
    index, count = re.findall(r"\d+", page.inner_text(".conv-place"))
    return int(index), int(count)


def read_sum(page: Any) -> float:
    return float(page.inner_text("#conv-sum").replace(MINUS, "-"))


def choose(page: Any, **choices: Any) -> None:
    for key, value in choices.items():
        page.select_option(f"#{key}", str(value))


def squares(page: Any, canvas: str, count: int) -> np.ndarray:
    """The colours of a canvas of squares: (count, count, 3), uint8; of each a place beside its middle."""
    levels = page.evaluate(
        """([id, count]) => {
            const canvas = document.getElementById(id);
            const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
            copy.drawImage(canvas, 0, 0);
            const unit = canvas.width / count;
            const at = (place) => (place + 0.38) * unit;
            const pixel = (row, column) => [...copy.getImageData(at(column), at(row), 1, 1).data.slice(0, 3)];
            const places = [...Array(count).keys()];
            return places.map((row) => places.map((column) => pixel(row, column)));
        }""",
        [canvas, count],
    )
    return np.array(levels, np.uint8)


def signs(colours: np.ndarray) -> np.ndarray:
    """1 where a square is orange, -1 where it is purple."""
    red, _, blue = np.moveaxis(colours.astype(int), -1, 0)
    found: np.ndarray = (red > blue + 6).astype(int) - (blue > red + 6).astype(int)
    return found


def click_square(page: Any, canvas: str, count: int, row: int, column: int) -> None:
    box = page.locator(f"#{canvas}").bounding_box()
    page.mouse.click(box["x"] + box["width"] * (column + 0.5) / count, box["y"] + box["height"] * (row + 0.5) / count)


def test_sizes_follow_the_formula(open_page: Open) -> None:
    page = open_page(PART)
    for kernel_size, padding, strides in product((3, 5), ("valid", "same", "circular"), (1, 3)):
        choose(page, convSize=kernel_size, convPadding=padding, convStride=strides)
        size = output_size(SIDE, kernel_size, "valid" if padding == "valid" else "same", strides)
        assert heading(page, "conv-map") == f"Response map {size} {TIMES} {size}"
        *_, formula, computed = lines(page, "conv-map")
        assert formula.endswith(f"= {size}")
        assert computed == f"computed: {size} {TIMES} {size}"
        inside = padded(np.zeros((SIDE, SIDE)), kernel_size, padding, strides)
        assert width(page, "conv-map") / width(page, "conv-input") == pytest.approx(size / len(inside), rel=0.02)
        assert place(page)[1] == size**2
    choose(page, convSize=3, convPadding="valid", convDilation=3, convStride=2)
    layer = keras.layers.Conv2D(1, 3, dilation_rate=3)
    size = -(-layer.compute_output_shape((None, SIDE, SIDE, 1))[1] // 2)  # Keras allows no strides with dilation
    assert heading(page, "conv-map") == f"Response map {size} {TIMES} {size}"
    assert lines(page, "conv-map")[1:] == [
        f"window: 3 · (3 {MINUS} 1) + 1 = 7",
        f"⌊(28 {MINUS} 7) / 2⌋ + 1 = {size}",
        f"computed: {size} {TIMES} {size}",
    ]
    choose(page, convSize=5, convImage="dot", convPooling="max")
    assert heading(page, "conv-map") == f"Response map 1 {TIMES} 1"
    assert lines(page, "conv-pooled") == ["No window fits: it is 2 pixels wide, and the map 1."]


def test_typed_kernel_gives_the_sums_of_numpy(open_page: Open, raw_test_images: np.ndarray) -> None:
    kernel = np.array([[0.5, -1, 2], [0, 3.25, -0.75], [1, 1, -4]])
    page = open_page(PART)
    for index, value in enumerate(kernel.flat):
        page.locator(".conv-grid input").nth(index).fill(str(value))
    assert page.input_value("#convKernel") == "typed"
    for padding, strides in (("valid", 1), ("same", 2), ("circular", 1)):
        choose(page, convPadding=padding, convStride=strides)
        expected = convolve(raw_test_images[0] / 255, kernel, padding, strides)
        page.click("#conv-last")
        assert read_sum(page) == pytest.approx(expected[-1, -1], abs=0.006)
        row = 9 // strides + strides - 1
        click_square(page, "conv-map", len(expected), row, 7)
        page.click("#conv-step")
        assert read_sum(page) == pytest.approx(expected[row, 8], abs=0.006)
        page.click("#conv-step")
        assert read_sum(page) == pytest.approx(expected[row, 9], abs=0.006)
        numbers = [float(text.replace(MINUS, "-")) for text in page.locator(".conv-grid").nth(2).inner_text().split()]
        assert sum(numbers) == pytest.approx(expected[row, 9], abs=0.05)
        assert abs(expected[row, 9]) > 1


def test_maps_grow_and_show_what_numpy_and_keras_compute(open_page: Open, raw_test_images: np.ndarray) -> None:
    response = convolve(raw_test_images[0] / 255, LEFT_EDGE)
    page = open_page(f"{PART}&convRow=12&convColumn=0")
    check_signs(squares(page, "conv-map", 26)[:11], response[:11])
    assert (signs(squares(page, "conv-map", 26))[13:] == 0).all()
    page.click("#conv-last")
    check_signs(squares(page, "conv-map", 26), response)
    layers: dict[str, Any] = {
        "max": keras.layers.MaxPooling2D(2),
        "average": keras.layers.AveragePooling2D(2),
        "blur": lambda x: blur_pool2d(x, 2, "valid", "blur"),
    }
    for kind, layer in layers.items():
        inputs = keras.Input((26, 26, 1))
        model = keras.Model(inputs, layer(inputs))
        pooled = np.asarray(model(response[np.newaxis, ..., np.newaxis].astype(np.float32)))[0, ..., 0]
        size = len(pooled)
        choose(page, convPooling=kind)
        assert heading(page, "conv-pooled") == f"Pooled {size} {TIMES} {size}"
        assert lines(page, "conv-pooled")[-2].endswith(f"= {size}")
        check_signs(squares(page, "conv-pooled", size)[:-1], pooled[:-1])  # the frame is in the last row
    page.click("#conv-first")
    assert (signs(squares(page, "conv-pooled", size)) == 0).all()


def check_signs(colours: np.ndarray, expected: np.ndarray) -> None:
    """Positive numbers are orange, negative ones purple; numbers near zero may look like zero."""
    clear = np.abs(expected) > 0.25 * np.abs(expected).max()
    found = signs(colours)
    assert clear.sum() > 10
    assert (found[clear] == np.sign(expected)[clear]).all()
    assert (found[expected == 0] == 0).all()


def test_window_plays_pauses_and_steps(open_page: Open) -> None:
    page = open_page(f"{PART}&convSpeed=fast&convRow=0&convColumn=0")
    page.click("#conv-play")
    expect(page.locator(".conv-place")).to_have_text(re.compile(r"^\d\d+ of"))
    expect(page.locator("#conv-play")).to_have_text("Pause")
    page.click("#conv-play")
    stopped, count = place(page)
    page.wait_for_timeout(150)
    assert place(page) == (stopped, count)
    page.click("#conv-step")
    page.click("#conv-step")
    page.click("#conv-back")
    assert place(page) == (stopped + 1, count)
    choose(page, convStride=4, convImage="dot")
    page.click("#conv-first")
    page.click("#conv-play")
    expect(page.locator(".conv-place")).to_have_text("9 of 9")
    expect(page.locator("#conv-play")).to_have_text("Play")
    click_square(page, "conv-map", 3, 1, 2)
    assert place(page) == (6, 9)
    click_square(page, "conv-input", 14, 5, 1)  # the middle of a window that begins at row 4, column 0
    assert place(page) == (4, 9)


def test_keyboard_alone_is_enough(open_page: Open) -> None:
    page = open_page(f"{PART}&convRow=3&convColumn=5&convSpeed=slow")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#conv-said") == f"Row 3, column 6: sum {page.inner_text('#conv-sum')}"
    page.keyboard.press("ArrowDown")
    said = page.inner_text("#conv-said")
    assert said.startswith("Row 4, column 6:")
    page.keyboard.press(" ")
    expect(page.locator("#conv-play")).to_have_text("Pause")
    expect(page.locator(".conv-place")).to_have_text(re.compile("^11[2-9] of"))
    page.keyboard.press(" ")
    expect(page.locator("#conv-play")).to_have_text("Play")
    assert page.inner_text("#conv-said") == said  # it would never end speaking
    page.locator("#convPadding").focus()
    page.keyboard.press("s")
    assert heading(page, "conv-map") == f"Response map 28 {TIMES} 28"
    before = place(page)
    page.get_by_label("Kernel, row 1, column 1").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("-7")
    page.keyboard.press("ArrowLeft")
    assert place(page) == before
    assert page.input_value("#convKernel") == "typed"
    controls = page.locator("#convolution :is(input, select, button, canvas)")
    named = "all => all.every(each => !each.offsetParent || each.labels?.length || each.ariaLabel || each.textContent)"
    assert controls.evaluate_all(named)


def test_learned_filter_is_the_networks_own(
    open_page: Open, trained_network: Callable[[str], keras.Model], raw_test_images: np.ndarray
) -> None:
    kernel, bias = trained_network("cnn").layers[1].get_weights()
    page = open_page(f"{PART}&convFilter=5&convRow=9&convColumn=16")
    choose(page, convKernel="learned:cnn")
    expect(page.locator(".conv-bias")).not_to_be_empty()
    expected = convolve(raw_test_images[0] / 255, kernel[:, :, 0, 5])[9, 16] + bias[5]
    assert read_sum(page) == pytest.approx(expected, abs=0.006)
    assert page.locator("#convFilter option").count() == kernel.shape[-1]


def test_state_is_in_the_address(open_page: Open) -> None:
    page = open_page(PART)
    choose(page, convKernel="preset:sharpen", convPadding="circular", convStride=2, convPooling="blur")
    page.locator(".conv-grid input").first.fill("2.5")
    expect(page).to_have_url(re.compile(r"convTyped=2\.5"))
    again = open_page(page.url.partition("#")[2])
    for canvas in ("conv-map", "conv-pooled"):
        assert heading(again, canvas) == heading(page, canvas)
    assert read_sum(again) == read_sum(page)
    assert again.locator(".conv-grid input").first.input_value() == "2.5"
    again.evaluate("location.hash = '#part=convolution&convKernel=preset:constructor&convTyped=1,2&convRow=1e9'")
    expect(again.locator("#convKernel")).to_have_value("preset:left edge")
    again.locator(".conv-grid input").first.focus()
    again.keyboard.press("Tab")  # a field that is only passed changes nothing
    assert again.input_value("#convKernel") == "preset:left edge"
    choose(again, convKernel="typed")
    assert [again.locator(".conv-grid input").nth(index).input_value() for index in range(3)] == ["-1", "0", "1"]
    assert again.input_value("#convKernel") == "typed"


def test_phone_shows_all_without_scrolling_sideways(open_page: Open) -> None:
    page = open_page(f"{PART}&convPooling=blur", viewport={"width": 390, "height": 844}, has_touch=True)
    for size in (3, 5):
        choose(page, convSize=size)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    before, count = place(page)
    page.tap("#conv-step")
    assert place(page) == (before + 1, count)
