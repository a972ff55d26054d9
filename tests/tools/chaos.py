"""Kills the main job at random moments, lets it go on, and holds the result against a run that was never interrupted.

`make chaos` does so 30 times in the test configuration; `make chaos ROUNDS=1 CONFIG=base` once on all of MNIST.
"""

import argparse
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import h5py
import mlflow
import pandas as pd
from PIL import Image

from convnets.parameters import NETWORKS
from support import Project

MAX_KILLS = 2  # of one job
RUN_SECONDS = 3600  # seconds


class Job:
    """The main job in a project of its own."""

    def __init__(self, folder: Path, config: str) -> None:
        """Lay out the project; `config` is the environment, `base` that of `make run`."""
        self.project = Project(folder)
        self._environment = [] if config == "base" else ["--env", config]
        self.outputs = folder / ("data" if config == "base" else f"data/{config}")
        self._experiment = "convnets" if config == "base" else f"convnets-{config}"

    def run(self, *options: str, kill_after: float | None = None) -> int:
        """Run it, and kill it after so many seconds if it has not ended by then. Returns the exit status."""
        process = self.project.start("run", *self._environment, *options)
        try:
            output, _ = process.communicate(timeout=kill_after or RUN_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            output, _ = process.communicate()
        if process.returncode > 0:
            sys.stdout.write(output)
        return process.returncode

    def weights(self) -> dict[str, str]:
        """A digest of each network's trained weights."""
        return {name: weights_digest(self.outputs / f"06_models/{name}.keras") for name in NETWORKS}

    def broken_files(self) -> list[str]:
        """The results that cannot be read."""
        return [str(path) for path in self.outputs.rglob("*.*") if path.is_file() and not is_whole(path)]

    def faults(self) -> list[str]:
        """What is wrong with the files and the MLflow runs of a job that has ended."""
        faults = [f"{path} is broken" for path in self.broken_files()]
        faults += [f"{path} is left" for path in self.outputs.rglob(".unfinished-*")]
        store = mlflow.MlflowClient(self.project.store)
        experiment = store.get_experiment_by_name(self._experiment)
        found = store.search_runs([experiment.experiment_id]) if experiment else []
        faults += [f"the run {run.info.run_name} is RUNNING" for run in found if run.info.status == "RUNNING"]
        for name in NETWORKS:
            metrics = json.loads((self.outputs / f"08_reporting/{name}/metrics.json").read_text())
            wanted = {key: value for key, value in metrics.items() if value is not None}
            finished = [run for run in found if run.info.run_name == name and run.info.status == "FINISHED"]
            if not any(wanted.items() <= run.data.metrics.items() and "loss" in run.data.metrics for run in finished):
                faults.append(f"no FINISHED run of {name} has all its metrics")
        return faults


def weights_digest(path: Path) -> str:
    """SHA-256 of all weights of a `.keras` file, which itself bears the time at which it was written."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as member, h5py.File(member) as file:
        file.visititems(lambda _, item: digest.update(item[()].tobytes()) if isinstance(item, h5py.Dataset) else None)
    return digest.hexdigest()


def is_whole(path: Path) -> bool:
    """Whether a file under its final name can be read to its end."""
    if path.name.startswith(".") or ".running" in path.parts:
        return True
    try:
        match path.suffix:
            case ".keras":
                with zipfile.ZipFile(path) as archive:
                    return archive.testzip() is None
            case ".json":
                json.loads(path.read_text())
            case ".csv":
                pd.read_csv(path)
            case ".parquet":
                pd.read_parquet(path)
            case ".png" | ".gif":
                with Image.open(path) as image:
                    image.load()
    except Exception:  # whatever a reader says of a broken file
        return False
    return True


def main(rounds: int, config: str, seed: int) -> int:
    """Run the rounds, print a line for each, and return how many went wrong."""
    moments = random.Random(seed)  # noqa: S311 - no secret
    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        reference = Job(Path(temporary) / "reference", config)
        started = time.monotonic()
        if reference.run():
            raise SystemExit("the job fails even when it is left alone")
        duration = time.monotonic() - started
        weights = reference.weights()
        sys.stdout.write(f"left alone, the job takes {duration:.1f} s\n")
        for round_ in range(1, rounds + 1):
            job = Job(Path(temporary) / str(round_), config)
            faults: list[str] = []
            killed: list[float] = []
            for _ in range(moments.randint(1, MAX_KILLS)):
                moment = moments.uniform(0, duration)
                if job.run(*(["--only-missing-outputs"] if killed else []), kill_after=moment) == -signal.SIGKILL:
                    killed.append(moment)
                faults += [f"{path} is broken after a kill" for path in job.broken_files()]
            started = time.monotonic()
            if job.run("--only-missing-outputs"):
                faults.append("going on failed")
            else:
                faults += job.faults()
                faults += [
                    f"{name} has other weights" for name, found in job.weights().items() if found != weights[name]
                ]
            wrong += bool(faults)
            seconds = ", ".join(f"{moment:.1f}" for moment in killed) or "never"
            sys.stdout.write(
                f"{round_:3d}: killed after {seconds} s, went on in {time.monotonic() - started:.1f} s: "
                f"{'; '.join(faults) or 'the same bits, nothing half, nothing RUNNING'}\n"
            )
            sys.stdout.flush()
    sys.stdout.write(f"{rounds - wrong} of {rounds} rounds ended as if nothing had happened\n")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--config", default="test")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    sys.exit(min(main(**vars(parser.parse_args())), 1))
