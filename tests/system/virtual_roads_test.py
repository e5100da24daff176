"""The roads of vpopmail and VMailMgr, with stand-ins for their programs: what these rely on is written down by the
stand-in and compared. (Where the real ones are built, thirdparty_test runs them.)"""
import contextlib
import fcntl
import json
import os
import pwd
import re
import signal
import struct
import subprocess

import pytest

from harness import HOMES, SCRATCH, children, fresh_home, maildir

VUID = 89
SEEN = "SENDER NEWSENDER RECIPIENT USER HOME LOCAL EXT DEFAULT HOST DTLINE RPLINE UFLINE".split()

# What both stand-ins note: all that they were given.
NOTE = """#!/usr/bin/python3
import json, os, subprocess, sys
env = os.environ
def descriptors():
    return sorted(int(f) for f in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + f))
seen = {"argv": sys.argv[1:], "env": dict(env), "cwd": os.getcwd(), "ids": [os.getresuid(), os.getresgid(), os.getgroups()],
        "fds": descriptors(), "at": os.lseek(0, 0, os.SEEK_CUR), "umask": os.umask(0o077)}
message = os.read(0, 1 << 20)
os.lseek(0, 0, os.SEEK_SET)
seen["again"] = os.read(0, 1 << 20) == message
seen["message"] = message.decode("latin-1")
os.lseek(0, 0, os.SEEK_SET)
with open(%r + "/seen." + env.get("EXT", "none"), "w") as f:
    json.dump(seen, f)
"""

VDELIVERMAIL = NOTE + """
if "EXT" not in env or "HOST" not in env:
    print("vdelivermail: no EXT or HOST")
    sys.exit(100)
name = env["EXT"]
if name.startswith("code"):
    print("the last line of " + name)
    sys.exit(int(name[4:]))
if name == "known":
    target = env["HOME"] + "/known/Maildir/new/1"
    with open(target, "w") as f:
        f.write(env["RPLINE"] + env["DTLINE"] + message.decode())
    sys.exit(0)
if name.startswith("forward"):
    to = {"forward": "foo@mail.test.example", "forwardloop": "forwardloop@example.com"}[name]
    p = subprocess.run([%r + "/bin/qmail-inject", "--", to], input=env["DTLINE"].encode() + message)
    sys.exit(99 if p.returncode == 0 else 111)
print("vpopmail: no such user here (#5.1.1)")
sys.exit(100)
"""

VDELIVER = NOTE + """
for v in "USER EXT HOST SENDER UFLINE RPLINE DTLINE".split():
    if v not in env:
        print(v + " is not set")
        sys.exit(100)
m, e = os.pipe(), os.pipe()
def place():
    os.dup2(m[0], 0)
    os.dup2(e[0], 1)
    for fd in m + e:
        os.close(fd)
p = subprocess.Popen([%r + "/bin/qmail-queue"], preexec_fn=place, close_fds=True,
                     env=dict(env, QMAILUSER=env["USER"], QMAILHOST=env["HOST"]))
os.close(m[0])
os.close(e[0])
os.write(m[1], env["DTLINE"].encode() + message)
os.close(m[1])
envelope = b"F" + env["SENDER"].encode() + b"\\0Tfoo@mail.test.example\\0" + (b"\\0" if env["EXT"] != "cut" else b"")
os.write(e[1], envelope)
os.close(e[1])
code = p.wait()
print("qmail-queue %%d" %% code)
sys.exit({0: 99, 54: 111}.get(code, 100))
"""


class Vadddomain:
    """What vpopmail does to an installation for a new domain, file by file, with its own locks."""

    def __init__(self, home):
        self.home = home

    def rewrite(self, name, change):
        path = self.home / name
        with open(path + ".lock", "a") as lock:
            os.chmod(path + ".lock", 0o600)
            fcntl.lockf(lock, fcntl.LOCK_EX)
            try:
                with open(path) as f:
                    lines = f.read().splitlines()
            except FileNotFoundError:
                lines = []
            new = "%s.%d" % (path, os.getpid())
            with open(new, "w") as f:
                f.write("".join(ln + "\n" for ln in change(lines)))
            os.chmod(new, 0o644)
            os.rename(new, path)

    def add(self, domain, directory):
        line = "+%s-:%s:%d:%d:%s:-::" % (domain, domain, VUID, VUID, directory)
        self.rewrite("users/assign", lambda lines: sorted({ln for ln in lines if ln != "."} | {line}) + ["."])
        out = subprocess.run([self.home / "bin/qmail-newu"], umask=0o022, capture_output=True)
        assert out.stdout + out.stderr == b""
        self.rewrite("control/virtualdomains", lambda lines: sorted(set(lines) | {"%s:%s" % (domain, domain)}))
        self.rewrite("control/locals", lambda lines: [ln for ln in lines if ln != domain])
        if self.count("control/rcpthosts") < 50:
            self.rewrite("control/rcpthosts", lambda lines: sorted(set(lines) | {domain}))
        else:
            self.rewrite("control/morercpthosts", lambda lines: sorted(set(lines) | {domain}))
            out = subprocess.run([self.home / "bin/qmail-newmrh"], umask=0o022, capture_output=True)
            assert out.stdout + out.stderr == b""
        self.hang_up()

    def count(self, name):
        with open(self.home / name) as f:
            return len(f.read().split())

    def hang_up(self):
        """HUP to all whose command line has qmail-send in it, as ps shows it; here only below our own qmail-start."""
        hit = []
        todo = [self.home.pid]
        while todo:
            pid = todo.pop()
            todo += children(pid)
            # one that has ended meanwhile is not it
            with contextlib.suppress(OSError), open("/proc/%d/cmdline" % pid) as f:
                if "qmail-send" in f.read():
                    os.kill(pid, signal.SIGHUP)
                    hit.append(pid)
        assert self.home.pid in hit

    def cdb_get(self, key):
        """users/cdb as vget_assign reads it: by itself."""
        with open(self.home / "users/cdb", "rb") as f:
            data = f.read()
        h = 5381
        for b in key:
            h = ((h << 5) + h ^ b) & 0xffffffff
        at, n = struct.unpack_from("<II", data, h % 256 * 8)
        for i in range(n):
            slot, pos = struct.unpack_from("<II", data, at + (h // 256 + i) % n * 8)
            if pos == 0:
                return None
            klen, dlen = struct.unpack_from("<II", data, pos)
            if slot == h and data[pos + 8:pos + 8 + klen] == key:
                return data[pos + 8 + klen:pos + 8 + klen + dlen]
        return None


def program(path, text):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o755)
    return path


def seen(where, ext):
    with open("%s/seen.%s" % (where, ext)) as f:
        return json.load(f)


@pytest.fixture
def vpopmail(qmail, homes):
    """An installation with one domain of vpopmail's; where the domain is."""
    d = HOMES + "/example.com"
    fresh_home("example.com", VUID)
    fresh_home("example.com/known", VUID)
    p = program(SCRATCH + "/vdelivermail", VDELIVERMAIL % (d, qmail.path))
    with open(d + "/.qmail-default", "w") as f:
        f.write("| %s '' bounce-no-mailbox\n|echo behind > behind\n" % p)
    homes("foo/.qmail", "./Maildir/\n")
    qmail.control(rcpthosts="mail.test.example\n")
    qmail.start()
    qmail.listen()
    Vadddomain(qmail).add("example.com", d)
    yield d
    os.unlink(p)


def test_what_vdelivermail_is_given(qmail, vpopmail):
    text = "Subject: v\n\nhello\n"
    qmail.send("s@client.example", "Known@Example.COM", text)
    qmail.wait_log(r"^starting delivery 1: msg \d+ to local example\.com-Known@Example\.COM$")
    qmail.wait_log("^delivery 1: failure: vpopmail:_no_such_user_here_")
    qmail.send("s@client.example", "known@example.com", text)
    qmail.wait_log(r"^delivery [0-9]+: success: did_0\+0\+2/$")
    got = seen(vpopmail, "known")
    assert got["argv"] == ["", "bounce-no-mailbox"]
    assert (got["cwd"], got["fds"], got["at"], got["again"]) == (vpopmail, [0, 1, 2], 0, True)
    assert got["ids"] == [[VUID] * 3, [VUID] * 3, [VUID]]
    env = got["env"]
    uf = env.pop("UFLINE")
    assert re.fullmatch(r"From s@client\.example \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\n", uf)
    assert {v: env.get(v) for v in SEEN if v != "UFLINE"} == {
        "SENDER": "s@client.example", "NEWSENDER": "s@client.example", "RECIPIENT": "example.com-known@example.com",
        "USER": "example.com", "HOME": vpopmail, "LOCAL": "example.com-known", "EXT": "known", "DEFAULT": "known",
        "HOST": "example.com", "DTLINE": "Delivered-To: example.com-known@example.com\n",
        "RPLINE": "Return-Path: <s@client.example>\n"}
    assert got["message"].startswith("Received: (qmail ") and got["message"].endswith("\n\nhello\n")
    assert os.path.exists(vpopmail + "/behind"), "the line behind an exit 0 is carried out"
    # a bounce has an empty sender: the variable is there all the same
    qmail.send("", "known@example.com")
    qmail.wait_log(r"^delivery [0-9]+: success: did_0\+0\+2/$", 2)
    assert seen(vpopmail, "known")["env"]["SENDER"] == ""


@pytest.mark.parametrize("codes, how", [
    ((100, 64, 65, 70, 76, 77, 78, 112), "failure"), ((111, 1, 2, 71, 75, 110, 255), "deferral"), ((0, 99), "success"),
])
def test_codes_and_words_of_vdelivermail(qmail, vpopmail, codes, how):
    """What it prints is in the report, whatever the code; 99 ends the file."""
    for code in codes:
        assert qmail.inject(b"", [b"code%d@example.com" % code], b"x\n") == 0
        qmail.wait_log(r"^delivery \d+: %s: the_last_line_of_code%d/" % (how, code))
        behind = vpopmail + "/behind"
        assert os.path.exists(behind) == (code == 0)
        if code == 0:
            os.unlink(behind)


def test_forwards_of_vdelivermail(qmail, vpopmail):
    """qmail-inject -- address, with DTLINE before the message; one that comes back to where it was is recognised."""
    qmail.send("s@client.example", "forward@example.com", "Subject: v\n\nhello\n")
    qmail.wait_log(r"^delivery 2: success: did_1\+0\+0/$")
    [m] = maildir("foo", "Maildir")
    assert [ln for ln in m.decode().split("\n") if ln.startswith("Delivered-To:")] == [
        "Delivered-To: foo@mail.test.example", "Delivered-To: example.com-forward@example.com"]
    qmail.send("", "forwardloop@example.com")
    qmail.wait_log(r"failure: .*looping", timeout=30)


def test_vadddomain_while_it_runs(qmail, vpopmail):
    """60 domains, one after the other, the first 50 in rcpthosts: each has mail at once, without a restart."""
    v = Vadddomain(qmail)
    assert v.cdb_get(b"!example.com-") == b"\0".join([b"example.com", b"89", b"89", vpopmail.encode(), b"-", b""])
    for i in range(60):
        d = "d%02d.example" % i
        v.add(d, vpopmail)
        if i in (0, 47, 48, 49, 59):
            qmail.send("s@client.example", "known@" + d)
            qmail.wait_log("to local %s-known@%s$" % (re.escape(d), re.escape(d)))
    assert v.count("control/rcpthosts") == 50 and v.count("control/morercpthosts") == 12
    assert v.cdb_get(b"!d59.example-").startswith(b"d59.example\0")
    assert v.cdb_get(b"!d60.example-") is None
    with qmail.smtp() as s:
        s.mail("s@client.example")
        assert s.rcpt("known@d60.example")[0] == 553
    qmail.drained()
    assert seen(vpopmail, "known")["env"]["HOST"] == "d59.example"


# ---- VMailMgr: an account of the domain's own, found by qmail-getpw

@pytest.fixture
def vmailmgr(qmail, homes):
    p = program(SCRATCH + "/vdeliver", VDELIVER % (HOMES + "/john", qmail.path))
    homes("john/.qmail-default", "|%s\n|echo behind > behind\n" % p)
    homes("foo/.qmail", "./Maildir/\n")
    qmail.control(virtualdomains="virtual.example:john\n", rcpthosts="virtual.example\n")
    qmail.start()
    qmail.listen()
    yield HOMES + "/john"
    os.unlink(p)


@pytest.mark.parametrize("sender", ["s@client.example", ""])
def test_what_vdeliver_is_given(qmail, vmailmgr, sender):
    qmail.send(sender, "anna@virtual.example", "Subject: v\n\nhello\n")
    qmail.wait_log("^starting delivery 1: msg \\d+ to local john-anna@virtual.example$")
    qmail.wait_log(r"^delivery 1: success: qmail-queue_0/did_0\+0\+1/$")
    got = seen(vmailmgr, "anna")
    env = got["env"]
    assert (env["USER"], env["EXT"], env["HOST"], env["SENDER"], env["HOME"]) == ("john", "anna", "virtual.example", sender, vmailmgr)
    assert (env["RPLINE"], env["DTLINE"]) == ("Return-Path: <%s>\n" % sender, "Delivered-To: john-anna@virtual.example\n")
    assert env["UFLINE"].startswith("From %s " % (sender or "MAILER-DAEMON"))
    john = pwd.getpwnam("john")
    assert got["ids"] == [[john.pw_uid] * 3, [john.pw_gid] * 3, [john.pw_gid]]
    assert (got["cwd"], got["fds"], got["at"], got["again"]) == (vmailmgr, [0, 1, 2], 0, True)
    assert not os.path.exists(vmailmgr + "/behind")
    qmail.drained()
    [m] = maildir("foo", "Maildir")
    assert b"\nDelivered-To: john-anna@virtual.example\n" in m and b"invoked by uid %d)" % john.pw_uid in m


def test_an_envelope_that_vdeliver_gives_up(qmail, vmailmgr):
    qmail.send("s@client.example", "cut@virtual.example")
    qmail.wait_log("^delivery 1: deferral: qmail-queue_54/")
    assert maildir("foo", "Maildir") == []


# ---- passwords

@pytest.mark.parametrize("check", ["vchkpw", "checkvpw"])
def test_what_the_password_program_is_given(qmail, check):
    """On descriptor 3: name, password, timestamp, each with a NUL, at most 512 bytes, and its end; and the connection's
    variables."""
    out = SCRATCH + "/" + check + ".out"
    p = program(SCRATCH + "/" + check, "#!/usr/bin/python3\nimport json, os, sys\n"
                "data = b''\nwhile True:\n    r = os.read(3, 1024)\n    if not r:\n        break\n    data += r\n"
                "json.dump([data.decode(), sys.argv[1:], {k: v for k, v in os.environ.items() if k.startswith('TCP')}], open(%r, 'w'))\n"
                "os.close(3)\nif data.split(b'\\0')[1] != b'secret':\n    sys.exit(1)\n"
                "os.execvp(sys.argv[1], sys.argv[1:])\n" % out)
    env = {"TCPLOCALPORT": "110", "TCPREMOTEIP": "192.0.2.9", "TCPLOCALHOST": "virtual.example", "TCPLOCALIP": "192.0.2.1"}
    argv = [qmail / "bin/qmail-popup", "mail.test.example", p, "echo", "started", "Maildir"]
    r = subprocess.run(argv, input=b"USER anna@virtual.example\r\nPASS secret\r\n", capture_output=True, env=qmail.env(**env))
    assert r.stdout.endswith(b"started Maildir\n")
    timestamp = re.search(rb"<[^>]+>", r.stdout)[0].decode()
    with open(out) as f:
        data, args, tcp = json.load(f)
    assert data == "anna@virtual.example\0secret\0%s\0" % timestamp and args == ["echo", "started", "Maildir"] and tcp == env
    r = subprocess.run(argv, input=b"USER anna@virtual.example\r\nPASS wrong\r\n", capture_output=True, env=qmail.env(**env))
    assert r.stdout.split(b"\r\n")[-2].startswith(b"-ERR") and b"started" not in r.stdout
    os.unlink(p)
