"""Says which results no longer belong together: those that a run starts from, and those that start from its own.

Of results that a run starts from it is said if the present configuration would make others. A node that reads a data
set with `metadata: {give: outdated_inputs}` is given these sentences. A run of only what is missing makes those of its
own pipeline again; of what others have made it can only speak.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from rich.console import Console

from convnets.harness.exits import command_to_make
from convnets.harness.experiment import Experiment
from convnets.harness.provenance import Origin, changes_between, find_origins, in_a_few_words, noted_of
from convnets.harness.storage import has_path, is_local_file, parts_of, path_of


class OutdatedInputHooks:
    """Warns of results that were made otherwise, before they are compared or used."""

    def __init__(self, experiment: Experiment, parameters: dict[str, Any], pipelines: Mapping[str, Pipeline]) -> None:
        """Note what results depend on.

        Args:
            experiment: Its own code, and the versions of other packages.
            parameters: Nested, as in `parameters.yml`.
            pipelines: By name; one makes the results of the namespace of its name.
        """
        self._experiment = experiment
        self._parameters = parameters
        self._pipelines = pipelines
        self._console = Console(highlight=False, soft_wrap=True)

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Say in one sentence for each namespace what differs, and how its results are made again."""
        self._pipeline, self._catalog, self._env = pipeline, catalog, run_params["env"]
        self._sentences = self._say_of(pipeline.inputs())
        for sentence in self._sentences.values():
            self._console.print(sentence, markup=False)

    def _say_of(self, names: Iterable[str]) -> dict[str, str]:
        found = find_outdated_inputs(names, self._pipelines, self._catalog, self._parameters, self._experiment)
        sentences = {}
        for namespace, changes in found:
            otherwise = in_a_few_words(changes) or "its notes do not say how"
            again = command_to_make(namespace, self._env)
            sentences[namespace] = f"{namespace} was made otherwise: {otherwise}; make it again: {again}"
        return sentences

    @hook_impl
    def before_node_run(self, node: Node) -> dict[str, dict[str, str]]:
        """Give a node that asks for it what was said, by namespace, and what is to be said of the parts of its inputs.

        Returns:
            The inputs that Kedro replaces.
        """
        asked = [name for name in node.inputs if self._is_asked_for(name)]
        if not asked:
            return {}
        parts = {part for name in node.inputs for part in parts_of(self._catalog, name)} - set(node.inputs)
        return dict.fromkeys(asked, self._sentences | self._say_of(parts))

    def _is_asked_for(self, name: str) -> bool:
        dataset = self._catalog.get(name)
        return bool((getattr(dataset, "metadata", None) or {}).get("give") == "outdated_inputs")

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Say which results of others were made of earlier results than those of this run, and how to mend it."""
        outdated = find_outdated_results(
            self._pipeline, self._pipelines, self._catalog, self._parameters, self._experiment
        )
        if outdated:
            again = command_to_make(",".join(outdated), self._env)
            self._console.print(
                f"Made of earlier results, and no longer in agreement: {', '.join(outdated)}; make again: {again}",
                markup=False,
            )


def find_outdated_results(
    pipeline: Pipeline,
    pipelines: Mapping[str, Pipeline],
    catalog: DataCatalog,
    parameters: dict[str, Any],
    experiment: Experiment,
) -> list[str]:
    """Find the pipelines whose results were made of other results than those that a run has left.

    Args:
        pipeline: What was run.
        pipelines: See `OutdatedInputHooks`.
        catalog: Where results and their notes are.
        parameters: Nested, as in `parameters.yml`.
        experiment: Its code and packages count.

    Returns:
        Their names, without those that are part of another one of them.
    """
    made = pipeline.all_outputs()
    starts = {
        name: {part for start in other.inputs() for part in parts_of(catalog, start)}
        for name, other in pipelines.items()
    }
    found: dict[str, Pipeline] = {}
    for name, other in pipelines.items():
        if starts[name] & made and not any(_is_out_of_reach(catalog, start) for start in other.inputs()):
            own = [output for output in other.all_outputs() - made if output.partition(".")[0] == name]
            there = [output for output in own if is_local_file(catalog.get(output)) and catalog.exists(output)]
            origins = find_origins(other, catalog, parameters, experiment) if there else {}
            noted = {output: noted_of(catalog, output).made_from for output in there}
            if any(_differs(noted[output], origins[output], made) for output in there):
                found[name] = other
    nodes = {name: set(other.nodes) for name, other in found.items()}
    return [name for name in found if not any(nodes[name] < nodes[other] for other in found)]


def _differs(noted: Origin, origin: Origin, among: Set[str]) -> bool:
    """Whether a result was made of others among these data sets."""
    return any(noted.get(name) != origin.get(name) for name in origin.keys() & among)


def find_outdated_inputs(
    names: Iterable[str],
    pipelines: Mapping[str, Pipeline],
    catalog: DataCatalog,
    parameters: dict[str, Any],
    experiment: Experiment,
) -> Iterator[tuple[str, list[str]]]:
    """Find the results that would now be made from something else.

    Args:
        names: Of results that a run starts from; others are passed over.
        pipelines: See `OutdatedInputHooks`.
        catalog: Where results and their notes are.
        parameters: Nested, as in `parameters.yml`.
        experiment: Its code and packages count.

    Yields:
        The namespace of such results, and what differs on the way to them, in words: nothing where no note says it. Of
        results whose raw data cannot be read, nothing can be said.
    """
    given: dict[str, set[str]] = {}
    for name in sorted(names):
        namespace = name.partition(".")[0]
        if namespace in pipelines and name in pipelines[namespace].all_outputs() and is_local_file(catalog.get(name)):
            given.setdefault(namespace, set()).add(name)
    for namespace, results in given.items():
        maker = pipelines[namespace].to_outputs(*results)
        if any(_is_out_of_reach(catalog, name) for name in maker.inputs()):
            continue
        origins = find_origins(maker, catalog, parameters, experiment)
        noted = {name: noted_of(catalog, name).made_from for name in origins if is_local_file(catalog.get(name))}
        if any(noted[name] != origins[name] for name in results):
            changes = {
                change: None
                for name, before in noted.items()
                if before
                for change in (*changes_between(before, origins[name]), *_others_anew(namespace, before, origins[name]))
            }
            yield namespace, list(changes)


def _others_anew(namespace: str, before: Origin, now: Origin) -> Iterator[str]:
    """Say of which other namespaces the results, that a result was made of, were made from something else since."""
    for name in sorted(before.keys() & now.keys()):
        maker, dot, _ = name.partition(".")
        if dot and " " not in name and maker != namespace and before[name] != now[name]:
            yield f"the results of {maker} have changed"


def _is_out_of_reach(catalog: DataCatalog, name: str) -> bool:
    dataset = catalog.get(name)
    return has_path(dataset) and not os.access(path_of(dataset), os.R_OK)
