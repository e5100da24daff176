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
    shutil.copytree(ROOT, t, ignore=shutil.ignore_patterns(".git", ".build", ".musl", "__pycache__"))
    return t


def make(tree, *args, user=None, check=True, env=None, **kw):
    # what was once built for musl serves all trees
    env = {"MUSL": ROOT + "/.musl", **(env or os.environ)}
    r = subprocess.run(["make", "-j%d" % (os.cpu_count() or 1), "WERROR=1", *args], cwd=tree, capture_output=True, text=True,
                       user=user, env=env, **kw)
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
    assert make(tree, "setup", "check").returncode == 0
    before = {p: os.stat(p).st_mtime_ns for p in files_below(one)}
    set_home(tree, two)
    again = make(tree, "setup", "check").stdout
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
    (tree / ".build").rename(tree / "compiled")
    subprocess.run(["chown", "-R", "nobody", str(tree)], check=True)
    os.mkdir(tree / ".build", 0o755)
    env = {"PATH": os.environ["PATH"], "HOME": "/"}
    r = make(tree, "all", user=nobody.pw_uid, extra_groups=[], env=env, check=False)
    assert r.returncode != 0 and "make B=" in r.stdout + r.stderr
    os.rmdir(tree / ".build")
    # most of it is as it was: each step of the build, not each file
    (tree / "compiled").rename(tree / ".build")
    for d in ("bin", "boot", "doc", "filters", "lib", "man", "obj/base", "musl/obj/base"):
        shutil.rmtree(tree / ".build" / d)
    make(tree, "all", user=nobody.pw_uid, extra_groups=[], env=env)
    assert os.path.exists(tree / ".build/bin/qmail-send")
    r = make(tree, "setup", user=nobody.pw_uid, extra_groups=[], check=False)
    assert r.returncode != 0 and "root" in r.stdout + r.stderr


def test_clang_builds_without_a_warning(tree):
    make(tree, "CC=clang", "B=.build/clang", "all")


def is_static(path):
    return "INTERP" not in subprocess.run(["readelf", "-lW", path], capture_output=True, text=True, check=True).stdout


def one(tree, *args, **kw):
    """Make one program that is started for each message, and one that asks for users; what make said, is the first static?"""
    r = make(tree, "B=.build/one", ".build/one/bin/qmail-clean", ".build/one/bin/qmail-getpw", *args, **kw)
    assert not is_static(tree / ".build/one/bin/qmail-getpw")
    return r.stdout, is_static(tree / ".build/one/bin/qmail-clean")


def standing_in(tree, **programs):
    """A PATH on which programs of the machine are replaced by scripts."""
    d = tree.parent / "standing-in"
    shutil.rmtree(d, ignore_errors=True)
    d.mkdir()
    for name, script in programs.items():
        p = d / name.replace("_", "-")
        p.write_text("#!/bin/sh\n%s\n" % script)
        p.chmod(0o755)
    return dict(os.environ, PATH="%s:%s" % (d, os.environ["PATH"]))


def test_static_programs_and_without_what_they_need(tree):
    said, static = one(tree)
    if "note:" in said:
        pytest.skip(said[:300])
    assert static
    assert "musl" in make(tree, "musl").stdout
    # the same folder: the way a program was linked is forgotten when another way is asked for
    assert one(tree, "LIBC=dynamic")[1] is False
    said, static = one(tree, env=standing_in(tree, musl_gcc="exit 1"))
    assert "note:" in said and "musl-tools" in said and static, "the machine's own C library, static"
    assert "note:" not in one(tree)[0]


def test_sources_that_cannot_be_fetched(tree):
    tried = tree.parent / "tried"
    env = standing_in(tree, apt_get="echo >> %s; exit 100" % tried)
    cache = "MUSL=%s" % (tree.parent / "cache")
    assert "cannot be fetched" in one(tree, cache, env=env)[0]
    n = tried.read_text().count("\n")
    assert n > 0
    assert "make musl" in one(tree, cache, env=env)[0]
    assert tried.read_text().count("\n") == n, "not tried again by itself"
    assert make(tree, "musl", cache, env=env, check=False).returncode != 0
    assert tried.read_text().count("\n") == 2 * n


def test_no_host_to_fetch_from_is_named():
    """Sources come from where the machine has its packages, and apt checks them."""
    with open(os.path.join(ROOT, "src/musl/libraries")) as f:
        script = f.read()
    assert not re.search(r"[a-z]://|--allow|trusted", script)


def test_programs_are_hardened(tree):
    if not os.path.exists(tree / ".build/bin/qmail-smtpd"):
        make(tree)
    for name in ("qmail-smtpd", "qmail-queue", "qmail-lspawn", "qmail-remote"):
        out = subprocess.run(["readelf", "-hlWd", str(tree / ".build/bin" / name)], capture_output=True, text=True,
                             check=True).stdout
        assert "DYN (" in out, name + " is position independent"
        assert "GNU_RELRO" in out and "BIND_NOW" in out, name
        assert re.search(r"GNU_STACK.* RW ", out), name + " has no executable stack"
