"""Installing says how far it is: `tools/pip_install.py`, with a pip that installs nothing."""

import os
import subprocess
import sys
from pathlib import Path

from support import ROOT

PIP = """
import sys
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


def install(folder: Path, fault: str = "") -> subprocess.CompletedProcess[str]:
    """Install three requirements, of which one is for another Python."""
    (folder / "pip").mkdir()
    (folder / "pip" / "__init__.py").touch()
    (folder / "pip" / "__main__.py").write_text(PIP.format(fault=fault))
    (folder / "some.lock").write_text("# a==b\nkeras==3.15.1 \\\n    --hash=sha256:0\nnumpy==2.4.6\nnumpy==2.5.5\n")
    return subprocess.run(  # noqa: S603 - the project's own
        [sys.executable, ROOT / "tools" / "pip_install.py", "--no-deps", "-r", "some.lock"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_into_a_file_go_two_lines_that_name_no_registry(tmp_path: Path) -> None:
    done = install(tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    fetched, installed = done.stdout.splitlines()
    assert fetched.startswith("2 packages fetched in ")
    assert installed.startswith("0 packages installed in ")


def test_what_pip_cannot_do_is_said(tmp_path: Path) -> None:
    done = install(tmp_path, "THESE PACKAGES DO NOT MATCH THE HASHES")
    assert done.returncode == 1
    assert done.stderr.strip() == "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"
    assert "installed" not in done.stdout
