"""The process that queues bounces for qmail-send: what happens when one of the two, or the queue program, dies or
hangs, and that nobody takes it for qmail-send."""
import os
import re
import shutil
import signal

import pytest

from harness import SCRATCH, children, maildir, wait_for
from sandbox_test import descendants, find, is_program, status

PLACE = SCRATCH + "/queue-program"
MARK = PLACE + "/started"
HOLD = PLACE + "/hold"
# Waits, having read all it was given, as long as HOLD is there; then it does what it is for.
PROGRAM = """#!/bin/sh
cat > %s.text
echo $$ > %s
while test -e %s; do sleep 0.05; done
exec %s < %s.text
"""


@pytest.fixture
def here(qmail, homes):
    """A running installation, whose queue program is one that can be held up; here.fail queues a message that bounces."""
    shutil.rmtree(PLACE, ignore_errors=True)
    os.mkdir(PLACE)
    os.chmod(PLACE, 0o777)
    program = PLACE + "/program"
    with open(program, "w") as f:
        f.write(PROGRAM % (MARK, MARK, HOLD, qmail / "bin/qmail-queue", MARK))
    os.chmod(program, 0o755)
    homes("foo/.qmail-none-default", "|echo no; exit 100\n")
    homes("john/.qmail", "./Maildir/\n")
    plain = qmail.env
    qmail.env = lambda **kw: plain(QMAILQUEUE=program, **kw)

    def fail(n=1):
        assert qmail.inject(b"john@mail.test.example", [b"foo-none-%d@mail.test.example" % n], b"Subject: number %d\n\n" % n) == 0
    qmail.fail = fail

    def begin():
        qmail.start()
        qmail.injector = find(qmail.pid, "injector")
    qmail.begin = begin
    yield qmail
    shutil.rmtree(PLACE)


def hold():
    with open(HOLD, "w"):
        pass


def held():
    """The queue program, once it waits."""
    def probe():
        return os.path.exists(MARK) and os.path.getsize(MARK) and int(open(MARK).read())
    return wait_for("the queue program", probe)


def is_gone(pid):
    try:
        return status(pid)["State"].startswith("Z")
    except OSError:
        return True


def bounced(n):
    """Each of the numbers 1 to n has come back, once."""
    wait_for("%d bounces" % n, lambda: len(maildir("john/Maildir")) >= n)
    return sorted(int(re.search(rb"^Subject: number (\d+)", m, re.M)[1]) for m in maildir("john/Maildir")) == list(range(1, n + 1))


def test_it_is_another_process(here):
    """Nobody who looks for qmail-send finds it; what is sent to it all the same does nothing."""
    here.begin()
    with open("/proc/%d/comm" % here.injector) as f:
        assert f.read() == "injector\n"
    assert [p for p in [here.pid, *descendants(here.pid)] if is_program(p, "qmail-send")] == [here.pid]
    for name in ("HUP", "ALRM", "TERM", "INT", "USR1", "PIPE", "CHLD"):
        os.kill(here.injector, getattr(signal, "SIG" + name))
    here.fail()
    assert bounced(1)
    assert find(here.pid, "injector") == here.injector
    here.drained()
    here.stop()
    wait_for("its end", lambda: is_gone(here.injector))


def test_under_load(here):
    """Many bounces, while everything that shows the name is signalled as administrators do."""
    here.begin()
    for n in range(1, 61):
        here.fail(n)
        if n % 7 == 0:
            here.signal(("HUP", "ALRM")[n % 2])
            os.kill(here.injector, (signal.SIGHUP, signal.SIGALRM, signal.SIGTERM)[n % 3])
    here.drained(60)
    assert bounced(60)
    log = here.logtext()
    assert len(re.findall(r"^bounce msg \d+ qp \d+$", log, re.M)) == 60
    assert not re.search(r"^(warning|alert): (?!this kernel)", log, re.M)


def test_the_injector_is_killed(here):
    """qmail-send says so and ends, and the next one bounces."""
    here.begin()
    os.kill(here.injector, signal.SIGKILL)
    assert here.daemon.wait(20) == 0
    assert here.logtext().endswith("alert: oh no! lost the process that queues bounces! dying...\nstatus: exiting\n")
    here.begin()
    here.fail()
    assert bounced(1)
    here.drained()


def test_the_injector_is_killed_at_work(here):
    here.begin()
    hold()
    here.fail()
    program = held()
    os.kill(here.injector, signal.SIGKILL)
    assert here.daemon.wait(20) == 0
    assert ("warning: trouble injecting bounce message, will try later\n"
            "alert: oh no! lost the process that queues bounces! dying...\n") in here.logtext()
    # its caller is gone with the injector; what it had been given whole it would still queue
    os.killpg(os.getpgid(program), signal.SIGKILL)
    os.unlink(HOLD)
    assert len(here.queued()) == 1
    here.begin()
    assert bounced(1)
    here.drained()


def test_qmail_send_is_killed_at_work(here):
    """The queue program, which has all it needs, ends with it: nothing is queued twice."""
    here.begin()
    hold()
    here.fail()
    program = held()
    [worker] = children(here.injector)
    os.kill(here.pid, signal.SIGKILL)
    here.daemon.wait(20)
    for pid in (here.injector, worker, program):
        wait_for("the end of process %d" % pid, lambda p=pid: is_gone(p))
    os.unlink(HOLD)
    assert len(here.queued()) == 1
    here.begin()
    assert bounced(1)
    here.drained()


def test_a_queue_program_that_is_killed(here):
    here.begin()
    hold()
    here.fail()
    os.kill(held(), signal.SIGKILL)
    here.wait_log("^warning: trouble injecting bounce message, will try later$")
    os.unlink(HOLD)
    here.fail(2)
    here.wait_log(r"^bounce msg \d+ qp \d+$")
    wait_for("its delivery", lambda: len(here.queued()) == 1)
    assert here.daemon.poll() is None and find(here.pid, "injector") == here.injector


def test_every_variable_is_passed_on(here):
    """The program in the place of qmail-queue has the environment of qmail-start, two descriptors, the error pipe, and
    no signal that is blocked or passed over."""
    seen = PLACE + "/seen"
    program = PLACE + "/program"
    with open(program, "w") as f:
        f.write("#!/bin/sh\nenv > %s.new\ngrep Sig /proc/self/status >> %s.new\nls -l /proc/$$/fd >> %s.new\nmv %s.new %s\nexec %s\n" % (
            seen, seen, seen, seen, seen, here / "bin/qmail-queue"))
    plain = here.env
    here.env = lambda **kw: plain(OWN_THING="x y", **kw)
    here.begin()
    here.fail()
    assert bounced(1)
    with open(seen) as f:
        text = f.read()
    assert "OWN_THING=x y\n" in text and "QMAILQUEUE=%s\n" % program in text
    assert re.search(r"^SigBlk:\s*0+$", text, re.M)
    ignored = int(re.search(r"^SigIgn:\s*(\w+)$", text, re.M)[1], 16)
    # but one that whoever started these tests passes over (a shell does so for what it starts with &)
    ignored &= ~sum(1 << s - 1 for s in signal.valid_signals() if signal.getsignal(s) is signal.SIG_IGN and s != signal.SIGPIPE)
    assert not any(ignored >> s - 1 & 1 for s in (signal.SIGHUP, signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE))
    fds = {int(n): what for n, what in re.findall(r" (\d+) -> (\S+)", text)}
    # (the shell moves 1 out of the way)
    fds[1] = fds.pop(11, fds[1])
    assert {n for n, what in fds.items() if what.startswith("pipe:")} == {0, 1, 4, 6}
    assert set(fds) - {0, 1, 4, 6} <= {10} and not any("socket:" in what for what in fds.values())


def test_bounces_in_a_row_keep_nobody(here):
    """New mail is taken up between them, not behind the last."""
    with open(PLACE + "/program", "w") as f:
        f.write("#!/bin/sh\nsleep 0.5\nexec %s\n" % (here / "bin/qmail-queue"))
    here.begin()
    for n in range(1, 13):
        here.fail(n)
    here.wait_log(r"^bounce msg ", 2)
    assert here.inject(b"ann@elsewhere.example", [b"john@mail.test.example"], b"Subject: number 13\n\n") == 0
    here.drained(40)
    assert bounced(13)
    log = here.logtext()
    last = [m.start() for m in re.finditer(r"^bounce msg ", log, re.M)]
    assert len(last) == 12 and log.index("from <ann@elsewhere.example>") < last[9]
