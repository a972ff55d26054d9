"""The folder of a user's own images: what is read, and what is refused in which words."""

import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError
from PIL import Image

from convnets.errors import ImageError
from convnets.images import ImageFolderDataset, read_image

PICTURE = Image.fromarray(np.arange(20 * 30, dtype=np.uint16).reshape(20, 30).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A grey PNG file that states a size and has one byte of pixels, written by hand."""
    chunks = {b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0), b"IDAT": zlib.compress(b"\0")}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    )


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "image"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_image_is_read_whatever_its_suffix(file: Callable[[bytes], Path], kind: str) -> None:
    image = read_image(file(encoded(PICTURE, kind)))
    assert image.size == (30, 20)
    assert np.abs(np.asarray(image).astype(int) - np.asarray(PICTURE)).mean() < (1 if kind == "PNG" else 20)


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [(1, None), (3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90), (8, Image.Transpose.ROTATE_270)],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_image_is_turned_upright(
    file: Callable[[bytes], Path], kind: str, orientation: int, turned: Image.Transpose | None
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = PICTURE if turned is None else PICTURE.transpose(turned)
    image = read_image(file(encoded(stored, kind, exif=exif)))
    assert image.size == PICTURE.size
    assert np.abs(np.asarray(image).astype(int) - np.asarray(PICTURE)).mean() < (1 if kind == "PNG" else 20)


REFUSED = {
    "empty": (b"", "The file is empty; allowed: a PNG or JPEG image."),
    "text": (b"seven", "The file is not recognized as an image; allowed: a PNG or JPEG image."),
    "another format": (encoded(PICTURE, "GIF"), "The file is not recognized as an image; allowed: a PNG or JPEG"),
    "too many pixels": (
        png_header(100_000, 100_000),
        "The image has 100,000 x 100,000 pixels; allowed: at most 50,000,000 in all.",
    ),
    "a few too many pixels": (png_header(8_000, 6_251), "The image has 8,000 x 6,251 pixels; allowed:"),
    "PNG cut off": (encoded(PICTURE, "PNG")[:70], "The image is damaged ("),
    "JPEG cut off": (encoded(PICTURE, "JPEG")[:-40], "The image is damaged (image file is truncated"),
    "PNG altered": (encoded(PICTURE, "PNG")[:60] + b"\xff" + encoded(PICTURE, "PNG")[61:], "The image is damaged ("),
    "pixels missing": (png_header(28, 28), "The image is damaged ("),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_fault_is_said_in_one_sentence(file: Callable[[bytes], Path], content: bytes, sentence: str) -> None:
    with pytest.raises(ImageError) as raised:
        read_image(file(content))
    assert str(raised.value).startswith(sentence)
    assert str(raised.value).endswith(".")
    assert "\n" not in str(raised.value)


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "7.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ImageError, match="It is not a regular file; allowed: a PNG or JPEG file"):
        read_image(tmp_path / "7.png")


def test_a_file_without_permission_is_refused(file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:  # as the system does, though not to root
        raise PermissionError(13, "Permission denied")

    path = file(encoded(PICTURE, "PNG"))
    monkeypatch.setattr("convnets.images.Image.open", refuse)
    with pytest.raises(ImageError, match=r"The file cannot be read \(Permission denied\); allowed: a readable file"):
        read_image(path)


def test_too_many_pixels_are_never_decoded(file: Callable[[bytes], Path]) -> None:
    program = """
import resource, sys
from pathlib import Path
from convnets.images import ImageError, read_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_image(Path(sys.argv[1]))
except ImageError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    path = file(png_header(100_000, 100_000))
    command = [sys.executable, "-W", "error", "-c", program, str(path)]
    grown = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert int(grown.stdout) < 10_000  # of 1024 bytes: it would be 10 GB
    assert grown.stderr == ""


def test_pillows_own_limit_is_left_as_it_was(file: Callable[[bytes], Path]) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    read_image(file(encoded(PICTURE, "PNG")))
    with pytest.raises(ImageError):
        read_image(file(b""))
    assert limit == Image.MAX_IMAGE_PIXELS


def test_a_folder_is_listed_and_nothing_is_read(tmp_path: Path) -> None:
    for name in ("b.png", "a.txt", ".hidden"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder").mkdir()
    assert list(ImageFolderDataset(path=str(tmp_path)).load()) == ["a.txt", "b.png"]


def test_a_name_that_is_no_text_can_be_written(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"\xff.png")).write_bytes(encoded(PICTURE, "PNG"))
    except OSError:
        pytest.skip("this file system allows no such name")
    ((name, read),) = ImageFolderDataset(path=str(tmp_path)).load().items()
    assert name == r"\xff.png"
    assert read().size == PICTURE.size


ALLOWED = "prediction.folder must name a folder with at least one PNG or JPEG file"


def test_a_missing_an_empty_and_a_wrong_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"")
    for name, found in {
        "nowhere": "no such folder",
        "empty": "holds no file",
        "file": "cannot be listed (Not a directory)",
    }.items():
        with pytest.raises(DatasetError) as raised:
            ImageFolderDataset(path=str(tmp_path / name)).load()
        assert str(raised.value) == f"{tmp_path / name}: {found}; {ALLOWED}"


def test_raw_data_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="never written"):
        ImageFolderDataset(path=str(tmp_path)).save({})
