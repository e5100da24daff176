#!/usr/bin/env python3
"""Relay probes, end to end: what strangers say to have a host carry their mail to third parties.

qmail-smtpd (and qmail-qmtpd) behind tcpserver, without RELAYCLIENT; control/smtproutes sends whatever would
leave to a sink. Of each probe is known what shall become of it:

  refused   at RCPT                            foo      arrives at foo (a user, or a virtual domain of his)
  nobody    accepted at RCPT, refused at DATA  bounce   accepted, undeliverable, returned to its local sender
  leaves    what the administrator has opened: RELAYCLIENT, and a percenthack domain in rcpthosts

The sink gets what leaves and nothing else. The same probes in every tier.
"""
import collections
import pwd
import re
import socket
import subprocess

import report
import harness
from harness import SCRATCH, Home, fresh_home, wait_for
from ledger import Sink

SINK_PORT, SMTP, OPEN, QMTP = 2525, 25, 2500, 209
LOCAL = ("mx.test.example", "test.example", "pct.test.example", "shut.test.example", "more.example")
RCPTHOSTS = ("mx.test.example", "test.example", "pct.test.example", "virt.example", ".wild.example")
SENDER = b"MAIL FROM:<john@test.example>"

# family: (what follows RCPT, what becomes of it)
RECIPIENTS = {
    "plain": (
        (b"TO:<foo@test.example>", "foo"),
        (b"TO:<victim@evil.example>", "refused"),
        (b"TO:<victim@127.0.0.1>", "refused"),
        (b"TO:<victim@evil>", "refused"),
        (b"TO:<nobody@test.example>", "bounce"),
        (b"TO:<foo@pct.test.example>", "foo"),
    ),
    "source route": (
        (b"TO:<@test.example:victim@evil.example>", "refused"),
        (b"TO:<@mx.test.example,@test.example:victim@evil.example>", "refused"),
        (b"TO:@test.example:victim@evil.example", "refused"),
        (b"TO:<@evil.example:foo@test.example>", "foo"),
        (b"TO:<@test.example:@evil.example:victim@evil.example>", "refused"),
        (b"TO:<@test.example:@evil.example:foo@test.example>", "bounce"),
        (b"TO:<@test.example>", "refused"),
        (b"TO:<@test.example:>", "refused"),
        (b"TO:<@:victim@evil.example>", "refused"),
        (b"TO:<@[127.0.0.1]:victim@evil.example>", "refused"),
        (b"TO:<@test.example:victim%evil.example>", "bounce"),
        (b"TO:<@test.example:evil.example!victim>", "bounce"),
    ),
    "percent": (
        (b"TO:<victim%evil.example@test.example>", "bounce"),
        (b"TO:<victim%evil.example@mx.test.example>", "bounce"),
        (b"TO:<victim%evil.example@[127.0.0.1]>", "bounce"),
        (b"TO:<victim%evil.example>", "bounce"),
        (b"TO:<victim%evil.example%test.example@test.example>", "bounce"),
        (b"TO:<victim%pct.test.example@evil.example>", "refused"),
        (b"TO:<victim%evil.example@virt.example>", "foo"),
        (b"TO:<victim%evil.example@x.wild.example>", "foo"),
        (b"TO:<victim%evil.example@shut.test.example>", "refused"),
        (b"TO:<foo%test.example@pct.test.example>", "foo"),
        (b"TO:<foo%pct.test.example@pct.test.example>", "foo"),
        (b"TO:<%evil.example@test.example>", "bounce"),
        (b"TO:<victim%@test.example>", "bounce"),
        (b"TO:<\"victim%evil.example\"@test.example>", "bounce"),
        (b"TO:<victim%40evil.example@test.example>", "bounce"),
        (b"TO:<foo-%evil.example@test.example>", "foo"),
        (b"TO:<victim%evil.example@pct.test.example>", "leaves"),
    ),
    "bang": (
        (b"TO:<evil.example!victim>", "bounce"),
        (b"TO:<evil.example!victim@test.example>", "bounce"),
        (b"TO:<test.example!victim@evil.example>", "refused"),
        (b"TO:<test.example!evil.example!victim>", "bounce"),
        (b"TO:<evil.example!victim@[127.0.0.1]>", "bounce"),
        (b"TO:<evil.example!victim%evil.example@test.example>", "bounce"),
        (b"TO:<victim@evil.example!foo@test.example>", "bounce"),
        (b"TO:<foo!victim@virt.example>", "foo"),
    ),
    "quoting": (
        (b"TO:<\"victim@evil.example\">", "refused"),
        (b"TO:<\"victim@evil.example\"@test.example>", "bounce"),
        (b"TO:<\"victim\"@evil.example>", "refused"),
        (b"TO:<\"victim@test.example\"@evil.example>", "refused"),
        (b"TO:<victim\\@evil.example>", "refused"),
        (b"TO:<victim\\@test.example@evil.example>", "refused"),
        (b"TO:<victim@evil.example\\@test.example>", "bounce"),
        (b"TO:<\"victim@evil.example>\"@test.example>", "bounce"),
        (b"TO:<\"victim@evil.example", "refused"),
        (b"TO:<victim@\"evil.example\">", "refused"),
        (b"TO:<victim@evil.\\example>", "refused"),
        (b"TO:<\"foo\"@test.example>", "foo"),
        (b"TO:<\"\\\"victim@evil.example\"@test.example>", "bounce"),
        (b"TO:<|sendmail victim@evil.example>", "refused"),
        (b"TO:<\"|/bin/mail victim@evil.example\"@test.example>", "bounce"),
        (b"TO:<&victim@evil.example@test.example>", "bounce"),
        (b"TO:<:include:/etc/passwd@test.example>", "bounce"),
    ),
    "literal": (
        (b"TO:<foo@[127.0.0.1]>", "foo"),
        (b"TO:<victim@[192.0.2.77]>", "refused"),
        (b"TO:<victim@[127.0.0.1>", "refused"),
        (b"TO:<victim@127.0.0.1]>", "refused"),
        (b"TO:<victim@[127.0.0.1].evil.example>", "refused"),
        (b"TO:<victim@evil.example@[127.0.0.1]>", "bounce"),
        (b"TO:<victim@[127.0.0.1]@evil.example>", "refused"),
        (b"TO:<victim@[0x7f.0.0.1]>", "refused"),
        (b"TO:<victim@[127.1]>", "refused"),
        (b"TO:<victim@[IPv6:::1]>", "refused"),
        (b"TO:<victim@[evil.example]>", "refused"),
        (b"TO:<victim@#2130706433>", "refused"),
    ),
    "dots, empty": (
        (b"TO:<victim@evil.example.>", "refused"),
        (b"TO:<foo@test.example.>", "refused"),
        (b"TO:<foo@.test.example>", "refused"),
        (b"TO:<victim@>", "refused"),
        (b"TO:<@>", "refused"),
        (b"TO:<>", "nobody"),
        (b"TO:<victim@.>", "refused"),
        (b"TO:<victim@evil.example@>", "refused"),
        (b"TO:<@test.example@evil.example>", "refused"),
        (b"TO:<foo>", "foo"),
        (b"TO:<postmaster>", "bounce"),
    ),
    "nested": (
        (b"TO:<victim@evil.example@test.example>", "bounce"),
        (b"TO:<victim@test.example@evil.example>", "refused"),
        (b"TO:<victim@evil.example@test.example@evil.example>", "refused"),
        (b"TO:<victim@evil.example@virt.example>", "foo"),
        (b"TO:<<victim@evil.example>@test.example>", "refused"),
        (b"TO:<victim@evil.example><foo@test.example>", "refused"),
        (b"TO:victim@evil.example <foo@test.example>", "foo"),
        (b"TO:<foo@test.example,victim@evil.example>", "refused"),
        (b"TO:<victim@evil.example,foo@test.example>", "bounce"),
    ),
    "case, bytes": (
        (b"TO:<FOO@TEST.EXAMPLE>", "foo"),
        (b"TO:<VICTIM@EVIL.EXAMPLE>", "refused"),
        (b"TO:<victim@test.example\0.evil.example>", "refused"),
        (b"TO:<victim@evil.example\0@test.example>", "refused"),
        (b"TO:<foo@t\xe9st.example>", "refused"),
        (b"TO:<v\xefctim@test.example>", "bounce"),
        (b"TO:<victim@evil.example\r@test.example>", "refused"),
        (b"TO:<foo@test.example\x7f>", "refused"),
        (b"TO:<victim@\xff>", "refused"),
    ),
    "blanks, comments": (
        (b"TO:<victim@evil.example (foo@test.example)>", "refused"),
        (b"TO:(foo@test.example) <victim@evil.example>", "refused"),
        (b"TO:<foo@test.example\tvictim@evil.example>", "refused"),
        (b"TO:<foo@test.example\t>", "refused"),
        (b"TO: <victim@evil.example>", "refused"),
        (b"TO:\t<victim@evil.example>", "refused"),
        (b"TO:victim@evil.example foo@test.example", "refused"),
        (b"TO:<foo@test.example> ORCPT=rfc822;victim@evil.example", "foo"),
        (b"TO victim@evil.example", "refused"),
        (b"victim@evil.example", "refused"),
        (b"TO:<foo@(evil.example)test.example>", "refused"),
        (b"TO:< foo@test.example>", "bounce"),
    ),
    "virtual, wildcard": (
        (b"TO:<any@virt.example>", "foo"),
        (b"TO:<any@x.wild.example>", "foo"),
        (b"TO:<any@x.y.wild.example>", "foo"),
        (b"TO:<any@wild.example>", "refused"),
        (b"TO:<any@notwild.example>", "refused"),
        (b"TO:<any@wild.example.evil.example>", "refused"),
        (b"TO:<any@evil.example.wild.example>", "foo"),
        (b"TO:<any@sub.test.example>", "refused"),
        (b"TO:<any@virt.example.evil.example>", "refused"),
        (b"TO:<any@virt-example>", "refused"),
        (b"TO:<foo@more.example>", "foo"),
        (b"TO:<any@x.deep.example>", "foo"),
        (b"TO:<any@deep.example>", "refused"),
        (b"TO:<any@more.example.evil.example>", "refused"),
        (b"TO:<foo-virt.example@test.example>", "foo"),
    ),
}

EVIL, GOOD = b"RCPT TO:<victim@evil.example>", b"RCPT TO:<foo@test.example>"
# family: (the commands, what becomes of it); the fate of the last RCPT when that is refused
DIALOGUES = {
    "sender": (
        ((b"HELO x", b"MAIL FROM:<>", EVIL), "refused"),
        ((b"HELO x", b"MAIL FROM:<foo@test.example>", EVIL), "refused"),
        ((b"HELO x", b"MAIL FROM:<victim@evil.example>", EVIL), "refused"),
        ((b"HELO x", b"MAIL FROM:<foo@localhost>", EVIL), "refused"),
        ((b"HELO x", b"MAIL FROM:<foo>", EVIL), "refused"),
        ((b"HELO x", b"MAIL FROM:<foo@[127.0.0.1]>", EVIL), "refused"),
        ((b"HELO x", b"MAIL FROM:<#@[]>", EVIL), "refused"),
        ((b"HELO x", b"MAIL FROM:<victim%evil.example@test.example>", EVIL), "refused"),
        ((b"HELO x", b"MAIL FROM:<foo@test.example> AUTH=<>", EVIL), "refused"),
        ((b"HELO x", b"MAIL FROM:<victim@evil.example>", GOOD), "foo"),
        ((b"HELO x", b"MAIL FROM:<victim@evil.example-@[]>", GOOD), "foo"),
    ),
    "HELO, order": (
        ((SENDER, EVIL), "refused"),
        ((b"HELO test.example", SENDER, EVIL), "refused"),
        ((b"HELO localhost", SENDER, EVIL), "refused"),
        ((b"HELO [127.0.0.1]", SENDER, EVIL), "refused"),
        ((b"EHLO evil.example", SENDER, EVIL), "refused"),
        ((b"HELO RELAYCLIENT=", SENDER, EVIL), "refused"),
        ((b"HELO x\rRCPT TO:<victim@evil.example>", SENDER, EVIL), "refused"),
        ((EVIL, SENDER, EVIL), "refused"),
        ((SENDER, GOOD, EVIL), "refused"),
        ((SENDER, EVIL, GOOD), "foo"),
        ((SENDER, GOOD, b"RSET", EVIL), "refused"),
        ((SENDER, GOOD, b"HELO x", EVIL), "refused"),
        ((SENDER, GOOD, SENDER, EVIL), "refused"),
        ((b"AUTH PLAIN AGZvbwBmb28=", SENDER, EVIL), "refused"),
        ((b"XCLIENT ADDR=127.0.0.1", SENDER, EVIL), "refused"),
        ((b"DATA", SENDER, EVIL), "refused"),
    ),
}


class Trial:
    def __init__(self):
        self.home = Home(SCRATCH + "/qmail")
        self.sink = Sink(SINK_PORT)

    def prepare(self):
        harness.accounts()
        h = self.home
        h.clear()
        h.control(me="mx.test.example\n", locals="\n".join(LOCAL) + "\n", rcpthosts="\n".join(RCPTHOSTS) + "\n",
                  morercpthosts="more.example\n.deep.example\n", percenthack="pct.test.example\nshut.test.example\n",
                  virtualdomains="virt.example:foo\n.wild.example:foo\n.deep.example:foo\n", smtproutes=":127.0.0.1:%d\n" % SINK_PORT)
        subprocess.run([h / "bin/qmail-newmrh"], check=True)
        alias = pwd.getpwnam("alias")
        foo, john = (fresh_home(name) for name in ("foo", "john"))
        for path in (foo + "/.qmail", foo + "/.qmail-default", john + "/.qmail"):
            with open(path, "w") as f:
                f.write("./Maildir/\n")
        h.assign("".join("=%s:%s:%d:%d:%s:::\n" % (n, n, harness.ACCOUNTS[n], harness.ACCOUNTS[n], d)
                         for n, d in (("foo", foo), ("john", john)))
                 + "+foo-:foo:%d:%d:%s:-::\n" % (harness.ACCOUNTS["foo"], harness.ACCOUNTS["foo"], foo)
                 + "+:alias:%d:%d:%s:-::\n.\n" % (alias.pw_uid, alias.pw_gid, h / "alias"))
        self.sink.start()
        self.sink.up.wait()
        h.start()
        h.listen(port=SMTP)
        h.listen(port=OPEN, env={"RELAYCLIENT": ""})
        h.listen(port=QMTP, program="qmail-qmtpd")

    # ---- what a stranger does
    @staticmethod
    def smtp(ident, commands, port=SMTP):
        """The fate so far: refused, nobody, accepted."""
        with socket.create_connection(("127.0.0.1", port), 20) as s, s.makefile("rwb") as f:
            def say(line):
                f.write(line + b"\r\n")
                f.flush()
                return reply()

            def reply():
                line = f.readline()
                while line[3:4] == b"-":
                    line = f.readline()
                return line[:3]
            assert reply() == b"220"
            codes = [(c[:4], say(c)) for c in commands]
            rcpts = [code for verb, code in codes if verb == b"RCPT"]
            taken = b"250" in rcpts and say(b"DATA") == b"354" and say(b"Subject: %s\r\n\r\nx\r\n." % ident.encode()) == b"250"
            say(b"QUIT")
        if rcpts[-1] != b"250":
            return "refused"
        return "accepted" if taken else "nobody"

    @staticmethod
    def qmtp(ident, recipient):
        def netstring(s):
            return b"%d:%s," % (len(s), s)
        with socket.create_connection(("127.0.0.1", QMTP), 20) as s:
            s.sendall(netstring(b"\nSubject: %s\n\nx\n" % ident.encode()) + netstring(b"john@test.example")
                      + netstring(netstring(recipient)))
            got = s.recv(4096)
        return "accepted" if got.split(b":")[1][:1] == b"K" else "refused"

    def probes(self):
        """(family, what is shown of it, what shall become of it, how it goes)."""
        for family, rows in RECIPIENTS.items():
            for argument, fate in rows:
                yield family, argument, fate, lambda i, a=argument: self.smtp(i, (b"HELO x", SENDER, b"RCPT " + a))
        for family, rows in DIALOGUES.items():
            for commands, fate in rows:
                yield family, commands, fate, lambda i, c=commands: self.smtp(i, c)
        for recipient, fate in ((b"foo@test.example", "foo"), (b"victim@evil.example", "refused"), (b"victim@", "refused"),
                                (b"victim%evil.example@test.example", "bounce"), (b"@test.example:victim@evil.example", "refused"),
                                (b"victim@test.example\0@evil.example", "refused"), (b"evil.example!victim", "bounce")):
            yield "QMTP", recipient, fate, lambda i, r=recipient: self.qmtp(i, r)
        yield "RELAYCLIENT", EVIL, "leaves", lambda i: self.smtp(i, (SENDER, EVIL), OPEN)

    # ---- what became of it
    def arrived(self):
        """ident: the places where it is."""
        found = collections.defaultdict(set)
        for where, texts in (("leaves", self.sink.got), ("foo", (m.decode("latin-1") for m in harness.maildir("foo", "Maildir"))),
                             ("bounce", (m.decode("latin-1") for m in harness.maildir("john", "Maildir")))):
            for text in texts:
                for ident in re.findall(r"^Subject: (probe\.\d+)$", text, re.M) or ["?"]:
                    found[ident].add(where)
        return found


def main():
    report.options(__doc__.split("\n")[0])
    table = report.Report("family", "probes", "refused", "local", "bounced", "left", "wrong")
    trial = Trial()
    trial.prepare()
    try:
        said = {"probe.%d" % i: (*p[:3], p[3]("probe.%d" % i)) for i, p in enumerate(trial.probes())}
        trial.home.drained(60)
        wait_for("the deliveries to be over", lambda: not trial.home.queued())
        found = trial.arrived()
    finally:
        trial.home.stop()
    rows = collections.defaultdict(list)
    for ident, (family, shown, fate, first) in said.items():
        # of two recipients the refused one decides, and the good one's copy is at foo
        places = found.pop(ident, set()) - ({"foo"} if fate == "refused" else set())
        became = "+".join(sorted(places)) or first
        rows[family].append((fate, became, "" if became == fate else "%r: %s, not %s" % (shown, became, fate)))
    for family, results in rows.items():
        bad = [w for _, _, w in results if w]
        count = collections.Counter(became for _, became, _ in results)
        table.row(family, len(results), count["refused"] + count["nobody"], count["foo"], count["bounce"], count["leaves"],
                  len(bad), wrong="; ".join(bad))
    table.row("all", len(said), "", "", "", len(trial.sink.got), len(found), wrong="unasked: %s" % dict(found) if found else "")
    table.finish()


if __name__ == "__main__":
    main()
