"""A figure as vectors inside of the PNG file that shows it: one file is one result, and any viewer shows it.

A PNG file consists of chunks, and readers skip those that they do not know. Source: W3C, "Portable Network Graphics
(PNG) Specification (Third Edition)", sections 5.3 and 5.4.
"""

import struct
import zlib

CHUNK = b"svGZ"  # by its letters' cases: may be skipped, is not registered, and does not outlive a change of the image
HEAD = struct.Struct(">I4s")  # of a chunk: how many bytes of data follow, and of which kind
SIGNATURE_BYTES, CHECKSUM_BYTES = 8, 4
LAST = HEAD.pack(0, b"IEND")


def add_vectors(png: bytes, svg: bytes) -> bytes:
    """Put an SVG file into a PNG file.

    Args:
        png: As an encoder writes it.
        svg: The same picture.

    Returns:
        A PNG file.
    """
    data = zlib.compress(svg, 9)
    chunk = HEAD.pack(len(data), CHUNK) + data + struct.pack(">I", zlib.crc32(CHUNK + data))
    before, last, after = png.rpartition(LAST)
    return before + chunk + last + after


def vectors_of(png: bytes) -> bytes | None:
    """The SVG file in a PNG file; `None` where there is none."""
    place = SIGNATURE_BYTES
    while place + HEAD.size <= len(png):
        size, kind = HEAD.unpack_from(png, place)
        if kind == CHUNK:
            return zlib.decompress(png[place + HEAD.size : place + HEAD.size + size])
        place += HEAD.size + size + CHECKSUM_BYTES
    return None
