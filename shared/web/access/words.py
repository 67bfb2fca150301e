"""The words of the access table: roles, permissions and scopes. Pure."""

import enum


class AccessRole(enum.StrEnum):
    """What a person or a program is to the system; an actor may have several."""

    SITE_SENDER = "site-sender"
    SITE_READER = "site-reader"
    RADIOLOGIST = "radiologist"
    RESEARCHER = "researcher"
    PRIVACY_OFFICER = "privacy-officer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"


class Scope(enum.StrEnum):
    """How far a permission reaches.

    all: everything.  site: what belongs to a site of the actor.  project: what a project of theirs was given.
    dataset: one released dataset.  own-work: what they made, or were given to do.
    """

    ALL = "all"
    SITE = "site"
    PROJECT = "project"
    DATASET = "dataset"
    OWN_WORK = "own-work"


class Permission(enum.StrEnum):
    """What a route lets its caller do."""

    PUBLIC = "public"
    SIGN_IN = "sign-in"
    SEND = "send"
    READ_RECEIPTS = "read-receipts"
    READ_IDENTIFIED = "read-identified"
    DECIDE_IDENTIFIED = "decide-identified"
    OPT_OUT = "opt-out"
    READ_AUDIT = "read-audit"
    READ_ACCESS_LOG = "read-access-log"
    READ_LINKS = "read-links"
    DECIDE_LINKS = "decide-links"
    SEARCH = "search"
    RETRIEVE = "retrieve"
    VIEW = "view"
    STORE = "store"
    DELETE = "delete"
    WITHDRAW = "withdraw"
    READ_WITHDRAWALS = "read-withdrawals"
    DELIVER = "deliver"
    FOLLOW = "follow"
    READ_REPORTS = "read-reports"
    WRITE_CASES = "write-cases"
    READ_RECALLS = "read-recalls"
    RECALL = "recall"
    OPERATE = "operate"
    READ_METRICS = "read-metrics"
    OWN_ACCOUNT = "own-account"
    MANAGE_USERS = "manage-users"
