"""Settings are chosen on images held back from training, by a function of what earlier trials have found."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from convnets.datasets.checkpoint import Checkpoint
from convnets.network_parameters import Network
from convnets.pipelines.studies import tuning
from convnets.study_parameters import Tuning
from convnets.training_parameters import Training

NETWORK = Network.model_validate(
    {
        "name": "cnn",
        "architecture": "convolutional",
        "filters": [4],
        "kernel_size": 3,
        "strides": 1,
        "padding": "valid",
        "pool_size": None,
    }
)
TRAINING = Training(
    epochs=3, batch_size=64, optimizer="adam", loss="sparse_categorical_crossentropy", validation_split=0.0
)
TUNE = Tuning.model_validate(
    {
        "trials": 6,
        "validation_images": 7,
        "search": {
            "training": {
                "learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
                "batch_size": {"low": 8, "high": 64},
            },
            "network.filters": [[4], [4, 8]],
        },
    }
)


def trial(number: int, accuracies: list[float], *, pruned: bool = False, **settings: Any) -> tuning.Trial:
    chosen = {
        "training.learning_rate": 0.1 / 2**number,
        "training.batch_size": 8 + 10 * number,
        "network.filters": [4],
    } | settings
    return {
        "trial": number,
        "settings": chosen,
        "accuracies": accuracies,
        "validation_accuracy": accuracies[-1],
        "pruned": pruned,
    }


def test_a_suggestion_is_a_function_of_the_trials_before_it() -> None:
    earlier = {f"trial{number}": trial(number, [0.5, 0.5 + number / 10]) for number in range(3)}

    def suggest(**told: tuning.Trial) -> dict[str, Any]:
        settings, _, _ = tuning.suggest_settings(tune=TUNE, trial=5, network=NETWORK, training=TRAINING, **told)
        return settings

    assert suggest(**earlier) == suggest(**dict(reversed(earlier.items())))
    assert suggest(**earlier) != suggest(**(earlier | {"trial2": trial(2, [0.1, 0.1])}))
    settings, network, training = tuning.suggest_settings(tune=TUNE, trial=0, network=NETWORK, training=TRAINING)
    assert network.root.filters == tuple(settings["network.filters"])  # type: ignore[union-attr]
    assert training.batch_size == settings["training.batch_size"]
    assert 1e-4 <= settings["training.learning_rate"] <= 1e-1
    assert training.epochs == TRAINING.epochs


@pytest.mark.parametrize("samples", [None, 20, 93, 100])
def test_the_last_images_are_held_back_and_never_learned_from(samples: int | None) -> None:
    pixels = np.arange(100, dtype=np.uint8).reshape(100, 1, 1)
    chosen, labels, training = tuning.hold_back(
        all_pixels=pixels,
        all_labels=np.arange(100, dtype=np.uint8) % 10,
        samples=samples,
        seed=1,
        images_per_epoch=None,
        tune=TUNE,
        training=TRAINING,
    )
    learned = len(chosen) - int(len(chosen) * training.validation_split)
    assert chosen[learned:].ravel().tolist() == list(range(93, 100))
    assert chosen[:learned].max() < 93
    assert learned == min(samples or 93, 93)
    assert (labels == chosen.ravel() % 10).all()


def test_the_best_whole_trial_is_chosen_and_the_first_of_equals() -> None:
    trials = [trial(0, [0.1, 0.6]), trial(1, [0.9], pruned=True), trial(2, [0.8, 0.7]), trial(3, [0.2, 0.7])]
    found = tuning.choose_settings(*trials)
    assert (found["trial"], found["validation_accuracy"], found["trials"]) == (2, 0.7, 4)
    assert found["chosen"] == trials[2]["settings"]


def test_a_hopeless_trial_is_ended_by_the_pruner(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(start: Checkpoint, *_: Any) -> Any:
        for epoch in range(len(start.log) + 1, 4):
            log = pd.DataFrame({"val_accuracy": [0.1] * epoch})
            yield log, Checkpoint(None, log, 3)

    monkeypatch.setattr(tuning, "train", train)
    tune = TUNE.model_copy(update={"pruner": "median"})
    earlier = {f"trial{number}": trial(number, [0.5, 0.6, 0.7]) for number in range(5)}
    for pruned, told in ((True, earlier), (False, {})):
        steps = list(
            tuning.train_trial(
                starting_point=Checkpoint(None, pd.DataFrame(), 3),
                train_images=np.zeros(1),
                train_labels=np.zeros(1),
                training=TRAINING,
                seed=0,
                tune=tune,
                trial=5,
                settings=trial(5, [0.0])["settings"],
                **told,
            )
        )
        log, checkpoint = steps[-1]
        assert checkpoint.epochs == len(log) == (1 if pruned else 3)
        report = tuning.report_trial(checkpoint, 5, {})
        assert report["pruned"] is pruned
        assert report["accuracies"] == [0.1] * len(log)
