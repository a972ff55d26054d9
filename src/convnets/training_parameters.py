"""The parameters of a training."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from convnets.harness.fields import Block, Fraction, Number, or_null, whole
from convnets.harness.messages import either
from convnets.limits import MAX_BATCH_SIZE, MAX_EPOCHS, MAX_PIXELS

MAX_RATE = 100  # of learning, of decay
MAX_NORM = 1_000_000
MAX_DEGREES = 180

OPTIMIZERS_WITH = {  # beside a learning rate, weight decay and the clipping of gradients, which all of them have
    "momentum": ("rmsprop", "sgd", "nesterov"),
    "beta_1": ("adam", "adamw"),
    "beta_2": ("adam", "adamw"),
}

_SPLIT = "allowed: a validation_split greater than 0, whose images decide it, or"

NullableShare = Annotated[
    Annotated[Number, Field(ge=0, lt=1)] | None, Field(description="null or a number from 0 to less than 1")
]
Rate = Annotated[
    Annotated[Number, Field(gt=0, le=MAX_RATE)] | None,
    Field(description=f"null or a number greater than 0, up to {MAX_RATE}"),
]
Decay = Annotated[
    Annotated[Number, Field(ge=0, le=MAX_RATE)] | None, Field(description=f"null or a number from 0 to {MAX_RATE}")
]
Norm = Annotated[
    Annotated[Number, Field(gt=0, le=MAX_NORM)] | None,
    Field(description=f"null or a number greater than 0, up to {MAX_NORM}"),
]
Degrees = Annotated[Number, Field(ge=0, le=MAX_DEGREES, description=f"a number from 0 to {MAX_DEGREES}")]
Patience = Annotated[Annotated[int, whole(1, MAX_EPOCHS)] | None, or_null(MAX_EPOCHS)]


class Augmentation(Block):
    """How the training images are changed at random, anew in each epoch; with the defaults they are not.

    Attributes:
        shift: Right or left, and up or down, by at most so many whole pixels.
        rotation: Around the centre, to either side, by at most so many degrees.
        zoom: Larger or smaller, by at most this share: 0.1 is a size from 0.9 to 1.1 times the image's.
        noise: Of each pixel, the standard deviation; pixels are from 0 to 1.
    """

    shift: Annotated[int, whole(0, MAX_PIXELS)] = 0
    rotation: Degrees = 0.0
    zoom: Fraction = 0.0
    noise: Annotated[Number, Field(ge=0, le=1, description="a number from 0 to 1")] = 0.0


class Training(Block):
    """How a network is trained.

    Attributes:
        epochs: How often each training image is seen.
        batch_size: Images per gradient step.
        optimizer: By Keras's name, with Keras's defaults; `nesterov` is `sgd` with Nesterov's momentum.
        loss: By Keras's name.
        validation_split: The share of the training images, the last ones, that is held back to validate each epoch.
        learning_rate: `None`: Keras's default. With a schedule, the highest.
        schedule: Of the learning rate, from the first step to the last: `constant`; `one_cycle`: up from a 25th and
            down to almost 0; `cosine`: down to 0 along a cosine, after a warm-up from 0 if there is one.
        warm_up: The share of all steps in which the learning rate rises; `None`: 0.3 for `one_cycle`, 0 for `cosine`.
        weight_decay: Decoupled: the share of each weight, times the learning rate, that each step takes off; `None`:
            Keras's default, which is none but for `adamw`.
        momentum: `None`: 0.9 for `nesterov`, otherwise Keras's default.
        beta_1: Of `adam` and `adamw`: how slowly the mean of the gradients changes; `None`: Keras's default.
        beta_2: The same of the mean of their squares.
        clip_norm: The norm of all gradients together is reduced to this where it is greater; `None`: it is not.
        label_smoothing: The share of a label that is spread evenly over all classes.
        augmentation: How the training images are changed at random.
        early_stopping: Training stops after so many epochs in a row without a lower `val_loss`; `None`: it does not.
        keep: The weights that become the model: those after the `last` epoch, or after the `best`, whose `val_loss` is
            the lowest; of several, after the first.
    """

    epochs: Annotated[int, whole(1, MAX_EPOCHS)]
    batch_size: Annotated[int, whole(1, MAX_BATCH_SIZE)]
    optimizer: Literal["rmsprop", "adam", "adamw", "sgd", "nesterov"]
    loss: Literal["sparse_categorical_crossentropy"] = "sparse_categorical_crossentropy"
    validation_split: Fraction = 0.0
    learning_rate: Rate = None
    schedule: Literal["constant", "one_cycle", "cosine"] = "constant"
    warm_up: NullableShare = None
    weight_decay: Decay = None
    momentum: NullableShare = None
    beta_1: NullableShare = None
    beta_2: NullableShare = None
    clip_norm: Norm = None
    label_smoothing: Fraction = 0.0
    augmentation: Augmentation = Augmentation()
    early_stopping: Patience = None
    keep: Literal["last", "best"] = "last"

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        for name, optimizers in OPTIMIZERS_WITH.items():
            if getattr(self, name) is not None and self.optimizer not in optimizers:
                raise ValueError(
                    f"{name} is {getattr(self, name)} with the optimizer {self.optimizer}; allowed: null, or the "
                    f"optimizer {either(optimizers)}"
                )
        if self.schedule != "constant" and self.learning_rate is None:
            raise ValueError(
                f"learning_rate is null with the schedule {self.schedule}; allowed: a number greater than 0, up to "
                f"{MAX_RATE}, the highest learning rate"
            )
        if self.schedule == "constant" and self.warm_up is not None:
            raise ValueError(
                f"warm_up is {self.warm_up} with the schedule constant; allowed: null, or the schedule one_cycle or "
                "cosine"
            )
        if self.validation_split == 0 and self.early_stopping is not None:
            raise ValueError(f"early_stopping is {self.early_stopping} with the validation_split 0; {_SPLIT} null")
        if self.validation_split == 0 and self.keep == "best":
            raise ValueError(f"keep is best with the validation_split 0; {_SPLIT} last")
        return self
