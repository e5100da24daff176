"""Several recipients of one message in one session: who is together, and that no recipient ever pays for the company.

qmail-rspawn is asked as qmail-send asks it, many requests in one write; the other host is a server in this process,
which writes down every session and answers as the test says.
"""
import os
import pwd
import socket
import subprocess
import threading

import pytest

from harness import children, wait_for

BODY = b"Subject: t\n\nhello\n"
UP = "Giving up on 127.0.0.1.\n"
TAKEN = "K127.0.0.1 accepted message.\nRemote host said: 250 taken\n"


def refusal(letter, reply):
    return "%s127.0.0.1 does not like recipient.\nRemote host said: %s\n%s" % (letter, reply, UP)


class Server:
    """rcpt(session, address) and dot(session) give a reply, or None: the connection is dropped then and there."""

    def __init__(self, port=0):
        self.mail = lambda session: "250 ok"
        self.rcpt = lambda session, address: "250 ok"
        self.data = lambda session: "354 go"
        self.dot = lambda session: "250 taken"
        self.check = lambda body: None
        self.after = 30
        self.sessions = []
        self.s = socket.create_server(("127.0.0.1", port), backlog=200)
        self.port = self.s.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                c = self.s.accept()[0]
            except OSError:
                return
            session = {"mail": [], "to": [], "asked": [], "took": [], "helo": "", "quit": False}
            self.sessions.append(session)
            threading.Thread(target=self.serve, args=(c, session), daemon=True).start()

    def serve(self, c, session):
        c.settimeout(self.after)        # without a word from the other side: then it is hung up on
        with c, c.makefile("rb") as lines:
            def say(reply):
                if reply is not None:
                    c.sendall(reply.encode() + b"\r\n")
                return reply is not None
            say("220 hi")
            while True:
                try:
                    line = lines.readline()
                except OSError:
                    return
                if not line:
                    return
                word = line[:4].upper()
                reply = "250 ok"
                if word == b"MAIL":
                    session["mail"].append(line[11:-3].decode())
                    session["to"] = []
                    reply = self.mail(session)
                elif word == b"HELO":
                    session["helo"] = line[5:-2].decode()
                elif word == b"RCPT":
                    address = line[9:-3].decode()
                    session["asked"].append(address)
                    reply = self.rcpt(session, address)
                    if reply and reply[0] == "2":
                        session["to"].append(address)
                elif word == b"DATA":
                    reply = self.data(session)
                    if reply and reply[0] == "3":
                        say(reply)
                        body = b""
                        while not body.endswith(b"\r\n.\r\n"):
                            more = lines.readline()
                            if not more:
                                return
                            body += more
                        reply = self.dot(session)
                        if reply and reply[0] == "2":
                            self.check(body)
                            session["took"].append(list(session["to"]))
                elif word == b"QUIT":
                    session["quit"] = True
                    say("221 bye")
                    return
                if not say(reply):
                    return

    def took(self):
        """Who got the message, one entry for each time it was taken."""
        return sorted(sorted(t) for s in self.sessions for t in s["took"])

    def close(self):
        try:
            self.s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.s.close()


class Rspawn:
    def __init__(self, home, **env):
        self.p = home.popen([home / "bin/qmail-rspawn"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                            user="qmailr", group="qmail", extra_groups=[], env=home.env(**env), cwd="/")
        assert len(self.p.stdout.read(1)) == 1
        self.rest = b""

    def ask(self, *requests, message=b"0/23"):
        """(number, sender, recipient), ...: all in one write."""
        self.p.stdin.write(b"".join(bytes([n]) + message + b"\0" + s.encode() + b"\0" + r.encode() + b"\0"
                                    for n, s, r in requests))

    def report(self):
        while b"\0" not in self.rest[1:]:
            more = os.read(self.p.stdout.fileno(), 65536)
            assert more, "qmail-rspawn is gone"
            self.rest += more
        end = self.rest.index(b"\0", 1)
        one, self.rest = self.rest[:end], self.rest[end + 1:]
        return one[0], one[1:].decode()

    def deliver(self, recipients, sender="s@mail.test.example"):
        """The report of each recipient."""
        self.ask(*((i, sender, r) for i, r in enumerate(recipients)))
        got = dict(self.report() for _ in recipients)
        assert sorted(got) == list(range(len(recipients)))
        return [got[i] for i in range(len(recipients))]

    def end(self):
        self.p.stdin.close()
        assert os.read(self.p.stdout.fileno(), 1) == b"" and self.rest == b""
        assert self.p.wait(20) == 0


@pytest.fixture
def server():
    s = Server()
    yield s
    s.close()


@pytest.fixture
def road(qmail, server):
    qmail.control(helohost="mail.test.example\n", smtproutes=":127.0.0.1:%d\n" % server.port, timeoutconnect="5\n",
                  timeoutremote="20\n")
    m = qmail / "queue/mess/0/23"
    with open(m, "wb") as f:
        f.write(BODY)
    os.chmod(m, 0o644)
    os.chown(m, pwd.getpwnam("qmailq").pw_uid, -1)
    yield qmail


def names(n, host="far.example"):
    return ["r%d@%s" % (i, host) for i in range(n)]


def test_recipients_at_one_host_share_a_session(road, server):
    bodies = []
    server.check = bodies.append
    r = Rspawn(road)
    assert r.deliver(names(60)) == [TAKEN] * 60
    r.end()
    assert server.took() == [sorted(names(60))] and bodies == [BODY.replace(b"\n", b"\r\n") + b".\r\n"]
    wait_for("QUIT", lambda: server.sessions[0]["quit"])
    assert len(server.sessions) == 1


def test_others_do_not(road, server):
    """Another sender, such as VERP makes, another host, even the same one in other letters."""
    r = Rspawn(road)
    r.ask((0, "a@x", "r0@far.example"), (1, "b@x", "r1@far.example"), (2, "a@x", "r2@other.example"),
          (3, "a@x", "r3@FAR.example"), (4, "a@x", "r4@far.example"))
    assert sorted(r.report() for _ in range(5)) == [(i, TAKEN) for i in range(5)]
    r.end()
    assert server.took() == [["r0@far.example", "r4@far.example"], ["r1@far.example"], ["r2@other.example"],
                             ["r3@FAR.example"]]


@pytest.mark.parametrize("text, sizes", [("1\n", [1] * 6), ("0\n", [1] * 6), ("4\n", [2, 4]), ("none\n", [1] * 6)])
def test_the_switch(road, server, text, sizes):
    road.control(remoterecipients=text)
    r = Rspawn(road)
    assert r.deliver(names(6)) == [TAKEN] * 6
    r.end()
    assert sorted(len(t) for t in server.took()) == sizes


def test_another_program_gets_one_recipient(road, server):
    where = road / "alias/one"
    with open(where, "w") as f:
        f.write("#!/bin/sh\nprintf 'r\\0K%s %s\\n\\0' $# $3\n")
    os.chmod(where, 0o755)
    r = Rspawn(road, QMAILREMOTE=where)
    assert r.deliver(names(4)) == ["K3 %s\n" % n for n in names(4)]
    r.end()
    # nor does it lose any when the admin says that it takes several, and it does not
    road.control(remoterecipients="50\n")
    r = Rspawn(road, QMAILREMOTE=where)
    assert r.deliver(names(4)) == ["K%d %s\n" % (6 - i, n) for i, n in enumerate(names(4))]
    r.end()
    os.unlink(where)


def test_what_is_refused_for_good_in_company_is_asked_for_alone(road, server):
    server.rcpt = lambda s, a: "250 ok" if a[:2] in ("r0", "r2", "r3") else "550 no " + a
    r = Rspawn(road)
    assert r.deliver(names(5)) == [TAKEN, refusal("D", "550 no r1@far.example"), TAKEN, TAKEN,
                                   refusal("D", "550 no r4@far.example")]
    r.end()
    assert server.took() == [["r0@far.example", "r2@far.example", "r3@far.example"]]
    assert sorted(s["asked"] for s in server.sessions)[1:] == [["r1@far.example"], ["r4@far.example"]]


def test_a_server_that_refuses_company_for_good_loses_nobody(road, server):
    server.rcpt = lambda s, a: "250 ok" if not s["to"] else "550 one recipient a message"
    r = Rspawn(road)
    assert r.deliver(names(8)) == [TAKEN] * 8
    r.end()
    assert server.took() == [[n] for n in sorted(names(8))]


@pytest.mark.parametrize("reply", ["452 4.5.3 too many recipients", "552 too many", "451 4.5.3 enough"])
def test_a_server_that_has_recipients_enough_gets_the_rest_at_once(road, server, reply):
    server.rcpt = lambda s, a: "250 ok" if len(s["to"]) < 10 else reply
    r = Rspawn(road)
    assert r.deliver(names(35)) == [TAKEN] * 35
    r.end()
    assert sorted(n for t in server.took() for n in t) == sorted(names(35))
    # it is not bothered with all the others
    assert all(len(s["asked"]) <= 15 for s in server.sessions)


def test_refused_for_now(road, server):
    server.rcpt = lambda s, a: "250 ok" if a[:2] != "r2" else "450 4.2.0 later"
    r = Rspawn(road)
    assert r.deliver(names(4)) == [TAKEN, TAKEN, refusal("Z", "450 4.2.0 later"), TAKEN]
    r.end()
    assert len(server.sessions) == 1


def test_a_message_refused_for_good_in_company(road, server):
    """One of them has a trap behind his address: the others get their mail."""
    server.dot = lambda s: "250 taken" if "r2@far.example" not in s["to"] else "554 spam"
    r = Rspawn(road)
    assert r.deliver(names(4)) == [TAKEN, TAKEN, "D127.0.0.1 failed after I sent the message.\nRemote host said: 554 spam\n", TAKEN]
    r.end()
    assert server.took() == [[n] for n in names(4) if n[:2] != "r2"]


def test_dropped_amid_the_recipients(road, server):
    """All who were not told otherwise wait; and next time each is alone."""
    server.rcpt = lambda s, a: None if len(s["to"]) == 3 else "550 no" if a[:2] == "r0" else "250 ok"
    r = Rspawn(road)
    died = "ZConnected to 127.0.0.1 but connection died. (#4.4.2)\n"
    assert r.deliver(names(6)) == [refusal("D", "550 no")] + [died] * 5
    assert r.deliver(names(6)[1:]) == [TAKEN] * 5
    r.end()
    assert server.took() == [[n] for n in names(6)[1:]]


def test_dropped_before_the_answer_to_the_dot(road, server):
    server.rcpt = lambda s, a: "450 later" if a[:2] == "r1" else "250 ok"
    server.dot = lambda s: None
    r = Rspawn(road)
    died = "ZConnected to 127.0.0.1 but connection died. Possible duplicate! (#4.4.2)\n"
    assert r.deliver(names(4)) == [died, refusal("Z", "450 later"), died, died]
    r.end()


def test_no_memory_of_a_crash_but_the_crash(road, server):
    """The program is killed amid the message: everybody waits."""
    held = threading.Event()
    server.dot = lambda s: held.wait(20) and None
    r = Rspawn(road)
    r.ask(*((i, "s@x", n) for i, n in enumerate(names(5))))
    wait_for("the message", lambda: server.sessions and len(server.sessions[0]["to"]) == 5)
    [remote] = children(r.p.pid)
    os.kill(remote, 9)
    assert sorted(r.report() for _ in range(5)) == [(i, "Zqmail-remote crashed.\n") for i in range(5)]
    held.set()
    r.end()


def test_nobody_home(road, server):
    server.close()
    r = Rspawn(road)
    assert r.deliver(names(3)) == ["ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"] * 3
    r.end()
    road.control(smtproutes="far.example:127.0.0.999\n")
    r = Rspawn(road)
    assert all(x.startswith("ZI can't use line 1 of control/smtproutes") for x in r.deliver(names(3)))
    r.end()


def test_a_whole_list(road, homes, server):
    """Through everything: 300 recipients at two hosts, 20 at a time; everybody gets one message, and few sessions do."""
    os.unlink(road / "queue/mess/0/23")
    everybody = names(150) + names(150, "other.example")
    road.start()
    assert road.inject(b"s@mail.test.example", [n.encode() for n in everybody], BODY) == 0
    road.drained()
    assert sorted(n for s in server.sessions for n in s["asked"]) == sorted(everybody)
    assert len(server.sessions) < 300
    assert len(road.wait_log("^delivery [0-9]+: success: 127.0.0.1_accepted_message", 300)) == 300
