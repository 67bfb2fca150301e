"""What people see and decide at the gateway: links by hand, reports let through review, failed deliveries retried."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from services.linker.gateway import linking, planning
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import (
    DELIVERIES,
    REPORTS_SEEN,
    STUDIES_SEEN,
    WITHDRAWN,
    WORKERS,
    Delivery,
    SeenReport,
    WorkerStatus,
)
from services.linker.links.manual import ManualLinkRequest
from services.linker.links.matching import MANUAL
from services.linker.links.merges import NOBODY
from services.linker.links.records import LINKS, Link
from services.linker.links.states import DeliveryKind, DeliveryState, LinkState
from services.linker.links.versions import precedence
from shared import clock
from shared.documents import Condition, Eq, Order
from shared.documents.optimistic import change
from shared.errors import Invalid, NotFound
from shared.logs import decided
from shared.web.actor import actor_named

LIMIT = 200


class DeliveryRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """action: release a report that waits for review, or retry what failed. by: who.

    delivery_id: empty retries all failed ones.  sha256: the version that was read, for release.
    """

    action: str
    by: str = ""
    delivery_id: str = ""
    sha256: str = ""

    def check(self) -> None:
        """Raise Invalid that says what is missing."""
        if self.action not in ("release", "retry"):
            raise Invalid("not-an-action", "action takes release or retry")
        actor_named(self.by)
        if self.action == "release" and not (self.delivery_id and self.sha256):
            raise Invalid("missing-version", "delivery_id and sha256 say which version was read")


class OperatorActions:
    """What people may do at the gateway: the one place where their decisions reach the records."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps

    async def decide(self, asked: ManualLinkRequest) -> dict[str, Any]:
        """Link, bar, or give back to the rules; return the link."""
        decision = asked.decision()
        study = await self._deps.documents.get(STUDIES_SEEN, decision.study_instance_uid)
        report = await self._deps.documents.get(REPORTS_SEEN, asked.report_id)
        if decision.action == "link" and study is None:
            raise NotFound("unknown-study", "study_instance_uid: no such Study at this gateway")
        merged = await planning.merged_of(self._deps, report) if report else NOBODY
        keys = merged.of_report(report.current.keys) if report else None
        decision = asked.checked(decision, keys, merged.of_study(study.keys) if study else None)
        link = await linking.relink(self._deps, asked.report_id, at=clock.now(), decision=decision)
        if link is None:
            raise NotFound("unknown-report", "report_id: no such report at this gateway")
        decided("linked-by-hand", service="linker", role="gateway", reason=decision.action)
        return await self._shown_link(link)

    async def act(self, asked: DeliveryRequest) -> int:
        """Release or retry; return how many deliveries it was about."""
        asked.check()
        keys = [asked.delivery_id]
        if not asked.delivery_id:
            keys = [
                each.id for each in await self._deps.documents.find_all(DELIVERIES, Eq("state", DeliveryState.FAILED))
            ]
        for key in keys:
            await self._act_on(key, asked)
        decided(f"deliveries-{asked.action}", service="linker", role="gateway", count=len(keys))
        self._deps.wake_up.set()
        return len(keys)

    async def counts(self) -> dict[str, int]:
        """Return how many deliveries are in each state, and how many reports are unlinked."""
        documents = self._deps.documents
        counts = {state.value: await documents.count(DELIVERIES, Eq("state", state)) for state in DeliveryState}
        return {**counts, "unlinked": await documents.count(LINKS, Eq("state", LinkState.UNLINKED))}

    async def workers(self) -> list[WorkerStatus]:
        """Return how each delivery worker fares, in whichever process it runs."""
        return (await self._deps.documents.find(WORKERS)).documents

    async def deliveries(self, state: str) -> list[dict[str, Any]]:
        """Return deliveries of one state."""
        page = await self._deps.documents.find(DELIVERIES, Eq("state", state), limit=LIMIT)
        return [shown_delivery(delivery) for delivery in page.documents]

    async def links(self, state: str) -> list[dict[str, Any]]:
        """Return links of one state, newest first, with what came close."""
        return await self._links(Eq("state", state))

    async def manual_links(self) -> list[dict[str, Any]]:
        """Return the links that people made, newest first."""
        return await self._links(Eq("rule", MANUAL))

    async def report(self, report_id: str) -> dict[str, Any]:
        """Return the de-identified report as it holds, with its link and delivery, for a person to read."""
        report = await self._deps.documents.get(REPORTS_SEEN, report_id)
        link = await self._deps.documents.get(LINKS, report_id)
        delivery = await self._deps.documents.get(DELIVERIES, planning.report_key(report_id))
        if report is None or link is None or delivery is None:
            raise NotFound("unknown-report", "report_id: no such report at this gateway")
        version = report.current
        return {
            "document": orjson.loads(await self._deps.blobs.get(version.blob)),
            "sha256": version.sha256,
            "flagged": version.flagged,
            "versions": len(report.versions),
            "patients": _patients(report),
            "link": await self._shown_link(link),
            "delivery": shown_delivery(delivery),
        }

    async def _links(self, where: Condition) -> list[dict[str, Any]]:
        order = (Order("decided_at", descending=True),)
        page = await self._deps.documents.find(LINKS, where, order=order, limit=LIMIT)
        return [await self._shown_link(link) for link in page.documents]

    async def _act_on(self, key: str, asked: DeliveryRequest) -> None:
        async def step(old: Delivery | None) -> Delivery | None:
            if old is None:
                raise NotFound("unknown-delivery", "delivery_id: no such delivery")
            return retried(old, clock.now()) if asked.action == "retry" else await self._released(old, asked)

        delivery = await change(self._deps.documents, DELIVERIES, key, step)
        if delivery is not None and delivery.kind is DeliveryKind.REPORT:
            await linking.relink(self._deps, delivery.report_id, at=clock.now())

    async def _released(self, old: Delivery, asked: DeliveryRequest) -> Delivery | None:
        report = await self._deps.documents.get(REPORTS_SEEN, old.report_id)
        if report is None or old.state is not DeliveryState.REVIEW:
            return None
        if report.current.sha256 != asked.sha256:
            raise Invalid("another-version", "sha256: the report has another version by now; read that one")
        at = clock.utc_now().isoformat(timespec="seconds")
        return msgspec.structs.replace(old, approved=asked.sha256, approved_by=actor_named(asked.by), approved_at=at)

    async def _shown_link(self, link: Link) -> dict[str, Any]:
        documents = self._deps.documents
        report = await documents.get(REPORTS_SEEN, link.report_id)
        studies = await documents.get_many(STUDIES_SEEN, list({*link.candidates, *link.studies}))
        shown: dict[str, Any] = msgspec.to_builtins(link)
        shown["report"] = msgspec.to_builtins(report.current.keys) | {"status": report.current.status} if report else {}
        shown["known_studies"] = [msgspec.to_builtins(studies[uid].keys) for uid in sorted(studies)]
        return shown


def _patients(report: SeenReport) -> list[dict[str, str]]:
    """Return whose each version is, where they are of different patients; the one that holds is last."""
    patients = {version.keys.patient_id for version in report.versions} - {""}
    return [
        {"patient_id": each.keys.patient_id, "status": each.status, "issued": each.issued, "sha256": each.sha256}
        for each in sorted(report.versions, key=precedence)
        if len(patients) > 1
    ]


def retried(old: Delivery, now: float) -> Delivery | None:
    """Return a failed delivery as it is to be tried again; None if it did not fail."""
    if old.state is not DeliveryState.FAILED:
        return None
    stopped = {uid: reason for uid, reason in old.failed.items() if reason == WITHDRAWN}
    return msgspec.structs.replace(
        old,
        failed=stopped,
        state=DeliveryState.PENDING,
        due_at=now,
        attempts=0,
        tries={},
        reason="",
        refused="",
        want="",
    )


def shown_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return what a person sees of a delivery."""
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "state": delivery.state,
        "reason": delivery.reason,
        "study_instance_uid": delivery.study_instance_uid,
        "report_id": delivery.report_id,
        "receipt_id": delivery.receipt_id,
        "instances": len(delivery.instances),
        "waiting": len(delivery.waiting),
        "failed": dict(delivery.failed),
        "attempts": delivery.attempts,
        "approved_by": delivery.approved_by,
        "approved_at": delivery.approved_at,
        "due_at": datetime.fromtimestamp(delivery.due_at, UTC).isoformat(timespec="seconds"),
        "arrived_at": datetime.fromtimestamp(delivery.arrived_at, UTC).isoformat(timespec="seconds"),
    }
