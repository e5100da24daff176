"""Sessions that are kept for the next message to the same place: who gets one, and that nothing that went before
decides about a message."""
import os
import pwd
import subprocess
import time

import pytest

from company_test import BODY, TAKEN, Rspawn, Server, road, server  # noqa: F401 (fixtures)
from harness import children, wait_for


def one_by_one(r, n, host="far.example", first=0):
    """That many deliveries, each when the one before is reported; their reports."""
    got = []
    for i in range(first, first + n):
        r.ask((i % 100, "s%d@mail.test.example" % i, "r%d@%s" % (i, host)))
        number, text = r.report()
        assert number == i % 100
        got.append(text)
    return got


def messages(server):
    """(sender, recipients) of what was taken, by session."""
    return [[(m, t) for m, t in zip(s["mail"], s["took"])] for s in server.sessions]


LONE = 4                        # deliveries before the first one that stays


def warm(r, host="far.example"):
    """Mail comes often: sessions LONE and later are kept from now on."""
    assert one_by_one(r, LONE, host, first=90) == [TAKEN] * LONE


def staying(r):
    """Processes that qmail-rspawn has started and that are still there."""
    return children(r.p.pid)


def test_a_lone_message_is_followed_by_quit(road, server):
    r = Rspawn(road)
    assert one_by_one(r, 1) == [TAKEN]
    wait_for("QUIT", lambda: server.sessions[0]["quit"], 1)
    wait_for("its end", lambda: not staying(r), 1)
    r.end()


def test_one_after_another(road, server):
    r = Rspawn(road)
    assert one_by_one(r, 20) == [TAKEN] * 20
    assert [len(s["took"]) for s in server.sessions] == [1] * LONE + [16]
    assert [x for s in messages(server) for x in s] == [
        ("s%d@mail.test.example" % i, ["r%d@far.example" % i]) for i in range(20)]
    # it goes by itself, and says so
    wait_for("QUIT", lambda: server.sessions[LONE]["quit"], 5)
    wait_for("its end", lambda: not staying(r), 5)
    r.end()


def test_each_message_is_its_own(road, server):
    bodies = []
    server.check = bodies.append
    owner = pwd.getpwnam("qmailq").pw_uid
    names = []
    for i in range(5):
        names.append("%d/%d" % (i, 100 + i))
        with open(road / ("queue/mess/" + names[-1]), "wb") as f:
            f.write(b"Subject: %d\n\n" % i + b"x" * (i * 100000) + b"\n.\n")
        os.chown(f.name, owner, -1)
    r = Rspawn(road)
    warm(r)
    del bodies[:]
    for i, name in enumerate(names):
        r.ask((7, "s@x", "r%d@far.example" % i), message=name.encode())
        assert r.report() == (7, TAKEN)
    r.end()
    assert bodies == [b"Subject: %d\r\n\r\n" % i + b"x" * (i * 100000) + b"\r\n..\r\n.\r\n" for i in range(5)]
    assert len(server.sessions) == LONE + 1


@pytest.mark.parametrize("text", ["0\n", "none\n"])
def test_the_switch(road, server, text):
    road.control(remotekeep=text)
    r = Rspawn(road)
    assert one_by_one(r, 10) == [TAKEN] * 10
    r.end()
    assert len(server.sessions) == 10


def test_no_more_than_a_hundred(road, server):
    r = Rspawn(road)
    assert one_by_one(r, 210) == [TAKEN] * 210
    r.end()
    assert [len(s["took"]) for s in server.sessions] == [1] * LONE + [100, 100, 6]


def test_recipients_in_company(road, server):
    r = Rspawn(road)
    warm(r)
    for i in range(3):
        assert r.deliver(["r%d.%d@far.example" % (i, k) for k in range(10)]) == [TAKEN] * 10
    r.end()
    assert [[len(t) for t in s["took"]] for s in server.sessions] == [[1]] * LONE + [[10, 10, 10]]


def test_hosts_with_one_relay_share_and_others_do_not(road, server):
    other = Server()
    road.control(smtproutes=":127.0.0.1:%d\nfar.away:127.0.0.1:%d\n" % (server.port, other.port))
    r = Rspawn(road)
    for i in range(LONE + 3):
        assert one_by_one(r, 1, "a%d.example" % i) == [TAKEN]
        assert one_by_one(r, 1, "far.away") == [TAKEN]
    r.end()
    assert [len(s["took"]) for s in server.sessions] == [1] * LONE + [3]
    assert [len(s["took"]) for s in other.sessions] == [1] * LONE + [3]
    assert all(t == ["r0@far.away"] for s in other.sessions for t in s["took"])
    other.close()


def test_senders_with_an_identity_of_their_own(road, server):
    road.control(domainips="mail.test.example:127.0.0.1|mail.test.example\nother.example:|other.example\n")
    r = Rspawn(road)
    for i in range(LONE + 3):
        for sender in ("a@mail.test.example", "b@other.example"):
            r.ask((1, sender, "r%d@far.example" % i))
            assert r.report() == (1, TAKEN)
    r.end()
    assert sorted((s["helo"], len(s["took"])) for s in server.sessions) == sorted(
        [("mail.test.example", 1), ("other.example", 1)] * LONE + [("mail.test.example", 3), ("other.example", 3)])
    assert all(m.endswith("@" + s["helo"]) for s in server.sessions for m in s["mail"])


# what a server may do to the second message of a session, and whether it may have taken it
SPOILERS = {
    "gone": dict(mail=None), "421": dict(mail="421 enough for today"), "sender": dict(mail="550 another one?"),
    "later": dict(mail="451 slow down"), "rcpt": dict(rcpt="550 no more"), "rcpt later": dict(rcpt="452 no more"),
    "rcpt gone": dict(rcpt=None), "data": dict(data="554 no"), "data gone": dict(data=None), "dot": dict(dot="554 no"),
    "dot later": dict(dot="451 no"), "step": dict(mail="354 go"),
}


@pytest.mark.parametrize("name", SPOILERS)
def test_a_spoilt_session_is_no_reason(road, server, name):
    """The second message of a session fails, for good or for now: a session of its own takes it."""
    spoil = SPOILERS[name]

    def second(s):
        return len(s["mail"]) > 1
    for what, reply in spoil.items():
        good = {"mail": "250 ok", "rcpt": "250 ok", "data": "354 go", "dot": "250 taken"}[what]
        setattr(server, what, lambda s, *a, reply=reply, good=good: reply if second(s) else good)
    r = Rspawn(road)
    assert one_by_one(r, LONE + 6) == [TAKEN] * (LONE + 6)
    assert r.deliver(["a@far.example", "b@far.example"]) == [TAKEN] * 2
    r.end()
    took = [t for s in server.sessions for t in s["took"]]
    assert sorted(t[0] for t in took) == sorted(["a@far.example"] + ["r%d@far.example" % i for i in range(LONE + 6)])


def test_what_a_new_session_says_counts(road, server):
    server.rcpt = lambda s, a: "550 no such user" if a.startswith("r3@") else "250 ok"
    r = Rspawn(road)
    warm(r)
    got = one_by_one(r, 5)
    assert got[3] == ("D127.0.0.1 does not like recipient.\nRemote host said: 550 no such user\nGiving up on 127.0.0.1.\n")
    assert got[:3] + got[4:] == [TAKEN] * 4
    r.end()


def test_dropped_before_the_answer_to_the_dot(road, server):
    server.dot = lambda s: None if len(s["mail"]) == 3 else "250 taken"
    r = Rspawn(road)
    warm(r)
    assert one_by_one(r, 5) == [TAKEN] * 2 + ["ZConnected to 127.0.0.1 but connection died. Possible duplicate! (#4.4.2)\n"] + [TAKEN] * 2
    r.end()


def test_the_server_hangs_up_while_nobody_speaks(road, server):
    server.after = 0.2
    r = Rspawn(road)
    warm(r)
    assert one_by_one(r, 2) == [TAKEN] * 2
    wait_for("the end of the process", lambda: not staying(r), 1)
    assert one_by_one(r, 2, first=2) == [TAKEN] * 2
    r.end()


def test_one_that_stays_is_killed(road, server):
    r = Rspawn(road)
    warm(r)
    for _ in range(3):
        assert one_by_one(r, 3) == [TAKEN] * 3
        for pid in staying(r):
            os.kill(pid, 9)
        wait_for("their end", lambda: not staying(r), 2)
    r.end()


def test_settings_count_at_once(road, server):
    other = Server()
    r = Rspawn(road)
    warm(r)
    assert one_by_one(r, 3) == [TAKEN] * 3
    road.control(helohost="other.test.example\n")
    assert one_by_one(r, 2) == [TAKEN] * 2
    assert [s["helo"] for s in server.sessions] == ["mail.test.example"] * (LONE + 1) + ["other.test.example"]
    road.control(smtproutes=":127.0.0.1:%d\n" % other.port)
    assert one_by_one(r, 2) == [TAKEN] * 2
    assert sum(len(s["took"]) for s in other.sessions) == 2
    road.control(smtproutes="far.example:127.0.0.999\n")
    assert one_by_one(r, 1)[0].startswith("ZI can't use line 1 of control/smtproutes")
    r.end()
    other.close()


@pytest.mark.parametrize("late", [False, True])
def test_a_wrapper_sees_every_message(road, server, late):
    """Whoever puts a program in the place of qmail-remote, and has that start it, has reasons: no message gets round
    it, not by a session that stands from before."""
    seen = road / "alias/seen"
    open(seen, "w").close()
    os.chmod(seen, 0o666)
    ours = road / "bin/qmail-remote"
    r = Rspawn(road)
    if late:
        warm(r)
        assert one_by_one(r, 3) == [TAKEN] * 3
    os.rename(ours, ours + ".orig")
    try:
        with open(ours + ".new", "w") as f:
            f.write("#!/bin/sh\necho \"$3\" >> %s\nexec %s.orig \"$@\"\n" % (seen, ours))
        os.chmod(ours + ".new", 0o755)
        os.rename(ours + ".new", ours)
        assert one_by_one(r, 6, first=10) == [TAKEN] * 6
        assert open(seen).read().split() == ["r%d@far.example" % i for i in range(10, 16)]
        r.end()
    finally:
        os.rename(ours + ".orig", ours)
        os.unlink(seen)


def test_another_program_is_not_asked_to_stay(road, server):
    where = road / "alias/one"
    with open(where, "w") as f:
        f.write("#!/bin/sh\nprintf 'r\\0K%s\\n\\0' \"$QMAILREMOTEKEEP$(test -e /proc/self/fd/3 && echo 3)\"\n")
    os.chmod(where, 0o755)
    r = Rspawn(road, QMAILREMOTE=where)
    assert set(one_by_one(r, LONE + 5)) == {"K\n"}
    r.end()
    os.unlink(where)


def test_the_end_does_not_wait_for_those_that_stay(road, server):
    r = Rspawn(road)
    warm(r)
    assert one_by_one(r, 3) == [TAKEN] * 3
    assert len(staying(r)) == 1
    start = time.monotonic()
    r.end()
    assert time.monotonic() - start < 1.5
    wait_for("QUIT", lambda: server.sessions[LONE]["quit"], 1.5)


def test_a_hand_that_starts_it_gets_no_one_that_stays(road, server):
    """The word for staying, without the socket: nothing."""
    p = subprocess.run([road / "bin/qmail-remote", "far.example", "s@x", "r@far.example"], input=BODY,
                       stdout=subprocess.PIPE, env=road.env(QMAILREMOTEKEEP="60"), timeout=10)
    assert p.stdout == b"r\0K127.0.0.1 accepted message.\nRemote host said: 250 taken\n\0"
    wait_for("QUIT", lambda: server.sessions[0]["quit"], 1)


def test_a_stream_of_mail(road, homes, server):
    """Through everything: 60 messages, few sessions, each message once."""
    os.unlink(road / "queue/mess/0/23")
    road.start()
    for i in range(60):
        assert road.inject(b"s@mail.test.example", [b"r%d@far.example" % i], BODY) == 0
    road.drained()
    assert sorted(t for s in server.sessions for t in s["took"]) == sorted(["r%d@far.example" % i] for i in range(60))
    assert len(server.sessions) < 30


def test_a_host_that_is_down_starts_no_process_for_each_message(road, server):
    """Each message is an attempt of its own, which counts as soon as the host is there again."""
    refused = "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
    road.control(smtproutes=":127.0.0.1:1\n")
    r = Rspawn(road)
    assert one_by_one(r, LONE + 1) == [refused] * (LONE + 1)
    [pid] = staying(r)
    assert one_by_one(r, 20) == [refused] * 20
    assert staying(r) == [pid]
    # what the control files say counts for the next one: here to another place, and by the same words to the same
    road.control(smtproutes=":127.0.0.1:%d\n" % server.port)
    assert one_by_one(r, 3) == [TAKEN] * 3
    r.end()


def test_one_that_met_nobody_meets_somebody(road, server):
    port = server.port
    road.control(smtproutes=":127.0.0.1:%d\n" % port)
    server.close()
    r = Rspawn(road)
    assert all(t.startswith("ZSorry, I wasn't able") for t in one_by_one(r, LONE + 2))
    [pid] = staying(r)
    other = Server(port)
    assert one_by_one(r, 10) == [TAKEN] * 10
    assert staying(r) == [pid]
    assert [len(s["took"]) for s in other.sessions] == [10]
    # the file decides, also about one that has no session
    road.control(timeoutconnect="none\n")
    assert one_by_one(r, 3) == [TAKEN] * 3
    r.end()
    other.close()


def test_one_that_met_nobody_goes_by_itself(road, server):
    road.control(smtproutes=":127.0.0.1:1\n", remotekeep="1\n")
    r = Rspawn(road)
    one_by_one(r, LONE + 2)
    assert len(staying(r)) == 1
    wait_for("its end", lambda: not staying(r), 4)
    r.end()
