"""Figures of many rounds into tables."""
import statistics

from workloads import WORK


def cells(results, work, target, figure):
    return [r[figure] for r in results if r["work"] == work and r["target"] == target and r.get(figure) is not None]


def labels(results):
    return list(dict.fromkeys(r["target"] for r in results))


def number(x, decimals):
    return "%.*f" % (decimals, x)


def text(results):
    """For the terminal: medians, the range, and the ratio to the first target."""
    lines = []
    for disk in dict.fromkeys(r["disk"] for r in results):
        here = [r for r in results if r["disk"] == disk]
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
                    first = m if first is None and label == labels(here)[0] else first
                    ratio = "%6.2f x" % (m / first) if first else ""
                    lines.append("  %-22s %-12s %10s  %s  n %d %s" % (
                        unit, label, number(m, decimals), ("[%s .. %s]" % (number(min(v), decimals), number(max(v), decimals))).ljust(24),
                        len(v), ratio))
            lines += ["  ! %s, round %d: %s" % (r["target"], r["round"], r["error"])
                      for r in here if r["work"] == w and r.get("error")]
    return "\n".join(lines)
