"""Settings of enrolment, read as JMID_ENROLMENT_<FIELD>."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.settings import Seconds


class EnrolmentSettings(msgspec.Struct, frozen=True):
    """How long certificates of gateways are good, and how they are asked for."""

    certificate_days: Annotated[float, Meta(description="How long a gateway's certificate is good.", gt=0, le=3650)] = (
        90.0
    )
    attempts: Annotated[int, Meta(description="How many wrong secrets end a one-time code.", ge=1, le=100)] = 5
    look_s: Annotated[
        Seconds, Meta(description="How often a gateway looks whether a third of its certificate's life is left.")
    ] = 3600.0
    timeout_s: Annotated[Seconds, Meta(description="How long the centre may take to answer.")] = 30.0
