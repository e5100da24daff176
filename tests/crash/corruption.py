#!/usr/bin/python3
"""Damaged files: whatever the queue, the tables and the control files hold, nobody gets mail that the file does not
name, nothing that cannot be read is deleted, nothing crashes or spins, and everybody else is served meanwhile.

Hundreds of damaged messages lie in one queue when qmail-send starts. What a damaged file still says, if anything,
is worked out here from its bytes, and that is what has to happen."""
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from report import Report, options
from harness import HOMES, SCRATCH, Home, accounts, fresh_home, wait_for

HOST = b"h.ex"
SPLIT = 23
SINK = 2525
O = options(__doc__.split("\n")[0])
RNG = random.Random(O.seed)
SHARE = {"quick": 0.2, "full": 1.0, "long": 1.0}[O.tier]
REPORT = Report("damaged", "tried", "logged", "kept", "done", "wrongly delivered", "deleted", "crashed")

accounts()
HOME = Home(SCRATCH + "/qmail")
UID = {n: pwd.getpwnam(n).pw_uid for n in ("qmailq", "qmails", "qmaild", "qmailr", "foo")}
GID = pwd.getpwnam("qmailq").pw_gid
FOO = HOMES + "/foo"


# ---- damage

def bytewise(content):
    """(name, bytes): cut at every byte, every byte changed in three ways, something behind the end."""
    for n in range(len(content)):
        yield "cut at %d" % n, content[:n]
    for i, b in enumerate(content):
        for x in sorted({0, 255, b ^ 0x20} - {b}):
            yield "byte %d is %d" % (i, x), content[:i] + bytes([x]) + content[i + 1:]
    for tail in (b"\0", b"garbage", b"T", b"\0\0\0\0", bytes(RNG.randrange(256) for _ in range(5000))):
        yield "%d bytes more" % len(tail), content + tail
    if O.tier == "long":
        for k in range(400):
            s = bytearray(content)
            for _ in range(RNG.randrange(1, 6)):
                s[RNG.randrange(len(s))] = RNG.randrange(256)
            yield "random %d" % k, bytes(s)


def some(cases):
    cases = list(cases)
    return [c for c in cases if RNG.random() < SHARE] or cases[:1]


ODD = ("directory", "fifo", "link", "dangling link", "null device", "zero device", "foreign", "mode 000")


def put(path, content, owner, mode=0o600):
    """content: bytes, or one of ODD with the good content."""
    odd = None
    if isinstance(content, tuple):
        odd, content = content
    if odd == "directory":
        os.mkdir(path)
    elif odd == "fifo":
        os.mkfifo(path)
    elif odd == "link":
        target = SCRATCH + "/elsewhere"
        with open(target, "wb") as f:
            f.write(content)
        os.chmod(target, 0o666)
        os.symlink(target, path)
        return
    elif odd == "dangling link":
        os.symlink(SCRATCH + "/nowhere", path)
        return
    elif odd in ("null device", "zero device"):
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 3 if odd == "null device" else 5))
    else:
        with open(path, "wb") as f:
            f.write(content)
    os.chmod(path, 0 if odd == "mode 000" else mode)
    if odd == "foreign":
        os.chown(path, 0, 0)
        os.chmod(path, 0o600)
    else:
        os.chown(path, UID[owner], GID)


# ---- the queue

def queue(kind, n):
    split = "" if kind in ("todo", "intd", "bounce") else "%d/" % (n % SPLIT)
    return HOME / ("queue/%s/%s%d" % (kind, split, n))


def wipe():
    """Empty directories of messages, whatever stands there."""
    for kind in ("mess", "info", "local", "remote", "todo", "intd", "bounce", "pid"):
        top = HOME / ("queue/" + kind)
        subs = [os.path.join(top, str(i)) for i in range(SPLIT)] if kind in ("mess", "info", "local", "remote") else [top]
        for d in subs:
            for f in os.listdir(d):
                p = os.path.join(d, f)
                shutil.rmtree(p) if os.path.isdir(p) and not os.path.islink(p) else os.unlink(p)
    for d in ("new", "tmp"):
        for f in os.listdir(FOO + "/Maildir/" + d):
            os.unlink(FOO + "/Maildir/" + d + "/" + f)


def mess(text, inode=True):
    """A message file; its number."""
    born = HOME / "queue/pid/born"
    put(born, text, "qmailq", 0o644)
    n = os.stat(born).st_ino
    if not inode:
        n += 1000000007
    os.rename(born, queue("mess", n))
    return n


def hold(n):
    """Take a message file away, but keep its number from being given to another."""
    os.rename(queue("mess", n), HOME / ("queue/pid/held.%d" % n))


class Case:
    """A message of which one file is damaged. wants: who must get it; may: who may; keep: its files must stay."""
    known = {}

    def __init__(self, kind, name):
        self.kind, self.name = kind, name
        self.tag = len(Case.known) + 1
        Case.known[self.tag] = self
        self.wants, self.keep = set(), False
        self.got, self.bounced = [], False
        self.file = None

    def lay(self, text=None, inode=True, **files):
        """Queue files by kind: bytes, or (one of ODD, bytes)."""
        self.n = mess(text if text is not None else b"X-Id: %d.\nSubject: t\n\nbody\n" % self.tag, inode)
        for kind, content in files.items():
            owner, mode = ("qmailq", 0o644) if kind in ("todo", "intd") else ("qmails", 0o600)
            put(queue(kind, self.n), content, owner, mode)
        if self.kind in files:
            self.file = queue(self.kind, self.n)

    def replace_mess(self, content):
        """The message itself is what is damaged; bytes keep the inode."""
        self.file = queue("mess", self.n)
        if isinstance(content, bytes):
            with open(self.file, "wb") as f:
                f.write(content)
        else:
            hold(self.n)
            put(self.file, content, "qmailq", 0o644)


def records(content):
    """The whole records, and whether something is left behind them."""
    parts = content.split(b"\0")
    return parts[:-1], parts[-1] != b""


def recipients(content):
    """What qmail-send has to make of a recipient file: (who gets mail, whether it must stay)."""
    got, met = set(), False
    for r in records(content)[0]:
        if r[:1] not in (b"T", b"D"):
            return got, True
        met = True
        if r[:1] == b"T":
            got.add(r[1:])
    return got, not met


def envelope(content):
    """The same of a todo file."""
    whole, cut = records(content)
    if cut or [r[:1] for r in whole].count(b"F") != 1 or any(r[:1] not in (b"u", b"p", b"F", b"T") for r in whole):
        return set(), True
    return {r[1:] if b"@" in r else r[1:] + b"@" + HOST for r in whole if r[:1] == b"T"}, False


INFO, LOCAL, REMOTE = b"Fs@h.ex\0", b"Ta@h.ex\0Dz@h.ex\0Tc@h.ex\0", b"Ta@r.ex\0Dz@r.ex\0Tc@r.ex\0"
TODO, BOUNCE = b"u1\0p2\0Fs@h.ex\0Ta@h.ex\0Tc@r.ex\0", b"<a@h.ex>:\nno\n\n"


def lay_all():
    cases = []

    def new(kind, name):
        cases.append(Case(kind, name))
        return cases[-1]

    def odd(content):
        return [(o, (o, content)) for o in ODD]
    for name, bad in some(bytewise(LOCAL)) + odd(LOCAL):
        c = new("local", name)
        c.wants, c.keep = recipients(bad) if isinstance(bad, bytes) else (set(), True)
        c.lay(info=INFO, local=bad)
    for name, bad in some(bytewise(REMOTE)) + odd(REMOTE):
        c = new("remote", name)
        c.wants, c.keep = recipients(bad) if isinstance(bad, bytes) else (set(), True)
        c.lay(info=INFO, remote=bad)
    for name, bad in some(bytewise(INFO)) + odd(INFO):
        c = new("info", name)
        c.keep = not isinstance(bad, bytes) or bad[:1] != b"F" or b"\0" not in bad
        c.wants = set() if c.keep else {b"a@h.ex"}
        c.lay(info=bad, local=b"Ta@h.ex\0")
    for name, bad in some(bytewise(TODO)) + odd(TODO):
        c = new("todo", name)
        c.wants, c.keep = envelope(bad) if isinstance(bad, bytes) else (set(), True)
        c.lay(intd=TODO, todo=bad)
    for name, bad in some(bytewise(TODO)) + odd(TODO):
        c = new("intd", name)
        c.wants, c.keep = {b"a@h.ex", b"c@r.ex"}, False
        if name == "directory":
            c.wants, c.keep = set(), True
        c.lay(todo=TODO, intd=bad)
    for name, bad in some(bytewise(BOUNCE)) + odd(BOUNCE):
        c = new("bounce", name)
        c.keep = not isinstance(bad, bytes)
        c.lay(info=INFO, bounce=bad)
    for name, bad in odd(BOUNCE):
        c = new("bounce", name + ", a failure to be noted")
        c.keep = True
        c.lay(info=INFO, local=b"Tnohost\0", bounce=bad)
    text = b"X-Id: 0.\nSubject: t\n\nb\n"
    for name, bad in some(bytewise(text)) + odd(text):
        c = new("mess", name)
        c.keep = name in ODD and name != "mode 000"         # qmail-lspawn is root
        c.wants = set() if c.keep else {b"m%d@h.ex" % c.tag}
        c.lay(info=INFO, local=b"Tm%d@h.ex\0" % c.tag)
        c.replace_mess(bad)
    c = new("mess", "another inode")
    c.wants = {b"a@h.ex"}
    c.lay(inode=False, info=INFO, local=b"Ta@h.ex\0")
    c = new("mess", "missing")
    c.keep = True
    c.lay(info=INFO, local=b"Tm%d@h.ex\0" % c.tag)
    hold(c.n)
    c.file = queue("local", c.n)
    for kind in ("info", "local", "remote", "todo", "bounce", "mess"):
        swap(new, kind)
    return cases


def swap(new, kind):
    """Two messages whose files of a kind are exchanged: each goes to whom its files name now."""
    pair = [new(kind, "swapped"), new(kind, "swapped")]
    for c, who in zip(pair, (b"x", b"y")):
        r = b"T%s@h.ex\0" % who
        if kind == "todo":
            c.lay(todo=b"u1\0p2\0Fs@h.ex\0" + r)
        elif kind == "bounce":
            c.lay(info=INFO, bounce=b"<%s@h.ex>:\nno\n\n" % who)
        else:
            c.lay(info=b"Fs%s@h.ex\0" % who, **{"remote" if kind == "remote" else "local": r})
    a, b = pair
    os.rename(queue(kind, a.n), SCRATCH + "/between")
    os.rename(queue(kind, b.n), queue(kind, a.n))
    os.rename(SCRATCH + "/between", queue(kind, b.n))
    both = (b"y@h.ex", b"x@h.ex") if kind in ("todo", "local", "remote", "mess") else (b"x@h.ex", b"y@h.ex")
    if kind != "bounce":
        a.wants, b.wants = {both[0]}, {both[1]}


def lay_junk():
    """Files by names that are no message's: {path: kind}."""
    out = {}
    real = mess(b"old\n")
    os.utime(queue("mess", real), (time.time() - 200000,) * 2)
    for kind in ("mess", "info", "local", "remote", "todo", "intd", "bounce"):
        content = {"info": INFO, "local": LOCAL, "remote": REMOTE, "todo": TODO, "intd": TODO}.get(kind, b"x\n")
        for name in ("00123", "00%d" % real, "123x", "9" * 30, " 1", "-1", "0x1f", "1.2"):
            if name == "00%d" % real and kind != "mess":
                continue
            p = os.path.join(os.path.dirname(queue(kind, real)), name)
            put(p, content, "qmailq" if kind in ("mess", "todo", "intd") else "qmails", 0o644)
            os.utime(p, (time.time() - 200000,) * 2)
            out[p] = kind
    return out, real


# ---- who watches

class Sink:
    """An SMTP server that takes everything and keeps it: [(recipients, text)]."""

    def __init__(self):
        self.got = []
        self.s = socket.create_server(("127.0.0.1", SINK), backlog=128)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            threading.Thread(target=self.serve, args=(self.s.accept()[0],), daemon=True).start()

    def serve(self, c):
        f = c.makefile("rb")
        to = []
        try:
            c.sendall(b"220 x\r\n")
            for line in f:
                verb = line[:4].upper()
                if verb == b"MAIL":
                    to = []
                if verb == b"RCPT":
                    to.append(line[line.index(b"<") + 1:line.rindex(b">")])
                if verb == b"DATA":
                    c.sendall(b"354 x\r\n")
                    text = b""
                    for line in f:
                        if line == b".\r\n":
                            break
                        text += line
                    self.got.append((to, text))
                c.sendall(b"221 x\r\n" if verb == b"QUIT" else b"250 x\r\n")
        except (OSError, ValueError):
            pass
        finally:
            c.close()


def bare(address):
    """Without the quoting that a header or a command may need."""
    return address.replace(b"\\", b"").replace(b'"', b"").replace(b"\n", b"_")


def credit(to, text):
    """Who got what: into the cases."""
    ids = re.findall(rb"X-Id: (\d+)\.", text)
    m = re.search(rb"^<?m(\d+)@h\.ex", to, re.M) or re.search(rb"<m(\d+)@h\.ex>", text)
    c = Case.known.get(int(m.group(1) if m else ids[0])) if m or ids else None
    if not c:
        return
    if b"Hi. This is the qmail-send program" in text:
        c.bounced = True
    else:
        c.got.append(bare(to))


def collect(sink):
    for f in os.listdir(FOO + "/Maildir/new"):
        with open(FOO + "/Maildir/new/" + f, "rb") as h:
            text = h.read()
        credit(re.search(rb"^Delivered-To: (.*)$", text, re.M).group(1), text)
    for to, text in sink.got:
        for t in to:
            credit(t, text)


def ours():
    """{pid: name} of the programs that run."""
    out = {}
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/comm" % p) as f:
                name = f.read().strip()
        except OSError:
            continue
        if name.startswith("qmail-"):
            out[int(p)] = name
    return out


DAEMONS = {"qmail-send", "qmail-lspawn", "qmail-rspawn", "qmail-clean"}


def ticks():
    n = 0
    for p in ours():
        try:
            with open("/proc/%d/stat" % p) as f:
                n += sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13])
        except OSError:
            pass
    return n


def state():
    """What is wrong with the daemons now that all is quiet; empty when nothing is."""
    before = ticks()
    time.sleep(0.5)
    spun = (ticks() - before) / os.sysconf("SC_CLK_TCK")
    lost = DAEMONS - set(ours().values())
    if lost:
        return "%s gone" % ", ".join(sorted(lost))
    if spun > 0.2:
        return "%.2f s of CPU in half a second of nothing to do" % spun
    for p, name in ours().items():
        with open("/proc/%d/status" % p) as f:
            peak = re.search(r"VmHWM:\s+(\d+)", f.read())
        if peak and int(peak.group(1)) > 65536:
            return "%s took %s kB" % (name, peak.group(1))
    return ""


def quiet(sink, seconds=90):
    """Wait until nothing has been logged or delivered for a while."""
    end = time.monotonic() + seconds
    last, since = None, time.monotonic()
    while time.monotonic() < end:
        now = (os.path.getsize(HOME.logfile), len(sink.got))
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > 0.7 and not set(ours().values()) - DAEMONS:
            return
        time.sleep(0.05)
    raise AssertionError("not quiet after %d s" % seconds)


def healthy(sink):
    """A message to one local and one remote recipient goes through."""
    c = Case("healthy", "")
    assert HOME.inject(b"s@h.ex", [b"ok@h.ex", b"ok@r.ex"], b"X-Id: %d.\n\nx\n" % c.tag) == 0

    def there():
        c.got = []
        for f in os.listdir(FOO + "/Maildir/new"):
            with open(FOO + "/Maildir/new/" + f, "rb") as h:
                text = h.read()
            if b"X-Id: %d.\n" % c.tag in text:
                c.got.append(b"ok@h.ex")
        return c.got and any(b"X-Id: %d.\r" % c.tag in text for _, text in sink.got)
    wait_for("mail that has nothing to do with the damage", there, 60)


def noted(ids):
    """The messages that the log has a bad word about."""
    out, of = set(), {}
    for line in HOME.logtext().splitlines():
        m = re.match(r"starting delivery (\d+): msg (\d+)", line)
        if m:
            of[m.group(1)] = int(m.group(2))
        m = re.match(r"delivery (\d+): (failure|deferral)", line)
        if m:
            out.add(of[m.group(1)])
        if line.startswith("warning: "):
            out.update(int(x) for x in re.findall(r"/(\d+)\b", line))
    return out & ids


def start():
    HOME.control(me="h.ex\n", smtproutes=":127.0.0.1:%d\n" % SINK, concurrencylocal="20\n", concurrencyremote="20\n",
                 rcpthosts="h.ex\n")
    for f in os.listdir(HOME / "users"):
        os.unlink(HOME / ("users/" + f))
    HOME.assign("+:foo:%d:%d:%s:-::\n.\n" % (UID["foo"], UID["foo"], FOO))
    with open(FOO + "/.qmail-default", "w") as f:
        f.write("./Maildir/\n")
    os.chmod(FOO + "/.qmail-default", 0o644)


def start_or_not():
    """Whether qmail-send starts, where it may be right not to."""
    HOME.logfile = SCRATCH + "/log.maybe"
    with open(HOME.logfile, "wb") as f:
        HOME.daemon = subprocess.Popen([HOME / "bin/qmail-start", "./Mailbox"], stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                       env=HOME.env(), cwd="/")
    wait_for("a start, or none", lambda: HOME.daemon.poll() is not None or "status: " in HOME.logtext(), 30)
    return HOME.daemon.poll() is None


def refusal():
    """What is wrong with the way it did not start."""
    if HOME.daemon.poll() != 111 or "cannot start: " not in HOME.logtext():
        return "exit %s without a word" % HOME.daemon.poll()
    return ""


def stop():
    HOME.daemon.send_signal(signal.SIGTERM)
    try:
        return HOME.daemon.wait(30)
    finally:
        HOME.running = []


def judge(kind, cases, logged, crashed):
    kept = done = wrong = lost = unlogged = 0
    why = [crashed] if crashed else []
    for c in cases:
        wants = {bare(w) for w in c.wants}
        there = os.path.lexists(queue("mess", c.n)) or c.name == "missing"
        kept += there
        done += not there
        stray = set(c.got) - wants
        if stray:
            wrong += 1
            why.append("%s: went to %s" % (c.name, sorted(stray)))
        if (c.keep and not (there and os.path.lexists(c.file))) or (not there and wants - set(c.got) and not c.bounced):
            lost += 1
            why.append("%s: deleted" % c.name)
        if there and not c.keep:
            why.append("%s: not done" % c.name)
        if there and c.n not in logged:
            unlogged += 1
            why.append("%s: not a word in the log" % c.name)
        wants = {w for w in wants if b"@" in w}         # others have failed, with a note
        if c.keep and wants - set(c.got):
            why.append("%s: nothing for %s" % (c.name, sorted(wants - set(c.got))))
    REPORT.row(kind, len(cases), sum(c.n in logged for c in cases), kept, done, wrong, lost, 1 if crashed else 0,
               wrong="; ".join(why[:3]))


def queue_files(sink):
    wipe()
    start()
    cases = lay_all()
    junk, old = lay_junk()
    HOME.start()
    healthy(sink)
    quiet(sink)
    crashed = state()
    if O.tier != "quick":
        HOME.wait_log(r"^warning: queue/local/.* has a record that starts with neither T nor D", timeout=40)
        HOME.wait_log(r"^warning: queue/\S* is not named as a message", timeout=40)
    if "alert" in HOME.logtext():
        crashed = crashed or re.search("alert.*", HOME.logtext()).group()
    logged = noted({c.n for c in cases})
    code = stop()
    crashed = crashed or ("exit %d" % code if code else "")
    collect(sink)
    for kind in ("mess", "todo", "intd", "info", "local", "remote", "bounce"):
        judge(kind, [c for c in cases if c.kind == kind], logged, crashed)
    gone = [p for p in junk if not os.path.lexists(p)]
    REPORT.row("names", len(junk), 0, len(junk) - len(gone), 0, 0, len(gone), 0,
               wrong="removed: %s" % gone if gone else "an orphan of 36 hours stayed" if os.path.lexists(queue("mess", old)) else "")


# ---- locks

def lock_files(sink):
    """trigger and sendmutex as something else; tcpto full of anything."""
    saved = {n: HOME / ("queue/lock/" + n) for n in ("trigger", "sendmutex", "tcpto")}
    for name in ("trigger", "sendmutex"):
        p, tried, cannot, why = saved[name], 0, 0, []
        variants = ["missing", "file"] + [o for o in ODD if o != "file"]
        for odd in variants if O.tier != "quick" else ["missing", "file", "directory"]:
            os.rename(p, SCRATCH + "/lock.saved")
            if odd != "missing":
                put(p, b"x" if odd == "file" else (odd, b"x"), "qmails", 0o600 if name == "sendmutex" else 0o622)
            wipe()
            sink.got.clear()
            tried += 1
            c = Case(name, odd)
            c.lay(intd=TODO, todo=TODO)
            try:
                if start_or_not():
                    wait_for("a message that is there at the start", lambda: len(sink.got) == 1 and not os.path.lexists(queue("mess", c.n)))
                    wrong = state()
                    code = stop()
                    wrong = wrong or ("exit %d" % code if code else "")
                else:
                    cannot += 1
                    wrong = refusal() or ("no reason not to start" if name == "trigger" else "")
                    wrong = wrong or ("deleted" if not os.path.lexists(queue("mess", c.n)) else "")
                if wrong:
                    why.append("%s: %s" % (odd, wrong))
            finally:
                HOME.running = []
                if os.path.lexists(p):
                    os.rmdir(p) if os.path.isdir(p) and not os.path.islink(p) else os.unlink(p)
                os.rename(SCRATCH + "/lock.saved", p)
        REPORT.row("lock/" + name, tried, tried, cannot, tried - cannot, 0, 0, len(why), wrong="; ".join(why))


def tcpto(sink):
    p, why, tried = HOME / "queue/lock/tcpto", [], 0
    with open(p, "rb") as f:
        good = f.read()
    wipe()
    HOME.start()
    now = int(time.time())
    full = b"".join(bytes([127, 0, 0, 1, 10, 0, 0, 0]) + now.to_bytes(4, "little") + bytes(4) for _ in range(64))
    contents = [b"", b"\0", full[:17], full[:1023], full[:8], b"\xff" * 1024, bytes(1 << 20), full * 4 + b"x",
                bytes(RNG.randrange(256) for _ in range(1024))]
    for bad in contents + [("directory", b""), ("fifo", b""), ("dangling link", b""), ("null device", b""), ("mode 000", good)]:
        tried += 1
        os.rmdir(p) if os.path.isdir(p) else os.path.lexists(p) and os.unlink(p)
        put(p, bad, "qmailr", 0o644)
        sink.got.clear()
        deferred = len(re.findall(r"deferral:", HOME.logtext()))
        c = Case("tcpto", "")
        HOME.inject(b"s@h.ex", [b"t@r.ex"], b"X-Id: %d.\n\nx\n" % c.tag)
        try:
            wait_for("it", lambda: any(b"X-Id: %d.\r" % c.tag in t for _, t in sink.got)
                     or len(re.findall(r"deferral:", HOME.logtext())) > deferred, 20)
        except AssertionError:
            why.append("%r: %s" % (bad[:20], HOME.logtext()[-300:]))
    quiet(sink)
    wrong = state()
    why += [wrong] if wrong else []
    if "failure" in HOME.logtext():
        why.append("a bounce")
    stop()
    os.rmdir(p) if os.path.isdir(p) else os.unlink(p)
    put(p, good, "qmailr", 0o644)
    REPORT.row("lock/tcpto", tried, 0, 0, tried, 0, 0, len(wrong) and 1, wrong="; ".join(why[:3]))


# ---- tables

class Lspawn:
    """qmail-lspawn on its pipes."""

    def __init__(self):
        self.p = subprocess.Popen([HOME / "bin/qmail-lspawn", "./Mailbox"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, env=HOME.env(), bufsize=0)
        assert len(self.p.stdout.read(1)) == 1
        self.n = mess(b"Subject: t\n\nx\n")

    def ask(self, recipient):
        self.p.stdin.write(b"\0%d/%d\0s@h.ex\0%s\0" % (self.n % SPLIT, self.n, recipient))
        got = b""
        while not (len(got) > 1 and got.endswith(b"\0")):
            more = self.p.stdout.read(4096)
            if not more:
                return b"gone"
            got += more
        return got[1:-1]

    def close(self):
        self.p.stdin.close()
        return self.p.wait(20)


def table_damage(good, important):
    """Changed in the places that a search depends on (important), cut, longer; a share of it."""
    spots = set(important)
    stride = {"quick": 29, "full": 3, "long": 1}[O.tier]
    at = RNG.randrange(stride)
    for i in range(len(good)):
        if i not in spots and i % stride != at:
            continue
        for x in sorted({0, 255, good[i] ^ 0x20} - {good[i]}):
            if O.tier == "quick" and RNG.random() < 0.5:
                continue
            yield "byte %d is %d" % (i, x), good[:i] + bytes([x]) + good[i + 1:]
    for n in range(0, len(good), stride * 5):
        yield "cut at %d" % n, good[:n]
    yield "longer", good + b"garbage"
    yield "empty", b""


def pointer(good, t):
    """Where hash table t begins, and how many slots it has."""
    return [int.from_bytes(good[8 * t + k:8 * t + k + 4], "little") for k in (0, 4)]


def spots_of(good, key):
    """Where the bytes are that lead to a key: its header entry, its slots, its record but for the data."""
    h = 5381
    for b in key:
        h = ((h * 33) ^ b) & 0xffffffff
    pos, n = pointer(good, h % 256)
    out = set(range(h % 256 * 8, h % 256 * 8 + 8)) | set(range(pos, pos + 8 * n))
    at = good.index(key, 2048)
    return out | set(range(at - 8, at + len(key)))


def users_cdb(_):
    """An address that is in the table goes to its user or waits; it never bounces and never goes to another.
    (Whoever is not in the table bounces: john has no file for him.)"""
    wipe()
    with open(FOO + "/.qmail-default", "w") as f:
        f.write("./Maildir/\n")
    fresh_home("john")
    HOME.assign("=known:foo:%d:%d:%s:-:known:\n+pre-:foo:%d:%d:%s:-:pre-:\n+:john:30002:30002:%s/john:-::\n.\n"
                % (UID["foo"], UID["foo"], FOO, UID["foo"], UID["foo"], FOO, HOMES))
    cdb = HOME / "users/cdb"
    with open(cdb, "rb") as f:
        good = f.read()
    l = Lspawn()
    for who, letter in ((b"known", b"K"), (b"pre-x", b"K"), (b"nosuch", b"D")):
        answer = l.ask(who + b"@h.ex")
        assert answer[:1] == letter, (who, answer)
    tried, counts, why = 0, {b"K": 0, b"Z": 0, b"D": 0}, []
    data = set(range(good.index(b"foo\0"), good.index(b"known", good.index(b"foo\0")) + 5))
    data |= set(range(good.rindex(b"foo\0"), good.rindex(b"pre-") + 4))
    # the record at the end holds the last bytes of prefixes: its length and its data are data, too
    end = min(p for p, n in (pointer(good, t) for t in range(256)) if n)
    data |= set(range(end - 1 - 4, end))
    spots = spots_of(good, b"!known\0") | spots_of(good, b"!pre-")
    for name, bad in table_damage(good, spots):
        m = re.match(r"byte (\d+)", name)
        in_data = m and (int(m.group(1)) in data)
        put(SCRATCH + "/cdb", bad, "qmailq", 0o644)
        os.rename(SCRATCH + "/cdb", cdb)
        for who in (b"known@h.ex", b"pre-x@h.ex"):
            answer = l.ask(who)
            tried += 1
            counts[answer[:1]] = counts.get(answer[:1], 0) + 1
            if answer[:1] not in counts or (answer[:1] == b"D" and not in_data):
                why.append("%s, %s: %s" % (name, who, answer[:100]))
    for odd in ("directory", "fifo", "null device", "dangling link"):
        os.rmdir(cdb) if os.path.isdir(cdb) else os.unlink(cdb)
        put(cdb, (odd, b""), "qmailq", 0o644)
        answer = l.ask(b"known@h.ex")
        tried += 1
        counts[b"Z"] += answer[:1] == b"Z"
        if answer[:1] != b"Z" and odd != "dangling link":
            why.append("%s: %s" % (odd, answer))
    os.rmdir(cdb) if os.path.isdir(cdb) else os.unlink(cdb)
    strays = len(os.listdir(HOMES + "/john/Maildir/new"))
    code = l.close()
    if code:
        why.append("exit %d" % code)
    REPORT.row("users/cdb", tried, counts[b"Z"], counts[b"Z"], counts[b"K"], strays, counts[b"D"] if why else 0, 1 if code else 0,
               wrong="; ".join(why[:3]) or ("mail for somebody else" if strays else ""))


def smtpd(recipient, env=None):
    """The reply to a RCPT, and everything said."""
    r = subprocess.run([HOME / "bin/qmail-smtpd"], input=b"HELO c.ex\r\nMAIL FROM:<s@c.ex>\r\nRCPT TO:<%s>\r\nQUIT\r\n" % recipient,
                       capture_output=True, env=HOME.env(PROTO="TCP", TCPREMOTEIP="127.0.0.9", **(env or {})), timeout=30,
                       preexec_fn=as_qmaild)
    lines = r.stdout.split(b"\r\n")
    return (lines[3] if len(lines) > 3 else b""), r


def as_qmaild():
    os.setgroups([])
    os.setgid(pwd.getpwnam("qmaild").pw_gid)
    os.setuid(UID["qmaild"])


def morercpthosts(_):
    HOME.control(rcpthosts="h.ex\n", morercpthosts="big.ex\n.sub.ex\nother.ex\n")
    subprocess.run([HOME / "bin/qmail-newmrh"], check=True)
    cdb = HOME / "control/morercpthosts.cdb"
    with open(cdb, "rb") as f:
        good = f.read()
    assert smtpd(b"a@big.ex")[0][:3] == b"250" and smtpd(b"a@x.sub.ex")[0][:3] == b"250" and smtpd(b"a@c.ex")[0][:3] == b"553"
    tried, counts, why = 0, {b"2": 0, b"4": 0}, []
    for name, bad in table_damage(good, spots_of(good, b"big.ex") if O.tier != "quick" else ()):
        put(SCRATCH + "/cdb", bad, "qmailq", 0o644)
        os.rename(SCRATCH + "/cdb", cdb)
        reply, r = smtpd(b"a@big.ex")
        tried += 1
        counts[reply[:1]] = counts.get(reply[:1], 0) + 1
        if reply[:1] not in (b"2", b"4") and not r.stdout.startswith(b"4"):
            why.append("%s: %s" % (name, r.stdout[-200:]))
        if r.returncode < 0:
            why.append("%s: signal %d" % (name, -r.returncode))
    os.unlink(cdb)
    os.unlink(HOME / "control/morercpthosts")
    REPORT.row("morercpthosts.cdb", tried, counts[b"4"], counts[b"4"], counts[b"2"], 0, 0, 0, wrong="; ".join(why[:3]))


# ---- control files

def control_damage():
    big = 10 << 20
    return [("NUL", lambda s: s[:1] + b"\0" + s[1:]), ("no newline", lambda s: s.rstrip(b"\n")), ("CR LF", lambda s: s.replace(b"\n", b"\r\n")),
            ("10 MB line", lambda s: b"x" * big), ("10 MB of lines", lambda s: b"x.example:y\n" * (big // 12)), ("empty", lambda s: b""),
            ("unreadable", "unreadable"), ("directory", "directory"), ("fifo", "fifo"), ("garbage", lambda s: bytes(RNG.randrange(256) for _ in range(300)))]


def spoil(path, how, good):
    if os.path.lexists(path):
        os.unlink(path)
    if how == "directory":
        os.mkdir(path)
    elif how == "fifo":
        os.mkfifo(path)
        os.chmod(path, 0o644)
    else:
        with open(path, "wb") as f:
            f.write(good if how == "unreadable" else how(good))
        os.chmod(path, 0o000 if how == "unreadable" else 0o644)


def repair(path):
    if os.path.lexists(path):
        os.rmdir(path) if os.path.isdir(path) else os.unlink(path)


def memory_of(pid):
    try:
        with open("/proc/%d/status" % pid) as f:
            m = re.search(r"VmHWM:\s+(\d+)", f.read())
        return int(m.group(1)) if m else 0
    except OSError:
        return 0


def control_send(sink):
    """qmail-send starts and serves, or says that it cannot; it never hangs and never loses what is queued."""
    goods = {"me": b"h.ex\n", "locals": b"h.ex\n", "virtualdomains": b"v.ex:foo\n", "percenthack": b"p.ex\n", "envnoathost": b"h.ex\n",
             "bouncefrom": b"MAILER-DAEMON\n", "bouncehost": b"h.ex\n", "bouncemaxbytes": b"1000\n", "doublebounceto": b"postmaster\n",
             "doublebouncehost": b"h.ex\n", "queuelifetime": b"1000\n", "concurrencylocal": b"5\n", "concurrencyremote": b"5\n"}
    tried = refused = 0
    why = []
    pairs = [(n, d) for n in goods for d in control_damage()]
    if O.tier == "quick":
        pairs = RNG.sample(pairs, 8)
    for name, (what, how) in pairs:
        start()
        wipe()
        path = HOME / ("control/" + name)
        spoil(path, how, goods[name])
        c = Case("control", name)
        c.lay(todo=b"u1\0p2\0Fs@h.ex\0Ta@h.ex\0")
        tried += 1
        if start_or_not():
            wait_for("the first delivery", lambda: re.search("^delivery 1: ", HOME.logtext(), re.M), 30)
            peak = memory_of(HOME.daemon.pid)
            code = stop()
            # a table over the 10 MB is as big as they are
            wrong = "%d kB" % peak if peak > 3 * 65536 else "exit %d" % code if code else ""
        else:
            refused += 1
            wrong = refusal() or ("deleted" if not os.path.lexists(queue("mess", c.n)) else "")
        if wrong:
            why.append("%s, %s: %s" % (name, what, wrong))
        repair(path)
    REPORT.row("control, qmail-send", tried, refused, refused, tried - refused, 0, 0, 0, wrong="; ".join(why[:4]))


def control_smtpd(_):
    """A file that cannot be read is no reason to refuse for good, nor to relay."""
    goods = {"me": b"h.ex\n", "smtpgreeting": b"h.ex hello\n", "rcpthosts": b"h.ex\n", "badmailfrom": b"x@y.ex\n", "localiphost": b"h.ex\n",
             "databytes": b"10000\n", "timeoutsmtpd": b"20\n"}
    tried = deferred = served = 0
    why = []
    pairs = [(n, d) for n in goods for d in control_damage()]
    if O.tier == "quick":
        pairs = RNG.sample(pairs, 20)
    for name, (what, how) in pairs:
        HOME.control(me="h.ex\n", rcpthosts="h.ex\n")
        path = HOME / ("control/" + name)
        spoil(path, how, goods[name])
        tried += 1
        try:
            reply, r = smtpd(b"a@h.ex")
            foreign = smtpd(b"a@foreign.ex")[0]
            codes = re.findall(rb"^(\d)\d\d ", r.stdout, re.M)
            deferred += b"4" in codes
            served += reply[:1] == b"2"
            if foreign[:1] == b"2":
                why.append("%s, %s: relays" % (name, what))
            if r.returncode < 0:
                why.append("%s, %s: signal %d" % (name, what, -r.returncode))
            # rcpthosts that can be read and no longer names the host is a list without it
            if reply[:1] == b"5" and not (name == "rcpthosts" and callable(how)):
                why.append("%s, %s: %s" % (name, what, reply))
        except subprocess.TimeoutExpired:
            why.append("%s, %s: hangs" % (name, what))
        repair(path)
    REPORT.row("control, qmail-smtpd", tried, deferred, deferred, served, 0, 0, 0, wrong="; ".join(why[:4]))


def control_remote(_):
    goods = {"me": b"h.ex\n", "helohost": b"h.ex\n", "smtproutes": b":127.0.0.1:%d\n" % SINK, "timeoutconnect": b"5\n", "timeoutremote": b"5\n"}
    tried = deferred = served = 0
    why = []
    pairs = [(n, d) for n in goods for d in control_damage()]
    if O.tier == "quick":
        pairs = RNG.sample(pairs, 15)
    for name, (what, how) in pairs:
        HOME.control(me="h.ex\n", smtproutes=":127.0.0.1:%d\n" % SINK)
        path = HOME / ("control/" + name)
        spoil(path, how, goods[name])
        tried += 1
        try:
            r = subprocess.run([HOME / "bin/qmail-remote", "r.ex", "s@h.ex", "t@r.ex"],
                               input=b"Subject: x\n\nx\n", capture_output=True, env=HOME.env(), timeout=30)
            deferred += b"Z" in re.findall(rb"[KZD]", r.stdout[:1] + b"".join(p[:1] for p in r.stdout.split(b"\0")))
            served += r.stdout[:1] == b"r"
            if any(p[:1] in (b"D", b"h") for p in r.stdout.split(b"\0")) or r.returncode:
                why.append("%s, %s: %r" % (name, what, r.stdout))
        except subprocess.TimeoutExpired:
            why.append("%s, %s: hangs" % (name, what))
        repair(path)
    HOME.control(me="h.ex\n", smtproutes=":127.0.0.1:%d\n" % SINK)
    REPORT.row("control, qmail-remote", tried, deferred, deferred, served, 0, 0, 0, wrong="; ".join(why[:4]))


def main():
    fresh_home("foo")
    for f in os.listdir(HOME / "control"):
        os.unlink(os.path.join(HOME / "control", f))    # another suite's
    wipe()
    sink = Sink()
    start()
    for part in (queue_files, lock_files, tcpto, users_cdb, morercpthosts, control_send, control_smtpd, control_remote):
        began = time.monotonic()
        part(sink)
        print("%-16s %5.1f s" % (part.__name__, time.monotonic() - began), flush=True)
        start()
    wipe()
    REPORT.finish()


main()
