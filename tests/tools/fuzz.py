"""Fuzzes the reader of IDX files and the reader of images, guided by coverage: `make fuzz`, or `make fuzz SECONDS=60`.

Each runs in a process of its own, from small files made of the committed data, and stops at the first input at which
anything comes out but the declared error, or more memory is taken than that input can hold. Such an input is kept in
`.fuzz`, and `PYTHONPATH=src .venv-fuzz/bin/python tests/tools/fuzz.py idx .fuzz/<file>` reads it again.
"""

import re
import struct
import subprocess
import sys
import tempfile
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from io import BytesIO, StringIO
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import atheris

with redirect_stderr(StringIO()), atheris.instrument_imports(include=["convnets", "gzip", "PIL"]):
    import gzip

    from PIL import Image, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin  # noqa: F401 - of EXIF

    from convnets.datasets.idx import CHUNK, GZIP_MAGIC, MAX_GZIP_RATIO, parse_idx
    from convnets.datasets.images import MAX_PIXELS_PER_BYTE, read_image
    from convnets.harness.messages import ImageError

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".fuzz"
RAW = ROOT / "data" / "01_raw"
MAX_INPUT_BYTES = 4096  # bytes
OPTIONS = (f"-max_len={MAX_INPUT_BYTES}", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1")
PNG = b"\x89PNG\r\n\x1a\n"
SIDES = (8, 24)  # pixels, of the sample images as they are given to the fuzzer
MODES = [
    *(("PNG", mode) for mode in ("1", "L", "P", "RGB", "RGBA", "I;16")),
    *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
]


def reader_of_idx_files() -> Callable[[bytes], None]:
    """Make what lets the reader of IDX files read an input, as images and as labels, and watches the room it takes."""
    tracemalloc.start()

    def read(content: bytes) -> None:
        for dimensions in (1, 3):
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            try:
                parse_idx(content, dimensions)
            except ValueError as error:
                if "expect" not in str(error):  # the reader's own say what was expected
                    raise
            _, peak = tracemalloc.get_traced_memory()
            if peak - before > 3 * CHUNK + 2 * MAX_GZIP_RATIO * len(content):
                raise MemoryError(f"{len(content)} bytes took {peak - before:,}")

    return read


def reader_of_images(folder: Path) -> Callable[[bytes], None]:
    """Make what lets the reader of images read an input, which it needs as a file, and watches the room it takes."""
    file = folder / "image"
    core: Any = vars(Image)["core"]  # Pillow's C, which makes room for pixels
    new = core.new
    largest = 0

    def watched(mode: str, size: tuple[int, int], *rest: Any) -> Any:
        nonlocal largest
        largest = max(largest, size[0] * size[1])
        return new(mode, size, *rest)

    core.new = watched

    def read(content: bytes) -> None:
        nonlocal largest
        largest = 0
        file.write_bytes(content)
        try:
            read_image(file)
        except ImageError as error:
            if isinstance(error.__cause__, MemoryError):
                raise MemoryError(f"{len(content)} bytes took all") from error
        if largest > MAX_PIXELS_PER_BYTE * len(content):
            raise MemoryError(f"{len(content)} bytes took {largest:,} pixels")

    return read


def mutate_idx(content: bytes, longest: int, seed: int) -> bytes:
    """Change what is compressed, too: a change to the compressed bytes mostly ends at a checksum."""
    chance = Random(seed).random()  # noqa: S311 - the fuzzer's
    if chance < 0.1:
        return gzip.compress(content, mtime=0)[:longest]
    if chance < 0.7 and content.startswith(GZIP_MAGIC):
        try:
            plain = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            return mutated(content, longest)
        packed = gzip.compress(mutated(plain, 2 * MAX_INPUT_BYTES), mtime=0)
        if len(packed) <= longest:
            return packed
    return mutated(content, longest)


def mutate_image(content: bytes, longest: int, seed: int) -> bytes:
    """Change the chunks of a PNG file, whose checksums would give away every change."""
    generator = Random(seed)  # noqa: S311 - the fuzzer's
    chunks = list(chunks_of(content))
    if chunks and generator.random() < 0.8:
        place = generator.randrange(len(chunks))
        kind, data = chunks[place]
        match generator.choice(["change", "change", "unpack and change", "double", "move", "remove"]):
            case "change":
                chunks[place] = kind, mutated(data, longest)
            case "unpack and change":
                chunks[place] = kind, mutate_packed(data, longest)
            case "double":
                chunks.insert(generator.randrange(len(chunks)), (kind, data))
            case "move":
                chunks.insert(generator.randrange(len(chunks)), chunks.pop(place))
            case "remove":
                del chunks[place]
        made = PNG + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
        if len(made) <= longest:
            return made
    return mutated(content, longest)


def mutate_packed(data: bytes, longest: int) -> bytes:
    """Change what is compressed with zlib after an optional name, as in PNG's chunks."""
    start = max(data.find(b"x"), 0)
    try:
        plain = zlib.decompress(data[start:])
    except zlib.error:
        return mutated(data, longest)
    return data[:start] + zlib.compress(mutated(plain, 2 * MAX_INPUT_BYTES))


def mutated(content: bytes, longest: int) -> bytes:
    """What libFuzzer makes of it."""
    made: bytes = atheris.Mutate(content[:longest], longest)
    return made


def chunks_of(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG file, as far as they are whole; none of anything else."""
    place = len(PNG) if content.startswith(PNG) else len(content)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        yield content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        place += 12 + length


def idx_files() -> Iterator[bytes]:
    """The beginnings of the committed IDX files, plain and compressed."""
    for file in sorted((RAW / "mnist").glob("*.gz")):
        with gzip.open(file) as stored:
            dimensions = stored.read(4)[3]
            sizes = struct.unpack(f">{dimensions}I", stored.read(4 * dimensions))
            for count in (1, 3):
                elements = stored.read(count * (sizes[1] * sizes[2] if dimensions > 1 else 1))
                plain = bytes([0, 0, 8, dimensions]) + struct.pack(f">{dimensions}I", count, *sizes[1:]) + elements
                yield plain
                yield gzip.compress(plain, mtime=0)


def image_files() -> Iterator[bytes]:
    """The sample images, made small, in the modes that PNG and JPEG know."""
    for file in sorted((RAW / "images").iterdir()):
        with Image.open(file) as image:
            exif = image.getexif()
            for side, (kind, mode) in product(SIDES, MODES):
                made = BytesIO()
                small = image.convert("L" if mode == "I;16" else "RGBA").resize((side, side)).convert(mode)
                small.save(made, kind, exif=exif, progressive=side == SIDES[0])
                yield made.getvalue()


TARGETS = {"idx": (idx_files, mutate_idx), "images": (image_files, mutate_image)}


def fuzz(target: str, arguments: list[str]) -> None:
    """Fuzz one reader in this process, which that ends."""
    seeds, mutate = TARGETS[target]
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, content in enumerate(seeds()):
            (corpus / str(number)).write_bytes(content)
        reader = reader_of_idx_files() if target == "idx" else reader_of_images(Path(folder))
        inputs = [] if any(Path(argument).is_file() for argument in arguments) else [str(corpus)]
        atheris.Setup([sys.argv[0], *OPTIONS, *arguments, *inputs], reader, custom_mutator=mutate)
        atheris.Fuzz()


def report(target: str, said: str, status: int) -> str:
    """One line of figures, from what libFuzzer said."""
    seconds = (re.findall(r"in (\d+) second", said) or ["?"])[-1]
    executions = re.findall(r"number_of_executed_units: (\d+)", said) or re.findall(r"^#(\d+)", said, re.M) or ["0"]
    coverage, features, kept = (re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", said) or [("0", "0", "0")])[-1]
    crashes = f"CRASHED (exit status {status}), see {KEPT.name}" if status else "no crash"
    return (
        f"{target}: {int(executions[-1]):,} executions in {seconds} s, coverage {coverage} edges "
        f"({features} features), {kept} inputs kept, {crashes}"
    )


def main(seconds: int) -> int:
    """Fuzz both readers side by side."""
    KEPT.mkdir(exist_ok=True)
    started = {}
    for target in TARGETS:
        command = [sys.executable, __file__, target, f"-max_total_time={seconds}", f"-artifact_prefix={KEPT}/{target}-"]
        log = (KEPT / f"{target}.log").open("w")
        started[target] = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - itself
    for target, process in started.items():
        status = process.wait()
        sys.stdout.write(report(target, (KEPT / f"{target}.log").read_text(errors="replace"), status) + "\n")
    return int(any(process.returncode for process in started.values()))


if __name__ == "__main__":
    if sys.argv[1] in TARGETS:
        fuzz(sys.argv[1], sys.argv[2:])
    else:
        sys.exit(main(int(sys.argv[1])))
