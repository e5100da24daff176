"""Mail into a target and out of it: the load generators, and the counters of what arrived."""
import ctypes
import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

from machine import DOMAIN, HERE, PEERS, UID, USER, Group, helper, wait_until, write

LOCAL = "%s@%s" % (USER, DOMAIN)
REMOTE = "someone@remote.invalid"

# The group of the load generators' processes; prepare() makes it.
load = None
# Whether smtp.py is to take the place of Postfix's programs: for a look at the harness, not for figures.
plain = False

libc = ctypes.CDLL(None, use_errno=True)


def prepare(without_postfix=False):
    global load, plain
    load, plain = Group("load"), without_postfix


def tool(name, *args):
    """smtp-source or smtp-sink: the machine's, or those of the Postfix among the peers."""
    if plain:
        return [sys.executable, HERE + "/smtp.py", name, *args]
    path = shutil.which(name)
    if path:
        return [path, *args]
    root = PEERS + "/postfix"
    for d in ("/usr/sbin/", "/usr/bin/"):
        if os.path.exists(root + d + name):
            return ["chroot", root, d + name, *args]
    raise SystemExit("no %s: tests/bench/peers postfix makes a chroot with it" % name)


class Watch:
    """Counts the files that appear in a folder."""

    CREATED, MOVED_TO, OVERFLOW = 0x100, 0x80, 0x4000

    def __init__(self, path):
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0 or libc.inotify_add_watch(self.fd, path.encode(), self.CREATED | self.MOVED_TO) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self.n = 0
        self.path = path

    def poll(self):
        while True:
            try:
                buf = os.read(self.fd, 65536)
            except BlockingIOError:
                return self.n
            at = 0
            while at < len(buf):
                _, mask, _, length = struct.unpack_from("iIII", buf, at)
                self.n = len(os.listdir(self.path)) if mask & self.OVERFLOW else self.n + 1
                at += 16 + length

    def close(self):
        os.close(self.fd)


class Sink:
    """The next host of remote mail, which forgets it; counts sessions and messages."""

    def __init__(self, port):
        self.p = subprocess.Popen(tool("smtp-sink", "-4", "-c", "-u", "nobody", "127.0.0.1:%d" % port, "512"),
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, preexec_fn=load.enter)
        fd = self.p.stdout.fileno()
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
        self.messages = self.sessions = 0
        self.tail = b""

        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        if wait_until(listens, 5, 0.02) is None or self.p.poll() is not None:
            raise RuntimeError("smtp-sink did not start")

    def poll(self):
        while True:
            try:
                b = os.read(self.p.stdout.fileno(), 65536)
            except BlockingIOError:
                break
            if not b:
                break
            self.tail = (self.tail + b)[-400:]
        m = re.findall(rb"sess=(\d+) quit=\d+ mesg=(\d+)", self.tail)
        if m:
            self.sessions, self.messages = int(m[-1][0]), int(m[-1][1])
        return self.messages

    def close(self):
        self.p.terminate()
        self.p.wait()


def source(t, n, size, rcpt, sessions=20, reuse=False, recipients=1):
    """n messages of size bytes; reuse: many in a session, else one."""
    args = ["-4", "-s", str(min(sessions, t.sessions_cap or sessions)), "-m", str(n), "-l", str(size), "-f", "sender@" + DOMAIN,
            "-t", rcpt]
    if reuse:
        args.append("-d")
    if recipients > 1:
        args += ["-r", str(recipients)]
    return subprocess.Popen(tool("smtp-source", *args, "127.0.0.1:%d" % t.port), stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, preexec_fn=load.enter)


def sendmail(t, n, parallel, rcpt):
    """The sendmail program n times, as the user."""
    root = t.inject_root()
    folder = (root + "/tmp") if root else t.rundir
    inside = "/tmp" if root else folder
    shutil.copy(helper("inject"), folder + "/inject")
    os.chmod(folder + "/inject", 0o755)
    write(folder + "/message", "From: sender@%s\nTo: %s\nSubject: bench\n\n" % (DOMAIN, rcpt) + ("x" * 79 + "\n") * 51)
    args = [inside + "/inject", "-u", str(UID), "-g", str(UID), str(n), str(parallel), inside + "/message", *t.inject_cmd(rcpt)]
    return t.group.popen((["chroot", root] if root else []) + args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)


def ended(p):
    """Wait for a source: what it complained of, empty when all went well."""
    text = p.stderr.read().decode(errors="replace")[-300:] if p.stderr else ""
    return "" if p.wait() == 0 else "exit status %d %s" % (p.returncode, text)


class Single:
    """One SMTP session after the other, a message each."""

    BODY = b"Subject: latency\r\nMessage-Id: <%d@latency>\r\n\r\n" + (b"x" * 78 + b"\r\n") * 50 + b".\r\n"

    def __init__(self, addr):
        self.addr = addr
        self.count = 0

    def say(self, text):
        if text:
            self.s.sendall(text)
        while True:
            line = self.f.readline()
            if line[:1] not in (b"2", b"3"):
                raise RuntimeError("refused: %r" % line)
            if line[3:4] != b"-":
                return

    def begin(self, rcpt):
        """Up to the end of the message, whose reply is still to come; seconds on the clock at connect."""
        began = time.monotonic()
        self.s = socket.create_connection(self.addr, 30)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.f = self.s.makefile("rb")
        self.say(b"")
        for cmd in ("HELO bench", "MAIL FROM:<sender@%s>" % DOMAIN, "RCPT TO:<%s>" % rcpt, "DATA"):
            self.say(cmd.encode() + b"\r\n")
        self.count += 1
        self.s.sendall(self.BODY % self.count)
        return began

    def end(self):
        self.say(b"QUIT\r\n")
        self.f.close()
        self.s.close()
