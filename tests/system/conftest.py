"""What the system tests share: fixtures over tests/harness.py.

tests/run starts pytest in a mount and a network namespace of its own, so accounts, resolv.conf, port 25
and port 53 are ours and nothing of the machine is changed.
"""
import os
import re
import subprocess
import sys
import zlib

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness
from harness import ACCOUNTS, HOMES, ROOT, SCRATCH, Home, Peer, build_home, fresh_home, maildir, wait_for


def leave_out(items):
    """In programs built with a sanitizer, what tests/sanitized/skipped names is left out, for the reason there."""
    if not os.environ.get("SANITIZE"):
        return
    with open(os.path.join(ROOT, "tests/sanitized/skipped")) as f:
        skipped = [line.split("\t", 1) for line in f if line.strip() and not line.startswith("#")]
    files = {i.nodeid.split("::")[0].split("/")[-1] for i in items}
    for name, reason in skipped:
        found = [i for i in items if i.nodeid.split("/")[-1] == name or i.nodeid.split("/")[-1].startswith(name + "[")]
        if not found and name.split("::")[0] in files:
            raise pytest.UsageError("tests/sanitized/skipped: there is no %s" % name)
        for i in found:
            i.add_marker(pytest.mark.skip(reason=reason.strip()))


def pytest_make_parametrize_id(config, val, argname):
    """A name of megabytes is no name, and tests are called the same wherever they run."""
    if isinstance(val, str):
        val = val.replace(SCRATCH, "")
    return "%s of %d" % (argname, len(val)) if isinstance(val, (str, bytes)) and len(val) > 60 else None


def pytest_collection_modifyitems(config, items):
    """SAMPLE=N: one in N, which SEED says; N seeds in a row have all of them."""
    leave_out(items)
    sample = int(os.environ.get("SAMPLE") or 1)
    if sample > 1:
        turn = int(os.environ.get("SEED", "1"))
        # (some names have the home in them)
        out = [i for i in items if (zlib.crc32(i.nodeid.replace(SCRATCH, "").encode()) + turn) % sample]
        config.hook.pytest_deselected(items=out)
        items[:] = [i for i in items if i not in set(out)]


@pytest.fixture(scope="session", autouse=True)
def accounts():
    harness.accounts()
    yield
    subprocess.run(["umount", "/etc/passwd"], check=True)


@pytest.fixture
def homes():
    """Fresh homes of all accounts; a function that writes a file as its owner."""
    for n in ACCOUNTS:
        fresh_home(n)

    def put(name, text, mode=0o644):
        p = os.path.join(HOMES, name)
        with open(p, "w") as f:
            f.write(text)
        uid = os.stat(os.path.join(HOMES, name.split("/")[0])).st_uid
        os.chown(p, uid, uid)
        os.chmod(p, mode)
        return p
    return put


@pytest.fixture
def qmail():
    """The installation tests/run made, emptied, for host mail.test.example."""
    h = Home(SCRATCH + "/qmail")
    h.clear()
    h.control(me="mail.test.example\n", locals="mail.test.example\n", rcpthosts="mail.test.example\n")
    h.alias("-postmaster", "./Mailbox\n")
    yield h
    h.stop()


@pytest.fixture(scope="session")
def second():
    return build_home(SCRATCH + "/qmail2")


@pytest.fixture(scope="session")
def the_peer():
    p = Peer()
    yield p
    p.close()


@pytest.fixture
def peer(the_peer):
    the_peer.forget()
    return the_peer


@pytest.fixture(scope="session")
def dns():
    """A real DNS server on 127.0.0.1, authoritative for example and for the names of addresses."""
    p = harness.start_nameserver()
    yield
    p.terminate()
    p.wait()


@pytest.fixture(scope="module")
def alias_at_home():
    """The account alias lives in this installation."""
    file = os.path.join(SCRATCH, "passwd")
    with open(file) as f:
        before = f.read()
    with open(file, "w") as f:
        f.write(re.sub(r"(?m)^(alias:(?:[^:\n]*:){4})[^:\n]*", r"\1%s/qmail/alias" % SCRATCH, before))
    yield
    with open(file, "w") as f:
        f.write(before)
