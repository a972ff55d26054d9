"""What MkDocs does for `make docs` beyond Markdown: modules, notebooks and files that pages link to become pages, too.

The site has the layout of the repository, so that a relative link is right in both. MkDocs checks every link.
"""

import json
import posixpath
import re
from html import unescape
from itertools import groupby
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
WRITTEN = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md", "notebooks/*.ipynb")
MODULES = "src/convnets/**/*.py"
STATIC = (".css", ".gif", ".png")
LINK = re.compile(r"\]\(([^)#\s]+)")
LANGUAGES = {".cff": "yaml", ".json": "json", ".py": "python", ".yml": "yaml"}


def on_config(config: Any) -> Any:
    """Fill the part of the navigation that lists the modules, a section for each package."""
    next(entry for entry in config.nav if "Reference" in entry)["Reference"] = reference(paths(MODULES))
    return config


def on_files(files: Any, config: Any) -> Any:
    """Replace the files of docs/ by those of the repository that belong to the site."""
    for file in [file for file in files if file.src_dir == config.docs_dir]:
        files.remove(file)
    written = paths(*WRITTEN)
    for path in sorted({*written, *paths(MODULES, "docs/*.css"), *linked(written)}):
        file = File(path, str(ROOT), config.site_dir, config.use_directory_urls)
        if not path.endswith((*STATIC, ".md")):
            file.is_documentation_page = lambda: True
            file.dest_uri = f"{path}.html"
        files.append(file)
    return files


def on_page_read_source(page: Any, config: Any) -> str | None:  # noqa: ARG001 - MkDocs passes both by name
    """Write a page's Markdown, where its file is none.

    Returns:
        The Markdown, or None for a file that is.
    """
    path = page.file.src_uri
    if path.endswith(".md"):
        return None
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".ipynb"):
        return notebook(json.loads(text))
    code = fenced(text, LANGUAGES.get(posixpath.splitext(path)[1], "text"))
    if path.startswith("src/"):
        return f"# {module(path)}\n\n::: {module(path)}\n\n## {path} {{ data-search-exclude }}\n\n{code}"
    return f"---\nsearch: {{exclude: true}}\n---\n\n# {path}\n\n{code}"


def paths(*patterns: str) -> list[str]:
    """The files of the repository that match, as its links name them."""
    return sorted(path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern))


def linked(pages: list[str]) -> set[str]:
    """The files of the repository that pages link to."""
    targets = {
        posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        for page in pages
        for target in LINK.findall((ROOT / page).read_text(encoding="utf-8"))
    }
    return {target for target in targets if (ROOT / target).is_file()}


def module(path: str) -> str:
    """The name that Python has for a file."""
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def reference(modules: list[str]) -> list[Any]:
    """The navigation of modules: those of a package together, the package itself first."""
    packages: dict[str, list[dict[str, str]]] = {}
    for path in sorted(modules, key=lambda path: (posixpath.dirname(path), not path.endswith("__init__.py"), path)):
        packages.setdefault(posixpath.dirname(path), []).append({module(path).rpartition(".")[2]: path})
    return [{module(package).removeprefix("convnets."): pages} for package, pages in packages.items()]


def notebook(cells: dict[str, Any]) -> str:
    """A notebook with its outputs, as Markdown; progress bars, which it wrote to standard error, are left out."""
    parts = []
    for cell in cells["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else fenced(source, "python"))
        outputs = [output for output in cell.get("outputs", ()) if output.get("name") != "stderr"]
        for is_text, together in groupby(map(shown, outputs), key=lambda part: not part.startswith("<")):
            text = "".join(together)
            parts.append(fenced(text, "{.text .output}") if is_text and text.strip() else text)
    return "\n\n".join(parts)


def shown(output: dict[str, Any]) -> str:
    """An output of a cell: a picture or a table, as HTML, or else text."""
    data = output.get("data", {})
    if "image/png" in data:
        picture = "".join(data["image/png"]).strip()
        return f'<p><img alt="What the cell shows" src="data:image/png;base64,{picture}"></p>\n\n'
    html = "".join(data.get("text/html", ""))
    if html.startswith("<pre"):  # text in colours
        return unescape(re.sub(r"<.*?>", "", html, flags=re.DOTALL)).rstrip() + "\n"
    if html:
        plain = re.sub(r"<style.*?</style>| (style|class|border)=\".*?\"", "", html, flags=re.DOTALL)
        return re.sub(r"\n\s*\n", "\n", plain) + "\n\n"
    return "".join(output.get("text", data.get("text/plain", "")))


def fenced(text: str, language: str) -> str:
    """A block of code."""
    fence = "`" * (3 + max(map(len, re.findall("`{3,}", text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
