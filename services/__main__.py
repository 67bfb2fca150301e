"""The composition root: the only place that sees all services, and the command ``jmid``."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from services import (
    backing_up,
    checking,
    collection_rules,
    data_versions,
    dead_letters,
    free_text,
    operations,
    places,
    pulling,
    reconcile,
)
from services.anonymizer import service as anonymizer
from services.anonymizer.cli import commands as anonymizer_cli
from services.anonymizer.cli.log_commands import log as deid_log
from services.anonymizer.cli.name_commands import names
from services.anonymizer.cli.opt_out_commands import with_proof
from services.archive import service as archive
from services.audit_commands import audit
from services.client_commands import clients
from services.command_line import option_variables, run_command
from services.commands.recorded import recorded
from services.commands.terms import terms
from services.enrolment import service as enrolment
from services.identity import service as identity
from services.ingest import service as ingest
from services.linker import service as linker
from services.places import WhichPlace
from services.process import Process
from services.process import run as run_process
from services.search import service as search
from services.site_commands import enrol, sites
from services.token_command import token
from services.user_commands import users
from shared import logs
from shared.runtime.home import claimed
from shared.runtime.variables import known
from shared.service import Role, Service
from shared.settings import check_names
from shared.site.times import site_time_of
from shared.web.identity.settings import Mode
from shared.web.loopback import LOOPBACK

SERVICES: tuple[Service, ...] = (
    *ingest.SERVICES,
    *anonymizer.SERVICES,
    *linker.SERVICES,
    *archive.SERVICES,
    *search.SERVICES,
    *identity.SERVICES,
    *enrolment.SERVICES,
)

app = typer.Typer(help="J-MID: a country's medical images and radiology reports.", no_args_is_help=True)
app.add_typer(anonymizer_cli.deid, name="deid")
app.add_typer(anonymizer_cli.keys, name="keys")
app.add_typer(anonymizer_cli.profile, name="profile")
anonymizer_cli.deid.add_typer(deid_log, name="log")
app.add_typer(audit, name="audit")
app.add_typer(names, name="names")
app.add_typer(with_proof(backing_up.backups_in), name="opt-out")
app.add_typer(users, name="users")
app.add_typer(sites, name="sites")
app.command("enrol")(enrol)
app.add_typer(clients, name="clients")
app.add_typer(dead_letters.commands(SERVICES), name="dead")
app.add_typer(data_versions.rebuilding(), name="rebuild")
app.add_typer(reconcile.reconciling(), name="reconcile")
app.add_typer(collection_rules.rules_commands(), name="rules")
app.add_typer(pulling.pulling(), name="pull")
app.add_typer(terms, name="terms")
app.command("migrate")(data_versions.migrate(SERVICES))
app.command("check")(checking.checking(SERVICES))
app.command("status")(operations.status)
app.command("token")(token)
app.command("backup")(backing_up.backup)
app.command("restore")(backing_up.restore)

HomeOption = Annotated[Path, typer.Option(help="All state is under this folder.", envvar="JMID_HOME")]
PortOption = Annotated[int, typer.Option(help="HTTP port; 0 takes a free one.", envvar="JMID_PORT", min=0, max=65_535)]
DimseOption = Annotated[
    int,
    typer.Option(
        help="C-STORE port; 0 takes a free one, -1 none.", envvar="JMID_INGEST_DIMSE_PORT", min=-1, max=65_535
    ),
]
BindOption = Annotated[str, typer.Option(help="Address to listen on.", envvar="JMID_BIND")]
SiteOption = Annotated[
    str, typer.Option(help="The hospital's short name.", envvar="JMID_SITE", show_default=places.DEFAULT_SITE)
]
CentreOption = Annotated[
    str,
    typer.Option(help="For --role gateway: the centre's address, if it is not the one that it enrolled at."),
]
TlsOption = Annotated[
    bool,
    typer.Option("--tls", help="Speak TLS, with JMID_TLS_CERTIFICATE or an authority of its own.", envvar="JMID_TLS"),
]
InsecureOption = Annotated[bool, typer.Option("--insecure", help="No authentication; only on a loopback address.")]


_process = partial(Process, every=SERVICES, text_check=free_text.findings)
"""What every process of this program knows of the others, and who looks at what people type."""


@app.callback()
def _check_environment() -> None:
    check_names(os.environ, known(SERVICES, option_variables(app)))
    site_time_of(os.environ)


@app.command()
def up(
    home: HomeOption = Path("jmid-home"),
    port: PortOption = 8080,
    dimse_port: DimseOption = 11112,
    bind: BindOption = "127.0.0.1",
    site: SiteOption = "",
    role: Annotated[WhichPlace, typer.Option(help="A site's gateway, the centre, or both.")] = WhichPlace.ALL,
    centre: CentreOption = "",
    tls: TlsOption = False,
    sample: Annotated[
        bool | None, typer.Option("--sample/--no-sample", help="Feed the sample on the first start; with --role all.")
    ] = None,
    insecure: InsecureOption = False,
) -> None:
    """Run gateway and centre, or one of them, on this machine; everybody signs in (docs/access.md)."""
    home, is_all = home.resolve(), role is WhichPlace.ALL
    if sample and not is_all:
        raise typer.BadParameter("the sample is fed with --role all only", param_hint="--sample")
    if centre and role is not WhichPlace.GATEWAY:
        raise typer.BadParameter("only --role gateway has a centre elsewhere", param_hint="--centre")
    places.check_home(role, home)
    access = {"JMID_ACCESS": os.environ.get("JMID_ACCESS") or Mode.EMBEDDED.value, **_access(bind, insecure)}
    environ = {**os.environ, "JMID_INGEST_DIMSE_PORT": str(dimse_port), **access}
    if tls:
        environ |= places.public_url(bind, port, environ)
    if role is WhichPlace.GATEWAY:
        environ |= places.gateway_variables(home, environ, centre)
        places.check_centre(environ)
        site = places.site_of(home, site)
    _run(
        _process(
            services=places.services_of(role, SERVICES),
            home=home,
            port=port,
            bind=bind,
            site=site or places.DEFAULT_SITE,
            environ=environ,
            tls=tls,
            with_sample=is_all and sample is not False,
            log=home / "jmid.log",  # the terminal is for progress and addresses
        )
    )


@app.command()
def run(
    service: Annotated[str, typer.Argument(help="ingest, anonymizer, linker, archive, search, identity or enrolment.")],
    role: Annotated[
        Role | None, typer.Option(help="For the linker and enrolment: gateway or centre.", envvar="JMID_ROLE")
    ] = None,
    home: HomeOption = Path("jmid-home"),
    port: PortOption = 8080,
    bind: BindOption = "127.0.0.1",
    site: SiteOption = "",
    tls: TlsOption = False,
    insecure: InsecureOption = False,
) -> None:
    """Run one service, as in a pod."""
    own, home = _named(service, role), home.resolve()
    plain = {f"JMID_{service.upper()}_ACCEPT": "any"} if insecure and service in ("archive", "linker") else {}
    if insecure and service == "archive":
        plain["JMID_ARCHIVE_EVICT"] = "any"  # no linker is there to ask
    environ = {**plain, **os.environ, **_access(bind, insecure)}
    if tls:
        environ |= places.public_url(bind, port, environ)
    if own[0].role is Role.GATEWAY:
        environ |= places.gateway_variables(home, environ)
        site = places.site_of(home, site)
    _run(
        _process(
            services=own,
            home=home,
            port=port,
            bind=bind,
            site=site or places.DEFAULT_SITE,
            environ=environ,
            tls=tls,
        )
    )


def _named(name: str, role: Role | None) -> Sequence[Service]:
    named = [each for each in SERVICES if each.name == name]
    if not named:
        raise typer.BadParameter(f"one of {', '.join(sorted({each.name for each in SERVICES}))}", param_hint="SERVICE")
    chosen = [each for each in named if role in (None, each.role)]
    if len(chosen) == 1:
        return chosen
    roles = " or ".join(each.role.value for each in named)
    raise typer.BadParameter(f"{name} runs as {roles}; give --role", param_hint="--role")


def _access(bind: str, insecure: bool) -> Mapping[str, str]:
    """Return the variables that --insecure stands for."""
    if insecure and bind not in LOOPBACK:
        raise typer.BadParameter("--insecure is for loopback addresses only", param_hint="--bind")
    return {"JMID_ACCESS": Mode.OPEN.value} if insecure else {}


def _run(process: Process) -> None:
    with claimed(process.home, alone=process.is_whole):
        logs.configure(process.log)
        uvloop.run(run_process(process))


def main() -> None:
    """Run the command line."""
    run_command(recorded(app))


if __name__ == "__main__":
    main()
