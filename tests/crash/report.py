"""What every suite here shares: its options, its table of figures and its closing line."""
import argparse
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

TIERS = ("quick", "full", "long")


def options(description, **more):
    """The command line: --tier, --seed, and more: name=(default, help), the default's type being the option's."""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--tier", choices=TIERS, default="quick", help="how much: a minute for all suites, ten, or hours")
    p.add_argument("--seed", type=int, default=1, help="the same seed makes the same choices")
    for name, (default, what) in more.items():
        p.add_argument("--" + name, type=type(default), default=default, help=what)
    return p.parse_args()


class Report:
    """Rows of figures. A row is one check: it fails when its note says why."""

    def __init__(self, *columns):
        self.columns, self.rows, self.failures, self.began = columns, [], 0, time.monotonic()

    def row(self, *cells, wrong=""):
        """Add a row; wrong: what is amiss, empty when nothing is."""
        self.rows.append([str(c) for c in cells] + ["FAILED: " + wrong if wrong else ""])
        self.failures += bool(wrong)
        if wrong:
            print("FAILED", *cells, "-", wrong, flush=True)

    def finish(self):
        """Print the table and the closing line, and exit with what they say."""
        table = [[str(c) for c in self.columns] + [""]] + self.rows
        widths = [max(len(r[i]) for r in table) for i in range(len(table[0]) - 1)]
        for r in table:
            print("  ".join([r[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(r[1:-1], widths[1:])] + r[-1:]).rstrip())
        print("%.0f s" % (time.monotonic() - self.began))
        print("%d passed, %d failed" % (len(self.rows) - self.failures, self.failures))
        sys.exit(1 if self.failures or not self.rows else 0)
