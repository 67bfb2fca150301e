"""The linker: which report belongs to which Study, when either may leave, and the centre's clinical documents.

gateway: takes what the anonymizer made, links, decides, delivers (``gateway/``).
centre: takes reports, keeps links, annotations, diagnoses and recalls, tells of every change (``centre/``).
Both share the rules of ``links/`` and the document of ``reports/``; neither imports the other.
"""

from services.linker.centre import records as centre_store
from services.linker.centre.open import open_centre
from services.linker.centre.withdrawal_records import WITHDRAWALS, WITHDRAWN_NAMES
from services.linker.diagnoses.records import DIAGNOSES, DIAGNOSIS_CASES
from services.linker.gateway import records as gateway_store
from services.linker.gateway.merges.records import MERGE_DELIVERIES
from services.linker.gateway.open import open_gateway
from services.linker.gateway.opt_out_records import OPTED_OUT
from services.linker.gateway.opt_out_records import WITHDRAWALS as GATEWAY_WITHDRAWALS
from services.linker.gateway.recalls.records import FETCHES
from services.linker.links.merges import PATIENT_MERGES
from services.linker.links.records import LINKS
from services.linker.settings import LinkerSettings
from shared.events import (
    CaseChanged,
    CustodyChecked,
    Delivered,
    InstancesDeidentified,
    InstancesStored,
    OptOutRemembered,
    PatientOptedOut,
    PatientsMerged,
    PatientWithdrawn,
    RecallWanted,
    ReportDeidentified,
    ReportLinked,
    StudyFetched,
)
from shared.retention import RETENTION_TIMES
from shared.service import Role, Service

GATEWAY = Service(
    name="linker",
    role=Role.GATEWAY,
    opens=open_gateway,
    settings=LinkerSettings,
    takes=(InstancesDeidentified, ReportDeidentified, PatientOptedOut, StudyFetched, PatientsMerged),
    publishes=(ReportLinked, Delivered, CustodyChecked, PatientWithdrawn, RecallWanted, OptOutRemembered),
    collections=(
        gateway_store.STUDIES_SEEN,
        gateway_store.REPORTS_SEEN,
        LINKS,
        gateway_store.DELIVERIES,
        gateway_store.WORKERS,
        gateway_store.CUSTODY_NIGHTS,
        GATEWAY_WITHDRAWALS,
        OPTED_OUT,
        FETCHES,
        PATIENT_MERGES,
        MERGE_DELIVERIES,
        RETENTION_TIMES,
    ),
    blobs=("deidentified",),
)
CENTRE = Service(
    name="linker",
    role=Role.CENTRE,
    opens=open_centre,
    settings=LinkerSettings,
    takes=(InstancesStored,),
    publishes=(CaseChanged,),
    collections=(
        centre_store.REPORTS,
        LINKS,
        centre_store.STUDIES_KNOWN,
        DIAGNOSES,
        DIAGNOSIS_CASES,
        centre_store.ANNOTATIONS,
        centre_store.CASE_CHANGES,
        centre_store.CURSORS,
        centre_store.RECALLS,
        centre_store.PINS,
        centre_store.COMPLETENESS,
        centre_store.PROOFS,
        WITHDRAWALS,
        WITHDRAWN_NAMES,
        PATIENT_MERGES,
    ),
)
SERVICES = (GATEWAY, CENTRE)
