"""The other half of the proof: what a power cut left is laid out in a queue, the real daemons are started on it, and
when they have nothing more to do, what came out is compared with what was promised.

Many states are tried at once, side by side in one queue: each has its own message numbers (a message's file must have
its number as inode: all names of a number are renamed together) and its own mark in the texts.
"""
import collections
import os
import pwd
import re
import time

import harness
from oracle import QUEUE_PATH

# What to try: path -> bytes, which of them are one file, the promises, and a line that names where it is from.
Case = collections.namedtuple("Case", "files twins told origin")

MARK = b"mark000001"            # what a workload's message has in its text
OLD = 2 * 86400


def case(state, told, origin):
    files = {p: state.data(i) for p, i in state.names.items()}
    inodes = collections.defaultdict(list)
    for p, i in state.names.items():
        inodes[i].append(p)
    return Case(files, [tuple(sorted(ps)) for ps in inodes.values() if len(ps) > 1], told, origin)


FAILED = re.compile(rb"^<[^<>\n]*-no(body|sender)@[^<>\n]*>:$", re.M)


def show(end):
    return " ".join(e if isinstance(e, str) else e.decode("latin-1") for e in end)


class Recovery:
    def __init__(self, world, load):
        self.w, self.load, self.orphans = world, load, 0
        self.queueuid, self.senduid = (pwd.getpwnam(u).pw_uid for u in ("qmailq", "qmails"))
        self.group = pwd.getpwnam("qmailq").pw_gid

    def put(self, path, data, kind, old):
        owned = kind in ("info", "local", "remote", "bounce")
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o600 if owned else 0o644)
        os.chown(path, self.senduid if owned else self.queueuid, self.group)
        if old:
            os.utime(path, (time.time() - OLD,) * 2)

    def lay_out(self, c, mark):
        """Returns new number -> old number."""
        queue = collections.defaultdict(dict)           # number -> kind -> bytes
        for path, data in c.files.items():
            m = QUEUE_PATH.search(path)
            if m:
                queue[m[2]][m[1]] = data.replace(MARK, mark)
            elif "/queue/pid/" in path:
                self.put(os.path.join(self.w / "queue/pid", "1.%s.1" % mark.decode()), data, "pid", True)
        numbers = {}
        for number, kinds in queue.items():
            birth = os.path.join(self.w / "queue/pid", "birth")
            self.put(birth, kinds.get("mess", b""), "mess", "todo" not in kinds and "info" not in kinds)
            new = os.stat(birth).st_ino
            numbers[new] = number
            if "mess" in kinds:
                os.link(birth, self.w / ("queue/mess/%d/%d" % (new % 23, new)))
            os.unlink(birth)
            for kind, data in kinds.items():
                split = "" if kind in ("intd", "todo", "bounce") else "%d/" % (new % 23)
                path = self.w / ("queue/%s/%s%d" % (kind, split, new))
                if kind == "intd" and "todo" in kinds:
                    continue
                if kind != "mess":
                    self.put(path, data, kind, False)
            if "intd" in kinds and "todo" in kinds:
                os.link(self.w / ("queue/todo/%d" % new), self.w / ("queue/intd/%d" % new))
        return numbers

    def run(self, cases):
        """[(case, what is wrong)], of those with which something is."""
        w = self.w
        w.reset()
        self.load.prepare_recovery(w)
        w.flag(True)
        marks = [b"mark%06d" % (i + 1) for i in range(len(cases))]
        numbers = [self.lay_out(c, m) for c, m in zip(cases, marks)]
        w.start("./Maildir/")
        w.wait_quiet(6)
        w.stop()
        wrong = collections.defaultdict(list)
        got = self.delivered(wrong, marks)
        for i, c in enumerate(cases):
            promised, done = c.told
            for mark, acknowledged in sorted(promised):
                if acknowledged:
                    wrong[i] += self.missing(c, mark, mark.replace(MARK, marks[i]), done, got)
        left = collections.defaultdict(dict)
        for f in w.left():
            m = QUEUE_PATH.search("/queue/" + f)
            if m:
                left[int(m[2])][m[1]] = f
            else:
                wrong[0].append("STUCK: %s" % f)
        for i, owned in enumerate(numbers):
            # names of a message that is done and gone harm nobody, and are taken away when their number comes again
            if any("mess" in left[new] for new in owned if new in left):
                wrong[i].append("STUCK: left over after recovery: %s" % ", ".join(
                    " ".join(sorted(left[new])) for new in owned if new in left))
            self.orphans += any(new in left for new in owned)
        return [(cases[i], sorted(set(texts))) for i, texts in sorted(wrong.items()) if texts]

    def ledger(self, acknowledged):
        """What is wrong after a run of the one message of MARK, as it is on the disk."""
        wrong = collections.defaultdict(list)
        got = self.delivered(wrong, [MARK])
        if acknowledged:
            for end in self.load.ends:
                if end[:2] + (MARK,) + end[2:] not in got:
                    wrong[0].append("LOST: after the restart nothing at %s" % show(end))
        return wrong[0]

    def delivered(self, wrong, marks):
        """(kind, place, mark) of all that came out, and the bounces; what is torn or unknown is put down as wrong."""
        got = set()

        def take(kind, place, text):
            m = re.search(rb"^begin (mark(\d+)(?:/\d)?)$", text, re.M)
            n = int(m[2]) - 1 if m else 0
            if not m and text.startswith((b"Return-Path: <>\n", b"Return-Path: <#@[]>\n")) and FAILED.search(text):
                return          # of a message that was done with: what was left of it had no text any more
            if not m or not 0 <= n < len(marks):
                wrong[0].append("INVENTED: in %s %s: %.60r" % (kind, place, text))
            elif not text.endswith(self.load.text(m[1])):
                wrong[n].append("TORN: in %s %s" % (kind, place))
            else:
                got.add((kind, place, m[1]))
                for r in re.findall(rb"^<([^<>\n]*)>:$", text, re.M):
                    got.add(("bounce", place, m[1], r))
        for user in os.listdir(harness.HOMES):
            for text in harness.maildir(user, "Maildir"):
                take("maildir", user, text)
            box = os.path.join(harness.HOMES, user, "Mailbox")
            if os.path.exists(box):
                with open(box, "rb") as f:
                    for entry in re.split(rb"(?m)^From [^\n]*\n", f.read())[1:]:
                        take("mbox", user, entry[:-1])
        for to, text in self.w.sink.got:
            for r in to:
                take("remote", r, text)
        return got

    def missing(self, c, mark, new, done, got):
        """Which of the promised ends neither the disk had nor the daemons brought."""
        out = []
        for end in self.load.ends:
            key = end[:2] + (new,) + end[2:]
            if key not in got and not self.had(c, end, mark, done):
                out.append("LOST: after recovery nothing at %s" % show(end))
        return out

    def had(self, c, end, mark, done):
        whole = self.load.text(mark)
        if end[0] == "remote":
            return (mark, end[1]) in done
        place = "%s/%s/" % (harness.HOMES, end[1])
        if end[0] == "mbox":
            return whole + b"\n" in c.files.get(place + "Mailbox", b"")
        return any(data.endswith(whole) and (end[0] == "maildir" or b"\n<%s>:\n" % end[2] in data)
                   for path, data in c.files.items() if path.startswith(place + "Maildir/new/"))


class Redelivery:
    """For what qmail-local leaves by itself: the homes as they were, and the same message once more, as qmail-send
    would do that has not heard of a success. Then it must be there, whole, and what was there before as well."""

    def __init__(self, world, load):
        self.w, self.load, self.orphans = world, load, 0

    def run(self, cases):
        return [(c, wrong) for c, wrong in ((c, self.try_one(c)) for c in cases) if wrong]

    def try_one(self, c):
        w = self.w
        w.reset()
        self.load.prepare(w)
        for path, data in c.files.items():
            if path.startswith(harness.HOMES):
                name = os.path.relpath(path, harness.HOMES)
                w.write(name, data, name.split("/")[0])
        box = os.path.join(harness.HOMES, "foo/Mailbox")
        if box not in c.files and os.path.exists(box):
            os.unlink(box)
        strace = [x for x in self.load.strace if "inject" not in x and x != "-e"]
        code = w.deliver("foo", self.load.mess, self.load.default, strace=strace)
        if code != 0:
            return ["STUCK: qmail-local ends with %d" % code]
        seen = After(w.snapshot(*self.load.roots(w))[0])
        oracle = self.load.oracle(w)
        oracle.old = {b: self.load.old or b"" for b in [box] if self.load.old is not None}
        oracle.whole = {d for p, d in seen.files.items() if "/Maildir/new/" in p and d.endswith(self.load.before)
                        and d.startswith(b"Return-Path: <sender@test.example>\nDelivered-To: foo@")}
        oracle.done = {(5, b"foo@mail.test.example")}
        return oracle.check(seen)


class After:
    """The disk itself, for an oracle to look at: nothing is lost of it."""

    def __init__(self, snapshot):
        self.files = {p: data for p, (_, data) in snapshot.items()}
        self.bytes = dict(snapshot.values())
        self.names = {p: inode for p, (inode, _) in snapshot.items()}
        self.fs = self

    def data(self, inode):
        return self.bytes[inode]

    def read(self, path):
        return self.files.get(path)
