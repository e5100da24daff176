"""Per-domain policy inside one queue: by sender the address and name outside and the lifetime, by recipient how many
deliveries at once."""
import os
import re
import subprocess
import time

import pytest

from harness import wait_for


@pytest.fixture
def out(qmail, homes, peer):
    """Everything goes to the other host; this one has three addresses."""
    for a in ("192.0.2.11/24", "192.0.2.12/24"):
        subprocess.run(["ip", "addr", "add", a, "dev", "wire"], capture_output=True)
    subprocess.run(["ip", "addr", "add", "2001:db8::11/64", "dev", "wire", "nodad"], capture_output=True)
    qmail.control(smtproutes=":[%s]\nsix.example:[%s]\n" % (peer.v4, peer.v6), helohost="mail.test.example\n")
    os.unlink(qmail / "control/rcpthosts")
    return qmail


DOMAINIPS = """# sender:address|name
example.com:192.0.2.11|eleven.example.com
.example.com:192.0.2.12,2001:db8::11|sub.example.com
joe@example.com:|joe.example.com
plain.example:[192.0.2.12]
"""


def sent(out, peer, senders, to="x@else.example"):
    peer.forget()
    for s in senders:
        out.send(s, to)
    out.drained()
    return {(m["from"] or "").strip("<>"): (m["by"], m["helo"]) for m in peer.got()}


def test_address_and_name_by_sender(out, peer):
    out.control(domainips=DOMAINIPS)
    out.start()
    out.listen()
    assert sent(out, peer, ["a@example.com", "a@Sub.Example.com", "Joe@example.com", "a@plain.example", "a@else.example", ""]) == {
        "a@example.com": ("192.0.2.11", "eleven.example.com"), "a@Sub.Example.com": ("192.0.2.12", "sub.example.com"),
        "Joe@example.com": ("192.0.2.1", "joe.example.com"), "a@plain.example": ("192.0.2.12", "mail.test.example"),
        "a@else.example": ("192.0.2.1", "mail.test.example"), "": ("192.0.2.1", "mail.test.example")}
    # by the other family there may be no address: then the kernel's, and the name
    got = sent(out, peer, ["a@b.example.com", "a@example.com"], "x@six.example")
    assert got["a@b.example.com"] == ("2001:db8::11", "sub.example.com") and got["a@example.com"][1] == "eleven.example.com"
    # read anew for each delivery; * is for all others, also for bounces
    out.control(domainips="*:192.0.2.12|all.example\nexample.com:192.0.2.11\n")
    assert sent(out, peer, ["a@example.com", "a@else.example", "", "l-@example.com-@[]"]) == {
        "a@example.com": ("192.0.2.11", "mail.test.example"), "a@else.example": ("192.0.2.12", "all.example"),
        "": ("192.0.2.12", "all.example"), "l-x=else.example@example.com": ("192.0.2.11", "mail.test.example")}


def test_a_session_serves_one_identity(out, peer):
    """Many messages of several senders to one host, quickly: none goes over another sender's connection."""
    out.control(domainips=DOMAINIPS, concurrencyremote="3\n")
    out.start()
    for i in range(60):
        assert out.inject(b"a%d@%s" % (i, (b"example.com", b"plain.example", b"else.example")[i % 3]), [b"x@else.example"],
                          b"Subject: t\n\nx\n") == 0
    out.drained(60)
    want = {"example.com": ("192.0.2.11", "eleven.example.com"), "plain.example": ("192.0.2.12", "mail.test.example"),
            "else.example": ("192.0.2.1", "mail.test.example")}
    got = peer.got()
    assert len(got) == 60
    assert [m for m in got if (m["by"], m["helo"]) != want[m["from"].split("@")[1]]] == []


@pytest.mark.parametrize("text, words", [
    ("a.example 192.0.2.11\n", "colon"), ("x:\na.example:192.0.2\n", "IP address"), ("a.example:192.0.2.99\n", "not have"),
    ("a.example:2001:db8::99\n", "not have"), ("a.example:192.0.2.11|a b\n", "host"), ("a.example:192.0.2.11,192.0.2.12\n", "two"),
])
def test_mistakes_defer_the_mail_of_the_sender(out, text, words):
    out.control(domainips=text)
    argv = [out / "bin/qmail-remote", "else.example"]
    r = subprocess.run(argv + ["s@a.example", "x@else.example"], input=b"x\n", capture_output=True, env=out.env())
    line = len(text.rstrip("\n").split("\n"))
    assert r.stdout.startswith(b"ZI can't use line %d of control/domainips: " % line) and words.encode() in r.stdout
    r = subprocess.run(argv + ["s@b.example", "x@else.example"], input=b"x\n", capture_output=True, env=out.env())
    assert r.stdout.startswith(b"r")


def test_a_table_that_cannot_be_read_defers(out):
    os.mkdir(out / "control/domainips")
    try:
        r = subprocess.run([out / "bin/qmail-remote", "else.example", "s@a.example", "x@else.example"], input=b"x\n",
                           capture_output=True, env=out.env())
        assert r.stdout.startswith(b"ZUnable to read control files")
    finally:
        os.rmdir(out / "control/domainips")


# ---- lifetimes

def test_lifetime_by_sender(qmail, homes):
    """A mailbox that defers: whose lifetime is over bounces at the next attempt, the others stay."""
    homes("foo/.qmail-later", "|exit 111\n")
    homes("foo/.qmail", "./Maildir/\n")
    qmail.control(queuelifetimes="a.example:1\n.a.example:100000\nvip@a.example:604800\nbad.example\nworse.example:x\n:2\nlong.example:99999\n",
                  rcpthosts="", queuelifetime="500000\n")
    qmail.start()
    qmail.listen()
    # (the bounces would go out; they are not what is looked at)
    qmail.control(smtproutes=":[127.0.0.9]\n", timeoutconnect="1\n")
    senders = ["x@a.example", "x@b.a.example", "VIP@a.example", "x@bad.example", "x@worse.example", "x@c.example", "", "x@long.example"]
    os.unlink(qmail / "control/rcpthosts")
    for s in senders:
        qmail.send(s, "foo-later@mail.test.example")
    qmail.wait_log("^delivery [0-9]+: deferral", len(senders))
    time.sleep(3)
    qmail.signal("ALRM")

    def bounced():
        """The senders, by the log in its order: numbers are used again."""
        sender, of, out = {}, {}, []
        for ln in qmail.logtext().split("\n"):
            m = re.match(r"info msg (\d+): bytes \d+ from <([^>]*)> |starting delivery (\d+): msg (\d+) to local foo-later@|"
                         r"delivery (\d+): failure: .*too_long", ln)
            if m and m[1]:
                sender[m[1]] = m[2]
            elif m and m[3]:
                of[m[3]] = sender[m[4]]
            elif m and m[5] in of:
                out.append(of[m[5]])
        return sorted(out)
    wait_for("bounces", lambda: len(bounced()) >= 3)
    # a line without a colon or a number is none; the one for everybody is not for senders without a domain
    assert bounced() == ["x@a.example", "x@bad.example", "x@c.example"]
    qmail.wait_log(r"^warning: control/queuelifetimes line 4: bad\.example counts for nothing", timeout=30)
    qmail.wait_log(r"^warning: control/queuelifetimes line 5: worse\.example:x counts for nothing")
    # read again on HUP
    qmail.control(queuelifetimes="long.example:1\n")
    qmail.signal("HUP")
    qmail.signal("ALRM")
    wait_for("another bounce", lambda: "x@long.example" in bounced())
    assert "VIP@a.example" not in bounced() and "" not in bounced()


def test_a_table_that_cannot_be_read_leaves_all_as_it_was(qmail, homes):
    qmail.control(virtualdomains="a.example:foo\n")
    qmail.start()
    os.mkdir(qmail / "control/queuelifetimes")
    try:
        qmail.control(virtualdomains="a.example:baz\n")
        qmail.signal("HUP")
        qmail.wait_log("^alert: unable to reread control/queuelifetimes")
        assert qmail.inject(b"", [b"x@a.example"], b"x\n") == 0
        qmail.wait_log("to local foo-x@a.example")
    finally:
        os.rmdir(qmail / "control/queuelifetimes")


# ---- how many at once

def most_at_once(log, domain):
    """The most deliveries to a domain that were under way together, by the log; and all of its recipients in their order."""
    running, most, order = {}, 0, []
    for ln in log.split("\n"):
        m = re.match(r"starting delivery (\d+): msg \d+ to (?:local|remote) (\S+)@(\S+)$", ln)
        if m and m[3].lower() == domain:
            running[m[1]] = 1
            order.append(m[2])
            most = max(most, len(running))
        m = re.match(r"delivery (\d+): ", ln)
        if m:
            running.pop(m[1], 0)
    return most, order


@pytest.fixture
def slow(qmail, homes):
    """slow.example and other.example are john's; a delivery to an address that starts with nap takes half a second."""
    homes("john/.qmail-default", "|case \"$DEFAULT\" in nap*) sleep 0.5;; esac\n")
    homes("john/.qmail-defer", "|exit 111\n")
    qmail.control(virtualdomains="slow.example:john\n.slow.example:john\nother.example:john\n", concurrencylocal="10\n",
                  concurrencydomains="slow.example:2\n.slow.example:1\nnapalone@other.example:1\n")
    return qmail


def test_one_message_to_many(slow):
    """12 recipients of a slow domain among others: two at once, in order, all in one go; the others wait for none."""
    slow.start()
    recipients = []
    for i in range(12):
        recipients += [b"nap%d@Slow.example" % i, b"quick%d@other.example" % i]
    assert slow.inject(b"s@x", recipients, b"x\n") == 0
    slow.drained()
    log = slow.logtext()
    most, order = most_at_once(log, "slow.example")
    assert (most, order) == (2, ["john-nap%d" % i for i in range(12)])
    assert most_at_once(log, "other.example")[1] == ["john-quick%d" % i for i in range(12)]
    # the last of the others was through before the slow ones had got far
    assert log.index("john-quick11@other.example") < log.index("john-nap6@Slow.example")
    assert len(re.findall("^end msg", log, re.M)) == 1


def test_many_messages(slow):
    """Each with one recipient; those behind them pass by, the limited ones keep their order."""
    slow.start()
    for i in range(10):
        assert slow.inject(b"s@x", [b"nap%d@slow.example" % i], b"x\n") == 0
    for i in range(10):
        assert slow.inject(b"s@x", [b"quick%d@other.example" % i], b"x\n") == 0
    slow.drained()
    log = slow.logtext()
    most, order = most_at_once(log, "slow.example")
    assert most == 2 and sorted(order) == sorted("john-nap%d" % i for i in range(10))
    assert max(log.index("quick%d@" % i) for i in range(10)) < log.index(order[7])
    # each domain counts by itself, an address by itself
    recipients = [b"nap%d@%c.slow.example" % (i, 97 + i % 3) for i in range(9)] + [b"napalone@other.example"] * 3 + [
        b"nap%d@other.example" % i for i in range(6)]
    for r in recipients:
        assert slow.inject(b"s@x", [r], b"x\n") == 0
    slow.drained()
    log = slow.logtext()
    assert [most_at_once(log, "%s.slow.example" % c)[0] for c in "abc"] == [1, 1, 1]
    assert most_at_once(log, "other.example")[0] >= 4
    alone = [ln for ln in log.split("\n") if "napalone@" in ln]
    assert len(alone) == 3


def test_deferred_and_held(slow):
    """One recipient is deferred while others of the message wait for the domain: these are delivered to at once, not at
    the next retry, and nobody gets the message twice."""
    slow.start()
    assert slow.inject(b"s@x", [b"defer@other.example"] + [b"nap%d@slow.example" % i for i in range(8)], b"x\n") == 0
    slow.wait_log("to local john-nap7@slow.example", timeout=15)
    slow.wait_log("^delivery [0-9]+: success", 8)
    # a retry of all meanwhile: who is done stays done
    slow.signal("ALRM")
    slow.wait_log("^delivery [0-9]+: deferral", 2)
    time.sleep(0.5)
    log = slow.logtext()
    assert most_at_once(log, "slow.example") == (2, ["john-nap%d" % i for i in range(8)])
    slow.stop()


def test_hurry_while_some_wait(slow):
    slow.start()
    assert slow.inject(b"s@x", [b"defer@other.example"] + [b"nap%d@slow.example" % i for i in range(8)], b"x\n") == 0
    slow.wait_log("to local john-nap3@slow.example")
    slow.signal("ALRM")
    slow.wait_log("^delivery [0-9]+: success", 8, timeout=30)
    most, order = most_at_once(slow.logtext(), "slow.example")
    assert most == 2 and sorted(order) == ["john-nap%d" % i for i in range(8)]


def test_reread_and_on_hold(slow):
    """0 holds a domain; HUP lets it go, with any number at once; a restart forgets nobody."""
    slow.control(concurrencydomains="slow.example:0\nbad\n:x\n")
    slow.start()
    assert slow.inject(b"s@x", [b"nap%d@slow.example" % i for i in range(6)] + [b"quick@other.example"], b"x\n") == 0
    slow.wait_log("john-quick@other.example")
    slow.wait_log("^delivery 1: success")
    slow.wait_log(r"^warning: control/concurrencydomains line 2: bad counts for nothing", timeout=30)
    assert "john-nap" not in slow.logtext()
    # idle while they wait: no turn without a reason
    with open("/proc/%d/stat" % slow.pid) as f:
        before = sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13])
    time.sleep(2)
    with open("/proc/%d/stat" % slow.pid) as f:
        assert sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13]) - before < 20
    slow.stop()
    slow.control(concurrencydomains="slow.example:0\n")
    slow.start()
    time.sleep(0.5)
    assert "john-nap" not in slow.logtext()
    slow.control(concurrencydomains="")
    slow.signal("HUP")
    slow.drained()
    assert most_at_once(slow.logtext(), "slow.example") == (6, ["john-nap%d" % i for i in range(6)])
