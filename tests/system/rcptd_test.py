"""qmail-rcptd: who is nobody is refused at RCPT; whatever is in doubt or goes wrong is taken, as without it."""
import os
import re
import signal
import smtplib
import socket
import struct
import subprocess
import threading
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, fresh_home, maildir, wait_for

NOBODY = (550, b"sorry, no mailbox here by that name. (#5.1.1)")
OK = (250, b"ok")


@pytest.fixture(scope="module", autouse=True)
def alias_at_home():
    """The account alias lives in this installation."""
    file = os.path.join(SCRATCH, "passwd")
    with open(file) as f:
        before = f.read()
    with open(file, "w") as f:
        f.write(re.sub(r"(?m)^(alias:(?:[^:\n]*:){4})[^:\n]*", r"\1%s/qmail/alias" % SCRATCH, before))
    yield
    with open(file, "w") as f:
        f.write(before)


def start_rcptd(qmail, *args, **env):
    p = qmail.popen([qmail / "bin/qmail-rcptd", *args], stdin=subprocess.DEVNULL, cwd="/", env=qmail.env(**env),
                    stdout=subprocess.DEVNULL, stderr=open(SCRATCH + "/rcptd.log", "wb"))

    def up():
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            s.connect(qmail / "rcptd/socket")
            return True
        except OSError:
            assert p.poll() is None, open(SCRATCH + "/rcptd.log").read()
            return False
        finally:
            s.close()
    wait_for("qmail-rcptd", up)
    return p


@pytest.fixture
def site(qmail, homes):
    qmail.control(virtualdomains="example.com:foo\n.sub.example:john-sub\nvpop.example:vpop\nremote.example:\n",
                  locals="mail.test.example\n", percenthack="mail.test.example\n",
                  rcpthosts="\n".join("mail.test.example example.com .sub.example vpop.example remote.example".split()) + "\n")
    homes("foo/.qmail-info", "./Maildir/\n")
    homes("foo/.qmail-list-default", "|exit 100\n")
    homes("john/.qmail-sub-default", "&somebody@else.example\n")
    homes("foo/.qmail-shut", "./Maildir/\n", 0o646)
    qmail.alias("-root", "./Mailbox\n")
    qmail.start("./Maildir/")
    qmail.listen()
    if os.path.exists(qmail / "rcptd/socket"):
        os.unlink(qmail / "rcptd/socket")
    return qmail


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
    wait_for("that it is gone", lambda: ask(site, "new@example.com") == [NOBODY], 8)


def test_changed_control_files_count_at_once(site):
    start_rcptd(site)
    assert ask(site, "nope@example.com", "who@new.sub.example") == [NOBODY, OK]
    site.control(virtualdomains="vpop.example:vpop\n")
    wait_for("the new table", lambda: ask(site, "nope@example.com") == [OK], 4)
    site.control(virtualdomains="example.com:foo\nremote.example:\n", emptyprefixlocal="1\n")
    wait_for("the switch", lambda: ask(site, "nobody@remote.example", "foo@remote.example", "nope@example.com")
             == [NOBODY, OK, NOBODY], 4)
    os.unlink(site / "control/virtualdomains")
    os.mkdir(site / "control/virtualdomains")
    try:
        wait_for("doubt", lambda: ask(site, "nope@example.com", "nobody@mail.test.example") == [OK, OK], 4)
        wait_for("a warning", lambda: "unable to read control/virtualdomains" in open(SCRATCH + "/rcptd.log").read())
    finally:
        os.rmdir(site / "control/virtualdomains")


def test_alias_as_last_resort(site):
    site.alias("-foo-group-default", "./Mailbox\n")
    start_rcptd(site)
    assert ask(site, "group-x@example.com") == [NOBODY]
    site.control(aliasfallback="1\n")
    wait_for("the switch", lambda: ask(site, "group-x@example.com") == [OK], 4)
    assert ask(site, "nope@example.com", "info@example.com") == [NOBODY, OK]
