"""The two rules of a well-known chapter on virtualization that qmail does not have: control/emptyprefixlocal and
control/aliasfallback. Both off unless they are asked for; qmail-explain says which of them applied."""
import json
import os
import re
import subprocess

import pytest

from harness import HOMES, maildir, wait_for


pytestmark = pytest.mark.usefixtures("alias_at_home")


def explained(qmail, address):
    r = subprocess.run([qmail / "bin/qmail-explain", "-j", "--", address], capture_output=True, cwd="/", env=qmail.env())
    got = json.loads(r.stdout)
    assert got["exit"] == r.returncode
    return got


def texts(got, stage, verdict):
    return [s["text"] for s in got["steps"] if s["stage"] == stage and s["verdict"] == verdict]


def deliver(qmail, address):
    """How the local delivery of a message ends, as the log tells it."""
    start = r"(?m)^starting delivery (\d+): msg \d+ to local %s$" % re.escape("foo-" + re.sub("^foo-", "", address))
    before = len(re.findall(start, qmail.logtext()))
    qmail.send("s@client.example", address)
    number = qmail.wait_log(start, before + 1)[-1]
    return qmail.wait_log(r"^delivery %s: (.*)" % number)[0]


# ---- an empty prepend

VIRTUALDOMAINS = "foo@one.example:\nwhole.example:\n.below.example:\nprepend.example:baz\n"
LOCAL = ["foo@one.example", "foo@whole.example", "foo@a.below.example"]
REMOTE = ["john@one.example", "foo@below.example", "foo@a.whole.example"]


@pytest.mark.parametrize("wanted", ["1\n", "0\n", None, "yes\n"])
def test_an_empty_prepend(qmail, homes, wanted):
    qmail.control(virtualdomains=VIRTUALDOMAINS, concurrencyremote="0\n")
    if wanted:
        qmail.control(emptyprefixlocal=wanted)
    os.unlink(qmail / "control/rcpthosts")
    qmail.start("./Maildir/")
    qmail.listen()
    local = LOCAL if wanted == "1\n" else []
    for a in LOCAL + REMOTE:
        got = explained(qmail, a)
        assert (got["channel"], got["recipient"]) == ("local" if a in local else "remote", a)
        said = " ".join(texts(got, "virtualdomains", "taken"))
        assert ("local, by control/emptyprefixlocal" in said) == (a in local)
        qmail.send("s@client.example", a)
    wait_for("the local ones", lambda: len(maildir("foo/Maildir")) == len(local))
    qmail.wait_log("^info msg", len(LOCAL + REMOTE))
    assert all(b"Delivered-To: %s\n" % a.encode() in b"".join(maildir("foo/Maildir")) for a in local)
    if wanted == "yes\n":
        qmail.wait_log("^warning: control/emptyprefixlocal line 1: not a number", timeout=25)


def test_the_switch_counts_from_the_next_HUP_on(qmail, homes):
    qmail.control(virtualdomains="whole.example:\n", rcpthosts="whole.example\n", concurrencyremote="0\n")
    qmail.start("./Maildir/")
    qmail.listen()
    qmail.control(emptyprefixlocal="1\n")
    qmail.send("s@client.example", "foo@whole.example")
    qmail.wait_log("^info msg")
    assert maildir("foo/Maildir") == []
    qmail.signal("HUP")
    qmail.send("s@client.example", "foo@whole.example")
    wait_for("the second", lambda: len(maildir("foo/Maildir")) == 1)
    os.unlink(qmail / "control/emptyprefixlocal")
    os.mkdir(qmail / "control/emptyprefixlocal")
    qmail.signal("HUP")
    try:
        qmail.wait_log("^alert: unable to reread control/emptyprefixlocal")
        qmail.send("s@client.example", "foo@whole.example")
        wait_for("the third, by the old rules", lambda: len(maildir("foo/Maildir")) == 2)
    finally:
        os.rmdir(qmail / "control/emptyprefixlocal")


# ---- alias as the last resort

@pytest.fixture
def site(qmail, homes):
    qmail.control(virtualdomains="example.com:foo\n", rcpthosts="mail.test.example\nexample.com\n")
    homes("foo/.qmail-own", "./Maildir/\n")
    homes("foo/.qmail-shut", "./Maildir/\n", 0o646)
    qmail.alias("-foo-info", "|cat > alias-info; id -un >> alias-info\n")
    qmail.alias("-foo-group-default", "|echo $DEFAULT $LOCAL $EXT $USER > alias-group\n")
    qmail.alias("-foo-shut", "|echo wrong > alias-shut\n")
    qmail.start("./Maildir/")
    qmail.listen()
    yield qmail
    for f in ("alias-info", "alias-group", "alias-shut"):
        if os.path.exists(qmail / ("alias/" + f)):
            os.unlink(qmail / ("alias/" + f))


def read(path):
    with open(path) as f:
        return f.read()


def test_without_it_a_users_address_is_his_alone(site):
    for a in ("info@example.com", "foo-group-x@mail.test.example", "nope@example.com"):
        assert "Sorry,_no_mailbox_here_by_that_name" in deliver(site, a)
        assert explained(site, a)["result"] == "nobody"
    site.control(aliasfallback="0\n")
    assert "Sorry,_no_mailbox_here_by_that_name" in deliver(site, "info@example.com")


def test_alias_is_the_last_resort(site):
    site.control(aliasfallback="1\n")
    got = explained(site, "info@example.com")
    assert (got["result"], got["user"], got["ext"], got["file"]) == (
        "deliverable", "alias", "foo-info", site / "alias/.qmail-foo-info")
    assert any("last resort" in t for t in texts(got, "user", "taken"))
    assert deliver(site, "info@example.com").startswith("success")
    assert read(site / "alias/alias-info").endswith("alias\n")
    assert deliver(site, "Group-X@example.com").startswith("success")
    assert read(site / "alias/alias-group") == "X foo-Group-X foo-Group-X alias\n"
    # his own files come first, and what makes mail to him wait makes it wait
    assert deliver(site, "own@example.com").startswith("success") and len(maildir("foo/Maildir")) == 1
    assert explained(site, "shut@example.com")["result"] == "waits"
    site.send("s@client.example", "shut@example.com")
    site.wait_log("deferral: Uh-oh:_.qmail_file_is_writable")
    # nobody has it
    assert explained(site, "nope@example.com")["result"] == "nobody"
    assert "Sorry,_no_mailbox_here_by_that_name" in deliver(site, "nope@example.com")
    assert not os.path.exists(site / "alias/alias-shut")


def test_the_empty_prefix_of_users_assign_stands_for_alias(site):
    site.control(aliasfallback="1\n")
    site.assign("+:john:30002:30002:%s/john:-:all-:\n+foo-:foo:30001:30001:%s/foo:-::\n.\n" % (HOMES, HOMES))
    with open(HOMES + "/john/.qmail-all-foo-info", "w") as f:
        f.write("./Maildir/\n")
    got = explained(site, "info@example.com")
    assert (got["user"], got["ext"]) == ("john", "all-foo-info")
    assert deliver(site, "info@example.com").startswith("success")
    assert len(maildir("john/Maildir")) == 1


def test_a_switch_that_cannot_be_read_makes_mail_wait(site):
    os.mkdir(site / "control/aliasfallback")
    try:
        site.send("s@client.example", "nope@example.com")
        site.wait_log("deferral: Temporary_failure_in_qmail-lspawn")
        assert explained(site, "nope@example.com")["result"] == "waits"
    finally:
        os.rmdir(site / "control/aliasfallback")
