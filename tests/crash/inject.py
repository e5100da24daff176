#!/usr/bin/python3
"""Each program with each of its system calls failing in turn, and each allocation; then everything is restarted.

    tests/crash/run inject                                        a stride over qmail-queue and qmail-local
    tests/crash/run --tier full inject                            a stride over all; --tier long: every case
    tests/crash/run --tier long inject -- --program send          one program
    tests/crash/run inject -- --only local/maildir:link:1:EIO     one case, as a failure names it

A scene is run once and its calls are numbered; then it is run for each call with each fault of failing.py: for that
call alone, for it and all that follow, and killed before it. Programs that do one thing (scenes.py) are then run again
without a fault, as their callers would; the daemons (chain.py) are stopped, restarted and drained. Nothing may be
lost, torn, bounced though it could be delivered, or stuck. A message may come twice where a page says so; what comes
twice otherwise, and exit codes that no page has, count as odd. A fault that was not met (the order of a daemon's
calls depends on its peers) counts as missed.

Daemons fail from their start, or from the time they wait for work, with their children up to the program
these become (send/child). After a fault that happens once and kills nobody a healthy message must be served.
"""
import collections
import concurrent.futures
import traceback

import report
import failing
import harness
import scenes
from chain import Chain

PROGRAMS = ("queue", "send", "clean", "lspawn", "local", "rspawn", "remote", "newu", "newmrh", "smtpd")
DAEMONS = ("send", "clean", "lspawn", "rspawn")
WORKERS = 2

# how many cases of a scene, at most; 0: none
CASES = {
    "quick": {"queue": 120, "local": 20},
    "full": {"queue": 1000, "local": 150, "remote": 120, "newu": 200, "newmrh": 100, "smtpd": 150, "send": 80, "clean": 30,
             "lspawn": 40, "rspawn": 30},
    "long": dict.fromkeys(PROGRAMS, 10 ** 6),
}

Case = collections.namedtuple("Case", "scene fault")        # scene: "local/maildir", "send/child"


class Daemon:
    """The chain with one of its links, or the children of that, as a scene."""

    more = {}

    def __init__(self, place, name, attached):
        self.chain, self.name, self.attached = Chain(place), name, attached
        self.chain.furnish()

    def calls(self):
        return self.chain.calls(self.name, self.attached)

    def counts(self):
        return (0, 0, 0, 0) if self.attached else self.chain.counts(self.name)

    def run(self, fault):
        return self.chain.run(self.name, fault, self.attached)


class Worker:
    place = scene = name = None

    @classmethod
    def at(cls, name):
        if not cls.place:
            failing.seclude()
            cls.place = failing.Place()
        if cls.name != name:
            cls.place.clear()
            program, form = name.split("/")
            if program in DAEMONS:
                cls.scene = Daemon(cls.place, program, form == "child")
            else:
                cls.scene = scenes.SCENES[program][form](cls.place)
            cls.name = name
        return cls.scene


def plan(name):
    """Every case of a scene, in an order that does not depend on chance."""
    scene = Worker.at(name)
    faults = []
    for call, n in sorted(scene.calls()):
        faults += failing.faults_of_call(call, n, scene.more)
    faults += failing.faults_of_counts(*scene.counts())
    return [Case(name, f) for f in faults]


def run(case):
    try:
        return Worker.at(case.scene).run(case.fault)
    except Exception:
        Worker.name = None
        Worker.place.end_all()
        result = failing.Result()
        result.odd.append(traceback.format_exc())
        return result


def scene_names(program):
    if program in DAEMONS:
        return [program + "/life", program + "/child"]
    return [program + "/" + form for form in scenes.SCENES[program]]


def is_slow(case):
    """The resolver asks until its deadline, which is more than a minute away."""
    return case.scene == "remote/mx" and case.fault.call == "alloc" and not case.fault.once


def kind_of(fault):
    return "allocations" if fault.call == "alloc" else "faults"


KINDS = (("faults", 1), ("allocations", 2))


def select(every, o):
    """Of all cases of a scene those of this tier and seed: of allocations half as many as of calls."""
    chosen = []
    for kind, share in KINDS:
        if o.kind not in ("", kind):
            continue
        cases = [c for c in every if kind_of(c.fault) == kind and (o.tier == "long" or not is_slow(c))]
        if cases:
            most = o.most or CASES[o.tier].get(cases[0].scene.split("/")[0], 10 ** 6)
            stride = -(-len(cases) * share // most)
            chosen += cases[o.seed % stride::stride]
    return chosen


COUNTED = ("lost", "torn", "bounced", "stuck", "duplicates")


class Tally(collections.Counter):
    def __init__(self):
        super().__init__()
        self.odd = []

    def add(self, case, result):
        self.update({k: result[k] for k in COUNTED + ("missed",)})
        self["cases"] += 1
        bad = any(result[k] for k in ("lost", "torn", "bounced", "stuck")) or result.odd
        if bad:
            self.odd.append((case, result))
        self["odd"] += len(result.odd)

    def wrong(self):
        return "" if not self.odd else "tests/crash/run inject -- --only %s:%s" % self.odd[0][0]


def main():
    o = report.options(__doc__.split("\n\n")[0], program=("", "this program alone"), kind=("", "faults or allocations alone"), only=("", "SCENE:CALL:N:FAULT alone"),
                       most=(0, "so many cases of a scene at most, whatever the tier"))
    out = report.Report("program", "", "cases", "missed", *COUNTED, "odd")
    harness.accounts()
    failing.build_shim()
    programs = [p for p in PROGRAMS if CASES[o.tier].get(p)]
    if o.program:
        programs = [o.program]
    tallies = {}
    with concurrent.futures.ProcessPoolExecutor(WORKERS) as pool:
        if o.only:
            scene, rest = o.only.split(":", 1)
            cases = [Case(scene, failing.Fault(*rest.split(":")))]
        else:
            plans = pool.map(plan, [n for p in programs for n in scene_names(p)])
            cases = [c for every in plans for c in select(every, o)]
        for number, (case, result) in enumerate(zip(cases, pool.map(run, cases, chunksize=8)), 1):
            if number % 1000 == 0:
                print("%d of %d cases" % (number, len(cases)), flush=True)
            tally = tallies.setdefault((case.scene.split("/")[0], kind_of(case.fault)), Tally())
            tally.add(case, result)
            if tally.odd and tally.odd[-1][0] == case:
                counts = " ".join("%s %d" % (k, result[k]) for k in COUNTED if result[k])
                print("%s:%s" % case, counts or "odd", *result.odd, sep="\n    ", flush=True)
    for p in PROGRAMS:
        for kind, _ in KINDS:
            t = tallies.get((p, kind))
            if t:
                out.row("qmail-" + p, kind, t["cases"], t["missed"], *(t[k] for k in COUNTED), t["odd"], wrong=t.wrong())
    out.finish()


if __name__ == "__main__":
    main()
