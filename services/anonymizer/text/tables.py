"""The tables of rules that the cleaner tries, in their order. Pure."""

from typing import Final

from services.anonymizer.text.names import (
    analysed,
    cells,
    labelled,
    latin,
    logins,
    mentions,
    signed,
    slots,
    titled,
    unlabelled,
)
from services.anonymizer.text.names.frames import (
    closed_fields,
    closings,
    columns,
    dense,
    extensions,
    fields,
    relatives,
    roles,
    signatures,
    work_notes,
)
from services.anonymizer.text.places import (
    addresses,
    contacts,
    mentioned,
    named_kinds,
    numbers,
    papers,
    paths,
    short_names,
    wards,
    workplaces,
)

PEOPLE: Final = (
    *labelled.RULES, *titled.RULES, *signed.RULES, *unlabelled.RULES, *latin.RULES, *logins.RULES, *mentions.RULES,
    *slots.RULES, *cells.RULES, *analysed.RULES, *roles.RULES, *signatures.RULES, *relatives.RULES,
    *fields.RULES, *columns.RULES, *closings.RULES, *extensions.RULES, *work_notes.RULES,
)  # fmt: skip
PEOPLE_OF_MANY: Final = (*PEOPLE, *dense.RULES)
"""Of a text in which many were found."""
CLOSED_FIELDS: Final = closed_fields.RULES
"""Of people, whether what stands there is a date, a word or a name."""
CONTACTS: Final = (*contacts.RULES, *papers.RULES, *numbers.RULES, *paths.RULES)
FACILITIES: Final = (
    *wards.RULES,
    *workplaces.RULES,
    *short_names.BESIDE_NAMES,
    *addresses.STREETS,
    *short_names.IN_CONTEXT,
    *named_kinds.RULES,
    *mentioned.RULES,
)
