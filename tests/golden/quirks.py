# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images for each odd thing that the formats can say. A function is a quirk: it gives the layers (bytes of tars, the lowest
first), a Flat tar, or a Damaged layout. Its name is that of its golden file."""

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "exact"))
from tarmake import (block, char, checksum, fifo, file, folder, header, layer, link, long_name, pad, pax, records,
                     symlink, whiteout, xattr)


class Flat(bytes):
    """Not layers, but one tar as docker export writes it."""


GOOD, BAD, OPTIONS = {}, {}, {}


def quirk(function):
    GOOD[function.__name__.replace("_", "-")] = function
    return function


def refused(*options):
    """The image must be refused; gourd gets the options."""
    def register(function):
        name = "should-fail-" + function.__name__.replace("_", "-")
        BAD[name], OPTIONS[name] = function, options
        return function
    return register


# --- layers -----------------------------------------------------------------------------------------------------

@quirk
def no_layers():
    """What gourd adds to an image of nothing: all other manifests leave these lines out."""
    return []


@quirk
def empty_layers():
    return [layer(), b"", layer(file("a", "1")), bytes(10240)]


@quirk
def additions_only_where_missing():
    return [layer(folder("etc", mode=0o700, mtime=7), symlink("etc/hosts", "../run/hosts"), file("tmp", "a file"),
                  folder("usr/lib", mode=0o711), file("usr/lib/os-release", "ID=quirk\n"), symlink("dev", "usr/dev"))]


@quirk
def files_where_mount_points_would_be():
    return [layer(file("etc", "a file"), symlink("var", "etc"), file("usr/lib/os-release", "ID=quirk\n"))]


@quirk
def whiteouts():
    return [layer(folder("a"), file("a/gone", "1"), file("a/kept", "1"), folder("b"), file("b/c/d", "1"), symlink("l", "a"),
                  file("both", "old"), file("order", "old"), file("keep", "1")),
            layer(whiteout("a/gone"), whiteout("b"), whiteout("l"), whiteout("both"), file("both", "new"),
                  file("order", "new"), whiteout("order"), whiteout("nothing"), whiteout("no/such/folder"))]


@quirk
def whiteout_of_a_folder_that_the_layer_fills_anew():
    return [layer(folder("a", mode=0o700, mtime=1), file("a/old", "1"), folder("b"), file("b/old", "1")),
            layer(whiteout("a"), folder("a", mode=0o750, mtime=2), file("a/new", "2"),
                  folder("b", mode=0o711), file("b/new", "2"), whiteout("b"))]


@quirk
def opaque_folders():
    return [layer(folder("a"), file("a/old", "1"), file("a/deep/old", "1"), folder("b"), file("b/old", "1"), file("c/old")),
            layer(folder("a"), whiteout("a/"), file("a/new", "2"), file("b/new", "2"), folder("b/sub"), whiteout("b/"),
                  file("c/.wh..wh..opq")),
            layer(file("a/newer", "3"))]


@quirk
def marks_of_aufs():
    return [layer(file(".wh..wh.aufs"), folder(".wh..wh.plnk"), file(".wh..wh.plnk/12.34", "x"), folder(".wh..wh.orph"),
                  file("a/.wh..wh.foo", "x"), file("b", "1"))]


@quirk
def flat_tars_have_no_whiteouts():
    return Flat(layer(file("a", "1"), file(".wh.a", "no mark"), file(".wh..wh..opq", "neither")))


@quirk
def a_file_becomes_a_folder_and_back():
    return [layer(file("a", "1"), folder("b"), file("b/x", "1"), folder("c"), file("c/x", "1")),
            layer(folder("a"), file("a/x", "2"), file("b", "2"), symlink("c", "a")),
            layer(file("a", "3"), folder("b"), file("b/y", "3"), folder("c", mode=0o700))]


@quirk
def a_parent_that_no_layer_mentions():
    return [layer(file("a/b/c", "1")), layer(folder("a/b", mode=0o700, uid=5, mtime=5), file("d/e", "2"))]


@quirk
def the_newest_description_of_a_folder_wins():
    return [layer(folder("./", mode=0o700, uid=1, mtime=1), folder("a", uid=1, mtime=1, pax=xattr("user.old", "1")),
                  file("a/b", "1")),
            layer(folder("./", mode=0o755, uid=2, mtime=2), folder("a", uid=2, mtime=2, pax=xattr("user.new", "2")))]


@quirk
def duplicate_entries():
    return [layer(file("a", "first", mtime=1), file("a", "second", mtime=2), folder("b"), file("b", "a file"),
                  symlink("c", "b"), folder("c"), file("c/d", "1"))]


# --- links ------------------------------------------------------------------------------------------------------

@quirk
def hard_links():
    return [layer(file("a", "1", mode=0o4755, uid=7), link("b", "a"), link("d/c", "./b"), symlink("s", "nowhere"),
                  link("t", "s"), fifo("p"), link("q", "p"), char("n", 1, 3), link("m", "n"))]


@quirk
def hard_links_across_layers():
    return [layer(file("a", "1", mtime=1), file("x", "1")),
            layer(link("b", "a"), link("y", "x")),
            layer(file("a", "3", mtime=3), whiteout("x"), link("c", "b"))]


@quirk
def hard_links_to_what_the_same_layer_replaces():
    return [layer(file("a", "1", mtime=1), folder("f"), file("f/x", "1")),
            layer(link("b", "a"), file("a", "2", mtime=2), link("g", "f/x"), whiteout("f/x"), link("f/y", "g"))]


@quirk
def metadata_of_hard_links_is_that_of_the_file():
    return [layer(file("a", "1", mode=0o640, uid=5, gid=6, mtime=50),
                  link("b", "a", mode=0, uid=0, gid=0, mtime=0, pax=xattr("user.no", "1")))]


@quirk
def entries_below_a_symlinked_folder():
    return [layer(folder("usr/bin"), folder("usr/lib"), symlink("bin", "usr/bin"), symlink("lib", "/usr/lib"),
                  symlink("up", "../../../../usr/lib"), symlink("dangling", "made/here"), symlink("one", "two"),
                  symlink("two", "usr/../usr/bin")),
            layer(file("bin/sh", "1"), file("lib/x", "1"), file("up/y", "1"), file("dangling/z", "1"), file("one/w", "1"),
                  link("usr/hard", "bin/sh"), whiteout("lib/none")),
            layer(whiteout("lib/x"))]


@quirk
def paths_with_dots_and_slashes():
    return [layer(folder("./"), folder("./a/"), file("./a//b", "1"), file("/abs", "1"), file("a/../c", "1"), file("a/./d", "1"),
                  link("e", "./a/../c"), folder("f//"))]


# --- names ------------------------------------------------------------------------------------------------------

@quirk
def names_of_any_bytes():
    return [layer(*(file(bytes([byte]), bytes([byte])) for byte in range(1, 256) if byte not in b"./"),
                  symlink(b"link\xff\n", b"to\xfe\t"), file("caf\u00e9".encode("latin-1"), "latin"), file("café", "utf-8"),
                  file(b"n" * 255, "longest"))]


DEEP = "/".join(["d" * 60] * 10) + "/" + "f" * 80


@quirk
def long_names_of_pax():
    return [layer(file(DEEP, "deep"), symlink("s", DEEP), link("h", DEEP), folder("n" * 101), symlink("t", "t" * 3000))]


@quirk
def long_names_of_gnu():
    return [layer(file(DEEP, "deep", format="gnu"), symlink("s", DEEP, format="gnu"), link("h", DEEP, format="gnu"),
                  folder("n" * 101, format="gnu"), symlink("m" * 120, "t" * 3000, format="gnu"), file("short", format="gnu"))]


@quirk
def long_names_of_ustar():
    return [layer(file("n" * 100, "1", prefix=b"p" * 155), file("o" * 100, "2"), symlink("q", "t" * 100))]


@quirk
def the_oldest_format():
    return [layer(file("a", "1", format="v7"), checksum(bytearray(header(b"\0", b"b/", format="v7", mode=0o700))),
                  checksum(bytearray(header(b"\0", b"c", format="v7"))))]


# --- attributes -------------------------------------------------------------------------------------------------

@quirk
def modes():
    return [layer(file("suid", "1", mode=0o4755), file("sgid", "1", mode=0o2755), folder("sticky", mode=0o1777),
                  file("none", "1", mode=0), file("all", "1", mode=0o7777), folder("closed", mode=0), file("closed/x", "1"),
                  file("with-type-bits", "1", mode=0o100644))]


@quirk
def large_ids():
    return [layer(file("ustar", uid=2097151, gid=2097151), file("pax", uid=2097152, gid=4294967294),
                  file("gnu", uid=2097153, gid=3000000000, format="gnu"), folder("d", uid=4294967294))]


@quirk
def times():
    return [layer(file("zero", mtime=0), file("negative", mtime=-1), file("negative-gnu", mtime=-2, format="gnu"),
                  file("half", mtime=1.5), file("negative-half", mtime=-1.5), file("last-of-32-bits", mtime=2**32 - 1),
                  file("too-late", mtime=2**32), file("far", mtime=2**40, format="gnu"), folder("d", mtime=77.25),
                  symlink("l", "d", mtime=99))]


CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)  # cap_net_raw+ep


@quirk
def extended_attributes():
    return [layer(file("cap", "1", mode=0o755, pax=xattr("security.capability", CAPABILITY)),
                  file("user", "1", pax=xattr("user.a", "b") | xattr("user.empty", "") | xattr("user.z", "=\n\0")),
                  folder("d", pax=xattr("trusted.t", "y")),
                  symlink("l", "d", pax=xattr("trusted.l", "1")), file("big", "1", pax=xattr("user.big", "v" * 4000)),
                  file("same", "1", pax=xattr("user.a", "b")))]


@quirk
def extended_attributes_that_few_tools_know():
    return [layer(file("libarchive", "1", pax={"LIBARCHIVE.xattr.user.k%20k": "dmFsdWU", "LIBARCHIVE.xattr.user.%3D": "PQoA"}),
                  file("other", "1", pax=xattr("system.nfs4_acl", "x") | xattr("user.kept", "1")),
                  folder("overlay", pax=xattr("trusted.overlay.opaque", "y")),
                  file("without-a-name", "1", pax=xattr("user.", "x") | xattr("user.kept", "1")))]


@quirk
def posix_acls_are_noted():
    access = {"SCHILY.acl.access": "user::rw-,user:daemon:r--:1,group::r--,mask::r--,other::r--"}
    raw = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in ((1, 6, 2**32 - 1), (4, 4, 2**32 - 1), (32, 4, 2**32 - 1)))
    return [layer(file("a", "1", pax=access), file("b", "1", pax=xattr("system.posix_acl_access", raw)))]


@quirk
def pax_global_headers():
    return [layer(pax({"comment": "0123"}, kind=b"g"), file("a", "1"), pax({"uid": "77", "path": "no"}, kind=b"g"),
                  file("b", "1"))]


@quirk
def device_nodes():
    return [layer(char("null", 1, 3, mode=0o666), block("sda", 8, 0, mode=0o660, gid=6), fifo("fifo", mode=0o600),
                  char("large", 0xfff, 0xfffff, format="gnu"), char("overlay-whiteout", 0, 0))]


# --- content ----------------------------------------------------------------------------------------------------

@quirk
def file_sizes_around_blocks():
    sizes = [0, 1, 511, 512, 513, 4095, 4096, 131071, 131072, 131073, 262144, 300000]
    return [layer(*(file(f"s{size}", bytes(ord("a") + (i * i >> 7) % 26 for i in range(size))) for size in sizes))]


@quirk
def equal_contents():
    text = bytes(i * 7 % 251 for i in range(200000))
    return [layer(file("a", text), file("b", "small"), folder("d")), layer(file("d/a", text, uid=5), file("d/b", "small"))]


@quirk
def zeros_become_holes():
    return [layer(file("zeros", bytes(400000)), file("head", bytes(131072) + b"x"), file("tail", b"x" + bytes(300000)))]


def sparse_pax(values, data):
    return pax(values) + header(b"0", b"GNUSparseFile.0/x", size=len(data)) + pad(data)


def sparse_gnu(name, pairs, real_size, data):
    """The old format: pairs in the header, then in blocks of 21."""
    def cells(some):
        return b"".join(b"%011o\0%011o\0" % pair for pair in some)
    front, rest, more = pairs[:4], pairs[4:], b""
    head = bytearray(header(b"S", name, size=len(data), format="gnu"))
    head[386:386 + 24 * len(front)] = cells(front)
    head[482] = 1 if rest else 0
    head[483:494] = b"%011o" % real_size
    while rest:
        more += cells(rest[:21]).ljust(504, b"\0") + (b"\1" if rest[21:] else b"\0") + bytes(7)
        rest = rest[21:]
    return checksum(head) + more + pad(data)


# GNU tar marks the end of a file that ends in a hole with a segment of nothing.
SPARSE_DATA, SPARSE_PAIRS = b"a" * 512 + b"b" * 700, [(0, 512), (300000, 700), (600000, 0)]


@quirk
def sparse_files_of_pax():
    data, pairs = SPARSE_DATA, SPARSE_PAIRS
    text = ",".join(f"{a},{b}" for a, b in pairs)
    map_1_0 = pad("".join(f"{n}\n" for n in [3, *pairs[0], *pairs[1], *pairs[2]]).encode())
    offsets = b"".join(records({"GNU.sparse.offset": str(a), "GNU.sparse.numbytes": str(b)}) for a, b in pairs)
    front = records({"GNU.sparse.size": "600000", "GNU.sparse.numblocks": "3"}) + offsets
    return [layer(sparse_pax({"GNU.sparse.size": "600000", "GNU.sparse.numblocks": "3", "GNU.sparse.name": "format-0.1",
                              "GNU.sparse.map": text}, data),
                  sparse_pax({"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "format-1.0",
                              "GNU.sparse.realsize": "600000"}, map_1_0 + data),
                  header(b"x", b"PaxHeaders/x", size=len(front)) + pad(front) + file("format-0.0", data),
                  file("after", "1"))]


@quirk
def sparse_files_of_old_gnu():
    many = [(1024 * i, 512) for i in range(60)] + [(70000, 0)]
    return [layer(sparse_gnu(b"old", SPARSE_PAIRS, 600000, SPARSE_DATA),
                  sparse_gnu(b"old-many", many, 70000, b"c" * 512 * 60), sparse_gnu(b"only-a-hole", [(5000000, 0)], 5000000, b""),
                  file("after", "1"))]


# --- refused ----------------------------------------------------------------------------------------------------

@refused()
def a_path_leaves_the_root():
    return [layer(file("a", "1"), file("a/../../etc/passwd", "1"))]


@refused()
def a_hard_link_leaves_the_root():
    return [layer(link("a", "../../etc/shadow"))]


@refused()
def a_hard_link_to_nothing():
    return [layer(file("x", "1")), layer(link("a", "b"))]


@refused()
def a_hard_link_to_a_folder():
    return [layer(folder("b"), link("a", "b"))]


@refused()
def a_parent_is_a_file():
    return [layer(file("a", "1")), layer(file("a/b", "1"))]


@refused()
def links_in_a_circle():
    return [layer(symlink("a", "b"), symlink("b", "a"), file("a/x", "1"))]


@refused()
def a_name_over_255_bytes():
    return [layer(file("n" * 256, "1"))]


@refused()
def a_whiteout_that_names_nothing():
    return [layer(file("a/.wh...", ""))]


@refused()
def the_root_is_a_link():
    return [layer(symlink("./", "usr"))]


@refused()
def a_layer_cut_in_a_file():
    return [layer(file("a", "x" * 5000))[:3000]]


@refused()
def a_header_without_its_checksum():
    return [layer(file("a", "1"), file("b", "2")).replace(b"b\0\0\0", b"c\0\0\0", 1)]


@refused()
def a_type_that_is_not_known():
    return [layer(checksum(bytearray(header(b"M", b"a"))))]


@refused()
def a_size_that_is_not_octal():
    data = bytearray(header(b"0", b"a"))
    data[124:135] = b"0000000 9 x"
    return [layer(checksum(data))]


@refused()
def a_pax_record_that_is_broken():
    return [layer(header(b"x", b"PaxHeaders/x", size=12) + pad(b"99 path=aaa\n"), file("a", "1"))]


@refused()
def a_long_name_without_an_entry():
    return [layer(file("a", "1"), long_name(b"L", b"n" * 200))]


@refused()
def a_device_number_too_large():
    return [layer(char("dev", 4096, 0, format="gnu"))]


@refused()
def a_sparse_map_that_contradicts_its_data():
    return [layer(sparse_gnu(b"a", [(0, 512), (100, 512)], 4096, b"x" * 1024))]


@refused("--limit", "unpacked-size=1M")
def a_bomb_of_zeros():
    return [layer(file("zeros", bytes(2000000)))]


@refused("--limit", "unpacked-size=1G")
def a_bomb_of_a_hole():
    return [layer(sparse_gnu(b"hole", [], 8**11 - 1, b""))]


@refused("--limit", "metadata-size=10M")
def a_bomb_of_large_holes():
    return [layer(*(sparse_gnu(b"hole%d" % i, [], 8**11 - 1, b"") for i in range(8)))]


@refused("--limit", "unpacked-size=1T", "--block-size", "4K")
def a_bomb_of_blocks():
    return [layer(sparse_pax({"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "hole",
                              "GNU.sparse.realsize": str(2**39)}, pad(b"1\n0\n1\n") + b"x"))]


@refused("--limit", "entries=100", "--jobs", "1")
def a_bomb_of_entries():
    return [layer(*(file(f"f{i}") for i in range(60))), layer(*(file(f"g{i}") for i in range(60)))]


@refused("--limit", "layers=3")
def a_bomb_of_layers():
    return [layer(file(f"f{i}")) for i in range(4)]


@refused("--limit", "xattr-size=1K")
def a_bomb_of_attributes():
    return [layer(file("a", pax=xattr("user.big", "v" * 2000)))]


@refused("--limit", "metadata-size=100K")
def a_bomb_of_attributes_on_many_files():
    return [layer(*(file(f"f{i}", pax=xattr("user.k", "v" * 30000)) for i in range(4)))]


@refused()
def an_attribute_of_over_64_kib():
    return [layer(file("a", "1", pax=xattr("user.k", "v" * 65537)))]


@refused()
def an_attribute_with_a_name_of_over_255_bytes():
    return [layer(file("a", "1", pax=xattr("user." + "n" * 251, "v")))]


@refused()
def attributes_that_linux_cannot_list():
    return [layer(file("a", "1", pax={key: value for i in range(7000) for key, value in xattr(f"user.{i:05}", "").items()}))]


@refused("--limit", "path-length=100")
def a_bomb_of_a_path():
    return [layer(file("d/" * 60 + "f"))]


@refused()
def folders_nested_too_deeply():
    deep = "d/" * 1500
    return [layer(symlink("l", deep), folder(deep), folder("l/" + deep))]


@refused()
def a_flat_tar_cut_off():
    return Flat(file("a", "1") + file("b", "2")[:-512])


@refused()
def a_flat_tar_without_an_end():
    return Flat((file("a", "1") + file("b", "2")))
