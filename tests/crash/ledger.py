"""Messages whose every byte follows from their id, the ledger of those that were accepted, and a sink."""
import asyncio
import hashlib
import os
import random
import re
import threading


def content(ident):
    """The text of a message, all of it decided by its id: up to 200 kB, most of them small; an id that ends in
    "+N" has about N bytes."""
    rng = random.Random(ident)
    size = int(ident.split("+")[1]) if "+" in ident else int(rng.paretovariate(0.8) * 300)
    lines = ["%s %d %s" % (ident, i, "x" * rng.randrange(60)) for i in range(1 + min(size, 200000) // 40)]
    body = "\n".join(lines) + "\n"
    return "Subject: %s\n\n%send %s\n" % (ident, body, hashlib.sha1(body.encode()).hexdigest())


def arrived(text):
    """The id in what arrived, and whether all of it did."""
    m = re.search(r"^Subject: (\S+)$", text, re.M)
    if not m:
        return "?", False
    whole = content(m[1])
    return m[1], text[m.start():] in (whole, whole + "\n")


class Ledger:
    """What was said yes to, on disk before anyone counts on it."""

    def __init__(self, path):
        self.file, self.lock, self.ids = open(path, "w"), threading.Lock(), set()

    def add(self, ident):
        with self.lock:
            self.file.write(ident + "\n")
            self.file.flush()
            os.fdatasync(self.file.fileno())
            self.ids.add(ident)


class Sink(threading.Thread):
    """A mail host that takes everything and remembers it."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.got = port, []
        self.up = threading.Event()

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        await asyncio.start_server(self.session, "127.0.0.1", self.port, limit=1 << 20)
        self.up.set()
        await asyncio.Event().wait()

    async def session(self, reader, writer):
        try:
            writer.write(b"220 sink\r\n")
            while True:
                verb = (await reader.readline())[:4].upper()
                if verb == b"DATA":
                    writer.write(b"354 go\r\n")
                    text = (await reader.readuntil(b"\r\n.\r\n"))[:-3].decode("latin-1")
                    self.got.append(re.sub(r"^\.", "", text.replace("\r\n", "\n"), flags=re.M))
                elif verb in (b"QUIT", b""):
                    writer.write(b"221 bye\r\n")
                    break
                writer.write(b"250 ok\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()
