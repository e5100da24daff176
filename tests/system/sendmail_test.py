"""sendmail with the arguments that Debian's programs give it, down to the queue: no qmail-send runs, what would be
delivered to whom stands in todo/ and mess/."""
import email
import os
import subprocess

import pytest

from harness import ACCOUNTS, HOMES

HOST = "mail.test.example"
FOO = "foo@" + HOST
BODY = "\nline\n.\nafter the dot\n"
PLAIN = "Subject: t\n" + BODY
HEADED = "From: Web <web@site.example>\nTo: baz, Jo <john@far.example>\nCc: cc@far.example\nBcc: secret@far.example\n" \
         "Subject: t\n" + BODY
BOTH = ["baz@" + HOST, "john@far.example", "cc@far.example", "secret@far.example"]


def queued(qmail):
    """The one message in todo: sender, recipients, text."""
    [name] = os.listdir(qmail / "queue/todo")
    with open(os.path.join(qmail / "queue/todo", name), "rb") as f:
        records = f.read().decode().split("\0")
    assert records[0] == "u%d" % ACCOUNTS["foo"]
    [sender] = [r[1:] for r in records if r.startswith("F")]
    with open(os.path.join(qmail / "queue/mess", str(int(name) % 23), name)) as f:
        return sender, [r[1:] for r in records if r.startswith("T")], f.read()


def sendmail(qmail, argv, text, **env):
    """As foo, from his home, with what cron or a shell leaves in the environment."""
    e = dict(PATH="/usr/bin:/bin", HOME=HOMES + "/foo", LOGNAME="foo", USER="foo", SHELL="/bin/sh")
    e.update(env)
    return subprocess.run([qmail / "bin/sendmail", *argv], input=text.encode(), stdout=subprocess.PIPE, env=e,
                          stderr=subprocess.STDOUT, user=ACCOUNTS["foo"], group=ACCOUNTS["foo"], extra_groups=[],
                          cwd=HOMES + "/foo", timeout=30)


# caller, arguments, message, then what must be queued; -f makes an -F forgotten, as in qmail
CALLERS = [
    ("cron", ["-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"],
     "From: root (Cron Daemon)\nTo: root\nSubject: Cron\n" + BODY, FOO, ["root@" + HOST],
     {"From": "root@%s (Cron Daemon)" % HOST}),
    ("cronie", ["-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root"], "From: root\nTo: baz\n" + BODY,
     "root@" + HOST, ["baz@" + HOST], {}),
    ("at", ["-i", "foo"], "Subject: Output from your job\nTo: foo\n" + BODY, FOO, [FOO], {"From": FOO}),
    ("mailx", ["-i", "baz", "john@far.example"], "To: baz\n" + PLAIN, FOO, ["baz@" + HOST, "john@far.example"],
     {"To": "baz@" + HOST}),
    ("mailx -r", ["-i", "-f", "other@far.example", "-F", "Full Name", "baz"], "To: baz\n" + PLAIN, "other@far.example",
     ["baz@" + HOST], {"From": "other@far.example"}),
    ("s-nail", ["-i", "-m", "-v", "-r", "other@far.example", "--", "baz"], PLAIN, "other@far.example", ["baz@" + HOST], {}),
    ("mutt", ["-oem", "-oi", "-f", "foo-x@" + HOST, "--", "baz@far.example"], HEADED, "foo-x@" + HOST, ["baz@far.example"],
     {"From": "Web <web@site.example>"}),
    ("mutt, dsn", ["-oem", "-oi", "-N", "failure,delay", "-R", "hdrs", "--", "baz@far.example"], PLAIN, FOO,
     ["baz@far.example"], {}),
    ("git send-email", ["-i", "baz@far.example", "john@far.example"], HEADED, FOO, ["baz@far.example", "john@far.example"],
     {"Cc": "cc@far.example"}),
    ("git, envelope sender", ["-f", "foo@far.example", "-i", "baz@far.example"], HEADED, "foo@far.example",
     ["baz@far.example"], {}),
    ("PHP mail()", ["-t", "-i"], HEADED, FOO, BOTH, {"Bcc": None, "From": "Web <web@site.example>"}),
    ("PHP mail(), fifth argument", ["-t", "-i", "-fwww@site.example"], HEADED, "www@site.example", BOTH, {}),
    ("PHP mail(), name as well", ["-t", "-i", "-fwww@site.example", "-FThe Site"], "To: baz\n" + PLAIN,
     "www@site.example", ["baz@" + HOST], {"From": "www@site.example"}),
    ("Perl's mailers", ["-oi", "-oem", "-odb", "-t"], HEADED, FOO, BOTH, {}),
    ("logwatch", ["-t"], HEADED, FOO, BOTH, {}),
    ("sieve, vacation", ["-i", "-f", "<>", "--", "baz@far.example"], "To: baz@far.example\n" + PLAIN, "",
     ["baz@far.example"], {"From": FOO}),
    ("sieve, redirect", ["-i", "-f", "<x@far.example>", "--", "baz@far.example"], HEADED, "x@far.example",
     ["baz@far.example"], {}),
    ("no sender", ["-f", "", "baz@far.example"], PLAIN, "", ["baz@far.example"], {"From": FOO}),
    ("options of no use", ["-bm", "-em", "-v", "-U", "-n", "-Lmail", "-V", "id", "baz"], PLAIN, FOO, ["baz@" + HOST], {}),
    ("one word each", ["-bm", "-em", "-v", "-i", "-Nnever", "-Rhdrs", "-B8BITMIME", "-oQ/dir", "-fx@far.example",
                       "--", "a", "b"], PLAIN, "x@far.example", ["a@" + HOST, "b@" + HOST], {"From": "x@far.example"}),
    ("one word each, two recipients", ["-oem", "-oi", "-f", "x", "--", "a", "b"], PLAIN, "x@" + HOST,
     ["a@" + HOST, "b@" + HOST], {"From": "x@" + HOST}),
    ("cron, the name in quotes", ["-i", "-FCronDaemon", "-B8BITMIME", "-oem", "-oi", "-t"],
     "From: \"(Cron Daemon)\" <root>\nTo: baz\n" + BODY, FOO, ["baz@" + HOST], {}),
    ("a sender with a name", ["-f", "Ann B. <x@far.example>", "<baz@far.example>"], PLAIN, "x@far.example",
     ["baz@far.example"], {"From": "x@far.example"}),
    ("nothing between", ["-it", "--"], HEADED, FOO, BOTH, {}),
    ("options of sendmail", ["-oQ/x", "-O", "DeliveryMode=b", "-p", "SMTP:x", "baz"], PLAIN, FOO,
     ["baz@" + HOST], {}),
    ("a name like an option", ["-i", "--", "-f"], PLAIN, FOO, ["-f@" + HOST], {}),
]


@pytest.mark.parametrize("argv, text, sender, recipients, header", [c[1:] for c in CALLERS], ids=[c[0] for c in CALLERS])
def test_callers(qmail, homes, argv, text, sender, recipients, header):
    r = sendmail(qmail, argv, text)
    assert (r.returncode, r.stdout) == (0, b"")
    got_sender, got_recipients, message = queued(qmail)
    assert (got_sender, sorted(got_recipients)) == (sender, sorted(recipients))
    assert message.endswith(BODY), "a line with a dot does not end the message"
    parsed = email.message_from_string(message)
    assert parsed["Date"] and parsed["Message-ID"] and len(parsed.get_all("From")) == 1
    for name, value in header.items():
        assert parsed[name] == value


@pytest.mark.parametrize("argv", [["-bd"], ["-bi"], ["-bz", "baz"], ["-q"], ["-f"]])
def test_refused(qmail, homes, argv):
    r = sendmail(qmail, argv, PLAIN)
    assert r.returncode == 100 and b"usage: sendmail" in r.stdout
    assert os.listdir(qmail / "queue/todo") == []


def test_bs_speaks_smtp(qmail, homes):
    """A user's program (mh, pine, fetchmail's mda) has a session on standard input; it may send anywhere."""
    qmail.control(databytes="10\n")
    r = sendmail(qmail, ["-bs"], "EHLO x\r\nMAIL FROM:<a@far.example>\r\nRCPT TO:<b@far.example>\r\nDATA\r\n"
                 "Subject: t\r\n\r\n..\r\n.\r\nQUIT\r\n")
    assert r.returncode == 0
    assert [line[:3] for line in r.stdout.decode().splitlines()][-6:] == ["250", "250", "250", "354", "250", "221"]
    sender, recipients, message = queued(qmail)
    assert (sender, recipients) == ("a@far.example", ["b@far.example"])
    assert message.endswith("Subject: t\n\n.\n")


def test_bp_and_the_other_names(qmail, homes):
    """-bp and mailq list the queue for who may read it; newaliases says whose it is."""
    r = subprocess.run([qmail / "bin/sendmail", "-bp"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (r.returncode, r.stdout) == (0, b"")
    link = os.path.join(HOMES, "mailq")
    for name, code in (("mailq", 0), ("newaliases", 100)):
        link = os.path.join(HOMES, name)
        if not os.path.lexists(link):
            os.symlink(qmail / "bin/sendmail", link)
        assert subprocess.run([link], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).returncode == code
