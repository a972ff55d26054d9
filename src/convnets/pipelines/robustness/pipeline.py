"""The robustness pipeline: trainings with images held back, what each answers, and what is made of all answers."""

from collections.abc import Mapping

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import across_namespaces
from convnets.pipelines.robustness import figures, nodes, statistics
from convnets.pipelines.studies.pipeline import in_namespace, wire_training
from convnets.studies import StudyTraining

ANSWERS = ("corrupted_answers", "validation_answers")
SHARED = {name: name for name in ("params:robustness", "params:dataset")}


@across_namespaces()
def create_pipeline(study: str, trainings: Mapping[str, StudyTraining]) -> Pipeline:
    """Wire trainings, each in its namespace, to the study's tables and figures.

    Args:
        study: Its name, which is the namespace of what is made of all trainings.
        trainings: As `plan_trainings` gives them.

    Returns:
        The pipeline. Trainings share no data in memory, so that each can run in a process of its own.
    """
    training = wire_answers()
    wired = [node for name in trainings for node in in_namespace(name, training, SHARED)]
    ensembles: dict[str, list[str]] = {}
    for name, block in trainings.items():
        ensembles.setdefault(block.network.root.name, []).append(name)
    analysis = [*wire_ensembles(ensembles), *wire_analysis(list(trainings), list(ensembles))]
    shared = SHARED | {name: name for name in (f"params:{network}.network" for network in ensembles)}
    with across_namespaces():
        return Pipeline([*wired, *in_namespace(study, analysis, shared)])


def wire_answers() -> list[Node]:
    """Wire the raw files to what a training answers, and how right and how sure it is."""
    return [
        *Pipeline(wire_training()).to_outputs("metrics").nodes,
        Node(
            nodes.answer_corrupted,
            inputs=["model", "test_images", "test_labels", "params:network", "params:robustness"],
            outputs="corrupted_answers",
            name="answer_corrupted",
        ),
        Node(
            nodes.answer_held_back,
            inputs=["model", "train_images", "train_labels", "params:network", "params:training"],
            outputs="validation_answers",
            name="answer_held_back",
        ),
        Node(
            nodes.measure_training,
            inputs=[*ANSWERS, "params:network", "params:seed"],
            outputs="report",
            name="measure_training",
        ),
    ]


def wire_ensembles(members: Mapping[str, list[str]]) -> list[Node]:
    """Wire the answers of a network's trainings to the measures of their ensemble.

    Args:
        members: Of each network, the namespaces of its trainings.
    """
    wired = []
    for network, trainings in members.items():
        wired += [
            Node(
                nodes.average,
                inputs=[f"{training}.{answers}" for training in trainings],
                outputs=f"{network}_{answers}",
                name=f"average_{network}_{answers}",
            )
            for answers in ANSWERS
        ]
        wired.append(
            Node(
                nodes.measure_ensemble,
                inputs=[
                    *(f"{network}_{answers}" for answers in ANSWERS),
                    f"params:{network}.network",
                    "params:robustness",
                ],
                outputs=f"{network}_ensemble",
                name=f"measure_{network}_ensemble",
            )
        )
    return wired


def wire_analysis(trainings: list[str], networks: list[str]) -> list[Node]:
    """Wire the measures of trainings and of ensembles to the tables and figures of the study."""
    return [
        Node(
            nodes.gather_measures,
            inputs=[*(f"{name}.report" for name in trainings), *(f"{network}_ensemble" for network in networks)],
            outputs="table",
            name="gather_measures",
        ),
        Node(statistics.average_over_seeds, inputs="table", outputs="mean_measures_table", name="average_over_seeds"),
        Node(
            statistics.compare_networks,
            inputs=["table", "params:robustness"],
            outputs="paired_tests_table",
            name="compare_networks",
        ),
        Node(
            figures.plot_accuracies,
            inputs=["mean_measures_table", "params:robustness", "params:dataset"],
            outputs="figure",
            name="plot_accuracies",
        ),
        Node(
            figures.plot_calibration,
            inputs=["mean_measures_table", "params:dataset"],
            outputs="calibration_figure",
            name="plot_calibration",
        ),
        Node(
            figures.plot_corruptions,
            inputs=["raw_test_images", "params:robustness", "params:dataset"],
            outputs="corruptions_figure",
            name="plot_corruptions",
        ),
    ]
