"""Parameters: the lecture's defaults, and what is refused in which words."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from convnets.errors import ParameterError
from convnets.parameters import NETWORKS, Convolutional, FullyConnected, check_parameters

CONF = Path(__file__).parent.parent / "conf"


@pytest.fixture
def values() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CONF / "base" / "parameters.yml").read_text())
    return loaded


def with_value(values: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """The values with one changed; the name is dotted as on the command line."""
    changed = copy.deepcopy(values)
    *blocks, last = name.split(".")
    block = changed
    for part in blocks:
        block = block[part]
    block[last] = value
    return changed


def test_the_defaults_are_the_lecture(values: dict[str, Any]) -> None:
    parameters: Any = check_parameters(values)
    assert parameters.fcn.network.root == FullyConnected(name="fcn", architecture="fully_connected", units=512)
    assert parameters.cnn.network.root == Convolutional(
        name="cnn",
        architecture="convolutional",
        filters=(32, 64, 128),
        kernel_size=3,
        strides=1,
        padding="valid",
        pool_size=2,
    )
    assert [getattr(parameters, name).training.batch_size for name in NETWORKS] == [128, 64, 64]
    for name in NETWORKS:
        training = getattr(parameters, name).training
        assert (training.epochs, training.optimizer, training.validation_split) == (5, "rmsprop", 0)
        assert training.loss == "sparse_categorical_crossentropy"


def test_without_pooling_one_thing_differs(values: dict[str, Any]) -> None:
    cnn, cnn_no_pool = values["cnn"]["network"], values["cnn_no_pool"]["network"]
    assert {name for name in cnn if cnn[name] != cnn_no_pool[name]} == {"name", "pool_size"}
    assert values["cnn"]["training"] == values["cnn_no_pool"]["training"]


@pytest.mark.parametrize(
    ("given", "read"), [("16+32", (16, 32)), (16, (16,)), ([8, 16], (8, 16))], ids=["several", "one", "a list"]
)
def test_filters_can_be_given_on_the_command_line(values: dict[str, Any], given: Any, read: tuple[int, ...]) -> None:
    parameters: Any = check_parameters(with_value(values, "cnn.network.filters", given))
    assert parameters.cnn.network.root.filters == read


SEEDS = "allowed: a whole number from 0 to 4294967295."
COUNTS = "allowed: a whole number, 1 or more."
REFUSED: dict[str, list[tuple[Any, str]]] = {
    "seed": [
        (-1, f"seed is -1; {SEEDS}"),
        (2**32, f"seed is 4294967296; {SEEDS}"),
        (True, f"seed is true; {SEEDS}"),
        (None, f"seed is null; {SEEDS}"),
    ],
    "sead": [(1, "There is no parameter sead: did you mean seed?")],
    "precision": [("float23", "precision is 'float23' (did you mean float32?); allowed: auto, float32 or")],
    "dataset.name": [("", "dataset.name is ''; allowed: a text of at least one character.")],
    "dataset.class_names": [
        (["a"], "dataset.class_names is ['a']; allowed: two or more names, each different."),
        (["a", "b", "a"], "dataset.class_names is ['a', 'b', 'a']; allowed: two or more names, each different."),
        ([1, 2], "dataset.class_names.0 is 1; allowed: two or more names, each different."),
    ],
    "dataset.train_samples": [(0, "dataset.train_samples is 0; allowed: null or a whole number, 1 or more.")],
    "cnn.lecture_accuracy": [(99.1, "cnn.lecture_accuracy is 99.1; allowed: null or a number from 0 to 1.")],
    "cnn.network": [(3, "cnn.network is 3; allowed: a block with architecture, fully_connected or convolutional,")],
    "cnn.network.name": [("fcn", "cnn.network.name is 'fcn'; allowed: cnn.")],
    "cnn.network.architecture": [
        ("convolution", "is 'convolution' (did you mean convolutional?); allowed: fully_connected or convolutional."),
        (None, "cnn.network.architecture is null; allowed: fully_connected or convolutional."),
    ],
    "cnn.network.filters": [
        ([], "cnn.network.filters is []; allowed: one or more whole numbers from 1 to 65536."),
        ("32+many", "cnn.network.filters.1 is 'many'; allowed: one or more whole numbers from 1 to 65536."),
        ("0+0", "cnn.network.filters.0 is '0'; allowed: one or more whole numbers from 1 to 65536."),
    ],
    "cnn.network.kernel_size": [(0, f"cnn.network.kernel_size is 0; {COUNTS}")],
    "cnn.network.padding": [("full", "cnn.network.padding is 'full'; allowed: valid or same.")],
    "cnn.network.pool_sise": [(2, "There is no parameter cnn.network.pool_sise: did you mean cnn.network.pool_size?")],
    "prediction.folder": [
        ("", "prediction.folder is ''; allowed: the path of a folder."),
        (7, "prediction.folder is 7; allowed: the path of a folder."),
    ],
    "prediction.foldr": [("x", "There is no parameter prediction.foldr: did you mean prediction.folder?")],
    "convolution.kernels": [
        ({"Sobel (x)": [[0] * 3] * 3}, "convolution.kernels.(a name) is 'Sobel (x)'; allowed: one or more tables"),
        ({"Sobel": [[0] * 3] * 2}, "convolution.kernels.Sobel is [[0, 0, 0], [0, 0, 0]]; allowed: one or more tables"),
        ({"Sobel": [[0, 0, float("nan")]] * 3}, "convolution.kernels.Sobel.0.2 is nan; allowed: one or more tables"),
        ("x" * 100, f"convolution.kernels is '{'x' * 79}...; allowed: one or more tables"),
        (
            {"../../edge": [[0] * 3] * 3},
            "convolution.kernels.(a name) is '../../edge'; allowed: one or more tables",
        ),
    ],
    "fcn.network.name": [("../fcn", "fcn.network.name is '../fcn'; allowed: fcn.")],
    "cnn.network.units": [(64, "There is no parameter cnn.network.units: Allowed here: architecture, filters,")],
    "fcn.network.units": [
        (1.5, "fcn.network.units is 1.5; allowed: a whole number from 1 to 65536."),
        (10**12, "fcn.network.units is 1000000000000; allowed: a whole number from 1 to 65536."),
    ],
    "fcn.training": [(3, "fcn.training is 3; allowed: a block with epochs, batch_size, optimizer, loss, validation_")],
    "fcn.training.epochs": [("five", f"fcn.training.epochs is 'five'; {COUNTS}")],
    "fcn.training.batch_size": [(None, f"fcn.training.batch_size is null; {COUNTS}")],
    "fcn.training.optimizer": [
        ("rmspropp", "optimizer is 'rmspropp' (did you mean rmsprop?); allowed: rmsprop, adam or sgd.")
    ],
    "fcn.training.validation_split": [
        (value, f"validation_split is {value}; allowed: a number from 0 to less than 1.")
        for value in (1, -0.1, float("nan"))
    ],
    "strategy": [("mirrord", "strategy is 'mirrord' (did you mean mirrored?); allowed: default or mirrored.")],
    "translation.direction": [
        ("upright", "translation.direction is 'upright' (did you mean up right?); allowed: right, down right, down,")
    ],
    "translation.distances": [
        ([0, -1], "translation.distances.1 is -1; allowed: one or more whole numbers, 0 or more each, each different."),
        ("1+1", "translation.distances is '1+1'; allowed: one or more whole numbers, 0 or more each, each different."),
    ],
    "sample_size.samples": [([], "sample_size.samples is []; allowed: one or more whole numbers, 1 or more each,")],
    "sample_size.seeds": [
        ("1", "sample_size.seeds is '1'; allowed: two or more whole numbers from 0 to 4294967295, each different."),
        ([1, 1], "sample_size.seeds is [1, 1]; allowed: two or more whole numbers from 0 to"),
    ],
    "sample_size.images_per_epoch": [(0, f"sample_size.images_per_epoch is 0; {COUNTS}")],
    "seeds.seeds": [(7, "seeds.seeds is 7; allowed: two or more whole numbers from 0 to 4294967295, each different.")],
    "dask.scheduler": [
        (value, f"dask.scheduler is '{value}'; allowed: null or the address of a Dask scheduler, as tcp://")
        for value in ("", "10.0.0.7:8786", "tcp://10.0.0.7", "http://10.0.0.7:8786")
    ],
    "dask.workers": [(0, f"dask.workers is 0; {COUNTS}")],
    "dask.retries": [(-1, "dask.retries is -1; allowed: a whole number, 0 or more.")],
    "dask.silence_seconds": [(9, "dask.silence_seconds is 9; allowed: a whole number of seconds, 10 or more.")],
    "fcn.trainnig": [({}, "There is no parameter fcn.trainnig: did you mean fcn.training?")],
}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [(name, value, message) for name, cases in REFUSED.items() for value, message in cases],
)
def test_a_wrong_parameter_is_named_with_what_is_allowed(
    values: dict[str, Any], name: str, value: Any, message: str
) -> None:
    with pytest.raises(ParameterError) as raised:
        check_parameters(with_value(values, name, value))
    assert message in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_every_wrong_parameter_is_named(values: dict[str, Any]) -> None:
    del values["fcn"]["training"]["epochs"]
    with pytest.raises(ParameterError) as raised:
        check_parameters(with_value(values, "seed", "x"))
    assert str(raised.value).splitlines() == [
        f"seed is 'x'; {SEEDS}",
        f"The parameter fcn.training.epochs is missing; {COUNTS}",
    ]
