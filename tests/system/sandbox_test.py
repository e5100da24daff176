"""What processes have given up is what qmail-sandbox(7) says, it holds, and users' programs know nothing of it."""
import errno
import grp
import os
import pwd
import re
import resource
import socket
import subprocess

import pytest

from harness import ACCOUNTS, BUILD, HOMES, ROOT, SCRATCH, children, maildir, wait_for

OFF = os.environ.get("SANDBOX") == "off"
on = pytest.mark.skipif(OFF, reason="the sandbox is off")

LIMITS = {"data": ("Max data size", 1 << 20), "files": ("Max open files", 1),
          "core": ("Max core file size", 1), "cpu": ("Max cpu time", 1)}


def table():
    """The rows of the manual's table, by process."""
    with open(ROOT + "/man/qmail-sandbox.7", encoding="ascii") as f:
        text = re.search(r"^\.Ss Processes\n\.Bd -literal\n(.*?)^\.Ed", f.read(), re.M | re.S)[1]
    head, *rows = [ln.split() for ln in text.splitlines()]
    assert all(len(r) == len(head) for r in rows)
    return {r[0]: dict(zip(head, r)) for r in rows}


def uid(name):
    return pwd.getpwnam(name).pw_uid


def gid(name):
    return grp.getgrnam(name).gr_gid


# ---- looking at processes

def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(ln.rstrip("\n").split(":\t", 1) for ln in f if ":\t" in ln)


def limits(pid):
    with open("/proc/%d/limits" % pid) as f:
        rows = [re.split(r"  +", ln.strip()) for ln in f]
    return {r[0]: tuple(-1 if v == "unlimited" else int(v) for v in r[1:3]) for r in rows[1:]}


def below(a, b):
    """The lower of two limits."""
    return b if a == -1 else a if b == -1 else min(a, b)


def descendants(pid):
    for c in children(pid):
        yield c
        yield from descendants(c)


def is_program(pid, name):
    """By its first argument: a process that has changed its user shows no executable to some."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return os.path.basename(f.read().split(b"\0")[0].decode()) == name
    except OSError:
        return False


def find(parent, name):
    def probe():
        try:
            return [p for p in descendants(parent) if is_program(p, name)]
        except OSError:
            return []
    return wait_for(name, probe)[0]


def expected(row, user):
    """What /proc shall show for a row of the table; user is who stands for `user' there."""
    e = {"Uid": user if row["user"] == "user" else uid(row["user"]),
         "Gid": user if row["group"] in ("user", "caller") else gid(row["group"]),
         "NoNewPrivs": "1" if row["nnp"] == "yes" and not OFF else "0",
         "Seccomp": "2" if row["seccomp"] == "yes" and not OFF else "0"}
    own = status(os.getpid())
    lspawn = 1 << 7 | 1 << 6 | 1 << 2
    rcptd = lspawn | 1 << 5
    e["CapEff"] = {"none": 0, "lspawn": lspawn & int(own["CapEff"], 16), "rcptd": rcptd & int(own["CapEff"], 16), "all": int(own["CapEff"], 16)}[row["capabilities"]]
    e["CapBnd"] = int(own["CapBnd"], 16)
    mine = limits(os.getpid())
    for column, (name, unit) in LIMITS.items():
        soft, hard = mine[name]
        v = row[column]
        if v.endswith("*"):
            soft = below(soft, int(v[:-1]) * unit)
        elif v != "-" and not OFF:
            soft, hard = below(soft, int(v) * unit), below(hard, int(v) * unit)
        e[name] = (soft, hard)
    return e


def actual(pid):
    s = status(pid)
    a = {"Uid": int(s["Uid"].split()[1]), "Gid": int(s["Gid"].split()[1]), "NoNewPrivs": s["NoNewPrivs"],
         "Seccomp": s["Seccomp"], "CapEff": int(s["CapEff"], 16), "CapBnd": int(s["CapBnd"], 16)}
    lim = limits(pid)
    a.update({name: lim[name] for name, _ in LIMITS.values()})
    return a


# ---- starting everything

def silent_server(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen(5)
    return s


def as_user(name, group=None):
    return {"user": uid(name), "group": gid(group) if group else pwd.getpwnam(name).pw_gid, "extra_groups": []}


def ready(pid, probe):
    """Until the process has come as far as it is to be looked at."""
    wait_for("process %d" % pid, lambda: probe(pid))


def blocked_in(*calls):
    """In one of these system calls (numbers), with everything done that comes before them."""
    def probe(pid):
        try:
            with open("/proc/%d/syscall" % pid) as f:
                return f.read().split()[0] in calls
        except (OSError, IndexError):
            return False
    return probe


NUMBERS = {"x86_64": {"read": "0", "poll": "7", "ppoll": "271", "exit_group": "231"},
           "aarch64": {"read": "63", "poll": "-", "ppoll": "73", "exit_group": "94"}}[os.uname().machine]
WAITING = blocked_in(NUMBERS["read"], NUMBERS["poll"], NUMBERS["ppoll"])
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def hung(qmail, name, argv, **who):
    """The pid of a short-lived program, stopped at its end (under strace)."""
    p = qmail.popen(["strace", "-f", "-o", "/dev/null", "-e", "trace=exit_group", "-e",
                     "inject=exit_group:delay_enter=30000000", qmail / ("bin/" + name), *argv],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **who)
    pid = find(p.pid, name)
    ready(pid, blocked_in(NUMBERS["exit_group"]))
    return pid


def run_all(qmail, homes):
    """A process of each kind: {name: (pid, the user it is for)}."""
    foo = ACCOUNTS["foo"]
    homes("foo/.qmail-slow", "|exec sleep 30\n")
    qmail.control(smtproutes="remote.example:127.0.0.1:2525\n")
    qmail.silent = silent_server(2525)
    qmail.start()
    qmail.inject(b"", [b"foo-slow@mail.test.example", b"x@remote.example"], b"Subject: t\n\n")
    daemon = qmail.daemon.pid
    procs = {"qmail-send": daemon}
    for name in ("injector", "qmail-lspawn", "qmail-rspawn", "qmail-clean", "qmail-remote", "qmail-local"):
        procs[name] = find(daemon, name)
        if name != "qmail-local":
            ready(procs[name], WAITING)
    procs["qmail-rcptd"] = qmail.popen([qmail / "bin/qmail-rcptd"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL).pid
    procs["rcptd-front"] = find(procs["qmail-rcptd"], "qmail-rcptd")
    for name in ("qmail-rcptd", "rcptd-front"):
        ready(procs[name], WAITING)
    net = as_user("qmaild", "nofiles")
    for name in ("qmail-smtpd", "qmail-qmtpd", "qmail-qmqpd"):
        procs[name] = qmail.popen([qmail / ("bin/" + name)], **PIPES, **net).pid
    procs["splogger"] = qmail.popen([qmail / "bin/splogger", "test"], **PIPES, **as_user("qmaill", "nofiles")).pid
    procs["qmail-queue"] = qmail.popen([qmail / "bin/qmail-queue"], **PIPES, **as_user("foo")).pid
    one, two = socket.socketpair()
    login = ["/usr/bin/setpriv", "--reuid", str(foo), "--regid", str(foo), "--clear-groups",
             qmail / "bin/qmail-pop3d", HOMES + "/foo/Maildir"]
    procs["qmail-popup"] = qmail.popen([qmail / "bin/qmail-popup", "mx.test.example", *login], stdin=two, stdout=two,
                                       stderr=subprocess.DEVNULL).pid
    two.close()
    qmail.pop = one.makefile("rwb", 0)
    qmail.pop.readline()
    for name in ("qmail-smtpd", "qmail-qmtpd", "qmail-qmqpd", "splogger", "qmail-queue", "qmail-popup"):
        ready(procs[name], WAITING)
    # what popup is before it has started the other, and both then
    for line in (b"USER foo\r\n", b"PASS x\r\n"):
        qmail.pop.write(line)
        qmail.pop.readline()
    procs["qmail-pop3d"] = find(procs["qmail-popup"], "qmail-pop3d")
    ready(procs["qmail-pop3d"], WAITING)
    procs["qmail-getpw"] = hung(qmail, "qmail-getpw", ["foo"], **as_user("qmailp", "nofiles"))
    with open(qmail / "users/assign", "w") as f:
        f.write(".\n")
    procs["qmail-newu"] = hung(qmail, "qmail-newu", [])
    return procs


@pytest.fixture
def everything(qmail, homes):
    yield run_all(qmail, homes)
    qmail.silent.close()


def test_the_table(qmail, everything):
    """Users, powers, no_new_privs, filters and limits of every process are those in qmail-sandbox(7)."""
    rows = table()
    assert set(rows) == set(everything)
    foo = ACCOUNTS["foo"]
    wrong = {name: (want, got) for name, pid in everything.items()
             for want, got in [(expected(rows[name], foo), actual(pid))] if want != got}
    assert wrong == {}
    for name, pid in everything.items():
        groups = [int(g) for g in status(pid)["Groups"].split()]
        if rows[name]["user"] not in ("root",) or name == "qmail-lspawn":
            assert groups in ([], [actual(pid)["Gid"]]), name
        # what else is open is passed on to nobody
        own = {int(f) for f in os.listdir("/proc/%d/fd" % pid)}
        assert {0, 1, 2} <= own, name
        for f in own - {0, 1, 2}:
            with open("/proc/%d/fdinfo/%d" % (pid, f)) as h:
                flags = int(re.search(r"^flags:\s*(\d+)", h.read(), re.M)[1], 8)
            assert flags & os.O_CLOEXEC, "%s: descriptor %d" % (name, f)


# ---- trying to get out

@pytest.fixture(scope="module")
def probe():
    """The probe, built with the objects of the installed programs."""
    exe = SCRATCH + "/escape_probe"
    lib = "%s/%s/lib/base.a" % (ROOT, BUILD)
    # (another test may have built it for a second home)
    subprocess.run(["make", "-s", "-C", ROOT, "QMAIL=%s/qmail" % SCRATCH, "B=" + BUILD, BUILD + "/lib/base.a"], check=True)
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-I" + ROOT + "/src", "-o", exe,
                    ROOT + "/tests/system/escape_probe.c", lib, "-l:libskarnet.a"], check=True)
    return exe


QUEUE, HOME, MAILDIR = "queue", "", HOMES + "/foo/Maildir"
# profile: who, where, what works, what does not; besides, what no sealed profile can do
SEALED = ("read /usr/bin/env|write /tmp/escape|make /tmp/escape.new|list /|mkdir /tmp/escape.dir|chmod /tmp/escape|bind 2626|"
          "unix -|packet -|exec /bin/true|fork -|ptrace -|kill -|tgkill -|mount -|unshare -|bpf -|keys -|rings -|peek -|code -|"
          "shared -|much -|files -|setuid -|remove /tmp/escape")
PROFILES = {
    "send": ("qmails", HOME, "read control/me|read queue/mess/0/text|list queue/todo|list queue/info/0|list queue/mess/0|"
             "make queue/bounce/probe|write queue/bounce/probe|read queue/bounce/probe|flush queue/bounce|remove queue/bounce/probe|"
             "make queue/local/0/probe|remove queue/local/0/probe|write queue/lock/sendmutex",
             SEALED.replace("much -|", "") + "|connect 2525|udp 2525|write control/me|make control/x|remove control/me|read users/assign|"
             "read /etc/passwd|list .|list users|remove queue/mess/0/text|write queue/todo/text|link queue/bounce/5:control/x|make queue/x"),
    "queue": ("qmailq", QUEUE, "make pid/probe|link pid/probe:mess/0/probe|remove pid/probe|remove mess/0/probe|list todo|"
              "flush todo|write lock/trigger",
              SEALED + "|connect 2525|udp 2525|read todo/text|make lock/x|read ../control/me|make ../control/x|list info"),
    "clean": ("qmailq", QUEUE, "list pid|remove todo/text|remove pid/old",
              SEALED + "|connect 2525|udp 2525|read todo/text|write todo/text|make pid/x|list mess|list todo|link todo/text:todo/x|"
              "read ../control/me|remove lock/trigger|write lock/trigger"),
    "remote": ("qmailr", HOME, "read control/me|read /etc/resolv.conf|write queue/lock/tcpto|read queue/lock/tcpto|connect 2525|"
               "udp 2525",
               SEALED + "|write control/me|read queue/mess/0/text|make queue/lock/x|list queue/lock|remove queue/lock/tcpto"),
    "pop3d": ("foo", MAILDIR, "list new|read new/one|link new/one:cur/one|remove new/one|remove cur/one|list tmp|remove tmp/old",
              SEALED + "|connect 2525|udp 2525|write new/one|list ..|read ../private|make ../x|link new/one:../x|make tmp/x"),
    "rcptd": ("qmaild", HOME, "read control/me",
              SEALED + "|connect 2525|udp 2525|write control/me|make control/x|read users/assign|read /etc/passwd|list control|"
              "remove control/me|read queue/mess/0/text|write queue/lock/trigger"),
    "look": ("foo", HOMES + "/foo", "read private|read /etc/passwd|list .",
             SEALED.replace("read /usr/bin/env|", "").replace("list /|", "") + "|connect 2525|udp 2525|write private|make x|remove private"),
    "rspawn": ("qmailr", HOME, "read /usr/bin/env|exec /bin/true|fork -|connect 2525|unix -|read control/me|write queue/lock/tcpto",
               "mount -|bpf -|keys -|rings -|ptrace -|peek -|unshare -"),
}


def prepare(qmail, homes):
    """Files for the probes to try."""
    homes("foo/private", "x")
    qmailq, qmail_group = uid("qmailq"), gid("qmail")
    for name in ("queue/todo/text", "queue/pid/old", "queue/mess/0/text"):
        with open(qmail / name, "w"):
            pass
        os.chown(qmail / name, qmailq, qmail_group)
    for name in ("new/one", "tmp/old"):
        p = os.path.join(MAILDIR, name)
        with open(p, "w"):
            pass
        os.chown(p, ACCOUNTS["foo"], ACCOUNTS["foo"])
    with open("/tmp/escape", "w"):
        pass
    os.chmod("/tmp/escape", 0o666)


@on
@pytest.mark.parametrize("name", sorted(PROFILES))
def test_escape(qmail, homes, probe, name):
    """What a profile allows works, what it does not fails, for the user whose profile it is."""
    user, where, works, fails = PROFILES[name]
    who = {"user": uid(user), "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    prepare(qmail, homes)
    server = silent_server(2525)
    # somebody listens, as qmail-send would
    fifo = os.open(qmail / "queue/lock/trigger", os.O_RDONLY | os.O_NONBLOCK)

    def run(act):
        r = subprocess.run([probe, name, *act.split()], cwd=where if where.startswith("/") else os.path.join(qmail.path, where),
                           capture_output=True, text=True, timeout=20, **who)
        assert r.returncode in (0, -31), (act, r)
        if act.startswith("exec") and r.returncode == 0 and not r.stdout:
            return "done"
        return r.stdout.strip()
    try:
        # first what fails, as what works removes some of it
        got_out = [a for a in fails.split("|") if run(a) == "done"]
        hindered = [(a, r) for a in works.split("|") for r in [run(a)] if r != "done"]
    finally:
        os.close(fifo)
        server.close()
        for f in ("/tmp/escape", "/tmp/escape.new"):
            if os.path.exists(f):
                os.unlink(f)
    assert got_out == []
    assert hindered == []


@on
@pytest.mark.parametrize("act", ["mount -", "ptrace -", "bpf -"])
def test_refusals_are_errors_not_deaths(qmail, homes, probe, act):
    """So that a program can report them."""
    r = subprocess.run([probe, "queue", *act.split()], cwd=qmail / "queue", capture_output=True, text=True,
                       user=uid("qmailq"), group=gid("qmail"), extra_groups=[])
    assert (r.returncode, r.stdout) == (0, "refused %d\n" % errno.ENOSYS)


def test_off_switch(qmail, homes, probe):
    qmail.control(nosandbox="")
    r = subprocess.run([probe, "queue", "fork", "-"], cwd=qmail / "queue", capture_output=True, text=True)
    assert r.stdout == "done\n"


# ---- users' programs

PROGRAM = r"""#!/usr/bin/python3
import ctypes, os, socket, subprocess, sys
out = open(os.environ["HOME"] + "/seen", "w")
def say(*a):
    print(*a, file=out, flush=True)
say("fds", sorted(int(f) for f in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + f)
                  and not os.readlink("/proc/self/fd/" + f).endswith(("/seen", "/program", "/fd"))))
say("env", sorted(os.environ))
say("nnp", [ln.split()[1] for ln in open("/proc/self/status") if ln.startswith(("NoNewPrivs", "Seccomp:"))])
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); say("listens")
c = socket.create_connection(s.getsockname()); say("connects")
pid = os.fork()
if pid == 0:
    os._exit(7)
say("forks", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
say("setuid", subprocess.run([SETUID], capture_output=True, text=True).stdout.strip())
say("ptrace", ctypes.CDLL(None).ptrace(0, 0, 0, 0))
open("/tmp/sandbox.user", "w").close(); os.unlink("/tmp/sandbox.user"); say("writes")
"""
DOCUMENTED = """SENDER NEWSENDER RECIPIENT LOCAL HOST USER HOME EXT EXT2 EXT3 EXT4 HOST2 HOST3 HOST4 UFLINE RPLINE DTLINE
DEFAULT""".split()


def test_users_programs_are_free(qmail, homes):
    """A setuid program, fork, sockets, ptrace, writing in /tmp; three descriptors; the documented variables."""
    setuid = SCRATCH + "/whoami.john"
    with open("/usr/bin/id", "rb") as f, open(setuid, "wb") as g:
        g.write(f.read())
    os.chown(setuid, ACCOUNTS["john"], ACCOUNTS["john"])
    os.chmod(setuid, 0o4755)
    homes("foo/program", PROGRAM.replace("SETUID", repr(setuid)), 0o755)
    homes("foo/.qmail", "|./program\n")
    qmail.start()
    qmail.inject(b"a@b.example", [b"foo@mail.test.example"], b"x: y\n\n")
    qmail.wait_log(r"delivery 1: success")
    with open(HOMES + "/foo/seen") as f:
        seen = dict(ln.rstrip("\n").partition(" ")[::2] for ln in f)
    assert seen["fds"] == "[0, 1, 2]"
    have = set(eval(seen["env"]))
    # the shell adds some of its own
    assert have - {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"} - set(qmail.env()) == set(DOCUMENTED) - {"DEFAULT"}
    assert seen["nnp"] == "['0', '0']"
    assert "listens" in seen and "connects" in seen and "writes" in seen and seen["forks"] == "7" and seen["ptrace"] == "0"
    assert "euid=%d" % ACCOUNTS["john"] in seen["setuid"]


# ---- other kernels

def test_no_landlock(qmail, homes):
    """On a kernel without it everything works, and the log says so once."""
    homes("foo/.qmail", "./Maildir/\n")
    qmail.start(strace=["strace", "-f", "-qq", "-o", "/dev/null", "--seccomp-bpf", "-e", "trace=landlock_create_ruleset",
                        "-e", "inject=landlock_create_ruleset:error=ENOSYS"])
    for _ in range(2):
        qmail.inject(b"", [b"foo@mail.test.example"], b"Subject: t\n\n")
    qmail.wait_log("success", count=2)
    qmail.drained()
    assert len(maildir("foo/Maildir")) == 2
    said = [ln for ln in qmail.logtext().splitlines() if "lacks" in ln]
    assert said == ([] if OFF else ["warning: this kernel lacks Landlock; programs keep rights that they do not need"])


def test_no_landlock_is_not_told_to_callers(qmail, homes):
    r = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=landlock_create_ruleset:error=ENOSYS",
                        qmail / "bin/qmail-remote", "nowhere.invalid", "a@b", "c@d"], stdin=subprocess.DEVNULL, capture_output=True)
    assert (r.returncode, r.stderr) == (0, b"") and b"andlock" not in r.stdout


@on
@pytest.mark.parametrize("call", ["landlock_restrict_self", "landlock_add_rule", "seccomp"])
def test_closed_when_it_fails(qmail, call):
    """A kernel that could and does not: a temporary failure, nothing queued."""
    with open(SCRATCH + "/envelope", "wb") as f:
        f.write(b"Fa@b\0Tc@d\0\0")
    with open(SCRATCH + "/envelope") as e:
        r = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", "inject=%s:error=ENOMEM" % call, qmail / "bin/qmail-queue"],
                           stdin=subprocess.DEVNULL, stdout=e)
    assert r.returncode == 81
    assert qmail.queued() == []


def test_limits_are_not_raised(qmail):
    """A lower limit of the caller's stays."""
    def low():
        resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
    p = qmail.popen([qmail / "bin/qmail-queue"], preexec_fn=low, **PIPES)
    ready(p.pid, WAITING)
    assert limits(p.pid)["Max open files"] == (20, 20)
