"""A drawing is brought to MNIST's form in JavaScript as in Python, and moved."""

import base64
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from py_mini_racer import MiniRacer

from convnets.datasets.images import read_image
from convnets.harness.messages import ImageError
from convnets.pipelines.prediction.nodes import shrink, size_normalize, to_grey
from convnets.pipelines.translation.nodes import shift_images
from support import ROOT

SAMPLES = sorted((ROOT / "data" / "01_raw" / "images").iterdir())


def normalize(engine: MiniRacer, grey: np.ndarray) -> list[int] | None:
    height, width = grey.shape
    text = base64.b64encode(np.ascontiguousarray(grey).tobytes()).decode()
    drawing = f'{{width: {width}, height: {height}, pixels: decodeBase64("{text}")}}'
    answer = engine.eval(
        f"(() => {{ const d = normalizeDigit({drawing}); return JSON.stringify(d && Array.from(d)) }})()"
    )
    found: list[int] | None = json.loads(str(answer))
    return found


def in_python(grey: np.ndarray) -> list[int] | None:
    try:
        digit: list[int] = size_normalize(Image.fromarray(grey)).ravel().tolist()
    except ImageError:
        return None
    return digit


def scribble(seed: int) -> np.ndarray:
    """A drawing of a few strokes on paper of many sizes, light or dark, sharp or blurred, with specks and noise."""
    random = np.random.default_rng(seed)
    width = int(random.integers(60, 300))
    height = int(width * random.uniform(0.3, 1.8))  # a higher one Pillow resizes along the columns first
    greys = [(0, 255), (255, 0), (200, 120), (90, 110), (30, 220)]
    paper, ink = greys[random.integers(len(greys))]
    image = Image.new("L", (width, height), paper)
    draw = ImageDraw.Draw(image)
    for _ in range(random.integers(0, 5)):
        points = random.uniform(0, 1, (random.integers(2, 6), 2)) * (width, height)
        draw.line([(float(x), float(y)) for x, y in points], fill=ink, width=int(random.integers(1, 25)))
    if random.random() < 0.4:
        image = image.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 3))))
    grey = np.asarray(image).astype(np.int64)
    if random.random() < 0.3:
        grey = grey + random.normal(0, random.uniform(0, 12), grey.shape).round().astype(np.int64)
    if random.random() < 0.3:
        specks = random.random(grey.shape) < 0.002
        grey = np.where(specks, ink, grey)
    return np.clip(grey, 0, 255).astype(np.uint8)


def test_drawings_get_the_form_that_python_gives_them(engine: MiniRacer) -> None:
    drawings = [scribble(seed) for seed in range(120)]
    expected = [in_python(drawing) for drawing in drawings]
    assert 60 < sum(digit is not None for digit in expected) < 120
    assert [normalize(engine, drawing) for drawing in drawings] == expected


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_own_images_get_the_form_that_python_gives_them(engine: MiniRacer, path: str) -> None:
    image = read_image(ROOT / path)
    expected = size_normalize(image).ravel().tolist()
    assert normalize(engine, to_grey(shrink(image))) == expected


def test_test_images_enlarged_come_back(engine: MiniRacer, raw_test_images: np.ndarray) -> None:
    for image in raw_test_images[:20]:
        large = np.asarray(Image.fromarray(image).resize((280, 280), Image.Resampling.BICUBIC))
        assert normalize(engine, large) == in_python(large)


def move(engine: MiniRacer, digit: np.ndarray, **how: float) -> np.ndarray:
    moves = json.dumps({"x": 0, "y": 0, "angle": 0, "scale": 1} | how)
    answer = engine.eval(f"JSON.stringify(Array.from(moveDigit(Uint8Array.from({digit.ravel().tolist()}), {moves})))")
    return np.array(json.loads(str(answer))).reshape(28, 28)


@pytest.mark.parametrize(
    ("direction", "step"), [("right", {"x": 5}), ("up", {"y": -5}), ("down left", {"x": -5, "y": 5})]
)
def test_a_digit_is_shifted_as_in_the_study_of_translation(
    engine: MiniRacer, raw_test_images: np.ndarray, direction: str, step: dict[str, float]
) -> None:
    (shifted,) = shift_images(raw_test_images[:1], 5, direction)
    np.testing.assert_allclose(move(engine, raw_test_images[0], **step), shifted / 255, atol=1e-6)


def test_a_digit_is_turned_clockwise(engine: MiniRacer, raw_test_images: np.ndarray) -> None:
    turned = move(engine, raw_test_images[0], angle=90)
    np.testing.assert_allclose(turned, np.rot90(raw_test_images[0], -1) / 255, atol=1e-6)


def test_a_digit_is_scaled_as_pillow_does_it(engine: MiniRacer, raw_test_images: np.ndarray) -> None:
    enlarged = move(engine, raw_test_images[0], scale=1.4)
    offset = 14 - 14 / 1.4
    transform = (
        Image.fromarray(raw_test_images[0])
        .convert("F")
        .transform(
            (28, 28), Image.Transform.AFFINE, (1 / 1.4, 0, offset, 0, 1 / 1.4, offset), Image.Resampling.BILINEAR
        )
    )
    np.testing.assert_allclose(enlarged[3:-3, 3:-3], np.asarray(transform)[3:-3, 3:-3] / 255, atol=1e-4)
    assert enlarged.sum() > 1.5 * raw_test_images[0].sum() / 255


def test_an_empty_drawing_is_no_digit(engine: MiniRacer) -> None:
    assert normalize(engine, np.zeros((280, 280), np.uint8)) is None
