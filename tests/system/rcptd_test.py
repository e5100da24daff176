"""qmail-rcptd: who is nobody is refused at RCPT; whatever is in doubt or goes wrong is taken, as without it."""
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, Home, children, fresh_home, maildir, wait_for

NOBODY = (550, b"sorry, no mailbox here by that name. (#5.1.1)")
OK = (250, b"ok")


pytestmark = pytest.mark.usefixtures("alias_at_home")


def front_of(p):
    return wait_for("the part that listens", lambda: children(p.pid))[0]


def settle(qmail):
    """Wait until what qmail-rcptd goes by has been as it is for two seconds: until then all is in doubt."""
    paths = [qmail / d for d in ("control", "users", "alias")] + [HOMES + "/" + n for n in ACCOUNTS] + ["/etc/passwd"]
    paths += [os.path.join(qmail / d, f) for d in ("control", "users") for f in os.listdir(qmail / d)]
    changed = max(max(st.st_mtime, st.st_ctime) for st in map(os.stat, paths) if st.st_ctime <= time.time())
    time.sleep(max(0, changed + 2.02 - time.time()))


def start_rcptd(qmail, *args, settled=True, **env):
    if settled:
        settle(qmail)
    p = qmail.popen([qmail / "bin/qmail-rcptd", *args], stdin=subprocess.DEVNULL, cwd="/", env=qmail.env(**env),
                    stdout=subprocess.DEVNULL, stderr=open(SCRATCH + "/rcptd.log", "wb"))

    def up():
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            s.connect(qmail / "rcptd/socket")
            return True
        except OSError:
            assert p.poll() is None, said()
            return False
        finally:
            s.close()
    wait_for("qmail-rcptd", up)
    return p


def said():
    with open(SCRATCH + "/rcptd.log") as f:
        return f.read()


def lay(directory, files, uid=0):
    """Have a directory hold these files, and touch only what is otherwise: the rest need not settle again."""
    for f in set(os.listdir(directory)) - set(files) - {"Maildir"}:
        os.unlink(os.path.join(directory, f))
    for f, (text, mode) in files.items():
        path = os.path.join(directory, f)
        if os.path.islink(path):
            os.unlink(path)
        if not os.path.exists(path) or open(path).read() != text:
            with open(path, "w") as h:
                h.write(text)
        st = os.stat(path)
        if (st.st_uid, st.st_gid) != (uid, uid):
            os.chown(path, uid, uid)
        if st.st_mode & 0o7777 != mode:
            os.chmod(path, mode)


CONTROL = {"me": "mail.test.example\n", "locals": "mail.test.example\n", "percenthack": "mail.test.example\n",
           "virtualdomains": "example.com:foo\n.sub.example:john-sub\nvpop.example:vpop\nremote.example:\n",
           "rcpthosts": "mail.test.example\nexample.com\n.sub.example\nvpop.example\nremote.example\n"}
FILES = {"foo": {".qmail-info": ("./Maildir/\n", 0o644), ".qmail-list-default": ("|exit 100\n", 0o644),
                 ".qmail-shut": ("./Maildir/\n", 0o646)},
         "john": {".qmail-sub-default": ("&somebody@else.example\n", 0o644)}, "baz": {}, "foo-bar": {}}


@pytest.fixture(scope="module")
def new_homes():
    for n in ACCOUNTS:
        fresh_home(n)


@pytest.fixture
def homes(new_homes):
    """The homes as they are before a test; a function that writes a file as its owner."""
    for n, files in FILES.items():
        lay(HOMES + "/" + n, files, ACCOUNTS[n])
        for f in os.listdir(HOMES + "/%s/Maildir/new" % n):
            os.unlink(HOMES + "/%s/Maildir/new/%s" % (n, f))

    def put(name, text, mode=0o644):
        p = os.path.join(HOMES, name)
        with open(p, "w") as f:
            f.write(text)
        uid = ACCOUNTS[name.split("/")[0]]
        os.chown(p, uid, uid)
        os.chmod(p, mode)
        return p
    return put


@pytest.fixture
def site(homes):
    h = Home(SCRATCH + "/qmail")
    control = dict(CONTROL, **({"nosandbox": ""} if os.environ.get("SANDBOX") == "off" else {}))
    lay(h / "control", {f: (text, 0o644) for f, text in control.items()})
    lay(h / "users", {})
    lay(h / "alias", {".qmail-postmaster": ("./Mailbox\n", 0o644), ".qmail-root": ("./Mailbox\n", 0o644)})
    for base, _, files in os.walk(h / "queue"):
        if os.path.basename(base) != "lock":
            for f in files:
                os.unlink(os.path.join(base, f))
    h.start("./Maildir/")
    h.listen()
    if os.path.exists(h / "rcptd/socket"):
        os.unlink(h / "rcptd/socket")
    yield h
    h.stop()


def hup(qmail):
    """qmail-send reads the tables again: the time of its mutex is when it began to."""
    before = os.stat(qmail / "queue/lock/sendmutex").st_mtime_ns
    qmail.signal("HUP")
    wait_for("the sign", lambda: os.stat(qmail / "queue/lock/sendmutex").st_mtime_ns != before)


def ask(qmail, *addresses, port=25):
    """The replies to RCPT, in one session."""
    with qmail.smtp(port=port) as s:
        assert s.mail("s@client.example")[0] == 250
        return [s.rcpt(a) for a in addresses]


SOMEBODY = """foo@mail.test.example FOO@Mail.Test.Example foo-info@mail.test.example foo-INFO@mail.test.example
info@example.com Info@EXAMPLE.com list-a@example.com list-a-b@example.com x@a.sub.example x@b.a.sub.example
root@mail.test.example anybody@remote.example foo foo-bar@mail.test.example shut@example.com
foo%mail.test.example@mail.test.example info%example.com@mail.test.example""".split()
NOBODYS = """nobody@mail.test.example foo-nope@mail.test.example nope@example.com list@example.com x@vpop.example
nope%example.com@mail.test.example john-x@mail.test.example nobody root-x@mail.test.example daemon@mail.test.example""".split()


def test_without_it_everything_is_taken(site):
    assert ask(site, *SOMEBODY, *NOBODYS) == [OK] * len(SOMEBODY + NOBODYS)


def test_nobody_is_refused(site):
    start_rcptd(site)
    assert dict(zip(SOMEBODY, ask(site, *SOMEBODY))) == dict.fromkeys(SOMEBODY, OK)
    assert dict(zip(NOBODYS, ask(site, *NOBODYS))) == dict.fromkeys(NOBODYS, NOBODY)
    # again, out of the cache
    assert ask(site, *SOMEBODY, *NOBODYS) == [OK] * len(SOMEBODY) + [NOBODY] * len(NOBODYS)


def test_mail_for_the_others_is_delivered(site):
    start_rcptd(site)
    with site.smtp() as s:
        s.mail("s@client.example")
        assert [s.rcpt(a) for a in ("info@example.com", "nope@example.com", "foo@mail.test.example")] == [OK, NOBODY, OK]
        assert s.data("Subject: t\n\nb\n")[0] == 250
    wait_for("two deliveries", lambda: len(maildir("foo/Maildir")) == 2)
    site.drained()
    assert "nope" not in site.logtext() and "bounce" not in site.logtext()
    with site.smtp() as s:
        s.mail("s@client.example")
        assert s.rcpt("nope@example.com") == NOBODY
        assert s.docmd("DATA")[0] == 503


def test_users_assign(site, homes):
    site.assign("=boss:john:30002:30002:%s/john:::\n+shop-:baz:30003:30003:%s/baz:-:s-:\n"
                "+vpop-:foo:30001:30001:%s/foo:-::\n.\n" % (HOMES, HOMES, HOMES))
    homes("baz/.qmail-s-default", "./Maildir/\n")
    start_rcptd(site)
    assert ask(site, "boss@mail.test.example", "boss-x@mail.test.example", "shop-x@mail.test.example",
               "shop@mail.test.example", "info@vpop.example", "nope@vpop.example") == [OK, NOBODY, OK, NOBODY, OK, NOBODY]


def test_relay_clients_are_told_too(site):
    start_rcptd(site)
    site.listen("127.0.0.2", env={"RELAYCLIENT": ""})
    site.listen("127.0.0.3", env={"RELAYCLIENT": "@mail.test.example"})
    with site.smtp("127.0.0.2") as s:
        s.mail("s@client.example")
        assert [s.rcpt(a) for a in ("a@far.example", "nope@example.com", "info@example.com")] == [OK, NOBODY, OK]
    # what is appended is a part of the address: the percent hack
    with site.smtp("127.0.0.3") as s:
        s.mail("s@client.example")
        assert [s.rcpt(a) for a in ("foo", "nope", "nope%example.com", "info%example.com")] == [OK, NOBODY, NOBODY, OK]


def test_a_new_file_is_seen_within_seconds(site, homes):
    start_rcptd(site)
    assert ask(site, "new@example.com") == [NOBODY]
    homes("foo/.qmail-new", "./Maildir/\n")
    wait_for("the new file", lambda: ask(site, "new@example.com") == [OK], 4)
    os.unlink(HOMES + "/foo/.qmail-new")
    wait_for("that it is gone", lambda: ask(site, "new@example.com") == [NOBODY], 12)


def write(path, text):
    """In place: the file is the same one, and for a moment it is empty."""
    with open(path, "w") as f:
        f.write(text)


def taken_for(qmail, seconds, *addresses):
    """All of them, all the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert ask(qmail, *addresses) == [OK] * len(addresses)
        time.sleep(0.05)


def test_a_control_file_that_is_written_in_place(site):
    """Read in the middle of it, it holds an account that is not there, or lacks a domain."""
    start_rcptd(site)
    assert ask(site, "info@example.com", "nope@example.com") == [OK, NOBODY]
    write(site / "control/virtualdomains", "example.com:f")
    taken_for(site, 1.5, "info@example.com", "list-x@example.com", "foo@mail.test.example")
    write(site / "control/virtualdomains", CONTROL["virtualdomains"])
    # a name that is not there for a moment
    os.rename(site / "control/locals", site / "control/locals~")
    taken_for(site, 1.2, "info@example.com", "foo@mail.test.example")
    os.rename(site / "control/locals~", site / "control/locals")
    hup(site)
    wait_for("that all is as it was", lambda: ask(site, "info@example.com", "nope@example.com", "nobody@mail.test.example")
             == [OK, NOBODY, NOBODY], 8)


def test_a_file_of_instructions_that_is_put_aside_while_it_is_edited(site):
    start_rcptd(site)
    assert ask(site, "info@example.com", "foo-info@mail.test.example", "nope@example.com") == [OK, OK, NOBODY]
    time.sleep(5.1)                     # that there is somebody is known for five seconds
    f = HOMES + "/foo/.qmail-info"
    os.rename(f, f + "~")
    assert ask(site, "info@example.com", "foo-info@mail.test.example") == [OK, OK]
    os.rename(f + "~", f)
    wait_for("an end of the doubt", lambda: ask(site, "info@example.com", "nope@example.com") == [OK, NOBODY], 8)


def test_tables_of_users_that_are_made_anew(site, homes):
    site.assign("+shop-:baz:30003:30003:%s/baz:-:s-:\n.\n" % HOMES)
    homes("baz/.qmail-s-default", "./Maildir/\n")
    start_rcptd(site)
    assert ask(site, "shop-x@mail.test.example", "shop@mail.test.example") == [OK, NOBODY]
    time.sleep(5.1)
    os.unlink(site / "users/cdb")
    assert ask(site, "shop-x@mail.test.example", "shop-y@mail.test.example") == [OK, OK]
    subprocess.run([site / "bin/qmail-newu"], check=True)
    wait_for("an end of the doubt", lambda: ask(site, "shop-x@mail.test.example", "shop@mail.test.example") == [OK, NOBODY], 8)


def test_before_qmail_send_has_read_a_changed_file(site):
    """Whoever changes it sends HUP later, a reload may fail, and qmail-rcptd may have been started meanwhile: until
    qmail-send says that it has read the files nobody is refused."""
    p = start_rcptd(site)
    assert ask(site, "info@example.com", "nope@example.com") == [OK, NOBODY]
    site.control(virtualdomains="example.com:john\nvpop.example:foo\n")
    settle(site)
    # there is no .qmail-info for john, but qmail-send still gives the mail to foo
    taken_for(site, 2, "info@example.com", "info@vpop.example")
    with site.smtp() as s:
        s.mail("s@client.example")
        assert s.rcpt("info@example.com") == OK
        assert s.data("Subject: t\n\nb\n")[0] == 250
    wait_for("the delivery", lambda: len(maildir("foo/Maildir")) == 1)
    assert ask(site, "nobody@mail.test.example") == [OK]
    assert "warning: control/virtualdomains has changed since qmail-send began to read it" in said()
    # one that knows nothing of before
    end(p)
    start_rcptd(site)
    assert ask(site, "info@example.com", "nobody@mail.test.example") == [OK, OK]
    hup(site)
    wait_for("an end of the doubt", lambda: ask(site, "info@example.com", "info@vpop.example", "nobody@mail.test.example")
             == [NOBODY, OK, NOBODY], 8)
    assert "qmail-send has read the control files" in said()


def test_a_file_that_is_read_at_the_start_only(site):
    site.control(percenthack="")
    hup(site)
    start_rcptd(site)
    assert ask(site, "nope%example.com@mail.test.example", "nobody@mail.test.example") == [OK, OK]
    assert "control/percenthack has changed" in said() and "is started anew" in said()
    site.stop()
    site.start("./Maildir/")
    site.listen()
    start_rcptd(site)
    assert ask(site, "nope%example.com@mail.test.example", "nobody@mail.test.example") == [NOBODY, NOBODY]


def test_changed_control_files_count_at_once(site):
    start_rcptd(site)
    assert ask(site, "nope@example.com", "who@new.sub.example") == [NOBODY, OK]
    site.control(virtualdomains="vpop.example:vpop\n")
    wait_for("the new table", lambda: ask(site, "nope@example.com") == [OK], 4)
    os.unlink(site / "control/virtualdomains")
    os.mkdir(site / "control/virtualdomains")
    try:
        wait_for("a warning", lambda: ask(site, "nope@example.com") and "unable to read control/virtualdomains" in said())
        assert ask(site, "nope@example.com", "nobody@mail.test.example") == [OK, OK]
    finally:
        os.rmdir(site / "control/virtualdomains")


def test_an_empty_prefix_that_means_local(site):
    site.control(emptyprefixlocal="1\n")
    hup(site)
    start_rcptd(site)
    assert ask(site, "nobody@remote.example", "foo@remote.example", "nope@example.com") == [NOBODY, OK, NOBODY]


def test_alias_as_last_resort(site):
    site.alias("-foo-group-default", "./Mailbox\n")
    start_rcptd(site)
    assert ask(site, "group-x@example.com") == [NOBODY]
    site.control(aliasfallback="1\n")
    wait_for("the switch", lambda: ask(site, "group-x@example.com", "nope@example.com") == [OK, NOBODY], 8)
    assert ask(site, "nope@example.com", "info@example.com") == [NOBODY, OK]


# ---- what goes wrong

def session(qmail):
    s = qmail.smtp()
    s.sock.settimeout(30)
    assert s.mail("s@client.example")[0] == 250
    return s


def end(p, sig=signal.SIGTERM):
    os.kill(p.pid, sig)
    p.wait(10)


def test_killed_and_started_again(site):
    p = start_rcptd(site)
    with session(site) as s:
        assert s.rcpt("nope@example.com") == NOBODY
        end(p)
        assert p.returncode == 0
        p = start_rcptd(site)
        # the session sees that its connection is gone, and makes another
        assert s.rcpt("nope@example.com") == NOBODY
        front = front_of(p)
        end(p, signal.SIGKILL)
        start = time.monotonic()
        assert s.rcpt("nope@example.com") == OK and time.monotonic() - start < 3
    wait_for("the other part to end", lambda: not os.path.exists("/proc/%d" % front))
    assert ask(site, "nope@example.com") == [OK]
    p = start_rcptd(site)
    assert ask(site, "nope@example.com") == [NOBODY]
    # one part cannot go on without the other
    os.kill(front_of(p), signal.SIGKILL)
    assert p.wait(10) == 111
    assert ask(site, "nope@example.com") == [OK]


def test_one_that_hangs_costs_a_session_five_seconds(site):
    p = start_rcptd(site)
    front = front_of(p)
    os.kill(front, signal.SIGSTOP)
    try:
        with session(site) as s:
            start = time.monotonic()
            assert s.rcpt("nope@example.com") == OK
            assert 4 < time.monotonic() - start < 8
            start = time.monotonic()
            assert [s.rcpt("nope%d@example.com" % i) for i in range(20)] == [OK] * 20
            assert time.monotonic() - start < 3
    finally:
        os.kill(front, signal.SIGCONT)
    # and if it is the part that is root, the other one says so
    os.kill(p.pid, signal.SIGSTOP)
    try:
        with session(site) as s:
            start = time.monotonic()
            assert s.rcpt("other@example.com") == OK
            assert 3 < time.monotonic() - start < 7
    finally:
        os.kill(p.pid, signal.SIGCONT)
    assert ask(site, "third@example.com") == [NOBODY]


class Impostor:
    """In the place of qmail-rcptd: does with each question what it is told to."""

    def __init__(self, qmail, what):
        path = qmail / "rcptd/socket"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(10)
        self.what, self.path, self.asked = what, path, 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        held = []
        try:
            while True:
                c, _ = self.listener.accept()
                held.append(c)
                while True:
                    if not c.recv(4000):
                        break
                    self.asked += 1
                    if self.what is None:
                        c.close()
                        break
                    if self.what:
                        c.send(self.what)
        except OSError:
            pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
        os.unlink(self.path)


@pytest.mark.parametrize("what, verdict", [(b"N", NOBODY), (b"Y", OK), (b"?", OK), (b"\0", OK), (b"n", OK), (b"NN", OK),
                                           (b"N" * 60000, OK), (b"550 no\r\n", OK), (None, OK)])
def test_whatever_it_answers(site, what, verdict):
    it = Impostor(site, what)
    try:
        start = time.monotonic()
        assert ask(site, "info@example.com", "x@example.com") == [verdict] * 2
        assert time.monotonic() - start < 4 and it.asked > 0
    finally:
        it.close()


def test_no_answer_and_no_listener(site):
    it = Impostor(site, b"")
    start = time.monotonic()
    assert ask(site, "info@example.com", "nope@example.com") == [OK] * 2
    assert 4 < time.monotonic() - start < 9
    it.close()
    # a socket that nobody listens at any more
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    dead.bind(site / "rcptd/socket")
    os.chmod(site / "rcptd/socket", 0o666)
    assert ask(site, "nope@example.com") == [OK]
    dead.close()


# ---- looks that hang or crash

# This run's alone: others may be under way on the machine.
HANG = "5077.%06d" % os.getpid()


@pytest.fixture
def slow(site):
    """qmail-getpw hangs for some names and crashes for others."""
    getpw = site / "bin/qmail-getpw"
    os.rename(getpw, getpw + ".real")
    with open(getpw, "w") as f:
        f.write("#!/bin/sh\ncase $1 in hang*) exec sleep %s ;; crash*) kill -9 $$ ;; odd*) echo junk; exit 0 ;; esac\n"
                "exec %s.real \"$1\"\n" % (HANG, getpw))
    os.chmod(getpw, 0o755)
    yield site
    os.rename(getpw + ".real", getpw)


def sleepers():
    out = subprocess.run(["pgrep", "-f", "sleep " + HANG], capture_output=True, text=True).stdout
    return out.split()


def in_parallel(qmail, addresses):
    """Each in a session of its own: {address: (reply, seconds)}."""
    out = {}

    def one(a):
        start = time.monotonic()
        out[a] = (ask(qmail, a)[0], time.monotonic() - start)
    threads = [threading.Thread(target=one, args=(a,)) for a in addresses]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    return out


def test_some_that_hang_do_not_hold_up_the_others(slow):
    start_rcptd(slow)
    got = in_parallel(slow, ["hang%d@mail.test.example" % i for i in range(10)])
    assert all(reply == OK and 2 < t < 9 for reply, t in got.values()), got
    hung = threading.Thread(target=in_parallel, args=(slow, ["hang-%d@mail.test.example" % i for i in range(10)]))
    hung.start()
    # (on a busy machine a look may be late, which is a doubt: then they are asked for again)
    wait_for("answers while they hang", lambda: ask(
        slow, "nope@example.com", "info@example.com", "nobody@mail.test.example") == [NOBODY, OK, NOBODY], 6)
    hung.join()
    # what was started for them is gone
    wait_for("their end", lambda: not sleepers(), 10)


def test_when_all_places_hang_everybody_is_taken_and_then_it_goes_on(slow):
    p = start_rcptd(slow)
    got = in_parallel(slow, ["hang%d@mail.test.example" % i for i in range(40)])
    assert all(reply == OK and t < 10 for reply, t in got.values()), got
    wait_for("their end", lambda: not sleepers(), 15)
    wait_for("answers", lambda: ask(slow, "nope@example.com") == [NOBODY], 10)
    assert p.poll() is None


def test_a_look_that_crashes_is_a_doubt(slow):
    start_rcptd(slow)
    assert ask(slow, "crash@mail.test.example", "crash-1@mail.test.example", "odd@mail.test.example",
               "nobody@mail.test.example") == [OK, OK, OK, NOBODY]


def test_control_files_may_be_links(site):
    where = SCRATCH + "/linked"
    os.makedirs(where, exist_ok=True)
    os.chmod(where, 0o755)
    for f in ("locals", "virtualdomains"):
        os.rename(site / ("control/" + f), where + "/" + f)
        os.symlink(where + "/" + f, site / ("control/" + f))
    # (its sandbox does not follow links that came after it)
    site.stop()
    site.start("./Maildir/")
    site.listen()
    start_rcptd(site)
    assert ask(site, "nope@example.com", "info@example.com", "nobody@mail.test.example") == [NOBODY, OK, NOBODY]


def test_few_descriptors(site):
    """Clients wait until there is room again, and the process does not turn in circles."""
    p = qmail_with_limit(site, 40)
    front = front_of(p)
    held = []
    for _ in range(60):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(site / "rcptd/socket")
        held.append(s)
    time.sleep(1)
    before = ticks(front)
    time.sleep(2)
    assert ticks(front) - before < 50
    for s in held:
        s.close()
    wait_for("an answer", lambda: ask(site, "nope@example.com") == [NOBODY], 10)


def ticks(pid):
    with open("/proc/%d/stat" % pid) as f:
        return sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13])


def qmail_with_limit(qmail, files):
    p = qmail.popen(["sh", "-c", "ulimit -n %d; exec %s" % (files, qmail / "bin/qmail-rcptd")], stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=open(SCRATCH + "/rcptd.log", "wb"), env=qmail.env())
    wait_for("qmail-rcptd", lambda: os.path.exists(qmail / "rcptd/socket"))
    wait_for("its other part", lambda: children(p.pid))
    return p


# ---- strangers and limits

def ask_raw(qmail, question, uid=None, timeout=10):
    """What comes back for a packet, from a process of that user: None if the connection is closed."""
    code = ("import socket,sys; s=socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(%d); s.connect(sys.argv[1])\n"
            "try: s.send(%r)\nexcept OSError: print(None); sys.exit()\n"
            "try: print(s.recv(10) or None)\nexcept ConnectionError: print(None)" % (timeout, question))
    kw = {"user": uid, "group": uid, "extra_groups": []} if uid else {}
    r = subprocess.run(["/usr/bin/python3", "-c", code, qmail / "rcptd/socket"], capture_output=True, text=True, **kw)
    assert r.returncode == 0, r.stderr
    return eval(r.stdout)


def test_who_may_ask(site):
    p = start_rcptd(site)
    assert ask_raw(site, b"Rnope@example.com") == b"N"
    assert ask_raw(site, b"Rnope@example.com", uid=ACCOUNTS["baz"]) is None
    end(p)
    start_rcptd(site, "-u", "baz")
    assert ask_raw(site, b"Rnope@example.com", uid=ACCOUNTS["baz"]) == b"N"
    assert ask_raw(site, b"Rnope@example.com", uid=ACCOUNTS["john"]) is None


def test_nonsense_ends_the_connection(site):
    p = start_rcptd(site)
    for packet in (b"R", b"Qx", b"Ra\0b", b"R" + b"x" * 2001, b"x" * 60000, b"\0" * 10):
        assert ask_raw(site, packet) is None, packet[:10]
    assert ask_raw(site, b"R" + b"x" * 1900 + b"@example.com") == b"N"
    assert p.poll() is None


def test_more_clients_than_places(site):
    start_rcptd(site)
    held = []
    for _ in range(930):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(10)
        s.connect(site / "rcptd/socket")
        s.send(b"Rx@elsewhere.example")
        assert s.recv(10) == b"Y"
        held.append(s)
    # the oldest had to go, and is told so; a session that is among them asks again
    assert held[0].recv(10) == b""
    held[929].send(b"Rnope@example.com")
    assert held[929].recv(10) == b"N"
    with session(site) as s:
        assert s.rcpt("nope@example.com") == NOBODY
        for _ in range(2):
            for h in held[:900]:
                h.close()
            held = held[900:]
            for _ in range(905):
                c = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                c.connect(site / "rcptd/socket")
                held.append(c)
        assert s.rcpt("nope2@example.com") == NOBODY
    for h in held:
        h.close()


def memory(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"VmRSS:\s*(\d+)", f.read())[1])


# tests/sanitized has no use for figures of memory
@pytest.mark.skipif("SANITIZE" in os.environ, reason="a sanitizer keeps what is freed")
def test_memory_is_bounded(site):
    """RCPTD_ADDRESSES=100000 asks for so many different addresses."""
    count = int(os.environ.get("RCPTD_ADDRESSES", "4000"))
    site.assign("+foo-:foo:30001:30001:%s/foo:-::\n.\n" % HOMES)
    p = start_rcptd(site)
    pids = [p.pid, front_of(p)]
    clients = []
    for _ in range(8):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(30)
        s.connect(site / "rcptd/socket")
        clients.append(s)
    sizes = []
    start = time.monotonic()
    for i in range(0, count, len(clients)):
        for k, s in enumerate(clients):
            s.send(b"Rfoo-x%d%s@mail.test.example" % (i + k, b"y" * (200 if k == 0 else 0)))
        for s in clients:
            assert s.recv(10) == b"N"
        if i == count // 4 or i + len(clients) >= count:
            sizes.append([memory(x) for x in pids])
    seconds = time.monotonic() - start
    print("%d addresses in %.1f s; %s KB" % (count, seconds, sizes))
    for early, late in zip(*sizes[:1], sizes[-1]):
        assert late < 8000 and late - early < 2000, sizes
    assert len(children(p.pid)) == 1


# ---- installations

def test_it_starts_once_and_not_where_others_can_write(site):
    start_rcptd(site)
    r = subprocess.run([site / "bin/qmail-rcptd"], capture_output=True, text=True)
    assert (r.returncode, "another qmail-rcptd is running" in r.stderr) == (111, True)
    site.stop()
    os.chmod(site / "rcptd", 0o777)
    r = subprocess.run([site / "bin/qmail-rcptd"], capture_output=True, text=True)
    assert (r.returncode, "root alone" in r.stderr) == (111, True)
    os.chmod(site / "rcptd", 0o755)
    for args, code in ((["-x"], 100), (["x"], 100), (["-u", "no-such-user"], 111)):
        assert subprocess.run([site / "bin/qmail-rcptd", *args], capture_output=True).returncode == code


# ---- where something else delivers

def test_another_program_delivers(site):
    start_rcptd(site, QMAILLOCAL="/bin/true")
    assert ask(site, "nope@example.com", "nobody@mail.test.example") == [OK, OK]
    wait_for("a warning", lambda: "QMAILLOCAL is set: another program delivers: every local recipient is taken" in said())


def put_aside(path, target):
    os.rename(path, path + ".real")
    os.symlink(target, path)


def put_back(path):
    os.unlink(path)
    os.rename(path + ".real", path)


@pytest.mark.parametrize("what, away", [("bin/qmail-queue", "bin/qmail-queue"), ("queue", "queue")])
def test_another_home_delivers(site, second, what, away):
    """By a link; one within the home, or to a disk that is no home, leads nowhere else."""
    disk = SCRATCH + "/disk"
    shutil.rmtree(disk, ignore_errors=True)
    os.makedirs(disk + "/queue")
    start_rcptd(site)
    put_aside(site / what, second / away)
    try:
        wait_for("doubt", lambda: ask(site, "nope@example.com", "nobody@mail.test.example") == [OK, OK], 6)
        assert "warning: %s leads " % what in said()
    finally:
        put_back(site / what)
    wait_for("an end of it", lambda: ask(site, "nope@example.com") == [NOBODY], 6)
    assert "is gone" in said()
    put_aside(site / what, site / (what + ".real") if what != "queue" else disk + "/queue")
    try:
        time.sleep(1.1)
        assert ask(site, "other@example.com") == [NOBODY]
    finally:
        put_back(site / what)


def test_a_table_of_queues(site):
    site.control(queueroutes="shop.example:%s\n" % (site / "bin/qmail-queue"))
    start_rcptd(site)
    wait_for("a warning", lambda: "warning: there is control/queueroutes" in said())
    assert ask(site, "nope@example.com", "info@example.com") == [OK, OK]


def test_a_program_in_the_place_of_qmail_queue(site):
    """It knows what becomes of the mail; but it is asked all the same where the administrator says so."""
    site.listen("127.0.0.2", env={"QMAILQUEUE": "/bin/true"})
    site.listen("127.0.0.3", env={"QMAILQUEUE": site / "bin/qmail-queue"})
    site.listen("127.0.0.4", env={"QMAILQUEUE": "/bin/true", "QMAILRCPTD": "yes"})
    site.listen("127.0.0.5", env={"QMAILQUEUE": "bin/qmail-queue"})
    start_rcptd(site)
    assert [ask_at(site, "127.0.0.%d" % i, "nope@mail.test.example")[0] for i in (2, 3, 4, 5)] == [OK, NOBODY, NOBODY, NOBODY]


def test_each_installation_asks_its_own(site, second):
    second.clear()
    second.control(me="two.test.example\n", locals="two.test.example\n", rcpthosts="two.test.example\nexample.com\n",
                   virtualdomains="example.com:john\n")
    try:
        start_rcptd(site)
        second.start("./Maildir/")
        second.listen("127.0.0.2")
        assert ask_at(second, "127.0.0.2", "nope@example.com") == [OK]
        p = start_rcptd(second)
        assert ask_at(second, "127.0.0.2", "sub-x@example.com", "info@example.com", "nope@example.com") == [OK, NOBODY, NOBODY]
        assert ask(site, "sub-x@example.com", "info@example.com") == [NOBODY, OK]
        end(p)
        assert ask_at(second, "127.0.0.2", "nope@example.com") == [OK]
        assert ask(site, "nope@example.com") == [NOBODY]
    finally:
        second.stop()


def ask_at(qmail, address, *recipients):
    with qmail.smtp(address) as s:
        assert s.mail("s@client.example")[0] == 250
        return [s.rcpt(a) for a in recipients]
