"""The credentials that gateways show at the centre: Bearer tokens, each of one site.

What comes with the token of a site is that site's and no other's. A token that several sites share tells none, so that
whoever has it may name any: it is taken only where a setting says so.
"""

import asyncio
import hmac
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from aiohttp import web

from shared.certificates.private_files import made_once
from shared.errors import SettingsError
from shared.web import bearer
from shared.web.access.words import AccessRole
from shared.web.identity.actor import SHOWN_BY_GATEWAY_TOKEN, Actor, Credential, actor_of, gateway_actor
from shared.web.identity.settings import access_settings

FILE: Final = "gateway.token"
GATEWAY: Final = Actor(
    subject="gateway-token",
    name="gateway",
    roles=frozenset({AccessRole.SERVICE}),
    shown=SHOWN_BY_GATEWAY_TOKEN,
)
"""Whoever shows the token that several sites share."""


def made(path: Path) -> str:
    """Return the token of a file, making it if it is not there; processes that start together get the same."""
    return made_once(path, lambda: f"{secrets.token_urlsafe(32)}\n".encode("ascii")).decode("ascii").strip()


def known(path: Path) -> str:
    """Return the token of a file, empty if there is none."""
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        return ""


def gateway_of(site: str) -> Actor:
    """Return the gateway of a site that shows its token."""
    return gateway_actor(f"gateway-token:{site}", site, SHOWN_BY_GATEWAY_TOKEN)


class GatewayTokens:
    """The tokens that a service of the centre takes, and whose each is."""

    def __init__(self, *credentials: Credential) -> None:
        self.credentials: Sequence[Credential] = credentials

    def gateway(self, request: web.Request) -> Actor | None:
        """Return the gateway, or program of ours, that sends a request; None for anybody else.

        Raises HTTPUnauthorized for a token that is nobody's, where the gate has not asked already.
        """
        gateway = self._known(request)
        if gateway is None and self.credentials and bearer.shown(request) and actor_of(request) is None:
            raise bearer.unauthorized()
        return gateway

    def sites(self, request: web.Request) -> frozenset[str]:
        """Return the sites that the sender of a request has shown to be of, and acts for alone; none if it has not."""
        gateway = self._known(request)
        return gateway.sites if gateway is not None and gateway.is_bound else frozenset()

    def _known(self, request: web.Request) -> Actor | None:
        actor = actor_of(request)
        if actor is not None:
            return actor if actor.has(AccessRole.SERVICE) else None
        token = bearer.shown(request).encode("utf-8", "surrogateescape")
        fitting = (each.actor for each in self.credentials if hmac.compare_digest(token, each.token.encode()))
        return next(fitting, None) if token else None

    def token_of(self, site: str) -> str:
        """Return a token with which somebody acts for a site; empty if there is none."""
        fitting = [each for each in self.credentials if not each.actor.sites or site in each.actor.sites]
        return max(fitting, key=lambda each: len(each.actor.sites)).token if fitting else ""


def read_tokens(variable: str, given: Sequence[str], *, may_share: bool) -> GatewayTokens:
    """Return the tokens of a setting, each SITE=TOKEN, or a TOKEN that several sites share; raise SettingsError. Pure.

    variable: its name.  may_share: whether the last are taken.
    """
    credentials = []
    for each in given:
        site, of_site, token = each.partition("=")
        if not of_site and not may_share:
            raise SettingsError(
                f"{variable} holds a token of no site, with which a gateway may act for any; it takes SITE=TOKEN for "
                "each site, or set JMID_ACCESS_SHARED_GATEWAY_TOKEN=true"
            )
        if of_site and (not site.strip() or not token or token.startswith("=")):
            raise SettingsError(f"{variable} has a wrong value; it takes SITE=TOKEN, several separated by commas")
        credentials.append(Credential(token, gateway_of(site.strip())) if of_site else Credential(each, GATEWAY))
    return GatewayTokens(*credentials)


async def tokens_of(
    environ: Mapping[str, str], variable: str, given: Sequence[str], home: Path, site: str
) -> GatewayTokens:
    """Return the tokens that a service takes; where none is set that of its home, which is its own site's.

    home: of the centre; the token is made if there is none.
    """
    if not given:
        return GatewayTokens(Credential(await asyncio.to_thread(made, home / FILE), gateway_of(site)))
    return read_tokens(variable, given, may_share=access_settings(environ).access_shared_gateway_token)
