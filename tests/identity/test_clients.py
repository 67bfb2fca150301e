"""Programs get tokens by a secret or a key of theirs; a refresh token is good once."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from typer.testing import CliRunner

from services.client_commands import clients
from services.identity.clients import ASSERTION_TYPE, public_key_of, put_client
from services.identity.records import Client
from services.identity.users import forget
from shared.errors import Invalid
from tests.identity.issuing import Issuer

pytestmark = pytest.mark.slow
ITSELF = {"grant_type": "client_credentials"}


async def asked(issuer: Issuer, headers: Any = None, **form: str) -> tuple[int, dict[str, Any]]:
    """Ask the token endpoint; return the status and what it answers."""
    async with issuer.session.post(f"{issuer.url}/identity/token", data=form, headers=headers) as answer:
        return answer.status, json.loads(await answer.text())


async def made(issuer: Issuer, **more: Any) -> str:
    client = Client(name="ai-team", roles=("radiologist",), sites=("tokyo",), began=0.0, **more)
    return await put_client(issuer.documents, client, has_secret=not client.key)


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}


async def test_a_program_gets_a_token_for_its_secret_and_reaches_what_its_role_may(issuer: Issuer) -> None:
    secret = await made(issuer)

    in_form = await asked(issuer, **ITSELF, client_id="ai-team", client_secret=secret)
    status, answer = await asked(issuer, basic("ai-team", secret), **ITSELF)
    reached = []
    for path in ("/dicom-web/studies", "/-/status"):
        headers = {"Authorization": f"Bearer {answer['access_token']}"}
        async with issuer.session.get(issuer.url + path, headers=headers) as each:
            reached.append(each.status)

    assert (in_form[0], status, reached) == (200, 200, [200, 403])
    assert answer.keys() == {"access_token", "token_type", "expires_in"}


async def test_who_does_not_show_to_be_a_client_is_none(issuer: Issuer) -> None:
    secret = await made(issuer)
    refused = (401, {"error": "invalid_client"})

    assert await asked(issuer, basic("ai-team", secret + "x"), **ITSELF) == refused
    assert await asked(issuer, basic("nobody", secret), **ITSELF) == refused
    assert await asked(issuer, {"Authorization": "Basic x"}, **ITSELF) == refused
    assert await asked(issuer, **ITSELF, client_id="ai-team") == refused
    assert await asked(issuer, **ITSELF) == refused
    assert await asked(issuer, **ITSELF, client_id="jmid-portal") == (400, {"error": "unauthorized_client"})


class Signer:
    """A client with a key."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer, self.key = issuer, ECKey.generate_key("P-256")

    def assertion(self, key: ECKey | None = None, **other: Any) -> str:
        now = int(time.time())
        claims = {"iss": "ai-team", "sub": "ai-team", "aud": f"{self.issuer.url}/identity/token", "jti": "1"}
        claims |= {"iat": now, "exp": now + 60} | other
        return jwt.encode({"alg": "ES256"}, claims, key or self.key, algorithms=["ES256"])

    async def shows(self, assertion: str, **other: str) -> int:
        form = {**ITSELF, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **other}
        return (await asked(self.issuer, **form))[0]


async def test_a_program_gets_a_token_for_an_assertion_of_its_key_once(issuer: Issuer) -> None:
    signer = Signer(issuer)
    await made(issuer, key=public_key_of(signer.key.as_pem(private=False)))
    assertion = signer.assertion()

    assert await signer.shows(assertion) == 200
    assert await signer.shows(assertion) == 401
    assert await signer.shows(signer.assertion(jti="2", aud=f"{issuer.url}/identity"), client_id="ai-team") == 200


@pytest.mark.parametrize(
    "other",
    [
        {"aud": "https://elsewhere.example"},
        {"iss": "other"},
        {"sub": "other"},
        {"jti": ""},
        {"exp": 1},
        {"exp": 1 << 33},
    ],
)
async def test_an_assertion_for_another_or_too_old_or_too_long_is_none(issuer: Issuer, other: dict[str, Any]) -> None:
    signer = Signer(issuer)
    await made(issuer, key=public_key_of(signer.key.as_pem(private=False)))

    assert await signer.shows(signer.assertion(**other)) == 401
    assert await signer.shows(signer.assertion(ECKey.generate_key("P-256"))) == 401
    assert await signer.shows(signer.assertion(), client_id="other") == 401
    assert await signer.shows(signer.assertion(), client_assertion_type="other") == 401
    assert await signer.shows("x.y.z") == 401


def test_a_key_is_one_that_we_take() -> None:
    for key in (OKPKey.generate_key("Ed25519"), RSAKey.generate_key(2048)):
        assert json.loads(public_key_of(key.as_pem(private=True))).keys().isdisjoint({"d", "p", "q"})
    for pem in (b"", b"x", RSAKey.generate_key(1024).as_pem(private=False)):
        with pytest.raises(Invalid):
            public_key_of(pem)


async def test_a_refresh_token_is_good_once_and_a_second_showing_ends_the_sign_in(issuer: Issuer) -> None:
    _, first = await issuer.token(await issuer.code("operator", scope="openid offline_access"))

    by_first = await asked(
        issuer, grant_type="refresh_token", client_id="jmid-portal", refresh_token=first["refresh_token"]
    )
    by_next = await asked(
        issuer, grant_type="refresh_token", client_id="jmid-portal", refresh_token=by_first[1]["refresh_token"]
    )
    again = await asked(
        issuer, grant_type="refresh_token", client_id="jmid-portal", refresh_token=first["refresh_token"]
    )
    after = await asked(
        issuer, grant_type="refresh_token", client_id="jmid-portal", refresh_token=by_next[1]["refresh_token"]
    )

    assert (by_first[0], by_next[0]) == (200, 200)
    assert again == after == (400, {"error": "invalid_grant"})
    assert len({each["refresh_token"] for each in (first, by_first[1], by_next[1])}) == 3


async def test_a_refresh_token_is_of_its_client_and_its_user(issuer: Issuer) -> None:
    _, without = await issuer.token(await issuer.code("radiologist"))
    _, tokens = await issuer.token(await issuer.code("operator", scope="openid offline_access"))
    secret = await made(issuer)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    other_client = await asked(issuer, basic("ai-team", secret), **form)
    await forget(issuer.documents, "operator")
    removed = await asked(issuer, **form, client_id="jmid-portal")

    assert "refresh_token" not in without
    assert other_client == removed == (400, {"error": "invalid_grant"})


async def test_people_sign_in_to_a_program_that_shows_who_it_is(issuer: Issuer) -> None:
    back = "https://viewer.example/back"
    secret = await made(issuer, redirect_uris=(back,))
    code = await issuer.code("operator", client_id="ai-team", redirect_uri=back)
    form = {"client_id": "ai-team", "redirect_uri": back}

    elsewhere, _ = await issuer.authorize(client_id="ai-team")
    unknown, _ = await issuer.token(code, **form)
    status, tokens = await issuer.token(code, **form, client_secret=secret)

    assert (elsewhere, unknown, status) == (403, 401, 200)
    assert "id_token" in tokens


def jmid_clients(home: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(clients, [*arguments, "--home", str(home)], env={"COLUMNS": "160"})
    return done.exit_code, done.output


def test_a_client_is_added_with_its_secret_printed_once_listed_and_removed(tmp_path: Path) -> None:
    code, secret = jmid_clients(tmp_path, "add", "ai-team", "--role", "service", "--site", "tokyo")
    (tmp_path / "key.pem").write_bytes(ECKey.generate_key("P-256").as_pem(private=False))
    keyed, nothing = jmid_clients(tmp_path, "add", "robot", "--role", "service", "--key", str(tmp_path / "key.pem"))
    _, listed = jmid_clients(tmp_path, "list")
    removed = [jmid_clients(tmp_path, "remove", "robot")[0] for _ in range(2)]

    assert (code, keyed, nothing, removed) == (0, 0, "", [0, 1])
    assert len(secret.strip()) >= 43
    assert "ai-team" in listed
    assert "robot" in listed
    assert secret.strip() not in listed
    assert jmid_clients(tmp_path, "add", "x")[0] == 2
    assert jmid_clients(tmp_path, "add", "jmid-portal", "--role", "service")[0] == 1
