"""Accepted at RCPT if, and only if, delivered rather than bounced as "no mailbox here by that name".

Sites made by chance, and addresses for them: each address is offered to qmail-smtpd, with qmail-rcptd running. What is
taken is sent; what is refused is put into the queue all the same. Then the log of qmail-send has the truth.

SEED=N repeats the choices; RCPTD_SITES=N makes so many sites, of 100 addresses each."""
import contextlib
import ctypes
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, fresh_home, wait_for
from rcptd_test import NOBODY, OK, start_rcptd

pytestmark = pytest.mark.usefixtures("alias_at_home")

SEED = int(os.environ.get("SEED", "1"))
SITES = int(os.environ.get("RCPTD_SITES", "50"))
ADDRESSES = 100

WORDS = ["a", "b", "A", "info", "Info", "list", "x.y", "default", "owner", "", "q" * 40]
DOMAINS = ["mail.test.example", "Mail.TEST.example", "one.example", "a.one.example", "b.a.one.example", "two.example",
           "three.example", "elsewhere.example"]
FILES = [("./Maildir/\n", 0o644)] * 6 + [("", 0o644), ("#\n", 0o600), ("|exit 0\n", 0o755), ("|exit 111\n", 0o644),
         ("|exit 100\n", 0o644), ("./Maildir/\n", 0o646), ("./Maildir/\n", 0o000), ("\n", 0o644)]
NO_MAILBOX = re.compile(r"failure: Sorry,_no_mailbox_here_by_that_name\._\(#5\.1\.1\)/$")


class Site:
    """A configuration made by chance."""

    def __init__(self, qmail, chance):
        self.qmail, self.chance = qmail, chance
        for name in ACCOUNTS:
            self.fill(fresh_home(name), ACCOUNTS[name])
        st = os.stat(qmail / "alias")
        self.fill(qmail / "alias", st.st_uid)
        self.tables()
        self.assign()

    def some(self, what, most):
        return [self.chance.choice(what) for _ in range(self.chance.randint(0, most))]

    def extension(self):
        return "-".join(self.some(WORDS, 3))

    def fill(self, home, owner):
        """Instructions of all kinds, for names that addresses will have."""
        for _ in range(self.chance.randint(0, 5)):
            ext = self.extension().lower().replace(".", ":")
            who = self.chance.choice(["", "", "", "foo-", "john-", "nobody-"]) if home.endswith("/alias") else ""
            name = ".qmail-" + who + self.chance.choice([ext, ext, ext + "-default" if ext else "default", "default", ext + "default"])
            self.place(os.path.join(home, name), owner)
        if self.chance.random() < 0.2:
            self.place(home + "/.qmail", owner)
        os.chmod(home, self.chance.choice([0o755] * 9 + [0o1755, 0o757, 0o700]) if not home.endswith("/alias") else 0o755)

    def place(self, path, owner):
        remove(path)
        kind = self.chance.random()
        if kind < 0.05:
            os.mkdir(path)
        elif kind < 0.1:
            os.symlink(self.chance.choice(["nowhere", path, "/etc/shadow", "/etc/hostname/x"]), path)
        elif kind < 0.12:
            os.mkfifo(path)
        else:
            text, mode = self.chance.choice(FILES)
            with open(path, "w") as f:
                f.write(text)
            os.chmod(path, mode)
        os.lchown(path, owner, owner)

    def tables(self):
        prepends = ["foo", "foo-list", "john", "foo-bar", "nobody", "shop", "", "alias"]
        lines = ["%s:%s" % (d, self.chance.choice(prepends)) for d in
                 self.some(["one.example", ".one.example", "two.example", ".example", "", "info@two.example", "three.example"], 5)]
        self.qmail.control(locals="mail.test.example\n" + "".join(d + "\n" for d in self.some(["three.example", "a.one.example"], 1)),
                           virtualdomains="".join(ln + "\n" for ln in lines),
                           percenthack="".join(d + "\n" for d in self.some(["mail.test.example", "one.example"], 1)),
                           emptyprefixlocal="%d\n" % self.chance.randint(0, 1), aliasfallback="%d\n" % self.chance.randint(0, 1),
                           envnoathost=self.chance.choice(["mail.test.example", "one.example"]) + "\n", smtproutes=":127.0.0.1:9\n")

    def assign(self):
        if self.chance.random() < 0.4:
            for f in os.listdir(self.qmail / "users"):
                os.unlink(self.qmail / ("users/" + f))
            return
        lines = []
        for sign, name in self.some([("=", "foo"), ("=", "info"), ("+", "shop-"), ("+", "nobody-"), ("+", "foo-list-"),
                                     ("+", "Foo-"), ("+", "A"), ("=", "john-a"), ("+", "")], 5):
            user = self.chance.choice(sorted(ACCOUNTS))
            home = self.chance.choice(["%s/%s" % (HOMES, user)] * 4 + [HOMES + "/gone"])
            dash, ext = self.chance.choice([("-", ""), ("-", ""), ("", ""), ("-", "a-"), ("-", "x.y")])
            uid = self.chance.choice([ACCOUNTS[user]] * 9 + [0])
            lines.append("%s%s:%s:%d:%d:%s:%s:%s:\n" % (sign, name, user, uid, ACCOUNTS[user], home, dash, ext))
        self.qmail.assign("".join(lines) + ".\n")

    def address(self):
        box = self.chance.choice(["foo", "FOO", "john", "baz", "foo-bar", "info", "shop", "nobody", "alias", "root", "a", "A"])
        if self.chance.random() < 0.7:
            box += "-" + self.extension()
        if self.chance.random() < 0.1:
            box += "%" + self.chance.choice(DOMAINS)
        return box if self.chance.random() < 0.05 else box + "@" + self.chance.choice(DOMAINS)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def queue(qmail, address):
    """Straight into the queue, whatever qmail-smtpd says; the number that the log knows it by."""
    with open(SCRATCH + "/refused", "wb") as f:
        f.write(b"F#@[]\0T%s\0\0" % address.encode())
    with open(SCRATCH + "/refused") as envelope:
        p = subprocess.Popen([qmail / "bin/qmail-queue"], stdin=subprocess.DEVNULL, stdout=envelope, env=qmail.env())
        assert p.wait() == 0
    return p.pid


def offer(s, address):
    """Over SMTP: the reply to RCPT, and the number of the message if it was taken."""
    # (what cannot be delivered from this sender is thrown away, so the queue stays small)
    assert s.docmd("MAIL FROM:<#@[]>")[0] == 250
    reply = s.docmd("RCPT TO:<%s>" % address)
    if reply != OK:
        return reply, None
    code, text = s.data("Subject: t\n\n")
    assert code == 250
    return reply, int(text.split()[-1])


def outcomes(qmail):
    """What became of each message, by number: the text of its first report."""
    number, running, out = {}, {}, {}
    for line in qmail.logtext().splitlines():
        w = line.split()
        if line.startswith("info msg "):
            number[w[2].rstrip(":")] = int(w[w.index("qp") + 1])
        elif line.startswith("starting delivery "):
            running[w[2].rstrip(":")] = number[w[4]]
        elif line.startswith("delivery "):
            out.setdefault(running[w[1].rstrip(":")], " ".join(w[2:]))
    return out


def explained(qmail, address):
    """Whether qmail-explain says, too, that there is nobody; none if the address is not local."""
    r = subprocess.run([qmail / "bin/qmail-explain", "-j", "--", address], capture_output=True, text=True, cwd="/", env=qmail.env())
    got = json.loads(r.stdout)
    return got["result"] == "nobody" if got["channel"] == "local" else None


def again(qmail, address):
    """On a machine that is busy with other things a look may take too long, and be a doubt; not three times."""
    for _ in range(3):
        with qmail.smtp() as s:
            s.docmd("MAIL FROM:<>")
            if s.docmd("RCPT TO:<%s>" % address) == NOBODY:
                return NOBODY
        time.sleep(2.5)
    return OK


def check_site(qmail, addresses):
    """One site: the addresses that were taken and refused, and those about which RCPT and the delivery disagree."""
    qmail.start("./Maildir/")
    qmail.listen()
    rcptd = start_rcptd(qmail)
    said, numbers = {}, {}
    with qmail.smtp() as s:
        for i, a in enumerate(addresses):
            said[i], qp = offer(s, a)
            assert said[i] in (OK, NOBODY)
            numbers[i] = qp or queue(qmail, a)
    try:
        wait_for("all deliveries", lambda: set(numbers.values()) <= set(outcomes(qmail)), 240)
    except AssertionError:
        missing = [addresses[i] for i in numbers if numbers[i] not in outcomes(qmail)]
        raise AssertionError("no outcome for %s:\n%s" % (missing, qmail.logtext()[-2000:])) from None
    truth = outcomes(qmail)
    for i in said:
        if said[i] == OK and NO_MAILBOX.search(truth[numbers[i]]):
            said[i] = again(qmail, addresses[i])
    for i in range(0, ADDRESSES, 10):
        assert explained(qmail, addresses[i]) in (said[i] == NOBODY, None), addresses[i]
    assert rcptd.poll() is None
    os.kill(rcptd.pid, signal.SIGTERM)
    qmail.stop()
    for base, _, files in os.walk(qmail / "queue"):
        if os.path.basename(base) != "lock":
            for f in files:
                os.unlink(os.path.join(base, f))
    wrong = [(addresses[i], said[i], truth[numbers[i]]) for i in said
             if (said[i] == NOBODY) != bool(NO_MAILBOX.search(truth[numbers[i]]))]
    return sum(r == OK for r in said.values()), sum(r == NOBODY for r in said.values()), wrong


libc = ctypes.CDLL(None, use_errno=True)
MS_BIND, MNT_DETACH = 4096, 2


@contextlib.contextmanager
def world(qmail, number):
    """Directories of its own that are mounted over those that a site is made of.

    So all of them are made first, and when addresses are asked for nothing has just changed, which would be a doubt.
    """
    there = [qmail / d for d in ("control", "users", "alias")] + [HOMES]
    mounted = []
    try:
        for d in there:
            mine = "%s/worlds/%d/%s" % (SCRATCH, number, os.path.basename(d))
            if not os.path.exists(mine):
                st = os.stat(d)
                os.makedirs(mine)
                os.chown(mine, st.st_uid, st.st_gid)
                os.chmod(mine, st.st_mode & 0o7777)
            assert libc.mount(mine.encode(), d.encode(), None, MS_BIND, None) == 0, os.strerror(ctypes.get_errno())
            mounted.append(d)
        yield
    finally:
        for d in mounted:
            libc.umount2(d.encode(), MNT_DETACH)


def make_world(qmail, number):
    """A site, and the addresses to be asked for there: by a number of its own, so that it can be had again by itself."""
    chance = random.Random("%d/%d" % (SEED, number))
    with world(qmail, number):
        if os.environ.get("SANDBOX") == "off":
            qmail.control(nosandbox="")
        qmail.control(me="mail.test.example\n")
        site = Site(qmail, chance)
        return [site.address() for _ in range(ADDRESSES)]


@pytest.fixture
def worlds():
    shutil.rmtree(SCRATCH + "/worlds", ignore_errors=True)
    yield
    shutil.rmtree(SCRATCH + "/worlds")


def test_accepted_if_and_only_if_delivered(qmail, worlds, capsys):
    taken = refused = 0
    asked = [make_world(qmail, n) for n in range(SITES)]
    for n, addresses in enumerate(asked):
        with world(qmail, n):
            t, r, wrong = check_site(qmail, addresses)
        assert wrong == [], "SEED=%d, site %d: RCPT and delivery disagree" % (SEED, n)
        taken, refused = taken + t, refused + r
    assert taken > SITES * ADDRESSES / 10 and refused > SITES * ADDRESSES / 10
    with capsys.disabled():
        print("\n%d addresses at %d sites: %d taken and delivered, 0 of them bounced; %d refused, all of which bounced (SEED=%d)"
              % (taken + refused, SITES, taken, refused, SEED))
