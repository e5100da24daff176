"""Making a program fail at one place: its system calls through strace, its allocations through faults.c.

A Fault is CALL:N:WHAT. CALL is a system call or "alloc"; N counts the calls of that name in one process, N+ means
that call and all behind it; WHAT is an errno (the call is not made, but for close), KILL (nor here: KILL at the next call
is KILL after this one), a number (the call is not made and returns that), short (a write takes one byte), or made (a link
is made, and said not to be).
"""
import collections
import ctypes
import fcntl
import grp
import os
import pwd
import re
import signal
import struct
import subprocess
import time

from harness import HOMES, ROOT, SCRATCH, Home, Peer, start_nameserver

SHIM = os.path.join(SCRATCH, "faults.so")
MARK = os.path.join(SCRATCH, "mark")
TRACE = os.path.join(SCRATCH, "trace")

# what can go wrong with each call; others get EIO. All of them can be the last thing the process sees.
ERRORS = {
    "read": "EIO EINTR", "pread64": "EIO", "write": "ENOSPC EIO EINTR", "pwrite64": "ENOSPC EIO",
    "openat": "EIO EMFILE ENOSPC ENOMEM EINTR", "open": "EIO EMFILE ENOSPC", "link": "ENOSPC EIO", "linkat": "ENOSPC EIO",
    "rename": "ENOSPC EIO", "fsync": "EIO ENOSPC EINTR", "fdatasync": "EIO ENOSPC EINTR", "flock": "ENOLCK EINTR",
    "newfstatat": "EIO ENOMEM", "mmap": "ENOMEM", "clone": "EAGAIN ENOMEM", "clone3": "EAGAIN ENOMEM",
    "vfork": "EAGAIN ENOMEM", "fork": "EAGAIN ENOMEM", "pipe2": "EMFILE ENOMEM", "socket": "EMFILE ENOMEM",
    "connect": "EIO EINTR ECONNREFUSED", "poll": "EINTR ENOMEM", "wait4": "EINTR", "dup2": "EMFILE EINTR", "fcntl": "EMFILE",
    "execve": "ENOMEM EIO", "setgroups": "ENOMEM", "setuid": "EAGAIN", "setresuid": "EAGAIN", "getdents64": "EIO ENOMEM",
    "mprotect": "ENOMEM", "munmap": "ENOMEM", "chdir": "EIO ENOMEM", "ftruncate": "EIO ENOSPC",
}
# what can be over at once, and would be an endless loop if it never were
PASSING = {"EINTR", "EAGAIN"}
# calls that cannot fail, or (brk) whose failure faults.c makes
SAFE = set("brk getpid getuid geteuid getgid getppid gettid umask alarm rt_sigreturn sync_file_range rt_sigaction "
           "rt_sigprocmask restart_syscall arch_prctl set_tid_address set_robust_list rseq getrandom prlimit64".split())


class Fault(collections.namedtuple("Fault", "call when what")):
    def __str__(self):
        return ":".join(self)

    @property
    def once(self):
        return not self.when.endswith("+")

    @property
    def kills(self):
        return self.what == "KILL"

    @property
    def shimmed(self):
        return self.call in ("alloc", "close") and not self.kills or self.what in ("short", "made")

    def inject(self):
        what = "signal=KILL" if self.kills else "retval=" + self.what if self.what.isdigit() else "error=" + self.what
        return "inject=%s:%s:when=%s" % (self.call, what, self.when)

    def environment(self, program):
        if not self.shimmed:
            return {}
        return {"FAULTS_PROGRAM": program, "FAULTS_" + self.call.upper(): self.when}


NO_FAULT = Fault("alloc", "0", "none")      # runs under the shim, which counts


def faults_of_call(call, n, more=None):
    """Every fault of the n-th call of that name. Killed before a call that changes nothing is killed before the next."""
    if call in SAFE:
        return
    yield Fault(call, str(n), "KILL")
    if call.startswith("exit") or call == "close":
        return
    for e in ERRORS.get(call, "EIO").split() + (more or {}).get(call, "").split():
        yield Fault(call, str(n), e)
        if e not in PASSING and not e.isdigit():
            yield Fault(call, "%d+" % n, e)


def faults_of_counts(allocations, writes, closes, links):
    for n in range(1, allocations + 1):
        yield Fault("alloc", str(n), "ENOMEM")
        yield Fault("alloc", "%d+" % n, "ENOMEM")
    for n in range(1, writes + 1):
        yield Fault("write", str(n), "short")
        yield Fault("write", "%d+" % n, "short")
    for n in range(1, closes + 1):
        yield Fault("close", str(n), "EIO")
        yield Fault("close", "%d+" % n, "EIO")
    for n in range(1, links + 1):
        yield Fault("link", str(n), "made")


QUEUE_FOLDERS = ("pid", "intd", "todo", "mess", "info", "local", "remote", "bounce")

# ---- traces

def calls_in(trace, marker, kept=None):
    """(call, n), each once, of the calls in a trace; n counts the calls of that name in one process.

    Of a program only what comes from the marker on counts: before that the loader works. Of a child all counts, until it
    becomes another program. kept(first) tells whether to keep the calls of a process, first being whether it is the first."""
    count, working, found, main = collections.Counter(), {}, {}, None
    for line in trace.splitlines():
        m = re.match(r"(?:(\d+) +)?(\w+)\(", line)
        if not m:
            continue
        pid, call = m[1], m[2]
        if not working:
            main = pid
        count[pid, call] += 1
        if call == "execve" and pid in working:
            working[pid] = False
            found.setdefault((call, count[pid, call]))
        working.setdefault(pid, pid != main or marker is None)
        working[pid] = working[pid] or call == marker
        if working[pid] and (not kept or kept(pid == main)):
            found.setdefault((call, count[pid, call]))
    return list(found)


def tracer(*options, user=None, env=None):
    argv = ["strace", "-qq", "-o", TRACE, *options]
    for k, v in (env or {}).items():
        argv += ["-E", "%s=%s" % (k, v)]
    return argv + (["-u", user] if user else [])


def read_trace():
    try:
        with open(TRACE, errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


# ---- marks of the shim

def clear_mark():
    with open(MARK, "wb") as f:
        f.write(bytes(40))
    os.chmod(MARK, 0o666)


def marked():
    """(struck, allocations, writes, closes, links)"""
    with open(MARK, "rb") as f:
        return struct.unpack("5L", f.read(40))


# ---- a place of its own for each worker

LIBC = ctypes.CDLL(None, use_errno=True)


def seclude():
    """Namespaces and file systems in memory for this process: a copy of the home and of the accounts' homes."""
    if LIBC.unshare(0x00020000 | 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    LIBC.prctl(36, 1, 0, 0, 0)       # orphans come to us
    new = os.path.join(SCRATCH, "worker")
    os.makedirs(new, exist_ok=True)
    for cmd in (["mount", "--make-rprivate", "/"], ["mount", "-t", "tmpfs", "-o", "mode=755", "none", new],
                ["cp", "-a", SCRATCH + "/qmail", SHIM, SCRATCH + "/passwd", new], ["mount", "--bind", new, SCRATCH],
                ["ip", "link", "set", "lo", "up"]):
        subprocess.run(cmd, check=True)
    os.mkdir(HOMES)


def build_shim():
    subprocess.run(["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", SHIM,
                    os.path.join(ROOT, "tests/crash/faults.c")], check=True)


# ---- processes

def start(argv, fds, user=None, group=None, env=None, cwd="/"):
    """Run argv with fds as its descriptors 0, 1, ...; its pid. An own fork: no other library call numbers them."""
    pid = os.fork()
    if pid:
        return pid
    try:
        up = [fcntl.fcntl(f, fcntl.F_DUPFD, 100) for f in fds]
        for i, f in enumerate(up):
            os.dup2(f, i)
        os.closerange(len(fds), 256)
        os.chdir(cwd)
        if user:
            p = pwd.getpwnam(user)
            gid = grp.getgrnam(group).gr_gid if group else p.pw_gid
            os.setgroups([gid])
            os.setgid(gid)
            os.setuid(p.pw_uid)
        os.execvpe(argv[0], argv, env or {})
    finally:
        os._exit(127)


def status_of(pid, timeout=0.0):
    """Exit code, minus the signal, or None if it still runs after timeout."""
    end = time.monotonic() + timeout
    while True:
        got, status = os.waitpid(pid, os.WNOHANG)
        if got:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= end:
            return None
        time.sleep(0.003)


def children():
    out = []
    for t in os.listdir("/proc/self/task"):
        with open("/proc/self/task/%s/children" % t) as f:
            out += [int(x) for x in f.read().split()]
    return out


def reap_all(keep):
    """Kill whatever this worker has started and left, the tracers last: they write their log at the end."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        left = [p for p in children() if p not in keep]
        if not left:
            return
        for p in left:
            try:
                with open("/proc/%d/comm" % p) as f:
                    tracing = f.read().strip() == "strace"
                if not tracing or time.monotonic() > end - 4:
                    os.kill(p, signal.SIGKILL)
            except (OSError, ProcessLookupError):
                pass
            try:
                os.waitpid(p, os.WNOHANG)
            except ChildProcessError:
                pass
        time.sleep(0.002)
    raise AssertionError("processes that cannot be ended: %s" % left)


class Result(collections.Counter):
    """What came of one case: lost, torn, bounced, stuck, duplicates; missed if the fault was not met. odd: what no page
    tells of, in words."""

    def __init__(self, counts=(), odd=()):
        super().__init__(counts)
        self.odd = list(odd)

    def __reduce__(self):
        return Result, (dict(self), self.odd)

    def count(self, wanted, found, key, excused):
        """A message that was wanted so often; excused: a page says why it may be there twice."""
        self["lost"] += max(0, wanted - found)
        if found > wanted:
            self["duplicates"] += found - wanted
            if not excused:
                self.odd.append("%s is there %d times" % (key, found))


def text_of(key, size=3000):
    """A message that tells by itself whether it is whole."""
    line = b"%s " % key.encode() * 8 + b"\n"
    return b"Subject: %s\nFrom: <tester@test.example>\n\n" % key.encode() + line * (size // len(line)) + b"end of %s\n" % key.encode()


class Place:
    """What the cases of one worker share: the installation, and servers that live as long as the worker."""

    def __init__(self):
        self.home = Home(SCRATCH + "/qmail")
        self.services = set()
        self.drained = set()             # states of the queue that have been
        self._peer = self._nameserver = None

    def __truediv__(self, name):
        return self.home / name

    @property
    def nameserver(self):
        if not self._nameserver:
            before = set(children())
            self._nameserver = start_nameserver()
            self.services |= set(children()) - before
        return self._nameserver

    @property
    def peer(self):
        if not self._peer:
            before = set(children())
            self._peer = Peer()
            self.services |= set(children()) - before
        return self._peer

    def queue_names(self):
        """Every file below queue but those of lock."""
        queue = self / "queue"
        return sorted(os.path.relpath(os.path.join(base, n), queue) for d in QUEUE_FOLDERS
                      for base, _, names in os.walk(os.path.join(queue, d)) for n in names)

    def queue_files(self):
        """name: content. Their access times stay: they decide what is old."""
        found = {}
        for n in self.queue_names():
            fd = os.open(os.path.join(self / "queue", n), os.O_RDONLY | os.O_NOATIME)
            with open(fd, "rb") as f:
                found[n] = f.read()
        return found

    def clear(self):
        self.home.clear()
        for d in ("control", "users"):
            for n in os.listdir(self / d):
                os.unlink(os.path.join(self / d, n))

    def clear_queue(self):
        for f in self.queue_names():
            os.unlink(os.path.join(self / "queue", f))

    def rest(self, timeout=3):
        """Until what outlives a program under test has ended by itself: a queue program that was killed off its caller."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            left = [p for p in children() if p not in self.services]
            for p in left:
                status_of(p)
            if not left:
                return
            time.sleep(0.002)

    def end_all(self):
        reap_all(self.services)
