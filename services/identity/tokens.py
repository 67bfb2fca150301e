"""The token endpoint, the issuer's metadata and its keys.

Source: OpenID Connect Core 1.0, 2 and 3.1.3; Discovery 1.0, 3; RFC 6749 5; RFC 9068 2.2.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from aiohttp import web

from services.identity.clients import ALGORITHMS, METHODS, ClientRefused
from services.identity.deps import IdentityDeps
from services.identity.grants import OFFLINE, GrantRefused, Grants
from services.identity.records import Client
from services.identity.signing_keys import ALGORITHM
from shared import clock
from shared.logs import decided
from shared.web import routing
from shared.web.identity.embedded import CLIENT as PORTAL
from shared.web.identity.embedded import ROOT

GRANTS: Final = ("authorization_code", "refresh_token", "client_credentials")


class TokenRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: IdentityDeps) -> None:
        self._deps, self._grants = deps, Grants(deps)

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
                "grant_types_supported": GRANTS,
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "token_endpoint_auth_methods_supported": METHODS,
                "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "profile", OFFLINE],
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
        """Give tokens to a client that shows who it is."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            client = await self._deps.clients.shown(request.headers.get("Authorization", ""), form)
            return _json(await self._granted(form, client))
        except ClientRefused:
            decided("client-refused", level="warning")
            return _json({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
        except GrantRefused as error:
            return _json({"error": str(error)}, 400)

    async def _granted(self, form: Mapping[str, str], client: Client | None) -> dict[str, Any]:
        now, client_id = clock.now(), client.name if client is not None else PORTAL
        grant = form.get("grant_type")
        if grant == "authorization_code":
            return await self._grants.by_code(form, client_id, now)
        if grant == "refresh_token":
            return await self._grants.by_refresh_token(form, client_id, now)
        if grant == "client_credentials":
            return self._grants.by_client(client, now)
        raise GrantRefused("unsupported_grant_type")


def _json(value: object, status: int = 200, more: Mapping[str, str] | None = None) -> web.Response:
    headers = {"Cache-Control": "no-store", **(more or {})}
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json", headers=headers)
