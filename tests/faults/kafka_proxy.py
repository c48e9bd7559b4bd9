"""A proxy between workers and one Kafka broker that can hold, repeat and lie.

    kafka_proxy.py 127.0.0.1:9092

Every answer that names the broker's address (Metadata, FindCoordinator) is rewritten to the
proxy's port, so clients never leave it. Orders on stdin, each a JSON object:

    {"do": "hold", "seconds": 12, "topic": "completed", "client": "worker-1"}
        keeps the next Produce request that names such a topic, and everything behind it on that
        connection, and sends it on after that time, even when the client is long gone
    {"do": "repeat"}                  sends the next Produce request twice
    {"do": "replay", "seconds": 9}    sends it again later, on a connection of its own
    {"do": "lag", "seconds": 20, "records": 50, "topic": "completed"}
        answers "what is the end of this partition" with an end that is so much too low, as a
        leader does whose followers are behind
    {"do": "swallow", "seconds": 12, "client": "worker-1", "api": 12}
        takes requests (Produce without "api") and sends them nowhere, for so long
    {"do": "vouch", "seconds": 60}
        answers Heartbeat requests in the coordinator's place, saying that all is well, as its
        answers do that come late
    {"do": "pass"}                    ends all swallowing and vouching, lets go what was kept
    {"do": "skew", "records": 5, "topic": "onboarding.x.v1", "partition": 2}
        changes the next Fetch request of this partition so that so many records are left out, as
        a client does that lost its place, and keeps it until "pass"
    {"do": "tell"}
        says how many bytes of records were fetched so far, how many Produce requests were sent
        on, and how often clients joined their group
    {"do": "cut"}                     closes every client connection at once

"topic" and "client" may be left out; "count" repeats an order.
"""

import asyncio
import struct
import sys
import time
from collections import deque

import pipe

PRODUCE, FETCH, LIST_OFFSETS, METADATA, FIND_COORDINATOR = 0, 1, 2, 3, 10
HEARTBEAT, SYNC_GROUP = 12, 14
END_OF_PARTITION = -1  # the timestamp that asks ListOffsets for the end
FRAME_MAX = 256 << 20

orders = pipe.Orders()
clients = set()
lag = {"until": 0.0, "records": 0, "topic": ""}
skews = []
passing = asyncio.Event()
swallows = {}  # by API: the order and until when
vouched = {"until": 0.0}
counts = {"fetched": 0, "produced": 0, "joined": 0}
upstream = ("127.0.0.1", 0)


async def read_frame(reader):
    """One frame without its length, or b"" at the end."""
    try:
        (size,) = struct.unpack(">i", await reader.readexactly(4))
        if not 0 < size <= FRAME_MAX:
            return b""
        return await reader.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def write_frame(writer, frame):
    writer.write(struct.pack(">i", len(frame)) + frame)


class Request:
    """The header of a request frame."""

    def __init__(self, frame):
        self.frame = frame
        self.api, self.version, self.correlation = struct.unpack_from(">hhi", frame)
        (size,) = struct.unpack_from(">h", frame, 8)
        self.client = frame[10 : 10 + max(size, 0)].decode("utf-8", "replace")
        self.dropped = False  # its answer is for nobody

    def fits(self, order):
        """Whether the request is what the order means."""
        return (
            self.api == order.get("api", PRODUCE)
            and order.get("client", "") in self.client
            and order.get("topic", "").encode() in self.frame
        )


def skew(frame, order):
    """A Fetch request v11 that begins so much later in one partition; None where it is not named."""
    (size,) = struct.unpack_from(">h", frame, 8)
    cursor = Cursor(bytearray(frame), 10 + max(size, 0) + 4 * 4 + 1 + 2 * 4, False)
    found = False
    for _ in range(cursor.count(">i")):
        size = cursor.count(">h")
        meant = order["topic"].encode() == cursor.frame[cursor.at : cursor.at + size]
        cursor.skip(size)
        for _ in range(cursor.count(">i")):
            number, _, offset = struct.unpack_from(">iiq", cursor.frame, cursor.at)
            cursor.skip(4 + 4)
            if meant and number == order["partition"]:
                struct.pack_into(">q", cursor.frame, cursor.at, offset + order["records"])
                found = True
            cursor.skip(8 + 8 + 4)
    return bytes(cursor.frame) if found else None


class Cursor:
    """Walks a frame; lengths are compact (varint, one more) in flexible versions."""

    def __init__(self, frame, at, flexible):
        self.frame, self.at, self.flexible = frame, at, flexible

    def count(self, plain):
        """A length, which without `flexible` has the struct format `plain`."""
        if self.flexible:
            number, shift = 0, 0
            while True:
                byte = self.frame[self.at]
                self.at += 1
                number |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    return number - 1
        (number,) = struct.unpack_from(plain, self.frame, self.at)
        self.at += struct.calcsize(plain)
        return number

    def skip(self, size):
        self.at += size

    def skip_tags(self):
        self.at += int(self.flexible)  # nobody tags ListOffsets


def lower_end(answer, request):
    """ListOffsets v1 to v9 with every end lowered by lag["records"]."""
    if not 1 <= request.version <= 9 or not asks_for_end(request):
        return answer
    cursor = Cursor(bytearray(answer), 4, request.version >= 6)  # behind the correlation id
    cursor.skip_tags()
    cursor.skip(4 if request.version >= 2 else 0)  # throttle time
    for _ in range(cursor.count(">i")):
        cursor.skip(cursor.count(">h"))
        for _ in range(cursor.count(">i")):
            cursor.skip(4 + 2 + 8)
            (offset,) = struct.unpack_from(">q", cursor.frame, cursor.at)
            struct.pack_into(">q", cursor.frame, cursor.at, max(0, offset - lag["records"]))
            cursor.skip(8 + (4 if request.version >= 4 else 0))
            cursor.skip_tags()
        cursor.skip_tags()
    return bytes(cursor.frame)


def asks_for_end(request):
    return struct.pack(">q", END_OF_PARTITION) in request.frame


class Connection:
    """A client's connection and its twin to the broker."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.own_port = writer.get_extra_info("sockname")[1]
        self.asked = deque()  # requests sent on and not answered: answers come in that order
        self.broker_reader = self.broker_writer = None

    async def run(self):
        self.broker_reader, self.broker_writer = await asyncio.open_connection(
            *upstream, limit=1 << 20
        )
        clients.add(self)
        answers = asyncio.create_task(self.pass_answers())
        try:
            await self.pass_requests()
            # A held request outlives its client: its bytes were on the wire. All of it has been
            # sent on by now; the broker has a moment to take it.
            self.broker_writer.write_eof()
            await asyncio.wait([answers], timeout=5)
        except OSError:
            pass
        finally:
            clients.discard(self)
            answers.cancel()
            await pipe.close(self.broker_writer)

    async def pass_requests(self):
        while frame := await read_frame(self.reader):
            request = Request(frame)
            swallow = swallows.get(request.api)
            if swallow and time.monotonic() < swallow["until"] and request.fits(swallow):
                pipe.report(did="swallow", api=request.api)
                continue
            if request.api == HEARTBEAT and time.monotonic() < vouched["until"]:
                await self.vouch(request)
                continue
            if request.api == FETCH and request.version == 11 and skews:
                if changed := skew(frame, skews[0]):
                    request.frame = changed
                    skews.pop(0)
                    pipe.report(did="skew")
                    passing.clear()
                    await passing.wait()
            order = orders.take(request.fits) if request.api == PRODUCE else None
            if order:
                await self.obey(order, request)
            else:
                await self.send(request)

    async def vouch(self, request):
        throttle_ms = b"" if request.version == 0 else struct.pack(">i", 0)
        no_error = struct.pack(">h", 0)
        write_frame(self.writer, struct.pack(">i", request.correlation) + throttle_ms + no_error)
        await self.writer.drain()

    async def obey(self, order, request):
        seconds = order.get("seconds", 0)
        port = self.writer.get_extra_info("peername")[1]
        pipe.report(did=order["do"], client_port=port, bytes=len(request.frame))
        if order["do"] == "hold":
            await asyncio.sleep(seconds)
            await self.send(request)
            pipe.report(did="released")
        elif order["do"] == "repeat":
            await self.send(request)
            again = Request(request.frame)
            again.dropped = True
            await self.send(again)
        elif order["do"] == "replay":
            await self.send(request)
            asyncio.get_running_loop().create_task(replay(request.frame, seconds))

    async def send(self, request):
        self.asked.append(request)
        counts["produced"] += request.api == PRODUCE
        write_frame(self.broker_writer, request.frame)
        await self.broker_writer.drain()

    async def pass_answers(self):
        try:
            while frame := await read_frame(self.broker_reader):
                request = self.asked.popleft()
                if request.dropped:
                    continue
                write_frame(self.writer, self.change(frame, request))
                await self.writer.drain()
        except OSError:
            pass
        self.writer.close()

    def change(self, answer, request):
        if request.api in (METADATA, FIND_COORDINATOR):
            host = upstream[0].encode()
            return answer.replace(
                host + struct.pack(">i", upstream[1]), host + struct.pack(">i", self.own_port)
            )
        if request.api == FETCH:
            counts["fetched"] += len(answer)
        counts["joined"] += request.api == SYNC_GROUP
        if self.is_lagging(request):
            pipe.report(did="lag")
            return lower_end(answer, request)
        return answer

    def is_lagging(self, request):
        return (
            request.api == LIST_OFFSETS
            and time.monotonic() < lag["until"]
            and lag["topic"].encode() in request.frame
        )


async def replay(frame, seconds):
    """The same bytes once more, from nowhere."""
    await asyncio.sleep(seconds)
    try:
        reader, writer = await asyncio.open_connection(*upstream)
        write_frame(writer, frame)
        await asyncio.wait_for(read_frame(reader), 10)
        await pipe.close(writer)
        pipe.report(did="replayed")
    except (OSError, asyncio.TimeoutError) as error:
        pipe.report(did="replay failed", why=str(error))


async def handle_client(reader, writer):
    await Connection(reader, writer).run()


def handle_order(order):
    if order["do"] == "cut":
        for connection in list(clients):
            connection.writer.transport.abort()
        pipe.report(did="cut")
    elif order["do"] == "vouch":
        vouched["until"] = time.monotonic() + order["seconds"]
    elif order["do"] == "pass":
        swallows.clear()
        vouched["until"] = 0.0
        passing.set()
    elif order["do"] == "skew":
        skews.append(order)
    elif order["do"] == "tell":
        pipe.report(did="tell", **counts)
    elif order["do"] == "lag":
        lag.update(order, until=time.monotonic() + order["seconds"])
    elif order["do"] == "swallow":
        until = time.monotonic() + order["seconds"]
        swallows[order.get("api", PRODUCE)] = dict(order, until=until)
    else:
        orders.add(order)


if __name__ == "__main__":
    upstream = pipe.address(sys.argv[1])
    pipe.run(handle_client, handle_order)
