"""The MLflow hook on small pipelines: what is recorded, when, and how runs end."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
import yaml
from kedro.framework.hooks import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro.runner import AbstractRunner, SequentialRunner, ThreadRunner
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from convnets.experiment import EXPERIMENT, describe_run
from convnets.harness.circumstances import git_commit
from convnets.harness.locks import NamespaceLocks
from convnets.harness.messages import TrackingError
from convnets.harness.runners import NamespaceByNamespaceRunner
from convnets.harness.tracking.hooks import TrackingHooks
from convnets.harness.tracking.settings import MAX_CHARTS, MAX_METRIC_CHARS, Chart, Tracking
from convnets.harness.tracking.view import SEARCH, TAG, view_tag
from support import free_port

CONF = Path(__file__).parents[3] / "conf" / "base"
CATALOG: dict[str, dict[str, Any]] = {
    "{network}.log": {"type": "MemoryDataset", "metadata": {"mlflow": {"log": "epochs"}}},
    "{network}.metrics": {"type": "MemoryDataset", "metadata": {"mlflow": {"log": "metrics"}}},
    "params:{network}.run_id": {"type": "MemoryDataset", "data": None, "metadata": {"mlflow": {"give": "run_id"}}},
}


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: MLflow takes seconds to lay out its tables."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> mlflow.MlflowClient:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")


@pytest.fixture
def tracked_run(tmp_path: Path) -> Callable[..., None]:
    """Run a pipeline as Kedro does, with the hook, in a project of its own."""

    def run(pipeline: Pipeline, runner: AbstractRunner | None = None) -> None:
        conf = {name: yaml.safe_load((CONF / f"{name}.yml").read_text()) for name in ("parameters", "tracking")}
        claims = NamespaceLocks(tmp_path)
        describe = partial(describe_run, parameters=conf["parameters"], studies=())
        hooks = TrackingHooks(tmp_path, Tracking(**conf["tracking"]), EXPERIMENT, describe, claims)
        manager = _create_hook_manager()
        manager.register(hooks)
        catalog = DataCatalog.from_config(CATALOG)
        about = {"run_id": "this run", "env": None, "pipeline_names": None, "only_missing_outputs": False}
        claims.before_pipeline_run(pipeline, catalog)
        hooks.before_pipeline_run(about, pipeline, catalog)
        try:
            (runner or NamespaceByNamespaceRunner()).run(pipeline, catalog, manager)
        except Exception:
            hooks.on_pipeline_error()
            claims.on_pipeline_error()
            raise
        hooks.after_pipeline_run()
        claims.after_pipeline_run()

    return run


def runs_in(store: mlflow.MlflowClient) -> list[Run]:
    experiment = store.get_experiment_by_name("convnets")
    assert experiment is not None
    return list(store.search_runs([experiment.experiment_id]))


def statuses(store: mlflow.MlflowClient) -> dict[str, str]:
    return {run.info.run_name: run.info.status for run in runs_in(store)}


def learn() -> Iterator[pd.DataFrame]:
    yield pd.DataFrame({"epoch": [1], "loss": [0.5]})
    yield pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25]})


def give_up_in_the_second_epoch() -> Iterator[pd.DataFrame]:
    yield pd.DataFrame({"epoch": [1], "loss": [0.5]})
    raise ArithmeticError("the loss is not a number")


def score(log: pd.DataFrame) -> dict[str, float | None]:
    return {"test_accuracy": 1 - log["loss"].iloc[-1], "lecture_accuracy": None}


def fail(_: pd.DataFrame) -> dict[str, float]:
    raise ArithmeticError("no accuracy")


def network(
    name: str, learn: Callable[[], Iterator[pd.DataFrame]] = learn, score: Callable[..., Any] = score
) -> Pipeline:
    nodes = [
        Node(learn, inputs=None, outputs="log", name="learn"),
        Node(score, inputs="log", outputs="metrics", name="score"),
    ]
    return Pipeline(nodes, namespace=name)


@pytest.mark.parametrize("runner", [NamespaceByNamespaceRunner, SequentialRunner, ThreadRunner])
def test_each_network_has_a_run_of_its_own(
    store: mlflow.MlflowClient, tracked_run: Callable[..., None], runner: type[AbstractRunner]
) -> None:
    tracked_run(network("fcn") + network("cnn"), runner())
    assert statuses(store) == {"fcn": "FINISHED", "cnn": "FINISHED"}
    runs = runs_in(store)
    for run in runs:
        history = store.get_metric_history(run.info.run_id, "loss")
        assert [(point.step, point.value) for point in history] == [(1, 0.5), (2, 0.25)]
        assert run.data.metrics["test_accuracy"] == 0.75
        assert "lecture_accuracy" not in run.data.metrics
    assert {run.data.tags["kedro.run"] for run in runs} == {"this run"}
    assert len({run.data.tags["mlflow.runColor"] for run in runs}) == 2


def test_a_run_that_ends_with_training_has_all_epochs(
    store: mlflow.MlflowClient, tracked_run: Callable[..., None]
) -> None:
    tracked_run(network("cnn").to_nodes("cnn.learn"))
    (run,) = runs_in(store)
    assert run.info.status == "FINISHED"
    assert [point.step for point in store.get_metric_history(run.info.run_id, "loss")] == [1, 2]


def test_a_run_knows_its_parameters_and_versions(store: mlflow.MlflowClient, tracked_run: Callable[..., None]) -> None:
    tracked_run(network("cnn"))
    (run,) = runs_in(store)
    expected = {
        "seed": "1",
        "dataset.name": "MNIST",
        "network.filters": "[32, 64, 128]",
        "network.pool_size": "2",
        "training.epochs": "5",
        "training.batch_size": "64",
        "training.validation_split": "0.0",
    }
    assert expected.items() <= run.data.params.items()
    assert run.data.tags["version.keras"].startswith("3.")
    assert not any(name.startswith("fcn") for name in run.data.params)


def test_curves_grow_while_training_goes_on(store: mlflow.MlflowClient, tracked_run: Callable[..., None]) -> None:
    seen = []

    def learn_and_look() -> Iterator[pd.DataFrame]:
        for log in learn():
            (run,) = runs_in(store)
            seen.append((run.info.status, run.data.metrics.get("loss")))
            yield log

    tracked_run(network("fcn", learn=learn_and_look))
    assert seen == [("RUNNING", None), ("RUNNING", 0.5)]


def test_a_network_is_finished_before_the_next_begins(
    store: mlflow.MlflowClient, tracked_run: Callable[..., None]
) -> None:
    seen = []

    def look() -> Iterator[pd.DataFrame]:
        seen.append(statuses(store))
        yield from learn()

    tracked_run(network("fcn", learn=look) + network("cnn", learn=look))
    assert [sorted(status.values()) for status in seen] == [["RUNNING"], ["FINISHED", "RUNNING"]]


def test_a_node_that_asks_for_it_is_given_the_run_in_which_it_is_recorded(
    store: mlflow.MlflowClient, tracked_run: Callable[..., None]
) -> None:
    given: dict[str, str | None] = {}

    def asks(name: str) -> Pipeline:
        def note(run_id: str | None) -> None:
            given[name] = run_id

        return Pipeline([Node(note, inputs="params:run_id", outputs=None, name="note")], namespace=name)

    tracked_run(asks("fcn") + asks("cnn"))
    assert given == {str(run.info.run_name): run.info.run_id for run in runs_in(store)}
    assert len(given) == 2


@pytest.mark.parametrize(
    "failing",
    [{"score": fail}, {"learn": give_up_in_the_second_epoch}],
    ids=["in a node", "in the second epoch"],
)
@pytest.mark.parametrize("runner", [NamespaceByNamespaceRunner, SequentialRunner, ThreadRunner])
def test_a_failed_network_is_failed_and_none_is_left_running(
    store: mlflow.MlflowClient,
    tracked_run: Callable[..., None],
    runner: type[AbstractRunner],
    failing: dict[str, Callable[..., Any]],
) -> None:
    with pytest.raises(ArithmeticError):
        tracked_run(network("cnn", **failing) + network("fcn"), runner())
    found = statuses(store)
    assert found["cnn"] == "FAILED"
    assert "RUNNING" not in found.values()


def test_the_view_shows_the_charts_of_the_configuration_in_their_order(
    store: mlflow.MlflowClient, tracked_run: Callable[..., None]
) -> None:
    tracked_run(network("fcn"))
    experiment = store.get_experiment_by_name("convnets")
    assert experiment is not None
    view = json.loads(experiment.tags["mlflow.sharedViewState.latest-runs"])
    state = json.loads(view["state"])
    assert [(chart["type"], chart["metricKey"]) for chart in state["compareRunCharts"]] == [
        ("BAR", "test_error_percent"),
        ("LINE", "accuracy"),
        ("LINE", "loss"),
        ("BAR", "fit_seconds"),
        ("BAR", "parameters"),
    ]
    shown = {section["uuid"] for section in state["compareRunSections"] if section["display"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} == shown
    assert [run.info.run_name for run in store.search_runs([experiment.experiment_id], state["searchFilter"])] == [
        "fcn"
    ]


def test_the_view_leaves_out_networks_that_failed(store: mlflow.MlflowClient, tracked_run: Callable[..., None]) -> None:
    with pytest.raises(ArithmeticError):
        tracked_run(network("cnn", score=fail))
    experiment = store.get_experiment_by_name("convnets")
    assert experiment is not None
    assert list(store.search_runs([experiment.experiment_id], SEARCH)) == []
    assert list(store.search_registered_models()) == []


def test_the_longest_view_fits_into_a_tag() -> None:
    longest = [Chart(type="line", metric="m" * MAX_METRIC_CHARS)] * MAX_CHARTS
    assert len(view_tag(longest, 2**43)) < 5000


def test_a_view_that_a_user_has_changed_stays(store: mlflow.MlflowClient, tracked_run: Callable[..., None]) -> None:
    number = store.create_experiment("convnets")
    changed = json.dumps({"name": "mine", "createdAt": 1, "updatedAt": 2, "state": "{}"})
    store.set_experiment_tag(number, TAG, changed)
    tracked_run(network("fcn"))
    assert store.get_experiment(number).tags[TAG] == changed


def test_a_run_goes_on_where_the_view_may_not_be_written(
    store: mlflow.MlflowClient,
    tracked_run: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object) -> None:
        raise MlflowException("Permission denied")

    monkeypatch.setattr(mlflow.MlflowClient, "set_experiment_tag", refuse)
    tracked_run(network("fcn"))
    assert statuses(store) == {"fcn": "FINISHED"}
    assert "could not be prepared (Permission denied)" in capsys.readouterr().err


def test_another_store_can_be_named_in_the_environment(
    empty_store: Path, tmp_path: Path, tracked_run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(empty_store, tmp_path / "team.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'team.db'}")
    tracked_run(network("fcn"))
    assert statuses(mlflow.MlflowClient(f"sqlite:///{tmp_path / 'team.db'}")) == {"fcn": "FINISHED"}
    assert not (tmp_path / "mlflow.db").exists()


def test_a_store_that_is_none_is_refused_before_anything_runs(
    tmp_path: Path, tracked_run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "mlflow.db").write_bytes(b"no database at all" * 100)
    began = []

    def begin() -> Iterator[pd.DataFrame]:
        began.append(True)
        yield from learn()

    with pytest.raises(TrackingError, match="cannot be used") as raised:
        tracked_run(network("fcn", learn=begin))
    assert not began
    assert len(str(raised.value).splitlines()) == 1


def test_a_deleted_experiment_is_refused_with_the_way_back(
    store: mlflow.MlflowClient, tracked_run: Callable[..., None]
) -> None:
    number = store.create_experiment("convnets")
    store.delete_experiment(number)
    with pytest.raises(TrackingError, match=f"mlflow experiments restore --experiment-id {number}"):
        tracked_run(network("fcn"))


def test_an_experiment_that_another_run_has_just_made_is_used(
    store: mlflow.MlflowClient, tracked_run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = store.create_experiment("convnets")
    with monkeypatch.context() as before_it_was_made:
        before_it_was_made.setattr(mlflow.MlflowClient, "get_experiment_by_name", lambda *_: None)
        tracked_run(network("fcn"))
    assert {run.info.experiment_id for run in runs_in(store)} == {number}


def test_a_server_that_does_not_answer_is_refused_at_once(
    tracked_run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    began = time.monotonic()
    with pytest.raises(TrackingError, match=f"No MLflow server answers at {uri} .*: start it, or unset"):
        tracked_run(network("fcn"))
    assert time.monotonic() - began < 15


def test_a_password_in_an_address_is_neither_said_nor_noted(
    tmp_path: Path, tracked_run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:s3cret@127.0.0.1:{port}")
    with pytest.raises(TrackingError, match=f"No MLflow server answers at http://127.0.0.1:{port} ") as raised:
        tracked_run(network("fcn"))
    assert "s3cret" not in str(raised.value)
    NamespaceLocks(tmp_path).note_run("fcn", "postgresql://me:s3cret@127.0.0.1/runs")
    (note,) = (tmp_path / ".running").glob("fcn.*.run")
    assert "s3cret" not in f"{note}: {note.read_text()}"


def test_a_network_of_which_only_the_rest_was_run_is_finished(
    store: mlflow.MlflowClient, tracked_run: Callable[..., None]
) -> None:
    class RestAlone(NamespaceByNamespaceRunner):
        """Runs the first node alone, as `--only-missing-outputs` runs what is missing."""

        def run(self, pipeline: Pipeline, *args: Any, **kwargs: Any) -> dict[str, Any]:
            return super().run(pipeline.only_nodes(pipeline.nodes[0].name), *args, **kwargs)

    tracked_run(network("fcn"), RestAlone())
    assert statuses(store) == {"fcn": "FINISHED"}


def test_preparation_alone_needs_no_store(tmp_path: Path, tracked_run: Callable[..., None]) -> None:
    tracked_run(Pipeline([Node(lambda: 1, inputs=None, outputs="one", name="one")]))
    assert not (tmp_path / "mlflow.db").exists()


def test_a_folder_without_git_has_no_commit(tmp_path: Path) -> None:
    assert git_commit(tmp_path) is None
