"""Install packages into the environment of the Python that runs this, and say how far that is.

    .venv/bin/python tools/install.py --no-deps --require-hashes -r requirements.lock

With uv, which is several times as fast: the one on the PATH, or else the one that uv-requirements.txt pins, which pip
fetches first. Where uv cannot install, pip does. Needs nothing but Python: it runs before anything is installed. Only
pip's errors are shown: of warnings there are many.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 0.5
FETCHING = ("Collecting ", "Processing ", "Requirement already satisfied")  # how pip begins a line on a package
PIP = (sys.executable, "-m", "pip")
PIP_INSTALL = (*PIP, "install", "--disable-pip-version-check", "--progress-bar", "off")
# What pip is told of registries, and the variable that tells uv.
REGISTRIES = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
UV_PINNED = Path(__file__).with_name("uv-requirements.txt")


def main(arguments: list[str]) -> int:
    """Install what is named on the command line of `pip install`, or of `uv pip install`, which takes the same.

    Returns:
        The exit status: 0 if all is installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        arguments = with_plain_constraints(arguments, Path(folder))
        uv = find_uv()
        if uv and install_with_uv(uv, arguments) == 0:
            return 0
        return install_with_pip(arguments)


def with_plain_constraints(arguments: list[str], folder: Path) -> list[str]:
    """The same arguments, with files of constraints (`-c FILE`) without hashes: pip would demand one of each package.

    Args:
        arguments: Of the command line.
        folder: Where these files are written.
    """
    plain = list(arguments)
    for place in (index + 1 for index, argument in enumerate(arguments) if argument == "-c"):
        pins = [line.rstrip("\\ ") for line in Path(plain[place]).read_text(encoding="utf-8").splitlines()]
        file = folder / f"constraints-{place}.txt"
        file.write_text("\n".join(pin for pin in pins if not pin.lstrip().startswith("--hash")), encoding="utf-8")
        plain[place] = str(file)
    return plain


def find_uv() -> str | None:
    """Where uv is; fetched into this environment where it is not on the PATH; `None` if it cannot be had."""
    if found := shutil.which("uv"):
        return found
    fetched = Path(sysconfig.get_path("scripts")) / "uv"
    if not fetched.exists():
        show("fetching uv")
        command = [*PIP_INSTALL, "--no-deps", "--require-hashes", "-r", str(UV_PINNED)]
        subprocess.run(command, capture_output=True, check=False)
    return str(fetched) if fetched.exists() else None


def install_with_uv(uv: str, arguments: list[str]) -> int:
    """Install with uv, which fetches everything before it installs anything.

    Returns:
        Its exit status.
    """
    command = [uv, "pip", "install", "--python", sys.executable, "--quiet", *arguments]
    there, started = installed(), time.monotonic()
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=registries_of_pip() | os.environ) as process:
        while process.poll() is None:
            seconds = f"{time.monotonic() - started:.0f} s"
            show(f"uv installs: {new} after {seconds}" if (new := installed() - there) else f"uv fetches: {seconds}")
            time.sleep(SECONDS_BETWEEN_LOOKS)
    if process.returncode:
        show("uv cannot install them here: pip goes on", last=True)
    else:
        show(f"{counted(installed() - there)} installed by uv in {time.monotonic() - started:.0f} s", last=True)
    return process.returncode


def registries_of_pip() -> dict[str, str]:
    """The registries that pip is set to ask, as variables for uv, which asks all of them as pip does."""
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False).stdout
    found = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for line in listed.splitlines():  # as global.index-url='https://registry.example/simple'
        name, _, value = line.partition("=")
        if variable := REGISTRIES.get(name.rpartition(".")[2]):
            found[variable] = value.strip("'")
    return found


def install_with_pip(arguments: list[str]) -> int:
    """Install with pip.

    Returns:
        Its exit status.
    """
    total = requirements(arguments)
    there = installed()
    fetched, started = 0, time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen([*PIP_INSTALL, *arguments], stdout=subprocess.PIPE, stderr=complaints, text=True) as pip,
    ):
        for line in pip.stdout or ():
            total -= line.startswith("Ignoring ")  # what other versions of Python need
            fetched += line.startswith(FETCHING)
            show(f"{fetched} of {total} packages fetched" if total > 0 else f"{fetched} packages fetched")
            if line.startswith("Installing collected"):
                total = line.count(",") + 1
                show(f"{counted(fetched)} fetched in {time.monotonic() - started:.0f} s", last=True)
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
            show(f"{counted(installed() - there)} installed in {time.monotonic() - started:.0f} s", last=True)
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


def counted(packages: int) -> str:
    """As `1 package`."""
    return f"{packages} package{'' if packages == 1 else 's'}"


def show(what: str, *, last: bool = False) -> None:
    """Show it in the place of what was shown before; where that cannot be, show only what is the last."""
    if sys.stdout.isatty():
        print(f"\r{what:40}", end="\n" if last else "", flush=True)
    elif last:
        print(what, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
