#!/usr/bin/env python3
"""What a power cut may leave of every workload, at every moment, in three models of a file system; and what the real
daemons make of it. One row for each workload and model: zero violations and failures are asked. Orphans are names that
are left in the queue of a message that came to its end: only where names are not journalled; they hurt nobody."""
import collections
import multiprocessing
import os
import pickle
import random
import re
import traceback

import fsmodel
import report
import harness
import trace
import workloads
from recovery import Recovery, case
from world import World

WORKERS = 2
# states of one moment that are enumerated before they are sampled; states of one row that are recovered; at once
LIMITS = {"quick": (512, 40, 80), "full": (2048, 300, 160), "long": (65536, 20000, 200)}
FINDINGS = os.path.join(harness.SCRATCH, "findings")
VIOLATING = 20                  # of these as many are recovered on top

Row = collections.namedtuple("Row", "workload model states violations recovered failures orphans")
Recorded = collections.namedtuple("Recorded", "files steps oracle")


def record(w, load):
    """Run a workload, and learn what its promises are. The replay must end with what is on the disk."""
    w.reset()
    load.prepare(w)
    roots, but_not = load.roots(w)
    files, directories = w.snapshot(roots, but_not)
    try:
        load.act(w)
    finally:
        w.kill_all()
    reader = trace.Reader(roots, but_not, files, directories, w.known)
    steps = list(reader.steps(trace.read_calls(*w.traces)))
    oracle = load.oracle(w)
    fs = fsmodel.FileSystem("dirsync", files)
    oracle.learn(steps, fs)
    replayed = {p: bytes(fs.live[i]) for p, i in fs.names.items() if load.compared(p)}
    found = {p: data for p, (_, data) in w.snapshot(roots, but_not)[0].items() if load.compared(p)}
    if replayed != found:
        raise trace.TraceError("the replay differs from the disk: %s" % sorted(
            p for p in replayed.keys() | found.keys() if replayed.get(p) != found.get(p)))
    return Recorded(files, steps, oracle)


class Sample:
    """Some of the distinct states that go by, each as likely as the others; all of them while there is room."""

    def __init__(self, room, rng):
        self.room, self.rng, self.seen, self.cases = room, rng, set(), []

    def offer(self, state, told, origin):
        key = hash((state.key(), told))
        if key in self.seen:
            return
        self.seen.add(key)
        if len(self.cases) < self.room:
            self.cases.append(case(state, told, origin))
        else:
            i = self.rng.randrange(len(self.seen))
            if i < self.room:
                self.cases[i] = case(state, told, origin)


def describe(s):
    """A step, for people."""
    def short(x):
        return "/".join(x.split("/")[-3:]) if isinstance(x, str) else repr(x)[:60]
    what = s.what
    if s.kind == "names":
        what = ", ".join("%s%s" % ("" if i is not None else "no more ", short(p)) for p, i in what)
    return "%s %s %s" % (s.process.program, s.kind, short(what))


def enumerate_states(recorded, model, limit, rng, visit):
    """visit(state, problems, step number) for what a power cut may leave after each step; how many that were. Ends
    early when visit says so."""
    fs = fsmodel.FileSystem(model, recorded.files)
    recorded.oracle.forget()
    n = 0
    for number, s in enumerate(recorded.steps):
        changed = fs.step(s)
        told = recorded.oracle.hear(s)
        if not told and not changed:
            continue
        for cuts in fs.cuts(None if told else changed, limit, rng):
            n += 1
            state = fs.state(cuts)
            if visit(state, recorded.oracle.check(state), number):
                return n
    return n


def examine(w, load, models, tier, seed):
    """The rows of one workload."""
    recorded = record(w, load)
    return [look(w, load, recorded, model, tier, seed) for model in models]


def look(w, load, recorded, model, tier, seed):
    limit, room, batch = LIMITS[tier]
    limit = min(limit, load.limit)
    rng = random.Random("%d %s %s" % (seed, load.name, model))
    violations, bad, sample = {}, [], Sample(room, rng)

    def visit(state, problems, number):
        if problems:
            where = "step %d of %d, %s" % (number + 1, len(recorded.steps), describe(recorded.steps[number]))
            for p in problems:
                n, first = violations.get(p, (0, where))
                violations[p] = (n + 1, first)
            if load.recover and len(bad) < VIOLATING:
                bad.append(case(state, recorded.oracle.told(), where))
        if load.recover:
            sample.offer(state, recorded.oracle.told(), "step %d" % (number + 1))
    states = enumerate_states(recorded, model, limit, rng, visit)
    cases, failures, orphans = bad + sample.cases, [], 0
    if cases:
        recovery = load.recover(w, load)
        for i in range(0, len(cases), batch):
            failures += [(c.origin, texts, sorted(c.files)) for c, texts in recovery.run(cases[i:i + batch])]
        orphans = recovery.orphans
    if violations or failures:
        keep(load, recorded)
    return Row(load.name, model, states, violations, len(cases), failures, orphans)


def keep(load, recorded):
    """What was found can be looked at again, to the byte: the daemons never take turns in quite the same way twice."""
    name = os.path.join(FINDINGS, re.sub(r"[^a-z0-9]+", "-", load.name) + ".pickle")
    os.makedirs(FINDINGS, exist_ok=True)
    with open(name, "wb") as f:
        pickle.dump((load, recorded), f)
    print("recorded in", name, flush=True)


DAEMONS = ("qmail-send", "qmail-clean", "qmail-lspawn", "qmail-rspawn")
# kills of each daemon, and of how many of them all that a power cut may leave is looked at as well
KILLS = {"quick": (2, 0), "full": (1000, 2), "long": (1000, 1000)}


def sweep(w, daemon, tier, seed):
    """The rows of one daemon that is killed, by itself or one of its children, at each of its calls; all are then
    started again. First whether all that was promised has come, then what a power cut may leave on the way."""
    kills, cuts = KILLS[tier]
    rng = random.Random("%d %s" % (seed, daemon))
    w.reset()
    plain = workloads.Killed(daemon)
    plain.act(w)
    places = plain.kills()
    rows, runs, failures = [], 0, []
    for call, n in places if len(places) <= kills else rng.sample(places, kills):
        load = workloads.Killed(daemon, call, n)
        load.name = "kill -9 %s at %s %d" % (daemon, call, n)
        recorded = record(w, load)
        problems = Recovery(w, load).ledger(True)
        runs += 1
        if problems:
            failures.append((load.name, problems, []))
        if runs <= cuts:
            rows += [look(w, load, recorded, model, tier, seed) for model in load.models]
    return [Row("kill -9 %s, %d places" % (daemon, len(places)), "-", runs, {}, runs, failures, 0)] + rows


world = None


def start_worker(numbers):
    global world
    with numbers.get_lock():
        numbers.value += 1
        number = numbers.value
    world = World(number)


def work(job):
    name, tier, seed = job
    try:
        if name.endswith(".pickle"):
            with open(name, "rb") as f:
                load, recorded = pickle.load(f)
            return [look(world, load, recorded, model, tier, seed) for model in load.models]
        if name in DAEMONS:
            return sweep(world, name, tier, seed)
        load = next(x for x in workloads.all_workloads() if x.name == name)
        return examine(world, load, load.models, tier, seed)
    except Exception as e:      # a workload that does not run is a row that failed
        traceback.print_exc()
        return [Row(name, "-", 0, {"%s: %s" % (type(e).__name__, e): (1, "the recording")}, 0, [], 0)]


def main():
    o = report.options(__doc__, only=("", "workloads whose name has this in it"),
                       recorded=("", "what an earlier run has kept of a finding: look at that again"))
    # the longest first, so that none is left to one worker at the end
    names = list(DAEMONS) if o.only or o.tier != "quick" else [DAEMONS[o.seed % len(DAEMONS)]]
    names += [x.name for x in workloads.all_workloads()
              if o.only or o.tier in x.tiers or (x.quick and o.tier == "quick")]
    numbers = multiprocessing.Value("i", 0)
    table = report.Report("workload", "model", "states", "violations", "recovered", "failures", "orphans")
    with multiprocessing.Pool(WORKERS, start_worker, (numbers,)) as pool:
        jobs = [(name, o.tier, o.seed) for name in ([o.recorded] if o.recorded else names) if o.only in name]
        for (name, *_), rows in zip(jobs, pool.imap(work, jobs, chunksize=1)):
            if o.tier == "long":
                print("%s: %d states" % (name, sum(r.states for r in rows)), flush=True)
            for r in rows:
                wrong = ["%s (%d states, first at %s)" % (p, *found) for p, found in sorted(r.violations.items())]
                wrong += ["%s: %s" % (where, "; ".join(texts)) for where, texts, _ in r.failures[:3]]
                table.row(r.workload, r.model, r.states, sum(n for n, _ in r.violations.values()), r.recovered,
                          len(r.failures), r.orphans, wrong="\n    ".join(wrong))
    table.finish()


if __name__ == "__main__":
    main()
