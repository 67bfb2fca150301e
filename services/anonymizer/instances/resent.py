"""Contents that were sent again: what was made of them before is used again where it is still there."""

from collections.abc import Sequence

from msgspec import structs

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.profile import profile
from services.anonymizer.records import AUDIT, Audit, Decision
from shared.events import InstancesReceived


async def still_there(
    event: InstancesReceived, deps: AnonymizerDeps, since: str, decisions: dict[str, Decision]
) -> list[Audit]:
    """Return what this profile and these keys made of contents before, of which the bytes are still kept.

    decisions: what a person decided since; such a content is de-identified anew, as is one of before ``since``.
    """
    if not event.resent:
        return []
    policy = deps.policy
    now = (profile.load(policy.profile).label, policy.keys.version, not policy.analyse)
    audits = await deps.documents.get_many(AUDIT, [blob for blob in event.blobs if blob not in decisions])
    same = [each for each in audits.values() if (each.profile, each.keys_version, each.rules_only) == now]
    same = [each for each in same if each.at > since]
    return [each for each in same if await deps.deidentified.size(each.instance.blob) == each.instance.size_bytes]


async def with_earlier(event: InstancesReceived, deps: AnonymizerDeps, audits: Sequence[Audit]) -> list[Audit]:
    """Return the audits with the digest of what was made of the same content before, if that was different."""
    if not event.resent:
        return list(audits)
    before = await deps.documents.get_many(AUDIT, [each.blob for each in audits])
    return [_with_earlier(each, before.get(each.blob)) for each in audits]


def _with_earlier(audit: Audit, before: Audit | None) -> Audit:
    if before is None:
        return audit
    old = before.instance
    earlier = old.earlier_sha256 if old.sha256 == audit.instance.sha256 else old.sha256
    return structs.replace(audit, instance=structs.replace(audit.instance, earlier_sha256=earlier))
