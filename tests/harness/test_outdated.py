"""Results of other pipelines that a run starts from: when it is said that they were made otherwise."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from kedro.io import MemoryDataset
from kedro.pipeline import Node, Pipeline

from convnets.harness.catalog import CatalogOfCurrentResults
from convnets.harness.exits import command_to_make
from convnets.harness.experiment import Experiment
from convnets.harness.outdated import OutdatedInputHooks, find_outdated_inputs, find_outdated_results
from convnets.harness.provenance import find_origins, note_path
from convnets.pipelines import across_namespaces

EXPERIMENT = Experiment(package="convnets", packages=(), namespaces=("cnn",), plan=lambda *_: pytest.fail("asked"))


def step(*_: object) -> None:
    """What would make something."""


TRAINING = Pipeline(
    [
        Node(step, inputs=["raw_images", "params:seed", "params:epochs"], outputs="model", name="train"),
        Node(step, inputs=["model", "params:bins"], outputs="metrics", name="evaluate"),
        Node(step, inputs=["model", "params:colour"], outputs="figure", name="plot"),
    ],
    inputs={"raw_images"},
    namespace="cnn",
    parameters={"params:seed", "params:epochs", "params:bins", "params:colour"},
)
with across_namespaces():
    COMPARISON = Pipeline([Node(step, inputs="cnn.metrics", outputs="comparison.table", name="compare")])
    REPORT = Pipeline([Node(step, inputs=["comparison.table", "cnn.metrics"], outputs="report.page", name="report")])
REPORTED = {"cnn": TRAINING, "comparison": COMPARISON + REPORT, "report": REPORT}
PIPELINES = {"cnn": TRAINING, "comparison": COMPARISON, "cnn_study": Pipeline([])}
PARAMETERS = {"seed": 1, "epochs": 5, "bins": 10, "colour": "blue"}


@pytest.fixture
def catalog(tmp_path: Path) -> Any:
    (tmp_path / "raw.json").write_text("1")
    kept = {"type": "json.JSONDataset", "filepath": str(tmp_path / "{network}.{name}.json")}
    raw = {"type": "json.JSONDataset", "filepath": str(tmp_path / "raw.json")}
    return CatalogOfCurrentResults.from_config({"{network}.{name}": kept, "raw_images": raw})


def make(catalog: Any, *but: str, **changed: Any) -> None:
    """Note what all results, but these, are made from with parameters, of which some are changed."""
    for name, origin in find_origins(TRAINING, catalog, PARAMETERS | changed, EXPERIMENT).items():
        if name not in but:
            catalog.save(name, 1)
            note = note_path(catalog, name)
            note.parent.mkdir(exist_ok=True)
            note.write_text(json.dumps({"made_from": origin, "sha256": []}))


def outdated(catalog: Any, **changed: Any) -> dict[str, list[str]]:
    return dict(find_outdated_inputs(COMPARISON.inputs(), PIPELINES, catalog, PARAMETERS | changed, EXPERIMENT))


def test_what_was_made_from_the_same_needs_no_word(catalog: Any) -> None:
    make(catalog)
    assert outdated(catalog) == {}


def test_what_differs_on_the_way_to_a_result_is_said_once(catalog: Any) -> None:
    make(catalog, seed=2, bins=20)
    assert outdated(catalog) == {"cnn": ["seed was 2 and is 1", "bins was 20 and is 10"]}


def test_what_the_result_does_not_depend_on_is_not_said(catalog: Any) -> None:
    make(catalog, colour="red")
    assert outdated(catalog) == {}


def test_raw_data_that_changed_is_named_and_of_what_cannot_be_read_nothing_is_said(
    catalog: Any, tmp_path: Path
) -> None:
    make(catalog)
    (tmp_path / "raw.json").write_text("2")
    assert outdated(catalog) == {"cnn": ["raw_images has changed"]}
    (tmp_path / "raw.json").unlink()
    assert outdated(catalog) == {}


def test_a_training_that_has_only_begun_changes_no_result(catalog: Any) -> None:
    make(catalog)
    make(catalog, "cnn.metrics", "cnn.figure", seed=2)
    assert outdated(catalog) == {}
    assert outdated(catalog, seed=2) == {"cnn": []}  # of the metrics no note says what seed they were made with


def noted(catalog: Any, pipeline: Pipeline) -> None:
    """Leave the results of a pipeline, with notes of what they are made from now."""
    for name, origin in find_origins(pipeline, catalog, PARAMETERS, EXPERIMENT).items():
        catalog.save(name, 1)
        note = note_path(catalog, name)
        note.parent.mkdir(exist_ok=True)
        note.write_text(json.dumps({"made_from": origin, "sha256": []}))


def test_of_results_of_others_that_are_made_of_this_runs_it_is_said_when_they_no_longer_are(catalog: Any) -> None:
    def found() -> list[str]:
        return find_outdated_results(TRAINING, REPORTED, catalog, PARAMETERS, EXPERIMENT)

    make(catalog)
    assert found() == []  # nothing was compared yet
    noted(catalog, REPORTED["comparison"])
    assert found() == []
    make(catalog, colour="red")  # which the metrics do not depend on
    assert found() == []
    make(catalog, seed=2)
    assert found() == ["comparison"]  # which makes the report anew
    noted(catalog, COMPARISON)
    assert found() == ["report"]
    noted(catalog, REPORTED["comparison"])
    assert found() == []


def test_a_comparison_of_results_that_were_made_anew_says_so(catalog: Any) -> None:
    make(catalog)
    noted(catalog, REPORTED["comparison"])
    make(catalog, seed=2)
    found = dict(find_outdated_inputs(REPORT.inputs(), REPORTED, catalog, PARAMETERS | {"seed": 2}, EXPERIMENT))
    assert found == {"comparison": ["the results of cnn have changed"]}


def test_a_node_is_given_what_was_said(catalog: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(catalog, seed=2)
    asked = Node(step, inputs=["comparison.table", "report.outdated"], outputs="report.page", name="report")
    catalog["report.outdated"] = MemoryDataset(None, metadata={"give": "outdated_inputs"})
    hooks = OutdatedInputHooks(EXPERIMENT, PARAMETERS, PIPELINES)
    hooks.before_pipeline_run({"env": None}, COMPARISON, catalog)
    sentence = "cnn was made otherwise: seed was 2 and is 1; make it again: kedro run --pipeline=cnn"
    assert hooks.before_node_run(asked) == {"report.outdated": {"cnn": sentence}}
    assert hooks.before_node_run(COMPARISON.nodes[0]) == {}
    assert capsys.readouterr().out.splitlines() == [sentence]


def test_several_pipelines_are_run_by_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["kedro", "run"])
    assert command_to_make("comparison,playground", None) == "kedro run --pipelines=comparison,playground"


def test_the_command_has_the_parameters_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["run", "--params", "seed=2,dataset.name=My digits", "--pipeline=comparison", "--conf-source=conf"]
    monkeypatch.setattr(sys, "argv", ["kedro", *given])
    assert command_to_make("cnn", "test") == (
        "kedro run --env test --pipeline=cnn --params 'seed=2,dataset.name=My digits' --conf-source=conf"
    )


class Gathered(MemoryDataset):
    """What consists of other data sets."""

    def parts(self) -> list[str]:
        """Those that are there."""
        return ["cnn.metrics"]


def test_what_consists_of_others_is_as_outdated_as_they_are(catalog: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with across_namespaces():
        inputs = ["report.gathered", "report.outdated"]
        report = Pipeline([Node(step, inputs=inputs, outputs="report.page", name="report")])
    catalog["report.gathered"] = Gathered({})
    catalog["report.outdated"] = MemoryDataset(None, metadata={"give": "outdated_inputs"})
    pipelines = {"cnn": TRAINING, "report": report}
    make(catalog)
    noted(catalog, report)
    assert find_outdated_results(TRAINING, pipelines, catalog, PARAMETERS, EXPERIMENT) == []
    make(catalog, seed=2)
    assert find_outdated_results(TRAINING, pipelines, catalog, PARAMETERS, EXPERIMENT) == ["report"]
    hooks = OutdatedInputHooks(EXPERIMENT, PARAMETERS, pipelines)
    hooks.before_pipeline_run({"env": None}, report, catalog)
    assert capsys.readouterr().out == ""  # nothing is compared that does not belong together
    (given,) = hooks.before_node_run(report.nodes[0]).values()
    assert given["cnn"].startswith("cnn was made otherwise: seed was 2 and is 1")
