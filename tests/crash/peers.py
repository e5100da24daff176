#!/usr/bin/env python3
"""Hostile clients, against the real tcpserver, qmail-smtpd, qmail-qmtpd, qmail-qmqpd, qmail-popup and qmail-pop3d.

  idle       clients that say nothing, as many as tcpserver takes: what they cost, and who is served beside them
  slow       a byte now and then, just in time for every read: the session's own deadline ends it; nothing is queued
  deaf       a client that never reads; half-close: one that has said everything
  reset      RST behind every byte of a dialogue, replies awaited or not: what was taken whole arrives whole, once
  cuts       the same dialogue in one segment, in one byte each, and cut anywhere: the same replies, the same mail
  large      lines of 10 MB before and in DATA, junk without end: bounded memory
  signals    ALRM, HUP and CHLD to the daemons, a thousand a second, under load, TERM at times: nothing is lost

After each part the queue is empty and no receiver is left.
"""
import contextlib
import os
import pwd
import random
import re
import resource
import signal
import socket
import struct
import subprocess
import threading
import time

import report
import harness
from harness import SCRATCH, Home, fresh_home, wait_for
from ledger import Sink, arrived, content

HOST = "peers.example"
SMTP, QMTP, QMQP, POP, SINK_PORT = 25, 209, 628, 110, 2525
RECEIVERS = ("qmail-smtpd", "qmail-qmtpd", "qmail-qmqpd", "qmail-popup", "qmail-pop3d", "qmail-queue")
IDLE = {"quick": 100, "full": 1000, "long": 1000}
CUTS = {"quick": 1, "full": 10, "long": 100}
STRIDE = {"quick": 9, "full": 1, "long": 1}         # of the bytes behind which is reset
STORM = {"quick": 1.5, "full": 15, "long": 120}     # seconds
DEADLINE = 2                                        # control/timeoutsession; each DATA has twice that
READ = 1                                            # control/timeoutsmtpd
MEMORY = 64 << 20


def connect(port=SMTP, room=None):
    s = socket.socket()
    if room:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.settimeout(60)
    s.connect(("127.0.0.1", port))
    return s


def rest(s):
    """What still comes until the other side is gone."""
    got = b""
    with contextlib.suppress(ConnectionError):
        while True:
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
    return got


def until(s, enough):
    """What comes until enough(it)."""
    got = b""
    while not enough(got):
        piece = s.recv(65536)
        if not piece:
            raise EOFError(got)
        got += piece
    return got


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def plain(replies):
    """Without what differs from message to message: times and process numbers."""
    return re.sub(rb"ok \d+ qp \d+", b"ok", re.sub(rb"<\d+\.\d+@", b"<@", re.sub(rb"\d+:K", b"K", replies)))


def netstring(s):
    return b"%d:%s," % (len(s), s)


def mail(ident, recipients=(b"foo",), body=b"x\r\n"):
    """The commands of one message."""
    return [b"MAIL FROM:<foo@%s>\r\n" % HOST.encode(), *(b"RCPT TO:<%s@%s>\r\n" % (r, HOST.encode()) for r in recipients),
            b"DATA\r\n", b"Subject: %s\r\n\r\n" % ident + body + b".\r\n"]


class Trial:
    def __init__(self, opts):
        self.tier, self.rng = opts.tier, random.Random(opts.seed)
        self.home = Home(SCRATCH + "/qmail")
        self.sink = Sink(SINK_PORT)
        self.report = report.Report("peers", "what", "figure")

    def prepare(self):
        harness.accounts()
        resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
        h = self.home
        h.clear()
        h.control(me=HOST + "\n", locals=HOST + "\n", rcpthosts=HOST + "\nremote.%s\n" % HOST,
                  smtproutes="remote.%s:127.0.0.1:%d\n" % (HOST, SINK_PORT), concurrencylocal="20\n", maxrcpt="300\n")
        self.foo = fresh_home("foo")
        with open(self.foo + "/.qmail-default", "w") as f:
            f.write("./Maildir/\n")
        alias, foo = pwd.getpwnam("alias"), harness.ACCOUNTS["foo"]
        h.assign("=foo:foo:%d:%d:%s:::\n+foo-:foo:%d:%d:%s:-::\n+:alias:%d:%d:%s:-::\n.\n" % (
            foo, foo, self.foo, foo, foo, self.foo, alias.pw_uid, alias.pw_gid, h / "alias"))
        self.sink.start()
        self.sink.up.wait()
        h.start("./Maildir/")

    def programs(self, *names):
        """The pids of what runs of them."""
        found = []
        for p in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.readlink("/proc/%s/exe" % p) in [self.home / ("bin/" + n) for n in names]:
                    found.append(int(p))
        return found

    def receiver(self):
        """The pid of the qmail-smtpd that has spoken to us: one of a connection that is over may still be ending."""
        def only():
            pids = self.programs("qmail-smtpd")
            return pids if len(pids) == 1 else None
        return wait_for("a single receiver", only)[0]

    @contextlib.contextmanager
    def listening(self, port=SMTP, program="qmail-smtpd", limit=100, **control):
        """Controls hold while it runs."""
        self.home.control(**control)
        p = self.home.listen(port=port, args=("-c", str(limit), "-b", "1000"), program=program)
        try:
            yield p
        finally:
            p.terminate()
            p.wait()
            self.home.running.remove(p)
            for name in control:
                os.unlink(self.home / ("control/" + name))

    def quiet(self):
        """What is wrong behind a part: nothing, when its processes are gone and everything is delivered."""
        try:
            wait_for("the receivers to be gone", lambda: not self.programs(*RECEIVERS))
            self.home.drained()
            left = [f for b, _, fs in os.walk(self.home / "queue") for f in fs if os.path.basename(b) != "lock"]
            return "left in the queue: %s" % left if left else ""
        except AssertionError as e:
            return str(e)

    def delivered(self):
        """The messages that foo got since this was asked last, without what was added on the way."""
        out = []
        for f in sorted(os.listdir(self.foo + "/Maildir/new")):
            with open(self.foo + "/Maildir/new/" + f, "rb") as m:
                text = m.read()
            os.unlink(self.foo + "/Maildir/new/" + f)
            out.append(text[text.index(b"Subject:"):] if b"Subject:" in text else text)
        return out

    def row(self, name, what, figure, wrong):
        self.report.row(name, what, figure, wrong=wrong)

    # ---- idle
    def idle(self):
        n = IDLE[self.tier]
        patience = 2 + n // 100
        with self.listening(limit=n + 1, timeoutsmtpd="%d\n" % patience):
            began = time.monotonic()
            crowd = [connect() for _ in range(n)]
            for s in crowd:
                until(s, lambda got: got.endswith(b"\n"))
            pids = self.programs("qmail-smtpd")
            before, memory = self.cpu(pids), self.memory(pids)
            time.sleep(1)
            spent = self.cpu(self.programs("qmail-smtpd")) - before
            # one place is left
            with connect() as s:
                s.sendall(b"".join(mail(b"beside")) + b"QUIT\r\n")
                beside = b"ok" in rest(s)
            crowd.append(connect())
            until(crowd[-1], lambda got: got.endswith(b"\n"))
            late = connect()
            late.settimeout(0.5)
            waited = False
            try:
                late.recv(1)
            except socket.timeout:
                waited = True
            late.settimeout(60)
            ended = sum(rest(s).endswith(b"451 timeout (#4.4.2)\r\n") for s in crowd)
            for s in crowd:
                s.close()
            late.sendall(b"".join(mail(b"late")) + b"QUIT\r\n")
            taken = b"250 ok 1" in rest(late)
            late.close()
            took = time.monotonic() - began
        wrong = self.quiet()
        got = sorted(self.delivered())
        self.row("idle", "clients told to go", "%d of %d" % (ended, n + 1), "" if ended == n + 1 else "not all")
        self.row("idle", "processor, all of them, 1 s", "%.2f s" % spent, "" if spent < 0.5 else "they spin")
        self.row("idle", "memory of one", "%d kB" % (memory // n >> 10), "" if memory // n < 1 << 20 else "more than 1 MB")
        self.row("idle", "served beside, at the limit, behind", "%d %d %d" % (beside, waited, taken),
                 wrong or ("" if beside and waited and taken and len(got) == 2 else "%s" % got))
        self.row("idle", "all over after", "%.0f s" % took, "" if took < 6 * patience else "too late")

    @staticmethod
    def cpu(pids):
        ticks = 0
        for p in pids:
            with contextlib.suppress(OSError), open("/proc/%d/stat" % p) as f:
                ticks += sum(map(int, f.read().rpartition(")")[2].split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def memory(pids):
        """Bytes that are their own."""
        total = 0
        for p in pids:
            with contextlib.suppress(OSError), open("/proc/%d/smaps_rollup" % p) as f:
                total += sum(int(n) << 10 for n in re.findall(r"^Private_\w+: +(\d+)", f.read(), re.M))
        return total

    # ---- slow
    @staticmethod
    def drip(stream, pause, before=b""):
        """Send before at once and stream byte by byte: how long it was let, and the last line."""
        got = []
        with connect() as s:
            listener = threading.Thread(target=lambda: got.append(rest(s)))
            listener.start()
            s.sendall(before)
            began = time.monotonic()
            with contextlib.suppress(OSError):
                for i in range(len(stream)):
                    s.sendall(stream[i:i + 1])
                    end = time.monotonic() + pause
                    while time.monotonic() < end and listener.is_alive():
                        time.sleep(0.02)
                    if not listener.is_alive():
                        break
            listener.join(30)
        return time.monotonic() - began, got[0].splitlines()[-1] if got and got[0] else b""

    def slow(self):
        start = b"".join(mail(b"slow")[:3])
        cases = (
            ("a byte each 0.1 s", b"NOOP\r\n" * 100, 0.1, b"", DEADLINE),
            ("a byte just in time", b"NOOP\r\n" * 100, READ - 0.4, b"", DEADLINE),
            ("a byte too late", b"NOOP\r\n" * 100, READ + 1, b"NOOP\r\n", READ),
            ("in DATA, a byte each 0.1 s", b"Subject: slow\r\n\r\n" + b"x" * 1000, 0.1, start, 2 * DEADLINE),
            ("in DATA, just in time", b"Subject: slow\r\n\r\n" + b"x" * 1000, READ - 0.4, start, 2 * DEADLINE),
            ("in DATA, too late", b"Subject: slow\r\n\r\n" + b"x" * 1000, READ + 1, start, READ),
        )
        results = {}
        with self.listening(timeoutsmtpd="%d\n" % READ, timeoutsession="%d\n" % DEADLINE):
            threads = [threading.Thread(target=lambda c=c: results.update({c[0]: self.drip(*c[1:4])})) for c in cases]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        for what, _, _, _, limit in cases:
            took, last = results[what]
            fine = limit - 0.5 < took < limit + 2.5 and last == b"451 timeout (#4.4.2)"
            self.row("slow", what, "%.1f s" % took, "" if fine else "%r" % last)
        got = self.quiet() or self.delivered()
        self.row("slow", "queued of it", len(got), "%s" % got if got else "")

    # ---- deaf, half-closed
    def deaf(self):
        with self.listening(timeoutsmtpd="%d\n" % READ):
            began = time.monotonic()
            with connect(room=2048) as s:
                s.settimeout(READ + 5)
                sent = 0
                with contextlib.suppress(OSError):
                    while time.monotonic() < began + 20:
                        sent += s.send(b"VRFY x\r\n" * 1000)
            wrong = self.quiet()
            self.row("deaf", "let go after", "%.1f s" % (time.monotonic() - began), wrong)
            for name, end in (("half-close behind the message", b""), ("half-close behind QUIT", b"QUIT\r\n")):
                with connect() as s:
                    s.sendall(b"".join(mail(b"half")) + end)
                    s.shutdown(socket.SHUT_WR)
                    got = plain(rest(s))
                wrong = self.quiet()
                fine = b"250 ok\r\n354 go ahead\r\n250 ok" in got and self.delivered() == [b"Subject: half\n\nx\n"]
                self.row("deaf", name, got.count(b"\n"), wrong or ("" if fine else "%r" % got))
            with connect() as s:
                s.sendall(b"".join(mail(b"half"))[:-3])
                s.shutdown(socket.SHUT_WR)
                rest(s)
            wrong = self.quiet()
            got = self.delivered()
            self.row("deaf", "half-close inside the message", len(got), wrong or ("%r" % got if got else ""))

    # ---- reset
    def resets(self):
        """Behind each byte: two messages in one dialogue, that have their own names for each byte."""
        def smtp(name):
            return [b"EHLO c\r\n", *mail(name + b".1"), *mail(name + b".2", (b"foo", b"nobody-there", b"foo-x"), b"..y\r\n" * 3),
                    b"QUIT\r\n"]

        def qmtp(name):
            return [netstring(b"\nSubject: %s.%d\n\nx\n" % (name, i)) + netstring(b"foo@" + HOST.encode())
                    + netstring(netstring(b"foo@" + HOST.encode())) for i in (1, 2)]

        def qmqp(name):
            return [netstring(netstring(b"Subject: %s.1\n\nx\n" % name) + netstring(b"foo@" + HOST.encode())
                              + netstring(b"foo@" + HOST.encode()))]
        for name, port, make in (("SMTP", SMTP, smtp), ("QMTP", QMTP, qmtp), ("QMQP", QMQP, qmqp)):
            with self.listening(port, "qmail-%sd" % name.lower()):
                for waits in (True, False):
                    self.reset_everywhere(name, port, make, waits)

    def reset_everywhere(self, name, port, make, waits):
        length = len(b"".join(make(b"r.0000")))
        offsets = sorted({*range(self.rng.randrange(STRIDE[self.tier]), length, STRIDE[self.tier]), length})
        sure, whole = set(), set()
        for k in offsets:
            ident = b"r.%04d" % k
            steps = make(ident)
            stream = b"".join(steps)[:k]
            ends = [sum(map(len, steps[:i + 1])) for i in range(len(steps))]
            said = 0 if name != "SMTP" else 1 + sum(e <= k for e in ends) + 2 * (k >= ends[0])
            messages = [i for i, s in enumerate(steps) if b"Subject: " in s]
            taken = {b"%s.%d" % (ident, n + 1) for n, i in enumerate(messages) if ends[i] <= k}
            s = connect(port)
            if waits:
                s.sendall(stream)
                until(s, lambda got: got.count(b"\n") >= said if name == "SMTP" else got.count(b"K") >= len(taken))
                sure |= taken
            elif stream:
                s.send(stream)
                time.sleep(self.rng.choice((0, 0.001, 0.003)))
            whole |= taken
            reset(s)
        wrong = self.quiet()
        got = [(m.split()[1], m) for m in self.delivered()]
        # the second SMTP message has two copies for foo, and one of nobody's comes back
        idents = [i for i, m in got if m.startswith(b"Subject: r.")]
        torn = [m for i, m in got if m.startswith(b"Subject: r.") and m not in
                (b"Subject: %s\n\nx\n" % i, b"Subject: %s\n\n" % i + b".y\n" * 3)]
        lost, invented = sure - set(idents), set(idents) - whole
        twice = [i for i in set(idents) if idents.count(i) != (2 if name == "SMTP" and i.endswith(b".2") else 1)]
        for what, found in (("lost", lost), ("before its end", invented), ("torn", torn), ("not once", twice)):
            wrong = wrong or (found and "%s: %s" % (what, sorted(found)[:3])) or ""
        self.row("reset", "%s, %s" % (name, "replies awaited" if waits else "at once"),
                 "%d bytes, %d mails" % (len(offsets), len(set(idents))), wrong)

    # ---- cuts
    def dialogues(self):
        """name: (port, what the client says)."""
        foo, rng = b"foo@" + HOST.encode(), self.rng
        bits = bytes(rng.choice([b for b in range(1, 256) if b not in (10, 13)]) for _ in range(2000))
        out = {
            "good": mail(b"good") + mail(b"again"),
            "recipients": mail(b"many", [b"foo-%d" % i for i in range(60)] + [b"x" * 1000]),
            "errors": [b"RCPT TO:<x>\r\n", b"DATA\r\n", b"XYZZY\r\n", b"\r\n", b"MAIL FROM:\r\n", b"MAIL FROM:<a@b>\r\n",
                       b"DATA\r\n", b"RCPT TO:<a@elsewhere>\r\n", b"RCPT TO:<\"a>\r\n", b"NO\0OP\r\n", b"HELP\n", b"RSET\r\n", b"VRFY"
                       b"\r\n", b"noop\r\r\n", b"X" * 9000 + b"\r\n", b"EHLO\r\n"],
            "8-bit": mail(b"bits", body=bits + b"\r\n"),
            "dots": mail(b"dots", body=b"..\r\n...\r\n.x\r\n. \r\nx.\r\n\r.\r\n.\r\r\n\r\r\n"),
            "hops": mail(b"hops", body=b"x\r\n") + [b"MAIL FROM:<>\r\n", b"RCPT TO:<%s>\r\n" % foo, b"DATA\r\n",
                                                    b"Received: x\r\n" * 101 + b"\r\n.\r\n"],
            "lone LF": mail(b"lone", body=b"x\ny\r\n"),
            "junk": [b"JUNK\r\n"] * 260,
            "web": [b"GET / HTTP/1.1\r\n", b"Host: x\r\n", *mail(b"web")],
        }
        out = {name: (SMTP, b"".join(steps) + b"QUIT\r\n") for name, steps in out.items()}
        out["QMTP"] = (QMTP, b"".join(netstring(text) + netstring(b"foo@" + HOST.encode()) + netstring(
            b"".join(map(netstring, to))) for text, to in (
                (b"\nSubject: qmtp\n\nx", (foo,)), (b"\rSubject: crlf\r\n\r\n.\r\r\n", (b"a@elsewhere", foo, b"x\0y")))))
        out["QMQP"] = (QMQP, netstring(netstring(b"Subject: qmqp\n\n" + bits) + netstring(foo) + netstring(foo)))
        out["POP"] = (POP, b"CAPA\r\nUSER foo\r\nPASS bar\r\nSTAT\r\nLIST\r\nUIDL 1\r\nRETR 1\r\nTOP 1 0\r\nRETR 9\r\nQUIT\r\n")
        return out

    def pop(self):
        """A mailbox, and a checkpassword that does nothing but go there."""
        foo = str(harness.ACCOUNTS["foo"])
        box = os.path.join(SCRATCH, "box")
        subprocess.run(["rm", "-rf", box], check=True)
        for d in ("new", "cur", "tmp"):
            os.makedirs(box + "/Maildir/" + d)
        with open(box + "/Maildir/new/1.2.3", "wb") as f:
            f.write(b"Subject: pop\n\n.x\ny" * 100)
        check = os.path.join(SCRATCH, "check")
        with open(check, "w") as f:
            f.write('#!/bin/sh\ncd %s && exec "$@" 3<&-\n' % box)
        os.chmod(check, 0o755)
        subprocess.run(["chown", "-R", foo, box], check=True)
        p = self.home.popen(["tcpserver", "-R", "-H", "-l", HOST, "-u", foo, "-g", foo, "127.0.0.1", str(POP),
                             self.home / "bin/qmail-popup", HOST, check, self.home / "bin/qmail-pop3d", "Maildir"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, env=self.home.env())
        wait_for("POP", lambda: socket.socket().connect_ex(("127.0.0.1", POP)) == 0)
        return p

    def say(self, port, stream, cuts):
        got = []
        with connect(port) as s:
            listener = threading.Thread(target=lambda: got.append(rest(s)))
            listener.start()
            with contextlib.suppress(OSError):
                for a, b in zip([0] + cuts, cuts + [len(stream)]):
                    s.sendall(stream[a:b])
                if port not in (SMTP, POP):
                    s.shutdown(socket.SHUT_WR)
            listener.join(60)
        return plain(got[0]) if got else b""

    def cuts(self):
        with self.listening(), self.listening(QMTP, "qmail-qmtpd"), self.listening(QMQP, "qmail-qmqpd"):
            p = self.pop()
            for name, (port, stream) in self.dialogues().items():
                ways = [[], list(range(1, len(stream)))] + [
                    sorted(self.rng.sample(range(1, len(stream)), self.rng.randrange(1, 30))) for _ in range(CUTS[self.tier])]
                heard, mails, wrong = [], [], ""
                for way in ways:
                    heard.append(self.say(port, stream, way))
                    wrong = wrong or self.quiet()
                    mails.append(sorted(self.delivered()))
                for kind, all_of_them in (("replies", heard), ("mail", mails)):
                    other = [i for i, x in enumerate(all_of_them) if x != all_of_them[0]]
                    if other and not wrong:
                        wrong = "%s of way %d: %r, not %r" % (kind, other[0], all_of_them[other[0]][-300:], all_of_them[0][-300:])
                self.row("cuts", name, "%d ways, %d bytes back" % (len(ways), len(heard[0])), wrong or ("" if heard[0] else "silence"))
            p.terminate()

    # ---- large
    @staticmethod
    def high_water(pid):
        """The most memory that it ever had."""
        with open("/proc/%d/status" % pid) as f:
            return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) << 10

    def peak(self, stream, pieces, answer=b""):
        """Send stream so many times: the most memory the receiver had, and what it said."""
        with connect() as s:
            until(s, lambda got: got.endswith(b"\n"))
            pid = self.receiver()
            highest, got = [self.high_water(pid)], []

            def watch():
                with contextlib.suppress(OSError, TypeError):       # TypeError: it is a zombie
                    while True:
                        highest.append(self.high_water(pid))
                        time.sleep(0.02)
            watcher = threading.Thread(target=watch, daemon=True)
            watcher.start()
            listener = threading.Thread(target=lambda: got.append(rest(s)))
            listener.start()
            with contextlib.suppress(OSError):
                for _ in range(pieces):
                    s.sendall(stream)
                s.sendall(answer)
                s.shutdown(socket.SHUT_WR)
            listener.join(60)
        return max(highest), got[0] if got else b""

    def large(self):
        block, many = b"x" * (1 << 20), 10 if self.tier != "long" else 1000
        data = b"".join(mail(b"large")[:3])
        cases = (
            ("a command", block, many, b"\r\nNOOP\r\nQUIT\r\n", rb"500 .*\r\n250 ok\r\n221 .*\r\n$", 0),
            ("an address", b"MAIL FROM:<" + block, many, b">\r\nNOOP\r\nQUIT\r\n", rb"(500|555) .*\r\n250 ok\r\n221 .*\r\n$", 0),
            ("junk without end", b"JUNK\r\n" * 1000, 1000, b"", rb"421 too many.*\r\n$", 0),
            ("recipients", b"RCPT TO:<foo@%s>\r\n" % HOST.encode() * 1000, 20, b"", rb"503 MAIL first", 0),
        )
        with self.listening():
            for what, stream, pieces, answer, expected, mails in cases:
                memory, got = self.peak(stream, pieces, answer)
                self.row("large", what, "%d kB" % (memory >> 10), self.quiet() or (
                    "" if re.search(expected, got) and memory < MEMORY and len(self.delivered()) == mails else "%r" % got[-200:]))
            for what, before in (("a line of the header", b"Subject: "), ("a line of the body", b"Subject: large\r\n\r\n")):
                with connect() as s:
                    s.sendall(data)
                    until(s, lambda got: b"354" in got)
                    s.sendall(before)
                    pid = self.receiver()
                    for _ in range(10):
                        s.sendall(block)
                    memory = self.high_water(pid)
                    s.sendall(b"\r\n.\r\nQUIT\r\n")
                    got = rest(s)
                wrong = self.quiet()
                mails = self.delivered()
                fine = b"250 ok" in got and memory < MEMORY and [len(m) for m in mails] == [
                    len(before.replace(b"\r", b"")) + 10 * len(block) + 1]
                self.row("large", what, "%d kB" % (memory >> 10), wrong or ("" if fine else "%r %s" % (got, [len(m) for m in mails])))

    # ---- signals
    def signals(self):
        over = time.monotonic() + STORM[self.tier]
        accepted, count, restarts = set(), [0], 0

        def load(worker):
            n = 0
            while time.monotonic() < over:
                n += 1
                ident = "storm.%d.%d+%d" % (worker, n, 200)
                to = ("foo@" if worker % 2 else "x@remote.") + HOST
                with contextlib.suppress(OSError, EOFError), connect() as s:
                    text = content(ident).replace("\n", "\r\n").encode()
                    s.sendall(b"MAIL FROM:<foo@%s>\r\nRCPT TO:<%s>\r\nDATA\r\n" % (HOST.encode(), to.encode())
                              + text + b".\r\nQUIT\r\n")
                    if b"250 ok 1" in rest(s):
                        accepted.add(ident)

        def listens(pid):
            """qmail-send dies, as any process does, of what comes before it has said what it wants of signals."""
            with contextlib.suppress(OSError), open("/proc/%d/status" % pid) as f:
                return int(re.search(r"SigCgt:\s+(\w+)", f.read())[1], 16) >> signal.SIGALRM - 1 & 1
            return False

        def storm():
            while time.monotonic() < over:
                daemons = [(p, s) for p in self.programs("qmail-send") if listens(p) for s in (signal.SIGALRM, signal.SIGHUP, signal.SIGCHLD)]
                daemons += [(p, signal.SIGCHLD) for p in self.programs("qmail-lspawn", "qmail-rspawn", "qmail-clean", "qmail-smtpd")]
                for _ in range(100 if daemons else 0):
                    pid, number = self.rng.choice(daemons)
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, number)
                        count[0] += 1
                    time.sleep(0.0005)
        with self.listening():
            threads = [threading.Thread(target=load, args=(i,)) for i in range(4)] + [threading.Thread(target=storm)]
            for t in threads:
                t.start()
            while time.monotonic() < over:
                time.sleep(STORM[self.tier] / 3)
                # what dies by a signal that it should survive shows here
                alive = self.home.daemon.poll() is None
                if alive:
                    self.home.signal("TERM")
                self.home.daemon.wait(20)
                self.home.start("./Maildir/")
                restarts += 1
            for t in threads:
                t.join()
            self.home.signal("ALRM")
            wrong = self.quiet() or ("" if alive else "qmail-send was gone")
        came = [arrived(m.decode("latin-1")) for m in self.delivered() + [m.encode("latin-1") for m in self.sink.got]]
        names = [i for i, good in came if good]
        lost, torn = accepted - set(names), [i for i, good in came if not good]
        twice = len(names) - len(set(names))
        self.row("signals", "sent, TERM", "%d %d" % (count[0], restarts), wrong)
        self.row("signals", "accepted, lost, torn, twice", "%d %d %d %d" % (len(accepted), len(lost), len(torn), twice),
                 "%s %s" % (sorted(lost)[:3], torn[:3]) if lost or torn or twice or not accepted else "")


def main():
    opts = report.options(__doc__.split("\n")[0], only=("", "parts, with commas between"))
    trial = Trial(opts)
    trial.prepare()
    parts = (trial.slow, trial.deaf, trial.resets, trial.cuts, trial.large, trial.signals, trial.idle)
    try:
        for part in parts:
            if not opts.only or part.__name__ in opts.only.split(","):
                began = time.monotonic()
                part()
                print("%s: %.1f s" % (part.__name__, time.monotonic() - began), flush=True)
    finally:
        trial.home.stop()
    trial.report.finish()


if __name__ == "__main__":
    main()
