#!/usr/bin/env python3
"""The smuggling matrix: every string of up to six of CR, LF, dot, a and NUL inside a message, in and out.

  in        qmail-smtpd, QMAILQUEUE being keeper.c, against a decider that looks at the whole stream: which messages
            are taken, what is in them, and every reply; the string stands inside a line, or begins DATA
  strict    the same with control/rejectbarecr
  out       the string in a message for qmail-remote; what arrives holds one CR LF . CR LF, no lone CR, no lone LF,
            and decodes to the message
  through   what qmail-smtpd took goes out by qmail-remote and in again: one message, the same

quick and full take a sample that the seed decides, long takes all 19,530.
"""
import concurrent.futures
import itertools
import os
import random
import re
import socket
import subprocess
import threading

import report
from harness import SCRATCH, Home

BYTES = (b"\r", b"\n", b".", b"a", b"\0")
AMOUNT = {"quick": 300, "full": 3000, "long": None}
WORKERS = 4
HOST = b"mx.test.example"
MAIL = b"MAIL FROM:<s@test.example>\r\nRCPT TO:<r@test.example>\r\nDATA\r\n"
SECOND = b"Subject: second\r\n\r\n..second\r\n.\r\n"
PLACES = {"inside": b"Subject: t\r\n\r\nx", "begin": b""}
OK = "250 ok N qp N"


def matrix():
    return [b"".join(t) for n in range(1, 7) for t in itertools.product(BYTES, repeat=n)]


def sample(tier, rng):
    every = matrix()
    assert len(every) == 19530
    if not AMOUNT[tier]:
        return every
    # all of the short ones: what they break, most of the long ones break as well
    short = [s for s in every if len(s) < 4]
    return short + rng.sample(every[len(short):], AMOUNT[tier] - len(short))


# ---- the deciders: whole strings, no states
def decide_data(stream):
    """DATA's bytes: where they end and the message, or no message when a lone LF comes before the end."""
    over = ("\r\n" + stream.decode("latin-1")).find("\r\n.\r\n")
    lone = re.search(rb"(?<!\r)\n", stream)
    if lone and (over < 0 or lone.start() < over):
        return lone.end(), None
    text = stream[:over]
    lines = text.split(b"\r\n")
    # qmail takes no dot off where a lone CR follows it
    lines = [line[1:] if line[:1] == b"." and line[1:2] != b"\r" else line for line in lines]
    return over + 3, b"\n".join(lines)


def lone_cr(stream):
    return re.search(rb"\r(?!\n)", stream) is not None


def decide(stream, strict):
    """A session: its replies, and the messages that it leaves."""
    replies, kept = ["220 mx.test.example ESMTP"], []
    while stream:
        line, _, stream = stream.partition(b"\n")
        line = line[:-1] if line[-1:] == b"\r" else line
        if b"\0" in line:
            replies.append("500 NUL in command (#5.5.2)")
        elif line.startswith((b"MAIL FROM", b"RCPT TO")):
            replies.append("250 ok")
        elif line == b"QUIT":
            return replies + ["221 mx.test.example"], kept
        elif line != b"DATA":
            replies.append("502 unimplemented (#5.5.1)")
        else:
            replies.append("354 go ahead")
            end, text = decide_data(stream)
            if text is None:
                return replies + ["451 line feed without carriage return in message (#4.6.0)"], kept
            if strict and lone_cr(stream[:end]):
                replies.append("554 carriage return without line feed in message (#5.6.0)")
            else:
                replies.append(OK)
                kept.append(text)
            stream = stream[end:]
    return replies, kept


def normal(text):
    """As a message leaves: each CR LF, LF and CR is a line's end, and the last line has one."""
    text = re.sub(rb"\r\n?", b"\n", text)
    return text if not text or text.endswith(b"\n") else text + b"\n"


def wrong_wire(wire):
    """What is amiss with what qmail-remote sent behind DATA, the QUIT at its end included."""
    if not wire.endswith(b".\r\nQUIT\r\n"):
        return "does not end with the dot and QUIT"
    data = b"\r\n" + wire[:-len(b"QUIT\r\n")]
    if data.count(b"\r\n.\r\n") != 1:
        return "%d ends of data" % data.count(b"\r\n.\r\n")
    if re.search(rb"\r(?!\n)|(?<!\r)\n", data):
        return "a lone CR or LF"
    return ""


def decode(wire):
    lines = wire[:-len(b".\r\nQUIT\r\n")].split(b"\r\n")
    return b"\n".join(line[1:] if line[:1] == b"." else line for line in lines)


# ---- the programs
class Sink(threading.Thread):
    """A host that says yes and keeps, byte for byte, what came behind DATA until the connection's end."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.wire = b""
        self.over = threading.Semaphore(0)

    def run(self):
        while True:
            conn, _ = self.listening.accept()
            with conn:
                conn.settimeout(20)
                try:
                    self.wire = self.session(conn)
                except OSError:
                    self.wire = b""
            self.over.release()

    @staticmethod
    def session(conn):
        conn.sendall(b"220 sink\r\n")
        got, answered = b"", 0
        while not got.endswith(b"DATA\r\n"):
            piece = conn.recv(65536)
            if not piece:
                return b""
            got += piece
            while answered < got.count(b"\n"):
                answered += 1
                conn.sendall(b"354 go\r\n" if got.endswith(b"DATA\r\n") else b"250 ok\r\n")
        wire, told = b"", 0
        while True:
            piece = conn.recv(65536)
            if not piece:
                return wire
            wire += piece
            if not told and b"\r\n.\r\n" in b"\r\n" + wire:
                told = conn.send(b"250 ok\r\n")


class Worker:
    """One string after the other through the programs."""

    def __init__(self, home, keeper, number):
        self.home, self.keep = home, os.path.join(SCRATCH, "kept.%d" % number)
        self.env = home.env(QMAILQUEUE=keeper, KEEP=self.keep, TCPREMOTEIP="192.0.2.9")
        self.sink = Sink()
        self.sink.start()

    def receive(self, stream, strict=False):
        """qmail-smtpd: its replies as decide() writes them, and the messages kept, their Received field off."""
        with open(self.keep, "wb"):
            pass
        out = subprocess.run([self.home / "bin/qmail-smtpd"], input=stream, stdout=subprocess.PIPE, timeout=30,
                             env=dict(self.env, REJECTBARECR="1") if strict else self.env).stdout.decode()
        replies = re.sub(r"(?m)^250 ok \d+ qp \d+\r$", OK + "\r", out).split("\r\n")
        with open(self.keep, "rb") as f:
            raw = f.read()
        kept = []
        while raw:
            sizes, _, raw = raw.partition(b"\n")
            m, e = map(int, sizes.split())
            text, envelope, raw = raw[:m], raw[m:m + e], raw[m + e:]
            field = re.match(rb"Received: from .*\n  by .*\n", text)
            if not field or envelope != b"Fs@test.example\0Tr@test.example\0\0":
                return replies[:-1], None
            kept.append((text, text[field.end():]))
        return replies[:-1], kept

    def send(self, text):
        """qmail-remote: what arrives behind DATA."""
        with open(self.keep, "wb") as f:
            f.write(text)
        with open(self.keep, "rb") as f:
            p = subprocess.run([self.home / "bin/qmail-remote", "sink.%d" % self.sink.port, "s@test.example", "r@sink"],
                               stdin=f, stdout=subprocess.PIPE, timeout=30, env=self.home.env())
        if not p.stdout.startswith(b"r\0K"):
            return p.stdout
        self.sink.over.acquire()
        return self.sink.wire

    def inbound(self, s, place, strict):
        stream = MAIL + PLACES[place] + s + b"\r\n.\r\n" + MAIL + SECOND + b"QUIT\r\n"
        replies, kept = self.receive(stream, strict)
        expected, messages = decide(stream, strict)
        if replies != expected:
            return "replies %s, not %s" % (replies, expected), []
        if kept is None or [text for _, text in kept] != messages:
            return "kept %s, not %s" % (kept, messages), []
        return "", [text for text, _ in kept]

    def outbound(self, text):
        wire = self.send(text)
        problem = wrong_wire(wire)
        if not problem and decode(wire) != normal(text):
            problem = "is another message"
        return problem and "%s: %r" % (problem, wire), wire

    def through(self, stored):
        problem, wire = self.outbound(stored)
        if problem:
            return problem
        replies, kept = self.receive(MAIL + wire)
        if replies[-3:] != ["354 go ahead", OK, "221 mx.test.example"] or not kept or [t for _, t in kept] != [normal(stored)]:
            return "came in as %s %s" % (replies, kept)
        return ""

    def run(self, strings, places):
        """(suite row, string, problem) of everything that was tried."""
        for s in strings:
            for place in places(s):
                problem, stored = self.inbound(s, place, strict=False)
                yield "in, " + place, s, problem
                yield "in, " + place + ", strict", s, self.inbound(s, place, strict=True)[0]
                yield "out, " + place, s, self.outbound(PLACES[place].replace(b"\r\n", b"\n") + s + b"\n.\nQUIT\n")[0]
                if len(stored) == 2:
                    yield "through, " + place, s, self.through(stored[0])


def main():
    opts = report.options(__doc__.split("\n")[0])
    table = report.Report("matrix", "strings", "wrong")
    rng = random.Random(opts.seed)
    strings = sample(opts.tier, rng)
    home = Home(SCRATCH + "/qmail")
    home.clear()
    keeper = os.path.join(SCRATCH, "keeper")
    subprocess.run(["cc", "-O2", "-o", keeper, os.path.join(os.path.dirname(__file__), "keeper.c")], check=True)
    workers = [Worker(home, keeper, i) for i in range(WORKERS)]
    home.control(me=HOST.decode() + "\n", locals="", rcpthosts="test.example\n",
                 smtproutes="".join("sink.%d:127.0.0.1:%d\n" % (w.sink.port, w.sink.port) for w in workers))
    chosen = {s: tuple(PLACES) if opts.tier == "long" else (rng.choice(tuple(PLACES)),) for s in strings}

    def work(i):
        return list(workers[i].run(strings[i::WORKERS], chosen.get))
    figures = {}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for row, s, problem in itertools.chain(*pool.map(work, range(WORKERS))):
            figures.setdefault(row, []).append(problem and "%r: %s" % (s, problem))
    for row, problems in sorted(figures.items()):
        bad = [p for p in problems if p]
        table.row(row, len(problems), len(bad), wrong=bad[0] if bad else "")
    table.finish()


if __name__ == "__main__":
    main()
