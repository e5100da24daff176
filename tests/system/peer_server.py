"""A real SMTP server (aiosmtpd) that writes down what it gets: peer_server.py DIR ADDRESS...

Recipients that start with "reject" get 550, with "defer" 451; anything else is accepted.
"""
import asyncio
import json
import os
import sys

from aiosmtpd.smtp import SMTP

DIR, ADDRESSES = sys.argv[1], sys.argv[2:]
COUNT = [0]


class Store:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("reject"):
            return "550 5.1.1 no such user here"
        if address.startswith("defer"):
            return "451 4.2.0 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        COUNT[0] += 1
        name = os.path.join(DIR, "%06d" % COUNT[0])
        with open(name, "w") as f:
            json.dump({"at": server.transport.get_extra_info("sockname")[0], "by": session.peer[0], "from": envelope.mail_from,
                       "to": envelope.rcpt_tos, "helo": session.host_name,
                       "content": envelope.original_content.decode("latin-1")}, f)
        os.rename(name, name + ".json")
        return "250 OK kept"


async def main():
    loop = asyncio.get_running_loop()
    for a in ADDRESSES:
        await loop.create_server(lambda: SMTP(Store(), hostname="peer.example", data_size_limit=None,
                                              enable_SMTPUTF8=False), a, 25)
    await asyncio.Event().wait()


asyncio.run(main())
