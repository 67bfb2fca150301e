"""The conformance statement says what the code does."""

import re

from services.archive.conformance import DOCUMENT, PARTS, fresh
from services.archive.query.routes import SearchRoutes


def test_the_tables_are_those_of_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert text == fresh(text), "run python -m services.archive.conformance"


def test_every_part_is_in_the_document() -> None:
    named = set(re.findall(r"<!-- archive: ([a-z-]+) -->", DOCUMENT.read_text(encoding="utf-8")))

    assert named == set(PARTS)


def test_every_search_route_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    for route in SearchRoutes(None).routes():  # type: ignore[arg-type]
        path = route.path.removeprefix("/dicom-web")
        assert path in text
