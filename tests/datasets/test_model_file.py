"""Whatever a `.keras` file holds, it is read, or refused with the declared error in one sentence."""

import copy
import json
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kedro.io import DatasetError

from convnets.datasets.checkpoint import LOG, PLANNED, Checkpoint, CheckpointDataset
from convnets.datasets.model_file import ModelDataset
from support import FUZZED, damaged

Archive = dict[str, bytes]
DEEP = 200_000  # brackets: Python's own limit is a thousand
LONGEST_SENTENCE = 700  # characters
REPLACED: tuple[Any, ...] = (None, [], {}, -1, "x")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """The members of a checkpoint, which is a model, too."""
    path = tmp_path_factory.mktemp("whole") / "fcn.checkpoint.keras"
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="dense")], name="fcn")
    CheckpointDataset(filepath=str(path)).save(Checkpoint(model, pd.DataFrame({"epoch": [1]}), 2))
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def read(path: Path, members: Archive) -> None:
    """Have a file of these members read in all ways; its checksums are right."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    checkpoint = CheckpointDataset(filepath=str(path))
    assert checkpoint.finished_epochs() >= 0
    checkpoint.exists()
    for dataset in (ModelDataset(filepath=str(path)), checkpoint):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns of weights that are left over
            said = ""
            try:
                dataset.load()
            except DatasetError as error:
                said = str(error)
            assert "\n" not in said
            assert len(said) < LONGEST_SENTENCE


def places(node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all values in a document of JSON but itself."""
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield (*place, key)
        yield from places(node[key], (*place, key))


@pytest.mark.parametrize(
    "config",
    ["", "null", "[]", "{}", "1", '"x"', "9" * 5000, "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP],
    ids=["empty", "null", "list", "dict", "number", "text", "digits", "deep lists", "deep dicts"],
)
@pytest.mark.parametrize("member", ["config.json", "metadata.json", LOG, PLANNED])
def test_a_member_that_is_something_else_is_refused(tmp_path: Path, whole: Archive, member: str, config: str) -> None:
    read(tmp_path / "model.keras", whole | {member: config.encode()})


def test_layers_in_layers_in_layers_are_refused(tmp_path: Path, whole: Archive) -> None:
    config = whole["config.json"].replace(b'"layers": [', b'"layers": [' + b"[" * 900 + b"]" * 900 + b", ", 1)
    path = tmp_path / "model.keras"
    read(path, whole | {"config.json": config})
    with pytest.raises(DatasetError, match="is no model that can be used"):
        ModelDataset(filepath=str(path)).load()


def test_a_layer_without_a_class_is_refused_in_a_sentence_of_some_length(tmp_path: Path, whole: Archive) -> None:
    config = json.loads(whole["config.json"])
    del config["class_name"]
    read(tmp_path / "model.keras", whole | {"config.json": json.dumps(config).encode()})


@settings(FUZZED, max_examples=40)
@given(data=st.data())
def test_whatever_a_configuration_holds_it_is_read_or_refused_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, whole: Archive, data: st.DataObject
) -> None:
    config = whole["config.json"]
    if data.draw(st.booleans()):
        changed = copy.deepcopy(json.loads(config))
        *above, last = data.draw(st.sampled_from(list(places(changed))))
        node = changed
        for key in above:
            node = node[key]
        node[last] = data.draw(st.sampled_from(REPLACED))
        config = json.dumps(changed).encode()
    else:
        config = data.draw(damaged([config]))
    read(tmp_path_factory.getbasetemp() / "model.keras", whole | {"config.json": config})
