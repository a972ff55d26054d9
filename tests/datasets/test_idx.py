"""The IDX format: what is read, and what is refused in which words."""

import gzip
import hashlib
import re
import struct
import tracemalloc
from contextlib import nullcontext
from pathlib import Path

import fsspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from kedro.io import DatasetError

from convnets.datasets.idx import CHUNK, MAX_GZIP_RATIO, IDXDataset, parse_idx
from support import FUZZED, damaged, idx

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def load(path: Path, content: bytes, sha256: str | None = None, dimensions: int = 3) -> np.ndarray:
    path.write_bytes(content)
    return IDXDataset(filepath=str(path), dimensions=dimensions, sha256=sha256).load()


def test_committed_mnist_is_what_the_lecture_says(raw_test_images: np.ndarray, raw_test_labels: np.ndarray) -> None:
    assert raw_test_images.shape == (10_000, 28, 28)
    assert raw_test_images.dtype == np.uint8
    assert (raw_test_images.min(), raw_test_images.max()) == (0, 255)
    assert raw_test_labels[:3].tolist() == [7, 2, 1]
    assert raw_test_labels[-3:].tolist() == [4, 5, 6]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_plain_and_compressed_files_give_the_same_array(tmp_path: Path, pack: type[bytes]) -> None:
    np.testing.assert_array_equal(load(tmp_path / "images", pack(idx(IMAGES))), IMAGES)


def test_images_with_channels_and_without_are_read(tmp_path: Path) -> None:
    for images in (IMAGES, IMAGES.reshape(2, 3, 2, 2)):
        (tmp_path / "images").write_bytes(idx(images))
        loaded = IDXDataset(filepath=str(tmp_path / "images"), dimensions=[3, 4]).load()
        np.testing.assert_array_equal(loaded, images)
    (tmp_path / "images").write_bytes(idx(IMAGES[0]))
    with pytest.raises(DatasetError, match="0x00000803 or 0x00000804, an IDX file of unsigned bytes in 3 or 4 dim"):
        IDXDataset(filepath=str(tmp_path / "images"), dimensions=[3, 4]).load()


def test_any_file_system_of_fsspec_can_be_read() -> None:
    with fsspec.open("memory:///labels", "wb") as file:
        file.write(idx(IMAGES[0, 0]))
    np.testing.assert_array_equal(IDXDataset(filepath="memory:///labels", dimensions=1).load(), IMAGES[0, 0])


def test_the_digest_that_was_found_can_be_recorded(tmp_path: Path) -> None:
    content = idx(IMAGES)
    (tmp_path / "images").write_bytes(content)
    dataset = IDXDataset(filepath=str(tmp_path / "images"), dimensions=3)
    dataset.load()
    assert dataset.found_sha256 == hashlib.sha256(content).hexdigest()


WHOLE, PACKED = idx(IMAGES), gzip.compress(idx(IMAGES))
REFUSED = {
    "truncated": (WHOLE[:-1], "holds 23 bytes of elements; its header (2, 3, 4) expects 24"),
    "overlong": (WHOLE + b"\0", "goes on after the 24 bytes of elements that its header (2, 3, 4) expects"),
    "empty file": (b"", "starts with 0x; expected 0x00000803"),
    "other magic number": (idx(IMAGES, b"\0\0\x0d\x03"), "starts with 0x00000d03; expected 0x00000803"),
    "labels for images": (idx(IMAGES[0, 0]), "starts with 0x00000801; expected 0x00000803"),
    "header cut off": (WHOLE[:9], "ends within its header; expected 3 sizes of 4 bytes, found 5 bytes"),
    "no images": (idx(IMAGES[:0]), "is empty: its header says (0, 3, 4); expected at least one element"),
    "compressed and cut off": (PACKED[:-9], "is damaged (Compressed file ended before"),
    "compressed and altered": (PACKED[:20] + b"\xff" + PACKED[21:], "is damaged ("),
    "compressed and overlong": (gzip.compress(WHOLE + b"\0"), "goes on after the 24 bytes"),
    "header larger than any file": (
        gzip.compress(bytes([0, 0, 8, 3]) + b"\xff" * 12),
        "holds 0 bytes of elements; its header (4294967295, 4294967295, 4294967295) expects",
    ),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_a_fault_is_named_with_its_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "train-images"
    with pytest.raises(DatasetError, match=re.escape(message)) as raised:
        load(path, content)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


def test_another_checksum_is_refused_before_the_file_is_parsed(tmp_path: Path) -> None:
    content = b"no IDX file at all"
    with pytest.raises(DatasetError, match=f"SHA-256 is {hashlib.sha256(content).hexdigest()}, expected 00ff"):
        load(tmp_path / "images", content, sha256="00ff")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=re.escape(f"{tmp_path / 'nowhere'}: no such file")):
        IDXDataset(filepath=str(tmp_path / "nowhere"), dimensions=1).load()


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=re.escape(f"{tmp_path}: cannot be read")):
        IDXDataset(filepath=str(tmp_path), dimensions=1).load()


def test_raw_data_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="never written"):
        IDXDataset(filepath=str(tmp_path / "images"), dimensions=3).save(IMAGES)
    assert not (tmp_path / "images").exists()


def test_an_array_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        parse_idx(WHOLE, 3)[0, 0, 0] = 1


def refusal(content: bytes, dimensions: int) -> tuple[str, int]:
    """What is said against a file, nothing if it is read, and the most memory in bytes that this took at a time."""
    tracemalloc.start()
    try:
        array = parse_idx(content, dimensions)
    except ValueError as error:
        return str(error), tracemalloc.get_traced_memory()[1]
    else:
        assert array.dtype == np.uint8
        assert array.ndim == dimensions
        return "", tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


HEADERS = st.builds(
    lambda magic, sizes, elements: magic + b"".join(struct.pack(">I", size) for size in sizes) + elements,
    st.sampled_from([bytes([0, 0, 8, dimensions]) for dimensions in range(1, 4)]),
    st.lists(st.integers(0, 40) | st.integers(0, 2**32 - 1), max_size=4),
    st.binary(max_size=200),
)
PLAIN = st.binary(max_size=300) | HEADERS | damaged([WHOLE, idx(IMAGES[0, 0])])
FILES = PLAIN | PLAIN.map(gzip.compress) | damaged([PACKED, PACKED + PACKED, gzip.compress(bytes(100_000))])


@FUZZED
@given(content=FILES, dimensions=st.integers(1, 3))
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_sentence(content: bytes, dimensions: int) -> None:
    sentence, peak = refusal(content, dimensions)
    assert re.fullmatch("((starts with|ends within|is empty:|is damaged|holds|goes on) .*)?", sentence)
    assert peak < 3 * CHUNK + 2 * MAX_GZIP_RATIO * len(content)
    with fsspec.open("memory:///fuzzed", "wb") as file:
        file.write(content)
    with pytest.raises(DatasetError, match=re.escape(f"/fuzzed: {sentence}")) if sentence else nullcontext():
        IDXDataset(filepath="memory:///fuzzed", dimensions=dimensions).load()


@FUZZED
@given(array=arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, max_side=12)), packed=st.booleans())
def test_what_is_written_is_what_is_read(array: np.ndarray, packed: bool) -> None:  # noqa: FBT001
    content = gzip.compress(idx(array)) if packed else idx(array)
    assert np.array_equal(parse_idx(content, array.ndim), array)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("stated", [100 * 2**20, 2**32 - 1], ids=["100 MB", "4 GB"])
def test_a_header_that_lies_takes_no_room(pack: type[bytes], stated: int) -> None:
    held = np.random.default_rng(1).bytes(200_000)
    content = pack(bytes([0, 0, 8, 1]) + struct.pack(">I", stated) + held)
    sentence, peak = refusal(content, 1)
    assert re.search(f"its header .* expects {stated:,}", sentence)
    assert peak < 3 * CHUNK


def test_a_gzip_bomb_takes_the_room_that_its_header_states() -> None:
    content = gzip.compress(bytes([0, 0, 8, 1]) + struct.pack(">I", 1000) + bytes(100_000_000))
    sentence, peak = refusal(content, 1)
    assert sentence.startswith("goes on after the 1,000 bytes")
    assert peak < 3 * CHUNK
