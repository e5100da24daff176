"""What must hold of whatever a power cut leaves, and who was told what by then."""
import os
import re

NOTE = re.compile(rb"(?m)^(?=<[^\n]*>:\n)")       # where one begins, if several are written at once
QUEUE_PATH = re.compile(r"/queue/(mess|intd|todo|info|local|remote|bounce)/(?:\d+/)?(\d+)$")


class Message:
    """One that got into the queue: a client's, a forward, a bounce."""

    def __init__(self, number, text, envelope, process):
        self.number, self.text, self.envelope, self.process = number, text, envelope, process
        records = envelope.split(b"\0")
        self.sender = next(r[1:] for r in records if r[:1] == b"F")
        self.recipients = [r[1:] for r in records if r[:1] == b"T"]
        mark = re.search(rb"^end (mark\d+(?:/\d)?)\n\Z", text, re.M)
        self.mark = mark[1] if mark else None


class Mail:
    """For everything that mail is in: queue, Maildirs, mboxes, other hosts.

    places: recipient -> what a finished delivery means, a list of ("maildir", directory), ("mbox", file),
    ("remote",), ("forward", recipient...), ("fails",).
    """

    def __init__(self, places, messages=()):
        """messages: those that are there before the first step; nobody has promised anything about them."""
        self.places = places
        self.messages = {m.number: m for m in messages}
        self.old = {}           # mbox -> what was in it
        self.whole = set()      # what files in a new/ may hold
        self.notes = {}         # number -> what was added to its bounce file
        self.kinds = {}         # path -> (kind, number)
        self.forget()

    def forget(self):
        """Back to the time before the first step: nobody was told anything."""
        self.acknowledged = set()
        self.done = set()       # (number, recipient): a delivery was reported as a success
        self.asked = {}         # (spawner's descriptor, delivery number) -> (number, recipient)

    # ---- the first pass: what the messages are
    def learn(self, steps, fs):
        """Play the steps, on a file system on which nothing is lost, to see what is whole."""
        makers = {}
        for places in self.places.values():
            for p in places:
                if p[0] == "mbox":
                    self.old[p[1]] = bytes(fs.live.get(fs.names.get(p[1]), b""))
        for s in steps:
            fs.step(s)
            if s.kind == "names":
                for path, inode in s.what:
                    if inode is None:
                        continue
                    kind, number = self.kind(path)
                    if kind == "todo":
                        mess = fs.names.get(next((p for p in fs.names if self.kind(p) == ("mess", number)), None))
                        text, envelope = bytes(fs.live.get(mess, b"")), bytes(fs.live[inode])
                        self.messages[number] = Message(number, text, envelope, s.process.pid)
                    elif kind == "bounce":
                        makers[inode] = number
                    elif os.path.basename(os.path.dirname(path)) == "new":
                        self.whole.add(bytes(fs.live[inode]))
            elif s.kind == "write" and s.what[0] in makers:
                self.notes.setdefault(makers[s.what[0]], set()).update(NOTE.split(s.what[2]))

    def kind(self, path):
        if path not in self.kinds:
            m = QUEUE_PATH.search(path)
            self.kinds[path] = (m[1], int(m[2])) if m else (None, None)
        return self.kinds[path]

    # ---- who is told what
    def hear(self, s):
        """Whether this step is a promise, or the word that one was kept."""
        program = s.process.program
        if s.kind == "exit" and s.what == 0 and program == "qmail-queue":
            return self.acknowledge(s.process.pid)
        if s.kind == "exit" and s.what == 0 and program == "qmail-local":
            local, domain = s.process.argv[4], s.process.argv[7]
            return self.deliver(self.standing_for(s.process), local + b"@" + domain)
        if s.kind != "say":
            return False
        fd, data = s.what
        if program == "qmail-remote" and fd == 1 and b"K" in data[data.find(b"\0") + 1:][:1]:
            return self.deliver(self.standing_for(s.process), s.process.argv[3])
        if program == "qmail-smtpd" and fd == 1:
            return any([self.acknowledge(int(qp)) for qp in re.findall(rb"250 ok \d+ qp (\d+)", data)])
        if program == "qmail-send" and fd in (1, 3):
            for m in re.finditer(rb"(.)\d+/(\d+)\0[^\0]*\0([^\0]*)\0", data, re.S):
                self.asked[fd, m[1]] = (int(m[2]), m[3])
        elif program in ("qmail-lspawn", "qmail-rspawn") and fd == 1:
            asked = 1 if program == "qmail-lspawn" else 3
            return any([self.deliver(*self.asked[asked, m[1]]) for m in re.finditer(rb"(.)([KZD])[^\0]*\0", data, re.S)
                        if m[2] == b"K" and (asked, m[1]) in self.asked])
        return False

    @staticmethod
    def standing_for(process):
        stdin = process.stdin or process.table.get(0)
        m = QUEUE_PATH.search(stdin.path) if stdin else None
        return int(m[2]) if m else None

    def acknowledge(self, pid):
        new = {m.number for m in self.messages.values() if m.process == pid} - self.acknowledged
        self.acknowledged |= new
        return bool(new)

    def deliver(self, number, recipient):
        if number is None or (number, recipient) in self.done:
            return False
        self.done.add((number, recipient))
        return True

    def told(self):
        """The promises so far, to compare a recovery with: (mark, whether acknowledged) of each message that a client
        gave, and what was reported as done: (mark, recipient)."""
        marks = {n: m.mark for n, m in self.messages.items() if m.mark}
        first = [n for n, m in self.messages.items() if m.mark and not any(
            o is not m and m.text.endswith(o.text) for o in self.messages.values())]
        return (frozenset((marks[n], n in self.acknowledged) for n in first),
                frozenset((marks[n], r) for n, r in self.done if n in marks))

    # ---- the predicate
    def check(self, state):
        """What is wrong with a state: an empty list if nothing is."""
        return Look(self, state).problems()


class Look:
    """One state, looked at."""

    def __init__(self, mail, state):
        self.mail, self.state = mail, state
        self.queue = {"mess": {}, "intd": {}, "todo": {}, "info": {}, "local": {}, "remote": {}, "bounce": {}}
        self.maildirs = {}
        for path, inode in state.names.items():
            kind, number = mail.kind(path)
            if kind:
                self.queue[kind][number] = inode
            elif path.rpartition("/")[0].endswith("/new"):
                self.maildirs.setdefault(path.rpartition("/")[0], []).append(inode)

    def queued(self, kind, number):
        inode = self.queue[kind].get(number)
        return None if inode is None else self.state.data(inode)

    def problems(self):
        out = []
        for number, m in self.mail.messages.items():
            out += self.exposed(m)
            if number in self.mail.acknowledged:
                out += ["LOST: acknowledged, and nowhere: recipient %s" % r.decode("latin-1") for r in m.recipients
                        if not self.safe(m, r)]
        for number, recipient in self.mail.done:
            m = self.mail.messages.get(number)
            if m and not self.delivered(m, recipient):
                out.append("LOST: reported as delivered, and not there: recipient %s" % recipient.decode("latin-1"))
        for directory, inodes in self.maildirs.items():
            if any(self.state.data(i) not in self.mail.whole for i in inodes):
                out.append("EXPOSED: a torn message in %s" % "/".join(directory.split("/")[-3:]))
        for path, old in self.mail.old.items():
            if not (self.state.read(path) or b"").startswith(old):
                out.append("LOST: old contents of %s" % os.path.basename(path))
        return out

    def exposed(self, m):
        """What a qmail-send that starts now would take up must be whole, as long as it is not done with."""
        n = m.number
        if not any(self.mail.kind(p) in (("todo", n), ("info", n)) for p in self.state.fs.names):
            return []
        mess = self.queued("mess", n)
        if n in self.queue["todo"]:
            if self.queued("todo", n) != m.envelope:
                return ["EXPOSED: todo with a torn envelope"]
            if mess is None:
                return ["EXPOSED: todo without the message"]
            if mess != m.text:
                return ["EXPOSED: todo with a torn message"]
        elif n in self.queue["info"] and mess is not None:
            if mess != m.text:
                return ["EXPOSED: info with a torn message"]
            if self.queued("info", n) != b"F" + m.sender + b"\0":
                return ["STUCK: a torn info"]
            records = b"".join(self.queued(c, n) or b"" for c in ("local", "remote")).split(b"\0")
            return ["EXPOSED: to recipient %s, who is none of the envelope's" % r[1:].decode("latin-1") for r in records
                    if r[:1] == b"T" and r[1:] not in m.recipients]
        return []

    def safe(self, m, r):
        return self.waiting(m, r) or self.delivered(m, r) or self.failed(m, r)

    def waiting(self, m, r):
        """qmail-send will still try this recipient."""
        if self.queued("mess", m.number) != m.text:
            return False
        if m.number in self.queue["todo"]:
            return self.queued("todo", m.number) == m.envelope
        if self.queued("info", m.number) != b"F" + m.sender + b"\0":
            return False
        return any(b"\0T" + r + b"\0" in b"\0" + (self.queued(c, m.number) or b"") for c in ("local", "remote"))

    def delivered(self, m, r):
        places = self.mail.places.get(r, [])
        return bool(places) and all(self.arrived(m, r, p) for p in places)

    def arrived(self, m, r, place):
        if place[0] == "maildir":
            return any(self.state.data(i).endswith(m.text) for i in self.maildirs.get(place[1] + "/new", ()))
        if place[0] == "mbox":
            head = rb"(?:^|\n)From [^\n]*\nReturn-Path: <[^\n]*\nDelivered-To: [^\n]*\n"
            return re.compile(head + re.escape(m.text) + rb"\n").search(self.state.read(place[1]) or b"") is not None
        if place[0] == "remote":
            return (m.number, r) in self.mail.done
        if place[0] == "forward":
            return all(any(c.number in self.mail.acknowledged and t in c.recipients and self.safe(c, t)
                           for c in self.offspring(m)) for t in place[1:])
        return False

    def offspring(self, m):
        return [c for c in self.mail.messages.values() if c is not m and c.text.endswith(m.text)]

    def failed(self, m, r):
        """The sender will be told, or a bounce to him is on its way."""
        start = b"<" + r + b">:\n"
        notes = [n for n in self.mail.notes.get(m.number, ()) if n.startswith(start)]
        there = self.queued("bounce", m.number) or b""
        if (any(n in there for n in notes) and self.queued("mess", m.number) == m.text
                and self.queued("info", m.number) == b"F" + m.sender + b"\0"):
            return True
        return any(c.number in self.mail.acknowledged and any(n in c.text for n in notes)
                   and all(self.safe(c, t) for t in c.recipients) for c in self.offspring(m))


class Table:
    """For a cdb that is made anew: at any time the old one or the new one, whole; the new one once that was said."""

    def __init__(self, path, program):
        self.path, self.program = path, program
        self.versions = []
        self.forget()

    def forget(self):
        self.said = 0

    def learn(self, steps, fs):
        self.versions = [bytes(fs.live[fs.names[self.path]])]
        for s in steps:
            fs.step(s)
            if s.kind == "names" and any(p == self.path and i is not None for p, i in s.what):
                self.versions.append(bytes(fs.live[fs.names[self.path]]))

    def hear(self, s):
        if s.kind != "exit" or s.what != 0 or s.process.program != self.program:
            return False
        self.said += 1
        return True

    def check(self, state):
        now = state.read(self.path)
        name = os.path.basename(self.path)
        if now is None:
            return ["LOST: no %s" % name]
        if now not in self.versions:
            return ["EXPOSED: a torn %s" % name]
        if now not in self.versions[self.said:]:
            return ["LOST: the old %s after the new one was promised" % name]
        return []
