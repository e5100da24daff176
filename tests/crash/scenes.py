"""Programs that do one thing and end, each in a scene that it is run in with a fault and then, as its caller would
have it, without: qmail-queue, qmail-local, qmail-remote, qmail-newu, qmail-newmrh, qmail-smtpd.
"""
import os
import re
import subprocess
import time

from chain import HOST, Chain, write_as
from failing import MARK, NO_FAULT, SHIM, TRACE, Result, calls_in, clear_mark, marked, read_trace, start, status_of, text_of, tracer
from harness import HOMES, SCRATCH, fresh_home, maildir

INPUT, ENVELOPE, OUTPUT = (os.path.join(SCRATCH, "scene." + n) for n in ("input", "envelope", "output"))


def put(name, content, mode=0o644):
    with open(name, "wb") as f:
        f.write(content)
    os.chmod(name, mode)


def slurp(name):
    try:
        with open(name, "rb") as f:
            return f.read()
    except FileNotFoundError:
        return b""


class Scene:
    """One program, one task. A class says how to prepare it and what to make of its end."""

    program = user = None
    marker = "chdir"
    codes = {0}                 # that a page tells of
    follow = ()                 # options that make strace follow children
    more = {}                   # faults beyond the usual set
    limit = 20                  # seconds

    def __init__(self, place):
        self.place, self.home = place, place.home
        self.furnish()

    # ---- what a scene fills in
    def furnish(self):
        """Once."""

    def prepare(self):
        """Before each case."""

    def argv(self):
        return [self.home / ("bin/" + self.program)]

    def env(self):
        return {}

    def descriptors(self):
        return [os.open(INPUT, os.O_RDONLY), os.open(OUTPUT, os.O_WRONLY | os.O_APPEND), os.open(OUTPUT, os.O_WRONLY | os.O_APPEND)]

    def look(self, fault, code, result):
        """After the run with the fault. Returns whether the task is done as far as the caller knows."""
        raise NotImplementedError

    def finish(self, fault, code, result):
        """After the retry, if there was one."""

    # ---- running
    def execute(self, fault=None, trace=()):
        put(OUTPUT, b"", 0o666)
        argv, user, env = self.argv(), self.user, self.env()
        if trace or fault and not fault.shimmed:
            options = list(self.follow) + (["-e", fault.inject()] if fault else list(trace))
            argv, user, env = tracer(*options, user=user, env=env) + argv, None, os.environ
        elif fault:
            argv = self.plain(argv)
            user = self.plain_user()
            env = dict(env, LD_PRELOAD=SHIM, FAULTS_MARK=MARK, **fault.environment(os.path.basename(argv[0])))
        fds = self.descriptors()
        pid = start(argv, fds, user, None, env)
        for f in fds:
            os.close(f)
        self.drive(pid)
        code = status_of(pid, self.limit)
        if code is None:
            self.place.end_all()
        self.place.rest()
        return code

    def drive(self, pid):
        """What its caller does while it runs."""

    def plain(self, argv):
        return argv

    def plain_user(self):
        return self.user

    def run(self, fault):
        result = Result()
        self.prepare()
        clear_mark()
        if os.path.exists(TRACE):
            os.unlink(TRACE)
        try:
            code = self.execute(fault)
            done = False
            if code is None:
                result["stuck"] += 1
                result.odd.append("still running after %d s" % self.limit)
            else:
                # 127 is the dynamic loader's, which starts nothing
                if code not in self.codes and not (fault.kills and code == -9):
                    result.odd.append("exit code %s: %s" % (code, slurp(OUTPUT)[-200:]))
                done = self.look(fault, code, result)
            tries = 0
            while not done and tries < 3:
                code = self.execute()
                tries += 1
                done = code == 0
            if not done:
                result["stuck"] += 1
                result.odd.append("not done when tried again: %s %s" % (code, slurp(OUTPUT)[-200:]))
            self.finish(fault, code, result)
        finally:
            self.place.end_all()
        struck = marked()[0] if fault.shimmed else fault.kills or "(INJECTED)" in read_trace()
        result["missed"] = int(not struck)
        return result

    def calls(self):
        self.prepare()
        code = self.execute(trace=["-e", "trace=all"])
        self.place.end_all()
        assert code == 0, (self.program, code, slurp(OUTPUT))
        return calls_in(read_trace(), self.marker)

    def counts(self):
        self.prepare()
        clear_mark()
        code = self.execute(NO_FAULT)
        self.place.end_all()
        assert code == 0, (self.program, code)
        return marked()[1:]


# ---- qmail-queue ---------------------------------------------------------------------------------------

class Queue(Scene):
    """Exit 0 means that the message is in the queue, whole, under its own number; any other code means that qmail-send
    cannot see it, or, where nobody can tell whether the last step was done, that it sees it whole."""

    program, user = "qmail-queue", "qmaild"
    codes = {0, 51, 52, 53, 54, 61, 62, 63, 64, 65, 66, 81}
    envelope = b"Fbaz@mail.test.example\0Tfoo@mail.test.example\0\0"
    more = {"read": "EAGAIN", "write": "EDQUOT EROFS 0 1", "openat": "EROFS ENFILE EACCES EEXIST", "link": "EDQUOT EROFS EEXIST",
            "newfstatat": "EACCES", "unlink": "EROFS", "chdir": "EACCES"}

    def furnish(self):
        self.chain = Chain(self.place)
        self.chain.furnish()
        plain = self.home / "bin/queue-plain"
        subprocess.run(["cp", self.home / "bin/qmail-queue", plain], check=True)
        os.chmod(plain, 0o755)

    def prepare(self):
        self.place.clear_queue()
        put(INPUT, text_of("queue"))
        put(ENVELOPE, self.envelope)

    # setuid programs take no preload
    def plain(self, argv):
        return [self.home / "bin/queue-plain"]

    def plain_user(self):
        return "qmailq"

    def descriptors(self):
        return [os.open(INPUT, os.O_RDONLY), os.open(ENVELOPE, os.O_RDONLY), os.open(OUTPUT, os.O_WRONLY)]

    def look(self, fault, code, result):
        files = self.place.queue_files()
        there = visible(self.place, files, "queue", self.envelope, result)
        if code == 0 and not there:
            result["lost"] += 1
        cut_short = fault.kills or code == 52
        # the link to todo, the flush of that name and everything behind are past the point of no return
        if there and code and not cut_short and fault.call not in ("link", "fsync"):
            result.odd.append("exit code %d and a message" % code)
        if code and not there and files and not cut_short and fault.call != "unlink" and fault.what != "made":
            result.odd.append("left: " + " ".join(sorted(files)))
        state = tuple(sorted((re.sub(r"\d+", "N", n), re.sub(rb"\d+", b"N", c)) for n, c in files.items()))
        if files and state not in self.place.drained:
            self.place.drained.add(state)
            self.chain.healthy = False
            fresh_home("foo")
            self.chain.drain(result)
            result.count(1 if there else 0, len(maildir("foo", "Maildir")), "the message", False)
        return True


def visible(place, files, key, envelope, result):
    """Whether qmail-send sees a message; it must then be whole, where qmail-send looks for it."""
    todo = [f for f in files if f.startswith("todo/")]
    for f in todo:
        n = int(f.split("/")[1])
        mess = "mess/%d/%d" % (n % 23, n)
        if not (re.fullmatch(rb"u\d+\0p\d+\0" + re.escape(envelope[:-1]), files[f]) and mess in files
                and os.stat(place / ("queue/" + mess)).st_ino == n and files[mess].startswith(b"Received: (qmail ")
                and files[mess].endswith(text_of(key))):
            result["torn"] += 1
    return len(todo)


# ---- qmail-local ---------------------------------------------------------------------------------------

class Local(Scene):
    """One kind of delivery. It is what qmail-lspawn runs, and is run again unless it exits 0 or 100."""

    program, user = "qmail-local", "foo"
    codes = {0, 111}
    follow = ("-f", "-b", "execve")
    instructions = "./Maildir/\n"
    wants = {"maildir": 1}
    dash, ext = "", ""
    # a copy that stays although the delivery failed, or that came before the failure, is told of in the pages
    several = False

    def prepare(self):
        self.place.clear_queue()
        fresh_home("foo")
        write_as("foo/.qmail" + self.dash + self.ext, self.instructions)
        put(INPUT, text_of("local"))

    def argv(self):
        local = "foo" + self.dash + self.ext
        return [self.home / "bin/qmail-local", "--", "foo", HOMES + "/foo", local, self.dash, self.ext, HOST, "a@b.example", "./Mailbox"]

    def places(self):
        """where: contents."""
        home = os.path.join(HOMES, "foo")
        box = slurp(home + "/Mailbox")
        programs = [slurp(os.path.join(home, n)) for n in sorted(os.listdir(home)) if n.startswith("program.")]
        files = self.place.queue_files()
        queued = [files.get("mess/%d/%d" % (int(n) % 23, int(n)), b"") for n in (f[5:] for f in files if f.startswith("todo/"))]
        return {"maildir": maildir("foo", "Maildir"), "program": programs, "queued": queued,
                "box": [m + b"\n" for m in re.split(rb"\n\n(?=From |\Z)", box) if m]}

    def tally(self, result, cut_short):
        found = {}
        for where, contents in self.places().items():
            for c in contents:
                if c.endswith(text_of("local")):
                    found[where] = found.get(where, 0) + 1
                elif where != "box" or not cut_short:
                    # mbox(5): a crash in the middle leaves a part of a message
                    result["torn"] += 1
        return found

    def look(self, fault, code, result):
        found = self.tally(result, fault.kills)
        if code == 100:
            result["bounced"] += 1
        if code == 0 and any(found.get(w, 0) < n for w, n in self.wants.items()):
            result["lost"] += 1
        return code == 0

    def finish(self, fault, code, result):
        found = self.tally(Result(), True)
        for where, n in self.wants.items():
            result.count(n, found.get(where, 0), where, fault.kills or self.several)


class LocalNewMbox(Local):
    """A close that fails may leave the message there: mbox(5)."""
    instructions, wants = "./Mailbox\n", {"box": 1}

    def finish(self, fault, code, result):
        self.several = fault.call == "close"
        super().finish(fault, code, result)


class LocalMbox(LocalNewMbox):
    """One that has a message in it already."""
    wants = {"box": 2}

    def prepare(self):
        super().prepare()
        write_as("foo/Mailbox", "From a@b Thu Jan  1 00:00:00 1970\n" + text_of("local").decode() + "\n")


class LocalForward(Local):
    instructions, wants = "&someone@mail.test.example\n", {"queued": 1}


class LocalProgram(Local):
    instructions, wants = "|cat > program.$$.new && mv program.$$.new program.$$\n", {"program": 1}

    def tally(self, result, cut_short):
        for n in os.listdir(os.path.join(HOMES, "foo")):
            if n.endswith(".new"):
                os.unlink(os.path.join(HOMES, "foo", n))
        return super().tally(result, cut_short)


class LocalSeveral(LocalProgram):
    instructions = "# all\n./Maildir/\n" + LocalProgram.instructions + "&someone@mail.test.example\n./Mailbox\n"
    wants = {"maildir": 1, "program": 1, "queued": 1, "box": 1}
    several = True


class LocalList(LocalForward):
    """An extension, found through a default file, with an owner."""
    dash, ext = "-", "list-default"

    def prepare(self):
        super().prepare()
        write_as("foo/.qmail-list-x-owner", "./Mailbox\n")

    def argv(self):
        argv = super().argv()
        argv[4], argv[6] = "foo-list-x", "list-x"
        return argv


# ---- qmail-remote --------------------------------------------------------------------------------------

class Remote(Scene):
    """It always exits 0; its reports tell, and what qmail-rspawn makes of them when there are none is: try again."""

    program, user = "qmail-remote", "qmailr"
    host = "far.example"

    def furnish(self):
        self.home.clear()
        self.home.control(me=HOST + "\n", smtproutes="far.example:[192.0.2.2]\n", timeoutremote="3\n", timeoutconnect="3\n")
        self.place.peer

    def prepare(self):
        put(INPUT, text_of("remote"))
        self.place.peer.forget()

    def argv(self):
        return [self.home / "bin/qmail-remote", self.host, "a@b.example", "x@" + self.host]

    def verdict(self, code, result):
        """K, Z or D, as qmail-rspawn would have it."""
        out = slurp(OUTPUT)
        reports = out.split(b"\0")[:-1]
        letters = b"".join(r[:1] for r in reports)
        if code != 0:
            return "Z"
        if re.search(rb"[hD]", letters):
            result["bounced"] += 1
            result.odd.append("report %s" % out)
            return "D"
        return "K" if re.fullmatch(rb"rK", letters) else "Z"

    def tally(self, result):
        got = [m["content"].replace(b"\r\n", b"\n") for m in self.place.peer.got()]
        result["torn"] += sum(not g.endswith(text_of("remote")) for g in got)
        return len(got)

    def look(self, fault, code, result):
        verdict = self.verdict(code, result)
        out = slurp(OUTPUT)
        arrived = self.tally(result)
        # the other side has it, but that it said so or that we did was not heard
        self.excused = fault.kills or b"Possible duplicate" in out or (fault.call == "write" and not out.endswith(b"\0"))
        if verdict == "K" and not arrived:
            result["lost"] += 1
        return verdict != "Z"

    def finish(self, fault, code, result):
        result.count(1, self.tally(Result()), "the message", self.excused)


class RemoteByMx(Remote):
    """Through the name service."""

    host = "viamx.example"
    limit = 90                  # it asks until its deadline

    def furnish(self):
        super().furnish()
        self.place.nameserver


# ---- qmail-newu, qmail-newmrh --------------------------------------------------------------------------

class Newu(Scene):
    """The table is the old one or the new one, whole, and exit 0 says the new one."""

    program, user = "qmail-newu", "root"
    codes = {0, 111}
    source, table = "users/assign", "users/cdb"

    def old(self):
        return "=foo:foo:30001:30001:/old:::\n.\n"

    def new(self):
        return "=foo:foo:30001:30001:/new:::\n+foo-:foo:30001:30001:/new:-::\n.\n"

    def furnish(self):
        put(self.home / self.source, self.new().encode())
        subprocess.run([self.home / ("bin/" + self.program)], check=True)
        self.after = slurp(self.home / self.table)
        put(self.home / self.source, self.old().encode())
        subprocess.run([self.home / ("bin/" + self.program)], check=True)
        self.before = slurp(self.home / self.table)
        assert self.before != self.after
        put(self.home / self.source, self.new().encode())
        put(INPUT, b"")

    def prepare(self):
        folder = os.path.dirname(self.home / self.table)
        for n in os.listdir(folder):
            if "cdb" in n:
                os.unlink(os.path.join(folder, n))
        put(self.home / self.table, self.before)

    def look(self, fault, code, result):
        now = slurp(self.home / self.table)
        if now not in (self.before, self.after):
            result["torn" if now else "lost"] += 1
        if code == 0 and now != self.after:
            result["lost"] += 1
        return code == 0

    def finish(self, fault, code, result):
        if slurp(self.home / self.table) != self.after:
            result["lost"] += 1


class Newmrh(Newu):
    program = "qmail-newmrh"
    source, table = "control/morercpthosts", "control/morercpthosts.cdb"

    def old(self):
        return "old.example\n"

    def new(self):
        return "new.example\n.new.example\n"


# ---- qmail-smtpd ---------------------------------------------------------------------------------------

class Smtpd(Scene):
    """250 only for what is in the queue; nothing that fails is the client's fault."""

    program, user = "qmail-smtpd", "qmaild"
    codes = {0, 1}
    envelope = b"Fbaz@mail.test.example\0Tfoo@mail.test.example\0\0"

    def furnish(self):
        self.home.control(me=HOST + "\n", rcpthosts=HOST + "\n")

    def prepare(self):
        self.place.clear_queue()
        self.text = text_of("smtpd").replace(b"\n", b"\r\n") + b".\r\n"

    def descriptors(self):
        theirs, self.ours = os.pipe()
        return [theirs, os.open(OUTPUT, os.O_WRONLY | os.O_APPEND), os.open("/dev/null", os.O_WRONLY)]

    def drive(self, pid):
        """The text is sent after 354, as any client does; everything before it at once."""
        begin = (b"HELO client.test.example\r\nMAIL FROM:<baz@mail.test.example>\r\nRCPT TO:<foo@mail.test.example>\r\nDATA\r\n")
        end = time.monotonic() + self.limit
        try:
            os.write(self.ours, begin)
            while time.monotonic() < end and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                replies = slurp(OUTPUT)
                if b"\n354 " in replies:
                    os.write(self.ours, self.text)
                    break
                if replies.count(b"\n") >= 5:
                    break
                time.sleep(0.002)
            os.write(self.ours, b"QUIT\r\n")
        except BrokenPipeError:
            pass
        os.close(self.ours)

    def env(self):
        return {"PROTO": "TCP", "TCPREMOTEIP": "192.0.2.9", "TCPREMOTEHOST": "client.test.example", "TCPLOCALHOST": HOST,
                "TCPLOCALIP": "127.0.0.1", "TCPLOCALPORT": "25"}

    def look(self, fault, code, result):
        replies = slurp(OUTPUT).split(b"\r\n")
        accepted = sum(bool(re.match(rb"250 ok \d+ qp \d+$", r)) for r in replies)
        if any(r.startswith(b"5") for r in replies):
            result["bounced"] += 1
            result.odd.append("refused: %s" % [r for r in replies if r.startswith(b"5")])
        there = visible(self.place, self.place.queue_files(), "smtpd", self.envelope, result)
        result["lost"] += max(0, accepted - there)
        # qmail-queue(8): after the link to todo trouble is told, and the message comes twice rather than never
        unheard = fault.kills or fault.call in ("write", "link", "fsync") or replies[-1] or len(replies) < 7
        # the client has heard no 250 and will come again
        if there > accepted:
            result["duplicates"] += there - accepted
            if not unheard:
                result.odd.append("queued, and said %s" % replies)
        return accepted or self.retry()

    def retry(self):
        self.place.clear_queue()
        return False

    def finish(self, fault, code, result):
        if visible(self.place, self.place.queue_files(), "smtpd", self.envelope, Result()) != 1:
            result["lost"] += 1


class SmtpdWithQueue(Smtpd):
    """The fault meets both: each has an n-th call."""
    follow = ("-f",)


SCENES = {
    "queue": {"queue": Queue},
    "local": {"maildir": Local, "mbox": LocalMbox, "newmbox": LocalNewMbox, "forward": LocalForward, "program": LocalProgram,
              "several": LocalSeveral, "list": LocalList},
    "remote": {"route": Remote, "mx": RemoteByMx},
    "newu": {"newu": Newu},
    "newmrh": {"newmrh": Newmrh},
    "smtpd": {"smtpd": Smtpd, "queue": SmtpdWithQueue},
}
