"""What the system tests share: fixtures over tests/harness.py, and a DNS server.

tests/run starts pytest in a mount and a network namespace of its own, so accounts, resolv.conf, port 25
and port 53 are ours and nothing of the machine is changed.
"""
import os
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness
from harness import ACCOUNTS, HOMES, ROOT, SCRATCH, Home, Peer, build_home, fresh_home, maildir, wait_for


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


ZONE = """$ORIGIN example.
$TTL 60
@            SOA ns.example. root.example. 1 60 60 60 60
@            NS  ns.example.
ns           A   127.0.0.1
mx4          A   192.0.2.2
mx4b         A   192.0.2.3
mx6          AAAA 2001:db8::2
both         A   192.0.2.2
both         AAAA 2001:db8::2
me4          A   192.0.2.1
gone         A   192.0.2.77
byaddr4      A   192.0.2.2
byaddr6      AAAA 2001:db8::2
viamx        MX  10 mx4.example.
viamx6       MX  10 mx6.example.
viaboth      MX  10 both.example.
backup       MX  10 mx4b.example.
backup       MX  20 mx4.example.
canon        MX  10 mx4.example.
alias        CNAME canon.example.
aliasa       CNAME byaddr4.example.
mxalias      MX  10 mx4cname.example.
mx4cname     CNAME mx4.example.
loop1        CNAME loop2.example.
loop2        CNAME loop1.example.
nullmx       MX  0 .
deadmx       MX  10 missing.example.
bestme       MX  10 me4.example.
bestme       MX  20 mx4.example.
txtonly      TXT "nothing here"
"""
# What the loopback addresses are called; 127.0.0.3 has a name by an alias, 127.0.0.4 none.
ARPA = """$ORIGIN arpa.
$TTL 60
@                       SOA ns.example. root.example. 1 60 60 60 60
@                       NS  ns.example.
1.0.0.127.in-addr       PTR Loop.Example.
2.0.0.127.in-addr       PTR other.example.
3.0.0.127.in-addr       CNAME 3.alias.0.0.127.in-addr.arpa.
3.alias.0.0.127.in-addr PTR third.example.
4.0.0.127.in-addr       TXT "nothing here"
1.%sip6                 PTR six.example.
""" % ("0." * 31)


@pytest.fixture(scope="session")
def dns():
    """A real DNS server on 127.0.0.1, authoritative for example and for the names of addresses."""
    d = os.path.join(SCRATCH, "nsd")
    shutil.rmtree(d, ignore_errors=True)
    os.mkdir(d)
    with open(d + "/zone", "w") as f:
        f.write(ZONE)
    with open(d + "/arpa", "w") as f:
        f.write(ARPA)
    with open(d + "/conf", "w") as f:
        f.write("""server:
  ip-address: 127.0.0.1
  username: ""
  chroot: ""
  zonesdir: "%(d)s"
  database: ""
  pidfile: "%(d)s/pid"
  logfile: "%(d)s/log"
  xfrdfile: "%(d)s/xfrd"
  zonelistfile: "%(d)s/zones"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: example
  zonefile: zone
zone:
  name: arpa
  zonefile: arpa
""" % {"d": d})
    p = subprocess.Popen(["/usr/sbin/nsd", "-d", "-c", d + "/conf"])
    import dns.message
    import dns.query

    def up():
        try:
            return dns.query.udp(dns.message.make_query("ns.example.", "A"), "127.0.0.1", timeout=0.5).answer
        except Exception:
            return False
    wait_for("nsd", up)
    yield
    p.terminate()
    p.wait()
