"""Settings of the embedded issuer, read as JMID_IDENTITY_<FIELD>."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.settings import Seconds
from shared.web.access.words import AccessRole


class IdentitySettings(msgspec.Struct, frozen=True):
    """How long things last, what a password is, and who needs more than one."""

    request_s: Annotated[Seconds, Meta(description="How long a page of signing in may stay open.")] = 600.0
    code_s: Annotated[Seconds, Meta(description="How long the code of a sign-in is good.")] = 60.0
    token_s: Annotated[Seconds, Meta(description="How long a token is good.")] = 600.0
    refresh_s: Annotated[
        Seconds, Meta(description="How long a refresh token is good; each use gives the next one.")
    ] = 86_400.0
    refresh_most_s: Annotated[
        Seconds, Meta(description="After what time somebody signs in anew, whatever was refreshed.")
    ] = 604_800.0
    key_s: Annotated[Seconds, Meta(description="After what time a start makes a new signing key.")] = 1_000_000.0
    password_characters: Annotated[
        int, Meta(description="How many characters a password has at least.", ge=8, le=128)
    ] = 12
    free_attempts: Annotated[
        int, Meta(description="How many wrong passwords in a row are answered without delay.", ge=1, le=100)
    ] = 3
    first_delay_s: Annotated[
        Seconds, Meta(description="The wait after these; it doubles with each wrong password more.")
    ] = 1.0
    second_factor: Annotated[
        tuple[AccessRole, ...],
        Meta(
            description="Roles whose users need a passkey: alone, or after the password; such as "
            "administrator,privacy-officer."
        ),
    ] = ()
    longest_delay_s: Annotated[Seconds, Meta(description="The longest wait after wrong passwords.")] = 900.0
