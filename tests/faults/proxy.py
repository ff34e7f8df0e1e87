"""A proxy before PostgreSQL that can lose what passes through it: the faults of a network, at an exact place.

It reads the client's messages (PostgreSQL's protocol 3, without TLS) and passes the server's on as bytes.
"""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
COMMIT = b"COMMIT\0"
GOODBYE = b"X"


class Message:
    """One message of a client: `kind` is its letter (`Q` a simple query, `d` data of a COPY)."""

    def __init__(self, kind: bytes, body: bytes) -> None:
        self.kind = kind
        self.body = body

    @property
    def is_commit(self) -> bool:
        return self.kind == b"Q" and self.body.upper() == COMMIT

    @property
    def is_copy_data(self) -> bool:
        return self.kind == b"d"


class Nth:
    """The message of this number (from 0) among those that are meant."""

    def __init__(self, number, of=lambda message: True):
        self.left = number
        self.of = of

    def __call__(self, message):
        if not self.of(message):
            return False
        self.left -= 1
        return self.left < 0


class Proxy:
    """Listens on a port of its own while its `with` block runs.

    `lose` cuts the connection at a message, before it reaches the server or after the server has answered it;
    `down` refuses and cuts everything, as a server that restarts.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 5432) -> None:
        self.server = (host, port)
        self.wanted: Callable[[Message], bool] | None = None
        self.reaches_server = False
        self.then: Callable[[], object] = lambda: None
        self.lost = 0
        self.refused = 0
        self.is_down = False
        self.links: list[Link] = []

    def __enter__(self) -> "Proxy":
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut_all()

    def lose(
        self,
        wanted: Callable[[Message], bool],
        *,
        reaches_server: bool = False,
        then: Callable[[], object] = lambda: None,
    ) -> None:
        """Cut the connection at the next message that is wanted; `then` comes before the client sees it."""
        self.wanted, self.reaches_server, self.then = wanted, reaches_server, then

    def down(self) -> None:
        """Cut every connection and refuse new ones, until `up`."""
        self.is_down = True
        self.cut_all()

    def up(self) -> None:
        self.is_down = False

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.is_down:
                    self.refused += 1
                    client.close()
                    continue
                link = Link(self, client, socket.create_connection(self.server))
                self.links.append(link)
                link.start()

    def cut_all(self) -> None:
        for link in self.links:
            link.cut()
        self.links.clear()


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.ends_with_answer = False

    def start(self) -> None:
        for target in (self.to_server, self.to_client):
            threading.Thread(target=self.guarded, args=(target,), daemon=True).start()

    def guarded(self, target: Callable[[], None]) -> None:
        with suppress(OSError, struct.error):
            target()
        self.cut()

    def cut(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def to_server(self) -> None:
        with self.client.makefile("rb") as stream:
            self.server.sendall(self.startup(stream))
            while kind := stream.read(1):
                size = stream.read(4)
                message = Message(kind, stream.read(struct.unpack("!i", size)[0] - 4))
                if kind != GOODBYE and (wanted := self.proxy.wanted) and wanted(message):
                    self.proxy.wanted = None
                    self.proxy.lost += 1
                    if not self.proxy.reaches_server:
                        self.proxy.then()
                        return
                    self.ends_with_answer = True
                self.server.sendall(kind + size + message.body)

    def startup(self, stream: "socket.SocketIO") -> bytes:
        """The first packet; a wish for encryption is declined."""
        while True:
            size = stream.read(4)
            body = stream.read(struct.unpack("!i", size)[0] - 4)
            if struct.unpack("!i", body[:4])[0] not in (SSL_REQUEST, GSS_REQUEST):
                return size + body
            self.client.sendall(b"N")

    def to_client(self) -> None:
        while data := self.server.recv(1 << 16):
            if self.ends_with_answer:
                self.proxy.then()
                return
            self.client.sendall(data)
