"""What qmail-smtpd refuses, limits and forgives: qmail's own mistakes are in its manual, and here."""
import os
import re
import socket
import subprocess
import time

import pytest

from harness import SCRATCH


def talk(qmail, dialogue, **env):
    """qmail-smtpd on a socket, as a super-server starts it: its replies, its exit code, its log."""
    ours, its = socket.socketpair()
    p = subprocess.Popen([qmail / "bin/qmail-smtpd"], stdin=its, stdout=its, stderr=subprocess.PIPE, env=qmail.env(**env))
    its.close()
    out = b""
    with ours:
        ours.settimeout(30)
        ours.sendall(dialogue)
        try:
            while True:
                got = ours.recv(65536)
                out += got
                if not got:
                    break
        except ConnectionResetError:
            pass                # it left before it had read everything
    err = p.stderr.read().decode()
    return re.findall(r"^(\d{3}) (.*)\r$", out.decode(), re.M), p.wait(), err


def codes(replies):
    return [int(c) for c, _ in replies]


MAIL = b"MAIL FROM:<a@c.example>\r\n"
RCPT = b"RCPT TO:<foo@mail.test.example>\r\n"
DATA = b"DATA\r\nSubject: t\r\n\r\nx\r\n.\r\n"


@pytest.mark.parametrize("argument", [b"", b" ", b" FROM", b" FROM:", b" a@b", b" FROM:<a@b", b" FROM:<\"a@b>", b" FROM:<a\\>",
                                      b" FROM:<@r>", b" FROM:<@r:>"])
def test_no_path(qmail, argument):
    replies, code, _ = talk(qmail, b"MAIL" + argument + b"\r\n" + MAIL + b"RCPT" + argument + b"\r\nDATA\r\nQUIT\r\n")
    assert (codes(replies), code) == ([220, 555, 250, 555, 503, 221], 0)


@pytest.mark.parametrize("argument", [b"FROM:<>", b"TO:<a@b>", b"FROM <a@b>", b"FROM:Name <a@b>", b"FROM:a@b", b"FROM:<@r:a@b>",
                                      b"FROM:<a@b> RET=HDRS ENVID=x", b"FROM:<a@b>SIZE=9"])
def test_forgiven(qmail, argument):
    assert codes(talk(qmail, b"MAIL " + argument + b"\r\nQUIT\r\n")[0]) == [220, 250, 221]


def test_mail_to_nobody(qmail):
    replies, _, _ = talk(qmail, MAIL + b"RCPT TO:<>\r\nDATA\r\nQUIT\r\n")
    assert codes(replies) == [220, 250, 250, 554, 221]
    assert qmail.queued() == []


def test_nul_in_a_command(qmail):
    replies, _, _ = talk(qmail, b"MAIL FROM:<a\0b@c>\r\n" + RCPT + b"HELO a\0\r\nNOOP\r\nQUIT\r\n")
    assert codes(replies) == [220, 500, 503, 500, 250, 221]


def test_announced_size(qmail):
    dialogue = (b"MAIL FROM:<a@b> SIZE=1001\r\nMAIL FROM:<a@b> SIZE=1000 BODY=8BITMIME\r\n" + RCPT
                + b"MAIL FROM:<a@b> BODY=7BIT SIZE=99999999999999999999\r\n" + RCPT + MAIL + RCPT + DATA + b"QUIT\r\n")
    assert codes(talk(qmail, dialogue, DATABYTES="1000")[0]) == [220, 552, 250, 250, 552, 503, 250, 250, 354, 250, 221]
    assert codes(talk(qmail, dialogue)[0])[:3] == [220, 250, 250]


def test_number_of_recipients(qmail):
    dialogue = MAIL + RCPT * 4 + DATA + b"QUIT\r\n"
    want = [220, 250, 250, 250, 452, 452, 354, 250, 221]
    qmail.control(maxrcpt="2\n")
    assert codes(talk(qmail, dialogue)[0]) == want
    qmail.control(maxrecipients="3\n")
    assert codes(talk(qmail, dialogue)[0]).count(452) == 1
    assert codes(talk(qmail, dialogue, MAXRECIPIENTS="1")[0]).count(452) == 3
    assert codes(talk(qmail, dialogue, MAXRECIPIENTS="1", DISABLE_MAXRCPT="")[0]).count(452) == 0


def test_bare_cr(qmail):
    dialogue = MAIL + RCPT + b"DATA\r\na\rb\r\n.\r\n" + MAIL + RCPT + DATA + b"QUIT\r\n"
    assert codes(talk(qmail, dialogue)[0]) == [220, 250, 250, 354, 250, 250, 250, 354, 250, 221]
    n = len(qmail.queued())
    qmail.control(rejectbarecr="1\n")
    assert codes(talk(qmail, dialogue)[0]) == [220, 250, 250, 354, 554, 250, 250, 354, 250, 221]
    assert len(qmail.queued()) == n + 1
    assert codes(talk(qmail, dialogue, REJECTBARECR="0")[0])[4] == 250


def test_hops_and_fields_like_them(qmail):
    def send(header):
        return codes(talk(qmail, MAIL + RCPT + b"DATA\r\n" + header + b"\r\nx\r\n.\r\nQUIT\r\n")[0])[-2]
    assert send(b"Received: x\r\nReceived-SPF: pass\r\n" * 99) == 250
    assert send(b"Received: x\r\n" * 50 + b"Delivered-To: y\r\n" * 50) == 554
    assert send(b"Received-SPF: pass\r\n" * 100) == 554, "as qmail counts"


def test_http(qmail):
    request = b"POST / HTTP/1.1\r\nHost: mail.test.example:25\r\nContent-Length: 99\r\n\r\n" + MAIL + RCPT + DATA
    replies, code, _ = talk(qmail, request)
    assert (codes(replies), code) == ([220, 502, 421], 1)
    assert qmail.queued() == []


def test_junk(qmail):
    replies, code, _ = talk(qmail, b"XYZZY\r\n" * 250 + b"NOOP\r\nXYZZY\r\nNOOP\r\n")
    assert (codes(replies)[-3:], code) == ([502, 250, 421], 1)


def test_session_ends(qmail):
    """However lively the client: a session without a message has its time."""
    qmail.control(timeoutsession="2\n")
    ours, its = socket.socketpair()
    p = subprocess.Popen([qmail / "bin/qmail-smtpd"], stdin=its, stdout=its, env=qmail.env())
    its.close()
    start = time.monotonic()
    out = b""
    with ours:
        ours.settimeout(20)
        while b"451" not in out and time.monotonic() - start < 20:
            try:
                ours.sendall(b"NOOP\r\n")
            except BrokenPipeError:
                pass            # what it said is still to be read
            out += ours.recv(4096)
            time.sleep(0.1)
    assert p.wait(20) == 1
    assert 1.5 < time.monotonic() - start < 10
    assert out.endswith(b"451 timeout (#4.4.2)\r\n")


@pytest.mark.parametrize("name, variable", [("databytes", "DATABYTES"), ("maxrecipients", "MAXRECIPIENTS"),
                                            ("rejectbarecr", "REJECTBARECR"), ("timeoutsession", None)])
def test_numbers_that_are_none(qmail, name, variable):
    """The default holds, mail is taken, and the log says what and how to mend it."""
    dialogue = MAIL + RCPT + DATA + b"QUIT\r\n"
    qmail.control(**{name: "lots\n"})
    replies, _, log = talk(qmail, dialogue)
    assert codes(replies)[-2] == 250
    assert re.search(r"^qmail-smtpd: warning: control/%s: line 1: not a number; .*; write " % name, log, re.M), log
    if variable:
        replies, _, log = talk(qmail, dialogue, **{variable: ""})
        assert codes(replies)[-2] == 250
        assert re.search(r"variable %s: .*; write " % variable, log), log


def test_showctl_and_no_limit(qmail):
    """A person is told what 0 means; a program gets qmail's sentence."""
    qmail.control(maxrecipients="0\n", timeoutsession="60\n")
    with open(os.path.join(SCRATCH, "showctl.out"), "w+") as out:
        subprocess.run([qmail / "bin/qmail-showctl"], stdout=out, check=True)
        out.seek(0)
        told = out.read()
    assert "databytes: (Default.) SMTP DATA limit is 0 bytes, that is, no limit.\n" in told
    assert "maxrecipients: SMTP recipients of a message: 0, that is, no limit.\n" in told
    assert "timeoutsession: SMTP sessions without a message end after 60 seconds.\n" in told
    told = subprocess.run([qmail / "bin/qmail-showctl"], capture_output=True, text=True, check=True).stdout
    assert "databytes: (Default.) SMTP DATA limit is 0 bytes.\n" in told
