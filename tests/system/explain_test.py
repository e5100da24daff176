"""qmail-explain: what it says, kept as expected output, and that what it says is what happens."""
import json
import os
import random
import re
import subprocess

import pytest

from harness import ACCOUNTS, HERE, HOMES, fresh_home, wait_for


pytestmark = pytest.mark.usefixtures("alias_at_home")


EXPECTED = os.path.join(HERE, "system/explain")
VIRTUALDOMAINS = """example.com:foo
.example.com:foo-bar
two.example.com:baz
waldo@domain.com:qux
domain.com:
:garply
"""
ALL_STEPS = {"note", "taken", "passed", "beaten", "refused", "warning", "unknown"}


def explain(qmail, *args, uid=None, env=None):
    """Exit code and output."""
    kw = {"user": uid, "group": uid, "extra_groups": []} if uid else {}
    r = subprocess.run([qmail / "bin/qmail-explain", *args], capture_output=True, cwd="/", env=env or qmail.env(), **kw)
    assert r.stderr == b""
    return r.returncode, r.stdout.decode("ascii" if "-j" not in args else "utf-8")


def explained(qmail, address, *args, **kw):
    """The JSON object."""
    code, out = explain(qmail, "-j", *args, "--", address, **kw)
    got = json.loads(out)
    assert got["exit"] == code and got["address"] == address
    assert {s["verdict"] for s in got["steps"]} <= ALL_STEPS
    return got


def steps(got, stage, verdict=None):
    return [s for s in got["steps"] if s["stage"] == stage and verdict in (None, s["verdict"])]


def places(qmail, text):
    """Without what differs from one machine or moment to the next."""
    text = text.replace(qmail.path, "@QMAIL@").replace(HOMES, "@HOMES@")
    text = re.sub(r"(From \S+) \w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}", r"\1 @DATE@", text)
    text = re.sub(r"(?<=/etc/passwd:)\d+", "N", text)
    return re.sub(r"(uid|gid|owner) (\d+)", lambda m: m[0] if int(m[2]) >= 30000 else m[1] + " N", text)


def kept(name, text):
    """Compare with the file of that name; PORPOISE_KEEP=1 writes it anew, to be read before it is committed."""
    path = os.path.join(EXPECTED, name)
    if os.environ.get("PORPOISE_KEEP"):
        with open(path, "w") as f:
            f.write(text)
    with open(path) as f:
        assert text == f.read()


# ---- the examples of the chapter on virtualization

TABLE = [
    ("user", "user@example.com"),
    ("postmaster", "postmaster@example.com"),
    ("case", "a-b-c-d@Example.COM"),
    ("suffix", "user@something.example.com"),
    ("suffix-far", "a@x.two.example.com"),
    ("longer-domain", "user@two.example.com"),
    ("address", "waldo@domain.com"),
    ("address-case", "WALDO@DOMAIN.COM"),
    ("empty-prepend", "other@domain.com"),
    ("catch-all", "someone@somewhere.org"),
    ("empty-domain", "nobody@"),
    ("locals", "foo@mail.test.example"),
    ("no-at", "nohost"),
]


@pytest.fixture
def chapter(qmail, homes, dns):
    qmail.control(virtualdomains=VIRTUALDOMAINS, defaultdelivery="./Maildir/\n")
    homes("foo/.qmail-postmaster", "./Maildir/\n")
    homes("foo/.qmail-default", "|true\n&someone@else.example\n")
    homes("foo-bar/.qmail-default", "./Mailbox\n")
    qmail.alias("-qux-default", "foo\n")
    return qmail


@pytest.mark.parametrize("name, address", TABLE)
def test_table(chapter, name, address):
    code, out = explain(chapter, "-s", "sender@client.example", address)
    kept(name + ".txt", places(chapter, out + "exit %d\n" % code))


def test_locals_beat_virtualdomains(chapter):
    chapter.control(locals="mail.test.example\nexample.com\n")
    code, out = explain(chapter, "-s", "sender@client.example", "x@example.com")
    kept("locals-first.txt", places(chapter, out + "exit %d\n" % code))


def test_before_and_after_locals_change(chapter):
    address = "foo-x@newlocal.example"
    assert explained(chapter, address)["recipient"] == "garply-foo-x@newlocal.example"
    code, out = explain(chapter, "-s", "sender@client.example", address)
    kept("locals-before.txt", places(chapter, out + "exit %d\n" % code))
    chapter.control(locals="mail.test.example\nnewlocal.example\n")
    assert explained(chapter, address)["recipient"] == "foo-x@newlocal.example"
    code, out = explain(chapter, "-s", "sender@client.example", address)
    kept("locals-after.txt", places(chapter, out + "exit %d\n" % code))


def test_chart(chapter):
    code, out = explain(chapter, "-d", "-s", "sender@client.example", "postmaster@example.com")
    kept("chart.txt", places(chapter, out))
    assert code == 0


def test_environment_table(chapter):
    got = explained(chapter, "postmaster@example.com", "-s", "s@x")["environment"]
    assert got.pop("UFLINE").startswith("From s@x ")
    assert got == {
        "USER": "foo", "HOME": HOMES + "/foo", "LOCAL": "foo-postmaster", "HOST": "example.com",
        "RECIPIENT": "foo-postmaster@example.com", "DTLINE": "Delivered-To: foo-postmaster@example.com\n",
        "EXT": "postmaster", "EXT2": "", "EXT3": "", "EXT4": "", "HOST2": "example", "HOST3": "example", "HOST4": "example",
        "SENDER": "s@x", "NEWSENDER": "s@x", "RPLINE": "Return-Path: <s@x>\n"}


# ---- rewriting

def test_line_that_is_repeated_and_lines_that_count_for_nothing(qmail, homes):
    qmail.control(virtualdomains="# x\nExample.com:baz\nexample.com foo\n\nexample.com:foo\n:foo\n")
    got = explained(qmail, "x@example.com")
    assert [(s["verdict"], s["line"]) for s in steps(got, "virtualdomains")] == [
        ("warning", 3), ("taken", 5), ("beaten", 2), ("beaten", 6)]
    assert got["recipient"] == "foo-x@example.com" and got["exit"] == 1


def test_what_qmail_send_does_not_know_yet(qmail, homes):
    def warnings():
        return [(s["stage"], s["text"]) for s in explained(qmail, "foo@mail.test.example")["steps"] if s["verdict"] == "warning"]

    qmail.control(virtualdomains="example.com:foo\n")
    qmail.start()
    try:
        assert warnings() == []
        qmail.control(virtualdomains="example.com:baz\n", percenthack="hack.example\n", concurrencydomains="example.com:1\n")
        newer = "is newer than what qmail-send uses"
        fixed = ("percenthack", newer + ", which reads it at the start only: restart qmail-send")
        assert warnings() == [fixed, ("virtualdomains", newer + ": send HUP"), ("concurrency", newer + ": send HUP")]
        assert "  virtualdomains warning  control/virtualdomains: %s: send HUP\n" % newer in explain(qmail, "foo@mail.test.example")[1]
        qmail.signal("HUP")
        wait_for("it to know", lambda: warnings() == [fixed])
        # of that he knows nothing
        assert steps(explained(qmail, "foo@mail.test.example", uid=30001), "percenthack", "warning") == []
    finally:
        qmail.stop()
    assert warnings() == []


def test_another_home_delivers(qmail, homes, tmp_path):
    os.makedirs(tmp_path / "bin")
    os.mkdir(tmp_path / "queue")
    (tmp_path / "bin/qmail-send").touch()
    os.rename(qmail / "queue", qmail / "queue.real")
    os.symlink(tmp_path / "queue", qmail / "queue")
    try:
        got = explained(qmail, "foo@mail.test.example")
    finally:
        os.unlink(qmail / "queue")
        os.rename(qmail / "queue.real", qmail / "queue")
    assert [(s["verdict"], s["file"], s["text"]) for s in steps(got, "elsewhere")] == [
        ("warning", "queue", "leads to %s, which delivers what is queued here, by its own files: ask the qmail-explain there" % tmp_path)]
    assert steps(explained(qmail, "foo@mail.test.example"), "elsewhere") == []


def test_queues_of_senders(qmail, homes):
    def queue(sender):
        return [(s["verdict"], s["line"]) for s in steps(explained(qmail, "foo@mail.test.example", "-s", sender), "queueroutes")]

    assert queue("x@shop.example") == []
    qmail.control(queueroutes="shop.example:/other/bin/qmail-queue\nours.example:bin/qmail-queue\nbad.example /x\nnone.example:\n")
    assert queue("x@shop.example") == [("warning", 1)]
    assert queue("x@ours.example") == [("taken", 2)]
    assert queue("x@bad.example") == [("warning", 3)]
    assert queue("x@none.example") == [("taken", 4)]
    assert queue("x@else.example") == [("passed", 0)]
    assert queue("") == [("passed", 0)]


def test_lines_without_a_colon_that_are_about_others(qmail, homes):
    qmail.control(virtualdomains="other.example\nx@example.com\n.com foo\nexample.com=foo\n.example.com foo\ncom foo\n"
                                 "y@example.com foo\nxexample.com foo\n")
    assert [s["line"] for s in steps(explained(qmail, "x@example.com"), "virtualdomains", "warning")] == [2, 3, 4]
    assert [s["line"] for s in steps(explained(qmail, "x@else.example"), "virtualdomains", "warning")] == []
    qmail.control(virtualdomains="example.com foo\n" * 1000)
    told = steps(explained(qmail, "x@example.com"), "virtualdomains", "warning")
    assert len(told) == 11 and told[-1]["text"] == "990 more lines like these"


def test_blank_behind_the_colon(qmail, homes):
    qmail.control(virtualdomains="example.com: foo\n")
    got = explained(qmail, "x@example.com")
    assert steps(got, "virtualdomains", "warning")[0]["line"] == 1 and got["recipient"] == " foo-x@example.com"


def test_percenthack_and_envnoathost(qmail, homes):
    qmail.control(percenthack="other.example\nhack.example\n", envnoathost="hack.example\n")
    got = explained(qmail, "foo%mail.test.example")
    assert [(s["file"], s["line"]) for s in got["steps"][:2]] == [("control/envnoathost", 1), ("control/percenthack", 2)]
    assert got["recipient"] == "foo@mail.test.example" and got["channel"] == "local" and got["user"] == "foo"
    os.unlink(qmail / "control/locals")
    assert steps(explained(qmail, "foo@mail.test.example"), "locals", "taken")[0]["file"] == "control/me"


def test_unreadable_controls(qmail, homes):
    os.chmod(qmail / "control/locals", 0)
    got = explained(qmail, "foo@mail.test.example", uid=30001)
    assert got["result"] == "unknown" and got["exit"] == 111 and got["steps"][0]["file"] == "control/locals"


# ---- users

ASSIGN = """=john:john:30002:30002:%(h)s/john:::
=zeke:john:30002:30002:%(h)s/john:-:zeke:
+foo-:foo:30001:30001:%(h)s/foo:-::
+foo-b-:baz:30003:30003:%(h)s/baz:-:pre-:
=root1:root:0:0:/root:::
=rel:foo:30001:30001:home:::
.
"""


@pytest.fixture
def assigned(qmail, homes):
    qmail.control(defaultdelivery="./Maildir/\n")
    qmail.assign(ASSIGN % {"h": HOMES})
    return qmail


@pytest.mark.parametrize("local, line, user, ext, result", [
    ("john", 1, "john", "", "deliverable"), ("JOHN", 1, "john", "", "deliverable"), ("zeke", 2, "john", "zeke", "nobody"),
    ("foo-X.y", 3, "foo", "X.y", "nobody"), ("foo-", 3, "foo", "", "nobody"), ("foo-b-Q", 4, "baz", "pre-Q", "nobody"),
    ("root1", 0, None, None, "waits"), ("rel", 0, None, None, "waits"), ("foo", 0, "foo", "", "deliverable"),
    ("john-x", 0, "john", "x", "nobody"), ("nobody-here", 0, "alias", "nobody-here", "nobody"),
    ("", 0, "alias", "", "nobody"), ("rooty-x", 0, "alias", "rooty-x", "nobody"),
])
def test_users(assigned, local, line, user, ext, result):
    got = explained(assigned, local + "@mail.test.example")
    assert (got.get("user"), got.get("ext"), got["result"]) == (user, ext, result)
    taken = steps(got, "assign", "taken")
    if line:
        assert (taken[0]["file"], taken[0]["line"]) == ("users/assign", line)
        assert taken[0]["text"] == (ASSIGN % {"h": HOMES}).split("\n")[line - 1]
    elif local not in ("root1", "rel"):
        assert taken == [] and steps(got, "assign", "passed")
        assert steps(got, "account", "taken")[0]["text"] == "account " + user
        assert steps(got, "account", "taken")[0]["file"] == "/etc/passwd"


def test_assign_and_cdb_disagree(assigned):
    with open(assigned / "users/assign", "w") as f:
        f.write("=other:foo:30001:30001:/tmp:::\n=john:baz:30003:30003:%s/baz:::\n.\n" % HOMES)
    os.utime(assigned / "users/cdb", (1, 1))
    got = explained(assigned, "john@mail.test.example")
    assert got["user"] == "john" and steps(got, "assign", "taken")[0]["file"] == "users/assign"
    warnings = [(s["file"], s["line"]) for s in steps(got, "assign", "warning")]
    assert warnings == [("users/cdb", 0), ("users/assign", 2)]
    got = explained(assigned, "zeke@mail.test.example")
    assert steps(got, "assign", "taken")[0]["file"] == "users/cdb" and len(steps(got, "assign", "warning")) == 2
    with open(assigned / "users/assign", "w") as f:
        f.write("=john:foo\n.\n")
    assert "seven colons" in json.dumps(steps(explained(assigned, "john@mail.test.example"), "assign", "warning"))


def test_assign_without_cdb_and_damaged_cdb(assigned):
    os.unlink(assigned / "users/cdb")
    got = explained(assigned, "zeke@mail.test.example")
    assert got["user"] == "alias" and "qmail-newu" in steps(got, "assign", "warning")[0]["text"]
    with open(assigned / "users/cdb", "wb") as f:
        f.write(b"\0" * 100)
    assert explained(assigned, "john@mail.test.example")["result"] == "waits"


def test_account_that_is_passed_over(qmail, homes):
    os.chown(HOMES + "/foo-bar", 30003, 30003)
    got = explained(qmail, "foo-bar-x@mail.test.example")
    assert got["user"] == "foo" and got["ext"] == "bar-x"
    passed = [s["text"] for s in steps(got, "account", "passed")]
    assert passed[0] == "no account foo-bar-x" and "belongs to uid 30003, not to uid 30004" in passed[1]
    got = explained(qmail, "root@mail.test.example")
    assert got["user"] == "alias" and "uid 0" in steps(got, "account", "passed")[0]["text"]


# ---- homes and .qmail files

@pytest.mark.parametrize("mode", [0o644, 0o600, 0o664, 0o646, 0o666, 0o744, 0o000])
@pytest.mark.parametrize("owner", [30001, 0, 30003])
@pytest.mark.parametrize("home", [0o755, 0o775, 0o757, 0o1755])
def test_refused(qmail, homes, mode, owner, home):
    path = homes("foo/.qmail-x", "./Maildir/\n")
    os.chown(path, owner, owner)
    os.chmod(path, mode)
    os.chmod(HOMES + "/foo", home)
    got = explained(qmail, "foo-x@mail.test.example")
    # what qmail-local itself says
    real = subprocess.run([qmail / "bin/qmail-local", "--", "foo", HOMES + "/foo", "foo-x", "-", "x", "mail.test.example",
                           "s@x", "./Maildir/"], stdin=open("/etc/hostname", "rb"), capture_output=True,
                          user=30001, group=30001, extra_groups=[])
    assert got["exit"] == {0: 0, 100: 1, 111: 111}[real.returncode], real
    if b"riend" in real.stdout + real.stderr or b"Uh-oh" in real.stderr + real.stdout:
        assert got["reason"] in (real.stdout + real.stderr).decode()
    if owner == 30003 and home in (0o755, 0o775) and got["result"] == "deliverable":
        assert "uid 30003" in steps(got, "dot-qmail", "warning")[0]["text"]


def test_order_of_names(qmail, homes):
    def file(ext):
        return explained(qmail, "foo-%s@mail.test.example" % ext).get("file")
    assert file("a-b") is None
    homes("foo/.qmail-default", "./Maildir/\n")
    assert file("a-b") == HOMES + "/foo/.qmail-default"
    homes("foo/.qmail-a-default", "./Maildir/\n")
    got = explained(qmail, "foo-A-b@mail.test.example")
    assert got["file"] == HOMES + "/foo/.qmail-a-default" and got["environment"]["DEFAULT"] == "b"
    os.mkdir(HOMES + "/foo/.qmail-a-b")
    assert [s["file"][-7:] for s in steps(explained(qmail, "foo-a-b@mail.test.example"), "dot-qmail")] == ["ail-a-b", "default"]
    os.rmdir(HOMES + "/foo/.qmail-a-b")
    homes("foo/.qmail-a-b", "./Maildir/\n")
    assert file("a-b") == HOMES + "/foo/.qmail-a-b"


@pytest.mark.parametrize("text, mode, result, line", [
    ("# c\n./Maildir/\n&a@b\n|cat\n", 0o644, "deliverable", 0), ("\n./Maildir/\n", 0o644, "waits", 1),
    ("&a@b\n./Maildir/\n", 0o744, "waits", 2), ("+list\n|x\n", 0o644, "waits", 2), ("a@b\n./Maildir/\r\n", 0o644, "waits", 2),
    ("./Nothing/\n", 0o644, "waits", 1), ("# nothing\n", 0o644, "deliverable", 0),
])
def test_instructions(qmail, homes, text, mode, result, line):
    homes("foo/.qmail-x", text, mode)
    got = explained(qmail, "foo-x@mail.test.example")
    assert got["result"] == result
    assert [s["line"] for s in steps(got, "instruction", "refused")] == ([line] if line else [])


def test_default_instructions(qmail, homes):
    got = explained(qmail, "foo@mail.test.example")
    assert got["result"] == "deliverable" and "file" not in got and "qmail-start" in got["steps"][-1]["text"]
    qmail.control(defaultdelivery="./Maildir/\n&a@b\n\n")
    got = explained(qmail, "foo@mail.test.example")
    assert [(s["file"], s["line"]) for s in steps(got, "instruction")] == [("control/defaultdelivery", n) for n in (1, 2)]
    homes("foo/.qmail", "", 0o744)
    assert explained(qmail, "foo@mail.test.example")["result"] == "deliverable"


def test_default_instructions_of_what_runs(qmail, homes):
    qmail.control(defaultdelivery="./Mailbox\n")
    qmail.start(default="# x\n./Maildir/")
    got = explained(qmail, "foo@mail.test.example")
    assert [(s["file"], s["line"], s["text"]) for s in steps(got, "instruction")] == [("", 2, "maildir ./Maildir/")]
    got = explained(qmail, "foo@mail.test.example", uid=30001)
    assert [(s["file"], s["text"]) for s in steps(got, "instruction")] == [("control/defaultdelivery", "mbox ./Mailbox")]
    qmail.stop()
    got = explained(qmail, "foo@mail.test.example")
    assert [s["text"] for s in steps(got, "instruction")] == ["mbox ./Mailbox"]


def test_new_sender_and_verp(qmail, homes):
    homes("foo/.qmail-l", "&a@b\n")
    homes("foo/.qmail-l-owner", "&me\n")
    env = explained(qmail, "foo-l@mail.test.example", "-s", "s@x")["environment"]
    assert env["NEWSENDER"] == "foo-l-owner@mail.test.example" and env["SENDER"] == "s@x"
    homes("foo/.qmail-l-owner-default", "&me\n")
    env = explained(qmail, "foo-l@mail.test.example", "-s", "l-@h-@[]")["environment"]
    assert env["NEWSENDER"] == "foo-l-owner-@mail.test.example-@[]" and env["SENDER"] == "l-foo-l=mail.test.example@h"


def test_another_user(qmail, homes):
    homes("foo/.qmail-x", "./Maildir/\n", 0o600)
    assert explained(qmail, "foo-x@mail.test.example", uid=30001)["result"] == "deliverable"
    got = explained(qmail, "foo-x@mail.test.example", uid=30002)
    assert (got["result"], got["exit"]) == ("unknown", 111) and steps(got, "dot-qmail", "unknown")
    os.chmod(HOMES + "/foo", 0o700)
    got = explained(qmail, "foo-x@mail.test.example", uid=30002)
    assert got["result"] == "unknown" and steps(got, "home", "unknown")
    assert explained(qmail, "foo-x@mail.test.example")["result"] == "deliverable"


def test_a_strangers_file_is_not_read_as_root(qmail, homes):
    """A link to what root alone may read."""
    secret = qmail / "control/secret"
    with open(secret, "w") as f:
        f.write("hidden\n")
    os.chmod(secret, 0o600)
    os.symlink(secret, HOMES + "/foo/.qmail-x")
    code, out = explain(qmail, "foo-x@mail.test.example")
    assert code == 111 and "hidden" not in out


# ---- remote

@pytest.mark.parametrize("host, result, hosts", [
    ("backup.example", "deliverable", ["192.0.2.3 port 25, mx4b.example", "192.0.2.2 port 25, mx4.example"]),
    ("byaddr4.example", "deliverable", ["192.0.2.2 port 25, byaddr4.example"]),
    ("[192.0.2.9]", "deliverable", ["192.0.2.9 port 25, [192.0.2.9]"]), ("nothing.example", "nobody", []),
    ("nullmx.example", "nobody", []), ("deadmx.example", "nobody", []), ("txtonly.example", "nobody", []),
    ("not.served", "waits", []),
])
def test_exchangers(qmail, dns, host, result, hosts):
    got = explained(qmail, "x@" + host)
    assert (got["channel"], got["result"]) == ("remote", result)
    assert [s["text"] for s in steps(got, "host", "taken")] == hosts


def test_best_exchanger_is_this_host(qmail, dns, peer):
    got = explained(qmail, "x@bestme.example")
    assert got["exit"] == 1 and "locals" in got["reason"] and len(steps(got, "host", "passed")) == 2


def test_smtproutes(qmail, dns):
    qmail.control(smtproutes=".a.example:mx4.example:26\nx.a.example:\n:[192.0.2.7]\nb.example:1.2.3\nc.example:mx4.example:x\n"
                  "d.example mx\ne.example:mx4.example|me|secret\nf.example:gone.example\nf.example:no.example\n")

    def route(host):
        got = explained(qmail, "x@" + host)
        taken = steps(got, "smtproutes", "taken") + steps(got, "smtproutes", "refused")
        return [s["line"] for s in taken], got["result"], got.get("relay"), got.get("port")
    assert route("y.a.example") == ([1], "deliverable", "mx4.example", 26)
    assert route("x.a.example") == ([2], "nobody", None, None)
    assert route("else.example") == ([3], "deliverable", "[192.0.2.7]", 25)
    assert route("b.example") == ([4, 4], "waits", None, None)
    assert route("c.example")[:2] == ([5, 5], "waits")
    assert route("d.example")[:2] == ([6], "waits")
    assert route("e.example") == ([7], "deliverable", "mx4.example", 25)
    assert route("f.example") == ([9], "nobody", "no.example", 25)
    code, out = explain(qmail, "x@e.example", "y@x.a.example")
    assert code == 1 and "secret" not in out


# ---- what holds for some senders or domains only

def test_lines_about_some_senders_and_domains(qmail, homes, dns):
    """The line that counts, as the programs choose it; a sender without a domain has none but a star's."""
    qmail.control(
        queuelifetimes="a.example:60\n.a.example:70\njoe@a.example:80\nb.example:long\n",
        concurrencydomains="else.example:3\n.example:5\nx@else.example:1\n",
        domainips="a.example:192.0.2.77\n.a.example:[127.0.0.1]|helo.example\njoe@a.example:|joe.example\nc.example 127.0.0.1\n"
                  "d.example:127.0.0.1,127.0.0.2\n*:127.0.0.5\n", smtproutes=":[127.0.0.9]\n", virtualdomains="v.example:foo\n")

    def lines(sender, address="y@else.example"):
        got = explained(qmail, address, "-s", sender)
        return [(s["stage"], s["verdict"], s["line"]) for s in got["steps"]
                if s["stage"] in ("lifetime", "concurrency", "domainips")], got
    mine, got = lines("x@a.example")
    assert mine == [("lifetime", "taken", 1), ("concurrency", "taken", 1), ("domainips", "taken", 1), ("domainips", "refused", 1)]
    assert (got["lifetime"], got["concurrency"], got["result"]) == (60, 3, "waits") and "source" not in got
    mine, got = lines("x@b.a.example", "x@else.example")
    assert mine == [("lifetime", "taken", 2), ("concurrency", "taken", 3), ("domainips", "taken", 2)]
    assert (got["source"], got["helohost"], got["result"]) == ("[127.0.0.1]", "helo.example", "deliverable")
    assert {s["file"] for s in got["steps"] if s["stage"] == "domainips"} == {"control/domainips"}
    mine, got = lines("Joe@A.example-@[]")
    assert mine == [("lifetime", "taken", 3), ("concurrency", "taken", 1), ("domainips", "taken", 1), ("domainips", "refused", 1)]
    mine, got = lines("Joe@A.example")
    assert mine == [("lifetime", "taken", 3), ("concurrency", "taken", 1), ("domainips", "taken", 3)]
    assert got["helohost"] == "joe.example" and "source" not in got
    mine, got = lines("x@b.example", "y@z.example")
    assert mine == [("lifetime", "warning", 4), ("concurrency", "taken", 2), ("domainips", "taken", 6)] and "lifetime" not in got
    for sender in "", "#@[]", "joe":
        mine, got = lines(sender, "y@else.test")
        assert mine == [("lifetime", "passed", 0), ("concurrency", "passed", 0), ("domainips", "taken", 6)]
        assert got["source"] == "127.0.0.5"
    assert [lines("x@%s.example" % d)[1]["result"] for d in "cd"] == ["waits", "waits"]
    assert lines("x@a.example", "foo-z@v.example")[0] == [("lifetime", "taken", 1), ("concurrency", "taken", 2)]
    code, out = explain(qmail, "-s", "x@b.a.example", "x@else.example")
    assert "  lifetime       taken    control/queuelifetimes:2: .a.example:70\n" in out
    assert "  concurrency    taken    control/concurrencydomains:3: x@else.example:1\n" in out
    assert "  domainips      taken    control/domainips:2: .a.example:[127.0.0.1]|helo.example\n" in out


# ---- output

def test_hostile_bytes(qmail, homes):
    qmail.control(virtualdomains="e.example:foo\n")
    address = b"a\x1b[2J\n\xff\xc3\xa9\"\\\xed\xa0\x80@e.example"
    argv = [qmail / "bin/qmail-explain"]
    for option in ([], ["-d"]):
        out = subprocess.run(argv + option + [address], capture_output=True, env=qmail.env()).stdout
        assert set(out) <= set(range(32, 127)) | {10} and rb"a\x1b[2J\x0a\xff\xc3\xa9" in out
    out = subprocess.run(argv + ["-j", address], capture_output=True, env=qmail.env()).stdout
    assert set(out) & set(range(32)) == {10} and out.count(b"\n") == 1
    text = json.loads(out.decode("utf-8"))["address"]

    def byte(m):
        return b"\\" if m[0] == b"\\\\" else bytes([int(m[1], 16)])
    assert re.sub(rb"\\\\|\\x([0-9a-f]{2})", byte, text.encode()) == address


@pytest.mark.parametrize("address, controls", [
    ("foo-" + "a-" * 60000 + "@mail.test.example", {}), ("-" * 120000, {}),
    ("x" + "%h.example" * 12000 + "@h.example", {"percenthack": "h.example\n"}),
    ("x@" + "a." * 60000, {"virtualdomains": "nothing\n" * 50000}), ("x" * 120000 + "@mail.test.example", {}),
], ids=["extension", "dashes", "percent", "domain", "long"])
def test_addresses_made_for_it(qmail, homes, dns, address, controls):
    qmail.control(**controls)
    r = subprocess.run(["prlimit", "--as=%d" % (64 << 20), qmail / "bin/qmail-explain", "-j", "--", address],
                       capture_output=True, env=qmail.env(), timeout=60)
    assert r.stderr == b"" and r.returncode in (1, 111) and len(r.stdout) < 16 << 20
    assert json.loads(r.stdout)["result"] in ("nobody", "waits")


def test_behind_a_program(qmail, homes):
    homes("foo/.qmail-x", "|exit 99\n./Nothing/\n")
    got = explained(qmail, "foo-x@mail.test.example")
    assert got["result"] == "waits" and "99" in got["reason"]
    os.chmod(HOMES + "/foo", 0o755)
    homes("foo/.qmail-y", "./Maildir/\n")
    assert explained(qmail, "foo-y@mail.test.example", uid=30002)["result"] == "deliverable"


def test_exit_codes_of_several(qmail, homes):
    qmail.control(defaultdelivery="./Maildir/\n")
    good, bad, shut = ("foo@mail.test.example", "no-one@mail.test.example", "baz@mail.test.example")
    os.chmod(HOMES + "/baz", 0o777)
    assert [explain(qmail, *a)[0] for a in ((good,), (bad,), (shut,), (good, bad), (bad, shut, good), (good, good))] == [
        0, 1, 111, 1, 111, 0]
    assert explain(qmail, "-j", good, bad)[1].count("\n") == 2
    for args in ((), ("-x", good), ("-s",)):
        assert subprocess.run([qmail / "bin/qmail-explain", *args], stderr=subprocess.DEVNULL).returncode == 100


# ---- what it says is what happens

def a_configuration(rng, qmail, homes):
    domains = ["example.com", ".example.com", "a.example.com", "v.example", ".v.example", "joe@v.example", "w.example"]
    prefixes = ["foo", "foo-bar", "john", "baz-x", "nobody", "alias", "foo-bar-list", ""]
    qmail.control(locals="mail.test.example\n" + rng.choice(["", "v.example\n", "w.example\nExample.COM\n"]),
                  percenthack=rng.choice(["", "w.example\n", "mail.test.example\nv.example\n"]),
                  virtualdomains="".join("%s:%s\n" % (d, rng.choice(prefixes)) for d in rng.sample(domains, rng.randint(0, 7)))
                  + rng.choice(["", "", ":foo\n", ":nobody\n", ":\n"]),
                  smtproutes=":[127.0.0.9]\n", defaultdelivery="|echo default $(id -u)\n")
    names = ["", "-default", "-list", "-a-default", "-x-default", "-bar-default", "-list-default", "-a:b"]
    for n in ACCOUNTS:
        fresh_home(n)
        for name in rng.sample(names, rng.randint(2, 7)):
            homes("%s/.qmail%s" % (n, name), "|echo %s/.qmail%s $(id -u)\n" % (n, name),
                  rng.choice([0o644, 0o600, 0o644, 0o644, 0o666, 0o755]))
        os.chmod(HOMES + "/" + n, rng.choice([0o755, 0o700] * 4 + [0o777, 0o1755]))
        if rng.random() < 0.1:
            os.chown(HOMES + "/" + n, 30009, 30009)
    for f in os.listdir(qmail / "alias"):
        os.unlink(qmail / "alias/" + f)
    for name in rng.sample(["-default", "-list", "-nobody-default", "-joe", "-john-default"], rng.randint(0, 4)):
        qmail.alias(name, "|echo alias/.qmail%s $(id -u)\n" % name)
    lines = ["=john:john:30002:30002:%s/john:::\n", "+john-:john:30002:30002:%s/john:-::\n",
             "+foo-list-:baz:30003:30003:%s/baz:-:x-:\n",
             "=joe:foo:30001:30001:%s/foo:-:list:\n", "+n:foo-bar:30004:30004:%s/foo-bar:-:a-:\n", "=root:root:0:0:%s:::\n"]
    for f in os.listdir(qmail / "users"):
        os.unlink(qmail / "users/" + f)
    if rng.random() < 0.7:
        qmail.assign("".join(ln % HOMES for ln in rng.sample(lines, rng.randint(0, 6))) + ".\n")
    locals_ = ["foo", "Foo-list", "foo-bar", "foo-bar-a-b", "foo-a.b", "foo-", "john", "john-X-y", "joe", "JOE",
               "baz-list-q", "nobody-z", "foo-list-default", "root", "none", "n-n", "x%v.example", "foo%w.example%v.example",
               "list", "alias-list"]
    hosts = ["mail.test.example"] * 9 + ["example.com", "b.example.com", "a.example.com", "v.example", "q.v.example",
                                         "w.example", "else.example", "EXAMPLE.com", ""]
    out = {rng.choice(locals_) + "@" + rng.choice(hosts) for _ in range(50)} | {rng.choice(locals_)}
    return sorted(out)


@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_deliveries(qmail, homes, seed):
    addresses = a_configuration(random.Random(seed), qmail, homes)
    said = {}
    for a in addresses:
        got = explained(qmail, a, "-s", "s@client.example")
        said.setdefault((got["channel"], re.sub("[% ]", "_", got["recipient"])), []).append((a, got))
    qmail.control(concurrencylocal="20\n", concurrencyremote="1\n", timeoutconnect="1\n")
    d = qmail.start(default="|echo default $(id -u)")
    assert d
    assert qmail.inject(b"s@client.example", [a.encode() for a in addresses], b"Subject: t\n\nb\n") == 0
    qmail.wait_log(r"^delivery \d+: ", len(addresses), timeout=60)
    log = qmail.logtext()
    starts = re.findall(r"^starting delivery (\d+): msg \d+ to (local|remote) (.*)$", log, re.M)
    ends = dict(re.findall(r"^delivery (\d+): (.*)$", log, re.M))
    for number, channel, recipient in starts[:len(addresses)]:
        a, got = said[channel, recipient][0]
        outcome, _, text = ends[number].partition(": ")
        if channel == "remote":
            continue
        assert got["exit"] == {"success": 0, "failure": 1, "deferral": 111}[outcome], (a, got, ends[number])
        if outcome == "success":
            file = got.get("file", "default").replace(HOMES + "/", "").replace(qmail / "alias", "alias")
            assert text.startswith("%s_%d" % (file, got["uid"])), (a, got, text)
        elif got["reason"].startswith(("Uh-oh", "Home", "Sorry")):
            assert text.replace("_", " ").startswith(got["reason"].replace("_", " ")), (a, got["reason"], text)
    assert {(c, r) for _, c, r in starts[:len(addresses)]} == set(said)
