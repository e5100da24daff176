#!/usr/bin/env python3
"""Does the power-cut checker see it when a flush is missing? Each call that makes something durable, in the files that
make our promises, is taken out by itself; the checker must find a loss in what is left. The calls are found in the
sources, so that a new one is among them. The sources are not touched: each mutant is made of a copy."""
import multiprocessing
import os
import random
import re
import shutil
import subprocess
import traceback

import report
import harness
import powercut
import workloads
from world import World

# Where promises are made, and in which workloads they are kept: the first that fits.
PLACES = [
    ("src/queue/", "qmail-queue", ["queue", "queue, four pages"]),
    ("src/send/bounce.c", "qmail-send", ["bounce, found at the start", "bounce, killed between note and name"]),
    ("src/send/", "qmail-send", ["one recipient, found at the start", "found before its name is on disk",
                                 "three messages in one batch",
                                 "three messages in one batch, while much waits to be written", "one takes long",
                                 "bounce, found at the start"]),
    ("src/local/mbox.c", "qmail-local", ["mbox, new", "mbox, old messages"]),
    ("src/local/", "qmail-local", ["maildir", "maildir, new/ unreadable", "mbox, new"]),
    ("src/users/newmrh.c", "qmail-newmrh", ["morercpthosts.cdb"]),
    ("src/users/newcdb.c", "qmail-newcdb", ["virtualdomains.cdb"]),
    ("src/users/", "qmail-newu", ["users/cdb"]),
]
FOLDERS = sorted({p[0].split("/")[1] for p in PLACES})
# What takes a call's place: that it went well.
CALLS = {"sync_file": "1", "sync_dir": "1", "sync_names": "1", "syncall": "1",
         "fsync": "0", "fdatasync": "0", "syncfs": "0", "sync": "(void)0"}
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(CALLS))
# "file: call" of those that may go unnoticed, each with the reason. A flush that nobody misses should rather go.
SURVIVORS = {}


class Mutant:
    def __init__(self, path, text, start, end, name):
        self.path, self.start, self.end, self.name = path, start, end, name
        self.line = text.count("\n", 0, start) + 1
        self.call = text[start:end]
        self.id = "%s:%d" % (path, self.line)
        self.place = next(p for p in PLACES if path.startswith(p[0]))


def mutants():
    found = []
    for folder in FOLDERS:
        for name in sorted(os.listdir(os.path.join(harness.ROOT, "src", folder))):
            if not name.endswith(".c"):
                continue
            path = "src/%s/%s" % (folder, name)
            with open(os.path.join(harness.ROOT, path), encoding="ascii") as f:
                text = f.read()
            bare = re.sub(r"/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)
            for m in CALL.finditer(bare):
                end, depth = m.end(), 1
                while depth:
                    depth += {"(": 1, ")": -1}.get(bare[end], 0)
                    end += 1
                found.append(Mutant(path, text, m.start(), end, m[1]))
    return found


def build(m, number):
    """The mutant's program, in a copy of the tree of its own. Which program, and where it is."""
    home = os.path.join(harness.SCRATCH, "mutant%d" % number)
    shutil.rmtree(home, ignore_errors=True)
    os.makedirs(home)
    for name in ("src", "Makefile", "conf-qmail", "conf-break"):
        subprocess.run(["cp", "-a", os.path.join(harness.ROOT, name), home], check=True)
    subprocess.run(["cp", "-a", os.path.join(harness.ROOT, harness.BUILD), os.path.join(home, "b")], check=True)
    path = os.path.join(home, m.path)
    with open(path, encoding="ascii") as f:
        text = f.read()
    with open(path, "w", encoding="ascii") as f:
        f.write(text[:m.start] + CALLS[m.name] + text[m.end:])
    program = m.place[1]
    settings = ["WERROR=1", "QMAIL=" + harness.SCRATCH + "/qmail", "B=b"]
    subprocess.run(["make", "-s", "-C", home] + settings + ["b/bin/" + program], check=True)
    return program, os.path.join(home, "b/bin", program)


def hunt(job):
    """(workload, model, what was lost, states) or why not."""
    m, number, seed = job
    home = os.path.join(harness.SCRATCH, "mutant%d" % number)
    try:
        program, file = build(m, number)
        world = World(100 + number, {program: file})
        names = m.place[2]
        known = {x.name: x for x in workloads.all_workloads()}
        for load in [known[n] for n in names]:
            recorded = powercut.record(world, load)
            for model in ("posix", "journal"):
                lost = []

                def visit(state, problems, step):
                    lost.extend(problems)
                    return bool(problems)
                rng = random.Random("%d %s %s" % (seed, load.name, model))
                states = powercut.enumerate_states(recorded, model, 2048, rng, visit)
                if lost:
                    return load.name, model, lost[0], states
        return "-", "-", "survives", 0
    except Exception as e:
        traceback.print_exc()
        return "-", "-", "%s: %s" % (type(e).__name__, e), 0
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main():
    o = report.options(__doc__, only=("", "files with this in their name"))
    found = [m for m in mutants() if o.only in m.path]
    if o.tier == "quick":
        found = random.Random(o.seed).sample(found, 2)
    table = report.Report("flush taken out", "call", "workload", "model", "states", "what was lost")
    with multiprocessing.Pool(powercut.WORKERS, maxtasksperchild=1) as pool:
        jobs = [(m, i, o.seed) for i, m in enumerate(found)]
        for (m, *_), (load, model, what, states) in zip(jobs, pool.imap(hunt, jobs, chunksize=1)):
            reason = SURVIVORS.get("%s: %s" % (m.path, m.call), "")
            wrong = "" if load != "-" or reason else "the checker does not miss this flush: " + what
            table.row(m.id, m.call, load, model, states, reason or what, wrong=wrong)
    table.finish()


if __name__ == "__main__":
    main()
