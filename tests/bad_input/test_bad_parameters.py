"""Parameters of the command line: of the wrong type, out of range, misspelt, contradictory."""

from pathlib import Path

import pytest

from bad_input import SEED, Case, hold_to_one_sentence, parameter
from forks import Forks

COUNT = "allowed: a whole number from 1 to "
COUNT_OR_NULL = "allowed: null or a whole number from 1 to "
LAYER = "allowed: a whole number from 1 to 65536"
LAYERS = "allowed: 1 to 32 whole numbers from 1 to 65536"
PIXEL = "allowed: sizes that leave each layer at least one pixel"

PARAMETERS = [
    # of the wrong type or out of range
    parameter("seed=-1", "seed is -1;", SEED),
    parameter("seed=4294967296", "seed is 4294967296;", SEED),
    parameter("seed=1.5", "seed is 1.5;", SEED),
    parameter("seed=true", "seed is true;", SEED),
    parameter("seed=", "seed is ", SEED),
    parameter("precision=float16", "precision is 'float16' (did you mean float32?)", "allowed: auto, float32 or"),
    parameter("steps_per_execution=0", "steps_per_execution is 0;", COUNT),
    parameter("dataset.class_names=a+a", "dataset.class_names is 'a+a'", "allowed: 2 to 256 names, each different"),
    parameter("dataset.train_samples=0", "dataset.train_samples is 0;", COUNT_OR_NULL),
    parameter("dataset.test_samples=all", "dataset.test_samples is 'all';", COUNT_OR_NULL),
    parameter("fcn.lecture_accuracy=98", "fcn.lecture_accuracy is 98;", "allowed: null or a number from 0 to 1"),
    parameter("fcn.network.units=0", "fcn.network.units is 0;", LAYER),
    parameter("fcn.network.units=1000000000000", "fcn.network.units is 1000000000000;", LAYER),
    parameter("fcn.network=3", "fcn.network is 3;", "allowed: a block with architecture"),
    parameter("cnn.network.name=fcn", "cnn.network.name is 'fcn';", "allowed: cnn"),
    parameter(
        "cnn.network.architecture=convolution",
        "cnn.network.architecture is 'convolution' (did you mean convolutional?)",
        "allowed: fully_connected or convolutional",
    ),
    parameter("cnn.network.filters=32+many", "cnn.network.filters.1 is 'many';", LAYERS),
    parameter("cnn.network.filters=0", "cnn.network.filters.0 is 0;", LAYERS),
    parameter("cnn.network.kernel_size=2.5", "cnn.network.kernel_size is 2.5;", COUNT),
    parameter("cnn.network.strides=-1", "cnn.network.strides is -1;", COUNT),
    parameter("cnn.network.padding=full", "cnn.network.padding is 'full';", "allowed: valid, same or circular"),
    parameter("cnn.network.pooling=none", "pooling is 'none';", "allowed: max, average or blur", "pool_size: null"),
    parameter("cnn.network.batch_normalization=1", "batch_normalization is 1;", "allowed: true or false"),
    parameter("cnn.network.pool_size=0", "cnn.network.pool_size is 0;", COUNT_OR_NULL),
    parameter("cnn.training.epochs=0", "cnn.training.epochs is 0;", COUNT),
    parameter("cnn.training.batch_size=x", "cnn.training.batch_size is 'x';", COUNT),
    parameter(
        "cnn.training.optimizer=adma", "cnn.training.optimizer is 'adma' (did you mean adam?)", "allowed: rmsprop, adam"
    ),
    parameter("cnn.training.loss=mse", "cnn.training.loss is 'mse';", "allowed: sparse_categorical_crossentropy"),
    parameter("cnn.training.validation_split=1", "validation_split is 1;", "allowed: a number from 0 to less than 1"),
    parameter(
        "cnn.training.learning_rate=fast", "learning_rate is 'fast';", "allowed: null or a number greater than 0"
    ),
    parameter("cnn.training.warm_up=1.5", "warm_up is 1.5;", "allowed: null or a number from 0 to less than 1"),
    parameter("cnn.training.augmentation.shift=0.5", "augmentation.shift is 0.5;", "allowed: a whole number from 0 to"),
    parameter("cnn.training=3", "cnn.training is 3;", "allowed: a block with epochs, batch_size, optimizer"),
    parameter("convolution.filters=-1", "convolution.filters.0 is -1;", "allowed: 1 to 64 whole numbers from 0"),
    parameter("convolution.images_of_a_filter=0", "convolution.images_of_a_filter is 0;", COUNT),
    parameter("prediction.folder=", "prediction.folder is null;", "allowed: the path of a folder"),
    # no whole numbers, and beyond all measure
    parameter("steps_per_execution=4.0", "steps_per_execution is 4.0;", COUNT),
    parameter("cnn.training.batch_size=1e20", "cnn.training.batch_size is 1e+20;", COUNT),
    parameter("cnn.training.epochs=100000000000000000000", "cnn.training.epochs is 100000000000000000000;", COUNT),
    parameter("convolution.images_of_a_filter=1000000", "images_of_a_filter is 1000000;", "whole number from 1 to 64"),
    Case(
        "20,000 seeds",
        ("seeds.seeds is '0+1+2", "allowed: 2 to 50 whole numbers"),
        ("--params", f"seeds.seeds={'+'.join(map(str, range(20_000)))}"),
    ),
    Case(
        "a name of 100,000 characters",
        ("dataset.name is 'xxx", "allowed: a text of 1 to 200 characters"),
        ("--params", f"dataset.name={'x' * 100_000}"),
    ),
    *(
        Case(
            fault,
            ("Invalid value for '--params'", *says, "allowed: name=value"),
            ("--params", f"seed={value}"),
            status=2,
        )
        for fault, value, *says in (
            ("a number of 5,000 digits", "1" * 5000, "seed=1111", "cannot be read (Exceeds the limit (4300 digits)"),
            ("a list nested 3,000 deep", "[" * 3000 + "]" * 3000, "cannot be read (maximum recursion depth exceeded"),
            ("a date that is none", "!!timestamp 2001-99-99", "cannot be read (month must be in 1..12)"),
            ("a parameter of ???", "???", "seed=??? names nothing"),
        )
    ),
    # misspelt, or of another network
    parameter("sead=1", "There is no parameter sead: did you mean seed?", "Allowed here: seed, dataset,"),
    parameter("ccnn.training.epochs=1", "There is no parameter ccnn: did you mean cnn?", "Allowed here: cnn,"),
    parameter(
        "cnn.network.pool_sise=2",
        "There is no parameter cnn.network.pool_sise: did you mean cnn.network.pool_size?",
        "Allowed here: pool_size, pooling",
    ),
    parameter("cnn.network.units=3", "There is no parameter cnn.network.units:", "Allowed here: hidden_units, filters"),
    # of another block
    parameter("epochs=1", "There is no parameter epochs: did you mean fcn.training.epochs, cnn.training.epochs,"),
    parameter("cnn.epochs=1", "There is no parameter cnn.epochs: did you mean cnn.training.epochs?"),
    parameter("cn.training.epochs=1", "There is no parameter cn: did you mean cnn?"),
    # contradictory
    parameter("dataset.train_samples=60001", "dataset.train_samples is 60,001", "expected no more than there are"),
    parameter("dataset.class_names=a+b", "raw_train_labels holds the label 9", "expected 0 to 1", "train-labels-idx1"),
    parameter(
        "cnn.training.momentum=0.9,cnn.training.optimizer=adam",
        "cnn.training.momentum is 0.9 with the optimizer adam;",
        "allowed: null, or the optimizer rmsprop, sgd or nesterov",
    ),
    parameter(
        "cnn.training.beta_1=0.5,cnn.training.optimizer=sgd",
        "cnn.training.beta_1 is 0.5 with the optimizer sgd;",
        "allowed: null, or the optimizer adam or adamw",
    ),
    parameter("cnn.training.schedule=one_cycle", "cnn.training.learning_rate is null with the schedule one_cycle;"),
    parameter("cnn.training.early_stopping=2", "early_stopping is 2 with the validation_split 0;", "or null"),
    parameter("cnn.training.keep=best", "keep is best with the validation_split 0;", "or last"),
    parameter(
        "fcn.training.keep=best,fcn.training.validation_split=0.0001",
        "fcn.training.validation_split is 0.0001, which holds back none of 1,000 images",
        "allowed: at least 0.001",
    ),
    parameter("cnn.network.kernel_size=29", "cnn.network has windows", "28 x 28", "kernel_size is 29", PIXEL),
    parameter("cnn.network.pool_size=27", "cnn.network has windows", "28 x 28", "pool_size 27", PIXEL),
    parameter("cnn.network.space_to_depth=3", "space_to_depth is 3, and images are 28 x 28;", "allowed: null or a div"),
    parameter("cnn_no_pool.network.strides=28", "cnn_no_pool.network has windows", "strides 28", PIXEL),
    parameter("cnn.network.filters=1+1+1+1+1", "cnn.network has windows", "28 x 28", PIXEL),
    Case(
        "an image that is not there",
        ("convolution.image is 200;", "allowed: 0 to 199"),
        ("--pipeline=convolution", "--params", "convolution.image=200"),
    ),
    Case(
        "a moving image that is not there",
        ("translation.image is 200;", "allowed: 0 to 199"),
        ("--pipeline=translation", "--params", "translation.image=200"),
    ),
    Case(
        "a doubtful label of an image that is not there",
        ("label_errors.images has 200;", "allowed: null, or numbers of test images, 0 to 199"),
        ("--pipeline=label_errors", "--params", "label_errors.images=7+200"),
    ),
    Case(
        "no image to fit a temperature on",
        ("robustness.validation_split is 0.0001, which holds back none of 1,000 images", "allowed: at least 0.001"),
        ("--pipeline=robustness", "--params", "robustness.validation_split=0.0001"),
    ),
    Case(
        "more samples than there are",
        ("sample_size.samples has 1001;", "allowed: 1 to 1000, the number of training images"),
        ("--pipeline=sample_size", "--params", "sample_size.samples=50+1001"),
    ),
    Case(
        "a study of more images than there are",
        ("dataset.train_samples is 60,001, and raw_train_images holds 60,000", "expected no more than there are"),
        ("--pipeline=seeds", "--params", "seeds.vary.dataset.train_samples=50+60001"),
    ),
    Case(
        "one seed",
        ("seeds.seeds is 1;", "allowed: 2 to 50 whole numbers from 0 to"),
        ("--pipeline=seeds", "--params", "seeds.seeds=1"),
    ),
    # of no form
    *(
        Case(
            f"commas in a list: {given}",
            ("Invalid value for '--params'", f"did you mean {meant}?", "a list as 16+32"),
            ("--params", given),
            status=2,
        )
        for given, meant in (
            ("cnn.network.filters=16,32", "cnn.network.filters=16+32"),
            ("seed=2,cnn.network.filters=[8, 16,32],seed=3", "seed=2,cnn.network.filters=8+16+32,seed=3"),
        )
    ),
    Case("no value", ("Item `seed` must contain a key and a value separated by `=`",), ("--params", "seed"), status=2),
    Case(
        "an open bracket",
        ("seed=[1 cannot be read", "allowed: name=value"),
        ("--params", "seed=[1"),
        status=2,
    ),
]


@pytest.mark.parametrize("case", PARAMETERS, ids=[case.id for case in PARAMETERS])
def test_bad_input_gets_one_sentence_and_changes_nothing(
    case: Case, trained: Path, forks: Forks, tmp_path: Path
) -> None:
    hold_to_one_sentence(case, trained, forks, tmp_path / "project")
