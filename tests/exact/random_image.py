# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images by chance: layers of entries that replace, hide and link each other in every way, and the tree that they give.

The tree is made here a second time, by the plainest means: each entry is applied as it is made (OCI image-spec 1.1,
layer.md), to nodes of a dictionary each. What cannot be applied is an Impossible and is not put into the layer."""

import hashlib
import random

import manifest
from tarmake import (END, block, char, checksum, fifo, file, folder, header, layer, link, pad, pax, records, symlink, whiteout,
                     xattr)

SYMLINKS_MAX = 255  # of one path, as filepath-securejoin
PLAIN = [b"a", b"b", b"c", b"d", b"e"]
ODD = [b"lib", b"proc", b"\xff\xfe", b"new\nline", b"back\\slash", b"*", b" ", b"-n", b"...", b".w", b"wh.a",
       b"n" * 101, b"m" * 255, "\u00e9\u4e2d".encode()]
TARGETS = [b"a", b"b/c", b"/a/b", b"../a", b"../../../../c", b"/", b".", b"..", b"nowhere/at/all", b"e", b"//d//"]
SIZES = [0, 1, 7, 511, 512, 513, 3000, 4096, 5000, 70000, 131072, 262144, 300001]


class Impossible(Exception):
    """What no unpacker would take."""


class Inode:
    def __init__(self, kind, **fields):
        self.kind, self.fields, self.names, self.implied = kind, fields, {}, False


class Name:
    """One name of a folder, and the newest layer that spoke of it or of something below it."""

    def __init__(self, inode, layer):
        self.inode, self.layer = inode, layer


class Tree:
    def __init__(self):
        self.root, self.layer, self.undo = Name(self.implied(), 0), 0, []

    @staticmethod
    def implied():
        inode = Inode("d", mode=0o755, uid=0, gid=0, mtime=0, xattrs={})
        inode.implied = True
        return inode

    def walk_to(self, parts, create, follow_last):
        """The chain of names from the root to what the parts name, or None. Folders that are missing are made if create."""
        chain, parts, links = [self.root], list(parts), 0
        while parts:
            part = parts.pop(0)
            if chain[-1].inode.kind != "d":
                if create:
                    raise Impossible("a parent is no folder")
                return None
            if part in (b"", b"."):
                continue
            if part == b"..":
                chain = chain[:-1] or [self.root]
                continue
            child = chain[-1].inode.names.get(part)
            if child is None:
                if not create:
                    return None
                child = chain[-1].inode.names[part] = Name(self.implied(), self.layer)
                self.undo.append((chain[-1].inode.names, part))
                self.touch(chain)
            last = not any(rest != b"" for rest in parts)
            if child.inode.kind == "l" and (follow_last or not last):
                links += 1
                if links > SYMLINKS_MAX:
                    if create:
                        raise Impossible("too many links")
                    return None
                target = child.inode.fields["target"]
                parts = target.split(b"/") + parts
                chain = [self.root] if target.startswith(b"/") else chain
                continue
            chain.append(child)
        return chain

    def parent_of(self, clean, create):
        parts = clean.split(b"/")
        chain = self.walk_to(parts[:-1], create, True)
        if chain and chain[-1].inode.kind != "d":
            if create:
                raise Impossible("the parent is no folder")
            return None, parts[-1]
        return chain, parts[-1]

    def touch(self, chain):
        for name in chain:
            self.undo.append((name, name.layer))
            name.layer = self.layer

    def take_back(self):
        """What an entry did that turned out to be impossible."""
        for what, before in reversed(self.undo):
            if isinstance(what, Name):
                what.layer = before
            else:
                del what[before]

    def put(self, clean, inode):
        chain, last = self.parent_of(clean, True)
        there = chain[-1].inode.names.get(last)
        if there and there.inode.kind == inode.kind == "d":
            there.inode.fields, there.inode.implied = inode.fields, False
        else:
            there = chain[-1].inode.names[last] = Name(inode, self.layer)
        self.touch(chain + [there])

    def put_root(self, inode):
        self.root.inode.fields, self.root.inode.implied = inode.fields, False

    def find(self, clean):
        chain, last = self.parent_of(clean, False)
        return chain[-1].inode.names.get(last) if chain else None

    def put_link(self, clean, target):
        chain, last = self.parent_of(clean, True)  # may make folders
        found = self.find(target)
        if not found or found.inode.kind == "d":
            raise Impossible("nothing to link to")
        there = chain[-1].inode.names[last] = Name(found.inode, self.layer)
        self.touch(chain + [there])

    def drop_lower(self, inode):
        for last, name in list(inode.names.items()):
            if name.layer != self.layer:
                del inode.names[last]
            elif name.inode.kind == "d":
                self.drop_lower(name.inode)

    def hide(self, clean):
        chain, last = self.parent_of(clean, False)
        there = chain[-1].inode.names.get(last) if chain else None
        if there and there.layer != self.layer:
            del chain[-1].inode.names[last]
        elif there and there.inode.kind == "d":
            self.drop_lower(there.inode)

    def hide_content(self, clean):
        chain = self.walk_to(clean.split(b"/"), False, True)
        if chain and chain[-1].inode.kind == "d":
            self.drop_lower(chain[-1].inode)

    def paths(self):
        """All of them, each with its name."""
        found = []

        def visit(inode, before):
            for last, name in inode.names.items():
                found.append((before + last, name))
                if name.inode.kind == "d":
                    visit(name.inode, before + last + b"/")
        visit(self.root.inode, b"")
        return found

    def manifest(self):
        """As manifest.walk() gives it; and the folders that have an entry."""
        first, found, mentioned = {}, {}, set()
        links = {}
        for _, name in self.paths():
            links[id(name.inode)] = links.get(id(name.inode), 0) + 1

        def visit(name, path):
            inode, fields = name.inode, name.inode.fields
            shown = manifest.escape(path or b"/")
            target, data = fields.get("target"), fields.get("data")
            size = len(target) if inode.kind == "l" else len(data) if inode.kind == "f" else 0
            found[shown] = {"type": inode.kind, "mode": f"{fields['mode']:04o}", "owner": f"{fields['uid']}:{fields['gid']}",
                            "size": str(size), "mtime": str(int(fields["mtime"] // 1)), "path": shown}
            if inode.kind == "l":
                found[shown]["target"] = "> " + manifest.escape(target)
            if inode.kind != "d" and links[id(inode)] > 1 and first.setdefault(id(inode), shown) != shown:
                found[shown]["first"] = "= " + first[id(inode)]
            if inode.kind in "cb":
                found[shown]["device"] = "%d,%d" % fields["device"]
            if inode.kind == "f":
                found[shown]["digest"] = "sha256:" + hashlib.sha256(data).hexdigest()
            for key, value in sorted(fields["xattrs"].items()):
                found[shown]["xattr " + key] = manifest.escape(key.encode()) + "=" + manifest.escape(value)
            if inode.kind == "d" and not inode.implied:
                mentioned.add(shown)
            for last in sorted(inode.names):
                visit(inode.names[last], path + b"/" + last if path else last)
        visit(self.root, b"")
        return found, mentioned


# --- entries ----------------------------------------------------------------------------------------------------

def old_sparse(path, pairs, size, data, **keywords):
    head = bytearray(header(b"S", path, size=len(data), format="gnu", **keywords))
    cells = [b"%011o\0%011o\0" % pair for pair in pairs]
    head[386:386 + 24 * len(cells[:4])] = b"".join(cells[:4])
    head[482], head[483:494], more, rest = bool(cells[4:]), b"%011o" % size, b"", cells[4:]
    while rest:
        more += b"".join(rest[:21]).ljust(504, b"\0") + bytes([bool(rest[21:])]) + bytes(7)
        rest = rest[21:]
    return checksum(head) + more + pad(data)


def pax_sparse(version, path, pairs, size, data, values, **keywords):
    count = str(len(pairs))
    if version == "1.0":
        values |= {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": path, "GNU.sparse.realsize": str(size)}
        data = pad("".join(f"{number}\n" for number in [count, *(n for pair in pairs for n in pair)]).encode()) + data
    elif version == "0.1":
        values |= {"GNU.sparse.size": str(size), "GNU.sparse.numblocks": count, "GNU.sparse.name": path,
                   "GNU.sparse.map": ",".join(f"{a},{b}" for a, b in pairs)}
    front = records(values)
    if version == "0.0":
        front = records(values | {"path": path, "GNU.sparse.size": str(size), "GNU.sparse.numblocks": count})
        front += b"".join(records({"GNU.sparse.offset": str(a)}) + records({"GNU.sparse.numbytes": str(b)}) for a, b in pairs)
    return header(b"x", b"PaxHeaders/x", size=len(front)) + pad(front) + header(b"0", b"GNUSparseFile.0/x", size=len(data),
                                                                                **keywords) + pad(data)


class Maker:
    """Makes the layers of one image. With strict, only what umoci does as the specification says."""

    def __init__(self, seed, strict=False, flat=False):
        self.chance, self.tree, self.strict, self.flat = random.Random(seed), Tree(), strict, flat
        self.names = PLAIN + (self.chance.sample(ODD, 4) if self.chance.random() < 0.5 else [])
        self.contents = [b""]

    def odds(self, of):
        return self.chance.random() < of

    def path(self):
        known = self.tree.paths()
        if known and self.odds(0.6):
            path = self.chance.choice(known)[0]
            return path if self.odds(0.5) else path + b"/" + self.chance.choice(self.names)
        return b"/".join(self.chance.choice(self.names) for _ in range(self.chance.choice((1, 1, 2, 2, 3, 4))))

    def dressed(self, clean):
        """The same path, written otherwise."""
        how = self.chance.randrange(12)
        if how == 0:
            return b"./" + clean
        if how == 1:
            return b"/" + clean
        if how == 2:
            return clean.replace(b"/", b"//")
        if how == 3:
            return b"x/../" + clean
        if how == 4:
            return clean.replace(b"/", b"/./")
        return clean

    def content(self):
        how = self.chance.random()
        if how < 0.3:
            return self.chance.choice(self.contents)
        size = self.chance.choice(SIZES) if self.odds(0.3) else self.chance.choice(SIZES[:8])
        data = bytearray(self.chance.randbytes(min(size, 64)) * (size // 64 + 1))[:size]
        if self.odds(0.2):  # a hole
            data[size // 3:] = bytes(size - size // 3)
        self.contents.append(bytes(data))
        return bytes(data)

    def attributes(self, kind, form):
        modes = [0o644, 0o755, 0, 0o1777] + ([] if kind == "d" and self.strict else [0o4755, 0o2711, 0o7777])
        large = 2 ** 32 - 2 if form != "v7" else 2 ** 21 - 1
        keywords = {"mode": self.chance.choice(modes),
                    "uid": self.chance.choice((0, 0, 1, 1000, 2 ** 21 - 1, large)),
                    "gid": self.chance.choice((0, 0, 5, 2 ** 21 - 1, large)),
                    "mtime": self.chance.choice((0, 1, 86400, 2 ** 31, 2 ** 32 - 1)) if not self.odds(0.2) or form == "v7" else
                    self.chance.choice((-1, -77) if form == "gnu" else (1.25, 77.999999999, -0.5, -1, 12345.000000001))}
        xattrs = {}
        if form == "ustar" and self.odds(0.25):
            key = self.chance.choice(("user.k", "user.z", "trusted.t", "security.capability") if kind == "f" else ("trusted.t", "trusted.u"))
            value = bytes.fromhex("0100000200200000000000000000000000000000") if key.startswith("security") else \
                self.chance.choice((b"v", b"=\n\0", b"x" * 300) if self.strict else (b"v", b"=\n\0", b"x" * 300, b""))
            xattrs = {key: value}
        return keywords, xattrs

    def bytes_of(self, kind, path, data, target, device, keywords, xattrs, form):
        keywords = dict(keywords, format=form)
        if xattrs:
            keywords["pax"] = {"SCHILY.xattr." + key: value for key, value in xattrs.items()}
        make = {"f": lambda: file(path, data, **keywords), "d": lambda: folder(path, **keywords),
                "l": lambda: symlink(path, target, **keywords), "c": lambda: char(path, *device, **keywords),
                "b": lambda: block(path, *device, **keywords), "p": lambda: fifo(path, **keywords)}
        return make[kind]()

    def sparse(self, clean):
        keywords, xattrs = self.attributes("f", "ustar")
        keywords["uid"] = keywords["gid"] = 3
        keywords["mtime"] = 1000
        count, at, pairs, data, whole = self.chance.randrange(0, 30), 0, [], b"", b""
        for _ in range(count):
            at += self.chance.choice((0, 1, 512, 5000, 140000 if count < 5 else 512))
            size = self.chance.choice((1, 100, 512, 700))
            piece = self.chance.randbytes(size)
            pairs.append((at, size))
            whole, data, at = whole.ljust(at, b"\0") + piece, data + piece, at + size
        if not pairs or self.odds(0.5):  # else a map of nothing, which Go takes for no map
            whole += bytes(self.chance.choice((1, 513, 300000)))
            pairs.append((len(whole), 0))
        form = self.chance.choice(("0.0", "0.1", "1.0") if self.strict or len(clean) > 100 else ("0.0", "0.1", "1.0", "old"))
        self.tree.put(clean, Inode("f", data=whole, xattrs=xattrs if form != "old" else {}, **keywords))
        if form == "old":
            return old_sparse(clean, pairs, len(whole), data, **keywords)
        return pax_sparse(form, clean, pairs, len(whole), data, {"SCHILY.xattr." + k: v for k, v in xattrs.items()}, **keywords)

    def plain(self, clean):
        kind = self.chance.choices("fdlcbp", (8, 6, 4, 0.5, 0.3, 0.4))[0]
        forms = ["ustar", "ustar", "gnu"] + (["v7"] if len(clean) <= 90 and kind in "fdl" else [])
        form = self.chance.choice(forms)
        keywords, xattrs = self.attributes(kind, form)
        if kind == "l":
            keywords["mode"] = 0o777
        data, device = self.content() if kind == "f" else b"", (self.chance.randrange(256), self.chance.randrange(256))
        target = self.chance.choice(TARGETS + [b"/" + self.path(), b"t" * 150] + ([] if self.strict else [b"d/../b"]))
        if form == "v7":
            target = target[:99]
        fields = dict(keywords, xattrs=xattrs)
        fields |= {"f": {"data": data}, "l": {"target": target}, "c": {"device": device}, "b": {"device": device}}.get(kind, {})
        self.tree.put(clean, Inode(kind, **fields))
        path = self.dressed(clean) + (b"/" if kind == "d" and self.odds(0.7) else b"")
        if form == "v7" and len(path) > 100:
            path = clean
        return self.bytes_of(kind, path, data, target, device, keywords, xattrs, form)

    def hiding(self):
        known = self.tree.paths()
        clean = self.chance.choice(known)[0] if known and self.odds(0.9) else self.path()
        folders = [path for path, name in known if name.inode.kind in "dl"]
        if self.odds(0.4) and folders:
            clean = self.chance.choice(folders + [b""]) if not self.strict else self.chance.choice(folders)
            self.tree.hide_content(clean)
            return self.marked(clean, b".wh..wh..opq")
        parent, _, last = clean.rpartition(b"/")
        if len(last) > 250 or last.startswith(b".wh."):
            raise Impossible("no room")
        self.tree.hide(clean)
        return self.marked(parent, b".wh." + last)

    def marked(self, parent, name):
        return file((parent + b"/" if parent else b"") + name, mtime=0)

    def linking(self, clean):
        targets = [path for path, name in self.tree.paths() if name.inode.kind != "d"]
        if not targets:
            raise Impossible("nothing to link to")
        target, there = self.chance.choice(targets), self.tree.find(clean)
        if self.strict and there and (there.inode.kind == "d" or there.inode is self.tree.find(target).inode):
            raise Impossible("umoci removes what is there first")
        self.tree.put_link(clean, target)
        return link(self.dressed(clean), self.dressed(target), mtime=3, mode=0o600, uid=9,
                    format=self.chance.choice(("ustar", "gnu")))

    def root(self):
        keywords, _ = self.attributes("d", "ustar")
        self.tree.put_root(Inode("d", xattrs={}, **keywords))
        return folder(self.chance.choice((b"./", b".", b"/", b"a/..")), **keywords)

    def one(self):
        how = self.chance.random()
        if how < 0.15 and not self.flat:
            return self.hiding()
        if how < 0.17:
            return self.root()
        clean = self.path()
        if how < 0.35:
            return self.linking(clean)
        return self.sparse(clean) if how < 0.4 else self.plain(clean)

    def layer(self):
        self.tree.layer += 1
        entries = []
        for _ in range(self.chance.choice((0, 1, 5, 20, 40))):
            self.tree.undo = []
            try:
                entries.append(self.one())
            except Impossible:
                self.tree.take_back()
        tail = b""
        if self.odds(0.1):
            tail = bytes(512 * self.chance.randrange(30))
        elif self.odds(0.1) and not self.strict:
            tail = self.chance.choice((b"garbage", layer(file(b"never", b"1"))))
        return b"".join(entries) + END + tail


def make(seed, strict=False, flat=False):
    """Layers, and the Tree that they give."""
    maker = Maker(seed, strict, flat)
    layers = [maker.layer() for _ in range(1 if flat else maker.chance.choice((1, 2, 3, 3, 4, 6)))]
    return layers, maker.tree
