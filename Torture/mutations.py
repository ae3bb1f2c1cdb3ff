"""Damaged image files, each made from a seed: the same number gives the same bytes."""

from __future__ import annotations

import random
import struct
import zlib

INTERESTING = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
SIZES = [0, 1, 2, 3, 60, 4000, 30_000, 65_500, 65_535, 1_000_001, 2_000_000_000, 0x7FFFFFFF, 0xFFFFFFFF]


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, depth: int = 8, color: int = 0, data: bytes | None = None) -> bytes:
    """A PNG file, gray unless told otherwise; by default with the right amount of data, all zero."""
    if data is None:
        channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
        data = bytes(height * (1 + (width * channels * depth + 7) // 8))
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(data)) + png_chunk(b"IEND", b"")


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG file."""
    found, at = [], 8
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def flip(r: random.Random, data: bytes, _: list[bytes]) -> bytes:
    copy = bytearray(data)
    for _ in range(r.choice([1, 1, 2, 4, 16, 64])):
        copy[r.randrange(len(copy))] ^= 1 << r.randrange(8)
    return bytes(copy)


def flip_header(r: random.Random, data: bytes, _: list[bytes]) -> bytes:
    copy = bytearray(data)
    for _ in range(r.choice([1, 2, 4])):
        copy[r.randrange(min(len(copy), 200))] = r.randrange(256)
    return bytes(copy)


def number(r: random.Random, data: bytes, _: list[bytes]) -> bytes:
    copy = bytearray(data)
    for _ in range(r.choice([1, 1, 3])):
        size = r.choice([1, 2, 4])
        value = (r.choice(INTERESTING) & (256**size - 1)).to_bytes(size, r.choice(["little", "big"]))
        at = r.randrange(len(copy) - size)
        copy[at : at + size] = value
    return bytes(copy)


def truncate(r: random.Random, data: bytes, _: list[bytes]) -> bytes:
    return data[: r.randrange(len(data))]


def extend(r: random.Random, data: bytes, _: list[bytes]) -> bytes:
    return data + r.randbytes(r.randrange(1, 4000))


def cut(r: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start = r.randrange(len(data))
    return data[:start] + data[start + r.randrange(1, 200) :]


def double(r: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start = r.randrange(len(data))
    return data[: start + r.randrange(1, 400)] + data[start:]


def splice(r: random.Random, data: bytes, others: list[bytes]) -> bytes:
    other = r.choice(others)
    return data[: r.randrange(4, len(data))] + other[r.randrange(len(other)) :]


def dimensions(r: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """Another width and height where each format keeps them; with a right checksum in PNG."""
    copy = bytearray(data)
    width, height = r.choice(SIZES), r.choice(SIZES)
    if data.startswith(b"\x89PNG"):
        struct.pack_into(">II", copy, 16, width, height)
        struct.pack_into(">I", copy, 29, zlib.crc32(copy[12:29]))
    elif data.startswith(b"\xff\xd8"):
        at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
        if at > 0:
            struct.pack_into(">HH", copy, at + 5, height & 0xFFFF, width & 0xFFFF)
    elif data.startswith((b"II", b"MM")):
        order = "<" if data.startswith(b"II") else ">"
        (directory,) = struct.unpack_from(order + "I", data, 4)
        if directory + 2 <= len(data):
            (entries,) = struct.unpack_from(order + "H", data, directory)
            for n in range(entries):
                at = directory + 2 + 12 * n
                if at + 12 > len(data):
                    break
                tag = struct.unpack_from(order + "H", data, at)[0]
                if tag in (256, 257, 258, 259, 277, 278, 322, 323) and r.random() < 0.4:
                    struct.pack_into(order + "HII", copy, at + 2, 4, 1, r.choice(SIZES + INTERESTING))
    else:
        at = data.find(b"VP8")
        for offset in (r.randrange(8, 24), r.randrange(8, 24)):
            if at > 0 and at + offset + 2 < len(copy):
                struct.pack_into("<H", copy, at + offset, r.choice(SIZES) & 0xFFFF)
    return bytes(copy)


def metadata(r: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """Profiles, EXIF and XMP that make no sense."""
    body = r.randbytes(r.randrange(0, 600))
    exif = r.choice([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]) + struct.pack("<H", r.choice(INTERESTING) & 0xFFFF) + body
    icc = bytearray(struct.pack(">I", r.choice(INTERESTING)) + bytes(12) + r.choice([b"RGB ", b"GRAY", b"CMYK", b"Lab "]) + body)
    icc = icc.ljust(140, b"\0")
    icc[36:40] = b"acsp"
    if data.startswith(b"\xff\xd8"):
        kind, payload = r.choice(
            [
                (0xE1, b"Exif\0\0" + exif),
                (0xE2, b"ICC_PROFILE\0" + bytes([r.randrange(3), r.randrange(3)]) + icc),
                (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x exif:DateTimeOriginal='" + body),
                (0xED, b"Photoshop 3.0\0" + body),
            ]
        )
        return data[:2] + bytes([0xFF, kind]) + struct.pack(">H", len(payload) + r.choice([2, 2, 2, 0, 50])) + payload + data[2:]
    if data.startswith(b"\x89PNG"):
        name, payload = r.choice(
            [(b"eXIf", exif), (b"iCCP", b"x\0\0" + zlib.compress(icc)), (b"iCCP", b"x\0\0" + body), (b"tRNS", body[:6]),
             (b"PLTE", body[: r.choice([3, 30, 31, 768])]), (b"pHYs", body[:9]), (b"iTXt", b"XML:com.adobe.xmp\0" + body)]
        )  # fmt: skip
        return data[:33] + png_chunk(name, payload) + data[33:]
    if data.startswith(b"RIFF"):
        return data + r.choice([b"EXIF", b"ICCP", b"XMP "]) + struct.pack("<I", r.choice([len(body), 0, 0x7FFFFFFF])) + body
    return flip(r, data, [])


def inside(r: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """Damage below PNG's checksums and compression, which would otherwise stop it."""
    if not data.startswith(b"\x89PNG"):
        return flip_header(r, data, others)
    result = data[:8]
    for name, body in chunks(data):
        if name == b"IDAT" and r.random() < 0.5:
            try:
                pixels = bytearray(zlib.decompress(body))
                pixels[r.randrange(len(pixels))] = r.randrange(256)
                body = zlib.compress(bytes(pixels[: r.randrange(1, len(pixels) + 1)]))
            except zlib.error:
                pass
        elif body and r.random() < 0.5:
            copy = bytearray(body)
            copy[r.randrange(len(copy))] = r.randrange(256)
            body = bytes(copy)
        for _ in range(r.choice([1, 1, 1, 1, 0, 2])):
            result += png_chunk(name, body)
    return result


def bomb(r: random.Random, _: bytes, __: list[bytes]) -> bytes:
    """Much from little: within the limits, beyond them, or with more data than the header says."""
    return r.choice(
        [
            lambda: png(3400, 3400),
            lambda: png(2000, 2000, 16, 6),
            lambda: png(60_000, 60_000, 1, 0, bytes(1 << 20)),
            lambda: png(20, 20, data=bytes(64 << 20)),
            lambda: png(1, 2_000_000_000, data=b""),
        ]
    )()


def nonsense(r: random.Random, data: bytes, _: list[bytes]) -> bytes:
    return r.choice([b"", data[:1], data[:4], data[:12], r.randbytes(r.randrange(1, 3000)), data[:16] + r.randbytes(2000)])


KINDS = [(flip, 20), (flip_header, 15), (number, 15), (truncate, 8), (extend, 2), (cut, 5), (double, 4), (splice, 8),
         (dimensions, 10), (metadata, 10), (inside, 8), (nonsense, 3), (bomb, 0.3)]  # fmt: skip


def mutated(seeds: dict[str, bytes], seed: int, index: int) -> tuple[str, bytes]:
    """The name and the bytes of one damaged file."""
    r = random.Random(f"{seed}/{index}")
    name = r.choice(sorted(seeds))
    kind = r.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
    data = kind(r, seeds[name], list(seeds.values()))
    ending = name.rpartition(".")[2]
    if r.random() < 0.05:
        ending = r.choice(["jpg", "png", "tif", "webp", "heic"])
    return f"{index:06d}-{kind.__name__}.{ending}", data
