"""What JMID_ACCESS=embedded stands for: the issuer that this process has itself. Pure."""

from typing import Final

import msgspec
from yarl import URL

from shared.errors import SettingsError
from shared.web.identity.settings import AccessSettings, Mode
from shared.web.identity.sign_in import BACK
from shared.web.loopback import LOOPBACK

ROOT: Final = "/identity"
AUDIENCE: Final = "jmid"
CLIENT: Final = "jmid-portal"


def issuer_of(settings: AccessSettings, base_url: str) -> str:
    """Return the identifier of the embedded issuer. base_url: of this process, where no public address is set."""
    return (settings.access_public_url or base_url).rstrip("/") + ROOT


def pages_url_of(settings: AccessSettings, base_url: str) -> str:
    """Return under which address browsers see the issuer's pages.

    On loopback by name: browsers bind passkeys to a name, and allow none under an IP address.
    """
    own = URL(base_url)
    return settings.access_public_url.rstrip("/") or (
        f"http://localhost:{own.port}" if own.host in LOOPBACK else base_url
    )


def redirect_uris_of(settings: AccessSettings, base_url: str) -> frozenset[str]:
    """Return where the issuer may send browsers back to: the public address, else each name of this machine's own."""
    if settings.access_public_url:
        return frozenset({settings.access_public_url.rstrip("/") + BACK})
    port = URL(base_url).port
    return frozenset(f"http://{f'[{name}]' if ':' in name else name}:{port}{BACK}" for name in LOOPBACK)


def completed(settings: AccessSettings, base_url: str, *, has_issuer: bool) -> AccessSettings:
    """Return the settings with which everybody is asked by the embedded issuer; others as they are.

    Raises SettingsError where this process has none.
    """
    if settings.access is not Mode.EMBEDDED:
        return settings
    if not has_issuer:
        raise SettingsError(
            "JMID_ACCESS=embedded is for the process that runs the issuer, such as jmid up; set oidc, "
            f"JMID_ACCESS_ISSUER to its address with {ROOT}, and JMID_ACCESS_AUDIENCE={AUDIENCE}"
        )
    return msgspec.structs.replace(
        settings,
        access=Mode.OIDC,
        access_issuer=issuer_of(settings, base_url),
        access_audience=(AUDIENCE,),
        access_typed_tokens=True,
        access_client_audience=False,
        access_algorithms=("ES256",),
        access_roles_claim="roles",
        access_role_names=(),
        access_sites_claim="sites",
        access_projects_claim="projects",
        access_name_claim="preferred_username",
        access_client_id=CLIENT,
        access_client_secret="",
        access_scopes=("openid", "profile"),
    )
