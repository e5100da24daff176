"""Which account an address belongs to, with a password file that has odd names."""
import grp
import os
import pwd
import re
import subprocess
import time

import pytest

from harness import HOMES, SCRATCH, wait_for

LONG = "n" * 255
NAMES = ["Upper", "Dash-Ed", "lower", "LOWER", "ROOTY", "l" * 32, LONG, "s" * 256]


@pytest.fixture(scope="module", autouse=True)
def odd_names():
    """In the password file that the accounts fixture has put in front of the machine's."""
    file = os.path.join(SCRATCH, "passwd")
    with open(file) as f:
        before = f.read()
    with open(file, "a") as f:
        for i, n in enumerate(NAMES):
            home = os.path.join(HOMES, "odd%d" % i)
            uid = 0 if n == "ROOTY" else 30500 + i
            os.makedirs(home, exist_ok=True)
            os.chown(home, uid, uid)
            f.write("%s:x:%d:%d::%s:/bin/sh\n" % (n, uid, uid, home))
    yield
    with open(file, "w") as f:
        f.write(before)


@pytest.mark.parametrize("local, account, dash, ext", [
    ("Upper", "Upper", "", ""),
    ("upper", "Upper", "", ""),
    ("uPPer-Ext-ra", "Upper", "-", "Ext-ra"),
    ("dash-ed", "Dash-Ed", "", ""),
    ("DASH-ED-x", "Dash-Ed", "-", "x"),
    ("dash", "alias", "-", "dash"),
    ("lower", "lower", "", ""),
    ("LOWER", "lower", "", ""),             # as ever: lower case comes first
    ("rooty", "alias", "-", "rooty"),
    ("Rooty-x", "alias", "-", "Rooty-x"),
    ("l" * 32, "l" * 32, "", ""),
    ("L" * 32 + "-x", "l" * 32, "-", "x"),
    (LONG + "-x", LONG, "-", "x"),
    ("s" * 256, "alias", "-", "s" * 256),
    ("foo-Upper", "foo", "-", "Upper"),
])
def test_odd_names(qmail, homes, local, account, dash, ext):
    r = subprocess.run([qmail / "bin/qmail-getpw", local], capture_output=True, text=True)
    assert r.returncode == 0 and r.stderr == ""
    name, _, _, _, d, e, end = r.stdout.split("\0")
    assert (name, d, e, end) == (account, dash, ext, "")


# ---- one that stays for the next questions (proto/stay.h)




@pytest.fixture
def running(qmail, homes):
    qmail.control(me="mail.test.example\n", locals="mail.test.example\n", concurrencylocal="1\n")
    qmail.start("./Mailbox")
    return qmail


def deliver(qmail, n, to="foo"):
    for _ in range(n):
        assert qmail.inject(b"", [b"%s@mail.test.example" % to.encode()], b"Subject: t\n\nbody\n") == 0
    qmail.drained()


def stayers(qmail):
    """pids that run this home's qmail-getpw"""
    out = []
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.path.samefile("/proc/%s/exe" % p, qmail / "bin/qmail-getpw"):
                out.append(int(p))
        except OSError:
            pass
    return out


def test_one_stays_and_has_nothing(running):
    deliver(running, 20)
    pids = stayers(running)
    assert len(pids) == 1
    with open("/proc/%d/status" % pids[0]) as f:
        status = f.read()
    assert re.search(r"^Uid:\t(\d+)\t\1\t\1\t\1$", status, re.M)[1] == str(pwd.getpwnam("qmailp").pw_uid)
    assert re.search(r"^Groups:\t%d \n" % grp.getgrnam("nofiles").gr_gid, status, re.M)
    assert re.search(r"^NoNewPrivs:\t%d" % (os.environ.get("SANDBOX") != "off"), status, re.M)
    d = "/proc/%d/fd" % pids[0]
    held = {int(n): os.readlink(os.path.join(d, n)) for n in os.listdir(d)}
    assert [held[n] for n in (0, 1, 2)] == ["/dev/null"] * 3 and sorted(held) == [0, 1, 2, 3, 4, 5], held
    deliver(running, 20)
    assert stayers(running) == pids
    assert len(re.findall("^delivery .*: success: ", running.logtext(), re.M)) == 40
    running.stop()
    wait_for("the end of what stayed", lambda: not stayers(running))


def test_one_that_is_killed_or_stopped_is_not_missed(running):
    deliver(running, 3)
    for signal in ("KILL", "STOP"):
        [pid] = stayers(running)
        subprocess.run(["kill", "-" + signal, str(pid)], check=True)
        deliver(running, 3)
        assert pid in stayers(running) if signal == "STOP" else pid not in stayers(running)
        if signal == "STOP":
            subprocess.run(["kill", "-KILL", str(pid)], check=True)
    began = time.monotonic()
    deliver(running, 10)
    assert time.monotonic() - began < 8, "each that is missed is waited for once"
    assert len(re.findall("^delivery .*: success: ", running.logtext(), re.M)) == 19


def test_another_program_in_its_place_is_asked_each_time(running):
    deliver(running, 3)
    assert stayers(running)
    ours, asked = running / "bin/qmail-getpw", os.path.join(SCRATCH, "asked")
    if os.path.exists(asked):
        os.unlink(asked)
    open(asked, "w").close()
    os.chmod(asked, 0o666)
    os.rename(ours, ours + ".ours")
    try:
        with open(ours + ".new", "w") as f:
            f.write('#!/bin/sh\necho "$#" >> %s\nexec %s.ours "$@"\n' % (asked, ours))
        os.chmod(ours + ".new", 0o755)
        os.rename(ours + ".new", ours)
        deliver(running, 4)
        assert open(asked).read() == "1\n" * 4
    finally:
        os.rename(ours + ".ours", ours)
    deliver(running, 1)
    assert open(asked).read() == "1\n" * 4


def test_a_new_account_gets_mail_at_once(running):
    deliver(running, 2)
    file = os.path.join(SCRATCH, "passwd")
    with open(file) as f:
        before = f.read()
    home = os.path.join(HOMES, "newcomer")
    os.makedirs(home, exist_ok=True)
    os.chown(home, 30600, 30600)
    try:
        with open(file, "a") as f:
            f.write("NewComer:x:30600:30600::%s:/bin/sh\n" % home)
        deliver(running, 1, "newcomer")
        assert os.path.exists(home + "/Mailbox")
    finally:
        with open(file, "w") as f:
            f.write(before)
