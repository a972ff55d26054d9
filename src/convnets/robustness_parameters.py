"""The parameters of the study of corrupted test images."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from convnets.harness.fields import Block, Number, Seed, Text, several, split, unique, whole
from convnets.limits import MAX_PIXELS
from convnets.study_parameters import MAX_NETWORKS, Seeds, Study, read_values
from convnets.training_parameters import MAX_DEGREES

MAX_SEVERITIES = 10
MAX_SCALE = 10
VARIANT = "held_back"  # what the trainings differ in from the lecture's

Angle = Annotated[Number, Field(gt=0, le=MAX_DEGREES)]
Scale = Annotated[Number, Field(ge=1 / MAX_SCALE, le=MAX_SCALE)]
Deviation = Annotated[Number, Field(gt=0, le=1)]
Radius = Annotated[Number, Field(gt=0, le=MAX_PIXELS)]
Side = Annotated[int, whole(1, MAX_PIXELS)]


class Corruptions(Block):
    """What is done to test images, from the least severity to the greatest.

    Attributes:
        rotation: Around the centre, to the one or the other side, in degrees.
        scale: The size of what is in the image, times what it was: less than 1 is smaller.
        noise: Gaussian, its standard deviation; pixels are from 0 to 1, and stay there.
        blur: By a Gaussian, its standard deviation in pixels.
        occlusion: The side of a square, in pixels; somewhere in the image it hides what was there.
    """

    rotation: Annotated[
        tuple[Angle, ...],
        BeforeValidator(read_values),
        several(1, MAX_SEVERITIES, f"numbers greater than 0, up to {MAX_DEGREES}, degrees"),
    ]
    scale: Annotated[
        tuple[Scale, ...],
        BeforeValidator(read_values),
        several(1, MAX_SEVERITIES, f"numbers from {1 / MAX_SCALE} to {MAX_SCALE}, factors"),
    ]
    noise: Annotated[
        tuple[Deviation, ...],
        BeforeValidator(read_values),
        several(1, MAX_SEVERITIES, "numbers greater than 0, up to 1"),
    ]
    blur: Annotated[
        tuple[Radius, ...],
        BeforeValidator(read_values),
        several(1, MAX_SEVERITIES, f"numbers greater than 0, up to {MAX_PIXELS}, pixels"),
    ]
    occlusion: Annotated[
        tuple[Side, ...],
        BeforeValidator(read_values),
        several(1, MAX_SEVERITIES, f"whole numbers from 1 to {MAX_PIXELS}, pixels"),
    ]


class Robustness(Block):
    """The study of corrupted test images: networks that are trained with images held back read them.

    Attributes:
        networks: Which.
        seeds: Of the trainings. All networks of a kind together are an ensemble.
        validation_split: The share of the training images, the last ones, from which no network learns: on them its
            temperature is fitted.
        seed: Of what is random in corruptions. It is the same for all networks and severities.
        corruptions: What is done to the test images.
    """

    networks: Annotated[
        tuple[Text, ...],
        BeforeValidator(split),
        AfterValidator(unique),
        several(1, MAX_NETWORKS, "names of networks, each different"),
    ]
    seeds: Seeds
    validation_split: Annotated[
        Number, Field(gt=0, lt=1, description="a number greater than 0, and less than 1: the temperature needs images")
    ]
    seed: Seed
    corruptions: Corruptions

    @property
    def study(self) -> Study:
        """The trainings that are asked for."""
        variants = {VARIANT: {"training.validation_split": self.validation_split}}
        return Study(seeds=self.seeds, networks=self.networks, variants=variants)
