"""The folder of a user's own images: what is read, and what is refused in which words."""

import os
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kedro.io import DatasetError
from PIL import Image, ImageCms

from convnets.datasets import images
from convnets.datasets.images import MAX_PIXELS_PER_BYTE, ImageFolderDataset, read_image
from convnets.harness.messages import ImageError
from convnets.pipelines.prediction.nodes import size_normalize
from support import FUZZED, damaged

PICTURE = Image.fromarray(np.arange(20 * 30, dtype=np.uint16).reshape(20, 30).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A PNG file of these chunks, written by hand."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def png_header(width: int, height: int, bits: int = 8, colour: int = 0, interlaced: int = 0) -> bytes:
    """A PNG file, grey unless told otherwise, that states a size and has one byte of pixels."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    return png([(b"IHDR", header), (b"IDAT", zlib.compress(b"\0"))])


def jpeg_header(width: int, height: int) -> bytes:
    """A JPEG file that states a size and has the pixels of a small one."""
    content = encoded(PICTURE, "JPEG")
    size = content.index(b"\xff\xc0") + 5
    return content[:size] + struct.pack(">HH", height, width) + content[size + 4 :]


def drawn_again(scans: int) -> bytes:
    """A progressive JPEG file that draws its last scan again; of 7,000 x 7,000 pixels, 1,000 take half a minute."""
    content = encoded(PICTURE, "JPEG", progressive=True)
    return content[:-2] + content[content.rindex(b"\xff\xda") : -2] * scans + content[-2:]


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
    "more pixels than a PNG file can hold": (
        png_header(7_000, 7_000),
        "The image is damaged (it states 7,000 x 7,000 pixels, more than 54 bytes can hold); allowed: a whole PNG or",
    ),
    "more scans than any image has": (drawn_again(1000), "The image is drawn in 1,006 scans; allowed: at most 200."),
    "more pixels than a JPEG file can hold": (jpeg_header(7_000, 7_000), "The image is damaged (it states 7,000 x"),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_fault_is_said_in_one_sentence(file: Callable[[bytes], Path], content: bytes, sentence: str) -> None:
    with pytest.raises(ImageError) as raised:
        read_image(file(content))
    assert str(raised.value).startswith(sentence)
    assert str(raised.value).endswith(".")
    assert "\n" not in str(raised.value)


def test_an_image_of_many_scans_is_read(file: Callable[[bytes], Path]) -> None:
    assert read_image(file(drawn_again(100))).size == PICTURE.size


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "7.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ImageError, match="It is not a regular file; allowed: a PNG or JPEG file"):
        read_image(tmp_path / "7.png")


def test_a_file_without_permission_is_refused(file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:  # as the system does, though not to root
        raise PermissionError(13, "Permission denied")

    path = file(encoded(PICTURE, "PNG"))
    monkeypatch.setattr("convnets.datasets.images.Image.open", refuse)
    with pytest.raises(ImageError, match=r"The file cannot be read \(Permission denied\); allowed: a readable file"):
        read_image(path)


def test_no_header_takes_room_that_the_file_cannot_fill(tmp_path: Path) -> None:
    program = """
import resource, sys
from pathlib import Path
from convnets.datasets import images
from convnets.datasets.images import ImageError, read_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for file in sorted(Path(sys.argv[1]).iterdir()):
    try:
        read_image(file)
    except ImageError:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    small = b"IHDR", struct.pack(">IIBBBBB", 20, 20, 8, 0, 0, 0, 0)
    liars = [
        png_header(100_000, 100_000),
        jpeg_header(7_000, 7_000),
        *(png_header(7_000, 7_000, bits, colour) for bits, colour in [(1, 0), (8, 2), (8, 6), (16, 0), (16, 6)]),
        png_header(7_000, 7_000, interlaced=1),
        *(png([small, (kind, b"name\0\0" + zlib.compress(bytes(10**8)))]) for kind in (b"zTXt", b"iCCP")),
    ]
    for number, content in enumerate(liars):
        (tmp_path / str(number)).write_bytes(content)
    command = [sys.executable, "-W", "error", "-c", program, str(tmp_path)]
    grown = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert len(grown.stdout.split()) == len(liars)
    assert max(map(int, grown.stdout.split())) < 10_000  # of 1024 bytes: the first alone would be 10 GB
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


def test_no_two_files_get_the_same_name(tmp_path: Path) -> None:
    for name in ("\n.png", r"\n.png", r"\\n.png"):
        (tmp_path / name).write_bytes(encoded(PICTURE, "PNG"))
    assert sorted(ImageFolderDataset(path=str(tmp_path)).load()) == [r"\\\\n.png", r"\\n.png", r"\n.png"]


def test_a_name_cannot_give_orders_to_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "\x1b[2J\n7.png").write_bytes(encoded(PICTURE, "PNG"))
    assert list(ImageFolderDataset(path=str(tmp_path)).load()) == [r"\x1b[2J\n7.png"]


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("folder/inside.png", "outside.png"):
        (tmp_path / name).write_bytes(encoded(PICTURE, "PNG"))
    (tmp_path / "folder/link_inside.png").symlink_to("inside.png")
    (tmp_path / "folder/link_outside.png").symlink_to("../outside.png")
    (tmp_path / "folder/loop.png").symlink_to("loop.png")
    (tmp_path / "link_to_folder").symlink_to("folder")
    images = ImageFolderDataset(path=str(tmp_path / "link_to_folder")).load()
    assert images["inside.png"]().size == images["link_inside.png"]().size == PICTURE.size
    with pytest.raises(ImageError, match="It is a link that leads out of the folder; allowed: a file in the folder"):
        images["link_outside.png"]()
    with pytest.raises(ImageError):
        images["loop.png"]()


def exif() -> Image.Exif:
    """An orientation, and a block of further tags."""
    made = Image.Exif()
    made[0x0112] = 6
    made.get_ifd(0x8769)[0x9286] = "a comment"
    return made


WHOLE = [
    *(encoded(PICTURE.convert(mode), "PNG", exif=exif()) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    *(encoded(PICTURE.convert(mode), "JPEG", exif=exif()) for mode in ("L", "RGB", "CMYK")),
    encoded(PICTURE, "JPEG", progressive=True),
]
CHUNKS = st.lists(
    st.tuples(
        st.sampled_from([b"IDAT", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"iCCP", b"tEXt", b"zTXt", b"iTXt", b"eXIf"])
        | st.sampled_from([b"acTL", b"fcTL", b"fdAT", b"pHYs", b"sRGB", b"IHDR", b"IEND"]),
        st.binary(max_size=40) | st.binary(max_size=40).map(zlib.compress),
    ),
    max_size=5,
)
SIZES = st.integers(0, 40) | st.integers(0, 2**32 - 1)
PNG_FILES = st.builds(
    lambda width, height, rest, chunks: png(
        [(b"IHDR", struct.pack(">II", width, height) + rest), *chunks, (b"IEND", b"")]
    ),
    SIZES,
    SIZES,
    st.sampled_from([bytes([bits, colour, 0, 0, i]) for bits in (1, 8, 16) for colour in (0, 2, 3, 6) for i in (0, 1)])
    | st.binary(min_size=5, max_size=5),
    CHUNKS,
)


@settings(FUZZED, suppress_health_check=[HealthCheck.function_scoped_fixture])  # the file is written anew each time
@given(content=st.binary(max_size=300) | PNG_FILES | damaged(WHOLE))
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_sentence(
    file: Callable[[bytes], Path], content: bytes
) -> None:
    path, sentence = file(content), "."
    try:
        image = read_image(path)
        pixels = image.width * image.height
        size_normalize(image)
    except ImageError as error:
        sentence = str(error)
    else:
        assert pixels <= MAX_PIXELS_PER_BYTE * len(content)
    assert sentence.endswith(".")
    assert "\n" not in sentence


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


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.png"))
        loaders = ImageFolderDataset(path=str(tmp_path)).load()
        assert list(loaders) == ["device.png", "pipe.png", "s.png"]
        for read in loaders.values():
            with pytest.raises(ImageError, match=r"^It is (not a regular file|a link that leads out of the folder);"):
                read()


def test_a_file_that_is_cut_off_while_it_is_read_is_refused(
    file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which a file that is mapped into memory would answer with the end of the process."""
    path = file(encoded(PICTURE, "JPEG"))
    opened = Image.open

    def cut_off(*arguments: object, **options: object) -> Image.Image:
        path.write_bytes(b"")
        return opened(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Image, "open", cut_off)
    assert read_image(path).size == PICTURE.size


OTHERS = {
    "an animated GIF": encoded(PICTURE, "GIF", save_all=True, append_images=[PICTURE]),
    "AVIF": encoded(PICTURE, "AVIF"),
    "TIFF": encoded(PICTURE, "TIFF"),
    "WebP": encoded(PICTURE, "WEBP"),
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_other_formats_under_a_png_name_are_refused(file: Callable[[bytes], Path], content: bytes) -> None:
    with pytest.raises(ImageError, match=r"^The file is not recognized as an image; allowed: a PNG or JPEG image\.$"):
        read_image(file(content))


def test_a_file_that_is_too_large_is_refused(file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_FILE_BYTES", 100)
    with pytest.raises(ImageError, match=r"^The file is too large; allowed: at most 100 bytes\.$"):
        read_image(file(encoded(PICTURE, "JPEG")))


SPECIAL = {
    "ICC profile": (
        encoded(PICTURE, "JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
        "L",
    ),
    "broken ICC profile": (encoded(PICTURE, "PNG", icc_profile=b"nothing"), "L"),
    "CMYK": (encoded(PICTURE.convert("CMYK"), "JPEG"), "CMYK"),
    "16 bits": (encoded(Image.fromarray(np.full((20, 30), 40_000, np.uint16)), "PNG"), "I;16"),
    "an animated PNG": (encoded(PICTURE, "PNG", save_all=True, append_images=[PICTURE.rotate(180)]), "L"),
}


@pytest.mark.parametrize(("content", "mode"), SPECIAL.values(), ids=SPECIAL)
def test_what_cameras_and_scanners_write_is_read(file: Callable[[bytes], Path], content: bytes, mode: str) -> None:
    image = read_image(file(content))
    assert (image.size, image.mode) == (PICTURE.size, mode)
