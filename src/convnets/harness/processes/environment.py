"""What a result depends on beside data and parameters, and which must be the same in all processes."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from convnets.harness.experiment import installed_version
from convnets.harness.messages import ScalingError

SHOWN_DIGITS = 8  # of a digest


def describe_environment(package: str, packages: Sequence[str]) -> dict[str, str]:
    """What a result depends on beside data and parameters.

    Args:
        package: Of the project.
        packages: Those of others on whose versions results depend.

    Returns:
        `code of <package>`: the digest of all its modules; and the version of each package, `none` where it is not
        installed.
    """
    found = find_spec(package)
    folder = Path(str(found.origin)).parent if found else Path()
    code = hashlib.sha256()
    for module in sorted(folder.rglob("*.py")) if found else []:
        code.update(f"{module.relative_to(folder).as_posix()}\n{module.read_text(encoding='utf-8')}\0".encode())
    names = (package, *packages)
    return {f"code of {package}": code.hexdigest()[:SHOWN_DIGITS]} | {name: installed_version(name) for name in names}


def describe_difference(found: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """What differs between a worker's environment and the command's; nothing if they are the same."""
    return ", ".join(
        f"{name} is {found.get(name, 'none')} and not {expected[name]}"
        for name in expected
        if found.get(name) != expected[name]
    )


def refuse_other_environments(differences: Mapping[str, str]) -> None:
    """Refuse workers whose results would not be those of the command's own code and packages.

    Args:
        differences: By worker, as of `describe_difference`.

    Raises:
        ScalingError: One differs. The message names each that does.
    """
    found = [f"on worker {worker} {difference}" for worker, difference in differences.items() if difference]
    if found:
        raise ScalingError(
            "Processes would train with other code or packages than this command: "
            f"{'; '.join(found)}; allowed: the same code, and an environment made from the same requirements.lock, on "
            "all sides"
        )
