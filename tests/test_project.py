"""The whole project, run from the command line in the test configuration, and what it leaves behind."""

import json
import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import keras
import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow.entities import Run
from PIL import Image

from convnets.figures import network_colour
from convnets.parameters import NETWORKS
from forks import Forks
from support import Project, answers_on_loopback_alone, free_port, idx, wait_until

REPORTS = {
    "architecture.png",
    "calibration.csv",
    "confusion_matrix.csv",
    "confusion_matrix.png",
    "first_prediction.csv",
    "first_prediction.png",
    "history.csv",
    "layers.csv",
    "learning_curves.png",
    "metrics.json",
    "mistakes.csv",
    "mistakes.png",
    "per_class.csv",
    "playground.html",
    "record.json",
    "reliability_diagram.png",
    "report.html",
    "summary.txt",
}
CHARTS = """() => [...document.querySelectorAll("[data-testid=experiment-view-compare-runs-card]")].map((card) => ({
    metric: card.innerText.split("\\n")[0],
    bottom: card.getBoundingClientRect().bottom,
    colours: [...card.querySelectorAll(".bars .point path, .scatterlayer path.js-line")].map(
        (drawn) => drawn.style.fill === "none" ? drawn.style.stroke : drawn.style.fill),
}))"""
PARAMETERS = {"fcn": 407_050, "cnn": 104_202, "cnn_no_pool": 712_202}


class Finished:
    """A project after `kedro run --env test`, and what that printed."""

    def __init__(self, project: Project, *options: str) -> None:
        """Run it."""
        self.project = project
        self.output = project.kedro("run", "--env", "test", *options)
        self.data = project.path / "data" / "test"

    def runs(self) -> dict[str, Run]:
        """The runs in the MLflow store, by name."""
        return {run.info.run_name: run for run in recorded(self.project, "convnets-test")}


def recorded(project: Project, experiment_name: str) -> list[Run]:
    store = mlflow.MlflowClient(project.store)
    experiment = store.get_experiment_by_name(experiment_name)
    assert experiment is not None
    return list(store.search_runs([experiment.experiment_id]))


def forked(forks: Forks, project: Project, *arguments: str, status: int = 0) -> str:
    """Run a command where it does not matter that it is a process of its own, as `Project.kedro` does, but sooner."""
    ended = forks.kedro(project.path, *arguments, may_train=True)
    assert ended.status == status, ended.output
    return ended.output


@pytest.fixture(scope="module")
def finished(new_project: Callable[[], Project]) -> Finished:
    return Finished(new_project())


def test_the_terminal_shows_data_training_and_results(finished: Finished) -> None:
    assert "train_images: 1,000 images of 28 x 28 pixels" in finished.output
    for network, parameters in PARAMETERS.items():
        assert f"{network}: {parameters:,} parameters learn from 1,000 images" in finished.output
        assert re.search(
            rf"^{network} epoch 2/2: accuracy 0\.\d{{4}}, loss \d\.\d{{4}}, [\d.]+ s$", finished.output, re.M
        )
        assert re.search(
            rf"^ *{network} +{parameters:,} +0\.\d{{4}} \(0\.\d{{4}} to 0\.\d{{4}}\)", finished.output, re.M
        )
    *_, look, report = finished.output.rstrip().splitlines()
    assert look.startswith("Look next: kedro viz run --env test")
    assert report == f"The report: {finished.data / '08_reporting' / 'report.html'}"


def test_the_terminal_shows_no_noise(finished: Finished) -> None:
    assert not re.search(r"warning|INFO|DEBUG|Traceback|cuda|oneDNN|absl", finished.output, re.I)


def test_in_a_file_bars_are_lines(finished: Finished) -> None:
    assert "\r" not in finished.output
    assert not re.search(r"\d%\|", finished.output)
    assert re.search(r"^convnets: \d+ steps in [\d.]+ ", finished.output, re.M)


def test_every_report_of_every_network_is_there(finished: Finished) -> None:
    for network in NETWORKS:
        assert {path.name for path in (finished.data / "08_reporting" / network).glob("[!.]*")} == REPORTS


def test_results_are_kept_apart_from_the_real_ones(finished: Finished) -> None:
    assert {path.name for path in (finished.project.path / "data").iterdir()} == {"01_raw", "test"}
    assert [experiment.name for experiment in mlflow.MlflowClient(finished.project.store).search_experiments()] == [
        "convnets-test",
        "Default",
    ]


def test_nothing_is_pickled(finished: Finished) -> None:
    suffixes = {path.suffix for path in finished.data.rglob("*") if path.is_file()}
    assert suffixes == {".csv", ".html", ".json", ".keras", ".lock", ".parquet", ".png", ".txt"}


def test_the_comparison_has_what_the_metrics_have(finished: Finished) -> None:
    table = pd.read_csv(finished.data / "08_reporting" / "comparison.csv")
    assert table["network"].tolist() == list(NETWORKS)
    assert table["parameters"].tolist() == list(PARAMETERS.values())
    for row in table.to_dict("records"):
        metrics = json.loads((finished.data / "08_reporting" / row["network"] / "metrics.json").read_text())
        assert metrics["test_accuracy_low"] < metrics["test_accuracy"] < metrics["test_accuracy_high"]
        record = json.loads((finished.data / "08_reporting" / row["network"] / "record.json").read_text())
        assert (row["seed"], row["epochs"], row["optimizer"], row["train_samples"]) == (1, 2, "rmsprop", 1000)
        assert row["mlflow_run"] == record["mlflow_run"] == finished.runs()[row["network"]].info.run_id
        for name in ("test_accuracy", "test_loss", "fit_seconds", "model_bytes"):
            assert row[name] == pytest.approx(metrics[name])
        assert row["model_bytes"] == pytest.approx(
            (finished.data / "06_models" / f"{row['network']}.keras").stat().st_size, rel=0.01
        )


def test_the_networks_have_learned(finished: Finished) -> None:
    for network in NETWORKS:
        predictions = pd.read_parquet(finished.data / "07_model_output" / network / "predictions.parquet")
        assert list(predictions.columns) == ["label", "predicted", *(f"p{label}" for label in range(10))]
        assert len(predictions) == 200
        assert predictions["label"].iloc[0] == 7
        assert (predictions["label"] == predictions["predicted"]).mean() > 0.6
        np.testing.assert_allclose(predictions.filter(regex=r"p\d").sum(axis=1), 1, rtol=1e-5)


def test_the_summary_is_the_lectures(finished: Finished) -> None:
    reports = finished.data / "08_reporting"
    assert "Total params: 104,202" in (reports / "cnn" / "summary.txt").read_text(encoding="utf-8")
    layers = pd.read_csv(reports / "cnn_no_pool" / "layers.csv")
    assert layers["output_shape"].astype(str).tolist() == [
        "28 x 28 x 1",
        "26 x 26 x 32",
        "24 x 24 x 64",
        "22 x 22 x 128",
        "61952",
        "10",
    ]


def test_each_network_is_a_run_that_holds_everything(finished: Finished) -> None:
    runs = finished.runs()
    assert runs.keys() == {*NETWORKS, "comparison"}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert len({run.data.tags["kedro.run"] for run in runs.values()}) == 1
    store = mlflow.MlflowClient(finished.project.store)
    for network in NETWORKS:
        run = runs[network]
        assert [point.step for point in store.get_metric_history(run.info.run_id, "accuracy")] == [1, 2]
        metrics = json.loads((finished.data / "08_reporting" / network / "metrics.json").read_text())
        assert {name: value for name, value in metrics.items() if value is not None}.items() <= run.data.metrics.items()
        assert run.data.params["training.epochs"] == "2"
        assert run.data.params["network.name"] == network
        assert run.inputs is not None
        assert {item.dataset.name for item in run.inputs.dataset_inputs} == {
            "raw_train_images",
            "raw_train_labels",
            "raw_test_images",
            "raw_test_labels",
        }
        assert run.data.tags["sha256.raw_train_images"].startswith("440fcabf73cc546f")
        assert f"| wrong test images | {metrics['wrong_images']} |" in run.data.tags["mlflow.note.content"]
        registered = store.get_model_version_by_alias(f"{network}-test", "current")
        assert (int(registered.version), registered.run_id) == (1, run.info.run_id)
        assert f"models:/{network}-test@current" in store.get_registered_model(f"{network}-test").description
        artifacts = {artifact.path for artifact in store.list_artifacts(run.info.run_id)}
        assert artifacts == REPORTS - {"metrics.json", "record.json"} | {"predictions.parquet"}


def test_the_comparison_has_metrics(finished: Finished) -> None:
    metrics = finished.runs()["comparison"].data.metrics
    assert {name for name in metrics if name.startswith("wrong_images/")} == {
        f"wrong_images/{name}" for name in NETWORKS
    }
    assert 0 <= metrics["p_value_holm/fcn-cnn"] <= 1


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning")  # of MLflow's own functions
def test_a_logged_model_predicts_as_it_did(finished: Finished, raw_test_images: np.ndarray) -> None:
    run = finished.runs()["cnn"]
    assert run.outputs is not None
    (output,) = run.outputs.model_outputs
    logged = mlflow.MlflowClient(finished.project.store).search_logged_models([run.info.experiment_id])
    assert {model.name for model in logged} == set(NETWORKS)
    folder = (finished.project.path / "mlartifacts").as_uri()
    assert all(model.artifact_location.startswith(folder) for model in logged)
    mlflow.set_tracking_uri(finished.project.store)
    model = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    images = (raw_test_images[:5] / np.float32(255))[..., np.newaxis]
    predictions = pd.read_parquet(finished.data / "07_model_output" / "cnn" / "predictions.parquet")
    np.testing.assert_allclose(
        model.predict(images), predictions.filter(regex=r"p\d").to_numpy()[:5], rtol=1e-4, atol=1e-6
    )


def test_a_saved_model_predicts_as_it_did(finished: Finished, raw_test_images: np.ndarray) -> None:
    model = keras.saving.load_model(finished.data / "06_models" / "fcn.keras")
    images = (raw_test_images[:5] / np.float32(255)).reshape(5, 784)
    predictions = pd.read_parquet(finished.data / "07_model_output" / "fcn" / "predictions.parquet")
    np.testing.assert_allclose(
        model.predict(images, verbose=0), predictions.filter(regex=r"p\d").to_numpy()[:5], rtol=1e-4, atol=1e-6
    )


@pytest.mark.slow
def test_threads_give_the_same_runs(finished: Finished, new_project: Callable[[], Project]) -> None:
    threaded = Finished(new_project(), "--runner=ThreadRunner")
    ours, theirs = finished.runs(), threaded.runs()
    assert ours.keys() == theirs.keys()
    for name, run in ours.items():
        other = theirs[name]
        assert other.info.status == "FINISHED"
        assert other.data.params == run.data.params
        assert other.data.metrics.keys() == run.data.metrics.keys()
        for metric in ("loss", "test_loss", "test_accuracy"):
            assert other.data.metrics.get(metric) == run.data.metrics.get(metric)


@pytest.mark.slow
def test_networks_one_by_one_can_be_compared(finished: Finished, project: Project, forks: Forks) -> None:
    once = ["--params", ",".join(f"{network}.training.epochs=1" for network in NETWORKS)]
    forked(forks, project, "run", "--env", "test", "--pipeline=fcn", *once)
    refused = forked(forks, project, "run", "--env", "test", "--pipelines=comparison", status=1)
    assert "`kedro run --env test --pipeline=cnn`, `kedro run --env test --pipeline=cnn_no_pool`" in refused
    output = forked(forks, project, "run", "--env", "test", "--pipelines=cnn,cnn_no_pool", *once)
    assert "fcn" not in output
    output = forked(forks, project, "run", "--env", "test", "--pipeline=comparison")
    assert re.findall(r"^ *(\w+) .* s +[\d,]+ *$", output, re.M) == list(NETWORKS)
    for network in NETWORKS:
        otherwise = f"{network} was made otherwise: {network}.training.epochs was 1 and is 2; make it again: "
        assert f"{otherwise}kedro run --env test --pipeline={network}\n" in output
    runs = {run.info.run_name: run for run in recorded(project, "convnets-test")}
    assert runs.keys() == {*NETWORKS, "comparison"}
    assert runs["cnn"].data.metrics.keys() == finished.runs()["cnn"].data.metrics.keys()
    assert runs["cnn"].data.params["training.epochs"] == "1"


@pytest.mark.slow
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_network_is_killed_and_not_left_running(project: Project, signal_number: int) -> None:
    process = project.start("run", "--env", "test", "--params", "cnn.training.epochs=500", "--pipelines=fcn,cnn")
    assert process.stdout is not None
    for line in process.stdout:
        if "cnn epoch 2/500" in line:
            break
    os.kill(process.pid, signal_number)
    process.communicate(timeout=30)
    assert process.returncode != 0
    statuses = {run.info.run_name: run.info.status for run in recorded(project, "convnets-test")}
    assert statuses == {"fcn": "FINISHED", "cnn": "KILLED"}
    models = project.path / "data" / "test" / "06_models"
    assert {path.name for path in models.glob("*.keras")} == {
        "fcn.checkpoint.keras",
        "fcn.keras",
        "cnn.checkpoint.keras",
    }


@pytest.mark.slow
def test_ctrl_c_ends_networks_that_are_trained_in_threads(project: Project) -> None:
    epochs = "fcn.training.epochs=500,cnn.training.epochs=500"
    run = ("run", "--env", "test", "--runner=ThreadRunner", "--params", epochs, "--pipelines=fcn,cnn")
    process = project.start(*run)
    assert process.stdout is not None
    for line in process.stdout:
        if "cnn epoch 2/500" in line:
            break
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT
    assert "kedro run --env test --runner=ThreadRunner" in output
    statuses = {run.info.run_name: run.info.status for run in recorded(project, "convnets-test")}
    assert statuses == {"fcn": "KILLED", "cnn": "KILLED"}


def test_trained_networks_are_asked_for_shifted_digits(finished: Finished, forks: Forks) -> None:
    output = forked(forks, finished.project, "run", "--env", "test", "--pipeline=translation")
    assert "learn from" not in output
    assert "otherwise" not in output
    table = pd.read_csv(finished.data / "08_reporting" / "translation.csv")
    assert len(table) == len(NETWORKS) * 3 * 8
    metrics = pd.read_csv(finished.data / "08_reporting" / "comparison.csv").set_index("network")
    where_they_are = table[table["distance"] == 0].set_index("network")
    for name in ("test_accuracy", "test_accuracy_low", "test_accuracy_high"):
        for network in NETWORKS:
            assert where_they_are.loc[network, name].tolist() == pytest.approx([metrics.loc[network, name]] * 8)
    far = table[table["distance"] == 8].groupby("network")["test_accuracy"].mean()
    assert (far < metrics["test_accuracy"][far.index] - 0.2).all()
    run = finished.runs()["translation"]
    store = mlflow.MlflowClient(finished.project.store)
    assert {item.path for item in store.list_artifacts(run.info.run_id)} == {
        "translation.csv",
        "translation.png",
        "moving_digit.png",
    }


def test_trained_networks_are_asked_for_doubtful_digits(finished: Finished, forks: Forks) -> None:
    output = forked(forks, finished.project, "run", "--env", "test", "--pipeline=label_errors")
    assert "learn from" not in output
    reports = finished.data / "08_reporting"
    answers, ceiling = pd.read_csv(reports / "label_errors.csv"), pd.read_csv(reports / "label_errors" / "ceiling.csv")
    assert answers["image"].tolist() == [image for image in (8, 115, 151) for _ in NETWORKS]
    for row in answers.to_dict("records"):
        predictions = pd.read_parquet(finished.data / "07_model_output" / row["network"] / "predictions.parquet")
        answer = predictions.loc[row["image"]]
        assert (row["label"], row["predicted"]) == (answer["label"], answer["predicted"])
        assert row["probability_of_label"] == pytest.approx(answer[f"p{row['label']}"])
    assert ceiling["sure_accuracy"].tolist() == pytest.approx([197 / 200] * 3)
    errors = answers[~answers["right"]].groupby("network").size().reindex(NETWORKS, fill_value=0)
    assert ceiling.set_index("network")["errors_on_doubtful"].to_dict() == errors.to_dict()
    assert finished.runs()["label_errors"].info.status == "FINISHED"


def test_trained_networks_are_written_for_other_programs(finished: Finished, forks: Forks) -> None:
    forked(forks, finished.project, "run", "--env", "test", "--pipeline=export")
    table = pd.read_csv(finished.data / "08_reporting" / "export.csv")
    assert table["network"].tolist() == list(NETWORKS)
    for name, ending in (("onnx", "onnx"), ("litert", "tflite")):
        sizes = [(finished.data / "06_models" / f"{network}.{ending}").stat().st_size for network in NETWORKS]
        assert table[f"{name}_bytes"].tolist() == sizes
        assert table[f"{name}_largest_difference"].between(0, 1e-4).all()
        assert table[f"{name}_other_answers"].tolist() == [0, 0, 0]
    assert finished.runs()["export"].info.status == "FINISHED"


def test_networks_that_hold_images_back_read_corrupted_digits(finished: Finished, forks: Forks) -> None:
    output = forked(
        forks,
        finished.project,
        "run",
        "--env",
        "test",
        "--pipeline=robustness",
        "--params",
        "robustness.networks=fcn,fcn.training.epochs=1",
    )
    assert "robustness: 2 trainings (1 network x 1 variant x 2 seeds)" in output
    assert re.search(r"fcn epoch 1/1: accuracy 0\.\d+ \(val 0\.\d+\), loss ", output)
    reports = finished.data / "08_reporting"
    table = pd.read_csv(reports / "robustness.csv")
    assert len(table) == 3 * 7
    for seed in (1, 2):
        metrics = json.loads((reports / "robustness" / f"fcn-held_back-{seed}.metrics.json").read_text())
        (untouched,) = table[(table["seed"] == seed) & (table["severity"] == 0)].to_dict("records")
        for name in ("test_accuracy", "test_accuracy_low", "expected_calibration_error", "test_loss"):
            assert untouched[name] == pytest.approx(metrics[name], rel=1e-4)
    ensemble = table[table["members"] == 2]
    assert ensemble["seed"].isna().all()
    assert (ensemble["temperature"] == ensemble["temperature"].iloc[0]).all()
    held_back = finished.data / "07_model_output" / "robustness" / "fcn-held_back-1.validation_answers.parquet"
    assert len(pd.read_parquet(held_back)) == 166
    runs = finished.runs()
    assert runs["robustness-fcn-held_back-2"].data.tags["variant"] == "held_back"
    assert runs["robustness"].info.status == "FINISHED"


@pytest.mark.slow
def test_a_third_data_set_is_one_more_conf_folder(project: Project, tmp_path: Path) -> None:
    """Stripes of two directions, 12 x 12, plain files under the usual names."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 2, 300).astype(np.uint8)
    across = np.tile(np.repeat(np.array([0, 255], np.uint8), 2), 3)
    stripes = [np.tile(across, (12, 1)), np.tile(across, (12, 1)).T]
    images = np.stack([stripes[label] for label in labels])
    for part, chosen in (("train", slice(200)), ("t10k", slice(200, 300))):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(images[chosen]))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(labels[chosen]))
    conf = project.path / "conf" / "stripes"
    conf.mkdir()
    sums = dict.fromkeys(("train_images", "train_labels", "test_images", "test_labels"))
    files = {
        "globals.yml": {"folder": str(tmp_path), "outputs": "data/stripes", "sha256": sums},
        "parameters.yml": {"dataset": {"name": "Stripes", "class_names": ["upright", "level"]}},
        "tracking.yml": {"experiment": "convnets-stripes"},
    }
    for name, content in files.items():
        (conf / name).write_text(yaml.safe_dump(content))
    project.kedro("run", "--env", "stripes", "--pipeline=fcn")
    scores = pd.read_csv(project.path / "data" / "stripes" / "08_reporting" / "fcn" / "per_class.csv")
    assert scores["class"].tolist() == ["upright", "level"]
    assert scores["recall"].tolist() == [1, 1]
    assert recorded(project, "convnets-stripes")[0].data.params["dataset.name"] == "Stripes"


@pytest.mark.slow
def test_colours_go_through_everything_from_conf_alone(project: Project, tmp_path: Path) -> None:
    """Reddish, greenish and bluish noise, 12 x 16, and a photograph of each kind."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 3, 200).astype(np.uint8)
    images = generator.integers(0, 60, (200, 12, 16, 3)).astype(np.uint8)
    images[np.arange(200), :, :, labels] += np.uint8(195)
    for part, chosen in (("train", slice(150)), ("t10k", slice(150, 200))):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(images[chosen]))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(labels[chosen]))
    (tmp_path / "own").mkdir()
    for colour in ("red", "lime", "blue"):
        Image.new("RGB", (300, 200), colour).save(tmp_path / "own" / f"{colour}.png")
    conf = project.path / "conf" / "colours"
    conf.mkdir()
    sums = dict.fromkeys(("train_images", "train_labels", "test_images", "test_labels"))
    small: dict[str, Any] = {"training": {"epochs": 3, "batch_size": 4}}
    networks: dict[str, dict[str, Any]] = {
        "fcn": {"network": {"units": 8}},
        "cnn": {"network": {"filters": [8, 16], "padding": "circular", "head": "global_average", "dropout": 0.1}},
        "cnn_no_pool": {"network": {"filters": [4, 8], "batch_normalization": True, "space_to_depth": 2}},
    }
    files: dict[str, dict[str, Any]] = {
        "globals.yml": {"folder": str(tmp_path), "images": str(tmp_path / "own"), "outputs": "data/colours"},
        "parameters.yml": {
            "dataset": {"name": "Colours", "class_names": ["red", "lime", "blue"]},
            "translation": {"distances": [0, 1]},
            "convolution": {"filters": [0, 1], "images_of_a_filter": 2, "kernels": {"left edge": [[-1, 0, 1]] * 3}},
            **{name: block | small for name, block in networks.items()},
        },
        "tracking.yml": {"experiment": "convnets-colours"},
    }
    files["globals.yml"]["sha256"] = sums
    for name, content in files.items():
        (conf / name).write_text(yaml.safe_dump(content))
    output = project.kedro(
        "run", "--env", "colours", "--pipelines=__default__,prediction,convolution,translation", status=0
    )
    assert "test_images: 50 images of 12 x 16 pixels and 3 channels" in output
    assert not re.search(r"warning|INFO|Traceback", output, re.I)
    data = project.path / "data" / "colours"
    comparison = pd.read_csv(data / "08_reporting" / "comparison.csv").set_index("network")
    assert comparison.loc["cnn", "test_accuracy"] > 0.8
    answers = pd.read_csv(data / "07_model_output" / "predictions_on_images.csv").set_index("network").loc["cnn"]
    assert (answers["image"] == answers["predicted"] + ".png").all()
    drawn = np.asarray(Image.open(data / "08_reporting" / "sample_images.png").convert("RGB")).astype(int)
    assert (np.ptp(drawn, axis=-1) > 80).mean() > 0.1  # in colour
    figures = {path.name for path in data.rglob("*.png")}
    assert {"cnn.first_filters.png", "cnn_no_pool.evidence.png", "translation.png", "disagreements.png"} <= figures


def test_a_network_is_added_by_a_block_of_the_parameters(project: Project, forks: Forks) -> None:
    conf = project.path / "conf" / "base" / "parameters.yml"
    values = yaml.safe_load(conf.read_text())
    added = values["cnn"] | {"network": values["cnn"]["network"] | {"name": "small_cnn", "filters": [4]}}
    with conf.open("a") as file:
        yaml.safe_dump({"small_cnn": added}, file)
    output = forked(
        forks, project, "run", "--env", "test", "--pipeline=small_cnn", "--params", "small_cnn.training.epochs=1"
    )
    assert re.search(r"^ *small_cnn +27,090 +0\.", output, re.M)  # 4 * (9 + 1) + 10 * (26 * 26 * 4 + 1)
    assert recorded(project, "convnets-test")[0].data.tags["mlflow.runColor"] == "#CC79A7"


@pytest.fixture
def trained(finished: Finished, project: Project) -> Project:
    """A project with the models of another."""
    shutil.copytree(finished.data / "06_models", project.path / "data" / "test" / "06_models")
    return project


def test_own_images_are_read_and_what_is_none_is_refused(
    trained: Project, tmp_path: Path, raw_test_images: np.ndarray
) -> None:
    Image.fromarray(255 - raw_test_images[0]).resize((300, 300)).save(tmp_path / "seven.jpg")
    (tmp_path / "notes.txt").write_text("seven")
    command = ["run", "--env", "test", "--pipeline=prediction", "--params", f"prediction.folder={tmp_path}"]
    output = trained.kedro(*command)
    refused = "The file is not recognized as an image; allowed: a PNG or JPEG image."
    assert f"notes.txt is refused: {refused}" in output
    assert re.search(r"^ *seven\.jpg( +\d \([01]\.\d\d\)){3}", output, re.M)
    assert not re.search(r"warning|INFO|Traceback|cuda|oneDNN|absl", output, re.I)
    data = trained.path / "data" / "test"
    table = pd.read_csv(data / "07_model_output" / "predictions_on_images.csv")
    assert table[["image", "network"]].to_numpy().tolist() == [["seven.jpg", network] for network in NETWORKS]
    (row,) = pd.read_csv(data / "08_reporting" / "prediction" / "refused_images.csv").to_dict("records")
    assert row == {"image": "notes.txt", "reason": refused}
    (run,) = recorded(trained, "convnets-test")
    assert (run.info.run_name, run.info.status) == ("prediction", "FINISHED")
    assert run.data.params["folder"] == str(tmp_path)
    artifacts = {artifact.path for artifact in mlflow.MlflowClient(trained.store).list_artifacts(run.info.run_id)}
    assert artifacts == {"predictions_on_images.csv", "predictions_on_images.png", "refused_images.csv"}


def test_without_a_folder_or_a_model_nothing_is_recorded(trained: Project, forks: Forks) -> None:
    command = ["run", "--env", "test", "--pipeline=prediction"]
    output = forked(forks, trained, *command, "--params", "prediction.folder=nowhere", status=1)
    assert f"Error: {trained.path / 'nowhere'}: no such folder; prediction.folder must name a folder" in output
    (trained.path / "data" / "test" / "06_models" / "cnn.keras").unlink()
    output = forked(forks, trained, *command, status=1)
    assert "Error: No result yet of cnn (cnn.model): run `kedro run --env test --pipeline=cnn` first." in output
    assert not (trained.path / "mlflow.db").exists()


def test_a_registered_network_answers_over_http_and_says_one_line(
    finished: Finished, raw_test_images: np.ndarray
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = finished.project.start("serve", "cnn-test", "--env", "test", "--port", str(port))
    try:
        wait_until(lambda: urlopen(f"{address}/ping").status == 200, seconds=60)  # noqa: S310 - loopback
        digit = (raw_test_images[:1] / 255)[..., np.newaxis]
        request = Request(  # noqa: S310 - loopback
            f"{address}/invocations",
            data=json.dumps({"inputs": digit.tolist()}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=30) as response:  # noqa: S310
            answer = json.load(response)
        assert answers_on_loopback_alone(port)
    finally:
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=30)
    assert said == f"cnn-test answers, until you press Ctrl-C: {address}/invocations\n"
    predictions = pd.read_parquet(finished.data / "07_model_output" / "cnn" / "predictions.parquet")
    expected = predictions.filter(regex=r"p\d").to_numpy()[:1]
    np.testing.assert_allclose(answer["predictions"], expected, rtol=1e-4, atol=1e-6)


def test_a_network_that_is_not_registered_is_not_served(finished: Finished, forks: Forks) -> None:
    output = forked(forks, finished.project, "serve", "cnn-tst", "--env", "test", status=1)
    assert (
        "no registered model cnn-tst: did you mean cnn-test? Allowed here: cnn-test, cnn_no_pool-test, fcn-test."
        in output
    )


def test_kedro_viz_shows_the_networks_as_boxes_between_the_layers(finished: Finished) -> None:
    finished.project.kedro("viz", "build")
    graph = json.loads((finished.project.path / "build" / "api" / "main").read_text())
    assert graph["layers"] == ["raw", "intermediate", "models", "model output", "reporting"]
    assert {*NETWORKS} <= {name for name in graph["modular_pipelines"] if "." not in name}
    nodes = {node["name"]: node for node in graph["nodes"]}
    for name in ("raw_train_images", "cnn.model", "cnn.metrics", "comparison.table", "comparison.mcnemar_tests_table"):
        assert nodes[name]["type"] == "data"
    types = {
        name: nodes[name]["dataset_type"] for name in ("cnn.metrics", "cnn.confusion_matrix_figure", "comparison.table")
    }
    assert types == {
        "cnn.metrics": "json.json_dataset.JSONDataset",
        "cnn.confusion_matrix_figure": "datasets.figure.FigureDataset",
        "comparison.table": "pandas.csv_dataset.CSVDataset",
    }


@pytest.mark.slow
def test_the_mlflow_ui_opens_in_the_charts_on_loopback_alone(finished: Finished) -> None:
    port = free_port()
    server = finished.project.start("mlflow", "--env", "test", "--port", str(port))
    try:
        assert server.stdout is not None
        address = re.search(
            r"http://127\.0\.0\.1:\d+/#/experiments/1/runs\?compareRunsMode=CHART.*viewStateShareKey=latest-runs",
            server.stdout.readline(),
        )
        assert address
        wait_until(lambda: b"MLflow" in urlopen(address[0].partition("#")[0]).read(), seconds=60)  # noqa: S310 - loopback
        assert answers_on_loopback_alone(port)
        assert "cannot be used (Address already in use): choose another with --port" in finished.project.kedro(
            "mlflow", "--env", "test", "--port", str(port), status=1
        )
    finally:
        finished.project.stop(server)


@pytest.mark.slow
def test_the_first_screen_of_mlflow_shows_the_charts_in_their_order_and_colours(
    finished: Finished, browser: Any
) -> None:
    port = free_port()
    server = finished.project.start("mlflow", "--env", "test", "--port", str(port))
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[-1]
        wait_until(lambda: bool(urlopen(address.partition("#")[0]).read()), seconds=60)  # noqa: S310 - loopback
        page.goto(address)
        page.wait_for_function(f"() => ({CHARTS})().filter((chart) => chart.colours.length >= 3).length >= 5")
        charts = page.evaluate(CHARTS)
    finally:
        page.close()
        finished.project.stop(server)
    assert [chart["metric"] for chart in charts] == [
        "test_error_percent",
        "accuracy",
        "loss",
        "fit_seconds",
        "parameters",
    ]
    assert max(chart["bottom"] for chart in charts) <= 1000
    colours = {"rgb({}, {}, {})".format(*bytes.fromhex(network_colour(name)[1:])) for name in NETWORKS}
    assert [set(chart["colours"]) for chart in charts] == [colours] * len(charts)
