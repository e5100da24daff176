"""What the Makefile promises: two homes from one tree, no make clean, any user, both compilers."""
import os
import pwd
import re
import shutil
import stat
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the sources, so that conf-qmail may be changed and nothing of ours is in the way."""
    d = tmp_path_factory.mktemp("tree")
    os.chmod(d, 0o755)
    for p in (d.parent, d.parent.parent):
        os.chmod(p, 0o755)
    t = d / "src"
    shutil.copytree(ROOT, t, ignore=shutil.ignore_patterns(".git", ".build", "__pycache__"))
    return t


def make(tree, *args, user=None, check=True, **kw):
    r = subprocess.run(["make", "-j%d" % (os.cpu_count() or 1), *args], cwd=tree, capture_output=True, text=True,
                       user=user, **kw)
    if check:
        assert r.returncode == 0, r.stdout[-3000:] + r.stderr[-3000:]
    return r


def set_home(tree, home):
    (tree / "conf-qmail").write_text(home + "\n")


def strings(path):
    """The runs of printable bytes in a file, as strings(1) shows them."""
    with open(path, "rb") as f:
        return re.findall(rb"[\x20-\x7e]{4,}", f.read())


def files_below(d):
    for base, _, files in os.walk(d):
        for f in files:
            p = os.path.join(base, f)
            if stat.S_ISREG(os.lstat(p).st_mode):
                yield p


def test_two_homes_from_one_tree(tree):
    one, two = str(tree.parent / "homeone"), str(tree.parent / "hometwo")
    set_home(tree, one)
    assert make(tree, "WERROR=1", "setup", "check").returncode == 0
    before = {p: os.stat(p).st_mtime_ns for p in files_below(one)}
    set_home(tree, two)
    again = make(tree, "WERROR=1", "setup", "check").stdout
    compiled = set(re.findall(r"-o \S+/obj/(\S+)\.o ", again))
    assert compiled == {"base/conf"}, "a new home costs one compilation"
    assert {p: os.stat(p).st_mtime_ns for p in files_below(one)} == before, "the first installation is as it was"
    for p in files_below(two):
        for s in strings(p):
            assert one.encode() not in s, p
    assert any(two.encode() in s for s in strings(two + "/bin/qmail-queue"))
    r = make(tree, "check")
    assert "warning" not in r.stdout
    # nothing to do, nothing done
    assert not re.search(r"^(cc|gcc) .*-c ", make(tree).stdout, re.M)


def test_changing_the_break_rebuilds(tree):
    (tree / "conf-break").write_text("+\n")
    out = make(tree).stdout
    assert "obj/base/conf.o" in out and "bin/qmail-getpw" in out
    (tree / "conf-break").write_text("-\n")


def test_check_reports_and_setup_repairs(tree):
    home = str(tree.parent / "hometwo")
    set_home(tree, home)
    me = home + "/control/me"
    with open(me, "w") as f:
        f.write("kept.example\n")
    os.chmod(home + "/bin/qmail-queue", 0o755)
    os.unlink(home + "/queue/lock/trigger")
    os.chown(home + "/queue/todo", 0, 0)
    r = make(tree, "check", check=False)
    text = r.stdout + r.stderr
    for part in ("bin/qmail-queue", "queue/lock/trigger", "queue/todo"):
        assert re.search("instcheck: warning: .*%s" % part, text), part
    assert r.returncode != 0
    make(tree, "setup", "check")
    assert open(me).read() == "kept.example\n"
    assert stat.S_IMODE(os.stat(home + "/bin/qmail-queue").st_mode) == 0o4711


def test_reinstalling_over_running_programs(tree):
    home = str(tree.parent / "hometwo")
    set_home(tree, home)
    r, w = os.pipe()
    p = subprocess.Popen([home + "/bin/qmail-smtpd"], stdin=r, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        make(tree, "setup")
        assert p.poll() is None or p.returncode is not None
    finally:
        os.close(w)
        os.close(r)
        p.wait(10)


@pytest.mark.parametrize("home", ["mail", "/var/q mail", "/var/q'mail", "/var/$HOME"])
def test_a_home_that_scripts_cannot_name(tree, home):
    r = make(tree, "DESTDIR=%s/odd" % tree.parent, "QMAIL=" + home.replace("$", "$$"), "setup", check=False)
    assert r.returncode != 0
    assert not os.path.exists(tree.parent / "odd")


def test_destdir(tree):
    set_home(tree, "/var/qmail")
    dest = tree.parent / "dest"
    make(tree, "DESTDIR=%s" % dest, "setup", "check")
    q = dest / "var/qmail/bin/qmail-queue"
    assert stat.S_IMODE(os.stat(q).st_mode) == 0o4711
    for s in strings(q):
        assert str(dest).encode() not in s, "the destination is not compiled in"


def test_built_by_an_ordinary_user(tree):
    nobody = pwd.getpwnam("nobody")
    shutil.rmtree(tree / ".build", ignore_errors=True)
    subprocess.run(["chown", "-R", "nobody", str(tree)], check=True)
    os.mkdir(tree / ".build", 0o755)
    env = {"PATH": os.environ["PATH"], "HOME": "/"}
    r = make(tree, "all", user=nobody.pw_uid, extra_groups=[], env=env, check=False)
    assert r.returncode != 0 and "make B=" in r.stdout + r.stderr
    os.rmdir(tree / ".build")
    make(tree, "WERROR=1", "all", user=nobody.pw_uid, extra_groups=[], env=env)
    assert os.path.exists(tree / ".build/bin/qmail-send")
    r = make(tree, "setup", user=nobody.pw_uid, extra_groups=[], check=False)
    assert r.returncode != 0 and "root" in r.stdout + r.stderr


def test_clang_builds_without_a_warning(tree):
    make(tree, "CC=clang", "WERROR=1", "B=.build/clang", "all")


def test_programs_are_hardened(tree):
    if not os.path.exists(tree / ".build/bin/qmail-smtpd"):
        make(tree)
    for name in ("qmail-smtpd", "qmail-queue", "qmail-lspawn", "qmail-remote"):
        out = subprocess.run(["readelf", "-hlWd", str(tree / ".build/bin" / name)], capture_output=True, text=True,
                             check=True).stdout
        assert "DYN (" in out, name + " is position independent"
        assert "GNU_RELRO" in out and "BIND_NOW" in out, name
        assert re.search(r"GNU_STACK.* RW ", out), name + " has no executable stack"
