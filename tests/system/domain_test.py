"""qmail-domain: a domain that was added gets mail, one that was removed is refused, and nothing in between is half done."""
import collections
import fcntl
import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import threading
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, maildir, wait_for

JOHN = ACCOUNTS["john"]
FILES = ("control/rcpthosts", "control/morercpthosts", "control/virtualdomains", "users/assign")
TABLES = ("users/cdb", "control/morercpthosts.cdb", "control/rcpthosts.cdb", "control/virtualdomains.cdb")
BASE = {
    "control/rcpthosts": b"# ours\nmail.test.example\n\n.below.example",
    "control/virtualdomains": b"# virtual\nOld.Example:baz\r\n",
    "users/assign": b"=keep:john:30002:30002:/nowhere:::\n.\nbehind the end\n",
}


def domain(qmail, *args, code=0, **kw):
    """Run it; what it says on standard error, or its output."""
    r = subprocess.run([qmail / "bin/qmail-domain", *args], capture_output=True, cwd="/", env=qmail.env(), **kw)
    text = (r.stdout + r.stderr).decode()
    assert r.returncode == code, (args, text)
    return text


def read(qmail, name):
    try:
        with open(qmail / name, "rb") as f:
            return f.read()
    except FileNotFoundError:
        return None


def scratch(name):
    """The new text of a file until it is in place."""
    return "%s/.%s.qmail-domain" % os.path.split(name)


def state(qmail):
    return {f: read(qmail, f) for f in FILES}


@pytest.fixture
def shop(qmail, homes):
    """Files with everything in them that a tool may stumble over, and a directory for the domain."""
    for name, text in BASE.items():
        with open(qmail / name, "wb") as f:
            f.write(text)
    subprocess.run([qmail / "bin/qmail-newu"], check=True)
    d = os.path.join(HOMES, "john", "shop.example")
    os.mkdir(d)
    with open(d + "/.qmail-default", "w") as f:
        f.write("../Maildir/\n")
    for p in (d, d + "/.qmail-default"):
        os.chown(p, JOHN, JOHN)
    qmail.dir = d
    return qmail


def add(qmail, name="shop.example", **kw):
    return domain(qmail, "add", name, "john", qmail.dir, **kw)


def added(qmail, name="shop.example"):
    return {
        "control/rcpthosts": BASE["control/rcpthosts"] + b"\n%s\n" % name.encode(),
        "control/morercpthosts": None,
        "control/virtualdomains": BASE["control/virtualdomains"] + b"%s:%s\n" % ((name.encode(),) * 2),
        "users/assign": BASE["users/assign"].replace(
            b".\n", b"+%s-:john:30002:30002:%s:-::\n.\n" % (name.encode(), qmail.dir.encode()), 1),
    }


def refused(qmail, address):
    with qmail.smtp() as s:
        s.mail("s@client.example")
        return s.rcpt(address)[0] == 553


# ---- adding and removing

def test_added_it_gets_mail_and_removed_it_is_refused(shop):
    shop.start()
    shop.listen()
    assert refused(shop, "info@shop.example")
    assert add(shop, "Shop.Example") == ""
    assert state(shop) == added(shop)
    shop.send("s@client.example", ["info@SHOP.example", "postmaster@shop.example"])
    shop.drained()
    assert [b"Delivered-To: shop.example-info@SHOP.example" in m for m in maildir("john", "Maildir")].count(True) == 1
    assert len(maildir("john", "Maildir")) == 2
    # again: nothing to do
    assert add(shop) == "" and state(shop) == added(shop)
    assert domain(shop, "list") == "Old.Example\tbaz_\t-\t-\nshop.example\tshop.example\tjohn\t%s\n" % shop.dir
    assert domain(shop, "remove", "SHOP.example") == ""
    assert refused(shop, "info@shop.example")
    after = added(shop)
    after.update({k: v for k, v in BASE.items() if k != "control/rcpthosts"})
    after["control/rcpthosts"] = BASE["control/rcpthosts"] + b"\n"
    assert state(shop) == after
    # qmail-send has forgotten it as well: what is injected here is for elsewhere now
    assert shop.inject(b"s@client.example", [b"info@shop.example"], b"Subject: x\n\n") == 0
    shop.wait_log(r"to remote info@shop\.example$")
    assert "no virtual domain" in domain(shop, "remove", "shop.example", code=100)


def test_a_prefix_and_a_suffix(shop, homes):
    homes("foo/.qmail-default", "./Maildir/\n")
    shop.start()
    shop.listen()
    before = state(shop)
    domain(shop, "add", "-p", "foo", ".many.example")
    assert state(shop)["users/assign"] == before["users/assign"]
    shop.send("s@client.example", ["a@b.many.example"])
    shop.drained()
    assert b"Delivered-To: foo-a@b.many.example" in maildir("foo", "Maildir")[0]
    domain(shop, "remove", ".many.example")
    assert refused(shop, "a@b.many.example")
    assert state(shop)["users/assign"] == before["users/assign"]


def test_without_a_qmail_send_the_files_are_changed(shop):
    assert "no qmail-send runs here" in add(shop) and state(shop) == added(shop)
    shop.start()
    shop.listen()
    shop.send("s@client.example", ["info@shop.example"])
    shop.drained()
    assert len(maildir("john", "Maildir")) == 1


def test_the_51st_goes_into_morercpthosts(shop):
    few = "".join("n%d.example\n" % i for i in range(49)) + "# comment\nmail.test.example\n"
    shop.control(rcpthosts=few)
    shop.start()
    shop.listen()
    add(shop)
    assert read(shop, "control/rcpthosts").decode() == few
    assert read(shop, "control/morercpthosts") == b"shop.example\n"
    shop.send("s@client.example", ["info@shop.example"])
    shop.drained()
    assert len(maildir("john", "Maildir")) == 1
    # it stays there when there is room again, until it is removed
    shop.control(rcpthosts="mail.test.example\n")
    add(shop)
    assert read(shop, "control/rcpthosts") == b"mail.test.example\n"
    domain(shop, "remove", "shop.example")
    assert refused(shop, "info@shop.example")
    assert read(shop, "control/morercpthosts") == b""


def test_owners_modes_and_links_stay(shop):
    elsewhere = os.path.join(SCRATCH, "elsewhere")
    os.makedirs(elsewhere, exist_ok=True)
    os.rename(shop / "control/rcpthosts", elsewhere + "/rcpthosts")
    os.symlink(elsewhere + "/rcpthosts", shop / "control/rcpthosts")
    os.chown(elsewhere + "/rcpthosts", 7, 8)
    os.chmod(elsewhere + "/rcpthosts", 0o664)
    os.chmod(shop / "users/assign", 0o600)
    add(shop)
    assert os.path.islink(shop / "control/rcpthosts")
    st = os.stat(elsewhere + "/rcpthosts")
    assert (st.st_uid, st.st_gid, st.st_mode & 0o7777) == (7, 8, 0o664)
    assert os.stat(shop / "users/assign").st_mode & 0o7777 == 0o600
    assert state(shop) == added(shop)
    assert sorted(os.listdir(elsewhere)) == ["rcpthosts", "rcpthosts.lock"]
    assert not [f for d in ("control", "users") for f in os.listdir(shop / d) if f.endswith((".new", ".tmp", ".qmail-domain"))]
    assert os.stat(shop / "users/assign.lock").st_mode & 0o7777 == 0o600


def test_control_on_another_file_system(shop):
    other = os.path.join(SCRATCH, "memory")
    os.makedirs(other, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", other], check=True)
    try:
        subprocess.run(["cp", "-a", shop / "control", other], check=True)
        os.rename(shop / "control", shop / "control.away")
        os.symlink(other + "/control", shop / "control")
        shop.start()
        shop.listen()
        add(shop)
        assert state(shop) == added(shop)
        shop.send("s@client.example", ["info@shop.example"])
        shop.drained()
    finally:
        shop.stop()
        os.unlink(shop / "control")
        os.rename(shop / "control.away", shop / "control")
        subprocess.run(["umount", other], check=True)
    assert len(maildir("john", "Maildir")) == 1


def test_compiled_tables_follow(shop):
    subprocess.run([shop / "bin/qmail-newcdb", "virtualdomains", "rcpthosts"], check=True)
    shop.start()
    shop.listen()
    add(shop)
    for name in ("virtualdomains", "rcpthosts"):
        assert os.stat(shop / ("control/%s.cdb" % name)).st_mtime_ns >= os.stat(shop / ("control/" + name)).st_mtime_ns
    shop.send("s@client.example", ["info@shop.example"])
    shop.drained()
    assert len(maildir("john", "Maildir")) == 1
    domain(shop, "remove", "shop.example")
    assert refused(shop, "info@shop.example")


@pytest.mark.parametrize("name", ["control/virtualdomains", "control/rcpthosts", "control/morercpthosts", "users/assign"])
def test_a_table_without_its_text_is_not_replaced_by_one_line(shop, name):
    shop.control(rcpthosts="".join("n%d.example\n" % i for i in range(50)), morercpthosts="more.example\n")
    subprocess.run([shop / "bin/qmail-newcdb", "virtualdomains", "rcpthosts"], check=True)
    subprocess.run([shop / "bin/qmail-newmrh"], check=True)
    os.unlink(shop / name)
    # (those of qmail-newcdb are made anew, for texts that were put back)
    before, tables = state(shop), [read(shop, f) for f in TABLES[:2]]
    assert "there is no " + name in add(shop, code=100)
    assert (state(shop), [read(shop, f) for f in TABLES[:2]]) == (before, tables)


def test_the_list_is_of_what_counts(shop):
    shop.control(virtualdomains="a.example:foo\nB.example:bar\n")
    subprocess.run([shop / "bin/qmail-newcdb", "virtualdomains"], check=True)
    os.unlink(shop / "control/virtualdomains")
    assert domain(shop, "list") == "a.example\tfoo\t-\t-\nb.example\tbar\t-\t-\n"
    with open(shop / "control/virtualdomains.cdb", "r+b") as f:
        f.truncate(100)
    assert "unable to read control/virtualdomains" in domain(shop, "list", code=111)
    shop.control(virtualdomains="c.example:foo\n")
    os.utime(shop / "control/virtualdomains", (1, 1))
    assert "c.example\tfoo\t" in domain(shop, "list")


def test_a_damaged_users_cdb_is_no_answer(shop):
    with open(shop / "users/cdb", "r+b") as f:
        f.truncate(100)
    assert "users/cdb" in domain(shop, "list", code=111)


# ---- what it refuses, and that nothing is changed then

REFUSED = [
    ("a local domain", {"control/locals": b"Shop.Example\n"}, (), "control/locals"),
    ("an open relay", {"control/rcpthosts": None}, (), "no control/rcpthosts"),
    ("another prefix", {"control/virtualdomains": b"x:y\nSHOP.example:foo\n"}, (), "control/virtualdomains:2: "),
    ("another directory", {"users/assign": b"+shop.example-:foo:30001:30001:/home/foo:-::\n.\n"}, (), "users/assign:1: "),
    ("a mistake in users/assign", {"users/assign": b"=x:y\n.\n"}, (), "users/assign:1: it has fewer than seven colons"),
    ("no dot", {"users/assign": b""}, (), "single dot"),
    ("no account", {}, ("shop.example", "nobody-there"), "no account nobody-there"),
    ("root", {}, ("shop.example", "root"), "uid 0"),
    ("no directory", {}, ("shop.example", "john", "/nonexistent/x"), "install -d -o john /nonexistent/x"),
    ("another's directory", {}, ("shop.example", "john", "/"), "chown john /"),
    ("a colon", {}, ("shop.example", "john", "/a:b"), "colon"),
    ("a relative directory", {}, ("shop.example", "john", "x"), "slash"),
    ("no domain", {}, ("shop example", "john"), "not the name of a domain"),
    ("an address", {}, ("a@shop.example", "john"), "not the name of a domain"),
    ("too few", {}, ("shop.example",), "usage"),
    ("nobody's prefix", {}, ("-p", "no-such-prefix", "shop.example"), "no-such-prefix"),
]


@pytest.mark.parametrize("name, files, args, says", REFUSED, ids=[r[0] for r in REFUSED])
def test_refused(shop, name, files, args, says):
    for f, text in files.items():
        if text is None:
            os.unlink(shop / f)
        else:
            with open(shop / f, "wb") as h:
                h.write(text)
    before = state(shop), read(shop, "users/cdb")
    args = args or ("shop.example", "john", shop.dir)
    assert says in domain(shop, "add", *args, code=100)
    assert (state(shop), read(shop, "users/cdb")) == before


def test_unsafe_directory(shop):
    os.chmod(shop.dir, 0o777)
    assert "chmod go-w" in add(shop, code=100)


def test_only_root(shop):
    for args in (("add", "a.example", "john"), ("remove", "old.example")):
        assert "only root" in domain(shop, *args, code=100, user=JOHN, group=JOHN, extra_groups=[])


def test_what_others_need_is_left(shop):
    shop.control(virtualdomains="shop.example:shop.example\nother.example:shop.example-sub\nx@shop.example:foo\n")
    shop.assign("+shop.example-:john:30002:30002:%s:-::\n.\n" % shop.dir)
    before = read(shop, "users/assign")
    assert "x@shop.example" in domain(shop, "remove", "shop.example")
    assert read(shop, "users/assign") == before
    assert read(shop, "control/virtualdomains") == b"other.example:shop.example-sub\nx@shop.example:foo\n"


def test_a_relayed_domain_is_not_removed(shop):
    assert "no virtual domain" in domain(shop, "remove", ".below.example", code=100)
    assert "control/locals" in domain(shop, "remove", "mail.test.example", code=100)


def test_nothing_to_answer_postmaster_is_said(shop):
    os.unlink(shop.dir + "/.qmail-default")
    assert "postmaster" in add(shop)
    assert state(shop) == added(shop)


# ---- what it decides, it decides when others of us are kept out

def remove_while(shop, name, change):
    """Start a removal that has to wait for the lock name, make a change meanwhile, and let it go on."""
    fd = os.open(shop / name, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.lockf(fd, fcntl.LOCK_EX)
    p = subprocess.Popen([shop / "bin/qmail-domain", "remove", "shop.example"], env=shop.env(), stderr=subprocess.PIPE)
    time.sleep(0.5)
    assert p.poll() is None
    change()
    os.close(fd)
    text = p.communicate()[1].decode()
    return p.returncode, text


@pytest.mark.parametrize("lock", ["control/qmail-domain.lock", "users/assign.lock"])
def test_a_line_that_has_come_into_use_stays(shop, lock):
    add(shop)
    before = read(shop, "users/assign")

    def use():
        with open(shop / "control/virtualdomains", "a") as f:
            f.write("other.example:shop.example-sub\n")
    code, text = remove_while(shop, lock, use)
    assert code == 0, text
    assert read(shop, "users/assign") == before
    assert b"shop.example:shop.example\n" not in read(shop, "control/virtualdomains")


def test_a_domain_that_has_gone_meanwhile_is_none(shop):
    add(shop)

    def go():
        for f in ("control/virtualdomains", "users/assign"):
            with open(shop / f, "wb") as h:
                h.write(BASE[f])
    code, text = remove_while(shop, "control/qmail-domain.lock", go)
    assert code == 100 and "no virtual domain" in text
    assert b"\nshop.example\n" in read(shop, "control/rcpthosts")


# ---- steps that fail

@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("command", ["add", "remove"])
def test_a_file_that_cannot_be_written(shop, file, command):
    if file == "control/morercpthosts":
        shop.control(rcpthosts="".join("n%d.example\n" % i for i in range(50)))
    if command == "remove":
        add(shop)
    shop.start()
    before = state(shop)
    records = read(shop, "users/cdb")
    os.mkdir(shop / scratch(file))
    try:
        text = domain(shop, *(("add", "shop.example", "john", shop.dir) if command == "add" else ("remove", "shop.example")),
                      code=111)
    finally:
        os.rmdir(shop / scratch(file))
    assert file in text and "everything is as it was" in text
    assert state(shop) == before
    assert read(shop, "users/cdb") == records


@pytest.mark.parametrize("last", ["control/rcpthosts", "control/virtualdomains", "users/assign"])
def test_what_was_not_there_is_not_there_again(shop, last):
    for f in ("users/assign", "users/cdb", "control/virtualdomains"):
        os.unlink(shop / f)
    shop.start()
    before = state(shop)
    os.mkdir(shop / scratch(last))
    try:
        assert "everything is as it was" in add(shop, code=111)
    finally:
        os.rmdir(shop / scratch(last))
    assert state(shop) == before
    assert [read(shop, f) for f in TABLES] == [None] * 4


def test_what_was_not_there_stays_if_another_has_written_to_it(shop):
    """vadddomain puts a line into the file that is new, and then our last step fails."""
    os.unlink(shop / "control/virtualdomains")
    os.mkdir(shop / scratch("control/rcpthosts"))
    try:
        with open(shop / "control/rcpthosts.lock", "w") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            p = subprocess.Popen([shop / "bin/qmail-domain", "add", "shop.example", "john", shop.dir], env=shop.env(),
                                 stderr=subprocess.PIPE)
            wait_for("our line", lambda: read(shop, "control/virtualdomains"))
            with open(shop / "control/virtualdomains", "a") as f:
                f.write("vpop.example:vpop.example\n")
        assert b"everything is as it was" in p.communicate()[1] and p.returncode == 111
    finally:
        os.rmdir(shop / scratch("control/rcpthosts"))
    assert read(shop, "control/virtualdomains") == b"vpop.example:vpop.example\n"
    assert read(shop, "users/assign") == BASE["users/assign"]


def test_a_list_that_cannot_be_read_is_not_an_empty_one(shop):
    before = state(shop)
    os.mkdir(shop / "control/morercpthosts")
    try:
        assert "unable to read control/morercpthosts" in add(shop, code=111)
    finally:
        os.rmdir(shop / "control/morercpthosts")
    assert state(shop) == before


@pytest.fixture
def failing(shop):
    """Has a program fail the first time, or always."""
    away = []

    def start(program, always=False):
        real = shop / ("bin/" + program)
        os.rename(real, real + ".away")
        away.append(real)
        with open(real, "w") as f:
            f.write("#!/bin/sh\nif [ -e %s/once ]; then exec %s.away \"$@\"; fi\n" % (SCRATCH, real))
            f.write("exit 111\n" if always else ": > %s/once\nexit 111\n" % SCRATCH)
        os.chmod(real, 0o755)
    yield start
    for real in away:
        os.rename(real + ".away", real)
    if os.path.exists(SCRATCH + "/once"):
        os.unlink(SCRATCH + "/once")


@pytest.mark.parametrize("program", ["qmail-newu", "qmail-newmrh", "qmail-newcdb"])
@pytest.mark.parametrize("new", [False, True])
def test_a_program_that_fails(shop, failing, program, new):
    few = "".join("n%d.example\n" % i for i in range(50))
    if program == "qmail-newmrh":
        shop.control(rcpthosts=few)
        if not new:
            shop.control(morercpthosts="x.example\n")
            subprocess.run([shop / "bin/qmail-newmrh"], check=True)
    elif program == "qmail-newcdb":
        subprocess.run([shop / "bin/qmail-newcdb", "rcpthosts", "virtualdomains"], check=True)
    elif new:
        os.unlink(shop / "users/assign")
        os.unlink(shop / "users/cdb")
    before, tables = state(shop), {f: read(shop, f) for f in TABLES}
    failing(program)
    text = add(shop, code=111)
    assert program + " failed; everything is as it was" in text
    assert state(shop) == before
    for f in TABLES[:2]:
        assert read(shop, f) == tables[f], f
    # and those of qmail-newcdb count again
    assert program != "qmail-newcdb" or domain(shop, "list") == "Old.Example\tbaz_\t-\t-\n".lower()


def test_a_qmail_newcdb_that_keeps_failing(shop, failing):
    subprocess.run([shop / "bin/qmail-newcdb", "rcpthosts", "virtualdomains"], check=True)
    before = state(shop)
    failing("qmail-newcdb", always=True)
    text = add(shop, code=111)
    assert "qmail-newcdb failed" in text and "the tables made of" in text and "everything" not in text
    assert state(shop) == before


def test_other_tables_are_not_its_business(shop):
    """locals.cdb has no text, which by itself stops nobody."""
    shop.control(locals="mail.test.example\n")
    subprocess.run([shop / "bin/qmail-newcdb", "locals", "virtualdomains"], check=True)
    os.unlink(shop / "control/locals")
    assert "fatal" not in add(shop)
    assert state(shop) == added(shop)


# ---- the sign that qmail-send uses what it has read

MUTEX = "queue/lock/sendmutex"


def sign(qmail):
    return os.stat(qmail / MUTEX).st_mtime_ns


def test_the_sign_is_given_when_the_files_are_in_use(shop):
    os.utime(shop / MUTEX, (1, 1))
    began = time.time_ns()
    shop.start()
    assert began < sign(shop) < time.time_ns()
    seen = {sign(shop)}
    for n in range(3):
        began = time.time_ns()
        shop.signal("HUP")
        wait_for("the sign", lambda: sign(shop) > began)
        seen.add(sign(shop))
    assert len(seen) == 4
    # one that came to nothing
    os.mkdir(shop / "control/concurrencydomains")
    try:
        before = sign(shop)
        shop.signal("HUP")
        shop.wait_log("unable to reread control/concurrencydomains")
        assert sign(shop) == before
    finally:
        os.rmdir(shop / "control/concurrencydomains")
    # a second one never gets so far
    r = subprocess.run([shop / "bin/qmail-start", "./Mailbox"], stdin=subprocess.DEVNULL, capture_output=True, env=shop.env(), cwd="/")
    assert b"already running" in r.stdout and sign(shop) == before


def test_a_qmail_send_that_does_not_listen(shop):
    shop.start()
    before = state(shop)
    shop.signal("STOP")
    try:
        began = time.monotonic()
        assert "queue/lock/sendmutex" in add(shop, code=111)
        assert time.monotonic() - began < 40
    finally:
        shop.signal("CONT")
    assert before == state(shop)


def test_who_else_reads_the_file_gives_no_sign(shop):
    shop.start()
    before = state(shop)
    shop.signal("STOP")
    over = threading.Event()

    def look():
        while not over.wait(0.01):
            read(shop, "control/virtualdomains")
    reader = threading.Thread(target=look)
    reader.start()
    try:
        assert "within ten seconds" in add(shop, code=111)
    finally:
        over.set()
        reader.join()
        shop.signal("CONT")
    assert before == state(shop)


def test_a_reload_that_fails_is_no_sign(shop):
    shop.start()
    before = state(shop)
    os.mkdir(shop / "control/concurrencydomains")
    try:
        assert "within ten seconds" in add(shop, code=111)
    finally:
        os.rmdir(shop / "control/concurrencydomains")
    shop.wait_log("unable to reread control/concurrencydomains")
    assert before == state(shop)
    assert add(shop) == "" and state(shop) == added(shop)


STAND_IN_SEND = r'''
"""Holds the mutex as qmail-send does. At the n-th HUP it reads virtualdomains, and says that it began to so many seconds
ago as the n-th argument says; nothing if there is none. How many there were is in the file hups."""
import fcntl, os, signal, sys, time
home, agos = sys.argv[1], sys.argv[2:]
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
mutex = os.open(home + "/queue/lock/sendmutex", os.O_WRONLY)
fcntl.flock(mutex, fcntl.LOCK_EX | fcntl.LOCK_NB)

def say(ago):
    t = time.time_ns() - int(float(ago) * 1e9)
    os.utime(mutex, ns=(t, t))

if agos:
    say(0)
for n in range(100):
    with open(home + "/hups.new", "w") as f:
        f.write(str(n))
    os.rename(home + "/hups.new", home + "/hups")
    signal.sigwait([signal.SIGHUP])
    open(home + "/control/virtualdomains").read()
    time.sleep(0.2)
    if n < len(agos):
        say(agos[n])
'''


@pytest.fixture
def another(shop):
    """Starts another program in the place of qmail-send; who holds the mutex and what it was told."""
    with open(SCRATCH + "/send.py", "w") as f:
        f.write(STAND_IN_SEND)

    def start(*agos):
        shop.popen([sys.executable, SCRATCH + "/send.py", shop.path, *agos])
        wait_for("the stand-in", lambda: read(shop, "hups") == b"0")
    yield start
    shop.stop()
    os.unlink(shop / "hups")


def test_a_qmail_send_that_gives_no_signs(shop, another):
    os.utime(shop / MUTEX, (1, 1))
    another()
    began = time.monotonic()
    text = add(shop)
    assert time.monotonic() - began < 8
    assert "warning" in text and "gives no sign" in text and "queue/lock/sendmutex" in text
    assert read(shop, "hups") == b"1" and state(shop) == added(shop)


def test_a_reload_that_was_under_way_is_not_the_one(shop, another):
    """Its sign says that it began before the signal: it may have read the old text."""
    another("1", "0", "0")
    assert add(shop) == "" and state(shop) == added(shop)
    assert read(shop, "hups") == b"2"


def test_times_of_whole_seconds_take_a_second_signal(shop, another):
    another("5", "4", "3", "2")
    assert add(shop) == "" and state(shop) == added(shop)
    assert read(shop, "hups") == b"2"


# ---- whose qmail-send

def test_the_hangup_is_for_this_installation_alone(shop, second):
    second.clear()
    second.control(me="two.test.example\n", locals="two.test.example\n", rcpthosts="two.test.example\n")
    second.start()
    try:
        second.control(locals="two.test.example\nlater.example\n")
        shop.start()
        shop.listen()
        add(shop)
        shop.send("s@client.example", ["info@shop.example"])
        shop.drained()
        assert len(maildir("john", "Maildir")) == 1
        # the other one has not read its files again
        assert second.inject(b"s@client.example", [b"foo@later.example"], b"Subject: x\n\n") == 0
        second.wait_log(r"to remote foo@later\.example$")
    finally:
        second.stop()


@pytest.fixture
def led_away(shop, second):
    """led_away(name, target) has a name in the home lead there."""
    second.clear()
    second.control(me="two.test.example\n", locals="two.test.example\n", rcpthosts="two.test.example\n")
    away = []

    def lead(name, target):
        os.rename(shop / name, shop / (name + ".away"))
        away.append(name)
        os.symlink(target, shop / name)
    yield lead
    shop.stop()
    second.stop()
    for name in away:
        os.unlink(shop / name)
        os.rename(shop / (name + ".away"), shop / name)


@pytest.mark.parametrize("name", ["bin/qmail-queue", "queue"])
def test_where_another_home_delivers_the_domain_is_refused(shop, second, led_away, name):
    led_away(name, second / name)
    second.start()
    before = state(shop)
    for text in (add(shop, code=100), domain(shop, "remove", "old.example", code=100)):
        assert "%s leads to the home %s," % (name, os.path.realpath(second.path)) in text
    assert state(shop) == before


def test_a_scanner_is_no_home(shop, led_away):
    with open(SCRATCH + "/scanner", "w") as f:
        f.write("#!/bin/sh\nexec %s.away\n" % (shop / "bin/qmail-queue"))
    os.chmod(SCRATCH + "/scanner", 0o755)
    led_away("bin/qmail-queue", SCRATCH + "/scanner")
    add(shop)
    assert state(shop) == added(shop)


def test_the_qmail_send_of_another_home_gets_no_hangup(shop, second, led_away):
    """Both have their queue on a disk that is neither's, and the other one's runs."""
    disk = os.path.join(SCRATCH, "disk-of-both")
    shutil.rmtree(disk, ignore_errors=True)
    os.makedirs(disk)
    subprocess.run(["cp", "-a", second / "queue", disk], check=True)
    led_away("queue", disk + "/queue")
    os.rename(second / "queue", second / "queue.away")
    os.symlink(disk + "/queue", second / "queue")
    before = state(shop)
    try:
        second.start()
        text = add(shop, code=111)
    finally:
        second.stop()
        os.unlink(second / "queue")
        os.rename(second / "queue.away", second / "queue")
        shutil.rmtree(disk)
    assert "of another home" in text and "everything is as it was" in text
    assert state(shop) == before


def test_who_may_read_the_directory_keeps_nobody_out(shop):
    fd = os.open(shop / "control", os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        add(shop, timeout=20)
    finally:
        os.close(fd)
    assert os.stat(shop / "control/qmail-domain.lock").st_mode & 0o7777 == 0o600


# ---- killed at each call

CHANGES = ("write fsync rename unlink flock clone clone3 vfork wait4 fchown fchmod pidfd_send_signal inotify_add_watch "
           "poll exit_group").split()


def calls_of(argv, env):
    """(call, n) of each system call that changes something, makes it last or waits; n counts the calls of that name."""
    log = os.path.join(SCRATCH, "domain.trace")
    subprocess.run(["strace", "-f", "-qq", "-o", log, *argv], check=True, env=env, cwd="/", stdout=subprocess.DEVNULL)
    count, out = collections.Counter(), []
    first = None
    with open(log) as f:
        for line in f:
            m = re.match(r"(\d+) +(\w+)\(", line)
            if not m:
                continue
            first = first or m[1]
            if m[1] != first:
                continue
            count[m[2]] += 1
            # (how many files it opens and locks depends on who else runs)
            if m[2] in CHANGES:
                out.append((m[2], count[m[2]]))
    return out


def deliverable(qmail):
    """Take a message for the domain if RCPT allows it: then it must be delivered. Whether it was taken."""
    if refused(qmail, "info@shop.example"):
        return False
    n = len(maildir("john", "Maildir"))
    qmail.send("s@client.example", ["info@shop.example"])
    try:
        wait_for("the message", lambda: len(maildir("john", "Maildir")) == n + 1)
    except AssertionError as e:
        raise AssertionError("%s; the log:\n%s" % (e, qmail.logtext()[-2000:])) from None
    return True


@pytest.mark.parametrize("command", ["add", "remove"])
def test_killed_at_each_call(shop, command):
    shop.start("./Maildir/")
    shop.listen()
    doing = [shop / "bin/qmail-domain"] + (["add", "shop.example", "john", shop.dir] if command == "add"
                                           else ["remove", "shop.example"])
    undoing = [shop / "bin/qmail-domain"] + (["remove", "shop.example"] if command == "add"
                                             else ["add", "shop.example", "john", shop.dir])
    if command == "remove":
        add(shop)
    else:       # the final newline that it gives a file stays
        add(shop)
        domain(shop, "remove", "shop.example")
    old = state(shop)
    calls = calls_of(doing, shop.env())
    new = state(shop)
    assert new != old
    subprocess.run(undoing, check=True, env=shop.env())
    assert state(shop) == old
    taken = 0
    for call, n in calls:
        r = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", "inject=%s:signal=KILL:when=%d" % (call, n), *doing],
                           env=shop.env(), cwd="/", stderr=subprocess.DEVNULL)
        assert r.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), (call, n)
        now = state(shop)
        for f in FILES:
            assert now[f] in (old[f], new[f]), (call, n, f)
        taken += deliverable(shop)
        # and the next one makes it whole
        if now != old or command == "add":
            r = subprocess.run(doing, env=shop.env(), capture_output=True)
            assert r.returncode == 0 or b"no virtual domain" in r.stderr, (call, n, r.stderr)
            assert state(shop) == new, (call, n)
            assert deliverable(shop) == (command == "add"), (call, n)
            subprocess.run(undoing, check=True, env=shop.env())
        assert state(shop) == old, (call, n)
    assert len(calls) > 20 and 0 < taken < len(calls)


# ---- beside vpopmail

STAND_IN = r'''
"""What vadddomain does to qmail's files, one domain after another: each file by itself under a write lock of FILE.lock,
read, a line added, the whole sorted, written to FILE.PID and renamed; then qmail-newu, qmail-newmrh past 50, and HUP to
whatever shows qmail-send, here only to that of this home."""
import fcntl, os, signal, subprocess, sys
home, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def update(name, line, end=None):
    path = home + "/" + name
    with open(path + ".lock", "w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        lines = open(path).read().splitlines() if os.path.exists(path) else []
        lines = sorted(set([l for l in lines if l != end] + [line])) + ([end] if end else [])
        with open("%s.%d" % (path, os.getpid()), "w") as f:
            f.write("\n".join(lines) + "\n")
        os.rename("%s.%d" % (path, os.getpid()), path)

for i in range(first, last):
    d = "vpop%d.example" % i
    update("users/assign", "+%s-:%s:30003:30003:/nowhere/%s:-::" % (d, d, d), ".")
    subprocess.run([home + "/bin/qmail-newu"])
    update("control/virtualdomains", "%s:%s" % (d, d))
    if len(open(home + "/control/rcpthosts").read().split()) >= 50:
        update("control/morercpthosts", d)
        subprocess.run([home + "/bin/qmail-newmrh"])
    else:
        update("control/rcpthosts", d)
    for p in os.listdir("/proc"):
        try:
            if p.isdigit() and os.path.samefile("/proc/%s/exe" % p, home + "/bin/qmail-send"):
                os.kill(int(p), signal.SIGHUP)
        except OSError:
            pass
'''


def test_two_of_us_and_vadddomain_at_once_lose_nothing(shop):
    n = 25
    shop.assign(".\n")         # vpopmail sorts all lines
    shop.start("./Maildir/")
    shop.listen()
    with open(SCRATCH + "/vadddomain.py", "w") as f:
        f.write(STAND_IN)
    wrong = []

    def many(prefix):
        for i in range(n):
            r = subprocess.run([shop / "bin/qmail-domain", "add", "%s%d.example" % (prefix, i), "john", shop.dir],
                               env=shop.env(), capture_output=True)
            if r.returncode:
                wrong.append(r.stderr)
    threads = [threading.Thread(target=many, args=(p,)) for p in ("one", "two")]
    stand_in = subprocess.Popen([sys.executable, SCRATCH + "/vadddomain.py", shop.path, "0", str(n)])
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert stand_in.wait() == 0 and wrong == []
    names = {"%s%d.example" % (p, i) for p in ("one", "two", "vpop") for i in range(n)}
    now = {f: text.decode().split("\n") for f, text in state(shop).items()}
    assert names <= set(now["control/rcpthosts"]) | set(now["control/morercpthosts"])
    assert len([x for x in now["control/rcpthosts"] if x and not x.startswith("#")]) <= 51
    assert {"%s:%s" % (d, d) for d in names} <= set(now["control/virtualdomains"])
    assert {"+%s-" % d for d in names} <= {x.split(":")[0] for x in now["users/assign"]}
    assert now["users/assign"].count(".") == 1
    some = ["x@%s" % d for d in sorted(names) if not d.startswith("vpop")]
    for a in some + ["x@vpop%d.example" % i for i in range(n)]:
        assert not refused(shop, a), a
    shop.send("s@client.example", some)
    shop.drained()
    assert len(maildir("john", "Maildir")) == len(some)
    for i in range(n):
        domain(shop, "remove", "one%d.example" % i)
    assert refused(shop, "x@one0.example") and not refused(shop, "x@two0.example")


def test_it_waits_for_vpopmails_lock(shop):
    with open(shop / "control/virtualdomains.lock", "w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        p = subprocess.Popen([shop / "bin/qmail-domain", "add", "shop.example", "john", shop.dir], env=shop.env())
        time.sleep(0.5)
        assert p.poll() is None and read(shop, "control/virtualdomains") == BASE["control/virtualdomains"]
        # and holds none of its own meanwhile
        with open(shop / "users/assign.lock", "r+") as other:
            fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert p.wait(10) == 0
    assert state(shop) == added(shop)
