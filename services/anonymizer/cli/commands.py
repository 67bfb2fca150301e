"""``jmid deid``, ``jmid keys`` and ``jmid profile``."""

import asyncio
import os
import secrets
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.table import Table

from services.anonymizer.cli import clinical_names, lost_keys, report_commands, rules_only, site_names, verify_command
from services.anonymizer.cli.folder import deidentify_folder
from services.anonymizer.cli.home import HomeOption
from services.anonymizer.deface import load as defacing
from services.anonymizer.deface.folder import deface_folder
from services.anonymizer.pixels import text_detector
from services.anonymizer.policy import Policy
from services.anonymizer.profile import effective
from services.anonymizer.profile import profile as profiles
from services.anonymizer.pseudonyms import key_wrapping, vault_access
from services.anonymizer.pseudonyms import keys as key_files
from services.anonymizer.pseudonyms.vault_access import Asker, open_vault
from services.anonymizer.rotation.folder import renew_folder
from shared.console import console
from shared.errors import JmidError, SettingsError

deid = typer.Typer(help="De-identify files on disk, exactly as the service does.", no_args_is_help=True)
keys = typer.Typer(help="The secret keys of the pseudonyms.", no_args_is_help=True)
profile = typer.Typer(help="What the de-identification profiles do.", no_args_is_help=True)
out = console()

ProfileOption = Annotated[str, typer.Option("--profile", help="jmid or research.")]
KeysOption = Annotated[Path, typer.Option("--keys", help="The key folder; made by: jmid keys new.")]
SiteOption = Annotated[str, typer.Option("--site", help="The site's short name.", envvar="JMID_SITE")]


@deid.command()
def instances(
    in_dir: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    out_dir: Annotated[Path, typer.Argument(file_okay=False)],
    keys: KeysOption,
    profile: ProfileOption = "jmid",
    quarantine: Annotated[Path | None, typer.Option(help="What is refused is copied here.", file_okay=False)] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 2,
    site: SiteOption = "demo",
    names: site_names.Option = None,
    lists: clinical_names.Option = None,
    mask_text: Annotated[
        bool, typer.Option("--mask-text", help="Mask what the text detector finds instead of refusing the image.")
    ] = False,
    search_pixels: Annotated[
        bool,
        typer.Option(
            "--search-pixels/--no-search-pixels",
            help="Let the text detector look at images in which no rule expects text: derived ones, ends of CT and MR.",
        ),
    ] = True,
    without: rules_only.Option = False,
) -> None:
    """De-identify every file under IN_DIR into OUT_DIR. OUT_DIR/index.csv names the inputs: keep it at the site."""
    policy = _policy(profile, keys, site)._replace(trust_detector=mask_text, search_pixels=search_pixels)
    _check_detector(mask_text, "--mask-text", "a person at the gateway")
    _check_detector(search_pixels, "--search-pixels", "--no-search-pixels")
    policy = policy._replace(names=site_names.read(names, out), clinical=clinical_names.read(lists, out))
    policy = policy._replace(analyse=rules_only.analyse(without, out))
    passed, refused = deidentify_folder(in_dir, out_dir, policy, quarantine, jobs, out)
    out.print(f"{passed} de-identified, {refused} refused; see {out_dir / 'index.csv'}")


@deid.command()
def reports(
    in_file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    out_file: Annotated[Path, typer.Argument(dir_okay=False)],
    keys: KeysOption,
    profile: ProfileOption = "jmid",
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    site: SiteOption = "demo",
    names: site_names.Option = None,
    lists: clinical_names.Option = None,
    recognise: Annotated[bool, typer.Option(help="Let the recogniser of names, if installed, flag reports.")] = True,
    without: rules_only.Option = False,
) -> None:
    """De-identify reports, a JSON object a line: {"id", "header", "text"}."""
    _policy(profile, keys, site)
    outcome = report_commands.deidentify_file(
        in_file,
        out_file,
        profile,
        keys,
        site=site,
        jobs=jobs,
        recognise=recognise,
        analyse=rules_only.analyse(without, out),
        names=site_names.read(names, out),
        clinical=clinical_names.read(lists, out),
    )
    out.print(f"{outcome.done} de-identified, {outcome.flagged} to look at, {len(outcome.rejected)} not readable")
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)


@deid.command()
def deface(
    in_dir: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    out_dir: Annotated[Path, typer.Argument(file_okay=False)],
    defacer: Annotated[str, typer.Option(help="shear, or an entry point of group jmid.defacers.")] = "shear",
) -> None:
    """Take the face off the de-identified head Series (CT, MR) under IN_DIR. Look at the results before using them."""
    try:
        loaded = defacing.load(defacer)
    except SettingsError as error:
        _fail(str(error))
    passed, refused = deface_folder(in_dir, out_dir, loaded, out)
    out.print(f"{passed} defaced, {refused} refused; see {out_dir / 'index.csv'}")


deid.command("verify")(verify_command.verify)


@keys.command("new")
def new(
    folder: Annotated[Path, typer.Argument(file_okay=False)],
    domain: Annotated[str, typer.Option(help="Whose pseudonyms these are, such as the project's name.")] = "jmid",
    patient_key: Annotated[
        Path | None, typer.Option(help="A file of 64 hexadecimal digits: the consortium's patient key.")
    ] = None,
) -> None:
    """Make the first keys of a folder."""
    if any(folder.glob("k*.key")):
        _fail(f"{folder} holds keys already; use: jmid keys rotate {folder}")
    shared = bytes.fromhex(patient_key.read_text("ascii").strip()) if patient_key else None
    key_set = _made(folder, domain, shared)
    out.print(f"{key_set.version} of domain {key_set.domain} in {folder}. Back it up: nothing links without it.")


@keys.command("rotate")
def rotate(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    keep_patient_key: Annotated[
        bool,
        typer.Option("--keep-patient-key", help="Keep the patients' key, such as a consortium's; rotate the rest."),
    ] = False,
    patient_key: Annotated[
        Path | None, typer.Option(help="A file of 64 hexadecimal digits: the consortium's new patient key.")
    ] = None,
) -> None:
    """Add a version; what comes from now on gets pseudonyms by it, older versions stay readable."""
    if keep_patient_key and patient_key:
        _fail("--keep-patient-key and --patient-key exclude each other")
    current = _ring(folder).current
    shared = bytes.fromhex(patient_key.read_text("ascii").strip()) if patient_key else None
    key_set = _made(folder, current.domain, current.patient if keep_patient_key else shared)
    out.print(f"{key_set.version} is current. Restart the anonymizer. New pseudonyms do not match the old ones.")


@keys.command("wrap")
def wrap(folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)]) -> None:
    """Wrap all versions by JMID_ANONYMIZER_KEY_WRAP: plain ones, and anew those that are wrapped already."""
    try:
        guard = key_wrapping.read(os.environ)
        if isinstance(guard, key_wrapping.Plain):
            _fail("JMID_ANONYMIZER_KEY_WRAP and JMID_ANONYMIZER_KEY_UNWRAP are not set")
        out.print(f"{key_files.rewrap(folder, guard)} wrapped. Backups may still hold the plain files.")
    except SettingsError as error:
        _fail(str(error))


@keys.command("list")
def list_(folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)]) -> None:
    """List the versions, never the keys."""
    table = Table("version", "domain", "created", "fingerprint", "current")
    ring = _ring(folder)
    for each in ring.versions:
        is_current = "yes" if each is ring.current else ""
        table.add_row(each.version, each.domain, each.created, each.fingerprint, is_current)
    out.print(table)


keys.command("lost")(lost_keys.lost)


@keys.command("consortium")
def consortium(path: Annotated[Path, typer.Argument(dir_okay=False)]) -> None:
    """Make a patient key that several sites share, to be given to each by a safe way."""
    if path.exists():
        _fail(f"{path} exists")
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(key_files.SECRET_BYTES) + "\n", "ascii")
    out.print(f"{path}: give it to each site: jmid keys new FOLDER --patient-key {path.name}")


@keys.command("reidentify")
def reidentify(
    pseudonym: Annotated[str, typer.Argument(help="Of a patient, order, device, report, or any UID.")],
    by: Annotated[str, typer.Option(help="Who reads.")],
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    second: Annotated[str, typer.Option(help="Who agrees, where the site asks for two persons.")] = "",
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Say whom a pseudonym stands for; the reading is recorded first. Only where the gateway's store and keys are."""
    try:
        out.print(asyncio.run(vault_access.read_vault(home, pseudonym, by, second, reason)), highlight=False)
    except (JmidError, SettingsError) as error:
        _fail(str(error))


@keys.command("renew")
def renew(
    in_dir: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    out_dir: Annotated[Path, typer.Argument(file_okay=False)],
    by: Annotated[str, typer.Option(help="Who does it; each look into the vault is recorded.")],
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    second: Annotated[str, typer.Option(help="Who agrees, where the site asks for two persons.")] = "",
    site: SiteOption = "demo",
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Give the de-identified Instances and reports under IN_DIR the pseudonyms of the current keys, after a rotation.

    Reports are DiagnosticReports in JSON: one, a Bundle, or one a line.
    """

    async def run() -> tuple[int, int]:
        async with open_vault(home, Asker(by, reason, second)) as vault:
            return await renew_folder(vault, in_dir, out_dir, site, out)

    try:
        done, left = asyncio.run(run())
    except (JmidError, SettingsError) as error:
        _fail(str(error))
    out.print(f"{done} renewed, {left} not; see {out_dir / 'index.csv'}")


@profile.command("show")
def show(name: str) -> None:
    """Show a profile: its options, its rules, and what it does with every Attribute that is not kept."""
    effective.show(_profile(name), out)


@profile.command("diff")
def diff(one: str, other: str) -> None:
    """Show the Attributes that two profiles treat differently."""
    effective.diff(_profile(one), _profile(other), out)


@profile.command("explain")
def explain(
    tag: Annotated[str, typer.Argument(help="A tag such as 0010,0020, or a keyword.")],
    name: ProfileOption = "jmid",
    sop_class: Annotated[str, typer.Option(help="For an action that depends on the IOD.")] = effective.CT,
) -> None:
    """Say what a profile does with an Attribute, and why."""
    try:
        effective.explain(_profile(name), tag, sop_class, out)
    except ValueError as error:
        _fail(str(error))


def _policy(name: str, folder: Path, site: str) -> Policy:
    try:
        taken = profiles.load(name)
        return Policy(taken.name, key_files.load(folder, key_wrapping.read(os.environ)).current, site)
    except SettingsError as error:
        _fail(str(error))


def _ring(folder: Path) -> key_files.Keyring:
    try:
        return key_files.load(folder, key_wrapping.read(os.environ))
    except SettingsError as error:
        _fail(str(error))


def _made(folder: Path, domain: str, patient: bytes | None = None) -> key_files.KeySet:
    try:
        return key_files.create(folder, domain, patient=patient, guard=key_wrapping.read(os.environ))
    except SettingsError as error:
        _fail(str(error))


def _profile(name: str) -> profiles.Profile:
    try:
        return profiles.load(name)
    except SettingsError as error:
        _fail(str(error))


def _check_detector(is_asked: bool, asked_by: str, without: str) -> None:
    try:
        if is_asked:
            text_detector.check(asked_by, without, is_available=text_detector.available())
    except SettingsError as error:
        _fail(str(error))


def _fail(text: str) -> NoReturn:
    out.print(f"[bold red]{text}[/]")
    raise typer.Exit(2)
