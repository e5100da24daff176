#!/usr/bin/env python3
"""Kill storm: mail comes in by SMTP and qmail-queue while every process of the suite is killed at random.

The services are those of boot/s6 under s6-svscan. A client writes an id to the ledger, and flushes it, when it
was told that a message is accepted. At the end everything drains, and what arrived is held against the ledger:

  maildir, mbox, program   local deliveries       forward   through .qmail, on to the sink
  remote                   to the sink            bounce    to nobody: the bounce must arrive

Lost: acknowledged and nowhere. Torn: arrived otherwise than sent. Bounced: returned although deliverable.
Twice: a process died between the delivery and the note of it; qmail's promise is at least once. Fragments: an
mbox holds the beginning of a message whose delivery was killed, in front of the whole one.
"""
import calendar
import collections
import contextlib
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import report
import harness
from harness import SCRATCH, Home, fresh_home, wait_for
from ledger import Ledger, Sink, arrived, content

CLASSES = (("maildir", 40), ("remote", 25), ("forward", 10), ("bounce", 10), ("mbox", 8), ("program", 7))
HOST = "storm.example"
# by: for qmail-queue, what started it
Stroke = collections.namedtuple("Stroke", "at name by pid signal")
SHORT = ("qmail-local", "qmail-queue", "qmail-remote", "qmail-smtpd")
SINK_PORT = 2525
SMTP_PORT = 2500
CLIENTS = 6
RESTART = 20
PUT_OFF = rb"trouble injecting bounce message|unable to start qmail-queue"
AMOUNT = {"quick": (400, 4), "full": (3000, 30), "long": (30000, 600)}    # at least: messages, seconds

PROGRAM = """#!/bin/sh
umask 077
cat > program.tmp/$$.$PPID && mv program.tmp/$$.$PPID program.new/$(date +%s%N).$$
"""


class Client(threading.Thread):
    """Sends one message after the other until told to stop, most by SMTP, some by qmail-queue."""

    def __init__(self, storm, number):
        super().__init__(daemon=True)
        self.storm, self.number, self.count = storm, number, 0
        self.rng = random.Random(storm.seed * 1000 + number)
        self.conn = None

    def run(self):
        while not self.storm.enough():
            # what the suite delivers between the strokes is what may come in, or all ends in one long wait
            if len(self.storm.ledger.ids) > self.storm.pace():
                time.sleep(0.02)
                continue
            self.count += 1
            kind = self.rng.choices([c for c, _ in CLASSES], [w for _, w in CLASSES])[0]
            ident = "%s.%d.%d.%d" % (kind, self.storm.seed, self.number, self.count)
            self.storm.tried[kind] += 1
            try:
                ok = self.queue(ident, kind) if self.rng.random() < 0.15 else self.smtp(ident, kind)
            except (OSError, EOFError):
                self.conn, ok = None, False
                time.sleep(0.02)
            if ok:
                self.storm.ledger.add(ident)

    def say(self, line, code):
        if line:
            self.conn.write(line.encode() + b"\r\n")
            self.conn.flush()
        got = self.conn.readline()
        while got[3:4] == b"-":
            got = self.conn.readline()
        if not got:
            raise EOFError
        return got[:3] == code

    def smtp(self, ident, kind):
        if not self.conn:
            s = socket.create_connection(("127.0.0.1", SMTP_PORT), 60)
            self.conn = s.makefile("rwb")
            if not self.say("", b"220"):
                raise EOFError
            self.say("HELO client", b"250")
        if not (self.say("MAIL FROM:<sender@%s>" % HOST, b"250")
                and self.say("RCPT TO:<%s>" % recipient(kind), b"250") and self.say("DATA", b"354")):
            raise EOFError
        text = re.sub(r"^\.", "..", content(ident), flags=re.M).replace("\n", "\r\n")
        ok = self.say(text + ".", b"250")
        if self.rng.random() < 0.1:
            self.say("QUIT", b"221")
            self.conn = None
        return ok

    def queue(self, ident, kind):
        envelope = os.memfd_create("envelope")
        message = os.memfd_create("message")
        try:
            os.write(envelope, ("Fsender@%s\0T%s\0\0" % (HOST, recipient(kind))).encode())
            os.write(message, content(ident).encode())
            for fd in (envelope, message):
                os.lseek(fd, 0, os.SEEK_SET)
            return subprocess.run([self.storm.home / "bin/qmail-queue"], stdin=message, stdout=envelope,
                                  stderr=subprocess.DEVNULL, env={}).returncode == 0
        finally:
            os.close(envelope)
            os.close(message)


def comm(pid):
    try:
        with open("/proc/%s/comm" % pid) as f:
            return f.read().strip()
    except OSError:
        return ""


def parent(pid):
    try:
        with open("/proc/%s/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[1]
    except OSError:
        return ""


def recipient(kind):
    return {"maildir": "foo@", "mbox": "foo-mbox@", "program": "foo-program@", "forward": "foo-forward@",
            "bounce": "nobody-here@"}.get(kind, "x@remote.") + HOST


class Storm:
    def __init__(self, seed, messages, seconds):
        self.seed, self.messages, self.seconds = seed, messages, seconds
        self.rng = random.Random(seed)
        self.home = Home(SCRATCH + "/qmail")
        self.tried = collections.Counter()
        self.kills = collections.Counter()
        self.strokes = []
        self.stopped = []

    def pace(self):
        """How many messages may be accepted by now."""
        return 1.1 * self.messages * (time.monotonic() - self.began) / self.seconds + CLIENTS

    def enough(self):
        return time.monotonic() > self.end and len(self.ledger.ids) >= self.messages or time.monotonic() > self.last

    # ---- before
    def prepare(self):
        harness.accounts()
        h = self.home
        h.clear()
        shutil.rmtree(h / "log", ignore_errors=True)
        os.mkdir(h / "log")
        h.control(me=HOST + "\n", locals=HOST + "\n", rcpthosts=".%s\n%s\n" % (HOST, HOST),
                  smtproutes="remote.%s:127.0.0.1:%d\n" % (HOST, SINK_PORT), concurrencyremote="40\n")
        foo = fresh_home("foo")
        os.mkdir(foo + "/program.tmp")
        os.mkdir(foo + "/program.new")
        with open(foo + "/program", "w") as f:
            f.write(PROGRAM)
        for name, line in (("", "./Maildir/"), ("-mbox", "./Mailbox"), ("-program", "|./program"),
                           ("-forward", "&x@remote." + HOST)):
            with open(foo + "/.qmail" + name, "w") as f:
                f.write(line + "\n")
        john = fresh_home("john")
        with open(john + "/.qmail", "w") as f:
            f.write("./Maildir/\n")
        alias = pwd.getpwnam("alias")
        h.assign("=sender:john:%d:%d:%s:::\n+nobody:alias:%d:%d:%s:-:nobody:\n.\n" % (
            harness.ACCOUNTS["john"], harness.ACCOUNTS["john"], john, alias.pw_uid, alias.pw_gid, h / "alias"))
        subprocess.run(["chown", "-R", "%d:%d" % ((harness.ACCOUNTS["foo"],) * 2), foo], check=True)
        os.chmod(foo + "/program", 0o755)

        scan = SCRATCH + "/service"
        shutil.rmtree(scan, ignore_errors=True)
        for s in ("qmail-send", "qmail-smtpd"):
            shutil.copytree(h / ("boot/s6/" + s), scan + "/" + s)
        for name, value in (("ADDRESS", "127.0.0.1"), ("PORT", SMTP_PORT), ("CONCURRENCY", 40), ("RULES", "/none")):
            with open(scan + "/qmail-smtpd/env/" + name, "w") as f:
                f.write("%s\n" % value)
        self.sink = Sink(SINK_PORT)
        self.sink.start()
        self.sink.up.wait()
        self.ledger = Ledger(SCRATCH + "/ledger")
        self.s6 = subprocess.Popen(["s6-svscan", scan], stdin=subprocess.DEVNULL, stdout=open(SCRATCH + "/s6.log", "w"),
                                   stderr=subprocess.STDOUT)
        wait_for("the services", lambda: self.listening() and self.programs().get("qmail-clean"))

    def listening(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", SMTP_PORT)) == 0

    # ---- during
    def programs(self):
        """The pids of what runs, by program; injector is what queues bounces for qmail-send, and is that program too."""
        found = collections.defaultdict(list)
        for p in os.listdir("/proc"):
            if p.isdigit():
                try:
                    exe = os.readlink("/proc/%s/exe" % p)
                except OSError:
                    continue
                name = os.path.basename(exe)
                if name == "qmail-send" and comm(p) == "injector":
                    name = "injector"
                if exe.startswith(self.home / "bin/") or name in ("tcpserver", "s6-log"):
                    found[name].append(int(p))
        return found

    def kill(self, name, pid, sig):
        by = comm(parent(pid)) if name == "qmail-queue" else ""
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            return
        self.kills["%s %s" % (name, signal.Signals(sig).name)] += 1
        self.strokes.append(Stroke(time.time(), name, by, pid, signal.Signals(sig).name))

    def blow(self):
        """One stroke."""
        running = self.programs()
        what = self.rng.random()
        if what < 0.02:
            for name, pids in running.items():
                for pid in pids:
                    self.kill(name, pid, signal.SIGKILL)
            return
        # a program first, then one of its processes: the rare ones are hit as often as the many. Those that
        # live for milliseconds are waited for.
        name = self.rng.choice(SHORT if self.rng.random() < 0.5 else sorted(running) or SHORT)
        patience = time.monotonic() + 0.3
        while name not in running and time.monotonic() < patience:
            running = self.programs()
        if name not in running:
            return
        if name in ("s6-log", "tcpserver") and self.rng.random() < 0.7:
            return
        pid = self.rng.choice(running[name])
        if what < 0.10:
            self.kill(name, pid, signal.SIGSTOP)
            self.stopped.append((time.monotonic() + self.rng.choice((0.5, 1, 3)), pid))
        elif what < 0.14 and name in ("qmail-send", "injector", "tcpserver"):
            self.kill(name, pid, signal.SIGTERM)
        elif what < 0.20 and name in ("qmail-send", "injector"):
            self.kill(name, pid, self.rng.choice((signal.SIGALRM, signal.SIGHUP)))
        else:
            self.kill(name, pid, signal.SIGKILL)

    def wake(self, all_of_them=False):
        left = []
        for at, pid in self.stopped:
            if not all_of_them and at > time.monotonic():
                left.append((at, pid))
                continue
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
        self.stopped = left

    def rage(self):
        self.began = time.monotonic()
        self.end = self.began + self.seconds
        self.last = time.monotonic() + 10 * self.seconds + 60
        clients = [Client(self, i) for i in range(CLIENTS)]
        for c in clients:
            c.start()
        while any(c.is_alive() for c in clients):
            if not self.enough():
                self.blow()
            self.wake(all_of_them=self.enough())
            time.sleep(self.rng.uniform(0.02, 0.2))
        self.wake(all_of_them=True)

    # ---- after
    def put_off(self):
        """(when, line) of each bounce that could not be queued at once, by qmail-send's log."""
        log = self.home / "log/send"
        lines = b""
        for name in sorted(os.listdir(log)):
            if name.startswith(("@", "current")):
                with open(os.path.join(log, name), "rb") as f:
                    lines += b"".join(line for line in f if re.search(PUT_OFF, line))
        told = subprocess.run(["s6-tai64nlocal"], input=lines, env=dict(os.environ, TZ="UTC0"), capture_output=True, check=True).stdout
        for line in told.decode("latin-1").splitlines():
            m = re.match(r"(\S+ [\d:]+)(\.\d{6})\d* (.*)", line)
            if m:
                yield calendar.timegm(time.strptime(m[1], "%Y-%m-%d %H:%M:%S")) + float(m[2]), m[3]

    def unexplained(self):
        """How many bounces were put off; and those of them, with the strokes near it, where nothing that queues bounces was hit."""
        found = list(self.put_off())
        odd = []
        for at, line in found:
            near = [x for x in self.strokes if at - 10 < x.at < at + 1]
            if not any(x.name in ("qmail-send", "injector") or x.by == "injector" for x in near):
                odd.append("%.3f %s; near it: %s" % (at, line, " ".join("%s:%s:%.3f" % (x.name, x.signal, x.at) for x in near)))
        return len(found), odd

    def files(self):
        return [os.path.join(b, f) for b, _, fs in os.walk(self.home / "queue") for f in fs if os.path.basename(b) != "lock"]

    def known(self):
        """Messages that qmail-send answers for; the rest are leftovers of injections that were killed."""
        return [f for f in self.files() if re.search(r"/queue/(todo|info)/", f)]

    def drain(self, patient):
        """Have everything tried at once until nothing is left; what a killed qmail-queue left is made old. A bounce that was
        put off is tried again after two minutes, or by the next qmail-send: who is not patient has one started."""
        restart = time.monotonic() + RESTART

        def pressed(what):
            nonlocal restart
            if not patient and time.monotonic() > restart:
                subprocess.run(["s6-svc", "-r", SCRATCH + "/service/qmail-send"], check=True)
                restart = time.monotonic() + RESTART
            # (not its children: one that is about to be a qmail-queue would take the signal with it)
            for pid in self.programs().get("qmail-send", ()):
                with contextlib.suppress(OSError):
                    # (before it listens for the signal, it would end by it)
                    with open("/proc/%d/status" % pid) as f:
                        heard = re.findall(r"^Sig(?:Cgt|Blk):\s*(\w+)", f.read(), re.M)
                        if any(int(mask, 16) >> signal.SIGALRM - 1 & 1 for mask in heard):
                            os.kill(pid, signal.SIGALRM)
            time.sleep(0.5)
            return not what()
        wait_for("the messages to be done with", lambda: pressed(self.known), 480)
        for f in self.files():
            with contextlib.suppress(FileNotFoundError):
                os.utime(f, (time.time() - 200000,) * 2, follow_symlinks=False)
        subprocess.run(["s6-svc", "-r", SCRATCH + "/service/qmail-send"], check=True)
        wait_for("the leftovers to be removed", lambda: pressed(self.files), 60)

    def stop(self):
        subprocess.run(["s6-svscanctl", "-t", SCRATCH + "/service"], check=False)
        self.s6.wait(60)

    def deliveries(self):
        """(kind of place, text) of all that arrived."""
        foo = os.path.join(harness.HOMES, "foo")
        for d in (foo + "/Maildir/new", foo + "/program.new"):
            for f in os.listdir(d):
                with open(os.path.join(d, f), encoding="latin-1") as h:
                    yield "program" if "program" in d else "maildir", h.read()
        if os.path.exists(foo + "/Mailbox"):
            with open(foo + "/Mailbox", encoding="latin-1") as h:
                for m in re.split(r"^From (?=sender@)", h.read(), flags=re.M)[1:]:
                    yield "mbox", re.sub(r"^>(>*From )", r"\1", m, flags=re.M)
        for m in self.sink.got:
            yield "sink", m
        john = os.path.join(harness.HOMES, "john", "Maildir/new")
        for f in os.listdir(john):
            with open(os.path.join(john, f), encoding="latin-1") as h:
                text = h.read()
                yield "bounce", text[text.index("--- Below this line is a copy of the message."):] if "--- Below" in text else text

    def account(self):
        place = {"maildir": "maildir", "mbox": "mbox", "program": "program", "forward": "sink", "remote": "sink",
                 "bounce": "bounce"}
        whole, torn, fragments, wrong, unknown = (collections.Counter() for _ in range(5))
        for where, text in self.deliveries():
            ident, good = arrived(text)
            kind = ident.split(".")[0]
            if kind not in place:
                unknown["maildir"] += 1
            elif place[kind] != where:
                wrong[kind] += 1
            elif good:
                whole[ident] += 1
            elif where == "mbox":
                fragments[kind] += 1
            else:
                torn[kind] += 1
        return whole, torn, fragments, wrong, unknown


def main():
    opts = report.options(__doc__.split("\n")[0], messages=(0, "at least so many accepted"), seconds=(0, "at least so long"))
    messages, seconds = AMOUNT[opts.tier]
    table = report.Report("messages", "tried", "accepted", "arrived", "lost", "torn", "misplaced", "twice", "unasked", "fragments")
    storm = Storm(opts.seed, opts.messages or messages, opts.seconds or seconds)
    storm.prepare()
    began = time.monotonic()
    storm.rage()
    raged = time.monotonic() - began
    stuck = ""
    try:
        storm.drain(patient=opts.tier == "long")
    except AssertionError as e:
        stuck = str(e)
    left = storm.files()
    storm.stop()
    whole, torn, fragments, wrong, unknown = storm.account()
    for kind, _ in CLASSES:
        acked = {i for i in storm.ledger.ids if i.startswith(kind + ".")}
        came = {i for i in whole if i.startswith(kind + ".")}
        lost = sorted(acked - came)
        zero = len(lost) + torn[kind] + wrong[kind] + unknown[kind]
        table.row(kind, storm.tried[kind], len(acked), len(came & acked), len(lost), torn[kind], wrong[kind],
                  sum(whole[i] - 1 for i in came), len(came - acked), fragments[kind],
                  wrong="%s" % (lost[:5] or "not as sent") if zero else "" if acked else "none was accepted")
    table.row("queue empty", "", "", "", "", "", "", "", "", len(left), wrong=stuck or ("%s" % left[:5] if left else ""))
    print("%d accepted in %.0f s; strokes: %d" % (len(storm.ledger.ids), raged, sum(storm.kills.values())))
    for what, n in sorted(storm.kills.items()):
        print("  %-28s %d" % (what, n))
    number, odd = storm.unexplained()
    print("bounces put off: %d, of them with nothing hit that queues bounces: %d" % (number, len(odd)), *odd, sep="\n  ")
    table.row("bounces put off", "", number, "", "", "", "", "", "", "", wrong="no stroke near %d of them" % len(odd) if odd else "")
    table.row("enough", "", len(storm.ledger.ids), "", "", "", "", "", "", "",
              wrong="" if len(storm.ledger.ids) >= storm.messages else "fewer than %d were accepted" % storm.messages)
    table.finish()


if __name__ == "__main__":
    main()
