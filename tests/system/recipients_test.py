"""control/recipients and $RCPTCHECK: domains whose users only another program knows, as patched qmails ask for them."""
import os
import time

import pytest

from harness import SCRATCH, cdb, wait_for

NOBODY = (550, b"sorry, no mailbox here by that name. (#5.1.1)")
OK = (250, b"ok")


def table(qmail, name, keys):
    """A list of recipients, as qmail-recipients of s/qmail makes it."""
    with open(qmail / name, "wb") as f:
        f.write(cdb([(k, b"") for k in keys]))


def settle():
    """What was changed less than two seconds ago proves nothing about who is nobody."""
    time.sleep(2.05)


def script(name, text):
    path = os.path.join(SCRATCH, name)
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def ask(qmail, *addresses, where="127.0.0.1", sender="s@client.example"):
    with qmail.smtp(where) as s:
        s.ehlo("client.test.example")
        assert s.mail(sender)[0] == 250
        return [s.rcpt(a) for a in addresses]


@pytest.fixture
def site(qmail):
    os.unlink(qmail / "control/rcpthosts")
    yield qmail
    for f in os.listdir(qmail / "users"):
        os.unlink(qmail / ("users/" + f))


def test_lists_and_programs(site):
    log = SCRATCH + "/asked"
    open(log, "w").close()
    os.chmod(log, 0o666)
    program = script("known", """cat <&3 | tr '\\000' '|' >> %s; echo " $*" >> %s
tail -n 1 %s | grep -q -e '^yes@' -e '^list-@'
case $? in 0) exit 0 ;; esac
tail -n 1 %s | grep -q '^later@' && exit 111
tail -n 1 %s | grep -q '^crash@' && kill -9 $$
tail -n 1 %s | grep -q '^odd@' && exit 7
exit 1
""" % (log, log, log, log, log, log))
    table(site, "users/some.cdb", [b":joe@some.example", b":joe@a.some.example", b":list-@some.example"])
    table(site, "users/one.cdb", [b":joe@one.example", b":joe@a.one.example"])
    site.control(recipients="# users that others know\nsome.example:users/some.cdb\n@one.example:users/one.cdb\n"
                           "prog.example|%s a b\n!free.example\nsome.example|%s\nmissing.example:users/missing.cdb\n"
                           "bad.example|%s/no-such-program\n" % (program, program, SCRATCH))
    site.listen()
    assert ask(site, "x@else.example", "jim@some.example") == [OK, OK]
    settle()
    want = {"joe@some.example": OK, "JOE@Some.Example": OK, "joe@a.some.example": OK, "jim@some.example": NOBODY,
            "list-return-1-x=y.example@some.example": OK, "yes@some.example": OK, "joe@b.some.example": NOBODY,
            "joe@one.example": OK, "jim@one.example": NOBODY, "joe@a.one.example": NOBODY,
            "yes@prog.example": OK, "no@prog.example": NOBODY, "list-x@prog.example": OK, "yes@x.prog.example": OK,
            "later@prog.example": (451, b"unable to verify recipient (#4.3.0)"),
            "crash@prog.example": OK, "odd@prog.example": OK,
            "anybody@free.example": OK, "anybody@a.free.example": NOBODY, "x@else.example": NOBODY, "joe": NOBODY,
            "x@missing.example": OK, "x@bad.example": OK}
    assert dict(zip(want, ask(site, *want))) == want

    def told():
        with open(SCRATCH + "/smtpd.log") as f:
            return "users/missing.cdb: No such file" in f.read()
    wait_for("a note in the log", told)
    with open(log) as f:
        asked = f.read().splitlines()
    assert "yes@prog.example||| a b" in asked and "jim@some.example||| " in asked
    assert "list-x@prog.example||| a b" in asked and "list-@prog.example||| a b" in asked
    # a client that may relay is not asked about
    site.listen("127.0.0.2", env={"RELAYCLIENT": ""})
    assert ask(site, "jim@some.example", "x@else.example", where="127.0.0.2") == [OK, OK]
    site.listen("127.0.0.3", env={"RECIPIENTS450": ""})
    assert ask(site, "jim@some.example", where="127.0.0.3") == [(450, b"sorry, no mailbox here by that name. (#4.1.1)")]


def test_odd_files(site):
    table(site, "users/empty.cdb", [])
    with open(site / "users/junk.cdb", "wb") as f:
        f.write(b"x" * 5000)
    site.control(recipients="a.example:users/empty.cdb\nb.example:users/junk.cdb\n!*\n")
    site.listen()
    assert ask(site, "x@a.example", "x@b.example", "x@c.example") == [OK] * 3
    site.control(recipients="users/empty.cdb\n")
    assert ask(site, "x@a.example") == [OK]
    with site.smtp() as s:
        # an editor has just emptied it
        site.control(recipients="")
        s.mail("s@client.example")
        assert s.rcpt("x@a.example") == OK
        settle()
        assert s.rcpt("x@a.example") == NOBODY
    os.unlink(site / "control/recipients")
    os.mkdir(site / "control/recipients")
    try:
        assert ask(site, "x@a.example") == [OK]
    finally:
        os.rmdir(site / "control/recipients")


def test_a_guesser_is_let_go(site):
    site.control(recipients="!known.example\n", brtlimit="3\n")
    settle()
    site.listen()
    with site.smtp() as s:
        s.mail("s@client.example")
        assert s.rcpt("x@known.example") == OK
        assert [s.rcpt("x%d@else.example" % i) for i in range(4)] == [NOBODY] * 3 + [
            (421, b"too many unknown recipients (#4.7.0)")]
    site.listen("127.0.0.2", env={"BRTLIMIT": "1"})
    assert [r[0] for r in ask(site, "x@else.example", "y@else.example", where="127.0.0.2")] == [550, 421]


CHECK = """echo "$SENDER $RECIPIENT $HELO $USE_FD4 $(id -un) $TCPREMOTEIP" >> %s
case $RECIPIENT in
no@*) exit 100 ;;
text@*) echo "554 go away (#5.7.1)" >&4; exit 100 ;;
junk@*) echo "250 injected" >&4; exit 100 ;;
later@*) exit 111 ;;
laterText@*) echo "451 not just now" >&4; exit 111 ;;
unable@*) exit 120 ;;
crash@*) kill -9 $$ ;;
odd@*) echo "550 no" >&4; exit 3 ;;
talk@*) echo "250 hello to the client"; head -c 100000 /dev/zero >&4; exit 0 ;;
leaves@*) sleep 20 & exit 100 ;;
esac
exit 0
"""


def test_rcptcheck(site):
    log = SCRATCH + "/checked"
    open(log, "w").close()
    os.chmod(log, 0o666)
    program = script("check", CHECK % log)
    site.listen(env={"RCPTCHECK": program})
    want = {"yes@a.example": OK, "no@a.example": NOBODY, "text@a.example": (554, b"go away (#5.7.1)"),
            "junk@a.example": NOBODY, "laterText@a.example": (451, b"not just now"), "crash@a.example": OK,
            "odd@a.example": OK, "talk@a.example": OK, "leaves@a.example": NOBODY}
    start = time.monotonic()
    assert dict(zip(want, ask(site, *want))) == want
    assert time.monotonic() - start < 10
    for a, text in (("later@a.example", b"unable to verify recipient (#4.3.0)"),
                    ("unable@a.example", b"unable to execute recipient check (#4.3.0)")):
        assert ask(site, a) == [(421, text)]
    with open(log) as f:
        assert "s@client.example no@a.example client.test.example 1 qmaild 127.0.0.1" in f.read()
    site.listen("127.0.0.2", env={"RCPTCHECK": program, "RELAYCLIENT": ""})
    assert ask(site, "no@a.example", where="127.0.0.2") == [OK]
    site.listen("127.0.0.3", env={"RCPTCHECK": program, "RELAYCLIENT": "", "RCPTCHECKRELAYCLIENT": "1"})
    assert ask(site, "no@a.example", where="127.0.0.3") == [NOBODY]
    site.listen("127.0.0.4", env={"RCPTCHECK": "/no/such/program"})
    assert ask(site, "no@a.example", where="127.0.0.4") == [(421, b"unable to execute recipient check (#4.3.0)")]
    site.listen("127.0.0.5", env={"RCPTCHECK": ""})
    assert ask(site, "no@a.example", where="127.0.0.5") == [OK]


def test_a_program_that_hangs_is_no_reason_to_refuse(site):
    site.listen(env={"RCPTCHECK": script("hang", "exec sleep 100\n")})
    start = time.monotonic()
    with site.smtp() as s:
        s.timeout = s.sock.settimeout(60)
        s.mail("s@client.example")
        assert s.rcpt("x@a.example") == OK
    assert 29 < time.monotonic() - start < 45
