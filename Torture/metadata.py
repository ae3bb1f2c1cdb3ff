"""Photographs with sound pixels whose metadata are damaged: the same number gives the same bytes."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from mutations import chunks, cut, double, flip, number, png_chunk, truncate

LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
PACKET = (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
          b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:source>%s</dc:source>'
          b"</rdf:Description></rdf:RDF></x:xmpmeta>")  # fmt: skip
LOOP = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)
LARGE = 100 << 20

Change = Callable[[bytes], bytes]


def bombs() -> list[tuple[str, bytes]]:
    """XMP and EXIF that grow, turn in circles, nest, or are as long as a segment."""
    return [
        ("XMP", b'<!DOCTYPE x [<!ENTITY l0 "lol">' + LAUGHS + b"]>" + PACKET % b"&l9;"),
        ("XMP", b"<a>" * 20_000),
        ("XMP", PACKET % (b"x" * 60_000)),
        ("EXIF", LOOP),
        ("EXIF", b"MM\0*\0\0\0\x08" + struct.pack(">HHHIII", 1, 0x8825, 4, 1, 8, 8)),
        ("EXIF", b"II*\0\x08\0\0\0" + struct.pack("<H", 5000) + struct.pack("<HHII", 0x927C, 7, 60_000, 0) * 5000),
    ]


def kind(name: bytes, body: bytes) -> str:
    """The kind of a JPEG file's segment, or an empty text."""
    if name == b"\xe1":
        return "EXIF" if body.startswith(b"Exif\0\0") else "XMP" if body.startswith(b"http://ns.adobe.com/xap/") else ""
    return {b"\xe2": "ICC", b"\xed": "IPTC"}.get(name, "")


HEADERS = {"EXIF": 6, "XMP": 29, "ICC": 14, "IPTC": 14}


def jpeg(data: bytes, wanted: str, change: Change) -> bytes:
    result, at = data[:2], 2
    while data[at : at + 1] == b"\xff" and data[at + 1] not in (0xDA, 0xD9):
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        found = kind(data[at + 1 : at + 2], body)
        if found == wanted:
            head = HEADERS[found]
            body = (body[:head] + change(body[head:]))[:65_533]
        result += data[at : at + 2] + struct.pack(">H", len(body) + 2) + body
        at += 2 + length
    return result + data[at:]


def png(data: bytes, wanted: str, change: Change) -> bytes:
    result = data[:8]
    for name, body in chunks(data):
        if name == b"eXIf" and wanted == "EXIF" or name == b"iCCP" and wanted == "ICC":
            body = change(body)
        elif name == b"iTXt" and wanted == "XMP":
            body = body[:22] + change(body[22:])
        result += png_chunk(name, body)
    return result


def webp(data: bytes, wanted: str, change: Change) -> bytes:
    names = {b"EXIF": "EXIF", b"XMP ": "XMP", b"ICCP": "ICC"}
    result, at = b"", 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        body = data[at + 8 : at + 8 + length]
        if names.get(data[at : at + 4]) == wanted:
            body = change(body)
        result += data[at : at + 4] + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
        at += 8 + length + length % 2
    return b"RIFF" + struct.pack("<I", len(result) + 4) + b"WEBP" + result


def tiff(data: bytes, wanted: str, change: Change) -> bytes:
    """Of a value only as much as there is room for."""
    tags = {700: "XMP", 33723: "IPTC", 34675: "ICC", 34665: "EXIF"}
    order = "<" if data.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, form, length, place = struct.unpack_from(order + "HHII", data, at)
        if tags.get(tag) == wanted:
            # EXIF's own directory is as long as its entries.
            entries = struct.unpack_from(order + "H", data, place)[0]
            size = 2 + 12 * entries if wanted == "EXIF" else length * {1: 1, 4: 4, 7: 1}[form]
            old = data[place : place + size]
            data = data[:place] + change(old)[: len(old)].ljust(len(old), b"\0") + data[place + len(old) :]
    return data


WRITERS = {"jpeg": jpeg, "png": png, "webp": webp, "tiff": tiff}


def large() -> dict[str, tuple[str, str, Change]]:
    """Blocks of 100 MB, by name, where a format can hold them."""
    return {
        "large-xmp.png": ("png", "XMP", lambda _: PACKET % (b"x" * LARGE)),
        "large-exif.png": ("png", "EXIF", lambda _: LOOP[:-4] + bytes(LARGE)),
        "large-icc.png": ("png", "ICC", lambda body: body[:6] + bytes(LARGE)),
        "large-xmp.webp": ("webp", "XMP", lambda _: PACKET % (b"x" * LARGE)),
        "large-exif.webp": ("webp", "EXIF", lambda _: LOOP[:-4] + bytes(LARGE)),
    }


def damaged(seeds: dict[str, bytes], seed: int, index: int) -> tuple[str, bytes]:
    """The name and the bytes of one photograph; seeds are by format, each with all kinds of blocks."""
    r = random.Random(f"{seed}/metadata/{index}")
    form = r.choice(sorted(seeds))
    wanted = r.choice(["EXIF", "EXIF", "XMP", "XMP", "IPTC", "ICC"])
    if form in ("png", "webp") and wanted == "IPTC":
        wanted = "XMP"
    if r.random() < 0.02 and form != "tiff":
        wanted, body = r.choice(bombs())
        return f"{index:06d}-bomb-{wanted}.{form}", WRITERS[form](seeds[form], wanted, lambda _: body)
    how = r.choice([flip, flip, number, number, truncate, cut, double])
    data = WRITERS[form](seeds[form], wanted, lambda body: how(r, body, []) if len(body) > 8 else body)
    return f"{index:06d}-{how.__name__}-{wanted}.{form}", data
