"""Content negotiation: PS3.18 8.7 and RFC 9110 12.5.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.archive.http.negotiate import ANY, Chosen, Offer, choose, parse_accept

LE, RLE, J2K = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90"
DICOM = Offer("application/dicom", multipart=True, default=LE, syntaxes=frozenset({LE, RLE, J2K}), as_stored=True)
SINGLE = Offer("application/dicom", default=LE, syntaxes=frozenset({LE, RLE, J2K}), as_stored=True)
JPEG, PNG = Offer("image/jpeg"), Offer("image/png")


@pytest.mark.parametrize("header", [None, "", "*/*", "multipart/related", "multipart/*"])
def test_without_a_wish_the_default_representation_in_the_default_transfer_syntax_is_chosen(header: str | None) -> None:
    assert choose([DICOM, SINGLE], header=header) == Chosen(DICOM, LE)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('multipart/related; type="application/dicom"; transfer-syntax=*', Chosen(DICOM, ANY)),
        ("multipart/related;type=application/dicom;transfer-syntax=" + RLE, Chosen(DICOM, RLE, named=True)),
        ('Multipart/Related; TYPE="application/dicom"', Chosen(DICOM, LE)),
        ("application/dicom", Chosen(SINGLE, LE)),
        ("application/*; transfer-syntax=*", Chosen(SINGLE, ANY)),
        ("text/html, application/dicom;q=0.2", Chosen(SINGLE, LE)),
    ],
)
def test_what_the_header_asks_for_is_chosen(header: str, expected: Chosen) -> None:
    assert choose([DICOM, SINGLE], header=header) == expected


@pytest.mark.parametrize(
    "header",
    ["image/jpeg", "application/dicom; transfer-syntax=1.2.3", "*/*;q=0", "application/dicom;q=0, */*;q=0", "nonsense"],
)
def test_what_nobody_can_answer_is_not_acceptable(header: str) -> None:
    assert choose([DICOM, SINGLE], header=header) is None


def test_the_accept_parameter_goes_before_the_header() -> None:
    assert choose([JPEG, PNG], header="image/jpeg", query="image/png") == Chosen(PNG, "")


def test_the_header_decides_when_the_parameter_names_nothing_that_there_is() -> None:
    assert choose([JPEG, PNG], header="image/png", query="video/mp4") == Chosen(PNG, "")


def test_a_plus_that_form_encoding_made_a_space_is_read_as_a_plus() -> None:
    json = Offer("application/dicom+json")

    assert choose([json], header=None, query="application/dicom json") == Chosen(json, "")


def test_a_weight_of_zero_forbids_what_a_wildcard_would_take() -> None:
    assert choose([JPEG, PNG], header="image/*, image/jpeg;q=0") == Chosen(PNG, "")


def test_among_equals_the_stored_transfer_syntax_is_preferred() -> None:
    header = ", ".join(f'multipart/related; type="application/dicom"; transfer-syntax={uid}' for uid in (LE, RLE, J2K))

    chosen = choose([DICOM], header=header, stored=[J2K])

    assert chosen == Chosen(DICOM, J2K, named=True)


def test_a_higher_weight_goes_before_the_stored_transfer_syntax() -> None:
    header = f"application/dicom; transfer-syntax={J2K}; q=0.5, application/dicom; transfer-syntax={LE}"

    assert choose([SINGLE], header=header, stored=[J2K]) == Chosen(SINGLE, LE, named=True)


def test_a_comma_or_semicolon_in_quotes_separates_nothing() -> None:
    (only,) = parse_accept('multipart/related; type="a/b;c,d"; q=0.3')

    assert (only.type, only.weight) == ("a/b;c,d", 0.3)


names = st.sampled_from(["image/jpeg", "image/png", "image/*", "*/*", "application/dicom", "text/html"])
weights = st.sampled_from(["", ";q=0", ";q=0.1", ";q=0.5", ";q=1", ";q=1.000"])


@given(st.lists(st.tuples(names, weights), min_size=1, max_size=6))
def test_no_acceptable_offer_has_a_higher_weight_than_the_chosen_one(ranges: list[tuple[str, str]]) -> None:
    header = ", ".join(name + weight for name, weight in ranges)

    chosen = choose([JPEG, PNG], header=header)

    assert (chosen.offer.name if chosen else None) in _reference(ranges)


def _reference(ranges: list[tuple[str, str]]) -> set[str | None]:
    """Weigh each offer by its most specific range (the last word on q=0), as RFC 9110 12.5.1 does."""
    best: dict[str, float] = {}
    for offer in ("image/jpeg", "image/png"):
        matching = [(2 - n.count("*"), float(w[3:] or 1)) for n, w in ranges if n in ("*/*", "image/*", offer)]
        forbidding = max((s for s, w in matching if w == 0), default=-1)
        allowed = [w for s, w in matching if w > 0 and s >= forbidding]
        if allowed:
            best[offer] = max(allowed)
    top = max(best.values(), default=0)
    return {offer for offer, weight in best.items() if weight == top} or {None}


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    for found in parse_accept(text):
        assert found.name.count("/") == 1
        assert 0 <= found.weight <= 1
