"""Installing says how far it is: `tools/install.py`, with a uv and a pip that install nothing."""

import os
import subprocess
import sys
import venv
from pathlib import Path

from support import ROOT

PIP = """
import sys
if sys.argv[1:3] == ["config", "list"]:
    sys.exit(print("global.index-url='https://registry.invalid/simple'"))
print("Looking in indexes: https://example.invalid/simple")
print("Ignoring numpy: markers 'python_full_version >= \\"3.12\\"' don't match your environment")
print("Collecting keras==3.15.1")
print("  Downloading https://example.invalid/keras.whl")
print("WARNING: https://example.invalid is slow", file=sys.stderr)
if {fault!r}:
    print("ERROR: " + {fault!r}, file=sys.stderr)
    sys.exit(1)
print("Processing /wheels/numpy.whl")
print("Installing collected packages: numpy, keras")
print("Successfully installed keras-3.15.1 numpy-2.4.6")
"""


UV = """#!{python}
import os, sys
from pathlib import Path
Path("seen.txt").write_text("\\n".join([*sys.argv[1:], os.environ.get("UV_DEFAULT_INDEX", "")]))
for index, argument in enumerate(sys.argv):
    if argument == "-c":
        print(Path(sys.argv[index + 1]).read_text(), file=open("constraints.txt", "w"))
sys.exit({status})
"""


def install(folder: Path, *arguments: str, fault: str = "", uv: int | None = None) -> subprocess.CompletedProcess[str]:
    """Install three requirements, of which one is for another Python; `uv` is the exit status of one on the PATH."""
    (folder / "pip").mkdir()
    (folder / "pip" / "__init__.py").touch()
    (folder / "pip" / "__main__.py").write_text(PIP.format(fault=fault))
    (folder / "some.lock").write_text("# a==b\nkeras==3.15.1 \\\n    --hash=sha256:0\nnumpy==2.4.6\nnumpy==2.5.5\n")
    if uv is not None:
        (folder / "uv").write_text(UV.format(python=sys.executable, status=uv))
        (folder / "uv").chmod(0o755)
    venv.create(folder / "env")  # which has no uv of its own
    return subprocess.run(  # noqa: S603 - the project's own
        [
            folder / "env" / "bin" / "python",
            ROOT / "tools" / "install.py",
            *(arguments or ("--no-deps", "-r", "some.lock")),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_uv_of_the_path_is_asked_first_and_also_asks_the_registries_of_pip(tmp_path: Path) -> None:
    done = install(tmp_path, uv=0)
    assert done.returncode == 0
    assert done.stdout.startswith("0 packages installed by uv in ")
    *command, index = (tmp_path / "seen.txt").read_text().splitlines()
    assert command[:2] == ["pip", "install"]
    assert command[command.index("--python") + 1] == str(tmp_path / "env" / "bin" / "python")
    assert command[-3:] == ["--no-deps", "-r", "some.lock"]
    assert index == "https://registry.invalid/simple"


def test_constraints_bind_without_their_hashes(tmp_path: Path) -> None:
    install(tmp_path, "-r", "some.lock", "-c", "some.lock", uv=0)
    assert (tmp_path / "constraints.txt").read_text().split("\n")[1:4] == [
        "keras==3.15.1",
        "numpy==2.4.6",
        "numpy==2.5.5",
    ]


def test_where_uv_cannot_install_pip_does(tmp_path: Path) -> None:
    done = install(tmp_path, uv=2)
    assert done.returncode == 0
    said, fetched, installed = done.stdout.splitlines()
    assert said == "uv cannot install them here: pip goes on"
    assert fetched.startswith("2 packages fetched in ")
    assert installed.startswith("0 packages installed in ")


def test_without_uv_pip_shows_two_lines_that_name_no_registry(tmp_path: Path) -> None:
    done = install(tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    *_, fetched, installed = done.stdout.splitlines()
    assert fetched.startswith("2 packages fetched in ")
    assert installed.startswith("0 packages installed in ")
    assert "invalid" not in done.stdout


def test_what_pip_cannot_do_is_said(tmp_path: Path) -> None:
    done = install(tmp_path, fault="THESE PACKAGES DO NOT MATCH THE HASHES")
    assert done.returncode == 1
    assert done.stderr.strip() == "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"
    assert "installed" not in done.stdout
