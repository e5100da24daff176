"""Figures of many rounds into tables."""
import re
import statistics

from workloads import WORK

FIRST, LAST = r'.\" Figures from here to the end of figures are written by tests/bench/run --page', r'.\" end of figures'
PEER = "postfix"


def cells(results, work, target, figure):
    return [r[figure] for r in results if r.get("work") == work and r["target"] == target and r.get(figure) is not None]


def labels(results):
    return list(dict.fromkeys(r["target"] for r in results if "work" in r))


def disks(results):
    return list(dict.fromkeys(r["disk"] for r in results if "work" in r))


def number(x, decimals):
    return "%.*f" % (decimals, x)


def text(results):
    """For the terminal: medians, the range, and the ratio to the first target."""
    lines = []
    for disk in disks(results):
        here = [r for r in results if r.get("disk") == disk and "work" in r]
        lines.append("\n== %s" % disk)
        for w in (w for w in WORK if any(r["work"] == w for r in here)):
            lines.append("%s  %s" % (w, WORK[w].title))
            for figure, unit, decimals in WORK[w].figures:
                first = None
                for label in labels(here):
                    v = cells(here, w, label, figure)
                    if not v:
                        continue
                    m = statistics.median(v)
                    first = m if label == labels(here)[0] else first
                    ratio = "%6.2f x" % (m / first) if first else ""
                    lines.append("  %-22s %-12s %10s  %s  n %d %s" % (
                        unit, label, number(m, decimals),
                        ("[%s .. %s]" % (number(min(v), decimals), number(max(v), decimals))).ljust(24), len(v), ratio))
            lines += ["  ! %s, round %d: %s" % (r["target"], r["round"], r["error"]) for r in here if r["work"] == w and r.get("error")]
    return "\n".join(lines + [t for r in results if "micro" in r for t in ("", "== %s" % r["micro"], r["text"])])


# ---- the page ----------------------------------------------------------------------------------------

def table(results, disk):
    """Medians, a line for each figure and a column for each target; the last is ours by Postfix."""
    here = [r for r in results if r.get("disk") == disk and "work" in r]
    names = labels(here)
    lines = ["%-4s%-20s" % ("", "") + "".join("%10s" % n for n in names) + "%8s" % "ratio"]
    for w in (w for w in WORK if any(r["work"] == w for r in here)):
        lines.append("%-4s%s" % (w, WORK[w].title))
        for figure, unit, decimals in WORK[w].figures:
            medians = {n: statistics.median(v) for n in names for v in [cells(here, w, n, figure)] if v}
            if not medians:
                continue
            both = names[0] in medians and medians.get(PEER)
            lines.append("    %-20s" % unit[:20] + "".join("%10s" % (number(medians[n], decimals) if n in medians else "") for n in names)
                         + ("%8.2f" % (medians[names[0]] / medians[PEER]) if both else "").rstrip())
    return [line.rstrip() for line in lines]


def literal(lines):
    return [".Bd -literal"] + [re.sub(r"^([.'])", r"\\&\1", line.replace("\\", r"\e")) for line in lines] + [".Ed"]


def page(results):
    """The figures as part of a manual page."""
    m = next(r["machine"] for r in results if "machine" in r)
    rounds = max([r["round"] for r in results if "round" in r]) + 1
    lines = [FIRST, "Taken on %s; the median of %s%s." % (
        m["date"], "%d rounds" % rounds if rounds > 1 else "a single round",
        "".join(", with %g of the counts" % x for x in {r["scale"] for r in results if "scale" in r} - {1.0})),
             "%d processors (%s%s), %d GB of memory, %s, Linux %s." % (
                 m["processors"], m["model"], ", a virtual machine" if m["virtual"] else "", m["memory_gb"], m["system"], m["kernel"])]
    busy = [r["other_share"] for r in results if "other_share" in r]
    if busy:
        lines.append("Of the machine, others took %.0f percent meanwhile (median)." % (100 * statistics.median(busy)))
    for disk in sorted(disks(results), key=lambda d: d != "journal"):
        lines += [".Ss " + {"journal": "On a journalled ext4", "no journal": "On an ext4 without a journal"}.get(disk, "On another file system")]
        lines += literal(table(results, disk))
    micro = [r for r in results if "micro" in r]
    if micro:
        lines.append(".Ss Single parts")
        for r in micro:
            lines += literal(r["text"].rstrip("\n").split("\n"))
    return "\n".join(lines + [LAST]) + "\n"


def write_page(path, results):
    with open(path) as f:
        old = f.read()
    head, _, rest = old.partition(FIRST + "\n")
    _, _, tail = rest.partition(LAST + "\n")
    new = head + page(results) + tail
    with open(path, "w") as f:
        f.write(new)
