"""The text of a one-time code is read again as people copy it, and nothing else is."""

import pytest

from services.enrolment.codes import digest_of, is_of, new_code, read_code
from shared.errors import Invalid

FINGERPRINT = "0123456789abcdef" * 4


def test_a_code_is_read_again_however_it_was_copied() -> None:
    code = new_code(FINGERPRINT)

    for text in (code.text, code.text.lower(), code.text.replace("-", " "), f" {code.text}\n"):
        assert read_code(text) == code
    assert read_code(code.text.replace("O", "0").replace("I", "1").replace("B", "8")) == code
    assert FINGERPRINT.startswith(code.fingerprint)


def test_two_codes_share_nothing_but_the_authority() -> None:
    first, second = new_code(FINGERPRINT), new_code(FINGERPRINT)

    assert first.name != second.name
    assert first.secret != second.secret
    assert len(first.secret) * 4 == len(first.fingerprint) * 4 == 128


def test_half_a_code_is_none() -> None:
    for text in ("", "tokyo", new_code(FINGERPRINT).text[:-2], new_code(FINGERPRINT).text + "AA", "é" * 60):
        with pytest.raises(Invalid, match="not-a-code"):
            read_code(text)


def test_of_a_secret_a_digest_is_kept() -> None:
    assert is_of("secret", digest_of("secret"))
    assert not is_of("secreT", digest_of("secret"))
    assert "secret" not in digest_of("secret")
