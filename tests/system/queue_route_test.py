"""qmail-queue-route: one entry, several queues. Mail comes in by SMTP and lands in the queue of its sender."""
import os
import pwd
import re
import stat
import subprocess

import pytest

from harness import SCRATCH, maildir, wait_for

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def other(second):
    second.clear()
    second.control(me="two.test.example\n", locals="two.test.example\n", rcpthosts="")
    second.alias("-postmaster", "./Mailbox\n")
    yield second
    second.stop()


@pytest.fixture
def in_place(qmail, other):
    """In the place of bin/qmail-queue, as the chapter has it: the real one is bin/qmail-queue-real."""
    os.unlink(qmail / "control/rcpthosts")
    qmail.control(queueroutes="somewhere.net:%s\n.somewhere.net:%s\nout.somewhere.net:\n" % ((other / "bin/qmail-queue",) * 2))
    os.rename(qmail / "bin/qmail-queue", qmail / "bin/qmail-queue-real")
    os.symlink("qmail-queue-route", qmail / "bin/qmail-queue")
    yield
    os.unlink(qmail / "bin/qmail-queue")
    os.rename(qmail / "bin/qmail-queue-real", qmail / "bin/qmail-queue")


@pytest.fixture
def programs(qmail):
    """A function that writes a queue program, a shell script."""
    made = []

    def make(name, text):
        p = os.path.join(SCRATCH, name)
        with open(p, "w") as f:
            f.write("#!/bin/sh\n" + text)
        os.chmod(p, 0o755)
        made.append(p)
        return p
    yield make
    for p in made:
        os.unlink(p)


def route(home, message, envelope, program="bin/qmail-queue-route", timeout=60, env=None, fds=(), **kw):
    """Run it as a caller does: the envelope is written when all of the message is."""
    m_in, m_out = os.pipe()
    e_in, e_out = os.pipe()
    pairs = [(m_in, 0), (e_in, 1), *fds]

    def place():
        for fd, to in pairs:
            os.dup2(fd, to)
    p = subprocess.Popen([home / program], preexec_fn=place, pass_fds=[to for _, to in fds], stderr=subprocess.PIPE,
                         env=home.env(**(env or {})), **kw)
    os.close(m_in)
    os.close(e_in)
    try:
        for fd, data in ((m_out, message), (e_out, envelope)):
            with os.fdopen(fd, "wb", buffering=0) as f:
                at = 0
                while at < len(data):
                    at += f.write(data[at:at + 65536])
    except BrokenPipeError:
        pass
    err = p.communicate(timeout=timeout)[1].decode()
    return p.returncode, err


def envelope(sender, *recipients):
    return b"F" + sender + b"\0" + b"".join(b"T" + r + b"\0" for r in recipients) + b"\0"


TO = b"postmaster@mail.test.example"


def taken(home):
    n = len(home.queued())
    for base, _, files in os.walk(home / "queue"):
        for f in files:
            if os.path.basename(base) != "lock":
                os.unlink(os.path.join(base, f))
    return n


# ---- by SMTP, to the end

def test_the_sender_chooses_the_queue(qmail, other, in_place, homes):
    homes("foo/.qmail", "./Maildir/\n")
    other.control(locals="two.test.example\nmail.test.example\n")
    qmail.start()
    other.start()
    qmail.listen()
    senders = ["joe@example.com", "unknown", "", "joe@SomeWhere.Net", "list-@somewhere.net-@[]", "joe@a.somewhere.net",
               "joe@out.somewhere.net"]
    for s in senders:
        qmail.send(s, "foo@mail.test.example", "Subject: from <%s>\n\nx\n" % s)
    qmail.drained()
    other.drained()

    def seen(home):
        return re.findall(r"^info msg \d+: bytes \d+ from <(.*)> qp \d+ uid %d$" % pwd.getpwnam("qmaild").pw_uid,
                          home.logtext(), re.M)
    assert sorted(seen(qmail)) == sorted(["joe@example.com", "unknown", "", "joe@out.somewhere.net"])
    assert sorted(seen(other)) == sorted(["joe@SomeWhere.Net", "list-@somewhere.net-@[]", "joe@a.somewhere.net"])
    assert sorted(re.search(rb"Subject: from <(.*)>", m)[1].decode() for m in maildir("foo", "Maildir")) == sorted(senders)


def test_a_bounce_stays_in_the_queue_it_comes_from(qmail, other, in_place, homes):
    qmail.control(queueroutes=":%s\n" % (other / "bin/qmail-queue"))
    homes("foo/.qmail", "./Maildir/\n")
    qmail.start()
    code = subprocess.run([qmail / "bin/qmail-queue-real"], stdin=open("/etc/hostname"), env=qmail.env(),
                          stdout=open_envelope(envelope(b"foo@mail.test.example", b"foo-nobody@mail.test.example"))).returncode
    assert code == 0
    qmail.wait_log(r"^bounce msg ")
    qmail.drained()
    assert len(maildir("foo", "Maildir")) == 1 and other.queued() == []


def open_envelope(data):
    p = os.path.join(SCRATCH, "route.envelope")
    with open(p, "wb") as f:
        f.write(data)
    return open(p, "rb")


def test_a_large_message_does_not_hang(qmail, other, in_place, homes):
    """More than a pipe holds: whoever reads the envelope first waits for ever."""
    homes("foo/.qmail", "./Maildir/\n")
    other.control(locals="mail.test.example\n")
    other.start()
    qmail.listen()
    text = "Subject: large\n\n" + "0123456789abcdef\n" * 20000
    qmail.send("joe@somewhere.net", "foo@mail.test.example", text)
    other.drained()
    [m] = maildir("foo", "Maildir")
    assert m.decode().endswith(text)


# ---- what goes through

@pytest.mark.parametrize("size", [0, 1, 32767, 32768, 32769, 65536, 300001])
def test_bytes_go_through_unchanged(qmail, programs, size):
    """Message and envelope, to the byte; F, T and NULs stay; nobody has a terminal, descriptors stay as they were."""
    out = os.path.join(SCRATCH, "route.out")
    program = programs("route.cat", "cat > %s.m; cat <&1 > %s.e\nls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) ->.*/\\1/p' > %s.fds\n"
                       "exit 0\n" % (out, out, out))
    qmail.control(queueroutes="a.example:%s\n" % program)
    message = bytes((i * 7 + i // 256) % 256 for i in range(size))
    many = [b"user%d@\xff example" % i for i in range(size // 20)]
    e = envelope(b"s\x01 \xe9@A.Example", *many)
    assert route(qmail, message, e) == (0, "")
    with open(out + ".m", "rb") as f:
        assert f.read() == message
    with open(out + ".e", "rb") as f:
        assert f.read() == e
    with open(out + ".fds") as f:
        assert set(f.read().split()) - {"3"} == {"0", "1", "2"}


@pytest.mark.parametrize("number, fd", [(82, 4), (82, 6), (88, 6), (82, 9)])
def test_texts_and_codes_go_through(qmail, programs, number, fd):
    program = programs("route.text", "cat > /dev/null; echo Dnot from you >&%d; exit %d\n" % (fd, number))
    qmail.control(queueroutes="a.example:%s\n" % program)
    r, w = os.pipe()
    try:
        assert route(qmail, b"x\n", envelope(b"s@a.example", TO), fds=[(w, fd)]) == (number, "")
        assert os.read(r, 100) == b"Dnot from you\n"
    finally:
        os.close(r)
        os.close(w)


@pytest.mark.parametrize("number", [11, 31, 32, 51, 53, 61, 71, 91, 99, 115, 120])
def test_every_code_is_the_programs(qmail, programs, number):
    program = programs("route.code", "exit %d\n" % number)
    qmail.control(queueroutes=":%s\n" % program)
    assert route(qmail, b"x\n" * 100000, envelope(b"s@a.example", TO)) == (number, "")


def test_a_client_reads_the_programs_words(qmail, programs):
    program = programs("route.says", "cat > /dev/null; echo Dnot from you >&6; exit 82\n")
    qmail.control(queueroutes="a.example:%s\n" % program)
    qmail.listen(env={"QMAILQUEUE": "bin/qmail-queue-route"})
    with qmail.smtp() as s:
        s.mail("s@a.example")
        s.rcpt("postmaster@mail.test.example")
        assert s.data("x\n") == (554, b"not from you")
        s.mail("s@b.example")
        s.rcpt("postmaster@mail.test.example")
        code, text = s.data("x\n")
    assert code == 250 and taken(qmail) == 1
    # no other process in between: the number in the reply is that of the log
    assert re.search(rb"qp \d+$", text)


def test_the_number_in_the_reply_is_the_queues(qmail):
    qmail.control(queueroutes="nowhere.example:/bin/false\n")
    qmail.start()
    qmail.listen(env={"QMAILQUEUE": "bin/qmail-queue-route"})
    reply = qmail.send("s@b.example", "postmaster@mail.test.example")
    qmail.wait_log(r"^info msg \d+: bytes \d+ from <s@b.example> qp %s uid" % re.search(r"qp (\d+)", reply)[1])


def test_the_real_user_is_noted(qmail, in_place):
    code, _ = route(qmail, b"x\n", envelope(b"s@a.example", TO), "bin/qmail-queue", user=NOBODY.pw_uid, group=NOBODY.pw_gid,
                    extra_groups=[])
    assert code == 0
    [n] = qmail.queued()
    with open(qmail / ("queue/todo/%d" % n), "rb") as f:
        assert f.read().startswith(b"u%d\0p" % NOBODY.pw_uid)
    with open(qmail / ("queue/mess/%d/%d" % (n % 23, n)), "rb") as f:
        assert b"invoked by uid %d)" % NOBODY.pw_uid in f.readline()


# ---- what does not

@pytest.mark.parametrize("bad, code", [
    (b"", 54), (b"F", 54), (b"Fs@a.example", 54), (b"Fs@a.example\0", 54), (b"Fs@a.example\0T" + TO + b"\0", 54),
    (b"Fs@a.example\0T" + TO, 54), (b"Xs@a.example\0\0", 91), (b"Fs@a.example\0X\0\0", 91), (b"\0", 91),
    (b"F" + b"s" * 1003 + b"\0\0", 11), (b"Fs@a.example\0T" + b"t" * 1003 + b"\0\0", 11),
])
@pytest.mark.parametrize("size", [2, 100000])
def test_no_envelope_no_message(qmail, bad, code, size):
    qmail.control(queueroutes="b.example:/bin/false\n")
    assert route(qmail, b"x" * size, bad) == (code, "")
    assert taken(qmail) == 0


def test_without_descriptors(qmail):
    qmail.control(queueroutes="b.example:/bin/true\n")
    assert subprocess.run([qmail / "bin/qmail-queue-route"], preexec_fn=lambda: os.closerange(0, 3)).returncode == 54


def test_without_routes_it_is_qmail_queue(qmail):
    for text in (None, "", "# a.example:/bin/false\n"):
        if text is not None:
            qmail.control(queueroutes=text)
        assert route(qmail, b"x\n", envelope(b"s@a.example", TO)) == (0, "")
        assert taken(qmail) == 1


@pytest.mark.parametrize("line, sender, code, words", [
    ("a.example /bin/true", b"s@a.example", 55, ["line 2", "colon"]), ("a.example: /bin/true", b"s@a.example", 55, ["line 2", "blank"]),
    ("a.example:/no/such", b"s@a.example", 120, ["line 2", "/no/such"]), ("a.example /bin/true", b"s@b.example", 0, []),
    ("a.example:/no/such", b"", 0, []), (":/no/such", b"#@[]", 0, []), (":/no/such", b"user", 0, []),
    ("s@a.example=/bin/true", b"s@a.example", 55, ["line 2", "colon"]),
])
def test_mistakes_make_mail_wait(qmail, line, sender, code, words):
    qmail.control(queueroutes="# routes\n" + line + "\n")
    got, err = route(qmail, b"x\n", envelope(sender, TO))
    assert got == code and all("control/queueroutes" in err and w in err for w in words), (got, err)
    assert taken(qmail) == (1 if code == 0 else 0)


def test_a_table_that_cannot_be_read(qmail):
    os.mkdir(qmail / "control/queueroutes")
    try:
        code, err = route(qmail, b"x\n", envelope(b"s@a.example", TO))
        assert code == 55 and "control/queueroutes" in err
    finally:
        os.rmdir(qmail / "control/queueroutes")


def test_it_does_not_run_itself(qmail, programs):
    """In the place of qmail-queue, and nobody has kept the real one; a program that calls qmail-queue again."""
    qmail.control(queueroutes="a.example:%s\n" % (qmail / "bin/qmail-queue-route"))
    assert route(qmail, b"x\n", envelope(b"s@a.example", TO))[0] == 55
    filters = programs("route.filter", "exec %s\n" % (qmail / "bin/qmail-queue-route"))
    qmail.control(queueroutes="a.example:%s\n" % filters)
    assert route(qmail, b"x\n", envelope(b"s@a.example", TO))[0] == 0
    assert taken(qmail) == 1


def test_disk_full_and_memory(qmail):
    """More than may be written: refused for now. The memory of the process does not grow with the message."""
    qmail.control(queueroutes="b.example:/bin/true\n")
    big = b"0123456789abcdef" * (1 << 18)
    e = envelope(b"s@a.example", TO)
    r = subprocess.run(["sh", "-c", "ulimit -f 1000; exec %s 1< %s" % (qmail / "bin/qmail-queue-route", open_envelope(e).name)],
                       input=big, env=qmail.env())
    assert r.returncode == 53 and taken(qmail) == 0
    p = os.path.join(SCRATCH, "route.many")
    with open(p, "wb") as f:
        f.write(envelope(b"s@b.example", *[b"user%06d@mail.test.example" % i for i in range(150000)]))
    with open(p, "rb") as f:
        r = subprocess.run(["prlimit", "--data=2097152", qmail / "bin/qmail-queue-route"], input=big * 16, stdout=f,
                           env=qmail.env())
    assert r.returncode == 0


def test_nothing_is_left_behind(qmail):
    """A caller that dies in the middle, and a signal."""
    qmail.control(queueroutes="b.example:/bin/true\n")

    def files():
        return {f for d in ("/var/tmp", "/tmp") for f in os.listdir(d) if f.startswith("spool.")}
    before = files()
    p = subprocess.Popen([qmail / "bin/qmail-queue-route"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, env=qmail.env())
    p.stdin.write(b"x" * 1000000)
    p.stdin.flush()

    def spooled():
        out = []
        for fd in os.listdir("/proc/%d/fd" % p.pid):
            st = os.stat("/proc/%d/fd/%s" % (p.pid, fd))
            if stat.S_ISREG(st.st_mode):
                out.append((st.st_nlink, stat.S_IMODE(st.st_mode)))
        return out
    assert wait_for("a spool file", spooled) == [(0, 0o600)]
    p.kill()
    p.wait()
    assert files() == before and taken(qmail) == 0
