"""Control files that are symbolic links: what they lead to is replaced, and read again at HUP as any other."""
import os
import shutil
import subprocess

import pytest

from harness import SCRATCH

OFF = os.environ.get("SANDBOX") == "off"
DOMAINS = SCRATCH + "/reread"


def replaced(path, text):
    """As qmail-domain and editors do it."""
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


@pytest.fixture
def elsewhere(qmail):
    """A function that moves a control file to a directory of its own and leaves a link; it gives the new path."""
    shutil.rmtree(DOMAINS, ignore_errors=True)

    def move(name, text, way="direct"):
        place = os.path.join(DOMAINS, name)
        os.makedirs(place)
        path = os.path.join(place, "table")
        target = path
        if way == "by another link":
            os.makedirs(place + ".by")
            os.symlink("../%s/table" % name, place + ".by/link")
            target = place + ".by/link"
        elif way == "relative":
            target = os.path.relpath(path, qmail / "control")
        if os.path.lexists(qmail / ("control/" + name)):
            os.unlink(qmail / ("control/" + name))
        os.symlink(target, qmail / ("control/" + name))
        if text is not None:
            replaced(path, text)
        return path
    yield move
    qmail.stop()
    shutil.rmtree(DOMAINS, ignore_errors=True)


def goes_to(qmail, address, recipient):
    assert qmail.inject(b"", [address.encode()], b"x\n") == 0
    qmail.wait_log(r"to (local|remote) %s$" % recipient.replace(".", r"\."))


@pytest.mark.parametrize("way", ["direct", "by another link", "relative"])
def test_every_file_may_be_a_link(qmail, homes, elsewhere, way):
    """Its target is replaced, twice; one of them is not there at the start."""
    qmail.control(concurrencyremote="0\n")
    paths = {name: elsewhere(name, text, way) for name, text in (
        ("virtualdomains", "a.example:foo\n"), ("locals", "mail.test.example\n"), ("queuelifetimes", "a.example:1\n"),
        ("concurrencydomains", "c.example:1\n"), ("emptyprefixlocal", None))}
    qmail.start()
    goes_to(qmail, "x@a.example", "foo-x@a.example")
    for i in (1, 2):
        replaced(paths["virtualdomains"], "a.example:foo-%d\ne%d.example:\n" % (i, i))
        replaced(paths["locals"], "mail.test.example\nb%d.example\n" % i)
        replaced(paths["emptyprefixlocal"], "1\n")
        replaced(paths["queuelifetimes"], "life%d\n" % i)
        replaced(paths["concurrencydomains"], "many%d\n" % i)
        qmail.signal("HUP")
        goes_to(qmail, "y%d@a.example" % i, "foo-%d-y%d@a.example" % (i, i))
        goes_to(qmail, "foo@b%d.example" % i, "foo@b%d.example" % i)
        goes_to(qmail, "foo@e%d.example" % i, "foo@e%d.example" % i)
    # what has no effect that shows at once is remarked on, a quarter of a minute later
    for name, word in (("queuelifetimes", "life2"), ("concurrencydomains", "many2")) if way == "direct" else ():
        qmail.wait_log("^warning: control/%s line 1: %s counts for nothing" % (name, word), timeout=30)
    assert "unable" not in qmail.logtext() and "remote" not in "".join(
        ln for ln in qmail.logtext().splitlines() if ln.startswith("starting"))


@pytest.mark.parametrize("name,text,recipient", [("virtualdomains", "a.example:foo%s\n", "foo%s-x@a.example"),
                                                 ("locals", "a.example\nb%s.example\n", None)])
def test_compiled_lists(qmail, elsewhere, name, text, recipient):
    """The cdb is a link, and there is no text."""
    path = elsewhere(name + ".cdb", "")

    def make(word):
        """Somewhere else, then put in its place."""
        qmail.control(**{name: text % word})
        os.rename(qmail / ("control/%s.cdb" % name), DOMAINS + "/link")
        subprocess.run([qmail / "bin/qmail-newcdb", name], check=True)
        os.rename(qmail / ("control/%s.cdb" % name), path)
        os.rename(DOMAINS + "/link", qmail / ("control/%s.cdb" % name))
        # without a text it is the cdb that counts
        os.unlink(qmail / ("control/" + name))
    qmail.control(concurrencyremote="0\n")
    make("1")
    qmail.start()
    make("2")
    qmail.signal("HUP")
    if recipient:
        goes_to(qmail, "x@a.example", recipient % "2")
    else:
        goes_to(qmail, "x@b2.example", "x@b2.example")


def test_me_in_the_place_of_locals(qmail, elsewhere):
    qmail.control(concurrencyremote="0\n")
    if os.path.exists(qmail / "control/locals"):
        os.unlink(qmail / "control/locals")
    path = elsewhere("me", "mail.test.example\n")
    qmail.start()
    replaced(path, "new.example\n")
    qmail.signal("HUP")
    goes_to(qmail, "foo@new.example", "foo@new.example")


def test_control_may_be_a_link(qmail):
    """To a directory elsewhere, in which there is one more link."""
    shutil.rmtree(DOMAINS, ignore_errors=True)
    os.makedirs(DOMAINS + "/etc")
    qmail.control(concurrencyremote="0\n", virtualdomains="a.example:foo\n", locals="mail.test.example\n")
    shutil.copytree(qmail / "control", DOMAINS + "/control")
    replaced(DOMAINS + "/etc/locals", "mail.test.example\n")
    os.unlink(DOMAINS + "/control/locals")
    os.symlink("../etc/locals", DOMAINS + "/control/locals")
    os.rename(qmail / "control", qmail / "control.was")
    os.symlink(DOMAINS + "/control", qmail / "control")
    try:
        qmail.start()
        goes_to(qmail, "x@a.example", "foo-x@a.example")
        replaced(DOMAINS + "/control/virtualdomains", "a.example:foo-two\n")
        replaced(DOMAINS + "/control/emptyprefixlocal", "1\n")
        replaced(DOMAINS + "/etc/locals", "mail.test.example\nb.example\n")
        qmail.signal("HUP")
        goes_to(qmail, "x@a.example", "foo-two-x@a.example")
        goes_to(qmail, "foo@b.example", "foo@b.example")
        assert "unable" not in qmail.logtext()
    finally:
        qmail.stop()
        os.unlink(qmail / "control")
        os.rename(qmail / "control.was", qmail / "control")
        shutil.rmtree(DOMAINS, ignore_errors=True)


def relinked(link, target):
    os.symlink(target, link + ".new")
    os.rename(link + ".new", link)


@pytest.mark.skipif(OFF, reason="the sandbox is off")
@pytest.mark.parametrize("name", ["virtualdomains", "locals", "queuelifetimes", "concurrencydomains", "emptyprefixlocal"])
def test_a_link_that_leads_elsewhere_now(qmail, elsewhere, name):
    """What was read last counts, all of it; the log says so and what to do, and that is true."""
    qmail.control(concurrencyremote="0\n", virtualdomains="a.example:foo\n", locals="mail.test.example\n",
                  emptyprefixlocal="0\n", queuelifetimes="a.example:1\n", concurrencydomains="a.example:9\n")
    with open(qmail / ("control/" + name)) as f:
        path = elsewhere(name, f.read())
    new = elsewhere("far.away", "1\n" if name == "emptyprefixlocal" else "mail.test.example\nb.example:foo-b\n")
    os.unlink(qmail / "control/far.away")
    qmail.start()
    relinked(qmail / ("control/" + name), new)
    if name != "virtualdomains":
        qmail.control(virtualdomains="a.example:foo\nb.example:foo-b\n")
    qmail.signal("HUP")
    qmail.wait_log("^alert: unable to reread control/%s$" % name)
    goes_to(qmail, "x@a.example", "foo-x@a.example")
    assert qmail.inject(b"", [b"x@b.example"], b"x\n") == 0
    if name in ("virtualdomains", "queuelifetimes"):
        qmail.wait_log("^warning: control/%s leads to where qmail-send may not look since it started: .*restart" % name, timeout=30)
    assert "foo-b" not in qmail.logtext()
    # back again it can be read
    relinked(qmail / ("control/" + name), path)
    qmail.control(virtualdomains="a.example:foo-three\nb.example:foo-b\n")
    qmail.signal("HUP")
    goes_to(qmail, "y@a.example", "foo-three-y@a.example")
    relinked(qmail / ("control/" + name), new)
    qmail.stop()
    qmail.start()
    goes_to(qmail, "z@b.example", "foo-b-z@b.example")
    assert "unable" not in qmail.logtext()


@pytest.mark.skipif(OFF, reason="the sandbox is off")
def test_a_compiled_list_that_leads_elsewhere_now(qmail, elsewhere):
    """The text beside it counts; without one what was read last does."""
    qmail.control(concurrencyremote="0\n", virtualdomains="a.example:foo\n")
    new = elsewhere("far.away", "")
    os.unlink(qmail / "control/far.away")
    qmail.start()
    subprocess.run([qmail / "bin/qmail-newcdb", "virtualdomains"], check=True)
    os.rename(qmail / "control/virtualdomains.cdb", new)
    os.symlink(new, qmail / "control/virtualdomains.cdb")
    qmail.signal("HUP")
    goes_to(qmail, "x@a.example", "foo-x@a.example")
    qmail.wait_log(r"^warning: control/virtualdomains\.cdb leads to where qmail-send may not look .*restart", timeout=30)
    os.unlink(qmail / "control/virtualdomains")
    qmail.signal("HUP")
    qmail.wait_log("^alert: unable to reread control/virtualdomains$")
    goes_to(qmail, "y@a.example", "foo-y@a.example")
    qmail.wait_log(r"^warning: control/virtualdomains\.cdb leads to .*: what it read last counts; restart", timeout=30)


@pytest.mark.parametrize("what,words", [("a directory", ""), ("not its own", "Permission denied")])
def test_a_file_that_cannot_be_read(qmail, what, words):
    qmail.control(virtualdomains="a.example:foo\n", concurrencyremote="0\n")
    qmail.start()
    p = qmail / "control/virtualdomains"
    if what == "a directory":
        os.unlink(p)
        os.mkdir(p)
    else:
        replaced(p, "a.example:foo-two\n")
        os.chmod(p, 0o600)
    try:
        qmail.signal("HUP")
        qmail.wait_log("^alert: unable to reread control/virtualdomains$")
        goes_to(qmail, "x@a.example", "foo-x@a.example")
        if words == "Permission denied":
            qmail.wait_log(r"^warning: control/virtualdomains cannot be read \(%s\): what was read last counts; mend that, then send HUP"
                           % words, timeout=30)
    finally:
        if what == "a directory":
            os.rmdir(p)
    qmail.control(virtualdomains="a.example:foo-three\n")
    os.chmod(p, 0o644)
    qmail.signal("HUP")
    goes_to(qmail, "y@a.example", "foo-three-y@a.example")
