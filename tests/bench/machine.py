"""What the targets run on: scratch space, a disk with a journal, accounting of processor time and memory."""
import os
import re
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SCRATCH = os.environ.get("SCRATCH", "/tmp/porpoise-bench")
PEERS = os.environ.get("BENCH_PEERS", SCRATCH + "/peers")
# The build folder, with the helpers written in C in its bench/.
BUILD = os.path.join(ROOT, os.environ.get("B", ".build/bench"))
# The one account that gets mail; it exists only in the run's own mount namespace, and in the peers.
USER, UID = "mbench", 7700
DOMAIN = "bench.local"


def sh(*args, check=True, **kw):
    return subprocess.run(args, check=check, stdin=subprocess.DEVNULL, **kw)


def write(path, text, mode=0o644):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def helper(name):
    """A program made of tests/bench/NAME.c."""
    return os.path.join(BUILD, "bench", name)


def count_files(top):
    """Regular files below top."""
    n = 0
    stack = [top]
    while stack:
        try:
            with os.scandir(stack.pop()) as it:
                for e in it:
                    if e.is_dir(follow_symlinks=False):
                        stack.append(e.path)
                    elif e.is_file(follow_symlinks=False):
                        n += 1
        except FileNotFoundError:
            pass
    return n


def wait_until(cond, limit, step=0.01):
    """Poll cond() until it is true; seconds waited, or None when over the limit."""
    began = time.monotonic()
    while not cond():
        if time.monotonic() - began > limit:
            return None
        time.sleep(step)
    return time.monotonic() - began


# ---- accounting --------------------------------------------------------------------------------------

def first_with(*places):
    """The first folder that has such a file in it; None if there is none."""
    return next((d for d, name in places if os.path.exists(d + "/" + name)), None)


# Where the kernel counts for groups of processes; and where perf can be told to look at one.
ACCOUNTS = first_with(("/sys/fs/cgroup/cpuacct", "cpuacct.usage_user"), ("/sys/fs/cgroup", "cgroup.controllers"))
EVENTS = first_with(("/sys/fs/cgroup", "cgroup.controllers"), ("/sys/fs/cgroup/unified", "cgroup.controllers"))
# Where processors are shared out among groups, and how much more than one of the others one of ours gets: a system that
# starts sessions of its own would otherwise have a share for each, and what else runs would decide who is fast.
SHARES = first_with(("/sys/fs/cgroup/cpu", "cpu.shares"), ("/sys/fs/cgroup", "cgroup.controllers"))
WEIGHT = 8


class Group:
    """Processor time, memory and process list of one target: a cgroup, else the trees of what was started here."""

    def __init__(self, name):
        self.name = "bench-%d-%s" % (time.time_ns(), name)
        self.roots = []
        self.dirs = []
        for parent in dict.fromkeys((ACCOUNTS, EVENTS, SHARES)):
            try:
                os.mkdir("%s/%s" % (parent, self.name))
                self.dirs.append("%s/%s" % (parent, self.name))
            except OSError:
                pass
        for d in self.dirs:
            for name, usual in (("cpu.shares", 1024), ("cpu.weight", 100)):
                if os.path.exists(d + "/" + name):
                    write(d + "/" + name, str(WEIGHT * usual))
        self.dir = self.dirs[0] if self.dirs and self.dirs[0].startswith(ACCOUNTS) else None

    def enter(self):
        """In the child, before exec."""
        for d in self.dirs:
            with open(d + "/cgroup.procs", "w") as f:
                f.write("0")

    def popen(self, args, **kw):
        p = subprocess.Popen(args, preexec_fn=self.enter, **kw)
        self.roots.append(p)
        return p

    def pids(self):
        if self.dir:
            with open(self.dir + "/cgroup.procs") as f:
                return sorted({int(x) for x in f.read().split()} - {0})
        children = {}
        for d in os.listdir("/proc"):
            if d.isdigit():
                try:
                    with open("/proc/%s/stat" % d) as f:
                        children.setdefault(int(f.read().rpartition(")")[2].split()[1]), []).append(int(d))
                except OSError:
                    pass
        out, todo = set(), [p.pid for p in self.roots if p.poll() is None]
        while todo:
            x = todo.pop()
            if x not in out:
                out.add(x)
                todo += children.get(x, [])
        return sorted(out)

    def named(self, name):
        """The processes called so (as far as the kernel keeps names: 15 characters)."""
        out = []
        for p in self.pids():
            try:
                with open("/proc/%d/comm" % p) as f:
                    if f.read().strip() == name[:15]:
                        out.append(p)
            except OSError:
                pass
        return out

    def cpu(self):
        """Seconds so far: (in programs, in the kernel)."""
        if self.dir and os.path.exists(self.dir + "/cpuacct.usage_user"):
            with open(self.dir + "/cpuacct.usage_user") as u, open(self.dir + "/cpuacct.usage_sys") as s:
                return int(u.read()) / 1e9, int(s.read()) / 1e9
        if self.dir:
            with open(self.dir + "/cpu.stat") as f:
                stat = dict(line.split() for line in f)
            return int(stat["user_usec"]) / 1e6, int(stat["system_usec"]) / 1e6
        tick = os.sysconf("SC_CLK_TCK")
        u = s = 0
        for p in self.pids():
            try:
                with open("/proc/%d/stat" % p) as f:
                    x = f.read().rpartition(")")[2].split()
                u += int(x[11]) + int(x[13])
                s += int(x[12]) + int(x[14])
            except OSError:
                pass
        return u / tick, s / tick

    def pss_kb(self):
        """Memory, what is shared counted in parts (proportional set size)."""
        total = 0
        for p in self.pids():
            try:
                with open("/proc/%d/smaps_rollup" % p) as f:
                    total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
            except OSError:
                pass
        return total

    def kill(self, wait=10.0):
        """End what is left, by number."""
        for sig in (signal.SIGTERM, signal.SIGKILL):
            for p in self.pids():
                try:
                    os.kill(p, sig)
                except OSError:
                    pass

            def gone():
                for r in self.roots:
                    r.poll()
                return not self.pids()
            if wait_until(gone, wait, 0.02) is not None:
                break

    def remove(self):
        def removed(d):
            try:
                os.rmdir(d)
            except OSError:
                return not os.path.exists(d)
            return True
        for d in self.dirs:
            wait_until(lambda: removed(d), 3, 0.05)


def busy():
    """Seconds that all processors together have been busy since the machine started."""
    with open("/proc/stat") as f:
        x = [int(v) for v in f.readline().split()[1:9]]
    return (sum(x) - x[3] - x[4]) / os.sysconf("SC_CLK_TCK")


class Meter:
    """Processor time of a target from here on, and how much of the machine the others took."""

    def __init__(self, group, load):
        self.group, self.load = group, load
        self.a, self.b, self.l, self.w = group.cpu(), busy(), load.cpu(), time.monotonic()

    def per(self, n):
        """Milliseconds for each of n; shares of the machine."""
        b, ld = self.group.cpu(), self.load.cpu()
        user, kernel = b[0] - self.a[0], b[1] - self.a[1]
        load = sum(ld) - sum(self.l)
        whole = (time.monotonic() - self.w) * os.cpu_count()
        return {"user_ms": user * 1000 / n, "sys_ms": kernel * 1000 / n, "cpu_ms": (user + kernel) * 1000 / n,
                "share": round((user + kernel) / whole, 3), "load_share": round(load / whole, 3),
                "other_share": round(max(0.0, busy() - self.b - user - kernel - load) / whole, 3)}


# ---- disks -------------------------------------------------------------------------------------------

def mounted(path):
    """(device, file system) that path is on."""
    st = os.stat(path).st_dev
    want = "%d:%d" % (os.major(st), os.minor(st))
    with open("/proc/self/mountinfo") as f:
        for line in f:
            left, _, right = line.partition(" - ")
            if left.split()[2] == want:
                return right.split()[1], right.split()[0]
    return "?", "?"


def journalled(path):
    """Whether the file system that path is on has a journal: one that has none commits nothing."""
    device, kind = mounted(path)
    name = os.path.basename(os.path.realpath(device))
    if kind == "ext4":
        return any(d.startswith(name + "-") for d in os.listdir("/proc/fs/jbd2")) if os.path.isdir("/proc/fs/jbd2") else False
    return kind in ("xfs", "btrfs")


def journal_disk(gigabytes):
    """A new ext4 with a journal in a file, written around the page cache as a disk is; its mount point.

    The mount is in our own namespace and the device goes away with it: nothing is left but the file, which
    the next run replaces."""
    image, point = SCRATCH + "/journal.img", SCRATCH + "/journal"
    if os.path.exists(image):
        os.unlink(image)
    os.makedirs(point, exist_ok=True)
    sh("fallocate", "-l", "%dG" % gigabytes, image)
    sh("mkfs.ext4", "-q", "-F", "-i", "4096", image)
    loop = sh("losetup", "--direct-io=on", "-f", "--show", image, stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        sh("mount", loop, point)
    finally:
        sh("losetup", "-d", loop)    # when it is unmounted
    os.unlink(image)
    return point


def description():
    """The machine, described and not named."""
    with open("/proc/cpuinfo") as f:
        model = re.search(r"^model name\s*: (.*)", f.read(), re.M)
    with open("/proc/meminfo") as f:
        memory = round(int(re.search(r"MemTotal:\s+(\d+)", f.read())[1]) / (1 << 20))
    with open("/etc/os-release") as f:
        system = re.search(r'^PRETTY_NAME="?([^"\n]*)', f.read(), re.M)[1]
    virtual = subprocess.run(["systemd-detect-virt"], capture_output=True, text=True).stdout.strip() or "unknown"
    return {"processors": os.cpu_count(), "model": " ".join(re.sub(r"\((?:R|TM)\)", "", model[1] if model else os.uname().machine).split()),
            "memory_gb": memory, "kernel": re.match(r"\d+\.\d+", os.uname().release)[0], "system": system,
            "virtual": virtual != "none", "date": time.strftime("%Y-%m-%d")}
