"""Real parts for the system and the crash tests: an installation and what runs in it, accounts, another host.

Whoever uses it runs in a mount and a network namespace of his own (tests/run and tests/crash/run make them), so
accounts, resolv.conf, port 25 and port 53 are ours and nothing of the machine is changed.
"""
import json
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SCRATCH = os.environ.get("SCRATCH", "/tmp/porpoise-test")
HOMES = SCRATCH + "/homes"
# Where and how the tree is built: make takes SANITIZE, WERROR and LDFLAGS from the environment by itself.
BUILD = os.environ.get("B", ".build/test")
# For a service's env: a sanitizer takes terabytes of addresses.
UNLIMITED = {"MEMORY": "18446744073709551615"} if os.environ.get("SANITIZE") else {}

# name: (uid, home below HOMES); each with a group of its own and a private home
ACCOUNTS = {"foo": 30001, "john": 30002, "baz": 30003, "foo-bar": 30004}


def wait_for(what, probe, timeout=20.0):
    """Ask until the answer is true; the answer."""
    end = time.monotonic() + timeout
    while True:
        got = probe()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError("waited %gs for %s" % (timeout, what))
        time.sleep(0.02)


def children(pid):
    """pids of what the process has started and not yet waited for; none when it is gone itself, which may be any time."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


class Home:
    """An installation and what runs in it."""

    def __init__(self, path):
        self.path = path
        self.running = []
        self.daemon = None

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    # ---- files
    def clear(self):
        for d in ("control", "users", "alias"):
            for f in os.listdir(self / d):
                path = os.path.join(self / d, f)
                os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
        os.chmod(self / "alias", 0o2755)
        if os.environ.get("SANDBOX") == "off":
            self.control(nosandbox="")
        for base, _, files in os.walk(self / "queue"):
            if os.path.basename(base) != "lock":
                for f in files:
                    os.unlink(os.path.join(base, f))

    def control(self, **files):
        for name, text in files.items():
            with open(os.path.join(self / "control", name.replace("__", ".")), "w") as f:
                f.write(text)

    def assign(self, text):
        with open(self / "users/assign", "w") as f:
            f.write(text)
        subprocess.run([self / "bin/qmail-newu"], check=True)

    def alias(self, name, text):
        p = os.path.join(self / "alias", ".qmail" + name)
        with open(p, "w") as f:
            f.write(text)
        os.chmod(p, 0o644)

    # ---- processes
    def env(self, **more):
        e = {"PATH": "%s/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" % self.path}
        e.update(more)
        return e

    def popen(self, argv, **kw):
        p = subprocess.Popen(argv, **kw)
        self.running.append(p)
        return p

    def start(self, default="./Mailbox", strace=None):
        self.logfile = os.path.join(SCRATCH, "log.%s" % os.path.basename(self.path))
        with open(self.logfile, "wb") as f:
            self.daemon = self.popen((strace or []) + [self / "bin/qmail-start", default], stdin=subprocess.DEVNULL,
                                     stdout=f, stderr=f, env=self.env(), cwd="/")
        self.wait_log(r"^status: local 0/")
        # under strace the daemon is its child, and what it shall hear goes to the child, unless that has been killed
        self.pid = self.daemon.pid
        if strace:
            self.pid = next(iter(children(self.daemon.pid)), self.daemon.pid)
        return self.daemon

    def listen(self, address="127.0.0.1", port=25, env=None, args=(), program="qmail-smtpd", before=()):
        p = self.popen(["tcpserver", "-v", "-R", "-H", "-l", "mx.test.example", "-c", "100",
                        "-u", str(pwd.getpwnam("qmaild").pw_uid), "-g", str(pwd.getpwnam("qmaild").pw_gid), *args,
                        address, str(port), *before, self / ("bin/" + program)],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=open(os.path.join(SCRATCH, program.replace("qmail-", "") + ".log"), "wb"), env=self.env(**(env or {})))

        def up():
            with socket.socket() as s:
                return s.connect_ex((address, port)) == 0
        wait_for("tcpserver on %s:%d" % (address, port), up)
        return p

    def stop(self):
        for p in reversed(self.running):
            if p.poll() is None:
                os.kill(self.pid if p is self.daemon else p.pid, signal.SIGTERM)
        for p in self.running:
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.running = []

    def signal(self, name):
        os.kill(self.pid, getattr(signal, "SIG" + name))

    # ---- watching
    def logtext(self):
        with open(self.logfile, encoding="latin-1") as f:
            return f.read()

    def wait_log(self, regex, count=1, timeout=20.0):
        rx = re.compile(regex, re.M)

        def probe():
            return len(rx.findall(self.logtext())) >= count
        try:
            wait_for("%d of /%s/ in the log" % (count, regex), probe, timeout)
        except AssertionError as e:
            raise AssertionError("%s; the log:\n%s" % (e, self.logtext()[-3000:])) from None
        return rx.findall(self.logtext())

    def drained(self, timeout=30.0):
        """Wait until the queue holds no message."""
        def empty():
            return not any(files for _, _, files in os.walk(self / "queue/mess"))
        try:
            wait_for("an empty queue", empty, timeout)
        except AssertionError as e:
            raise AssertionError("%s; the log:\n%s" % (e, self.logtext()[-3000:])) from None

    def queued(self):
        return sorted(int(f) for _, _, files in os.walk(self / "queue/mess") for f in files)

    # ---- mail
    def smtp(self, address="127.0.0.1", port=25):
        return smtplib.SMTP(address, port, local_hostname="client.test.example", timeout=30)

    def send(self, sender, recipients, text="Subject: t\n\nbody\n", address="127.0.0.1"):
        if isinstance(recipients, str):
            recipients = [recipients]
        with self.smtp(address) as s:
            code, reply = s.mail(sender)
            assert code == 250, reply
            for r in recipients:
                code, reply = s.rcpt(r)
                assert code == 250, (r, reply)
            code, reply = s.data(text)
            assert code == 250, reply
        return reply.decode()

    def inject(self, sender, recipients, message):
        """Straight through qmail-queue."""
        envelope = b"F" + sender + b"\0" + b"".join(b"T" + x + b"\0" for x in recipients) + b"\0"
        ef = os.path.join(SCRATCH, "envelope")
        with open(ef, "wb") as f:
            f.write(envelope)
        mf = message
        if isinstance(message, bytes):
            mf = os.path.join(SCRATCH, "message")
            with open(mf, "wb") as f:
                f.write(message)
        with open(mf, "rb") as m, open(ef, "rb") as e:
            return subprocess.run([self / "bin/qmail-queue"], stdin=m, stdout=e, env=self.env()).returncode


def cdb(pairs):
    """The bytes of a constant database, as qmail-newu and qmail-newmrh of 1.03 write one."""
    def number(*v):
        return b"".join(x.to_bytes(4, "little") for x in v)
    records, table, at = b"", [[] for _ in range(256)], 2048
    for k, v in pairs:
        h = 5381
        for c in k:
            h = (h * 33 & 0xffffffff) ^ c
        table[h & 255].append((h, at))
        record = number(len(k), len(v)) + k + v
        records += record
        at += len(record)
    head, tail = b"", b""
    for entries in table:
        slots = [(0, 0)] * (2 * len(entries))
        for h, where in entries:
            i = (h >> 8) % len(slots)
            while slots[i][1]:
                i = (i + 1) % len(slots)
            slots[i] = (h, where)
        head += number(at + len(tail), len(slots))
        tail += b"".join(number(*s) for s in slots)
    return head + records + tail


def build_home(path):
    """make setup check for a home, out of the tree's one build folder."""
    make = ["make", "-C", ROOT, "-s", "-j%d" % (os.cpu_count() or 1), "QMAIL=" + path, "B=" + BUILD]
    subprocess.run(make + ["setup"], check=True, stdout=subprocess.DEVNULL)
    out = subprocess.run(make + ["check"], check=True, capture_output=True, text=True)
    assert "warning" not in out.stdout
    return Home(path)


def accounts():
    """Put accounts of our own in front of the machine's password file; for a mount namespace of our own."""
    os.makedirs(HOMES, exist_ok=True)
    os.chmod(HOMES, 0o755)
    with open("/etc/passwd") as f:
        lines = [ln for ln in f if ln.split(":")[0] not in ACCOUNTS]
    for n, uid in ACCOUNTS.items():
        lines.append("%s:x:%d:%d::%s/%s:/bin/sh\n" % (n, uid, uid, HOMES, n))
    mine = os.path.join(SCRATCH, "passwd")
    with open(mine, "w") as f:
        f.writelines(lines)
    os.chmod(mine, 0o644)
    subprocess.run(["mount", "--bind", mine, "/etc/passwd"], check=True)


def fresh_home(name, uid=None):
    """A user's empty home directory, with a Maildir in it."""
    uid = ACCOUNTS[name] if uid is None else uid
    p = os.path.join(HOMES, name)
    shutil.rmtree(p, ignore_errors=True)
    for d in (p, p + "/Maildir", p + "/Maildir/new", p + "/Maildir/cur", p + "/Maildir/tmp"):
        os.mkdir(d)
        os.chown(d, uid, uid)
        os.chmod(d, 0o755 if d == p else 0o700)
    return p


def maildir(*path):
    """The messages in a Maildir's new/, as bytes, sorted by name."""
    d = os.path.join(HOMES, *path, "new")
    out = []
    for f in sorted(os.listdir(d)):
        with open(os.path.join(d, f), "rb") as h:
            out.append(h.read())
    return out


class Peer:
    """Another host: a network namespace at the end of a wire, with a real SMTP server."""

    v4, v4b, v6 = "192.0.2.2", "192.0.2.3", "2001:db8::2"

    def __init__(self):
        self.dir = os.path.join(SCRATCH, "peer")
        shutil.rmtree(self.dir, ignore_errors=True)
        os.mkdir(self.dir)
        self.host = subprocess.Popen(["unshare", "-n", "sleep", "100000"])
        wait_for("a network namespace", lambda: os.readlink("/proc/%d/ns/net" % self.host.pid)
                 != os.readlink("/proc/self/ns/net"))
        inside = ["nsenter", "-t", str(self.host.pid), "-n"]
        for cmd in (["ip", "link", "add", "wire", "type", "veth", "peer", "name", "far", "netns", str(self.host.pid)],
                    ["ip", "addr", "add", "192.0.2.1/24", "dev", "wire"],
                    ["ip", "addr", "add", "2001:db8::1/64", "dev", "wire", "nodad"],
                    ["ip", "link", "set", "wire", "up"],
                    inside + ["ip", "link", "set", "lo", "up"],
                    inside + ["ip", "addr", "add", self.v4 + "/24", "dev", "far"],
                    inside + ["ip", "addr", "add", self.v4b + "/24", "dev", "far"],
                    inside + ["ip", "addr", "add", self.v6 + "/64", "dev", "far", "nodad"],
                    inside + ["ip", "link", "set", "far", "up"]):
            subprocess.run(cmd, check=True)
        self.server = subprocess.Popen(inside + ["/usr/bin/python3", os.path.join(HERE, "system/peer_server.py"), self.dir,
                                                 self.v4, self.v6])
        wait_for("the peer's SMTP server", lambda: self.answers(self.v4) and self.answers(self.v6))

    @staticmethod
    def answers(address):
        try:
            with socket.create_connection((address, 25), 1):
                return True
        except OSError:
            return False

    def forget(self):
        for f in os.listdir(self.dir):
            os.unlink(os.path.join(self.dir, f))

    def got(self):
        """What arrived: a list of (arrived at, peer address, sender, recipients, bytes)."""
        out = []
        for f in sorted(os.listdir(self.dir)):
            if f.endswith(".json"):
                with open(os.path.join(self.dir, f)) as h:
                    m = json.load(h)
                m["content"] = m["content"].encode("latin-1")
                out.append(m)
        return out

    def close(self):
        for p in (self.server, self.host):
            p.terminate()
            p.wait()


ZONE = """$ORIGIN example.
$TTL 60
@            SOA ns.example. root.example. 1 60 60 60 60
@            NS  ns.example.
ns           A   127.0.0.1
mx4          A   192.0.2.2
mx4b         A   192.0.2.3
mx6          AAAA 2001:db8::2
both         A   192.0.2.2
both         AAAA 2001:db8::2
me4          A   192.0.2.1
gone         A   192.0.2.77
byaddr4      A   192.0.2.2
byaddr6      AAAA 2001:db8::2
viamx        MX  10 mx4.example.
viamx6       MX  10 mx6.example.
viaboth      MX  10 both.example.
backup       MX  10 mx4b.example.
backup       MX  20 mx4.example.
canon        MX  10 mx4.example.
alias        CNAME canon.example.
aliasa       CNAME byaddr4.example.
mxalias      MX  10 mx4cname.example.
mx4cname     CNAME mx4.example.
loop1        CNAME loop2.example.
loop2        CNAME loop1.example.
nullmx       MX  0 .
deadmx       MX  10 missing.example.
bestme       MX  10 me4.example.
bestme       MX  20 mx4.example.
txtonly      TXT "nothing here"
"""
# What the loopback addresses are called; 127.0.0.3 has a name by an alias, 127.0.0.4 none.
ARPA = """$ORIGIN arpa.
$TTL 60
@                       SOA ns.example. root.example. 1 60 60 60 60
@                       NS  ns.example.
1.0.0.127.in-addr       PTR Loop.Example.
2.0.0.127.in-addr       PTR other.example.
3.0.0.127.in-addr       CNAME 3.alias.0.0.127.in-addr.arpa.
3.alias.0.0.127.in-addr PTR third.example.
4.0.0.127.in-addr       TXT "nothing here"
1.%sip6                 PTR six.example.
""" % ("0." * 31)


def start_nameserver():
    """A real DNS server on 127.0.0.1, authoritative for example and for the names of addresses; its process."""
    d = os.path.join(SCRATCH, "nsd")
    shutil.rmtree(d, ignore_errors=True)
    os.mkdir(d)
    with open(d + "/zone", "w") as f:
        f.write(ZONE)
    with open(d + "/arpa", "w") as f:
        f.write(ARPA)
    with open(d + "/conf", "w") as f:
        f.write("""server:
  ip-address: 127.0.0.1
  username: ""
  chroot: ""
  zonesdir: "%(d)s"
  database: ""
  pidfile: "%(d)s/pid"
  logfile: "%(d)s/log"
  xfrdfile: "%(d)s/xfrd"
  zonelistfile: "%(d)s/zones"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: example
  zonefile: zone
zone:
  name: arpa
  zonefile: arpa
""" % {"d": d})
    p = subprocess.Popen(["/usr/sbin/nsd", "-d", "-c", d + "/conf"])
    import dns.message
    import dns.query

    def up():
        try:
            return dns.query.udp(dns.message.make_query("ns.example.", "A"), "127.0.0.1", timeout=0.5).answer
        except Exception:
            return False
    wait_for("nsd", up)
    return p
