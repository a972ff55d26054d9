"""Parameters: the lecture's defaults, and what is refused in which words."""

import copy
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from convnets.harness.commands import run
from convnets.harness.messages import ParameterError
from convnets.network_parameters import Convolutional, FullyConnected
from convnets.parameters import NETWORKS, check_parameters
from support import FUZZED

LONGEST_SENTENCE = 700  # characters
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


def test_what_the_lecture_lacks_is_left_out_unless_it_is_asked_for(values: dict[str, Any]) -> None:
    del values["cnn"]["lecture_accuracy"]
    parameters: Any = check_parameters(with_value(values, "cnn.network.hidden_units", "128+64"))
    assert parameters.cnn.lecture_accuracy is None
    assert parameters.cnn.network.root.hidden_units == (128, 64)
    network = parameters.cnn_no_pool.network.root
    assert (network.pooling, network.head, network.hidden_units, network.dropout) == ("max", "flatten", (), 0)
    assert (network.batch_normalization, network.space_to_depth) == (False, None)
    assert parameters.fcn.network.root.dropout == 0


def test_loss_and_validation_split_need_not_be_repeated(values: dict[str, Any]) -> None:
    whole: Any = check_parameters(copy.deepcopy(values))
    for name in ("loss", "validation_split"):
        del values["cnn"]["training"][name]
    parameters: Any = check_parameters(values)
    assert parameters.cnn.training == whole.cnn.training


SEEDS = "allowed: a whole number from 0 to 4294967295."
PIXELS = "allowed: a whole number from 1 to 1024."
EPOCHS = "allowed: a whole number from 1 to 10000."
TEXT = "allowed: a text of 1 to 200 characters, none of them a control character."
CLASSES = "allowed: 2 to 256 names, each different and of 1 to 200 characters."
DISTANCES = "allowed: 1 to 64 whole numbers from 0 to 1024, each different."
SEED_LIST = "allowed: 2 to 50 whole numbers from 0 to 4294967295, each different."
FOLDER = "allowed: the path of a folder, of 1 to 1000 characters"
REFUSED: dict[str, list[tuple[Any, str]]] = {
    "seed": [
        (-1, f"seed is -1; {SEEDS}"),
        (2**32, f"seed is 4294967296; {SEEDS}"),
        (True, f"seed is true; {SEEDS}"),
        (None, f"seed is null; {SEEDS}"),
        (4.0, f"seed is 4.0; {SEEDS}"),
        ("4", f"seed is '4'; {SEEDS}"),
        ([16**5000], f"seed is a number of thousands of digits; {SEEDS}"),
    ],
    "sead": [(1, "There is no parameter sead: did you mean seed?")],
    "precision": [("float23", "precision is 'float23' (did you mean float32?); allowed: auto, float32 or")],
    "dataset.name": [("", f"dataset.name is ''; {TEXT}"), ("a\nb", rf"dataset.name is 'a\nb'; {TEXT}")],
    "dataset.class_names": [
        (["a"], f"dataset.class_names is ['a']; {CLASSES}"),
        (["a", "b", "a"], f"dataset.class_names is ['a', 'b', 'a']; {CLASSES}"),
        ([1, 2], f"dataset.class_names.0 is 1; {CLASSES}"),
    ],
    "dataset.train_samples": [(0, "dataset.train_samples is 0; allowed: null or a whole number from 1 to 10000000.")],
    "cnn.lecture_accuracy": [(99.1, "cnn.lecture_accuracy is 99.1; allowed: null or a number from 0 to 1.")],
    "cnn.network": [(3, "cnn.network is 3; allowed: a block with architecture, fully_connected or convolutional,")],
    "cnn.network.name": [("fcn", "cnn.network.name is 'fcn'; allowed: cnn.")],
    "cnn.network.architecture": [
        ("convolution", "is 'convolution' (did you mean convolutional?); allowed: fully_connected or convolutional."),
        (None, "cnn.network.architecture is null; allowed: fully_connected or convolutional."),
    ],
    "cnn.network.filters": [
        ([], "cnn.network.filters is []; allowed: 1 to 32 whole numbers from 1 to 65536."),
        ("32+many", "cnn.network.filters.1 is 'many'; allowed: 1 to 32 whole numbers from 1 to 65536."),
        ("0+0", "cnn.network.filters.0 is 0; allowed: 1 to 32 whole numbers from 1 to 65536."),
    ],
    "cnn.network.kernel_size": [(0, f"cnn.network.kernel_size is 0; {PIXELS}")],
    "cnn.network.padding": [("full", "cnn.network.padding is 'full'; allowed: valid, same or circular.")],
    "cnn.network.pooling": [
        ("none", "cnn.network.pooling is 'none'; allowed: max, average or blur; for no pooling, pool_size: null."),
        (None, "cnn.network.pooling is null; allowed: max, average or blur; for no pooling, pool_size: null."),
    ],
    "cnn.network.head": [
        ("global_mac", "is 'global_mac' (did you mean global_max?); allowed: flatten, global_max or global_average."),
    ],
    "cnn.network.hidden_units": [
        ("128+0", "cnn.network.hidden_units.1 is 0; allowed: 0 to 32 whole numbers from 1 to 65536."),
        (None, "cnn.network.hidden_units is null; allowed: 0 to 32 whole numbers from 1 to 65536."),
    ],
    "cnn.network.dropout": [(1, "cnn.network.dropout is 1; allowed: a number from 0 to less than 1.")],
    "cnn.network.batch_normalization": [
        (1, "cnn.network.batch_normalization is 1; allowed: true or false."),
        ("yes", "cnn.network.batch_normalization is 'yes'; allowed: true or false."),
    ],
    "cnn.network.space_to_depth": [
        (0, "cnn.network.space_to_depth is 0; allowed: null or a whole number from 1 to 1024.")
    ],
    "cnn.network.pool_sise": [(2, "There is no parameter cnn.network.pool_sise: did you mean cnn.network.pool_size?")],
    "prediction.folder": [
        ("", f"prediction.folder is ''; {FOLDER}"),
        (7, f"prediction.folder is 7; {FOLDER}"),
    ],
    "prediction.foldr": [("x", "There is no parameter prediction.foldr: did you mean prediction.folder?")],
    "convolution.kernels": [
        ({"Sobel (x)": [[0] * 3] * 3}, "convolution.kernels.(a name) is 'Sobel (x)'; allowed: 1 to 64 tables"),
        ({"Sobel": [[0] * 3] * 2}, "convolution.kernels.Sobel is [[0, 0, 0], [0, 0, 0]]; allowed: 1 to 64 tables"),
        ({"Sobel": [[0, 0, float("nan")]] * 3}, "convolution.kernels.Sobel.0.2 is nan; allowed: 1 to 64 tables"),
        ("x" * 100, f"convolution.kernels is '{'x' * 79}...; allowed: 1 to 64 tables"),
        (
            {"../../edge": [[0] * 3] * 3},
            "convolution.kernels.(a name) is '../../edge'; allowed: 1 to 64 tables",
        ),
    ],
    "fcn.network.name": [("../fcn", "fcn.network.name is '../fcn'; allowed: fcn.")],
    "cnn.network.units": [(64, "There is no parameter cnn.network.units: Allowed here: hidden_units, filters,")],
    "fcn.network.units": [
        (1.5, "fcn.network.units is 1.5; allowed: a whole number from 1 to 65536."),
        (10**12, "fcn.network.units is 1000000000000; allowed: a whole number from 1 to 65536."),
    ],
    "fcn.training": [(3, "fcn.training is 3; allowed: a block with epochs, batch_size, optimizer, loss, validation_")],
    "fcn.training.epochs": [
        ("five", f"fcn.training.epochs is 'five'; {EPOCHS}"),
        (1e20, f"fcn.training.epochs is 1e+20; {EPOCHS}"),
        (10**20, f"fcn.training.epochs is {10**20}; {EPOCHS}"),
    ],
    "fcn.training.batch_size": [(None, "fcn.training.batch_size is null; allowed: a whole number from 1 to 65536.")],
    "fcn.training.optimizer": [
        ("rmspropp", "optimizer is 'rmspropp' (did you mean rmsprop?); allowed: rmsprop, adam, adamw, sgd or nest")
    ],
    "fcn.training.learning_rate": [
        (value, f"learning_rate is {value}; allowed: null or a number greater than 0, up to 100.")
        for value in (0, -1.0, 101, float("inf"))
    ],
    "fcn.training.schedule": [
        ("cosine", "learning_rate is null with the schedule cosine; allowed: a number greater than 0, up to 100, the"),
        ("cosin", "schedule is 'cosin' (did you mean cosine?); allowed: constant, one_cycle or cosine."),
    ],
    "fcn.training.warm_up": [
        (
            0.1,
            "fcn.training.warm_up is 0.1 with the schedule constant; allowed: null, or the schedule one_cycle or cos",
        ),
        (1.5, "fcn.training.warm_up is 1.5; allowed: null or a number from 0 to less than 1."),
    ],
    "fcn.training.beta_1": [
        (0.9, "fcn.training.beta_1 is 0.9 with the optimizer rmsprop; allowed: null, or the optimizer adam or adamw.")
    ],
    "fcn.training.momentum": [(1, "fcn.training.momentum is 1; allowed: null or a number from 0 to less than 1.")],
    "fcn.training.weight_decay": [(-1, "weight_decay is -1; allowed: null or a number from 0 to 100.")],
    "fcn.training.clip_norm": [(0, "clip_norm is 0; allowed: null or a number greater than 0, up to 1000000.")],
    "fcn.training.label_smoothing": [(1, "label_smoothing is 1; allowed: a number from 0 to less than 1.")],
    "fcn.training.augmentation": [
        (2, "fcn.training.augmentation is 2; allowed: a block with shift, rotation, zoom, noise."),
        ({"shift": 1.5}, "fcn.training.augmentation.shift is 1.5; allowed: a whole number from 0 to 1024."),
        ({"rotation": 181}, "fcn.training.augmentation.rotation is 181; allowed: a number from 0 to 180."),
        ({"nois": 1}, "There is no parameter fcn.training.augmentation.nois: did you mean fcn.training.augmentation."),
    ],
    "fcn.training.early_stopping": [
        (3, "early_stopping is 3 with the validation_split 0; allowed: a validation_split greater than 0, whose"),
        (0, "fcn.training.early_stopping is 0; allowed: null or a whole number from 1 to 10000."),
    ],
    "fcn.training.keep": [
        ("best", "keep is best with the validation_split 0; allowed: a validation_split greater than 0, whose images")
    ],
    "fcn.training.validation_split": [
        (value, f"validation_split is {value}; allowed: a number from 0 to less than 1.")
        for value in (1, -0.1, float("nan"))
    ],
    "steps_per_execution": [(4.0, "steps_per_execution is 4.0; allowed: a whole number from 1 to 10000.")],
    "convolution.images_of_a_filter": [
        (10**6, "convolution.images_of_a_filter is 1000000; allowed: a whole number from 1 to 64.")
    ],
    "strategy": [("mirrord", "strategy is 'mirrord' (did you mean mirrored?); allowed: default or mirrored.")],
    "translation.direction": [
        ("upright", "translation.direction is 'upright' (did you mean up right?); allowed: right, down right, down,")
    ],
    "translation.distances": [
        ([0, -1], f"translation.distances.1 is -1; {DISTANCES}"),
        ("1+1", f"translation.distances is '1+1'; {DISTANCES}"),
    ],
    "label_errors.images": [
        ("1+1", "label_errors.images is '1+1'; allowed: null or up to 64 whole numbers from 0 to 9999999, each"),
        ([-1], "label_errors.images.0 is -1; allowed: null or up to 64 whole numbers"),
    ],
    "robustness.validation_split": [
        (0.0, "robustness.validation_split is 0.0; allowed: a number greater than 0, and less than 1: the temperature")
    ],
    "robustness.networks": [("fcn+cm", "robustness.networks: There is no network cm: ")],
    "robustness.corruptions.rotation": [
        ([], "robustness.corruptions.rotation is []; allowed: 1 to 10 numbers greater than 0, up to 180, degrees"),
        ("10+0", "robustness.corruptions.rotation.1 is 0; allowed: 1 to 10 numbers greater than 0, up to 180, degrees"),
    ],
    "robustness.corruptions.occlusion": [
        ([1.5], "robustness.corruptions.occlusion.0 is 1.5; allowed: 1 to 10 whole numbers from 1 to 1024, pixels")
    ],
    "robustness.corruptions.nois": [([0.1], "There is no parameter robustness.corruptions.nois: did you mean")],
    "sample_size.samples": [([], "sample_size.samples is []; allowed: null or 1 to 20 whole numbers from 1 to")],
    "sample_size.seeds": [
        ("1", f"sample_size.seeds is '1'; {SEED_LIST}"),
        ([1, 1], f"sample_size.seeds is [1, 1]; {SEED_LIST}"),
    ],
    "sample_size.images_per_epoch": [
        (0, "sample_size.images_per_epoch is 0; allowed: null or a whole number from 1 to")
    ],
    "seeds.vary": [
        ({"network": {"padding": []}}, "seeds.vary.network.padding is []; allowed: a block of up to 20 parameters"),
    ],
    "seeds.networks": [("fcn+cm", "seeds.networks: There is no network cm: ")],
    "seeds.tune": [
        (
            {"trials": 0, "search": {"network.units": [1]}},
            "seeds.tune.trials is 0; allowed: a whole number from 1 to 100.",
        ),
        (
            {"trials": 1, "search": {"training.learning_rate": {"low": 1, "high": 1}}},
            "low is 1 and high 1; allowed: low less than high",
        ),
        ({"trials": 1, "search": {"network.units": [1]}, "seed": 1}, "seeds.tune.seed is 1, one of seeds; allowed:"),
    ],
    "seeds.seeds": [(7, f"seeds.seeds is 7; {SEED_LIST}"), ("+".join(map(str, range(51))), f"...; {SEED_LIST}")],
    "dask.scheduler": [
        (value, f"dask.scheduler is '{value}'; allowed: null or the address of a Dask scheduler, as tcp://")
        for value in ("", "10.0.0.7:8786", "tcp://10.0.0.7", "http://10.0.0.7:8786")
    ],
    "dask.workers": [(0, "dask.workers is 0; allowed: a whole number from 1 to 64.")],
    "dask.retries": [(-1, "dask.retries is -1; allowed: a whole number from 0 to 100.")],
    "dask.silence_seconds": [(9, "dask.silence_seconds is 9; allowed: a whole number from 10 to 86400.")],
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
        f"The parameter fcn.training.epochs is missing; {EPOCHS}",
    ]


@settings(FUZZED, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["seed", "cnn.training.epochs", "cnn.network.filters", "dataset.name", "seeds.seeds", "cnn"]
            ),
            st.one_of(
                st.text(max_size=20),
                st.text("[]{}+:!&*?#|>%@`'\"-~.<0123456789eE_ \t\nabc", max_size=20),
                st.builds(str, st.one_of(st.integers(), st.floats())),
                st.sampled_from(
                    ["9" * 5000, "[" * 400, "!!bool x", "!!int x", "!!timestamp 2001-99-99", "???", "${", "1e400"]
                ),
            ),
        ),
        max_size=3,
    )
)
def test_whatever_follows_params_is_read_or_refused_in_one_sentence(given_values: list[tuple[str, str]]) -> None:
    arguments = ["--params", ",".join(f"{name}={value}" for name, value in given_values)]
    changed: dict[str, Any] = yaml.safe_load((CONF / "base" / "parameters.yml").read_text())
    changed["dataset"]["folder"] = changed["prediction"]["folder"] = "data"
    try:
        found = run.make_context("run", arguments).params["params"]
        merged = OmegaConf.to_container(OmegaConf.unsafe_merge(changed, found), resolve=True)
        assert isinstance(merged, dict)
        check_parameters({str(name): value for name, value in merged.items()})
    except (click.UsageError, ParameterError) as error:
        for sentence in str(error).splitlines():
            assert len(sentence) < LONGEST_SENTENCE
    except OmegaConfBaseException:
        pass  # refers to what is not there: of the whole configuration, which says so
