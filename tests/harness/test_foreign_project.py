"""The harness under another project, which is no lecture: two namespaces that count, and no Keras."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from support import ROOT, wait_until

FILES = {
    "pyproject.toml": """
[tool.kedro]
package_name = "counting"
project_name = "counting"
kedro_init_version = "1.7.0"
source_dir = "src"
""",
    "conf/base/globals.yml": "outputs: results",
    "conf/base/tracking.yml": "{uri: 'sqlite:///runs.db', artifacts: artifacts, experiment: counting}",
    "conf/base/parameters.yml": """
alpha: {steps: 2, fail_at: null, seconds: 0}
beta: {steps: 3, fail_at: null, seconds: 0}
""",
    "conf/base/catalog.yml": """
"{name}.start": {type: MemoryDataset, data: []}
"{name}.log":
  type: pandas.CSVDataset
  filepath: results/{name}.csv
  metadata: {mlflow: {log: epochs}}
"{name}.counted":
  type: counting.datasets.CountedDataset
  filepath: results/{name}.counted.json
  metadata: {resume: start}
"{name}.metrics":
  type: json.JSONDataset
  filepath: results/{name}.json
  metadata: {mlflow: {log: metrics}}
""",
    "src/counting/__init__.py": "",
    "src/counting/cli.py": "from convnets.harness.commands import cli, run",
    "src/counting/settings.py": """
from convnets.harness.catalog import CatalogOfCurrentResults
from convnets.harness.configuration import ConfigLoader
from convnets.harness.hooks import Harness

HOOKS = (Harness("counting.experiment.EXPERIMENT"),)
DATA_CATALOG_CLASS = CatalogOfCurrentResults
CONFIG_LOADER_CLASS = ConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base", "default_run_env": "base", "config_patterns": {"tracking": ["tracking*"]},
}
""",
    "src/counting/experiment.py": """
from convnets.harness.checks import check_notes, check_results
from convnets.harness.experiment import Experiment, Plan, RunDescription
from convnets.harness.outputs import check_outputs


def plan(values, global_values, requested):
    return Plan(
        parameters=values,
        blocks={},
        pipelines={},
        checks=[check_results, check_outputs, check_notes],
        describe_run=lambda name: RunDescription(values[name], {"kind": "count"}),
    )


EXPERIMENT = Experiment(package="counting", packages=("numpy",), namespaces=("alpha", "beta"), plan=plan)
""",
    "src/counting/datasets.py": """
from pathlib import Path
from kedro_datasets.json import JSONDataset


class CountedDataset(JSONDataset):
    def finished_epochs(self):
        return len(self.load()["numbers"]) if super()._exists() else 0

    def _exists(self):
        return super()._exists() and self.finished_epochs() == self.load()["planned"]
""",
    "src/counting/nodes.py": """
import time
import pandas as pd


def count(start, parameters):
    numbers = list(start["numbers"]) if start else []
    while len(numbers) < parameters["steps"]:
        time.sleep(parameters["seconds"])
        if len(numbers) + 1 == parameters["fail_at"]:
            raise ArithmeticError("lost count")
        numbers.append(len(numbers) + 1)
        log = pd.DataFrame({"epoch": numbers, "number": numbers})
        yield log, {"planned": parameters["steps"], "numbers": numbers}


def add_up(counted):
    return {"total": sum(counted["numbers"])}


def compare(alpha, beta):
    return {"difference": alpha["total"] - beta["total"]}
""",
    "src/counting/pipeline_registry.py": """
from kedro.pipeline import Node, Pipeline
from counting.nodes import add_up, compare, count


def register_pipelines():
    names = {}
    for name in ("alpha", "beta"):
        nodes = [
            Node(count, inputs=["start", f"params:{name}"], outputs=["log", "counted"], name="count"),
            Node(add_up, inputs="counted", outputs="metrics", name="add_up"),
        ]
        names[name] = Pipeline(nodes, namespace=name, parameters={f"params:{name}"})
    names["both"] = Pipeline([Node(compare, ["alpha.metrics", "beta.metrics"], "both.metrics", name="compare")])
    return {**names, "__default__": names["alpha"] + names["beta"]}
""",
}


class Counting:
    """The project, and commands run in it."""

    def __init__(self, path: Path) -> None:
        """Lay it out."""
        self.path = path
        for name, content in FILES.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(content)

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start `kedro run` with options."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        return subprocess.Popen(  # noqa: S603 - the project's own command
            [sys.executable, "-m", "kedro", "run", *options],
            cwd=self.path,
            env=environment | {"PYTHONPATH": str(ROOT / "src"), "DO_NOT_TRACK": "true"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *options: str, status: int = 0) -> str:
        """Run it to its end, and return what it said."""
        process = self.start(*options)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == status, output
        return output

    def result(self, name: str) -> int:
        """What a namespace has added up to."""
        total: int = json.loads((self.path / f"results/{name}.json").read_text())["total"]
        return total

    def runs(self) -> list[tuple[str, str]]:
        """Name and status of each run, the oldest first."""
        store = MlflowClient(f"sqlite:///{self.path / 'runs.db'}")
        experiment = store.get_experiment_by_name("counting")
        assert experiment is not None
        runs = store.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])
        return [(str(run.info.run_name), run.info.status) for run in runs]


@pytest.fixture
def counting(tmp_path: Path) -> Counting:
    return Counting(tmp_path)


def test_each_namespace_has_a_run_and_what_is_there_is_not_made_again(counting: Counting) -> None:
    counting.run()
    assert [counting.result(name) for name in ("alpha", "beta")] == [3, 6]
    assert counting.runs() == [("alpha", "FINISHED"), ("beta", "FINISHED")]
    counting.run("--only-missing-outputs")
    assert len(counting.runs()) == 2
    (counting.path / "results/beta.json").write_text('{"total": 7}')
    output = counting.run("--only-missing-outputs", "--params", "alpha.steps=3")
    assert "alpha.steps was 2 and is 3" in output
    assert "beta.metrics was changed since it was made: made again" in output
    assert [counting.result(name) for name in ("alpha", "beta")] == [6, 6]


@pytest.mark.slow
def test_results_that_were_made_otherwise_are_compared_with_a_word(counting: Counting) -> None:
    counting.run("--pipeline=alpha", "--params", "alpha.steps=4")
    counting.run("--pipeline=beta")
    output = counting.run("--pipeline=both")
    assert "alpha was made otherwise: alpha.steps was 4 and is 2; make it again: kedro run --pipeline=alpha\n" in output
    assert "beta was" not in output
    assert "otherwise" not in counting.run("--pipeline=both", "--params", "alpha.steps=4")
    output = counting.run("--pipeline=both", "--params=alpha.steps=4,beta.steps=1")
    assert (
        "beta was made otherwise: beta.steps was 3 and is 1; make it again: kedro run --pipeline=beta --params="
        in output
    )
    assert output.count("otherwise") == 1


@pytest.mark.slow
def test_a_namespace_that_fails_is_failed_alone(counting: Counting) -> None:
    output = counting.run("--params", "beta.fail_at=2", status=1)
    assert "lost count" in output
    assert counting.runs() == [("alpha", "FINISHED"), ("beta", "FAILED")]


def test_a_run_that_is_killed_goes_on_where_it_was(counting: Counting) -> None:
    process = counting.start("--pipeline=beta", "--params", "beta.steps=6,beta.seconds=1")
    counted = counting.path / "results/beta.counted.json"
    wait_until(lambda: counted.exists() and len(json.loads(counted.read_text())["numbers"]) >= 2, 60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = len(json.loads(counted.read_text())["numbers"])
    counting.run("--pipeline=beta", "--params", "beta.steps=6,beta.seconds=1", "--only-missing-outputs")
    assert counting.result("beta") == sum(range(7))
    assert counting.runs() == [("beta", "KILLED"), ("beta", "FINISHED")]
    store = MlflowClient(f"sqlite:///{counting.path / 'runs.db'}")
    (experiment,) = store.search_experiments(filter_string="name = 'counting'")
    (run,) = store.search_runs([experiment.experiment_id], "attributes.status = 'FINISHED'")
    assert int(run.data.tags["resumed.after_epoch"]) >= before
    assert [point.step for point in store.get_metric_history(run.info.run_id, "number")] == [*range(1, 7)]
