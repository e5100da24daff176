#!/usr/bin/env python3
"""Replay JSON-Lines conformance vectors against an installed mail suite.

    replay.py --prefix DIR [--only REGEX] [-v] FILE.jsonl...

See README.md beside this file for the vector format.
Python 3 standard library only.  Run as root (cases may switch user).
"""
import argparse
import atexit
import base64
import calendar
import ctypes
import fcntl
import grp
import hashlib
import importlib.util
import io
import json
import os
import pwd
import re
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

sys.dont_write_bytecode = True   # leave no caches beside the drivers
LIBC = ctypes.CDLL(None)
DRIVERS = {}          # kind -> function(case, ctx) -> observed dict
NORMALIZERS = {}      # name -> function(bytes, ctx) -> bytes
BIG = 6000            # longer byte strings are recorded as a digest
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
STATE_DIRS = ("control", "users", "alias")


def driver(name):
    def deco(fn):
        DRIVERS[name] = fn
        return fn
    return deco


def normalizer(name):
    def deco(fn):
        NORMALIZERS[name] = fn
        return fn
    return deco


# ------------------------------------------------------------------ values

def to_bytes(v, ctx=None):
    """Turn a vector value into bytes (see README: Values)."""
    if v is None:
        return b""
    if isinstance(v, (bytes, bytearray)):
        return bytes(v)
    if isinstance(v, (int, float)):
        return str(v).encode()
    if isinstance(v, str):
        b = v.encode("utf-8")
        return ctx.expand(b) if ctx else b
    if isinstance(v, list):
        return b"".join(to_bytes(x, ctx) for x in v)
    if isinstance(v, dict):
        if "b64" in v:
            return base64.b64decode(v["b64"])
        if "text" in v:
            return to_bytes(v["text"], ctx)
        if "rep" in v:
            s, n = v["rep"]
            return to_bytes(s, ctx) * n
        if "seq" in v:                      # {"seq":["fmt %d",first,count]}
            f, a, n = v["seq"]
            return b"".join(to_bytes(f % i, ctx) for i in range(a, a + n))
        if "cat" in v:
            return b"".join(to_bytes(x, ctx) for x in v["cat"])
        if "netstring" in v:
            b = to_bytes(v["netstring"], ctx)
            return b"%d:%s," % (len(b), b)
        if "hex" in v:
            return bytes.fromhex(v["hex"])
    raise ValueError("bad value: %r" % (v,))


def from_bytes(b):
    """Turn observed bytes into the compact JSON form used in vectors."""
    if len(b) > BIG:
        return {"sha256": hashlib.sha256(b).hexdigest(), "len": len(b)}
    try:
        s = b.decode("utf-8")
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(b).decode()}
    return s


ERRNO_TEXTS = [
    ("ENOENT", "file does not exist", "No such file or directory"),
    ("EACCES", "access denied", "Permission denied"),
    ("EEXIST", "file already exists", "File exists"),
    ("ENOTDIR", "not a directory", "Not a directory"),
    ("EISDIR", "is a directory", "Is a directory"),
    ("EPIPE", "broken pipe", "Broken pipe"),
    ("ESPIPE", "unseekable descriptor", "Illegal seek"),
    ("EPERM", "permission denied", "Operation not permitted"),
    ("ECONNREFUSED", "connection refused", "Connection refused"),
    ("ETIMEDOUT", "timed out", "Connection timed out"),
    ("ENOTEMPTY", "directory not empty", "Directory not empty"),
    ("EINVAL", "invalid argument", "Invalid argument"),
]
ERRNO_RE = re.compile(b": (%s)(?=\\.?\r?$)" % b"|".join(
    re.escape(t.encode()) for row in ERRNO_TEXTS for t in row[1:]), re.M)
ERRNO_MAP = {t.encode(): row[0].encode()
             for row in ERRNO_TEXTS for t in row[1:]}


def same_errno(b):
    """System error texts at a line's end compare equal to strerror's."""
    return ERRNO_RE.sub(lambda m: b": @" + ERRNO_MAP[m[1]] + b"@", b)


def value_matches(want, got):
    """want: vector value; got: bytes (already normalised)."""
    if isinstance(want, dict):
        if "sha256" in want:
            return (hashlib.sha256(got).hexdigest() == want["sha256"]
                    and ("len" not in want or want["len"] == len(got)))
        if "re" in want:
            return re.search(want["re"].encode(), got, re.S) is not None
        if "any_of" in want:
            return any(value_matches(w, got) for w in want["any_of"])
    w = to_bytes(want)
    return w == got or (b": " in w and same_errno(w) == same_errno(got))


# ------------------------------------------------------------- normalisers

MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
NEAR = 3 * 86400


def near_now(t):
    return abs(t - time.time()) < NEAR


@normalizer("date")
def _n_date(b, ctx):
    """RFC 822 dates close to the present -> @DATE@."""
    def sub(m):
        t = calendar.timegm((int(m[3]), MONTHS.index(m[2]) + 1, int(m[1]),
                             int(m[4]), int(m[5]), int(m[6]), 0, 0, 0))
        return b"@DATE@" if near_now(t) else m[0]
    return re.sub(rb"\b(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov"
                  rb"|Dec) (\d{4}) (\d\d):(\d\d):(\d\d) [-+]\d{4}", sub, b)


@normalizer("msgid")
def _n_msgid(b, ctx):
    """yyyymmddhhmmss.pid.qmail@ -> @STAMP@.@PID@.qmail@"""
    def sub(m):
        try:
            t = calendar.timegm(time.strptime(m[1].decode(), "%Y%m%d%H%M%S"))
        except ValueError:
            return m[0]
        return b"@STAMP@.@PID@.qmail" if near_now(t) else m[0]
    return re.sub(rb"\b(\d{14})\.\d+\.qmail", sub, b)


@normalizer("ctime")
def _n_ctime(b, ctx):
    """asctime-style dates close to the present -> @CTIME@."""
    def sub(m):
        t = calendar.timegm((int(m[6]), MONTHS.index(m[1]) + 1, int(m[2]),
                             int(m[3]), int(m[4]), int(m[5]), 0, 0, 0))
        return b"@CTIME@" if near_now(t) else m[0]
    return re.sub(rb"(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) (Jan|Feb|Mar|Apr|May|Jun"
                  rb"|Jul|Aug|Sep|Oct|Nov|Dec) ([ \d]\d) (\d\d):(\d\d):(\d\d)"
                  rb" (\d{4})", sub, b)


@normalizer("netok")
def _n_netok(b, ctx):
    """Netstring replies whose length depends on a pid."""
    return re.sub(rb"(?<!\d)\d{1,9}:Kok \d{10} qp \d+,",
                  b"@LEN@:Kok @TIME@ qp @PID@,", b)


@normalizer("epoch")
def _n_epoch(b, ctx):
    """Ten-digit clock readings near now, with what a pid usually follows."""
    def sub(m):
        if not near_now(int(m[1])):
            return m[0]
        tail = m[2]
        tail = re.sub(rb"\.\d+\Z", b".@PID@", tail)
        tail = re.sub(rb" qp \d+\Z", b" qp @PID@", tail)
        return b"@TIME@" + tail
    b = re.sub(rb"(?<!\d)(\d{10})(?!\d)((?:\.\d+(?![.\d])| qp \d+)?)", sub, b)
    return b


@normalizer("invoked")
def _n_invoked(b, ctx):
    """(qmail PID invoked ...) -> (qmail @PID@ invoked ...)"""
    return re.sub(rb"\(qmail \d{1,10} invoked", b"(qmail @PID@ invoked", b)


@normalizer("popchal")
def _n_popchal(b, ctx):
    """<pid.time@host> challenge -> <@PID@.@TIME@@host>"""
    def sub(m):
        return b"<@PID@.@TIME@@" if near_now(int(m[1])) else m[0]
    return re.sub(rb"<\d{1,10}\.(\d{10})@", sub, b)


@normalizer("getpw")
def _n_getpw(b, ctx):
    """Account fields of a six-field record, checked against this machine."""
    f = b.split(b"\0")
    try:
        u = pwd.getpwnam(f[0].decode())
        if f[1] == b"%d" % u.pw_uid:
            f[1] = b"@UID@"
        if f[2] == b"%d" % u.pw_gid:
            f[2] = b"@GID@"
        if f[3] == u.pw_dir.encode():
            f[3] = b"@HOME@"
    except (KeyError, IndexError, UnicodeDecodeError):
        return b
    return b"\0".join(f)


DEFAULT_NORMALIZE = ["date", "msgid", "ctime", "netok", "popchal", "epoch",
                     "invoked"]


# -------------------------------------------------------------------- cdb

def cdb_hash(k):
    h = 5381
    for c in k:
        h = ((h << 5) + h & 0xffffffff) ^ c
    return h


def cdb_dump(data):
    """Decode a constant database; checks that every record can be found."""
    if len(data) < 2048:
        raise ValueError("cdb too short")
    tables = [struct.unpack_from("<II", data, i * 8) for i in range(256)]
    end = min([p for p, n in tables if n] or [len(data)])
    recs, pos = [], 2048
    where = {}
    while pos < end:
        kl, dl = struct.unpack_from("<II", data, pos)
        k = data[pos + 8:pos + 8 + kl]
        d = data[pos + 8 + kl:pos + 8 + kl + dl]
        where[pos] = k
        recs.append((k, d))
        pos += 8 + kl + dl
    found = 0
    for t, (p, n) in enumerate(tables):
        for s in range(n):
            h, rp = struct.unpack_from("<II", data, p + 8 * s)
            if rp:
                if rp not in where or cdb_hash(where[rp]) != h or h & 255 != t:
                    raise ValueError("cdb hash table broken")
                found += 1
    if found != len(recs):
        raise ValueError("cdb hash table incomplete")
    return recs


# ---------------------------------------------------------------- context

class Ctx:
    """What a driver gets: the prefix, a temp dir and helpers."""

    def __init__(self, prefix, case, verbose=False):
        self.prefix = prefix
        self.case = case
        self.verbose = verbose
        self.tmp = tempfile.mkdtemp(prefix="replay.")
        os.chmod(self.tmp, 0o755)
        self.work = os.path.join(self.tmp, "w")
        os.mkdir(self.work)
        os.chmod(self.work, 0o777)
        self.qdir = os.path.join(self.tmp, "q")
        os.mkdir(self.qdir)
        os.chmod(self.qdir, 0o777)
        self.ports = {}
        self.dev = None
        self.undo = []
        self.children = []

    # -- text -----------------------------------------------------------
    def expand(self, b):
        if isinstance(b, str):
            return self.expand(b.encode("utf-8")).decode("utf-8")
        if b"@" not in b:
            return b
        b = b.replace(b"@PREFIX@", self.prefix.encode())
        b = b.replace(b"@TMP@", self.work.encode())
        b = b.replace(b"@QUEUEHELPER@", os.path.join(self.tmp, "qq").encode())
        b = re.sub(rb"@PORT:(\w+)@",
                   lambda m: b"%d" % self.ports[m[1].decode()], b)
        b = re.sub(rb"@UID:(\w+)@",
                   lambda m: b"%d" % pwd.getpwnam(m[1].decode()).pw_uid, b)
        b = re.sub(rb"@GID:(\w+)@",
                   lambda m: b"%d" % pwd.getpwnam(m[1].decode()).pw_gid, b)
        b = re.sub(rb"@HOME:(\w+)@",
                   lambda m: pwd.getpwnam(m[1].decode()).pw_dir.encode(), b)
        return b

    def normalize(self, b):
        b = b.replace(self.work.encode(), b"@TMP@")
        b = b.replace(self.tmp.encode(), b"@REPLAY@")
        if len(self.prefix) > 1:
            b = re.sub(re.escape(self.prefix.encode()) + rb"(?![\w-]|\.\w)",
                       b"@PREFIX@", b)
        names = self.case.get("normalize", None)
        todo = list(DEFAULT_NORMALIZE)
        if names is not None:
            if "none" in names:
                todo = []
            todo = todo + [n for n in names if n != "none"]
        for n in todo:
            if isinstance(n, str):
                b = NORMALIZERS[n](b, self)
            elif isinstance(n, (list, tuple)):
                b = re.sub(n[0].encode(), n[1].encode(), b)
            else:
                b = re.sub(n["re"].encode(), n["to"].encode(), b)
        return b

    def path(self, p):
        p = self.expand(p)
        if not p.startswith("/"):
            p = os.path.join(self.work, p)
        return p

    # -- state ----------------------------------------------------------
    def put_file(self, p, spec):
        """Create (or remove, spec None) a file; undone after the case."""
        p = self.path(p)
        inside = p.startswith(self.tmp + "/")
        if not inside:
            self.save_undo(p)
        if spec is None:
            if os.path.lexists(p):
                os.unlink(p)
            return
        d = os.path.dirname(p.rstrip("/"))
        if not os.path.isdir(d):
            made = []
            while not os.path.isdir(d):
                made.append(d)
                d = os.path.dirname(d)
            for m in reversed(made):
                os.mkdir(m)
                os.chmod(m, 0o755)
                if not m.startswith(self.tmp + "/"):
                    self.undo.append(("rmdir", m))
        mode = None
        owner = None
        mtime = None
        kind = "file"
        if isinstance(spec, dict):
            mode = spec.get("mode")
            owner = spec.get("owner")
            mtime = spec.get("mtime")
            kind = spec.get("type", "file")
        if kind == "dir":
            if not os.path.isdir(p):
                os.mkdir(p)
                os.chmod(p, 0o755)
                if not inside:
                    self.undo.append(("rmdir", p))
        elif kind == "symlink":
            if os.path.lexists(p):
                os.unlink(p)
            os.symlink(self.expand(spec["target"]), p)
        elif kind == "fifo":
            os.mkfifo(p)
        else:
            data = to_bytes(spec, self) if not (
                isinstance(spec, dict) and not (
                    set(spec) & {"text", "b64", "rep", "seq", "cat", "hex",
                                 "netstring"})) else b""
            if os.path.lexists(p):
                os.unlink(p)
            with open(p, "wb") as f:
                f.write(data)
            os.chmod(p, 0o644)
        if mode is not None:
            os.chmod(p, int(mode, 8) if isinstance(mode, str) else mode)
        if owner is not None:
            u = pwd.getpwnam(owner) if isinstance(owner, str) else None
            os.chown(p, u.pw_uid if u else owner, u.pw_gid if u else -1,
                     follow_symlinks=False)
        if mtime is not None:
            if mtime < 0:
                mtime = int(time.time()) + mtime
            os.utime(p, (mtime, mtime))

    def save_undo(self, p):
        if any(p == os.path.join(self.prefix, d) or
               p.startswith(os.path.join(self.prefix, d) + "/")
               for d in STATE_DIRS):
            return                      # wiped and restored as a whole
        if os.path.isdir(p) and not os.path.islink(p):
            return
        if os.path.lexists(p):
            st = os.lstat(p)
            data = b"" if not stat.S_ISREG(st.st_mode) else \
                open(p, "rb").read()
            self.undo.append(("file", p, data, st))
        else:
            self.undo.append(("absent", p))

    def cleanup(self):
        for c in self.children:
            try:
                c.kill()
            except OSError:
                pass
        for u in reversed(self.undo):
            try:
                if u[0] == "absent":
                    if os.path.lexists(u[1]):
                        os.unlink(u[1])
                elif u[0] == "rmdir":
                    shutil.rmtree(u[1], ignore_errors=True)
                elif u[0] == "call":
                    u[1]()
                elif u[0] == "file":
                    st = u[3]
                    if stat.S_ISREG(st.st_mode):
                        with open(u[1], "wb") as f:
                            f.write(u[2])
                        os.chown(u[1], st.st_uid, st.st_gid)
                        os.chmod(u[1], stat.S_IMODE(st.st_mode))
            except OSError as e:
                sys.stderr.write("replay: undo: %s\n" % e)
        shutil.rmtree(self.tmp, ignore_errors=True)

    def write_queue_helper(self):
        """The program that QMAILQUEUE points at."""
        spec = self.case.get("queue", {})
        exits = spec.get("exit", 0)
        if not isinstance(exits, list):
            exits = [exits]
        msg = spec.get("error")
        lines = ["#!/bin/sh", "PATH=%s" % DEFAULT_PATH, "umask 022",
                 "n=0", "while ! mkdir '%s/'$n 2>/dev/null; do" % self.qdir,
                 "  n=$((n+1))", "  [ $n -gt 500 ] && exit 53", "done",
                 "d='%s/'$n" % self.qdir]
        if spec.get("early"):            # fail before reading anything
            lines += ["exec <&-"]
        else:
            lines += ["cat <&0 >$d/m.tmp", "cat <&1 >$d/e.tmp",
                      "mv $d/m.tmp $d/message", "mv $d/e.tmp $d/envelope"]
        if msg is not None:
            with open(os.path.join(self.tmp, "errmsg"), "wb") as f:
                f.write(to_bytes(msg, self))
            lines += ["cat '%s/errmsg' >&6" % self.tmp]
        if spec.get("signal"):
            lines += ["kill -%d $$" % spec["signal"]]
        lines += ["case $n in"]
        for i, e in enumerate(exits[:-1]):
            lines += ["%d) exit %d ;;" % (i, e)]
        lines += ["*) exit %d ;;" % exits[-1], "esac"]
        p = os.path.join(self.tmp, "qq")
        with open(p, "w") as f:
            f.write("\n".join(lines) + "\n")
        os.chmod(p, 0o755)
        return p

    def queued(self):
        """What went through the capturing helper, in order."""
        out = []
        for n in sorted((int(x) for x in os.listdir(self.qdir))):
            d = os.path.join(self.qdir, str(n))
            m = os.path.join(d, "message")
            e = os.path.join(d, "envelope")
            if not os.path.exists(e):
                continue
            env = open(e, "rb").read()
            if not (env[:1] == b"F" and env.endswith(b"\0\0")):
                continue                # given up by the sender: not queued
            out.append({"message": self.normalize(open(m, "rb").read()),
                        "envelope": self.normalize(env)})
        return out

    def environment(self):
        env = {b"PATH": DEFAULT_PATH.encode()}
        env[b"QMAILQUEUE"] = self.write_queue_helper().encode()
        for k, v in (self.case.get("env") or {}).items():
            if v is None:
                env.pop(k.encode(), None)
            else:
                env[k.encode()] = to_bytes(v, self)
        return env

    def program(self, name=None):
        name = name if name is not None else self.case["program"]
        name = self.expand(name)
        if name.startswith("/"):
            return name
        return os.path.join(self.prefix, "bin", name)

    def argv(self):
        prog = self.program()
        a0 = self.case.get("argv0")
        first = to_bytes(a0, self) if a0 is not None else prog.encode()
        return [first] + [to_bytes(a, self) for a in
                          self.case.get("argv", [])]

    def preexec(self):
        user = self.case.get("user")
        ids = None
        if user is not None:
            if isinstance(user, str):
                u = pwd.getpwnam(user)
                groups = [g.gr_gid for g in grp.getgrall()
                          if user in g.gr_mem]
                ids = (u.pw_uid, u.pw_gid, sorted(set(groups + [u.pw_gid])))
            else:
                ids = (user, user, [user])
        um = self.case.get("umask", "022")
        closed = self.case.get("closed_fds", [])
        nonet = self.case.get("isolate_net")
        dev = self.dev
        rl = self.case.get("rlimits", {})

        def fn():
            os.umask(int(um, 8))
            if nonet:                   # no interface, not even loopback
                LIBC.unshare(0x40000000)
            if dev:                     # our directory instead of /dev
                if LIBC.unshare(0x20000) or \
                        LIBC.mount(None, b"/", None, 0x44000, None) or \
                        LIBC.mount(dev.encode(), b"/dev", None, 0x1000, None):
                    os._exit(199)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            if rl:
                import resource
                for k, v in rl.items():
                    resource.setrlimit(getattr(resource, k), (v, v))
            if ids:
                os.setgroups(ids[2])
                os.setgid(ids[1])
                os.setuid(ids[0])
            for fd in closed:
                os.close(fd)
        return fn

    def cwd(self):
        d = self.case.get("cwd")
        return self.path(d) if d else self.work

    def stdin(self):
        if "stdin_b64" in self.case:
            return base64.b64decode(self.case["stdin_b64"])
        return to_bytes(self.case.get("stdin", ""), self)

    def spawn(self, **kw):
        if not os.path.exists(self.argv_path()):
            raise FileNotFoundError(self.argv_path())
        p = subprocess.Popen(self.argv(), executable=self.argv_path(),
                             env=self.environment(), cwd=self.cwd(),
                             preexec_fn=self.preexec(), close_fds=True,
                             start_new_session=True, **kw)
        self.children.append(p)
        return p

    def argv_path(self):
        return self.program()

    def kill_group(self, p):
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except OSError:
            pass

    # -- observations -----------------------------------------------------
    def tree(self, p):
        """Snapshot of a file or directory: {name: {...}}."""
        p = self.path(p)
        out = {}

        def one(full, rel):
            st = os.lstat(full)
            name = self.normalize(os.fsencode(rel)).decode("utf-8", "replace")
            if stat.S_ISDIR(st.st_mode):
                out[name + "/"] = {"mode": "%04o" % stat.S_IMODE(st.st_mode)}
                for e in sorted(os.listdir(full)):
                    one(os.path.join(full, e), rel + "/" + e)
            elif stat.S_ISLNK(st.st_mode):
                out[name] = {"link": self.normalize(
                    os.fsencode(os.readlink(full))).decode()}
            elif stat.S_ISREG(st.st_mode):
                with open(full, "rb") as f:
                    out[name] = {"mode": "%04o" % stat.S_IMODE(st.st_mode),
                                 "data": self.normalize(f.read())}
            else:
                out[name] = {"mode": "%04o" % stat.S_IMODE(st.st_mode),
                             "special": stat.S_IFMT(st.st_mode)}
        if os.path.lexists(p):
            one(p, ".")
        else:
            out["."] = {"absent": True}
        return out

    def collect(self, obs):
        for p in self.case.get("collect", []):
            obs.setdefault("tree", {})[p] = self.tree(p)
        for p in self.case.get("collect_cdb", []):
            full = self.path(p)
            if not os.path.exists(full):
                obs.setdefault("cdb", {})[p] = None
                continue
            data = open(full, "rb").read()
            try:
                recs = [[k, d] for k, d in cdb_dump(data)]
                obs.setdefault("cdb", {})[p] = {
                    "records": recs if len(recs) <= 60 else len(recs),
                    "sha256": hashlib.sha256(data).hexdigest()}
            except (ValueError, struct.error) as e:
                obs.setdefault("cdb", {})[p] = {"error": str(e)}
        return obs


# ----------------------------------------------------------------- servers

class Server(threading.Thread):
    """Scripted TCP server on a loopback address."""

    def __init__(self, ctx, spec):
        super().__init__(daemon=True)
        self.ctx = ctx
        self.spec = spec
        self.name_ = spec["name"]
        self.received = []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        addr = spec.get("addr", "127.0.0.1")
        if not addr.startswith("127."):
            raise ValueError("servers must be on loopback")
        self.sock.bind((addr, spec.get("port", 0)))
        self.sock.listen(16)
        ctx.ports[self.name_] = self.sock.getsockname()[1]
        self.stopping = False

    def run(self):
        n = 0
        while not self.stopping and n < self.spec.get("conns", 1):
            r, _, _ = select.select([self.sock], [], [], 0.1)
            if not r:
                continue
            c, _ = self.sock.accept()
            n += 1
            try:
                self.serve(c)
            except OSError:
                pass
            finally:
                c.close()

    def serve(self, c):
        c.settimeout(self.spec.get("timeout", 10))
        buf = bytearray()      # everything received on this connection
        self.received.append(buf)
        seen = 0               # how much earlier steps have consumed

        def more():
            d = c.recv(65536)
            buf.extend(d)
            return bool(d)
        for st in self.spec.get("script", []):
            if "send" in st:
                c.sendall(to_bytes(st["send"], self.ctx))
            elif "sleep" in st:
                time.sleep(st["sleep"])
            elif "recv_until" in st:
                rx = re.compile(st["recv_until"].encode(), re.S)
                while True:
                    m = rx.search(bytes(buf[seen:]))
                    if m:
                        seen += m.end()
                        break
                    if not more():
                        return
            elif "recv_netstring" in st:
                while True:
                    m = re.match(rb"(\d+):", bytes(buf[seen:]))
                    if m:
                        need = seen + m.end() + int(m[1]) + 1
                        if len(buf) >= need:
                            seen = need
                            break
                    if not more():
                        return
            elif "recv_eof" in st:
                while more():
                    pass
            elif "reset" in st:
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
                return
            elif "shutdown" in st:
                c.shutdown(socket.SHUT_WR)
            elif "close" in st:
                return
        try:                   # drain, so that what was sent is recorded
            c.shutdown(socket.SHUT_WR)
            c.settimeout(3)
            while more():
                pass
        except OSError:
            pass

    def stop(self):
        self.stopping = True
        self.join(15)
        self.sock.close()


def start_servers(ctx):
    srv = []
    for spec in ctx.case.get("servers", []):
        srv.append(Server(ctx, spec))
    for s in srv:
        s.start()
    return srv


def stop_servers(ctx, srv, obs):
    for s in srv:
        s.stop()
        obs.setdefault("servers", {})[s.name_] = [
            ctx.normalize(bytes(b)) for b in s.received]


# ----------------------------------------------------------------- drivers

@driver("run")
def drive_run(case, ctx):
    """One process: all of stdin at once, then exit code and outputs."""
    srv = start_servers(ctx)
    timeout = case.get("timeout", 20)
    kw = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
          "stderr": subprocess.PIPE}
    fdin = case.get("fd_in", {})
    opened = []
    for fd, v in fdin.items():
        p = os.path.join(ctx.tmp, "fd" + fd)
        with open(p, "wb") as f:
            f.write(to_bytes(v, ctx))
        h = open(p, "rb")
        opened.append((int(fd), h))
        if fd == "0":
            kw["stdin"] = h
        elif fd == "1":
            kw["stdout"] = h
    extra = [(fd, h) for fd, h in opened if fd > 2]
    if extra:
        base = ctx.preexec()

        def pre():
            for fd, h in extra:
                os.dup2(h.fileno(), fd)
            base()
        ctx.preexec = lambda: pre
        kw["pass_fds"] = [fd for fd, h in extra] + [h.fileno()
                                                    for fd, h in extra]
    lsock = None
    if case.get("stdin_kind") == "tcp":      # fd 0 is an accepted TCP socket
        lsock = socket.socket()
        lsock.bind((case.get("tcp_addr", "127.0.0.1"), 0))
        lsock.listen(1)
        cl = socket.create_connection(lsock.getsockname())
        acc, peer = lsock.accept()
        ctx.ports["local"] = lsock.getsockname()[1]
        ctx.ports["peer"] = peer[1]
        kw["stdin"] = acc
    obs = {}
    p = ctx.spawn(**kw)
    try:
        try:
            out, err = p.communicate(
                ctx.stdin() if kw["stdin"] == subprocess.PIPE else None,
                timeout=timeout)
        except subprocess.TimeoutExpired:
            ctx.kill_group(p)
            out, err = p.communicate()
            obs["timeout"] = True
    finally:
        ctx.kill_group(p)
        for fd, h in opened:
            h.close()
        if lsock:
            acc.close()
            cl.close()
            lsock.close()
    obs["exit"] = p.returncode
    obs["stdout"] = ctx.normalize(out or b"")
    obs["stderr"] = ctx.normalize(err or b"")
    obs["queued"] = ctx.queued()
    stop_servers(ctx, srv, obs)
    return obs


@driver("dialog")
def drive_dialog(case, ctx):
    """Interactive: steps of send / wait over the standard descriptors."""
    srv = start_servers(ctx)
    limit = case.get("timeout", 20)
    errf = tempfile.TemporaryFile()
    p = ctx.spawn(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errf)
    os.set_blocking(p.stdout.fileno(), False)
    buf = bytearray()
    eof = [False]
    obs = {"transcript": []}

    def more(wait):
        r, _, _ = select.select([p.stdout], [], [], wait)
        if not r:
            return False
        d = os.read(p.stdout.fileno(), 65536)
        if not d:
            eof[0] = True
        buf.extend(d)
        return True

    def take(rx):
        rx = re.compile(rx if isinstance(rx, bytes) else rx.encode(), re.S)
        end = time.time() + limit
        while True:
            m = rx.search(bytes(buf))
            if m:
                got = bytes(buf[:m.end()])
                del buf[:m.end()]
                return got
            if eof[0] or time.time() > end:
                got = bytes(buf)
                del buf[:]
                return got + (b"@EOF@" if eof[0] else b"@TIMEOUT@")
            more(0.2)
    try:
        for st in case["steps"]:
            if "send" in st:
                try:
                    p.stdin.write(to_bytes(st["send"], ctx))
                    p.stdin.flush()
                except OSError:
                    pass                # gone: the next wait reports it
            elif "close" in st:
                try:
                    p.stdin.close()
                except OSError:
                    pass
            elif "sleep" in st:
                time.sleep(st["sleep"])
            elif "quiet" in st:              # nothing may arrive meanwhile
                end = time.time() + st["quiet"]
                while time.time() < end and not eof[0]:
                    more(0.05)
                obs["transcript"].append(b"@QUIET@" if not buf
                                         else b"@NOISE@")
            elif "signal" in st:
                p.send_signal(st["signal"])
            if "until" in st:
                obs["transcript"].append(ctx.normalize(take(st["until"])))
            if "lines" in st:
                obs["transcript"].append(ctx.normalize(
                    take(rb"\A(?:[^\n]*\n){%d}" % st["lines"])))
            if "smtp" in st:                 # complete SMTP replies
                obs["transcript"].append(ctx.normalize(
                    take(rb"\A(?:(?:\d\d\d-[^\n]*\n)*\d\d\d(?: [^\n]*)?\r?\n)"
                         rb"{%d}" % int(st["smtp"]))))
        try:
            p.stdin.close()
        except OSError:
            pass
        end = time.time() + limit
        while not eof[0] and time.time() < end:
            more(0.2)
        try:
            p.wait(max(0.1, end - time.time()))
        except subprocess.TimeoutExpired:
            obs["timeout"] = True
    finally:
        ctx.kill_group(p)
    p.wait()
    p.stdout.close()
    obs["rest"] = ctx.normalize(bytes(buf))
    obs["exit"] = p.returncode
    errf.seek(0)
    obs["stderr"] = ctx.normalize(errf.read())
    errf.close()
    obs["queued"] = ctx.queued()
    stop_servers(ctx, srv, obs)
    return obs


@driver("queue")
def drive_queue(case, ctx):
    """Run with PREFIX/queue watched: what a real queue program leaves there.

    Files that appear under queue/ during the case are reported (numbers
    replaced by N) and removed again.
    """
    base = os.path.join(ctx.prefix, "queue")
    watched = ["mess", "intd", "todo", "pid", "info", "local", "remote",
               "bounce"]

    def listing():
        out = {}
        for w in watched:
            for d, _, fs in os.walk(os.path.join(base, w)):
                for f in fs:
                    out[os.path.join(d, f)] = w
        return out
    before = listing()
    obs = drive_run(case, ctx)
    snap = {}
    fresh = [p for p in listing() if p not in before]
    ids = sorted({os.path.basename(p) for p in fresh
                  if os.path.basename(p).isdigit()})
    for p in sorted(fresh):
        st = os.lstat(p)
        rel = os.path.relpath(p, base)
        parts = rel.split("/")
        name = parts[0] + "/" + ("split/" if len(parts) == 3 else "")
        name += "N%d" % ids.index(parts[-1]) if parts[-1] in ids else "other"
        data = open(p, "rb").read()
        ok = True
        if parts[0] == "mess" and parts[-1] in ids:
            ok = int(parts[-1]) == st.st_ino
        data = re.sub(rb"\Au\d+\0p\d+\0",
                      lambda m: re.sub(rb"\0p\d+\0", b"\0p@PID@\0", m[0]),
                      data)
        user = case.get("user")
        if isinstance(user, str):
            uid = b"%d" % pwd.getpwnam(user).pw_uid
            data = data.replace(b"invoked by uid %s)" % uid,
                                b"invoked by uid @UID@)")
            data = re.sub(rb"\Au%s\0" % uid, b"u@UID@\0", data)
        try:
            owner = pwd.getpwuid(st.st_uid).pw_name
        except KeyError:
            owner = str(st.st_uid)
        snap[name] = {"mode": "%04o" % stat.S_IMODE(st.st_mode),
                      "owner": owner, "inode_is_name": ok,
                      "links": st.st_nlink,
                      "data": ctx.normalize(data)}
    for p in fresh:
        os.unlink(p)
    obs["queue_files"] = snap
    return obs


@driver("syslog")
def drive_syslog(case, ctx):
    """Like run, with a /dev/log of our own; reports what arrived there."""
    ctx.dev = os.path.join(ctx.tmp, "dev")
    os.mkdir(ctx.dev)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(os.path.join(ctx.dev, "log"))
    os.chmod(os.path.join(ctx.dev, "log"), 0o666)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    got = []
    done = threading.Event()

    def reader():
        while True:
            r, _, _ = select.select([s], [], [], 0.1)
            if r:
                got.append(s.recv(65536))
            elif done.is_set():
                return
    th = threading.Thread(target=reader, daemon=True)
    th.start()
    obs = drive_run(case, ctx)
    done.set()
    th.join(5)
    s.close()
    obs["syslog"] = [ctx.normalize(re.sub(
        rb"\A<(\d+)>[A-Z][a-z][a-z] [ \d]\d \d\d:\d\d:\d\d ",
        rb"<\1>@LOGDATE@ ", re.sub(rb"\d{10}\.\d{6}", b"@TIME@.@USEC@", g)))
        for g in got]
    return obs


# ------------------------------------------------------- state of a prefix

class State:
    """Holds the prefix's control, users and alias dirs while we use them."""

    def __init__(self, prefix):
        self.prefix = prefix
        key = hashlib.sha256(os.path.realpath(prefix).encode()).hexdigest()
        self.lock = open(os.path.join(tempfile.gettempdir(),
                                      "replay-%s.lock" % key[:16]), "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.saved = {}
        for d in STATE_DIRS:
            p = os.path.join(prefix, d)
            if os.path.isdir(p):
                bio = io.BytesIO()
                with tarfile.open(fileobj=bio, mode="w") as t:
                    for e in sorted(os.listdir(p)):
                        t.add(os.path.join(p, e), arcname=e)
                self.saved[d] = bio.getvalue()
        atexit.register(self.restore)

    def wipe(self):
        for d in self.saved:
            p = os.path.join(self.prefix, d)
            for e in os.listdir(p):
                f = os.path.join(p, e)
                if os.path.isdir(f) and not os.path.islink(f):
                    shutil.rmtree(f)
                else:
                    os.unlink(f)

    def restore(self):
        if not self.saved:
            return
        self.wipe()
        for d, data in self.saved.items():
            with tarfile.open(fileobj=io.BytesIO(data)) as t:
                t.extractall(os.path.join(self.prefix, d))
        self.saved = {}


# ------------------------------------------------------------- comparison

def plain(o):
    """Observed structure -> JSON form (bytes become vector values)."""
    if isinstance(o, (bytes, bytearray)):
        return from_bytes(bytes(o))
    if isinstance(o, dict):
        return {k: plain(v) for k, v in o.items()}
    if isinstance(o, (list, tuple)):
        return [plain(v) for v in o]
    return o


def diff(want, got, where, out):
    """Compare; only keys present in want are looked at."""
    if isinstance(got, (bytes, bytearray)):
        if not value_matches(want, bytes(got)):
            out.append((where, want, plain(got)))
        return
    if isinstance(want, dict) and isinstance(got, dict):
        exact = where.startswith(("tree", "cdb", "servers", "queue_files"))
        for k in want:
            if k not in got:
                if want[k] is None:
                    continue
                out.append((where + "." + k, want[k], "<missing>"))
            else:
                diff(want[k], got[k], (where + "." + k).lstrip("."), out)
        if exact:
            for k in got:
                if k not in want:
                    out.append((where + "." + k, "<absent>", plain(got[k])))
        return
    if isinstance(want, list) and isinstance(got, (list, tuple)):
        if len(want) != len(got):
            out.append((where + " (count)", len(want), len(got)))
        for i, (w, g) in enumerate(zip(want, got)):
            diff(w, g, "%s[%d]" % (where, i), out)
        return
    if isinstance(want, dict) and "any_of" in want:
        if got in want["any_of"]:
            return
    if want != got:
        out.append((where, want, plain(got)))


def short(v, n=300):
    s = json.dumps(v, ensure_ascii=True)
    return s if len(s) <= n else s[:n] + "...(%d chars)" % len(s)


def first_difference(w, g):
    try:
        a, b = to_bytes(w), to_bytes(g)
    except ValueError:
        return None
    i = 0
    while i < min(len(a), len(b)) and a[i] == b[i]:
        i += 1
    lo = max(0, i - 30)
    return i, a[lo:i + 60], b[lo:i + 60]


def report(case, diffs):
    print("FAIL %s: %s" % (case["id"], case.get("why", "")))
    for where, w, g in diffs[:8]:
        fd = None
        if isinstance(w, (str, dict)) and isinstance(g, (str, dict)) and \
                len(short(w)) > 100 and "sha256" not in str(w)[:12]:
            fd = first_difference(w, g)
        if fd:
            print("  %s differs at byte %d" % (where, fd[0]))
            print("    want ...%r" % fd[1])
            print("    got  ...%r" % fd[2])
        else:
            print("  %s" % where)
            print("    want %s" % short(w))
            print("    got  %s" % short(g))
    if len(diffs) > 8:
        print("  ... and %d more" % (len(diffs) - 8))


# --------------------------------------------------------------- main loop

def run_case(case, prefix, state, verbose=False):
    kind = case.get("kind", "run")
    if kind not in DRIVERS:
        raise ValueError("no driver for kind %r" % kind)
    ctx = Ctx(prefix, case, verbose)
    try:
        state.wipe()
        # (not where the file itself would show)
        if (os.environ.get("SANDBOX") == "off" and case.get("program") != "qmail-showctl"
                and "@PREFIX@/control" not in case.get("collect", [])):
            ctx.put_file("@PREFIX@/control/nosandbox", "")
        for s in case.get("ports", []):      # reserve free loopback ports
            k = socket.socket()
            k.bind(("127.0.0.1", 0))
            ctx.ports[s] = k.getsockname()[1]
            k.close()
        for name, v in (case.get("control") or {}).items():
            if v is not None:
                ctx.put_file("@PREFIX@/control/" + name, v)
        if case.get("users_assign") is not None:
            ctx.put_file("@PREFIX@/users/assign", case["users_assign"])
        for name, v in (case.get("files") or {}).items():
            ctx.put_file(name, v)
        for pre in case.get("setup", []):    # helper programs of the suite
            r = subprocess.run([ctx.program(pre[0])] +
                               [to_bytes(a, ctx) for a in pre[1:]],
                               stdin=subprocess.DEVNULL, cwd=ctx.work,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, timeout=30,
                               env={"PATH": DEFAULT_PATH})
            if r.returncode:
                return {"setup_failed": [pre[0], r.returncode,
                                         from_bytes(r.stderr)]}
        obs = DRIVERS[kind](case, ctx)
        return ctx.collect(obs)
    finally:
        ctx.cleanup()


def load_drivers():
    d = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drivers")
    if not os.path.isdir(d):
        return
    sys.modules.setdefault("replay", sys.modules[__name__])
    for f in sorted(os.listdir(d)):
        if f.endswith(".py") and not f.startswith("_"):
            spec = importlib.util.spec_from_file_location(
                "replay_driver_" + f[:-3], os.path.join(d, f))
            m = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(m)
            DRIVERS.update(getattr(m, "DRIVERS", {}))
            NORMALIZERS.update(getattr(m, "NORMALIZERS", {}))


RECORD_ORDER = ["exit", "stdout", "stderr", "transcript", "rest", "queued",
                "tree", "cdb", "servers", "queue_files", "syslog"]


def record(case, obs):
    keep = {}
    only = case.get("record")
    for k in RECORD_ORDER + sorted(set(obs) - set(RECORD_ORDER)):
        if k in obs and (only is None or k in only):
            keep[k] = plain(obs[k])
    out = dict(case)
    out.pop("record", None)
    out["expect"] = keep
    return out


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--prefix", required=True)
    ap.add_argument("--only", metavar="REGEX")
    ap.add_argument("--record", metavar="OUT",
                    help="write the cases with observed results to OUT")
    ap.add_argument("--skip-flaws", action="store_true",
                    help="leave out cases that carry a flaw note")
    ap.add_argument("--improved", metavar="FILE",
                    help="ids this suite answers better on purpose: these "
                    "are run and must differ from the recording")
    ap.add_argument("--part", metavar="K/N", default="1/1",
                    help="only every N-th case, starting with the K-th")
    ap.add_argument("-v", "--verbose", action="store_true")
    ap.add_argument("files", nargs="+")
    a = ap.parse_args()
    load_drivers()
    signal.signal(signal.SIGTERM, lambda *x: sys.exit(1))
    prefix = os.path.abspath(a.prefix)
    cases, ids = [], {}
    for fn in a.files:
        with open(fn, encoding="utf-8") as f:
            for n, line in enumerate(f, 1):
                if not line.strip() or line.startswith("#"):
                    continue
                try:
                    c = json.loads(line)
                    c["id"]
                except (ValueError, KeyError) as e:
                    sys.exit("%s:%d: %s" % (fn, n, e))
                if c["id"] in ids:
                    sys.exit("%s:%d: duplicate id %s" % (fn, n, c["id"]))
                ids[c["id"]] = 1
                cases.append(c)
    if a.skip_flaws:
        cases = [c for c in cases if not c.get("flaw")]
    if a.only:
        rx = re.compile(a.only)
        cases = [c for c in cases if rx.search(c["id"])]
    part, parts = (int(x) for x in a.part.split("/"))
    cases = cases[part - 1::parts]
    improved = set()
    if a.improved:
        with open(a.improved, encoding="utf-8") as f:
            improved = {ln.split()[0] for ln in f
                        if ln.strip() and not ln.startswith("#")}
    state = State(prefix)
    passed = failed = 0
    out = open(a.record, "w", encoding="utf-8") if a.record else None
    try:
        for c in cases:
            t0 = time.time()
            try:
                obs = run_case(c, prefix, state, a.verbose)
                bad = []
                if "setup_failed" in obs:
                    bad = [("setup", "ok", obs["setup_failed"])]
                elif "expect" in c or not out:
                    diff(c.get("expect", {}), obs, "", bad)
                    if obs.get("timeout") and \
                            not c.get("expect", {}).get("timeout"):
                        bad.append(("timeout", False, True))
            except Exception as e:           # a broken case must not stop us
                bad = [("runner", "no exception",
                        "%s: %s" % (type(e).__name__, e))]
                obs = None
            if c["id"] in improved and obs is not None:
                # an entry that no longer differs is stale: say so
                bad = [] if bad else [("improved", "a difference", "none")]
            if out:
                if obs is None or "setup_failed" in obs:
                    report(c, bad)
                    failed += 1
                    continue
                out.write(json.dumps(record(c, obs)) + "\n")
                passed += 1
            elif bad:
                failed += 1
                report(c, bad)
            else:
                passed += 1
                if a.verbose:
                    print("ok   %s (%.2fs)" % (c["id"], time.time() - t0))
            sys.stdout.flush()
    finally:
        state.restore()
        if out:
            out.close()
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
