"""An entry of the audit log, and how each record becomes one. Pure.

What people typed (why a vault was read, why a rule was made) may name a patient, so it goes through the cleaner of
reports' texts before it is shown; names of who did something are shown, since that is what a log is for.
"""

from enum import StrEnum

import msgspec

from services.anonymizer.device_rules import DeviceRule, RuleVersion
from services.anonymizer.name_records import HeaderName, NameDecision, NameVersion, SiteName
from services.anonymizer.pseudonyms.vault import VaultRead
from services.anonymizer.records import Audit, DecisionEvent, ReportAudit
from services.anonymizer.text.cleaner import Identifiers, clean_text

SERVICE = "anonymizer"
"""Who acts where no person did."""
_RULES_ONLY = " rules-only"
_NOBODY = Identifiers.of_header({})


class EntryKind(StrEnum):
    """What an entry is about."""

    INSTANCE = "instance"
    REPORT = "report"
    DECISION = "decision"
    RULE = "rule"
    SITE_NAME = "site-name"
    LEARNED_NAME = "learned-name"
    VAULT_READ = "vault-read"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done. at: RFC 3339.  subject: the patient's pseudonym; of a vault read, the one that was read.

    action: a word.  object: key of the identified blob, or id of the rule.  result: pseudonymous id of what came of it.
    by_rule: the decision or the device rule, with its version, that let it go.  why: cleaned.
    profile: name/version, and rules-only behind it where the texts were cleaned without the analyser.
    """

    at: str
    kind: EntryKind
    action: str
    actor: str
    second: str = ""
    subject: str = ""
    object: str = ""
    result: str = ""
    reason: str = ""
    by_rule: str = ""
    profile: str = ""
    keys_version: str = ""
    receipt: str = ""
    why: str = ""


FIELDS = Entry.__struct_fields__


def of_instance(audit: Audit) -> Entry:
    """Return the entry of one Instance that was de-identified."""
    by_rule = _let_go(audit.decision, audit.device_rule)
    return _of_audit(audit, EntryKind.INSTANCE, "deidentified", audit.instance.sop_instance_uid, by_rule)


def of_report(audit: ReportAudit) -> Entry:
    """Return the entry of one report that was de-identified, or retracted."""
    action = "retracted" if audit.status == "entered-in-error" else "deidentified"
    by_rule = _let_go(audit.decision, "")
    return _of_audit(audit, EntryKind.REPORT, action, audit.report_id, by_rule, reason=" ".join(audit.reasons))


def of_decision(event: DecisionEvent) -> Entry:
    """Return the entry of one decision; action says when it came after its object had left."""
    return Entry(
        at=event.at,
        kind=EntryKind.DECISION,
        action=event.decision.decision.value + ("-after-release" if event.had_left else ""),
        actor=event.by,
        subject=event.subject,
        object=event.blob,
        reason=event.reason,
        by_rule=_let_go(event.decision.number, ""),
        receipt=event.receipt_id,
    )


def of_rule(rule: DeviceRule, version: RuleVersion) -> Entry:
    """Return the entry of one version of a device rule."""
    by_rule = f"{rule.id}/{version.version}"
    return _of_version(version, EntryKind.RULE, rule.id, by_rule=by_rule, why=_cleaned(version.why))


def of_name(listed: SiteName, version: NameVersion) -> Entry:
    """Return the entry of one change of the site's list; the name itself is not in it."""
    return _of_version(version, EntryKind.SITE_NAME, listed.id, reason=listed.kind)


def of_learned_name(name: HeaderName, decision: NameDecision) -> Entry:
    """Return the entry of one decision about a name that headers told; the name itself is not in it."""
    return _of_version(decision, EntryKind.LEARNED_NAME, name.id, reason=name.kind)


def of_vault_read(read: VaultRead) -> Entry:
    """Return the entry of one reading of the vault; what was read is not in it."""
    return Entry(
        at=read.at,
        kind=EntryKind.VAULT_READ,
        action="read",
        actor=read.by,
        second=read.second,
        subject=read.pseudonym,
        why=_cleaned(read.reason),
    )


def _of_audit(
    audit: Audit | ReportAudit, kind: EntryKind, action: str, result: str, by_rule: str, *, reason: str = ""
) -> Entry:
    return Entry(
        at=audit.at,
        kind=kind,
        action=action,
        actor=SERVICE,
        subject=audit.subject,
        object=audit.blob,
        result=result,
        reason=reason,
        by_rule=by_rule,
        profile=audit.profile + (_RULES_ONLY if audit.rules_only else ""),
        keys_version=audit.keys_version,
        receipt=audit.receipt_id,
    )


def _of_version(
    version: RuleVersion | NameVersion | NameDecision,
    kind: EntryKind,
    about: str,
    *,
    by_rule: str = "",
    reason: str = "",
    why: str = "",
) -> Entry:
    action, actor = version.state.value, version.by
    return Entry(
        at=version.at, kind=kind, action=action, actor=actor, object=about, by_rule=by_rule, reason=reason, why=why
    )


def _let_go(decision: int, device_rule: str) -> str:
    return device_rule or (f"decision/{decision}" if decision else "")


def _cleaned(text: str) -> str:
    return clean_text(text, _NOBODY).text if text else ""
