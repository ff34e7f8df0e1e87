"""SandboxServer: serves fakes over real HTTP on this machine, from a thread of its own."""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from threading import Event, Thread

from aiohttp import web

from ingestion.base.exceptions import ConfigurationError
from ingestion.sandbox import editing
from ingestion.sandbox.exchange import Asked, masked
from ingestion.sandbox.fake import Fake
from ingestion.sandbox.faults import Exchange

HOST = "127.0.0.1"
LONGEST_LINE = 1 << 18
"""Bytes of a request line: a fake says itself what is too long for its service."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SandboxServer:
    """Serves fakes, each below `/<name>`, or one aiohttp application, while the `with` block runs.

    It listens on the loopback address alone; port 0 takes any free one. `url` is the root; each fake's own
    `url` is the address to put into its source's setting. Raises ConfigurationError when the port is taken.
    """

    def __init__(self, *served: Fake | web.Application, port: int = 0) -> None:
        self.fakes = [each for each in served if isinstance(each, Fake)]
        apps = [each for each in served if isinstance(each, web.Application)]
        self.app = apps[0] if apps else application(self.fakes)
        self.port = port
        self.ready = Event()
        self.loop: asyncio.AbstractEventLoop
        self.stopping: asyncio.Event

    def __enter__(self) -> "SandboxServer":
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Listen, and return when requests are answered."""
        self.socket = listening(self.port)
        self.port = self.socket.getsockname()[1]
        for fake in self.fakes:
            fake.url = f"{self.url}/{fake.name}"
        self.thread = Thread(target=lambda: asyncio.run(self.serve()), name="sandbox", daemon=True)
        self.thread.start()
        self.ready.wait()

    def stop(self) -> None:
        """Drop every connection and end the thread."""
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join()

    async def serve(self) -> None:
        """Answer until told to stop; an answer that is still held back is given up."""
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
        runner = web.AppRunner(
            self.app,
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=0.1,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
        )
        try:
            await runner.setup()
            await web.SockSite(runner, self.socket).start()
            self.ready.set()
            await self.stopping.wait()
        finally:
            self.ready.set()
            await runner.cleanup()


def listening(port: int) -> socket.socket:
    """A socket on the loopback address."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "taken by another program" if error.errno == errno.EADDRINUSE else "not allowed to you"
        raise ConfigurationError(
            f"port {port} on {HOST} is {why}",
            fix="stop what listens there, or name another port: --port 8766; --port 0 takes any free one",
        ) from None


def application(fakes: list[Fake]) -> web.Application:
    """The fakes, and the pages on which a person edits them."""
    app = web.Application(client_max_size=1 << 26)
    editing.add_routes(app, fakes)
    for fake in fakes:
        app.router.add_route("*", f"/{fake.name}{{path:(/.*)?}}", handler(fake))
    return app


def handler(fake: Fake) -> Handler:
    """Hands requests to a fake, and its answers or faults to the wire."""
    mount = len(fake.name) + 1

    async def handle(request: web.Request) -> web.StreamResponse:
        asked = Asked(
            number=0,
            method=request.method,
            path=request.path[mount:],
            target=request.raw_path[mount:],
            query=request.query,
            headers=masked(request.headers),
            body=await request.read(),
            peer=peer(request),
        )
        fake.log(asked)
        if fake.before_answer:
            fake.before_answer(asked.number, asked)
        exchange = Exchange(fake, asked, request.headers, request)
        fault = fake.fault(asked)
        if fault is None:
            return exchange.send(exchange.answer())
        asked.fault = type(fault).__name__
        return await fault.send(exchange)

    return handle


def peer(request: web.Request) -> int:
    """The port at the other end, 0 when it has gone."""
    name = request.transport.get_extra_info("peername") if request.transport else None
    return int(name[1]) if name else 0
