"""What is done in a world while it is recorded. A workload sets up what is there before the first recorded call
(prepare), acts (act), and knows what it may leave: the oracle. Add one by deriving a class: the table has them all."""
import os
import shutil
import subprocess
import time

import harness
import oracle
import recovery
import trace
from world import HOST

AT = b"@" + HOST.encode()
FAR = b"someone@far.test.example"
MARK = recovery.MARK            # each state that is tried there gets one of its own


def body(mark=MARK, size=0):
    """A message that tells whether it is whole, and which one it is."""
    fill = b"".join(b"%s line %d\n" % (mark, i) for i in range(size // 24))
    return b"Subject: %s\n\nbegin %s\n%send %s\n" % (mark, mark, fill, mark)


def maildir(user):
    return ("maildir", os.path.join(harness.HOMES, user, "Maildir"))


class Workload:
    """What its promises come to in the end, for recovery.py: ends, a list of ("maildir", user), ("mbox", user),
    ("remote", address), ("bounce", user who gets it, the recipient that failed)."""
    name = ""
    models = ("posix", "journal", "dirsync")
    quick = False               # one of the few of the quick tier
    tiers = ("full", "long")    # and those where it belongs otherwise
    recover = recovery.Recovery     # what is done with what is left; None: nothing
    limit = 1 << 30             # of the states that are looked at after each step
    size = 0
    sender, recipients = b"john" + AT, [b"foo" + AT]
    ends = [("maildir", "foo")]

    def roots(self, w):
        """What is recorded: below these directories, but not below those."""
        return (w / "queue", harness.HOMES), (w / "queue/lock",)

    def prepare(self, w):
        """Before the recording."""

    def prepare_recovery(self, w):
        """Users' files that the daemons need; by default the same as for the recording."""
        self.prepare(w)

    def act(self, w):
        raise NotImplementedError

    def compared(self, path):
        """Whether the recording tells all about this file."""
        return True

    def oracle(self, w):
        return oracle.Mail(self.places())

    def places(self):
        return {b"foo" + AT: [maildir("foo")], b"john" + AT: [maildir("john")], b"postmaster" + AT: [maildir("baz")],
                FAR: [("remote",)]}

    def text(self, mark=MARK):
        return body(mark, self.size)


# ---- qmail-queue by itself

class Queue(Workload):
    name, quick = "queue", True

    def act(self, w):
        assert w.queue(self.sender, self.recipients, self.text()) == 0


class QueueLong(Queue):
    """Pages that can be torn from each other."""
    name, quick, size = "queue, four pages", False, 14000


class QueueTwo(Queue):
    """Two at once."""
    name, quick = "queue, two at once", False

    def act(self, w):
        slow = ["-e", "inject=fsync:delay_enter=10000"]
        texts = [self.text(MARK + b"/%d" % i) for i in (1, 2)]
        ps = [w.queue(self.sender, self.recipients, t, strace=slow, wait=False) for t in texts]
        assert [p.wait() for p in ps] == [0, 0]


class QueueFails(Queue):
    """A flush of qmail-queue fails, and what it should have written is gone."""
    name, quick = "queue, a flush fails", False

    def act(self, w):
        for n in range(1, 5):
            assert w.queue(self.sender, self.recipients, self.text(MARK + b"/%d" % n),
                           strace=["-e", "inject=fsync:error=EIO:when=%d" % n]) == 53


class QueueKilled(Queue):
    """Killed at each of its calls that change something, and at the end one that is not."""
    name, quick, limit = "queue, killed at each call", False, 64

    def act(self, w):
        for call, times in (("openat", 8), ("write", 2), ("link", 2), ("unlink", 1), ("fsync", 4)):
            for when in range(1, times + 1):
                kill = ["-e", "inject=%s:signal=KILL:when=%d" % (call, when)]
                code = w.queue(self.sender, self.recipients, self.text(), strace=kill)
                assert code == -9, (call, when, code)
        assert w.queue(self.sender, self.recipients, self.text()) == 0


class Smtp(Queue):
    """The word that counts is qmail-smtpd's 250."""
    name, quick = "smtp", False

    def act(self, w):
        text = b"HELO x\r\nMAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n%s.\r\nQUIT\r\n" % (
            self.sender, self.recipients[0], self.text().replace(b"\n", b"\r\n"))
        out = w.smtpd(text)
        assert b"250 ok " in out, out


# ---- the whole road

class Flow(Workload):
    """Delivered straight from todo, and gone."""
    name, quick = "one recipient", True
    messages = 1
    found = False               # in todo when qmail-send starts: then preprocessed before its first attempt

    def act(self, w):
        if self.found:
            self.submit(w)
        w.start_recorded()
        if not self.found:
            time.sleep(0.3)     # until todo has been looked through
            self.submit(w)
        self.finish(w)

    def submit(self, w):
        marks = [MARK] if self.messages == 1 else [MARK + b"/%d" % i for i in range(self.messages)]
        for m in marks:
            assert w.queue(self.sender, self.recipients, self.text(m)) == 0

    def finish(self, w):
        assert w.wait_drained(), w.logtext()
        w.stop()


class FlowFound(Flow):
    """todo, preprocessed, delivered, gone."""
    name, quick, found = "one recipient, found at the start", False, True


class FlowUnflushed(FlowFound):
    """qmail-queue does not come to its last flush: qmail-send finds a name in todo that is not on disk."""
    name = "found before its name is on disk"

    def submit(self, w):
        assert w.queue(self.sender, self.recipients, self.text(), strace=["-e", "inject=fsync:signal=KILL:when=4"]) == -9


class FlowLeftover(FlowFound):
    """An earlier message of that number had a file that this one has not."""
    name = "found, with another message's recipient"

    def submit(self, w):
        super().submit(w)
        [number] = os.listdir(w / "queue/todo")
        leftover = w / "queue/remote/%d/%s" % (int(number) % 23, number)
        old = os.path.join(w.scratch, "leftover")
        with open(old, "wb") as f:
            f.write(b"T" + FAR + b"\0")
        subprocess.run(w.recorder() + ["cp", old, leftover], check=True)
        subprocess.run(w.recorder() + ["sync", leftover, os.path.dirname(leftover)], check=True)


class FlowThree(Flow):
    """Local and remote."""
    name, quick = "three recipients", False
    recipients = [b"foo" + AT, FAR, b"john" + AT]
    ends = [("maildir", "foo"), ("remote", FAR), ("maildir", "john")]


class FlowBatch(Flow):
    """qmail-send finds several at once, and makes them durable together."""
    name, quick, messages, found = "three messages in one batch", False, 3, True
    recipients = [b"foo" + AT, FAR]
    ends = [("maildir", "foo"), ("remote", FAR)]


class FlowBatchBusy(FlowBatch):
    """The same, each file and directory by itself."""
    name = "three messages in one batch, while much waits to be written"

    def prepare(self, w):
        w.waiting(1 << 30)


class FlowBatchFails(FlowBatch):
    """The flush of all fails, whenever it is tried: they stay in todo, and are done anew with the next one, file by
    file."""
    name, tiers, limit = "the flush of a batch fails", ("long",), 512

    def act(self, w):
        self.submit(w)
        w.start("./Maildir/", strace=w.recorder("-e", "inject=syncfs:error=EIO:when=1+"))
        w.wait_log("^warning: trouble fsyncing queue")
        w.hurry()
        assert w.queue(self.sender, self.recipients, self.text(MARK + b"/3")) == 0
        self.finish(w)


class FlowFails(Flow):
    """qmail-send's fourth flush fails, that of the recipients: the message stays in todo, and is done anew with the
    next one."""
    name, quick, messages = "a flush of qmail-send fails", False, 2

    def act(self, w):
        assert w.queue(self.sender, self.recipients, self.text(MARK + b"/0")) == 0
        w.start("./Maildir/", strace=w.recorder("-e", "inject=fsync:error=EIO:when=4"))
        w.wait_log("^warning: trouble fsyncing local/")
        assert w.queue(self.sender, self.recipients, self.text(MARK + b"/1")) == 0
        self.finish(w)


class FlowNoteFails(Flow):
    """The flush of a note fails: what was written is gone, the file is cut back, and it is tried again later."""
    name, quick, tiers, found = "bounce, the flush of the note fails", False, ("long",), True
    recipients = [b"john-nobody" + AT]
    ends = [("bounce", "john", b"john-nobody" + AT)]

    def act(self, w):
        self.submit(w)
        w.start("./Maildir/", strace=w.recorder("-e", "inject=fsync:error=EIO:when=7"))
        w.wait_log("^alert: unable to append to bounce message")
        self.finish(w)


class FlowRetry(Flow):
    """A temporary failure, then success."""
    name, quick = "deferred, then delivered", False
    recipients = [b"foo" + AT, b"foo-later" + AT]

    def prepare(self, w):
        w.write("foo/.qmail-later", b"|test -e %s || exit 111\n./Maildir/\n" % w.flagfile.encode(), "foo")

    def act(self, w):
        w.start_recorded()
        self.submit(w)
        w.wait_log("^delivery [12]: deferral")
        w.flag(True)
        w.hurry()
        self.finish(w)

    def places(self):
        return {**super().places(), b"foo-later" + AT: [maildir("foo")]}


class FlowBounce(Flow):
    """A permanent failure, and the bounce."""
    name, quick = "bounce", True
    recipients = [b"foo" + AT, b"john-nobody" + AT]
    ends = [("maildir", "foo"), ("bounce", "john", b"john-nobody" + AT)]


class FlowBounceFound(FlowBounce):
    """A permanent failure of a message that has its files: noted durably."""
    name, quick, found = "bounce, found at the start", False, True


class FlowDouble(Flow):
    """The bounce bounces: two recipients fail, and so does the sender."""
    name, quick = "double bounce", False
    sender, recipients = b"john-nosender" + AT, [b"john-nobody" + AT, b"foo-nobody" + AT]
    ends = [("bounce", "baz", b"john-nobody" + AT), ("bounce", "baz", b"foo-nobody" + AT)]


class FlowNoteKilled(FlowBounce):
    """qmail-send is killed when the note of a failure is on disk, but the name of its file is not yet."""
    name, quick = "bounce, killed between note and name", False
    recipients = [b"john-nobody" + AT]
    ends = [("bounce", "john", b"john-nobody" + AT)]

    def prepare(self, w):
        """Find out how many flushes that is after the start."""
        self.submit(w)
        w.start_recorded()
        self.finish(w)
        calls, noted = [c for c in trace.read_calls(w.traces[-1])], False
        sender = next(c.pid for c in calls if c.name == "fsync")
        self.when = 0
        for c in (c for c in calls if c.pid == sender):
            path = trace.FD.match(c.args) and trace.text(trace.FD.match(c.args)[2] or "")
            noted = noted or (c.name == "write" and b"/queue/bounce/" in path)
            self.when += c.name == "fsync"
            if noted and c.name == "fsync" and path.endswith(b"/queue/bounce"):
                break
        w.reset()

    def prepare_recovery(self, w):
        pass

    def act(self, w):
        self.submit(w)
        w.start("./Maildir/", strace=w.recorder("-e", "inject=fsync:signal=KILL:when=%d" % self.when))
        w.daemon.wait(20)
        w.stop()
        assert [f for f in w.left() if f.startswith("bounce/")]
        w.start_recorded()
        self.finish(w)


class FlowSlow(Flow):
    """One is delivered, one has failed, one takes so long that the message leaves for its files meanwhile."""
    name, quick = "one takes long", False
    recipients = [b"foo" + AT, b"john-nobody" + AT, b"foo-slow" + AT]
    ends = [("maildir", "foo"), ("bounce", "john", b"john-nobody" + AT), ("maildir", "foo")]

    def prepare(self, w):
        w.write("foo/.qmail-slow", b"|test -e %s || sleep 4\n./Maildir/\n" % w.flagfile.encode(), "foo")

    def prepare_recovery(self, w):
        self.prepare(w)
        w.flag(True)

    def places(self):
        return {**super().places(), b"foo-slow" + AT: [maildir("foo")]}


class FlowStopped(FlowSlow):
    """The same, but qmail-send is told to stop meanwhile, and started again."""
    name = "stopped while one takes long"

    def act(self, w):
        w.start_recorded()
        time.sleep(0.3)
        self.submit(w)
        w.wait_log("^delivery", 2)
        w.stop()
        w.start_recorded()
        w.hurry()
        self.finish(w)


class FlowForward(Flow):
    name, quick = "forward", False
    recipients = [b"foo-list" + AT]
    ends = [("maildir", "john"), ("remote", FAR)]

    def prepare(self, w):
        w.write("foo/.qmail-list", b"&john%s\n&%s\n" % (AT, FAR), "foo")

    def places(self):
        return {**super().places(), b"foo-list" + AT: [("forward", b"john" + AT, FAR)]}


class FlowAlias(Flow):
    """An address of nobody's goes to the alias user, and on to a Maildir and an mbox."""
    name, quick = "alias", False
    recipients = [b"info" + AT]
    ends = [("maildir", "baz"), ("mbox", "baz")]

    def prepare(self, w):
        w.write("baz/.qmail-info", b"./Maildir/\n./Mailbox\n", "baz")

    def places(self):
        box = os.path.join(harness.HOMES, "baz/Mailbox")
        return {**super().places(), b"info" + AT: [maildir("baz"), ("mbox", box)]}


# ---- a daemon is killed, and all are started again

CHANGES = ("openat", "write", "writev", "pwrite64", "fsync", "link", "unlink", "clone", "execve", "ftruncate")


class Killed(Flow):
    """At the n-th call of this kind that one of the daemons, or what it started, makes after the message came."""
    name = ""
    recipients = [b"foo" + AT, FAR, b"john-nobody" + AT]
    ends = [("maildir", "foo"), ("remote", FAR), ("bounce", "john", b"john-nobody" + AT)]

    def __init__(self, daemon="", call="", n=0):
        self.daemon, self.call, self.n = daemon, call, n

    def act(self, w):
        w.start("./Maildir/")
        pids = w.children()
        w.known = [trace.running(p) for p in pids.values()]
        ones = [pids.pop(self.daemon)]
        if self.daemon == "qmail-send":
            ones.append(pids.pop("injector"))
        w.attach(ones, *(["-e", "inject=%s:signal=KILL:when=%d" % (self.call, self.n)] if self.call else []))
        self.trace = w.traces[-1]
        w.attach(list(pids.values()))
        assert w.queue(self.sender, self.recipients, self.text()) == 0
        w.wait_quiet()
        w.stop()
        w.detach()
        if self.call:
            w.start_recorded()
            w.hurry()
            self.finish(w)

    def kills(self):
        """The calls at which to kill: (call, n), of what act without a kill has recorded."""
        count = {}
        for c in trace.read_calls(self.trace):
            if c.name in CHANGES:
                count[c.name, c.pid] = count.get((c.name, c.pid), 0) + 1
        most = {}
        for (name, _), n in count.items():
            most[name] = max(n, most.get(name, 0))
        return [(name, i) for name in sorted(most) for i in range(1, most[name] + 1)]


# ---- qmail-local by itself

class Maildir(Workload):
    name, quick = "maildir", True
    size, recover, default = 9000, recovery.Redelivery, "./Maildir/"
    code, strace, old = 0, (), None

    def prepare(self, w):
        self.mess = w / "queue/mess/5/5"
        self.before = b"Received: x\n" + self.text()
        with open(self.mess, "wb") as f:
            f.write(self.before)
        os.chmod(self.mess, 0o644)

    def act(self, w):
        assert w.deliver("foo", self.mess, self.default, strace=self.strace) == self.code

    def oracle(self, w):
        m = oracle.Message(5, self.before, b"Fsender@test.example\0Tfoo" + AT + b"\0", None)
        return oracle.Mail(self.places(), [m])


class MaildirUnreadable(Maildir):
    """new/ may be written but not read: it cannot be flushed by itself."""
    name, quick = "maildir, new/ unreadable", False

    def prepare(self, w):
        super().prepare(w)
        os.chmod(os.path.join(harness.HOMES, "foo/Maildir/new"), 0o300)


class MaildirFails(Maildir):
    name, quick, code = "maildir, a flush fails", False, 111
    strace = ("-e", "inject=fsync:error=EIO:when=1")


class MaildirNameFails(MaildirFails):
    name = "maildir, flush of new/ fails"
    strace = ("-e", "inject=fsync:error=EIO:when=2")


class Mbox(Maildir):
    """An mbox that is not there yet."""
    name, quick, default = "mbox, new", True, "./Mailbox"
    old = None

    def prepare(self, w):
        super().prepare(w)
        if self.old:
            w.write("foo/Mailbox", self.old, "foo")

    def places(self):
        return {b"foo" + AT: [("mbox", os.path.join(harness.HOMES, "foo/Mailbox"))]}


class MboxOld(Mbox):
    name, quick = "mbox, old messages", False
    old = b"From someone Thu Jan  1 00:00:00 1970\nSubject: old\n\n" + b"an old line\n" * 700 + b"\n"


class MboxTorn(MboxOld):
    """The last message was torn by an earlier crash."""
    name = "mbox, torn"
    old = MboxOld.old + MboxOld.old[:100]


class MboxFails(MboxOld):
    name, code = "mbox, a flush fails", 111
    strace = ("-e", "inject=fsync:error=EIO:when=1")


# ---- tables

class Newu(Workload):
    """users/cdb is made anew, twice."""
    name, quick, recover = "users/cdb", False, None
    program, table, source, arguments = "qmail-newu", "users/cdb", "users/assign", []

    def roots(self, w):
        return (w / self.table.split("/")[0],), ("/nothing",)

    def lines(self, n):
        return "".join("=user%d-%d:foo:30001:30001:%s/foo:::\n" % (n, i, harness.HOMES) for i in range(200)) + ".\n"

    def make(self, w, n, recorder=()):
        with open(w / self.source, "w") as f:
            f.write(self.lines(n))
        subprocess.run(list(recorder) + [w / ("bin/" + self.program)] + self.arguments, check=True)

    def prepare(self, w):
        self.make(w, 0)
        for n in (1, 2):
            with open(os.path.join(w.scratch, "source%d" % n), "w") as f:
                f.write(self.lines(n))

    def act(self, w):
        # the source is the administrator's: replaced unrecorded, it must not be among what a power cut takes
        for n in (1, 2):
            shutil.copyfile(os.path.join(w.scratch, "source%d" % n), w / self.source)
            subprocess.run(w.recorder() + [w / ("bin/" + self.program)] + self.arguments, check=True)

    def compared(self, path):
        return not path.endswith(self.source)

    def oracle(self, w):
        return oracle.Table(w / self.table, self.program)


class Newmrh(Newu):
    name = "morercpthosts.cdb"
    program, table, source = "qmail-newmrh", "control/morercpthosts.cdb", "control/morercpthosts"

    def lines(self, n):
        return "".join("host%d-%d.test.example\n" % (n, i) for i in range(300))


class Newcdb(Newu):
    name = "virtualdomains.cdb"
    program, table, source, arguments = "qmail-newcdb", "control/virtualdomains.cdb", "control/virtualdomains", ["virtualdomains"]

    def lines(self, n):
        return "".join("host%d-%d.test.example:foo\n" % (n, i) for i in range(300))


def all_workloads():
    """One of each class that has a name, in the order of this file."""
    found, todo = [], [Workload]
    while todo:
        c = todo.pop(0)
        todo += c.__subclasses__()
        if c.name:
            found.append(c)
    places = {c: i for i, c in enumerate(v for v in globals().values() if isinstance(v, type))}
    return [c() for c in sorted(found, key=places.get)]
