"""What each result was made from (parameters, data, code and versions) and the digest of its content, noted beside it.

`kedro run --only-missing-outputs` makes again what was made from something else, and what was changed since.
"""

import ast
import hashlib
import importlib.util
import json
from collections.abc import Generator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from rich.console import Console

from convnets.harness.atomic_files import write_atomically
from convnets.harness.catalog import CatalogOfCurrentResults
from convnets.harness.experiment import Experiment, installed_version
from convnets.harness.storage import has_path, is_local_file, parts_of, path_of

FOLDER = ".made_from"  # beside the results
HARNESS = __name__.rpartition(".")[0]  # whose code makes no result
MAX_MEMBER_BYTES = 500_000_000  # of a file in a folder, whose content counts
MAX_CHANGES = 3  # that are spelt out

Origin = dict[str, str]
"""What a data set is made from, back to results in files: `parameter seed`: "1", `code`: a digest,
`data raw_test_images`: a digest, `fcn.model`: the digest of its origin, ..."""


class Note(NamedTuple):
    """What is noted beside a result.

    Attributes:
        made_from: Its origin; empty if nothing is noted.
        sha256: What its content may be: while a file takes the place of another, either of the two.
    """

    made_from: Origin
    sha256: tuple[str, ...]


class ProvenanceHooks:
    """Notes what each result was made from, and has made again what was made from something else, or was changed."""

    def __init__(self, experiment: Experiment, parameters: dict[str, Any]) -> None:
        """Note what results depend on.

        Args:
            experiment: Its own code, and the versions of other packages.
            parameters: Nested, as in `parameters.yml`.
        """
        self._experiment = experiment
        self._parameters = parameters
        self._console = Console(highlight=False, soft_wrap=True)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogOfCurrentResults
    ) -> None:
        """Find out what is outdated, if only what is missing shall be made."""
        self._catalog = catalog
        self._origins = find_origins(pipeline, catalog, self._parameters, self._experiment)
        if not run_params["only_missing_outputs"]:
            return
        notes = {name: noted_of(catalog, name) for name in self._origins if is_local_file(catalog.get(name))}
        outdated = {name for name, note in notes.items() if note.made_from != self._origins[name]}
        changed = {name for name in notes.keys() - outdated if was_changed(catalog, name)}
        catalog.outdated = frozenset(outdated | changed)
        self._say_what_changed({name: notes[name].made_from for name in outdated})
        for name in sorted(changed):
            self._console.print(f"{name} was changed since it was made: made again", markup=False)

    def _say_what_changed(self, noted: dict[str, Origin]) -> None:
        again: dict[str, list[str]] = {}
        for name in sorted(noted):
            if noted[name] and (change := describe_change(noted[name], self._origins[name])):
                again.setdefault(change, []).append(name)
        for change, names in again.items():
            self._console.print(f"Made again, since {change}: {', '.join(names)}", markup=False)

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Strike out what the data set was made from, before it is replaced by what is made from something else."""
        if not is_local_file(self._catalog.get(dataset_name)):
            return
        if noted_of(self._catalog, dataset_name).made_from != self._origins[dataset_name]:
            note_path(self._catalog, dataset_name).unlink(missing_ok=True)

    @hook_impl(wrapper=True)
    def after_dataset_saved(self, dataset_name: str) -> Generator[None, Any, Any]:
        """Note what the data set was made from, after the other hooks have given it its name and recorded it."""
        dataset = self._catalog.get(dataset_name)
        if not is_local_file(dataset):
            return (yield)
        origin, digest = self._origins[dataset_name], digest_of_file(path_of(dataset))
        before = noted_of(self._catalog, dataset_name)
        if before.made_from:  # from the same: killed from here on, this process leaves the old file or the new one
            self._note(dataset_name, Note(origin, (*before.sha256, digest)))
        result = yield
        self._note(dataset_name, Note(origin, (digest,)))
        return result

    def _note(self, name: str, note: Note) -> None:
        path = note_path(self._catalog, name)
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, json.dumps(note._asdict(), indent=1))


def find_origins(
    pipeline: Pipeline, catalog: DataCatalog, parameters: dict[str, Any], experiment: Experiment
) -> dict[str, Origin]:
    """Find what each output of a pipeline's nodes would be made from now.

    Args:
        pipeline: What will be run.
        catalog: Where its data sets are.
        parameters: Nested, as in `parameters.yml`.
        experiment: Its code and packages count.

    Returns:
        The origin of each output.
    """
    given = {
        name: {key: value for part in parts_of(catalog, name) for key, value in origin_of_input(catalog, part).items()}
        for name in pipeline.inputs()
    }
    origins: dict[str, Origin] = {}
    for node in pipeline.nodes:
        origin = {f"version of {package}": installed_version(package) for package in experiment.packages}
        codes = {digest_of_code(str(node.func.__module__), experiment.package)}
        for name in node.inputs:
            if name.startswith("params:"):
                origin |= _flat(name.removeprefix("params:"), parameters)
            elif name in given:
                origin |= given[name]
            elif name in origins and is_local_file(catalog.get(name)):
                origin[name] = digest_of(origins[name])
            elif name in origins:  # it is only in memory, and leaves no note of its own
                origin |= origins[name]
                codes.add(origins[name]["code"])
        origin["code"] = digest_of(dict.fromkeys(codes, ""))
        origins |= dict.fromkeys(node.outputs, origin)
    return origins


def _flat(name: str, parameters: dict[str, Any]) -> Origin:
    value: Any = parameters
    for part in name.split("."):
        if part not in value:  # given by the run, as the identifier of the MLflow run is
            return {}
        value = value[part]
    return _leaves(name, value)


def _leaves(name: str, value: Any) -> Origin:
    if not isinstance(value, dict):
        return {f"parameter {name}": json.dumps(value)}
    flat: Origin = {}
    for part, inner in value.items():
        flat |= _leaves(f"{name}.{part}", inner)
    return flat


def origin_of_input(catalog: DataCatalog, name: str) -> Origin:
    """What a run starts from: a result, by its origin; a file or folder, by its content; memory leaves no trace."""
    dataset: Any = catalog.get(name)
    if is_local_file(dataset) and (origin := noted_of(catalog, name).made_from):
        return {name: digest_of(origin)}
    if not has_path(dataset):
        return {}
    path = path_of(dataset)
    if path.is_dir():
        content = {file.name: _digest_of_member(file) for file in path.iterdir() if file.is_file()}
    else:
        content = {".": digest_of_file(path)} if path.exists() else {}
    return {f"data {name}": digest_of(content)}


def _digest_of_member(path: Path) -> str:
    """The digest of a file of a user's folder; of one that is huge the size, of one that cannot be read only why."""
    try:
        size = path.stat().st_size
        return digest_of_file(path) if size <= MAX_MEMBER_BYTES else f"{size} bytes"
    except OSError as error:
        return str(error.strerror)


def digest_of_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(origin: Origin) -> str:
    """A digest of an origin."""
    return hashlib.sha256(json.dumps(origin, sort_keys=True).encode()).hexdigest()


@cache
def digest_of_code(module: str, package: str) -> str:
    """A digest of a module of a package and of all modules of the package that it imports, directly or not.

    So does what lies in a folder beside a module that holds no modules. The harness does not count: it makes no result.
    """
    sources: Origin = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        counts = name.partition(".")[0] == package and not f"{name}.".startswith(f"{HARNESS}.")
        found = importlib.util.find_spec(name) if counts and name not in sources else None
        if found and found.origin:
            sources[name] = Path(found.origin).read_text("utf-8")
            waiting += _imports(ast.parse(sources[name]), package)
            sources |= _data_beside(Path(found.origin))
    return digest_of(sources)


def _data_beside(module: Path) -> Origin:
    """The digests of the files in folders beside a module that are no packages, by their paths from there."""
    folders = [path for path in module.parent.iterdir() if path.is_dir() and path.name != "__pycache__"]
    data = [folder for folder in folders if not (folder / "__init__.py").exists()]
    files = [file for folder in data for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(module.parent).as_posix(): digest_of_file(file) for file in files}


def _imports(tree: ast.AST, package: str) -> list[str]:
    names: list[str] = []
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            names += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            names.append(statement.module)
            if statement.module.partition(".")[0] == package:  # what is imported may be a module itself
                found = importlib.util.find_spec(statement.module)
                if found and found.submodule_search_locations:
                    names += [f"{statement.module}.{alias.name}" for alias in statement.names]
    return names


def note_path(catalog: DataCatalog, name: str) -> Path:
    """Where it is noted what a data set that is a local file was made from."""
    return path_of(catalog[name]).parent / FOLDER / f"{name}.json"


def noted_of(catalog: DataCatalog, name: str) -> Note:
    """What is noted of a data set that is a local file; empty if nothing is, or nothing that can be read."""
    try:
        noted = json.loads(note_path(catalog, name).read_text(encoding="utf-8"))
        made_from, sha256 = noted["made_from"], noted["sha256"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):  # the last of one nested thousands deep
        return Note({}, ())
    if not isinstance(made_from, dict) or not isinstance(sha256, list):
        return Note({}, ())
    return Note({key: str(value) for key, value in made_from.items()}, tuple(map(str, sha256)))


def was_changed(catalog: DataCatalog, name: str) -> bool:
    """Whether a data set that is a local file, and there, has another content than is noted of it."""
    path = path_of(catalog[name])
    return path.is_file() and digest_of_file(path) not in noted_of(catalog, name).sha256


def forget_origins(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Strike out what a pipeline's outputs were made from, so that all of them are made again."""
    for name in pipeline.all_outputs():
        if is_local_file(catalog.get(name)):
            note_path(catalog, name).unlink(missing_ok=True)


def describe_change(before: Origin, now: Origin) -> str:
    """Say in a few words which parameters, versions, code or data files differ; nothing if only results do."""
    return in_a_few_words(changes_between(before, now))


def changes_between(before: Origin, now: Origin) -> list[str]:
    """Each parameter, version, code or data file that differs, in words."""
    changes = []
    for name in sorted(before.keys() | now.keys()):
        was, is_now = before.get(name), now.get(name)
        if was == is_now:
            continue
        if name == "code":
            changes.append("the code has changed")
        elif name.startswith(("parameter ", "version of ")):
            then, now_is = ("not there" if value is None else value for value in (was, is_now))
            changes.append(f"{name.removeprefix('parameter ')} was {then} and is {now_is}")
        elif name.startswith("data "):
            changes.append(f"{name.removeprefix('data ')} has changed")
    return changes


def in_a_few_words(changes: Sequence[str]) -> str:
    """The first changes, and how many more there are."""
    more = f" and {len(changes) - MAX_CHANGES} more" if len(changes) > MAX_CHANGES else ""
    return "; ".join(changes[:MAX_CHANGES]) + more
