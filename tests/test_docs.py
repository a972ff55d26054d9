"""The site of `make docs`."""

from collections.abc import Iterator
from typing import Any

import yaml

from support import ROOT


def pages_of(navigation: Any) -> Iterator[str]:
    if isinstance(navigation, str):
        yield navigation
    else:
        for part in navigation.values() if isinstance(navigation, dict) else navigation:
            yield from pages_of(part)


def test_every_page_and_notebook_is_in_the_navigation() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    files = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("notebooks/*.ipynb")]
    assert sorted(pages_of(site["nav"])) == sorted(file.relative_to(ROOT).as_posix() for file in files)
