"""What a training makes small and how: loss, optimizer, and the schedule of its learning rate, all of them Keras's."""

from typing import TYPE_CHECKING, Any

import numpy as np

from convnets.training_parameters import Training

if TYPE_CHECKING:
    from keras import Loss, Optimizer
    from keras.optimizers.schedules import CosineDecay
else:  # Kedro reads the annotations before TensorFlow is wanted
    CosineDecay = Loss = Optimizer = Any

NESTEROV_MOMENTUM = 0.9  # Keras's default, 0, would make it plain gradient descent
RISE = 0.3  # of one cycle, the share of all steps
FIRST_OF_ONE_CYCLE = 1 / 25  # times the highest learning rate
LAST_OF_ONE_CYCLE = FIRST_OF_ONE_CYCLE / 10_000


def count_learned(images: int, training: Training) -> int:
    """How many of the training images a network learns from: all but the last ones, which are held back."""
    return images - int(images * training.validation_split)


def make_loss(training: Training) -> Loss | str:
    """The loss; smoothed labels are those of classes side by side: see `encode_labels`."""
    import keras

    if training.label_smoothing:
        return keras.losses.CategoricalCrossentropy(label_smoothing=training.label_smoothing)
    return training.loss


def encode_labels(labels: np.ndarray, classes: int, training: Training) -> np.ndarray:
    """Give labels the form that the loss takes.

    Args:
        labels: (n,), uint8.
        classes: How many there are.
        training: Its `label_smoothing` is used.

    Returns:
        The labels as they are; or, where they are smoothed, (n, classes), uint8: 1 for the label, 0 for all others.
    """
    return np.eye(classes, dtype=np.uint8)[labels] if training.label_smoothing else labels


def make_optimizer(training: Training, images: int) -> Optimizer:
    """The optimizer, with Keras's defaults for all that is not chosen.

    Args:
        training: Its optimizer, and what is said of it.
        images: How many the training images are, those held back included.
    """
    import keras

    # TensorFlow remembers each new name of a variable: those of an optimizer without a name bear its number.
    chosen: dict[str, Any] = {"name": training.optimizer}
    for name in ("learning_rate", "weight_decay", "momentum", "beta_1", "beta_2"):
        if (value := getattr(training, name)) is not None:
            chosen[name] = value
    if training.clip_norm is not None:
        chosen["global_clipnorm"] = training.clip_norm
    if training.schedule != "constant":
        chosen["learning_rate"] = keras.optimizers.schedules.serialize(make_schedule(training, images))
    if training.optimizer == "nesterov":
        chosen = {"momentum": NESTEROV_MOMENTUM} | chosen | {"nesterov": True}
    keras_name = "sgd" if training.optimizer == "nesterov" else training.optimizer
    return keras.optimizers.get({"class_name": keras_name, "config": chosen})


def make_schedule(training: Training, images: int) -> CosineDecay:
    """The learning rate of each gradient step: a straight line up, then half a cosine down.

    Sources: L. N. Smith and N. Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning
    Rates", 2018, with the corners and the cosine of PyTorch's `OneCycleLR` (the momentum stays as it is);
    I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017; the warm-up:
    P. Goyal et al., "Accurate, Large Minibatch SGD", 2017.

    Args:
        training: Its schedule is not `constant`.
        images: How many the training images are, those held back included.

    Returns:
        A schedule of all steps of the training. `one_cycle` begins at a 25th of the highest learning rate, and has a
        10,000th of that at the last step; `cosine` begins at 0, or at the highest without a warm-up, and would be 0
        after the last step.
    """
    import keras

    peak: Any = training.learning_rate
    steps = training.epochs * -(-count_learned(images, training) // training.batch_size)
    one_cycle = training.schedule == "one_cycle"
    share = training.warm_up if training.warm_up is not None else RISE if one_cycle else 0
    rising = min(round(share * steps), steps - 1)
    falling = max(steps - rising - one_cycle, 1)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=(peak * FIRST_OF_ONE_CYCLE if one_cycle else 0.0) if rising else peak,
        warmup_target=peak if rising else None,
        warmup_steps=rising,
        decay_steps=falling,
        alpha=LAST_OF_ONE_CYCLE if one_cycle else 0.0,
    )
