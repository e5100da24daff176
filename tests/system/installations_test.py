"""Several installations from one tree, side by side: own binaries, queues and services, one scan directory, accounts shared."""
import os
import re
import shutil
import socket
import stat
import subprocess

import pytest

from harness import BUILD, ROOT, SCRATCH, UNLIMITED, build_home, maildir, wait_for

WHERE = [("127.0.0.1", 25), ("127.0.0.2", 25), ("127.0.0.1", 2525)]


@pytest.fixture(scope="module")
def third():
    return build_home(SCRATCH + "/qmail3")


@pytest.fixture
def three(qmail, second, third):
    homes = [qmail, second, third]
    for i, h in enumerate(homes):
        h.clear()
        name = "host%d.test.example\n" % (i + 1)
        h.control(me=name, locals=name, rcpthosts=name, defaultdelivery="./Maildir/\n")
        h.alias("-postmaster", "./Mailbox\n")
    return homes


@pytest.fixture
def scan(three):
    """The services in boot/s6 of each home under one s6-svscan; address and port are what is changed in them."""
    d = os.path.join(SCRATCH, "scan")
    shutil.rmtree(d, ignore_errors=True)
    os.mkdir(d)
    for i, h in enumerate(three):
        shutil.rmtree(h / "log", ignore_errors=True)
        for service in ("send", "smtpd"):
            s = os.path.join(d, "%s%d" % (service, i + 1))
            shutil.copytree(h / ("boot/s6/qmail-" + service), s)
            for name, value in {"ADDRESS": WHERE[i][0], "PORT": str(WHERE[i][1]), "RULES": "/nonexistent.cdb", **UNLIMITED}.items():
                if service == "smtpd":
                    with open(os.path.join(s, "env", name), "w") as f:
                        f.write(value + "\n")
    p = subprocess.Popen(["s6-svscan", d], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for i in range(3):
        wait_for("the server of %d" % (i + 1), lambda i=i: connects(WHERE[i]), 30)
        wait_for("qmail-send of %d" % (i + 1), lambda i=i: "status: local 0/" in sent_log(three[i]), 30)
    yield d
    subprocess.run(["s6-svscanctl", "-t", d], check=True)
    p.wait(30)


def connects(where):
    with socket.socket() as s:
        return s.connect_ex(where) == 0


def sent_log(home):
    try:
        with open(home / "log/send/current", encoding="latin-1") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def send(home, where, sender, recipient):
    with home.smtp(*where) as s:
        s.mail(sender)
        code, text = s.rcpt(recipient)
        if code != 250:
            return code
        return s.data("Subject: to %s\n\nx\n" % recipient)[0]


def subjects():
    return sorted(re.search(rb"Subject: to (\S+)", m)[1].decode() for m in maildir("foo", "Maildir"))


def test_three_at_once(three, scan, homes):
    homes("foo/.qmail", "./Maildir/\n")
    for i, h in enumerate(three):
        for k in range(3):
            # each has its own policy, before there is a message
            assert send(h, WHERE[i], "s@x.example", "foo@host%d.test.example" % (k + 1)) == (250 if i == k else 553)
    for h in three:
        h.drained()
    assert subjects() == ["foo@host%d.test.example" % n for n in (1, 2, 3)]
    for i, h in enumerate(three):
        assert re.findall(r"starting delivery \d+: msg \d+ to (.*)$", sent_log(h), re.M) == ["local foo@host%d.test.example" % (i + 1)]
    # one that is stopped and one that is told to read its files again: the others go on
    subprocess.run(["s6-svc", "-wd", "-d", os.path.join(scan, "send2")], check=True)
    three[2].control(virtualdomains="host1.test.example:foo\n", rcpthosts="host1.test.example\n")
    homes("foo/.qmail-default", "./Maildir/\n")
    subprocess.run(["s6-svc", "-h", os.path.join(scan, "send3")], check=True)
    assert send(three[1], WHERE[1], "s@x.example", "foo@host2.test.example") == 250
    assert send(three[0], WHERE[0], "s@x.example", "foo@host1.test.example") == 250

    def reread():
        assert send(three[2], WHERE[2], "s@x.example", "x@host1.test.example") == 250
        return "to local foo-x@host1.test.example" in sent_log(three[2])
    wait_for("the tables of 3", reread)
    three[0].drained()
    assert len(three[1].queued()) == 1
    # its queue is taken by one qmail-send alone
    log = subprocess.run([three[0] / "bin/qmail-start", "./Mailbox"], env=three[0].env(), capture_output=True, text=True, timeout=20).stdout
    assert "alert: cannot start: qmail-send is already running" in log
    subprocess.run(["s6-svc", "-wu", "-u", os.path.join(scan, "send2")], check=True)
    three[1].drained()


def test_each_refers_to_itself(three):
    """No file of one names another home; binaries, scripts, services and manual pages. make check finds nothing."""
    found = []
    for h in three:
        others = re.compile(b"|".join(re.escape(o.path.encode()) + rb"(?![0-9A-Za-z])" for o in three if o is not h))
        for part in ("bin", "boot", "man", "doc"):
            for base, _, files in os.walk(h / part):
                for f in files:
                    p = os.path.join(base, f)
                    if not stat.S_ISREG(os.lstat(p).st_mode):
                        continue
                    with open(p, "rb") as g:
                        text = g.read()
                    if others.search(text):
                        found.append(p)
        r = subprocess.run(["make", "-C", ROOT, "-s", "QMAIL=" + h.path, "B=" + BUILD, "check"], capture_output=True, text=True)
        assert (r.returncode, r.stdout) == (0, ""), r
    assert found == []


def test_an_empty_control_does_not_start(three):
    three[1].clear()
    log = subprocess.run([three[1] / "bin/qmail-start", "./Mailbox"], env=three[1].env(), capture_output=True, text=True, timeout=20).stdout
    assert "alert: cannot start: unable to read controls" in log


@pytest.mark.parametrize("argv0, cwd", [("bin/qmail-queue", "/"), ("/tmp/elsewhere/qmail-queue", "/tmp"), ("", "/usr")])
def test_the_queue_is_compiled_in(three, argv0, cwd):
    """Neither name, directory nor environment choose the queue of a setuid program."""
    e = os.path.join(SCRATCH, "installations.envelope")
    with open(e, "wb") as f:
        f.write(b"Fs@x\0Tfoo@host2.test.example\0\0")
    with open(e, "rb") as f:
        r = subprocess.run([argv0], executable=three[1] / "bin/qmail-queue", cwd=cwd, input=b"x\n", stdout=f,
                           env={"QMAILHOME": three[0].path, "QUEUEDIR": three[0] / "queue", "HOME": three[0].path})
    assert r.returncode == 0
    assert [len(h.queued()) for h in three] == [0, 1, 0]


def test_a_shared_queue(three, homes):
    """The second one's qmail-queue is a link to the first's: policy before the message is the second's, all after is the
    first's."""
    one, two, _ = three
    homes("foo/.qmail-default", "./Maildir/\n")
    one.control(virtualdomains="shared.example:foo\n")
    two.control(virtualdomains="shared.example:nobody\n", rcpthosts="shared.example\n")
    os.rename(two / "bin/qmail-queue", two / "bin/qmail-queue.own")
    os.symlink(one / "bin/qmail-queue", two / "bin/qmail-queue")
    try:
        one.start()
        two.listen("127.0.0.2")
        one.listen("127.0.0.1")
        assert send(two, ("127.0.0.2", 25), "s@x.example", "a@shared.example") == 250
        assert send(one, ("127.0.0.1", 25), "s@x.example", "a@shared.example") == 553
        one.wait_log("to local foo-a@shared.example")
        one.drained()
        assert two.queued() == [] and subjects() == ["a@shared.example"]
    finally:
        two.stop()
        os.unlink(two / "bin/qmail-queue")
        os.rename(two / "bin/qmail-queue.own", two / "bin/qmail-queue")


def test_an_address_of_zero_takes_all(three):
    """The first argument of tcpserver decides: 0 leaves no address for the second listener, two ports do."""
    one, two, _ = three
    one.listen("0", 25)
    try:
        with pytest.raises(AssertionError):
            p = two.listen("127.0.0.2", 25)
            wait_for("its end", lambda: p.poll() is not None, 5)
            raise AssertionError("it ended, %r" % p.returncode)
        two.listen("127.0.0.2", 2525)
        assert send(two, ("127.0.0.2", 2525), "s@x.example", "foo@host2.test.example") == 250
        # and what is at the port is the first one's
        assert send(one, ("127.0.0.2", 25), "s@x.example", "foo@host2.test.example") == 553
    finally:
        two.stop()
