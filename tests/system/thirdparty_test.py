"""Programs of other people, unmodified, as Debian ships them, around a running installation."""
import email
import imaplib
import os
import poplib
import pwd
import re
import shutil
import socket
import subprocess
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, UNLIMITED, maildir, wait_for

HOST = "mail.test.example"
ALIAS = pwd.getpwnam("alias")
MESSAGE = "From: s@client.example\nTo: you\nSubject: hello\n\nline\n.dot\nFrom here on\n"


@pytest.fixture(scope="module")
def machine():
    """The machine with our sendmail in its place and Debian's compiled home of qmail being ours, as far as this
    process and its children see."""
    real = SCRATCH + "/sbin"
    os.makedirs(real, exist_ok=True)
    for p in ("/usr/sbin", "/var/lib/qmail"):
        assert os.path.isdir(p), "install the packages in tests/packages"
    subprocess.run(["mount", "--bind", "/usr/sbin", real], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/usr/sbin"], check=True)
    for name in os.listdir(real):
        os.symlink(os.path.join(real, name), os.path.join("/usr/sbin", name))
    if os.path.lexists("/usr/sbin/sendmail"):
        os.unlink("/usr/sbin/sendmail")
    os.symlink(SCRATCH + "/qmail/bin/sendmail", "/usr/sbin/sendmail")
    subprocess.run(["mount", "--bind", SCRATCH + "/qmail", "/var/lib/qmail"], check=True)
    yield
    for p in ("/var/lib/qmail", "/usr/sbin", real):
        subprocess.run(["umount", p], check=True)


@pytest.fixture
def served(qmail, homes, machine):
    """Running, for mail.test.example, with alias/ in the installation."""
    qmail.assign("+:alias:%d:%d:%s:-::\n" % (ALIAS.pw_uid, ALIAS.pw_gid, qmail / "alias")
                 + "".join("=%s:%s:%d:%d:%s/%s:::\n+%s-:%s:%d:%d:%s/%s:-::\n" % ((n, n, u, u, HOMES, n) * 2)
                           for n, u in ACCOUNTS.items()) + ".\n")
    qmail.start("./Maildir/")
    qmail.listen()
    return qmail


def as_user(name, argv, qmail, input=b"", **more):
    """Run by a user, as cron or a shell runs things for him."""
    uid = ACCOUNTS[name]
    env = qmail.env(HOME=HOMES + "/" + name, USER=name, LOGNAME=name, TERM="dumb", **more)
    r = subprocess.run(argv, user=uid, group=uid, extra_groups=[], env=env, cwd=HOMES + "/" + name, input=input,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert r.returncode == 0, r.stdout.decode("latin-1")
    return r.stdout


def arrived(name, count=1, folder="Maildir"):
    """That many messages, in the order of their subjects."""
    got = wait_for("%d messages for %s" % (count, name), lambda: len(maildir(name, folder)) >= count
                   and maildir(name, folder))
    assert len(got) == count
    return sorted(got, key=lambda m: email.message_from_bytes(m)["Subject"] or "")


def tcpserver(qmail, port, argv, user=None, **env):
    """A server of anybody's behind tcpserver, and a connection that works."""
    who = [] if user is None else ["-u", str(pwd.getpwnam(user).pw_uid), "-g", str(pwd.getpwnam(user).pw_gid)]
    qmail.popen(["tcpserver", "-v", "-R", "-H", "-l", HOST, *who, "127.0.0.1", str(port), *argv],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=qmail.env(**env),
                stderr=open(os.path.join(SCRATCH, "thirdparty.log"), "ab"))

    def up():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    wait_for("a server on port %d" % port, up)


def netstring(b):
    return b"%d:%s," % (len(b), b)


def answers(port, request):
    with socket.create_connection(("127.0.0.1", port), 20) as s:
        s.sendall(request)
        s.shutdown(socket.SHUT_WR)
        got = b""
        while True:
            b = s.recv(4096)
            if not b:
                return got
            got += b


# ---- in front of the queue

def test_mailfront_smtp_and_cvm_qmail(served, homes):
    """smtpfront-qmail on our queue and control files, cvm-qmail reading our users/cdb and the .qmail files."""
    homes("foo/.qmail-list", "./Maildir/\n")
    served.control(virtualdomains="shop.example:foo\n", rcpthosts=HOST + "\nshop.example\n",
                   badmailfrom="bad@client.example\n")
    served.signal("HUP")
    tcpserver(served, 2525, ["smtpfront-qmail"], "qmaild", QMAILHOME=served.path, QMAIL_ROOT=served.path,
              CVM_LOOKUP="cvm-command:/usr/bin/cvm-qmail")
    with served.smtp(port=2525) as s:
        s.ehlo()
        assert s.mail("bad@client.example")[0] in (550, 553)
        assert s.mail("s@client.example")[0] == 250
        assert s.rcpt("x@elsewhere.example")[0] in (550, 553)
        assert s.rcpt("nobody@shop.example")[0] in (550, 553)
        assert s.rcpt("list@shop.example")[0] == 250
        assert s.rcpt("baz@" + HOST)[0] == 250
        assert s.data(MESSAGE)[0] == 250
    [m] = arrived("foo")
    assert b"\n\nline\n.dot\nFrom here on\n" in m
    assert re.search(rb"^Received: \(qmail \d+ invoked from network\); ", m, re.M)
    arrived("baz")


def test_mailfront_qmtp(served):
    tcpserver(served, 209, ["qmtpfront-qmail"], "qmaild", QMAILHOME=served.path)
    packet = netstring(b"\n" + MESSAGE.encode()) + netstring(b"s@client.example") + \
        netstring(b"".join(netstring(r + b"@" + HOST.encode()) for r in (b"foo", b"baz")))
    assert re.fullmatch(rb"(\d+:K[^,]*,){2,4}", answers(209, packet * 2))
    arrived("foo", 2)
    arrived("baz", 2)


def test_mailfront_qmqp(served):
    served.control(qmqpservers="127.0.0.1\n")
    tcpserver(served, 628, ["qmqpfront-qmail"], "qmaild", QMAILHOME=served.path)
    packet = netstring(netstring(MESSAGE.encode()) + netstring(b"s@client.example")
                       + netstring(b"foo@" + HOST.encode()) + netstring(b"baz@" + HOST.encode()))
    assert re.fullmatch(rb"\d+:K[^,]*,", answers(628, packet))
    # and our client of this protocol in front of it
    as_user("john", [served / "bin/qmail-inject", "foo@" + HOST], served, input=MESSAGE.encode(),
            QMAILQUEUE=served / "bin/qmail-qmqpc")
    assert b"invoked by uid" not in b"".join(arrived("foo", 2))
    arrived("baz")


def test_swaks(served):
    r = subprocess.run(["swaks", "--server", "127.0.0.1", "--from", "s@client.example", "--helo", "client.example",
                        "--to", "foo@%s,baz@%s" % (HOST, HOST), "--header", "Subject: by swaks", "--attach",
                        "@/usr/bin/swaks", "--pipeline"], env=served.env(), stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, timeout=60)
    assert r.returncode == 0, r.stdout
    [m] = arrived("foo")
    with open("/usr/bin/swaks", "rb") as f:
        assert email.message_from_bytes(m).get_payload()[1].get_payload(decode=True) == f.read()
    arrived("baz")


def test_smtplib(served):
    m = email.message.EmailMessage()
    m["From"], m["To"], m["Subject"] = "s@client.example", "foo@" + HOST, "by smtplib"
    m.set_content("gr\u00fc\u00dfe\n" + ".\n..\n" + "x" * 2000 + "\n", cte="8bit")
    with served.smtp() as s:
        assert s.send_message(m, to_addrs=["foo@" + HOST, "nobody-" + HOST + "@" + HOST]) == {}
        with pytest.raises(Exception, match="553"):
            s.sendmail("s@client.example", ["x@elsewhere.example"], "x\n")
        s.sendmail("s@client.example", ["baz@" + HOST], "Subject: second\n\nx\n")
    [got] = arrived("foo")
    assert "gr\u00fc\u00dfe\n.\n..\n".encode() + b"x" * 2000 + b"\n" in got
    arrived("baz")


# ---- callers of sendmail

def test_mailx(served):
    as_user("foo", ["bsd-mailx", "-s", "by mailx", "-c", "john@" + HOST, "baz"], served, input=b"text\n.\nmore\n")
    [m] = arrived("baz")
    assert b"\nFrom: foo@mail.test.example\n" in m and b"\nSubject: by mailx\n" in m and m.endswith(b"text\n.\nmore\n")
    assert email.message_from_bytes(m)["Return-Path"] == "<foo@mail.test.example>"
    arrived("john")


def test_mutt(served, homes):
    homes("foo/.muttrc", "set realname='Foo Bar'\nset use_envelope_from=yes\nset from=foo-x@%s\nset copy=no\n" % HOST)
    as_user("foo", ["mutt", "-s", "by mutt", "-b", "john@" + HOST, "-a", "/etc/debian_version", "--", "baz@" + HOST], served,
            input=b"text\n")
    [m] = arrived("baz")
    parsed = email.message_from_bytes(m)
    assert parsed["Return-Path"] == "<foo-x@mail.test.example>" and parsed["Subject"] == "by mutt"
    assert parsed["From"] == "Foo Bar <foo-x@mail.test.example>" and parsed["Bcc"] is None
    arrived("john")


def test_git_send_email(served, homes):
    homes("foo/.gitconfig", "[user]\n\tname = Foo\n\temail = foo@%s\n" % HOST)
    patch = homes("foo/0001-x.patch", "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
                  "From: Foo <foo@%s>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: [PATCH] x\n\nwhy\n---\n" % HOST)
    as_user("foo", ["git", "send-email", "--quiet", "--from", "Foo <foo@%s>" % HOST, "--to", "baz@" + HOST,
                    "--bcc", "john@" + HOST, "--suppress-cc=all", "--confirm=never", patch], served)
    [m] = arrived("baz")
    assert email.message_from_bytes(m)["Subject"] == "[PATCH] x" and b"\nBcc:" not in m
    arrived("john")


# ---- in .qmail files

def test_fastforward(served):
    """Its database in the place of alias/.qmail files; what that does not know goes on to the next line."""
    alias = served / "alias"
    with open(alias + "/forwards", "w") as f:
        f.write("sales@: &foo, baz@%s;\nteam@: ./team.bin;\n@virtual.example: john@%s;\n" % (HOST, HOST))
    with open(alias + "/team", "w") as f:
        f.write("john@%s\n" % HOST)
    subprocess.run("setforward aliases.cdb aliases.tmp < forwards && setmaillist team.bin team.tmp < team", shell=True,
                   cwd=alias, check=True, env=served.env())
    served.alias("-default", "|fastforward -p -d aliases.cdb\n|exit 100\n")
    served.control(rcpthosts=HOST + "\nvirtual.example\n", locals=HOST + "\nvirtual.example\n")
    served.signal("HUP")
    served.send("", ["sales@" + HOST, "team@" + HOST, "any@virtual.example", "nobody@" + HOST])
    arrived("foo")
    arrived("baz")
    for m in arrived("john", 2):
        assert re.search(rb"^Received: \(qmail \d+ invoked by alias\); ", m, re.M)
    served.wait_log(r"^delivery \d: success: .*did_0.0.1/", 3)
    served.wait_log(r"^delivery \d: failure: ")


def test_dot_forward(served, homes):
    homes("foo/.qmail", "|dot-forward .forward\n./Maildir/\n")
    served.send("s@client.example", "foo@" + HOST, "Subject: before\n\nx\n")
    arrived("foo")
    homes("foo/.forward", "baz@%s, john\n" % HOST)
    served.send("s@client.example", "foo@" + HOST, "Subject: forwarded\n\nx\n")
    [m] = arrived("baz")
    assert email.message_from_bytes(m)["Return-Path"] == "<s@client.example>"
    arrived("john")
    homes("foo/.forward", "\\foo, baz@%s\n" % HOST)
    served.send("s@client.example", "foo@" + HOST, "Subject: both\n\nx\n")
    arrived("baz", 2)
    arrived("foo", 2)


def test_maildrop(served, homes):
    homes("foo/.mailfilter", 'if (/^Subject: *late/)\n{\n  EXITCODE = 75\n  exit\n}\n'
          'if (/^Subject: *never/)\n{\n  EXITCODE = 77\n  exit\n}\n'
          'if (/^Return-Path: <s@client\\.example>/ && /^Delivered-To: foo@/)\n{\n  to "./Maildir/"\n}\nto "./nowhere"\n',
          mode=0o600)
    homes("foo/.qmail", "|preline maildrop .mailfilter\n")
    for subject in ("late", "never", "now"):
        served.send("s@client.example", "foo@" + HOST, "Subject: %s\n\nx\n" % subject)
    arrived("foo")
    served.wait_log(r"^delivery \d: deferral: ")
    served.wait_log(r"^delivery \d: failure: ")


def test_procmail(served, homes):
    homes("foo/.procmailrc", "MAILDIR=$HOME\nDEFAULT=$HOME/Maildir/\n:0\n* ^Subject: late\n{\nEXITCODE=75\n"
          "HOST=stop\n}\n:0\n* ^Subject: never\n{\nEXITCODE=77\nHOST=stop\n}\n:0 :\n* ^Subject: mbox\nmbox\n", mode=0o600)
    homes("foo/.qmail", "|preline procmail\n")
    for subject in ("late", "never", "mbox", "now"):
        served.send("s@client.example", "foo@" + HOST, "Subject: %s\n\nFrom x\n" % subject)
    [m] = arrived("foo")
    assert b"Return-Path: <s@client.example>\nDelivered-To: foo@mail.test.example\n" in m
    served.wait_log(r"^delivery \d: deferral: ")
    served.wait_log(r"^delivery \d: failure: ")
    served.wait_log(r"^delivery \d: success: did_0\+0\+1/", 2)      # not the bounce
    with open(HOMES + "/foo/mbox") as f:
        assert re.match("From s@client.example ", f.read())


# ---- reading the mail

@pytest.fixture
def dovecot(served):
    """Dovecot with the accounts' Maildirs, users known by a file of passwords."""
    d = SCRATCH + "/dovecot"
    shutil.rmtree(d, ignore_errors=True)
    os.mkdir(d)
    os.chmod(d, 0o755)
    with open(d + "/users", "w") as f:
        for n, uid in ACCOUNTS.items():
            f.write("%s:{PLAIN}secret:%d:%d::%s/%s::\n" % (n, uid, uid, HOMES, n))
    with open(d + "/conf", "w") as f:
        f.write("""base_dir = %(d)s/run
state_dir = %(d)s/state
log_path = %(d)s/log
protocols = imap pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = 1000
mail_location = maildir:~/Maildir
passdb {
  driver = passwd-file
  args = %(d)s/users
}
userdb {
  driver = passwd-file
  args = %(d)s/users
}
service auth {
  unix_listener auth-userdb {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
protocol lda {
  log_path = /dev/stderr
}
""" % {"d": d})
    served.popen(["/usr/sbin/dovecot", "-F", "-c", d + "/conf"], stdin=subprocess.DEVNULL)
    for port in (143, 110):
        wait_for("dovecot", lambda: not socket.socket().connect_ex(("127.0.0.1", port)))
    return d + "/conf"


def test_dovecot(served, homes, dovecot):
    """It reads by IMAP and POP3 what we put into a Maildir, and what its own delivery agent put there."""
    homes("foo/.qmail", "|preline -f /usr/lib/dovecot/dovecot-lda -c %s -f \"$SENDER\" -a \"$RECIPIENT\" -d foo\n"
          % dovecot)
    served.send("s@client.example", ["foo@" + HOST, "baz@" + HOST], MESSAGE)
    served.drained()
    for name in ("foo", "baz"):
        i = imaplib.IMAP4("127.0.0.1")
        i.login(name, "secret")
        assert i.select() == ("OK", [b"1"])
        text = i.fetch("1", "(BODY[])")[1][0][1]
        assert text.endswith(b"\r\n\r\nline\r\n.dot\r\nFrom here on\r\n")
        assert b"\r\nDelivered-To: %s@mail.test.example\r\n" % name.encode() in text
        assert i.fetch("1", "(FLAGS)")[1][0].count(rb"\Seen") == 1
        i.logout()
        p = poplib.POP3("127.0.0.1")
        p.user(name)
        p.pass_("secret")
        assert p.stat()[0] == 1
        p.dele(1)
        p.quit()
        assert os.listdir(HOMES + "/%s/Maildir/cur" % name) == []


def two_messages(qmail):
    """For foo, old enough for qmail-pop3d: it lists those of seconds that are over."""
    for subject in ("one", "two"):
        qmail.send("s@client.example", "foo@" + HOST, "Subject: %s\n\n.\nline\n" % subject)
    arrived("foo", 2)
    second = int(time.time())
    wait_for("the next second", lambda: time.time() >= second + 1)


@pytest.fixture(params=["cvm-checkpassword", "qmail-checkpassword"])
def pop3(served, request):
    """Our POP3 server on port 110, behind a checkpassword program of another's, and ours."""
    check, env = [served / "bin/qmail-checkpassword"], {}
    if request.param == "cvm-checkpassword":
        check = [request.param, "cvm-command:/usr/bin/cvm-pwfile"]
        env = {"CVM_PWFILE_PATH": SCRATCH + "/pwfile", "CVM_ACCOUNT_SPLIT_CHARS": ""}
        with open(env["CVM_PWFILE_PATH"], "w") as f:
            f.write("foo:secret:%d:%d::%s/foo:/bin/sh\n" % (ACCOUNTS["foo"], ACCOUNTS["foo"], HOMES))
    else:
        subprocess.run([served / "bin/qmail-poppasswd", "foo", "foo", HOMES + "/foo"], input=b"secret\n", check=True)
    tcpserver(served, 110, [served / "bin/qmail-popup", HOST, *check, served / "bin/qmail-pop3d", "Maildir"], **env)
    return served


def test_fetchmail(pop3, homes):
    """From our POP3 server, and on by our SMTP server to somebody else."""
    two_messages(pop3)
    homes("john/.fetchmailrc", "poll 127.0.0.1 proto pop3 no dns auth password user foo password secret is john here\n"
          "smtphost 127.0.0.1 smtpname baz@%s fetchall nokeep sslproto ''\n" % HOST, mode=0o600)
    as_user("john", ["fetchmail", "--nosyslog", "-v"], pop3)
    for m in arrived("baz", 2):
        assert m.endswith(b"\n\n.\nline\n")
    assert maildir("foo", "Maildir") == []


def test_getmail(pop3, homes):
    two_messages(pop3)
    homes("john/getmailrc", "[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nusername = foo\n"
          "password = secret\n[destination]\ntype = Maildir\npath = ~/Maildir/\n[options]\ndelete = true\n"
          "verbose = 0\n", mode=0o600)
    os.mkdir(HOMES + "/john/.getmail", 0o700)
    os.chown(HOMES + "/john/.getmail", ACCOUNTS["john"], ACCOUNTS["john"])
    as_user("john", ["getmail", "--rcfile", HOMES + "/john/getmailrc"], pop3)
    for m in arrived("john", 2):
        assert m.endswith(b"\n\n.\nline\n")
    assert maildir("foo", "Maildir") == []


# ---- a mailing list

def test_mlmmj(served, homes):
    """A list from nothing: made, subscribed to, confirmed, posted to; mlmmj sends through our SMTP server."""
    foo = HOMES + "/foo"
    as_user("foo", ["mlmmj-make-ml", "-L", "list", "-s", foo], served,
            input=("%s\nfoo@%s\nen\n" % (HOST, HOST)).encode())
    homes("foo/list/control/delimiter", "-\n")
    for f in (".qmail-list", ".qmail-list-default"):
        homes("foo/" + f, "|/usr/bin/mlmmj-receive -L %s/list\n" % foo)
    # its own address is foo-list@, for mlmmj goes by the list's address
    homes("foo/list/control/listaddress", "foo-list@%s\n" % HOST)
    def write(to, subject):
        served.send("john@" + HOST, to, "From: john@%s\nTo: %s\nSubject: %s\n\nx\n" % (HOST, to, subject))
    write("foo-list-subscribe@" + HOST, "s")
    [m] = arrived("john")
    confirm = re.search(rb"foo-list-confsub-[^@\s]+@mail\.test\.example", m)[0].decode()
    write(confirm, "s")
    arrived("john", 2)
    write("foo-list@" + HOST, "a post")
    [m] = [m for m in arrived("john", 3) if b"\nSubject: a post\n" in m]
    assert re.search(rb"^Return-Path: <foo-list-bounces-\d+-john=mail\.test\.example@mail\.test\.example>$", m, re.M), m
    # and a bounce comes back to the list with the subscriber's address in it
    served.send("", "foo-list-bounces-1-john=mail.test.example@" + HOST, "From: MAILER-DAEMON@x\nSubject: failure\n\nx\n")
    wait_for("mlmmj to note the bounce", lambda: os.listdir(foo + "/list/bounce"))


# ---- supervision

@pytest.fixture
def services(qmail, homes):
    """The services of boot/, copied out as INSTALL says; after the test nothing of it is left."""
    made = []

    def copy(kind):
        d = SCRATCH + "/service." + kind
        shutil.rmtree(d, ignore_errors=True)
        shutil.copytree(qmail / ("boot/" + kind), d, symlinks=True)
        for service in os.listdir(d):
            for name, value in (("ADDRESS", "127.0.0.1"), ("RULES", SCRATCH + "/no-rules"), *UNLIMITED.items()):
                if os.path.exists(os.path.join(d, service, "env", name)):
                    with open(os.path.join(d, service, "env", name), "w") as f:
                        f.write(value + "\n")
        made.append(d)
        return d
    yield copy
    for d in made:
        shutil.rmtree(d)
    shutil.rmtree(qmail / "log", ignore_errors=True)


SUPERVISORS = {
    # what scans, what it is told to end with, signals to a service, how a service is seen to run
    "daemontools": (["svscan"], ["svc", "-h"], ["svc", "-t"], ["svstat"], ": up"),
    "runit": (["runsvdir"], ["sv", "hup"], ["sv", "term"], ["sv", "status"], "run: "),
    "s6": (["s6-svscan"], ["s6-svc", "-h"], ["s6-svc", "-r"], ["s6-svstat"], "up "),
}


def end(kind, scanner, directory, env):
    """The scanner, the supervisors and what they supervise, loggers last."""
    services = [os.path.join(directory, s) for s in os.listdir(directory) if s[0] != "."]
    if kind == "daemontools":
        scanner.terminate()
        subprocess.run(["svc", "-dx"] + services + [s + "/log" for s in services], env=env, check=True)
        wait_for("supervise", lambda: all(subprocess.run(["svok", d], env=env).returncode
                                          for s in services for d in (s, s + "/log")))
    elif kind == "runit":
        subprocess.run(["sv", "-w", "20", "exit"] + services, env=env, stdout=subprocess.DEVNULL, check=True)
        scanner.terminate()
    else:
        scanner.terminate()
    scanner.wait(20)


@pytest.mark.parametrize("kind", sorted(SUPERVISORS))
def test_supervision(qmail, homes, services, kind):
    """The scanner starts both services with their logs, a message arrives, signals do what they should."""
    scan, hup, restart, status, running = SUPERVISORS[kind]
    d = services(kind)
    send, smtpd = d + "/qmail-send", d + "/qmail-smtpd"
    log = qmail / "log/send/current"
    env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    scanner = subprocess.Popen(scan + [d], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=env)

    def tell(command, service):
        return subprocess.run(command + [service], env=env, check=True, capture_output=True, text=True).stdout

    def logged(text, count=1):
        def probe():
            with open(log) as f:
                return f.read().count(text) >= count
        wait_for("%s in the log" % text, lambda: os.path.exists(log) and probe())
    try:
        logged("status: local 0/10")
        wait_for("port 25", lambda: not socket.socket().connect_ex(("127.0.0.1", 25)))
        qmail.send("s@client.example", "foo@" + HOST)
        arrived("foo")
        qmail.control(locals=HOST + "\nmore.example\n", rcpthosts=HOST + "\nmore.example\n")
        time.sleep(1.2)         # supervise is deaf for a second after a start
        tell(hup, send)
        time.sleep(0.2)
        qmail.send("s@client.example", "foo@more.example")
        arrived("foo", 2)
        tell(restart, send)
        logged("status: exiting")
        logged("status: local 0/10", 2)
        for service in (send, smtpd):
            wait_for(service + " to be up", lambda: running in tell(status, service))
    finally:
        end(kind, scanner, d, env)
