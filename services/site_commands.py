"""``jmid sites`` at the centre: whose gateways may deliver; ``jmid enrol`` at a gateway."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from rich.table import Table

from services import places
from services.command_line import HomeOption, ports_of, run_work
from services.enrolment import client
from services.enrolment.codes import Code, read_code
from services.enrolment.invites import INVITES, invited
from services.enrolment.issue import keep, revoked
from services.enrolment.settings import EnrolmentSettings
from shared import clock
from shared.certificates.authority import FOLDER, authority_of, fingerprint
from shared.certificates.settings import tls_settings
from shared.certificates.site_identity import Enrolment, SiteIdentity
from shared.console import console
from shared.documents import Documents
from shared.errors import SettingsError
from shared.service import Role
from shared.settings import read
from shared.web.identity.certificates import SITES, Site

out = console()
sites = typer.Typer(help="Sites whose gateways deliver to this centre.", no_args_is_help=True)
SiteArgument = Annotated[str, typer.Argument(help="The site's short name, such as tokyo.", metavar="SITE")]
_DAY_S = 86_400.0


@sites.command()
def invite(
    site: SiteArgument,
    days: Annotated[float, typer.Option(help="How long the code is good.", min=0.01, max=30)] = 1.0,
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Print a one-time code with which a site's gateway enrols (jmid enrol); tell it to nobody else."""
    if not site.isprintable() or not 0 < len(site) <= 64 or set(site) & set(" \\"):
        raise typer.BadParameter("a site's short name has at most 64 characters, no blanks and no backslash")
    print(run_work(_invite(home, site, clock.now() + days * _DAY_S)).text)


@sites.command("list")
def list_sites(home: HomeOption = Path("jmid-home")) -> None:
    """Show the sites, their certificates, and codes that nobody has used."""
    run_work(_list(home))


@sites.command()
def revoke(site: SiteArgument, home: HomeOption = Path("jmid-home")) -> None:
    """Let in no gateway of a site any more, from its next request on, and end its open codes."""
    if not run_work(_revoke(home, site)):
        out.print(f"There is no site {site}", markup=False)
        raise typer.Exit(1)


@sites.command()
def accept(
    site: SiteArgument,
    certificate: Annotated[Path, typer.Option(help="PEM file of a certificate of an authority in JMID_TLS_CLIENT_CA.")],
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Take a certificate of another authority for a site's gateway."""
    try:
        read_one = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{certificate} is no PEM file of a certificate") from error
    run_work(_accept(home, site, read_one))
    print(fingerprint(read_one))


def enrol(
    centre: Annotated[str, typer.Option(help="The centre's address, such as https://centre.example:8443.")],
    code: Annotated[
        str, typer.Option(prompt="Code of jmid sites invite", help="The one-time code; asked for if left out.")
    ],
    ca: Annotated[
        str,
        typer.Option(help="PEM file of the authority of the centre's certificate, or system; empty is the code's own."),
    ] = "",
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Enrol this gateway at a centre with a one-time code; its key is made here and never leaves."""
    places.check_home(places.WhichPlace.GATEWAY, home)
    identity = SiteIdentity(home.resolve() / Role.GATEWAY.value)
    enrolment = run_work(_enrol(identity, centre, read_code(code), ca))
    out.print(f"Enrolled as {enrolment.site} until {identity.certificate.not_valid_after_utc:%Y-%m-%d}", markup=False)
    out.print(f"Start it: jmid up --role gateway --home {home}", markup=False, soft_wrap=True)


@asynccontextmanager
async def _centre(home: Path) -> AsyncIterator[Documents]:
    async with ports_of(Role.CENTRE, home, ()) as ports:
        await ports.documents.declare(INVITES, SITES)
        yield ports.documents


async def _invite(home: Path, site: str, expires_at: float) -> Code:
    authority = await asyncio.to_thread(authority_of, tls_settings(os.environ), home / Role.CENTRE.value / FOLDER)
    async with _centre(home) as documents:
        return await invited(documents, site, fingerprint(authority.certificate), expires_at)


async def _list(home: Path) -> None:
    table = Table("site", "certificate", "how", "from", "until", "state")
    now = clock.now()
    async with _centre(home) as documents:
        known = [site async for site in documents.every(SITES)]
        codes = [each async for each in documents.every(INVITES)]
    for site in sorted(known, key=lambda each: each.name):
        _add(table, site, now)
    for each in sorted(codes, key=lambda each: each.expires_at):
        if not each.key and each.expires_at > now:
            table.add_row(each.site, "", "code", "", _day(each.expires_at), "not used")
    out.print(table)


def _add(table: Table, site: Site, now: float) -> None:
    for each in site.certificates:
        state = "revoked" if each.revoked_at else "ended" if each.ends_at <= now else "good"
        table.add_row(site.name, each.fingerprint[:16], each.how, _day(each.began_at), _day(each.ends_at), state)


async def _revoke(home: Path, site: str) -> bool:
    async with _centre(home) as documents:
        return await revoked(documents, site)


async def _accept(home: Path, site: str, certificate: x509.Certificate) -> None:
    async with _centre(home) as documents:
        await keep(documents, site, certificate, "accepted")


async def _enrol(identity: SiteIdentity, centre: str, code: Code, ca: str) -> Enrolment:
    settings = read(EnrolmentSettings, "ENROLMENT", os.environ)
    return await client.enrol(identity, centre, code, ca, settings.timeout_s)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
