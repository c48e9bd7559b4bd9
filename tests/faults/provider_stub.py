"""An HTTP provider on a free port of the loopback that answers as it is told, and notes all it gets.

    with ProviderStub() as stub:
        stub.script(answer(500), hang(), answer(200, b'{"id": "m-1"}'))
        ...  # the worker's URL is stub.url
        assert stub.await_requests(3)[2].headers["idempotency-key"] == ...

Each request takes the next act of the script; without one, `stub.default` decides.
"""

import socket
import ssl
import struct
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass, field

SECONDS = 30  # no test waits so long for what comes at all
DRIP_SECONDS = 0.05


@dataclass
class Request:
    """`headers` by lower-case name, the last of a name, `names`: of all of them; `whole`: the body
    came to its end."""

    method: str
    path: str
    headers: dict
    names: list
    body: bytes
    whole: bool
    at: float = field(default_factory=time.monotonic)


@dataclass
class Act:
    """What is done with one connection; made by the functions below."""

    kind: str
    status: int = 200
    body: bytes = None
    headers: dict = field(default_factory=dict)
    until: threading.Event = None
    keep: bool = False


def answer(status=200, body=None, headers=None, until=None, keep=False):
    """Answers; without a body with {"id": "stub-N"}. `until`: an Event that is awaited before;
    `keep`: takes a further request on the same connection."""
    return Act("answer", status, body, headers or {}, until, keep)


def hang():
    """Takes the request and says nothing."""
    return Act("hang")


def deaf():
    """Takes the connection, without TLS even, and reads nothing."""
    return Act("deaf")


def close():
    """Takes the request and closes."""
    return Act("close")


def cut_request():
    """Closes when half of the body came; send one that does not fit into a socket's buffers."""
    return Act("cut_request")


def cut_answer(status=200, body=b'{"id": "cut"}'):
    """Closes in the middle of the answer's body."""
    return Act("cut_answer", status, body)


def drip(status=None):
    """Sends a byte from time to time: of the status line, or of a body behind that status."""
    return Act("drip", status)


class ProviderStub:
    """`tls`: an SSLContext of the server's side; `host`: the name in `url`."""

    def __init__(self, tls=None, host="127.0.0.1", default=None):
        self.tls, self.host = tls, host
        self.default = default or (lambda request: answer())
        self.requests = []
        self.connections = 0
        self.port = 0
        self._acts = deque()
        self._open = set()
        self._changed = threading.Condition()
        self._listener = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def start(self):
        """Also after stop(), on the same port."""
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self):
        """Refuses connections and cuts those that it has."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._changed:
            connections = list(self._open)
            self._acts.clear()
        for connection in connections:
            reset(connection)

    def script(self, *acts):
        with self._changed:
            self._acts.extend(acts)

    def await_requests(self, count, seconds=SECONDS):
        """When so many have come; gives them all."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= count, seconds), self.requests
            return list(self.requests)

    def await_connections(self, count, seconds=SECONDS):
        with self._changed:
            assert self._changed.wait_for(lambda: self.connections >= count, seconds)

    # One thread a connection.

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._changed:
                self._open.add(connection)
                self.connections += 1
                self._changed.notify_all()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        wrapped = connection
        try:
            with self._changed:
                early = self._acts and self._acts[0].kind == "deaf" and self._acts.popleft()
            if early:
                self._wait_for_end(connection)
                return
            if self.tls:
                wrapped = self.tls.wrap_socket(connection, server_side=True)
            while self._converse(wrapped):
                pass
        except OSError:
            pass  # the peer went, or stop() cut it
        finally:
            with self._changed:
                self._open.discard(connection)
            wrapped.close()
            connection.close()

    def _converse(self, connection):
        """One request; whether another one may follow."""
        head, rest = read_head(connection)
        if head is None:
            return False
        method, path, headers = parse_head(head)
        names, headers = [name for name, _ in headers], dict(headers)
        size = int(headers.get("content-length", 0))
        with self._changed:
            act = self._acts.popleft() if self._acts else None
        cut = act is not None and act.kind == "cut_request"
        body = read_body(connection, rest, size // 2 if cut else size)
        request = Request(method, path, headers, names, body, len(body) == size)
        with self._changed:
            self.requests.append(request)
            number = len(self.requests)
            self._changed.notify_all()
        act = act or self.default(request)
        self._perform(connection, act, number)
        return act.keep

    def _perform(self, connection, act, number):
        if act.until is not None:
            act.until.wait(SECONDS)
        if act.kind == "hang":
            self._wait_for_end(connection)
        elif act.kind == "cut_request":
            reset(connection)
        elif act.kind == "drip":
            self._drip(connection, act.status)
        elif act.kind in ("answer", "cut_answer"):
            body = act.body if act.body is not None else b'{"id": "stub-%d"}' % number
            lines = [f"HTTP/1.1 {act.status} Stub", f"Content-Length: {len(body)}"]
            if not any(name.lower() == "content-type" for name in act.headers):
                lines.append("Content-Type: application/json")
            lines += [f"{name}: {value}" for name, value in act.headers.items()]
            shown = body[: len(body) // 2] if act.kind == "cut_answer" else body
            lines += [f"Connection: {'keep-alive' if act.keep else 'close'}", "", ""]
            connection.sendall("\r\n".join(lines).encode() + shown)

    @staticmethod
    def _wait_for_end(connection):
        connection.settimeout(SECONDS)
        while connection.recv(65536):
            pass

    @staticmethod
    def _drip(connection, status):
        if status is not None:
            connection.sendall(b"HTTP/1.1 %d Stub\r\nContent-Length: 100000\r\n\r\n" % status)
        for _ in range(int(SECONDS / DRIP_SECONDS)):
            connection.sendall(b"H" if status is None else b"x")
            time.sleep(DRIP_SECONDS)


def reset(connection):
    """Ends a connection by RST, as a crash of the peer or a firewall does."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


def read_head(connection):
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65536)
        if not piece:
            return None, b""
        got += piece
    return got.split(b"\r\n\r\n", 1)


def read_body(connection, got, size):
    while len(got) < size:
        piece = connection.recv(min(65536, size - len(got)))
        if not piece:
            break
        got += piece
    return got


def parse_head(head):
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = []
    for line in lines:
        name, value = line.split(":", 1)
        headers.append((name.lower(), value.strip()))
    return method, path, headers


class Authority:
    """Makes certificates that nobody trusts but who is given `ca_file`. Needs the openssl command."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.ca_file = f"{self.folder}/ca.pem"
        self.count = 0
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=Test authority", "-days", "2",
            "-keyout", f"{self.folder}/ca.key", "-out", self.ca_file,
        )  # fmt: skip

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def issue(self, *names, days=2):
        """Paths of a certificate for these names ("DNS:…", "IP:…") and its key; days=-1: expired."""
        self.count += 1
        stem = f"{self.folder}/server{self.count}"
        with open(f"{stem}.ext", "w") as file:
            file.write(f"subjectAltName={','.join(names)}\n")
        self._openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=test server", "-keyout", f"{stem}.key", "-out", f"{stem}.csr",
        )  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", f"{stem}.csr", "-CA", self.ca_file, "-CAkey",
            f"{self.folder}/ca.key", "-CAcreateserial", "-days", str(days), "-extfile",
            f"{stem}.ext", "-out", f"{stem}.pem",
        )  # fmt: skip
        return f"{stem}.pem", f"{stem}.key"

    def context(self, *names, **options):
        """A server's SSLContext with such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(*names, **options))
        return context
