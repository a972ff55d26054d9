"""Measure the live page in headless Chromium: `python benchmarks/playground.py`, once `make playground` has made it.

The figures go into docs/playground.md, between the two marks.
"""

import argparse
import platform
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "data" / "08_reporting" / "playground.html"
DOCS = ROOT / "docs" / "playground.md"
MARKS = ("<!-- measured -->\n", "<!-- end of measured -->")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPENINGS = 5
STROKES = 300

# Draw a spiral, one movement of the pointer after the other; time each until a frame shows the bars of all networks.
DRAW = """async (strokes) => {
    const pad = document.querySelector("canvas#digit");
    const part = document.querySelector("#comparison");
    const box = pad.getBoundingClientRect();
    const point = (index) => {
        const angle = index / 12, radius = box.width * (0.1 + 0.3 * index / strokes);
        const clientX = box.x + box.width / 2 + radius * Math.cos(angle);
        const clientY = box.y + box.height / 2 + radius * Math.sin(angle);
        return {clientX, clientY, pointerId: 1, isPrimary: true, bubbles: true};
    };
    const settled = () => new Promise((resolve) => {
        const done = () => part.dataset.settled === "true" && (observer.disconnect(), requestAnimationFrame(resolve));
        const observer = new MutationObserver(done);
        observer.observe(part, {attributes: true});
        done();
    });
    pad.dispatchEvent(new PointerEvent("pointerdown", point(0)));
    const times = [];
    for (let index = 1; index <= strokes; index++) {
        const start = performance.now();
        pad.dispatchEvent(new PointerEvent("pointermove", point(index)));
        await settled();
        times.push(performance.now() - start);
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    pad.dispatchEvent(new PointerEvent("pointerup", point(strokes)));
    return times;
}"""


def open_page(browser: Browser, path: Path) -> tuple[Any, float]:
    """Open the page; tell also after how many milliseconds it was ready."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    return page, float(page.evaluate("Number(document.documentElement.dataset.ready)"))


def processor_seconds() -> float:
    """How long processors have worked for the browser, in seconds: a busy machine hardly changes it."""
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return sum(each.user + each.system for each in times)


def measure(browser: Browser, path: Path) -> dict[str, str]:
    """Measure the page.

    Args:
        browser: Started.
        path: Of the page.

    Returns:
        Figures by what they are of.
    """
    ready = []
    for _ in range(OPENINGS):
        page, milliseconds = open_page(browser, path)
        ready.append(milliseconds)
        page.close()
    page, _ = open_page(browser, path)
    page.wait_for_selector('#comparison[data-settled="true"]')
    before = processor_seconds()
    times = page.evaluate(DRAW, STROKES)
    busy = processor_seconds() - before
    each = page.locator(".card").evaluate_all(
        "cards => cards.map(card => [card.dataset.network, card.querySelector('.facts li:last-child').textContent])"
    )
    return {
        "stroke to bars, median": f"{statistics.median(times):.0f} ms",
        "stroke to bars, 95th percentile": f"{np.percentile(times, 95):.0f} ms",
        "processor time per stroke, all of the browser": f"{1000 * busy / STROKES:.0f} ms",
        f"ready, median of {OPENINGS}": f"{statistics.median(ready):.0f} ms",
        "file": f"{path.stat().st_size / 1e6:.2f} MB",
        **{f"one image, {network}": text.split(" ms")[0] + " ms" for network, text in each},
    }


def write(figures: dict[str, str], version: str) -> None:
    """Put the figures into the documentation."""
    rows = "\n".join(f"| {name} | {value} |" for name, value in figures.items())
    before, rest = DOCS.read_text(encoding="utf-8").split(MARKS[0])
    _, after = rest.split(MARKS[1])
    table = f"| Chromium {version}, headless, {platform.machine()} | measured |\n| --- | ---: |\n{rows}\n"
    DOCS.write_text(f"{before}{MARKS[0]}{table}{MARKS[1]}{after}", encoding="utf-8")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, default=PAGE)
    path = parser.parse_args().page.resolve()
    browser_path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if not path.exists() or browser_path is None:
        sys.exit(f"needed: {path} (kedro run --pipeline=playground makes it) and one of {', '.join(BROWSERS)}")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        figures = measure(browser, path)
        write(figures, browser.version)
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in figures.items()))


if __name__ == "__main__":
    main()
