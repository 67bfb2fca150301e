"""Handlers that stand in a class, each with its route above it, and what they answer with."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
from aiohttp import web

Handler = TypeVar("Handler", bound=Callable[[Any, web.Request], Awaitable[web.StreamResponse]])
_MARK = "_jmid_route"


def get(path: str) -> Callable[[Handler], Handler]:
    """Mark a method as the handler of GET and HEAD of a full path."""
    return _marked(web.get, path)


def post(path: str) -> Callable[[Handler], Handler]:
    """Mark a method as the handler of POST to a full path."""
    return _marked(web.post, path)


def json_answer(value: object, *, status: int = 200) -> web.Response:
    """Return an answer in JSON."""
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


class Routes:
    """A class whose marked methods are handlers."""

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, in the order of the methods."""
        marked = [(name, getattr(method, _MARK, None)) for name, method in vars(type(self)).items()]
        return [kind(path, getattr(self, name)) for name, mark in marked if mark for kind, path in [mark]]


def _marked(kind: Callable[..., web.RouteDef], path: str) -> Callable[[Handler], Handler]:
    def mark(handler: Handler) -> Handler:
        setattr(handler, _MARK, (kind, path))
        return handler

    return mark
