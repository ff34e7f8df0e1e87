"""Pages below `/_sandbox/`: a person edits what is in a fake, sees its requests and asks for faults."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from ingestion.base.exceptions import SyncError
from ingestion.sandbox import faults
from ingestion.sandbox.fake import Fake

HELP = """\
GET    /_sandbox/<name>/requests?last=20    what was asked, and what was answered
DELETE /_sandbox/<name>/requests            forget it
POST   /_sandbox/<name>/fail                {"fault": "Status", "options": {"status": 503}, "times": 2}
DELETE /_sandbox/<name>/fail                forget the faults
POST   /_sandbox/<name>/<edit>              the edits of each fake:
"""
Page = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_routes(app: web.Application, fakes: list[Fake]) -> None:
    """The pages of all fakes."""
    app.router.add_get("/", overview(fakes))
    app.router.add_get("/_sandbox/", overview(fakes))
    for fake in fakes:
        below = f"/_sandbox/{fake.name}"
        app.router.add_get(f"{below}/requests", shown(fake))
        app.router.add_delete(f"{below}/requests", told(fake.requests.clear))
        app.router.add_post(f"{below}/fail", failing(fake))
        app.router.add_delete(f"{below}/fail", told(fake.heal))
        for name, action in fake.actions().items():
            app.router.add_post(f"{below}/{name}", doing(action))


def overview(fakes: list[Fake]) -> Page:
    """What there is, as text."""

    async def page(request: web.Request) -> web.StreamResponse:
        del request
        lines = [HELP]
        for fake in fakes:
            lines.append(f"{fake.name}, at {fake.url}")
            lines += [f"  {name:14}{usage(action)}" for name, action in fake.actions().items()]
        return web.Response(text="\n".join(lines) + "\n")

    return page


def shown(fake: Fake) -> Page:
    """The request log, as JSON."""

    async def page(request: web.Request) -> web.StreamResponse:
        last = request.query.get("last", "20")
        if not last.isdecimal():
            return refused(f"last={last} is not a number")
        asked = fake.requests[-int(last) :] if int(last) else []
        return web.json_response([each.as_dict() for each in asked])

    return page


def told(action: Callable[[], None]) -> Page:
    """Something that needs no words."""

    async def page(request: web.Request) -> web.StreamResponse:
        del request
        action()
        return web.json_response({"done": True})

    return page


def failing(fake: Fake) -> Page:
    """Faults on request."""

    async def page(request: web.Request) -> web.StreamResponse:
        body = decoded(await request.read())
        name, options = body.pop("fault", None), body.pop("options", {})
        if name not in faults.NAMED:
            return refused(f"fault is {name!r}, not one of {', '.join(faults.NAMED)}")
        try:
            fake.fail(faults.NAMED[name](**options), **body)
        except TypeError as error:
            return refused(str(error))
        return web.json_response({"done": True})

    return page


def doing(action: Callable[..., Any]) -> Page:
    """One edit; the JSON body has its arguments by name, and `properties` besides."""

    async def page(request: web.Request) -> web.StreamResponse:
        body = decoded(await request.read())
        try:
            given, named = arguments(action, body)
            result = action(*given, **named)
        except (TypeError, ValueError, SyncError) as error:
            return refused(f"{error}; it takes {usage(action)}")
        return web.json_response({"done": True, "result": result})

    return page


def arguments(action: Callable[..., Any], body: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """A body as an edit takes it. Raises TypeError for what is missing or too much."""
    parameters = inspect.signature(action).parameters
    names = [name for name, each in parameters.items() if each.kind is not each.VAR_KEYWORD]
    named = dict(body.pop("properties", {})) if len(names) < len(parameters) else {}
    needed = [name for name in names if parameters[name].default is inspect.Parameter.empty]
    if missing := [name for name in needed if name not in body]:
        raise TypeError(f"{missing[0]!r} is missing")
    if unknown := [name for name in body if name not in names]:
        raise TypeError(f"{unknown[0]!r} is not known")
    named |= {
        name: body.pop(name) for name in list(body) if parameters[name].kind is parameters[name].KEYWORD_ONLY
    }
    return [body[name] for name in names if name in body], named


def usage(action: Callable[..., Any]) -> str:
    """The body of an edit, in words."""
    names = (f'"{name}": …' for name in inspect.signature(action).parameters)
    return "{" + ", ".join(names) + "}"


def decoded(body: bytes) -> dict[str, Any]:
    """A JSON object; empty where it is none, so that its parts are found missing."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def refused(why: str) -> web.Response:
    """400, and why."""
    return web.json_response({"error": why}, status=400)
