"""Results that a pipeline starts from, and the places where results go."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from bad_input import (
    DATA,
    PREDICTION,
    RUN,
    TINY,
    Case,
    Place,
    Prepare,
    flip_a_byte,
    forbidden,
    hold_to_one_sentence,
    result,
)
from forks import Forks


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without(key: str) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps({k: v for k, v in json.loads(content).items() if k != key}).encode()


def changed(fault: str, pipeline: str, network: str, file: str, change: Callable[[bytes], bytes]) -> Case:
    return Case(
        fault,
        (
            f"{{path}}/{DATA}/{file} was changed since it was made",
            f"as a run has left it: make it again with `kedro run --env test --pipeline={network}`",
        ),
        prepare=result(file, change),
        command=(*RUN, f"--pipeline={pipeline}"),
    )


def flip_a_bit(content: bytes) -> bytes:
    """Of a digit in the middle, so that a text stays one that can be read."""
    middle = next(place for place in range(len(content) // 2, len(content)) if chr(content[place]).isdigit())
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def swap_models(place: Place) -> None:
    models = place.path / DATA / "06_models"
    shutil.copy(models / "fcn.keras", models / "cnn.keras")


def note(file: str, content: str | None) -> Prepare:
    """A note on a result that is replaced, or, with `None`, removed."""

    def prepare(place: Place) -> None:
        path = place.path / DATA / file
        path.unlink()
        if content is not None:
            path.write_text(content)

    return prepare


def fewer_test_images(place: Place) -> None:
    path = place.path / DATA / "07_model_output/fcn/.made_from/fcn.predictions.json"
    noted = json.loads(path.read_text())
    noted["made_from"]["parameter dataset.test_samples"] = "19"
    path.write_text(json.dumps(noted))


def unreadable_note(place: Place) -> None:
    (place.path / DATA / "08_reporting/cnn/.made_from/cnn.report.json").write_bytes(b"\xff")


def linked_to_nothing(folder: str) -> Prepare:
    def prepare(place: Place) -> None:
        shutil.rmtree(place.path / folder)
        (place.path / folder).symlink_to("nothing")

    return prepare


CNN, RECORD, PREDICTIONS = (
    "06_models/cnn.keras",
    "08_reporting/cnn/record.json",
    "07_model_output/fcn/predictions.parquet",
)
CNN_AGAIN = "make it again with `kedro run --env test --pipeline=cnn`"
RESULTS = [
    Case(
        "a result is missing",
        ("No result yet of cnn (cnn.record)", "run `kedro run --env test --pipeline=cnn` first"),
        prepare=result(RECORD, None),
        command=(*RUN, "--pipeline=comparison"),
    ),
    Case(
        "a model is missing",
        ("No result yet of cnn (cnn.model)", "run `kedro run --env test --pipeline=cnn` first"),
        prepare=result(CNN, None),
        command=PREDICTION,
    ),
    changed("a truncated model", "prediction", "cnn", CNN, half),
    changed("an empty model", "convolution", "cnn", CNN, lambda _: b""),
    changed("a model with a wrong byte", "convolution", "cnn", CNN, flip_a_byte),
    Case(
        "the model of another network",
        (f"{{path}}/{DATA}/{CNN} was changed since it was made", CNN_AGAIN),
        prepare=swap_models,
        command=(*RUN, "--pipeline=convolution"),
    ),
    changed("empty predictions", "comparison", "fcn", PREDICTIONS, lambda _: b""),
    changed("predictions with a wrong byte", "comparison", "fcn", PREDICTIONS, flip_a_byte),
    changed("a record without metrics", "comparison", "cnn", RECORD, without("metrics")),
    changed("a record with another digit", "comparison", "cnn", RECORD, flip_a_bit),
    changed(
        "a report that lacks its last line",
        "comparison",
        "cnn",
        "08_reporting/cnn/report.html",
        lambda content: content[: content.rstrip().rindex(b"\n") + 1],
    ),
    Case(
        "a result without its note",
        (f"{{path}}/{DATA}/{RECORD} has no note of what it was made from", CNN_AGAIN),
        prepare=note("08_reporting/cnn/.made_from/cnn.record.json", None),
        command=(*RUN, "--pipeline=comparison"),
    ),
    Case(
        "a result with a note nested too deep",
        (f"{{path}}/{DATA}/{RECORD} has no note of what it was made from", CNN_AGAIN),
        prepare=note("08_reporting/cnn/.made_from/cnn.record.json", "[" * 200_000),
        command=(*RUN, "--pipeline=comparison"),
    ),
    Case(
        "a result with a note that is no text",
        (f"{{path}}/{DATA}/08_reporting/cnn/report.html has no note of what it was made from", CNN_AGAIN),
        prepare=unreadable_note,
        command=(*RUN, "--pipeline=comparison"),
    ),
    Case(
        "models of other classes",
        ("cnn.model", "tells 10 classes apart, and dataset.class_names names 2", "expected the same number"),
        command=(*PREDICTION, "--params", "dataset.class_names=a+b"),
    ),
    Case(
        "predictions of other images",
        ("cnn.predictions and fcn.predictions are of different test images", "run cnn and fcn again"),
        prepare=fewer_test_images,
        command=(*RUN, "--pipeline=comparison"),
    ),
]


def folder_in_place_of(file: str) -> Prepare:
    def prepare(place: Place) -> None:
        path = place.path / DATA / file
        path.unlink()
        path.mkdir()

    return prepare


def file_in_place_of(folder: str) -> Prepare:
    def prepare(place: Place) -> None:
        shutil.rmtree(place.path / folder)
        (place.path / folder).write_text("mine")

    return prepare


def on_a_file_system(options: str) -> Prepare:
    def prepare(place: Place) -> None:
        (place.path / "elsewhere").mkdir()
        place.mount(place.path / "elsewhere", options)
        place.edit("test/globals.yml", "outputs: data/test", "outputs: elsewhere/test")

    return prepare


OUTPUTS = "outputs in globals.yml"
WRITABLE = "allowed: a folder that "
PLACES = [
    Case(
        "no space",
        ("{path}/elsewhere has 1.0 MB of free space", "allowed: at least ", "MB, for models, checkpoints and reports"),
        prepare=on_a_file_system("size=1000k"),
    ),
    Case(
        "a read-only file system",
        ("{path}/elsewhere is on a read-only file system", WRITABLE, OUTPUTS),
        prepare=on_a_file_system("ro"),
    ),
    Case(
        "a read-only folder",
        (f"{{path}}/{DATA}/06_models is not writable for you", WRITABLE, OUTPUTS),
        prepare=forbidden(f"{DATA}/06_models", 0o555),
    ),
    Case(
        "a folder that may not be entered",
        (f"{{path}}/{DATA}/08_reporting", "is not writable for you", WRITABLE, OUTPUTS),
        prepare=forbidden(f"{DATA}/08_reporting", 0),
        command=(*RUN, "--pipeline=preparation"),
    ),
    Case(
        "a read-only folder of all results",
        (f"{{path}}/{DATA}", "is not writable for you", WRITABLE, OUTPUTS),
        prepare=forbidden(f"{DATA}/.running", 0o555),
    ),
    Case(
        "a write-protected result",
        (f"{{path}}/{DATA}/{CNN} is write-protected", "allowed: a file that can be replaced, for cnn.model", OUTPUTS),
        prepare=forbidden(f"{DATA}/{CNN}", 0o444),
    ),
    Case(
        "a folder in place of a result",
        (f"{{path}}/{DATA}/{CNN} is a folder", "allowed: a file, or nothing there, for cnn.model"),
        prepare=folder_in_place_of(CNN),
    ),
    Case(
        "a file in place of a folder of results",
        (f"{{path}}/{DATA}/07_model_output/cnn is a file", "allowed: a folder, for cnn.predict", OUTPUTS),
        prepare=file_in_place_of(f"{DATA}/07_model_output/cnn"),
    ),
    Case(
        "a file in place of a folder of notes",
        (
            f"{{path}}/{DATA}/06_models/.made_from is a file",
            "for the note of what cnn.checkpoint was made from",
            OUTPUTS,
        ),
        prepare=file_in_place_of(f"{DATA}/06_models/.made_from"),
    ),
    Case(
        "a dangling link in place of a folder of notes",
        (f"{{path}}/{DATA}/06_models/.made_from is a link to nothing", "for the note of what cnn.checkpoint was"),
        prepare=linked_to_nothing(f"{DATA}/06_models/.made_from"),
    ),
    Case(
        "a folder in place of a note",
        (f"{{path}}/{DATA}/06_models/.made_from/cnn.model.json is a folder", "for the note of what cnn.model was made"),
        prepare=folder_in_place_of("06_models/.made_from/cnn.model.json"),
    ),
    Case(
        "a file in place of the folder of all results",
        (f"{{path}}/{DATA} is a file", "allowed: a folder, for class_counts", OUTPUTS),
        prepare=file_in_place_of(DATA),
        command=(*RUN, "--pipeline=preparation"),
    ),
]

CASES = [*RESULTS, *PLACES]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_bad_input_gets_one_sentence_and_changes_nothing(
    case: Case, trained: Path, forks: Forks, tmp_path: Path
) -> None:
    hold_to_one_sentence(case, trained, forks, tmp_path / "project")


def test_a_changed_result_is_made_again_where_only_what_is_missing_is_made(
    trained: Path, forks: Forks, tmp_path: Path
) -> None:
    path = tmp_path / "project"
    shutil.copytree(trained, path, symlinks=True)
    whole = pd.read_parquet(path / DATA / PREDICTIONS)
    (path / DATA / PREDICTIONS).write_bytes(flip_a_byte((path / DATA / PREDICTIONS).read_bytes()))
    made = ["--to-outputs=fcn.predictions", "--params", ",".join(TINY), "--only-missing-outputs"]
    status, output = forks.kedro(path, *RUN, *made)  # which would not let it train
    assert status == 0, output
    assert "fcn.predictions was changed since it was made: made again" in output
    assert pd.read_parquet(path / DATA / PREDICTIONS).equals(whole)
