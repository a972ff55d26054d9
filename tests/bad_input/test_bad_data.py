"""Data files and images of one's own: missing, damaged, or of something else."""

import gzip
import hashlib
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bad_input import DATA, PREDICTION, RUN, Case, Place, Prepare, both, flip_a_byte, hold_to_one_sentence
from forks import Forks
from support import idx

IMAGES = np.random.default_rng(1).integers(0, 256, (20, 28, 28), np.uint8)
LABELS = np.arange(20, dtype=np.uint8) % 10
FILES = {
    f"{part}-{kind}-ubyte.gz": gzip.compress(idx(array), mtime=0)
    for part in ("train", "t10k")
    for kind, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS))
}
TRAIN_IMAGES, TEST_LABELS = "train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"


def with_data(file: str, content: bytes | None, **sums: str) -> Prepare:
    """A data set of one's own in which one file has another content, or, with `None`, is missing."""

    def prepare(place: Place) -> None:
        folder = place.path / "own"
        folder.mkdir()
        for name, whole in (FILES | {file: content}).items():
            if whole is not None:
                (folder / name).write_bytes(whole)
        expected = dict.fromkeys(("train_images", "train_labels", "test_images", "test_labels")) | sums
        conf = place.path / "conf/test/globals.yml"
        conf.write_text(conf.read_text() + yaml.safe_dump({"sha256": expected}))
        samples = "dataset.train_samples=null,dataset.test_samples=null"
        place.options = ["--params", f"dataset.folder={folder},{samples}"]

    return prepare


def faulty(fault: str, file: str, content: bytes | None, *says: str) -> Case:
    return Case(fault, (f"{{path}}/own/{file}", *says), prepare=with_data(file, content))


IMAGES_EXPECTED = "expected 0x00000803 or 0x00000804, an IDX file of unsigned bytes in 3 or 4 dimensions"
DATA_FILES = [
    faulty("a file is missing", TRAIN_IMAGES, None, "no such file; expected an IDX file"),
    faulty("a file is empty", TRAIN_IMAGES, b"", "starts with 0x", IMAGES_EXPECTED),
    faulty("a file is truncated", TRAIN_IMAGES, FILES[TRAIN_IMAGES][:-500], "is damaged", "expected a whole IDX file"),
    faulty("a header is cut off", TRAIN_IMAGES, idx(IMAGES)[:9], "ends within its header; expected 3 sizes"),
    faulty(
        "the wrong magic number", TRAIN_IMAGES, idx(IMAGES, b"\0\0\x0d\3"), "starts with 0x00000d03;", IMAGES_EXPECTED
    ),
    faulty("not an IDX file", TRAIN_IMAGES, b"<!DOCTYPE html>", "starts with 0x3c21444f;", IMAGES_EXPECTED),
    faulty("images in place of labels", TEST_LABELS, idx(IMAGES), "starts with 0x00000803;", "expected 0x00000801"),
    faulty("too few images", TRAIN_IMAGES, idx(IMAGES)[:-1], "15,679 bytes", "expects 15,680"),
    faulty("too many images", TRAIN_IMAGES, idx(IMAGES) + b"\0", "goes on after the 15,680 bytes", "expects"),
    faulty("an impossible size", TRAIN_IMAGES, idx(IMAGES)[:4] + b"\xff" * 12 + b"\0" * 99, "4294967295", "expects"),
    faulty("a wrong byte", TRAIN_IMAGES, flip_a_byte(FILES[TRAIN_IMAGES]), "is damaged", "expected a whole IDX file"),
    faulty("no images", TRAIN_IMAGES, idx(IMAGES[:0]), "is empty", "expected at least one element"),
    Case(
        "labels without images",
        (
            "raw_test_images holds 20 images and raw_test_labels 21 labels",
            "expected a label for each",
            f"own/{TEST_LABELS}",
        ),
        prepare=with_data(TEST_LABELS, idx(np.zeros(21, np.uint8))),
    ),
    Case(
        "a label out of range",
        ("raw_test_labels holds the label 10; expected 0 to 9", f"{{path}}/own/{TEST_LABELS}"),
        prepare=with_data(TEST_LABELS, idx(LABELS + np.uint8(1))),
    ),
    Case(
        "the wrong checksum",
        (
            f"{{path}}/own/{TEST_LABELS}",
            f"its SHA-256 is {hashlib.sha256(FILES[TEST_LABELS]).hexdigest()}",
            "expected 000",
        ),
        prepare=with_data(TEST_LABELS, FILES[TEST_LABELS], test_labels="0" * 64),
    ),
    Case(
        "no permission to read",
        (f"{{path}}/own/{TEST_LABELS}", "cannot be read (Permission denied); expected an IDX file"),
        prepare=both(with_data("", None), lambda place: place.forbid(f"own/{TEST_LABELS}", 0)),
    ),
    Case(
        "a folder in place of a file",
        (f"{{path}}/own/{TEST_LABELS}", "cannot be read (Is a directory); expected an IDX file"),
        prepare=both(with_data(TEST_LABELS, None), lambda place: (place.path / "own" / TEST_LABELS).mkdir()),
    ),
    Case(
        "a folder of data that is not there",
        ("/nowhere/test", "no such file; expected an IDX file"),
        ("--params", "dataset.folder=/nowhere/test"),
    ),
    Case(
        "data of the comparison",
        ("{path}/own/t10k-images-idx3-ubyte.gz", "is damaged", "expected a whole IDX file"),
        prepare=with_data("t10k-images-idx3-ubyte.gz", FILES["t10k-images-idx3-ubyte.gz"][:-500]),
        command=(*RUN, "--pipeline=comparison"),
    ),
]


def own_images(make: Callable[[Path], object]) -> Prepare:
    def prepare(place: Place) -> None:
        make(place.path / "mine")
        place.options = ["--params", f"prediction.folder={place.path / 'mine'}"]

    return prepare


FOLDER = "prediction.folder must name a folder with at least one PNG or JPEG file"
OWN_IMAGES = [
    Case("no folder", ("{path}/mine: no such folder", FOLDER), prepare=own_images(str), command=PREDICTION),
    Case("an empty folder", ("{path}/mine: holds no file", FOLDER), prepare=own_images(Path.mkdir), command=PREDICTION),
    Case(
        "a file in place of the folder",
        ("{path}/mine: cannot be listed (Not a directory)", FOLDER),
        prepare=own_images(Path.touch),
        command=PREDICTION,
    ),
    Case(
        "a folder that may not be listed",
        ("{path}/mine: cannot be listed (Permission denied)", FOLDER),
        prepare=both(own_images(Path.mkdir), lambda place: place.forbid("mine", 0)),
        command=PREDICTION,
    ),
]

CASES = [*DATA_FILES, *OWN_IMAGES]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_bad_input_gets_one_sentence_and_changes_nothing(
    case: Case, trained: Path, forks: Forks, tmp_path: Path
) -> None:
    hold_to_one_sentence(case, trained, forks, tmp_path / "project")


def test_an_image_that_may_not_be_read_does_not_stop_the_others(trained: Path, forks: Forks, tmp_path: Path) -> None:
    path = tmp_path / "project"
    shutil.copytree(trained, path, symlinks=True)
    shutil.copytree(path / "data/01_raw/images", path / "mine")
    with ExitStack() as undo:
        Place(path, forks, undo).forbid("mine/0_off_centre.png", 0)
        made = "prediction.predictions_on_images,prediction.refused_images_table"
        options = [f"--to-outputs={made}", "--params", f"prediction.folder={path / 'mine'}"]
        status, output = forks.kedro(path, *PREDICTION, *options)
    assert status == 0, output
    assert "0_off_centre.png is refused: The file cannot be read (Permission denied); allowed: a readable" in output
    assert pd.read_csv(path / DATA / "07_model_output/predictions_on_images.csv")["image"].nunique() == 7
