"""The states of links, deliveries and recalls. Pure. The values are what is kept and what the APIs say."""

import enum


class LinkState(enum.StrEnum):
    """Whether a report has a Study. hidden: the report was retracted."""

    LINKED = "linked"
    UNLINKED = "unlinked"
    HIDDEN = "hidden"


class Settled(enum.StrEnum):
    """Whether what follows from a link's revision has been done."""

    YES = "yes"
    NO = "no"


class DeliveryKind(enum.StrEnum):
    """What is delivered: a batch of Instances of one Study, or one report."""

    INSTANCES = "instances"
    REPORT = "report"


class DeliveryState(enum.StrEnum):
    """How far a delivery is. held: by the policy.  review: until a person lets it leave.  pending: due, or soon.

    withdrawn: retracted before it left.  released: done, and its blobs are deleted at the gateway.
    """

    HELD = "held"
    REVIEW = "review"
    PENDING = "pending"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    DONE = "done"
    RELEASED = "released"


class Announcement(enum.StrEnum):
    """Whether a Delivered event has to be published."""

    DUE = "due"
    NONE = "no"


class RecallState(enum.StrEnum):
    """How far a recall is; all but the first are a gateway's answers. partly: some of it did not come back."""

    REQUESTED = "requested"
    REDELIVERED = "redelivered"
    PARTLY = "partly-redelivered"
    UNAVAILABLE = "unavailable-at-gateway"
