"""Choose settings by accuracy on images held back from training: Optuna suggests what is tried.

Each trial is told the results of earlier ones, and nothing else: Optuna's study is built anew from them. So a trial is
a function of what it is made from, as any other result; one that was interrupted goes on; and trials that know nothing
of each other can run side by side, with the same results.

Sources: T. Akiba et al., "Optuna: A Next-generation Hyperparameter Optimization Framework", KDD 2019; the sampler `tpe`
is that of J. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.datasets.checkpoint import Checkpoint
from convnets.network_parameters import Network
from convnets.pipelines.classifier.nodes import train
from convnets.pipelines.classifier.stopping import best_epoch
from convnets.pipelines.studies.nodes import choose_samples, in_a_cell
from convnets.studies import with_changes
from convnets.study_parameters import Range, Tuning
from convnets.training_parameters import Training

if TYPE_CHECKING:
    import optuna

MAX_RANDOM = 10  # trials, before the sampler learns from any: Optuna's default
PRUNED_AFTER = 4  # trials, before which none is ended

Trial = dict[str, Any]
"""Its number, `settings` by parameter, `accuracies` on the validation images after each epoch, `validation_accuracy`
after the epoch whose weights are kept, and whether it was `pruned`."""


def suggest_settings(
    *, tune: Tuning, trial: int, network: Network, training: Training, **earlier: Trial
) -> tuple[dict[str, Any], Network, Training]:
    """Choose what a trial tries.

    Args:
        tune: What is searched, and how.
        trial: Its number, from 0.
        network: As it stands.
        training: As it stands.
        **earlier: Trials that it learns from.

    Returns:
        The settings by parameter, and network and training with them.
    """
    suggested = _ask(_study_of(tune, trial, list(earlier.values())), tune)
    settings = {name: _given(value) for name, value in suggested.params.items()}
    return settings, *apply_settings(network, training, {"chosen": settings})


def apply_settings(network: Network, training: Training, settings: dict[str, Any]) -> tuple[Network, Training]:
    """A network's architecture and its training with chosen settings."""
    nested = {"network": network.model_dump(mode="json"), "training": training.model_dump(mode="json")}
    changed = with_changes(nested, settings["chosen"], "tune")
    return Network.model_validate(changed["network"]), Training.model_validate(changed["training"])


def hold_back(  # noqa: PLR0913 - what a training set is chosen by, and what is held back of it
    *,
    all_pixels: np.ndarray,
    all_labels: np.ndarray,
    samples: int | None,
    seed: int,
    images_per_epoch: int | None,
    tune: Tuning,
    training: Training,
) -> tuple[np.ndarray, np.ndarray, Training]:
    """Choose what a trial learns from, and put the images that it is judged by behind them.

    Args:
        all_pixels: (n, height, width) or (n, height, width, channels), uint8: the training images.
        all_labels: (n,), uint8.
        samples: See `choose_samples`; more than are left: all that are.
        seed: See `choose_samples`.
        images_per_epoch: See `choose_samples`.
        tune: Its `validation_images` are held back, the last ones.
        training: Of the trial.

    Returns:
        Images, labels, and the training whose `validation_split` is those held back.
    """
    left = len(all_pixels) - tune.validation_images
    wanted = None if samples is None or samples >= left else samples
    pixels, labels = choose_samples(all_pixels[:left], all_labels[:left], wanted, seed, images_per_epoch)
    images = len(pixels) + tune.validation_images
    split = (tune.validation_images + 0.5) / images  # of which the whole part are so many, however it is rounded
    return (
        np.concatenate([pixels, all_pixels[left:]]),
        np.concatenate([labels, all_labels[left:]]),
        training.model_copy(update={"validation_split": split}),
    )


def train_trial(  # noqa: PLR0913 - what `train` takes, and what ends it
    *,
    starting_point: Checkpoint,
    train_images: np.ndarray,
    train_labels: np.ndarray,
    training: Training,
    seed: int,
    tune: Tuning,
    trial: int,
    settings: dict[str, Any],
    **earlier: Trial,
) -> Iterator[tuple[pd.DataFrame, Checkpoint]]:
    """Train as `train` does, and end where the pruner sees no hope.

    Yields:
        As `train`; a trial that is ended has come to its end.
    """
    study = _study_of(tune, trial, list(earlier.values()))
    study.enqueue_trial({name: _hashable(value) for name, value in settings.items()})
    asked = _ask(study, tune)
    told = 0
    for log, checkpoint in train(starting_point, train_images, train_labels, training, seed):
        for epoch, accuracy in list(enumerate(log["val_accuracy"], 1))[told:]:
            asked.report(accuracy, epoch)
            told = epoch
        if asked.should_prune():
            ended = log.assign(pruned=True)
            yield ended, checkpoint._replace(log=ended, epochs=len(log))
            return
        yield log, checkpoint


def report_trial(checkpoint: Checkpoint, trial: int, settings: dict[str, Any]) -> Trial:
    """What later trials, and the choice, are told of a trial."""
    accuracies = [float(accuracy) for accuracy in checkpoint.log["val_accuracy"]]
    kept = len(accuracies) if checkpoint.best is None else best_epoch(checkpoint.log)
    return {
        "trial": trial,
        "settings": settings,
        "accuracies": accuracies,
        "validation_accuracy": accuracies[kept - 1],
        "pruned": "pruned" in checkpoint.log,
    }


def choose_settings(*trials: Trial) -> dict[str, Any]:
    """Choose the settings of the trial that was best on the validation images.

    Args:
        *trials: As `report_trial` returns them.

    Returns:
        `chosen`: the settings by parameter; the number of the `trial`, its `validation_accuracy`, and how many `trials`
        there were. Of equals the first is chosen, and one that was ended early never.
    """
    whole = [trial for trial in trials if not trial["pruned"]]
    best = max(whole, key=lambda trial: (trial["validation_accuracy"], -trial["trial"]))
    return {
        "chosen": best["settings"],
        "trial": best["trial"],
        "validation_accuracy": best["validation_accuracy"],
        "trials": len(trials),
    }


def tabulate_trials(**trials: Trial) -> pd.DataFrame:
    """A row for each trial of a study: `setting`, `trial`, what it tried, `epochs`, `validation_accuracy`, `pruned`."""
    return pd.DataFrame(
        [
            {"setting": name.rpartition("-")[0], "trial": trial["trial"]}
            | {parameter: in_a_cell(value) for parameter, value in trial["settings"].items()}
            | {
                "epochs": len(trial["accuracies"]),
                "validation_accuracy": trial["validation_accuracy"],
                "pruned": trial["pruned"],
            }
            for name, trial in trials.items()
        ]
    )


def _study_of(tune: Tuning, trial: int, earlier: Sequence[Trial]) -> "optuna.Study":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    seed = int(np.random.default_rng([tune.seed, trial]).integers(2**32))
    sampler = (
        optuna.samplers.TPESampler(seed=seed, n_startup_trials=min(MAX_RANDOM, -(-tune.trials // 3)))
        if tune.sampler == "tpe"
        else optuna.samplers.RandomSampler(seed=seed)
    )
    pruner = optuna.pruners.MedianPruner(PRUNED_AFTER) if tune.pruner == "median" else optuna.pruners.NopPruner()
    study = optuna.create_study(sampler=sampler, pruner=pruner, direction="maximize")
    for other in sorted(earlier, key=lambda found: int(found["trial"])):
        study.add_trial(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState.PRUNED if other["pruned"] else optuna.trial.TrialState.COMPLETE,
                params={name: _hashable(value) for name, value in other["settings"].items()},
                distributions=_distributions(tune),
                value=other["validation_accuracy"],
                intermediate_values=dict(enumerate(other["accuracies"], 1)),
            )
        )
    return study


def _ask(study: "optuna.Study", tune: Tuning) -> "optuna.Trial":
    return study.ask(fixed_distributions=_distributions(tune))


def _distributions(tune: Tuning) -> "dict[str, optuna.distributions.BaseDistribution]":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, Any] = {}
    for name, searched in tune.search.items():
        if not isinstance(searched, Range):
            found[name] = CategoricalDistribution([_hashable(value) for value in searched])
        elif isinstance(searched.low, int) and isinstance(searched.high, int):
            found[name] = IntDistribution(searched.low, searched.high, log=searched.log)
        else:
            found[name] = FloatDistribution(searched.low, searched.high, log=searched.log)
    return found


def _hashable(value: Any) -> Any:
    """What Optuna can choose: a list as JSON."""
    return json.dumps(value) if isinstance(value, list | tuple) else value


def _given(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value.startswith("[") else value
