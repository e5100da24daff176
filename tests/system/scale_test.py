"""Large tables: compiled lists of domains beside their texts, and what a thousand times as many domains cost.

No test here takes the time; tests/bench/scale does. What is counted is memory, files that are opened, bytes that are read.
"""
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import time

import pytest

from harness import HOMES, SCRATCH, cdb, maildir, wait_for

MANY = 100000


def newcdb(qmail, *names, code=0):
    r = subprocess.run([qmail / "bin/qmail-newcdb", *names], capture_output=True, text=True)
    assert r.returncode == code, r
    return r.stderr


def damage(path):
    with open(path, "r+b") as f:
        f.seek(2060)
        b = f.read(1)
        f.seek(2060)
        f.write(bytes([b[0] ^ 1]))


def route_of(qmail, address):
    r = subprocess.run([qmail / "bin/qmail-explain", "-j", address], capture_output=True, text=True, env=qmail.env())
    got = json.loads(r.stdout)
    return got["recipient"], [(s["file"], s["line"]) for s in got["steps"]
                              if s["stage"] in ("locals", "virtualdomains") and s["verdict"] == "taken"], got


def delivered(qmail, address, recipient):
    qmail.send("s@client.example", address)
    qmail.wait_log("to (local|remote) %s$" % re.escape(recipient))


def test_the_newer_of_text_and_cdb(qmail, homes):
    """Mail goes where qmail-explain says, by the text or by the cdb, whichever is newer; the file is named."""
    homes("foo/.qmail-default", "./Maildir/\n")
    qmail.control(virtualdomains="# mine\nA.example:foo\n", rcpthosts="", locals="mail.test.example\nb.example\n",
                  concurrencyremote="0\n")
    os.unlink(qmail / "control/rcpthosts")
    newcdb(qmail, "virtualdomains", "locals")
    qmail.start()
    qmail.listen()
    assert route_of(qmail, "x@a.example")[:2] == ("foo-x@a.example", [("control/virtualdomains.cdb", 0)])
    assert route_of(qmail, "foo@B.example")[:2] == ("foo@B.example", [("control/locals.cdb", 0)])
    delivered(qmail, "x@A.Example", "foo-x@A.Example")
    delivered(qmail, "foo-y@b.example", "foo-y@b.example")
    # the text is newer: it counts with the next HUP, and at once for who asks
    time.sleep(0.02)
    qmail.control(virtualdomains="a.example:foo-two\n")
    assert route_of(qmail, "x@a.example")[:2] == ("foo-two-x@a.example", [("control/virtualdomains", 1)])
    qmail.signal("HUP")
    delivered(qmail, "x@a.example", "foo-two-x@a.example")
    # without arguments those that are there are made anew; nothing else is
    newcdb(qmail)
    assert not os.path.exists(qmail / "control/rcpthosts.cdb")
    assert route_of(qmail, "x@a.example")[1] == [("control/virtualdomains.cdb", 0)]
    qmail.signal("HUP")
    delivered(qmail, "x1@a.example", "foo-two-x1@a.example")
    # without a text
    os.unlink(qmail / "control/virtualdomains")
    qmail.signal("HUP")
    delivered(qmail, "x2@a.example", "foo-two-x2@a.example")
    qmail.drained()
    assert len(maildir("foo", "Maildir")) == 5
    assert re.search(r"(?s)locals\.cdb: Read instead.*virtualdomains\.cdb: Read instead|virtualdomains\.cdb: Read instead.*locals\.cdb: Read instead",
                     subprocess.run([qmail / "bin/qmail-showctl"], capture_output=True, text=True).stdout)


def test_a_damaged_cdb_gives_way_to_the_text(qmail, homes):
    qmail.control(virtualdomains="a.example:foo\n", rcpthosts="a.example\n")
    newcdb(qmail, "virtualdomains", "rcpthosts")
    damage(qmail / "control/virtualdomains.cdb")
    os.truncate(qmail / "control/rcpthosts.cdb", 2070)
    qmail.start()
    qmail.listen()
    delivered(qmail, "x@a.example", "foo-x@a.example")
    # said when the session is over, which the delivery need not wait for
    wait_for("a word on rcpthosts.cdb", lambda: b"control/rcpthosts.cdb" in open(SCRATCH + "/smtpd.log", "rb").read())
    got = route_of(qmail, "x@a.example")
    assert got[1] == [("control/virtualdomains", 1)]
    assert [s for s in got[2]["steps"] if s["verdict"] == "warning" and s["file"] == "control/virtualdomains.cdb"]
    qmail.wait_log(r"^warning: control/virtualdomains\.cdb cannot be used", timeout=30)
    # without a text nothing is guessed: the lists stay, clients come again
    os.unlink(qmail / "control/virtualdomains")
    os.unlink(qmail / "control/rcpthosts")
    qmail.signal("HUP")
    qmail.wait_log(r"^alert: unable to reread control/virtualdomains")
    with qmail.smtp() as s:
        s.mail("s@client.example")
        assert s.rcpt("x@a.example")[0] == 421


def test_the_list_of_hosts(qmail):
    qmail.control(rcpthosts="A.example\n.b.example\n", morercpthosts="c.example\n")
    subprocess.run([qmail / "bin/qmail-newmrh"], check=True)
    newcdb(qmail, "rcpthosts")
    qmail.listen()

    def answers(*hosts):
        out = []
        with qmail.smtp() as s:
            s.mail("s@client.example")
            for h in hosts:
                out.append(s.rcpt("x@" + h)[0])
        return out
    hosts = ("a.example", "A.Example", "x.a.example", "b.example", "x.b.example", "c.example", "d.example")
    assert answers(*hosts) == [250, 250, 553, 553, 250, 250, 553]
    time.sleep(0.02)
    qmail.control(rcpthosts="d.example\n")
    assert answers(*hosts) == [553, 553, 553, 553, 553, 250, 250]
    newcdb(qmail)
    assert answers(*hosts) == [553, 553, 553, 553, 553, 250, 250]
    # the text is gone: no open relay
    os.unlink(qmail / "control/rcpthosts")
    assert answers(*hosts) == [553, 553, 553, 553, 553, 250, 250]


def test_newcdb(qmail):
    assert "usage" in newcdb(qmail, "me", code=100)
    assert "control/virtualdomains" in newcdb(qmail, "virtualdomains", code=111)
    qmail.control(virtualdomains="a.example:foo\nno colon\n")
    p = os.path.join(SCRATCH, "newcdb.err")
    with open(p, "w") as f:
        subprocess.run([qmail / "bin/qmail-newcdb", "virtualdomains"], check=True, stderr=f)
    with open(p) as f:
        assert "control/virtualdomains: line 2: no colon" in f.read()
    st = os.stat(qmail / "control/virtualdomains.cdb")
    assert st.st_mode & 0o7777 == 0o644
    assert st.st_mtime_ns == os.stat(qmail / "control/virtualdomains").st_mtime_ns + 1
    assert [f for f in os.listdir(qmail / "control") if f.endswith(".tmp")] == []
    # a write that fails leaves the old one
    with open(qmail / "control/virtualdomains.cdb", "rb") as f:
        old = f.read()
    r = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", qmail / "bin/qmail-newcdb"],
                       capture_output=True, text=True)
    assert r.returncode == 111 and "as it was" in r.stderr
    with open(qmail / "control/virtualdomains.cdb", "rb") as f:
        assert f.read() == old
    assert [f for f in os.listdir(qmail / "control") if f.endswith(".tmp")] == []


def test_a_text_that_is_put_back_counts(qmail):
    """With the time it had, as cp -p and rsync leave it: it is older than the cdb, and what the cdb holds is over."""
    old, text = os.path.join(SCRATCH, "old-table"), qmail / "control/virtualdomains"
    qmail.control(virtualdomains="a.example:foo\n")
    shutil.copy2(text, old)
    qmail.control(virtualdomains="a.example:new\n")
    newcdb(qmail, "virtualdomains")
    assert route_of(qmail, "x@a.example")[:2] == ("new-x@a.example", [("control/virtualdomains.cdb", 0)])
    for put in (shutil.copy2, shutil.move):
        time.sleep(0.02)
        put(old, text)
        assert os.stat(text).st_mtime_ns < os.stat(text + ".cdb").st_mtime_ns
        assert route_of(qmail, "x@a.example")[:2] == ("foo-x@a.example", [("control/virtualdomains", 1)])
        newcdb(qmail)
        assert route_of(qmail, "x@a.example")[:2] == ("foo-x@a.example", [("control/virtualdomains.cdb", 0)])
        # of the same length, and made to look as old
        st = os.stat(text)
        time.sleep(0.02)
        qmail.control(virtualdomains="a.example:bar\n")
        os.utime(text, ns=(st.st_mtime_ns, st.st_mtime_ns))
        assert route_of(qmail, "x@a.example")[:2] == ("bar-x@a.example", [("control/virtualdomains", 1)])


def test_a_cdb_of_another_program_counts_when_newer(qmail):
    def make(name, *pairs):
        time.sleep(0.02)
        with open(qmail / ("control/%s.cdb" % name), "wb") as f:
            f.write(cdb(pairs))
    qmail.control(virtualdomains="a.example:foo\n", rcpthosts="a.example\n")
    make("virtualdomains", (b"a.example", b"bar"), (b".a.example", b"baz"))
    make("rcpthosts", (b"b.example", b""))
    make("locals", (b"here.example", b""))
    assert route_of(qmail, "x@A.example")[:2] == ("bar-x@A.example", [("control/virtualdomains.cdb", 0)])
    assert route_of(qmail, "x@y.a.example")[0] == "baz-x@y.a.example"
    assert route_of(qmail, "x@here.example")[:2] == ("x@here.example", [("control/locals.cdb", 0)])
    qmail.listen()
    with qmail.smtp() as s:
        s.mail("s@client.example")
        assert [s.rcpt("x@%s.example" % h)[0] for h in "ab"] == [553, 250]
    time.sleep(0.02)
    qmail.control(virtualdomains="a.example:foo\n", rcpthosts="a.example\n")
    assert route_of(qmail, "x@a.example")[:2] == ("foo-x@a.example", [("control/virtualdomains", 1)])
    with qmail.smtp() as s:
        s.mail("s@client.example")
        assert [s.rcpt("x@%s.example" % h)[0] for h in "ab"] == [250, 553]


def test_newcdb_makes_what_it_can(qmail):
    """One that has no text, or cannot be made, does not keep the others from being made."""
    qmail.control(locals="a.example\n", rcpthosts="a.example\n", virtualdomains="b.example:foo\n")
    newcdb(qmail, "locals", "rcpthosts", "virtualdomains")
    os.unlink(qmail / "control/locals")
    qmail.control(rcpthosts="c.example\n", virtualdomains="c.example:foo\n")
    said = newcdb(qmail)
    assert "control/locals.cdb has no control/locals" in said and "remove control/locals.cdb" in said and "rcpthosts" not in said
    assert route_of(qmail, "x@c.example")[1] == [("control/virtualdomains.cdb", 0)]
    assert route_of(qmail, "x@a.example")[1] == [("control/locals.cdb", 0)]
    # a failure
    os.unlink(qmail / "control/rcpthosts")
    os.mkdir(qmail / "control/rcpthosts")
    try:
        qmail.control(virtualdomains="d.example:foo\n")
        said = newcdb(qmail, code=111)
        assert "control/rcpthosts.cdb is as it was" in said and "unable to read control/rcpthosts: " in said
        assert route_of(qmail, "x@d.example")[1] == [("control/virtualdomains.cdb", 0)]
        assert "control/locals" in newcdb(qmail, "locals", "virtualdomains", code=111)
    finally:
        os.rmdir(qmail / "control/rcpthosts")
    for f in os.listdir(qmail / "control"):
        if f.endswith(".cdb"):
            os.unlink(qmail / ("control/" + f))
    assert newcdb(qmail) == ""


def test_order_of_flushes(qmail):
    """The contents are on disk before the name, the name before the end."""
    qmail.control(locals="a.example\n")
    out = os.path.join(SCRATCH, "newcdb.trace")
    subprocess.run(["strace", "-qq", "-y", "-o", out, "-e", "trace=fsync,fdatasync,rename,renameat,renameat2",
                    qmail / "bin/qmail-newcdb", "locals"], check=True)
    with open(out) as f:
        calls = [ln for ln in f if "control" in ln]
    assert [re.match(r"\w+", c)[0][:6] for c in calls] == ["fsync", "rename", "fsync"], calls
    assert "locals.cdb.tmp" in calls[0] and calls[2].split(">")[0].endswith("/control")


@pytest.fixture
def large(qmail, homes):
    """100,000 domains, and mail for one of them."""
    domains = ["dom%06d.example" % (i * 7919 % MANY) for i in range(MANY)]
    qmail.control(virtualdomains="".join("%s:foo\n" % d for d in domains), rcpthosts="\n".join(domains) + "\n")
    homes("foo/.qmail-default", "./Maildir/\n")
    return qmail


def memory(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"^VmHWM:\s+(\d+)", f.read(), re.M)[1]) * 1024


@pytest.mark.parametrize("compiled", [False, True])
def test_a_hundred_thousand_domains(large, compiled):
    """They are read again while deliveries run, which go on; memory stays within some times the size of the file."""
    if compiled:
        newcdb(large, "virtualdomains", "rcpthosts")
    with open(HOMES + "/foo/.qmail-slow", "w") as f:
        f.write("|sleep 2; echo done\n")
    large.start()
    large.listen()
    large.send("s@client.example", "slow@dom000001.example")
    large.wait_log("to local foo-slow@dom000001.example")
    for i in range(20):
        large.signal("HUP")
        large.send("s@client.example", "x%d@dom%06d.example" % (i, i * 999))
    large.drained()
    assert len(maildir("foo", "Maildir")) == 20
    assert re.search(r"delivery 1: success: done/did", large.logtext())
    size = os.path.getsize(large / "control/virtualdomains")
    if not os.environ.get("SANITIZE"):
        assert memory(large.pid) < 16 * size + (8 << 20), memory(large.pid) / size


def test_a_connection_reads_no_list(large):
    """With the cdb a connection opens no text, and reads as much as with ten domains."""
    newcdb(large, "rcpthosts")
    out = os.path.join(SCRATCH, "smtpd.trace")
    talk = "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<u@dom054321.example>\r\nRCPT TO:<u@no.example>\r\nQUIT\r\n"
    r = subprocess.run(["strace", "-qq", "-y", "-o", out, "-e", "trace=open,openat,read,readv,pread64", large / "bin/qmail-smtpd"],
                       input=talk, capture_output=True, text=True, env={})
    assert r.stdout.count("250 ") == 3 and "553 " in r.stdout
    with open(out) as f:
        trace = f.read()
    assert 'control/rcpthosts"' not in trace and 'control/rcpthosts.cdb"' in trace
    assert sum(int(n) for n in re.findall(r"^p?readv?(?:64)?\(\d+<%s/control.* = (\d+)$" % re.escape(large.path), trace, re.M)) < 20000


def test_look_ups_cost_the_same(qmail, homes):
    """users/cdb with ten thousand times as many lines: not one system call more for a look-up."""
    calls = []
    message = qmail / "queue/mess/0/1"
    with open(message, "w") as f:
        f.write("Subject: t\n\nx\n")
    os.chmod(message, 0o644)
    os.chown(message, pwd.getpwnam("qmailq").pw_uid, -1)
    for n in (20, 200000):
        qmail.assign("".join("=user%d:john:30002:30002:%s/john:::\n" % (i, HOMES) for i in range(n)) + ".\n")
        out = os.path.join(SCRATCH, "lspawn.trace")
        a, b = socket.socketpair()
        p = subprocess.Popen(["strace", "-f", "-y", "-qq", "-o", out, "-e", "trace=desc,file",
                              qmail / "bin/qmail-lspawn", "./Mailbox"], stdin=a, stdout=a, env=qmail.env(), cwd=qmail / "queue")
        a.close()
        assert b.recv(1)
        b.sendall(b"\x000/1\0s@x\0user11@mail.test.example\0")
        assert b.recv(1) == b"\0"
        b.close()
        p.wait(20)
        with open(out) as f:
            calls.append(len([ln for ln in f if "users/cdb" in ln]))
    assert calls[0] == calls[1] and calls[0] > 0


def test_routes_without_a_colon(qmail):
    """Each is looked at once: seconds for what took minutes."""
    qmail.control(smtproutes="".join("host%d.example 192.0.2.1\n" % i for i in range(20000)) + ":127.0.0.9:1\n", timeoutconnect="1\n")
    r = subprocess.run([qmail / "bin/qmail-remote", "elsewhere.example", "s@x", "r@elsewhere.example"], input=b"x\n",
                       capture_output=True, env=qmail.env(), timeout=60)
    assert r.stdout.startswith(b"Z")
    r = subprocess.run([qmail / "bin/qmail-remote", "host77.example", "s@x", "r@host77.example"], input=b"x\n",
                       capture_output=True, env=qmail.env(), timeout=60)
    assert b"line 78 of control/smtproutes" in r.stdout
