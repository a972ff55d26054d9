"""What a result was made from: what changes it, what does not, and how it is said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from kedro.io import DataCatalog

from convnets.hooks.provenance import Origin, describe_change, digest_of_code, find_origins, note_path
from convnets.parameters import NETWORKS, check_parameters
from convnets.pipeline_registry import register_pipelines
from support import ROOT, idx

CONF = ROOT / "conf" / "base"
NAMES = {
    "raw_train_images": "train-images-idx3",
    "raw_train_labels": "train-labels-idx1",
    "raw_test_images": "t10k-images-idx3",
    "raw_test_labels": "t10k-labels-idx1",
}


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    """Four small files of raw data, and a file for the metrics of each network."""
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
    config["{network}.metrics"] = {"type": "json.JSONDataset", "filepath": str(tmp_path / "{network}.json")}
    return DataCatalog.from_config(config)


def origins(catalog: DataCatalog, pipeline: str = "__default__", **changed: Any) -> dict[str, Origin]:
    parameters = yaml.safe_load((CONF / "parameters.yml").read_text())
    parameters |= changed
    return find_origins(register_pipelines()[pipeline], catalog, check_parameters(parameters).model_dump(mode="json"))


def differing(before: dict[str, Origin], after: dict[str, Origin]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_the_same_makes_the_same(catalog: DataCatalog) -> None:
    assert origins(catalog) == origins(catalog)


def test_a_parameter_changes_what_depends_on_it(catalog: DataCatalog) -> None:
    training = yaml.safe_load((CONF / "parameters.yml").read_text())["cnn"]
    training["training"]["epochs"] = 6
    before, after = origins(catalog), origins(catalog, cnn=training)
    changed = differing(before, after)
    assert {"cnn.checkpoint", "cnn.model", "cnn.metrics", "comparison_table"} <= changed
    assert not any(name.startswith(("fcn.", "cnn_no_pool.")) for name in changed)
    assert not {"train_images", "cnn.untrained_model", "cnn.layers"} & changed
    assert describe_change(before["cnn.checkpoint"], after["cnn.checkpoint"]) == "cnn.training.epochs was 5 and is 6"


def test_data_changes_what_depends_on_it(catalog: DataCatalog, tmp_path: Path) -> None:
    before = origins(catalog)
    (tmp_path / NAMES["raw_test_images"]).write_bytes(idx(np.ones((2, 3, 3), np.uint8)))
    after = origins(catalog)
    changed = differing(before, after)
    assert {"test_images", "fcn.predictions", "comparison_table"} <= changed
    assert "train_images" not in changed
    assert describe_change(before["fcn.predictions"], after["fcn.predictions"]) == "raw_test_images has changed"
    assert describe_change(before["comparison_table"], after["comparison_table"]) == ""  # fcn.metrics says it


def test_one_network_is_made_from_the_same_alone_or_with_the_others(catalog: DataCatalog) -> None:
    alone, together = origins(catalog, "cnn"), origins(catalog)
    assert alone["cnn.metrics"] == together["cnn.metrics"]


def test_a_comparison_of_earlier_results_is_the_same_comparison(catalog: DataCatalog, tmp_path: Path) -> None:
    together = origins(catalog)
    for network in NETWORKS:
        (tmp_path / f"{network}.json").write_text("{}")
        note = note_path(catalog, f"{network}.metrics")
        note.parent.mkdir(exist_ok=True)
        note.write_text(json.dumps(together[f"{network}.metrics"]))
    assert origins(catalog, "comparison")["comparison_table"] == together["comparison_table"]


def test_code_counts_with_what_it_imports() -> None:
    classifier = "convnets.pipelines.classifier.nodes"
    assert len({digest_of_code(name) for name in (classifier, "convnets.networks", "convnets.datasets.idx")}) == 3
    assert digest_of_code(classifier) == digest_of_code(classifier)


def test_more_than_three_changes_are_counted() -> None:
    before = {f"parameter p{index}": "1" for index in range(5)} | {"code": "a", "cnn.model": "b"}
    after = {f"parameter p{index}": "2" for index in range(5)} | {"code": "c", "cnn.model": "d"}
    assert describe_change(before, after) == "the code has changed; p0 was 1 and is 2; p1 was 1 and is 2 and 3 more"
