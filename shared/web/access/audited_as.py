"""What the requests of each permission are recorded as in the audit trail; one without a line does not start. Pure."""

from collections.abc import Mapping
from typing import Final

from shared.audit.words import AuditClass
from shared.web.access.words import Permission

AUDITED_AS: Final[Mapping[Permission, AuditClass]] = {
    Permission.PUBLIC: AuditClass.NONE,
    Permission.SIGN_IN: AuditClass.SIGN_IN,
    Permission.SEND: AuditClass.IMPORT,
    Permission.READ_RECEIPTS: AuditClass.READ,
    Permission.READ_IDENTIFIED: AuditClass.READ,
    Permission.DECIDE_IDENTIFIED: AuditClass.CHANGE,
    Permission.OPT_OUT: AuditClass.CHANGE,
    Permission.READ_AUDIT: AuditClass.AUDIT,
    Permission.READ_ACCESS_LOG: AuditClass.AUDIT,
    Permission.READ_LINKS: AuditClass.READ,
    Permission.DECIDE_LINKS: AuditClass.CHANGE,
    Permission.SEARCH: AuditClass.QUERY,
    Permission.RETRIEVE: AuditClass.RETRIEVE,
    Permission.VIEW: AuditClass.NONE,
    Permission.STORE: AuditClass.IMPORT,
    Permission.DELETE: AuditClass.DELETE,
    Permission.WITHDRAW: AuditClass.CHANGE,
    Permission.READ_WITHDRAWALS: AuditClass.READ,
    Permission.DELIVER: AuditClass.IMPORT,
    Permission.FOLLOW: AuditClass.FEED,
    Permission.READ_REPORTS: AuditClass.READ,
    Permission.WRITE_CASES: AuditClass.CHANGE,
    Permission.READ_RECALLS: AuditClass.FEED,
    Permission.RECALL: AuditClass.CHANGE,
    Permission.OPERATE: AuditClass.OPERATE,
    Permission.READ_METRICS: AuditClass.NONE,
    Permission.OWN_ACCOUNT: AuditClass.CHANGE,
    Permission.MANAGE_USERS: AuditClass.CHANGE,
}
