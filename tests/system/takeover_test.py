"""A home as another qmail (1.03, netqmail, one with the big-todo patch; with vpopmail) left it, with mail in its queue:
`make setup check` over it, then the daemons. Nothing of the administrator's changes, permissions are put right, each
message goes on from the state it was in."""
import contextlib
import email
import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import time

import pytest

from harness import ACCOUNTS, BUILD, cdb, fresh_home, Home, HOMES, maildir, ROOT, SCRATCH, wait_for

PATH = SCRATCH + "/takeover"
HOST = "mail.test.example"
DAY = 86400
VPOPMAIL = HOMES + "/vpopmail"
STOCK = b"Received: (qmail 4711 invoked from network); 1 Jan 2024 00:00:00 -0000\nSubject: %s\nTo: x\n\n" \
        b"\xe4\xf6\r\n.\nFrom \0 \x7f\n"


# ---- how it was left

def users_cdb(lines):
    pairs, last = [], ""
    for line in lines:
        kind, fields = line[0], line[1:].split(":")
        pairs.append((b"!" + fields[0].lower().encode() + (b"\0" if kind == "=" else b""),
                      "\0".join(fields[1:7]).encode()))
        if kind == "+" and fields[0][-1:] not in last:
            last += fields[0][-1:]
    return cdb(pairs + [(b"", last.encode())])


class Queue:
    """Writes into a queue what qmail-queue and qmail-send of 1.03 write: names are the inodes of mess files."""

    def __init__(self, split, big_todo):
        self.split, self.big_todo = split, big_todo
        self.q = PATH + "/queue"
        self.uid = {n: pwd.getpwnam(n).pw_uid for n in ("qmailq", "qmails", "qmailr")}
        self.gid = pwd.getpwnam("qmailq").pw_gid
        self.id = {}
        for d, owner, mode, divided in (
                ("", "qmailq", 0o750, 0), ("pid", "qmailq", 0o700, 0), ("intd", "qmailq", 0o700, big_todo),
                ("todo", "qmailq", 0o750, big_todo), ("mess", "qmailq", 0o750, 1), ("lock", "qmailq", 0o750, 0),
                ("info", "qmails", 0o700, 1), ("local", "qmails", 0o700, 1), ("remote", "qmails", 0o700, 1),
                ("bounce", "qmails", 0o700, 0)):
            for sub in [""] + [str(i) for i in range(split) if divided]:
                p = os.path.join(self.q, d, sub)
                os.makedirs(p, exist_ok=True)
                os.chmod(p, mode)
                os.chown(p, self.uid[owner], self.gid)
        for f, owner, mode, size in (("sendmutex", "qmails", 0o600, 0), ("tcpto", "qmailr", 0o644, 1024)):
            self.write("lock/" + f, b"\0" * size, owner, mode)
        os.mkfifo(self.q + "/lock/trigger")
        os.chown(self.q + "/lock/trigger", self.uid["qmails"], self.gid)
        os.chmod(self.q + "/lock/trigger", 0o622)

    def write(self, name, text, owner, mode, mtime=None, atime=None):
        p = os.path.join(self.q, name)
        with open(p, "wb") as f:
            f.write(text)
        os.chmod(p, mode)
        os.chown(p, self.uid[owner], self.gid)
        now = time.time()
        os.utime(p, (now if atime is None else atime, now if mtime is None else mtime))
        return p

    def where(self, kind, n):
        divided = kind in ("mess", "info", "local", "remote") or (self.big_todo and kind in ("todo", "intd"))
        return "%s/%d/%d" % (kind, n % self.split, n) if divided else "%s/%d" % (kind, n)

    def add(self, name, envelope=None, intd=None, todo=None, info=None, local=None, remote=None, bounce=None,
            age=0, local_next=0, remote_next=0):
        """One message with the subject name. age: seconds since its birth; next: seconds until the next try."""
        now = time.time()
        born = self.write("pid/4711.1.1", STOCK % name.encode(), "qmailq", 0o644, now - age, now - age)
        n = self.id[name] = os.stat(born).st_ino
        os.rename(born, os.path.join(self.q, self.where("mess", n)))
        for kind, text in (("intd", intd), ("todo", todo)):
            if text is not None:
                self.write(self.where(kind, n), text, "qmailq", 0o644, now - age, now - age)
        if intd is not None and todo is not None:
            os.unlink(os.path.join(self.q, self.where("todo", n)))
            os.link(os.path.join(self.q, self.where("intd", n)), os.path.join(self.q, self.where("todo", n)))
        for kind, text, mtime in (("info", info, now - age), ("local", local, now + local_next),
                                  ("remote", remote, now + remote_next), ("bounce", bounce, now)):
            if text is not None:
                self.write(self.where(kind, n), text, "qmails", 0o600, mtime)

    def envelope(self, sender, *recipients):
        return b"u%d\0p4711\0F%s\0" % (pwd.getpwnam("qmaild").pw_uid, sender.encode()) + \
            b"".join(b"T%s\0" % r.encode() for r in recipients)


def put(name, text, mode=0o644, uid=0, gid=0):
    p = os.path.join(PATH, name)
    os.makedirs(os.path.dirname(p), exist_ok=True)
    with open(p, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(p, mode)
    os.chown(p, uid, gid)
    return p


def settings(table):
    """control, users, alias and what else an administrator keeps in the home."""
    put("control/me", HOST + "\n")
    put("control/locals", HOST + "\nlocalhost\n# old names\nold.test.example\n")
    put("control/rcpthosts", HOST + "\nold.test.example\nshop.example\n", 0o664)
    put("control/morercpthosts", "more.example\n")
    put("control/morercpthosts.cdb", cdb([(b"more.example", b"")]))
    put("control/virtualdomains", "shop.example:shop.example\nmore.example:john")         # no newline at the end
    put("control/smtproutes", ":[192.0.2.2]\n")
    put("control/defaultdelivery", "./Maildir/\n")
    put("control/queuelifetime", "604800\n")
    put("control/servercert.pem", "not ours to read\n", 0o600, 89, 89)     # of patches and add-ons
    put("control/spfbehavior", "3\n")
    put("control/simcontrol.cdb", b"\0\1\2")
    put("control/domainkeys/%s/default" % HOST, "key\n", 0o400)
    put("control/.rcpthosts.swp", "an editor's\n", 0o600)
    lines = ["=%s:%s:%d:%d:%s/%s:::" % (n, n, u, u, HOMES, n) for n, u in ACCOUNTS.items()]
    lines += ["+%s-:%s:%d:%d:%s/%s:-::" % (n, n, u, u, HOMES, n) for n, u in ACCOUNTS.items()]
    alias = pwd.getpwnam("alias")
    lines += ["+shop.example-:shop.example:89:89:%s:-::" % VPOPMAIL,
              "+:alias:%d:%d:%s/alias:-::" % (alias.pw_uid, alias.pw_gid, PATH)]
    put("users/assign", "\n".join(lines) + "\n.\n")
    put(table, users_cdb(lines))
    put("users/assign.lock", "", 0o600)
    put("users/exclude", "root\n")
    for name, text in ((".qmail-postmaster", "&foo\n"), (".qmail-stuck", "|exit 111\n"), (".qmail-root", "&foo"),
                       (".qmail-list:owner", "# nobody\n"), (".qmail-old~", "x\n"), ("aliases", "x: y\n")):
        put("alias/" + name, text, 0o644, alias.pw_uid, alias.pw_gid)
    os.symlink(".qmail-postmaster", PATH + "/alias/.qmail-mailer-daemon")
    put("rc", "#!/bin/sh\nexec env - PATH=\"%s/bin:$PATH\" qmail-start ./Maildir/\n" % PATH, 0o755)
    put("supervise/qmail-send/run", "#!/bin/sh\nexec %s/rc\n" % PATH, 0o755)
    put("bin/dkim-wrapper", "#!/bin/sh\n", 0o755)
    put("bin/qmail-scanner-queue.pl", "#!/usr/bin/perl\n", 0o4755, pwd.getpwnam("qmailq").pw_uid)
    put("doc/OUR-SETUP", "notes\n")


def programs():
    """Old ones, one of them running and one led elsewhere by a link."""
    for name in ("qmail-smtpd", "qmail-local", "qmail-queue", "sendmail"):
        put("bin/" + name, "#!/bin/sh\nexit 111\n", 0o755)
    shutil.copy("/bin/sleep", PATH + "/bin/qmail-send")
    put("bin/qmail-inject.patched", "#!/bin/sh\nexit 0\n", 0o755, 0, pwd.getpwnam("qmailq").pw_gid)
    os.symlink("qmail-inject.patched", PATH + "/bin/qmail-inject")


def messages(q):
    """One in each state of the queue, and in what state it must be found afterwards (see the test)."""
    foo, baz, john = ("%s@%s" % (n, HOST) for n in ("foo", "baz", "john"))
    t = b"T%s\0".__mod__
    d = b"D%s\0".__mod__
    f = b"Fs@client.example\0"
    whole = q.envelope("s@client.example", foo, "a@far.example")
    q.add("s2 new")
    q.add("s2 old", age=2 * DAY)
    q.add("s3 new", intd=whole)
    q.add("s3 old", intd=whole, age=2 * DAY)
    q.add("s4", intd=whole, todo=whole)
    q.add("s4 no intd", todo=q.envelope("s@client.example", john))
    q.add("s4 half done", todo=q.envelope("s@client.example", foo, baz), info=f, local=t(foo.encode()) + b"Tba")
    q.add("s4 virtual", todo=q.envelope("s@client.example", "user@shop.example", "x@more.example"))
    q.add("s4 nobody", todo=q.envelope("s@client.example"))
    q.add("s5 due", info=f, local=t(foo.encode()) + d(john.encode()) + t(baz.encode()), age=3600)
    q.add("s5 remote due", info=b"Flist-@lists.example-@[]\0", age=3600,
          remote=t(b"a@far.example") + d(b"b@far.example") + t(b"c@far.example"))
    q.add("s5 later", info=f, local=t(foo.encode()), local_next=3600, age=60)
    q.add("s5 both", info=f, local=t(baz.encode()), remote=t(b"later@far.example"), remote_next=3600, age=60)
    q.add("s5 done", info=f, age=60)
    q.add("s5 all d", info=f, local=d(foo.encode()), age=60)
    q.add("s5 bounce", info=b"F%s\0" % foo.encode(), local=d(b"gone@" + HOST.encode()), age=60,
          bounce=b"<gone@%s>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n" % HOST.encode())
    q.add("s5 bounce verp", info=b"Fjohn-list-@%s-@[]\0" % HOST.encode(), remote=d(b"a@far.example"), age=60,
          bounce=b"<a@far.example>:\n192.0.2.2 does not like recipient.\nGiving up on 192.0.2.2.\n\n")
    q.add("s5 expired", info=b"F%s\0" % baz.encode(), local=t(b"stuck@" + HOST.encode()), age=8 * DAY)
    for p in ("mess/0/.nfs0001", "mess/0/README", "todo/junk", "info/0/backup~", "local/0/core", "bounce/old", "pid/x"):
        if q.big_todo:
            p = p.replace("todo/", "todo/0/")
        q.write(p, b"junk", "qmailq", 0o600)
    for p in ("lost+found", "mess/0/lost+found"):
        os.mkdir(os.path.join(q.q, p), 0o700)


def spoil():
    """Permissions as years leave them."""
    root = [("bin", 0o700), ("queue/lock", 0o700), ("queue/todo", 0o755), ("queue/mess/0", 0o700), ("queue/info/0", 0o755),
            ("queue/lock/sendmutex", 0o666), ("alias", 0o755), ("control", 0o700), ("users", 0o777)]
    for p, mode in root:
        os.chown(os.path.join(PATH, p), 0, 0)
        os.chmod(os.path.join(PATH, p), mode)
    os.chmod(PATH + "/queue", 0o777)
    os.unlink(PATH + "/queue/lock/tcpto")
    os.unlink(PATH + "/queue/lock/trigger")


def picture():
    """Everything below the home that is the administrator's or the mail's: its kind, contents and time."""
    seen = {}
    for base, dirs, files in os.walk(PATH):
        rel = os.path.relpath(base, PATH)
        for f in files + [d for d in dirs if os.path.islink(os.path.join(base, d))]:
            p, name = os.path.join(base, f), os.path.normpath(os.path.join(rel, f))
            if name.startswith("queue/lock/"):
                continue
            st = os.lstat(p)
            if stat.S_ISLNK(st.st_mode):
                text = os.readlink(p).encode()
            else:
                # the time of the last reading says what qmail-send may sweep
                with open(os.open(p, os.O_RDONLY | os.O_NOATIME), "rb") as h:
                    text = h.read()
            seen[name] = (hashlib.sha256(text).hexdigest(), st.st_mode, st.st_uid, st.st_gid, st.st_ino, st.st_mtime_ns)
    return seen


# ---- taking it over

def make(*targets):
    return subprocess.run(["make", "-C", ROOT, "-s", "QMAIL=" + PATH, "B=" + BUILD, *targets], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


# split, whether todo and intd are split as well, where the users' table is
LAYOUTS = {
    "qmail 1.03, netqmail": (23, 0, "users/cdb"),
    "split 1": (1, 0, "users/cdb"),
    "big-todo split 151": (151, 1, "users/cdb"),
    "s/qmail": (23, 1, "users/assign.cdb"),
}


@pytest.fixture
def left(homes, request):
    """The home, as it was left."""
    shutil.rmtree(PATH, ignore_errors=True)
    os.mkdir(PATH)
    fresh_home("vpopmail", 89)
    with open(VPOPMAIL + "/.qmail-default", "w") as f:
        f.write("| cat > Maildir/new/\"$EXT@$HOST\"\n")
    homes("john/.qmail-list-", "./Maildir/\n")
    homes("john/.qmail-x", "./Maildir/\n")
    split, big_todo, table = LAYOUTS[request.param]
    settings(table)
    programs()
    q = Queue(split, big_todo)
    messages(q)
    yield q
    shutil.rmtree(PATH)


@contextlib.contextmanager
def running_program():
    p = subprocess.Popen([PATH + "/bin/qmail-send", "1000"])
    try:
        yield p
    finally:
        p.kill()
        p.wait()


def subject(message):
    return email.message_from_bytes(message)["Subject"]


def check_setup():
    """make setup check over the old home, while a program of the old one runs."""
    before = picture()
    with running_program() as old:
        r = make("setup", "check")
        assert r.returncode == 0, r.stdout
        assert old.poll() is None
    after = picture()
    ours = subprocess.run([os.path.join(ROOT, BUILD, "install/install"), "list", os.path.join(ROOT, BUILD), ""], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    for name, was in before.items():
        if re.search(r"^.*\s(\S*/)?%s$" % re.escape(name), ours, re.M) and name.startswith("bin/"):
            assert after[name] != was or os.path.islink(os.path.join(PATH, name)), name + " was not exchanged"
        else:
            assert after.get(name) == was, name + " was changed"
    assert os.readlink(PATH + "/bin/qmail-inject") == "qmail-inject.patched"
    for p, owner, mode in (("queue", "qmailq", 0o750), ("queue/mess/0", "qmailq", 0o750), ("queue/info/0", "qmails", 0o700),
                           ("queue/lock/trigger", "qmails", 0o622), ("queue/lock/tcpto", "qmailr", 0o644),
                           ("bin/qmail-queue", "qmailq", 0o4711), ("alias", "alias", 0o2755), ("control", "root", 0o755)):
        st = os.stat(os.path.join(PATH, p))
        assert (st.st_uid, stat.S_IMODE(st.st_mode)) == (pwd.getpwnam(owner).pw_uid, mode), p
    return after


@pytest.mark.parametrize("left", sorted(LAYOUTS), indirect=True)
def test_takeover(left, peer):
    spoil()
    check_setup()
    split, big_todo = left.split, left.big_todo
    assert sorted(d for d in os.listdir(PATH + "/queue/mess") if d.isdigit()) == sorted(map(str, range(split)))
    assert os.path.isdir(PATH + "/queue/todo/0") == bool(big_todo)

    home = Home(PATH)
    try:
        home.start("./Maildir/")
        home.listen()
        home.send("s@client.example", ["foo@old.test.example", "x@more.example"], "Subject: new\n\nx\n")

        # every message has gone, but those whose time has not come and those that qmail-queue had not finished
        stay = {"s2 new", "s3 new", "s5 later", "s5 both"}
        ids = {left.id[n] for n in stay}

        def messages_left():
            return {int(f) for _, _, files in os.walk(PATH + "/queue/mess") for f in files if f.isdigit()}
        wait_for("the queue to hold what it must", lambda: messages_left() == ids)
        with open(os.path.join(PATH, "queue", left.where("remote", left.id["s5 both"])), "rb") as f:
            assert f.read() == b"Tlater@far.example\0"

        got = {n: sorted(map(subject, maildir(n, "Maildir"))) for n in ("foo", "baz", "john")}
        assert got == {"foo": ["failure notice", "new", "s4", "s4 half done", "s5 due"],
                       "baz": ["failure notice", "s4 half done", "s5 both", "s5 due"],
                       "john": ["failure notice", "new", "s4 no intd", "s4 virtual"]}
        for n in got:
            for m in maildir(n, "Maildir"):
                if subject(m).startswith("s"):
                    assert m.endswith(STOCK % subject(m).encode()), "delivered with a change"
        bounces = {n: [m for m in maildir(n, "Maildir") if subject(m) == "failure notice"][0] for n in got}
        assert b"\n\n<gone@mail.test.example>:\nSorry, no mailbox" in bounces["foo"] and b"Subject: s5 bounce\n" in bounces["foo"]
        assert b"I'm not going to try again; this message has been in the queue too long." in bounces["baz"]
        assert b"192.0.2.2 does not like recipient." in bounces["john"]
        with open(VPOPMAIL + "/Maildir/new/user@shop.example", "rb") as f:
            assert f.read().endswith(STOCK % b"s4 virtual")
        sent = sorted((m["from"], *m["to"]) for m in peer.got())
        assert sent == [("list-a=far.example@lists.example", "a@far.example"),
                        ("list-c=far.example@lists.example", "c@far.example"), ("s@client.example", "a@far.example")]

        # and those go when they are told to
        home.signal("ALRM")
        wait_for("the last ones", lambda: messages_left() == {left.id["s2 new"], left.id["s3 new"]})
        assert "s5 later" in map(subject, maildir("foo", "Maildir"))
        assert ["later@far.example"] in [m["to"] for m in peer.got()]
    finally:
        home.stop()
    for p in ("mess/0/README", "mess/0/.nfs0001", "info/0/backup~", "local/0/core", "bounce/old", "lost+found"):
        assert os.path.exists(PATH + "/queue/" + p), p
