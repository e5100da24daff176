"""Local deliveries, through the whole chain: what programs get and what their exit codes do, mbox and Maildir
under contention, and processes that are killed in the middle."""
import contextlib
import json
import os
import pwd
import re
import signal
import subprocess
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, children, maildir, wait_for

FOO = os.path.join(HOMES, "foo")
DOCUMENTED = set("""SENDER NEWSENDER RECIPIENT LOCAL HOST USER HOME EXT EXT2 EXT3 EXT4 HOST2 HOST3 HOST4
                    DEFAULT RPLINE DTLINE UFLINE""".split())


def read(*path):
    with open(os.path.join(HOMES, *path), "rb") as f:
        return f.read()


@pytest.fixture
def here(qmail, homes):
    """A running installation; here.put writes .qmail files, here.mail queues a message for foo."""
    qmail.put = homes

    def mail(text=b"Subject: t\n\nbody\n", to=b"foo@mail.test.example", sender=b"john@mail.test.example"):
        assert qmail.inject(sender, [to], text) == 0
    qmail.mail = mail
    return qmail


def outcomes(home):
    return re.findall(r"^delivery \d+: (\w+): (.*)", home.logtext(), re.M)


# ---- programs

# What a program can see of what it was given, before it opens anything.
WITNESS = """import json, os, shutil, sys
with open("/proc/self/environ") as f:
    got = {"env": dict(v.split("=", 1) for v in f.read().split("\\0") if v)}
got["fds"] = {}
for fd in os.listdir("/proc/self/fd"):
    try:
        got["fds"][fd] = os.readlink("/proc/self/fd/" + fd)
    except FileNotFoundError:
        pass
got["ids"] = [os.getresuid(), os.getresgid(), os.getgroups(), os.umask(0o77), os.getcwd()]
with open("message", "wb") as f:
    shutil.copyfileobj(sys.stdin.buffer, f)
with open("seen", "w") as f:
    json.dump(got, f)
"""


def test_what_a_program_gets(here):
    """Exactly descriptors 0, 1 and 2, the documented variables over qmail-start's own, no signal ignored or
    blocked, the message as a file at its start."""
    here.put("foo/look", WITNESS)
    here.put("foo/.qmail-default", "|while read -r line; do echo \"$line\"; done < /proc/$$/status > signals;"
             " exec /usr/bin/python3 look > /dev/null\n")

    # qmail-start itself is given more than it should be
    def burden():
        os.dup2(os.open("/", os.O_RDONLY), 7)
        os.set_inheritable(7, True)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGALRM])
    popen = here.popen
    here.popen = lambda argv, **kw: popen(argv, preexec_fn=burden, close_fds=False, **kw)
    here.start()
    here.mail(b"Subject: t\n\nbody\n", b"foo-Some-Thing@mail.test.example")
    here.drained()
    assert outcomes(here) == [("success", "did_0+0+1/")]
    assert re.fullmatch(rb"Received: .*\nSubject: t\n\nbody\n", read("foo/message"))
    got = json.loads(read("foo/seen"))
    assert set(got["env"]) == DOCUMENTED | {"PATH", "PWD"}, "PWD is the shell's"
    assert [got["env"][k] for k in ("DEFAULT", "EXT", "EXT2", "EXT3")] == ["Some-Thing", "Some-Thing", "Thing", ""]
    assert "/queue/mess/" in got["fds"].pop("0") and got["fds"].pop("1") == "/dev/null"
    assert got["fds"].pop("2").startswith("pipe:") and got["fds"] == {}
    signals = dict(re.findall(r"(\w+):\s+(\w+)", read("foo/signals").decode()))
    assert int(signals["SigBlk"], 16) == 0
    assert int(signals["SigIgn"], 16) & (1 << signal.SIGPIPE - 1 | 1 << signal.SIGCHLD - 1) == 0
    uid = ACCOUNTS["foo"]
    assert got["ids"] == [[uid] * 3, [uid] * 3, [uid], 0o77, FOO]


@pytest.mark.parametrize("codes, outcome, lines_after", [
    ((0,), "success", True),
    ((99,), "success", False),
    ((100, 64, 65, 70, 76, 77, 78, 112), "failure", False),
    ((111, 1, 63, 66, 67, 68, 69, 71, 72, 73, 74, 75, 79, 113, 118, 126, 255), "deferral", False),
])
def test_exit_codes(here, codes, outcome, lines_after):
    for n in codes:
        here.put("foo/.qmail-%d" % n, "./before\n|echo said; exit %d\n./after\n" % n)
    here.put("baz/.qmail", "./Maildir/\n")
    here.control(concurrencylocal="1\n")
    here.start()
    for n in codes:
        here.mail(to=b"foo-%d@mail.test.example" % n, sender=b"baz@mail.test.example")
    here.wait_log(r"^delivery \d+: %s: said" % outcome, len(codes))
    assert os.path.exists(FOO + "/before")
    assert os.path.exists(FOO + "/after") == lines_after
    if outcome == "deferral":
        assert len(here.queued()) == len(codes)
    else:
        here.drained()
    assert len(maildir("baz", "Maildir")) == (len(codes) if outcome == "failure" else 0)


def test_forwards_before_99_are_sent_and_after_a_failure_are_not(here):
    here.put("foo/.qmail-stop", "&john\n|exit 99\n&baz\n")
    here.put("foo/.qmail-fail", "&john\n|exit 100\n")
    here.put("john/.qmail", "./Maildir/\n")
    here.put("baz/.qmail", "./Maildir/\n")
    here.start()
    here.mail(to=b"foo-stop@mail.test.example", sender=b"baz@mail.test.example")
    here.drained()
    [got] = maildir("john", "Maildir")
    assert got.startswith(b"Return-Path: <baz@mail.test.example>\nDelivered-To: john@mail.test.example\n")
    assert re.search(rb"\nReceived: .*\nDelivered-To: foo-stop@mail.test.example\nReceived: .*\nSubject: t\n", got)
    assert maildir("baz", "Maildir") == []
    here.mail(to=b"foo-fail@mail.test.example", sender=b"baz@mail.test.example")
    here.drained()
    assert len(maildir("john", "Maildir")) == 1
    assert [m.count(b"failure notice") for m in maildir("baz", "Maildir")] == [1], "a bounce and nothing else"


def test_an_address_with_nothing_before_the_at_is_not_lost(here):
    here.put("john/.qmail", "./Maildir/\n")
    alias = pwd.getpwnam("alias")
    here.assign("=:alias:%d:%d:%s:-::\n.\n" % (alias.pw_uid, alias.pw_gid, here / "alias"))
    here.start()
    here.mail(to=b"@mail.test.example")
    here.drained()
    [bounce] = maildir("john", "Maildir")
    assert b"<@mail.test.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n" in bounce
    here.alias("-default", "&john\n")
    here.mail(b"Subject: caught\n\n", b"@mail.test.example")
    here.drained()
    assert sum(b"Subject: caught" in m for m in maildir("john", "Maildir")) == 1


# ---- files

def unquote_mbox(text):
    """The messages of an mbox, each from behind its From_ line to before its blank line."""
    parts = re.split(rb"^From .*\n", text, flags=re.M)
    assert parts[0] == b"" and all(p.endswith(b"\n\n") for p in parts[1:])
    return [re.sub(rb"^>(>*From )", rb"\1", p[:-1], flags=re.M) for p in parts[1:]]


def test_concurrent_deliveries_to_one_mbox_are_whole(here):
    here.put("foo/.qmail-default", "./box\n")
    here.control(concurrencylocal="20\n")
    here.start()
    here.signal("STOP")
    sent = []
    for k in range(40):
        text = b"Subject: %d\n\nFrom here\n>From there\n" % k + b"%d %d\n" % (k, k) * (20000 if k % 4 == 0 else 3)
        sent.append(text)
        here.mail(text, b"foo-%d@mail.test.example" % k)
    here.signal("CONT")
    here.drained()
    got = unquote_mbox(read("foo/box"))
    assert sorted(m[m.index(b"Subject:"):] for m in got) == sorted(sent)


def test_a_locked_mbox_is_waited_for(here):
    here.put("foo/.qmail", "./box\n")
    here.put("foo/box", "From x\nold\n\n")
    lock = subprocess.Popen(["flock", FOO + "/box", "sh", "-c", "echo locked; read end"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lock.stdout.readline()
    here.start()
    here.mail()
    here.wait_log(r"^starting delivery")
    time.sleep(0.3)
    assert read("foo/box") == b"From x\nold\n\n"
    lock.communicate(b"\n")
    here.drained()
    assert read("foo/box").startswith(b"From x\nold\n\nFrom john@mail.test.example ")


@pytest.mark.parametrize("mode, text", [
    (0o1755, "Home_directory_is_sticky:_user_is_editing_his_.qmail_file._(#4.2.1)/"),
    (0o757, "Uh-oh:_home_directory_is_writable._(#4.7.0)/"),
])
def test_a_home_that_is_not_ready_makes_mail_wait(here, mode, text):
    here.put("foo/.qmail", "./Maildir/\n")
    os.chmod(FOO, mode)
    here.start()
    here.mail()
    here.wait_log("^delivery 1: deferral: " + re.escape(text))
    os.chmod(FOO, 0o755)
    here.signal("ALRM")
    here.drained()
    assert len(maildir("foo", "Maildir")) == 1


@pytest.mark.parametrize("line", ["./Maildir/", "|true"])
def test_behind_list_only_forwards_are_allowed(here, line):
    here.put("foo/.qmail", "&john\n+list\n%s\n" % line)
    here.put("john/.qmail", "./Maildir/\n")
    here.start()
    here.mail()
    here.wait_log(r"^delivery 1: deferral: Uh-oh:_.qmail_has_(file|prog)_delivery_but_has_x_bit_set._\(#4.7.0\)")
    here.put("foo/.qmail", "+list\n&john\n")
    here.signal("ALRM")
    here.drained()
    assert len(maildir("john", "Maildir")) == 1 and maildir("foo", "Maildir") == []


def test_a_table_that_is_a_fifo_holds_nobody_up(here):
    here.put("foo/.qmail", "./Maildir/\n")
    os.mkfifo(here / "users/cdb")
    here.start()
    here.mail()
    here.wait_log("^delivery 1: deferral: Trouble_reading_users/cdb_in_qmail-lspawn./")
    os.unlink(here / "users/cdb")
    here.signal("ALRM")
    here.drained()
    assert len(maildir("foo", "Maildir")) == 1


# ---- many, and killed ones

def test_a_burst_of_a_hundred(here):
    """All of them arrive once, and no more than concurrencylocal run at a time."""
    here.put("foo/.qmail-default", "./Maildir/\n")
    here.control(concurrencylocal="20\n")
    here.start()
    envelope = [b"foo-%d@mail.test.example" % k for k in range(100)]
    assert here.inject(b"", envelope, b"Subject: burst\n\n") == 0
    here.drained()
    got = maildir("foo", "Maildir")
    assert sorted(re.search(rb"Delivered-To: (.*)", m)[1] for m in got) == sorted(envelope)
    running = [int(n) for n in re.findall(r"^status: local (\d+)/20 ", here.logtext(), re.M)]
    assert max(running) == 20


def below(pid, name):
    """The first process named so among pid's descendants."""
    for c in children(pid):
        try:
            with open("/proc/%d/comm" % c) as f:
                if f.read() == name + "\n":
                    return c
        except FileNotFoundError:
            continue
        found = below(c, name)
        if found:
            return found
    return None


def test_a_killed_qmail_local_is_a_deferral(here):
    here.put("foo/.qmail", "./Maildir/\n|test -e go || sleep 1000\n")
    here.start()
    here.mail()
    sleep = wait_for("the program", lambda: below(here.pid, "sleep"))
    os.kill(below(here.pid, "qmail-local"), signal.SIGKILL)
    os.kill(sleep, signal.SIGKILL)
    here.wait_log(r"^delivery 1: deferral: qmail-local_crashed./")
    assert len(here.queued()) == 1
    here.put("foo/go", "")
    here.signal("ALRM")
    here.drained()
    assert len(maildir("foo", "Maildir")) == 2, "at least once: what was done before the kill is done again"


@pytest.mark.parametrize("victim", ["qmail-send", "qmail-lspawn", "qmail-rspawn", "qmail-clean"])
def test_every_state_survives_the_death_of_a_daemon(here, victim):
    """Mail that is not yet preprocessed, waiting, being delivered, and delivered to one of two: after a SIGKILL
    and another qmail-start all of it arrives."""
    here.put("foo/.qmail", "./Maildir/\n")
    here.put("foo/.qmail-wait", "|test -e go || exit 111\n./Maildir/\n")
    here.put("foo/.qmail-slow", "|test -e go || sleep 1000\n./Maildir/\n")
    here.start()
    here.mail(b"Subject: waiting\n\n", b"foo-wait@mail.test.example")
    here.wait_log("deferral")
    assert here.inject(b"", [b"foo@mail.test.example", b"foo-wait@mail.test.example"], b"Subject: half\n\n") == 0
    here.wait_log("deferral", 2)
    here.wait_log("success")
    here.mail(b"Subject: running\n\n", b"foo-slow@mail.test.example")
    sleep = wait_for("the program", lambda: below(here.pid, "sleep"))
    send = here.pid
    here.signal("STOP")
    here.mail(b"Subject: new\n\n", b"foo@mail.test.example")
    os.kill(send if victim == "qmail-send" else below(send, victim), signal.SIGKILL)
    os.kill(sleep, signal.SIGKILL)
    if victim != "qmail-send":
        here.signal("CONT")
    here.daemon.wait(20)
    here.put("foo/go", "")
    here.start()
    here.signal("ALRM")
    here.drained()
    subjects = [re.search(rb"Subject: (\w+)", m)[1] for m in maildir("foo", "Maildir")]
    assert set(subjects) == {b"waiting", b"half", b"running", b"new"}
    # without qmail-clean what was delivered straight from todo, before qmail-send noticed, cannot be removed
    assert subjects.count(b"half") >= 2 and (subjects.count(b"new") == 1 or victim == "qmail-clean")


def test_what_a_dead_qmail_send_asked_for_is_not_done(qmail, here):
    """Its qmail-clean is stopped with requests in the pipe. When it goes on, the next qmail-send has had the message
    removed, and its number is another one's."""
    here.put("foo/.qmail", "./Maildir/\n")
    here.start()
    clean = below(here.pid, "qmail-clean")
    os.kill(clean, signal.SIGSTOP)
    here.mail(b"Subject: first\n\n")
    here.wait_log("^delivery 1: success")
    number = re.search(r"^new msg (\d+)", here.logtext(), re.M)[1]
    time.sleep(0.3)
    here.signal("KILL")
    here.daemon.wait(20)
    here.start()
    here.drained()
    here.signal("STOP")
    for sent in range(1, 21):
        here.mail(b"Subject: later\n\n")
        if any(number in files for _, _, files in os.walk(qmail / "queue/todo")):
            break
    with contextlib.suppress(ProcessLookupError):
        os.kill(clean, signal.SIGCONT)
    wait_for("an end of it", lambda: not os.path.exists("/proc/%d" % clean))
    here.signal("CONT")
    here.drained()
    assert sum(b"later" in m for m in maildir("foo", "Maildir")) == sent


@pytest.mark.parametrize("program", ["qmail-lspawn", "qmail-rspawn"])
def test_deliveries_that_a_dead_qmail_send_asked_for_are_not_begun(here, program):
    """The message that has the number by then may be another one."""
    here.put("foo/.qmail", "./Maildir/\n")
    here.control(smtproutes=":127.0.0.1:9\n")
    here.start()
    spawner = below(here.pid, program)
    os.kill(spawner, signal.SIGSTOP)
    here.mail(b"Subject: t\n\n", b"foo@mail.test.example" if program == "qmail-lspawn" else b"x@far.test.example")
    here.wait_log("^starting delivery 1")
    time.sleep(0.3)
    here.signal("KILL")
    here.daemon.wait(20)
    trace = here.popen(["strace", "-f", "-e", "trace=open,openat,execve", "-o", SCRATCH + "/trace.spawner", "-p", str(spawner)],
                       stderr=subprocess.DEVNULL)
    wait_for("strace", lambda: "TracerPid:\t0\n" not in open("/proc/%d/status" % spawner).read())
    os.kill(spawner, signal.SIGCONT)
    trace.wait(20)
    with open(SCRATCH + "/trace.spawner") as f:
        text = f.read()
    assert "+++ exited with 111 +++" in text and "openat(" not in text and "execve(" not in text and "open(" not in text
    assert not maildir("foo", "Maildir")


def test_qmail_clean_does_nothing_for_who_is_gone(qmail):
    """What was asked for is in the pipe, but nobody reads an answer."""
    path = qmail / "queue/intd/7000000"
    open(path, "w").close()
    r, w = os.pipe()
    try:
        os.close(r)
        p = subprocess.run([qmail / "bin/qmail-clean"], input=b"todo/7000000\0", stdout=w)
    finally:
        os.close(w)
    there = os.path.exists(path)
    if there:
        os.unlink(path)
    assert (there, p.returncode) == (True, 100)


def test_retries_leave_room_for_first_attempts(qmail, homes):
    """Deliveries that hang, as connections to dead hosts do, take all places of a channel but a tenth, so that new mail
    is delivered at once; with more recipients than go straight from todo, and with as many."""
    hang = SCRATCH + "/retries-hang"
    homes("john/.qmail-dead-default", "|while test -e %s; do sleep 0.1; done; exit 111\n" % hang)
    homes("john/.qmail-new-default", "|exit 0\n")
    qmail.control(concurrencylocal="20\n")
    qmail.start()
    for i in range(40):
        assert qmail.inject(b"", [b"john-dead-%d@mail.test.example" % i], b"x\n") == 0
    qmail.wait_log(r"^delivery \d+: deferral", 40)
    with open(hang, "w"):
        pass
    try:
        qmail.signal("ALRM")
        qmail.wait_log(r"^status: local 18/20")
        for n in (1, 10):
            assert qmail.inject(b"", [b"john-new-%d@mail.test.example" % i for i in range(n)], b"x\n") == 0
            qmail.wait_log(r"to local john-new-%d@" % (n - 1))
        qmail.wait_log(r"^delivery \d+: success", 11)
        started = [m for m in re.findall(r"to local john-(\w+)-", qmail.logtext())]
        assert started[40:].count("dead") == 18
    finally:
        os.unlink(hang)
    qmail.wait_log(r"^delivery \d+: deferral", 80)
