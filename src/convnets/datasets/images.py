"""A folder of a user's own images as a Kedro data set."""

import os
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError
from PIL import Image, ImageOps, UnidentifiedImageError

from convnets.harness.messages import ImageError

FORMATS = ("PNG", "JPEG")
MAX_FILE_BYTES = 500_000_000  # 50 million pixels of four channels and 16 bits take 400 MB
MAX_IMAGE_PIXELS = 50_000_000  # pixels: decoded, 200 MB in four channels
MAX_PIXELS_PER_BYTE = 8 * 1032  # pixels from a byte: deflate makes 1032 bytes of it, and a pixel takes one bit or more
MAX_SCANS = 200  # of a JPEG image, which has ten or so: each goes over all of its pixels
SCAN = re.compile(rb"\xff\xda\x00[\x08\x0a\x0c\x0e][\x01-\x04]")  # how each begins
COMMANDS = ("Cc", "Zl", "Zp")  # Unicode's categories of what a terminal or a table obeys and does not show

Loaders = dict[str, Callable[[], Image.Image]]
"""For each image, by its name, a function that reads it, or raises `ImageError`."""


class ImageFolderDataset(AbstractDataset[Loaders, Loaders]):
    """Lists the files of a folder; each is read only when its function is called, so a bad one does not affect others.

    Example of a catalog entry:
        ```yaml
        own_images:
          type: convnets.datasets.images.ImageFolderDataset
          path: data/01_raw/images
        ```
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        """Describe the folder; nothing is read yet.

        Args:
            path: Of the folder.
            metadata: For Kedro-Viz and for tracking; Kedro does not read it.
        """
        self._filepath = Path(path)
        self.metadata = metadata

    def load(self) -> Loaders:
        """List the folder.

        Returns:
            For each file, by its name and in the order of the names, a function that returns the image as
            `read_image` does. Folders and hidden files are skipped; links that lead out of the folder are refused.

        Raises:
            DatasetError: There is no such folder, or no file in it. The message names it and says what is allowed.
        """
        allowed = "prediction.folder must name a folder with at least one PNG or JPEG file"
        try:
            files = [file for file in self._filepath.iterdir() if not file.name.startswith(".") and not file.is_dir()]
        except FileNotFoundError as error:
            raise DatasetError(f"{self._filepath}: no such folder; {allowed}") from error
        except OSError as error:
            raise DatasetError(f"{self._filepath}: cannot be listed ({error.strerror}); {allowed}") from error
        if not files:
            raise DatasetError(f"{self._filepath}: holds no file; {allowed}")
        return {_printable(file.name): partial(_read_inside, self._filepath, file) for file in sorted(files)}

    def save(self, data: Loaders) -> NoReturn:  # noqa: ARG002 - Kedro names the argument
        """Refuse: the raw data is read and never written.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{self._filepath} is raw data and is never written")

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._filepath)}


def read_image(file: Path) -> Image.Image:
    """Read an image as it is meant to be seen: upright, as its EXIF orientation says.

    Args:
        file: PNG or JPEG, whatever its suffix.

    Returns:
        The decoded image, in any of Pillow's modes.

    Raises:
        ImageError: The file is unreadable, empty, too large, no such image, damaged, or states more pixels than
            `MAX_IMAGE_PIXELS` or than it can hold, or more scans than `MAX_SCANS`, which is found before it is decoded.
            The message is one sentence: what was found, what is allowed.
    """
    try:
        if not file.is_file():
            raise ImageError("It is not a regular file; allowed: a PNG or JPEG file.")
        with file.open("rb") as opened:  # once: it may be changed meanwhile
            content = opened.read(MAX_FILE_BYTES + 1)
        size = len(content)
        if size == 0:
            raise ImageError("The file is empty; allowed: a PNG or JPEG image.")
        if size > MAX_FILE_BYTES:
            raise ImageError(f"The file is too large; allowed: at most {MAX_FILE_BYTES:,} bytes.")
        with _quiet_pillow(), Image.open(BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_IMAGE_PIXELS:
                raise ImageError(
                    f"The image has {image.width:,} x {image.height:,} pixels; "
                    f"allowed: at most {MAX_IMAGE_PIXELS:,} in all."
                )
            if image.width * image.height > size * MAX_PIXELS_PER_BYTE:
                raise ImageError(
                    f"The image is damaged (it states {image.width:,} x {image.height:,} pixels, more than "
                    f"{size:,} bytes can hold); allowed: a whole PNG or JPEG image."
                )
            if image.format != "PNG" and (scans := len(SCAN.findall(content))) > MAX_SCANS:
                raise ImageError(f"The image is drawn in {scans:,} scans; allowed: at most {MAX_SCANS}.")
            ImageOps.exif_transpose(image, in_place=True)
            return image
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError("The file is not recognized as an image; allowed: a PNG or JPEG image.") from error
    except Exception as error:  # a decoder that is given damaged data may raise anything
        if isinstance(error, OSError) and error.errno is not None:
            raise ImageError(f"The file cannot be read ({error.strerror}); allowed: a readable file.") from error
        raise ImageError(f"The image is damaged ({error}); allowed: a whole PNG or JPEG image.") from error


def _read_inside(folder: Path, file: Path) -> Image.Image:
    """Read an image as `read_image` does, unless it is a link that leads out of its folder."""
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
        raise ImageError("It is a link that leads out of the folder; allowed: a file in the folder itself.")
    return read_image(file)


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Let `MAX_IMAGE_PIXELS` take the place of Pillow's own limit, whose message does not say what is allowed."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _printable(name: str) -> str:
    """A file name as it can be written to a table: it may contain line breaks and bytes that are not UTF-8."""
    text = os.fsencode(name.replace("\\", r"\\")).decode(errors="backslashreplace")  # no two get the same name
    return "".join(
        letter.encode("unicode_escape").decode() if unicodedata.category(letter) in COMMANDS else letter
        for letter in text
    )
