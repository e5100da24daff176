"""The order of system calls that makes 250 mean "on disk, names included", seen with strace on the real
programs, from the network to the Maildir."""
import os
import re
import shutil
import subprocess
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH

CALLS = ("execve,openat,open,link,linkat,rename,renameat,renameat2,unlink,unlinkat,fsync,fdatasync,syncfs,"
         "exit_group,write,sendto,clone,clone3,vfork,fork")


class Trace:
    """One strace -f -y output: (pid, call, text) in order; unfinished calls count where they end."""

    def __init__(self, path):
        self.events = []
        begun = {}
        with open(path, encoding="latin-1") as f:
            for line in f:
                m = re.match(r"(\d+) +(.*)", line)
                if not m:
                    continue
                pid, rest = int(m[1]), m[2]
                u = re.match(r"(.*) <unfinished \.\.\.>", rest)
                if u:
                    begun[pid] = u[1]
                    continue
                r = re.match(r"<\.\.\. \w+ resumed>(.*)", rest)
                if r:
                    rest = begun.pop(pid, "") + r[1]
                c = re.match(r"(\w+)\(", rest)
                if c and not re.search(r"= -1 E", rest):
                    self.events.append((pid, c[1], rest))

    def execs(self):
        """program name -> pids that became it"""
        out = {}
        for pid, call, text in self.events:
            if call == "execve":
                name = os.path.basename(re.match(r'execve\("([^"]*)"', text)[1])
                out.setdefault(name, []).append(pid)
        return out

    def of(self, pid):
        return [(c, t) for p, c, t in self.events if p == pid]

    def find(self, pid, call, pattern, after=-1):
        """Index of the first such call of a process behind event number `after`."""
        for i, (p, c, t) in enumerate(self.events):
            if i > after and p == pid and re.fullmatch(call, c) and re.search(pattern, t):
                return i
        raise AssertionError("no %s(%s) after event %d in process %d:\n%s" % (
            call, pattern, after, pid, "\n".join(t for c, t in self.of(pid))))


def record(qmail, homes, instructions, until):
    """One message by SMTP to a Maildir, routed by virtualdomains and users/cdb, under strace."""
    homes("foo/.qmail-user", instructions)
    qmail.control(virtualdomains="example.com:foo\n", rcpthosts="example.com\n")
    qmail.assign("+foo-:foo:%d:%d:%s/foo:-::\n.\n" % (ACCOUNTS["foo"], ACCOUNTS["foo"], HOMES))
    traces = {}
    for name in ("daemons", "smtpd"):
        traces[name] = os.path.join(SCRATCH, "trace." + name)
    strace = ["strace", "-f", "-y", "-s", "512", "-e", "trace=" + CALLS, "-o"]
    qmail.start(strace=strace + [traces["daemons"]])
    qmail.wait_log("^status:")
    time.sleep(0.3)     # what is in todo by now would not go straight
    # strace around qmail-smtpd alone: a program that tcpserver starts
    wrapper = os.path.join(SCRATCH, "traced-smtpd")
    with open(wrapper, "w") as f:
        f.write("#!/bin/sh\nexec %s %s %s\n" % (" ".join(strace), traces["smtpd"], qmail / "bin/qmail-smtpd"))
    os.chmod(wrapper, 0o755)
    dialogue = (b"HELO c\r\nMAIL FROM:<s@c.example>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n"
                b"Subject: t\r\n\r\nbody\r\n.\r\nQUIT\r\n")
    r = subprocess.run([wrapper], input=dialogue, capture_output=True, env=qmail.env(TCPREMOTEIP="127.0.0.1"))
    assert b"250 ok " in r.stdout
    until()
    qmail.stop()
    return Trace(traces["smtpd"]), Trace(traces["daemons"])


@pytest.fixture
def delivery(qmail, homes):
    """It is delivered."""
    def until():
        qmail.drained()
        qmail.wait_log("^end msg")
    return record(qmail, homes, "./Maildir/\n", until)


@pytest.fixture
def deferral(qmail, homes):
    """It cannot be delivered yet."""
    def until():
        qmail.wait_log("^delivery 1: deferral")
        for _ in range(100):
            if any(f for _, _, fs in os.walk(qmail / "queue/local") for f in fs) and not os.listdir(qmail / "queue/todo"):
                return
            time.sleep(0.1)
        raise AssertionError("still in todo")
    return record(qmail, homes, "|exit 111\n", until)


def test_queue_order(delivery):
    smtpd, _ = delivery
    [pid] = smtpd.execs()["qmail-queue"]
    mess = smtpd.find(pid, "fsync|fdatasync", r"/queue/(mess/\d+|pid)/")
    intd = smtpd.find(pid, "fsync|fdatasync", r"/queue/intd/")
    mess_dir = smtpd.find(pid, "fsync", r"/queue/mess/\d+>\)")
    link = smtpd.find(pid, "link|linkat", r"todo/\d+")
    trigger = smtpd.find(pid, "write", r"lock/trigger", link)
    todo_dir = smtpd.find(pid, "fsync", r"/queue/todo(/\d+)?>\)", trigger)
    end = smtpd.find(pid, "exit_group", r"\(0\)", todo_dir)
    assert max(mess, intd, mess_dir) < link < trigger < todo_dir < end
    # and qmail-smtpd says 250 only after qmail-queue has ended
    [server] = smtpd.execs()["qmail-smtpd"]
    assert smtpd.find(server, "write|sendto", r"250 ok \d+ qp") > end


def test_straight_order(delivery):
    """Nothing of a message that is delivered at once is written but what qmail-queue wrote; todo goes before the text."""
    _, d = delivery
    [pid] = d.execs()["qmail-send"]
    [clean] = d.execs()["qmail-clean"]
    taken = d.find(pid, "open(at)?", r'"todo/\d+"')
    ask = d.find(pid, "write", r'"todo/\d+')
    gone = d.find(clean, "unlink|unlinkat", r"todo/")
    foop = d.find(pid, "write", r'"foop/\d+')
    mess = d.find(clean, "unlink|unlinkat", r"mess/\d+/\d+")
    [local] = d.execs()["qmail-local"]
    assert taken < d.find(local, "exit_group", r"\(0\)") < ask < gone < foop < mess
    assert [t for i, (p, c, t) in enumerate(d.events) if i > taken and p == pid
            and (re.fullmatch("fsync|fdatasync|syncfs|unlink|link|rename", c) or "O_CREAT" in t)] == []


def test_preprocessing_order(deferral):
    """Of one that is not, nothing is written before its name in todo is on disk, and all is on disk before that goes."""
    _, d = deferral
    [pid] = d.execs()["qmail-send"]
    todo_dir = d.find(pid, "fsync", r"/queue/todo(/\d+)?>\)")
    assert todo_dir < min(d.find(pid, "open(at)?", r'"%s/.*O_CREAT' % kind) for kind in ("info", "local"))
    info = d.find(pid, "fsync|fdatasync", r"/queue/info/\d+/\d+>")
    local = d.find(pid, "fsync|fdatasync", r"/queue/local/\d+/\d+>")
    info_dir = d.find(pid, "fsync", r"/queue/info/\d+>\)")
    local_dir = d.find(pid, "fsync", r"/queue/local/\d+>\)")
    ask = d.find(pid, "write", r'"todo/\d+')
    assert max(info, local, info_dir, local_dir) < ask
    [clean] = d.execs()["qmail-clean"]
    gone = d.find(clean, "unlink|unlinkat", r"todo/")
    assert ask < gone


def test_a_batch_shares_the_flush_of_todo(qmail, homes):
    """Of all that are found together, names in todo are flushed once."""
    homes("foo/.qmail-user", "|exit 111\n")
    qmail.control(virtualdomains="example.com:foo\n")
    qmail.assign("+foo-:foo:%d:%d:%s/foo:-::\n.\n" % (ACCOUNTS["foo"], ACCOUNTS["foo"], HOMES))
    for _ in range(20):
        assert qmail.inject(b"s@c.example", [b"user@example.com"], b"Subject: t\n\nbody\n") == 0
    trace = os.path.join(SCRATCH, "trace.daemons")
    qmail.start(strace=["strace", "-f", "-y", "-s", "512", "-e", "trace=" + CALLS, "-o", trace])
    qmail.wait_log("^delivery \\d+: deferral", 20)
    qmail.stop()
    t = Trace(trace)
    [pid] = t.execs()["qmail-send"]
    assert len([text for c, text in t.of(pid) if c == "fsync" and "/queue/todo>)" in text]) == 1


def test_maildir_order(delivery):
    _, d = delivery
    [pid] = d.execs()["qmail-local"]
    text = d.find(pid, "fsync|fdatasync", r"/Maildir/(tmp|new)/")
    name = d.find(pid, "link|linkat|rename|renameat|renameat2", r"new")
    new_dir = d.find(pid, "fsync", r"/Maildir/new>\)", name)
    end = d.find(pid, "exit_group", r"\(0\)", new_dir)
    assert text < new_dir < end
    # the queue forgets only afterwards
    [send] = d.execs()["qmail-send"]
    assert d.find(send, "write", r'"(todo|foop)/\d+') > end


def test_no_program_runs_twice(delivery):
    smtpd, d = delivery
    once = {k: len(v) for k, v in smtpd.execs().items()}
    assert once == {"qmail-smtpd": 1, "qmail-queue": 1}
    programs = {k: len(v) for k, v in d.execs().items()}
    assert programs == {"qmail-start": 1, "qmail-send": 1, "qmail-lspawn": 1, "qmail-rspawn": 1, "qmail-clean": 1,
                        "qmail-local": 1}, "users/cdb answered: no qmail-getpw, no shell, one qmail-local"
    # one process start per program: nothing forks just to fork again
    [lspawn] = d.execs()["qmail-lspawn"]
    starts = [t for p, c, t in d.events if p == lspawn and re.fullmatch("clone3?|v?fork", c)]
    assert len(starts) == 1
    [local] = d.execs()["qmail-local"]
    assert [t for p, c, t in d.events if p == local and re.fullmatch("clone3?|v?fork", c)] == []
