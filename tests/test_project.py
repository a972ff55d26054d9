"""The whole project, run from the command line in the test configuration, and what it leaves behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import keras
import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow.entities import Run
from PIL import Image

from convnets.parameters import NETWORKS
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
    "per_class.csv",
    "reliability_diagram.png",
    "summary.txt",
}
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


@pytest.fixture(scope="module")
def finished(new_project: Callable[[], Project]) -> Finished:
    return Finished(new_project())


def test_the_terminal_shows_data_training_and_results(finished: Finished) -> None:
    assert "train_images: 1,000 images of 28 x 28 pixels" in finished.output
    for network, parameters in PARAMETERS.items():
        assert f"{network}: {parameters:,} parameters learn from 1,000 images" in finished.output
        assert f"{network} epoch 2/2: 100%" in finished.output
        assert re.search(
            rf"^ *{network} +{parameters:,} +0\.\d{{4}} \(0\.\d{{4}} to 0\.\d{{4}}\)", finished.output, re.M
        )
    assert finished.output.rstrip().splitlines()[-1].startswith("Look next: make viz")


def test_the_terminal_shows_no_noise(finished: Finished) -> None:
    assert not re.search(r"warning|INFO|DEBUG|Traceback|cuda|oneDNN|absl", finished.output, re.I)


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
    assert suffixes == {".csv", ".json", ".keras", ".lock", ".parquet", ".png", ".txt"}


def test_the_comparison_has_what_the_metrics_have(finished: Finished) -> None:
    table = pd.read_csv(finished.data / "08_reporting" / "comparison.csv")
    assert table["network"].tolist() == list(NETWORKS)
    assert table["parameters"].tolist() == list(PARAMETERS.values())
    for row in table.to_dict("records"):
        metrics = json.loads((finished.data / "08_reporting" / row["network"] / "metrics.json").read_text())
        assert metrics["test_accuracy_low"] < metrics["test_accuracy"] < metrics["test_accuracy_high"]
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
        artifacts = {artifact.path for artifact in store.list_artifacts(run.info.run_id)}
        assert artifacts == REPORTS - {"metrics.json"} | {"predictions.parquet"}


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


def test_networks_one_by_one_can_be_compared(finished: Finished, project: Project) -> None:
    once = ["--params", ",".join(f"{network}.training.epochs=1" for network in NETWORKS)]
    project.kedro("run", "--env", "test", "--pipeline=fcn", *once)
    refused = project.kedro("run", "--env", "test", "--pipelines=comparison", status=1)
    assert "`kedro run --env test --pipeline=cnn`, `kedro run --env test --pipeline=cnn_no_pool`" in refused
    output = project.kedro("run", "--env", "test", "--pipelines=cnn,cnn_no_pool", *once)
    assert "fcn" not in output
    output = project.kedro("run", "--env", "test", "--pipeline=comparison")
    assert re.findall(r"^ *(\w+) .* s +[\d,]+ *$", output, re.M) == list(NETWORKS)
    runs = {run.info.run_name: run for run in recorded(project, "convnets-test")}
    assert runs.keys() == {*NETWORKS, "comparison"}
    assert runs["cnn"].data.metrics.keys() == finished.runs()["cnn"].data.metrics.keys()
    assert runs["cnn"].data.params["training.epochs"] == "1"


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


def test_trained_networks_are_asked_for_shifted_digits(finished: Finished) -> None:
    output = finished.project.kedro("run", "--env", "test", "--pipeline=translation")
    assert "learn from" not in output
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


def test_a_network_is_added_in_two_places(project: Project) -> None:
    fields = project.path / "src" / "convnets" / "parameters.py"
    last = "    cnn_no_pool: Classifier\n"
    fields.write_text(fields.read_text().replace(last, f"{last}    small_cnn: Classifier\n"))
    conf = project.path / "conf" / "base" / "parameters.yml"
    values = yaml.safe_load(conf.read_text())
    added = values["cnn"] | {"network": values["cnn"]["network"] | {"name": "small_cnn", "filters": [4]}}
    with conf.open("a") as file:
        yaml.safe_dump({"small_cnn": added}, file)
    output = project.kedro("run", "--env", "test", "--pipeline=small_cnn", "--params", "small_cnn.training.epochs=1")
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


def test_without_a_folder_or_a_model_nothing_is_recorded(trained: Project) -> None:
    command = ["run", "--env", "test", "--pipeline=prediction"]
    output = trained.kedro(*command, "--params", "prediction.folder=nowhere", status=1)
    assert f"Error: {trained.path / 'nowhere'}: no such folder; prediction.folder must name a folder" in output
    (trained.path / "data" / "test" / "06_models" / "cnn.keras").unlink()
    output = trained.kedro(*command, status=1)
    assert "Error: No result yet of cnn (cnn.model): run `kedro run --env test --pipeline=cnn` first." in output
    assert not (trained.path / "mlflow.db").exists()


def test_a_logged_model_answers_over_http(finished: Finished, raw_test_images: np.ndarray) -> None:
    run = finished.runs()["cnn"]
    assert run.outputs is not None
    (output,) = run.outputs.model_outputs
    port = str(free_port())
    activated = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    }  # MLflow looks there for uvicorn
    command = ["models", "serve", "-m", f"models:/{output.model_id}", "--env-manager", "local"]
    server = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "mlflow", *command, "--host", "127.0.0.1", "--port", port],
        cwd=finished.project.path,
        env=os.environ | activated | {"MLFLOW_TRACKING_URI": finished.project.store},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # it starts others
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: urlopen(f"{address}/ping").status == 200, seconds=60)  # noqa: S310 - loopback
        digit = (raw_test_images[:1] / 255)[..., np.newaxis]
        request = Request(  # noqa: S310 - loopback
            f"{address}/invocations",
            data=json.dumps({"inputs": digit.tolist()}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=30) as response:  # noqa: S310
            answer = json.load(response)
        assert answers_on_loopback_alone(int(port))
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    predictions = pd.read_parquet(finished.data / "07_model_output" / "cnn" / "predictions.parquet")
    expected = predictions.filter(regex=r"p\d").to_numpy()[:1]
    np.testing.assert_allclose(answer["predictions"], expected, rtol=1e-4, atol=1e-6)


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
        "cnn.confusion_matrix_figure": "matplotlib.matplotlib_dataset.MatplotlibDataset",
        "comparison.table": "pandas.csv_dataset.CSVDataset",
    }


def test_the_mlflow_ui_opens_in_the_charts_on_loopback_alone(finished: Finished) -> None:
    port = free_port()
    server = finished.project.start("mlflow", "--env", "test", "--port", str(port))
    try:
        assert server.stdout is not None
        address = re.search(
            r"http://127\.0\.0\.1:\d+/#/experiments/1/runs\?compareRunsMode=CHART", server.stdout.readline()
        )
        assert address
        wait_until(lambda: b"MLflow" in urlopen(address[0].partition("#")[0]).read(), seconds=60)  # noqa: S310 - loopback
        assert answers_on_loopback_alone(port)
        assert "cannot be used (Address already in use): choose another with --port" in finished.project.kedro(
            "mlflow", "--env", "test", "--port", str(port), status=1
        )
    finally:
        finished.project.stop(server)
