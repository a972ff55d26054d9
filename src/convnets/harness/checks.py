"""What is checked of results before a run: that those it starts from are as they were left, and new ones can be noted.

Each check takes a `PlannedRun` and raises a `UserError`; an experiment names those it wants in its `Plan`.
"""

from collections.abc import Iterable

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline.node import Node

from convnets.harness.experiment import PlannedRun
from convnets.harness.locks import FOLDER
from convnets.harness.messages import ChangedResultError, DataError, MissingResultError
from convnets.harness.outputs import check_writable
from convnets.harness.provenance import note_path, noted_of, was_changed
from convnets.harness.storage import is_local_file, stored_path

RAW = "raw"  # the layer of the catalog that holds what a project is given, and never makes


def check_results(run: PlannedRun) -> None:
    """Check that the results that a run starts from exist and are as an earlier run has left them.

    Raises:
        MissingResultError: Some do not exist. The message names them and the commands that make them.
        ChangedResultError: One was changed since it was made, or nothing says what it was made from. The message names
            its file and the command that makes it again.
    """
    missing = [
        name
        for name in sorted(run.pipeline.inputs())
        if namespace_of(name) in run.namespaces and not run.catalog.exists(name)
    ]
    makers = [namespace for namespace in run.namespaces if any(namespace_of(name) == namespace for name in missing)]
    options = f"--env {run.environment} " if run.environment else ""
    if makers:
        commands = ", ".join(f"`kedro run {options}--pipeline={namespace}`" for namespace in makers)
        raise MissingResultError(f"No result yet of {', '.join(makers)} ({', '.join(missing)}): run {commands} first.")
    for name in stored_results(run):
        if was_changed(run.catalog, name):
            noted = noted_of(run.catalog, name).made_from
            found = "was changed since it was made" if noted else "has no note of what it was made from"
            maker = namespace_of(name)
            again = f" with `kedro run {options}--pipeline={maker}`" if maker in run.namespaces else ""
            raise ChangedResultError(
                f"{stored_path(run.catalog, name)} {found}; allowed: {name} as a run has left it: make it again{again}"
            )


def stored_results(run: PlannedRun) -> list[str]:
    """The names of the results in files of this machine that a run starts from; raw data is none."""
    names = sorted(run.pipeline.inputs())
    return [name for name in names if is_local_file(run.catalog.get(name)) and not _is_raw(run.catalog, name)]


def _is_raw(catalog: DataCatalog, name: str) -> bool:
    metadata = getattr(catalog.get(name), "metadata", None) or {}
    return bool(metadata.get("kedro-viz", {}).get("layer") == RAW)


def namespace_of(name: str) -> str:
    """The outermost namespace of a data set; its name if it has none."""
    return name.partition(".")[0]


def check_inputs(run: PlannedRun) -> None:
    """Check that all that a run starts from is there: the catalog's patterns take a misspelt name, too.

    Raises:
        MissingResultError: Something is not. The message names it.
    """
    if missing := [name for name in sorted(run.pipeline.inputs()) if not run.catalog.exists(name)]:
        raise MissingResultError(
            f"This run starts from {', '.join(missing)}, which no step of it makes and no file holds; allowed: what an "
            "earlier run has left in a file: correct the name, or begin with an earlier step"
        )


def check_notes(run: PlannedRun) -> None:
    """Check that it can be noted what each file that a run makes was made from, and who works on it.

    Raises:
        OutputError: See `check_writable`.
    """
    for name in sorted(run.pipeline.all_outputs()):
        if is_local_file(run.catalog.get(name)):
            check_writable(note_path(run.catalog, name), f"the note of what {name} was made from")
    check_writable(run.outputs / FOLDER / "locks", "the note of who works on them")


class FileNameHooks:
    """Says from which files the data sets come that a message calls by name."""

    @hook_impl
    def on_node_error(self, error: Exception, node: Node, catalog: DataCatalog) -> None:
        """Add to what a node says of its data."""
        if isinstance(error, DataError):
            name_files(error, node.inputs, catalog)


def name_files(error: DataError, names: Iterable[str], catalog: DataCatalog) -> None:
    """Add to an error from which files the data sets come that its message calls by name."""
    for name in names:
        if name in str(error):
            error.add_note(f"{name} is {stored_path(catalog, name)}")
