"""The fields of the index, and the record of a case in it."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import tantivy

from services.search.case import Case
from services.search.findings.finding import MAKER
from services.search.index.document import document_of
from services.search.language.fields import COUNTED_VALUES, NUMBERS, TEXTS, VALUES
from services.search.language.folding import bigrams, fold_text, runs
from services.search.language.tree import TEXT, folded_value

FORM: Final = f"3.{MAKER}"  # of the schema, and of what reads findings; an index of another is made again
ORDER_BITS: Final = 38
"""Of an order key, how many tell cases of one date or number apart; the rest is the date or number plus one."""
ORDER_FIELDS: Final = {name: f"order_{name}" for name in ("date", "age", "images")}
PERIODS: Final = {4: "year", 6: "month", 8: "day"}
_BREAK: Final = " \x1d\x1d "
_SINGLE: Final = "_single"


def schema() -> tantivy.Schema:
    """Return the fields. t_: bigrams of text.  v_: folded values.  f_: values to count.  n_: numbers."""
    builder = tantivy.SchemaBuilder()
    for name in ("id", "report_id", "only_site", *PERIODS.values()):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=name in PERIODS.values())
    builder.add_bytes_field("case", stored=True)
    for name in (TEXT, *TEXTS):
        builder.add_text_field(text_field(name), tokenizer_name="words", index_option="position")
        builder.add_text_field(single_field(name), tokenizer_name="words", index_option="basic")
    builder.add_text_field("word", tokenizer_name="words", index_option="basic")
    for name in VALUES:
        builder.add_text_field(f"v_{name}", tokenizer_name="raw", index_option="basic")
    for name in COUNTED_VALUES:
        builder.add_text_field(f"f_{name}", tokenizer_name="raw", index_option="basic", fast=True)
    for name in NUMBERS:
        builder.add_float_field(f"n_{name}", fast=True)
    for name in ORDER_FIELDS.values():
        builder.add_integer_field(name, fast=True)
    return builder.build()


def text_field(name: str) -> str:
    """Return the field with the bigrams of a text."""
    return f"t_{name}"


def single_field(name: str) -> str:
    """Return the field with the characters of a text, each once."""
    return f"t_{name}{_SINGLE}"


def record_of(case: Case) -> tantivy.Document:
    """Return the record of a case."""
    record = tantivy.Document()
    record.add_text("id", case.id)
    for report in case.reports:
        record.add_text("report_id", report.report_id)
    record.add_bytes("case", msgspec.json.encode(case))
    record.add_text("only_site", case.only_site)
    document = document_of(case)
    pieces: dict[str, tuple[str, str]] = {}
    for name, texts in document.texts.items():
        _add_text(record, name, texts, pieces)
    for name, values in document.values.items():
        for value in values:
            record.add_text(f"v_{name}", folded_value(value))
            if name in COUNTED_VALUES:
                record.add_text(f"f_{name}", value)
    for name, numbers in document.numbers.items():
        for number in numbers:
            record.add_float(f"n_{name}", float(number))
    day = f"{case.study_date:08d}"
    for digits, name in PERIODS.items():
        record.add_text(name, day[:digits])
    _add_orders(record, case)
    return record


def case_of(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> Case:
    """Return the case at a place of the index."""
    stored: Any = searcher.doc(address).get_first("case")
    return msgspec.json.decode(bytes(stored), type=Case)


def _add_text(record: tantivy.Document, name: str, texts: Sequence[str], pieces: dict[str, tuple[str, str]]) -> None:
    """Each piece is folded by itself; the break between two is a word of its own that no query holds.

    pieces: text → folded and as bigrams, of those that another field of the case has, too.
    """
    if not texts:
        return
    for text in texts:
        if text not in pieces:
            folded = fold_text(text)
            pieces[text] = folded, " ".join(bigrams(folded))
    whole = " ".join(pieces[text][0] for text in texts)
    record.add_text(text_field(name), _BREAK.join(pieces[text][1] for text in texts))
    record.add_text(single_field(name), " ".join(set(whole)))
    if name == TEXT:
        record.add_text("word", " ".join(runs(whole)))


def _add_orders(record: tantivy.Document, case: Case) -> None:
    digest = hashlib.blake2b(case.id.encode(), digest_size=8).digest()
    tie = int.from_bytes(digest, "big") >> (64 - ORDER_BITS)
    for name, number in (("date", case.study_date), ("age", case.age_years), ("images", case.instances)):
        high = min(max(number + 1, 0), (1 << 25) - 1)
        record.add_integer(ORDER_FIELDS[name], (high << ORDER_BITS) | tie)


def words_tokenizer() -> tantivy.TextAnalyzer:
    """Return the tokenizer named ``words``: it splits at blanks and changes nothing."""
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
