"""How each mail system is started, fed, watched and stopped.

Every run gets fresh folders for queue, Maildir and logs, bound over the system's own ones inside our private
mount namespace: no run sees inodes another one freed (README), and nothing of the installation is changed.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

from machine import DOMAIN, PEERS, SCRATCH, UID, USER, Group, count_files, helper, sh, wait_until, write

CONCURRENCY = "100"


class Target:
    kind = "?"
    # Most SMTP sessions at once that it can be given sensibly; None: any number.
    sessions_cap = None
    # Rounds it takes part in, and its part of W7: fewer for those that are far behind.
    rounds = 99
    backlog = 1.0

    def __init__(self, label, arg, index):
        self.label, self.arg = label, arg
        self.port, self.sink_port = 2510 + index, 2610 + index
        self.addr = ("127.0.0.1", self.port)
        self.group = None
        self.mounts = []

    def can(self, work):
        return True

    # ---- life of one run
    def prepare(self, rundir):
        self.rundir = rundir
        self.home = rundir + "/home"
        self.maildir = self.home + "/Maildir"
        for d in (self.home, self.maildir, self.maildir + "/tmp", self.maildir + "/new", self.maildir + "/cur"):
            os.mkdir(d, 0o755 if d == self.home else 0o700)
            os.chown(d, UID, UID)
        self.group = Group(self.label)

    def bind(self, src, dst):
        sh("mount", "--bind", src, dst)
        self.mounts.append(dst)

    def stop(self):
        self.group.kill()

    def cleanup(self):
        if self.group:
            self.group.kill()
            self.group.remove()
            self.group = None
        for m in reversed(self.mounts):
            wait_until(lambda: sh("umount", m, check=False, stderr=subprocess.DEVNULL).returncode == 0, 5, 0.1)
        self.mounts = []

    def wait_port(self, limit=15):
        def greets():
            with socket.socket() as s:
                s.settimeout(2)
                try:
                    s.connect(self.addr)
                    if s.recv(100).startswith(b"220"):
                        s.sendall(b"QUIT\r\n")
                        s.recv(100)
                        return True
                except OSError:
                    pass
                return False
        if wait_until(greets, limit, 0.05) is None:
            raise RuntimeError("%s: no greeting on port %d" % (self.label, self.port))

    # ---- the queue
    def queue_count(self):
        raise NotImplementedError

    def queue_empty(self):
        return self.queue_count() == 0

    def kick(self):
        """Try everything again now."""

    # ---- the sendmail program
    def inject_root(self):
        """The root it is to be run in, or None."""
        return None

    def inject_cmd(self, rcpt):
        raise NotImplementedError


class Qmail(Target):
    """Anything with qmail's shape; arg is its home."""
    kind = "qmail"

    def prepare(self, rundir):
        super().prepare(rundir)
        self.queue = rundir + "/queue"
        sh("cp", "-a", self.arg + "/queue", self.queue)
        if self.queue_count():
            raise RuntimeError("%s: the queue of %s is not empty" % (self.label, self.arg))
        control = rundir + "/control"
        os.mkdir(control, 0o755)
        for name, text in {
            "me": DOMAIN, "locals": DOMAIN, "rcpthosts": DOMAIN, "defaultdomain": DOMAIN, "plusdomain": DOMAIN, "idhost": DOMAIN,
            "concurrencylocal": CONCURRENCY, "concurrencyremote": CONCURRENCY,
            "smtproutes": ":127.0.0.1:%d" % self.sink_port,
        }.items():
            write("%s/%s" % (control, name), text + "\n")
        self.bind(self.queue, self.arg + "/queue")
        self.bind(control, self.arg + "/control")
        self.bind(self.home, SCRATCH + "/home")

    def start(self):
        env = {"PATH": self.arg + "/bin:/usr/local/bin:/usr/bin:/bin"}
        self.log = self.rundir + "/send.log"
        with open(self.log, "ab") as log:
            self.group.popen([self.arg + "/bin/qmail-start", "./Maildir/"], env=env, cwd="/",
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        user = pwd.getpwnam("qmaild")
        env["RELAYCLIENT"] = ""
        with open(self.rundir + "/smtpd.log", "ab") as log:
            self.group.popen(["tcpserver", "-H", "-R", "-l0", "-c200", "-b200", "-u%d" % user.pw_uid,
                              "-g%d" % user.pw_gid, "127.0.0.1", str(self.port),
                              self.arg + "/bin/qmail-smtpd"], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_port()

    def stop(self):
        for r in self.group.roots:
            if r.poll() is None:
                r.terminate()
        self.signal(signal.SIGTERM)
        self.group.kill()

    def signal(self, number):
        for p in self.group.named("qmail-send"):
            try:
                os.kill(p, number)
            except OSError:
                pass

    def queue_count(self):
        return sum(count_files(self.queue + "/" + d) for d in ("mess", "todo", "intd", "bounce"))

    def kick(self):
        self.signal(signal.SIGALRM)

    def fill(self, n, due, *hosts):
        """While it is stopped: n messages to hosts that have been tried and are due again."""
        sh(helper("backlog"), self.queue, str(n), str(int(due)), *hosts)

    def route(self, *lines):
        with open(self.rundir + "/control/smtproutes", "a") as f:
            f.writelines(line + "\n" for line in lines)

    def dead_hosts(self, n):
        """Names of hosts on a wire where nobody answers."""
        if sh("ip", "link", "show", "dead", check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            for args in ("link add dead type veth peer name end", "addr add 192.0.2.1/24 dev dead", "link set dead up",
                         "link set end up", "neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 nud permanent dev dead",
                         "route add 198.18.0.0/15 via 192.0.2.2"):
                sh("ip", *args.split())
        names = ["dead%d.invalid" % i for i in range(n)]
        self.route(*("%s:198.18.1.%d" % (name, i + 1) for i, name in enumerate(names)))
        return names

    def live_host(self):
        self.route("live.invalid:127.0.0.1:%d" % (self.sink_port + 50))
        return "live.invalid"

    def inject_cmd(self, rcpt):
        return [self.arg + "/bin/sendmail", "-f", "sender@" + DOMAIN, rcpt]


class Chrooted(Target):
    """A peer in the Debian that tests/bench/peers made for it."""
    root = None

    def prepare(self, rundir):
        super().prepare(rundir)
        if not os.path.exists(self.root + "/.ready"):
            raise RuntimeError("%s: tests/bench/peers makes it" % self.label)
        self.bind(self.home, "%s/home/%s" % (self.root, USER))
        if not os.path.exists(self.root + "/proc/self"):
            sh("mount", "-t", "proc", "proc", self.root + "/proc")
            self.mounts.append(self.root + "/proc")

    def chroot(self, *args, **kw):
        return self.group.popen(["chroot", self.root, *args], **kw)

    def cmd(self, *args, limit=60):
        p = self.chroot(*args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = p.communicate(timeout=limit)
        if p.returncode:
            raise RuntimeError("%s: %s: %s" % (self.label, args, out.decode(errors="replace")[-400:]))
        return out.decode(errors="replace")

    def can(self, work):
        return work not in ("W9", "W11", "W12")

    def inject_root(self):
        return self.root

    def inject_cmd(self, rcpt):
        return ["/usr/sbin/sendmail", "-f", "sender@" + DOMAIN, rcpt]


class Postfix(Chrooted):
    """Debian's defaults; arg tuned: no pause for slow input, more deliveries at once."""
    kind = "postfix"
    root = PEERS + "/postfix"
    MASTER = """
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

    def prepare(self, rundir):
        super().prepare(rundir)
        log = rundir + "/log"
        os.mkdir(log, 0o755)
        settings = [
            "compatibility_level = 3.6", "myhostname = " + DOMAIN, "mydestination = " + DOMAIN,
            "inet_interfaces = loopback-only", "inet_protocols = ipv4", "mynetworks = 127.0.0.0/8",
            "smtpd_peername_lookup = no", "disable_dns_lookups = yes", "smtp_host_lookup = native",
            "relayhost = [127.0.0.1]:%d" % self.sink_port, "home_mailbox = Maildir/", "alias_maps =",
            "alias_database =", "biff = no", "message_size_limit = 52428800", "mailbox_size_limit = 0",
            "maillog_file = /var/log/postfix.log", "maillog_file_prefixes = /var", "smtpd_tls_security_level = none",
            "smtp_tls_security_level = none", "smtpd_recipient_limit = 6000", "default_transport = smtp",
            "smtputf8_enable = no", "append_dot_mydomain = no",
        ]
        if self.arg == "tuned":
            settings += ["in_flow_delay = 0", "local_destination_concurrency_limit = 20",
                         "default_destination_concurrency_limit = 50", "initial_destination_concurrency = 50"]
        write(self.root + "/etc/postfix/main.cf", "\n".join(settings) + "\n")
        write(self.root + "/etc/postfix/master.cf", "127.0.0.1:%d inet n - n - - smtpd" % self.port + self.MASTER)
        skeleton = PEERS + "/postfix-spool"
        if not os.path.exists(skeleton):
            sh("chroot", self.root, "postfix", "check", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            sh("cp", "-a", self.root + "/var/spool/postfix", skeleton)
        self.queue = rundir + "/spool"
        sh("cp", "-a", skeleton, self.queue)
        self.bind(self.queue, self.root + "/var/spool/postfix")
        self.bind(log, self.root + "/var/log")
        if os.path.exists(self.root + "/var/lib/postfix/master.lock"):
            os.unlink(self.root + "/var/lib/postfix/master.lock")

    def start(self):
        self.cmd("postfix", "start")
        self.wait_port()

    def stop(self):
        try:
            self.cmd("postfix", "abort")
        except (RuntimeError, subprocess.TimeoutExpired):
            pass
        self.group.kill()

    def queue_count(self):
        return sum(count_files(self.queue + "/" + d) for d in ("maildrop", "incoming", "active", "deferred"))

    def kick(self):
        self.cmd("postqueue", "-f")


class OpenSMTPD(Chrooted):
    """Its listen backlog is 5: with more connections at once it loses some and waits a second or more for each,
    so it gets 4 sessions. Its pauses between outgoing connections are off, or 14 a second would be its limit.
    It does not sync its queue."""
    kind = "opensmtpd"
    root = PEERS + "/opensmtpd"
    sessions_cap = 4
    rounds, backlog = 2, 0.1
    PAUSES = ("conn-delay-route", "reconn-delay-route", "conn-delay-host", "conn-delay-source", "conn-delay-connector",
              "conn-delay-relay", "conn-delay-domain", "session-transaction-delay")
    CAPS = ("host", "route", "relay", "connector", "domain", "source")

    def prepare(self, rundir):
        super().prepare(rundir)
        conf = ["smtp max-message-size \"50M\"", "smtp limit max-mails 100000", "smtp limit max-rcpt 6000",
                "listen on 127.0.0.1 port %d" % self.port]
        conf += ["mta limit %s 0" % p for p in self.PAUSES] + ["mta limit max-conn-per-%s 50" % c for c in self.CAPS]
        conf += ['action "local" maildir', 'action "relay" relay host smtp://127.0.0.1:%d' % self.sink_port,
                 'match from any for domain "%s" action "local"' % DOMAIN, 'match from any for any action "relay"']
        write(self.root + "/etc/smtpd.conf", "\n".join(conf) + "\n")
        write(self.root + "/etc/mailname", DOMAIN + "\n")
        self.queue = rundir + "/spool"
        os.mkdir(self.queue, 0o711)
        os.makedirs(self.root + "/var/spool/smtpd", exist_ok=True)
        self.bind(self.queue, self.root + "/var/spool/smtpd")

    def start(self):
        with open(self.rundir + "/smtpd.log", "ab") as log:
            self.chroot("smtpd", "-d", "-f", "/etc/smtpd.conf", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_port()

    def queue_count(self):
        return sum(count_files(self.queue + "/" + d) for d in ("queue", "incoming", "offline"))

    def kick(self):
        for line in self.cmd("smtpctl", "show", "routes").splitlines():
            route = line.split(".")[0].strip()
            if route.isdigit():
                try:
                    self.cmd("smtpctl", "resume", "route", route)
                except RuntimeError:
                    pass
        self.cmd("smtpctl", "schedule", "all", limit=120)


class Exim(Chrooted):
    """A process for each delivery, as Debian's daemon does it."""
    kind = "exim"
    root = PEERS + "/exim"
    rounds, backlog = 2, 0.1
    CONF = """
primary_hostname = {domain}
domainlist local_domains = {domain}
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
host_lookup =
rfc1413_query_timeout = 0s
helo_lookup_domains =
dns_ipv4_lookup =
disable_ipv6 = true
smtp_accept_max = 200
smtp_accept_queue_per_connection = 0
smtp_accept_max_per_connection = 0
smtp_accept_queue = 0
queue_run_max = 10
remote_max_parallel = 10
message_size_limit = 50M
recipients_max = 0
check_spool_space = 0
check_log_space = 0
log_file_path = /var/log/exim4/%slog
split_spool_directory = true
acl_smtp_rcpt = acl_ok
acl_smtp_data = acl_ok
smtp_receive_timeout = 5m
tls_advertise_hosts =
chunking_advertise_hosts =
prdr_enable = false
begin acl
acl_ok:
  accept
begin routers
remote:
  driver = manualroute
  domains = ! +local_domains
  route_list = * 127.0.0.1
  transport = smart
  self = send
  no_more
localuser:
  driver = accept
  check_local_user
  transport = maildir
begin transports
smart:
  driver = smtp
  port = {sink}
  hosts_try_fastopen =
  hosts_avoid_tls = *
  dnssec_request_domains =
  connection_max_messages = 500
  allow_localhost
maildir:
  driver = appendfile
  directory = $home/Maildir
  maildir_format
  delivery_date_add
  envelope_to_add
  return_path_add
begin retry
* * F,2h,1m
begin rewrite
begin authenticators
"""

    def prepare(self, rundir):
        super().prepare(rundir)
        write(self.root + "/etc/exim4/exim4.conf", self.CONF.format(domain=DOMAIN, port=self.port, sink=self.sink_port), 0o640)
        sh("chroot", self.root, "chown", "root:Debian-exim", "/etc/exim4/exim4.conf")
        self.queue, log = rundir + "/spool", rundir + "/log"
        for own, copy in (("/var/spool/exim4", self.queue), ("/var/log/exim4", log)):
            sh("cp", "-a", self.root + own, copy)
            self.bind(copy, self.root + own)

    def start(self):
        self.cmd("exim4", "-bd", "-q1m")
        self.wait_port()

    def queue_count(self):
        return count_files(self.queue + "/input")

    def kick(self):
        for _ in range(4):
            self.chroot("exim4", "-qf", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Floor(Target):
    """Not a mail system: floor.c, the least that a durable server can do; arg EXECS[,SYNC[,PROGRAM]]."""
    kind = "floor"

    def prepare(self, rundir):
        super().prepare(rundir)
        self.queue = rundir + "/queue"
        for d in ("", "/tmp", "/q"):
            os.mkdir(self.queue + d)

    def can(self, work):
        return work in ("W1", "W2", "W3a", "W5", "W8")

    def start(self):
        execs, sync, program = ((self.arg or "0") + ",2,").split(",")[:3]
        self.group.popen([helper("floor"), str(self.port), self.queue, self.maildir, str(self.sink_port), execs, sync or "2",
                          program or helper("tiny")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.wait_port()

    def queue_count(self):
        return count_files(self.queue + "/q")


KINDS = {k.kind: k for k in (Qmail, Postfix, OpenSMTPD, Exim, Floor)}


def make(spec, index):
    """The target that LABEL=KIND:ARG means; KIND:ARG and KIND do too."""
    label, named, rest = spec.partition("=")
    if not named:
        rest, label = spec, spec.replace(":", "-").strip("/").replace("/", "_")
    kind, _, arg = rest.partition(":")
    if kind not in KINDS:
        raise SystemExit("unknown kind of target %r: %s" % (kind, " ".join(KINDS)))
    return KINDS[kind](label, arg.rstrip("/"), index)
