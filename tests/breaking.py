"""A port that breaks for one item: what a loop must survive."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar, cast

P = TypeVar("P")


def breaking(port: P, method: str, breaks: Callable[..., bool], error: Exception) -> P:
    """Return the port with a method that raises the error for the arguments that ``breaks`` names."""
    return cast("P", _Breaking(port, method, breaks, error))


class _Breaking:
    def __init__(self, port: object, method: str, breaks: Callable[..., bool], error: Exception) -> None:
        self._port, self._method, self._breaks, self._error = port, method, breaks, error

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._method:
            return real

        async def called(*args: Any, **kwargs: Any) -> Any:
            if self._breaks(*args):
                raise self._error
            return await real(*args, **kwargs)

        async def streamed(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            if self._breaks(*args):
                raise self._error
            async for each in real(*args, **kwargs):
                yield each

        return streamed if name == "stream" else called
