"""strace's output, of one strace or of several at once, becomes steps on a file system.

Only what is below the roots counts. A call that this file does not know, on such a path or descriptor, is a
TraceError: the checker must not be silent about what it cannot judge.
"""
import collections
import os
import re

STRACE = ["strace", "-f", "-qq", "-ttt", "-T", "-xx", "-y", "-s", "4194304",
          "-e", "trace=%file,%desc,%process,sync,syncfs,recvmsg", "-e", "signal=none"]

# What happened: names: ((path, inode or None), ...), which a power cut keeps or loses together; write: inode, offset,
# bytes; truncate: inode, length; sync: inode, directory or None for everything, and whether it succeeded;
# start: a program runs; exit: its code; say: descriptor and bytes written to what is no file of ours.
# start and end are times: a flush covers what had ended when it started.
Step = collections.namedtuple("Step", "start end kind what process")

Call = collections.namedtuple("Call", "pid start end name args result")


class TraceError(Exception):
    """The trace holds something that the checker does not understand."""


class Process:
    def __init__(self, pid, cwd, table, program="", argv=()):
        self.pid, self.cwd, self.table, self.program, self.argv, self.stdin = pid, cwd, table, program, argv, None


class File:
    """An open file: shared by whoever inherited it."""

    def __init__(self, inode, path, append=False):
        self.inode, self.path, self.append, self.offset = inode, path, append, 0


# Nothing that a power cut could take: looking, waiting, reading, modes and times.
HARMLESS = set("""stat fstat lstat newfstatat statx access faccessat faccessat2 pread64 preadv getdents getdents64
flock fcntl ioctl poll ppoll select pselect6 epoll_ctl epoll_wait epoll_create1 chmod fchmod fchmodat chown fchown
lchown fchownat utime utimes utimensat futimesat readlink readlinkat getcwd statfs fstatfs fadvise64 wait4 waitid
sync_file_range close_range signalfd4 kill pidfd_open pidfd_send_signal inotify_add_watch name_to_handle_at umask
fgetxattr getxattr lgetxattr flistxattr memfd_create
landlock_create_ruleset landlock_add_rule landlock_restrict_self""".split())
FORKS = ("clone", "clone3", "fork", "vfork")
WRITES = ("write", "writev", "pwrite64", "pwritev", "pwritev2")
LINE = re.compile(r"(?:(\d+)\s+)?(\d+\.\d+) (.*)")
CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+|\?)(.*)$", re.S)
RESUMED = re.compile(r"<\.\.\. \w+ resumed>\s?(.*)", re.S)
DURATION = re.compile(r"<(\d+\.\d+)>$")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
PLACE = re.compile(r'AT_FDCWD(?:<(?:\\x[0-9a-f]{2})*>)?|(?<![\w\\])\d+<((?:\\x[0-9a-f]{2})*)>'
                   r'|"((?:\\x[0-9a-f]{2})*)"')
FD = re.compile(r"(-?\d+)(?:<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?)?")


def text(escaped):
    return bytes.fromhex(escaped.replace("\\x", ""))


def read_calls(*files):
    """Every finished call of all files, in the order in which they ended (a fork: in which it started)."""
    calls = []
    for name in files:
        begun = {}
        with open(name, encoding="latin-1") as f:
            for line in f:
                m = LINE.match(line.rstrip("\n"))
                if not m or m[3].startswith(("+++", "---")):
                    continue
                pid, start, rest = int(m[1] or 0), float(m[2]), m[3]
                if rest.endswith("<unfinished ...>"):
                    begun[pid] = (start, rest[:-len("<unfinished ...>")])
                    continue
                r = RESUMED.match(rest)
                if r:
                    if pid not in begun:
                        continue
                    start, head = begun.pop(pid)
                    rest = head + r[1]
                c = CALL.match(rest)
                if not c:
                    raise TraceError("%s: not understood: %.200s" % (name, rest))
                took = DURATION.search(c[4])
                end = start + (float(took[1]) if took else 0)
                result = None if c[3] == "?" else int(c[3], 0)
                calls.append(Call(pid, start, end, c[1], c[2], result))
    calls.sort(key=lambda c: c.start if c.name in FORKS else c.end)
    return calls


class Reader:
    """Follows descriptors, directories and names through the calls; steps() gives what they did to the roots."""

    def __init__(self, roots, but_not, files, directories, processes=()):
        """roots: directories, and all in them is ours, except what is in one of but_not; files: path -> (inode, bytes)
        of what is there at the start; directories: the set of them; processes: those that were running already."""
        self.roots, self.but_not = (tuple(d + "/" for d in x) for x in (roots, but_not))
        self.names = {p: inode for p, (inode, _) in files.items()}
        self.directories = set(directories)
        self.sizes = {inode: len(data) for inode, data in files.values()}
        self.processes = {p.pid: p for p in processes}
        self.next_inode = max(list(self.sizes) + [0]) + 1

    def ours(self, path):
        return (path + "/").startswith(self.roots) and not (path + "/").startswith(self.but_not)

    def process(self, pid):
        if pid not in self.processes:
            self.processes[pid] = Process(pid, "/", {})
        return self.processes[pid]

    # ---- arguments
    def paths(self, p, args):
        """The paths of a call with their directories: relative to the descriptor before each, or to where we are."""
        out, base = [], p.cwd
        for m in PLACE.finditer(args):
            if m[0].startswith("AT_FDCWD"):
                base = p.cwd
            elif m[2] is None:
                base = text(m[1]).decode("latin-1")
            else:
                s = text(m[2]).decode("latin-1")
                out.append(os.path.normpath(s if s.startswith("/") else os.path.join(base, s)))
        return out

    def descriptor(self, p, args):
        """(number, file of ours or None) of a call's first argument."""
        m = FD.match(args)
        if not m:
            return None, None
        fd = int(m[1])
        path = text(m[2] or "").decode("latin-1")
        if not self.ours(path):
            return fd, None
        f = p.table.get(fd)
        if f is None and fd <= 2 and path in self.names:
            f = p.table[fd] = File(self.names[path], path)      # strace's own, handed down
        if f is None:
            raise TraceError("descriptor %d of %s is %s, and nobody opened it" % (fd, p.program, path))
        return fd, f

    # ---- the steps
    def steps(self, calls):
        for c in calls:
            p = self.process(c.pid)
            if c.result is None and c.name not in ("exit_group", "exit"):
                continue
            if c.result is not None and c.result < 0 and c.name not in ("fsync", "fdatasync"):
                continue
            for kind, what in getattr(self, "do_" + c.name, self.other)(p, c):
                yield Step(c.start, c.end, kind, what, p)

    def other(self, p, c):
        if c.name in FORKS:
            child = Process(c.result, p.cwd, p.table if "CLONE_FILES" in c.args else dict(p.table), p.program, p.argv)
            child.stdin = p.stdin
            self.processes[c.result] = child
        elif c.name not in HARMLESS:
            fds = [text(m[2] or "").decode("latin-1") for m in FD.finditer(c.args) if m[2]]
            for path in fds + self.paths(p, c.args):
                if self.ours(path):
                    raise TraceError("%s calls %s on %s: the checker does not know what that does" % (
                        p.program, c.name, path))
            if c.result is not None and re.search(r"<", c.args) is None:
                p.table.pop(c.result, None)
        return ()

    def do_execve(self, p, c):
        p.program = os.path.basename(self.paths(p, c.args)[0])
        inside = c.args[c.args.index("["):c.args.rindex("]")] if "[" in c.args else ""
        p.argv = [text(m[1]) for m in STRING.finditer(inside)]
        p.stdin = p.table.get(0)
        yield "start", None

    def do_exit_group(self, p, c):
        yield "exit", int(c.args)
    do_exit = do_exit_group

    def do_chdir(self, p, c):
        p.cwd = self.paths(p, c.args)[0]
        return ()

    def do_fchdir(self, p, c):
        p.cwd = text(FD.match(c.args)[2]).decode("latin-1")
        return ()

    def do_openat(self, p, c):
        path = self.paths(p, c.args)[-1]
        p.table.pop(c.result, None)
        if not self.ours(path):
            return
        inode = self.names.get(path)
        if inode is None and "O_CREAT" in c.args and path not in self.directories:
            inode = self.names[path] = self.next_inode
            self.next_inode += 1
            self.sizes[inode] = 0
            yield "names", ((path, inode),)
        elif inode is None and path not in self.directories:
            raise TraceError("%s opened %s, which nobody made" % (p.program, path))
        elif inode is not None and "O_TRUNC" in c.args:
            self.sizes[inode] = 0
            yield "truncate", (inode, 0)
        if "O_SYNC" in c.args or "O_DSYNC" in c.args or "O_TMPFILE" in c.args:
            raise TraceError("%s opens %s in a way that the checker does not know: %s" % (p.program, path, c.args))
        p.table[c.result] = File(inode, path, "O_APPEND" in c.args)
    do_open = do_creat = do_openat

    def do_close(self, p, c):
        p.table.pop(int(FD.match(c.args)[1]), None)
        return ()

    def do_dup(self, p, c):
        f = p.table.get(int(FD.match(c.args)[1]))
        p.table.pop(c.result, None)
        if f is not None:
            p.table[c.result] = f
        return ()
    do_dup2 = do_dup3 = do_dup

    def do_fcntl(self, p, c):
        return self.do_dup(p, c) if "F_DUPFD" in c.args else ()

    def do_pipe2(self, p, c):
        for m in FD.finditer(c.args):
            p.table.pop(int(m[1]), None)
        return ()
    do_pipe = do_socketpair = do_pipe2

    def do_read(self, p, c):
        f = self.descriptor(p, c.args)[1]
        if f is not None:
            f.offset += c.result
        return ()
    do_readv = do_read

    def do_recvmsg(self, p, c):
        """Descriptors may come from another process. (Their offset is not shared here: each is used by one side.)"""
        m = re.search(r"SCM_RIGHTS, cmsg_data=\[(.*?)\]", c.args)
        for fd, escaped, _ in FD.findall(m[1]) if m else ():
            path = text(escaped).decode("latin-1")
            p.table.pop(int(fd), None)
            if path in self.names:
                p.table[int(fd)] = File(self.names[path], path)
        return ()

    def do_lseek(self, p, c):
        f = self.descriptor(p, c.args)[1]
        if f is not None:
            f.offset = c.result
        return ()

    def do_write(self, p, c):
        fd, f = self.descriptor(p, c.args)
        pieces = STRING.findall(c.args)
        if any(more for _, more in pieces):
            raise TraceError("strace cut a write short")
        data = b"".join(text(s) for s, _ in pieces)[:c.result]
        if f is None:
            yield "say", (fd, data)
            return
        if f.inode is None:
            raise TraceError("%s writes to a directory" % p.program)
        place = f.offset
        if c.name.startswith("pwrite"):
            place = int(re.search(r"(\d+)(?:, 0)?$", c.args)[1] if c.name == "pwritev2" else c.args.rsplit(",", 1)[1])
        elif f.append:
            place = self.sizes[f.inode]
        if not c.name.startswith("pwrite"):
            f.offset = place + c.result
        self.sizes[f.inode] = max(self.sizes[f.inode], place + len(data))
        yield "write", (f.inode, place, data)
    do_writev = do_pwrite64 = do_pwritev = do_pwritev2 = do_write

    def do_ftruncate(self, p, c):
        f = self.descriptor(p, c.args)[1]
        if f is not None:
            self.sizes[f.inode] = int(c.args.rsplit(",", 1)[1])
            yield "truncate", (f.inode, self.sizes[f.inode])

    def do_mmap(self, p, c):
        if "MAP_SHARED" in c.args and "PROT_WRITE" in c.args:
            m = re.search(r"(\d+)<((?:\\x[0-9a-f]{2})*)>", c.args)
            if m and self.ours(text(m[2]).decode("latin-1")):
                raise TraceError("%s writes a file of ours through memory" % p.program)
        return ()

    def do_sendfile(self, p, c):
        if self.descriptor(p, c.args)[1] is not None:
            raise TraceError("%s: sendfile into a file of ours" % p.program)
        return ()

    def do_link(self, p, c):
        old, new = self.paths(p, c.args)[-2:]
        if self.ours(old) != self.ours(new):
            raise TraceError("%s links over the border of the roots: %s, %s" % (p.program, old, new))
        if self.ours(new):
            inode = self.names[new] = self.names[old]
            yield "names", ((new, inode),)
    do_linkat = do_link

    def do_rename(self, p, c):
        old, new = self.paths(p, c.args)[-2:]
        if "RENAME_EXCHANGE" in c.args:
            raise TraceError("%s exchanges names" % p.program)
        if self.ours(old) != self.ours(new):
            raise TraceError("%s renames over the border of the roots: %s, %s" % (p.program, old, new))
        if self.ours(new) and self.names[old] != self.names.get(new):
            inode = self.names[new] = self.names.pop(old)
            yield "names", ((new, inode), (old, None))
    do_renameat = do_renameat2 = do_rename

    def do_unlink(self, p, c):
        path = self.paths(p, c.args)[-1]
        if self.ours(path):
            del self.names[path]
            yield "names", ((path, None),)
    do_unlinkat = do_unlink

    def do_fsync(self, p, c):
        f = self.descriptor(p, c.args)[1]
        if f is not None:
            yield "sync", (f.inode if f.inode is not None else f.path, c.result == 0)
    do_fdatasync = do_fsync

    def do_syncfs(self, p, c):
        m = FD.match(c.args)
        if c.name == "sync" or self.ours(text(m[2] or "").decode("latin-1")):
            yield "sync", (None, c.result == 0)
    do_sync = do_syncfs


def running(pid):
    """A Process for one that runs already, before strace is attached to it: its directory and its descriptors'
    paths. Files of ours that it has open are not known (it must be idle)."""
    p = Process(pid, os.readlink("/proc/%d/cwd" % pid), {}, os.path.basename(os.readlink("/proc/%d/exe" % pid)))
    with open("/proc/%d/cmdline" % pid, "rb") as f:
        p.argv = f.read().split(b"\0")[:-1]
    return p
