#!/usr/bin/env python3
"""A clock on the wall that is set, back and forth, beside one that nobody sets (clock.c, preloaded).

  jumps    while mail is deferred: nobody bounces for it, nobody waits for the old time, new mail is delivered,
           qmail-send does not spin; also in the middle of a delivery
  files    times of queue files far ahead, found at the start: tried, and counted as new
  dates    2038-01-19, 2106-02-07 and later in Received, Date, Message-ID, SMTP replies and Maildir names
  second   one that does not end: Maildir names stay different
"""
import contextlib
import email
import email.utils
import os
import pwd
import re
import shutil
import struct
import subprocess
import time

import report
import harness
from harness import SCRATCH, Home, fresh_home, wait_for

HOST = "clock.example"
PID_FILE_GONE = 64
DAY, YEAR = 86400, 365 * 86400
JUMPS = (("a day forward", DAY), ("a day back", -DAY), ("ten years forward", 10 * YEAR), ("ten years back", -10 * YEAR),
         ("beyond 2038", 0x80000000), ("beyond 2106", 0x100000000), ("1970", None))
DATES = (0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 4102444800)
AMOUNT = {"quick": 10, "full": 100, "long": 1000}       # deferred messages


class Clocked(Home):
    """An installation whose programs see our clock."""

    def __init__(self):
        super().__init__(SCRATCH + "/qmail")
        self.shim, self.file = os.path.join(SCRATCH, "clock.so"), os.path.join(SCRATCH, "clock")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self.shim, os.path.join(os.path.dirname(__file__), "clock.c")],
                       check=True)
        self.set(0)
        os.chmod(self.file, 0o644)

    def env(self, **more):
        return super().env(LD_PRELOAD=self.shim, CLOCK=self.file, **more)

    def set(self, wrong_by, stands_at=0):
        with open(self.file, "r+b" if os.path.exists(self.file) else "wb") as f:
            f.write(struct.pack("qq", wrong_by, stands_at))
        self.wrong_by = wrong_by

    def setup(self):
        """Mail to foo-wait is deferred as long as the file closed is there; foo-slow takes half a second."""
        self.set(0)
        self.clear()
        self.control(me=HOST + "\n", locals=HOST + "\n", rcpthosts=HOST + "\n", smtproutes=":127.0.0.1:1\n")
        foo = self.foo = fresh_home("foo")
        alias, uid = pwd.getpwnam("alias"), harness.ACCOUNTS["foo"]
        self.assign("=foo:foo:%d:%d:%s:::\n+foo-:foo:%d:%d:%s:-::\n+:alias:%d:%d:%s:-::\n.\n" % (
            uid, uid, foo, uid, uid, foo, alias.pw_uid, alias.pw_gid, self / "alias"))
        for name, text in ((".qmail", "./Maildir/\n"), (".qmail-wait", "|test ! -e closed || exit 111\n./Maildir/\n"),
                           (".qmail-slow", "|touch begun; sleep 0.5\n./Maildir/\n"), ("closed", "")):
            with open(foo + "/" + name, "w") as f:
                f.write(text)
        os.chown(foo, uid, uid)

    def queue(self, name, ident):
        message = b"Subject: %s\n\nx\n" % ident.encode()
        to = [b"foo%s@%s" % (name.encode(), HOST.encode())]
        for _ in range(10):
            code = self.inject(b"foo@" + HOST.encode(), to, message)
            if code != PID_FILE_GONE:
                break
            # files have the kernel's times: by a clock set ahead those of this moment are old enough to be swept
        assert code == 0, code

    def arrived(self):
        return [re.search(rb"^Subject: (.*)$", m, re.M)[1].decode() for m in harness.maildir("foo", "Maildir")]

    def processor(self):
        """Seconds that qmail-send has used."""
        with open("/proc/%d/stat" % self.pid) as f:
            return sum(map(int, f.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def deferrals(h):
    return len(re.findall(r"^delivery \d+: deferral", h.logtext(), re.M))


def jump(h, amount, by):
    """What is wrong, and the processor time used in a second behind the jump."""
    by = -int(time.time()) + 5 if by is None else by
    h.setup()
    h.start()
    for i in range(amount):
        h.queue("-wait", "wait.%d" % i)
    h.queue("-slow", "slow")
    wait_for("the deferrals", lambda: deferrals(h) == amount and os.path.exists(h.foo + "/begun"), 60)
    h.set(by)                                   # in the middle of the delivery
    wait_for("the slow one", lambda: "slow" in h.arrived())
    h.queue("", "new")
    wait_for("new mail", lambda: "new" in h.arrived())
    used, began = h.processor(), time.monotonic()
    time.sleep(0.5)
    used = (h.processor() - used) / (time.monotonic() - began)
    # two minutes go by, too slowly for a jump, and qmail-send is woken: a second attempt, or with the jump
    wait_for("what became due by the jump", lambda: by < 0 or deferrals(h) >= 2 * amount, 60)
    for step in (1, 2, 3):
        h.set(by + 50 * step)
        h.signal("HUP")
        time.sleep(0.1)
    wait_for("the second attempts", lambda: deferrals(h) >= 2 * amount, 60)
    bounces = len(re.findall(r"^bounce msg", h.logtext(), re.M))
    os.unlink(h.foo + "/closed")

    def pressed():
        h.signal("ALRM")        # an attempt may have begun before the file went
        time.sleep(0.2)
        return not h.queued()
    wait_for("an empty queue", pressed, 60)
    got = sorted(h.arrived())
    expected = sorted(["slow", "new"] + ["wait.%d" % i for i in range(amount)])
    return "%d bounces" % bounces if bounces else "" if got == expected else "arrived: %s" % got, used


def jumps(h, table, amount):
    for what, by in JUMPS:
        wrong, used = "", 0
        try:
            wrong, used = jump(h, amount, by)
            noticed = re.search(r"^warning: the clock was set (back|forward) by", h.logtext(), re.M)
            wrong = wrong or ("" if used < 0.1 else "it spins") or ("" if noticed else "not noticed")
        except AssertionError as e:
            wrong = str(e)[:300]
        finally:
            h.stop()
        table.row("jumps", what, "%d messages, %.0f ms/s" % (amount + 2, 1000 * used), wrong=wrong)


def files(h, table):
    """info and local are dated ahead while nobody runs."""
    for what, ahead in (("an hour and a bit", 3700), ("ten years", 10 * YEAR), ("beyond 2106", 0x100000000)):
        wrong, stamp = "", 0
        try:
            h.setup()
            h.start()
            h.queue("-wait", "ahead")
            wait_for("the deferral", lambda: deferrals(h) == 1)
            h.stop()
            n, = h.queued()
            info, local = (os.path.join(b, f) for k in ("info", "local") for b, _, fs in os.walk(h / ("queue/" + k)) for f in fs)
            os.utime(info, (time.time() + ahead,) * 2)
            os.utime(local, (time.time() + (ahead if ahead > YEAR else 0),) * 2)
            h.start()
            wait_for("an attempt", lambda: deferrals(h) == 1)
            stamp = os.stat(info).st_mtime - time.time()
            os.unlink(h.foo + "/closed")
            h.signal("ALRM")
            h.drained()
            wrong = "" if -60 < stamp < 60 and h.arrived() == ["ahead"] else "%s, message %d" % (h.arrived(), n)
        except AssertionError as e:
            wrong = str(e)[:300]
        finally:
            h.stop()
        table.row("files", what + " ahead", "%.0f s" % stamp, wrong=wrong)


def dates(h, table):
    """qmail-queue is setuid and sees no preloaded clock: a copy that is not runs as its user."""
    user = pwd.getpwnam("qmailq")
    copy = os.path.join(SCRATCH, "qmail-queue")
    shutil.copyfile(h / "bin/qmail-queue", copy)
    os.chmod(copy, 0o755)
    for when in DATES:
        wrong = []
        h.setup()
        h.set(0, when)
        try:
            h.start()
            out = subprocess.run([h / "bin/qmail-smtpd"], input=b"MAIL FROM:<foo@%s>\r\nRCPT TO:<foo@%s>\r\nDATA\r\nSubject: smtp\r\n"
                                 b"\r\n.\r\nQUIT\r\n" % ((HOST.encode(),) * 2), stdout=subprocess.PIPE, user=user.pw_uid,
                                 group=user.pw_gid, env=h.env(QMAILQUEUE=copy), check=True).stdout
            if b"\r\n250 ok %d qp " % when not in out:
                wrong.append("%r" % out)
            subprocess.run([h / "bin/qmail-inject", "foo@" + HOST], input=b"Subject: inject\n\n", user=user.pw_uid,
                           group=user.pw_gid, env=h.env(QMAILQUEUE=copy), check=True)
            wait_for("the mail", lambda: len(h.arrived()) == 2)
            names = sorted(os.listdir(h.foo + "/Maildir/new"))
            wrong += [n for n in names if not n.startswith("%d." % when)]
            stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(when))
            for text in harness.maildir("foo", "Maildir"):
                m = email.message_from_bytes(text)
                shown = [f.rpartition(";")[2] for f in m.get_all("Received")] + m.get_all("Date", [])
                wrong += [d for d in shown if email.utils.parsedate_to_datetime(d).timestamp() != when]
                if m["Subject"] == "inject" and stamp not in m["Message-ID"]:
                    wrong.append(m["Message-ID"])
                if len(shown) < 2:
                    wrong.append("%s" % shown)
        except AssertionError as e:
            wrong = [str(e)[:300]]
        finally:
            h.stop()
        table.row("dates", when, time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(when)), wrong=" ".join(wrong))


def second(h, table, amount):
    h.setup()
    h.set(0, 2000000000)
    wrong = ""
    try:
        h.start()
        for i in range(3 * amount):
            h.queue("", "same.%d" % i)
        h.drained(60)
    except AssertionError as e:
        wrong = str(e)[:300]
    finally:
        h.stop()
    names = os.listdir(h.foo + "/Maildir/new")
    same = [n for n in names if n.startswith("2000000000.M0P")]
    if sorted(h.arrived()) != sorted("same.%d" % i for i in range(3 * amount)) or len(same) != len(names):
        wrong = wrong or "%d arrived" % len(names)
    table.row("second", "the same", "%d names" % len(names), wrong=wrong)


def main():
    opts = report.options(__doc__.split("\n")[0], only=("", "parts, with commas between"))
    table = report.Report("clock", "what", "figure")
    harness.accounts()
    h = Clocked()
    for part, args in ((jumps, (AMOUNT[opts.tier],)), (files, ()), (dates, ()), (second, (AMOUNT[opts.tier],))):
        if not opts.only or part.__name__ in opts.only.split(","):
            part(h, table, *args)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(h.file)
    table.finish()


if __name__ == "__main__":
    main()
