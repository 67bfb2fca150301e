"""The rules of the routes that every process has, of whatever services: health, sign-in, accounts, figures. Pure."""

from collections.abc import Mapping
from typing import Final

from shared.web.access.rules import NOBODY, Rule
from shared.web.access.words import AccessRole, Permission, Scope


def of_all(*roles: AccessRole) -> Mapping[AccessRole, Scope]:
    """Return the grant of everything to each of these roles."""
    return dict.fromkeys(roles, Scope.ALL)


RUNTIME: Final = (
    Rule(
        Permission.PUBLIC,
        "see whether the process lives, choose a language and a theme, load what pages look like, begin to sign in",
        NOBODY,
        (
            "GET /-/live",
            "GET /-/ready",
            "GET /-/language/{language}",
            "GET /-/theme/{theme}",
            "GET /-/sign-in",
            "GET /-/signed-out",
            "GET /static",
            "GET /identity/.well-known/openid-configuration",
            "GET /identity/jwks",
            "GET /identity/authorize",
            "GET /enrolment/authority",
            "OPTIONS /dicom-web",
            "OPTIONS /dicom-web/",
        ),
    ),
    Rule(
        Permission.SIGN_IN,
        "say who one is, and sign out",
        NOBODY,
        (
            "GET /-/sign-in/back",
            "POST /-/sign-out",
            "POST /-/back-channel-logout",
            "POST /identity/sign-in",
            "POST /identity/new-password",
            "POST /identity/passkey",
            "POST /identity/new-passkey",
            "POST /identity/token",
            "POST /enrolment/certificates",
        ),
    ),
    Rule(
        Permission.OPERATE,
        "see figures, dead letters and set-aside items, and have them tried again",
        of_all(AccessRole.OPERATOR, AccessRole.ADMINISTRATOR),
        (
            "GET /-/status",
            "GET /-/dead",
            "POST /-/dead",
            "GET /-/dead.json",
            "GET /completeness",
            "GET /api/completeness",
        ),
    ),
    Rule(
        Permission.READ_METRICS,
        "read the metrics",
        of_all(AccessRole.OPERATOR, AccessRole.ADMINISTRATOR, AccessRole.SERVICE),
        ("GET /-/metrics",),
    ),
    Rule(
        Permission.OWN_ACCOUNT,
        "see and change how they themselves sign in at the embedded issuer",
        of_all(*(role for role in AccessRole if role is not AccessRole.SERVICE)),
        (
            "GET /identity/account",
            "POST /identity/account/passkeys/begin",
            "POST /identity/account/passkeys",
            "POST /identity/account/passkeys/remove",
        ),
    ),
    Rule(
        Permission.MANAGE_USERS,
        "make, change, disable and remove users of the embedded issuer",
        of_all(AccessRole.ADMINISTRATOR),
        ("GET /identity/users", "POST /identity/users", "POST /identity/users/change"),
    ),
)
