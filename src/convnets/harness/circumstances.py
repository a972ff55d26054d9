"""Under which circumstances something is made: commit, versions, machine and time.

Neither names the machine nor its user: what is made can be handed on.
"""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from convnets.harness.experiment import installed_version

GIBIBYTE = 2**30
PROCESSOR = Path("/proc/cpuinfo")
QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of a container: microseconds of computing in each period
LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container: bytes


def git_commit(folder: Path) -> str | None:
    """The commit of the git checkout that the folder is in, with `-dirty` if it was changed since; `None` if none."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        described = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return described.stdout.strip()


def describe_circumstances(packages: Sequence[str]) -> dict[str, str]:
    """Say when, where and with what something is made now.

    Args:
        packages: Whose versions are named.

    Returns:
        `time` (UTC), `commit` of this code, `versions` of Python and of the packages, and `machine`.
    """
    versions = [f"Python {platform.python_version()}", *(f"{name} {installed_version(name)}" for name in packages)]
    return {
        "time": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": git_commit(Path(__file__).parent) or "not in a git checkout",
        "versions": ", ".join(versions),
        "machine": _describe_machine(),
    }


def _describe_machine() -> str:
    parts = [processor(), f"{there} cores" if (there := cores()) > 1 else "1 core"]
    if size := memory():
        parts.append(f"{size / GIBIBYTE:.0f} GiB of memory")
    return ", ".join([*parts, f"{platform.system()} on {platform.machine()}"])


def cores() -> int:
    """How many cores this process may use: it can be bound to some, or be in a container that is given a share."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share, _, period = QUOTA.read_text().partition(" ") if QUOTA.exists() else ("max", "", "")
    return min(there, max(int(share) // int(period), 1)) if share.isdecimal() else there


def memory() -> int | None:
    """How many bytes this machine has, or the container is given; `None` where the system does not say."""
    if not (hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names):
        return None
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = LIMIT.read_text().strip() if LIMIT.exists() else "max"
    return min(there, int(limit)) if limit.isdecimal() else there


def processor() -> str:
    """The model of the processor; where the system does not say it, its architecture."""
    if PROCESSOR.exists():
        for line in PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
