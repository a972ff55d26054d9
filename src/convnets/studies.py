"""The training runs of the studies: each point of a grid is a block of parameters, and its name a namespace."""

from typing import Any

from convnets.harness.fields import Seed
from convnets.limits import Images
from convnets.parameters import NETWORKS, Classifier, ProjectParameters
from convnets.study_parameters import ImagesPerEpoch

STUDIES = ("sample_size", "seeds")  # those that train


class StudyTraining(Classifier):
    """One training run of a study.

    Attributes:
        study: Whose it is.
        samples: The number of training images; `None`: all, in their original order.
        seed: Of the choice of images, of their order and of the initial weights.
        images_per_epoch: A smaller training set is repeated until it has at least this many images; `None`: never.
    """

    study: str
    samples: Images | None
    seed: Seed
    images_per_epoch: ImagesPerEpoch | None


def plan_trainings(parameters: ProjectParameters) -> dict[str, StudyTraining]:
    """List the trainings that the grids of the studies ask for.

    Args:
        parameters: As `check_parameters` returns them.

    Returns:
        By name, as `sample_size-cnn-1000-1` (with 1,000 samples, seed 1) and `seeds-cnn-1`: the network's own block of
        parameters, and what is specific to the training run.
    """
    trainings: dict[str, StudyTraining] = {}
    sizes, seeds = parameters.sample_size, parameters.seeds
    points: list[tuple[str, int | None, int, int | None]] = [
        ("sample_size", size, seed, sizes.images_per_epoch) for size in sizes.samples for seed in sizes.seeds
    ]
    points += [("seeds", None, seed, None) for seed in seeds.seeds]
    for study, samples, seed, images_per_epoch in points:
        for network in NETWORKS:
            name = "-".join(str(part) for part in (study, network, samples, seed) if part is not None)
            trainings[name] = StudyTraining(
                study=study,
                samples=samples,
                seed=seed,
                images_per_epoch=images_per_epoch,
                **dict(getattr(parameters, network)),
            )
    return trainings


def parameter_blocks(trainings: dict[str, StudyTraining]) -> dict[str, dict[str, Any]]:
    """The training runs as Kedro's parameters, each in a block of its name."""
    return {name: training.model_dump(mode="json") for name, training in trainings.items()}
