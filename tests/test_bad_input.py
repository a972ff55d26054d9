"""Bad input gets one sentence that names the culprit and what is allowed, before anything is trained or changed."""

import gzip
import hashlib
import http.server
import json
import os
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run

from convnets.harness.commands import QUIET
from convnets.parameters import NETWORKS
from forks import Forks
from support import RUN_TIMEOUT, Project, free_port, idx, wait_until

LONGEST_SENTENCE = 700  # characters
RUN = ("run", "--env", "test")
DATA = "data/test"
OUTPUTS = "outputs in globals.yml"
TINY = [
    "dataset.train_samples=60",
    "dataset.test_samples=20",
    "fcn.network.units=2",
    *(f"{network}.network.filters=1+1+1" for network in ("cnn", "cnn_no_pool")),
    *(f"{network}.training.epochs=1" for network in NETWORKS),
]

STARTS = [  # what pipelines start from
    f"{network}.{name}"
    for network in NETWORKS
    for name in ("model", "history_table", "predictions", "per_class_table", "metrics")
]


class Place:
    """A project with results of an earlier run, in which one thing is made wrong."""

    def __init__(self, path: Path, forks: Forks, undo: ExitStack) -> None:
        """Note where it is.

        Args:
            path: Of the project.
            forks: Runs its commands.
            undo: Called when the command has ended.
        """
        self.path = path
        self.forks = forks
        self.undo = undo
        self.options: list[str] = []  # added to the command
        self.variables: dict[str, str] = {}

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that is there once in a file of the configuration."""
        path = self.path / "conf" / file
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))

    def require_permissions(self) -> None:
        """Skip where the permissions of files do not hold."""
        if not self.forks.permissions_hold:
            pytest.skip("root may read and write anything, and setpriv, which could change that, is missing")

    def forbid(self, file: str, mode: int) -> None:
        """Change the permissions of a file or a folder until the command has ended."""
        self.require_permissions()
        path = self.path / file
        before = path.stat().st_mode
        path.chmod(mode)
        self.undo.callback(path.chmod, before)

    def mount(self, folder: Path, options: str) -> None:
        """Mount an empty file system in memory until the command has ended."""
        mount, umount = shutil.which("mount"), shutil.which("umount")
        if not mount or not umount or os.geteuid() != 0:
            pytest.skip("mounting a small file system needs root")
        command = [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if mounted.returncode:
            pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
        self.undo.callback(subprocess.run, [umount, str(folder)], check=True)


Prepare = Callable[[Place], None]


def both(first: Prepare, second: Prepare) -> Prepare:
    """Make one thing wrong, then another."""

    def prepare(place: Place) -> None:
        first(place)
        second(place)

    return prepare


def nothing(_: Place) -> None:
    """The command line alone is wrong."""


class Case(NamedTuple):
    """One fault.

    Attributes:
        id: What is wrong.
        says: What the sentence has: the culprit, what was found, what is allowed. `{path}` is the project's.
        options: Added to `kedro run --env test`.
        prepare: Makes something wrong.
        command: The command.
        status: The exit status.
    """

    id: str
    says: tuple[str, ...]
    options: tuple[str, ...] = ()
    prepare: Prepare = nothing
    command: tuple[str, ...] = RUN
    status: int = 1


def parameter(setting: str, *says: str) -> Case:
    """A parameter on the command line."""
    return Case(setting, says, ("--params", setting))


SEED = "allowed: a whole number from 0 to 4294967295"
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
    parameter("cnn.network.padding=full", "cnn.network.padding is 'full';", "allowed: valid or same"),
    parameter("cnn.network.pool_size=0", "cnn.network.pool_size is 0;", COUNT_OR_NULL),
    parameter("cnn.training.epochs=0", "cnn.training.epochs is 0;", COUNT),
    parameter("cnn.training.batch_size=x", "cnn.training.batch_size is 'x';", COUNT),
    parameter(
        "cnn.training.optimizer=adma", "cnn.training.optimizer is 'adma' (did you mean adam?)", "allowed: rmsprop, adam"
    ),
    parameter("cnn.training.loss=mse", "cnn.training.loss is 'mse';", "allowed: sparse_categorical_crossentropy"),
    parameter("cnn.training.validation_split=1", "validation_split is 1;", "allowed: a number from 0 to less than 1"),
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
    parameter("sead=1", "There is no parameter sead: did you mean seed?", "Allowed here: seed, seeds,"),
    parameter("ccnn.training.epochs=1", "There is no parameter ccnn: did you mean cnn?", "Allowed here: cnn,"),
    parameter(
        "cnn.network.pool_sise=2",
        "There is no parameter cnn.network.pool_sise: did you mean cnn.network.pool_size?",
        "Allowed here: architecture, filters",
    ),
    parameter("cnn.network.units=3", "There is no parameter cnn.network.units:", "Allowed here: architecture, filters"),
    # contradictory
    parameter("dataset.train_samples=60001", "dataset.train_samples is 60,001", "expected no more than there are"),
    parameter("dataset.class_names=a+b", "raw_train_labels holds the label 9", "expected 0 to 1", "train-labels-idx1"),
    parameter("cnn.network.kernel_size=29", "cnn.network has windows", "28 x 28", "kernel_size is 29", PIXEL),
    parameter("cnn.network.pool_size=27", "cnn.network has windows", "28 x 28", "pool_size 27", PIXEL),
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
        "more samples than there are",
        ("sample_size.samples has 1001;", "allowed: 1 to 1000, the number of training images"),
        ("--pipeline=sample_size", "--params", "sample_size.samples=50+1001"),
    ),
    Case(
        "one seed",
        ("seeds.seeds is 1;", "allowed: 2 to 50 whole numbers from 0 to"),
        ("--pipeline=seeds", "--params", "seeds.seeds=1"),
    ),
    # of no form
    Case("no value", ("Item `seed` must contain a key and a value separated by `=`",), ("--params", "seed"), status=2),
    Case(
        "an open bracket",
        ("seed=[1 cannot be read", "allowed: name=value"),
        ("--params", "seed=[1"),
        status=2,
    ),
]

DASK = ("--config=conf/dask/run.yml",)

NAMES = [
    Case(
        "unknown pipeline",
        ("There is no pipeline cnn_nopool: did you mean cnn_no_pool?", "Allowed here: __default__, cnn"),
        ("--pipeline=cnn_nopool",),
    ),
    Case(
        "one unknown pipeline of two",
        ("There is no pipeline resnet:", "Allowed here: __default__, cnn"),
        ("--pipelines=fcn,resnet",),
    ),
    Case(
        "unknown node", ("There is no node cnn.trian: did you mean cnn.train?", "Allowed here:"), ("--nodes=cnn.trian",)
    ),
    Case(
        "unknown output",
        ("There is no data set cnn.modell: did you mean cnn.model?", "Allowed here:"),
        ("--to-outputs=cnn.modell",),
    ),
    Case(
        "unknown runner",
        ("There is no runner ThreadRuner: did you mean ThreadRunner?", "Allowed here: SequentialRunner, ThreadRunner"),
        ("--runner=ThreadRuner",),
    ),
    Case(
        "a runner that forks",
        ("--runner is ParallelRunner, which forks", "allowed: ThreadRunner, or --config=conf/dask/run.yml"),
        ("--runner=ParallelRunner",),
    ),
    Case("no runner", ("There is no runner os.system:", "Allowed here: SequentialRunner"), ("--runner=os.system",)),
    Case("an abstract runner", ("There is no runner AbstractRunner:", "Allowed"), ("--runner=AbstractRunner",)),
    Case(
        "an unknown argument of a runner",
        ("for --runner-params: max_workers:", "Allowed here: is_async"),
        ("--runner-params=max_workers=2",),
    ),
    Case(
        "an argument of a runner out of range",
        ("--runner-params max_workers is -1;", "allowed: a whole number from 1 to 64"),
        ("--runner=ThreadRunner", "--runner-params=max_workers=-1"),
    ),
    Case(
        "a version",
        ("--load-versions is {'class_counts': '2026'};", "no data set has versions"),
        ("--load-versions=class_counts:2026",),
    ),
    Case(
        "another backend of Keras",
        ("KERAS_BACKEND is 'torch'", "allowed: tensorflow, or none"),
        prepare=lambda place: place.variables.update(KERAS_BACKEND="torch"),
    ),
    Case("a version of no form", ("--load-versions", "found x instead"), ("--load-versions=x",), status=2),
    Case("a node after an open bracket", ("--nodes", "names nothing"), ("--nodes=[fcn.train",), status=2),
    Case("a comma for a tag", ("--tags", ", names nothing"), ("--tags=,",), status=2),
    Case("an unknown tag", ("There is no tag x: Allowed here: none",), ("--tags=x",)),
    Case(
        "a beginning after the end",
        ("--from-inputs, --to-outputs: Pipeline contains no nodes", "allowed: names that leave one node or more"),
        ("--from-inputs=fcn.model", "--to-outputs=fcn.model"),
    ),
    Case(
        "a beginning after what only memory holds",
        (
            "This run starts from test_images, which no step of it makes and no file holds;",
            "begin with an earlier step",
        ),
        ("--pipeline=convolution", "--from-nodes=convolution.downsample"),
    ),
    Case(
        "pipeline and pipelines",
        ("Options '--pipeline' and '--pipelines' cannot be used together",),
        ("--pipeline=fcn", "--pipelines=cnn"),
    ),
    Case("an environment elsewhere", ("The environment is '/etc'; allowed: the name",), command=("run", "--env=/etc")),
    Case(
        "options in no text",
        ("--config", "cannot be read", "allowed: a YAML"),
        (f"--config={sys.executable}",),
        status=2,
    ),
    Case("configuration that needs a package", ("s3://x cannot be read",), ("--conf-source=s3://x",)),
    Case(
        "unknown training",
        ("There is no namespace seeds-cnn-3: did you mean seeds-cnn-2?", "Allowed here:"),
        ("--pipeline=seeds", "--namespaces=seeds-cnn-3"),
    ),
    Case(
        "on Dask what shares memory",
        ("is kept in memory, and would go from", "allowed: data sets that the catalog keeps in files"),
        DASK,
    ),
    Case(
        "a scheduler that does not answer",
        ("No Dask scheduler answers at tcp://127.0.0.1:1", "start one with `dask scheduler`"),
        (*DASK, "--pipeline=seeds", "--params", "dask.scheduler=tcp://127.0.0.1:1"),
    ),
    Case(
        "workers elsewhere and a store in a file",
        ("Workers of tcp://10.0.0.7:8786 cannot record in sqlite:///{path}/", "start `mlflow server`"),
        (*DASK, "--pipeline=seeds", "--params", "dask.scheduler=tcp://10.0.0.7:8786"),
    ),
    Case(
        "a file of options without any",
        ("the file has no section run",),
        ("--config=conf/test/parameters.yml",),
        status=2,
    ),
    Case("unknown option", ("No such option", "--pipline"), ("--pipline=cnn",), status=2),
    Case("unknown environment", ("conf/nonsense",), command=("run", "--env", "nonsense")),
]


def edited(file: str, old: str, new: str) -> Prepare:
    return lambda place: place.edit(file, old, new)


def written(file: str, content: bytes) -> Prepare:
    def prepare(place: Place) -> None:
        (place.path / "conf" / file).write_bytes(content)

    return prepare


BOMB = b"a0: &a0 [x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 9)
)
PLAIN = "allowed: a YAML file in UTF-8, of names and their values"
CONFIGURATION = [
    *(
        Case(fault, ("{path}/conf/test/parameters.yml", *says, PLAIN), prepare=written("test/parameters.yml", content))
        for fault, content, *says in (
            ("aliases of aliases", BOMB, "grows to more than 100000 values"),
            ("an alias of itself", b"seed: &a [*a]", "holds *a within itself"),
            ("a name twice", b"seed: 2\nseed: 3\n", "found duplicate key seed in line 2"),
            ("a file nested 5,000 deep", b"seed: " + b"[" * 5000, "more than 20 lists and blocks in each other"),
            ("a number of 5,000 digits in a file", b"seed: " + b"1" * 5000, "holds a value of 5000 characters"),
            ("a tab", b"seed:\n\t- 1\n", "found character", "in line 2"),
            ("bytes", bytes(range(256)), "cannot be read"),
            ("a file of Latin-1", "dataset: {name: é}".encode("latin-1"), "cannot be read (invalid"),
            ("a list for parameters", b"- 1\n", "holds a list"),
            ("a word for parameters", b"seed", "holds a single value, 'seed'"),
            ("question marks", b"seed: ???", "holds ???"),
            ("a boolean that is none", b"seed: !!bool x", "cannot be read"),
            ("an object of Python", b"seed: !!python/name:os.system", "could not determine a constructor"),
        )
    ),
    Case(
        "a parameter whose name is a number",
        ("There is no parameter 1:", "Allowed here:"),
        prepare=written("test/parameters.yml", b"1: 2"),
    ),
    Case(
        "an infinite number",
        ("fcn.lecture_accuracy is inf;", "allowed: null or a number from 0 to 1"),
        prepare=written("test/parameters.yml", b"fcn: {lecture_accuracy: 1e400}"),
    ),
    Case(
        "no configuration",
        ("configuration path", "{path}/conf/base"),
        prepare=lambda place: shutil.rmtree(place.path / "conf"),
    ),
    Case(
        "parameters.yml is no YAML",
        ("conf/test/parameters.yml", "line"),
        prepare=edited("test/parameters.yml", "dataset:", "dataset: ]"),
    ),
    Case(
        "a parameter is missing",
        ("The parameter seed is missing", SEED),
        prepare=edited("base/parameters.yml", "seed: 1", "# seed: 1"),
    ),
    Case(
        "a kernel is not square",
        ("convolution.kernels.blur is [[0.11, 0.11, 0.11]]", "allowed: 1 to 64 tables of 3 x 3 numbers"),
        prepare=edited(
            "base/parameters.yml",
            "[[0.11, 0.11, 0.11], [0.11, 0.11, 0.11], [0.11, 0.11, 0.11]]",
            "[[0.11, 0.11, 0.11]]",
        ),
    ),
    Case(
        "a kernel's name",
        ("convolution.kernels.(a name) is 'blur (mean)'", "named with letters, digits, spaces and any of . _ : -"),
        prepare=edited("base/parameters.yml", "    blur:", "    blur (mean):"),
    ),
    Case(
        "a misspelt setting",
        (
            "tracking.yml: There is no setting experimnt: did you mean experiment?",
            "Allowed here: artifacts, experiment",
        ),
        prepare=edited("test/tracking.yml", "experiment:", "experimnt:"),
    ),
    Case(
        "a setting of the wrong type",
        ("globals.yml: outputs is 7;", "allowed: the path of a folder"),
        prepare=edited("test/globals.yml", "outputs: data/test", "outputs: 7"),
    ),
    Case(
        "a checksum that is none",
        ("globals.yml: sha256.test_labels is 'f7ae'", "allowed: null or 64 hexadecimal digits"),
        prepare=edited("base/globals.yml", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", "f7ae"),
    ),
    Case(
        "an unknown variable",
        ("Interpolation key 'outptus' not found", "references to what globals.yml defines"),
        prepare=edited("base/globals.yml", "outputs: data ", "outputs: ${outptus} "),
        command=("run",),
    ),
]

# ---- the data files

IMAGES = np.random.default_rng(1).integers(0, 256, (20, 28, 28), np.uint8)
LABELS = np.arange(20, dtype=np.uint8) % 10
FILES = {
    f"{part}-{kind}-ubyte.gz": gzip.compress(idx(array), mtime=0)
    for part in ("train", "t10k")
    for kind, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS))
}
TRAIN_IMAGES, TEST_LABELS = "train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"


def flip_a_byte(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


def with_data(file: str, content: bytes | None, **sums: str) -> Prepare:
    """A data set of one's own in which one file has another content, or, with `None`, is missing."""

    def prepare(place: Place) -> None:
        folder = place.path / "own"
        folder.mkdir()
        for name, whole in (FILES | {file: content}).items():
            if whole is not None:
                (folder / name).write_bytes(whole)
        expected = dict.fromkeys(("train_images", "train_labels", "test_images", "test_labels")) | sums
        conf = place.path / "conf/test/globals.yml"
        conf.write_text(conf.read_text() + yaml.safe_dump({"sha256": expected}))
        samples = "dataset.train_samples=null,dataset.test_samples=null"
        place.options = ["--params", f"dataset.folder={folder},{samples}"]

    return prepare


def faulty(fault: str, file: str, content: bytes | None, *says: str) -> Case:
    return Case(fault, (f"{{path}}/own/{file}", *says), prepare=with_data(file, content))


IMAGES_EXPECTED = "expected 0x00000803, an IDX file of unsigned bytes in 3 dimensions"
DATA_FILES = [
    faulty("a file is missing", TRAIN_IMAGES, None, "no such file; expected an IDX file"),
    faulty("a file is empty", TRAIN_IMAGES, b"", "starts with 0x", IMAGES_EXPECTED),
    faulty("a file is truncated", TRAIN_IMAGES, FILES[TRAIN_IMAGES][:-500], "is damaged", "expected a whole IDX file"),
    faulty("a header is cut off", TRAIN_IMAGES, idx(IMAGES)[:9], "ends within its header; expected 3 sizes"),
    faulty(
        "the wrong magic number", TRAIN_IMAGES, idx(IMAGES, b"\0\0\x0d\3"), "starts with 0x00000d03;", IMAGES_EXPECTED
    ),
    faulty("not an IDX file", TRAIN_IMAGES, b"<!DOCTYPE html>", "starts with 0x3c21444f;", IMAGES_EXPECTED),
    faulty("images in place of labels", TEST_LABELS, idx(IMAGES), "starts with 0x00000803;", "expected 0x00000801"),
    faulty("too few images", TRAIN_IMAGES, idx(IMAGES)[:-1], "15,679 bytes", "expects 15,680"),
    faulty("too many images", TRAIN_IMAGES, idx(IMAGES) + b"\0", "goes on after the 15,680 bytes", "expects"),
    faulty("an impossible size", TRAIN_IMAGES, idx(IMAGES)[:4] + b"\xff" * 12 + b"\0" * 99, "4294967295", "expects"),
    faulty("a wrong byte", TRAIN_IMAGES, flip_a_byte(FILES[TRAIN_IMAGES]), "is damaged", "expected a whole IDX file"),
    faulty("no images", TRAIN_IMAGES, idx(IMAGES[:0]), "is empty", "expected at least one element"),
    Case(
        "labels without images",
        (
            "raw_test_images holds 20 images and raw_test_labels 21 labels",
            "expected a label for each",
            f"own/{TEST_LABELS}",
        ),
        prepare=with_data(TEST_LABELS, idx(np.zeros(21, np.uint8))),
    ),
    Case(
        "a label out of range",
        ("raw_test_labels holds the label 10; expected 0 to 9", f"{{path}}/own/{TEST_LABELS}"),
        prepare=with_data(TEST_LABELS, idx(LABELS + np.uint8(1))),
    ),
    Case(
        "the wrong checksum",
        (
            f"{{path}}/own/{TEST_LABELS}",
            f"its SHA-256 is {hashlib.sha256(FILES[TEST_LABELS]).hexdigest()}",
            "expected 000",
        ),
        prepare=with_data(TEST_LABELS, FILES[TEST_LABELS], test_labels="0" * 64),
    ),
    Case(
        "no permission to read",
        (f"{{path}}/own/{TEST_LABELS}", "cannot be read (Permission denied); expected an IDX file"),
        prepare=both(with_data("", None), lambda place: place.forbid(f"own/{TEST_LABELS}", 0)),
    ),
    Case(
        "a folder in place of a file",
        (f"{{path}}/own/{TEST_LABELS}", "cannot be read (Is a directory); expected an IDX file"),
        prepare=both(with_data(TEST_LABELS, None), lambda place: (place.path / "own" / TEST_LABELS).mkdir()),
    ),
    Case(
        "a folder of data that is not there",
        ("/nowhere/test", "no such file; expected an IDX file"),
        ("--params", "dataset.folder=/nowhere/test"),
    ),
    Case(
        "data of the comparison",
        ("{path}/own/t10k-images-idx3-ubyte.gz", "is damaged", "expected a whole IDX file"),
        prepare=with_data("t10k-images-idx3-ubyte.gz", FILES["t10k-images-idx3-ubyte.gz"][:-500]),
        command=(*RUN, "--pipeline=comparison"),
    ),
]


def own_images(make: Callable[[Path], object]) -> Prepare:
    def prepare(place: Place) -> None:
        make(place.path / "mine")
        place.options = ["--params", f"prediction.folder={place.path / 'mine'}"]

    return prepare


FOLDER = "prediction.folder must name a folder with at least one PNG or JPEG file"
PREDICTION = (*RUN, "--pipeline=prediction")
OWN_IMAGES = [
    Case("no folder", ("{path}/mine: no such folder", FOLDER), prepare=own_images(str), command=PREDICTION),
    Case("an empty folder", ("{path}/mine: holds no file", FOLDER), prepare=own_images(Path.mkdir), command=PREDICTION),
    Case(
        "a file in place of the folder",
        ("{path}/mine: cannot be listed (Not a directory)", FOLDER),
        prepare=own_images(Path.touch),
        command=PREDICTION,
    ),
    Case(
        "a folder that may not be listed",
        ("{path}/mine: cannot be listed (Permission denied)", FOLDER),
        prepare=both(own_images(Path.mkdir), lambda place: place.forbid("mine", 0)),
        command=PREDICTION,
    ),
]

# ---- results that a pipeline starts from


def result(file: str, change: Callable[[bytes], bytes] | None) -> Prepare:
    """A result that is changed, or, with `None`, removed."""

    def prepare(place: Place) -> None:
        path = place.path / DATA / file
        if change is None:
            path.unlink()
        else:
            path.write_bytes(change(path.read_bytes()))

    return prepare


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without(key: str) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps({k: v for k, v in json.loads(content).items() if k != key}).encode()


def changed(fault: str, pipeline: str, network: str, file: str, change: Callable[[bytes], bytes]) -> Case:
    return Case(
        fault,
        (
            f"{{path}}/{DATA}/{file} was changed since it was made",
            f"as a run has left it: make it again with `kedro run --env test --pipeline={network}`",
        ),
        prepare=result(file, change),
        command=(*RUN, f"--pipeline={pipeline}"),
    )


def flip_a_bit(content: bytes) -> bytes:
    """Of a digit in the middle, so that a text stays one that can be read."""
    middle = next(place for place in range(len(content) // 2, len(content)) if chr(content[place]).isdigit())
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def swap_models(place: Place) -> None:
    models = place.path / DATA / "06_models"
    shutil.copy(models / "fcn.keras", models / "cnn.keras")


def note(file: str, content: str | None) -> Prepare:
    """A note on a result that is replaced, or, with `None`, removed."""

    def prepare(place: Place) -> None:
        path = place.path / DATA / file
        path.unlink()
        if content is not None:
            path.write_text(content)

    return prepare


def fewer_test_images(place: Place) -> None:
    path = place.path / DATA / "07_model_output/fcn/.made_from/fcn.predictions.json"
    noted = json.loads(path.read_text())
    noted["made_from"]["parameter dataset.test_samples"] = "19"
    path.write_text(json.dumps(noted))


def unreadable_note(place: Place) -> None:
    (place.path / DATA / "08_reporting/cnn/.made_from/cnn.history_table.json").write_bytes(b"\xff")


def linked_to_nothing(folder: str) -> Prepare:
    def prepare(place: Place) -> None:
        shutil.rmtree(place.path / folder)
        (place.path / folder).symlink_to("nothing")

    return prepare


CNN, METRICS, PREDICTIONS = (
    "06_models/cnn.keras",
    "08_reporting/cnn/metrics.json",
    "07_model_output/fcn/predictions.parquet",
)
CNN_AGAIN = "make it again with `kedro run --env test --pipeline=cnn`"
RESULTS = [
    Case(
        "a result is missing",
        ("No result yet of cnn (cnn.metrics)", "run `kedro run --env test --pipeline=cnn` first"),
        prepare=result(METRICS, None),
        command=(*RUN, "--pipeline=comparison"),
    ),
    Case(
        "a model is missing",
        ("No result yet of cnn (cnn.model)", "run `kedro run --env test --pipeline=cnn` first"),
        prepare=result(CNN, None),
        command=PREDICTION,
    ),
    changed("a truncated model", "prediction", "cnn", CNN, half),
    changed("an empty model", "convolution", "cnn", CNN, lambda _: b""),
    changed("a model with a wrong byte", "convolution", "cnn", CNN, flip_a_byte),
    Case(
        "the model of another network",
        (f"{{path}}/{DATA}/{CNN} was changed since it was made", CNN_AGAIN),
        prepare=swap_models,
        command=(*RUN, "--pipeline=convolution"),
    ),
    changed("empty predictions", "comparison", "fcn", PREDICTIONS, lambda _: b""),
    changed("predictions with a wrong byte", "comparison", "fcn", PREDICTIONS, flip_a_byte),
    changed("metrics that lack one", "comparison", "cnn", METRICS, without("test_loss")),
    changed("metrics with another digit", "comparison", "cnn", METRICS, flip_a_bit),
    changed("a table with another digit", "comparison", "cnn", "08_reporting/cnn/history.csv", flip_a_bit),
    changed(
        "a table that lacks a row",
        "comparison",
        "cnn",
        "08_reporting/cnn/per_class.csv",
        lambda content: content[: content.rstrip().rindex(b"\n") + 1],
    ),
    Case(
        "a result without its note",
        (f"{{path}}/{DATA}/{METRICS} has no note of what it was made from", CNN_AGAIN),
        prepare=note("08_reporting/cnn/.made_from/cnn.metrics.json", None),
        command=(*RUN, "--pipeline=comparison"),
    ),
    Case(
        "a result with a note nested too deep",
        (f"{{path}}/{DATA}/{METRICS} has no note of what it was made from", CNN_AGAIN),
        prepare=note("08_reporting/cnn/.made_from/cnn.metrics.json", "[" * 200_000),
        command=(*RUN, "--pipeline=comparison"),
    ),
    Case(
        "a result with a note that is no text",
        (f"{{path}}/{DATA}/08_reporting/cnn/history.csv has no note of what it was made from", CNN_AGAIN),
        prepare=unreadable_note,
        command=(*RUN, "--pipeline=comparison"),
    ),
    Case(
        "models of other classes",
        ("cnn.model", "tells 10 classes apart, and dataset.class_names names 2", "expected the same number"),
        command=(*PREDICTION, "--params", "dataset.class_names=a+b"),
    ),
    Case(
        "predictions of other images",
        ("cnn.predictions and fcn.predictions are of different test images", "run cnn and fcn again"),
        prepare=fewer_test_images,
        command=(*RUN, "--pipeline=comparison"),
    ),
]

# ---- where results go


def folder_in_place_of(file: str) -> Prepare:
    def prepare(place: Place) -> None:
        path = place.path / DATA / file
        path.unlink()
        path.mkdir()

    return prepare


def file_in_place_of(folder: str) -> Prepare:
    def prepare(place: Place) -> None:
        shutil.rmtree(place.path / folder)
        (place.path / folder).write_text("mine")

    return prepare


def on_a_file_system(options: str) -> Prepare:
    def prepare(place: Place) -> None:
        (place.path / "elsewhere").mkdir()
        place.mount(place.path / "elsewhere", options)
        place.edit("test/globals.yml", "outputs: data/test", "outputs: elsewhere/test")

    return prepare


def forbidden(file: str, mode: int) -> Prepare:
    return lambda place: place.forbid(file, mode)


WRITABLE = "allowed: a folder that "
PLACES = [
    Case(
        "no space",
        ("{path}/elsewhere has 1.0 MB of free space", "allowed: at least ", "MB, for models, checkpoints and reports"),
        prepare=on_a_file_system("size=1000k"),
    ),
    Case(
        "a read-only file system",
        ("{path}/elsewhere is on a read-only file system", WRITABLE, OUTPUTS),
        prepare=on_a_file_system("ro"),
    ),
    Case(
        "a read-only folder",
        (f"{{path}}/{DATA}/06_models is not writable for you", WRITABLE, OUTPUTS),
        prepare=forbidden(f"{DATA}/06_models", 0o555),
    ),
    Case(
        "a folder that may not be entered",
        (f"{{path}}/{DATA}/08_reporting", "is not writable for you", WRITABLE, OUTPUTS),
        prepare=forbidden(f"{DATA}/08_reporting", 0),
        command=(*RUN, "--pipeline=preparation"),
    ),
    Case(
        "a read-only folder of all results",
        (f"{{path}}/{DATA}", "is not writable for you", WRITABLE, OUTPUTS),
        prepare=forbidden(f"{DATA}/.running", 0o555),
    ),
    Case(
        "a write-protected result",
        (f"{{path}}/{DATA}/{CNN} is write-protected", "allowed: a file that can be replaced, for cnn.model", OUTPUTS),
        prepare=forbidden(f"{DATA}/{CNN}", 0o444),
    ),
    Case(
        "a folder in place of a result",
        (f"{{path}}/{DATA}/{CNN} is a folder", "allowed: a file, or nothing there, for cnn.model"),
        prepare=folder_in_place_of(CNN),
    ),
    Case(
        "a file in place of a folder of results",
        (f"{{path}}/{DATA}/07_model_output/cnn is a file", "allowed: a folder, for cnn.predict", OUTPUTS),
        prepare=file_in_place_of(f"{DATA}/07_model_output/cnn"),
    ),
    Case(
        "a file in place of a folder of notes",
        (
            f"{{path}}/{DATA}/06_models/.made_from is a file",
            "for the note of what cnn.checkpoint was made from",
            OUTPUTS,
        ),
        prepare=file_in_place_of(f"{DATA}/06_models/.made_from"),
    ),
    Case(
        "a dangling link in place of a folder of notes",
        (f"{{path}}/{DATA}/06_models/.made_from is a link to nothing", "for the note of what cnn.checkpoint was"),
        prepare=linked_to_nothing(f"{DATA}/06_models/.made_from"),
    ),
    Case(
        "a folder in place of a note",
        (f"{{path}}/{DATA}/06_models/.made_from/cnn.model.json is a folder", "for the note of what cnn.model was made"),
        prepare=folder_in_place_of("06_models/.made_from/cnn.model.json"),
    ),
    Case(
        "a file in place of the folder of all results",
        (f"{{path}}/{DATA} is a file", "allowed: a folder, for class_counts", OUTPUTS),
        prepare=file_in_place_of(DATA),
        command=(*RUN, "--pipeline=preparation"),
    ),
]

# ---- the MLflow store

STORE = "mlflow.db"
ELSEWHERE = "or name another store in MLFLOW_TRACKING_URI"


def statement(sql: str) -> Prepare:
    def prepare(place: Place) -> None:
        with closing(sqlite3.connect(place.path / STORE)) as store, store:
            store.execute(sql)

    return prepare


def locked(place: Place) -> None:
    """By another process: in this one the lock would end when the test reads the file."""
    lock = "store.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); input()"
    program = f"import sqlite3; store = sqlite3.connect({STORE!r}, isolation_level=None); {lock}"
    holder = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", program], cwd=place.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"locked\n"
    place.undo.callback(holder.communicate, b"\n")


def no_store(place: Place) -> None:
    (place.path / STORE).write_bytes(b"no database at all" * 100)


def folder_for_a_store(place: Place) -> None:
    (place.path / STORE).unlink()
    (place.path / STORE).mkdir()


def deleted_experiment(place: Place) -> None:
    store = MlflowClient(f"sqlite:///{place.path / STORE}")
    experiment = store.get_experiment_by_name("convnets-test")
    assert experiment is not None
    store.delete_experiment(experiment.experiment_id)


def tracking_at(uri: str) -> Prepare:
    def prepare(place: Place) -> None:
        place.variables["MLFLOW_TRACKING_URI"] = uri.replace("{path}", str(place.path))

    return prepare


def unreachable(place: Place) -> None:
    tracking_at(f"http://127.0.0.1:{free_port()}")(place)


def another_server(place: Place) -> None:
    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Refuses)
    threading.Thread(target=server.serve_forever).start()
    place.undo.callback(server.server_close)
    place.undo.callback(server.shutdown)
    tracking_at(f"http://127.0.0.1:{server.server_port}")(place)


FCN = (*RUN, "--pipeline=fcn")
STORES = [
    Case(
        "a locked store",
        ("The MLflow store {path}/mlflow.db is locked by another program", "5 s: end that program", ELSEWHERE),
        prepare=locked,
        command=FCN,
    ),
    Case(
        "a store of a newer schema",
        ("{path}/mlflow.db is of a newer MLflow than 3.", "its schema feedfacecafe: update MLflow", ELSEWHERE),
        prepare=statement("UPDATE alembic_version SET version_num = 'feedfacecafe'"),
        command=FCN,
    ),
    Case(
        "a store of an older schema",
        ("{path}/mlflow.db is of an older MLflow", "`mlflow db upgrade sqlite:///{path}/mlflow.db`", ELSEWHERE),
        prepare=statement("UPDATE alembic_version SET version_num = '451aebb31d03'"),
        command=FCN,
    ),
    Case(
        "a store that is none",
        ("{path}/mlflow.db cannot be used: file is not a database", "allowed: an SQLite file of MLflow 3.", ELSEWHERE),
        prepare=no_store,
        command=FCN,
    ),
    Case(
        "a database of something else",
        ("{path}/mlflow.db cannot be used: no such table: alembic_version", "allowed: an SQLite file of", ELSEWHERE),
        prepare=statement("DROP TABLE alembic_version"),
        command=FCN,
    ),
    Case(
        "a folder in place of a store",
        ("{path}/mlflow.db is a folder", "allowed: a file, or nothing there, for the MLflow store"),
        prepare=folder_for_a_store,
        command=FCN,
    ),
    Case(
        "a read-only store",
        (
            "{path}/mlflow.db is write-protected",
            "allowed: a file that can be replaced, for the MLflow store",
            ELSEWHERE,
        ),
        prepare=forbidden(STORE, 0o444),
        command=FCN,
    ),
    Case(
        "a store in a folder that cannot be written to",
        ("/proc is not writable for you", "allowed: a folder that the MLflow store can be written to", ELSEWHERE),
        prepare=tracking_at("sqlite:////proc/convnets/convnets.db"),
        command=FCN,
    ),
    Case(
        "a folder of the project that cannot be written to",
        ("{path}/mlflow.db.lock cannot be locked (Permission denied)", "allowed: a file that one run after the other"),
        prepare=both(lambda place: (place.path / "mlflow.db.lock").unlink(), forbidden(".", 0o555)),
        command=FCN,
    ),
    Case(
        "a deleted experiment",
        (
            "The MLflow experiment 'convnets-test'",
            "is deleted: restore it with `mlflow experiments restore",
            "tracking.yml",
        ),
        prepare=deleted_experiment,
        command=FCN,
    ),
    Case(
        "an unreachable server",
        ("No MLflow server answers at http://127.0.0.1:", "start it, or unset MLFLOW_TRACKING_URI"),
        prepare=unreachable,
        command=FCN,
    ),
    Case(
        "a server of something else",
        ("The MLflow store at http://127.0.0.1:", "cannot be used: ", "404"),
        prepare=another_server,
        command=FCN,
    ),
    Case(
        "a store of no known kind",
        ("MLFLOW_TRACKING_URI is 'nowhere://x'; allowed: sqlite:///FILE or ",),
        prepare=tracking_at("nowhere://x"),
        command=FCN,
    ),
    Case(
        "a folder of runs",
        ("MLFLOW_TRACKING_URI is './mlruns'; allowed: sqlite:///FILE or ",),
        prepare=tracking_at("./mlruns"),
        command=FCN,
    ),
    Case(
        "a port that cannot be",
        ("MLFLOW_TRACKING_URI is 'http://127.0.0.1:99999'; allowed: ", "http://HOST:PORT or"),
        prepare=tracking_at("http://me:secret@127.0.0.1:99999"),
        command=FCN,
    ),
    Case(
        "a database without a driver",
        ("The MLflow store at postgresql+pg8000://team/runs cannot be used: No module named 'pg8000'",),
        prepare=tracking_at("postgresql+pg8000://me:secret@team/runs"),
        command=FCN,
    ),
]

# ---- the MLflow UI


def port_in_use(place: Place) -> None:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    place.undo.callback(taken.close)
    place.options = ["--port", str(taken.getsockname()[1])]


UI = ("mlflow", "--env", "test")
PORTS = [
    Case(
        "a port in use",
        ("Port ", "cannot be used (Address already in use): choose another with --port"),
        prepare=port_in_use,
        command=UI,
    ),
    Case(
        "no port",
        (
            "--port",
            "65536 is not in the range 1<=x<=65535",
        ),
        ("--port", "65536"),
        command=UI,
        status=2,
    ),
    Case("no runs yet", ("no experiment 'convnets' yet: run `kedro run`",), command=("mlflow",)),
]

CASES = [
    *PARAMETERS,
    *NAMES,
    *CONFIGURATION,
    *DATA_FILES,
    *OWN_IMAGES,
    *RESULTS,
    *PLACES,
    *STORES,
    *PORTS,
]


@pytest.fixture(scope="module")
def forks(new_project: Callable[[], Project]) -> Iterator[Forks]:
    forks = Forks(new_project().path)
    yield forks
    forks.close()


@pytest.fixture(scope="module")
def trained(forks: Forks, new_project: Callable[[], Project]) -> Path:
    """A project in which all networks have been trained."""
    path = new_project().path
    ended = forks.kedro(path, *RUN, "--params", ",".join(TINY), f"--to-outputs={','.join(STARTS)}", may_train=True)
    assert ended.status == 0, ended.output
    shutil.rmtree(path / "src")  # the forks have the code
    (path / "src").mkdir()
    return path


def digests(path: Path) -> dict[str, str]:
    """What is in the folders of results and of MLflow: the digest of each file; what cannot be read is named alone."""
    found = {}
    for top in ("data/test", "elsewhere", "mlartifacts", STORE):
        for file in sorted([path / top, *(path / top).rglob("*")]):
            if file.is_file():
                found[str(file.relative_to(path))] = hashlib.sha256(file.read_bytes()).hexdigest()
            elif file.is_dir():
                found[str(file.relative_to(path))] = "a folder"
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_bad_input_gets_one_sentence_and_changes_nothing(
    case: Case, trained: Path, forks: Forks, tmp_path: Path
) -> None:
    path = tmp_path / "project"
    shutil.copytree(trained, path, symlinks=True)
    with ExitStack() as undo:
        place = Place(path, forks, undo)
        case.prepare(place)
        before = digests(path)
        status, output = forks.kedro(path, *case.command, *case.options, *place.options, variables=place.variables)
        after = digests(path)
    assert status == case.status, output
    assert "Traceback" not in output
    # A training would say so, and end in a traceback here.
    assert "learn from" not in output
    # Click puts the usage before what it finds itself.
    usage, separator, sentence = output.rpartition("Error: ")
    assert separator, output
    assert status == 1 or usage.startswith("Usage: "), output
    # And a runner, which comes last, finds out when it is said what is run.
    assert status == 2 or not usage or usage.startswith("convnets: "), output
    sentence = sentence.strip()
    assert "\n" not in sentence
    assert len(sentence) < LONGEST_SENTENCE
    for said in case.says:
        assert said.replace("{path}", str(path)) in sentence
    assert before == after


def test_a_changed_result_is_made_again_where_only_what_is_missing_is_made(
    trained: Path, forks: Forks, tmp_path: Path
) -> None:
    path = tmp_path / "project"
    shutil.copytree(trained, path, symlinks=True)
    whole = pd.read_parquet(path / DATA / PREDICTIONS)
    (path / DATA / PREDICTIONS).write_bytes(flip_a_byte((path / DATA / PREDICTIONS).read_bytes()))
    made = ["--to-outputs=fcn.predictions", "--params", ",".join(TINY), "--only-missing-outputs"]
    status, output = forks.kedro(path, *RUN, *made)  # which would not let it train
    assert status == 0, output
    assert "fcn.predictions was changed since it was made: made again" in output
    assert pd.read_parquet(path / DATA / PREDICTIONS).equals(whole)


def test_the_table_has_each_case_once() -> None:
    assert len({case.id for case in CASES}) == len(CASES) >= 60


# ---- a store that is gone in the middle


@contextmanager
def tracking_server(folder: Path, port: int) -> Iterator[Callable[[], None]]:
    """An MLflow server on loopback; yields what kills it."""
    command = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    store = ["--backend-store-uri", f"sqlite:///{folder / 'team.db'}", "--artifacts-destination", str(folder / "team")]
    server = subprocess.Popen(  # noqa: S603
        [sys.executable, *command, *store],
        cwd=folder,
        env=os.environ | QUIET,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # it starts others
    )

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()

    try:
        wait_until(lambda: urlopen(f"http://127.0.0.1:{port}/health").status == 200, seconds=120)
        yield kill
    finally:
        kill()


@pytest.mark.faults
def test_what_a_lost_store_lacks_is_recorded_when_it_is_back(project: Project, tmp_path: Path) -> None:
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    variables = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
    command = [*RUN, "--pipelines=fcn,cnn", "--params", "fcn.training.epochs=8"]
    with tracking_server(tmp_path, port) as kill:
        process = project.start(*command, variables=variables)
        assert process.stdout is not None
        for line in process.stdout:
            if "fcn epoch 1/8: 100%" in line:
                break
        kill()
        output, _ = process.communicate(timeout=RUN_TIMEOUT)
    assert process.returncode == 1, output
    assert "Traceback" not in output
    (sentence,) = [line for line in output.splitlines() if line.startswith("Error: ")]
    assert sentence.startswith(f"Error: The MLflow store at {uri} failed on the way (")
    assert "the results are whole and in their files, but not all of cnn, fcn is in MLflow;" in sentence
    again = shlex.join(["kedro", *command, "--only-missing-outputs"])
    assert sentence.endswith(f"when it can be used again, `{again}` records them")
    whole = results_of(project)
    for network in ("fcn", "cnn"):
        assert {f"{DATA}/06_models/{network}.keras", f"{DATA}/08_reporting/{network}/metrics.json"} <= whole.keys()

    with tracking_server(tmp_path, port):
        output = project.kedro(*shlex.split(again)[1:], variables=variables)
        assert "learn from" not in output
        assert results_of(project) == whole
        store = MlflowClient(uri)
        experiment = store.get_experiment_by_name("convnets-test")
        assert experiment is not None
        runs = store.search_runs([experiment.experiment_id])
        assert sorted((run.info.run_name, run.info.status) for run in runs) == [
            ("cnn", "FINISHED"),
            ("fcn", "FINISHED"),
            ("fcn", "KILLED"),
        ]
        for run in runs:
            if run.info.status == "FINISHED":
                check_recorded(store, run, project.path / DATA / f"08_reporting/{run.info.run_name}")


def check_recorded(store: MlflowClient, run: Run, reports: Path) -> None:
    """Check that a run has all metrics, epochs, reports and the model."""
    metrics = json.loads((reports / "metrics.json").read_text())
    assert {name: value for name, value in metrics.items() if value is not None}.items() <= run.data.metrics.items()
    epochs = [point.step for point in store.get_metric_history(run.info.run_id, "loss")]
    assert epochs == list(range(1, int(run.data.params["training.epochs"]) + 1))
    artifacts = {artifact.path for artifact in store.list_artifacts(run.info.run_id)}
    assert artifacts >= {path.name for path in reports.iterdir() if path.is_file()} - {"metrics.json"}
    assert run.outputs is not None
    assert run.outputs.model_outputs


def results_of(project: Project) -> dict[str, str]:
    return {name: digest for name, digest in digests(project.path).items() if not Path(name).match("*/.*/*")}
