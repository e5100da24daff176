"""Hundreds and thousands of deliveries at once: more than a byte on the spawners' pipes can number."""
import asyncio
import os
import re
import resource
import threading

import pytest

from harness import HOMES, wait_for

REMOTE, LOCAL = 1000, 300


class Sink:
    """A host that greets nobody before so many have come, and then takes everything."""

    def __init__(self, port, wanted):
        self.port, self.wanted = port, wanted
        self.now = self.most = self.taken = 0
        self.open = None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.run(),), daemon=True)
        self.ready = threading.Event()
        self.thread.start()
        assert self.ready.wait(20)

    async def run(self):
        self.open, self.over = asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self.serve, "127.0.0.1", self.port, backlog=4096)
        self.ready.set()
        await self.over.wait()
        server.close()
        for t in asyncio.all_tasks() - {asyncio.current_task()}:
            t.cancel()
        await asyncio.sleep(0)

    async def serve(self, r, w):
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now >= self.wanted:
            self.open.set()
        try:
            await self.open.wait()
            w.write(b"220 sink\r\n")
            data = False
            async for line in r:
                line = line.rstrip(b"\r\n")
                if data:
                    data = line != b"."
                    if not data:
                        self.taken += 1
                        w.write(b"250 taken\r\n")
                elif line.upper() == b"DATA":
                    data = True
                    w.write(b"354 go\r\n")
                elif line.upper() == b"QUIT":
                    w.write(b"221 bye\r\n")
                    break
                else:
                    w.write(b"250 ok\r\n")
            await w.drain()
        except OSError:
            pass
        finally:
            self.now -= 1
            w.close()

    def let_go(self):
        self.loop.call_soon_threadsafe(self.open.set)

    def close(self):
        self.let_go()
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(20)


@pytest.fixture
def few_descriptors():
    """What the daemons are started with; a function that sets the hard limit as well."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < 4096:
        pytest.skip("this machine lets nobody have 4096 descriptors")

    def limit(soft, hard=before[1]):
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return before
    yield limit
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def start(qmail, few_descriptors, soft):
    before = few_descriptors(soft)
    try:
        qmail.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def status_lines(qmail, name):
    return [tuple(map(int, m)) for m in re.findall(r"^status:.*? %s (\d+)/(\d+)" % name, qmail.logtext(), re.M)]


def test_a_thousand_remote_deliveries(qmail, few_descriptors):
    """All are under way together, each is reported once, and nobody but the spawner has more descriptors than before."""
    qmail.control(concurrencyremote="%d\n" % REMOTE, smtproutes=":127.0.0.1:2525\n")
    sink = Sink(2525, REMOTE)
    try:
        start(qmail, few_descriptors, 256)
        assert status_lines(qmail, "remote")[0][0] == 0
        assert qmail.inject(b"s@client.example", [b"x@h%d.example" % i for i in range(REMOTE + 200)], b"Subject: t\n\nx\n") == 0
        wait_for("%d sessions" % REMOTE, lambda: sink.most >= REMOTE or sink.open.is_set(), 240)
        qmail.wait_log(r"^delivery \d+: success", count=REMOTE + 200, timeout=240)
        qmail.drained()
        assert sink.most == REMOTE and sink.taken == REMOTE + 200
        log = qmail.logtext()
        assert (REMOTE, REMOTE) in status_lines(qmail, "remote") and max(status_lines(qmail, "remote")) == (REMOTE, REMOTE)
        done = re.findall(r"^delivery (\d+): success", log, re.M)
        assert len(done) == len(set(done)) == REMOTE + 200
        assert "warning" not in log and "deferral" not in log
    finally:
        sink.close()


def test_hundreds_of_local_deliveries(qmail, homes, few_descriptors):
    """Users' programs have the limit that the system was started with."""
    homes("foo/.qmail-default", "|ulimit -n >>limits; while test ! -e go; do sleep 1; done\n")
    qmail.control(concurrencylocal="%d\n" % LOCAL)
    start(qmail, few_descriptors, 200)
    assert qmail.inject(b"s@client.example", [b"foo-%d@mail.test.example" % i for i in range(LOCAL)], b"Subject: t\n\nx\n") == 0
    qmail.wait_log(r"^status: local %d/%d " % (LOCAL, LOCAL), timeout=120)
    wait_for("all programs", lambda: open(HOMES + "/foo/limits").read().count("\n") == LOCAL, 120)
    with open(HOMES + "/foo/limits") as f:
        assert set(f.read().split()) == {"200"}
    homes("foo/go", "")
    qmail.wait_log(r"^delivery \d+: success", count=LOCAL, timeout=120)
    qmail.drained()
    assert "warning" not in qmail.logtext()


def test_as_many_as_there_are_descriptors_for(qmail, few_descriptors):
    """The log says how many, and why."""
    qmail.control(concurrencyremote="5000\n", smtproutes=":127.0.0.1:2525\n")
    path = qmail / "bin/qmail-rspawn"
    os.rename(path, path + ".real")
    with open(path, "w") as f:
        f.write("#!/bin/sh\nulimit -H -n 400\nexec '%s.real'\n" % path)
    os.chmod(path, 0o755)
    sink = Sink(2525, 10000)
    try:
        start(qmail, few_descriptors, 256)
        assert qmail.inject(b"s@client.example", [b"x@h%d.example" % i for i in range(500)], b"Subject: t\n\nx\n") == 0
        said = qmail.wait_log(r"^warning: control/concurrencyremote: there can be no more than (\d+) remote deliveries at once:"
                              r" the limit \(ulimit\) on descriptors$", timeout=120)
        most = int(said[0])
        assert 200 < most < 400
        qmail.wait_log("^status: local 0/10 remote %d/%d$" % (most, most), timeout=120)
        sink.let_go()
        qmail.wait_log(r"^delivery \d+: success", count=500, timeout=240)
        assert max(status_lines(qmail, "remote")) == (most, most) and "deferral" not in qmail.logtext()
    finally:
        sink.close()
        qmail.stop()
        os.rename(path + ".real", path)


def test_the_last_resort_while_many_are_under_way(qmail, homes, alias_at_home):
    """Whoever looks into a home does so with few descriptors, and without those of the deliveries."""
    homes("foo/.qmail-default", "|while test ! -e go; do sleep 1; done\n")
    qmail.control(aliasfallback="1\n", concurrencylocal="100\n")
    qmail.alias("-john-info", "#\n")
    qmail.start()
    assert qmail.inject(b"", [b"foo-%d@mail.test.example" % i for i in range(60)], b"x\n") == 0
    qmail.wait_log(r"^status: local 60/100 ", timeout=60)
    assert qmail.inject(b"", [b"john-info@mail.test.example"], b"x\n") == 0
    assert qmail.wait_log(r"^delivery 61: (.*)$", timeout=60)[0].startswith("success")
    homes("foo/go", "")
    qmail.drained(60)
    assert "failure" not in qmail.logtext()
