"""qmail-lint: nothing in a clean configuration, and each mistake with its file, line and cure."""
import grp
import os
import pwd
import re
import shutil
import socket
import struct
import subprocess
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, cdb, fresh_home, wait_for

NOTHING = ""


pytestmark = pytest.mark.usefixtures("alias_at_home")


@pytest.fixture
def clean(qmail, homes):
    """With something of everything in it, and nothing wrong."""
    homes("john/.qmail-default", "./Maildir/\n")
    homes("foo/.qmail-default", "./Maildir/\n")
    qmail.control(
        me="mail.test.example\n", locals="mail.test.example\nlocalhost\n", defaultdelivery="./Maildir/\n",
        rcpthosts="mail.test.example\nvirtual.example\n.below.example\ncaught.example\n\n# backup for\nfriend.example\n",
        morercpthosts="more.example\n", queuelifetime="604800\n", concurrencyremote="20\n", smtpgreeting="mail.test.example ESMTP\n",
        badmailfrom="@bulk.example\nx@y.example\n", smtproutes="inside.example:[127.0.0.1]:2525\n:smarthost.example\n.direct.example:\n",
        virtualdomains="virtual.example:virtual.example\n.below.example:foo-sub\nmore.example:foo\n"
                       "person@caught.example:foo\n:john\nfriend.example:\n")
    qmail.assign("=info:foo:30001:30001:%s/foo:-:info:\n+virtual.example-:john:30002:30002:%s/john:-::\n.\n" % (HOMES, HOMES))
    for f in ("control/morercpthosts",):
        subprocess.run([qmail / "bin/qmail-newmrh"], check=True)
    return qmail


def lint(qmail, *args, **kw):
    """Exit code and the lines."""
    r = subprocess.run([qmail / "bin/qmail-lint", *args], capture_output=True, cwd="/", env=qmail.env(), **kw)
    assert r.stderr == b"", r.stderr
    text = r.stdout.decode("ascii")
    for line in text.splitlines():
        # file:line: severity: what: cure
        assert re.fullmatch(r"[^ ]+:\d+: (error|warning): (?:(?!: ).)+: .+", line), line
    worst = 2 if ": error: " in text else 1 if text else 0
    assert r.returncode == worst
    return text


def test_clean(clean):
    assert lint(clean) == NOTHING


def test_what_qmail_send_does_not_know_yet(clean):
    q = clean
    q.start("./Maildir/")
    try:
        assert lint(q) == NOTHING
        q.control(locals="mail.test.example\nlocalhost\n", percenthack="")
        told = ("control/locals:0: warning: is newer than what qmail-send uses: send HUP\n"
                "control/percenthack:0: warning: is newer than what qmail-send uses, which reads it at the start only: "
                "restart qmail-send\n")
        assert lint(q).startswith(told)
        q.signal("HUP")
        wait_for("it to know", lambda: not lint(q).startswith(told[:12]))
        assert "percenthack:0: warning: is newer" in lint(q)
    finally:
        q.stop()
        os.unlink(q / "control/percenthack")
    assert lint(q) == NOTHING


def test_another_home_delivers(clean):
    q = clean
    other = SCRATCH + "/other"
    shutil.rmtree(other, ignore_errors=True)
    os.makedirs(other + "/bin")
    for name in ("qmail-queue", "qmail-send"):
        shutil.copy(q / ("bin/" + name), other + "/bin")
    os.rename(q / "bin/qmail-queue", q / "bin/qmail-queue.real")
    os.symlink(other + "/bin/qmail-queue", q / "bin/qmail-queue")
    line = ("bin/qmail-queue:0: warning: leads to %s, which delivers what is queued here, by its own files: "
            "run the qmail-lint there\n" % other)
    try:
        assert line in lint(q)
        # a scanner is no home
        os.unlink(other + "/bin/qmail-send")
        assert line not in lint(q)
    finally:
        os.rename(q / "bin/qmail-queue.real", q / "bin/qmail-queue")
        shutil.rmtree(other)


def test_config_fast_leaves_nothing(qmail):
    for n in os.listdir(qmail / "control"):
        os.unlink(qmail / ("control/" + n))
    subprocess.run([qmail / "bin/config-fast", "mail.test.example"], check=True, stdout=subprocess.DEVNULL)
    assert lint(qmail) == NOTHING


def write(path, text):
    with open(path, "wb") as f:
        f.write(text.encode() if isinstance(text, str) else text)


def put(name, text):
    def do(q):
        write(q / name, text)
    return do


def more(name, text):
    def do(q):
        with open(q / name, "ab") as f:
            f.write(text.encode() if isinstance(text, str) else text)
    return do


def gone(name):
    return lambda q: os.unlink(q / name)


def mode(name, bits):
    return lambda q: os.chmod(name if name.startswith("/") else q / name, bits)


def newu(q):
    subprocess.run([q / "bin/qmail-newu"], check=True, stderr=subprocess.DEVNULL)


def assign(*lines, end=".\n", compiled=True):
    """With the two lines of the clean one in front."""
    def do(q):
        with open(q / "users/assign") as f:
            first = f.read()[:-2]
        write(q / "users/assign", (first + "".join(x + "\n" for x in lines) + end).replace("@HOMES@", HOMES))
        if compiled:
            newu(q)
    return do


def newmrh(q):
    subprocess.run([q / "bin/qmail-newmrh"], check=True, stderr=subprocess.DEVNULL)


def alias(name, text, bits=0o644):
    def do(q):
        write(q / ("alias/.qmail" + name), text)
        os.chmod(q / ("alias/.qmail" + name), bits)
    return do


def user_file_gone(name):
    return lambda q: os.unlink(os.path.join(HOMES, name))


def made(name, bits=0o755, uid=None):
    def do(q):
        p = os.path.join(HOMES, name)
        shutil.rmtree(p, ignore_errors=True)
        os.mkdir(p)
        os.chmod(p, bits)
        if uid:
            os.chown(p, uid, uid)
    return do


def table(name, bits=0o644, keys=(":joe@virtual.example",)):
    def do(q):
        write(q / name, cdb([(k.encode(), b"") for k in keys]))
        os.chmod(q / name, bits)
    return do


def home_program(name):
    def do(q):
        write(os.path.join(HOMES, name), "#!/bin/sh\n")
        os.chmod(os.path.join(HOMES, name), 0o755)
    return do


def listening(q):
    os.makedirs(q / "rcptd", exist_ok=True)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(q / "rcptd/socket")


def chgrp(name, group):
    return lambda q: os.chown(q / name, -1, grp.getgrnam(group).gr_gid)


def newcdb():
    return lambda q: subprocess.run([q / "bin/qmail-newcdb", "locals", "rcpthosts", "virtualdomains"], check=True)


def later(name, text):
    """Surely later than what was made of it."""
    def do(q):
        time.sleep(0.02)
        write(q / name, text)
    return do


def cut(name):
    return lambda q: os.truncate(q / name, os.stat(q / name).st_size // 2 + 1024)


def changed(name, change):
    """Something else of the same size and age in its place."""
    def do(q):
        st = os.stat(q / name)
        with open(q / name, "rb") as f:
            text = change(f.read())
        write(q / name, text)
        os.utime(q / name, ns=(st.st_atime_ns, st.st_mtime_ns))
    return do


def blank(name):
    return changed(name, lambda text: bytes(2048) + text[2048:])


def other_byte(name, old, new):
    """old: bytes, or the end of all the records."""
    def change(text):
        if isinstance(old, bytes):
            assert old in text
            return text.replace(old, new, 1)
        end = min(struct.unpack("<512L", text[:2048])[::2])
        return text[:end - 1] + b"x" + text[end:]
    return changed(name, change)


def swapped(name):
    """The table is made anew, and the text becomes another one of the same size and time."""
    def do(q):
        with open(q / name) as f:
            text = f.read()
        newcdb()(q)
        st = os.stat(q / name)
        with open(q / name, "r+") as f:
            f.write(text.replace("localhosts", "localhosty"))
        os.utime(q / name, ns=(st.st_atime_ns, st.st_mtime_ns))
        os.rename(q / (name + ".cdb"), q / (name + ".cdb.x"))
        shutil.copyfile(q / (name + ".cdb.x"), q / (name + ".cdb"))
        os.unlink(q / (name + ".cdb.x"))
    return do


def moved(name, to):
    return lambda q: os.rename(q / ("bin/" + name), q / ("bin/" + to))


def program(name, bits=0o755, uid=0, text=b"#!/bin/sh\nexec bin/qmail-queue-real\n"):
    def do(q):
        path = q / ("bin/" + name)
        if os.path.exists(path):
            os.unlink(path)
        write(path, text)
        os.chown(path, pwd.getpwnam(uid).pw_uid if isinstance(uid, str) else uid, 0)
        os.chmod(path, bits)
    return do


def copied(name, to, bits=0o755, uid=0):
    def do(q):
        with open(q / ("bin/" + name), "rb") as f:
            text = f.read()
        program(to, bits, uid, text)(q)
    return do


def linked(name, to):
    def do(q):
        if os.path.exists(q / ("bin/" + to)):
            os.unlink(q / ("bin/" + to))
        os.symlink(name, q / ("bin/" + to))
    return do


V = "control/virtualdomains"
RUN = ": run qmail-newu\n"
FINDINGS = [
    # ---- what every host needs
    ("no me", [gone("control/me")],
     "control/me:0: error: is missing, so nothing knows the name of this host: echo full.host.name > control/me\n"),
    ("no locals", [gone("control/locals")],
     "control/locals:0: warning: is missing, so the name in control/me is the only local domain: "
     "write the domains of which the users are those of this host\n"),
    ("open relay", [gone("control/rcpthosts"), gone("control/morercpthosts"), gone("control/morercpthosts.cdb")],
     "control/rcpthosts:0: error: is missing, so this host relays for everybody: "
     "write every domain of control/locals and control/virtualdomains into it\n"),
    ("empty rcpthosts", [put("control/rcpthosts", "# none\n"), put("control/locals", "localhost\nmail\n"), gone(V),
                         put("control/envnoathost", "mail\n")],
     "control/rcpthosts:0: warning: is empty, so no mail from elsewhere is taken: write the domains that this host takes mail for\n"),
    ("plain names go elsewhere", [put("control/envnoathost", "far.example\n"), put(V, "")],
     "control/envnoathost:1: warning: addresses without a domain go to this one, which is neither in control/locals nor in "
     "control/virtualdomains, and so to elsewhere: add it to control/locals\n"),
    ("no postmaster", [gone("alias/.qmail-postmaster")],
     "alias/.qmail-postmaster:0: error: there is no postmaster, who gets what goes wrong: "
     "echo '&you' > @Q@/alias/.qmail-postmaster\n"),
    ("double bounces", [put("control/doublebounceto", "no-such-user\n")],
     "control/doublebounceto:1: error: double bounces go to no-such-user@mail.test.example, which is nobody: "
     "write an address of yours, or make the mailbox\n"),
    # ---- domains
    ("local and virtual", [more("control/locals", "Virtual.example\n")],
     V + ":1: error: virtual.example is in control/locals too, which comes first, so this line has no effect: "
     "take it out of one of them\n"),
    ("address of a local domain", [more(V, "x@mail.test.example:foo\n")],
     V + ":7: error: mail.test.example is in control/locals too, which comes first, so this line has no effect: "
     "take it out of one of them\n"),
    ("virtual, not accepted", [more(V, "new.example:foo\n")],
     V + ":7: warning: new.example is not in control/rcpthosts, so its mail from elsewhere is refused: "
     "add new.example to control/rcpthosts\n"),
    ("suffix, not accepted", [more(V, ".new.example:foo\n")],
     V + ":7: warning: .new.example is not in control/rcpthosts, so its mail from elsewhere is refused: "
     "add .new.example to control/rcpthosts\n"),
    ("a name below it is enough", [more(V, ".new.example:foo\n"), more("control/rcpthosts", "a.new.example\n")], NOTHING),
    ("address, not accepted", [more(V, "a@new.example:foo\n")],
     V + ":7: warning: new.example is not in control/rcpthosts, so its mail from elsewhere is refused: "
     "add new.example to control/rcpthosts\n"),
    ("local, not accepted", [more("control/locals", "Other.example\n")],
     "control/locals:3: warning: Other.example is not in control/rcpthosts, so its mail from elsewhere is refused: "
     "add Other.example to control/rcpthosts\n"),
    ("nobody's prefix", [put(V, "virtual.example:nosuch\n")],
     V + ":1: error: nobody gets mail for nosuch-..., neither an account nor users/assign nor a file of alias's: "
     "add a line +nosuch-:... to users/assign and run qmail-newu\n"),
    ("a prefix of alias's", [put(V, "virtual.example:qux\n"), alias("-qux-default", "|true\n")], NOTHING),
    ("no dash behind an assigned name", [put(V, "virtual.example:info\n")],
     V + ":1: error: nobody gets mail for info-..., neither an account nor users/assign nor a file of alias's: "
     "add a line +info-:... to users/assign and run qmail-newu\n"),
    ("postmaster of a domain", [user_file_gone("john/.qmail-default")],
     V + ":1: warning: mail to postmaster@virtual.example bounces: make @HOMES@/john/.qmail-postmaster or .qmail-default there\n"),
    ("alias takes what users have no file for", [user_file_gone("john/.qmail-default"), put("control/aliasfallback", "1\n"),
                                                 alias("-default", "|true\n")], NOTHING),
    ("blank behind the colon", [put(V, "virtual.example: foo\n")],
     V + ":1: error: a blank behind the colon, which is part of the value: write virtual.example:foo\n"),
    ("blank before the colon", [put(V, "virtual.example :foo\n")],
     V + ":1: error: a blank in the pattern, which can never match: remove the blank\n"),
    ("blank at the start", [put(V, "# x\n virtual.example:foo\n")],
     V + ":2: error: a blank in the pattern, which can never match: remove the blank\n"),
    ("no colon", [put(V, "virtual.example foo\n")],
     V + ":1: error: no colon, so this line counts for nothing: write virtual.example foo: and what belongs behind it\n"),
    ("the same twice", [put(V, "virtual.example:foo\nVirtual.Example:john\n")],
     V + ":1: warning: line 2 has the same pattern and comes after it, so this one can never match: remove one of them\n"),
    ("an asterisk", [put(V, "*.below.example:foo\n")],
     V + ":1: error: qmail knows no asterisks, so this pattern can never match: "
     "write .domain for all names below a domain\n"),
    ("an @ in front", [put(V, "@virtual.example:foo\n")],
     V + ":1: error: an address without a box, which can never match: write the domain without the @\n"),
    ("a final dot", [put(V, "virtual.example.:foo\n")],
     V + ":1: error: a dot at the end, with which nobody writes an address, so this pattern can never match: remove the dot\n"),
    ("two dots", [put(V, "virtual..example:foo\n")],
     V + ":1: error: two dots in a row, so this pattern can never match: remove one\n"),
    ("not ASCII", [put(V, "b\u00fccher.example:foo\n")],
     V + ":1: error: letters that are not ASCII, so this pattern can match no usual address: write the domain as xn--...\n"),
    ("a prefix that is an address", [put(V, "virtual.example:foo@x\n")],
     V + ":1: error: a prefix is no address: write the part that stands in front of the dash alone\n"),
    ("a prefix with its dash", [put(V, "virtual.example:foo-\n")],
     V + ":1: warning: a dash at the end of the prefix, where one is put anyway: remove it\n"),
    ("no prefix", [put(V, "virtual.example:\n")],
     V + ":1: warning: without a prefix the mail goes elsewhere, as it would without this line: "
     "write a prefix, or put virtual.example into control/locals\n"),
    ("no prefix, and that is local", [put(V, "virtual.example:\n"), put("control/emptyprefixlocal", "1\n")], NOTHING),
    ("percent hack", [put("control/percenthack", "mail.test.example\n")],
     "control/percenthack:1: error: strangers may send to mail.test.example, and so through user%host@mail.test.example to "
     "everywhere: take mail.test.example out of control/percenthack\n"),
    ("a suffix in locals", [more("control/locals", ".below.example\n")],
     "control/locals:3: error: there are no patterns that start with a dot here, so this one can never match: write each name\n"),
    ("an address in rcpthosts", [more("control/rcpthosts", "x@friend.example\n")],
     "control/rcpthosts:8: error: a pattern with an @, which can never match: write the domain alone\n"),
    # ---- texts
    ("CR", [put("control/rcpthosts", "# x\nmail.test.example\r\nvirtual.example\r\nmail.test.example\n.below.example\n"
                "caught.example\nvirtual.example\n")],
     "control/rcpthosts:2: error: a CR, which is part of the entry: sed -i 's/\\\\r//' control/rcpthosts\n"),
    ("byte order mark", [put("control/badmailfrom", b"\xef\xbb\xbf@x.example\n")],
     "control/badmailfrom:1: error: a byte order mark, which is part of the entry: write the line anew\n"),
    ("NUL", [put("control/badmailfrom", b"@x.example\n@y\0.example\n")],
     "control/badmailfrom:2: error: a NUL byte, which ends the entry: write the line anew\n"),
    ("a comment as a value", [put("control/helohost", "# name\nmail.test.example\n")],
     "control/helohost:1: error: a comment, which is taken for the value: write the value alone into the first line\n"
     "control/helohost:2: warning: only the first line is read: remove this one\n"),
    ("a blank in front of a value", [put("control/helohost", " mail.test.example\n")],
     "control/helohost:1: error: a blank at the start, which is part of the value: write the value alone into the first line\n"
     "control/helohost:1: error:  mail.test.example is no host name: write one host name\n"),
    ("a second line", [put("control/helohost", "mail.test.example\n\nother.example\n")],
     "control/helohost:3: warning: only the first line is read: remove this one\n"),
    ("an empty name", [put("control/helohost", "\n")],
     "control/helohost:1: error: the name is empty: write a host name, or remove the file\n"),
    ("no number", [put("control/queuelifetime", "7 days\nx\n")],
     "control/queuelifetime:1: warning: only the digits it starts with are read, there are no units: write digits alone\n"
     "control/queuelifetime:2: warning: only the first line is read: remove this one\n"
     "control/queuelifetime:1: warning: mail is returned before a server that is down for an hour is back: "
     "write 604800, or remove the file\n"),
    ("not even a digit", [put("control/timeoutremote", "long\n")],
     "control/timeoutremote:1: error: not a number, so 1200 holds: write digits alone\n"),
    ("no time at all", [put("control/timeoutsmtpd", "0\n")],
     "control/timeoutsmtpd:1: error: 0 seconds are too short for any answer: write 1200, or remove the file\n"),
    ("nothing at once", [put("control/concurrencylocal", "0\n")],
     "control/concurrencylocal:1: warning: 0 holds all mail of this kind in the queue: "
     "write how many deliveries there may be at once\n"),
    ("a sender without @", [more("control/badmailfrom", "spam.example\n")],
     "control/badmailfrom:3: error: a sender without an @, so this pattern can never match: "
     "write @spam.example for all senders there\n"),
    ("a route without a colon", [more("control/smtproutes", "x.example relay\n")],
     "control/smtproutes:4: error: no colon, so mail that this line was meant for waits: "
     "write x.example relay: and what belongs behind it\n"),
    ("a port", [more("control/smtproutes", "x.example:relay:smtp\n")],
     "control/smtproutes:4: error: the port is no number, so mail waits: write domain:relay:port\n"),
    ("a relay", [more("control/smtproutes", "x.example:re lay\n")],
     "control/smtproutes:4: error: the relay can be no host name, so mail waits: write domain:relay or domain:relay:port\n"),
    ("a password for all", [more("control/smtproutes", "x.example:relay:25|me|secret\n")],
     "control/smtproutes:4: warning: a password that everybody on this host can read: "
     "chgrp qmail control/smtproutes && chmod 640 control/smtproutes\n"),
    ("a lifetime that is none", [put("control/queuelifetimes", "a.example:3600\n.b.example:long\n")],
     "control/queuelifetimes:2: error: no number behind the colon, so this line counts for nothing: write digits alone there\n"),
    ("a concurrency without a colon", [put("control/concurrencydomains", "a.example:5\n*.b.example:5\nc.example 5\n")],
     "control/concurrencydomains:2: error: qmail knows no asterisks, so this pattern can never match: "
     "write .domain for all names below a domain\n"
     "control/concurrencydomains:3: error: no colon, so this line counts for nothing: "
     "write c.example 5: and what belongs behind it\n"),
    ("the rest of a domain's senders", [put("control/domainips", "*:127.0.0.1\n@a.example:127.0.0.1\n")],
     "control/domainips:2: error: an address without a box, which can never match: write the domain without the @\n"),
    ("lines of domainips", [put("control/domainips", "a.example:host\nb.example:127.0.0.1|a b\nc.example:192.0.2.99\n"
                                "d.example 127.0.0.1\ne.example: 127.0.0.1\nf.example:127.0.0.1,::1|f.example\n.g.example:|g\n")],
     "".join("control/domainips:%d: error: %s, so mail of these senders waits: write pattern:address|name\n" % x for x in (
         (1, "it has no IP address, or two of a kind"), (2, "no host is called what follows its bar"),
         (3, "this host does not have its address"))) +
     "control/domainips:4: error: no colon, so mail that this line was meant for waits: "
     "write d.example 127.0.0.1: and what belongs behind it\n"
     "control/domainips:5: error: a blank behind the colon, which is part of the value: write e.example:127.0.0.1\n"),
    ("lines of queuelifetimes", [put("control/queuelifetimes", "a.example:60\nb.example:7d\nc .example:86400\n")],
     "control/queuelifetimes:1: warning: mail is returned before a server that is down for an hour is back: write more seconds\n"
     "control/queuelifetimes:2: warning: only the digits it starts with are read, there are no units: write digits alone\n"
     "control/queuelifetimes:2: warning: mail is returned before a server that is down for an hour is back: write more seconds\n"
     "control/queuelifetimes:3: error: a blank in the pattern, which can never match: remove the blank\n"),
    ("lines of concurrencydomains", [put("control/concurrencydomains", "a.example:0\nb.example:70000\n.c.example:5\nA.example:3\n")],
     "control/concurrencydomains:1: warning: 0 holds all mail of this kind in the queue: write how many deliveries there may be at once\n"
     "control/concurrencydomains:1: warning: line 4 has the same pattern and comes after it, so this one can never match: "
     "remove one of them\n"
     "control/concurrencydomains:2: warning: there are never so many deliveries at once: "
     "write a number below 65535, or remove the line\n"),
    ("lines of queueroutes", [put("control/queueroutes", "a.example:bin/qmail-queue\nb.example:\nc.example:bin/nothing\n"
                                  "d.example:bin/qmail-qmqpc 192.0.2.1\ne.example:bin\nf.example:bin/qmail-newu\ng.example /x\n")],
     "".join("control/queueroutes:%d: error: %s, so mail of these senders waits: write pattern:program, without arguments\n" % x for x in (
         (3, "bin/nothing cannot be run, No such file or directory"),
         (4, "bin/qmail-qmqpc 192.0.2.1 cannot be run, No such file or directory"), (5, "bin cannot be run, not a file"),
         (6, "bin/qmail-newu cannot be run, not everybody can run it"))) +
     "control/queueroutes:7: error: no colon, so mail that this line was meant for waits: "
     "write g.example /x: and what belongs behind it\n"),
    ("switches", [put("control/emptyprefixlocal", "yes\n"), put("control/aliasfallback", "on\n")],
     "control/aliasfallback:1: error: not a number, so 0 holds: write digits alone\n"
     "control/emptyprefixlocal:1: error: not a number, so 0 holds: write digits alone\n"),
    # ---- control/recipients
    ("recipients", [table("users/known.cdb"), program("vrcptcheck"), put("control/recipients", "virtual.example:users/known.cdb\n"
                    "@below.example|bin/vrcptcheck a b\nb.below.example:users/known.cdb\n!friend.example\n*|~foo/check\n!*\n"),
                    home_program("foo/check")], NOTHING),
    ("recipients, patterns", [table("users/known.cdb"), put("control/recipients", ".a.example:users/known.cdb\nx@b.example:users/known.cdb\n"
                              ":users/known.cdb\n*.c.example:users/known.cdb\n! d.example\n!@e.example\n!*\nf.example:users/known.cdb\n")],
     "control/recipients:1: error: a dot in front, so this line is about no domain: remove it, a domain stands for all below it too\n"
     "control/recipients:2: error: a pattern with an @, which can never match: write the domain alone\n"
     "control/recipients:3: error: no domain, so this line is about none: write * for all domains\n"
     "control/recipients:4: error: qmail knows no asterisks, so this pattern can never match: write each name\n"
     "control/recipients:5: error: a blank in the pattern, which can never match: remove the blank\n"
     "control/recipients:6: error: an @ behind the !, so this line is about no domain: remove it\n"
     "control/recipients:8: warning: nothing behind !* is looked at: move !* to the end\n"),
    ("recipients, tables", [table("users/known.cdb"), table("users/shut.cdb", 0o600), table("users/none.cdb", keys=()),
                            table("users/bad.cdb"), blank("users/bad.cdb"), later("users/known", "x\n"),
                            put("control/recipients", "a.example:users/gone.cdb\na.example: users/known.cdb\na.example:\n"
                                "a.example:users/shut.cdb\na.example:users\nusers/none.cdb\na.example:users/bad.cdb\nusers/known.cdb\n")],
     "".join("control/recipients:%d: %s\n" % x for x in (
         (1, "error: users/gone.cdb does not exist, so every recipient that this line is about is taken: make it, or mend the line"),
         (2, "error: a blank in front of the name of the file, which is part of it, so every recipient that this line is about is taken: "
          "write domain:file"),
         (3, "error: no name of a file, so every recipient that this line is about is taken: write domain:file"),
         (4, "warning: qmaild cannot read users/shut.cdb, so every recipient that this line is about is taken: "
          "let it, unless qmail-smtpd runs as another user who can"),
         (5, "error: users is not a file, so every recipient that this line is about is taken: name a cdb"),
         (6, "warning: users/none.cdb has nobody in it, and so takes everybody: put the recipients into it"),
         (7, "error: users/bad.cdb is damaged, so every recipient that this line is about is taken: make it anew"),
         (8, "warning: users/known.cdb is older than users/known: make it anew")))),
    ("recipients, programs", [put("control/recipients", "*|\n*|bin/nothing\n*|~nobody-here/check\n*|bin/qmail-newu\n*|bin/forward 1 2 3 4 5 6\n"
                                  "*|forward\n*|bin/forward 1 2 3 4 5\n")],
     "".join("control/recipients:%d: %s\n" % x for x in (
         (1, "error: no program, or more than five arguments, so every recipient that this line is about is taken: "
          "write domain|program argument ..."),
         (2, "error: bin/nothing does not exist, so every recipient that this line is about is taken: make it, or mend the line"),
         (3, "error: ~nobody-here/check is in the home of nobody, so every recipient that this line is about is taken: "
          "name an account of this host behind the ~"),
         (4, "warning: qmaild cannot run bin/qmail-newu, so every recipient that this line is about is taken: "
          "let it, unless qmail-smtpd runs as another user who can"),
         (5, "error: no program, or more than five arguments, so every recipient that this line is about is taken: "
          "write domain|program argument ...")))),
    ("recipients, domains without a line", [put("control/recipients", "mail.test.example|bin/forward\n!Virtual.example\nexample|bin/forward\n"),
                                            put("control/rcpthosts", "mail.test.example\nvirtual.example\na.example\n.b.example\nother.test\n"
                                                ".c.test\n.below.example\ncaught.example\nfriend.example\n")],
     "control/rcpthosts:5: error: no line of control/recipients is about other.test, so every recipient there is refused: "
     "add one, or !* as its last line\n"
     "control/rcpthosts:6: error: no line of control/recipients is about .c.test, so every recipient there is refused: "
     "add one, or !* as its last line\n"),
    ("recipients, nothing in it", [put("control/recipients", "#\n")],
     "control/recipients:0: error: is empty, so every recipient is refused: remove it\n"),
    ("default delivery", [put("control/defaultdelivery", "\n./Maildir/\n")],
     "control/defaultdelivery:1: error: Uh-oh, first line of .qmail file is blank. (#4.2.1): "
     "mend it, and restart qmail-send; until then mail waits\n"),
    ("a name that is almost one", [put("control/rcpthost", "x\n")],
     "control/rcpthost:0: warning: no program reads it: call it rcpthosts if that is meant\n"),
    ("a patch's file", [put("control/spfbehavior", "3\n")],
     "control/spfbehavior:0: warning: no program of ours reads it: "
     "see qmail-control(5) for what it may have become, and remove it if nothing else needs it\n"),
    ("what editors and vpopmail leave", [put("control/rcpthosts~", "x\n"), put("control/me.bak", "x\n"),
                                         put("control/rcpthosts.lock", "")], NOTHING),
    ("a directory", [gone("control/badmailfrom"), lambda q: os.mkdir(q / "control/badmailfrom")],
     "control/badmailfrom:0: error: not a file: make it a text file, or remove it\n"),
    # ---- users/assign
    ("never compiled", [gone("users/cdb")],
     V + ":1: error: nobody gets mail for virtual.example-..., neither an account nor users/assign nor a file of alias's: "
     "add a line +virtual.example-:... to users/assign and run qmail-newu\n"
     "users/assign:0: error: was never compiled, so nothing of it counts" + RUN),
    ("an older table that says otherwise", [assign("=a:foo:30001:30001:@HOMES@/foo:::", compiled=False)],
     "users/assign:3: error: users/cdb, which counts, says otherwise from this line on" + RUN),
    ("a line less", [put("users/assign", "=info:foo:30001:30001:%s/foo:-:info:\n.\n" % HOMES), put(V, "")],
     "users/cdb:0: error: has lines that users/assign has no more" + RUN),
    ("only older", [lambda q: os.utime(q / "users/cdb", (1, 1))],
     "users/cdb:0: warning: older than its text, though it says the same" + RUN),
    ("a table without its text", [gone("users/assign")],
     "users/cdb:0: warning: there is no users/assign that it could have been made of, but it counts: "
     "write the text anew, or remove the table\n"),
    ("a damaged table", [put("users/cdb", "x"), put(V, ":x\n"), put("control/locals", "localhost\n")],
     V + ":1: warning: who gets mail for x-... cannot be found out now: qmail-explain postmaster@ says more\n"
     "users/cdb:0: error: damaged, so mail waits" + RUN),
    ("a table cut short", [cut("users/cdb"), put(V, "")], "users/cdb:0: error: damaged, so mail waits" + RUN),
    ("a table in which nothing is found", [blank("users/cdb"), put(V, "")], "users/cdb:0: error: damaged, so mail waits" + RUN),
    ("a table whose end of prefixes is damaged", [other_byte("users/cdb", -1, b"-"), put(V, "")],
     "users/cdb:0: error: damaged, so mail waits" + RUN),
    ("a damaged table without its text", [gone("users/assign"), blank("users/cdb"), put(V, "")],
     "users/cdb:0: error: damaged, so mail waits" + RUN),
    ("the table of s/qmail", [lambda q: os.rename(q / "users/cdb", q / "users/assign.cdb")], NOTHING),
    ("the table of s/qmail, damaged", [lambda q: os.rename(q / "users/cdb", q / "users/assign.cdb"), blank("users/assign.cdb"), put(V, "")],
     "users/assign.cdb:0: error: damaged, so mail waits" + RUN),
    ("a pipe for a text", [gone("users/assign"), lambda q: os.mkfifo(q / "users/assign")],
     "users/assign:0: error: cannot be read, Invalid argument: mend or remove it\n"
     "users/cdb:0: warning: there is no users/assign that it could have been made of, but it counts: "
     "write the text anew, or remove the table\n"),
    ("no final dot", [assign(end="", compiled=False)],
     "users/assign:2: error: no line that is a single dot ends it, so qmail-newu takes nothing of the file: add one\n"),
    ("a comment", [assign("# x", compiled=False)],
     "users/assign:3: error: it starts with neither = nor +, so qmail-newu takes nothing of the file: "
     "write =address: or +prefix: first, and no comments\n"),
    ("too few colons", [assign("=x:y", compiled=False)],
     "users/assign:3: error: it has fewer than seven colons, so qmail-newu takes nothing of the file: "
     "write =address:user:uid:gid:home:dash:ext:\n"),
    ("lines behind the dot", [assign(end=".\n=x:foo:30001:30001:/:::\n")],
     "users/assign:4: warning: nothing behind the line with the dot is read: "
     "move the dot to the end, or remove what follows it\n"),
    ("an upper-case wildcard", [assign("+shoP:foo:30001:30001:@HOMES@/foo:-::")],
     "users/assign:3: warning: a wildcard that ends in an upper-case letter, which the qmail-newu of qmail 1.03 makes one that "
     "can never match: write it in lower case\n"),
    ("the same address twice", [assign("=Info:john:30002:30002:@HOMES@/john:::")],
     "users/assign:3: warning: line 1 is about the same addresses and comes first, so this one can never match: "
     "remove one of them\n"),
    ("an @", [assign("=a@b.example:foo:30001:30001:@HOMES@/foo:::")],
     "users/assign:3: error: an address with an @, which can never match: write what stands in front of the @\n"),
    ("a blank in a field", [assign("=a:foo:30001:30001:@HOMES@/foo :::"), lambda q: made("foo ", uid=30001)(q)],
     "users/assign:3: error: a blank at the edge of a field is part of it: remove it, and run qmail-newu\n"),
    ("a name for a uid", [assign("=a:foo:foo:30001:@HOMES@/foo:::")],
     "users/assign:3: error: the uid is not a number: "
     "write =address:user:uid:gid:home:dash:ext: with numbers and a whole path\n"),
    ("root", [assign("=a:root:0:0:/root:::")],
     "users/assign:3: error: uid 0 gets no mail, qmail-lspawn will not deliver as root: "
     "write =address:user:uid:gid:home:dash:ext: with numbers and a whole path\n"),
    ("another's uid", [assign("=a:foo:30002:30002:@HOMES@/john:::")],
     "users/assign:3: warning: the account foo has another uid, 30001: write 30001, or another name\n"),
    ("no home", [assign("=a:foo:30001:30001:/nonexistent/foo:::")],
     "users/assign:3: error: the home /nonexistent/foo does not exist, so mail waits: "
     "make the directory, or remove the line\n"),
    ("an unsafe home", [made("baz", 0o777, 30003), assign("=a:baz:30003:30003:@HOMES@/baz:::")],
     "users/assign:3: error: the home @HOMES@/baz can be written to by others, so mail waits: chmod go-w @HOMES@/baz\n"
     "@HOMES@/baz:0: error: the home of baz can be written to by others, so mail waits: chmod go-w @HOMES@/baz\n"),
    ("a sticky home", [made("baz", 0o1755, 30003)],
     "@HOMES@/baz:0: warning: the home of baz is sticky, so mail waits: chmod -t @HOMES@/baz when work on it is done\n"),
    ("another's home", [made("other", 0o755, 30003), assign("=a:foo:30001:30001:@HOMES@/other:::")],
     "users/assign:3: warning: the home @HOMES@/other belongs to uid 30003, not to uid 30001: chown 30001 @HOMES@/other\n"),
    # ---- morercpthosts
    ("more, never compiled", [gone("control/morercpthosts.cdb"), put(V, "")],
     "control/morercpthosts:0: error: was never compiled, so nothing of it counts: run qmail-newmrh\n"),
    ("more, older and otherwise", [more("control/morercpthosts", "new.example\n")],
     "control/morercpthosts:2: error: morercpthosts.cdb, which counts, says otherwise from this line on: "
     "run qmail-newmrh\n"),
    ("more, a line less", [put("control/morercpthosts", "")],
     "control/morercpthosts.cdb:0: error: has hosts that morercpthosts has no more: run qmail-newmrh\n"),
    ("more, only older", [lambda q: os.utime(q / "control/morercpthosts.cdb", (1, 1))],
     "control/morercpthosts.cdb:0: warning: older than its text, though it says the same: run qmail-newmrh\n"),
    ("more, cut short", [cut("control/morercpthosts.cdb"), put(V, "")],
     "control/morercpthosts.cdb:0: error: damaged, so mail waits at its senders: run qmail-newmrh\n"),
    ("more, nothing is found", [blank("control/morercpthosts.cdb"), put(V, "")],
     "control/morercpthosts.cdb:0: error: damaged, so mail waits at its senders: run qmail-newmrh\n"),
    # ---- tables that need not be
    ("all three", [newcdb()], NOTHING),
    ("all three, for a while without a text", [newcdb(), gone("control/rcpthosts"), gone("control/locals"), gone(V)], NOTHING),
    ("locals, after a change", [newcdb(), later("control/locals", "mail.test.example\nlocalhost\n#\n")],
     "control/locals.cdb:0: warning: not made of its text as it is now, so it does not count: run qmail-newcdb locals\n"),
    ("virtualdomains, after a change", [newcdb(), later(V, "")],
     "control/virtualdomains.cdb:0: warning: not made of its text as it is now, so it does not count: "
     "run qmail-newcdb virtualdomains\n"),
    ("rcpthosts, cut short", [newcdb(), cut("control/rcpthosts.cdb")],
     "control/rcpthosts.cdb:0: error: damaged, so its text is read each time: run qmail-newcdb rcpthosts\n"),
    ("rcpthosts, nothing is found", [newcdb(), blank("control/rcpthosts.cdb")],
     "control/rcpthosts.cdb:0: error: damaged, so its text is read each time: run qmail-newcdb rcpthosts\n"),
    ("virtualdomains, a byte", [newcdb(), other_byte("control/virtualdomains.cdb", b"john", b"josh")],
     "control/virtualdomains.cdb:0: error: damaged, so its text is read each time: run qmail-newcdb virtualdomains\n"),
    ("locals, says otherwise", [newcdb(), put("control/locals", "mail.test.example\nlocalhosts\n"), swapped("control/locals")],
     "control/locals:2: error: its .cdb, which counts, says otherwise from this line on: run qmail-newcdb locals\n"),
    # ---- alias
    ("alias's file, writable", [alias("-x", "&a@b.example\n", 0o666)],
     "@Q@/alias/.qmail-x:0: error: others can write to it, so mail waits: chmod go-w @Q@/alias/.qmail-x\n"),
    ("alias's file, its name", [alias("-First.Last", "&a@b.example\n")],
     "@Q@/alias/.qmail-First.Last:0: error: a name with upper case or a dot, which can never match: call it .qmail-first:last\n"),
    ("alias's file, its text", [alias("-x", "\n./Maildir/\n")], 
     "@Q@/alias/.qmail-x:1: error: Uh-oh, first line of .qmail file is blank. (#4.2.1): "
     "mend the line; until then mail waits\n"),
    ("alias's file, not his to read", [alias("-x", "&a@b.example\n", 0o600)],
     "@Q@/alias/.qmail-x:0: error: alias cannot read it, so mail waits: chown alias @Q@/alias/.qmail-x\n"),
    ("alias's files that are none", [lambda q: os.mkfifo(q / "alias/.qmail-x"), lambda q: os.symlink("/dev/zero", q / "alias/.qmail-y"),
                                     lambda q: os.symlink("nowhere", q / "alias/.qmail-z"), lambda q: os.mkdir(q / "alias/.qmail-d")], NOTHING),
    ("alias's link to what is root's", [lambda q: os.symlink(q / "control/secret", q / "alias/.qmail-x"), put("control/secret.", "\n"),
                                        lambda q: os.rename(q / "control/secret.", q / "control/secret"), mode("control/secret", 0o600)],
     "control/secret:0: warning: no program of ours reads it: "
     "see qmail-control(5) for what it may have become, and remove it if nothing else needs it\n"
     "@Q@/alias/.qmail-x:0: error: alias cannot read it, so mail waits: chown alias @Q@/alias/.qmail-x\n"),
    ("alias's file without an end", [alias("-x", ""), lambda q: os.truncate(q / "alias/.qmail-x", 1 << 40)],
     "@Q@/alias/.qmail-x:0: error: cannot be read, File too large: mend or remove it\n"),
    # ---- modes
    ("the table of s/qmail, for anybody to write", [lambda q: os.rename(q / "users/cdb", q / "users/assign.cdb"),
                                                    mode("users/assign.cdb", 0o666)],
     "users/assign.cdb:0: error: others than its owner can write to it, and so get anybody's mail: chmod go-w users/assign.cdb\n"),
    ("anybody may write", [mode("control/rcpthosts", 0o666)],
     "control/rcpthosts:0: error: anybody can write to it: chmod go-w control/rcpthosts\n"),
    ("its group may write", [mode("control/rcpthosts", 0o664), chgrp("control/rcpthosts", "qmail")],
     "control/rcpthosts:0: warning: its group can write to it: chmod g-w control/rcpthosts\n"),
    ("qmaild cannot read", [mode("control/rcpthosts", 0o600)],
     "control/rcpthosts:0: error: qmaild cannot read it, so mail waits: chmod a+r control/rcpthosts\n"),
    ("qmails cannot read", [mode(V, 0o600)],
     V + ":0: error: qmails cannot read it, so mail waits: chmod a+r control/virtualdomains\n"),
    ("qmailr cannot read", [mode("control/smtproutes", 0o600)],
     "control/smtproutes:0: error: qmailr cannot read it, so mail waits: chmod a+r control/smtproutes\n"),
    ("qmail-rcptd cannot read", [listening, mode(V, 0o640), chgrp(V, "qmail"), mode("control/locals", 0o640), chgrp("control/locals", "qmail")],
     "".join("control/%s:0: warning: qmaild cannot read it, so qmail-rcptd takes every recipient: chmod a+r control/%s\n" % (n, n)
             for n in ("locals", "virtualdomains"))),
    ("what group qmail may read", [mode(V, 0o640), chgrp(V, "qmail"), mode("control/smtproutes", 0o640), chgrp("control/smtproutes", "qmail")],
     NOTHING),
    ("what root alone reads", [put("control/aliasfallback", "1\n"), mode("control/aliasfallback", 0o600),
                               mode("control/morercpthosts", 0o600), mode("control/defaultdelivery", 0o600)], NOTHING),
    ("root's group may write", [mode("control/rcpthosts", 0o664), chgrp("control/rcpthosts", "root")], NOTHING),
    ("senders cannot read", [mode("control/me", 0o640)],
     "control/me:0: error: not everybody who sends mail can read it: chmod a+r control/me\n"),
    ("users/assign", [mode("users/assign", 0o666)],
     "users/assign:0: error: others than its owner can write to it, and so get anybody's mail: chmod go-w users/assign\n"),
    ("a part of the queue", [mode("queue/todo", 0o777)],
     "queue/todo:0: error: has the wrong mode: make setup puts it right\n"),
    ("the queue program", [mode("bin/qmail-queue", 0o755)],
     "bin/qmail-queue:0: error: is not setuid, so nobody can send mail: make setup puts it right\n"),
    ("a wrapper", [moved("qmail-queue", "qmail-queue-real"), program("qmail-queue")], NOTHING),
    ("a wrapper, the real one elsewhere", [moved("qmail-queue", "qmail-queue.orig"), program("qmail-queue")], NOTHING),
    ("a compiled wrapper", [moved("qmail-queue", "qmail-queue-scan"), copied("qmail-queue-route", "qmail-queue")], NOTHING),
    ("a scanner in its place", [moved("qmail-queue", "qmail-queue.orig"), copied("forward", "qmail-queue", 0o4711, 30003)], NOTHING),
    ("scanners beside it", [copied("forward", "simscan", 0o4711, 30003), copied("forward", "qmail-scanner-queue", 0o4755, 30003),
                            copied("forward", "qmail-scanner-queue.pl", 0o6755, 30003),
                            copied("forward", "qmail-dk", 0o4711, "qmailq"), copied("forward", "vchkpw", 0o4755, 0)], NOTHING),
    ("a host without a queue", [linked("qmail-qmqpc", "qmail-queue")], NOTHING),
    ("the queue of another home", [moved("qmail-queue", "../queue-elsewhere"), linked("../queue-elsewhere", "qmail-queue")], NOTHING),
    ("a wrapper's qmail-queue", [moved("qmail-queue", "qmail-queue-real"), program("qmail-queue"), mode("bin/qmail-queue-real", 0o711)],
     "bin/qmail-queue-real:0: error: is not setuid to qmailq, so nobody can send mail: "
     "chown qmailq bin/qmail-queue-real && chmod 4711 bin/qmail-queue-real\n"),
    ("a wrapper that cannot be read", [moved("qmail-queue", "qmail-queue-real"), program("qmail-queue", 0o711)],
     "bin/qmail-queue:0: error: a script that not everybody can read, and so not run: chmod a+r bin/qmail-queue\n"),
    ("another's queue program", [copied("qmail-queue", "qmail-queue", 0o4711, 30003)],
     "bin/qmail-queue:0: error: is setuid to the wrong user, and no other program here is setuid to qmailq, so nobody can send mail: "
     "make setup puts it right\n"),
    ("a queue program that was copied", [copied("qmail-queue", "qmail-queue", 0o755, 0)],
     "bin/qmail-queue:0: error: is not setuid, and no other program here is setuid to qmailq, so nobody can send mail: "
     "make setup puts it right\n"),
    ("a queue program for some", [mode("bin/qmail-queue", 0o4710)],
     "bin/qmail-queue:0: error: not everybody can run it, so not everybody can send mail: chmod a+x bin/qmail-queue\n"),
    ("another program that is setuid", [mode("bin/qmail-pw2u", 0o4711)],
     "bin/qmail-pw2u:0: error: is setuid, which is meant for qmail-queue alone: chmod u-s bin/qmail-pw2u\n"),
    ("a link to nothing", [linked("nothing", "simscan")], "bin/simscan:0: warning: a link that leads nowhere: remove it\n"),
    ("a program anybody may write", [mode("bin/forward", 0o777)],
     "bin/forward:0: error: a program that others can write to: chmod go-w bin/forward\n"),
]


@pytest.fixture
def mended(clean):
    """What a test does to the tree itself."""
    modes = {n: os.stat(clean / n).st_mode & 0o7777 for n in ("queue/todo", "bin/forward", "bin/qmail-pw2u")}
    programs = os.listdir(clean / "bin")
    os.link(clean / "bin/qmail-queue", clean / "queue-program")
    yield clean
    # of two names of one file rename would leave both
    os.unlink(clean / "bin/qmail-queue")
    os.rename(clean / "queue-program", clean / "bin/qmail-queue")
    os.chown(clean / "bin/qmail-queue", pwd.getpwnam("qmailq").pw_uid, -1)
    os.chmod(clean / "bin/qmail-queue", 0o4711)
    if os.path.exists(clean / "queue-elsewhere"):
        os.unlink(clean / "queue-elsewhere")
    shutil.rmtree(clean / "rcptd", ignore_errors=True)
    for n in set(os.listdir(clean / "bin")) - set(programs):
        os.unlink(clean / ("bin/" + n))
    for n, bits in modes.items():
        os.chmod(clean / n, bits)
    for n in ("foo ", "other"):
        shutil.rmtree(os.path.join(HOMES, n), ignore_errors=True)


@pytest.mark.parametrize("name, steps, expected", FINDINGS, ids=[f[0] for f in FINDINGS])
def test_finding(mended, name, steps, expected):
    for step in steps:
        step(mended)
    assert lint(mended) == expected.replace("@HOMES@", HOMES).replace("@Q@", mended.path)


# ---- homes of others

def test_a_home_of_vpopmail(qmail, homes):
    """As vadddomain leaves it: its own user, lock files, more domains than rcpthosts has room for, simscan in between."""
    domains = ["d%d.example" % n for n in range(60)]
    for d in domains:
        fresh_home("vpopmail-" + d, 89)
        with open("%s/vpopmail-%s/.qmail-default" % (HOMES, d), "w") as f:
            f.write("| /home/vpopmail/bin/vdelivermail '' bounce-no-mailbox\n")
    put("control/locals", "mail.test.example\n")(qmail)
    put("control/rcpthosts", "mail.test.example\n" + "".join(d + "\n" for d in domains[:50]))(qmail)
    put("control/morercpthosts", "".join(d + "\n" for d in domains[50:]))(qmail)
    put(V, "".join("%s:%s\n" % (d, d) for d in domains))(qmail)
    for name in ("control/virtualdomains", "control/rcpthosts", "control/morercpthosts", "control/locals", "users/assign"):
        put(name + ".lock", "")(qmail)
        os.chmod(qmail / (name + ".lock"), 0o600)
    put("control/defaultdelivery", "./Maildir/\n")(qmail)
    put("control/recipients", "*|/bin/true\n")(qmail)
    qmail.assign("".join("+%s-:%s:89:89:%s/vpopmail-%s:-::\n" % (d, d, HOMES, d) for d in sorted(domains)) + ".\n")
    newmrh(qmail)
    assert lint(qmail) == NOTHING
    os.unlink("%s/vpopmail-%s/.qmail-default" % (HOMES, domains[7]))
    assert lint(qmail) == V + (":8: warning: mail to postmaster@d7.example bounces: make %s/vpopmail-d7.example/.qmail-postmaster or "
                               ".qmail-default there\n" % HOMES)
    put("control/aliasfallback", "1\n")(qmail)
    assert V + ":8: warning: mail to postmaster@d7.example bounces: make @Q@/alias/".replace("@Q@", qmail.path) in lint(qmail)


def test_a_home_of_vmailmgr(qmail, homes):
    """Each domain is an account of its own, without a line in users/assign."""
    for name in "foo", "foo-bar":
        homes(name + "/.qmail-default", "|vdeliver\n")
    put("control/rcpthosts", "mail.test.example\none.example\n.two.example\n")(qmail)
    put(V, "one.example:foo\n.two.example:foo-bar\n")(qmail)
    assert lint(qmail) == NOTHING


def test_many_homes_cost_few_processes(qmail, homes):
    """Of one user a thousand are looked into by one child."""
    fresh_home("vpopmail", 89)
    with open(HOMES + "/vpopmail/.qmail-default", "w") as f:
        f.write("./Maildir/\n")
    put(V, "".join("d%d.example:d%d.example\n" % (n, n) for n in range(3000)))(qmail)
    put("control/morercpthosts", "".join("d%d.example\n" % n for n in range(3000)))(qmail)
    qmail.assign("".join("+d%d.example-:d%d.example:89:89:%s/vpopmail:-::\n" % (n, n, HOMES) for n in range(3000)) + ".\n")
    newmrh(qmail)
    trace = os.path.join(SCRATCH, "lint.trace")
    subprocess.run(["strace", "-f", "-qq", "-o", trace, "-e", "trace=fork,vfork,clone,clone3", qmail / "bin/qmail-lint"], check=True,
                   stdout=subprocess.DEVNULL, env=qmail.env())
    with open(trace) as f:
        assert 3 <= len([x for x in f if " = -1 " not in x and "(" in x]) < 20


# ---- some domains, and others than root

def test_some_domains_alone(mended):
    more(V, "new.example:foo\n.sub.new.example:nosuch\nx@new.example:foo\n")(mended)
    put("control/helohost", "\n")(mended)
    accept = "new.example is not in control/rcpthosts, so its mail from elsewhere is refused: add new.example to control/rcpthosts\n"
    both = V + ":7: warning: " + accept + V + ":9: warning: " + accept
    assert lint(mended, "-d", "friend.example,NEW.example") == both
    assert lint(mended, "-d", "virtual.example") == NOTHING
    every = lint(mended, "-d", "")
    assert both.splitlines()[0] in every and ":8: error: nobody gets mail for nosuch-..." in every and "helohost" not in every
    for args, code, text in (["new.example"], 1, both), (["virtual.example"], 0, ""), ([], 2, every):
        r = subprocess.run([mended / "bin/qmail-domain", "check", *args], capture_output=True, text=True, env=mended.env())
        assert (r.returncode, r.stdout, r.stderr) == (code, text, "")
    r = subprocess.run([mended / "bin/qmail-lint", "x"], capture_output=True, text=True)
    assert r.returncode == 100 and "usage" in r.stderr


def test_others_see_what_they_may(mended):
    mode("control/smtproutes", 0o640)(mended)
    user = {"user": ACCOUNTS["john"], "group": ACCOUNTS["john"], "extra_groups": []}
    assert lint(mended, **user) == ("control/smtproutes:0: warning: cannot be read, Permission denied: run qmail-lint as root\n")


def test_hostile_texts(mended):
    """Whatever is in the files: printable lines, and never more than are read."""
    for name in ("me", "locals", "rcpthosts", "virtualdomains", "percenthack", "smtproutes", "queuelifetime", "defaultdelivery"):
        put("control/" + name, bytes(range(256)) * 40)(mended)
    put("users/assign", bytes(range(256)) * 40)(mended)
    assert lint(mended)
    put(V, b"a:" + b"x" * 300000 + b"\n" + b":" * 100000)(mended)
    assert lint(mended)
