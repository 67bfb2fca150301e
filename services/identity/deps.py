"""What the issuer's routes work with."""

from dataclasses import dataclass

from services.identity.clients import Clients
from services.identity.passkeys import Passkeys
from services.identity.passwords import Passwords
from services.identity.settings import IdentitySettings
from services.identity.signing_keys import SigningKeys
from shared.documents import Documents


@dataclass(frozen=True)
class IdentityDeps:
    """issuer: the identifier.  audience: what access tokens are for.  client_id, redirect_uris: of the portal.

    site: of this place.  pages_url: under which browsers see the issuer's pages, the name that passkeys are bound to.
    """

    documents: Documents
    settings: IdentitySettings
    keys: SigningKeys
    passwords: Passwords
    passkeys: Passkeys
    clients: Clients
    issuer: str
    pages_url: str
    audience: str
    client_id: str
    redirect_uris: frozenset[str]
    site: str = ""
