"""boot/quickstart: from nothing to a delivered message, again without harm, two side by side, and back."""
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile

import pytest

from harness import BUILD, ROOT, SCRATCH

PORT = 2525


def quickstart(home, *args):
    return subprocess.run([ROOT + "/boot/quickstart", "--home", home, "--no-packages", *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
                          env=dict(os.environ, B=BUILD))


def settings(home):
    """Everything an administrator may have written."""
    texts = {}
    for d in ("control", "users", "alias", "service/qmail-smtpd/env"):
        for f in os.listdir(os.path.join(home, d)):
            p = os.path.join(home, d, f)
            if os.path.isfile(p) and not p.endswith(".cdb") and f != "cdb":
                with open(p) as t:
                    texts[d + "/" + f] = t.read()
    return texts


def connected(address, port):
    with socket.socket() as s:
        return s.connect_ex((address, port)) == 0


@pytest.fixture
def places(homes):
    made = [SCRATCH + "/quick1", SCRATCH + "/quick2"]
    for h in made:
        shutil.rmtree(h, ignore_errors=True)
    yield made
    for h in made:
        if os.path.isdir(h):
            quickstart(h, "--stop")
            shutil.rmtree(h)


def start(home, address="127.0.0.1", host="one.example.org"):
    return quickstart(home, "--host", host, "--address", address, "--port", str(PORT), "--user", "foo")


def test_a_message_arrives_and_a_second_run_changes_nothing(places):
    home = places[0]
    r = start(home)
    assert r.returncode == 0, r.stdout
    assert re.search(r"new msg (\d+)\n.*info msg \1: .*\n(.*\n)*.* end msg \1$", r.stdout, re.M), r.stdout
    assert "Delivered-To: virtual.one.example.org-hello@virtual.one.example.org" in r.stdout
    r = subprocess.run([home + "/bin/qmail-lint"], capture_output=True, text=True)
    # the account may be that of another home, which the tests do not have
    elsewhere = pwd.getpwnam("alias").pw_dir
    said = [f for f in r.stdout.splitlines() if os.path.isdir(elsewhere) or not f.startswith(elsewhere + ":")]
    assert (said, r.stderr) == ([], ""), "what quickstart sets up is clean"
    with open(home + "/control/rcpthosts", "a") as f:
        f.write("kept.example")          # as an editor without a final newline leaves it
    with open(home + "/users/assign") as f:
        text = f.read()
    with open(home + "/users/assign", "w") as f:
        f.write("=kept:foo:1:1:/:::\n" + text)
    before = settings(home)
    r = start(home + "//")
    assert r.returncode == 0, r.stdout
    assert settings(home) == before
    assert "0 directories made" in r.stdout and " 0 of " in r.stdout
    # another domain is added beside what is there
    r = quickstart(home, "--domain", "more.example", "--mailbox", "A.B", "--user", "foo")
    assert r.returncode == 0, r.stdout
    after = settings(home)
    assert after["control/rcpthosts"] == before["control/rcpthosts"] + "\n# added by quickstart\nmore.example\n"
    assert after["users/assign"].startswith("=kept:foo:1:1:/:::\n") and after["users/assign"].endswith("\n.\n")
    assert quickstart(home, "--stop").returncode == 0
    assert not connected("127.0.0.1", PORT)
    r = quickstart(home, "--stop")
    assert r.returncode == 0 and "nothing to stop" in r.stdout


def test_two_installations_on_one_port(places):
    for home, address, host in ((places[0], "127.0.0.1", "one.example.org"), (places[1], "127.0.0.2", "two.example.org")):
        r = start(home, address, host)
        assert r.returncode == 0, r.stdout
    assert quickstart(places[0], "--stop").returncode == 0
    assert not connected("127.0.0.1", PORT) and connected("127.0.0.2", PORT)
    for home in places:
        other = places[1 - places.index(home)].encode()
        for base, _, files in os.walk(home):
            for f in files:
                p = os.path.join(base, f)
                if os.path.isfile(p):
                    with open(p, "rb") as t:
                        assert other not in t.read(), p


def test_a_taken_port_is_refused_before_anything_is_done(places):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("0.0.0.0", PORT))
        s.listen()
        r = start(places[0])
    assert r.returncode == 111
    assert "port %d is taken by process %d " % (PORT, os.getpid()) in r.stdout
    assert not os.path.exists(places[0])


def test_an_address_of_another_machine_is_refused_before_anything_is_done(places):
    r = start(places[0], "198.51.100.77")
    assert r.returncode == 111 and re.search(r"198.51.100.77, .*is not an address of this machine", r.stdout)
    assert not os.path.exists(places[0])


@pytest.mark.parametrize("args, says", [
    (["--port", "0"], "--port must be"),
    (["--port", "65536"], "--port must be"),
    (["--address", "1.2.3.256"], "--address must be"),
    (["--host", "a b"], "--host is not"),
    (["--domain", "../x"], "--domain is not"),
    (["--mailbox", "|x"], "--mailbox is not"),
    (["--user", "root"], "never delivered as root"),
    (["--user", "qmailq"], "an account of the suite itself"),
    (["--host"], "--host needs a value"),
    (["--what"], "unknown option"),
    (["--home", "mail"], "--home must be"),
    (["--home", "//."], "--home must be"),
])
def test_misuse(places, args, says):
    r = quickstart(places[0], *args)
    assert r.returncode == 100 and says in r.stdout
    assert not os.path.exists(places[0])


def test_a_full_disk_stops_it(places):
    home = places[0]
    os.mkdir(home)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", home], check=True)
    try:
        assert start(home).returncode == 0
        assert quickstart(home, "--stop").returncode == 0
        before = settings(home)
        with open(home + "/full", "wb", 0) as f, pytest.raises(OSError):
            while True:
                f.write(bytes(4096))
        r = quickstart(home, "--domain", "more.example", "--user", "foo")
        assert r.returncode == 111 and "No space left on device" in r.stdout
        assert settings(home) == before
        os.unlink(home + "/full")
        r = quickstart(home, "--domain", "more.example", "--user", "foo")
        assert r.returncode == 0, r.stdout
        quickstart(home, "--stop")
    finally:
        subprocess.run(["umount", home], check=True)


def test_not_root():
    # a copy: the source tree may be where only root may look
    with tempfile.TemporaryDirectory(dir=SCRATCH) as tree:
        os.chmod(tree, 0o755)
        os.mkdir(tree + "/boot")
        shutil.copy(ROOT + "/conf-qmail", tree)
        shutil.copy(ROOT + "/boot/quickstart", tree + "/boot")
        r = subprocess.run([tree + "/boot/quickstart"], user=65534, group=65534, extra_groups=[],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert r.returncode == 111 and "only root can do this" in r.stdout
