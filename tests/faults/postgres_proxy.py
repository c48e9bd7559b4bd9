"""A proxy between workers and PostgreSQL that can lose a COMMIT or its answer.

    postgres_proxy.py 127.0.0.1:5432

Connect with sslmode=disable. Orders on stdin, each a JSON object:

    {"do": "lose_answer"}             the next COMMIT reaches the server, its answer nobody
    {"do": "lose_commit"}             the connection breaks with the COMMIT still on its way
    {"do": "hold_commit", "seconds": 5}   the COMMIT arrives so much later, the client gone or not
    {"do": "cut"}                     closes every connection at once

A COMMIT counts when its transaction ran a statement whose text holds "needs" (default: ledger),
so that the aim is a batch and not a claim. "count" repeats an order.
"""

import asyncio
import struct
import sys

import pipe

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
MESSAGE_MAX = 256 << 20

orders = pipe.Orders()
clients = set()
upstream = ("127.0.0.1", 0)


async def read_message(reader):
    """One message after the start-up phase: (type, whole bytes); (b"", b"") at the end."""
    try:
        head = await reader.readexactly(5)
        (size,) = struct.unpack(">i", head[1:])
        if not 4 <= size <= MESSAGE_MAX:
            return b"", b""
        return head[:1], head + await reader.readexactly(size - 4)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b"", b""


class Transaction:
    """Follows the statements a client runs, by the texts of what it prepared."""

    def __init__(self):
        self.texts = {}  # prepared statement's name -> its text
        self.portal = b""  # the text of the portal bound last
        self.ran = []  # texts since BEGIN

    def see(self, kind, message):
        """Takes a message of the client; True when it makes the server run a COMMIT."""
        body = message[5:]
        if kind == b"Q":
            return self.run(body)
        if kind == b"P":
            name, text = body.split(b"\0", 2)[:2]
            self.texts[name] = text
        elif kind == b"B":
            self.portal = self.texts.get(body.split(b"\0", 2)[1], b"")
        elif kind == b"E":
            return self.run(self.portal)
        return False

    def run(self, text):
        word = text.strip(b" \0;\n").upper()
        if word.startswith(b"BEGIN"):
            self.ran = []
        self.ran.append(text)
        return word.startswith(b"COMMIT")

    def touched(self, needle):
        return any(needle in text for text in self.ran)


class Connection:
    """A client's connection and its twin to the server."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.server_reader = self.server_writer = None
        self.transaction = Transaction()
        self.mute = False  # the server's answers are lost from here on
        self.committed = asyncio.Event()

    async def run(self):
        if not await self.start():
            return
        clients.add(self)
        answers = asyncio.create_task(self.pass_answers())
        try:
            await self.pass_requests()
        except OSError:
            pass
        finally:
            clients.discard(self)
            answers.cancel()
            await pipe.close(self.server_writer)

    async def start(self):
        """The messages before the first typed one."""
        while True:
            (size,) = struct.unpack(">i", await self.reader.readexactly(4))
            body = await self.reader.readexactly(size - 4)
            (code,) = struct.unpack_from(">i", body)
            if code not in (SSL_REQUEST, GSS_REQUEST):
                break
            self.writer.write(b"N")
        self.server_reader, self.server_writer = await asyncio.open_connection(*upstream)
        self.server_writer.write(struct.pack(">i", size) + body)
        return True

    async def pass_requests(self):
        while True:
            kind, message = await read_message(self.reader)
            if not kind:
                return
            order = None
            if self.transaction.see(kind, message):
                order = orders.take(
                    lambda o: self.transaction.touched(o.get("needs", "ledger").encode())
                )
            if order:
                if not await self.obey(order, message):
                    return
            else:
                self.server_writer.write(message)
                await self.server_writer.drain()

    async def obey(self, order, message):
        """True while the connection goes on."""
        pipe.report(did=order["do"])
        if order["do"] == "lose_commit":
            self.writer.transport.abort()
            return False
        if order["do"] == "lose_answer":
            self.mute = True
            self.server_writer.write(message + b"S\0\0\0\4")  # Sync: run it now
            await self.server_writer.drain()
            await asyncio.wait_for(self.committed.wait(), 20)
            self.writer.transport.abort()
            return False
        self.mute = True
        await asyncio.sleep(order.get("seconds", 5))
        self.server_writer.write(message + b"S\0\0\0\4")
        await self.server_writer.drain()
        await asyncio.sleep(1)
        pipe.report(did="released")
        self.writer.transport.abort()
        return False

    async def pass_answers(self):
        try:
            while True:
                kind, message = await read_message(self.server_reader)
                if not kind:
                    break
                if self.mute:
                    if kind == b"C" and message[5:].startswith(b"COMMIT"):
                        self.committed.set()
                    continue
                self.writer.write(message)
                await self.writer.drain()
        except OSError:
            pass
        self.writer.close()


async def handle_client(reader, writer):
    await Connection(reader, writer).run()


def handle_order(order):
    if order["do"] == "cut":
        for connection in list(clients):
            connection.writer.transport.abort()
        pipe.report(did="cut")
    else:
        orders.add(order)


if __name__ == "__main__":
    upstream = pipe.address(sys.argv[1])
    pipe.run(handle_client, handle_order)
