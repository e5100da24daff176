"""control/virtualdomains, users/assign and .qmail together: mail comes in by SMTP, the delivery shows
where it went. The examples are those of a well-known chapter on qmail virtualization."""
import os
import pwd
import re
import subprocess

import pytest

from harness import ACCOUNTS, HOMES, fresh_home, maildir

VIRTUALDOMAINS = """example.com:foo
.example.com:foo-bar
two.example.com:baz
waldo@domain.com:qux
domain.com:
:garply
"""


@pytest.mark.parametrize("address, channel, recipient", [
    ("user@example.com", "local", "foo-user@example.com"),
    ("postmaster@example.com", "local", "foo-postmaster@example.com"),
    ("a-b-c-d@Example.COM", "local", "foo-a-b-c-d@Example.COM"),
    ("user@something.example.com", "local", "foo-bar-user@something.example.com"),
    ("a@x.two.example.com", "local", "foo-bar-a@x.two.example.com"),
    ("user@two.example.com", "local", "baz-user@two.example.com"),
    ("waldo@domain.com", "local", "qux-waldo@domain.com"),
    ("WALDO@DOMAIN.COM", "local", "qux-WALDO@DOMAIN.COM"),
    ("other@domain.com", "remote", "other@domain.com"),
    ("someone@somewhere.org", "local", "garply-someone@somewhere.org"),
    ("nobody@", "local", "garply-nobody@"),
    ("foo@mail.test.example", "local", "foo@mail.test.example"),
    ("nohost", "local", "nohost@mail.test.example"),
])
def test_virtualdomains_table(qmail, homes, address, channel, recipient):
    qmail.control(virtualdomains=VIRTUALDOMAINS, rcpthosts="", concurrencylocal="0\n", concurrencyremote="0\n")
    os.unlink(qmail / "control/rcpthosts")
    qmail.start()
    qmail.listen()
    qmail.send("sender@client.example", address)
    qmail.wait_log("^end msg|^info msg .* from <sender@client.example>")
    qmail.stop()
    # on hold: the recipient stands in the queue as it was rewritten
    got = []
    for base, _, files in os.walk(qmail / "queue"):
        for f in files:
            kind = os.path.relpath(base, qmail / "queue").split("/")[0]
            if kind in ("local", "remote"):
                with open(os.path.join(base, f), "rb") as h:
                    got.append((kind, h.read()))
    assert got == [(channel, b"T" + recipient.encode() + b"\0")]


def test_locals_beat_virtualdomains(qmail, homes):
    qmail.control(locals="mail.test.example\nexample.com\n", virtualdomains="example.com:foo\n", rcpthosts="example.com\n")
    qmail.start()
    qmail.listen()
    qmail.send("s@client.example", "baz@example.com")
    qmail.wait_log(r"to local baz@example\.com$")


def test_hup_rereads_locals_and_virtualdomains(qmail, homes):
    qmail.control(virtualdomains=":garply\n")
    os.unlink(qmail / "control/rcpthosts")
    qmail.alias("-default", "./Mailbox\n")
    qmail.start()
    qmail.listen()
    qmail.send("s@client.example", "foo-x@newlocal.example")
    qmail.wait_log(r"to local garply-foo-x@newlocal\.example$")
    qmail.control(locals="mail.test.example\nnewlocal.example\n")
    qmail.signal("HUP")
    qmail.send("s@client.example", "foo-x@newlocal.example")
    qmail.wait_log(r"to local foo-x@newlocal\.example$")


def environment(qmail, where):
    with open(where, "rb") as f:
        items = f.read().split(b"\0")
    return dict(x.decode().split("=", 1) for x in items if x)


EXTRA = ("SENDER NEWSENDER RECIPIENT USER HOME LOCAL EXT EXT2 EXT3 EXT4 HOST HOST2 HOST3 HOST4 DTLINE RPLINE "
         "UFLINE DEFAULT").split()


def test_environment_of_a_virtual_recipient(qmail, homes):
    homes("foo/.qmail-postmaster", "|env -0 > env.out\n")
    qmail.control(virtualdomains="example.com:foo\n", rcpthosts="example.com\n")
    qmail.start()
    qmail.listen()
    qmail.send("sender@client.example", "postmaster@example.com")
    qmail.wait_log("success: did_0.0.1/")
    e = environment(qmail, HOMES + "/foo/env.out")
    assert re.fullmatch(r"From sender@client\.example \w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}\n", e.pop("UFLINE"))
    assert {k: e.get(k) for k in EXTRA if k != "UFLINE"} == {
        "SENDER": "sender@client.example", "NEWSENDER": "sender@client.example",
        "RECIPIENT": "foo-postmaster@example.com", "USER": "foo", "HOME": HOMES + "/foo",
        "LOCAL": "foo-postmaster", "EXT": "postmaster", "EXT2": "", "EXT3": "", "EXT4": "",
        "HOST": "example.com", "HOST2": "example", "HOST3": "example", "HOST4": "example",
        "DTLINE": "Delivered-To: foo-postmaster@example.com\n", "RPLINE": "Return-Path: <sender@client.example>\n",
        "DEFAULT": None}


def test_environment_of_a_default_file(qmail, homes):
    homes("foo/.qmail-default", "|env -0 > env.out\n")
    qmail.control(virtualdomains="example.com:foo\n", rcpthosts="example.com\n")
    qmail.start()
    qmail.listen()
    qmail.send("sender@client.example", "Post-Master-x@example.com")
    qmail.wait_log("success: did_0.0.1/")
    e = environment(qmail, HOMES + "/foo/env.out")
    assert (e["EXT"], e["EXT2"], e["EXT3"], e["EXT4"], e["DEFAULT"]) == (
        "Post-Master-x", "Master-x", "x", "", "Post-Master-x")


def test_environment_of_a_system_alias(qmail, homes):
    qmail.alias("-postmaster", "|env -0 > env.out\n")
    home = qmail / "alias"
    qmail.control(locals="mail.test.example\nexample.com\n", rcpthosts="example.com\n")
    passwd_home = pwd.getpwnam("alias").pw_dir
    if passwd_home != home:
        qmail.assign("+:alias:%d:%d:%s:-::\n.\n" % (pwd.getpwnam("alias").pw_uid, pwd.getpwnam("alias").pw_gid, home))
    qmail.start()
    qmail.listen()
    qmail.send("sender@client.example", "postmaster@example.com")
    qmail.wait_log("success: did_0.0.1/")
    e = environment(qmail, home + "/env.out")
    assert {k: e.get(k) for k in EXTRA if k != "UFLINE"} == {
        "SENDER": "sender@client.example", "NEWSENDER": "sender@client.example",
        "RECIPIENT": "postmaster@example.com", "USER": "alias", "HOME": home,
        "LOCAL": "postmaster", "EXT": "postmaster", "EXT2": "", "EXT3": "", "EXT4": "",
        "HOST": "example.com", "HOST2": "example", "HOST3": "example", "HOST4": "example",
        "DTLINE": "Delivered-To: postmaster@example.com\n", "RPLINE": "Return-Path: <sender@client.example>\n",
        "DEFAULT": None}


JOHN = "john:%d:%d:%s/john" % (ACCOUNTS["john"], ACCOUNTS["john"], HOMES)


@pytest.mark.parametrize("assign, recipient, file, local", [
    ("=john:%s:::" % JOHN, "john", ".qmail", "john"),
    ("=zeke:%s:::" % JOHN, "zeke", ".qmail", "zeke"),
    ("=zeke:%s:-:zeke:" % JOHN, "zeke", ".qmail-zeke", "zeke"),
    ("=zeke:%s:-:zeke:" % JOHN, "zeke", ".qmail-default", "zeke"),
    ("+john-:%s:-::" % JOHN, "john-test", ".qmail-test", "john-test"),
    ("+john-:%s:-::" % JOHN, "john-anything", ".qmail-anything", "john-anything"),
    ("+john-:%s:-::" % JOHN, "john-", ".qmail-", "john-"),
    ("=John.Doe:%s:-:jd:" % JOHN, "john.doe", ".qmail-jd", "john.doe"),
    ("+foo-bar-:%s:-:pre-:" % JOHN, "FOO-BAR-Qux", ".qmail-pre-qux", "FOO-BAR-Qux"),
    ("+long-:%s:-:short:\n+long-name-:%s:-:long:" % (JOHN, JOHN), "long-name-x", ".qmail-longx", "long-name-x"),
    ("+long-:%s:-:plus:\n=long-name:%s:-:exact:" % (JOHN, JOHN), "long-name", ".qmail-exact", "long-name"),
    ("=twice:%s:-:one:\n=twice:%s:-:two:" % (JOHN, JOHN), "twice", ".qmail-one", "twice"),
])
def test_assign_table(qmail, homes, assign, recipient, file, local):
    homes("john/" + file, "./Maildir/\n")
    qmail.assign(assign + "\n.\n")
    qmail.start()
    qmail.listen()
    qmail.send("s@client.example", recipient + "@mail.test.example")
    qmail.wait_log("^delivery 1: success: did_1.0.0/")
    [m] = maildir("john", "Maildir")
    assert ("\nDelivered-To: %s@mail.test.example\n" % local).encode() in m


def test_assign_without_wildcard_does_not_cover_extensions(qmail, homes):
    homes("john/.qmail-test", "./Maildir/\n")
    qmail.assign("=john:%s:::\n+:nobody:65534:65534:/nonexistent:-::\n.\n" % JOHN)
    qmail.start()
    qmail.listen()
    qmail.send("s@client.example", "john-test@mail.test.example")
    qmail.wait_log("^delivery 1: (deferral|failure)")
    assert maildir("john", "Maildir") == []


def test_missing_file_bounces_without_asking_alias(qmail, homes):
    qmail.alias("-foo-nosuch", "./Mailbox\n")
    qmail.alias("-default", "./Mailbox\n")
    qmail.control(virtualdomains="example.com:foo\n", rcpthosts="example.com\n")
    qmail.start()
    qmail.listen()
    qmail.send("", "nosuch@example.com")
    qmail.wait_log(r"^delivery 1: failure: Sorry,_no_mailbox_here_by_that_name\._\(#5\.1\.1\)/$")


def test_vpopmail_road(qmail, homes):
    """Each step of a vpopmail domain: no passwd account, uid 89, .qmail-default, vdelivermail's inputs."""
    domain = HOMES + "/vpopmail"
    fresh_home("vpopmail", 89)
    stub = domain + "/vdelivermail"
    with open(stub, "w") as f:
        f.write("#!/bin/sh\n{ echo \"$EXT $HOST $USER $HOME $DEFAULT\"; id -u; id -G; pwd; "
                "python3 -c 'import os; print(os.lseek(0, 0, 1))'; echo \"$@\"; cat; } > out\n")
    os.chmod(stub, 0o755)
    with open(domain + "/.qmail-default", "w") as f:
        f.write("| %s '' bounce-no-mailbox\n" % stub)
    qmail.control(virtualdomains="example.com:example.com\n", rcpthosts="example.com\n")
    qmail.assign("+example.com-:example.com:89:89:%s:-::\n.\n" % domain)
    qmail.start()
    qmail.listen()
    qmail.send("s@client.example", "user@example.com", "Subject: v\n\nhello\n")
    qmail.wait_log(r"^starting delivery 1: msg \d+ to local example\.com-user@example\.com$")
    qmail.wait_log(r"^delivery 1: success: did_0\+0\+1/$")
    with open(domain + "/out") as f:
        lines = f.read().split("\n")
    assert lines[:6] == ["user example.com example.com %s user" % domain, "89", "89", domain, "0", " bounce-no-mailbox"]
    assert "hello" in lines


def test_newu_refuses_the_misprinted_line_and_keeps_the_old_table(qmail, homes):
    qmail.assign("=john:%s:::\n.\n" % JOHN)
    with open(qmail / "users/cdb", "rb") as f:
        old = f.read()
    with open(qmail / "users/assign", "w") as f:
        f.write("=john:%s:::\n+example.com-example.com:89:89:/var/lib/vpopmail/domains/example.com:-::\n.\n" % JOHN)
    r = subprocess.run([qmail / "bin/qmail-newu"], capture_output=True, text=True)
    assert r.returncode == 111
    assert r.stderr.startswith("qmail-newu: fatal: bad format in users/assign")
    with open(qmail / "users/cdb", "rb") as f:
        assert f.read() == old


def test_one_prefix_serves_several_domains(qmail, homes):
    homes("foo/.qmail-user", "|echo $HOST >> hosts\n")
    qmail.control(virtualdomains="a.example:foo\nb.example:foo\n", rcpthosts="a.example\nb.example\n")
    qmail.start()
    qmail.listen()
    qmail.send("s@client.example", ["user@a.example", "user@b.example"])
    qmail.drained()
    with open(HOMES + "/foo/hosts") as f:
        assert sorted(f.read().split()) == ["a.example", "b.example"]


def test_vmailmgr_variant_through_getpw(qmail, homes):
    """The domain's own account, found in the password file; the longest account name wins."""
    homes("foo-bar/.qmail-default", "./Maildir/\n")
    homes("foo/.qmail-default", "./Maildir/\n")
    qmail.control(virtualdomains="example.com:foo-bar\n", rcpthosts="example.com\n")
    qmail.start()
    qmail.listen()
    qmail.send("s@client.example", "user@example.com")
    qmail.drained()
    assert len(maildir("foo-bar", "Maildir")) == 1
    assert maildir("foo", "Maildir") == []


def test_two_installations_side_by_side(qmail, second, homes):
    second.clear()
    second.control(me="two.test.example\n", locals="two.test.example\n", rcpthosts="two.test.example\n")
    homes("foo/.qmail", "./Maildir/\n")
    homes("baz/.qmail", "./Maildir/\n")
    try:
        qmail.start()
        second.start()
        qmail.listen("127.0.0.1")
        second.listen("127.0.0.2")
        qmail.send("s@client.example", "foo@mail.test.example", address="127.0.0.1")
        second.send("s@client.example", "baz@two.test.example", address="127.0.0.2")
        qmail.drained()
        second.drained()
        assert len(maildir("foo", "Maildir")) == len(maildir("baz", "Maildir")) == 1
        assert b"two.test" not in maildir("foo", "Maildir")[0]
        # each has its own lock: a second qmail-send on either queue does not start
        log = subprocess.run([second / "bin/qmail-start", "./Mailbox"], env=second.env(), capture_output=True, text=True,
                             timeout=20).stdout
        assert "alert: cannot start: qmail-send is already running" in log
    finally:
        second.stop()


def test_second_installation_may_share_the_first_queue(qmail, second, homes):
    """bin/qmail-queue of the second is a link to the first's: it serves the first queue, whoever calls."""
    second.clear()
    second.control(me="two.test.example\n", locals="two.test.example\n", rcpthosts="mail.test.example\n")
    homes("foo/.qmail", "./Maildir/\n")
    os.rename(second / "bin/qmail-queue", second / "bin/qmail-queue.own")
    os.symlink(qmail / "bin/qmail-queue", second / "bin/qmail-queue")
    try:
        qmail.start()
        second.listen("127.0.0.2")
        second.send("s@client.example", "foo@mail.test.example", address="127.0.0.2")
        qmail.drained()
        assert len(maildir("foo", "Maildir")) == 1
    finally:
        second.stop()
        os.unlink(second / "bin/qmail-queue")
        os.rename(second / "bin/qmail-queue.own", second / "bin/qmail-queue")
