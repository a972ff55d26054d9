"""Notes: small JSON files in hidden folders that one process leaves for the next."""

import json
from pathlib import Path
from typing import Any


def read_note(path: Path) -> dict[str, Any]:
    """What a note says; empty if there is none. Hidden state that cannot be read is as if it were not there."""
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # the last of a note nested thousands deep
        return {}
    return noted if isinstance(noted, dict) else {}
