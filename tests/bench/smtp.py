"""Stand-ins for smtp-source and smtp-sink where there is no Postfix: for tests of the harness, far too slow for figures."""
import argparse
import socketserver
import sys
import threading


def source(argv):
    import smtplib
    p = argparse.ArgumentParser()
    for flag in ("-4", "-d"):
        p.add_argument(flag, action="store_true", dest="reuse" if flag == "-d" else "v4")
    for flag, name in (("-s", "sessions"), ("-m", "messages"), ("-l", "length"), ("-r", "recipients")):
        p.add_argument(flag, dest=name, type=int, default=1)
    for flag, name in (("-f", "sender"), ("-t", "to")):
        p.add_argument(flag, dest=name)
    p.add_argument("address")
    a = p.parse_args(argv)
    host, port = a.address.split(":")
    to = [a.to] if a.recipients == 1 else ["%d%s" % (i, a.to) for i in range(1, a.recipients + 1)]
    lock, left, bad = threading.Lock(), [a.messages], []

    def number():
        with lock:
            left[0] -= 1
            return left[0]

    def client():
        try:
            s, n = None, number()
            while n >= 0:
                s = s or smtplib.SMTP(host, int(port), "bench", timeout=60)
                head = "Message-Id: <%d@source>\r\n\r\n" % n
                s.sendmail(a.sender, to, head + "x" * 78 + "\r\n" + ("x" * 78 + "\r\n") * ((a.length - len(head)) // 80))
                if not a.reuse:
                    s.quit()
                    s = None
                n = number()
            if s:
                s.quit()
        except Exception as e:
            bad.append(e)
    threads = [threading.Thread(target=client) for _ in range(min(a.sessions, a.messages))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for e in bad:
        print("smtp.py: %s" % e, file=sys.stderr)
    return 1 if bad else 0


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        def say(text):
            self.wfile.write(text + b"\r\n")
        self.server.counted("sess")
        say(b"220 sink")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"EHLO":
                say(b"250-sink\r\n250 PIPELINING")
            elif word == b"DATA":
                say(b"354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.server.counted("mesg")
                say(b"250 kept in mind")
            elif word == b"QUIT":
                self.server.counted("quit")
                say(b"221 bye")
                return
            else:
                say(b"250 ok")


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 512

    def __init__(self, address):
        super().__init__(address, Session)
        self.lock, self.count = threading.Lock(), {"sess": 0, "quit": 0, "mesg": 0}

    def counted(self, what):
        with self.lock:
            self.count[what] += 1
            print("\r" + " ".join("%s=%d" % c for c in self.count.items()), end="", flush=True)


def sink(argv):
    host, port = argv[-2].split(":")
    Sink((host, int(port))).serve_forever()


if __name__ == "__main__":
    sys.exit({"smtp-source": source, "smtp-sink": sink}[sys.argv[1]](sys.argv[2:]))
