"""qmail-send and its helpers, as qmail-start runs them, with one of them made to fail, until the queue is empty."""
import contextlib
import os
import pwd
import re
import select
import signal
import time

from failing import (MARK, NO_FAULT, SHIM, TRACE, Result, calls_in, clear_mark, marked, read_trace, start,
                     status_of, text_of, tracer)
from harness import ACCOUNTS, HOMES, SCRATCH, children, fresh_home, maildir

LOG = os.path.join(SCRATCH, "send.log")
HOST = "mail.test.example"
OLD = 40 * 3600

# (user, group, documented exit codes)
DAEMONS = {
    "lspawn": ("root", "qmail", {0, 111}),
    "rspawn": ("qmailr", "qmail", {0, 111}),
    "clean": ("qmailq", "qmail", {0, 100, 111}),
    "send": ("qmails", "qmail", {0, 111}),
}

# key: (recipients, {where it is to arrive: how often})
MESSAGES = {
    "success": (["foo"], {"foo": 1}),
    "later": (["foo-later"], {"foo": 1}),
    "forward": (["john"], {"foo": 1}),
    "never": (["foo-never"], {"baz": 1}),
    "far": (["x@far.example"], {"far": 1}),
    "mixed": (["foo-box", "y@far.example", "foo-missing"], {"box": 1, "far": 1, "baz": 1}),
}
PERMANENT = {b"foo-never@mail.test.example", b"foo-missing@mail.test.example"}


def cpu_of(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_as(name, text):
    p = os.path.join(HOMES, name)
    with open(p, "w") as f:
        f.write(text)
    uid = ACCOUNTS[name.split("/")[0]]
    os.chown(p, uid, uid)
    os.chmod(p, 0o644)


class Chain:
    def __init__(self, place):
        self.place, self.home = place, place.home
        self.pids = {}
        self.codes = {}
        self.tracer = None

    # ---- the scene
    def furnish(self):
        """Control files and tables, once; everything that a case changes is in reset."""
        h = self.home
        h.clear()
        h.control(me=HOST + "\n", locals=HOST + "\n", smtproutes="far.example:[192.0.2.2]\n", timeoutremote="5\n",
                  timeoutconnect="5\n")
        h.assign("=foo:foo:30001:30001:%s/foo:::\n+foo-:foo:30001:30001:%s/foo:-::\n.\n" % (HOMES, HOMES))
        self.place.peer
        with open(LOG, "wb"):
            pass

    def reset(self):
        self.place.clear_queue()
        self.place.peer.forget()
        for n in ("foo", "john", "baz"):
            fresh_home(n)
        write_as("foo/.qmail-later", "|test -e later || { touch later; exit 111; }\n./Maildir/\n")
        write_as("foo/.qmail-box", "./Mailbox\n")
        write_as("john/.qmail", "&foo@%s\n" % HOST)
        with open(LOG, "wb"):
            pass

    def queue(self, key, recipients):
        full = [(r if "@" in r else r + "@" + HOST).encode() for r in recipients]
        code = self.home.inject(b"baz@mail.test.example", full, text_of(key))
        assert code == 0, code

    def litter(self):
        """What crashes of long ago have left."""
        queue = self.home / "queue/"
        uid = pwd.getpwnam("qmailq").pw_uid
        born = os.path.join(queue, "pid/77.1.1")
        with open(born, "w") as f:
            f.write("half a mess")
        number = os.stat(born).st_ino
        mess = "mess/%d/%d" % (number % 23, number)
        os.link(born, os.path.join(queue, mess))
        with open(os.path.join(queue, "intd/%d" % number), "w") as f:
            f.write("u1")
        for f in ("pid/77.1.1", mess, "intd/%d" % number):
            os.chown(os.path.join(queue, f), uid, -1)
        self.age(mess)

    def age(self, name):
        then = time.time() - OLD
        os.utime(os.path.join(self.home / "queue", name), (then, then))

    # ---- processes
    def spawn(self, name, argv, fds, fault=None):
        user, group, _ = DAEMONS[name]
        env = self.home.env(LD_PRELOAD=SHIM)
        path = self.home / ("bin/qmail-" + name)
        if fault and fault.shimmed:
            env.update(fault.environment("qmail-" + name), FAULTS_MARK=MARK)
        if fault and not fault.shimmed:
            argv = tracer("-D", "-e", fault.inject(), user=user) + [path] + argv[1:]
            user = None
        else:
            argv = [path] + argv[1:]
        self.pids[name] = start(argv, fds, user, group, env)
        return self.pids[name]

    def attach(self, name, options):
        pid = self.pids[name]
        # what qmail-send starts is started for it by the injector
        pids = [pid] + (children(pid) if name == "send" else [])
        them = [x for p in pids for x in ("-p", str(p))]
        self.tracer = start(tracer("-f", "-b", "execve", *options, *them), [0, 1, 2], env=os.environ)

        def traced():
            with open("/proc/%d/status" % pid) as f:
                return not re.search(r"^TracerPid:\t0$", f.read(), re.M)
        if not self.until(traced, 5):
            raise AssertionError("strace did not attach to " + name)

    def detach(self):
        """Every child meets the fault; a healthy message is for after that."""
        if self.tracer:
            os.kill(self.tracer, signal.SIGTERM)
            status_of(self.tracer, 5)
            self.tracer = None

    def let_go(self, name):
        """Of a daemon that ends: strace has the pipes open that it was started with, and nobody would see their end."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open("/proc/%d/status" % self.pids[name]) as f:
            tracer = int(re.search(r"^TracerPid:\s*(\d+)", f.read(), re.M)[1])
            if tracer:
                os.kill(tracer, signal.SIGKILL)         # it blocks what would end it

    def start(self, target=None, fault=None, attached=False):
        """All four; target runs with the fault from its start, or, attached, from when it waits for work."""
        null = os.open("/dev/null", os.O_RDWR)
        log = os.open(LOG, os.O_WRONLY | os.O_APPEND)
        send_fds, close = [log], [null, log]
        self.codes = {}
        self.tracer = None
        late = fault if attached else None
        now = None if attached else fault
        for name in ("lspawn", "rspawn", "clean"):
            down, up = os.pipe(), os.pipe()
            argv = ["qmail-" + name] + (["./Maildir/"] if name == "lspawn" else [])
            self.spawn(name, argv, [down[0], up[1], null], now if name == target else None)
            os.close(down[0])
            os.close(up[1])
            send_fds += [down[1], up[0]]
            close += [down[1], up[0]]
            if late and name == target:
                if name != "clean":
                    select.select([up[0]], [], [], 5)
                self.attach(name, ["-e", late.inject()])
        self.spawn("send", ["qmail-send"], send_fds, now if target == "send" else None)
        for f in close:
            os.close(f)
        if late and target == "send":
            self.until(lambda: "status:" in self.log() or self.gone("send") is not None, 5)
            self.attach("send", ["-e", late.inject()])

    def gone(self, name):
        """Exit code of a daemon, None as long as it runs."""
        if name not in self.codes:
            code = status_of(self.pids[name])
            if code is None:
                return None
            self.codes[name] = code
        return self.codes[name]

    def signal(self, name, sig):
        if self.gone(name) is None:
            os.kill(self.pids[name], sig)

    def all_run(self):
        return all(self.gone(n) is None for n in DAEMONS)

    def until(self, probe, timeout):
        end = time.monotonic() + timeout
        while not probe():
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def hurried(self, probe):
        """A probe for until: true also when qmail-send is gone. What was deferred is tried again meanwhile, and the trigger
        pulled, as the next message would: an envelope that could not be taken over waits for that."""
        last = time.monotonic()

        def hurry():
            nonlocal last
            if time.monotonic() - last > 0.3:
                self.signal("send", signal.SIGALRM)
                try:
                    trigger = os.open(self.home / "queue/lock/trigger", os.O_WRONLY | os.O_NONBLOCK)
                    os.write(trigger, b"\0")
                    os.close(trigger)
                except OSError:
                    pass            # nobody listens
                last = time.monotonic()
            return probe() or self.gone("send") is not None
        return hurry

    def log(self):
        with open(LOG, encoding="latin-1") as f:
            return f.read()

    def queued(self):
        return [f for f in self.place.queue_names() if not f.startswith("pid/")]

    def settle(self, calm=0.12, timeout=8):
        """Until the queue is empty, qmail-send is gone, or nothing has happened for a while."""
        seen, since, end = None, 0, time.monotonic() + timeout
        while time.monotonic() < end and self.gone("send") is None:
            now = (os.path.getsize(LOG), sorted(self.queued()))
            if not now[1]:
                return
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > calm:
                return
            time.sleep(0.01)

    def stop(self, patience):
        self.signal("send", signal.SIGTERM)
        self.until(lambda: all(self.gone(n) is not None for n in DAEMONS), patience)
        self.ended = {n for n in DAEMONS if self.gone(n) is None}
        for n in self.ended:
            self.signal(n, signal.SIGKILL)
        self.until(lambda: all(self.gone(n) is not None for n in DAEMONS), 2)
        self.place.end_all()

    # ---- draining
    def drain(self, result, timeout=10):
        """Restart without faults until nothing is left; old enough is whatever is nobody's."""
        files = self.place.queue_names()
        for f in files:
            number = f.rsplit("/", 1)[1]
            if f.startswith("pid/") or (f.startswith("mess/") and "todo/" + number not in files):
                self.age(f)
        begun = os.path.getsize(LOG)
        self.start()
        # an alarm before it is listened to would be the end
        self.until(lambda: "status:" in self.log()[begun:] or self.gone("send") is not None, timeout)
        self.until(self.hurried(lambda: not self.queued()), timeout)
        left = self.queued()
        # qmail-clean has been through pid/ if it had a request at all; then its next start goes on
        if left:
            result["stuck"] += 1
            result.odd.append("left in the queue: " + " ".join(sorted(left)))
        self.stop(3)
        if self.codes.get("send") != 0:
            result.odd.append("qmail-send ended with %s after the restart" % self.codes.get("send"))

    # ---- a case
    def run(self, target, fault, attached=False):
        result = Result()
        self.reset()
        self.litter()
        clear_mark()
        if os.path.exists(TRACE):
            os.unlink(TRACE)
        try:
            if not attached:
                self.queue_all()
            self.start(target, fault, attached)
            if attached:
                self.queue_all()
            self.work(target, fault, result)
            self.stop(0.3 if fault and not fault.once else 2)
            self.judge_codes(target, fault, result)
            died = any(code != 0 for code in self.codes.values())
            self.drain(result)
        finally:
            self.place.end_all()
        if fault and fault.shimmed:
            result["missed"] = int(not marked()[0])
        elif fault:
            result["missed"] = int("(INJECTED)" not in read_trace() and not fault.kills)
        # README, P3: twice only after a crash or when an acknowledgement was lost
        unheard = died or any(s in self.log() for s in ("oh no!", "delivered twice", "unable to unlink bounce/"))
        unheard = unheard or target in ("lspawn", "rspawn") and fault.call in ("read", "write")
        # who can write nothing any more can neither note who has got his mail nor say so
        unheard = unheard or target == "send" and fault and fault.call == "write" and not fault.once
        # and whoever queues a bounce says so by a write
        unheard = unheard or target == "send" and fault and fault.call == "write" and "trouble injecting bounce" in self.log()
        self.judge(bool(unheard or fault.kills), result)
        return result

    def queue_all(self):
        for key, (recipients, _) in MESSAGES.items():
            self.queue(key, recipients)

    def work(self, target, fault, result):
        self.settle()
        if "status:" in self.log():
            self.signal("send", signal.SIGALRM)
        self.settle()
        dying = "dying..." in self.log()
        if dying and target:
            self.let_go(target)
            self.until(lambda: all(self.gone(n) is not None for n in DAEMONS), 15)
        self.healthy = self.all_run() and not dying and (not fault or fault.once)
        if self.healthy:
            self.detach()
            self.queue("healthy", ["foo"])
            if not self.until(self.hurried(lambda: any(b"Subject: healthy\n" in m for m in maildir("foo", "Maildir"))), 30):
                result["stuck"] += 1
                result.odd.append("a healthy message is not served without a restart")
        for name in DAEMONS:
            if self.gone(name) is None and cpu_of(self.pids[name]) > 1:
                result.odd.append("qmail-%s has used %.1f s of CPU" % (name, cpu_of(self.pids[name])))

    def judge_codes(self, target, fault, result):
        for name, code in self.codes.items():
            killed = name in self.ended and fault and not fault.once or fault and fault.kills and name == target
            if code not in DAEMONS[name][2] and not (killed and code == -signal.SIGKILL):
                result.odd.append("qmail-%s ended with %d" % (name, code))

    def judge(self, excused, result):
        places = {"foo": maildir("foo", "Maildir"), "baz": maildir("baz", "Maildir"), "box": self.boxes(),
                  "far": [m["content"].replace(b"\r\n", b"\n") for m in self.place.peer.got()]}
        found = {}
        wrong = set()
        for where, contents in places.items():
            for content in contents:
                m = re.findall(rb"^Subject: (\w+)$", content, re.M)
                key = m[-1].decode() if m else ""
                if key not in MESSAGES and key != "healthy" or not content.endswith(text_of(key)):
                    result["torn"] += 1
                    continue
                found[where, key] = found.get((where, key), 0) + 1
                if b"Hi. This is the qmail-send program" in content:
                    listed = re.findall(rb"^<(.*)>:$", content.split(b"--- Below this line")[0], re.M)
                    if not set(listed) <= PERMANENT:
                        result["bounced"] += 1
                        result.odd.append("bounced: %s" % listed)
                        wrong.add(key)
        wanted = {(w, k): n for k, (_, places_) in MESSAGES.items() for w, n in places_.items()}
        if self.healthy:
            wanted["foo", "healthy"] = 1
        for (where, key), n in found.items():
            if (where, key) not in wanted and key not in wrong:
                result.odd.append("%s was not to come to %s" % (key, where))
        for (where, key), n in wanted.items():
            result.count(n, found.get((where, key), 0) + (key in wrong), "%s in %s" % (key, where), excused)

    def boxes(self):
        try:
            with open(os.path.join(HOMES, "foo/Mailbox"), "rb") as f:
                return [m + b"\n" for m in re.split(rb"\n\n(?=From |\Z)", f.read()) if m]
        except FileNotFoundError:
            return []

    # ---- what there is to fail
    def calls(self, target, attached):
        self.reset()
        self.litter()
        if not attached:
            self.queue_all()
        quiet = type("Quiet", (), {"shimmed": False, "inject": lambda s: "trace=all", "once": True, "kills": False})()
        result = Result()
        self.start(target, quiet, attached)
        if attached:
            self.queue_all()
        self.until(lambda: "status:" in self.log(), 5)
        self.until(self.hurried(lambda: not self.queued()), 20)
        self.work(target, None, result)
        self.until(self.hurried(lambda: not self.queued()), 20)
        self.stop(3)
        self.place.end_all()
        self.judge(False, result)
        assert not result.odd and not result["lost"], (result, result.odd, self.log(), self.queued())
        trace = read_trace()
        return calls_in(trace, None, lambda first: not first) if attached else calls_in(trace, "chdir")

    def counts(self, target):
        """Allocations, writes, closes and links of the target."""
        r = self.run(target, NO_FAULT)
        assert not r.odd, r.odd
        return marked()[1:]
