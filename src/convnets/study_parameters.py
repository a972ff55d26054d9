"""The parameters of a study: which networks it trains, what it varies, with which seeds and on how many images."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from convnets.harness.fields import (
    MAX_SEED,
    Block,
    Number,
    Seed,
    Text,
    or_null,
    several,
    split,
    split_numbers,
    unique,
    whole,
)
from convnets.limits import MAX_IMAGES, Images

MAX_IMAGES_PER_EPOCH = 200_000
MAX_SAMPLE_SIZES = 20
MAX_SEEDS = 50
MAX_NETWORKS = 20
MAX_VARIED = 20  # parameters, values of one, or variants
MAX_TRIALS = 100  # each is told of all before it: five times as many take more memory than there is
MAX_AT_A_TIME = 64
RANGE, VALUES = "a range", "a list"

ImagesPerEpoch = Annotated[int, whole(1, MAX_IMAGES_PER_EPOCH)]
Seeds = Annotated[
    tuple[Seed, ...],
    BeforeValidator(split_numbers),
    AfterValidator(unique),
    several(2, MAX_SEEDS, f"whole numbers from 0 to {MAX_SEED}, each different"),
]
# Part of a namespace and of file names.
VariantName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,30}$")]


def flat(values: Any, prefix: str = "") -> Any:
    """Blocks in blocks as one block with dotted names: what `--params` nests, and a file may."""
    if not isinstance(values, Mapping):
        return values
    found: dict[str, Any] = {}
    for name, value in values.items():
        is_block = isinstance(value, Mapping) and not {"low", "high"} & value.keys()
        found |= flat(value, f"{prefix}{name}.") if is_block else {f"{prefix}{name}": value}
    return found


def read_values(values: Any) -> Any:
    """Take `0.1+0.01` for a list of numbers, `valid+same` for one of texts, and a single value for a list of one."""
    if isinstance(values, str):
        return [_read(part) for part in values.split("+")]
    return values if isinstance(values, list | tuple) else [values]


def _read(text: str) -> Any:
    if text in ("null", "true", "false"):
        return {"null": None, "true": True, "false": False}[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


Values = Annotated[
    tuple[Any, ...], BeforeValidator(read_values), several(1, MAX_VARIED, "values, each that of a parameter")
]


class Range(Block):
    """Numbers among which trials choose.

    Attributes:
        low: The least; whole if whole numbers are wanted.
        high: The greatest.
        log: Whether factors count, and not differences: 0.001 is as far from 0.01 as that from 0.1.
    """

    low: Number | int = Field(description="a number")
    high: Number | int = Field(description="a number greater than low")
    log: bool = Field(default=False, description="true or false")

    @model_validator(mode="after")
    def _is_a_range(self) -> "Range":
        if self.low >= self.high or (self.log and self.low <= 0):
            raise ValueError(
                f"low is {self.low} and high {self.high}; allowed: low less than high, and above 0 where log is true"
            )
        return self


def kind_of_search(value: Any) -> str:
    """Whether a parameter is searched for in a range or among values."""
    return RANGE if isinstance(value, Mapping | Range) else VALUES


Search = Annotated[
    dict[
        str,
        Annotated[Annotated[Range, Tag(RANGE)] | Annotated[Values, Tag(VALUES)], Discriminator(kind_of_search)],
    ],
    BeforeValidator(flat),
    Field(
        min_length=1,
        max_length=MAX_VARIED,
        description=f"1 to {MAX_VARIED} parameters of a network, each with values or a block with low and high",
    ),
]


class Tuning(Block):
    """How a study chooses settings, before it trains with them: by accuracy on images held back from training.

    Attributes:
        trials: How many settings are tried, for each network and each other point of the study.
        search: What is chosen: by parameter a list of values, or a range.
        validation_images: How many of the last training images are held back to choose by.
        sampler: Optuna's: `tpe` learns from earlier trials, `random` does not.
        pruner: Optuna's: `median` ends a trial that is worse than the median of the earlier ones, `none` ends none.
        seed: Of the trials; the trainings after them have other ones.
        at_a_time: How many trials know nothing of each other, and so can run side by side.
    """

    trials: Annotated[int, whole(1, MAX_TRIALS)]
    search: Search
    validation_images: Annotated[int, whole(1, MAX_IMAGES)] = 10_000
    sampler: Literal["tpe", "random"] = "tpe"
    pruner: Literal["median", "none"] = "none"
    seed: Seed = 0
    at_a_time: Annotated[int, whole(1, MAX_AT_A_TIME)] = 4


class Study(Block):
    """Trainings that differ in what is varied, in the number of images, and in their seed.

    Attributes:
        seeds: Each gives other initial weights, another order of the images and, where not all are used, other images.
        networks: Which are trained; `None`: those of the parameter `networks`.
        vary: By parameter, the values that it takes: all combinations are trained.
        variants: By name, the values of parameters that make a variant: each is trained. One that lists `networks` is a
            variant of these alone.
        samples: How many training images the networks learn from; `None`: all, in their original order.
        images_per_epoch: A smaller training set is shown several times an epoch, until it is as many images as these;
            `None`: it is shown once.
        measures: What is measured of each trained network beside its test accuracy: `invariance`, how it answers when
            the image is shifted, and how far each layer's output shifts with it; `speed`, in how many seconds it has
            learned, of how many operations.
        tune: How settings are chosen before the trainings; `None`: they are as they stand.
    """

    seeds: Seeds
    networks: (
        Annotated[
            tuple[Text, ...],
            BeforeValidator(split),
            AfterValidator(unique),
            several(1, MAX_NETWORKS, "names of networks, each different"),
        ]
        | None
    ) = Field(default=None, description=f"null or 1 to {MAX_NETWORKS} names of networks, each different")
    vary: Annotated[dict[str, Values], BeforeValidator(flat), Field(max_length=MAX_VARIED)] = Field(
        default={}, description=f"a block of up to {MAX_VARIED} parameters, each with 1 to {MAX_VARIED} values"
    )
    variants: dict[VariantName, Annotated[dict[str, Any], BeforeValidator(flat)]] = Field(
        default={},
        max_length=MAX_VARIED,
        description=f"up to {MAX_VARIED} blocks of parameters, named with up to 30 small letters, digits and _",
    )
    samples: (
        Annotated[
            tuple[Images, ...],
            BeforeValidator(split_numbers),
            AfterValidator(unique),
            several(1, MAX_SAMPLE_SIZES, f"whole numbers from 1 to {MAX_IMAGES}, each different"),
        ]
        | None
    ) = Field(
        default=None,
        description=f"null or 1 to {MAX_SAMPLE_SIZES} whole numbers from 1 to {MAX_IMAGES}, each different",
    )
    images_per_epoch: ImagesPerEpoch | None = or_null(MAX_IMAGES_PER_EPOCH, default=None)
    measures: Annotated[
        tuple[Literal["invariance", "speed"], ...],
        BeforeValidator(split),
        AfterValidator(unique),
        Field(max_length=2, description="a list of what a study can measure: invariance, speed"),
    ] = ()
    tune: Tuning | None = Field(default=None, description="null or a block with trials, search and what else is wanted")

    @model_validator(mode="after")
    def _seeds_are_fresh(self) -> "Study":
        if self.tune and self.tune.seed in self.seeds:
            raise ValueError(f"tune.seed is {self.tune.seed}, one of seeds; allowed: another seed than those tested")
        return self
