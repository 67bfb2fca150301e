"""A process with the embedded issuer, as clients of it meet it over HTTP."""

import json
from urllib.parse import parse_qs, urlsplit

import aiohttp

from shared.documents import Documents
from shared.web.identity.sign_in import code_challenge

NEEDS_PASSKEY = {"JMID_IDENTITY_SECOND_FACTOR": "administrator"}
CHOSEN = "a sentence of my own"
VERIFIER = "v" * 43
OWN = {"Sec-Fetch-Site": "same-origin"}


class Issuer:
    """A process with its issuer. people: name → one-time password.  documents: what it keeps."""

    def __init__(self, url: str, session: aiohttp.ClientSession, people: dict[str, str], documents: Documents) -> None:
        self.url, self.session, self.people, self.documents = url, session, people, documents
        self.back = f"{url}/-/sign-in/back"

    def request(self, **other: str) -> dict[str, str]:
        query = {
            "response_type": "code",
            "client_id": "jmid-portal",
            "redirect_uri": self.back,
            "scope": "openid profile",
            "state": "s",
            "nonce": "n",
            "code_challenge": code_challenge(VERIFIER),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (query | other).items() if value}

    async def authorize(self, **other: str) -> tuple[int, str]:
        """Return the status, and the page's own name for what was asked."""
        async with self.session.get(
            f"{self.url}/identity/authorize", params=self.request(**other), allow_redirects=False
        ) as answer:
            text = await answer.text()
        return answer.status, text.partition('name="request" value="')[2].partition('"')[0]

    async def post(self, path: str, **form: str) -> tuple[int, str, str]:
        """Return the status, where it leads, and the text."""
        async with self.session.post(
            f"{self.url}/identity/{path}", data=form, headers=OWN, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()

    async def code(self, name: str, **other: str) -> str:
        """Return the code for somebody who chooses a password with the one-time one."""
        _, asked = await self.authorize(**other)
        await self.post("sign-in", request=asked, name=name, password=self.people[name])
        _, location, _ = await self.post("new-password", request=asked, password=CHOSEN, again=CHOSEN)
        return parse_qs(urlsplit(location).query)["code"][0]

    async def token(self, code: str, **other: str) -> tuple[int, dict[str, str]]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "client_id": "jmid-portal",
            "code_verifier": VERIFIER,
        }
        status, _, text = await self.post("token", **(form | other))
        return status, json.loads(text)
