"""Mail that leaves: a real DNS server decides where, a real SMTP server on another host takes it."""
import os
import re
import subprocess

import pytest

from harness import maildir

pytestmark = pytest.mark.usefixtures("dns")


@pytest.fixture
def road(qmail, homes, peer):
    qmail.control(helohost="mail.test.example\n", timeoutconnect="5\n", timeoutremote="20\n")
    qmail.start()
    return qmail


def relay(road, sender, *recipients, message=b"Subject: out\n\nhello\n"):
    assert road.inject(sender.encode(), [r.encode() for r in recipients], message) == 0


@pytest.mark.parametrize("host, at", [
    ("viamx.example", "192.0.2.2"),
    ("viamx6.example", "2001:db8::2"),
    ("byaddr4.example", "192.0.2.2"),
    ("byaddr6.example", "2001:db8::2"),
    ("alias.example", "192.0.2.2"),
    ("aliasa.example", "192.0.2.2"),
    ("mxalias.example", "192.0.2.2"),
    ("[192.0.2.2]", "192.0.2.2"),
    ("[IPv6:2001:db8::2]", "2001:db8::2"),
])
def test_where_mail_goes(road, peer, host, at):
    relay(road, "s@mail.test.example", "user@" + host)
    road.wait_log(r"^delivery 1: success: %s_accepted_message" % re.escape(at))
    [m] = peer.got()
    assert m["at"] == at and m["from"] == "s@mail.test.example" and m["to"] == ["user@" + host]
    assert m["helo"] == "mail.test.example"
    assert m["content"].endswith(b"Subject: out\r\n\r\nhello\r\n")
    road.drained()


def test_a_host_with_both_families(road, peer):
    relay(road, "s@mail.test.example", "user@viaboth.example")
    road.wait_log("^delivery 1: success")
    assert peer.got()[0]["at"] in (peer.v4, peer.v6)


def test_next_host_when_the_best_does_not_answer(road, peer):
    relay(road, "s@mail.test.example", "user@backup.example")
    road.wait_log("^delivery 1: success: 192.0.2.2_accepted")


@pytest.mark.parametrize("host, line", [
    ("nosuch.example", r"failure: Sorry,_I_couldn't_find_any_host_named_nosuch\.example\._\(#5\.1\.2\)/"),
    ("nullmx.example", r"failure: .*\(#5\.\d\.\d+\)/"),
    ("deadmx.example", r"failure: .*\(#5\.4\.4\)/"),
    ("txtonly.example", r"failure: .*\(#5\.\d\.\d\)/"),
    ("refused.elsewhere", r"deferral: .*\(#4\.1\.2\)/"),
    ("bestme.example", r"failure: Sorry\._Although_I'm_listed_as_a_best-preference_MX"),
])
def test_hosts_that_cannot_take_mail(road, host, line):
    relay(road, "", "user@" + host)
    road.wait_log("^delivery 1: " + line)


def test_cname_loop_ends(road):
    relay(road, "", "user@loop1.example")
    road.wait_log("^delivery 1: (failure|deferral)", timeout=40)


def test_smtproutes(road, peer):
    road.control(smtproutes="away.test:192.0.2.2\n.away.test:[2001:db8::2]:25\n")
    relay(road, "s@mail.test.example", "a@away.test", "b@sub.away.test")
    road.wait_log("success", 2)
    assert sorted((m["to"][0], m["at"]) for m in peer.got()) == [
        ("a@away.test", "192.0.2.2"), ("b@sub.away.test", "2001:db8::2")]


def test_refused_recipient_bounces_to_the_sender(road, peer, homes):
    homes("foo/.qmail", "./Maildir/\n")
    relay(road, "foo@mail.test.example", "reject-me@viamx.example", "fine@viamx.example")
    road.drained()
    [b] = maildir("foo", "Maildir")
    assert b"Hi. This is the qmail-send program at mail.test.example." in b
    assert (b"<reject-me@viamx.example>:\n192.0.2.2 does not like recipient.\n"
            b"Remote host said: 550 5.1.1 no such user here\nGiving up on 192.0.2.2.\n") in b
    assert b"Return-Path: <foo@mail.test.example>\n" in b and b.rstrip().endswith(b"hello")
    assert b"fine@" not in b
    assert [m["to"] for m in peer.got()] == [["fine@viamx.example"]]


def test_bounce_that_cannot_be_delivered_goes_to_postmaster(road, homes):
    road.assign("=postmaster:foo:30001:30001:%s:-:postmaster:\n.\n" % homes("foo/.qmail-postmaster", "./Maildir/\n")
                .rsplit("/", 1)[0])
    relay(road, "reject-sender@viamx.example", "reject-me@viamx.example")
    road.drained()
    [b] = maildir("foo", "Maildir")
    assert b"I tried to deliver a bounce message to this address, but the bounce bounced!" in b
    assert len(re.findall("^bounce msg", road.logtext(), re.M)) == 2


def test_triple_bounce_is_discarded(road):
    road.control(doublebounceto="reject-double\n", doublebouncehost="viamx.example\n")
    road.stop()
    road.start()
    relay(road, "reject-sender@viamx.example", "reject-me@viamx.example")
    road.wait_log("^triple bounce: discarding bounce/")
    road.drained()


def test_deferred_mail_is_tried_again_on_alrm(road, peer):
    relay(road, "s@mail.test.example", "defer-me@viamx.example")
    road.wait_log(r"^delivery 1: deferral: 192\.0\.2\.2_does_not_like_recipient\./Remote_host_said:_451")
    road.signal("ALRM")
    road.wait_log("^delivery 2: deferral")
    assert len(road.queued()) == 1
    r = subprocess.run([road / "bin/qmail-qread"], capture_output=True, text=True)
    assert "\tremote\tdefer-me@viamx.example\n" in r.stdout
    r = subprocess.run([road / "bin/qmail-qstat"], capture_output=True, text=True)
    assert r.stdout == "messages in queue: 1\nmessages in queue but not yet preprocessed: 0\n"


def test_verp(road, peer):
    relay(road, "list-@mail.test.example-@[]", "a@viamx.example", "b@byaddr4.example")
    road.drained()
    assert sorted(m["from"] for m in peer.got()) == [
        "list-a=viamx.example@mail.test.example", "list-b=byaddr4.example@mail.test.example"]


def test_a_last_line_without_an_end_gets_one(road, peer):
    relay(road, "s@mail.test.example", "user@viamx.example", message=b"Subject: x\n\nabc\n.")
    road.wait_log("^delivery 1: success")
    assert peer.got()[0]["content"].endswith(b"Subject: x\r\n\r\nabc\r\n.\r\n")


def test_bare_cr_does_not_smuggle_a_second_message(road, peer):
    evil = b"Subject: x\n\na\r.\r\nMAIL FROM:<evil@x>\r\nRCPT TO:<victim@x>\r\nDATA\r\nSubject: 2\r\n\r\nx\n"
    relay(road, "s@mail.test.example", "user@viamx.example", message=evil)
    road.wait_log("^delivery 1: ")
    assert len(peer.got()) <= 1
    for m in peer.got():
        assert m["from"] == "s@mail.test.example"
