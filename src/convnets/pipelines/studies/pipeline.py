"""The pipeline of a study: its trainings, each in a namespace of its own, and what is made of all of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import across_namespaces, classifier, invariance, preparation
from convnets.pipelines.classifier import nodes as classifier_nodes
from convnets.pipelines.preparation.nodes import load_training_set
from convnets.pipelines.studies import equivalents, figures, nodes, speed, statistics, tuning
from convnets.studies import StudyTraining

RAW_DATA = {"raw_train_images", "raw_train_labels", "raw_test_images", "raw_test_labels"}
LOAD = Node(
    load_training_set,
    inputs=["raw_train_images", "raw_train_labels", "params:dataset"],
    outputs=["all_pixels", "all_labels"],
    name="load_training_set",
)
EQUIVALENTS = Node(
    equivalents.find_equivalents,
    inputs=["table", "params:study"],
    outputs="equivalents_table",
    name="find_equivalents",
)
SPEED = [
    Node(
        speed.tabulate_speed,
        inputs=["table", "mean_accuracies_table", "params:study"],
        outputs="speed_table",
        name="tabulate_speed",
    ),
    Node(
        speed.plot_speed,
        inputs=["speed_table", "params:study", "params:dataset"],
        outputs="speed_figure",
        name="plot_speed",
    ),
]


@across_namespaces()
def create_pipeline(study: str, trainings: Mapping[str, StudyTraining]) -> Pipeline:
    """Wire the trainings of a study, and its trials, to its tables and its figure.

    Args:
        study: Its name, which is the namespace of what is made of all trainings.
        trainings: Its own, as `plan_trainings` gives them.

    Returns:
        The pipeline. Trainings share no data in memory, so that each can run in a process of its own.
    """
    wired: list[Node] = []
    measures = {measure for training in trainings.values() for measure in training.measures}
    measured = "invariance" in measures
    plain, tuned = (wire_training(tuned=tuned, measured=measured) for tuned in (False, True))
    shared = {"params:translation": "params:translation"}
    trials: dict[str, list[str]] = {}
    for name, training in trainings.items():
        chosen = f"{training.setting}-chosen.settings"
        if training.trial is not None:
            told = trials.setdefault(training.setting, [])
            earlier = told[: training.trial - training.trial % training.tune.at_a_time if training.tune else 0]
            wired += in_namespace(name, wire_trial(earlier))
            told.append(f"{name}.trial")
        else:
            wired += in_namespace(name, tuned if training.tune else plain, {"settings": chosen} | shared)
    for setting, told in trials.items():
        choose = Node(tuning.choose_settings, inputs=told, outputs="settings", name="choose_settings")
        wired += in_namespace(f"{setting}-chosen", [choose])
    tested = [name for name, training in trainings.items() if training.trial is None]
    every = [trial for told in trials.values() for trial in told]
    analysis = wire_analysis([f"{name}.report" for name in tested], every)
    analysis += [EQUIVALENTS] if len({training.samples for training in trainings.values()}) > 1 else []
    analysis += invariance.wire_analysis(tested) if measured else []
    analysis += SPEED if "speed" in measures else []
    of_study = {"params:study": f"params:{study}", "params:dataset": "params:dataset"}
    with across_namespaces():
        return Pipeline([*wired, *in_namespace(study, analysis, of_study)])


def in_namespace(namespace: str, pipeline: Iterable[Node], renamed: Mapping[str, str] | None = None) -> list[Node]:
    """Put nodes into a namespace, with all that they read and make, but raw data and what another namespace makes.

    Kedro's own way, a pipeline of each, takes twice as long for a thousand trainings.

    Args:
        namespace: Its name.
        pipeline: The nodes.
        renamed: What bears another name outside of the namespace, by the names that the nodes use.
    """

    def rename(name: str) -> str:
        if renamed and name in renamed:
            return renamed[name]
        if name.startswith("params:"):
            return f"params:{namespace}.{name.removeprefix('params:')}"
        return name if name in RAW_DATA or "." in name else f"{namespace}.{name}"

    return [
        node._copy(inputs=_each(node._inputs, rename), outputs=_each(node._outputs, rename), namespace=namespace)
        for node in pipeline
    ]


def _each(names: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(names, dict):
        return {argument: rename(name) for argument, name in names.items()}
    return [rename(name) for name in names] if isinstance(names, list) else rename(names)


def wire_training(*, tuned: bool = False, measured: bool = False) -> list[Node]:
    """Wire the raw files to the report of a training.

    Args:
        tuned: Whether trials have chosen its settings.
        measured: Whether it is measured under shifts, too.
    """
    needed = ("load_test_set", "normalize_train_images", "normalize_test_images")
    prepare = preparation.wire().only_nodes(*needed)
    reported = {
        "metrics": "metrics",
        "all_labels": "all_labels",
        **{name: f"params:{name}" for name in ("network", "varied", "samples", "seed")},
    }
    apply = Node(
        tuning.apply_settings,
        inputs=["params:network", "params:training", "settings"],
        outputs=["network", "training"],
        name="apply_settings",
    )
    learn = classifier.wire("network", "training") if tuned else classifier.wire()
    report = Node(
        nodes.report_training,
        inputs=reported | ({"settings": "settings"} if tuned else {}),
        outputs="report",
        name="report_training",
    )
    choose = Node(
        nodes.choose_samples,
        inputs={
            "all_pixels": "all_pixels",
            "all_labels": "all_labels",
            "training": "training" if tuned else "params:training",
            **{name: f"params:{name}" for name in ("samples", "seed", "images_per_epoch")},
        },
        outputs=["train_pixels", "train_labels"],
        name="choose_samples",
    )
    measures = invariance.wire_measures() if measured else []
    learning = learn.to_outputs("metrics").nodes
    return [LOAD, *([apply] if tuned else []), choose, *prepare.nodes, *learning, report, *measures]


def wire_trial(earlier: list[str]) -> list[Node]:
    """Wire the training images to the report of a trial; it sees no test image.

    Args:
        earlier: Trials that it learns from, each with its namespace.
    """
    told = {name.partition(".")[0].rpartition("-")[2]: name for name in earlier}
    suggest = Node(
        tuning.suggest_settings,
        inputs={
            "tune": "params:tune",
            "trial": "params:trial",
            "network": "params:network",
            "training": "params:training",
            **told,
        },
        outputs=["settings", "network", "suggested_training"],
        name="suggest_settings",
    )
    hold_back = Node(
        tuning.hold_back,
        inputs={
            "all_pixels": "all_pixels",
            "all_labels": "all_labels",
            "training": "suggested_training",
            **{name: f"params:{name}" for name in ("samples", "seed", "images_per_epoch", "tune")},
        },
        outputs=["train_pixels", "train_labels", "training"],
        name="hold_back",
    )
    train = Node(
        tuning.train_trial,
        inputs={
            "starting_point": "starting_point",
            "train_images": "train_images",
            "train_labels": "train_labels",
            "training": "training",
            "seed": "params:seed",
            "tune": "params:tune",
            "trial": "params:trial",
            "settings": "settings",
            **told,
        },
        outputs=["training_log", "checkpoint"],
        name="train",
    )
    report = Node(
        tuning.report_trial, inputs=["checkpoint", "params:trial", "settings"], outputs="trial", name="report_trial"
    )
    reshape = Node(
        classifier_nodes.reshape_images,
        inputs=["train_images", "train_images", "network"],
        outputs=["train_inputs", "unused_inputs"],
        name="reshape_images",
    )
    normalize = preparation.wire().only_nodes("normalize_train_images")
    learn = classifier.wire("network", "training").only_nodes("build_model", "compile_model", "start_or_resume")
    return [suggest, LOAD, hold_back, *normalize.nodes, reshape, *learn.nodes, train, report]


def wire_analysis(reports: list[str], trials: list[str]) -> list[Node]:
    """Wire the reports of all trainings, and of all trials, to the tables and the figure of a study."""
    wired = [
        Node(nodes.gather_reports, inputs=reports, outputs="table", name="gather_reports"),
        Node(
            statistics.summarize_trainings,
            inputs=["table", "params:study"],
            outputs="mean_accuracies_table",
            name="summarize_trainings",
        ),
        Node(
            statistics.compare_over_seeds,
            inputs=["table", "params:study"],
            outputs="paired_tests_table",
            name="compare_over_seeds",
        ),
        Node(
            figures.plot_study,
            inputs=["table", "mean_accuracies_table", "params:study", "params:dataset"],
            outputs="figure",
            name="plot_study",
        ),
    ]
    if trials:
        named = {name.partition(".")[0]: name for name in trials}
        wired.append(Node(tuning.tabulate_trials, inputs=named, outputs="trials_table", name="tabulate_trials"))
    return wired
