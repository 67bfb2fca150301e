"""The access table: every route of every service and of the runtime. Pure.

A route that stands nowhere here does not let its process start. At a gateway a grant by site is compared with the
gateway's own site, at the centre with the site of each Study and report. Nothing compares yet by project, dataset or
own work, so such grants let nothing.
"""

from typing import Final

from shared.web.access.centre_rules import CENTRE
from shared.web.access.gateway_rules import GATEWAY
from shared.web.access.rules import AccessTable
from shared.web.access.runtime_rules import RUNTIME

TABLE: Final = AccessTable((*RUNTIME, *GATEWAY, *CENTRE))
