"""Every parameter, typed, and checked before the first node runs.

The values stand in `conf/base/parameters.yml`; an environment or `--params` replaces some of them.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from convnets.harness.dask.settings import Dask
from convnets.harness.fields import (
    MAX_SEED,
    MAX_TEXT_CHARS,
    Block,
    Folder,
    Number,
    Seed,
    Text,
    or_null,
    several,
    split,
    unique,
    whole,
)
from convnets.harness.messages import ParameterError, SettingError, either, unknown
from convnets.harness.validation import Faults
from convnets.limits import (
    MAX_CLASSES,
    MAX_IMAGES,
    MAX_PIXELS,
    MAX_STEPS_PER_EXECUTION,
    Images,
    Pixels,
)
from convnets.network_parameters import ARCHITECTURES, Network
from convnets.robustness_parameters import Robustness
from convnets.showing_parameters import Convolution, LabelErrors, Prediction, Translation
from convnets.study_parameters import MAX_NETWORKS, RANGE, VALUES, Range, Study, Tuning
from convnets.training_parameters import Training

CONVNETS = ("cnn", "cnn_no_pool")  # those of the lecture that have convolution layers
MAX_NAME_CHARS = 40
NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{MAX_NAME_CHARS - 1}}}")  # of what is part of a namespace and of file names
NETWORK, STUDY = "a network", "a study"

SUM = "null or 64 hexadecimal digits, in lower case"
Sum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Precision = Literal["auto", "float32", "mixed_bfloat16"]
Strategy = Literal["default", "mirrored"]
StepsPerExecution = Annotated[int, whole(1, MAX_STEPS_PER_EXECUTION)]


class Dataset(Block):
    """What the networks learn: a data set of four IDX files.

    Attributes:
        name: What figures and tables call it.
        folder: Where the four files are, relative to the project or absolute.
        class_names: The name of each class, in the order of the labels.
        train_samples: How many of the first training images are used; `None`: all.
        test_samples: How many of the first test images are used; `None`: all.
        canvas: Height and width, in pixels, of the black square in whose middle each image is put; `None`: of none.
        pixel_permutation: The seed of one order of the pixels, the same for all images; `None`: as they are.
    """

    name: Text
    folder: Folder
    class_names: Annotated[
        tuple[Text, ...],
        BeforeValidator(split),
        AfterValidator(unique),
        several(2, MAX_CLASSES, f"names, each different and of 1 to {MAX_TEXT_CHARS} characters"),
    ]
    train_samples: Images | None = or_null(MAX_IMAGES)
    test_samples: Images | None = or_null(MAX_IMAGES)
    canvas: Pixels | None = or_null(MAX_PIXELS, default=None)
    pixel_permutation: Seed | None = Field(default=None, description=f"null or a whole number from 0 to {MAX_SEED}")


class Classifier(Block):
    """A network, how it is trained, and what the lecture reports of it.

    Attributes:
        lecture_accuracy: The test accuracy on the lecture's slides; `None`: not reported.
        network: Its architecture.
        training: How it is trained.
    """

    lecture_accuracy: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        None, description="null or a number from 0 to 1"
    )
    network: Network = Field(description=f"a block with architecture, {either(ARCHITECTURES)}, and what it needs")
    training: Training


def kind_of_block(block: Any) -> str | None:
    """What a further block of `parameters.yml` is: one with `network` is a network, one with `seeds` a study."""
    if isinstance(block, Classifier | Study):
        return NETWORK if isinstance(block, Classifier) else STUDY
    if not isinstance(block, Mapping):
        return None
    return NETWORK if "network" in block else STUDY if "seeds" in block else None


class ProjectParameters(Block):
    """The whole of `parameters.yml`: what all networks share, and a block for each network and each study.

    Attributes:
        seed: Of the initial weights and of the order of the images.
        precision: Of training; `auto`: bfloat16 where the machine is built for it.
        steps_per_execution: Gradient steps that TensorFlow takes at a time.
        strategy: Of TensorFlow's distribution: `mirrored` shares each batch between all GPUs.
        dataset: What the networks learn.
        networks: Those that the main job trains and compares, in the order of tables.
        fcn: The fully connected network.
        cnn: The convnet.
        cnn_no_pool: The convnet without max pooling.
        convolution: What the pictures of convolution show.
        prediction: The user's own images.
        translation: The study of shifted images.
        robustness: The study of corrupted images.
        label_errors: The study of images whose labels are in doubt.
        dask: Where `DaskRunner` has namespaces run.

    Any further block is a network, if it has a block `network`, or a study of trainings, if it has `seeds`.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[
        str, Annotated[Annotated[Classifier, Tag(NETWORK)] | Annotated[Study, Tag(STUDY)], Discriminator(kind_of_block)]
    ] = Field(init=False)

    seed: Seed
    precision: Precision
    steps_per_execution: StepsPerExecution
    strategy: Strategy
    dataset: Dataset
    networks: Annotated[
        tuple[Text, ...],
        BeforeValidator(split),
        AfterValidator(unique),
        several(1, MAX_NETWORKS, "names of networks, each different"),
    ]
    fcn: Classifier
    cnn: Classifier
    cnn_no_pool: Classifier
    convolution: Convolution
    prediction: Prediction
    translation: Translation
    label_errors: LabelErrors
    robustness: Robustness
    dask: Dask

    @property
    def classifiers(self) -> dict[str, Classifier]:
        """All networks by name: the lecture's, and further ones."""
        further = {name: block for name, block in self._further.items() if isinstance(block, Classifier)}
        return {name: getattr(self, name) for name in NETWORKS} | further

    @property
    def studies(self) -> dict[str, Study]:
        """All studies of trainings by name: that of corrupted images, and those that blocks of their own ask for."""
        return {"robustness": self.robustness.study} | {
            name: block for name, block in self._further.items() if isinstance(block, Study)
        }

    @property
    def _further(self) -> dict[str, Classifier | Study]:
        return self.__pydantic_extra__

    @model_validator(mode="after")
    def _names_are_right(self) -> Self:
        for name in self._further:
            if not NAME.fullmatch(name):
                raise ValueError(
                    f"{name!r} is the name of a block; allowed: up to {MAX_NAME_CHARS} small letters, digits and _, "
                    "the first a letter"
                )
        for name, classifier in self.classifiers.items():
            if (found := classifier.network.root.name) != name:
                raise ValueError(f"{name}.network.name is {found!r}; allowed: {name}")
        named = [("networks", self.networks)]
        named += [(f"{name}.networks", study.networks or ()) for name, study in self.studies.items()]
        for where, names in named:
            for name in names:
                if name not in self.classifiers:
                    raise ValueError(f"{where}: {unknown('network', name, self.classifiers).rstrip('.')}")
        return self


NETWORKS = tuple(name for name, field in ProjectParameters.model_fields.items() if field.annotation is Classifier)
"""The names of the lecture's networks, in the order of tables, figures and colours."""


TAGS = ARCHITECTURES | {NETWORK: Classifier, STUDY: Study, RANGE: Range, VALUES: Tuning.model_fields["search"]}


class Sums(Block):
    """What the SHA-256 of each raw file must be; `None`: anything."""

    train_images: Sum | None = Field(description=SUM)
    train_labels: Sum | None = Field(description=SUM)
    test_images: Sum | None = Field(description=SUM)
    test_labels: Sum | None = Field(description=SUM)


class Globals(Block):
    """What `globals.yml` says: where the data is, and where results go."""

    folder: Folder
    images: Folder
    outputs: Folder
    sha256: Sums


def check_parameters(values: dict[str, Any]) -> ProjectParameters:
    """Check the values of all parameters.

    Args:
        values: What configuration and command line say, nested as in `parameters.yml`.

    Returns:
        The parameters, typed.

    Raises:
        ParameterError: One or more are unknown, missing, of the wrong type or out of range. The message has one
            sentence for each, with the parameter's name, what was found and what is allowed.
    """
    try:
        return ProjectParameters.model_validate(_named(values))
    except ValidationError as error:
        raise ParameterError("\n".join(Faults(ProjectParameters, "parameter", TAGS, values).of(error))) from error


def _named(values: Any) -> Any:
    """Give each further network the name of its block, which need not be repeated."""
    if not isinstance(values, Mapping):
        return values
    named = dict(values)
    for name, block in values.items():
        network = block.get("network") if isinstance(block, Mapping) else None
        if name not in ProjectParameters.model_fields and isinstance(network, Mapping):
            named[name] = {**block, "network": {"name": name, **network}}
    return named


def check_globals(values: dict[str, Any]) -> None:
    """Check what `globals.yml` says.

    Raises:
        SettingError: See `check_parameters`; the message names the file, too.
    """
    try:
        Globals.model_validate(values)
    except ValidationError as error:
        sentences = [f"globals.yml: {sentence}" for sentence in Faults(Globals, "setting", {}).of(error)]
        raise SettingError("\n".join(sentences)) from error
