"""A lean HTTP server for prepared pages: `python -m benchmarks.server FOLDER` prints its port.

`GET /first-1000/contacts?limit=1000&after=3` is answered with the fourth page of `first-1000.pages`, straight
from memory: no rate limit, no delay, no encoding while anyone waits.
"""

import mmap
import socket
import socketserver
import sys
from array import array
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

REFUSED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


class Pages(NamedTuple):
    """One prepared set: the answers, and where each begins."""

    answers: memoryview
    offsets: Sequence[int]


@cache
def pages(path: Path) -> Pages:
    """A prepared set, mapped into memory."""
    with path.open("rb") as file:
        answers = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return Pages(answers, array("Q", path.with_suffix(".offsets").read_bytes()))


class Handler(socketserver.StreamRequestHandler):
    """One connection, kept open for as long as the client likes."""

    server: "Server"

    def setup(self) -> None:
        """Send small answers at once."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def handle(self) -> None:
        """Request after request until the other side has gone."""
        while line := self.rfile.readline():
            while self.rfile.readline().strip():
                pass  # headers
            self.request.sendall(self.answer(line.split()[1].decode()))

    def answer(self, target: str) -> memoryview | bytes:
        """The prepared answer; 400 where the page size is not the prepared one."""
        parts = urlsplit(target)
        name, asked = parts.path.split("/")[1], parse_qs(parts.query)
        if asked.get("limit") != [name.rpartition("-")[2]]:
            return REFUSED
        found = pages(self.server.folder / f"{name}.pages")
        number = int(asked.get("after", ["0"])[0])
        return found.answers[found.offsets[number] : found.offsets[number + 1]]


class Server(socketserver.ThreadingTCPServer):
    """On loopback only, at a free port."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was stopped is no error of the server's."""


if __name__ == "__main__":
    with Server(Path(sys.argv[1])) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
