"""`pip install` that says how far it is, in its own words: pip's would be hundreds of lines, or none at all.

    python tools/pip_install.py --no-deps --require-hashes -r requirements.lock

Needs nothing but Python: it runs before anything is installed. Pip's errors are shown as they are, its warnings not.
"""

import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 0.5
FETCHING = ("Collecting ", "Processing ", "Requirement already satisfied")  # how pip begins a line on a package
PIP = ("-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off")


def main(arguments: list[str]) -> int:
    """Install what is named on pip's command line.

    Returns:
        The exit status of pip.
    """
    total = requirements(arguments)
    there = installed()
    fetched, started = 0, time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            [sys.executable, *PIP, *arguments],
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            close_fds=False,  # a file of constraints may be one that the shell holds open
        ) as pip,
    ):
        for line in pip.stdout or ():
            total -= line.startswith("Ignoring ")  # what other versions of Python need
            fetched += line.startswith(FETCHING)
            show(f"{fetched} of {total} packages fetched" if total > 0 else f"{fetched} packages fetched")
            if line.startswith("Installing collected"):
                total = line.count(",") + 1
                show(f"{fetched} packages fetched in {time.monotonic() - started:.0f} s", last=True)
                started = time.monotonic()
                break
        while pip.poll() is None:
            show(f"{installed() - there} of {total} packages installed")
            time.sleep(SECONDS_BETWEEN_LOOKS)
        if pip.returncode:
            complaints.seek(0)
            faults = [line for line in complaints if not line.startswith("WARNING")]
            print(f"\n{''.join(faults).rstrip()}", file=sys.stderr)
        else:
            show(f"{installed() - there} packages installed in {time.monotonic() - started:.0f} s", last=True)
    return pip.returncode


def requirements(arguments: list[str]) -> int:
    """How many packages the file of requirements names; 0 where there is none."""
    if "-r" not in arguments:
        return 0
    lines = Path(arguments[arguments.index("-r") + 1]).read_text(encoding="utf-8").splitlines()
    return sum("==" in line.partition("#")[0] for line in lines)


def installed() -> int:
    """How many packages there are."""
    return len(list(Path(sysconfig.get_path("purelib")).glob("*.dist-info")))


def show(what: str, *, last: bool = False) -> None:
    """Show it in the place of what was shown before; where that cannot be, show only what is the last."""
    if sys.stdout.isatty():
        print(f"\r{what:40}", end="\n" if last else "", flush=True)
    elif last:
        print(what, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
