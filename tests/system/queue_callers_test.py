"""qmail-queue as no sane program would start it.

The rule: exit 0 means that the message is in the queue, whole, under its own number; any other code means
that qmail-send cannot see it. (Its system calls fail one by one in tests/crash/inject.py.)
"""
import os
import pwd
import re
import resource
import signal
import subprocess
import time

import pytest

from harness import SCRATCH

MESSAGE = b"Subject: x\n\nhi\n" + b"y" * 100
ENVELOPE = b"Fa@b\0Tc@d\0Te@f\0\0"
CODES = {51, 52, 53, 54, 61, 62, 63, 64, 65, 66, 81}

UNABLE = CODES | {127}      # the loader's


class Queue:
    def __init__(self, home):
        self.home = home
        self.path = home / "queue"

    def files(self):
        """name below queue: content, for every file but those of lock."""
        found = {}
        for d in ("pid", "intd", "todo", "mess"):
            for base, _, names in os.walk(os.path.join(self.path, d)):
                for n in names:
                    p = os.path.join(base, n)
                    with open(p, "rb") as f:
                        found[os.path.relpath(p, self.path)] = f.read()
        return found

    def clear(self):
        for f in self.files():
            os.unlink(os.path.join(self.path, f))

    def message(self, files, envelope=ENVELOPE, text=MESSAGE):
        """Whether qmail-send sees a message; it must then be whole, where qmail-send looks for it."""
        todo = [f for f in files if f.startswith("todo/")]
        if not todo:
            return False
        assert len(todo) == 1, todo
        n = int(todo[0].split("/")[1])
        mess = "mess/%d/%d" % (n % 23, n)
        assert re.fullmatch(rb"u\d+\0p\d+\0" + re.escape(envelope[:-1]), files[todo[0]])
        assert mess in files, sorted(files)
        assert os.stat(os.path.join(self.path, mess)).st_ino == n
        assert files[mess].startswith(b"Received: (qmail ") and files[mess].split(b"\n", 1)[1] == text
        return True


@pytest.fixture
def queue(qmail):
    q = Queue(qmail)
    q.clear()
    yield q
    q.clear()


@pytest.mark.parametrize("name", ["mess/22", "mess/23", "todo/0"])
def test_directory_in_trouble_is_no_smaller_queue(queue, name):
    """What cannot be looked at is not taken for the end of the row of directories."""
    message, envelope = os.path.join(SCRATCH, "qf.message"), os.path.join(SCRATCH, "qf.envelope")
    with open(message, "wb") as f:
        f.write(MESSAGE)
    with open(envelope, "wb") as f:
        f.write(ENVELOPE)
    with open(message, "rb") as m, open(envelope, "rb") as e:
        r = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-P", name, "-e", "inject=%%stat:error=EIO",
                            queue.home / "bin/qmail-queue"], stdin=m, stdout=e, stderr=subprocess.DEVNULL, env={})
    assert r.returncode == 64
    assert queue.files() == {}


# ---- a user who starts it as nobody else would -------------------------------------------------------

# Without an account, and this run's alone: how many processes one may have counts all over the machine.
NOBODY = 1000000 + os.getpid()


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def limited(**limits):
    def before():
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))
        as_nobody()
    return before


def block_signals():
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    as_nobody()


def ignore_signals():
    for s in range(1, 65):
        try:
            signal.signal(s, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    as_nobody()


def lose_directory():
    d = os.path.join(SCRATCH, "qf.gone")
    os.mkdir(d)
    os.chdir(d)
    os.rmdir(d)
    as_nobody()


def close_stderr():
    os.close(2)
    as_nobody()


def mask_all():
    os.umask(0o777)
    as_nobody()


def close_all():
    os.closerange(0, 3)
    as_nobody()


VARIABLES = {k: "/x" * 100 for k in (
    "LD_PRELOAD LD_LIBRARY_PATH LD_DEBUG LD_AUDIT LD_PROFILE PATH IFS TZ LANG LC_ALL QMAILQUEUE QMAILUSER"
    " MALLOC_ARENA_MAX MALLOC_PERTURB_ GCONV_PATH LOCPATH NLSPATH GLIBC_TUNABLES RES_OPTIONS HOSTALIASES TMPDIR").split()}
VARIABLES.update({"V%d" % i: "y" * 1000 for i in range(200)})

HOSTILE = {
    "a stranger": (0, {"before": as_nobody}),
    "200 variables": (0, {"before": as_nobody, "env": VARIABLES}),
    "an empty name": (0, {"argv": [""]}),
    "2000 arguments": (0, {"argv": ["a" * 100] * 2000}),
    "no descriptors left": (None, {"before": limited(NOFILE=3)}),
    "few descriptors": (None, {"before": limited(NOFILE=5)}),
    "just enough descriptors": (0, {"before": limited(NOFILE=7)}),
    "no file size": (53, {"before": limited(FSIZE=0)}),
    "small file size": (53, {"before": limited(FSIZE=100), "text": b"x" * 1000}),
    "file size ends in the envelope": (53, {"before": limited(FSIZE=75), "text": b"", "envelope": b"F" + b"x" * 90 + b"\0\0"}),
    "small stack": (0, {"before": limited(STACK=65536)}),
    "small memory": (0, {"before": limited(AS=16 << 20)}),
    "no processes": (0, {"before": limited(NPROC=1)}),
    "a second of time": (0, {"before": limited(CPU=1)}),
    "signals blocked": (0, {"before": block_signals}),
    "signals ignored": (0, {"before": ignore_signals}),
    "a directory that is gone": (0, {"before": lose_directory}),
    "a mask of everything": (0, {"before": mask_all}),
    "descriptor 2 closed": (0, {"before": close_stderr}),
    "all descriptors closed": (54, {"before": close_all}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_caller(queue, name):
    want, how = HOSTILE[name]
    text, envelope = how.get("text", MESSAGE), how.get("envelope", ENVELOPE)
    r, w = os.pipe()
    os.write(w, envelope)
    os.close(w)
    p = subprocess.Popen(how.get("argv", ["x"]), executable=queue.home / "bin/qmail-queue", stdin=subprocess.PIPE,
                         stdout=r, stderr=subprocess.DEVNULL, env=how.get("env", {}), preexec_fn=how.get("before"))
    os.close(r)
    try:
        p.stdin.write(text)
        p.stdin.close()
    except BrokenPipeError:
        pass
    code = p.wait(20)
    files = queue.files()
    assert code == want or (want is None and code in UNABLE), code
    assert queue.message(files, envelope, text) == (code == 0)
    if code:
        assert files == {}
    for f in files:
        st = os.stat(os.path.join(queue.path, f))
        assert st.st_uid == pwd.getpwnam("qmailq").pw_uid and st.st_mode & 0o777 == 0o644


def open_ended(queue):
    """qmail-queue waiting for a message: the process and our ends of its pipes."""
    mr, mw = os.pipe()
    er, ew = os.pipe()
    os.set_blocking(mr, False)
    p = subprocess.Popen([queue.home / "bin/qmail-queue"], stdin=mr, stdout=er, env={})
    os.close(mr)
    os.close(er)
    return p, mw, ew


def test_trickle_through_nonblocking_pipe(queue):
    p, mw, ew = open_ended(queue)
    for b in (MESSAGE[:1], MESSAGE[1:]):
        time.sleep(0.05)
        os.write(mw, b)
    os.close(mw)
    for b in ENVELOPE:
        time.sleep(0.005)
        os.write(ew, bytes([b]))
    os.close(ew)
    assert p.wait(20) == 0 and queue.message(queue.files())


@pytest.mark.parametrize("stage", ["message", "envelope"])
def test_signals_of_the_caller(queue, stage):
    """Hanging up does not end it; the alarm does, and leaves what others sweep up."""
    p, mw, ew = open_ended(queue)
    if stage == "envelope":
        os.write(mw, MESSAGE)
        os.close(mw)
        os.write(ew, b"Fa@b\0T")
    time.sleep(0.1)
    for s in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        p.send_signal(s)
    time.sleep(0.1)
    assert p.poll() is None
    p.send_signal(signal.SIGALRM)
    assert p.wait(20) == 52
    kinds = sorted({f.split("/")[0] for f in queue.files()})
    assert kinds == (["pid"] if stage == "message" else ["intd", "mess"])
    if stage == "message":
        os.close(mw)
    os.close(ew)


def test_caller_that_gives_up(queue):
    for given in (b"", b"F", b"Fa@b", b"Fa@b\0", b"Fa@b\0T", b"Fa@b\0Tc@d\0"):
        p, mw, ew = open_ended(queue)
        os.write(mw, MESSAGE)
        os.close(mw)
        os.write(ew, given)
        os.close(ew)
        assert p.wait(20) == 54, given
        assert queue.files() == {}, given


@pytest.mark.parametrize("envelope, code", [
    (b"", 54), (b"\0", 91), (b"x", 91), (b"Tc@d\0\0", 91), (b"Fa@b\0x@y\0\0", 91), (b"Fa@b\0Fa@b\0\0", 91), (b"Fa@b\0Tc@d\0Te", 54),
    (b"F" + b"s" * 1003 + b"\0Tc@d\0\0", 11), (b"Fa@b\0Tc@d\0T" + b"r" * 1003 + b"\0\0", 11), (b"Fa@b\0T" + b"r" * 5000000, 11),
], ids=lambda x: repr(x[:20]) if isinstance(x, bytes) else str(x))
def test_refused_envelope_leaves_nothing(queue, envelope, code):
    message, file = (os.path.join(SCRATCH, "qf." + x) for x in ("message", "envelope"))
    for name, content in ((message, MESSAGE), (file, envelope)):
        with open(name, "wb") as f:
            f.write(content)
    with open(message, "rb") as m, open(file, "rb") as e:
        assert subprocess.run([queue.home / "bin/qmail-queue"], stdin=m, stdout=e, env={}).returncode == code
    assert queue.files() == {}


def test_a_number_that_something_is_left_of_is_not_given_out(queue):
    """A power cut may have brought back a todo/N whose text is gone: no message may become that one's."""
    def number():
        with open(os.path.join(SCRATCH, "message"), "wb") as f:
            f.write(MESSAGE)
        with open(os.path.join(SCRATCH, "envelope"), "wb") as f:
            f.write(ENVELOPE)
        with open(os.path.join(SCRATCH, "message"), "rb") as m, open(os.path.join(SCRATCH, "envelope"), "rb") as e:
            assert subprocess.run([queue.home / "bin/qmail-queue"], stdin=m, stdout=e, env={}).returncode == 0
        return {int(f.split("/")[-1]) for f in queue.files() if f.startswith("mess/")}

    # (there before, or it would take the number that is to come)
    left = os.path.join(SCRATCH, "left")
    with open(left, "wb") as f:
        f.write(b"u1\0p1\0Fx@y\0Tz@y\0")
    before = []
    for _ in range(3):
        before += number()
        queue.clear()
    # file systems give the same number again, or go on by the same step
    haunted = {before[2] + n * (before[2] - before[1] or 1) for n in range(4)}
    for n in haunted:
        os.link(left, os.path.join(queue.path, "todo/%d" % n))
    assert not number() & haunted
    assert os.stat(left).st_nlink == 1 + len(haunted)
    assert not [f for f in queue.files() if f.startswith("pid/")]
