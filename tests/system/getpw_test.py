"""Which account an address belongs to, with a password file that has odd names."""
import os
import subprocess

import pytest

from harness import HOMES, SCRATCH

LONG = "n" * 255
NAMES = ["Upper", "Dash-Ed", "lower", "LOWER", "ROOTY", "l" * 32, LONG, "s" * 256]


@pytest.fixture(scope="module", autouse=True)
def odd_names():
    """In the password file that the accounts fixture has put in front of the machine's."""
    file = os.path.join(SCRATCH, "passwd")
    with open(file) as f:
        before = f.read()
    with open(file, "a") as f:
        for i, n in enumerate(NAMES):
            home = os.path.join(HOMES, "odd%d" % i)
            uid = 0 if n == "ROOTY" else 30500 + i
            os.makedirs(home, exist_ok=True)
            os.chown(home, uid, uid)
            f.write("%s:x:%d:%d::%s:/bin/sh\n" % (n, uid, uid, home))
    yield
    with open(file, "w") as f:
        f.write(before)


@pytest.mark.parametrize("local, account, dash, ext", [
    ("Upper", "Upper", "", ""),
    ("upper", "Upper", "", ""),
    ("uPPer-Ext-ra", "Upper", "-", "Ext-ra"),
    ("dash-ed", "Dash-Ed", "", ""),
    ("DASH-ED-x", "Dash-Ed", "-", "x"),
    ("dash", "alias", "-", "dash"),
    ("lower", "lower", "", ""),
    ("LOWER", "lower", "", ""),             # as ever: lower case comes first
    ("rooty", "alias", "-", "rooty"),
    ("Rooty-x", "alias", "-", "Rooty-x"),
    ("l" * 32, "l" * 32, "", ""),
    ("L" * 32 + "-x", "l" * 32, "-", "x"),
    (LONG + "-x", LONG, "-", "x"),
    ("s" * 256, "alias", "-", "s" * 256),
    ("foo-Upper", "foo", "-", "Upper"),
])
def test_odd_names(qmail, homes, local, account, dash, ext):
    r = subprocess.run([qmail / "bin/qmail-getpw", local], capture_output=True, text=True)
    assert r.returncode == 0 and r.stderr == ""
    name, _, _, _, d, e, end = r.stdout.split("\0")
    assert (name, d, e, end) == (account, dash, ext, "")
