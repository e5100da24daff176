"""What is measured: each workload takes a started target and a function that scales counts, and gives figures."""
import collections
import os
import re
import select
import signal
import statistics
import subprocess
import time

import traffic
from machine import Meter, wait_until
from traffic import LOCAL, REMOTE, Single, Sink, Watch, ended, sendmail, source

# Seconds that a workload may take.
LIMIT = float(os.environ.get("BENCH_LIMIT", "300"))
WARM = 20


def drained(t, limit=60):
    return wait_until(t.queue_empty, limit, 0.05) is not None


def warm(t):
    """First use of everything is not measured."""
    w = Watch(t.maildir + "/new")
    p = source(t, WARM, 1000, LOCAL)
    arrived = wait_until(lambda: w.poll() >= WARM, 60)
    ended(p)
    w.close()
    drained(t, 30)
    if arrived is None:
        raise RuntimeError("%s: warm-up mail was not delivered" % t.label)


def race(p, n, count):
    """Until count() reaches n and p has ended: (seconds in all, seconds of p, last count)."""
    began, done, k = time.monotonic(), None, 0
    while True:
        k = count()
        now = time.monotonic() - began
        if done is None and p.poll() is not None:
            done = now
        if k >= n and done is not None or now > LIMIT:
            break
        time.sleep(0.005)
    if p.poll() is None:
        p.terminate()
    return now, done or now, k


def arrived(t, n):
    """What is wrong with the n messages in the Maildir, beside those of warm-up; empty when nothing is."""
    have = os.listdir(t.maildir + "/new")
    if len(have) != n + WARM:
        return "%d files for %d messages" % (len(have) - WARM, n)
    ids = collections.Counter()
    for f in have:
        with open(t.maildir + "/new/" + f, "rb") as h:
            m = re.search(rb"^message-id: *(\S+)", h.read(4096), re.I | re.M)
        ids[m[1] if m else None] += 1
    # the warm-up's ids may be those of the others again; a sendmail program may have made none
    twice = [i for i, k in ids.items() if i and k > 2]
    return "message %s came %d times" % (twice[0].decode("latin-1"), ids[twice[0]]) if twice else ""


def wrong(*complaints):
    text = "; ".join(c for c in complaints if c)
    return {"error": text} if text else {}


# ---- mail to a Maildir -------------------------------------------------------------------------------

def to_maildir(t, n, send):
    warm(t)
    w = Watch(t.maildir + "/new")
    m = Meter(t.group, traffic.load)
    p = send()
    took, accepting, k = race(p, n, w.poll)
    complaint = ended(p)
    drained(t)
    w.close()
    return {"rate": k / took, "accept_rate": n / accepting, **m.per(max(k, 1)),
            **wrong("delivered %d of %d" % (k, n) if k < n else "", complaint, arrived(t, n))}


def W1(t, sc):
    idle = t.group.pss_kb()
    out = to_maildir(t, sc(3000), lambda: source(t, sc(3000), 4096, LOCAL))
    time.sleep(0.3)
    return {**out, "idle_mb": idle / 1024, "after_mb": t.group.pss_kb() / 1024}


def W2(t, sc):
    return to_maildir(t, sc(3000), lambda: source(t, sc(3000), 4096, LOCAL, reuse=True))


def W3a(t, sc):
    return to_maildir(t, sc(500), lambda: source(t, sc(500), 65536, LOCAL))


def W3b(t, sc):
    return to_maildir(t, sc(20), lambda: source(t, sc(20), 10 << 20, LOCAL, sessions=10))


def W4(t, sc):
    return to_maildir(t, sc(1000), lambda: sendmail(t, sc(1000), 4, LOCAL))


# ---- mail to another host ----------------------------------------------------------------------------

def W5(t, sc):
    n = sc(2000)
    warm(t)
    sink = Sink(t.sink_port)
    m = Meter(t.group, traffic.load)
    p = source(t, n, 4096, REMOTE)
    took, accepting, k = race(p, n, sink.poll)
    complaint = ended(p)
    drained(t)
    k = sink.poll()
    sink.close()
    return {"rate": min(k, n) / took, "accept_rate": n / accepting, "sessions": sink.sessions - 1, **m.per(max(k, 1)),
            **wrong("relayed %d of %d" % (k, n) if k != n else "", complaint)}


def W6(t, sc):
    each, messages = 200, max(1, sc(5000) // 200)
    n = each * messages
    warm(t)
    sink = Sink(t.sink_port)
    m = Meter(t.group, traffic.load)
    began = time.monotonic()
    p = source(t, messages, 4096, REMOTE, sessions=1, recipients=each)
    over = wait_until(lambda: p.poll() is not None and sink.poll() and t.queue_empty(), LIMIT) is None
    took = time.monotonic() - began
    if p.poll() is None:
        p.terminate()
    complaint = ended(p)
    sink.poll()
    sink.close()
    return {"rate": n / took, "messages": sink.messages, "sessions": sink.sessions - 1, **m.per(n),
            **wrong("%d files left in the queue" % t.queue_count() if over else "", complaint)}


def W7(t, sc):
    n = max(1, int(sc(20000) * t.backlog))
    warm(t)
    m = Meter(t.group, traffic.load)
    p = source(t, n, 4096, REMOTE, reuse=True)
    took, _, _ = race(p, 0, lambda: 0)
    complaint = ended(p)
    out = {"rate": n / took, "queue_ms": m.per(n)["cpu_ms"]}
    # first all have to fail: who is let go in the middle of an attempt waits for the next nudge. Half a second without
    # work may be a wait for the disk, or for a processor.
    wait_until(lambda: all(idle(t, 0.5) < 3 for _ in range(4)), 60)
    m = Meter(t.group, traffic.load)
    sink = Sink(t.sink_port)
    began = last = time.monotonic()
    k = 0
    t.kick()
    while k < n and time.monotonic() - began < LIMIT:
        if sink.poll() != k:
            k, last = sink.messages, time.monotonic()
        elif time.monotonic() - last > 10:    # some want another nudge for what failed meanwhile
            t.kick()
            last = time.monotonic()
        time.sleep(0.01)
    took = time.monotonic() - began
    drained(t)
    k = sink.poll()
    sink.close()
    return {**out, "drain_rate": min(k, n) / took, "drain_ms": m.per(max(k, 1))["cpu_ms"],
            **wrong(complaint, "drained %d of %d in %.0f s" % (k, n, took) if k != n else "")}


# ---- one message at a time ---------------------------------------------------------------------------

def latency(t, n, before_each=lambda: None):
    """n messages, one after the other: sorted milliseconds from reply to file, and from connect to file."""
    w = Watch(t.maildir + "/new")
    client = Single(t.addr)
    lat, total = [], []
    for _ in range(n):
        before_each()
        want = w.poll() + 1
        began = client.begin(LOCAL)
        replied = filed = None
        end = time.monotonic() + 30
        while (replied is None or filed is None) and time.monotonic() < end:
            fds = ([client.s] if replied is None else []) + ([w.fd] if filed is None else [])
            ready, _, _ = select.select(fds, [], [], 5)
            now = time.monotonic()
            if client.s in ready and replied is None:
                client.say(b"")
                replied = now
            if w.fd in ready and w.poll() >= want:
                filed = now
        if filed is None:
            raise RuntimeError("a message was not delivered in 30 s")
        # a file that is there before the reply counts as 0
        lat.append(max(0.0, filed - replied) * 1000)
        total.append((filed - began) * 1000)
        client.end()
    w.close()
    return sorted(lat), sorted(total)


def percentile(ordered, p):
    return ordered[max(0, int(len(ordered) * p / 100) - 1)]


def W8(t, sc):
    warm(t)
    time.sleep(0.2)
    lat, total = latency(t, sc(200), lambda: wait_until(t.queue_empty, 5, 0.002))
    return {"latency_ms": statistics.median(lat), "p99_ms": percentile(lat, 99), "total_ms": statistics.median(total)}


# ---- calls under strace ------------------------------------------------------------------------------

CALLS = {
    "syncs": ("fsync", "fdatasync", "sync", "syncfs", "msync"),
    "forks": ("fork", "vfork", "clone", "clone3"),
    "execs": ("execve", "execveat"),
    "opens": ("open", "openat", "creat"),
    "links": ("link", "linkat", "rename", "renameat", "renameat2"),
    "unlinks": ("unlink", "unlinkat"),
    "writes": ("write", "writev", "sendto", "sendmsg", "pwrite64"),
}


def traced(t, n, rcpt, name):
    """Calls that all processes of the target make for each of n messages, failed ones included."""
    path = "%s/%s" % (t.rundir, name)
    args = ["strace", "-f", "-y", "-qq", "-s", "60", "-o", path, "-e",
            "trace=%process,chdir,mkdir,rmdir,sync_file_range," + ",".join(c for names in CALLS.values() for c in names)]
    for p in t.group.pids():
        args += ["-p", str(p)]
    st = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def attached():
        return st.poll() is not None or all(tracer(p) == st.pid for p in t.group.pids())
    wait_until(attached, 10, 0.02)
    sink = Sink(t.sink_port) if rcpt == REMOTE else None
    w = Watch(t.maildir + "/new")
    p = source(t, n, 4096, rcpt, sessions=5)
    all_there = wait_until(lambda: (sink.poll() if sink else w.poll()) >= n, 120)
    complaint = ended(p)
    drained(t, 60)
    time.sleep(0.5)
    st.send_signal(signal.SIGINT)
    try:
        st.wait(30)
    except subprocess.TimeoutExpired:
        st.kill()
        st.wait()
    w.close()
    if sink:
        sink.close()
    if all_there is None or complaint:
        raise RuntimeError("not all was delivered under strace %s" % complaint)
    count = collections.Counter()
    with open(path, errors="replace") as f:
        for line in f:
            m = re.match(r"\d+\s+(\w+)\(", line)    # each call once: where it starts
            if m and "CLONE_THREAD" not in line:
                count[m[1]] += 1
    return {what: sum(count[c] for c in names) / n for what, names in CALLS.items()}


def tracer(pid):
    try:
        with open("/proc/%d/status" % pid) as f:
            return int(re.search(r"^TracerPid:\s*(\d+)", f.read(), re.M)[1])
    except OSError:
        return 0


def W10(t, sc):
    n = sc(50)
    warm(t)
    out = traced(t, n, LOCAL, "strace.local")
    return {**out, **{"relay_" + k: v for k, v in traced(t, n, REMOTE, "strace.relay").items()}}


# ---- with a long queue: for those whose queue we can fill -------------------------------------------------

def restarted(t):
    """Ended and begun again: seconds until a message that comes in at once is in the Maildir."""
    t.stop()
    began = time.monotonic()
    t.start()
    latency(t, 1)
    return time.monotonic() - began


def idle(t, seconds):
    """Part of one processor that it takes while nothing comes in."""
    before = sum(t.group.cpu())
    time.sleep(seconds)
    return 100 * (sum(t.group.cpu()) - before) / seconds


def W9(t, sc):
    n = sc(200000)
    warm(t)
    restarted(t)
    time.sleep(1)
    before = t.group.pss_kb()
    t.stop()
    t.fill(n, time.time() + 86400, "later.invalid")
    restarted(t)
    time.sleep(1)
    return {"idle_mb": before / 1024, "message_bytes": (t.group.pss_kb() - before) * 1024 / n}


def W11(t, sc):
    n, mail = sc(200000), sc(2000)

    def rate():
        w = Watch(t.maildir + "/new")
        p = source(t, mail, 4096, LOCAL)
        took, _, k = race(p, mail, w.poll)
        complaint = ended(p)
        w.close()
        # (what is left to be removed takes its time, too)
        if complaint or k < mail:
            raise RuntimeError("delivered %d of %d %s" % (k, mail, complaint))
        return mail / took
    warm(t)
    empty = rate()
    t.stop()
    t.fill(n, time.time() + 86400, "later.invalid")
    start = restarted(t)
    full = rate()
    # (by now it has looked through the queue for what nobody owns, as it does after each start)
    rests = wait_until(lambda: idle(t, 1) < 0.5, 60)
    resting = idle(t, 5) if rests is not None else 100.0
    return {"part": 100 * full / empty, "rate": full, "empty_rate": empty, "start_s": start, "idle_cpu": resting}


def W12(t, sc):
    hosts = t.dead_hosts(50)
    live = t.live_host()
    warm(t)
    t.stop()
    t.fill(sc(50000), time.time() - 1, *hosts)
    t.start()
    sink, single = Sink(t.sink_port), Sink(t.sink_port + 50)
    list_mail = source(t, 1, 4096, REMOTE, sessions=1, recipients=sc(100000))
    p_ended = wait_until(lambda: list_mail.poll() is not None, LIMIT) is not None
    complaint = ended(list_mail) if p_ended else "the list was not taken"
    local, _ = latency(t, sc(100), lambda: time.sleep(0.05))
    remote = []
    client = Single(t.addr)
    for _ in range(sc(20)):
        want = single.poll() + 1
        client.begin("someone@" + live)
        client.say(b"")
        began = time.monotonic()
        if wait_until(lambda: single.poll() >= want, 100, 0.002) is None:
            raise RuntimeError("a message to a host that answers waited for 100 s")
        remote.append((time.monotonic() - began) * 1000)
        client.end()
    left = t.queue_count()
    for s in (sink, single):
        s.close()
    return {"latency_ms": statistics.median(local), "worst_ms": local[-1], "remote_ms": statistics.median(remote),
            "remote_worst_ms": max(remote), **wrong(complaint, "" if left else "the queue had drained meanwhile")}


# ---- the list ----------------------------------------------------------------------------------------

# rounds: fewer for those that take minutes, or give the same each time; they are measured on one disk alone.
Work = collections.namedtuple("Work", "run title figures rounds", defaults=(99,))
# figures: name, unit, decimals; the first is what ratios are made of. Fewer is better where the unit is time or memory.
RATE = (("rate", "msg/s", 0), ("accept_rate", "accepted/s", 0), ("cpu_ms", "ms CPU/msg", 2))
WORK = {
    "W1": Work(W1, "SMTP to Maildir, 3000 of 4 KB, 20 sessions, one message in each",
               RATE + (("idle_mb", "MB idle", 2), ("after_mb", "MB after", 2))),
    "W2": Work(W2, "the same, many messages in each session", RATE),
    "W3a": Work(W3a, "500 of 64 KB", (("rate", "msg/s", 0), ("cpu_ms", "ms CPU/msg", 2))),
    "W3b": Work(W3b, "20 of 10 MB", (("rate", "msg/s", 1), ("cpu_ms", "ms CPU/msg", 1))),
    "W4": Work(W4, "the sendmail program, 1000, 4 at once", RATE),
    "W5": Work(W5, "relay: in and out by SMTP, 2000", RATE + (("sessions", "sessions out", 0),)),
    "W6": Work(W6, "5000 remote recipients, 200 for each message",
               (("rate", "recipients/s", 0), ("cpu_ms", "ms CPU/recipient", 2), ("sessions", "sessions out", 0))),
    "W7": Work(W7, "20000 wait for a host that refuses, then drain",
               (("rate", "queued/s", 0), ("drain_rate", "drained/s", 0), ("queue_ms", "ms CPU/msg in", 2),
                ("drain_ms", "ms CPU/msg out", 2))),
    "W8": Work(W8, "one message at a time, 200",
               (("latency_ms", "ms reply to file", 2), ("p99_ms", "ms, 99th of 100", 1), ("total_ms", "ms connect to file", 2))),
    "W9": Work(W9, "memory of all processes, 200000 messages waiting",
               (("idle_mb", "MB idle", 2), ("message_bytes", "bytes/message", 0)), 1),
    "W10": Work(W10, "calls for each message",
                tuple((r + c, ("relay: " if r else "") + c, 2) for r in ("", "relay_") for c in CALLS), 1),
    "W11": Work(W11, "200000 messages wait: W1 with 2000 beside them",
                (("part", "% of its rate", 0), ("rate", "msg/s", 0), ("empty_rate", "msg/s, empty", 0), ("start_s", "s to start", 2),
                 ("idle_cpu", "% CPU idle", 1)), 3),
    "W12": Work(W12, "beside 100000 recipients and 50000 messages to hosts that do not answer",
                (("latency_ms", "ms to a file", 1), ("worst_ms", "ms, longest", 0), ("remote_ms", "ms to a host", 1),
                 ("remote_worst_ms", "ms, longest", 0)), 1),
}
