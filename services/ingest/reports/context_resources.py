"""What a message or document says about people and places beside the plain fields, as FHIR R4 resources. Pure.

They are in the canonical Bundle only so that the anonymizer's text cleaner knows them; nothing of them goes further.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.ingest.reports.bundle import named

Json = dict[str, Any]
MOST_PARTS = 400
_SHORTEST_ID = 4  # a staff number such as D2 is also a clinical term


@dataclass
class Parts:
    """patient: what is added to the Patient.  resources: others.  left_behind: content types of attachments.

    unmapped: how many segments or sections were not read.
    """

    patient: Json = field(default_factory=dict)
    resources: list[Json] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    unmapped: int = 0

    def of_patient(self, name: str, value: Json) -> None:
        """Add a name, identifier, address or telecom of the patient."""
        if value and len(self.patient.setdefault(name, [])) < MOST_PARTS:
            self.patient[name].append(value)

    def person(self, names: Sequence[str], number: str = "", *, kind: str = "Practitioner") -> None:
        """Add somebody. names: family, given, further given. kind: RelatedPerson for the patient's own people."""
        name = named(" ".join(part for part in names if part))
        numbers = [{"value": number}] if len(number) >= _SHORTEST_ID else []
        self._add({"resourceType": kind, "name": [name] if name else [], "identifier": numbers})

    def place(self, name: str, addresses: Sequence[Json] = (), phones: Sequence[str] = ()) -> None:
        """Add an institution, department or ward with what reaches it."""
        telecoms = [{"value": phone} for phone in phones if phone]
        self._add(
            {"resourceType": "Organization", "name": name, "address": [a for a in addresses if a], "telecom": telecoms}
        )

    def number(self, value: str) -> None:
        """Add a number of the order, the visit or the document."""
        if len(value) >= _SHORTEST_ID:
            self._add({"resourceType": "Encounter", "identifier": [{"value": value}]})

    def entries(self) -> list[Json]:
        """Return the resources; what was not read is one empty Basic each, so that it can be counted."""
        return [*self.resources, *({"resourceType": "Basic"} for _ in range(min(self.unmapped, MOST_PARTS)))]

    def forms(self) -> list[Json]:
        """Return attachments without their data: that they were there is all that is told."""
        return [{"contentType": each} for each in self.left_behind[:MOST_PARTS]]

    def _add(self, resource: Json) -> None:
        kept = {name: value for name, value in resource.items() if value}
        if len(kept) > 1 and kept not in self.resources and len(self.resources) < MOST_PARTS:
            self.resources.append(kept)
