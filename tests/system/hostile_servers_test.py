"""Servers and name servers that mean harm, or might as well: qmail-remote ends soon, in little memory, and never
takes for accepted what was not.

Everything is scripted here: SMTP servers on ports and addresses of loopback, a name server on 127.0.0.53.
"""
import os
import pwd
import re
import resource
import socket
import struct
import subprocess
import threading
import time

import pytest

from harness import SCRATCH, Home, wait_for

STAGES = ("greet", "helo", "mail", "rcpt", "data", "dot")
GOOD = {"greet": b"220 hi\r\n", "helo": b"250 hi\r\n", "mail": b"250 s\r\n", "rcpt": b"250 r\r\n", "data": b"354 go\r\n",
        "dot": b"250 ok\r\n"}
# (a sanitizer needs terabytes of addresses)
MEMORY = resource.RLIM_INFINITY if os.environ.get("SANITIZE") else 64 << 20
MX = "127.0.0.200"


# ---- the other side -----------------------------------------------------------------------------------------

def reset(c):
    """Close so that the other side gets RST."""
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()


class Lines:
    """Lines that come over a connection."""

    def __init__(self, c):
        self.c, self.rest = c, b""

    def next(self):
        while b"\n" not in self.rest:
            more = self.c.recv(65536)
            if not more:
                return b""
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line + b"\n"

    def message(self):
        while self.next() not in (b".\r\n", b""):
            pass


class Server:
    """An SMTP server. act(server, connection) speaks for it; what it took whole is counted in accepted."""

    def __init__(self, act, address="127.0.0.1", port=0):
        self.act, self.accepted, self.connections = act, 0, 0
        self.s = socket.socket()
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s.bind((address, port))
        self.s.listen(50)
        self.port = self.s.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                c = self.s.accept()[0]
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        try:
            c.settimeout(30)
            self.act(self, c)
        except OSError:
            pass
        finally:
            c.close()

    def close(self):
        self.s.shutdown(socket.SHUT_RDWR)
        self.s.close()


def dialogue(odd=None, reply=b""):
    """A server whose reply at stage odd is reply: bytes, or a function of the connection that may end it."""
    def act(server, c):
        lines = Lines(c)
        for stage in STAGES:
            if stage == "dot":
                lines.message()
            elif stage != "greet" and not lines.next():
                return
            if stage == "dot" and odd != "dot":
                server.accepted += 1
            if stage != odd:
                c.sendall(GOOD[stage])
            elif callable(reply):
                if reply(c):
                    return
            else:
                c.sendall(reply)
        lines.next()
    return act


# ---- ours ---------------------------------------------------------------------------------------------------

class Remote:
    """qmail-remote with this suite's limits: little memory, short timeouts."""

    def __init__(self, home):
        self.home = home
        self.user = pwd.getpwnam("qmailr").pw_uid
        self.routes = {}
        home.control(helohost="me.example\n", timeoutconnect="2\n", timeoutremote="1\n")

    def to(self, server):
        """A host name that leads to the server."""
        name = "p%d.test" % server.port
        self.routes[name] = "127.0.0.1:%d" % server.port
        self.home.control(smtproutes="".join("%s:%s\n" % r for r in self.routes.items()))
        return name

    def start(self, host, message=b"Subject: t\n\nbody\n", recipients=1):
        r, w = os.pipe()
        os.write(w, message)
        os.close(w)
        p = subprocess.Popen(
            [self.home / "bin/qmail-remote", host, "s@x.example"] + ["r%d@%s" % (i, host) for i in range(recipients)],
            stdin=r, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.home.env(), user=self.user, group="qmail",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)))
        os.close(r)
        p.since = time.monotonic()
        return p

    def end(self, p, within=10.0):
        """(outcome as qmail-rspawn sees it, everything printed)"""
        out, err = p.communicate(timeout=60)
        assert time.monotonic() - p.since < within, out[:300]
        assert p.returncode == 0 and err == b"" and out.endswith(b"\0"), (p.returncode, err, out[:300])
        reports = out[:-1].split(b"\0")
        first = reports[0][:1]
        return {b"s": "Z", b"h": "D"}.get(first, reports[-1][:1].decode()), out

    def run(self, host, within=10.0, **more):
        return self.end(self.start(host, **more), within)


@pytest.fixture
def remote(qmail):
    return Remote(qmail)


# ---- replies ------------------------------------------------------------------------------------------------

def closing(text=b""):
    def f(c):
        c.sendall(text)
        return True
    return f


def resetting(text=b""):
    def f(c):
        c.sendall(text)
        reset(c)
        return True
    return f


# What comes of a reply at each stage. K: as if nothing had happened, D: for good, Z: for now.
#                                                          greet, HELO, MAIL, RCPT, DATA, dot
REPLIES = {
    "000": (b"000 x\r\n",                                  "ZZZZZZ"),
    "199": (b"199 x\r\n",                                  "ZZZZZZ"),
    "220": (b"220 x\r\n",                                  "KZKKZK"),
    "250": (b"250 x\r\n",                                  "ZKKKZK"),
    "251": (b"251 x\r\n",                                  "ZZKKZK"),
    "299": (b"299 x\r\n",                                  "ZZKKZK"),
    "300": (b"300 x\r\n",                                  "ZZZZKZ"),
    "354": (b"354 x\r\n",                                  "ZZZZKZ"),
    "400": (b"400 x\r\n",                                  "ZZZZZZ"),
    "421": (b"421 x\r\n",                                  "ZZZZZZ"),
    "499": (b"499 x\r\n",                                  "ZZZZZZ"),
    "500": (b"500 x\r\n",                                  "ZZDDDD"),
    "554": (b"554 x\r\n",                                  "ZZDDDD"),
    "599": (b"599 x\r\n",                                  "ZZDDDD"),
    "600": (b"600 x\r\n",                                  "ZZZZZZ"),
    "999": (b"999 x\r\n",                                  "ZZZZZZ"),
    "no CR": (b"554 x\n",                                  "ZZDDDD"),
    "CR all over": (b"\r5\r5\r4 x\r\r\r\n",                "ZZDDDD"),
    "code alone": (b"554\r\n",                             "ZZDDDD"),
    "tab": (b"554\tx\r\n",                                 "ZZDDDD"),
    "four digits": (b"5540 x\r\n",                         "ZZDDDD"),
    "8-bit text": (b"554 \xe9\xff\x80\r\n",                "ZZDDDD"),
    "NUL in text": (b"554 \0\0\r\n",                       "ZZDDDD"),
    "control bytes in text": (b"554 \x1b[2J\x07\x08\r\n",  "ZZDDDD"),
    "8-bit code": (b"\xb2\xb5\xb0 x\r\n",                  "ZZZZZZ"),
    "NUL code": (b"\0\0\0 x\r\n",                          "ZZZZZZ"),
    "letters": (b"what?\r\n",                              "ZZZZZZ"),
    "HTTP": (b"HTTP/1.1 400 Bad Request\r\n",              "ZZZZZZ"),
    "negative": (b"-554 x\r\n",                            "ZZZZZZ"),
    "blank in front": (b" 250 x\r\n",                      "ZZZZZZ"),
    "two digits": (b"25\r\n",                              "ZZZZZZ"),
    "empty line": (b"\r\n",                                "ZZZZZZ"),
    "LF": (b"\n",                                          "ZZZZZZ"),
    "several lines": (b"554-a\r\n554-b\r\n554 c\r\n",      "ZZDDDD"),
    "several, no CR": (b"554-a\n554 b\n",                  "ZZDDDD"),
    "several, first good": (b"250-a\r\n550 b\r\n",         "ZKKKKK"),
    "several, first bad": (b"550-a\r\n250 b\r\n",          "ZZDDDD"),
    "several, codes 4 and 5": (b"450-a\r\n550 b\r\n",      "ZZZZZZ"),
    "several, no number behind": (b"554-a\r\nwhat?\r\n",   "ZZDDDD"),
    "a line of 10 MB": (b"554 " + b"x" * 10000000 + b"\r\n", "ZZDDDD"),
    "lines of 10 MB": (b"554-yyyyyyyyyyyyyyy\r\n" * 500000 + b"554 end\r\n", "ZZDDDD"),
    "10 MB of CR": (b"554 " + b"\r" * 10000000 + b"\r\n",  "ZZDDDD"),
    "a line of 17 MB": (b"250 " + b"x" * 17000000 + b"\r\n", "ZZZZZZ"),
    "closed": (closing(),                                  "ZZZZZZ"),
    "closed in the code": (closing(b"25"),                 "ZZZZZZ"),
    "closed in the line": (closing(b"550 half a li"),      "ZZZZZZ"),
    "closed at CR": (closing(b"250 ok\r"),                 "ZZZZZZ"),
    "closed between lines": (closing(b"250-first\r\n"),    "ZZZZZZ"),
    "reset": (resetting(),                                 "ZZZZZZ"),
    "reset in the line": (resetting(b"250 o"),             "ZZZZZZ"),
}


@pytest.mark.parametrize("name", REPLIES)
def test_replies(remote, name):
    reply, wanted = REPLIES[name]
    got = ""
    for stage in STAGES:
        server = Server(dialogue(stage, reply))
        outcome, out = remote.run(remote.to(server))
        server.close()
        got += outcome
        assert len(out) < 5500 and out.count(b"\0") <= 2
        if stage == "dot" and callable(reply):
            assert b"Possible duplicate!" in out
    assert got == wanted


def test_two_replies_at_once(remote):
    """From there on each reply stands for the command before: no message counts as taken by mistake."""
    for stage in STAGES[:-1]:
        server = Server(dialogue(stage, GOOD[stage] * 2))
        outcome, out = remote.run(remote.to(server))
        server.close()
        assert outcome == "Z", (stage, out)


def test_everything_at_once(remote):
    """A server that sends all of its replies ahead has said 250 to the message before it came."""
    server = Server(lambda s, c: (c.sendall(b"".join(GOOD.values())), Lines(c).message()))
    outcome, out = remote.run(remote.to(server))
    server.close()
    assert outcome in "KZ" and out.count(b"\0") == 2


@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["close", "reset"])
def test_gone_at_every_byte(remote, end):
    """What the server says ends after n bytes: no success before the last byte of the last reply."""
    total = sum(len(r) for r in GOOD.values())
    server = Server(None)
    host = remote.to(server)
    for n in range(total + 1):
        def act(_, c):
            lines = Lines(c)
            left = n
            for stage in STAGES:
                if stage == "dot":
                    lines.message()
                elif stage != "greet":
                    lines.next()
                c.sendall(GOOD[stage][:left])
                left -= len(GOOD[stage])
                if left <= 0:
                    break
            end(c)
        server.act = act
        outcome, out = remote.run(host)
        # a reset may overtake what was sent before it
        assert outcome == "Z" or (outcome == "K" and n == total), (n, out)
        assert n < total or end is reset or outcome == "K", out
        assert (b"Possible duplicate!" in out) == (n >= total - len(GOOD["dot"]) and outcome == "Z"), (n, out)
    server.close()


# ---- slowness -----------------------------------------------------------------------------------------------

def silent(c):
    time.sleep(8)
    return True


def trickle(c):
    """Always soon enough for a timeout that starts anew with each byte."""
    for b in b"250-abc" + b"x" * 40:
        c.sendall(bytes([b]))
        time.sleep(0.3)
    return True


def trickled_lines(c):
    for _ in range(40):
        c.sendall(b"250-one more\r\n")
        time.sleep(0.3)
    return True


def endless_lines(c):
    while True:
        c.sendall(b"250-one more\r\n" * 1000)


def endless_line(c):
    while True:
        c.sendall(b"x" * 65536)


@pytest.mark.parametrize("reply", [silent, trickle, trickled_lines, endless_lines, endless_line])
def test_slow_and_endless_replies(remote, reply):
    """The whole reply has one timeout, and an end."""
    servers = [Server(dialogue(stage, reply)) for stage in STAGES]
    hosts = [remote.to(s) for s in servers]
    for p in [remote.start(h) for h in hosts]:
        outcome, out = remote.end(p, within=6)
        assert outcome == "Z" and b"connection died" in out
    for s in servers:
        s.close()


def test_a_server_that_does_not_read(remote):
    """The message does not fit into the sockets' buffers, and nobody takes it."""
    def act(server, c):
        lines = Lines(c)
        for stage in STAGES[:-1]:
            if stage != "greet":
                lines.next()
            c.sendall(GOOD[stage])
        time.sleep(8)
    server = Server(act)
    host = remote.to(server)
    f = os.path.join(SCRATCH, "large")
    with open(f, "wb") as h:
        h.write(b"x" * 70 * 1000000 + b"\n")
    with open(f, "rb") as h:
        p = subprocess.Popen([remote.home / "bin/qmail-remote", host, "s@x", "r@x"], stdin=h, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, user=remote.user, group="qmail", env=remote.home.env())
        p.since = time.monotonic()
        outcome, out = remote.end(p, within=6)
    os.unlink(f)
    server.close()
    assert outcome == "Z" and b"connection died. (#4.4.2)" in out


def test_many_recipients(remote):
    """Each refused in 100 kB of text."""
    def act(_, c):
        lines = Lines(c)
        c.sendall(GOOD["greet"])
        while True:
            line = lines.next()
            if not line:
                return
            c.sendall(b"550 " + b"n" * 100000 + b"\r\n" if line.startswith(b"RCPT") else b"250 ok\r\n")
    server = Server(act)
    outcome, out = remote.run(remote.to(server), recipients=100)
    server.close()
    assert outcome == "D" and out.count(b"\0") == 101 and len(out) < 100 * 5200


def test_gone_after_the_dot_is_tried_again(qmail, homes):
    """Twice is better than never."""
    def act(server, c):
        lines = Lines(c)
        for stage in STAGES:
            if stage == "dot":
                lines.message()
                server.accepted += 1
                if server.accepted == 1:
                    return
            elif stage != "greet":
                lines.next()
            c.sendall(GOOD[stage])
        lines.next()
    server = Server(act)
    qmail.control(smtproutes=":127.0.0.1:%d\n" % server.port, timeoutremote="5\n")
    qmail.start()
    assert qmail.inject(b"s@mail.test.example", [b"r@h.example"], b"Subject: t\n\nx\n") == 0
    qmail.wait_log("^delivery 1: deferral: .*Possible_duplicate")
    qmail.signal("ALRM")
    qmail.wait_log("^delivery 2: success")
    qmail.drained()
    assert server.accepted == 2
    server.close()


# ---- names --------------------------------------------------------------------------------------------------

A, CNAME, MXTYPE = 1, 5, 15
LONG = 40                       # seconds: a name server does not answer, or never so that it makes sense


def name(s):
    return b"".join(bytes([len(x)]) + x.encode("latin-1") for x in s.split(".") if x) + b"\0"


def record(owner, kind, data):
    return (name(owner) if isinstance(owner, str) else owner) + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def mx(owner, preference, target):
    return record(owner, MXTYPE, struct.pack(">H", preference) + (name(target) if isinstance(target, str) else target))


def a(owner, address):
    return record(owner, A, socket.inet_aton(address))


class Names:
    """A name server. answers: a question's first label to a function of (name, type, over TCP, has EDNS, asked before)
    that returns records, (flags, records), raw bytes behind the id, or None for silence."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []
        self.u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.u.bind(("127.0.0.53", 53))
        self.t = socket.socket()
        self.t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.t.bind(("127.0.0.53", 53))
        self.t.listen(50)
        threading.Thread(target=self.udp, daemon=True).start()
        threading.Thread(target=self.tcp, daemon=True).start()

    def reply(self, q, tcp):
        labels, pos = [], 12
        while q[pos]:
            labels.append(q[pos + 1:pos + 1 + q[pos]].decode("latin-1"))
            pos += 1 + q[pos]
        question = q[12:pos + 5]
        kind = struct.unpack(">H", q[pos + 1:pos + 3])[0]
        key = (labels[0], kind, tcp)
        act = self.answers.get(labels[0])
        got = (0, 3, []) if act is None else act(".".join(labels), kind, tcp, q[10:12] != b"\0\0", self.asked.count(key))
        self.asked.append(key)
        if got is None:
            return []
        if isinstance(got, bytes):
            return [q[:2] + got]
        flags, rcode, records = got if isinstance(got, tuple) else (0, 0, got)
        body = b"".join(records)
        if not tcp and len(body) > 1100:
            flags, records, body = flags | 0x0200, [], b""
        return [q[:2] + struct.pack(">HHHHH", 0x8580 | flags | rcode, 1, len(records), 0, 0) + question + body]

    def udp(self):
        while True:
            try:
                q, peer = self.u.recvfrom(65536)
            except OSError:
                return
            if not q:
                return
            for r in self.reply(q, False):
                # what anybody may send: another id, another question, a stump
                self.u.sendto(bytes([r[0] ^ 1]) + r[1:], peer)
                self.u.sendto(r[:5], peer)
                self.u.sendto(r, peer)

    def tcp(self):
        while True:
            try:
                c = self.t.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.session, args=(c,), daemon=True).start()

    def session(self, c):
        c.settimeout(10)
        f = c.makefile("rb")
        try:
            while True:
                head = f.read(2)
                if len(head) < 2:
                    return
                for r in self.reply(f.read(struct.unpack(">H", head)[0]), True):
                    c.sendall(struct.pack(">H", len(r)) + r)
        except OSError:
            pass
        finally:
            c.close()

    def close(self):
        for s in (self.u, self.t):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()


def only(kind, records):
    """These records for questions of this kind, none for others."""
    return lambda n, k, tcp, edns, before: records if k == kind else []


def answer_with(raw):
    """raw behind an answer header with one question (which is repeated) and one record."""
    def f(n, k, tcp, edns, before):
        return struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0) + name(n) + struct.pack(">HH", k, 1) + raw
    return f


def rcode(code, kinds=None):
    return lambda n, k, tcp, edns, before: (0, code, []) if kinds is None or k in kinds else []


def truncated(n, k, tcp, edns, before):
    return None if tcp else (0x0200, 0, [])


def no_edns(records):
    return lambda n, k, tcp, edns, before: (0, 1, []) if edns else records if k == MXTYPE else []


SELF = b"\xc0\x0c"                      # the question's name, which stands at 12
# In the answer for a host whose first label has five letters the record starts at 28, its data at 40, and the name
# in an MX record at 42.
HERE = struct.pack(">H", 0xc000 | 12 + len(name("loop0.test")) + 4)     # a pointer that points at itself

ANSWERS = {
    "good": only(A, [a("good.test", MX)]),
    "me": only(A, [a("me.test", "127.0.0.1")]),
    "dead": only(A, [a("dead.test", "127.0.0.201")]),
    "turnsaway": only(A, [a("turnsaway.test", "127.0.0.202")]),
    "slow": only(A, [a("slow.test", "127.0.0.203")]),

    "null": only(MXTYPE, [mx(SELF, 0, "")]),
    "nullandmore": only(MXTYPE, [mx(SELF, 0, ""), mx(SELF, 10, "good.test")]),
    "toself": only(MXTYPE, [mx(SELF, 10, "me.test"), mx(SELF, 20, "good.test")]),
    "toselfname": lambda n, k, *more: [mx(SELF, 10, n)] if k == MXTYPE else [a(SELF, MX)] if k == A else [],
    "selfsecond": only(MXTYPE, [mx(SELF, 20, "me.test"), mx(SELF, 10, "good.test")]),
    "second": only(MXTYPE, [mx(SELF, 10, "turnsaway.test"), mx(SELF, 20, "good.test")]),
    "third": only(MXTYPE, [mx(SELF, 10, "slow.test"), mx(SELF, 20, "dead.test"), mx(SELF, 30, "good.test")]),
    "lastturnsaway": only(MXTYPE, [mx(SELF, 10, "dead.test"), mx(SELF, 20, "turnsaway.test")]),
    "manyturnaway": lambda n, k, *more: [a(SELF, "127.0.2.%d" % i) for i in range(1, 41)] if k == A else [],

    "cname1": lambda n, k, *more: [record("cname1.test", CNAME, name("cname2.test")),
                                   record("cname2.test", CNAME, name("cname1.test"))],
    "cname3": lambda n, k, *more: [record(SELF, CNAME, SELF)],
    "cname4": only(MXTYPE, [mx(SELF, 10, "cname1.test")]),
    "cname5": lambda n, k, *more: [record("c%d.test" % i, CNAME, name("c%d.test" % (i + 1))) for i in range(60)],

    "mx500": only(MXTYPE, [mx(SELF, i, "good.test" if i == 0 else "m%d.test" % i) for i in range(500)]),
    "mx500shuffled": only(MXTYPE, [mx(SELF, i * 7919 % 500, "good.test" if i == 0 else "m%d.test" % i) for i in range(500)]),
    "mx500dead": only(MXTYPE, [mx(SELF, i, "dead.test") for i in range(500)]),
    "mx60k": only(MXTYPE, [mx(SELF, 5, "x" * 60 + ".%d.test" % i) for i in range(690)] + [mx(SELF, 1, "good.test")]),
    "a4000": only(A, [a(SELF, "127.1.%d.%d" % divmod(i, 256)) for i in range(3900)]),
    "a60k": only(A, [a(SELF, MX)] + [record(SELF, 16, b"\xff" + b"t" * 255)] * 220),

    "loop0": answer_with(HERE + struct.pack(">HHIH", MXTYPE, 1, 60, 4) + b"\0\x0a" + SELF),
    "loop1": answer_with(SELF + struct.pack(">HHIH", MXTYPE, 1, 60, 4) + b"\0\x0a" + b"\xc0\x2a"),
    "loop2": answer_with(SELF + struct.pack(">HHIH", MXTYPE, 1, 60, 6) + b"\0\x0a" + b"\x01x" + b"\xc0\x2a"),
    "beyond": answer_with(SELF + struct.pack(">HHIH", MXTYPE, 1, 60, 4) + b"\0\x0a" + b"\xff\xff"),
    "longdata": answer_with(SELF + struct.pack(">HHIH", MXTYPE, 1, 60, 65535) + b"\0\x0a" + SELF),
    "shortdata": answer_with(SELF + struct.pack(">HHIH", MXTYPE, 1, 60, 1) + b"\0"),
    "cut": answer_with(SELF + b"\0"),
    "nothing": answer_with(b""),
    "longlabel": answer_with(SELF + struct.pack(">HHIH", MXTYPE, 1, 60, 5) + b"\0\x0a" + b"\x80xx"),
    "longname": answer_with(SELF + struct.pack(">HHIH", MXTYPE, 1, 60, 2 + 64 * 10 + 1) + b"\0\x0a" + (b"\x3f" + b"n" * 63) * 10 + b"\0"),
    "oddname": only(MXTYPE, [mx(SELF, 10, b"\x04\0\r\n \x03\xff.:\0")]),
    "a5": only(A, [record(SELF, A, b"\x7f\0\0\xc8\0")]),
    "counts": lambda n, k, *more: struct.pack(">HHHHH", 0x8580, 1, 65535, 65535, 65535) + name(n) + struct.pack(">HH", k, 1)
    + (mx(SELF, 10, "good.test") if k == MXTYPE else b""),

    "servfail": rcode(2),
    "refused": rcode(5),
    "formerr": rcode(1),
    "notimp": rcode(4),
    "truncated": truncated,
    "silent": lambda *q: None,
    "noedns": no_edns([mx(SELF, 10, "good.test")]),
    "lost": lambda n, k, tcp, edns, before: None if before == 0 else [mx(SELF, 10, "good.test")] if k == MXTYPE else [],
}

# host: outcome, a part of the report, seconds it may take
HOSTS = {
    "good": ("K", MX, 5),
    "null": ("D", "#5.4.4", 5),
    "nullandmore": ("K", MX, 5),
    "toself": ("D", "#5.4.6", 5),
    "toselfname": ("K", MX, 5),
    "selfsecond": ("K", MX, 5),
    "second": ("K", MX, 5),
    "third": ("K", MX, 8),
    "lastturnsaway": ("Z", "127.0.0.202 but greeting failed.\nRemote host said: 554 not you", 5),
    "manyturnaway": ("Z", "127.0.2.10 but greeting failed", 8),
    "cname1": ("DZ", "", 5),
    "cname3": ("DZ", "", 5),
    "cname4": ("DZ", "", 5),
    "cname5": ("DZ", "", 5),
    "mx500": ("K", MX, 5),
    "mx500shuffled": ("K", MX, 5),
    "mx500dead": ("Z", "#4.4.1", 5),
    "mx60k": ("K", MX, 5),
    "a4000": ("Z", "#4.4.1", 5),
    "a60k": ("K", MX, 5),
    "loop0": ("Z", "#4.1.2", LONG),
    "loop1": ("Z", "#4.1.2", LONG),
    "loop2": ("Z", "#4.1.2", LONG),
    "beyond": ("Z", "#4.1.2", LONG),
    "longdata": ("Z", "#4.1.2", LONG),
    "shortdata": ("Z", "#4.1.2", LONG),
    "cut": ("Z", "#4.1.2", LONG),
    "nothing": ("Z", "#4.1.2", LONG),
    "longlabel": ("Z", "#4.1.2", LONG),
    "longname": ("D", "#5.4.4", 5),
    "oddname": ("D", "#5.4.4", 5),
    "a5": ("Z", "#4.1.2", LONG),
    "counts": ("Z", "#4.1.2", LONG),
    "servfail": ("Z", "#4.1.2", 5),
    "refused": ("Z", "#4.1.2", 5),
    "formerr": ("Z", "#4.1.2", 5),
    "notimp": ("Z", "#4.1.2", 5),
    "truncated": ("Z", "#4.1.2", LONG),
    "silent": ("Z", "#4.1.2", LONG),
    "noedns": ("K", MX, 5),
    "lost": ("K", MX, 20),
}


class Naming:
    """The stub name server, and what asks it."""

    def __init__(self):
        self.names = Names(ANSWERS)
        self.running = {}

    def start(self, home, hosts):
        remote = Remote(home)
        home.control(me="mail.test.example\n", timeoutconnect="1\n", timeoutremote="2\n")
        self.running.update({h: remote.start(h + ".test") for h in hosts})
        return remote


@pytest.fixture(scope="module", autouse=True)
def naming():
    """In place of whatever /etc/resolv.conf names, in this mount namespace. The hosts that cost the time of a name
    server that does not answer are started before all other tests here."""
    mine = os.path.join(SCRATCH, "resolv.hostile")
    with open(mine, "w") as f:
        f.write("nameserver 127.0.0.53\n")
    os.chmod(mine, 0o644)
    place = os.path.realpath("/etc/resolv.conf")
    subprocess.run(["mount", "--bind", mine, place], check=True)
    n = Naming()
    n.start(Home(SCRATCH + "/qmail"), [h for h in HOSTS if HOSTS[h][2] == LONG])
    wait_for("questions", lambda: {h for h in HOSTS if HOSTS[h][2] == LONG} <= {q[0] for q in n.names.asked})
    yield n
    n.names.close()
    subprocess.run(["umount", place], check=True)


def test_name_servers(naming, qmail):
    away = dialogue("greet", closing(b"554 not you\r\n"))
    servers = [Server(dialogue(), MX, 25), Server(away, "127.0.0.202", 25), Server(dialogue("helo", silent), "127.0.0.203", 25)]
    servers += [Server(away, "127.0.2.%d" % i, 25) for i in range(1, 41)]
    remote = naming.start(qmail, [h for h in HOSTS if HOSTS[h][2] != LONG])
    wrong = []
    for h in sorted(HOSTS, key=lambda h: HOSTS[h][2]):
        outcomes, text, within = HOSTS[h]
        p = naming.running.pop(h)
        outcome, out = remote.end(p, within=60)
        if outcome not in outcomes or text.encode() not in out or (within < LONG and time.monotonic() - p.since > within):
            wrong.append((h, outcome, out, time.monotonic() - p.since))
    for s in servers:
        s.close()
    assert not wrong, wrong
    # bounded work: 32 exchangers, each asked for by two types, once more at most; ten hosts that turn us away
    asked = naming.names.asked
    for h in ("mx500", "mx500shuffled", "mx60k"):
        assert asked.count((h, MXTYPE, True)) <= 2
    assert len([q for q in asked if re.match(r"m\d+$", q[0])]) <= 2 * 2 * 2 * 32
    assert len(asked) < 1200
    assert sum(s.connections for s in servers[3:]) == 10
