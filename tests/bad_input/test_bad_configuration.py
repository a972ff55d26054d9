"""Files of the configuration: no YAML, too much of it, or not what they must hold."""

import shutil
from pathlib import Path

import pytest

from bad_input import SEED, Case, Place, Prepare, edited, hold_to_one_sentence
from forks import Forks


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
        (
            "There is no configuration at {path}/conf;",
            "allowed: a working folder with conf, as the project's, or --conf-",
        ),
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
        prepare=edited("base/parameters.yml", "    blur: [[", "    blur (mean): [["),
    ),
    Case(
        "a misspelt setting",
        (
            "tracking.yml: There is no setting experimnt: did you mean experiment?",
            "Allowed here: artifacts, charts, experiment",
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


@pytest.mark.parametrize("case", CONFIGURATION, ids=[case.id for case in CONFIGURATION])
def test_bad_input_gets_one_sentence_and_changes_nothing(
    case: Case, trained: Path, forks: Forks, tmp_path: Path
) -> None:
    hold_to_one_sentence(case, trained, forks, tmp_path / "project")
