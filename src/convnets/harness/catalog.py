"""The catalog: Kedro gives it to hooks and to runners, and so it also carries what those tell each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from kedro.io import DataCatalog


@dataclass(frozen=True)
class RunRequest:
    """What was asked for with `kedro run`, as far as a runner or another process needs it.

    Attributes:
        command: The command line, which messages repeat.
        run_id: Of the run that hands its nodes on.
        project_path: The same on every machine.
        conf_source: Where the configuration is.
        env: Its environment; `None`: the default.
        runtime_params: Parameters of the command line.
        pipeline_names: `None`: the default pipeline.
        only_missing: Whether it was asked for only what is missing.
        tracking_uri: Where runs are recorded; `None`: the environment of the process that runs the nodes says.
        package: Of the project, whose code must be the same in all processes.
        packages: Those of others whose versions must be.
        namespaces: In the order in which they are run where there is a choice.
        namespace: What is run; it tells the processes of tasks apart.
        node_names: Its nodes.
        environment: Of the command, as `describe_environment` returns it.
        processes: In how many at a time its namespaces are run; 1: in this one, but for Dask.
        elsewhere: Whether processes of their own run them, which claim and record what they work on.
    """

    command: list[str]
    run_id: str
    project_path: str
    conf_source: str
    env: str | None
    runtime_params: dict[str, Any]
    pipeline_names: list[str] | None
    only_missing: bool
    tracking_uri: str | None
    package: str
    packages: list[str]
    namespaces: list[str]
    namespace: str = ""
    node_names: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    processes: int = 1
    elsewhere: bool = False

    def of(self, namespace: str, node_names: list[str]) -> "RunRequest":
        """The same request for the nodes of a namespace."""
        return replace(self, namespace=namespace, node_names=node_names)


def runs_elsewhere(catalog: DataCatalog) -> bool:
    """Whether the nodes of the run are run by other processes."""
    request: RunRequest | None = getattr(catalog, "request", None)
    return request is not None and request.elsewhere


class CatalogOfCurrentResults(DataCatalog):
    """A catalog in which a result that was made from something else does not exist.

    Attributes:
        outdated: The names of such results; `ProvenanceHooks` finds them.
        resumed: By namespace, after how many epochs a run goes on with an earlier one; `ResumeHooks` finds them.
        request: What was asked for with `kedro run`; `None` where no command did.
    """

    outdated: frozenset[str] = frozenset()
    resumed: Mapping[str, int] = MappingProxyType({})
    request: RunRequest | None = None

    def exists(self, ds_name: str) -> bool:
        """Whether the data set exists and was made from what is there now."""
        return ds_name not in self.outdated and super().exists(ds_name)
