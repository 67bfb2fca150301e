"""Asks the centre's linker which Studies' images stay. What cannot be asked stays."""

from collections.abc import Awaitable, Callable, Sequence

import aiohttp
import msgspec

from shared.errors import Unavailable

AT_ONCE = 50


class Staying(msgspec.Struct, frozen=True):
    """Of one Study. reasons: why it stays, such as annotated, pinned or dataset.  recallable: a gateway said so."""

    reasons: tuple[str, ...] = ()
    recallable: bool = False


class _Answer(msgspec.Struct, frozen=True):
    studies: dict[str, Staying]


Ask = Callable[[Sequence[str]], Awaitable[dict[str, Staying]]]
"""Study Instance UIDs, at most AT_ONCE → what is known of each. Raises Unavailable."""


def of_linker(session: aiohttp.ClientSession, linker_url: str, *, prove: bool) -> Ask:
    """Return what asks the linker. prove: have gateways asked about Studies of which nothing is known."""

    async def ask(studies: Sequence[str]) -> dict[str, Staying]:
        query = [("study", uid) for uid in studies] + ([("prove", "yes")] if prove else [])
        try:
            async with session.get(f"{linker_url}/api/staying", params=query) as answer:
                if answer.status != 200:
                    raise Unavailable(f"the linker answered {answer.status} about what stays")
                found = msgspec.json.decode(await answer.read(), type=_Answer).studies
            return {uid: found[uid] for uid in studies}
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError, KeyError) as error:
            raise Unavailable("the linker does not say what stays") from error

    return ask


async def nothing_stays(studies: Sequence[str]) -> dict[str, Staying]:
    """Answer that every Study may go."""
    return dict.fromkeys(studies, Staying(recallable=True))
