#!/usr/bin/env python3
"""Scarcity: no space, no inodes, read-only file systems, no descriptors, no processes, no memory, no log reader.

While something is short only temporary answers are given; what was accepted arrives whole once it is there
again, without a restart; nobody bounces; and no daemon spins (its CPU time is sampled).
"""
import contextlib
import fcntl
import os
import re
import resource
import shutil
import smtplib
import socket
import subprocess
import threading
import time

import report
import harness
from harness import ACCOUNTS, HOMES, SCRATCH, Home, fresh_home, wait_for
from ledger import Ledger, Sink, arrived, content

HOST = "scarce.example"
SINK_PORT = 2525
PAGE = 4096
# qmail-send looks again at what it could not read after two minutes
PATIENCE = 200
DAEMONS = ("qmail-send", "qmail-lspawn", "qmail-rspawn", "qmail-clean", "tcpserver")


class World:
    """An installation under load, and what it answered."""

    def __init__(self, name):
        self.name = name
        self.home = Home(SCRATCH + "/qmail")
        self.replies, self.refused, self.wrong = 0, 0, []
        self.ledger = Ledger(SCRATCH + "/ledger")
        self.number, self.lock = 0, threading.Lock()

    def prepare(self):
        h = self.home
        h.clear()
        h.control(me=HOST + "\n", locals=HOST + "\n", rcpthosts=".%s\n%s\n" % (HOST, HOST),
                  smtproutes="remote.%s:127.0.0.1:%d\n" % (HOST, SINK_PORT), timeoutsmtpd="30\n")
        h.assign("=sender:john:%d:%d:%s:::\n.\n" % (ACCOUNTS["john"], ACCOUNTS["john"], HOMES + "/john"))
        fresh_home("foo")
        fresh_home("john")

    def start(self, **kw):
        self.home.start("./Maildir/", **kw)
        self.home.listen(port=25)
        self.began = time.monotonic()

    # ---- load
    def message(self, size):
        with self.lock:
            self.number += 1
            return "%s.%d+%d" % (self.name, self.number, size)

    def send(self, size=2000, to="foo@" + HOST):
        """One message by SMTP; 1 if it was accepted. Anything but yes and a temporary no is wrong."""
        ident = self.message(size)
        code = 0
        try:
            s = smtplib.SMTP("127.0.0.1", 25, local_hostname="client", timeout=40)
            with contextlib.closing(s):
                for step in (lambda: s.helo(), lambda: s.mail("sender@" + HOST), lambda: s.rcpt(to), lambda: s.data(content(ident))):
                    code, text = step()
                    if code != 250:
                        break
                else:
                    self.ledger.add(ident)
        except smtplib.SMTPResponseException as e:
            code, text = e.smtp_code, e.smtp_error
        except (smtplib.SMTPServerDisconnected, OSError):
            code, text = 421, b"connection lost"
        self.replies += 1
        if code != 250:
            self.refused += 1
            if not 400 <= code < 500 and code != -1:
                self.wrong.append("%d %r" % (code, text))
        return code == 250

    @contextlib.contextmanager
    def load(self, size=2000, to=("foo@" + HOST, "x@remote." + HOST)):
        """Messages, one after the other, while the block runs."""
        end = threading.Event()

        def work():
            n = 0
            while not end.is_set():
                self.send(size, to[n % len(to)])
                n += 1
        t = threading.Thread(target=work)
        t.start()
        try:
            yield
        finally:
            end.set()
            t.join()

    # ---- watching
    def pids(self, name):
        found = []
        for p in os.listdir("/proc"):
            if p.isdigit():
                with contextlib.suppress(OSError):
                    if os.path.basename(os.readlink("/proc/%s/exe" % p)) == name:
                        found.append(int(p))
        return found

    def cpu(self):
        """Seconds of CPU time that the daemons have used by themselves, their children not counted."""
        total = 0
        for name in DAEMONS[:-1]:
            for pid in self.pids(name):
                with contextlib.suppress(OSError), open("/proc/%d/stat" % pid) as f:
                    fields = f.read().rsplit(")", 1)[1].split()
                    total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    # ---- after
    def files(self):
        return [os.path.join(b, f) for b, _, fs in os.walk(self.home / "queue") for f in fs if os.path.basename(b) != "lock"]

    def known(self):
        return [f for f in self.files() if re.search(r"/queue/(todo|info)/", f)]

    def drain(self, alarm=True):
        """Wait until it has recovered by itself. ALRM only has what was deferred tried without waiting for its time."""
        def pressed():
            if alarm:
                self.home.signal("ALRM")
            time.sleep(0.5)
            return not self.known()
        try:
            wait_for("the queue to be empty", pressed, PATIENCE)
            return ""
        except AssertionError as e:
            return "%s: %s" % (e, self.known()[:4])

    def account(self, sink=()):
        """(lost, torn, twice, bounced)"""
        times, torn, bounced = {}, 0, 0
        texts = list(sink)
        for who in ("foo", "john"):
            d = HOMES + "/" + who + "/Maildir/new"
            for f in os.listdir(d):
                with open(os.path.join(d, f), encoding="latin-1") as h:
                    text = h.read()
                if who == "john":
                    bounced += 1
                else:
                    texts.append(text)
        for t in texts:
            ident, good = arrived(t)
            torn += not good
            times[ident] = times.get(ident, 0) + good
        return len(self.ledger.ids - set(times)), torn, sum(n - 1 for n in times.values() if n > 1), bounced

    def close(self, table, what, steps, sink, must_refuse=False, alarm=True, busy=0.6):
        """Drain, stop, account: one row of the table."""
        used, lasted = self.cpu(), time.monotonic() - self.began
        stuck = self.drain(alarm)
        log = self.home.logtext()
        self.home.stop()
        lost, torn, twice, bounced = self.account(sink.got)
        sink.got.clear()
        wrong = [stuck] if stuck else []
        if self.wrong:
            wrong.append("answered %s" % self.wrong[:3])
        if lost + torn + bounced:
            wrong.append("lost %d, torn %d, bounced %d" % (lost, torn, bounced))
        if must_refuse and not self.refused:
            wrong.append("nothing was ever short")
        if not self.ledger.ids:
            wrong.append("nothing was ever accepted")
        if used > busy * lasted + 1:
            wrong.append("%.1f s of CPU time in %.1f s" % (used, lasted))
        if wrong:
            print(log[-2000:])
        table.row(what, steps, self.replies, self.refused, len(self.ledger.ids), lost, torn, twice, bounced,
                  "%.1f/%.0f" % (used, lasted), wrong="; ".join(wrong))


# ---- file systems -----------------------------------------------------------------------------------

@contextlib.contextmanager
def small_disk(path, size="64m", inodes=20000):
    """A tmpfs with a copy of what is at path."""
    saved = SCRATCH + "/saved"
    shutil.rmtree(saved, ignore_errors=True)
    subprocess.run(["cp", "-a", path, saved], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%s,nr_inodes=%d" % (size, inodes), "small", path], check=True)
    subprocess.run(["cp", "-a", saved + "/.", path], check=True)
    subprocess.run(["chown", "--reference=" + saved, path], check=True)
    subprocess.run(["chmod", "--reference=" + saved, path], check=True)
    try:
        yield
    finally:
        # (what the daemons started ends a little after them)
        wait_for("the last to leave " + path, lambda: subprocess.run(["umount", path], capture_output=True).returncode == 0)


@contextlib.contextmanager
def pages_left(path, n):
    """All but n pages of the file system are taken."""
    v = os.statvfs(path)
    filler = os.path.join(path, "filler")
    with open(filler, "wb") as f:
        free = v.f_bavail * v.f_bsize
        os.posix_fallocate(f.fileno(), 0, max(free - n * PAGE, PAGE))
        try:
            yield
        finally:
            os.unlink(filler)


@contextlib.contextmanager
def inodes_left(path, n):
    d = os.path.join(path, "filler")
    os.mkdir(d)
    try:
        for i in range(os.statvfs(path).f_favail - n):
            os.close(os.open("%s/%d" % (d, i), os.O_CREAT))
        yield
    finally:
        shutil.rmtree(d)


def queue_without(table, sink, what, left, steps):
    w = World("q" + what)
    w.prepare()
    with small_disk(w.home / "queue", "16m", 1000):
        w.start()
        for n in steps:
            with left(w.home / "queue", n):
                w.send(20000)
                w.send(300, "x@remote." + HOST)
                time.sleep(0.05)
        w.close(table, "queue short of " + what, len(steps), sink, must_refuse=True)


def home_without(table, sink, what, left, steps):
    w = World("h" + what)
    w.prepare()
    home = HOMES + "/foo"
    with small_disk(home, "16m", 1000):
        w.start()
        for n in steps:
            with left(home, n):
                w.send(20000)
                w.home.wait_log(r"^(end msg|delivery \d+: deferral)", w.number)
        w.close(table, "home short of " + what, len(steps), sink)


def remount(path, how):
    """The kernel refuses while a file is open for writing: until there is a moment in between."""
    wait_for("a moment to remount", lambda: subprocess.run(["mount", "-o", "remount," + how, path], capture_output=True)
             .returncode == 0)


def read_only(table, sink, seconds):
    """All of the queue but lock/, where files stay open for writing."""
    w = World("ro")
    w.prepare()
    queue = w.home / "queue"
    with small_disk(queue), small_disk(queue + "/lock"):
        w.start()
        with w.load():
            time.sleep(seconds / 3)
            for _ in range(3):
                remount(queue, "ro")
                time.sleep(seconds / 6)
                remount(queue, "rw")
                time.sleep(seconds / 9)
        w.close(table, "queue read-only under load", 3, sink, must_refuse=True)


def apart(table, sink, patient):
    """Directories of the queue that files move between must be on one file system: who parts them hears of it."""
    for name in ("mess", "intd", "todo", "pid"):
        w = World("apart-" + name)
        w.prepare()
        wrong = []
        with small_disk(w.home / ("queue/" + name)):
            w.start()
            accepted = w.send()
            r = subprocess.run(["make", "-s", "-C", harness.ROOT, "QMAIL=" + w.home.path, "B=" + harness.BUILD, "check"],
                               capture_output=True, text=True)
            if patient:
                try:
                    w.home.wait_log("^warning: queue/(pid|intd|todo) is on another file system than queue/mess: ")
                except AssertionError:
                    wrong.append("qmail-send does not say so")
            w.home.stop()
        if accepted or w.wrong:
            wrong.append("answered otherwise than for now: %s" % w.wrong)
        if "is on another file system than queue/mess" not in r.stdout + r.stderr:
            wrong.append("make check does not say so")
        table.row("queue/%s apart" % name, 1, w.replies, w.refused, 0, 0, 0, 0, 0, "", wrong="; ".join(wrong))


# ---- limits -----------------------------------------------------------------------------------------

def used_memory(pid):
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[0]) * PAGE


def descriptors(pid):
    return max(int(f) for f in os.listdir("/proc/%d/fd" % pid)) + 1


def set_limit(pid, name, value):
    """As the process's own user: that one may always lower the soft limit, and put it back. 0: it has gone."""
    try:
        st = os.stat("/proc/%d" % pid)
    except FileNotFoundError:
        return 0
    return subprocess.run(["setpriv", "--reuid", str(st.st_uid), "--regid", str(st.st_gid), "--clear-groups",
                           "prlimit", "--pid", str(pid), "--%s=%s:" % (name, value)], stderr=subprocess.DEVNULL).returncode == 0


def limits(table, sink, seconds):
    """Each daemon, and what it starts, with too little of something, under load; then with enough again."""
    kinds = (("files", "nofile", lambda p: [descriptors(p) + n for n in (0, 1, 3)]),
             ("processes", "nproc", lambda p: [0, 2]),
             ("memory", "as", lambda p: [used_memory(p) + n for n in (0, 100 * PAGE)]),
             ("file size", "fsize", lambda p: [0, 1500]))
    hard = {name: "unlimited" if r == resource.RLIM_INFINITY else r
            for name, r in ((n, resource.getrlimit(getattr(resource, "RLIMIT_" + n.upper()))[1]) for _, n, _ in kinds)}
    for daemon in DAEMONS:
        for what, limit, values in kinds:
            w = World("%s-%s" % (daemon, what.replace(" ", "")))
            w.prepare()
            w.start()
            steps = 0
            with w.load():
                time.sleep(0.2)
                for pid in w.pids(daemon)[:1]:
                    for value in values(pid):
                        if set_limit(pid, limit, value):
                            steps += 1
                            time.sleep(seconds)
                            set_limit(pid, limit, hard[limit])
                time.sleep(0.2)
            w.close(table, "%s: %s" % (daemon, what), steps, sink)
            if not steps:
                table.row("%s: %s" % (daemon, what), 0, *[""] * 8, wrong="no limit was set")


# ---- the log ----------------------------------------------------------------------------------------

def log_reader(table, sink, dead):
    """The log goes into a pipe that is full, or that nobody has open any more."""
    w = World("log-dead" if dead else "log-full")
    w.prepare()
    r, out = os.pipe()
    fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, 2 * PAGE)
    w.home.daemon = w.home.popen([w.home / "bin/qmail-start", "./Maildir/"], stdin=subprocess.DEVNULL, stdout=out,
                                 env=w.home.env(), cwd="/")
    w.home.pid = w.home.daemon.pid
    w.home.logfile = SCRATCH + "/log"
    open(w.home.logfile, "w").close()
    os.close(out)
    if dead:
        os.close(r)
    w.home.listen(port=25)
    w.began = time.monotonic()
    for _ in range(100):
        w.send(300)
    stuck = w.drain()
    if not dead:
        os.set_blocking(r, False)
        text = b""
        for _ in range(5):
            with contextlib.suppress(BlockingIOError):
                text += os.read(r, 65536)
            w.send(300)
        if b"warning: the log could not be written; lines lost: " not in text:
            stuck = stuck or "lines were lost and nobody said so: %r" % text[-300:]
        os.close(r)
    if stuck:
        w.wrong.append(stuck)
    w.close(table, "log reader %s" % ("dead" if dead else "stopped"), 1, sink)


def main():
    opts = report.options(__doc__.split("\n")[0])
    harness.accounts()
    table = report.Report("scarce", "steps", "sent", "refused", "accepted", "lost", "torn", "twice", "bounced", "CPU s")
    sink = Sink(SINK_PORT)
    sink.start()
    sink.up.wait()
    # What waits for qmail-send's next look takes two minutes, so quick leaves it out.
    full = opts.tier != "quick"
    home_without(table, sink, "pages", pages_left, range(9) if full else range(0, 8, 3))
    home_without(table, sink, "inodes", inodes_left, range(3))
    apart(table, sink, full)
    log_reader(table, sink, dead=True)
    if full:
        queue_without(table, sink, "pages", pages_left, range(60))
        queue_without(table, sink, "inodes", inodes_left, range(20))
        read_only(table, sink, 9)
        log_reader(table, sink, dead=False)
        limits(table, sink, 0.3 if opts.tier == "full" else 3)
    table.finish()


if __name__ == "__main__":
    main()
