"""What a good token says of whoever shows it. Pure.

A role that is none of ours is left out, and so is anything that is not a text.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.web.identity.actor import Actor
from shared.web.identity.settings import AccessSettings, role_names

MOST_NAME: Final = 64
MOST_VALUES: Final = 1000


class ClaimReader:
    """Reads actors from claims, by the names that the settings have for them."""

    def __init__(self, settings: AccessSettings) -> None:
        self._settings = settings
        self._roles = role_names(settings)

    def actor(self, claims: Mapping[str, Any]) -> Actor:
        """Return who the claims are of. claims: of a good token, with a subject."""
        settings = self._settings
        subject = str(claims["sub"])
        named = _value(claims, settings.access_name_claim)
        name = " ".join(named.split()) if isinstance(named, str) else ""
        return Actor(
            subject=subject,
            name=(name or subject)[:MOST_NAME],
            roles=frozenset(self._roles[each] for each in self._role_names(claims)),
            sites=texts_of(claims, settings.access_sites_claim),
            projects=texts_of(claims, settings.access_projects_claim),
        )

    def _role_names(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """Return the names that are known; one text may hold several (RFC 6749 3.3)."""
        texts = texts_of(claims, self._settings.access_roles_claim)
        return frozenset(name for text in texts for name in text.split(" ")) & self._roles.keys()


def texts_of(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """Return the texts of a claim, which is a list or one text."""
    value = _value(claims, path)
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or len(values) > MOST_VALUES:
        return frozenset()
    return frozenset(each for each in values if isinstance(each, str) and each)


def _value(claims: Mapping[str, Any], path: str) -> Any:
    """Return the value at a path; the claim of just that name where there is one, as of https://jmid.example/roles."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
