"""Big, odd and hostile input goes through unharmed, or is refused in bounded memory."""
import hashlib
import os
import socket
import subprocess
import threading
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, maildir, wait_for

MIB = 1 << 20
LIMIT = 64 * MIB


def body_of(stored):
    """What the client sent: behind the lines that our programs put in front."""
    marker = b"X-Start: here\n"
    return stored[stored.index(marker):]


def through(qmail, homes, message, wire=None):
    """A message by SMTP to foo's Maildir; the bytes that arrived, from X-Start on."""
    homes("foo/.qmail", "./Maildir/\n")
    qmail.start()
    qmail.listen()
    with socket.create_connection(("127.0.0.1", 25)) as s:
        f = s.makefile("rb")
        for line in (None, b"HELO c", b"MAIL FROM:<s@c.example>", b"RCPT TO:<foo@mail.test.example>", b"DATA"):
            if line is not None:
                s.sendall(line + b"\r\n")
            assert f.readline()[:1] in b"23"
        s.sendall(wire if wire is not None else message)
        s.sendall(b"\r\n.\r\nQUIT\r\n" if not (wire or message).endswith(b"\r\n") else b".\r\nQUIT\r\n")
        assert f.readline().startswith(b"250 ")
    qmail.wait_log("success: did_1", timeout=60)
    [m] = maildir("foo", "Maildir")
    return body_of(m)


def test_fifty_megabytes(qmail, homes):
    line = b"0123456789abcdef" * 4 + b"\n"
    text = b"X-Start: here\n\n" + line * (50 * MIB // len(line))
    got = through(qmail, homes, text, text.replace(b"\n", b"\r\n"))
    assert hashlib.sha256(got).hexdigest() == hashlib.sha256(text).hexdigest()


def test_every_byte(qmail, homes):
    every = bytes(b for b in range(256) if b not in (10, 13))
    text = b"X-Start: here\n\n" + every + b"\n.\n..\n.dot\n\n" + every * 300 + b"\n\n"
    wire = text.replace(b"\n.", b"\n..").replace(b"\n", b"\r\n")
    assert through(qmail, homes, text, wire) == text


def test_no_final_newline(qmail, homes):
    homes("foo/.qmail", "./Maildir/\n./mbox\n|cat > copy\n")
    qmail.start()
    text = b"X-Start: here\n\nNUL \0 and \xff\xfe; From here\nFrom there\n.\r\nno end"
    assert qmail.inject(b"s@c.example", [b"foo@mail.test.example"], text) == 0
    qmail.wait_log("success: did_2.0.1")
    [m] = maildir("foo", "Maildir")
    assert body_of(m) == text
    with open(HOMES + "/foo/copy", "rb") as f:
        assert body_of(f.read()) == text
    with open(HOMES + "/foo/mbox", "rb") as f:
        assert body_of(f.read()) == text.replace(b"\nFrom there", b"\n>From there") + b"\n\n"


def test_twenty_thousand_recipients(qmail, homes):
    homes("foo/.qmail-default", "#\n")
    n = 20000
    qmail.control(concurrencylocal="0\n")
    qmail.start()
    qmail.listen()
    with socket.create_connection(("127.0.0.1", 25)) as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"EHLO c\r\n")
        while f.readline()[3:4] == b"-":
            pass
        s.sendall(b"MAIL FROM:<s@c.example>\r\n")
        assert f.readline().startswith(b"250")

        def pump():
            for i in range(n):
                s.sendall(b"RCPT TO:<foo-%d@mail.test.example>\r\n" % i)
            s.sendall(b"DATA\r\n")
        t = threading.Thread(target=pump)
        t.start()
        for i in range(n):
            assert f.readline().startswith(b"250"), i
        assert f.readline().startswith(b"354")
        t.join()
        s.sendall(b"Subject: many\r\n\r\nx\r\n.\r\n")
        assert f.readline().startswith(b"250")
    qmail.wait_log("^info msg ")
    wait_for("all in local", lambda: sum(
        open(os.path.join(b, x), "rb").read().count(b"\0") for b, _, fs in os.walk(qmail / "queue/local") for x in fs) == n)
    status = open("/proc/%d/status" % qmail.daemon.pid).read()
    assert int(status.split("VmRSS:")[1].split()[0]) * 1024 < LIMIT
    qmail.stop()
    # and delivered: the file says to throw each away, so it is the queue's own speed
    qmail.control(concurrencylocal="50\n")
    qmail.start()
    qmail.drained(timeout=240)
    assert qmail.logtext().count(": success: ") == n


def peak(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(f.read().split("VmHWM:")[1].split()[0]) * 1024


def feed(argv, chunks, env, cwd="/", **kw):
    """Run argv, write chunks (first, piece, count, last) to its stdin; its output and peak memory."""
    p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=cwd,
                         bufsize=0, **kw)
    high = [0]
    out = []
    reader = threading.Thread(target=lambda: out.append(p.stdout.read()))
    reader.start()

    def watch():
        while p.poll() is None:
            try:
                high[0] = max(high[0], peak(p.pid))
            except (OSError, IndexError):
                pass
            time.sleep(0.05)
    watcher = threading.Thread(target=watch)
    watcher.start()
    first, piece, count, last = chunks
    try:
        p.stdin.write(first)
        for _ in range(count):
            left = memoryview(piece)
            while left:
                left = left[p.stdin.write(left):]
        p.stdin.write(last)
        p.stdin.close()
    except BrokenPipeError:
        pass
    p.wait(120)
    reader.join()
    watcher.join()
    return p.returncode, out[0], high[0]


PIECE = b"x" * MIB
FIVE_GB = 5 * 1024


def test_five_gigabytes_in_one_command(qmail):
    code, out, high = feed([qmail / "bin/qmail-smtpd"], (b"HELO ", PIECE, FIVE_GB, b"\r\nNOOP\r\nQUIT\r\n"), qmail.env())
    assert out.startswith(b"220 ")
    assert high < LIMIT


def test_five_gigabytes_in_one_address(qmail):
    code, out, high = feed([qmail / "bin/qmail-smtpd"], (b"HELO x\r\nMAIL FROM:<", PIECE, FIVE_GB, b">\r\nQUIT\r\n"),
                           qmail.env())
    assert high < LIMIT
    assert b"\r\n250 ok" not in out, "the address is not accepted"


def test_five_gigabytes_in_one_header_line(qmail):
    """By SMTP, with a limit on the size: read to the end, refused, nothing kept in memory."""
    code, out, high = feed([qmail / "bin/qmail-smtpd"], (
        b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<foo@mail.test.example>\r\nDATA\r\nSubject: ", PIECE, FIVE_GB,
        b"\r\n\r\n.\r\nQUIT\r\n"), qmail.env(DATABYTES=str(10 * MIB)))
    assert b"\r\n552 " in out
    assert high < LIMIT


def test_five_gigabytes_to_inject(qmail):
    code, out, high = feed([qmail / "bin/qmail-inject", "-n", "-a", "foo"], (b"Subject: ", PIECE, FIVE_GB, b"\n\nx\n"),
                           qmail.env())
    assert high < LIMIT


@pytest.fixture
def sparse():
    """A message whose header is one line of 5 GB, most of it a hole in the file."""
    p = os.path.join(SCRATCH, "sparse")
    with open(p, "wb") as f:
        f.write(b"X-Start: ")
        f.truncate(5 << 30)
        f.seek(0, 2)
        f.write(b"\n\nbody\n")
    yield p
    os.unlink(p)


def test_five_gigabytes_at_qmail_local(qmail, homes, sparse):
    homes("foo/.qmail", "|head -c 1 > /dev/null\n")
    with open(sparse, "rb") as m:
        p = subprocess.Popen([qmail / "bin/qmail-local", "--", "foo", HOMES + "/foo", "foo", "", "", "mail.test.example",
                              "s@c", "./Mailbox"], stdin=m, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env=qmail.env(), user=ACCOUNTS["foo"], group=ACCOUNTS["foo"], extra_groups=[], cwd="/")
        high = 0
        while p.poll() is None:
            try:
                high = max(high, peak(p.pid))
            except (OSError, IndexError):
                pass
            time.sleep(0.02)
        assert p.stdout.read() == b"did 0+0+1\n" and p.returncode == 0
    assert high < LIMIT


def test_idle_memory(qmail, homes):
    """The daemons at rest, together, in less than 8 MB of their own."""
    qmail.start()
    total = 0
    daemons = subprocess.run(["pgrep", "-P", str(qmail.daemon.pid)], capture_output=True, text=True).stdout.split()
    assert len(daemons) >= 3
    for pid in [qmail.daemon.pid] + [int(x) for x in daemons]:
        try:
            with open("/proc/%d/smaps_rollup" % pid) as f:
                total += int(f.read().split("Pss:")[1].split()[0])
        except (OSError, IndexError):
            pass
    assert 0 < total < 8 * 1024
