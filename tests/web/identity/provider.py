"""A small issuer over real HTTP: its metadata, its keys, and tokens that it signs."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from tests.servers.web import served

AUDIENCE = "jmid"


def rsa(key_id: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": key_id})


@dataclass
class Provider:
    """keys: that it publishes; the first signs.  asked: how often its keys were read.  is_up: whether it answers."""

    url: str = ""
    keys: list[Key] = field(default_factory=lambda: [rsa("first")])
    issuer: str = ""
    asked: int = 0
    is_up: bool = True

    def claims(self, **claims: Any) -> dict[str, Any]:
        now = int(time.time())
        whole = {"iss": self.url, "aud": AUDIENCE, "sub": "u1", "iat": now, "exp": now + 300, **claims}
        return {name: value for name, value in whole.items() if value is not None}

    def token(self, *, key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        key = key or self.keys[0]
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        whole = {"alg": algorithm, "kid": key.kid, **(header or {})}
        return jwt.encode(whole, self.claims(**claims), key, algorithms=[whole["alg"]])

    def bearer(self, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(**claims)}"}

    def environ(self, **more: str) -> dict[str, str]:
        own = {"JMID_ACCESS": "oidc", "JMID_ACCESS_ISSUER": self.url, "JMID_ACCESS_AUDIENCE": AUDIENCE}
        return {**own, **more}

    async def _metadata(self, _: web.Request) -> web.Response:
        if not self.is_up:
            raise web.HTTPBadGateway
        return web.json_response({"issuer": self.issuer or self.url, "jwks_uri": f"{self.url}/keys"})

    async def _keys(self, _: web.Request) -> web.Response:
        self.asked += 1
        public = [key.as_dict(private=False) for key in self.keys]
        return web.json_response({"keys": [{"kty": "of a later century"}, {"kty": "RSA", "n": "?"}, *public]})


@asynccontextmanager
async def provider(*keys: Key) -> AsyncIterator[Provider]:
    own = Provider(keys=list(keys) or [rsa("first")])
    application = web.Application()
    application.add_routes([web.get("/.well-known/openid-configuration", own._metadata), web.get("/keys", own._keys)])
    async with served(application) as own.url:
        yield own
