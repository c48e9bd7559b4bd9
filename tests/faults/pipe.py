"""What both proxies share: a listening socket, a control channel, and an end.

A proxy is a process of its own. It prints one JSON object a line on stdout ({"port": N} first,
then what it did) and takes one a line on stdin. When stdin ends, it ends: no harness that dies
can leave a proxy behind.
"""

import asyncio
import json
import os
import sys


def report(**what):
    """One line of JSON for the harness."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Orders:
    """What the harness asked for and what is not done yet, oldest first."""

    def __init__(self):
        self.waiting = []

    def add(self, order):
        self.waiting += [dict(order) for _ in range(order.get("count", 1))]

    def take(self, matches):
        """The oldest order that matches(order) accepts, removed; None without one."""
        for index, order in enumerate(self.waiting):
            if matches(order):
                return self.waiting.pop(index)
        return None


async def close(writer):
    """Closes a connection, whatever state it is in."""
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        pass


async def serve(handle_client, handle_order):
    """Listens on a free loopback port until stdin ends; handle_order takes each line's object."""

    async def accept(reader, writer):
        try:
            await handle_client(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            await close(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=1 << 20)
    report(port=server.sockets[0].getsockname()[1])
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        handle_order(json.loads(line))
        report(did="ordered")


def run(handle_client, handle_order):
    """The whole life of a proxy process."""
    try:
        asyncio.new_event_loop().run_until_complete(serve(handle_client, handle_order))
    finally:
        sys.stdout.flush()
        os._exit(0)  # whatever still hangs in a held request ends with the process


def address(text):
    """"host:port" as (host, port)."""
    host, port = text.rsplit(":", 1)
    return host, int(port)
