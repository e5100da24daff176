"""QMTP and QMQP between real programs, and what a program learns of its connection."""
import os
import socket
import subprocess
import threading
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, maildir, wait_for

MIB = 1 << 20
LIMIT = 64 * MIB


def netstring(s):
    return b"%d:%s," % (len(s), s)


def netstrings(s):
    """What netstrings s is made of."""
    out = []
    while s:
        n, s = s.split(b":", 1)
        assert str(int(n)).encode() == n and s[int(n):int(n) + 1] == b","
        out.append(s[:int(n)])
        s = s[int(n) + 1:]
    return out


def qmtp(text, sender, *recipients):
    return netstring(text) + netstring(sender) + netstring(b"".join(netstring(r) for r in recipients))


def qmqp(text, sender, *recipients):
    return netstring(b"".join(netstring(s) for s in (text, sender) + recipients))


def ask(data, port, address="127.0.0.1"):
    """All that a server answers."""
    with socket.create_connection((address, port), 30) as s:
        t = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
        t.start()
        out = b""
        while True:
            more = s.recv(65536)
            if not more:
                break
            out += more
        t.join()
    return out


@pytest.fixture
def served(qmail, homes):
    homes("foo/.qmail", "./Maildir/\n")
    qmail.start()
    qmail.listen(port=209, program="qmail-qmtpd")
    qmail.listen(port=628, program="qmail-qmqpd")
    return qmail


# ---- receiving


def test_qmtp(served):
    """Two messages in one go, in both forms of text; each recipient has its answer."""
    replies = netstrings(ask(
        qmtp(b"\nSubject: one\n\nhello\n", b"s@c.example", b"foo@mail.test.example", b"x@elsewhere", b"foo@MAIL.test.example")
        + qmtp(b"\rSubject: two\r\n\r\nCR \r inside\r\n", b"", b"foo@mail.test.example"), 209))
    assert [r[:1] for r in replies] == [b"K", b"D", b"K", b"K"]
    assert replies[0] == replies[2] and replies[0].startswith(b"Kok ")
    assert replies[1] == b"Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"
    served.wait_log("^delivery .*: success: did_1", 3)
    served.drained()
    got = maildir("foo", "Maildir")
    one = [m for m in got if m.endswith(b"Subject: one\n\nhello\n")]
    two = [m for m in got if m.endswith(b"Subject: two\n\nCR \r inside\n")]
    assert len(one) == 2 and len(two) == 1
    assert b"Received: from unknown (127.0.0.1)\n  by mx.test.example with QMTP; " in one[0]
    assert two[0].startswith(b"Return-Path: <>\n")


def test_qmqp(served):
    replies = netstrings(ask(qmqp(b"Subject: q\n\nhello\n", b"s@c.example", b"foo@mail.test.example", b"foo@mail.test.example"),
                             628))
    assert len(replies) == 1 and replies[0].startswith(b"Kok ")
    served.wait_log("^delivery .*: success: did_1", 2)
    got = maildir("foo", "Maildir")
    assert len(got) == 2 and b" with QMQP; " in got[0] and got[0].endswith(b"Subject: q\n\nhello\n")


def test_a_broken_connection_leaves_nothing(served):
    whole = {209: qmtp(b"\nSubject: x\n\nx\n", b"s@c", b"foo@mail.test.example"),
             628: qmqp(b"Subject: x\n\nx\n", b"s@c", b"foo@mail.test.example")}
    for port, data in whole.items():
        for n in range(len(data)):
            assert ask(data[:n], port) == b"", (port, n)
        assert ask(data, port).split(b":")[1].startswith(b"Kok ")
    served.wait_log("^delivery .*: success: did_1", 2)
    served.drained()
    assert len(maildir("foo", "Maildir")) == 2


def test_a_loop_ends(served):
    text = b"".join(b"Received: from a by b; %d\n" % i for i in range(100)) + b"\nx\n"
    assert ask(qmtp(b"\n" + text, b"s@c", b"foo@mail.test.example"), 209) == netstring(
        b"Dtoo many hops, this message is looping (#5.4.6)")
    assert ask(qmqp(text, b"s@c", b"foo@mail.test.example"), 628) == netstring(
        b"Dtoo many hops, this message is looping (#5.4.6)")
    served.drained()


def test_databytes_and_its_mistakes(qmail):
    qmail.control(databytes="many\n")
    qmail.listen(port=209, program="qmail-qmtpd")
    assert ask(qmtp(b"\nSubject: x\n\nx\n", b"s@c", b"foo@mail.test.example"), 209).split(b":")[1].startswith(b"Kok ")
    qmail.control(databytes="5\n")
    assert netstrings(ask(qmtp(b"\n123456", b"s@c", b"foo@mail.test.example"), 209)) == [
        b"Dsorry, that message size exceeds my databytes limit (#5.3.4)"]
    with open(os.path.join(SCRATCH, "qmtpd.log")) as f:
        assert ("qmail-qmtpd: warning: control/databytes: line 1: not a number; messages of any size are taken; "
                "write the limit in bytes, 0 for none\n") in f.read()


def test_a_list_that_cannot_be_read_refuses_nobody(qmail):
    """No answer at all: the client keeps the message."""
    with open(qmail / "control/morercpthosts.cdb", "w") as f:
        f.write("junk")
    qmail.listen(port=209, program="qmail-qmtpd")
    assert ask(qmtp(b"\nx\n", b"s@c", b"foo@elsewhere"), 209) == b""
    with open(os.path.join(SCRATCH, "qmtpd.log")) as f:
        assert "control/morercpthosts.cdb: " in f.read()


def peak(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(f.read().split("VmHWM:")[1].split()[0]) * 1024


def watched(p):
    """Peak memory of a process until it ends."""
    high = 0
    while p.poll() is None:
        try:
            high = max(high, peak(p.pid))
        except (OSError, IndexError):
            pass
        time.sleep(0.02)
    return high


@pytest.mark.parametrize("program, head, piece, count", [
    ("qmail-qmtpd", b"", b"9" * MIB, 1000),
    ("qmail-qmtpd", b"200000000:\n", b"x" * MIB, 500),
    ("qmail-qmtpd", b"2:\nx,199999999:", b"x" * MIB, 500),
    ("qmail-qmtpd", b"2:\nx,0:,200000000:", b"0:," * (MIB // 3), 500),
    ("qmail-qmqpd", b"200000000:", b"1:x," * (MIB // 4), 500),
    ("qmail-qmqpd", b"", b"0" * MIB, 500),
], ids=["a long length", "a long message", "a long sender", "many recipients", "many pieces", "a length of noughts"])
def test_hostile_streams_cost_little_memory(qmail, program, head, piece, count):
    with open(os.path.join(SCRATCH, "queue"), "w") as f:
        f.write("#!/bin/sh\ncat > /dev/null\ncat <&1 > /dev/null\nexit 91\n")
    os.chmod(f.name, 0o755)
    p = subprocess.Popen([qmail / ("bin/" + program)], stdin=subprocess.PIPE,
                         stdout=subprocess.DEVNULL, env=qmail.env(QMAILQUEUE=f.name), bufsize=0)

    def pump():
        try:
            p.stdin.write(head)
            for _ in range(count):
                p.stdin.write(piece)
        except BrokenPipeError:
            pass
        p.stdin.close()
    t = threading.Thread(target=pump, daemon=True)
    t.start()
    assert watched(p) < LIMIT
    t.join()
    assert p.returncode in (0, 100, 111)


# ---- qmail-qmqpc


@pytest.fixture
def hub(second, homes):
    """Another installation, which has the queue: QMQP on port 6280."""
    homes("foo/.qmail", "./Maildir/\n")
    second.clear()
    second.control(me="hub.test.example\n", locals="mail.test.example\n", rcpthosts="\n")
    second.alias("-postmaster", "./Mailbox\n")
    second.start()
    second.listen(port=6280, program="qmail-qmqpd")
    yield second
    second.stop()


def test_from_one_installation_to_another(qmail, hub):
    qmail.control(qmqpservers="127.0.0.9\n127.0.0.1:6280\n")
    client = qmail / "bin/qmail-qmqpc"
    env = qmail.env(QMAILQUEUE=client)
    # by sendmail
    subprocess.run([qmail / "bin/sendmail", "-f", "s@c.example", "foo@mail.test.example"], input=b"Subject: injected\n\nx\n",
                   env=env, check=True)
    # by SMTP
    qmail.listen(env={"QMAILQUEUE": client})
    assert qmail.send("s@c.example", ["foo@mail.test.example", "foo@mail.test.example"]).startswith("ok ")
    hub.wait_log("^delivery .*: success: did_1", 3)
    hub.drained()
    got = maildir("foo", "Maildir")
    assert len(got) == 3
    for m in got:
        assert b"\n  by mx.test.example with QMQP; " in m
    assert qmail.queued() == []


def test_what_the_server_says_reaches_the_sender(qmail, hub):
    qmail.control(qmqpservers="127.0.0.1:6280\n")
    env = qmail.env(QMAILQUEUE=qmail / "bin/qmail-qmqpc")
    looping = b"".join(b"Received: x\n" for _ in range(100)) + b"\nx\n"
    r = subprocess.run([qmail / "bin/qmail-inject", "-f", "s@c.example", "foo@mail.test.example"], input=looping, env=env,
                       capture_output=True)
    assert r.returncode == 100 and b"too many hops, this message is looping (#5.4.6)" in r.stderr
    qmail.listen(env={"QMAILQUEUE": qmail / "bin/qmail-qmqpc"})
    with qmail.smtp() as s:
        # one hop less than our own limit: qmail-smtpd adds the one that is too many for the hub
        s.mail("s@c.example")
        s.rcpt("foo@mail.test.example")
        assert s.data(looping.replace(b"Received: x\n", b"", 1).decode()) == (
            554, b"too many hops, this message is looping (#5.4.6)")


def test_no_server_in_the_file(qmail):
    qmail.control(qmqpservers="hub.test.example\n")
    r = subprocess.run([qmail / "bin/qmail-inject", "foo@mail.test.example"], input=b"\n\nx\n",
                       env=qmail.env(QMAILQUEUE=qmail / "bin/qmail-qmqpc"), capture_output=True)
    assert r.returncode == 111 and b"no line of control/qmqpservers is the IP address of a server" in r.stderr


class Server:
    """A QMQP server on one connection: takes so many bytes, then answers."""

    def __init__(self, address, take, answer=b"", reset=False):
        self.got = b""
        self.l = socket.create_server((address, 628), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.t = threading.Thread(target=self.serve, args=(take, answer, reset), daemon=True)
        self.t.start()

    def serve(self, take, answer, reset):
        self.l.settimeout(20)
        try:
            s, _ = self.l.accept()
        except OSError:
            return
        while take is None or len(self.got) < take:
            more = s.recv(65536 if take is None else min(65536, take - len(self.got)))
            if not more:
                break
            self.got += more
            if take is None and self.complete():
                break
        if reset:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        else:
            s.sendall(answer)
        s.close()

    def complete(self):
        n, rest = self.got.split(b":", 1) if b":" in self.got else (b"0", b"")
        return n != b"0" and len(rest) == int(n) + 1

    def done(self):
        self.l.close()
        self.t.join()
        return self.got


def qmqpc(qmail, text, envelope=b"Fs@c\0Tr@x\0\0", args=(), **kw):
    with open(os.path.join(SCRATCH, "envelope"), "wb") as f:
        f.write(envelope)
    with open(f.name, "rb") as e:
        return subprocess.run([qmail / "bin/qmail-qmqpc", *args], input=text, stdout=e, env=qmail.env(), **kw).returncode


def test_the_next_server_while_nobody_can_have_the_message(qmail):
    """The first goes away in the middle of the request, the second has it all."""
    qmail.control(qmqpservers="127.0.0.1\n127.0.0.2\n")
    text = b"x" * 20 * MIB
    first = Server("127.0.0.1", 100000, reset=True)
    second = Server("127.0.0.2", None, b"3:Kok,")
    assert qmqpc(qmail, text) == 0
    assert len(first.done()) == 100000
    assert second.done() == qmqp(text, b"s@c", b"r@x")


def test_no_other_server_once_one_may_have_it(qmail):
    qmail.control(qmqpservers="127.0.0.1\n127.0.0.2\n")
    first = Server("127.0.0.1", None, reset=True)
    second = Server("127.0.0.2", None, b"3:Kok,")
    assert qmqpc(qmail, b"x\n") == 74
    assert first.done() == qmqp(b"x\n", b"s@c", b"r@x")
    assert second.done() == b""


def test_all_servers_went_away_in_between(qmail):
    qmail.control(qmqpservers="127.0.0.1\n127.0.0.2\n")
    first = Server("127.0.0.1", 10, reset=True)
    assert qmqpc(qmail, b"x" * 20 * MIB) == 74
    first.done()


def test_servers_by_ipv6_and_by_argument(qmail):
    qmail.control(qmqpservers="[::1]\n")
    s = Server("::1", None, b"Kok")
    assert qmqpc(qmail, b"x\n") == 0
    assert s.done() == qmqp(b"x\n", b"s@c", b"r@x")
    s = Server("127.0.0.2", None, b"3:Zno,")
    assert qmqpc(qmail, b"x\n", args=["127.0.0.3", "127.0.0.2"]) == 71
    assert s.done() == qmqp(b"x\n", b"s@c", b"r@x")


def test_a_large_message_costs_no_memory_and_leaves_no_file(qmail):
    qmail.control(qmqpservers="127.0.0.9\n")
    with open(os.path.join(SCRATCH, "envelope"), "wb") as f:
        f.write(b"Fs@c\0Tr@x\0\0")
    with open(f.name, "rb") as e:
        p = subprocess.Popen([qmail / "bin/qmail-qmqpc"], stdin=subprocess.PIPE, stdout=e, env=qmail.env(), bufsize=0)

    files = []

    def pump():
        for _ in range(200):
            left = memoryview(b"x" * MIB)
            while left:
                left = left[p.stdin.write(left):]
        fds = "/proc/%d/fd/" % p.pid
        files.extend(os.readlink(fds + n) for n in os.listdir(fds) if int(n) > 2)
        p.stdin.close()
    t = threading.Thread(target=pump, daemon=True)
    t.start()
    assert watched(p) < 8 * MIB
    t.join()
    assert p.returncode == 73
    assert len(files) == 1 and files[0].endswith(" (deleted)"), "the kernel's way to show a file without a name"


def test_many_recipients(qmail):
    qmail.control(qmqpservers="127.0.0.1\n")
    recipients = [b"user%d@x.example" % i for i in range(50000)]
    s = Server("127.0.0.1", None, b"3:Kok,")
    assert qmqpc(qmail, b"x\n", b"F\0" + b"".join(b"T" + r + b"\0" for r in recipients) + b"\0") == 0
    assert s.done() == qmqp(b"x\n", b"", *recipients)


# ---- tcp-env


def known(qmail, client, server, options, family=socket.AF_INET):
    """The variables that tcp-env sets on a connection between these addresses."""
    with socket.create_server((server, 0), family=family) as listener:
        with socket.socket(family) as c:
            c.bind((client, 0))
            c.connect(listener.getsockname()[:2])
            s, peer = listener.accept()
            with s:
                out = subprocess.run([qmail / "bin/tcp-env", *options, "env"], stdin=s, capture_output=True,
                                     env=qmail.env(TCPREMOTEINFO="stale", TCPREMOTEHOST="stale", TCPLOCALHOST="stale"),
                                     check=True).stdout.decode()
                v = dict(x.split("=", 1) for x in out.splitlines() if x.startswith(("TCP", "PROTO")))
                assert v.pop("TCPREMOTEPORT") == str(peer[1])
                assert v.pop("TCPLOCALPORT") == str(s.getsockname()[1])
                assert v.pop("PROTO") == "TCP"
                return v


@pytest.mark.parametrize("client, server, names", [
    ("127.0.0.1", "127.0.0.2", {"TCPREMOTEHOST": "loop.example", "TCPLOCALHOST": "other.example"}),
    ("127.0.0.3", "127.0.0.4", {"TCPREMOTEHOST": "third.example"}),
    ("::1", "::1", {"TCPREMOTEHOST": "six.example", "TCPLOCALHOST": "six.example"}),
])
def test_names_of_addresses(qmail, dns, client, server, names):
    assert known(qmail, client, server, ["-R"], socket.AF_INET6 if ":" in client else socket.AF_INET) == {
        "TCPREMOTEIP": client, "TCPLOCALIP": server, **names}


class Ident:
    def __init__(self, address, answer):
        self.l = socket.create_server((address, 113))
        self.t = threading.Thread(target=self.serve, args=(answer,), daemon=True)
        self.t.start()

    def serve(self, answer):
        s, self.peer = self.l.accept()
        self.question = s.recv(100)
        if answer is None:
            s.recv(100)
        else:
            s.sendall(answer)
        s.close()

    def done(self):
        self.t.join()
        self.l.close()


def test_ident(qmail, dns):
    i = Ident("127.0.0.3", b"1 , 2 : USERID : UNIX : joe\r\n")
    v = known(qmail, "127.0.0.3", "127.0.0.4", [])
    i.done()
    assert v["TCPREMOTEINFO"] == "joe"
    assert i.peer[0] == "127.0.0.4", "the other host knows us by the address of the connection"
    assert i.question.endswith(b"\r\n") and i.question.count(b" , ") == 1


def test_ident_that_hangs_or_refuses(qmail, dns):
    i = Ident("127.0.0.3", None)
    start = time.monotonic()
    assert "TCPREMOTEINFO" not in known(qmail, "127.0.0.3", "127.0.0.4", ["-t1"])
    assert time.monotonic() - start < 10
    i.done()
    assert "TCPREMOTEINFO" not in known(qmail, "127.0.0.2", "127.0.0.4", [])


def test_tcp_env_makes_a_server_for_inetd(qmail, dns, homes):
    """The environment arrives in Received, as it would from tcpserver."""
    homes("foo/.qmail", "./Maildir/\n")
    qmail.start()
    with socket.create_server(("127.0.0.2", 0)) as listener:
        with socket.create_connection(listener.getsockname(), source_address=("127.0.0.1", 0)) as c:
            s, _ = listener.accept()
            p = subprocess.Popen([qmail / "bin/tcp-env", "-R", qmail / "bin/qmail-qmtpd"], stdin=s, stdout=s, env=qmail.env())
            s.close()
            c.sendall(qmtp(b"\nSubject: x\n\n", b"s@c", b"foo@mail.test.example"))
            c.shutdown(socket.SHUT_WR)
            assert c.recv(1000)[3:6] == b"Kok"
            assert p.wait(20) == 0
    qmail.wait_log("success: did_1")
    [m] = maildir("foo", "Maildir")
    assert b"Received: from loop.example (127.0.0.1)\n  by other.example with QMTP; " in m


# ---- config-fast, config


def control(qmail, name):
    with open(qmail / ("control/" + name)) as f:
        return f.read()


def test_config_fast(qmail):
    qmail.clear()
    there = os.listdir(qmail / "control")
    for _ in range(2):
        out = subprocess.run([qmail / "bin/config-fast", "mail.sub.example"], check=True, capture_output=True, text=True).stdout
        assert out.endswith("Now qmail will refuse to accept SMTP messages except to mail.sub.example.\n"
                            "Make sure to change rcpthosts if you add hosts to locals or virtualdomains!\n")
        assert {n: control(qmail, n) for n in os.listdir(qmail / "control") if n not in there} == {
            "me": "mail.sub.example\n", "defaultdomain": "sub.example\n", "plusdomain": "sub.example\n",
            "locals": "mail.sub.example\n", "rcpthosts": "mail.sub.example\n"}
    for host, domain, plus in (("b.c", "b.c", "b.c"), ("a.b.c.d", "b.c.d", "c.d"), ("one", "one", "one")):
        subprocess.run([qmail / "bin/config-fast", host], check=True, stdout=subprocess.DEVNULL)
        assert control(qmail, "defaultdomain") == domain + "\n" and control(qmail, "plusdomain") == plus + "\n"
    assert os.stat(qmail / "control/me").st_mode & 0o777 == 0o644


def test_config_fast_keeps_what_is_there(qmail):
    with open(qmail / "control/rcpthosts", "w") as f:
        f.write("# ours\n.wild.example\nlast.example")
    os.chmod(f.name, 0o640)
    subprocess.run([qmail / "bin/config-fast", "Mail.test.example", "alt.example"], check=True, stdout=subprocess.DEVNULL)
    assert control(qmail, "rcpthosts") == "# ours\n.wild.example\nlast.example\nMail.test.example\nalt.example\n"
    assert control(qmail, "locals") == "mail.test.example\nalt.example\n"
    assert os.stat(f.name).st_mode & 0o777 == 0o640
    before = {n: control(qmail, n) for n in os.listdir(qmail / "control")}
    for bad in (["../x"], [""], ["a b"], ["a..b"], ["ok.example", "not/ok"], []):
        r = subprocess.run([qmail / "bin/config-fast", *bad], capture_output=True)
        assert r.returncode == 100
    assert {n: control(qmail, n) for n in os.listdir(qmail / "control")} == before


def test_config_looks_names_up(qmail):
    qmail.clear()
    with open(os.path.join(SCRATCH, "hosts"), "w") as f:
        f.write("127.0.0.1 localhost\n127.0.1.1 Mail.Test.Example mail\n::1 six.test.example\n")
    script = "hostname %%s && mount --bind %s /etc/hosts && exec %s" % (f.name, qmail / "bin/config")
    r = subprocess.run(["unshare", "-m", "-u", "sh", "-c", script % "mail"], capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    assert control(qmail, "me") == "mail.test.example\n"
    assert control(qmail, "locals") == "mail.test.example\nlocalhost\nsix.test.example\n" == control(qmail, "rcpthosts")
    r = subprocess.run(["unshare", "-m", "-u", "sh", "-c", script % "nobody"], capture_output=True, text=True)
    assert r.returncode == 111 and "full name of nobody" in r.stderr
