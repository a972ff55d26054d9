"""What comes from outside runs no code, takes no more room than it shows, and nothing of the machine goes out."""

import ast
import base64
import copy
import json
import pickle
import re
import socket
import sqlite3
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from kedro.io import AbstractDataset, DatasetError

from convnets.datasets.checkpoint import LOG, PLANNED, Checkpoint, CheckpointDataset
from convnets.datasets.model_file import ModelDataset
from convnets.parameters import NETWORKS
from support import ROOT, Project, note_as_made

SOURCES = sorted((ROOT / "src").rglob("*.py"))
UNPICKLERS = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
SERVERS = r"(mlflow (models serve|ui|server)|kedro viz run|dask (scheduler|worker))"
NAME = "../../elsewhere"  # of a data set
USER, SECRET = "user-whom-nobody-may-name", "token-which-nobody-may-read"


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        """Make nothing yet."""
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """What unpickling calls."""
        return Path.touch, (self.marker,)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """What no model may make."""
    return tmp_path / "marker"


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(path: Path, contents: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def small_model() -> keras.Model:
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="dense")])


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, bytes]:
    """The members of a checkpoint that can be loaded, which is a model, too."""
    path = tmp_path / "whole.keras"
    CheckpointDataset(filepath=str(path)).save(Checkpoint(small_model(), pd.DataFrame({"epoch": [1]}), 2))
    return members(path)


def with_layer(whole: dict[str, bytes], layer: dict[str, Any]) -> dict[str, bytes]:
    """A model whose last layer is replaced."""
    config = json.loads(whole["config.json"])
    config["config"]["layers"][-1] = {"module": "keras.layers", "registered_name": None, **layer}
    return whole | {"config.json": json.dumps(config).encode()}


def with_activation(whole: dict[str, bytes], activation: dict[str, Any]) -> dict[str, bytes]:
    """A model whose last layer has this activation."""
    config = json.loads(whole["config.json"])
    config["config"]["layers"][-1]["config"]["activation"] = activation
    return whole | {"config.json": json.dumps(config).encode()}


def with_lambda(whole: dict[str, bytes], marker: Path, network: str = "hostile") -> dict[str, bytes]:
    """A model with a function of its own, as Keras stores it; it is called when the model is built."""
    path, name = marker.with_name("lambda.keras"), str(marker)
    layer = keras.layers.Lambda(lambda x: (__import__("pathlib").Path(name).touch(), x)[1])
    keras.Sequential([keras.Input((3,)), layer], name=network).save(path)
    return whole | members(path)


def pickled_weights(whole: dict[str, bytes], marker: Path) -> dict[str, bytes]:
    """A model whose weights are a NumPy archive of a pickled object."""
    weights = np.empty(1, dtype=object)
    weights[0] = Payload(marker)
    file = BytesIO()
    arrays: dict[str, Any] = {"layers/dense/vars": weights, "__root__": weights}
    np.savez(file, **arrays)
    rest = {name: content for name, content in whole.items() if name != "model.weights.h5"}
    return rest | {"model.weights.npz": file.getvalue()}


HOSTILE: dict[str, tuple[Callable[[dict[str, bytes], Path], dict[str, bytes]], str]] = {
    "a lambda": (with_lambda, "Requested the deserialization of a `Lambda` layer"),
    "pickled weights": (pickled_weights, "Object arrays cannot be loaded when allow_pickle=False"),
    "a class of another package": (
        lambda whole, marker: with_layer(
            whole, {"module": "subprocess", "class_name": "Popen", "config": {"args": ["touch", str(marker)]}}
        ),
        "Could not locate class 'Popen'",
    ),
    "a class that is registered nowhere": (
        lambda whole, _: with_layer(
            whole, {"module": None, "class_name": "Mine", "registered_name": "Mine", "config": {}}
        ),
        "Could not locate class 'Mine'",
    ),
    "a function of Python": (
        lambda whole, _: with_activation(
            whole, {"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "exec"}
        ),
        "",
    ),
    "a function of another package": (
        lambda whole, _: with_activation(
            whole, {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
        ),
        "",
    ),
    "a pickled module of PyTorch": (
        lambda whole, marker: with_layer(
            whole,
            {
                "class_name": "TorchModuleWrapper",
                "config": {"module": base64.b64encode(pickle.dumps(Payload(marker))).decode()},
            },
        ),
        "",
    ),
    "a program of TensorFlow": (
        lambda whole, marker: with_layer(
            whole,
            {"class_name": "TFSMLayer", "config": {"filepath": str(marker.parent), "call_endpoint": "serve"}},
        ),
        "",
    ),
}


@pytest.mark.parametrize("kind", [ModelDataset, CheckpointDataset])
@pytest.mark.parametrize(("make", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_no_code_from_a_model_is_run(
    marker: Path,
    whole: dict[str, bytes],
    kind: type[AbstractDataset[Any, Any]],
    make: Callable[[dict[str, bytes], Path], dict[str, bytes]],
    reason: str,
) -> None:
    path = marker.with_name("hostile.keras")
    archive_of(path, make(whole, marker))
    marker.unlink(missing_ok=True)
    with pytest.raises(DatasetError, match=re.escape(f"{path} is no ")) as raised:
        kind(filepath=str(path)).load()  # type: ignore[call-arg]
    assert not marker.exists()
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_these_models_would_run_code(tmp_path: Path, marker: Path, whole: dict[str, bytes]) -> None:
    archive_of(tmp_path / "hostile.keras", with_lambda(whole, marker))
    marker.unlink()
    keras.saving.load_model(tmp_path / "hostile.keras", safe_mode=False)
    assert marker.exists()
    marker.unlink()
    with np.load(BytesIO(pickled_weights(whole, marker)["model.weights.npz"]), allow_pickle=True) as weights:
        weights["__root__"]
    assert marker.exists()


def test_a_whole_model_is_loaded(tmp_path: Path, whole: dict[str, bytes]) -> None:
    archive_of(tmp_path / "model.keras", whole)
    assert ModelDataset(filepath=str(tmp_path / "model.keras")).load().count_params() == 8
    assert CheckpointDataset(filepath=str(tmp_path / "model.keras")).load().epochs == 2


def compressed(path: Path, whole: dict[str, bytes]) -> None:
    """Each of its members, which both read first, would be 100 MB."""
    padding = b" " * 100_000_000
    archive_of(path, {name: content + padding for name, content in whole.items()}, zipfile.ZIP_DEFLATED)


def overlapping(path: Path, whole: dict[str, bytes]) -> None:
    """Ten thousand names for the same bytes."""
    archive_of(path, whole)
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(10_000):
            member = copy.copy(archive.getinfo("model.weights.h5"))
            member.filename = f"assets/{number}"
            archive.filelist.append(member)
        archive.writestr("last", b"")


@pytest.mark.parametrize("kind", [ModelDataset, CheckpointDataset])
@pytest.mark.parametrize("pack", [compressed, overlapping])
def test_a_model_that_would_expand_is_refused(
    tmp_path: Path,
    whole: dict[str, bytes],
    kind: type[AbstractDataset[Any, Any]],
    pack: Callable[[Path, dict[str, bytes]], None],
) -> None:
    path = tmp_path / "bomb.keras"
    pack(path, {name: whole[name] for name in ("config.json", "model.weights.h5", LOG, PLANNED)})
    tracemalloc.start()
    try:
        with pytest.raises(
            DatasetError, match=r"its [\d,]+ bytes would expand to [\d,]+, and Keras compresses nothing"
        ):
            kind(filepath=str(path)).load()  # type: ignore[call-arg]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


def test_a_model_puts_no_file_elsewhere(tmp_path: Path, marker: Path, whole: dict[str, bytes]) -> None:
    path = tmp_path / "hostile.keras"
    archive_of(path, whole | {str(marker): b"", "../" * 20 + str(marker)[1:]: b"", "assets/../../marker": b""})
    with suppress(DatasetError):
        ModelDataset(filepath=str(path)).load()
    assert not marker.exists()


def calls_of(tree: ast.AST) -> Iterator[tuple[str, dict[str, str]]]:
    """Each call: what is called, and the arguments that have a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords if word.arg}


@pytest.mark.parametrize("source", SOURCES, ids=[str(source.relative_to(ROOT)) for source in SOURCES])
def test_nothing_is_unpickled(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not UNPICKLERS.intersection(name.partition(".")[0] for name in names)
    for called, arguments in calls_of(tree):
        name = called.rpartition(".")[2]
        assert name not in ("eval", "exec", "read_pickle", "to_pickle", "enable_unsafe_deserialization")
        assert called not in ("yaml.load", "yaml.unsafe_load", "yaml.full_load")
        assert called not in ("np.load", "numpy.load") or arguments.get("allow_pickle") == "False"
        assert called != "keras.saving.load_model" or arguments.get("safe_mode") == "True"
        assert arguments.get("shell", "False") == "False"


def test_no_configuration_asks_for_pickle_or_for_code() -> None:
    for file in (ROOT / "conf").rglob("*.yml"):
        assert not re.search(r"pickle|safe_mode|joblib", file.read_text(encoding="utf-8"), re.IGNORECASE)


def test_documented_servers_are_for_this_machine_alone() -> None:
    pages = [ROOT / "Makefile", *ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    commands = [
        line
        for page in pages
        for line in page.read_text(encoding="utf-8").splitlines()
        if re.match(
            r"\s*@?(set -m; )?(\S*/)?(mlflow (models serve|ui|server)|kedro viz run|dask (scheduler|worker))", line
        )
    ]
    assert len(commands) >= 7
    assert all("--host 127.0.0.1" in command for command in commands)
    assert not any("0.0.0.0" in page.read_text(encoding="utf-8") for page in [*SOURCES, *pages])  # noqa: S104


@pytest.fixture(scope="module")
def finished(new_project: Callable[[], Project]) -> Project:
    """A project after a run of one network, on data with a hostile name, by a user with a name and a secret."""
    project = new_project()
    with pytest.MonkeyPatch.context() as environment:
        for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
            environment.setenv(name, USER)
        for name in ("API_TOKEN", "MY_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, SECRET)
        parameters = f"fcn.training.epochs=1,dataset.name={NAME}"
        project.kedro("run", "--env", "test", "--pipelines=preparation,fcn", "--params", parameters)
    return project


# By their nature these say where something is: the store's own addresses, which are of no use elsewhere.
LOCATIONS = {
    ("experiments", "artifact_location"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("runs", "artifact_uri"),
}


def recorded_texts(store: Path) -> Iterator[tuple[str, str]]:
    """Every text in an SQLite database but `LOCATIONS`, after the name of its column."""
    with closing(sqlite3.connect(store)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            cursor = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - its own name
            columns = [column for column, *_ in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    if isinstance(value, str) and (table, column) not in LOCATIONS:
                        yield f"{table}.{column}", value


@pytest.mark.slow
def test_results_and_runs_say_nothing_of_the_machine(finished: Project) -> None:
    private = [USER, SECRET, str(finished.path), str(ROOT), sys.prefix, f"{Path.home()}/"]
    private_bytes = re.compile("|".join(map(re.escape, private)).encode())
    private_text = re.compile("|".join(map(re.escape, private)) + rf"|\b{re.escape(socket.gethostname())}\b")
    files = [
        file
        for folder in ("data/test", "mlartifacts")
        for file in (finished.path / folder).rglob("*")
        if file.is_file()
    ]
    assert {"MLmodel", "summary.txt", "fcn.keras", "learning_curves.png"} <= {file.name for file in files}
    assert [file for file in files if private_bytes.search(file.read_bytes())] == []
    readable = [file for file in files if file.suffix in ("", ".csv", ".json", ".txt", ".yaml")]
    assert [file for file in readable if private_text.search(file.read_text(encoding="utf-8"))] == []
    texts = list(recorded_texts(finished.path / "mlflow.db"))
    assert ("runs.name", "fcn") in texts
    assert [text for text in texts if private_text.search(text[1])] == []


def test_the_name_of_a_data_set_is_no_path(finished: Project) -> None:
    assert ("params.value", NAME) in recorded_texts(finished.path / "mlflow.db")
    assert not list(finished.path.rglob("*elsewhere*"))
    assert not list(finished.path.parent.glob("*elsewhere*"))


def test_a_hostile_model_ends_a_run_in_one_sentence(finished: Project, marker: Path, whole: dict[str, bytes]) -> None:
    for network in NETWORKS:
        model = finished.path / f"data/test/06_models/{network}.keras"
        archive_of(model, with_lambda(whole, marker, network))
        note_as_made(model, f"{network}.model")
    marker.unlink()
    output = finished.kedro("run", "--env", "test", "--pipeline=prediction", status=1)
    (said,) = [line for line in output.splitlines() if line.startswith("Error: ")]
    assert "is no model that can be used (Requested the deserialization of a `Lambda` layer" in said
    assert "Traceback" not in output
    assert not marker.exists()
