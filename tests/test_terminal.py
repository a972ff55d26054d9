"""The table that a run ends with."""

import io
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from rich.console import Console

from convnets.pipelines import across_namespaces
from convnets.terminal import TerminalHooks, chosen_options, predictions_table, results_table
from convnets.training_parameters import Augmentation, Training

METRICS = {
    "parameters": 407_050,
    "test_accuracy": 0.98031,
    "test_accuracy_low": 0.97739,
    "test_accuracy_high": 0.98285,
    "lecture_accuracy": 0.9785,
    "fit_seconds": 6.26,
    "fit_images_per_second": 47_923.3,
}


def test_the_table_fits_a_terminal_and_has_a_row_for_each_network() -> None:
    terminal = io.StringIO()
    Console(width=80, file=terminal).print(
        results_table({"cnn_no_pool": METRICS | {"lecture_accuracy": None}, "fcn": METRICS}, ["fcn", "cnn_no_pool"])
    )
    lines = [line.split() for line in terminal.getvalue().splitlines() if line.split()]
    assert lines[-2] == ["fcn", "407,050", "0.9803", "(0.9774", "to", "0.9829)", "0.9785", "6.3", "s", "47,923"]
    assert lines[-1][0] == "cnn_no_pool"
    assert lines[-1][-4:] == ["-", "6.3", "s", "47,923"]


def test_each_image_is_a_row_and_its_name_is_no_markup() -> None:
    terminal = io.StringIO()
    predictions = pd.DataFrame(
        [
            ("[red].png", "fcn", "7", 0.981),
            ("[red].png", "cnn", "1", 0.5),
            ("b.png", "fcn", "2", 1),
            ("b.png", "cnn", "2", 1),
        ],
        columns=["image", "network", "predicted", "probability"],
    )
    Console(width=80, file=terminal).print(predictions_table(predictions))
    lines = [line.split() for line in terminal.getvalue().splitlines() if line.split()]
    assert lines[1] == ["image", "fcn", "cnn"]
    assert lines[-2:] == [["[red].png", "7", "(0.98)", "1", "(0.50)"], ["b.png", "2", "(1.00)", "2", "(1.00)"]]


def test_a_name_with_line_breaks_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    hooks: Any = TerminalHooks(["fcn"], [])
    hooks.before_pipeline_run({"pipeline_names": ["prediction"], "env": None}, Pipeline([]), DataCatalog())
    refused = pd.DataFrame([{"image": "a\nb\x1b.png", "reason": "The file is empty; allowed: a PNG or JPEG image."}])
    hooks.after_dataset_saved("prediction.refused_images_table", refused)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "a b\\x1b.png is refused: The file is empty; allowed: a PNG or JPEG image."
    ]


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_networks_that_were_trained_in_different_precisions_are_named(
    capsys: pytest.CaptureFixture[str], precision: str
) -> None:
    hooks: Any = TerminalHooks(["fcn"], [])
    hooks.before_pipeline_run({"pipeline_names": ["comparison"], "env": None}, Pipeline([]), DataCatalog())
    compared = pd.DataFrame({"network": ["fcn", "cnn"], "precision": ["float32", precision]})
    hooks.after_dataset_saved("comparison.table", compared)
    said = "The networks were trained in different precisions: fcn in float32, cnn in mixed_bfloat16"
    assert capsys.readouterr().out.splitlines()[1:] == ([said] if precision != "float32" else [])


@pytest.mark.parametrize(
    ("environment", "made", "last"),
    [
        (
            None,
            ("cnn.report", "comparison.report"),
            [
                "Look next: make viz shows the pipeline, make mlflow the runs.",
                "The report: data/comparison.report.html",
            ],
        ),
        (
            "test",
            ("cnn.report", "seeds-cnn-1.report"),
            [
                "Look next: kedro viz run --env test shows the pipeline, kedro mlflow --env test the runs.",
                "The report of cnn: data/cnn.report.html",
            ],
        ),
    ],
)
def test_a_run_ends_with_where_to_look(
    capsys: pytest.CaptureFixture[str], environment: str | None, made: tuple[str, ...], last: list[str]
) -> None:
    hooks: Any = TerminalHooks(["cnn"], [])
    with across_namespaces():
        pipeline = Pipeline([Node(repr, inputs="nothing", outputs=name, name=name) for name in made])
    pages = DataCatalog.from_config({"{name}": {"type": "text.TextDataset", "filepath": "data/{name}.html"}})
    hooks.before_pipeline_run({"pipeline_names": None, "env": environment}, pipeline, pages)
    hooks.after_dataset_saved("cnn.record", {"metrics": METRICS})
    hooks.after_pipeline_run()
    assert capsys.readouterr().out.splitlines()[-len(last) :] == last


def test_of_a_training_only_what_was_chosen_is_said() -> None:
    lecture: dict[str, Any] = {
        "epochs": 5,
        "batch_size": 64,
        "optimizer": "rmsprop",
        "loss": "sparse_categorical_crossentropy",
        "validation_split": 0,
    }
    assert chosen_options(Training(**lecture)) == ""
    chosen = {"validation_split": 0.1, "learning_rate": 0.001, "augmentation": Augmentation(shift=2)}
    said = ", with validation_split 0.1, learning_rate 0.001, shift 2"
    assert chosen_options(Training(**lecture | chosen)) == said
