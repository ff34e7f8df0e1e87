from argparse import ArgumentTypeError
from threading import Event
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingestion.base.console import Listener
from ingestion.base.exceptions import ConfigurationError
from ingestion.base.plan import whole_number
from ingestion.sandbox.databases import DatabaseFake
from ingestion.sandbox.discovery import chosen, fakes
from ingestion.sandbox.fake import Fake
from ingestion.sandbox.server import HOST, SandboxServer

KEPT = 1000
"""Requests that are remembered: a sandbox may run for days."""

GUIDE = """
Settings for this sandbox; put them into .env or the environment:

{settings}

Edit what is in it, see what was asked, make it fail: {url}/_sandbox/
Serving at {url} until Ctrl-C."""


class Command(BaseCommand):
    help = "Serve invented sources on this machine: try the product without an account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=whole_number, default=8765, help="0 takes any free one")
        parser.add_argument("--host", type=loopback, default=HOST, help="this machine only")
        parser.add_argument("--seed", type=int, default=1, help="the same seed invents the same data")
        parser.add_argument(
            "--only", action="append", default=[], metavar="SOURCE", help="not all, but this one"
        )
        parser.add_argument(
            "--with",
            action="append",
            default=[],
            dest="added",
            metavar="SOURCE",
            help="this one too, which is made only when it is named: a database",
        )
        parser.add_argument(
            "--database",
            default="",
            metavar="URL",
            help="where a database is written (default: a SQLite file here); its tables are made anew",
        )
        parser.add_argument(
            "--rate",
            action="store_true",
            default=True,
            help="answer 429 as the real services do (the default)",
        )
        parser.add_argument("--no-rate-limit", action="store_false", dest="rate", help="never answer 429")
        for name, size in sizes().items():
            flag = f"--{name.replace('_', '-')}"
            parser.add_argument(flag, type=whole_number, default=size, help=f"how many (default {size})")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            served = [made(fake, options) for fake in chosen(options["only"], options["added"]).values()]
            with SandboxServer(*served, port=options["port"]) as server, StopSignal() as stop:
                self.stdout.write(guide(server, served))
                self.stdout.flush()
                stop.wait()
        except ConfigurationError as error:
            raise CommandError(str(error)) from None
        self.stdout.write("sandbox stopped; its data is gone")


class StopSignal(Listener):
    """A signal ends the wait."""

    def __init__(self) -> None:
        super().__init__()
        self.event = Event()

    def handle(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.event.set()

    def wait(self) -> None:
        while not self.event.wait(0.5):  # without a time limit, Windows would not hear Ctrl-C
            pass


def sizes() -> dict[str, int]:
    """Everything that the installed fakes can be asked to hold, and how much of it."""
    return {name: size for fake in fakes().values() for name, size in fake.sizes.items()}


def made(fake: type[Fake], options: dict[str, Any]) -> Fake:
    """A fake of the asked sizes; a database is written."""
    wanted = {name: options[name] for name in fake.sizes}
    if issubclass(fake, DatabaseFake):
        database = fake(seed=options["seed"], database=options["database"], **wanted)
        database.make()
        return database
    one = fake(seed=options["seed"], rate_limited=options["rate"], **wanted)
    one.keep = KEPT
    return one


def guide(server: SandboxServer, served: list[Fake]) -> str:
    """What a person needs to begin."""
    lines = [f"{name}={value}" for fake in served for name, value in fake.settings().items()]
    return GUIDE.format(settings="\n".join(lines), url=server.url)


def loopback(text: str) -> str:
    """The only address there is."""
    if text not in (HOST, "localhost"):
        raise ArgumentTypeError(
            f"{text!r} is not allowed: the sandbox answers on this machine only\n"
            f"  fix: leave --host out; from another machine, use ssh -L 8765:{HOST}:8765"
        )
    return HOST
