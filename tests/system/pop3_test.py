"""Mail is fetched: tcpserver, qmail-popup, qmail-checkpassword and qmail-pop3d, as INSTALL sets them up."""
import ctypes
import os
import poplib
import re
import resource
import shutil
import socket
import stat
import subprocess
import time

import pytest

from harness import ACCOUNTS, HOMES, SCRATCH, UNLIMITED, children, wait_for

MIB = 1 << 20
SECRET = "two words, ünd mehr "
libcrypt = ctypes.CDLL("libcrypt.so.1")
libcrypt.crypt.restype = ctypes.c_char_p
HASH = libcrypt.crypt(b"secret", b"$6$rounds=1000$saltsalt$").decode()

ONE = b"Subject: one\n\nbody\n.\n..two\nno end"
TWO = b"Subject: two\n\n" + b"".join(b"line %d\n" % i for i in range(1, 100))


def mount(what, where):
    subprocess.run(["mount", "--bind", what, where], check=True)


@pytest.fixture(scope="module", autouse=True)
def shadow():
    """Passwords for accounts of ours: foo has one, john's is locked, baz's account has expired."""
    mine = SCRATCH + "/shadow"
    with open("/etc/shadow") as f:
        lines = [ln for ln in f if ln.split(":")[0] not in ACCOUNTS and ln.split(":")[0] != "root"]
    lines += ["root:%s:19000:0:99999:7:::\n" % HASH, "foo:%s:19000:0:99999:7:::\n" % HASH,
              "john:!%s:19000:0:99999:7:::\n" % HASH, "baz:%s:19000:0:99999:7::19001:\n" % HASH]
    with open(mine, "w") as f:
        f.writelines(lines)
    os.chmod(mine, 0o640)
    mount(mine, "/etc/shadow")
    yield
    subprocess.run(["umount", "/etc/shadow"], check=True)


@pytest.fixture(params=["shadow", "pam"])
def source(request):
    """Where the system's passwords are looked up: with the PAM file from INSTALL, and without."""
    d = SCRATCH + "/pam.d"
    shutil.rmtree(d, ignore_errors=True)
    shutil.copytree("/etc/pam.d", d)
    if os.path.exists(d + "/qmail"):
        os.unlink(d + "/qmail")
    if request.param == "pam":
        with open(d + "/qmail", "w") as f:
            f.write("auth     required  pam_unix.so nodelay\naccount  required  pam_unix.so\n")
    mount(d, "/etc/pam.d")
    yield request.param
    subprocess.run(["umount", "/etc/pam.d"], check=True)


@pytest.fixture
def pop3(qmail, homes):
    """The service of boot/s6, on an address of its own."""
    d = SCRATCH + "/qmail-pop3d"
    shutil.rmtree(d, ignore_errors=True)
    shutil.copytree(qmail / "boot/s6/qmail-pop3d", d)
    for name, value in dict(UNLIMITED, ADDRESS="127.0.0.1").items():
        with open(d + "/env/" + name, "w") as f:
            f.write(value + "\n")
    qmail.poplog = SCRATCH + "/pop3d.log"
    with open(qmail.poplog, "wb") as log:
        qmail.server = qmail.popen([d + "/run"], cwd=d, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def up():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", 110)) == 0
    wait_for("the POP3 server", up)
    return qmail


def poppasswd(qmail, *args, password=SECRET, **kw):
    return subprocess.run([qmail / "bin/qmail-poppasswd", *args], input=(password + "\n").encode(), capture_output=True,
                          cwd="/", **kw)


def virtual(qmail, name="info@shop.example", **kw):
    """An account for mail alone, whose Maildir is foo's; the directory it starts in."""
    home = HOMES + "/foo/shop"
    for d in ("", "/Maildir", "/Maildir/new", "/Maildir/cur", "/Maildir/tmp"):
        os.makedirs(home + d, exist_ok=True)
        os.chown(home + d, ACCOUNTS["foo"], ACCOUNTS["foo"])
    r = poppasswd(qmail, name, "foo", HOMES + "/foo", "shop", **kw)
    assert (r.returncode, r.stderr) == (0, b"")
    return home


def put(home, name, text, age=100):
    p = os.path.join(home, "Maildir", name)
    with open(p, "wb") as f:
        f.write(text)
    os.chown(p, ACCOUNTS["foo"], ACCOUNTS["foo"])
    os.utime(p, (time.time() - age,) * 2)


def login(user, password):
    c = poplib.POP3("127.0.0.1", 110, timeout=30)
    c.encoding = "UTF-8"
    c.user(user)
    c.pass_(password)
    return c


def whole_session(c, home):
    assert c.stat() == (2, len(ONE) + len(TWO))
    assert c.list()[1] == [b"1 %d" % len(ONE), b"2 %d" % len(TWO)]
    assert c.uidl()[1] == [b"1 1.one", b"2 2.two"]
    assert c.retr(1)[1] == ONE.split(b"\n")
    assert c.retr(2)[1] == TWO.split(b"\n")[:-1]
    assert c.top(2, 3)[1] == [b"Subject: two", b"", b"line 1", b"line 2", b"line 3"]
    c.dele(1)
    assert c.stat() == (1, len(TWO))
    with pytest.raises(poplib.error_proto, match="already deleted"):
        c.retr(1)
    c.rset()
    assert c.stat()[0] == 2
    c.dele(1)
    assert c.quit().startswith(b"+OK")
    assert os.listdir(home + "/Maildir/new") == []
    assert os.listdir(home + "/Maildir/cur") == ["2.two:2,"]


def test_account_of_the_system(pop3, source):
    home = HOMES + "/foo"
    put(home, "cur/1.one:2,S", ONE, 200)
    put(home, "new/2.two", TWO)
    whole_session(login("foo", "secret"), home)


def test_virtual_account(pop3):
    home = virtual(pop3)
    put(home, "new/1.one", ONE, 200)
    put(home, "new/2.two", TWO)
    whole_session(login("Info@Shop.EXAMPLE", SECRET), home)


def test_from_a_message_to_its_reader(pop3, homes):
    """A virtual domain with one user, as in INSTALL, from SMTP to POP3."""
    virtual(pop3)
    uid = ACCOUNTS["foo"]
    pop3.control(virtualdomains="shop.example:shop.example\n", rcpthosts="shop.example\n")
    pop3.assign("+shop.example-:foo:%d:%d:%s/foo:-::\n.\n" % (uid, uid, HOMES))
    homes("foo/.qmail-info", "./shop/Maildir/\n")
    pop3.start()
    pop3.listen()
    pop3.send("s@c.example", "info@shop.example", "Subject: hello\r\n\r\nworld\r\n")
    pop3.wait_log("success: did_1")
    wait_for("the next second", lambda: login("info@shop.example", SECRET).stat()[0] == 1)
    c = login("info@shop.example", SECRET)
    text = c.retr(1)[1]
    assert text[0] == b"Return-Path: <s@c.example>"
    assert text[1] == b"Delivered-To: shop.example-info@shop.example"
    assert text[-3:] == [b"Subject: hello", b"", b"world"]
    c.dele(1)
    c.quit()
    assert login("info@shop.example", SECRET).stat() == (0, 0)


@pytest.mark.parametrize("name, password", [
    ("foo", "Secret"), ("foo", "secret "), ("john", "secret"), ("john", "!"), ("baz", "secret"), ("root", "secret"),
    ("nobody-of-that-name", "secret"), ("info@shop.example", "secret"), ("info@shop.example", SECRET.rstrip()),
    ("nobody@shop.example", SECRET), ("daemon", "*"), ("foo", "x" * 600), ("x" * 600, "x"), ("../foo", "secret"),
])
def test_refusals(pop3, source, name, password):
    virtual(pop3)
    with pytest.raises(poplib.error_proto, match="authorization failed"):
        login(name, password)
    if len(name) + len(password) < 500:
        with open(pop3.poplog) as f:
            assert "qmail-checkpassword: warning: refused %s from 127.0.0.1\n" % name in f.read()


@pytest.mark.parametrize("text, program, code", [
    ("QUIT\r\n", "true", 0), ("", "true", 0), ("USER a\r\nPASS b\r\n", "true", 0), ("USER a\r\nPASS b\r\n", "false", 1),
    ("USER a\r\nPASS b\r\n", "nothere", 1)])
def test_exit_code_of_popup(qmail, text, program, code):
    """1 as ever, and what it means once the admin has asked for news."""
    for value, want in ((None, 1), ("", code), ("+apop", code)):
        env = dict(PATH="/usr/bin:/bin", **({} if value is None else {"POP3AUTH": value}))
        r = subprocess.run([qmail / "bin/qmail-popup", "h.example", program], input=text.encode(), env=env,
                           capture_output=True)
        assert (r.returncode, r.stderr) == (want, b"")


def test_an_account_of_ours_hides_one_of_the_system(pop3):
    virtual(pop3, "foo")
    assert login("foo", SECRET).stat() == (0, 0)
    with pytest.raises(poplib.error_proto):
        login("foo", "secret")


def test_accounts_that_cannot_be_looked_up(pop3):
    virtual(pop3)
    with open(pop3 / "users/poppasswd.cdb", "r+b") as f:
        f.truncate(100)
    with pytest.raises(poplib.error_proto, match="authorization failed"):
        login("info@shop.example", SECRET)
    with open(pop3.poplog) as f:
        assert "users/poppasswd.cdb: it is damaged; run qmail-poppasswd -c" in f.read()
    assert poppasswd(pop3, "-c").returncode == 0
    login("info@shop.example", SECRET)


def test_a_login_and_what_follows_in_one_packet(pop3):
    put(HOMES + "/foo", "new/1.one", ONE)
    with socket.create_connection(("127.0.0.1", 110)) as s:
        s.sendall(b"USER foo\r\nPASS secret\r\nSTAT\r\nUIDL\r\nQUIT\r\n")
        got = b""
        while b := s.recv(4096):
            got += b
    assert got == b"+OK \r\n" * 3 + b"+OK 1 %d\r\n+OK \r\n1 1.one\r\n.\r\n+OK \r\n" % len(ONE)


def test_capabilities(pop3):
    for c in (poplib.POP3("127.0.0.1", 110), login("foo", "secret")):
        assert {"TOP", "UIDL", "PIPELINING"} <= set(c.capa())


def test_other_readers_in_the_same_maildir(pop3):
    """What they move is found, and what they remove is no failure."""
    home = HOMES + "/foo"
    for i in range(5):
        put(home, "new/%d.m" % i, b"%d\n" % i, 100 - i)
    c = login("foo", "secret")
    assert c.stat()[0] == 5
    os.rename(home + "/Maildir/new/0.m", home + "/Maildir/cur/0.m:2,")
    os.rename(home + "/Maildir/new/1.m", home + "/Maildir/cur/1.m:2,FS")
    os.unlink(home + "/Maildir/new/2.m")
    os.unlink(home + "/Maildir/new/3.m")
    put(home, "cur/4.m:2,", b"another")
    assert c.retr(1)[1] == [b"0"]
    assert c.retr(2)[1] == [b"1"]
    with pytest.raises(poplib.error_proto, match="unable to open"):
        c.retr(3)
    os.rename(home + "/Maildir/cur/1.m:2,FS", home + "/Maildir/cur/1.m:2,FRS")
    for i in (1, 2, 3):
        c.dele(i)
    assert c.quit() == b"+OK "
    assert os.listdir(home + "/Maildir/new") == ["4.m"]
    with open(home + "/Maildir/cur/4.m:2,") as f:
        assert f.read() == "another"
    assert os.listdir(home + "/Maildir/cur") == ["4.m:2,"]


def test_no_quit_no_change(pop3):
    home = HOMES + "/foo"
    put(home, "new/1.one", ONE)
    c = login("foo", "secret")
    c.dele(1)
    c.close()
    time.sleep(0.3)
    assert os.listdir(home + "/Maildir/new") == ["1.one"]


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(ln.rstrip("\n").split(":\t", 1) for ln in f if ":\t" in ln)


def session(pop3):
    """The pid of the one there is: that of a connection that is over may still be ending."""
    def only():
        pids = children(pop3.server.pid)
        return pids if len(pids) == 1 else None
    return wait_for("a single session", only)[0]


def test_rights_of_the_processes(pop3):
    c = login("foo", "secret")
    popup = session(pop3)
    [pop3d] = children(popup)
    assert os.readlink("/proc/%d/exe" % pop3d) == pop3 / "bin/qmail-pop3d"
    s = status(pop3d)
    uid = str(ACCOUNTS["foo"])
    assert s["Uid"].split() == [uid] * 4 and s["Gid"].split() == [uid] * 4 and s["Groups"].split() == [uid]
    assert int(s["CapEff"], 16) == 0 and s["NoNewPrivs"] == ("0" if os.environ.get("SANDBOX") == "off" else "1")
    assert os.readlink("/proc/%d/cwd" % pop3d) == HOMES + "/foo/Maildir"
    assert sorted(os.listdir("/proc/%d/fd" % pop3d)) == ["0", "1", "2"]
    with open("/proc/%d/environ" % pop3d, "rb") as f:
        env = f.read().split(b"\0")
    assert {b"USER=foo", b"HOME=" + HOMES.encode() + b"/foo", b"SHELL=/bin/sh"} <= set(env)
    c.quit()


def test_confined_to_the_maildir(pop3, homes):
    """A message that leads elsewhere is not read, though the user himself may; in the Maildir links work."""
    homes("foo/private", "not mail\n", 0o600)
    home = HOMES + "/foo"
    put(home, "cur/1.one", ONE, 200)
    os.symlink("../../private", home + "/Maildir/new/2.link")
    os.symlink("../cur/1.one", home + "/Maildir/new/3.link")
    os.utime(home + "/private", (1000, 1000))
    c = login("foo", "secret")
    uids = [ln.split() for ln in c.uidl()[1]]
    number = {u.decode(): int(n) for n, u in uids}
    if os.environ.get("SANDBOX") == "off":
        assert c.retr(number["2.link"])[1] == [b"not mail"]
    else:
        with pytest.raises(poplib.error_proto, match="unable to open"):
            c.retr(number["2.link"])
    assert c.retr(number["3.link"])[1] == ONE.split(b"\n")


def processor_time(pid):
    """Seconds so far: what others do beside it does not count."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_fifty_thousand_messages(pop3):
    """LIST in less than a second of processor time and 16 MiB."""
    d = HOMES + "/foo/Maildir"
    when = int(time.time()) - 100000
    for i in range(50000):
        name = "%s/%d.M%dP1234_%d.mail.example.org,S=1234" % ("new" if i % 2 else "cur", when + i, i, i)
        p = os.path.join(d, name + ("" if i % 2 else ":2,S"))
        os.close(os.open(p, os.O_WRONLY | os.O_CREAT, 0o600))
        os.utime(p, (when + i,) * 2)
    c = login("foo", "secret")
    assert len(c.list()[1]) == 50000
    popup = session(pop3)
    [pop3d] = children(popup)
    peak = int(status(pop3d)["VmHWM"].split()[0])
    took = processor_time(pop3d)
    c.close()
    print("from the login to the end of LIST %.2f s, %d KiB" % (took, peak))
    assert took < 1
    assert peak < 16 * 1024


def test_endless_line(pop3):
    """Before and after the login, in bounded memory."""
    for before in (b"", b"USER foo\r\nPASS secret\r\n"):
        with socket.create_connection(("127.0.0.1", 110)) as s:
            f = s.makefile("rb")
            f.readline()
            if before:
                s.sendall(before)
                assert [f.readline() for _ in range(2)] == [b"+OK \r\n"] * 2
            for _ in range(64):
                s.sendall(b"x" * MIB)
            s.sendall(b"\r\n")
            assert f.readline() == b"-ERR line too long\r\n"
            for pid in children(pop3.server.pid):
                for p in [pid] + children(pid):
                    assert int(status(p)["VmHWM"].split()[0]) < 16 * 1024
            s.sendall(b"QUIT\r\n")
            assert f.readline() == b"+OK \r\n"
        wait_for("the end of the session", lambda: not children(pop3.server.pid))


# ---- qmail-poppasswd

def text_of(qmail):
    with open(qmail / "users/poppasswd") as f:
        return f.read()


def test_poppasswd(qmail, homes):
    r = poppasswd(qmail, "a@b.example", "foo", HOMES + "/foo")
    assert (r.returncode, r.stderr) == (0, b"")
    assert re.fullmatch(r"a@b\.example:\$y\$[^:]+:30001:30001:%s/foo:\n" % HOMES, text_of(qmail))
    for name in ("poppasswd", "poppasswd.cdb"):
        st = os.stat(os.path.join(qmail / "users", name))
        assert (st.st_uid, stat.S_IMODE(st.st_mode)) == (0, 0o600)
    first = text_of(qmail)
    assert poppasswd(qmail, "A@B.example", password="other").returncode == 0
    assert text_of(qmail) != first and text_of(qmail).split(":")[2:] == first.split(":")[2:]
    assert poppasswd(qmail, "-e", "c", "7:8", HOMES + "/foo", "x", password=HASH).returncode == 0
    assert text_of(qmail).endswith("c:%s:7:8:%s/foo:x\n" % (HASH, HOMES))
    assert poppasswd(qmail, "-d", "a@b.example").returncode == 0
    assert text_of(qmail) == "c:%s:7:8:%s/foo:x\n" % (HASH, HOMES)
    assert sorted(os.listdir(qmail / "users")) == ["poppasswd", "poppasswd.cdb"]


@pytest.mark.parametrize("args, password, code, says", [
    ([], "x", 100, b"usage"),
    (["a", "foo"], "x", 100, b"usage"),
    (["-c", "a"], "x", 100, b"usage"),
    (["-x", "a"], "x", 100, b"usage"),
    (["a"], "x", 100, b"there is no a in users/poppasswd; a new one needs"),
    (["-d", "a"], "x", 100, b"there is no a in users/poppasswd"),
    (["a", "no-such-account", "/h"], "x", 100, b"there is no account called no-such-account"),
    (["a", "root", "/h"], "x", 100, b"root"),
    (["a", "7:0", "/h"], "x", 100, b"gid"),
    (["a", "foo", "h"], "x", 100, b"slash"),
    (["a:b", "foo", "/h"], "x", 100, b"colon"),
    (["#a", "foo", "/h"], "x", 100, b"#"),
    (["", "foo", "/h"], "x", 100, b"no name"),
    (["a", "foo", "/h"], "", 100, b"no password"),
    (["a", "foo", "/h"], "x" * 256, 100, b"longer"),
    (["a", "foo", "/no/such/directory"], "x", 0, b"warning: there is no directory"),
])
def test_poppasswd_mistakes(qmail, args, password, code, says):
    r = poppasswd(qmail, *args, password=password)
    assert r.returncode == code and says in r.stderr, r.stderr
    assert code == 0 or os.listdir(qmail / "users") == []


def test_poppasswd_text_edited_badly(qmail):
    assert poppasswd(qmail, "a", "foo", "/").returncode == 0
    good = text_of(qmail)
    for bad, says in ((good + "b:x\n", b"line 2: the uid"), ("# x\n" + good + good, b"line 3: this name has a line")):
        with open(qmail / "users/poppasswd", "w") as f:
            f.write(bad)
        with open(qmail / "users/poppasswd.cdb", "rb") as f:
            table = f.read()
        for args in (["-c"], ["a"]):
            r = poppasswd(qmail, *args)
            assert r.returncode == 111 and says in r.stderr and b"nothing was changed" in r.stderr, r.stderr
        assert text_of(qmail) == bad
        with open(qmail / "users/poppasswd.cdb", "rb") as f:
            assert f.read() == table


def test_poppasswd_at_once(qmail):
    """None of several is lost."""
    runs = []
    for i in range(20):
        p = subprocess.Popen([qmail / "bin/qmail-poppasswd", "-e", "n%d" % i, "foo", "/"], stdin=subprocess.PIPE)
        p.stdin.write(b"*\n")
        p.stdin.close()
        runs.append(p)
    assert [p.wait() for p in runs] == [0] * 20
    assert {ln.split(":")[0] for ln in text_of(qmail).split("\n")} == {"n%d" % i for i in range(20)} | {""}


@pytest.mark.parametrize("call, error", [("write", "ENOSPC"), ("fsync", "EIO"), ("rename", "EIO"), ("openat", "EMFILE"),
                                         ("ftruncate", "EIO"), ("flock", "EINTR"), ("unlink", "EACCES")])
def test_poppasswd_faults(qmail, call, error):
    """Whichever call fails: it says so, and the accounts are those of before or those of after."""
    assert poppasswd(qmail, "a", "foo", "/", password="one").returncode == 0
    before = text_of(qmail)
    for when in range(1, 40):
        trace = SCRATCH + "/poppasswd.trace"
        r = subprocess.run(["strace", "-o", trace, "-P", qmail / "users", "-P", qmail / "users/poppasswd",
                            "-P", "users", "-P", "users/poppasswd.tmp", "-P", "users/poppasswd.cdb.tmp",
                            "-P", "users/poppasswd", "-e", "trace=" + call,
                            "-e", "inject=%s:error=%s:when=%d" % (call, error, when),
                            qmail / "bin/qmail-poppasswd", "-e", "b", "foo", "/"], input=b"*\n", capture_output=True)
        with open(trace) as f:
            if "INJECTED" not in f.read():
                break
        assert r.returncode == 111 and r.stderr, (when, r)
        assert text_of(qmail) in (before, before + "b:*:30001:30001:/:\n")
        assert poppasswd(qmail, "-c").returncode == 0
        poppasswd(qmail, "-d", "b")
        assert text_of(qmail) == before
    assert r.returncode == 0


def test_poppasswd_order(qmail):
    """What gets a name is on disk, and then the names are."""
    trace = SCRATCH + "/poppasswd.trace"
    subprocess.run(["strace", "-o", trace, "-y", "-e", "trace=write,pwrite64,fsync,rename,renameat2",
                    qmail / "bin/qmail-poppasswd", "-e", "a", "foo", "/"], input=b"*\n", check=True)
    dirty, calls = set(), []
    with open(trace) as f:
        for ln in f:
            m = re.match(r"(\w+)\((?:\d+<([^>]*)>)?(?:\"([^\"]*)\")?", ln)
            if not m:
                continue
            if "write" in m[1]:
                dirty.add(os.path.basename(m[2]))
            elif m[1] == "fsync":
                dirty.discard(os.path.basename(m[2]))
                calls.append("fsync " + os.path.basename(m[2]))
            else:
                assert os.path.basename(m[3]) not in dirty
                calls.append("rename " + os.path.basename(m[3]))
    assert calls[-3:] == ["rename poppasswd.tmp", "rename poppasswd.cdb.tmp", "fsync users"]


# ---- qmail-checkpassword by itself

def check(qmail, request, *argv):
    return subprocess.run(["sh", "-c", 'exec "$@" 3<&0 </dev/null', "sh", qmail / "bin/qmail-checkpassword", *argv],
                          input=request, capture_output=True)


def test_checkpassword(qmail, homes):
    virtual(qmail)
    ok = b"info@shop.example\0" + SECRET.encode() + b"\0"
    for end in (b"", b"<1.2@h>", b"<1.2@h>\0"):
        r = check(qmail, ok + end, "sh", "-c", "id -u; id -G; pwd; echo $USER; exit 7")
        assert (r.returncode, r.stdout.decode().split("\n")) == (
            7, ["30001", "30001", HOMES + "/foo/shop", "info@shop.example", ""])
    assert check(qmail, b"info@shop.example\0wrong\0\0", "true").returncode == 1
    assert check(qmail, b"info@shop.example\0", "true").returncode == 2
    assert check(qmail, ok).returncode == 2
    assert check(qmail, ok + b"x" * 500, "true").returncode == 1
    assert check(qmail, ok, "no-such-program").returncode == 111
    shutil.rmtree(HOMES + "/foo/shop")
    r = check(qmail, ok, "true")
    assert r.returncode == 111 and b"shop" in r.stderr
    r = subprocess.run([qmail / "bin/qmail-checkpassword", "true"], capture_output=True)
    assert r.returncode == 2 and b"descriptor 3 is not open" in r.stderr


def test_checkpassword_takes_the_same_time(qmail, homes):
    """A name that nobody has costs as much as a wrong password: the medians of CPU time are alike."""
    virtual(qmail)
    took = {}
    for name in (b"info@shop.example", b"nobody@shop.example"):
        costs = []
        for _ in range(15):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            assert check(qmail, name + b"\0wrong\0\0", "true").returncode == 1
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        took[name] = sorted(costs)[7]
    assert max(took.values()) < 1.5 * min(took.values()), took
