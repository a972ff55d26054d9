"""When a training ends, and which of its epochs is the best: decided on the images held back alone."""

import numpy as np
import pandas as pd

from convnets.training_parameters import Training


def best_epoch(log: pd.DataFrame) -> int:
    """The epoch with the lowest `val_loss`, the first of several; one that is not a number counts as the highest.

    Args:
        log: A row for each epoch, at least one.
    """
    return int(log.loc[log["val_loss"].fillna(np.inf).idxmin(), "epoch"])


def is_finished(log: pd.DataFrame, training: Training) -> bool:
    """Whether all epochs are there, or the last ones, as many as `early_stopping` says, were all no better.

    Source: L. Prechelt, "Early Stopping - But When?", 1998; as Keras's callback of this name has it.

    Args:
        log: A row for each epoch so far.
        training: Its epochs and `early_stopping` are used.
    """
    if training.early_stopping is None or log.empty:
        return len(log) == training.epochs
    return len(log) in (training.epochs, best_epoch(log) + training.early_stopping)
