"""De-identifies one Instance: bytes of a file in, bytes of a file out, or a reason why not.

Source: PS3.15 Annex E; what the output says of itself, E.1.1 and PS3.3 C.7.1.1, C.12.1.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import msgspec
from msgspec import structs

from services.anonymizer import policy as contexts
from services.anonymizer.dicom import file_format, patient_identifiers
from services.anonymizer.dicom.patient_identifiers import PatientIdentity, TopLevelAttributes
from services.anonymizer.header_names.told import ToldName, names_told
from services.anonymizer.instances import burned_in, documents, series_template, sop_classes
from services.anonymizer.instances.elements.data_set import Buffer, Rewriter
from services.anonymizer.instances.elements.replacement_values import shifted
from services.anonymizer.instances.series_template import Made
from services.anonymizer.pixels import image
from services.anonymizer.pixels.codestreams import UNUSED_BITS
from services.anonymizer.pixels.pixel_data import PixelData
from services.anonymizer.policy import Context, Policy
from services.anonymizer.profile import profile, tables
from services.anonymizer.pseudonyms import vault_entries
from services.anonymizer.pseudonyms.pseudonyms import accession_pseudonym, uid_pseudonym
from services.anonymizer.pseudonyms.vault import Sealed, seal
from shared.dicom import elements
from shared.dicom.elements import FileBytes, Syntax
from shared.dicom.file_format import Part10
from shared.errors import Refused
from shared.events import LinkKeys

_MODALITY, _STUDY_DATE, _ACCESSION = 0x00080060, 0x00080020, 0x00080050
_BURNED_IN, _DATES_MODIFIED = 0x00280301, 0x00280303
CLEAN_PIXELS = "113101"
_RULES_ONLY = "\\TEXTS BY RULES ONLY"  # without the analyser, which leaves more names


class Cleaned(msgspec.Struct, frozen=True):
    """One de-identified Instance.

    data: empty if it was written to a file.  size_bytes, digest: of either; SHA-256, hexadecimal.
    counts: action → how often.  sealed: the way back, for the vault.
    device_rule: rule and version by which its pixels were masked.  told: names of staff and places in its header,
    which stay inside the site.
    """

    data: bytes
    size_bytes: int
    digest: str
    counts: dict[str, int]
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    keys: LinkKeys
    sealed: tuple[Sealed, ...] = ()
    device_rule: str = ""
    told: tuple[ToldName, ...] = ()


class Review(msgspec.Struct, frozen=True):
    """What a person decided who saw the picture. boxes: what to mask; none: it shows nothing that identifies.

    page_boxes: what to mask in one page of a document alone: its number from 0, left, top, right, bottom.
    """

    boxes: tuple[tuple[int, int, int, int], ...] = ()
    page_boxes: tuple[tuple[int, int, int, int, int], ...] = ()


def deidentify(data: bytes, policy: Policy, review: Review | None = None) -> Cleaned:
    """Return the de-identified Instance.

    Raises Invalid if the bytes break a rule of the file format, Refused if the profile does not let it pass.
    """
    parts, cleaned = rewritten(data, policy, review)
    output = b"".join(parts)
    return structs.replace(cleaned, data=output, size_bytes=len(output), digest=hashlib.sha256(output).hexdigest())


def rewritten(data: FileBytes, policy: Policy, review: Review | None) -> tuple[Sequence[Buffer], Cleaned]:
    """Return the parts of the de-identified Instance, and all that can be said of it before they are put together.

    What is kept of a file that is mapped, as its pixel data, is a view of it. Raises as ``deidentify``.
    """
    file = file_format.split(data)
    known = series_template.made(file, policy) if review is None else None
    rule = None
    if known is not None and _is_like(known, file):
        context, attributes, parts, counts, sealed = (
            known.context,
            known.attributes,
            known.parts,
            known.counts,
            known.sealed,
        )
    else:
        who, attributes = patient_identifiers.read(file.data, file.start, file.syntax)
        contexts.check_collected(policy, who)
        sop_classes.check(attributes, is_document_taken=policy.documents != "refuse")
        if attributes.text(sop_classes.SOP_CLASS) == sop_classes.PDF:
            data = documents.pages_of(data, review)
            file = file_format.split(data)
            who, attributes = patient_identifiers.read(file.data, file.start, file.syntax)
        clean = burned_in.cleaned(data, attributes, policy, review)
        rule = burned_in.device_rule_for(attributes, policy) if clean is not None and review is None else None
        if clean is not None and clean is not data:
            data, file = clean, file_format.split(clean)
        context = contexts.of(policy, attributes.text(sop_classes.SOP_CLASS), who)
        file, parts, rewriter = _exactly(data, file, context, attributes, looked_at=clean is not None)
        counts, sealed = dict(rewriter.counts), vault_entries.entries(policy.keys, context.issuer, rewriter.replaced)
    sop_instance_uid = uid_pseudonym(policy.keys, attributes.text(sop_classes.SOP_INSTANCE))
    head = file_format.head(context.sop_class_uid, sop_instance_uid, file.transfer_syntax_uid)
    keys = _link_keys(context, attributes)
    cleaned = Cleaned(
        data=b"",
        size_bytes=0,
        digest="",
        counts=counts,
        sop_class_uid=context.sop_class_uid,
        sop_instance_uid=sop_instance_uid,
        series_instance_uid=uid_pseudonym(policy.keys, attributes.text(sop_classes.SERIES)),
        keys=keys,
        sealed=_sealed(context, attributes, keys, sealed),
        device_rule=rule.label if rule else "",
        told=_told(context.identity),
    )
    return ([head, file_format.deflate(parts)] if file.deflated else [head, *parts]), cleaned


@lru_cache(1024)
def _told(identity: PatientIdentity) -> tuple[ToldName, ...]:
    return names_told(identity.header)


def _is_like(known: Made, file: Part10[FileBytes]) -> bool:
    """Say whether what decides about an Instance is as it was for the one that it was made like."""
    attributes, context = known.attributes, known.context
    if attributes.text(sop_classes.SOP_CLASS) != context.sop_class_uid or not burned_in.pass_unseen(
        attributes, context.policy
    ):
        return False
    sop_classes.check(attributes)
    return _statements(context, attributes, file.syntax, looked_at=False) == known.statements


def _exactly(
    data: FileBytes, file: Part10[FileBytes], context: Context, attributes: TopLevelAttributes, *, looked_at: bool
) -> tuple[Part10[FileBytes], list[Buffer], Rewriter]:
    """Return the file, taken apart, and its new Data Set.

    Where only decoding tells what the unused bits of compressed samples hold, it is done, and the image leaves as it
    came if they hold nothing, else not compressed.
    """
    values = _image_of(file) if looked_at else attributes.values  # masking may have changed what the image is like
    pixels = PixelData(file.transfer_syntax_uid, values)
    try:
        return file, *_rewritten(file, context, attributes, pixels, looked_at=looked_at)
    except Refused as error:
        if error.reason != UNUSED_BITS:
            raise
    plain: Part10[FileBytes] = file_format.split(image.decompressed(data))
    pixels = PixelData(plain.transfer_syntax_uid, _image_of(plain))
    parts, rewriter = _rewritten(plain, context, attributes, pixels, looked_at=looked_at)
    if rewriter.counts["clear-pixel-data"]:
        return plain, parts, rewriter
    pixels = PixelData(file.transfer_syntax_uid, values, decoded=True)
    return file, *_rewritten(file, context, attributes, pixels, looked_at=looked_at)


def _image_of(file: Part10[FileBytes]) -> dict[int, bytes]:
    return patient_identifiers.read(file.data, file.start, file.syntax)[1].values


def _rewritten(
    file: Part10[FileBytes], context: Context, attributes: TopLevelAttributes, pixels: PixelData, *, looked_at: bool
) -> tuple[list[Buffer], Rewriter]:
    """Return the new Data Set; if a trace of the patient is left in it, look at every text that was kept."""
    statements = _statements(context, attributes, file.syntax, looked_at=looked_at)
    if looked_at:
        statements = statements | {_BURNED_IN: elements.encode(_BURNED_IN, b"CS", b"NO", file.syntax)}
    for search in (False, True):
        rewriter = Rewriter(file.data, context, search=search)
        rewriter.pixels = pixels
        parts = rewriter.rewrite(file.start, file.syntax, statements)
        header = parts[: rewriter.header]
        if not context.identity.left_in(b"".join(header)):
            if not search and not looked_at:
                series_template.remember(file, context, statements, header)
            break
    return parts, rewriter


def _statements(
    context: Context, attributes: TopLevelAttributes, syntax: Syntax, *, looked_at: bool
) -> dict[int, bytes]:
    """Return what the Instance says of its de-identification, encoded.

    Dates that the profile keeps are no truer than they came: what was MODIFIED or REMOVED before stays so.
    """
    dates = profile.dates(profile.load(context.profile))
    earlier = attributes.text(_DATES_MODIFIED)
    if dates == "UNMODIFIED" and earlier in ("MODIFIED", "REMOVED"):
        dates = earlier
    patient, issuer = contexts.patient(context), contexts.issuer_label(context)
    return _stated(context.profile, patient, issuer, dates, syntax, looked_at, context.policy.analyse)


@lru_cache(1024)
def _stated(
    name: str, patient: str, issuer: str, dates: str, syntax: Syntax, looked_at: bool, analyse: bool
) -> dict[int, bytes]:
    taken = profile.load(name)
    method = (f"J-MID {taken.label}\\PS3.15 {tables.edition().split()[-1]}{'' if analyse else _RULES_ONLY}").encode(
        "ascii"
    )
    values = {
        0x00100010: (b"PN", b""),
        0x00100020: (b"LO", patient.encode("ascii")),
        0x00100021: (b"LO", issuer.encode("ascii")),
        0x00120062: (b"CS", b"YES"),
        0x00120063: (b"LO", method),
        _DATES_MODIFIED: (b"CS", dates.encode("ascii")),
    }
    encoded = {tag: elements.encode(tag, vr, value, syntax) for tag, (vr, value) in values.items()}
    encoded[0x00120064] = _method_codes(name, syntax, looked_at)
    if not patient:
        encoded[0x00100021] = b""
    return encoded


def _method_codes(name: str, syntax: Syntax, looked_at: bool) -> bytes:
    """Return De-identification Method Code Sequence (0012,0064), CID 7050.

    Clean Pixel Data is claimed only of pixels that somebody, or the detector, looked at (PS3.15 E.3.1).
    """
    items = b""
    for value, meaning in profile.codes(profile.load(name)):
        if value == CLEAN_PIXELS and not looked_at:
            continue
        code = elements.encode(0x00080100, b"SH", value.encode("ascii"), syntax)
        code += elements.encode(0x00080102, b"SH", b"DCM", syntax)
        code += elements.encode(0x00080104, b"LO", meaning.encode("ascii"), syntax)
        items += elements.header(elements.ITEM, b"", len(code), syntax) + code
    return elements.header(0x00120064, b"SQ", len(items), syntax) + items


def _sealed(
    context: Context, attributes: TopLevelAttributes, keys: LinkKeys, entries: Sequence[Sealed]
) -> tuple[Sealed, ...]:
    accession = attributes.values.get(_ACCESSION, b"").decode("utf-8", "replace")
    originals = (
        ("patient", keys.patient_id, f"{context.issuer}|{context.identity.patient_id}"),
        ("study", keys.study_instance_uid, attributes.text(sop_classes.STUDY)),
        ("order", keys.accession_number, accession),
    )
    named = (seal(context.keys, *original) for original in originals if original[1])
    return tuple({entry.pseudonym: entry for entry in (*entries, *named)}.values())


def _link_keys(context: Context, attributes: TopLevelAttributes) -> LinkKeys:
    """Return what a report is matched by: pseudonyms, and what the profile keeps."""
    date = attributes.values.get(_STUDY_DATE, b"")
    kept = {
        "UNMODIFIED": date,
        "MODIFIED": shifted(b"DA", date, context.days) or b"",
        "REMOVED": b"",
    }[profile.dates(profile.load(context.profile))]
    accession = attributes.values.get(_ACCESSION, b"").decode("utf-8", "replace")
    return LinkKeys(
        patient_id=contexts.patient(context),
        accession_number=accession_pseudonym(context.keys, context.policy.site, accession),
        study_instance_uid=uid_pseudonym(context.keys, attributes.text(sop_classes.STUDY)),
        modality=attributes.text(_MODALITY),
        study_date=kept.decode("ascii", "replace") if kept.isdigit() and len(kept) == 8 else "",
    )
