"""A world of one's own for each worker: the installation's queue, homes, users and control on a file system in memory,
seen by this process and its children alone. What is done in it can be recorded."""
import ctypes
import contextlib
import os
import shutil
import signal
import socketserver
import subprocess
import threading
import time

import report  # noqa: F401  (puts tests/ on the path)
import harness
import trace
from harness import children, wait_for

CLONE_NEWNS = 0x20000
HOST = "mail.test.example"
ACCOUNTS = {"foo": 30001, "john": 30002, "baz": 30003}


class Sink(socketserver.ThreadingTCPServer):
    """The next host of all remote mail: takes everything, and keeps it."""
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        self.got = []           # (recipients, text)
        super().__init__(("127.0.0.1", 0), Sink.Session)

    class Session(socketserver.StreamRequestHandler):
        def handle(self):
            def say(s):
                self.wfile.write(s + b"\r\n")
                self.wfile.flush()
            say(b"220 far.test.example ESMTP")
            to = []
            for line in self.rfile:
                word = line[:4].upper()
                if word == b"RCPT":
                    to.append(line[line.index(b"<") + 1:line.rindex(b">")])
                if word == b"QUIT":
                    say(b"221 bye")
                    return
                if word != b"DATA":
                    say(b"250 ok")
                    continue
                say(b"354 go")
                out = []
                for line in self.rfile:
                    if line == b".\r\n":
                        self.server.got.append((to, b"".join(out)))
                        to = []
                        say(b"250 got it")
                        break
                    out.append(line[line[:1] == b".":].replace(b"\r\n", b"\n"))
                else:
                    return


class World(harness.Home):
    """Make one in a process that does nothing else: the mounts are never taken away again."""

    def __init__(self, number, programs=None):
        """programs: name -> file, to stand in for installed ones."""
        super().__init__(harness.SCRATCH + "/qmail")
        self.scratch = os.path.join(harness.SCRATCH, "world%d" % number)
        self.skeleton = [(base, os.stat(base)) for base, _, _ in os.walk(self / "queue")]
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) < 0:
            raise OSError(ctypes.get_errno(), "unshare")
        self.run("mount", "--make-rprivate", "/")
        os.makedirs(self.scratch, exist_ok=True)
        os.makedirs(harness.HOMES, exist_ok=True)
        locks = [os.path.join(self / "queue/lock", f) for f in os.listdir(self / "queue/lock")]
        keep = os.path.join(self.scratch, "lock")
        shutil.rmtree(keep, ignore_errors=True)
        self.run("cp", "-a", self / "queue/lock", keep)
        for d in (self / "queue", harness.HOMES, self / "users", self / "control"):
            st = os.stat(d)
            as_it_was = "mode=%o,uid=%d,gid=%d" % (st.st_mode & 0o7777, st.st_uid, st.st_gid)
            self.run("mount", "-t", "tmpfs", "-o", as_it_was, "tmpfs", d)
        for d, st in self.skeleton:
            os.makedirs(d, exist_ok=True)
            os.chmod(d, st.st_mode & 0o7777)
            os.chown(d, st.st_uid, st.st_gid)
        self.run("cp", "-a", *[os.path.join(keep, os.path.basename(f)) for f in locks], self / "queue/lock")
        for name, file in (programs or {}).items():
            target = os.path.join(self / "bin", name)
            st = os.stat(target)
            os.chown(file, st.st_uid, st.st_gid)
            os.chmod(file, st.st_mode & 0o7777)
            self.run("mount", "--bind", file, target)
        self.meminfo = os.path.join(self.scratch, "meminfo")
        self.waiting(0)
        self.run("mount", "--bind", self.meminfo, "/proc/meminfo")
        harness.SCRATCH = self.scratch
        self.sink = Sink()
        threading.Thread(target=self.sink.serve_forever, daemon=True).start()
        self.traces, self.attached, self.known = [], [], []
        self.reset()

    @staticmethod
    def run(*argv):
        subprocess.run(argv, check=True)

    # ---- a clean start
    def reset(self):
        """Nothing queued, nothing delivered, the accounts' homes empty, remote mail to the sink."""
        for base, _, files in os.walk(self / "queue"):
            if os.path.basename(base) != "lock":
                for f in files:
                    os.unlink(os.path.join(base, f))
        for name in os.listdir(harness.HOMES):
            shutil.rmtree(os.path.join(harness.HOMES, name))
        for name, uid in ACCOUNTS.items():
            harness.fresh_home(name, uid)
        for d in ("users", "control"):
            for f in os.listdir(self / d):
                os.unlink(os.path.join(self / d, f))
        self.control(me=HOST + "\n", smtproutes=":127.0.0.1:%d\n" % self.sink.server_address[1],
                     concurrencylocal="30\n", concurrencyremote="30\n")
        lines = ["=%s:%s:%d:%d:%s/%s:::" % (n, n, u, u, harness.HOMES, n) for n, u in ACCOUNTS.items()]
        lines += ["+%s-:%s:%d:%d:%s/%s:-::" % (n, n, u, u, harness.HOMES, n) for n, u in ACCOUNTS.items()]
        lines += [w % harness.HOMES for w in ("=postmaster:baz:30003:30003:%s/baz:::", "+:baz:30003:30003:%s/baz:-::")]
        lines.append(".")
        self.assign("\n".join(lines) + "\n")
        self.sink.got.clear()
        self.traces, self.attached, self.known = [], [], []
        self.flag(False)
        self.waiting(0)

    def flag(self, there):
        """A file that a user's program may ask for: outside of all that is recorded."""
        self.flagfile = harness.HOMES + "-flag%d" % os.getpid()
        if there:
            open(self.flagfile, "w").close()
        elif os.path.exists(self.flagfile):
            os.unlink(self.flagfile)

    def waiting(self, kilobytes):
        """What the kernel says that waits to be written to disks: with much, qmail-send flushes each file by itself."""
        with open(self.meminfo, "w", encoding="ascii") as f:
            f.write("Dirty: %d kB\nWriteback: 0 kB\n" % kilobytes)

    def write(self, name, data, user):
        path = os.path.join(harness.HOMES, name)
        with open(path, "wb") as f:
            f.write(data)
        os.chown(path, ACCOUNTS[user], ACCOUNTS[user])
        os.chmod(path, 0o600)
        return path

    # ---- recording
    def recorder(self, *more):
        """A strace command with a trace file of its own."""
        self.traces.append(os.path.join(self.scratch, "trace.%d" % len(self.traces)))
        return trace.STRACE + list(more) + ["-o", self.traces[-1]]

    def start_recorded(self):
        return self.start("./Maildir/", strace=self.recorder())

    def queue(self, sender, recipients, message, strace=(), wait=True):
        """Give a message to qmail-queue, recorded. Its exit code, or without wait the process."""
        n = len(self.traces)
        files = [os.path.join(self.scratch, "%s.%d" % (k, n)) for k in ("message", "envelope")]
        envelope = b"F" + sender + b"\0" + b"".join(b"T" + r + b"\0" for r in recipients) + b"\0"
        for name, data in zip(files, (message, envelope)):
            with open(name, "wb") as f:
                f.write(data)
        with open(files[0], "rb") as m, open(files[1], "rb") as e:
            p = subprocess.Popen(self.recorder(*strace) + [self / "bin/qmail-queue"], stdin=m, stdout=e, cwd="/")
        return p.wait() if wait else p

    def smtpd(self, text):
        """What qmail-smtpd, recorded, answers to a client who says all at once."""
        env = self.env(TCPREMOTEIP="127.0.0.1", TCPLOCALHOST=HOST, RELAYCLIENT="", PROTO="TCP")
        argv = ["setpriv", "--reuid", "qmaild", "--regid", "nofiles", "--clear-groups", self / "bin/qmail-smtpd"]
        return subprocess.run(self.recorder() + argv, input=text, stdout=subprocess.PIPE, env=env, cwd="/").stdout

    def deliver(self, user, message, default, strace=(), sender=b"sender@test.example"):
        """qmail-local by itself, recorded, for a message that stands in the queue's mess. Its exit code."""
        argv = ["setpriv", "--reuid", str(ACCOUNTS[user]), "--regid", str(ACCOUNTS[user]), "--clear-groups"]
        with open(message, "rb") as m:
            return subprocess.run(self.recorder(*strace) + argv + [
                self / "bin/qmail-local", "--", user, os.path.join(harness.HOMES, user), user, "", "", HOST,
                sender.decode(), default], stdin=m, cwd="/",
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def snapshot(self, roots, but_not):
        """path -> (number, bytes) of the files that are there, and the directories."""
        files, directories, numbers = {}, set(), {}
        for root in roots:
            for base, dirs, names in os.walk(root):
                directories.add(base)
                for n in names:
                    path = os.path.join(base, n)
                    if path.startswith(but_not) or not os.path.isfile(path):
                        continue
                    with open(path, "rb") as f:
                        files[path] = (numbers.setdefault(os.stat(path).st_ino, len(numbers) + 1), f.read())
        return files, directories

    # ---- daemons
    def children(self):
        """pid of each of the four daemons and of the injector, once the daemons are where they work."""
        def ready():
            out = {}
            for pid in children(self.pid) + [self.pid]:
                # one that has ended meanwhile is none of them
                with contextlib.suppress(OSError), open("/proc/%d/comm" % pid) as f:
                    name = f.read().strip()
                    if name == "injector" or os.readlink("/proc/%d/cwd" % pid).endswith(("/queue", "/queue/mess")):
                        out[name] = pid
            return out if len(out) == 5 else None
        return wait_for("the daemons", ready)

    def attach(self, pids, *more):
        """Record these processes, which are idle, and what they start."""
        them = [x for pid in pids for x in ("-p", str(pid))]
        p = subprocess.Popen(self.recorder(*more) + them, stderr=subprocess.DEVNULL)
        self.attached.append(p)

        def traced():
            for pid in pids:
                # one that has ended meanwhile is no longer waited for
                with contextlib.suppress(FileNotFoundError, ProcessLookupError), open("/proc/%d/status" % pid) as f:
                    if "TracerPid:\t0" in f.read():
                        return False
            return True
        wait_for("strace", traced)

    def detach(self):
        for p in self.attached:
            p.wait(20)
        self.attached = []

    def wait_quiet(self, quiet=0.4, timeout=20.0):
        """Until no message is left, or the daemons are gone, or nothing happens any more."""
        end, last, since = time.monotonic() + timeout, None, time.monotonic()
        while time.monotonic() < min(end, since + quiet):
            now = (os.path.getsize(self.logfile), self.left())
            if not any(f.startswith("mess/") for f in now[1]) or self.daemon.poll() is not None:
                return
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.01)

    def kill_all(self):
        for p in self.running + self.attached:
            if p.poll() is None:
                # strace's end would let go what it traces
                os.kill(self.pid if p is self.daemon else p.pid, signal.SIGKILL)
        for p in self.running + self.attached:
            p.wait()
        self.running, self.attached = [], []

    def hurry(self):
        os.kill(self.pid, signal.SIGALRM)

    def left(self):
        """The queue's files, but for its locks."""
        top = self / "queue"
        return sorted(os.path.relpath(os.path.join(base, f), top) for base, _, files in os.walk(top)
                      if os.path.basename(base) != "lock" for f in files)

    def wait_drained(self, timeout=20.0):
        """Whether all messages came to their end. A text that a kill has left alone stays for the daily sweep."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            left = self.left()
            if not any(f.startswith(("todo/", "info/")) for f in left):
                if any(f.startswith("mess/") for f in left):
                    self.wait_quiet()
                return True
            time.sleep(0.01)
        return False
