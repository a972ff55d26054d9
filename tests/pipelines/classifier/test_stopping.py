"""When a training ends, which epoch is the best, and that an interrupted training comes to the same end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from convnets.datasets.checkpoint import Checkpoint, CheckpointDataset
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.classifier import nodes
from convnets.pipelines.classifier.stopping import best_epoch, is_finished
from convnets.training_parameters import Augmentation, Training

NAN = float("nan")


def log_of(*val_loss: float) -> pd.DataFrame:
    return pd.DataFrame({"epoch": np.arange(1, len(val_loss) + 1), "loss": 0.0, "val_loss": val_loss})


@pytest.mark.parametrize(
    ("val_loss", "best"),
    [((3, 1, 2), 2), ((2, 1, 1), 2), ((1,), 1), ((NAN, 2, NAN), 2), ((NAN, NAN), 1)],
    ids=["lowest", "the first of several", "one", "no number", "none is a number"],
)
def test_the_best_epoch_has_the_lowest_loss_on_the_validation_split(val_loss: tuple[float, ...], best: int) -> None:
    assert best_epoch(log_of(*val_loss)) == best


def epochs_until_end(val_loss: tuple[float, ...], **chosen: Any) -> int:
    training = Training(
        epochs=len(val_loss),
        batch_size=1,
        optimizer="sgd",
        loss="sparse_categorical_crossentropy",
        validation_split=0.5,
        **chosen,
    )
    assert not is_finished(pd.DataFrame(), training)
    return next(epoch for epoch in range(1, 100) if is_finished(log_of(*val_loss[:epoch]), training))


@pytest.mark.parametrize(
    ("patience", "epochs"), [(None, 8), (1, 3), (2, 6), (3, 8)], ids=["none", "one", "two", "more than are left"]
)
def test_training_stops_after_so_many_epochs_without_a_lower_loss(patience: int | None, epochs: int) -> None:
    assert epochs_until_end((5, 4, 4, 3, 3.5, 3, 2, 1), early_stopping=patience) == epochs


def test_a_training_with_every_option_goes_on_to_the_same_end_with_the_same_bits(
    raw_test_images: np.ndarray, raw_test_labels: np.ndarray, mnist: Dataset, tmp_path: Path
) -> None:
    images, labels = raw_test_images[:200].astype(np.float32) / 255, raw_test_labels[:200]
    training = Training(
        epochs=20,
        batch_size=16,
        optimizer="adamw",
        loss="sparse_categorical_crossentropy",
        validation_split=0.2,
        learning_rate=0.05,
        schedule="one_cycle",
        clip_norm=1.0,
        label_smoothing=0.1,
        augmentation=Augmentation(shift=2, rotation=10, zoom=0.1, noise=0.1),
        early_stopping=2,
        keep="best",
    )
    network = Network.model_validate({"name": "fcn", "architecture": "fully_connected", "units": 16})
    untrained = nodes.build_model(images.reshape(200, -1), network, mnist, 1)

    def checkpoints(interrupted: Checkpoint | None) -> Iterator[Checkpoint]:
        compiled = nodes.compile_model(untrained, training, "float32", 4, train_images=images)
        start = nodes.start_or_resume(compiled, training, interrupted)
        return (checkpoint for _, checkpoint in nodes.train(start, images, labels, training, 1))

    kept = CheckpointDataset(filepath=str(tmp_path / "fcn.checkpoint.keras"))
    weights = []
    for whole in checkpoints(None):
        weights.append(whole.model.get_weights())
        if len(whole.log) < 20 and not is_finished(whole.log, training):
            kept.save(whole)  # at last the one before the end: after the best epoch
    best, epochs = best_epoch(whole.log), len(whole.log)
    assert (epochs, whole.epochs) == (best + 2, best + 2)
    assert not kept.exists()
    (resumed,) = checkpoints(kept.load())
    kept.save(resumed)
    assert kept.exists()
    exact = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
    pd.testing.assert_frame_equal(resumed.log[exact], whole.log[exact], check_exact=True)
    (handed_over,) = checkpoints(kept.load())
    for ended in (whole, resumed, handed_over):
        model, history = nodes.finish_training(ended, ended.log, untrained)
        assert history.loc[history["kept"], "epoch"].tolist() == [best]
        for found, after_best, after_last in zip(model.get_weights(), weights[best - 1], weights[-1], strict=True):
            np.testing.assert_array_equal(found, after_best)
            assert not np.array_equal(found, after_last)
        for found, after_last in zip(ended.model.get_weights(), weights[-1], strict=True):
            np.testing.assert_array_equal(found, after_last)
