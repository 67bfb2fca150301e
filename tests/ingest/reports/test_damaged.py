"""A damaged document or message is read or refused; nothing else comes of it."""

from contextlib import suppress

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.reports.fhir.document import fhir_bundles, fhir_xml_bundles
from services.ingest.reports.hl7.merges import hl7_merges
from services.ingest.reports.hl7.message import segments_of
from services.ingest.reports.hl7.report import hl7_reports
from services.ingest.reports.merges import merge_document
from shared.errors import Invalid
from tests.examples import examples
from tests.fuzz.strategies import damaged
from tests.ingest.reports.test_fhir_documents import COMPOSITION, XML
from tests.ingest.reports.test_merges import adt
from tests.ingest.reports.test_message_kinds import OBX, message, txa

ADT = adt("A40", "PID|1||0002^^^^MR", "MRG|0001^^^^MR")
MDM = message("MDM^T02^MDM_T02", txa(), OBX)
OUL = message("OUL^R22^OUL_R22", "SPM|1", "OBR|1|P1|F1", "ORC|RE", OBX)
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "div", "code"]), inner),
    max_leaves=8,
)


@settings(max_examples=examples(200), deadline=None)
@given(damaged(XML))
def test_fhir_xml(data: bytes) -> None:
    with suppress(Invalid):
        assert fhir_xml_bundles(data)


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(sorted(COMPOSITION)), SHAPES)
def test_a_composition(name: str, value: object) -> None:
    with suppress(Invalid):
        assert fhir_bundles(orjson.dumps({**COMPOSITION, name: value}))


@settings(max_examples=examples(200), deadline=None)
@given(damaged(ADT))
def test_a_merge(data: bytes) -> None:
    with suppress(Invalid):
        assert [merge_document(each) for each in hl7_merges(segments_of(data))]


@settings(max_examples=examples(200), deadline=None)
@given(damaged(MDM) | damaged(OUL))
def test_a_document_and_a_laboratory_message(data: bytes) -> None:
    with suppress(Invalid):
        assert hl7_reports(segments_of(data))
