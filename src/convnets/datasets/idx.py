"""The IDX format, in which MNIST and its successors are published, as a Kedro data set."""

import gzip
import hashlib
import io
import math
import struct
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, NoReturn

import fsspec
import numpy as np
from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_filepath_str, get_protocol_and_path

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
MAX_GZIP_RATIO = 1032  # of deflate: 258 bytes from two bits
CHUNK = 1 << 20  # bytes that are read at a time


class IDXDataset(AbstractDataset[np.ndarray, np.ndarray]):
    """Loads one IDX file of unsigned bytes, plain or gzip-compressed, as a read-only `uint8` array.

    An IDX file is two zero bytes, a byte for the element type (8: unsigned byte), a byte for the number of
    dimensions, each dimension as a big-endian unsigned 32-bit integer, and the elements in C order.
    Source: the MNIST database of handwritten digits, Y. LeCun, C. Cortes and C. J. C. Burges, "File formats".

    Example of a catalog entry:
        ```yaml
        raw_test_images:
          type: convnets.datasets.idx.IDXDataset
          filepath: data/01_raw/mnist/t10k-images-idx3-ubyte.gz
          dimensions: 3
          sha256: 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6
        ```
    """

    def __init__(
        self,
        *,
        filepath: str,
        dimensions: int | Sequence[int],
        sha256: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the file; nothing is read yet.

        Args:
            filepath: A path, or an address in any file system that fsspec knows; plain or gzip-compressed.
            dimensions: How many dimensions the array must have: 1 for labels, 3 for images, or one of several
                numbers: `[3, 4]` for images of one channel, (n, height, width), or more, (n, height, width, channels).
            sha256: The expected SHA-256 of the stored file, in hexadecimal; `None`: it is not checked.
            metadata: For Kedro-Viz and for tracking; Kedro does not read it.
        """
        self._protocol, path = get_protocol_and_path(filepath)
        self._filepath = PurePosixPath(path)
        self._dimensions = dimensions
        self._sha256 = sha256
        self._fs = fsspec.filesystem(self._protocol)
        self.metadata = metadata
        self.found_sha256: str | None = None  # of the file as it was last loaded

    def load(self) -> np.ndarray:
        """Read and check the file.

        Returns:
            An array of dtype `uint8` with the shape that the header states.

        Raises:
            DatasetError: The file is missing or unreadable, its SHA-256 is not the expected one, or it is not an IDX
                file of unsigned bytes of the expected dimensions and exactly the stated length. The message names the
                file, what was found and what was expected.
        """
        path = get_filepath_str(self._filepath, self._protocol)
        stored = self._read(path)
        self.found_sha256 = hashlib.sha256(stored).hexdigest()
        if self._sha256 is not None and self.found_sha256 != self._sha256:
            raise DatasetError(f"{path}: its SHA-256 is {self.found_sha256}, expected {self._sha256} (globals.yml)")
        try:
            return parse_idx(stored, self._dimensions)
        except ValueError as error:
            raise DatasetError(f"{path}: {error}") from error

    def save(self, data: np.ndarray) -> NoReturn:  # noqa: ARG002 - Kedro names the argument
        """Refuse: the raw data is read and never written.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{self._filepath} is raw data and is never written")

    def _read(self, path: str) -> bytes:
        try:
            stored: bytes = self._fs.cat_file(path)
        except FileNotFoundError as error:
            raise DatasetError(f"{path}: no such file; expected an IDX file there") from error
        except OSError as error:
            raise DatasetError(f"{path}: cannot be read ({error.strerror or error}); expected an IDX file") from error
        return stored

    def _exists(self) -> bool:
        return bool(self._fs.exists(get_filepath_str(self._filepath, self._protocol)))

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "protocol": self._protocol,
            "dimensions": self._dimensions,
            "sha256": self._sha256,
        }


def parse_idx(stored: bytes, dimensions: int | Sequence[int]) -> np.ndarray:
    """Decode an IDX file of unsigned bytes, plain or gzip-compressed.

    Args:
        stored: The file as it is stored.
        dimensions: The number of dimensions that the array must have, or several of which it has one.

    Returns:
        A read-only array of dtype `uint8` with the shape that the header states.

    Raises:
        ValueError: The bytes are not such a file. The message says what was found and what was expected.
    """
    plain: io.BytesIO | gzip.GzipFile = io.BytesIO(stored)
    limit = len(stored)
    if stored.startswith(GZIP_MAGIC):
        plain, limit = gzip.GzipFile(fileobj=plain), limit * MAX_GZIP_RATIO
    try:
        shape = _read_header(plain, [dimensions] if isinstance(dimensions, int) else dimensions)
        expected = math.prod(shape)
        # A header may state any size: what the file cannot hold is not allocated.
        elements = _read_at_most(plain, expected) if expected <= limit else bytearray()
        overlong = plain.read(1) != b""
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"is damaged ({str(error).rstrip('.')}); expected a whole IDX file") from error
    if len(elements) < expected:
        raise ValueError(f"holds {len(elements):,} bytes of elements; its header {shape} expects {expected:,}")
    if overlong:
        raise ValueError(f"goes on after the {expected:,} bytes of elements that its header {shape} expects")
    array = np.frombuffer(elements, dtype=np.uint8).reshape(shape)
    array.setflags(write=False)
    return array


def _read_at_most(plain: io.BytesIO | gzip.GzipFile, count: int) -> bytearray:
    """Read in chunks: asked for everything at once, `gzip` allocates everything, even if the file holds less."""
    found = bytearray()
    while len(found) < count and (chunk := plain.read(min(CHUNK, count - len(found)))):
        found += chunk
    return found


def _read_header(plain: io.BytesIO | gzip.GzipFile, dimensions: Sequence[int]) -> tuple[int, ...]:
    expected = [bytes([0, 0, UNSIGNED_BYTE, count]) for count in dimensions]
    magic = plain.read(len(expected[0]))
    if magic not in expected:
        plural = "s" if max(dimensions) > 1 else ""
        raise ValueError(
            f"starts with 0x{magic.hex()}; expected {' or '.join(f'0x{one.hex()}' for one in expected)}, "
            f"an IDX file of unsigned bytes in {' or '.join(map(str, dimensions))} dimension{plural}"
        )
    count = magic[-1]
    sizes = plain.read(4 * count)
    if len(sizes) < 4 * count:
        raise ValueError(f"ends within its header; expected {count} sizes of 4 bytes, found {len(sizes)} bytes")
    shape = struct.unpack(f">{count}I", sizes)
    if 0 in shape:
        raise ValueError(f"is empty: its header says {shape}; expected at least one element")
    return shape
