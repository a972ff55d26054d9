"""What a result was made from: what changes it, what does not, and how it is said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pluggy
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.specs import DatasetSpecs
from kedro.io import DataCatalog

from convnets.datasets.images import ImageFolderDataset
from convnets.experiment import EXPERIMENT
from convnets.harness import provenance
from convnets.harness.catalog import CatalogOfCurrentResults
from convnets.harness.provenance import (
    Origin,
    ProvenanceHooks,
    describe_change,
    digest_of_code,
    digest_of_file,
    find_origins,
    note_path,
    noted_of,
    origin_of_input,
    was_changed,
)
from convnets.parameters import NETWORKS, check_parameters
from convnets.pipeline_registry import register_pipelines
from support import FUZZED, ROOT, damaged, idx

PACKAGE = EXPERIMENT.package
CONF = ROOT / "conf" / "base"
NAMES = {
    "raw_train_images": "train-images-idx3",
    "raw_train_labels": "train-labels-idx1",
    "raw_test_images": "t10k-images-idx3",
    "raw_test_labels": "t10k-labels-idx1",
}


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    """Four small files of raw data, and files for the metrics and the record of each network."""
    for name in NAMES.values():
        (tmp_path / name).write_bytes(idx(np.zeros((2, 3, 3) if "images" in name else (2,), np.uint8)))
    config: dict[str, Any] = {
        name: {
            "type": "convnets.datasets.idx.IDXDataset",
            "filepath": str(tmp_path / file),
            "dimensions": 3 if "images" in name else 1,
        }
        for name, file in NAMES.items()
    }
    for name in ("metrics", "record"):
        path = str(tmp_path / f"{{network}}.{name}.json")
        config[f"{{network}}.{name}"] = {"type": "json.JSONDataset", "filepath": path}
    return DataCatalog.from_config(config)


def origins(catalog: DataCatalog, pipeline: str = "__default__", **changed: Any) -> dict[str, Origin]:
    parameters = yaml.safe_load((CONF / "parameters.yml").read_text())
    parameters |= changed
    checked = check_parameters(parameters).model_dump(mode="json")
    return find_origins(register_pipelines()[pipeline], catalog, checked, EXPERIMENT)


def differing(before: dict[str, Origin], after: dict[str, Origin]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_the_same_makes_the_same(catalog: DataCatalog) -> None:
    assert origins(catalog) == origins(catalog)


def test_a_parameter_changes_what_depends_on_it(catalog: DataCatalog) -> None:
    training = yaml.safe_load((CONF / "parameters.yml").read_text())["cnn"]
    training["training"]["epochs"] = 6
    before, after = origins(catalog), origins(catalog, cnn=training)
    changed = differing(before, after)
    assert {"cnn.checkpoint", "cnn.model", "cnn.metrics", "comparison.table"} <= changed
    assert not any(name.startswith(("fcn.", "cnn_no_pool.")) for name in changed)
    assert not {"train_images", "cnn.untrained_model", "cnn.layers_table"} & changed
    assert describe_change(before["cnn.checkpoint"], after["cnn.checkpoint"]) == "cnn.training.epochs was 5 and is 6"


def test_data_changes_what_depends_on_it(catalog: DataCatalog, tmp_path: Path) -> None:
    before = origins(catalog)
    (tmp_path / NAMES["raw_test_images"]).write_bytes(idx(np.ones((2, 3, 3), np.uint8)))
    after = origins(catalog)
    changed = differing(before, after)
    assert {"test_images", "fcn.predictions", "comparison.table"} <= changed
    assert "train_images" not in changed
    assert describe_change(before["fcn.predictions"], after["fcn.predictions"]) == "raw_test_images has changed"
    assert describe_change(before["comparison.table"], after["comparison.table"]) == ""  # fcn.metrics says it


def test_of_a_folder_neither_subfolders_nor_huge_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("7.png", "folder/8.png"):
        (tmp_path / name).write_bytes(b"an image")
    with (tmp_path / "film").open("wb") as film:
        film.truncate(provenance.MAX_MEMBER_BYTES + 1)
    read: list[str] = []

    def note(path: Path) -> str:
        read.append(path.name)
        return "a digest"

    monkeypatch.setattr(provenance, "digest_of_file", note)
    origin_of_input(DataCatalog({"own_images": ImageFolderDataset(path=str(tmp_path))}), "own_images")
    assert read == ["7.png"]


def test_one_network_is_made_from_the_same_alone_or_with_the_others(catalog: DataCatalog) -> None:
    alone, together = origins(catalog, "cnn"), origins(catalog)
    assert alone["cnn.metrics"] == together["cnn.metrics"]


def test_a_comparison_of_earlier_results_is_the_same_comparison(catalog: DataCatalog, tmp_path: Path) -> None:
    together = origins(catalog)
    for name in (f"{network}.{result}" for network in NETWORKS for result in ("metrics", "record")):
        (tmp_path / f"{name}.json").write_text("{}")
        note = note_path(catalog, name)
        note.parent.mkdir(exist_ok=True)
        note.write_text(json.dumps({"made_from": together[name], "sha256": []}))
    assert origins(catalog, "comparison")["comparison.table"] == together["comparison.table"]


def test_code_counts_with_what_it_imports() -> None:
    classifier = "convnets.pipelines.classifier.nodes"
    modules = (classifier, "convnets.networks", "convnets.datasets.idx")
    assert len({digest_of_code(name, PACKAGE) for name in modules}) == 3
    assert digest_of_code(classifier, PACKAGE) == digest_of_code(classifier, PACKAGE)


def test_more_than_three_changes_are_counted() -> None:
    before = {f"parameter p{index}": "1" for index in range(5)} | {"code": "a", "cnn.model": "b"}
    after = {f"parameter p{index}": "2" for index in range(5)} | {"code": "c", "cnn.model": "d"}
    assert describe_change(before, after) == "the code has changed; p0 was 1 and is 2; p1 was 1 and is 2 and 3 more"


MADE_FROM = {"parameter seed": "1"}


def kept_as_json(path: Path, content: str) -> Any:
    """A data set in a file, and a note of it."""
    catalog: Any = CatalogOfCurrentResults.from_config({"metrics": {"type": "json.JSONDataset", "filepath": str(path)}})
    path.write_text(content)
    note = note_path(catalog, "metrics")
    note.parent.mkdir(exist_ok=True)
    note.write_text(json.dumps({"made_from": MADE_FROM, "sha256": [digest_of_file(path)]}))
    return catalog


@given(bit=st.integers(min_value=0))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_bit_that_flips_is_noticed(tmp_path: Path, bit: int) -> None:
    path = tmp_path / "metrics.json"
    catalog = kept_as_json(path, '{"test_accuracy": 0.9914}')
    assert not was_changed(catalog, "metrics")
    content = bytearray(path.read_bytes())
    content[bit // 8 % len(content)] ^= 1 << bit % 8
    path.write_bytes(content)
    assert was_changed(catalog, "metrics")


@pytest.mark.parametrize(
    "noted",
    [
        "",
        "[]",
        "[" * 200_000,
        "{}",
        '{"made_from": 1, "sha256": []}',
        '{"made_from": {}, "sha256": {}}',
        '{"made_from": {"code": {}}, "sha256": [null]}',
    ],
    ids=range(7),
)
def test_a_note_that_no_run_has_written_is_as_if_it_were_not_there(tmp_path: Path, noted: str) -> None:
    path = tmp_path / "metrics.json"
    catalog = kept_as_json(path, "{}")
    note_path(catalog, "metrics").write_text(noted)
    assert noted_of(catalog, "metrics").made_from in ({}, {"code": "{}"})
    assert was_changed(catalog, "metrics")


WHOLE_NOTE = json.dumps({"made_from": MADE_FROM, "sha256": ["0" * 64]}).encode()


@settings(FUZZED, suppress_health_check=[HealthCheck.function_scoped_fixture])  # the note is written anew each time
@given(content=st.binary(max_size=300) | damaged([WHOLE_NOTE]))
def test_whatever_a_note_holds_it_is_read_or_not_there(tmp_path: Path, content: bytes) -> None:
    catalog = kept_as_json(tmp_path / "metrics.json", "{}")
    note_path(catalog, "metrics").write_bytes(content)
    made_from, sha256 = noted_of(catalog, "metrics")
    assert all(isinstance(text, str) for text in (*made_from.values(), *sha256))
    assert was_changed(catalog, "metrics")


def save(hooks: ProvenanceHooks, *others: object, content: str, path: Path) -> None:
    """What Kedro does to save a data set, with the hook and others that are called after it has written the file."""
    manager = pluggy.PluginManager("kedro")
    manager.add_hookspecs(DatasetSpecs)
    for plugin in (hooks, *others):
        manager.register(plugin)
    manager.hook.before_dataset_saved(dataset_name="metrics", data=None, node=None)
    path.write_text(content)
    manager.hook.after_dataset_saved(dataset_name="metrics", data=None, node=None)


class Killed:
    """Ends the process after a file was written and before it has taken its place."""

    @hook_impl
    def after_dataset_saved(self) -> None:
        """Leave it to the next process."""
        raise SystemExit


def test_killed_while_a_file_takes_the_place_of_another_either_counts_as_made(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    catalog = kept_as_json(path, '"old"')
    hooks = ProvenanceHooks(EXPERIMENT, {})
    hooks._catalog, hooks._origins = catalog, {"metrics": MADE_FROM}
    with pytest.raises(SystemExit):
        save(hooks, Killed(), content='"new"', path=path)
    assert not was_changed(catalog, "metrics")
    path.write_text('"old"')
    assert not was_changed(catalog, "metrics")
    path.write_text('"other"')
    assert was_changed(catalog, "metrics")
    save(hooks, content='"new"', path=path)
    path.write_text('"old"')
    assert was_changed(catalog, "metrics")


def test_what_replaces_a_result_of_another_origin_counts_as_made_once_it_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    catalog = kept_as_json(path, '"old"')
    hooks = ProvenanceHooks(EXPERIMENT, {})
    hooks._catalog, hooks._origins = catalog, {"metrics": {"parameter seed": "2"}}
    with pytest.raises(SystemExit):
        save(hooks, Killed(), content='"new"', path=path)
    assert noted_of(catalog, "metrics").made_from == {}
    save(hooks, content='"new"', path=path)
    assert noted_of(catalog, "metrics").made_from == {"parameter seed": "2"}
    assert not was_changed(catalog, "metrics")
