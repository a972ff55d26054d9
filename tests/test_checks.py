"""What is checked before the first node runs."""

import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from kedro.io import DataCatalog, DatasetError, MemoryDataset

from convnets.checks import bytes_needed, check_folders, check_networks
from convnets.datasets.images import ImageFolderDataset
from convnets.harness.checks import FileNameHooks, check_results
from convnets.harness.experiment import PlannedRun
from convnets.harness.messages import DataError, MissingResultError, OutputError, ParameterError
from convnets.harness.outputs import check_space
from convnets.harness.quiet import silence
from convnets.parameters import NETWORKS, Dataset, check_parameters
from convnets.pipeline_registry import register_pipelines
from convnets.training_parameters import Training
from support import ROOT


@pytest.fixture
def parameters() -> Any:
    return check_parameters(yaml.safe_load((ROOT / "conf" / "base" / "parameters.yml").read_text()))


CATALOG_WITHOUT_RESULTS = DataCatalog(
    {f"params:{network}.{name}": MemoryDataset(None) for network in NETWORKS for name in ("last_checkpoint", "run_id")}
)


def results_of(*networks: str) -> DataCatalog:
    return DataCatalog(
        {f"{network}.{name}": MemoryDataset(1) for network in networks for name in ("predictions", "record", "report")}
    )


def planned(pipeline: str, catalog: DataCatalog, outputs: Path = Path()) -> PlannedRun:
    return PlannedRun(register_pipelines()[pipeline], catalog, None, outputs, NETWORKS)


def test_a_comparison_of_networks_that_were_trained_is_let_through() -> None:
    check_results(planned("comparison", results_of(*NETWORKS)))


def test_networks_that_were_not_trained_are_named_with_their_commands() -> None:
    with pytest.raises(MissingResultError) as raised:
        check_results(planned("comparison", results_of("cnn")))
    message = str(raised.value)
    assert message.startswith("No result yet of fcn, cnn_no_pool (")
    assert "run `kedro run --pipeline=fcn`, `kedro run --pipeline=cnn_no_pool` first." in message
    assert "cnn.metrics" not in message


def test_a_pipeline_that_makes_its_results_needs_none() -> None:
    check_results(planned("__default__", CATALOG_WITHOUT_RESULTS))


def test_a_model_that_was_not_trained_is_named_with_its_command() -> None:
    models = DataCatalog({f"{network}.model": MemoryDataset(1) for network in ("fcn", "cnn_no_pool")})
    with pytest.raises(
        MissingResultError, match=re.escape("No result yet of cnn (cnn.model): run `kedro run --pipeline=cnn` first.")
    ):
        check_results(planned("prediction", models))


def test_a_folder_without_images_is_refused_before_anything_runs(tmp_path: Path, mnist: Dataset) -> None:
    catalog = DataCatalog({"own_images": ImageFolderDataset(path=str(tmp_path))})
    with pytest.raises(DatasetError, match=r"holds no file; prediction\.folder must name a folder"):
        check_folders(planned("prediction", catalog), mnist)


def test_a_message_that_names_a_data_set_is_given_its_file() -> None:
    labels = {"type": "convnets.datasets.idx.IDXDataset", "filepath": "/data/labels.gz", "dimensions": 1}
    catalog = DataCatalog.from_config({"raw_train_labels": labels})
    node: Any = SimpleNamespace(inputs=["raw_train_labels", "params:dataset"])
    error = DataError("raw_train_labels holds the label 10")
    FileNameHooks().on_node_error(error, node, catalog)
    assert error.__notes__ == ["raw_train_labels is /data/labels.gz"]


def test_silence_holds_for_what_native_code_writes(capfd: pytest.CaptureFixture[str]) -> None:
    with silence():
        os.write(2, b"a line of TensorFlow")
    os.write(2, b"a line of ours")
    assert capfd.readouterr().err == "a line of ours"


def test_images_too_small_for_a_network_are_refused_before_any_is_trained(parameters: Any, tmp_path: Path) -> None:
    def check(side: int) -> None:
        catalog = DataCatalog({"raw_train_images": MemoryDataset(np.zeros((1, side, side), np.uint8))})
        check_networks(planned("__default__", catalog, tmp_path), parameters, {})

    check(28)
    with pytest.raises(ParameterError, match=r"cnn\.network has windows that do not fit images of 12 x 12"):
        check(12)


def training(optimizer: Any, **chosen: Any) -> Training:
    given: dict[str, Any] = {"epochs": 1, "batch_size": 1, "validation_split": 0, "optimizer": optimizer}
    return Training(**given | {"loss": "sparse_categorical_crossentropy"} | chosen)


def test_space_for_two_checkpoints_of_each_network_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    million = 1_000_000
    sgd, adam, rmsprop, adamw = (training(name) for name in ("sgd", "adam", "rmsprop", "adamw"))
    assert bytes_needed([(million, sgd)]) == (17 * million, 4 * million)
    assert bytes_needed([(million, adam), (million, rmsprop)]) == (58 * million, 12 * million)
    assert bytes_needed([(million, adamw)]) == bytes_needed([(million, adam)])
    with_momentum = [training("sgd", momentum=0.9), training("nesterov"), training("nesterov", momentum=0.5)]
    for one_more in (*with_momentum, training("sgd", keep="best", validation_split=0.1)):
        assert bytes_needed([(million, one_more)]) == bytes_needed([(million, rmsprop)])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=16 * million))
    check_space(tmp_path / "not" / "there" / "yet", *bytes_needed([(million // 2, sgd)]))
    with pytest.raises(
        OutputError,
        match=rf"{tmp_path} has 16\.0 MB of free space; allowed: at least 17\.0 MB, for models, checkpoints",
    ):
        check_space(tmp_path / "not" / "there" / "yet", *bytes_needed([(million, sgd)]))
