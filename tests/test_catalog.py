"""What the catalog's patterns make of each data set's name."""

import re
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from convnets.harness.checks import check_inputs
from convnets.harness.configuration import ConfigLoader
from convnets.harness.experiment import PlannedRun
from convnets.harness.messages import MissingResultError
from convnets.parameters import CONVNETS, NETWORKS, check_parameters
from convnets.pipeline_registry import register_pipelines, register_studies
from convnets.settings import CONFIG_LOADER_ARGS
from convnets.studies import plan_trainings
from support import ROOT

# Type, layer, what a run records: the data sets of which that is so; cnn stands for each network, seeds-cnn-1 for each
# training of a study.
EXPECTED = {
    ("IDXDataset", "raw", "input"): "raw_train_images raw_train_labels raw_test_images raw_test_labels",
    ("ImageFolderDataset", "raw", None): "own_images",
    ("MemoryDataset", "intermediate", None): "train_images train_labels train_pixels test_images test_labels "
    "test_pixels cnn.train_inputs cnn.test_inputs prediction.digits "
    "seeds-cnn-1.all_pixels seeds-cnn-1.all_labels seeds-cnn-1.train_images seeds-cnn-1.train_labels "
    "seeds-cnn-1.train_pixels seeds-cnn-1.train_inputs seeds-cnn-1.test_images seeds-cnn-1.test_labels "
    "seeds-cnn-1.test_pixels seeds-cnn-1.test_inputs",
    ("MemoryDataset", "models", None): "cnn.untrained_model cnn.compiled_model cnn.starting_point "
    "seeds-cnn-1.untrained_model seeds-cnn-1.compiled_model seeds-cnn-1.starting_point seeds-cnn-1.model",
    ("MemoryDataset", "model output", None): "convolution.response_maps convolution.downsampled "
    "convolution.cnn.filters convolution.cnn.feature_maps convolution.cnn.patterns convolution.cnn.answers "
    "convolution.cnn.evidence translation.ink translation.cnn.digit_answers "
    "seeds-cnn-1.history_table "
    "robustness.cnn_corrupted_answers robustness.cnn_validation_answers robustness.cnn_ensemble export.cnn.agreement "
    "seeds-cnn-1.calibration_table seeds-cnn-1.predictions seeds-cnn-1.prediction_speed",
    ("StudyResultsDataset", "reporting", None): "study_results",
    ("CheckpointDataset", "models", None): "cnn.checkpoint seeds-cnn-1.checkpoint",
    ("CSVDataset", "models", "epochs"): "cnn.training_log seeds-cnn-1.training_log",
    ("ModelDataset", "models", "model"): "cnn.model",
    ("TextDataset", "models", "artifact"): "export.cnn.onnx export.cnn.litert",
    ("ParquetDataset", "model output", "artifact"): "cnn.predictions",
    ("ParquetDataset", "model output", None): "robustness-cnn-held_back-1.corrupted_answers "
    "robustness-cnn-held_back-1.validation_answers",
    ("JSONDataset", "model output", None): "cnn.prediction_speed",
    ("CSVDataset", "model output", "artifact"): "prediction.predictions_on_images",
    ("JSONDataset", "reporting", "metrics"): "cnn.metrics seeds-cnn-1.metrics",
    ("JSONDataset", "reporting", None): "cnn.record",
    ("TextDataset", "reporting", "artifact"): "cnn.summary cnn.playground playground.page cnn.report comparison.report",
    ("ImageDataset", "reporting", "artifact"): "convolution.animation",
    ("FigureDataset", "reporting", None): "sample_images",
    ("TextDataset", "reporting", None): "data_report",
    ("CSVDataset", "reporting", None): "class_counts translation.cnn.accuracies seeds-cnn-1.report "
    "seeds-cnn-1.shifts seeds-cnn-1.layer_errors",
    ("CSVDataset", "reporting", "table"): "comparison.table comparison.mcnemar_tests_table",
    ("CSVDataset", "reporting", "artifact"): "export.table translation.table sample_size.table seeds.table "
    "invariance.table invariance.mean_accuracies_table invariance.paired_tests_table invariance.shifts_table "
    "invariance.all_layer_errors_table "
    "invariance.mean_shifts_table invariance.layer_errors_table invariance.interactions_table "
    "label_errors.table label_errors.ceiling_table "
    "robustness.table robustness.mean_measures_table robustness.paired_tests_table "
    "comparison.class_accuracies_table comparison.disagreements_table "
    "comparison.confident_mistakes_table convolution.output_sizes_table convolution.costs_table "
    "convolution.cnn.exciting_images_table sample_size.mean_accuracies_table seeds.mean_accuracies_table "
    "sample_size.paired_tests_table seeds.paired_tests_table prediction.refused_images_table cnn.layers_table "
    "cnn.history_table cnn.calibration_table cnn.per_class_table cnn.confusion_matrix_table cnn.first_prediction_table "
    "cnn.mistakes_table",
    ("FigureDataset", "reporting", "artifact"): "translation.figure sample_size.figure seeds.figure "
    "invariance.figure invariance.head_and_border_figure invariance.settings_figure "
    "label_errors.figure robustness.figure robustness.calibration_figure robustness.corruptions_figure "
    "translation.moving_digit_figure comparison.learning_curves_figure comparison.test_accuracies_figure "
    "comparison.class_accuracies_figure comparison.disagreements_figure comparison.confident_mistakes_figure "
    "convolution.kernels_figure convolution.step_figure convolution.border_effects_figure "
    "convolution.padding_figure convolution.strides_figure convolution.pooling_figure "
    "convolution.cnn.first_filters_figure convolution.cnn.feature_maps_figure "
    "convolution.cnn.exciting_images_figure convolution.cnn.patterns_figure convolution.cnn.evidence_figure "
    "prediction.predictions_on_images_figure cnn.mistakes_figure cnn.architecture_figure cnn.learning_curves_figure "
    "cnn.confusion_matrix_figure cnn.reliability_diagram_figure cnn.first_prediction_figure",
}
ROBUSTNESS = "robustness-cnn-held_back-1"
INVARIANCE = "invariance-cnn-circular_global_max-1"
# Of each run, the files that it records: those in the folder of its name, and above it.
ARTIFACTS = {
    **dict.fromkeys(
        NETWORKS,
        "architecture.png calibration.csv confusion_matrix.csv confusion_matrix.png first_prediction.csv "
        "first_prediction.png history.csv layers.csv learning_curves.png mistakes.csv mistakes.png per_class.csv "
        "playground.html predictions.parquet reliability_diagram.png report.html summary.txt",
    ),
    "comparison": "../comparison.csv ../report.html class_accuracies.csv class_accuracies.png confident_mistakes.csv "
    "confident_mistakes.png disagreements.csv disagreements.png learning_curves.png mcnemar_tests.csv "
    "test_accuracies.png",
    "convolution": "animation.gif border_effects.png costs.csv kernels.png output_sizes.csv padding.png pooling.png "
    "step.png strides.png "
    + " ".join(
        f"{network}.{name}"
        for network in CONVNETS
        for name in (
            *("evidence.png", "exciting_images.csv", "exciting_images.png", "feature_maps.png"),
            *("first_filters.png", "patterns.png"),
        )
    ),
    "label_errors": "../label_errors.csv ../label_errors.png ceiling.csv",
    "playground": "../playground.html",
    "prediction": "../predictions_on_images.csv predictions_on_images.png refused_images.csv",
    "invariance": "../invariance.csv ../invariance.png all_layer_errors.csv head_and_border.png "
    "interactions.csv layer_errors.csv "
    "mean_accuracies.csv mean_shifts.csv paired_tests.csv settings.png shifts.csv",
    "robustness": "../robustness.csv ../robustness.png calibration.png corruptions.png mean_measures.csv "
    "paired_tests.csv",
    "sample_size": "../sample_size.csv ../sample_size.png mean_accuracies.csv paired_tests.csv",
    "seeds": "../seeds.csv ../seeds.png mean_accuracies.csv paired_tests.csv",
    "translation": "../translation.csv ../translation.png moving_digit.png",
}
# What README.md and docs call by name.
FILES = {
    "cnn.model": "06_models/cnn.keras",
    "cnn.checkpoint": "06_models/cnn.checkpoint.keras",
    "cnn.predictions": "07_model_output/cnn/predictions.parquet",
    "prediction.predictions_on_images": "07_model_output/predictions_on_images.csv",
    "cnn.metrics": "08_reporting/cnn/metrics.json",
    "cnn.record": "08_reporting/cnn/record.json",
    "comparison.table": "08_reporting/comparison.csv",
    "sample_size.table": "08_reporting/sample_size.csv",
    "seeds.table": "08_reporting/seeds.csv",
    "export.cnn.onnx": "06_models/cnn.onnx",
    "export.cnn.litert": "06_models/cnn.tflite",
    "export.table": "08_reporting/export.csv",
    "label_errors.table": "08_reporting/label_errors.csv",
    "label_errors.figure": "08_reporting/label_errors.png",
    "translation.table": "08_reporting/translation.csv",
    "playground.page": "08_reporting/playground.html",
    "cnn.report": "08_reporting/cnn/report.html",
    "comparison.report": "08_reporting/report.html",
    "prediction.refused_images_table": "08_reporting/prediction/refused_images.csv",
    "sample_size-cnn-100-2.report": "08_reporting/sample_size/cnn-100-2.csv",
    "robustness.table": "08_reporting/robustness.csv",
    "robustness.figure": "08_reporting/robustness.png",
    "robustness-cnn-held_back-1.report": "08_reporting/robustness/cnn-held_back-1.csv",
    "seeds-cnn-1.metrics": "08_reporting/seeds/cnn-1.metrics.json",
    "seeds-cnn-1.checkpoint": "06_models/seeds/cnn-1.checkpoint.keras",
}


@pytest.fixture(scope="module")
def catalog() -> DataCatalog:
    settings: Any = CONFIG_LOADER_ARGS
    loader = ConfigLoader(str(ROOT / "conf"), runtime_params={}, **settings)
    return DataCatalog.from_config(loader["catalog"])


@pytest.fixture(scope="module")
def pipelines() -> dict[str, Pipeline]:
    settings: Any = CONFIG_LOADER_ARGS
    values = ConfigLoader(str(ROOT / "conf"), runtime_params={}, **settings)["parameters"]
    trainings = plan_trainings(check_parameters(values))
    some = {name: trainings[name] for name in ("sample_size-cnn-100-2", "seeds-cnn-1", ROBUSTNESS, INVARIANCE)}
    return register_pipelines() | register_studies(["robustness", "sample_size", "seeds", "invariance"], some)


def described(dataset: Any) -> tuple[str, str | None, str | None]:
    """Type, layer and what a run records."""
    metadata = dataset.metadata or {}
    return type(dataset).__name__, metadata.get("kedro-viz", {}).get("layer"), metadata.get("mlflow", {}).get("log")


def of_its_kind(name: str) -> str:
    """The name in `EXPECTED` that stands for another."""
    training = re.sub(
        r"^(robustness|sample_size|seeds|invariance)-[a-z_-]+(-\d+)+\.(?!\w+_answers$)", "seeds-cnn-1.", name
    )
    return re.sub(rf"\b({'|'.join(NETWORKS)})\.", "cnn.", training)


def test_each_data_set_has_the_type_the_layer_and_the_record_of_its_kind(
    catalog: DataCatalog, pipelines: dict[str, Pipeline]
) -> None:
    used = {name for pipeline in pipelines.values() for name in pipeline.datasets() if not name.startswith("params:")}
    expected = {name: kind for kind, names in EXPECTED.items() for name in names.split()}
    assert {name: described(catalog.get(name)) for name in used} == {name: expected[of_its_kind(name)] for name in used}
    assert used | {of_its_kind(name) for name in used} > expected.keys()


def test_what_is_in_memory_is_not_copied(catalog: DataCatalog, pipelines: dict[str, Pipeline]) -> None:
    datasets: dict[str, Any] = {
        name: catalog.get(name)
        for pipeline in pipelines.values()
        for name in pipeline.all_outputs()
        if described(catalog.get(name))[0] == "MemoryDataset"
    }
    assert {"train_images", "cnn.train_inputs", "convolution.response_maps", "seeds-cnn-1.model"} <= datasets.keys()
    assert {name for name, dataset in datasets.items() if dataset._copy_mode != "assign"} == set()


def test_each_run_records_its_tables_and_figures_under_names_of_their_own(
    catalog: DataCatalog, pipelines: dict[str, Pipeline]
) -> None:
    for run, files in ARTIFACTS.items():
        outputs: list[Any] = [
            catalog.get(name)
            for node in pipelines[run].nodes
            for name in node.outputs
            if (node.namespace or "").split(".")[0] == run
        ]
        paths = [Path(dataset._filepath) for dataset in outputs if described(dataset)[2] in ("artifact", "table")]
        found = [path.name if path.parent.name == run else f"../{path.name}" for path in paths]
        assert sorted(found) == sorted(files.split())
        assert len({path.name for path in paths}) == len(paths)  # MLflow stores them in one folder


def test_files_have_the_names_that_the_readme_gives_them(catalog: DataCatalog) -> None:
    datasets: dict[str, Any] = {name: catalog.get(name) for name in FILES}
    assert {name: str(dataset._filepath) for name, dataset in datasets.items()} == {
        name: f"data/{file}" for name, file in FILES.items()
    }


@pytest.mark.parametrize(
    "misspelt",
    ["trian_images", "convolution.respnse_maps", "convolution.cnn.exciting_imags_table", "params:cnn.netwrk"],
)
def test_a_misspelt_input_is_refused(catalog: DataCatalog, misspelt: str) -> None:
    draw = Node(lambda _: None, inputs=misspelt, outputs="convolution.cnn.some_figure", name="draw")
    with pytest.raises(MissingResultError, match=f"starts from {misspelt}, which no step of it makes and no file"):
        check_inputs(PlannedRun(Pipeline([draw]), catalog, None, Path(), NETWORKS))


def test_what_interrupted_trainings_go_on_from_may_be_nothing(catalog: DataCatalog) -> None:
    start = Node(lambda _: None, inputs="params:cnn.last_checkpoint", outputs="cnn.a", name="start")
    check_inputs(PlannedRun(Pipeline([start]), catalog, None, Path(), NETWORKS))
