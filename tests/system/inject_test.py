"""qmail-inject down to the queue: what is refused leaves nothing there and says why; the same for sendmail, which
most programs call it by. No qmail-send runs."""
import os
import subprocess

import pytest

from harness import ACCOUNTS, HOMES

HOST = "mail.test.example"
REST = "From: a@far.example\nSubject: t\n"


def run(qmail, argv, text, program="qmail-inject", **env):
    e = dict(PATH="/usr/bin:/bin", HOME=HOMES + "/foo", USER="foo")
    e.update(env)
    r = subprocess.run([qmail / ("bin/" + program), *argv], input=text.encode("latin-1"), stdout=subprocess.PIPE, env=e,
                       stderr=subprocess.PIPE, user=ACCOUNTS["foo"], group=ACCOUNTS["foo"], extra_groups=[],
                       cwd=HOMES + "/foo", timeout=30)
    return r.returncode, r.stderr.decode("latin-1")


def recipients(qmail):
    """Of each message in todo, which is then forgotten."""
    found = []
    for name in os.listdir(qmail / "queue/todo"):
        with open(os.path.join(qmail / "queue/todo", name), "rb") as f:
            found.append([r[1:] for r in f.read().decode("latin-1").split("\0") if r.startswith("T")])
        for part in ("todo/" + name, "intd/" + name, "mess/%d/%s" % (int(name) % 23, name)):
            os.unlink(qmail / ("queue/" + part))
    return found


UNREADABLE = ["To: good@far.example, \"open <x@far.example>\n", "Cc: x@far.example (open\n", "Bcc: <x@far.example\n",
              "Apparently-To: x@far.example, team: y@far.example\n", "To: <a@far.example> team: y@far.example;\n"]
NOBODY = ["To: <>\n", "Cc: good@far.example, <@>\n", "Bcc: @far.example\n", "To: .\n"]
BYTES = ["To: a\0b@far.example\n", "To: \"a\\\n b\"@far.example\n", "Cc: x\x1f@far.example\n"]


@pytest.mark.parametrize("says, fields", [("unable to parse this line:\n", UNREADABLE),
                                          ("empty recipient address in this line:\n", NOBODY),
                                          ("control character in an address of this line:\n", BYTES)],
                         ids=["unreadable", "empty", "control characters"])
def test_no_recipient_is_lost(qmail, homes, says, fields):
    """Where the header tells who receives the message, one field that is wrong keeps all of it back: nobody gets it,
    and the caller knows which field it was. Where the arguments tell, the field is only text."""
    for field in fields:
        text = "To: other@far.example\n" + field + REST + "\nbody\n"
        for program, argv in (("qmail-inject", []), ("qmail-inject", ["-H", "baz"]), ("sendmail", ["-t"])):
            code, err = run(qmail, argv, text, program)
            assert code == 100 and err.startswith("qmail-inject: fatal: " + says), (field, err)
            assert err.split(says)[1].startswith(field.split(":")[0])
            assert recipients(qmail) == []
        for program, argv in (("qmail-inject", ["-a", "baz"]), ("sendmail", ["baz"])):
            assert run(qmail, argv, text, program) == (0, "")
            assert recipients(qmail) == [["baz@" + HOST]]
        # a message that is sent on goes by its Resent fields alone
        assert run(qmail, ["-h"], "Resent-To: baz\n" + text) == (0, "")
        assert recipients(qmail) == [["baz@" + HOST]]


@pytest.mark.parametrize("argument", ["", "<>", "<a@far.example", "a@far.example>", "a@far example", "a\nb@far.example",
                                      "a\tb"])
def test_arguments_refused(qmail, homes, argument):
    for program in ("qmail-inject", "sendmail"):
        code, err = run(qmail, ["--", "baz", argument], REST + "\nbody\n", program)
        assert (code, err) == (100, "qmail-inject: fatal: unable to parse address: %s\n" % argument)
    assert recipients(qmail) == []


@pytest.mark.parametrize("argument, address", [("<a@far.example>", "a@far.example"),
                                               ("Ann B. <a b@host>", "a b@host." + HOST)])
def test_arguments_in_brackets(qmail, homes, argument, address):
    assert run(qmail, [argument], REST + "\nbody\n") == (0, "")
    assert recipients(qmail) == [[address]]


@pytest.mark.parametrize("sender", ["<a@far.example", "a\nb@far.example", "a@far.example>"])
def test_senders_refused(qmail, homes, sender):
    for program in ("qmail-inject", "sendmail"):
        code, err = run(qmail, ["-f", sender, "baz"], REST + "\nbody\n", program)
        assert code == 100 and err.startswith("qmail-inject: fatal: "), err
    assert recipients(qmail) == []


@pytest.mark.parametrize("variable, value", [("QMAILHOST", "a b"), ("MAILHOST", "a\tb"), ("QMAILSHOST", "a b"),
                                             ("QMAILDEFAULTHOST", ""), ("QMAILDEFAULTDOMAIN", "a b"),
                                             ("QMAILPLUSDOMAIN", "#a"), ("QMAILIDHOST", "a>"),
                                             ("QMAILUSER", "a\nb"), ("QMAILSUSER", "a\x01")])
def test_variables(qmail, homes, variable, value):
    code, err = run(qmail, ["baz"], "Subject: t\n\nbody\n", **{variable: value})
    assert code == 100 and err.startswith("qmail-inject: fatal: %s " % variable) and "(set it to " in err, err
    assert recipients(qmail) == []


@pytest.mark.parametrize("name, text", [("me", ""), ("me", "# the name\nmail.test.example\n"), ("defaulthost", "a b\n"),
                                        ("defaultdomain", "a@b\n"), ("plusdomain", " \n"), ("idhost", "<a>\n")])
def test_control_files(qmail, homes, name, text):
    qmail.control(**{name: text})
    code, err = run(qmail, ["baz"], "Subject: t\n\nbody\n")
    assert code == 111 and err.startswith("qmail-inject: fatal: control/%s does not hold a host name: " % name), err
    assert "(put a host name into its first line" in err
    assert recipients(qmail) == []


def test_lines_in_crlf(qmail, homes):
    """Programs made for other systems."""
    assert run(qmail, ["-h"], "To: baz\r\nSubject: a\r\n\tb\r\n\r\nTo: x\r\n") == (0, "")
    [name] = os.listdir(qmail / "queue/todo")
    with open(os.path.join(qmail / "queue/mess", str(int(name) % 23), name), newline="") as f:
        text = f.read()
    assert text.endswith("\nTo: baz@%s\nSubject: a\n\tb\n\nTo: x\r\n" % HOST)


def test_message_ids_differ(qmail, homes):
    """Even those of one process id in one second: each of these is the first process of a namespace of its own."""
    ids = set()
    for _ in range(8):
        out = subprocess.run(["unshare", "-p", "-f", qmail / "bin/qmail-inject", "-n", "baz"], input=b"\n", check=True,
                             stdout=subprocess.PIPE).stdout.decode()
        ids.update(line for line in out.splitlines() if line.startswith("Message-ID: "))
    assert len(ids) == 8
