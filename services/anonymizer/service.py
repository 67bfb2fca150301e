"""The anonymizer: the only service that may read identified bytes and the keys.

Takes ``instances.received`` and ``report.received``; publishes what it de-identified and what it refused. Owns
``deid_audit``, ``deid_report_audit``, ``deid_decisions``, ``deid_decision_events``, ``deid_device_rules``,
``deid_site_names``, ``deid_patient_merges``, ``deid_header_names``, ``deid_key_versions``, ``deid_vault``,
``deid_vault_reads`` and ``quarantine``.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from services.anonymizer.audit.routes import audit_routes
from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.header_names.learned import LearnedNames
from services.anonymizer.instances import scratch
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.opt_out import carry_out, remembered
from services.anonymizer.opt_out.routes import opt_out_routes
from services.anonymizer.opt_out_records import OPEN, OPT_OUTS, PLACES, THIS_PLACE
from services.anonymizer.opt_out_records import Place as ThisPlace
from services.anonymizer.pixels import text_detector
from services.anonymizer.policy import Policy
from services.anonymizer.profile import profile
from services.anonymizer.pseudonyms import key_folder, key_register, key_wrapping
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.pseudonyms.vault import VAULT
from services.anonymizer.quarantine.images import review_routes
from services.anonymizer.quarantine.learned_names import learned_name_routes
from services.anonymizer.quarantine.names import name_routes
from services.anonymizer.quarantine.reports import report_review_routes
from services.anonymizer.quarantine.routes import routes
from services.anonymizer.quarantine.rules import rule_routes
from services.anonymizer.recalls import take_recall
from services.anonymizer.records import AUDIT, COLLECTIONS, QUARANTINE, REPORT_AUDIT, State
from services.anonymizer.reports import handler
from services.anonymizer.settings import AnonymizerSettings
from services.anonymizer.text import clinical_lists, site_list
from services.anonymizer.text.folding import morphemes
from services.anonymizer.text.learned import reader
from shared import settings as settings_reader
from shared.documents import Eq, In
from shared.errors import SettingsError
from shared.events import (
    InputDeidentified,
    InputRefused,
    InstancesDeidentified,
    InstancesReceived,
    OptOutRemembered,
    PatientOptedOut,
    PatientsMerged,
    PatientWithdrawn,
    RecallWanted,
    ReportDeidentified,
    ReportReceived,
    StudyFetched,
    StudyWanted,
)
from shared.lease import leases_of
from shared.logs import decided
from shared.metrics import DAMAGED
from shared.service import Place, Role, Running, Service
from shared.web.language import translatable


@asynccontextmanager
async def open_anonymizer(place: Place) -> AsyncIterator[Running]:
    """Open the anonymizer of a gateway; raise SettingsError for a wrong profile, site name or key folder."""
    settings = settings_reader.read(AnonymizerSettings, "ANONYMIZER", place.environ)
    await _check_detector(settings, place)
    if settings.text_analyser == "required" and not (morphemes.available() and reader.available()):
        raise SettingsError(
            "JMID_ANONYMIZER_TEXT_ANALYSER is required, and sudachipy, sudachidict_core and python-crfsuite are not "
            "all installed; requirements.lock has them, and off does without"
        )
    ring = await _keyring(settings, place)
    policy = Policy(
        profile.load(settings.profile).name,
        ring.current,
        _site(place.site),
        settings.foreign_issuers,
        trust_detector=settings.pixel_text == "mask",
        recognise=settings.name_recogniser == "auto",
        search_pixels=settings.search_pixels,
        documents=settings.documents,
        analyse=settings.text_analyser == "required",
        most_named=settings.most_named,
        names=await asyncio.to_thread(site_list.read, settings.site_list),
        clinical=await asyncio.to_thread(clinical_lists.read, settings.clinical_lists),
    )
    if policy.clinical.digest:
        decided(
            "clinical-lists-read",
            service="anonymizer",
            count=policy.clinical.count,
            reason=f"sha256 {policy.clinical.digest}",
        )
    for fault in policy.names.faults:
        decided("site-list-line-not-used", level="warning", service="anonymizer", reason=fault.why, count=fault.line)
    deps = AnonymizerDeps(
        identified=place.blobs["identified"],
        deidentified=place.blobs["deidentified"],
        documents=place.documents,
        cpu=place.cpu,
        policy=policy,
        batch_bytes=settings.batch_bytes,
        scratch=place.home / "anonymizer" / "scratch",
        holds_flagged=settings.flagged_reports == "review",
        learned=LearnedNames(settings.header_name_studies),
        versions=ring.versions,
    )
    await asyncio.to_thread(scratch.prepare, deps.scratch)
    this_place = ThisPlace(name=THIS_PLACE, site=policy.site, foreign=settings.foreign_issuers)
    await place.documents.put(PLACES, this_place)

    DAMAGED.labels("anonymizer")  # shown as 0

    leases = leases_of(place.documents, place.environ)

    async def opt_outs() -> None:
        await leases.work_under_lease("anonymizer-opt-outs", partial(carry_out.carry_out_forever, deps, place.bus))

    async def status() -> dict[str, int]:
        return {
            "instances de-identified": await deps.documents.count(AUDIT),
            "reports de-identified": await deps.documents.count(REPORT_AUDIT),
            "opt-outs open": await deps.documents.count(OPT_OUTS, In("state", OPEN)),
            "in quarantine": await deps.documents.count(QUARANTINE, Eq("state", State.WAITING.value)),
        }

    yield Running(
        routes=[
            *audit_routes(deps),
            *routes(deps),
            *rule_routes(deps, place.bus),
            *name_routes(deps, place.bus),
            *learned_name_routes(deps),
            *report_review_routes(deps, place.bus),
            *review_routes(deps, place.bus),
            *opt_out_routes(deps, ring),
        ],
        handlers={
            InstancesReceived: partial(deidentify_instances, deps=deps),
            ReportReceived: partial(handler.deidentify_report, deps=deps),
            PatientWithdrawn: partial(carry_out.take_withdrawn, deps=deps),
            RecallWanted: partial(take_recall, deps=deps, ring=ring, two_persons=settings.two_persons),
            OptOutRemembered: partial(remembered.take_remembered, deps=deps),
        },
        templates=Path(__file__).parent / "templates",
        menu=[
            (translatable("Quarantine"), "/gateway/quarantine"),
            (translatable("Opt-outs"), "/gateway/opt-outs"),
            (translatable("Audit"), "/gateway/audit"),
        ],
        status=status,
        tasks=[opt_outs],
    )


async def _check_detector(settings: AnonymizerSettings, place: Place) -> None:
    """Raise SettingsError if the settings have the text detector look at images, and there is none."""
    asked = (
        (settings.pixel_text == "mask", "JMID_ANONYMIZER_PIXEL_TEXT=mask", "review"),
        (settings.search_pixels, "JMID_ANONYMIZER_SEARCH_PIXELS=true", "false"),
    )
    for _, setting, without in (each for each in asked if each[0]):
        text_detector.check(setting, without, is_available=await place.cpu(text_detector.available))


async def _keyring(settings: AnonymizerSettings, place: Place) -> Keyring:
    guard, documents = key_wrapping.of(settings), place.documents
    if settings.keys is not None:
        ring = await asyncio.to_thread(key_folder.open_named, settings.keys, guard)
    else:
        rows = await documents.count(AUDIT) or await documents.count(REPORT_AUDIT) or await documents.count(VAULT)
        used = bool(rows or await key_register.registered(documents))
        opened = partial(key_folder.open_of_home, place.home / "keys", settings.domain, guard, used=used)
        ring = await asyncio.to_thread(opened)
    await key_register.confirm(documents, ring)
    return ring


def _site(name: str) -> str:
    """Return the site's short name if it can stand in an Instance as Institution Name (LO)."""
    if not name or not name.isascii() or "\\" in name or len(name) > 64:
        raise SettingsError("JMID_SITE has a wrong value; it takes a short ASCII name, for example demo")
    return name


SERVICES = (
    Service(
        name="anonymizer",
        role=Role.GATEWAY,
        opens=open_anonymizer,
        settings=AnonymizerSettings,
        takes=(InstancesReceived, ReportReceived, PatientWithdrawn, RecallWanted, OptOutRemembered),
        publishes=(
            InstancesDeidentified,
            ReportDeidentified,
            InputDeidentified,
            InputRefused,
            PatientOptedOut,
            StudyWanted,
            StudyFetched,
            PatientsMerged,
        ),
        collections=COLLECTIONS,
        blobs=("identified", "deidentified"),
    ),
)
