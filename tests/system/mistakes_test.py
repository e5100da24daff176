"""Mistakes in files that an admin or a user writes: the program that reads the file names it, the line
and the cure, and mail waits for the repair instead of bouncing."""
import os
import pwd
import re
import socket
import subprocess
import tempfile

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, maildir

FOO = "foo:%d:%d:%s/foo" % (ACCOUNTS["foo"], ACCOUNTS["foo"], HOMES)


def newu(qmail, text):
    """qmail-newu with its messages in a file: a pipe gets qmail's line alone."""
    with open(qmail / "users/assign", "w") as f:
        f.write(text)
    with open(os.path.join(SCRATCH, "newu.err"), "w+") as err:
        r = subprocess.run([qmail / "bin/qmail-newu"], stderr=err)
        err.seek(0)
        r.stderr = err.read()
    return r


@pytest.mark.parametrize("text, line", [
    ("=foo:%s:::\n+oops\n.\n" % FOO, 2),
    ("=foo:%s:::\n\n.\n" % FOO, 2),
    ("=foo:foo:1:1:/x\n.\n", 1),
    (":foo:foo:1:1:/x:::\n.\n", 1),
    ("=foo:%s:::\n" % FOO, 2),
    ("# comment\n=foo:%s:::\n.\n" % FOO, 1),
    ("=foo:%s:::\n#bar:%s:::\n.\n" % (FOO, FOO), 2),
    (" =foo:%s:::\n.\n" % FOO, 1),
])
def test_users_assign(qmail, text, line):
    r = newu(qmail, text)
    assert r.returncode == 111
    assert r.stderr.endswith("qmail-newu: fatal: bad format in users/assign\n")
    assert re.search(r"line %d\b|:%d:" % (line, line), r.stderr), r.stderr
    assert not os.path.exists(qmail / "users/cdb.tmp")


def test_tables_of_several_at_once(qmail):
    """Nothing is lost, left behind or damaged when two admins make the same table."""
    qmail.control(morercpthosts="".join("h%d.example\n" % i for i in range(5000)))
    with open(qmail / "users/assign", "w") as f:
        f.write("".join("=u%d:%s:::\n" % (i, FOO) for i in range(5000)) + ".\n")
    for program, table in (("qmail-newu", "users/cdb"), ("qmail-newmrh", "control/morercpthosts.cdb")):
        assert subprocess.run([qmail / ("bin/" + program)]).returncode == 0
        with open(qmail / table, "rb") as f:
            whole = f.read()
        several = [subprocess.Popen([qmail / ("bin/" + program)]) for _ in range(12)]
        while any(p.poll() is None for p in several):
            with open(qmail / table, "rb") as f:
                assert f.read() == whole
        assert [p.returncode for p in several] == [0] * 12
        assert not [name for name in os.listdir(os.path.dirname(qmail / table)) if name.endswith(".tmp")]


def test_pw2u_prints_all_or_nothing(qmail):
    """Into a file; programs that read a pipe get as much of it as qmail's gave them."""
    accounts = b"joe:x:501:601::/h:/x\n"
    with open(os.path.join(SCRATCH, "pw2u.out"), "w+") as out:
        r = subprocess.run([qmail / "bin/qmail-pw2u", "-H"], input=accounts, stdout=out, stderr=subprocess.PIPE)
        assert (r.returncode, r.stderr) == (111, b"qmail-pw2u: fatal: unable to find alias user\n")
        assert out.seek(0, 2) == 0
    r = subprocess.run([qmail / "bin/qmail-pw2u", "-H"], input=accounts, capture_output=True)
    assert (r.returncode, r.stdout) == (111, b"=joe:joe:501:601:/h:::\n+joe-:joe:501:601:/h:-::\n")


@pytest.fixture
def served(qmail, homes):
    qmail.control(rcpthosts="example.com\nmail.test.example\n")

    def go(recipient, wait):
        qmail.start()
        qmail.listen()
        qmail.send("s@client.example", recipient)
        return qmail.wait_log(wait)
    qmail.go = go
    return qmail


@pytest.mark.parametrize("text, mode, say", [
    ("\n./Maildir/\n", 0o644, [r"\.qmail", "first.line"]),
    ("./Maildir/\n", 0o646, [r"\.qmail", "writable"]),
    ("./Maildir/\n", 0o744, [r"\.qmail", "x.bit"]),
    ("./Nosuch/\n", 0o644, [r"Nosuch"]),
    ("/nosuch/mbox\n", 0o644, [r"/nosuch/mbox"]),
    ("|exit 111\n", 0o644, []),
    ("|/nosuch/program\n", 0o644, [r"/nosuch/program"]),
])
def test_dot_qmail(served, homes, text, mode, say):
    homes("foo/.qmail", text, mode)
    served.go("foo@mail.test.example", "^delivery 1: deferral: ")
    [line] = re.findall("^delivery 1: .*", served.logtext(), re.M)
    for s in say:
        assert re.search(s, line), line
    assert len(served.queued()) == 1, "the mail waits"
    homes("foo/.qmail", "./Maildir/\n")
    served.signal("ALRM")
    served.drained()
    assert len(maildir("foo", "Maildir")) == 1


@pytest.mark.parametrize("cdb, say", [
    (b"", "users/cdb"),
    (b"garbage" * 500, "users/cdb"),
])
def test_damaged_users_cdb(served, homes, cdb, say):
    newu(served, "=foo:%s:::\n.\n" % FOO)
    with open(served / "users/cdb", "wb") as f:
        f.write(cdb)
    served.go("foo@mail.test.example", "^delivery 1: deferral: .*%s" % say)
    assert newu(served, "=foo:%s:::\n.\n" % FOO).returncode == 0
    homes("foo/.qmail", "./Maildir/\n")
    served.signal("ALRM")
    served.drained()


def test_relative_home_and_root_in_users_assign(served, homes):
    newu(served, "=rel:foo:%d:%d:home:::\n=rooty:root:0:0:/root:::\n.\n" % (ACCOUNTS["foo"], ACCOUNTS["foo"]))
    served.start()
    served.listen()
    served.send("s@client.example", ["rel@mail.test.example", "rooty@mail.test.example"])
    served.wait_log("^delivery [12]: deferral: ", 2)
    assert len(served.queued()) == 1


def test_controls_of_qmail_send(served):
    """It remarks on mistakes a quarter of a minute after it has read the files, in its log."""
    served.control(virtualdomains="example.com foo\nother.example: foo\n", concurrencylocal="many\n",
                   concurrencyremote="\n", queuelifetime="week\n")
    newu(served, ".\n")
    with open(served / "users/assign", "w") as f:
        f.write("=foo:%s:::\n.\n" % FOO)
    served.start()
    for line in (r"control/virtualdomains line 1: .*no colon.*; write ", r"control/virtualdomains line 2: .*blank.*; remove ",
                 r"control/concurrencylocal line 1: not a number: using 10; write ",
                 r"control/concurrencyremote line 1: not a number: using 20; write ",
                 r"control/queuelifetime line 1: not a number: using 604800; write ",
                 r"users/assign is newer .*run qmail-newu"):
        served.wait_log("^warning: " + line, timeout=30)
    served.control(bouncemaxbytes="1000\n", concurrencylocal="5\n")
    os.unlink(served / "control/queuelifetime")
    served.signal("HUP")
    for name in ("bouncemaxbytes", "concurrencylocal", "queuelifetime"):
        served.wait_log("^warning: control/%s has changed, but is read at the start only: restart " % name, timeout=30)
    assert "concurrencyremote has changed" not in served.logtext()


def test_qmail_send_without_me(served):
    os.unlink(served / "control/me")
    os.unlink(served / "control/locals")
    r = subprocess.run([served / "bin/qmail-start", "./Mailbox"], env=served.env(), capture_output=True, text=True,
                       timeout=20)
    assert "alert: cannot start: unable to read controls" in r.stdout
    assert re.search("^qmail-start: warning: .*control/me does not exist.*; write ", r.stderr, re.M), r.stderr
    assert r.returncode == 111


def test_qmail_send_with_a_table_alone(served):
    """locals.cdb counts without its text, and then nothing of qmail-send's needs control/me."""
    subprocess.run([served / "bin/qmail-newcdb", "locals"], check=True)
    for name in "me", "locals":
        os.unlink(served / ("control/" + name))
    with tempfile.TemporaryFile("w+") as log, subprocess.Popen([served / "bin/qmail-start", "./Mailbox"], env=served.env(), stdout=subprocess.PIPE, stderr=log,
                               text=True) as p:
        assert p.stdout.readline().startswith("status: local 0/")
        p.terminate()
        p.communicate(timeout=20)
        log.seek(0)
        assert "will not start" not in log.read()


@pytest.mark.parametrize("name", ["me", "locals", "virtualdomains", "queuelifetime"])
def test_qmail_send_with_a_directory_for_a_file(served, name):
    p = served / ("control/" + name)
    if os.path.exists(p):
        os.unlink(p)
    os.mkdir(p)
    try:
        r = subprocess.run([served / "bin/qmail-start", "./Mailbox"], env=served.env(), capture_output=True, text=True,
                           timeout=20)
    finally:
        os.rmdir(p)
    assert r.returncode == 111
    assert re.search("^qmail-start: warning: .*control/%s is not a file.*; make it " % name, r.stderr, re.M), r.stderr


def smtpd(qmail, dialogue=b"QUIT\r\n"):
    """qmail-smtpd on a socket, as a super-server starts it; what it answered, what it logged."""
    ours, its = socket.socketpair()
    p = subprocess.Popen([qmail / "bin/qmail-smtpd"], stdin=its, stdout=its, stderr=subprocess.PIPE, env=qmail.env())
    its.close()
    with ours:
        answer = b""
        try:
            ours.sendall(dialogue)
        except BrokenPipeError:
            pass                # it has said goodbye already
        try:
            while True:
                got = ours.recv(4096)
                answer += got
                if not got:
                    break
        except ConnectionResetError:
            pass                # it left before it had read everything
    err = p.stderr.read()
    p.wait()
    return answer, err


@pytest.mark.parametrize("name", ["databytes", "timeoutsmtpd"])
def test_numbers_of_qmail_smtpd(qmail, name):
    qmail.control(**{name: "lots\n"})
    answer, log = smtpd(qmail)
    assert answer.startswith(b"220 "), "the service goes on with the default"
    assert re.search(rb"control/%s.*\b1\b" % name.encode(), log), log


@pytest.mark.parametrize("name", ["rcpthosts", "badmailfrom", "me", "databytes", "morercpthosts__cdb"])
def test_unreadable_files_of_qmail_smtpd(qmail, name):
    file = name.replace("__", ".")
    p = qmail / ("control/" + file)
    if os.path.exists(p):
        os.unlink(p)
    os.mkdir(p)
    try:
        answer, log = smtpd(qmail, b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<x@unknown.example>\r\nQUIT\r\n")
        assert b"421 unable to read controls (#4.3.0)" in answer
        assert b"control/" + file.encode() in log
    finally:
        os.rmdir(p)


@pytest.mark.parametrize("text, line", [("example.org relay.example\n", 1), ("x:y\nexample.org:relay.example:port\n", 2)])
def test_smtproutes(served, text, line):
    served.control(smtproutes=text, timeoutconnect="2\n")
    r = subprocess.run([served / "bin/qmail-remote", "example.org", "a@b", "c@example.org"], input=b"x\n",
                       capture_output=True, env=served.env(), user=pwd.getpwnam("qmailr").pw_uid)
    assert r.stdout.startswith(b"Z"), r.stdout
    assert b"control/smtproutes" in r.stdout and b"%d" % line in r.stdout


@pytest.mark.parametrize("route", ["127.0.0.300", "[127.0.0.300]:25", "[192.0.2]"])
def test_smtproutes_with_an_address_that_is_none(served, route):
    """No reason to bounce the mail of a whole domain."""
    served.control(smtproutes="example.org:%s\n" % route)
    r = subprocess.run([served / "bin/qmail-remote", "example.org", "a@b", "c@example.org"], input=b"x\n",
                       capture_output=True, env=served.env(), user=pwd.getpwnam("qmailr").pw_uid)
    assert r.stdout.startswith(b"ZI can't use line 1 of control/smtproutes: "), r.stdout


def test_timeouts_of_qmail_remote(served):
    """It has no log, so the report of a delivery that may have suffered names the file."""
    served.control(smtproutes=":127.0.0.1:1\n", timeoutconnect="soon\n", timeoutremote="never\n")
    r = subprocess.run([served / "bin/qmail-remote", "example.org", "a@b", "c@example.org"], input=b"x\n",
                       capture_output=True, env=served.env(), user=pwd.getpwnam("qmailr").pw_uid)
    assert r.stdout == (b"ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
                        b"control/timeoutconnect: line 1: not a number: using 60; write the seconds to wait\n"
                        b"control/timeoutremote: line 1: not a number: using 1200; write the seconds to wait\n\0")


@pytest.mark.parametrize("name", ["helohost", "smtproutes", "timeoutremote", "timeoutconnect"])
def test_qmail_remote_does_not_wait_for_a_fifo(served, name):
    served.control(smtproutes=":127.0.0.1:1\n")
    p = served / ("control/" + name)
    if os.path.exists(p):
        os.unlink(p)
    os.mkfifo(p)
    try:
        r = subprocess.run([served / "bin/qmail-remote", "127.0.0.9", "a@b", "c@127.0.0.9"], input=b"x\n", timeout=10,
                           capture_output=True, env=served.env(), user=pwd.getpwnam("qmailr").pw_uid)
        assert r.stdout.startswith(b"Z"), r.stdout
    finally:
        os.unlink(p)


@pytest.mark.parametrize("spawner, variable, user", [("lspawn", "QMAILLOCAL", "root"), ("rspawn", "QMAILREMOTE", "qmailr")])
@pytest.mark.parametrize("program", ["/no/such/program", "nosuchprogram", "/etc/passwd/program", "/empty"])
def test_programs_that_are_not_there(served, spawner, variable, user, program, homes):
    """They are being replaced, or misspelt: mail waits."""
    mess = served / "queue/mess/0/1000007"
    with open(mess, "w") as f:
        f.write("x\n")
    os.chown(mess, pwd.getpwnam("qmailq").pw_uid, -1)
    os.chmod(mess, 0o644)
    if program == "/empty":
        program = served / "control/empty"
        with open(program, "w") as f:
            f.write("\0")
        os.chmod(program, 0o755)
    r = subprocess.run([served / ("bin/qmail-" + spawner), "./Mailbox"], env=served.env(**{variable: program}),
                       input=b"\0000/1000007\0s@x.example\0foo@mail.test.example\0", capture_output=True, timeout=20, user=user,
                       group="root" if user == "root" else "qmail")
    os.unlink(mess)
    assert r.stdout[1:] == b"\0ZUnable to run qmail-%s.\n\0" % (b"local" if spawner == "lspawn" else b"remote")


@pytest.mark.parametrize("name", ["locals", "virtualdomains"])
def test_unreadable_files_on_hup_keep_the_old_table(served, homes, name):
    homes("foo/.qmail", "./Maildir/\n")
    served.start()
    served.listen()
    p = served / ("control/" + name)
    if os.path.exists(p):
        os.unlink(p)
    os.mkdir(p)
    try:
        served.signal("HUP")
        served.wait_log("^alert: unable to reread control/%s" % name)
        served.send("s@client.example", "foo@mail.test.example")
        served.wait_log("^delivery 1: success")
    finally:
        os.rmdir(p)


def test_newmrh_names_the_file(qmail):
    os.mkdir(qmail / "control/morercpthosts")
    try:
        r = subprocess.run([qmail / "bin/qmail-newmrh"], capture_output=True, text=True)
        assert r.returncode == 111 and "control/morercpthosts" in r.stderr
    finally:
        os.rmdir(qmail / "control/morercpthosts")


@pytest.mark.parametrize("text, line", [("a.example\nfoo@b.example\n", 2), ("a.exa\rmple\r\n", 1), ("# hosts\n\n b.example\n", 3)])
def test_newmrh_names_the_line(qmail, text, line):
    qmail.control(morercpthosts=text)
    with open(os.path.join(SCRATCH, "newmrh.err"), "w+") as err:
        assert subprocess.run([qmail / "bin/qmail-newmrh"], stderr=err).returncode == 0
        err.seek(0)
        told = err.read()
    assert re.search(r"^qmail-newmrh: warning: control/morercpthosts: line %d: .*; .*without" % line, told), told
    # programs that compare get what qmail gave them
    r = subprocess.run([qmail / "bin/qmail-newmrh"], capture_output=True, text=True)
    assert r.returncode == 0 and r.stderr == ""


def test_newmrh_takes_the_lines_of_other_systems(qmail):
    qmail.control(rcpthosts="other.example\n", morercpthosts="a.example\r\n\r\nB.example \r\r\n")
    r = subprocess.run([qmail / "bin/qmail-newmrh"], capture_output=True, text=True)
    assert (r.returncode, r.stderr) == (0, "")
    answer, _ = smtpd(qmail, b"MAIL FROM:<>\r\nRCPT TO:<x@a.example>\r\nRCPT TO:<x@b.example>\r\nRCPT TO:<x@>\r\nQUIT\r\n")
    assert [ln[:3] for ln in answer.split(b"\r\n")[1:-1]] == [b"250", b"250", b"250", b"553", b"221"]


def test_a_maildir_that_nobody_made(served, homes):
    homes("foo/.qmail", "./Elsewhere/\n")
    served.start()
    served.listen()
    served.send("s@client.example", "foo@mail.test.example")
    served.wait_log(r"^delivery 1: deferral: Unable_to_chdir_to_maildir._\(#4.2.1\).*is_no_directory;_make_it_with_maildirmake")
