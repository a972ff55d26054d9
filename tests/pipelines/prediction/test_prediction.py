"""A user's own images: real test digits, altered, come back as MNIST's authors made them and are read alike."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from PIL import Image, ImageOps
from scipy import ndimage

from convnets.datasets.images import ImageFolderDataset
from convnets.harness.messages import DataError, ImageError
from convnets.parameters import Dataset
from convnets.pipelines.prediction import create_pipeline, nodes
from support import FUZZED, ROOT

DIGITS = range(100)
CLOSE, ALIKE = 4, 0.94  # mean difference in grey levels of 255; correlation


def enlarged(image: np.ndarray, by: int = 10) -> Image.Image:
    """Each pixel a square."""
    return Image.fromarray(np.kron(image, np.ones((by, by), np.uint8)))


def on_page(image: np.ndarray) -> Image.Image:
    page = Image.new("L", (900, 500), 255)
    page.paste(ImageOps.invert(enlarged(image)), (600, 10))
    return page


def with_transparency(image: np.ndarray, ink: int) -> Image.Image:
    alpha = enlarged(image)
    return Image.merge("LA", (Image.new("L", alpha.size, ink), alpha))


def on_paper(image: np.ndarray) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, 5, (280, 280))
    return Image.fromarray(np.clip(225 - np.asarray(enlarged(image)) * 0.6 + noise, 0, 255).astype(np.uint8))


def with_specks(image: np.ndarray) -> Image.Image:
    pixels = np.array(enlarged(image))
    pixels[[2, 270, 5], [3, 271, 275]] = 255
    return Image.fromarray(pixels)


def in_a_frame_of_its_own(image: np.ndarray) -> Image.Image:
    """White paper with black ink, and transparency around it."""
    page = Image.new("LA", (400, 400), (0, 0))
    page.paste(Image.merge("LA", (ImageOps.invert(enlarged(image)), Image.new("L", (280, 280), 255))), (60, 60))
    return page


TREATMENTS: dict[str, Callable[[np.ndarray], Image.Image]] = {
    "as it is": Image.fromarray,
    "enlarged": enlarged,
    "inverted": lambda image: ImageOps.invert(enlarged(image)),
    "off centre": on_page,
    "cropped": lambda image: enlarged(image).crop(enlarged(image).getbbox()),
    "faint": lambda image: Image.fromarray((200 - np.asarray(enlarged(image)) * 0.3).astype(np.uint8)),
    "black on transparency": lambda image: with_transparency(image, 0),
    "white on transparency": lambda image: with_transparency(image, 255),
    "paper in transparency": in_a_frame_of_its_own,
    "coloured": lambda image: ImageOps.colorize(enlarged(image), "#14407a", "#ffe45c"),
    "with a palette": lambda image: ImageOps.colorize(enlarged(image), "yellow", "navy").quantize(32),
    "CMYK": lambda image: ImageOps.colorize(enlarged(image), "white", "black").convert("CMYK"),
    "16 bits": lambda image: Image.fromarray(np.asarray(enlarged(image)).astype(np.uint16) * 257),
    "on paper": on_paper,
    "with specks": with_specks,
    "very large": lambda image: enlarged(image, 100),
}


@pytest.fixture(scope="module")
def network(raw_test_images: np.ndarray, raw_test_labels: np.ndarray) -> keras.Model:
    """A small network that has learned other test digits."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(raw_test_images[5000:].reshape(-1, 784) / 255, raw_test_labels[5000:], epochs=4, verbose=0)
    return model


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_an_altered_digit_comes_back_and_is_read_alike(
    raw_test_images: np.ndarray, network: keras.Model, treatment: str
) -> None:
    originals = raw_test_images[DIGITS] if treatment != "very large" else raw_test_images[:10]
    digits = np.array([nodes.size_normalize(TREATMENTS[treatment](image)) for image in originals])
    assert digits.dtype == np.uint8
    assert digits.shape == originals.shape
    correlations = [
        np.corrcoef(ours.ravel(), image.ravel())[0, 1] for ours, image in zip(digits, originals, strict=True)
    ]
    assert np.quantile(correlations, 0.1) > ALIKE
    if treatment not in ("on paper", "very large"):
        assert np.abs(digits.astype(int) - originals).mean() < CLOSE
    said, expected = (
        network.predict(images.reshape(-1, 784) / 255, verbose=0).argmax(axis=1) for images in (digits, originals)
    )
    assert (said == expected).mean() >= 0.97


def test_the_form_is_that_of_mnists_authors(raw_test_images: np.ndarray) -> None:
    for image in raw_test_images[DIGITS]:
        stretched = Image.fromarray(image).resize((500, 300), Image.Resampling.BICUBIC)
        digit = nodes.size_normalize(stretched)
        rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        np.testing.assert_allclose(ndimage.center_of_mass(digit), 14, atol=0.5)
        assert digit.max() == 255


@pytest.mark.parametrize(("width", "height", "expected"), [(100, 40, (8, 20)), (10, 1000, (20, 1)), (60, 60, (20, 20))])
def test_the_ratio_is_kept(width: int, height: int, expected: tuple[int, int]) -> None:
    page = Image.new("L", (1200, 1200), 255)
    page.paste(0, (50, 70, 50 + width, 70 + height))
    digit = nodes.size_normalize(page)
    inked = tuple(int(np.ptp(np.flatnonzero(digit.any(axis=axis)))) + 1 for axis in (1, 0))
    assert inked == pytest.approx(expected, abs=1)


def far_apart(height: int, width: int) -> np.ndarray:
    """Two dashes of ink in opposite corners of a page."""
    page = np.full((height, width), 255, np.uint8)
    page[:1, :5] = page[-1:, -5:] = 0
    return page


def test_ink_that_is_lost_in_the_field_is_refused() -> None:
    with pytest.raises(ImageError, match="The image is blank at 20 x 20 pixels, so thin are its strokes for how far"):
        nodes.size_normalize(Image.fromarray(far_apart(1024, 1024)))


def test_an_image_that_is_refused_does_not_stop_the_others(raw_test_images: np.ndarray) -> None:
    digits, refused = nodes.read_digits(
        {"1 dots": lambda: Image.fromarray(far_apart(1024, 1024)), "2 digit": lambda: enlarged(raw_test_images[0])}
    )
    assert list(digits) == ["2 digit"]
    assert refused["image"].tolist() == ["1 dots"]


MODES = (
    "1",
    "L",
    "P",
    "PA",
    "LA",
    "La",
    "RGB",
    "RGBA",
    "RGBa",
    "RGBX",
    "CMYK",
    "YCbCr",
    "LAB",
    "HSV",
    "I",
    "F",
    "I;16",
)
SIDES = st.sampled_from([1, 2, 3, 5, 28, 300, 1500])


@st.composite
def images_of_any_mode(draw: st.DrawFn) -> Image.Image:
    """Ink of a few dashes, thin or thick, near or far, on a page of any shape and mode."""
    shape = draw(st.one_of(st.tuples(SIDES, SIDES), st.sampled_from([(1, 50_000), (50_000, 1)])))
    page = np.full(shape, draw(st.sampled_from([0, 128, 255])), np.uint8)
    for _ in range(draw(st.integers(0, 3))):
        top, left = (draw(st.integers(0, side - 1)) for side in shape)
        height, width = (draw(st.sampled_from([1, 5, 40])) for _ in shape)
        page[top : top + height, left : left + width] = draw(st.integers(0, 255))
    mode = draw(st.sampled_from(MODES))
    if mode == "I;16":
        return Image.fromarray(page.astype(np.uint16) * 257)
    by_way_of = {"La": "LA", "RGBa": "RGBA", "LAB": "RGB"}
    return Image.fromarray(page).convert(by_way_of.get(mode, "L")).convert(mode)


@settings(FUZZED)
@given(image=images_of_any_mode())
def test_any_image_is_read_or_refused_in_one_sentence(image: Image.Image) -> None:
    digits, refused = nodes.read_digits({"image": lambda: image})
    for sentence in refused["reason"]:
        assert re.fullmatch(r"The image is [^\n]*; allowed: [^\n]*\.", sentence)
    assert len(digits) + len(refused) == 1
    for digit in digits.values():
        assert digit.shape == (28, 28)
        assert digit.dtype == np.uint8
        assert digit.max() == 255
        assert max(np.ptp(np.flatnonzero(digit.any(axis=axis))) for axis in (0, 1)) < 20


def test_lopsided_ink_stays_in_the_field() -> None:
    page = np.zeros((200, 200), np.uint8)
    page[:, :8] = page[:8, :] = 255
    page[:60, :60] = 255
    page[190:, 190:] = 255
    digit = nodes.size_normalize(ImageOps.expand(Image.fromarray(page), 10, 0))
    assert (np.flatnonzero(digit.any(axis=0))[0], np.flatnonzero(digit.any(axis=0))[-1]) == (8, 27)


NOISE = np.random.default_rng(1).normal(200, 10, (300, 300)).astype(np.uint8)
BLANK = {
    "white": (Image.new("L", (90, 60), 255), "The image is blank: no pixel differs from the background by more than 0"),
    "transparent": (Image.new("RGBA", (90, 60), (255, 0, 0, 0)), "no pixel differs"),
    "nearly white": (
        Image.fromarray(np.linspace(240, 255, 5000).astype(np.uint8).reshape(50, 100)),
        "no pixel differs",
    ),
    "one pixel": (Image.new("RGB", (1, 1), "red"), "no pixel differs"),
    "noise": (Image.fromarray(NOISE), "The image is blank but for specks: its largest stroke is"),
}


@pytest.mark.parametrize(("image", "sentence"), BLANK.values(), ids=BLANK)
def test_a_blank_image_is_refused(image: Image.Image, sentence: str) -> None:
    with pytest.raises(ImageError) as raised:
        nodes.size_normalize(image)
    assert sentence in str(raised.value)
    assert "allowed: at least" in str(raised.value)


def test_one_refused_image_does_not_stop_the_others(raw_test_images: np.ndarray) -> None:
    def refuse() -> Image.Image:
        raise ImageError("It is torn.")

    digits, refused = nodes.read_digits(
        {"b": lambda: enlarged(raw_test_images[0]), "a": refuse, "c": lambda: Image.new("L", (9, 9))}
    )
    assert list(digits) == ["b"]
    assert refused["image"].tolist() == ["a", "c"]
    assert refused["reason"].tolist()[0] == "It is torn."


def test_a_row_for_each_image_and_network(raw_test_images: np.ndarray, network: keras.Model, mnist: Dataset) -> None:
    pixels = keras.Input((28, 28, 1))
    convolutional = keras.Model(pixels, network(keras.layers.Flatten()(pixels)))
    digits = {"one": raw_test_images[2], "a seven": raw_test_images[0]}
    named = mnist.model_copy(update={"class_names": tuple(f"no. {label}" for label in range(10))})
    table = nodes.classify(digits, named, fcn=network, cnn=convolutional)
    assert table.columns.tolist() == ["image", "network", "predicted", "probability", *(f"p{i}" for i in range(10))]
    assert table["image"].tolist() == ["a seven", "a seven", "one", "one"]
    assert table["network"].tolist() == ["fcn", "cnn", "fcn", "cnn"]
    assert table["predicted"].tolist() == ["no. 7", "no. 7", "no. 1", "no. 1"]
    expected = network.predict(raw_test_images[[0, 0, 2, 2]].reshape(-1, 784) / 255, verbose=0)
    np.testing.assert_allclose(table.filter(regex=r"^p\d$"), expected, rtol=1e-4)
    np.testing.assert_allclose(table["probability"], expected.max(axis=1), rtol=1e-4)


def test_a_network_of_other_images_is_named(mnist: Dataset) -> None:
    other = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    dense = keras.Sequential([keras.Input((784,)), keras.layers.Dense(2)])
    with pytest.raises(DataError, match=r"fcn\.model takes images of 784 numbers; expected 12 x 12 x 1, as other"):
        nodes.classify({}, mnist, fcn=dense, cnn=other)


def takes(channels: int) -> keras.Model:
    return keras.Sequential([keras.Input((6, 6, channels)), keras.layers.Flatten(), keras.layers.Dense(2)])


def test_images_for_a_network_of_other_images_are_cut_and_resized_alone() -> None:
    page = Image.new("RGBA", (60, 20), (255, 0, 0, 255))
    page.paste((0, 0, 255, 255), (20, 0, 30, 20))
    page.paste((0, 0, 0, 0), (30, 0, 40, 20))  # transparent, as all that is seen of the right half
    colour, grey = (nodes.read_digits({"a": lambda: page}, cnn=takes(channels))[0]["a"] for channels in (3, 1))
    assert colour.shape == (6, 6, 3)
    np.testing.assert_allclose(colour[:, 0], [[0, 0, 255]] * 6, atol=20)  # what is next to the cut shines through
    np.testing.assert_allclose(colour[:, -1], [[255, 255, 255]] * 6, atol=20)
    assert grey.shape == (6, 6, 1)
    np.testing.assert_allclose(grey[0, [0, -1], 0], [0.114 * 255, 255], atol=20)  # the luminance of blue
    digits, refused = nodes.read_digits({"a": lambda: page}, cnn=takes(5))
    assert not digits
    assert refused["reason"].tolist() == ["The networks take images of 5 channels; allowed: 1 or 3 to classify images."]


@pytest.fixture
def run(mnist: Dataset, network: keras.Model, tmp_path: Path) -> Callable[[object], dict[str, Any]]:
    """Runs the pipeline on images, and returns what it made."""

    def run_pipeline(own_images: object) -> dict[str, Any]:
        table = {"type": "pandas.CSVDataset", "filepath": str(tmp_path / "predictions.csv")}
        catalog = DataCatalog.from_config({"prediction.predictions_on_images": table})
        catalog["own_images"] = MemoryDataset(own_images, copy_mode="assign")
        catalog["params:dataset"] = MemoryDataset(mnist)
        catalog["fcn.model"] = MemoryDataset(network, copy_mode="assign")
        outputs = SequentialRunner().run(create_pipeline(["fcn"]), catalog)
        made = {name: data.load() for name, data in outputs.items()}
        return made | {"prediction.predictions_on_images": catalog.load("prediction.predictions_on_images")}

    return run_pipeline


def test_the_shipped_samples_are_read_and_drawn(run: Callable[[object], dict[str, Any]]) -> None:
    folder = ROOT / "data" / "01_raw" / "images"
    assert sum(file.stat().st_size for file in folder.iterdir()) < 100_000
    outputs = run(ImageFolderDataset(path=str(folder)).load())
    table = outputs["prediction.predictions_on_images"]
    assert len(table) == 8
    assert (table["image"].str[0] == table["predicted"].astype(str)).sum() >= 7
    assert outputs["prediction.refused_images_table"].empty
    figure = outputs["prediction.predictions_on_images_figure"]
    captions = [axes.get_title() for axes in figure.axes]
    assert captions[:4] == ["0_off_centre.png", "in MNIST's form", "1_rotated…y_exif.jpg", "in MNIST's form"]
    assert figure.axes[1].texts[0].get_text().startswith("fcn: 0 (")


def test_names_that_a_font_cannot_write_do_not_stop_the_figure(
    raw_test_images: np.ndarray, run: Callable[[object], dict[str, Any]]
) -> None:
    outputs = run({"$x$ 七.png": lambda: enlarged(raw_test_images[0])})
    figure = outputs["prediction.predictions_on_images_figure"]
    figure.canvas.draw()
    assert figure.axes[0].get_title() == r"\$x\$ ?.png"


def test_a_file_that_is_removed_before_it_is_drawn_does_not_stop_the_figure(
    raw_test_images: np.ndarray, run: Callable[[object], dict[str, Any]], tmp_path: Path
) -> None:
    enlarged(raw_test_images[0]).save(tmp_path / "a.png")
    (read,) = ImageFolderDataset(path=str(tmp_path)).load().values()

    def read_and_remove() -> Image.Image:
        image = read()
        (tmp_path / "a.png").unlink()
        return image

    outputs = run({"a.png": read_and_remove})
    figure = outputs["prediction.predictions_on_images_figure"]
    figure.canvas.draw()
    assert figure.axes[0].get_title() == "a.png\n(no longer readable)"
    assert outputs["prediction.predictions_on_images"]["image"].tolist() == ["a.png"]


def test_many_images_are_drawn_in_part_and_none_is_said(
    raw_test_images: np.ndarray, run: Callable[[object], dict[str, Any]]
) -> None:
    many = {f"{index:02}": lambda: Image.fromarray(raw_test_images[0]) for index in range(30)}
    outputs = run(many)
    assert outputs["prediction.predictions_on_images_figure"].get_suptitle().endswith("the first 24 of 30 images")
    outputs = run({"blank": lambda: Image.new("L", (9, 9))})
    assert outputs["prediction.predictions_on_images"].empty
    assert outputs["prediction.predictions_on_images_figure"].texts[-1].get_text() == "no such image"
