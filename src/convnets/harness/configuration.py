"""How configuration is read: what YAML cannot hold is refused with the name of its file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf

from convnets.harness.messages import SettingError, one_line, unknown

SUFFIXES = (".yml", ".yaml", ".json")
MAX_DEPTH = 20  # of lists and mappings in each other
MAX_NODES = 100_000  # with what aliases repeat
MAX_SCALAR_CHARS = 4_000  # Python reads no number of more than 4,300 digits
ALLOWED = "allowed: a YAML file in UTF-8, of names and their values"
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # of events alone: nothing is constructed


class ConfigLoader(OmegaConfigLoader):
    """Kedro's loader, which says what is wrong with a file in one sentence."""

    def __init__(self, conf_source: str, env: str | None = None, *args: Any, **kwargs: Any) -> None:
        """Note where the configuration is, and read what the rest refers to.

        Raises:
            SettingError: There is no configuration, the environment is no folder in it, a file cannot be read, or a
                package that would read it is missing.
        """
        if env and (env in (".", "..") or Path(env).name != env):
            raise SettingError(f"The environment is {one_line(env)!r}; allowed: the name of a folder in {conf_source}")
        if "://" not in str(conf_source) and not Path(conf_source).exists():
            raise SettingError(
                f"There is no configuration at {conf_source}; allowed: a working folder with conf, as the "
                "project's, or --conf-source"
            )
        try:
            super().__init__(conf_source, env, *args, **kwargs)
        except ImportError as error:
            raise SettingError(f"{conf_source} cannot be read ({one_line(str(error))}); allowed: a folder") from error
        if env and self._source.is_dir() and not (self._source / env).is_dir():
            raise SettingError(unknown("environment", env, self._environments()))

    def __getitem__(self, key: str) -> dict[str, Any]:
        """The configuration of a kind, as `parameters`, of all files of the base and the environment.

        Raises:
            SettingError: A file cannot be read, or would grow beyond all measure. The message names it.
        """
        if key in self or key not in self.config_patterns:
            return super().__getitem__(key)
        files = self._files(key)
        for file in files:
            require_measure(file)
        try:
            return super().__getitem__(key)
        except MissingConfigException:
            raise
        except Exception as error:  # YAML's constructor lets through what Python says: ValueError, KeyError ...
            for file in files:
                _require_loadable(file)
            reason = one_line(str(error).split("\n")[0])
            raise SettingError(
                f"The {key} in {self.conf_source} cannot be used: {reason}; allowed: names that are texts, and "
                "references to what globals.yml defines"
            ) from error

    @property
    def _source(self) -> Path:
        return Path(self.conf_source)

    def _environments(self) -> list[str]:
        """The folders that have configuration beside the base's."""
        patterns = [pattern for patterns in self.config_patterns.values() for pattern in patterns]
        folders = [folder for folder in self._source.iterdir() if folder.is_dir() and folder.name != self.base_env]
        return [folder.name for folder in folders if any(any(folder.glob(pattern)) for pattern in patterns)]

    def _files(self, key: str) -> list[Path]:
        folders = {self._source / folder for folder in (self.base_env, self.env or self.default_run_env)}
        found = {file for folder in folders for pattern in self.config_patterns[key] for file in folder.glob(pattern)}
        return sorted(file for file in found if file.suffix in SUFFIXES and file.is_file())


def require_measure(file: Path) -> None:
    """Refuse a YAML file that is no mapping, or that is deeper or larger than any configuration, aliases included.

    Raises:
        SettingError: The message names the file.
    """
    try:
        fault = next(_faults_of_shape(file.read_text(encoding="utf-8-sig")), None)
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingError(f"{file} cannot be read ({_reason(error)}); {ALLOWED}") from error
    if fault:
        raise SettingError(f"{file} {fault}; {ALLOWED}")


def _faults_of_shape(text: str) -> Iterator[str]:
    """What is wrong with the shape of a YAML text, of which only the first fault counts."""
    sizes: dict[str | None, int] = {}  # of what anchors name, in nodes; 0 while it is not complete
    stack: list[list[Any]] = [[None, 0]]  # of what is open: its anchor, and how many nodes it holds so far
    for event in yaml.parse(text, _Parser):
        size = 0
        if isinstance(event, yaml.CollectionStartEvent):
            if len(stack) == 1 and not isinstance(event, yaml.MappingStartEvent):
                yield "holds a list"
            sizes[event.anchor] = 0
            stack.append([event.anchor, 1])
            if len(stack) > MAX_DEPTH:
                yield f"holds more than {MAX_DEPTH} lists and blocks in each other"
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = stack.pop()
            sizes[anchor] = size
        elif isinstance(event, yaml.ScalarEvent):
            size = sizes[event.anchor] = 1
            yield from _faults_of_value(event.value, alone=len(stack) == 1)
        elif isinstance(event, yaml.AliasEvent):
            size = sizes.get(event.anchor, 1)  # an unknown one is refused when it is constructed
            if not size:
                yield f"holds *{event.anchor} within itself"
        stack[-1][1] += size
        if stack[-1][1] > MAX_NODES:
            yield f"grows to more than {MAX_NODES} values"


def _faults_of_value(value: str, *, alone: bool) -> Iterator[str]:
    if len(value) > MAX_SCALAR_CHARS:
        yield f"holds a value of {len(value)} characters, and {MAX_SCALAR_CHARS} are allowed"
    if value == "???":
        yield "holds ???, which OmegaConf takes for no value"
    if alone and value not in ("", "~", "null"):
        yield f"holds a single value, {value[:20]!r}"


def _require_loadable(file: Path) -> None:
    try:
        OmegaConf.load(file)
    except Exception as error:
        raise SettingError(f"{file} cannot be read ({_reason(error)}); {ALLOWED}") from error


def _reason(error: Exception) -> str:
    """What a reader of YAML found, and in which line."""
    mark = getattr(error, "problem_mark", None)
    line = f" in line {mark.line + 1}" if mark else ""
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).split("\n")[0]
    return f"{one_line(str(reason))}{line}"
