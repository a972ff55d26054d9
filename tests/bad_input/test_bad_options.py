"""Pipelines, nodes, runners and options that are not there, or do not go together."""

import sys
from pathlib import Path

import pytest

from bad_input import Case, hold_to_one_sentence
from forks import Forks

DASK = ("--config=conf/dask/run.yml",)

NAMES = [
    Case(
        "unknown pipeline",
        ("There is no pipeline cnn_nopool: did you mean cnn_no_pool?", "Allowed here: cnn_no_pool, cnn,"),
        ("--pipeline=cnn_nopool",),
    ),
    Case(
        "one unknown pipeline of two",
        ("There is no pipeline resnet:", "Allowed here: "),
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
    Case(
        "unknown environment",
        ("There is no environment fashion: did you mean fashion_mnist?", "Allowed here: fashion_mnist, full_grid,"),
        command=("run", "--env", "fashion"),
    ),
    Case("the beginning of a pipeline", ("There is no pipeline cn: did you mean cnn?",), ("--pipeline=cn",)),
    Case("a pipeline in capitals", ("There is no pipeline CNN: did you mean cnn?",), ("--pipeline=CNN",)),
]


@pytest.mark.parametrize("case", NAMES, ids=[case.id for case in NAMES])
def test_bad_input_gets_one_sentence_and_changes_nothing(
    case: Case, trained: Path, forks: Forks, tmp_path: Path
) -> None:
    hold_to_one_sentence(case, trained, forks, tmp_path / "project")
