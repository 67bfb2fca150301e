"""Clean reports in a file, a JSON object a line, with exactly the code of the service: ``jmid deid reports``.

In:  {"id": …, "header": {DICOM keyword: value, …}, "text": …}
Out: {"id": …, "text": …, "removed": {category: count}, "review": bool}, "rules_only": true without the analyser,
     and "clinical_lists": the SHA-256 of the site's lists of diseases, if it has any
"""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from services.anonymizer.policy import Policy, text_policy_of
from services.anonymizer.pseudonyms import key_wrapping, keys, pseudonyms
from services.anonymizer.reports.deidentify import shift_of
from services.anonymizer.text import clinical_lists, recogniser, site_list
from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from services.anonymizer.text.clinical_lists import ClinicalLists
from services.anonymizer.text.site_list import SiteList

_BATCH = 200


class Line(msgspec.Struct, frozen=True):
    """One report of the file. Further fields are ignored and do not come out."""

    id: str | int
    text: str
    header: dict[str, Any] = msgspec.field(default_factory=dict)


class Rejected(msgspec.Struct, frozen=True):
    """A line that could not be cleaned. It is not in the output. reason: what and where, without the line's content."""

    line: int
    reason: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a file."""

    done: int
    flagged: int
    rejected: tuple[Rejected, ...]

    @property
    def exit_code(self) -> int:
        """0 if every line was cleaned, else 1."""
        return 1 if self.rejected else 0


def deidentify_file(
    in_path: Path,
    out_path: Path,
    profile: str,
    keys_dir: Path,
    *,
    site: str = "demo",
    jobs: int = 1,
    recognise: bool = True,
    analyse: bool = True,
    names: SiteList = site_list.NONE,
    clinical: ClinicalLists = clinical_lists.NONE,
) -> Outcome:
    """Clean every line; write the output whole or not at all; name bad lines on stderr by number and go on.

    Lines keep their order. The input is read as a stream. jobs: worker processes. recognise: whether the recogniser of
    names may flag. analyse: whether the analyser reads beside rules and lists. names: the site's own. clinical: its
    lists of diseases. Raises SettingsError for an unknown profile or missing keys, before anything is written.
    """
    key_set = keys.load(keys_dir, key_wrapping.read(os.environ)).current
    policy = Policy(profile, key_set, site, recognise=recognise, analyse=analyse, names=names, clinical=clinical)
    TextPolicy.of_profile(policy.profile, None)
    draft = out_path.with_name(out_path.name + ".part")
    done = flagged = 0
    rejected: list[Rejected] = []
    with ExitStack() as stack:
        source = stack.enter_context(in_path.open("rb"))
        target = stack.enter_context(draft.open("wb"))
        for cleaned, flags, bad in _batches(source, policy, jobs, stack):
            target.writelines(cleaned)
            done, flagged = done + len(cleaned), flagged + flags
            rejected.extend(bad)
            for each in bad:
                print(f"{in_path}:{each.line}: {each.reason}", file=sys.stderr)
        target.flush()
        os.fsync(target.fileno())
    draft.replace(out_path)
    return Outcome(done, flagged, tuple(rejected))


Batch = tuple[list[bytes], int, list[Rejected]]


def _batches(source: BinaryIO, policy: Policy, jobs: int, stack: ExitStack) -> Iterator[Batch]:
    work = ((policy, chunk) for chunk in _chunks(source))
    if jobs <= 1:
        return map(_clean_batch, work)
    pool = stack.enter_context(get_context("spawn").Pool(jobs))
    return pool.imap(_clean_batch, work)


def _chunks(source: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    numbered = enumerate(source, start=1)
    while chunk := list(islice(numbered, _BATCH)):
        yield chunk


def _clean_batch(work: tuple[Policy, list[tuple[int, bytes]]]) -> Batch:
    policy, chunk = work
    cleaned: list[bytes] = []
    flagged = 0
    rejected: list[Rejected] = []
    for number, raw in chunk:
        if not raw.strip():
            continue
        try:
            line, review = clean_line(raw, policy)
        except msgspec.ValidationError as error:
            rejected.append(Rejected(number, f"not a report: {_without_values(error)}"))
        except (msgspec.DecodeError, UnicodeDecodeError):
            rejected.append(Rejected(number, "not a JSON object in UTF-8"))
        else:
            cleaned.append(line + b"\n")
            flagged += review
    return cleaned, flagged, rejected


def clean_line(raw: bytes, policy: Policy) -> tuple[bytes, bool]:
    """Return one output line and whether it is flagged. Raises msgspec.DecodeError or its ValidationError."""
    report = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"), type=Line)
    issuer = pseudonyms.issuer_of(_first(report.header, "IssuerOfPatientID"), policy.site, policy.foreign_issuers)
    days = shift_of(policy, issuer, _first(report.header, "PatientID"))
    text_policy = text_policy_of(policy, days)
    cleaned = clean_text(report.text, Identifiers.of_header(report.header), text_policy)
    review = cleaned.review or (policy.recognise and bool(recogniser.reasons_to_read([cleaned.text])))
    answer = {"id": report.id, "text": cleaned.text, "removed": cleaned.removed, "review": review}
    answer |= {} if policy.analyse else {"rules_only": True}
    answer |= {"clinical_lists": policy.clinical.digest} if policy.clinical.digest else {}
    return msgspec.json.encode(answer), review


def _first(header: dict[str, Any], keyword: str) -> str:
    value = header.get(keyword)
    value = value[0] if isinstance(value, list) and value else value
    return str(value) if isinstance(value, str | int) else ""


def _without_values(error: msgspec.ValidationError) -> str:
    """msgspec names types and paths, and no values except unknown keys, which a header may hold as patient's data."""
    return str(error).split(" - at ")[0][:120]
