"""A file system of which a power cut leaves only what was made durable, and some of the rest.

Three models of what is kept without being asked for:

  posix    nothing. Names need a flush of their directory, data one of their file. Of what is pending on one object
           (a name; a page of a file; a file's length) a power cut keeps some first part; different objects lose
           theirs independently.
  journal  names change in the order in which they were made, and any flush writes all that were made before it;
           data as in posix. (ext4, xfs)
  dirsync  names are durable when the call returns; data as in posix. (what qmail was written for)

Everywhere: the two halves of a rename are kept or lost together; a length can be kept without the data, which is
zeros then; a flush that failed loses for good what it should have written, even if a later one succeeds.
"""
import itertools
import os

PAGE = 4096
MODELS = ("posix", "journal", "dirsync")
# Whether these names are there changes no promise: their cuts are drawn, not enumerated.
INDIFFERENT = ("pid", "intd", "tmp")


def put(names, path, inode):
    if inode is None:
        names.pop(path, None)
    else:
        names[path] = inode


class Op:
    """One pending change of one object: what its value is after it. Of a group, all or none are kept."""
    __slots__ = ("seq", "time", "value", "group")

    def __init__(self, seq, time, value, group):
        self.seq, self.time, self.value, self.group = seq, time, value, group


class FileSystem:
    """Objects: ("n", path) with inode or None; ("p", inode, number) with the bytes of a page; ("s", inode) with a
    length; ("j",) with ((path, inode or None), ...), the journal of all names."""

    def __init__(self, model, files):
        """files: path -> (inode, bytes), all durable."""
        self.model, self.seq = model, 0
        self.durable = {}               # object -> value, of all but names
        self.durable_names = {}         # path -> inode
        self.pending = {}               # object -> [Op]
        self.live = {}                  # inode -> what a reader sees
        self.names = {}                 # path -> inode, likewise
        for path, (inode, data) in files.items():
            self.names[path] = inode
            self.durable_names[path] = inode
            self.live[inode] = bytearray(data)
            self.durable[("s", inode)] = len(data)
            for k in range(0, len(data), PAGE):
                self.durable[("p", inode, k // PAGE)] = bytes(data[k:k + PAGE])

    # ---- what the steps do; each returns the objects that got a pending change
    def add(self, what, time, value, group):
        self.pending.setdefault(what, []).append(Op(self.seq, time, value, group))
        return what

    def change_names(self, changes, time):
        self.seq += 1
        for path, inode in changes:
            put(self.names, path, inode)
            self.live.setdefault(inode, bytearray())
        if self.model == "dirsync":
            for path, inode in changes:
                put(self.durable_names, path, inode)
            return []
        if self.model == "journal":
            return [self.add(("j",), time, changes, self.seq)]
        return [self.add(("n", path), time, inode, self.seq) for path, inode in changes]

    def pages(self, inode, first, end, time):
        data = self.live[inode]
        for k in range(first // PAGE, (end + PAGE - 1) // PAGE):
            self.seq += 1
            yield self.add(("p", inode, k), time, bytes(data[k * PAGE:(k + 1) * PAGE]), self.seq)

    def write(self, inode, place, data, time):
        live = self.live[inode]
        before = len(live)
        if before < place:
            live.extend(bytes(place - before))
        live[place:place + len(data)] = data
        changed = list(self.pages(inode, place, place + len(data), time))
        if len(live) != before:
            self.seq += 1
            changed.append(self.add(("s", inode), time, len(live), self.seq))
        return changed

    def truncate(self, inode, size, time):
        live = self.live[inode]
        before = len(live)
        if size < before:
            del live[size:]
            changed = [self.add(("p", inode, k), time, bytes(live[k * PAGE:(k + 1) * PAGE]), self.seq)
                       for k in range(size // PAGE, (before + PAGE - 1) // PAGE)]
        else:
            live.extend(bytes(size - before))
            changed = []
        self.seq += 1
        changed.append(self.add(("s", inode), time, size, self.seq))
        return changed

    def make_durable(self, what, until):
        ops = self.pending.get(what, [])
        while ops and ops[0].time <= until:
            value = ops.pop(0).value
            if what[0] == "j":
                for path, inode in value:
                    put(self.durable_names, path, inode)
            elif what[0] == "n":
                put(self.durable_names, what[1], value)
            else:
                self.durable[what] = value
        if not ops:
            self.pending.pop(what, None)

    def lose(self, inode, until):
        """A flush of this file has failed: the pages that it should have written never will be."""
        for what in [w for w in self.pending if w[0] == "p" and w[1] == inode]:
            self.pending[what] = [o for o in self.pending[what] if o.time > until]
            if not self.pending[what]:
                del self.pending[what]

    def sync(self, target, ok, started):
        """target: an inode, a directory's path, or None for all. What ended before the flush started is covered."""
        if not ok:
            if isinstance(target, int):
                self.lose(target, started)
            return
        for what in list(self.pending):
            if (target is None or what[0] == "j" or (what[0] in "ps" and what[1] == target)
                    or (what[0] == "n" and os.path.dirname(what[1]) == target)):
                self.make_durable(what, started)

    def step(self, s):
        if s.kind == "names":
            return self.change_names(s.what, s.end)
        if s.kind == "write":
            return self.write(*s.what, s.end)
        if s.kind == "truncate":
            return self.truncate(*s.what, s.end)
        if s.kind == "sync":
            self.sync(*s.what, s.start)
        return []

    # ---- what a power cut may leave
    def state(self, cuts):
        """The State when of each object in cuts that many pending changes were kept, of all others none."""
        return State(self, cuts)

    def whole(self):
        return State(self, {w: len(ops) for w, ops in self.pending.items()})

    def legal(self, cuts):
        """The same cuts, shortened until no group is torn apart."""
        if self.model != "posix":
            return cuts
        while True:
            lost = {o.group for w, ops in self.pending.items() for o in ops[cuts.get(w, 0):]}
            torn = False
            for w, n in cuts.items():
                if w[0] != "n":
                    continue
                for i, o in enumerate(self.pending[w][:n]):
                    if o.group in lost:
                        cuts[w], torn = i, True
                        break
            if not torn:
                return cuts

    def cuts(self, changed, limit, rng):
        """Cuts to look at after a step that changed these objects: those that keep the newest change of one of them,
        since all others have been seen. changed None: all, since a promise was made. At most about limit; then
        none, all, each one and each two otherwise than none and all, and as many at random as there is room for."""
        objects = [w for w in self.pending if not (w[0] == "n" and w[1].split("/")[-2] in INDIFFERENT)]
        others = [w for w in self.pending if w[0] == "n" and w[1].split("/")[-2] in INDIFFERENT]
        seen = set()
        for fixed in ([None] if changed is None else changed):
            free = [w for w in objects if w != fixed]
            sizes = [len(self.pending[w]) + 1 for w in free]
            for pick in picks(sizes, limit, rng):
                cuts = dict(zip(free, pick))
                if fixed is not None:
                    cuts[fixed] = len(self.pending[fixed])
                for w in others:
                    if w != fixed:
                        cuts[w] = rng.randrange(len(self.pending[w]) + 1)
                cuts = self.legal(cuts)
                key = tuple(cuts.get(w, 0) for w in objects)
                if key not in seen:
                    seen.add(key)
                    yield cuts


def picks(sizes, limit, rng):
    total = 1
    for s in sizes:
        total *= s
    if total <= limit:
        return itertools.product(*[range(s) for s in sizes])
    every = tuple(s - 1 for s in sizes)
    none = (0,) * len(sizes)
    out = {every: 0, none: 0}
    pairs = [(base, i, j, a, b) for base in (every, none)
             for i, j in itertools.combinations(range(len(sizes)), 2)
             for a in range(sizes[i]) for b in range(sizes[j])]
    for base, i, j, a, b in pairs if len(pairs) <= limit else rng.sample(pairs, limit // 2):
        p = list(base)
        p[i], p[j] = a, b
        out[tuple(p)] = 0
    for _ in range(limit):
        if len(out) >= limit:
            break
        # mostly kept or mostly lost: an even mixture hides what one missing piece does
        share = rng.random()
        out[tuple(rng.randrange(s) if rng.random() < 0.5 else (s - 1) * (rng.random() < share) for s in sizes)] = 0
    return list(out)


class State:
    """What is on the disk after the power cut: names, and the bytes of inodes."""

    def __init__(self, fs, cuts):
        self.fs, self.cuts, self.cache = fs, cuts, {}
        self.names = dict(fs.durable_names)
        for what, n in cuts.items():
            if not n:
                continue
            if what[0] == "n":
                put(self.names, what[1], fs.pending[what][n - 1].value)
            elif what[0] == "j":
                for o in fs.pending[what][:n]:
                    for path, inode in o.value:
                        put(self.names, path, inode)

    def value(self, what, nothing):
        n = self.cuts.get(what, 0)
        if n:
            return self.fs.pending[what][n - 1].value
        return self.fs.durable.get(what, nothing)

    def data(self, inode):
        if inode not in self.cache:
            size = self.value(("s", inode), 0)
            out = bytearray()
            for k in range((size + PAGE - 1) // PAGE):
                page = self.value(("p", inode, k), b"")
                out += page + bytes(PAGE - len(page))
            self.cache[inode] = bytes(out[:size])
        return self.cache[inode]

    def read(self, path):
        """The bytes of the file called path, None if there is none."""
        inode = self.names.get(path)
        return None if inode is None else self.data(inode)

    def key(self):
        return tuple(sorted((p, self.data(i)) for p, i in self.names.items()))
