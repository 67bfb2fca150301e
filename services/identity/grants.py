"""What the token endpoint gives tokens for: a code, a refresh token, a program's own identity.

A refresh token is good once, for the next one. If it is shown again, whoever has it and whoever had it are not told
apart: the whole family ends, and somebody signs in anew.
Source: RFC 6749 4.1.3, 4.4 and 6; RFC 7636 4.6; RFC 9700 4.14.2; OpenID Connect Core 1.0, 3.1.3 and 11.
"""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from services.identity.deps import IdentityDeps
from services.identity.issued import access_claims, identity_claims
from services.identity.records import CODES, REFRESH, USERS, Client, Code, RefreshToken, User
from shared.documents import Documents, Eq, Range
from shared.errors import Conflict
from shared.logs import decided
from shared.web.identity.sessions import digest
from shared.web.identity.sign_in import code_challenge

SWEPT: Final = 100
OFFLINE: Final = "offline_access"


class GrantRefused(Exception):
    """No token for this; the text is the error of RFC 6749 5.2."""


def is_proven(code: Code, form: Mapping[str, str], client_id: str, now: float, lasts_s: float) -> bool:
    """Say whether a code is for whoever shows it: its client and address, its verifier (RFC 7636), and not too late."""
    request, verifier = code.request, form.get("code_verifier", "")
    if client_id != request.client_id or form.get("redirect_uri") != request.redirect_uri:
        return False
    if not 43 <= len(verifier) <= 128 or not verifier.isascii() or now - code.began >= lasts_s:
        return False
    return hmac.compare_digest(code_challenge(verifier), request.challenge)


async def forget_refresh_tokens(documents: Documents, condition: Eq) -> None:
    """Forget all refresh tokens of a user or of a family."""
    async for each in documents.every(REFRESH, condition):
        await documents.delete(REFRESH, each.id)


class Grants:
    """The grants. deps: of the issuer."""

    def __init__(self, deps: IdentityDeps) -> None:
        self._deps, self._documents = deps, deps.documents

    async def by_code(self, form: Mapping[str, str], client_id: str, now: float) -> dict[str, Any]:
        """Return tokens for a code, once; a refresh token too where offline_access was asked for."""
        code = await self._used(digest(form.get("code", "")))
        await self._sweep(now)
        user = await self._documents.get(USERS, code.user) if code is not None else None
        if code is None or user is None or user.is_disabled:
            raise GrantRefused("invalid_grant")
        if not is_proven(code, form, client_id, now, self._deps.settings.code_s):
            raise GrantRefused("invalid_grant")
        asked, signed_in = code.request, int(code.began)
        answer = self._tokens(user, client_id, now, nonce=asked.nonce, auth_time=signed_in)
        if OFFLINE in asked.scope.split(" "):
            family = secrets.token_urlsafe(16)
            until = now + self._deps.settings.refresh_most_s
            answer["refresh_token"] = await self._refresh_token(user, client_id, family, signed_in, now, until)
            answer["scope"] += f" {OFFLINE}"
        return answer

    async def by_refresh_token(self, form: Mapping[str, str], client_id: str, now: float) -> dict[str, Any]:
        """Return new tokens for a refresh token that was not shown before, and the next refresh token."""
        key = digest(form.get("refresh_token", ""))
        shown, version = await self._documents.get_versioned(REFRESH, key) or (None, 0)
        if shown is None or shown.client_id != client_id or now >= min(shown.expires, shown.until):
            raise GrantRefused("invalid_grant")
        try:
            if shown.is_used:
                raise Conflict("shown before")
            await self._documents.put(REFRESH, msgspec.structs.replace(shown, is_used=True), if_version=version)
        except Conflict as error:
            decided("refresh-token-reused", level="warning")
            await forget_refresh_tokens(self._documents, Eq("family", shown.family))
            raise GrantRefused("invalid_grant") from error
        user = await self._documents.get(USERS, shown.user)
        if user is None or user.is_disabled or user.is_one_time or user.subject != shown.subject:
            raise GrantRefused("invalid_grant")
        answer = self._tokens(user, client_id, now, nonce="", auth_time=shown.auth_time)
        family, until = shown.family, shown.until
        answer["refresh_token"] = await self._refresh_token(user, client_id, family, shown.auth_time, now, until)
        answer["scope"] += f" {OFFLINE}"
        return answer

    def by_client(self, client: Client | None, now: float) -> dict[str, Any]:
        """Return a token for a program itself, with the roles that it was given."""
        if client is None or not client.roles:
            raise GrantRefused("unauthorized_client")
        deps, lasts_s = self._deps, int(self._deps.settings.token_s)
        claims = access_claims(deps.issuer, deps.audience, client.name, client, int(now), lasts_s)
        token = deps.keys.signed(claims, "at+jwt")
        return {"access_token": token, "token_type": "Bearer", "expires_in": lasts_s}

    def _tokens(self, user: User, client_id: str, now: float, *, nonce: str, auth_time: int) -> dict[str, Any]:
        deps, at, lasts_s = self._deps, int(now), int(self._deps.settings.token_s)
        access = access_claims(deps.issuer, deps.audience, client_id, user, at, lasts_s)
        identity = identity_claims(deps.issuer, client_id, user, at, lasts_s, nonce=nonce, auth_time=auth_time)
        return {
            "access_token": deps.keys.signed(access, "at+jwt"),
            "id_token": deps.keys.signed(identity, "JWT"),
            "token_type": "Bearer",
            "expires_in": lasts_s,
            "scope": "openid profile",
        }

    async def _refresh_token(
        self, user: User, client_id: str, family: str, auth_time: int, now: float, until: float
    ) -> str:
        value = secrets.token_urlsafe(32)
        kept = RefreshToken(
            id=digest(value),
            family=family,
            user=user.name,
            subject=user.subject,
            client_id=client_id,
            auth_time=auth_time,
            expires=now + self._deps.settings.refresh_s,
            until=until,
        )
        await self._documents.put(REFRESH, kept)
        return value

    async def _used(self, key: str) -> Code | None:
        """Return a code that is shown for the first time; of several who show it at once, one has it."""
        code, version = await self._documents.get_versioned(CODES, key) or (None, 0)
        if code is None or code.is_used:
            return None
        try:
            await self._documents.put(CODES, msgspec.structs.replace(code, is_used=True), if_version=version)
        except Conflict:
            return None
        return code

    async def _sweep(self, now: float) -> None:
        codes = await self._documents.find(CODES, Range("began", high=now - self._deps.settings.code_s), limit=SWEPT)
        for code in codes.documents:
            await self._documents.delete(CODES, code.id)
        tokens = await self._documents.find(REFRESH, Range("until", high=now), limit=SWEPT)
        for token in tokens.documents:
            await self._documents.delete(REFRESH, token.id)
