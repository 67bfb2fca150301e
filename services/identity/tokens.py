"""The token endpoint, the issuer's metadata and its keys.

Source: OpenID Connect Core 1.0, 2 and 3.1.3; Discovery 1.0, 3; RFC 6749 5; RFC 7636 4.6; RFC 9068 2.2.
"""

import hmac
from typing import Any, Final

import msgspec
import orjson
from aiohttp import web

from services.identity.deps import IdentityDeps
from services.identity.issued import access_claims, identity_claims
from services.identity.records import CODES, USERS, Code, User
from services.identity.signing_keys import ALGORITHM
from shared import clock
from shared.documents import Range
from shared.errors import Conflict
from shared.web import routing
from shared.web.identity.embedded import ROOT
from shared.web.identity.sessions import digest
from shared.web.identity.sign_in import code_challenge

SWEPT: Final = 100


def is_proven(code: Code, form: dict[str, str], now: float, lasts_s: float) -> bool:
    """Say whether a code is for whoever shows it: its client and address, its verifier (RFC 7636), and not too late."""
    request, verifier = code.request, form.get("code_verifier", "")
    if form.get("client_id") != request.client_id or form.get("redirect_uri") != request.redirect_uri:
        return False
    if not 43 <= len(verifier) <= 128 or not verifier.isascii() or now - code.began >= lasts_s:
        return False
    return hmac.compare_digest(code_challenge(verifier), request.challenge)


class TokenRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: IdentityDeps) -> None:
        self._deps = deps

    @routing.get("/identity/.well-known/openid-configuration")
    async def metadata(self, _: web.Request) -> web.Response:
        """Return the issuer's metadata."""
        issuer = self._deps.issuer
        return _json(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{self._deps.pages_url}{ROOT}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/jwks",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "token_endpoint_auth_methods_supported": ["none"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "profile"],
                "claims_supported": ["sub", "preferred_username", "roles", "sites", "projects"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    @routing.get("/identity/jwks")
    async def keys(self, _: web.Request) -> web.Response:
        """Return the public keys."""
        return _json(self._deps.keys.published())

    @routing.post("/identity/token")
    async def token(self, request: web.Request) -> web.Response:
        """Give tokens for a code, once."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if form.get("grant_type") != "authorization_code":
            return _json({"error": "unsupported_grant_type"}, 400)
        deps, now, key = self._deps, clock.now(), digest(form.get("code", ""))
        code = await self._used(key)
        await self._sweep(now)
        user = await deps.documents.get(USERS, code.user) if code is not None else None
        if code is None or user is None or not is_proven(code, form, now, deps.settings.code_s):
            return _json({"error": "invalid_grant"}, 400)
        return _json(self._tokens(code, user, now))

    def _tokens(self, code: Code, user: User, now: float) -> dict[str, Any]:
        deps, at, lasts_s = self._deps, int(now), int(self._deps.settings.token_s)
        nonce, signed_in = code.request.nonce, int(code.began)
        access = access_claims(deps.issuer, deps.audience, deps.client_id, user, at, lasts_s)
        identity = identity_claims(deps.issuer, deps.client_id, user, at, lasts_s, nonce=nonce, auth_time=signed_in)
        return {
            "access_token": deps.keys.signed(access, "at+jwt"),
            "id_token": deps.keys.signed(identity, "JWT"),
            "token_type": "Bearer",
            "expires_in": lasts_s,
            "scope": "openid profile",
        }

    async def _used(self, key: str) -> Code | None:
        """Return a code that is shown for the first time; of several who show it at once, one has it."""
        documents = self._deps.documents
        code, version = await documents.get_versioned(CODES, key) or (None, 0)
        if code is None or code.is_used:
            return None
        try:
            await documents.put(CODES, msgspec.structs.replace(code, is_used=True), if_version=version)
        except Conflict:
            return None
        return code

    async def _sweep(self, now: float) -> None:
        old = await self._deps.documents.find(CODES, Range("began", high=now - self._deps.settings.code_s), limit=SWEPT)
        for each in old.documents:
            await self._deps.documents.delete(CODES, each.id)


def _json(value: object, status: int = 200) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json", headers=headers)
