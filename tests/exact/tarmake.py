# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tar entries as bytes, field by field: what tarfile of the standard library would not write, too.

Each function gives the bytes of one entry; b"".join() of them and END is an archive. Keywords: mode, uid, gid, mtime, pax (a
dictionary of records, values text or bytes), format ("ustar", "gnu", "v7")."""

BLOCK = 512
END = bytes(2 * BLOCK)
MAGIC = {"ustar": b"ustar\x0000", "gnu": b"ustar  \0", "v7": bytes(8)}


def to_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def pad(data):
    return data + bytes(-len(data) % BLOCK)


def number(value, width, form):
    """Octal, or base 256 where GNU's format lets it; None if it does not fit."""
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    if form != "gnu":
        return None
    data = (value & (256 ** (width - 1) - 1)).to_bytes(width - 1, "big")
    return (b"\xff" if value < 0 else b"\x80") + data


def checksum(block):
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def header(kind, name, link=b"", size=0, major=0, minor=0, format="ustar", prefix=b"", **attributes):
    """One block. What does not fit is cut, or left zero: an extended header says it."""
    block = bytearray(BLOCK)
    block[0:100] = name[:100].ljust(100, b"\0")
    numbers = ((100, 8, attributes.get("mode", 0o755 if kind == b"5" else 0o644)), (108, 8, attributes.get("uid", 0)),
               (116, 8, attributes.get("gid", 0)), (124, 12, size), (136, 12, attributes.get("mtime", 1000)),
               (329, 8, major), (337, 8, minor))
    for at, width, value in numbers:
        block[at:at + width] = number(int(value // 1), width, format) or b"0" * (width - 1) + b"\0"
    block[156:157] = kind
    block[157:257] = link[:100].ljust(100, b"\0")
    block[257:265] = MAGIC[format]
    block[345:345 + len(prefix)] = prefix
    return checksum(block)


def records(values):
    """The content of a pax header; a record's length counts itself."""
    data = b""
    for key, value in values.items():
        rest = b" " + to_bytes(key) + b"=" + to_bytes(value) + b"\n"
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        data += str(length).encode() + rest
    return data


def pax(values, kind=b"x"):
    data = records(values)
    return header(kind, b"PaxHeaders/x", size=len(data)) + pad(data)


def long_name(kind, name):
    """GNU's 'L' (name) and 'K' (link): the text with a NUL."""
    return header(kind, b"././@LongLink", size=len(name) + 1, format="gnu") + pad(name + b"\0")


def seconds(mtime):
    """As pax writes it: without needless digits."""
    return str(mtime).encode()


def entry(kind, path, data=b"", target=b"", **keywords):
    form = keywords.get("format", "ustar")
    name, link = to_bytes(path), to_bytes(target)
    values, front = dict(keywords.pop("pax", {})), b""
    if form == "gnu":
        front += long_name(b"K", link) if len(link) > 100 else b""
        front += long_name(b"L", name) if len(name) > 100 else b""
    else:
        values |= {"path": name} if len(name) > 100 and not keywords.get("prefix") else {}
        values |= {"linkpath": link} if len(link) > 100 else {}
        for key, width in (("uid", 8), ("gid", 8), ("mtime", 12)):
            value = keywords.get(key, 0)
            if number(int(value), width, form) is None or value != int(value):
                values.setdefault(key, seconds(value))
    if values:
        front += pax(values)
    return front + header(kind, name, link, size=len(data), **keywords) + pad(data)


def file(path, data=b"", **keywords):
    return entry(b"0", path, to_bytes(data), **keywords)


def folder(path, **keywords):
    return entry(b"5", path, **keywords)


def symlink(path, target, **keywords):
    return entry(b"2", path, target=target, **{"mode": 0o777, **keywords})


def link(path, target, **keywords):
    return entry(b"1", path, target=target, **keywords)


def char(path, major, minor, **keywords):
    return entry(b"3", path, major=major, minor=minor, **keywords)


def block(path, major, minor, **keywords):
    return entry(b"4", path, major=major, minor=minor, **keywords)


def fifo(path, **keywords):
    return entry(b"6", path, **keywords)


def whiteout(path):
    """Of a path; of a folder's content with a slash behind it."""
    parent, _, name = path.rpartition("/")
    return file((parent + "/" if parent else "") + (".wh." + name if name else ".wh..wh..opq"), mtime=0)


def xattr(name, value):
    return {"SCHILY.xattr." + name: value}


def layer(*entries):
    return b"".join(entries) + END
