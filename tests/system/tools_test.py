"""The small programs: in .qmail files under a running qmail-send, and by hand."""
import fcntl
import os
import pty
import re
import socket
import struct
import subprocess
import sys
import time

import pytest

from harness import ACCOUNTS, HOMES, maildir


@pytest.fixture
def running(qmail, homes):
    qmail.put = homes
    return qmail


def deliver(qmail, files, to="foo@mail.test.example", text=b"Subject: t\n\nbody\n"):
    for name, content in files.items():
        qmail.put(name, content)
    qmail.start()
    assert qmail.inject(b"ann@client.test.example", [to.encode()], text) == 0


# ---- in .qmail files

def test_condredirect_stops_the_rest(running):
    deliver(running, {"foo/.qmail": "|condredirect john@mail.test.example grep -q body\n./Maildir/\n",
                      "john/.qmail": "./Maildir/\n"})
    running.drained()
    (m,) = maildir("john", "Maildir")
    assert m.startswith(b"Return-Path: <ann@client.test.example>\nDelivered-To: john@mail.test.example\n")
    assert b"\nDelivered-To: foo@mail.test.example\n" in m and m.endswith(b"Subject: t\n\nbody\n")
    assert maildir("foo", "Maildir") == []


def test_forward_and_preline(running):
    deliver(running, {"foo/.qmail": "|preline -f cat > got\n|forward john@mail.test.example\n",
                      "john/.qmail": "./Maildir/\n"})
    running.drained()
    with open(HOMES + "/foo/got", "rb") as f:
        got = f.read()
    assert got.startswith(b"Return-Path: <ann@client.test.example>\nDelivered-To: foo@mail.test.example\nReceived: ")
    assert got.endswith(b"Subject: t\n\nbody\n")
    assert len(maildir("john", "Maildir")) == 1
    running.wait_log(r"success: forward:_qp_\d+/did_0\+0\+2/$")


def test_bouncesaying(running):
    running.control(locals="mail.test.example\nclient.test.example\n")
    deliver(running, {"foo/.qmail": "|bouncesaying 'No longer here.'\n"})
    running.wait_log(r"failure: No_longer_here\./$")


@pytest.mark.parametrize("line, text", [
    ("|bouncesaying gone nothere", "bouncesaying:_fatal:_unable_to_run_nothere:_No_such_file_or_directory/"),
    ("|except nothere", "except:_fatal:_unable_to_run_nothere:_No_such_file_or_directory/"),
    ("|condredirect john nothere", "condredirect:_fatal:_unable_to_run_nothere:_No_such_file_or_directory/"),
    ('|forward "$NOBODY"', "forward:_fatal:_one_of_the_addresses_to_forward_to_is_empty:_mend_the_command/"),
    ('|condredirect "" true', "condredirect:_fatal:_one_of_the_addresses_to_forward_to_is_empty:_mend_the_command/"),
])
def test_mistakes_in_commands_keep_mail_waiting(running, line, text):
    deliver(running, {"foo/.qmail": line + "\n./Maildir/\n"})
    running.wait_log(r"deferral: " + re.escape(text) + "$")
    assert len(running.queued()) == 1
    running.put("foo/.qmail", "./Maildir/\n")
    running.signal("ALRM")
    running.drained()
    assert len(maildir("foo", "Maildir")) == 1


def test_qreceipt(running):
    running.control(virtualdomains="client.test.example:john\n")
    deliver(running, {"foo/.qmail": "|qreceipt foo@mail.test.example\n", "john/.qmail-default": "./Maildir/\n"},
            text=b"Message-ID: <1@x>\nNotice-Requested-Upon-Delivery-To: Foo <foo@mail.test.example>\n\nb\n")
    running.drained()
    (m,) = maildir("john", "Maildir")
    assert m.startswith(b"Return-Path: <>\nDelivered-To: john-ann@client.test.example\n")
    assert m.endswith(b"following address: foo@mail.test.example. Thanks for asking.\nYour Message-ID: <1@x>\n")


# ---- by hand

def test_a_date_is_not_added_twice(qmail):
    for header, dates in (("Date: 1 Jan 2001 00:00:00 -0000\nTo: x\n", 1), ("To: x\ndate : x\n", 0), ("To: x\n", 1),
                          ("To: x\n\nDate: in the body\n", 2), ("", 1)):
        r = subprocess.run([qmail / "bin/predate", "cat"], input=header, capture_output=True, text=True,
                           env=qmail.env())
        assert r.returncode == 0 and r.stdout.endswith(header)
        assert len(re.findall("^Date: ", r.stdout, re.M)) == dates, header


def test_predate_in_bounded_memory(qmail):
    """A header line that does not end is passed on, with a date before it."""
    r = subprocess.run(["sh", "-c", "ulimit -v 65536; head -c 300000000 /dev/zero | tr '\\0' x | '%s' wc -c"
                        % (qmail / "bin/predate")], capture_output=True, text=True, env=qmail.env())
    assert 300000030 < int(r.stdout) < 300000050 and r.stderr == ""


def test_mailsubj_keeps_to_one_line(running):
    running.put("foo/.qmail", "./Maildir/\n")
    running.start()
    r = subprocess.run([running / "bin/mailsubj", "a\\tb\nBcc: john@mail.test.example", "foo@mail.test.example"],
                       input="body\n", text=True, env=running.env(USER="ann"))
    assert r.returncode == 0
    running.drained()
    (m,) = maildir("foo", "Maildir")
    assert b"\nSubject: a\\tb Bcc: john@mail.test.example\n" in m
    r = subprocess.run([running / "bin/mailsubj"], input="body\n", text=True, capture_output=True, env=running.env())
    assert r.returncode == 100 and "usage" in r.stderr


class Box:
    def __init__(self, tmp_path, qmail):
        self.program = qmail / "bin/maildir2mbox"
        self.path = str(tmp_path)
        for d in ("Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"):
            os.mkdir(os.path.join(self.path, d))
        self.env = qmail.env(MAIL=self.path + "/mbox", MAILTMP=self.path + "/mbox.tmp", MAILDIR=self.path + "/Maildir")
        self.mbox = self.path + "/mbox"

    def put(self, name, text, age=10):
        p = os.path.join(self.path, name)
        with open(p, "w") as f:
            f.write(text)
        os.utime(p, (1000000000 - age, 1000000000 - age))

    def run(self, **kw):
        return subprocess.Popen([self.program], env={**self.env, **kw}, stderr=subprocess.PIPE, text=True)

    def text(self):
        with open(self.mbox) as f:
            return f.read()

    def left(self):
        return os.listdir(self.path + "/Maildir/new") + os.listdir(self.path + "/Maildir/cur")


FROM_A = "From a@b Sun Sep 09 01:46:30 2001\nReturn-Path: <a@b>\n\nx\n\n"


def test_maildir2mbox_completes_the_mbox(tmp_path, qmail):
    box = Box(tmp_path, qmail)
    box.put("mbox", "From old\n\nno end")
    box.put("Maildir/new/a", "Return-Path: <a@b>\n\nx\n")
    assert box.run().wait() == 0
    assert box.text() == "From old\n\nno end\n" + FROM_A
    assert box.left() == []


def test_maildir2mbox_completes_a_message(tmp_path, qmail):
    box = Box(tmp_path, qmail)
    box.put("Maildir/new/a", "Return-Path: <a@b>\n\nx")
    assert box.run().wait() == 0
    assert box.text() == FROM_A and box.left() == []


def test_maildir2mbox_waits_and_looks_again(tmp_path, qmail):
    """Two at a time, both held up by a third that has the lock: nothing twice, nothing lost."""
    box = Box(tmp_path, qmail)
    box.put("mbox", "From old\n\nold\n\n")
    box.put("Maildir/new/a", "Return-Path: <a@b>\n\nx\n")
    with open(box.mbox) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        two = [box.run(MAILTMP=box.path + "/tmp%d" % i) for i in range(2)]
        time.sleep(0.5)
        assert all(p.poll() is None for p in two)
    assert [p.wait() for p in two] == [0, 0]
    assert box.text() == "From old\n\nold\n\n" + FROM_A
    assert sorted(os.listdir(box.path)) == ["Maildir", "mbox"]


def test_maildir2mbox_never_writes_over_the_mbox(tmp_path, qmail):
    box = Box(tmp_path, qmail)
    box.put("mbox", "From old\n\nold\n\n")
    box.put("Maildir/new/a", "Return-Path: <a@b>\n\nx\n")
    p = box.run(MAILTMP=box.mbox)
    assert p.wait() == 111 and "MAILTMP" in p.stderr.read()
    assert box.text() == "From old\n\nold\n\n" and box.left() == ["a"]


def test_maildir2mbox_on_a_full_disk(tmp_path, qmail):
    box = Box(tmp_path, qmail)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "full", str(tmp_path)], check=True)
    try:
        for d in ("Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"):
            os.mkdir(os.path.join(box.path, d))
        box.put("mbox", "From old\n\n" + "x" * 20000 + "\n\n")
        box.put("Maildir/new/a", "Return-Path: <a@b>\n\n" + "y" * 20000 + "\n")
        p = box.run()
        assert p.wait() == 111 and "unable to write to" in p.stderr.read()
        assert box.left() == ["a"] and len(box.text()) == 20012
        assert not os.path.exists(box.path + "/mbox.tmp")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def biff(qmail, user, mode, owner=None):
    """What appears on a terminal of foo's: a pty, and a utmp that says so. Runs in a mount namespace."""
    master, slave = pty.openpty()
    try:
        import tty
        tty.setraw(slave)
        name = os.ttyname(slave)
        os.chown(name, ACCOUNTS["foo"] if owner is None else owner, -1)
        os.chmod(name, mode)
        with open("/var/run/utmp", "wb") as f:
            f.write(struct.pack("<hxxi32s4s32s256shhiii4i20s", 7, 1, name[5:].encode(), b"1", user.encode(), b"",
                                0, 0, 0, 0, 0, 0, 0, 0, 0, b""))
        r = subprocess.run([qmail], input=b"From: x\nSUBJECT: hi\n\nbody\n" + b"\x1b" * 200, user=ACCOUNTS["foo"],
                           group=ACCOUNTS["foo"], extra_groups=[],
                           env={"USER": "foo", "LOCAL": "foo-x", "SENDER": "a\x1b[2J@b"})
        assert r.returncode == 0
        os.set_blocking(master, False)
        try:
            return os.read(master, 4096)
        except BlockingIOError:
            return b""
    finally:
        os.close(master)
        os.close(slave)


def biff_cases(qmail):
    subprocess.run(["mount", "-t", "tmpfs", "run", os.path.realpath("/var/run")], check=True)
    assert biff(qmail, "foo", 0o720) == (b"\r\n\a*** TO <foo-x> FROM <a/[2J@b>\r\n    hi/body/" + b"/" * 70 + b"\r\n")
    assert biff(qmail, "foo", 0o620) == b""
    assert biff(qmail, "foob", 0o720) == b""
    assert biff(qmail, "foo", 0o722, owner=0) == b""


def in_namespace(call, program):
    """One of the functions here, in a mount namespace of its own."""
    here = os.path.dirname(os.path.abspath(__file__))
    subprocess.run(["unshare", "-m", sys.executable, "-c", "import tools_test; tools_test.%s(%r)" % (call, program)],
                   check=True, env=dict(os.environ, PYTHONPATH="%s:%s" % (here, os.path.dirname(here))))


def test_qbiff(qmail):
    in_namespace("biff_cases", qmail / "bin/qbiff")


def logged(program, args, text):
    """What splogger sends to a /dev/log of ours."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        if os.path.exists("/dev/log"):
            os.unlink("/dev/log")
        log.bind("/dev/log")
        log.settimeout(0)
        subprocess.run([program, *args], input=text, check=True)
        got = []
        try:
            while True:
                got.append(re.sub(rb"^(<\d+>).*? (\S+): \d+\.\d{6}", rb"\1 \2:", log.recv(4096)))
        except BlockingIOError:
            return got


def splogger_cases(program):
    subprocess.run(["mount", "-t", "tmpfs", "dev", "/dev"], check=True)
    assert logged(program, [], b"one\ntwo") == [b"<22> splogger: one", b"<22> splogger: two"]
    assert logged(program, ["t", "x"], b"alert: a\n") == [b"<17> t: alert: a"]
    assert logged(program, ["t", "3"], b"\n\n") == []


def test_splogger(qmail):
    in_namespace("splogger_cases", qmail / "bin/splogger")
