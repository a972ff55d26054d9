"""Studies on Dask: a real scheduler, two real workers and a real MLflow server as processes, and what is killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import mlflow
import pandas as pd
import psutil
import pytest

from convnets.parameters import NETWORKS
from dask_processes import HERE, running, runs_if_any, runs_of, tasks_of
from support import RUN_TIMEOUT, Project, free_port, wait_until

SEEDS = ("run", "--env", "test", "--pipeline", "seeds")
DASK = ("--config", "conf/dask/run.yml")
MEASURED = ["network", "seed", "test_accuracy", "test_loss"]
TRAININGS = [f"seeds-{network}-{seed}" for network in NETWORKS for seed in (1, 2)]


def table_of(project: Project) -> pd.DataFrame:
    return pd.read_csv(project.path / "data/test/08_reporting/seeds.csv")


@pytest.fixture(scope="module")
def sequential(new_project) -> Project:  # type: ignore[no-untyped-def]
    project: Project = new_project()
    project.kedro(*SEEDS)
    return project


@pytest.mark.slow
def test_a_study_says_what_it_found_and_each_of_its_trainings_is_a_run(sequential: Project) -> None:
    table = table_of(sequential)
    figures = ["parameters", "operations", "test_accuracy", "test_loss", "fit_seconds"]
    assert list(table.columns) == ["network", "samples", "seed", *figures]
    assert table[["network", "seed"]].to_numpy().tolist() == [
        [network, seed] for network in NETWORKS for seed in (1, 2)
    ]
    reports = sequential.path / "data/test/08_reporting"
    means = pd.read_csv(reports / "seeds" / "mean_accuracies.csv")
    assert means["test_accuracy"].tolist() == pytest.approx(
        table.groupby("network", sort=False)["test_accuracy"].mean().tolist()
    )
    assert len(pd.read_csv(reports / "seeds" / "paired_tests.csv")) == 3
    assert (reports / "seeds.png").stat().st_size > 10_000

    client = mlflow.MlflowClient(sequential.store)
    experiment = client.get_experiment_by_name("convnets-test")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], "tags.study = 'seeds'")
    assert {run.info.run_name: run.info.status for run in found} == dict.fromkeys(TRAININGS, "FINISHED")
    (run,) = (run for run in found if run.info.run_name == "seeds-cnn-2")
    assert (run.data.tags["network"], run.data.tags["seed"], run.data.tags["samples"]) == ("cnn", "2", "1000")
    assert (run.data.params["seed"], run.data.params["training.epochs"]) == ("2", "2")
    expected = table[(table["network"] == "cnn") & (table["seed"] == 2)]
    assert run.data.metrics["test_accuracy"] == pytest.approx(expected["test_accuracy"].item())
    assert [metric.step for metric in client.get_metric_history(run.info.run_id, "loss")] == [1, 2]
    (summary,) = client.search_runs([experiment.experiment_id], "attributes.run_name = 'seeds'")
    assert "tags.study%20%3D%20%27seeds%27" in summary.data.tags["mlflow.note.content"]
    assert "seeds.csv" in {item.path for item in client.list_artifacts(summary.info.run_id)}


@pytest.mark.slow
def test_two_workers_do_what_one_process_does_whatever_is_killed(project: Project, sequential: Project) -> None:
    port, tracking = free_port(), free_port()
    scheduler, server = f"tcp://127.0.0.1:{port}", f"http://127.0.0.1:{tracking}"
    store = ("--backend-store-uri", f"sqlite:///{project.path}/server.db", "--artifacts-destination", "served")
    address = ("--host", "127.0.0.1", "--port", str(tracking), "--workers", "1")
    a_worker = ("dask", "worker", scheduler, "--nthreads", "1", *HERE)
    with (
        running("mlflow", "server", *store, *address, folder=project.path),
        running("dask", "scheduler", "--port", str(port), *HERE, folder=project.path),
        running(*a_worker, "--no-nanny", folder=project.path) as victim,
        running(*a_worker, folder=project.path),
    ):
        wait_until(lambda: urlopen(f"{server}/health", timeout=5).status == 200, RUN_TIMEOUT)  # noqa: S310 - loopback
        run = project.start(
            *SEEDS, *DASK, "--params", f"dask.scheduler={scheduler}", variables={"MLFLOW_TRACKING_URI": server}
        )
        wait_until(lambda: any(run.info.status == "RUNNING" for run in runs_if_any(server)), RUN_TIMEOUT)
        wait_until(lambda: len(tasks_of(project)) == 2, RUN_TIMEOUT)
        orphans = psutil.Process(victim.pid).children()
        assert orphans
        next(task for task in tasks_of(project).values() if task not in orphans).kill()
        os.kill(victim.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(orphans, timeout=20)
        assert not alive
        output, _ = run.communicate(timeout=RUN_TIMEOUT)
        assert run.returncode == 0, output
        assert "7 of 7 tasks done, 0 failed" in output
        assert "Test accuracy, mean over seeds" in output

        pd.testing.assert_frame_equal(table_of(project)[MEASURED], table_of(sequential)[MEASURED], check_exact=True)
        runs = runs_of(server)
        assert {run.info.status for run in runs} == {"FINISHED", "KILLED"}
        finished = [run for run in runs if run.info.status == "FINISHED"]
        assert sorted(run.info.run_name for run in finished) == sorted([*TRAININGS, "seeds"])
        assert len({run.data.tags["kedro.run"] for run in finished}) == 1
        assert not (project.path / "mlflow.db").exists()
        assert list((project.path / "served").rglob("seeds.csv"))
    assert not tasks_of(project)


@pytest.mark.slow
def test_what_keeps_failing_fails_alone_and_can_be_made_up_for(project: Project, sequential: Project) -> None:
    two = ("--namespaces", "seeds-fcn-1,seeds-fcn-2")
    run = project.start(*SEEDS, *DASK, *two, "--params", "dask.retries=0,dask.workers=2")
    victim = ("seeds-fcn-2", "RUNNING")
    wait_until(
        lambda: victim in {(run.info.run_name, run.info.status) for run in runs_if_any(project.store)}, RUN_TIMEOUT
    )
    tasks_of(project)["seeds-fcn-2"].kill()
    output, _ = run.communicate(timeout=RUN_TIMEOUT)
    assert run.returncode == 1, output
    assert "seeds-fcn-2 failed: its process was ended by signal 9" in output
    assert "--only-missing-outputs" in output
    reports = project.path / "data/test/08_reporting/seeds"
    assert [path.name for path in reports.glob("*.csv")] == ["fcn-1.csv"]
    made = (reports / "fcn-1.csv").stat().st_mtime_ns

    project.kedro(*SEEDS, *DASK, *two, "--only-missing-outputs")
    assert (reports / "fcn-1.csv").stat().st_mtime_ns == made
    assert (
        pd.read_csv(reports / "fcn-2.csv")["test_loss"].item()
        == table_of(sequential).query("network == 'fcn' and seed == 2")["test_loss"].item()
    )
    runs = [(run.info.run_name, run.info.status) for run in runs_of(project.store)]
    assert sorted(runs) == [("seeds-fcn-1", "FINISHED"), ("seeds-fcn-2", "FINISHED"), ("seeds-fcn-2", "KILLED")]
    assert all("test_accuracy" in run.data.metrics for run in runs_of(project.store) if run.info.status == "FINISHED")


TWO_DEVICES = """
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
"""
RUN = """
from convnets.__main__ import main
sys.argv = ["convnets", "--env", "test", "--pipeline", "cnn", "--params", sys.argv[1]]
main()
"""
INTERRUPTED = """
import numpy as np
from convnets.datasets.checkpoint import CheckpointDataset
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.training_parameters import Training
from convnets.pipelines.classifier.nodes import build_model, compile_model, start_or_resume, train

network = Network.model_validate({"name": "fcn", "architecture": "fully_connected", "units": 16})
training = Training(
    epochs=2, batch_size=32, optimizer="rmsprop", loss="sparse_categorical_crossentropy", validation_split=0
)
names = Dataset(name="MNIST", folder="-", class_names=tuple("0123456789"), train_samples=None, test_samples=None)
images, labels = np.random.default_rng(1).random((500, 784), np.float32), np.arange(500, dtype=np.uint8) % 10
untrained = build_model(images, network, names, 1)

def compiled():
    model = compile_model(untrained, training, "float32", 32, "mirrored")
    assert model.distribute_strategy.num_replicas_in_sync == 2
    return model

kept = CheckpointDataset(filepath=sys.argv[1])
for _, checkpoint in train(start_or_resume(compiled(), training, None), images, labels, training, 1):
    if len(checkpoint.log) == 1:
        kept.save(checkpoint)
whole = checkpoint.model.get_weights()
((_, checkpoint),) = train(start_or_resume(compiled(), training, kept.load()), images, labels, training, 1)
assert all((a == b).all() for a, b in zip(whole, checkpoint.model.get_weights(), strict=True))
print("the same bits")
"""


def with_two_devices(script: str, argument: str, folder: Path) -> str:
    """Run a script where TensorFlow has two CPU devices, and return what it printed."""
    done = subprocess.run(  # noqa: S603 - the project's own
        [sys.executable, "-c", TWO_DEVICES + script, argument],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_TIMEOUT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_two_devices_share_the_batches_of_one_training(project: Project) -> None:
    metrics = {}
    for strategy in ("default", "mirrored"):
        with_two_devices(RUN, f"strategy={strategy},precision=float32", project.path)
        metrics[strategy] = json.loads((project.path / "data/test/08_reporting/cnn/metrics.json").read_text())
        shutil.move(project.path / "data" / "test", project.path / strategy)
    assert metrics["mirrored"]["test_loss"] == pytest.approx(metrics["default"]["test_loss"], rel=0.02)
    assert metrics["mirrored"]["test_loss"] != metrics["default"]["test_loss"]


@pytest.mark.slow
def test_an_interrupted_training_on_two_devices_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    assert "the same bits" in with_two_devices(INTERRUPTED, str(tmp_path / "fcn.checkpoint.keras"), tmp_path)
