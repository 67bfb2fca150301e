"""De-identifies an Instance by what was done to another of its Series: what is the same is not looked at again.

Slices of a Series differ in a dozen elements. The header of one is kept, element by element, as it came and as it went
out; where the next has the same bytes it gets the same bytes, and only the others are read and acted on. What is made
is byte for byte what the engine makes of the whole: whenever something differs on which other elements depend (who the
Instance is about, its class, which elements there are), there is no answer, and the engine does all of it.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeGuard

from services.anonymizer.dicom import patient_identifiers
from services.anonymizer.dicom.patient_identifiers import IdentifyingValue, TopLevelAttributes
from services.anonymizer.instances.elements.action_tables import State
from services.anonymizer.instances.elements.data_set import Buffer, Rewriter
from services.anonymizer.instances.elements.surplus import WITH_SURPLUS
from services.anonymizer.pixels.pixel_data import PixelData
from services.anonymizer.policy import Context, Policy
from services.anonymizer.pseudonyms import vault_entries
from services.anonymizer.pseudonyms.vault import Sealed
from shared.dicom import elements
from shared.dicom.elements import EXPLICIT_BIG, FileBytes
from shared.dicom.file_format import Part10
from shared.errors import Permanent

_SERIES: Final = 16  # at once in one process: a few senders at a time, each with a Series or two
_SERIES_UID, _PIXEL_DATA = b"\x20\x00\x0e\x00", b"\xe0\x7f\x10\x00"
_UID_BYTES, _SEARCHED_BYTES = 64, 1 << 16
_WORD: Final = 128  # bytes around what is new that are searched with it: more than any trace of a patient has
_PATIENCE: Final = 8  # failures in a row after which a Series is left to the engine
_LARGEST: Final = 1 << 20  # bytes of a header that is kept until a second one of its Series comes
_PIXELS, _CHARSET = 0x7FE00000, 0x00080005


class Piece(NamedTuple):
    """One element of the top level, or one private group.

    data, out: as it came and as it goes out, behind what the engine states in front of it (``stated``).
    identifying, attributes: of the patient, of the Instance.  sealed: the vault's entries of what was replaced.
    """

    tag: int
    data: bytes
    stated: bytes
    out: bytes
    counts: Mapping[str, int]
    identifying: tuple[IdentifyingValue, ...]
    attributes: Mapping[int, bytes]
    sealed: Sequence[Sealed]


class Stretch(NamedTuple):
    """Pieces from first to last, exclusive, none of which was seen to vary; or a single one that does."""

    first: int
    last: int
    varies: bool
    data: bytes
    out: bytes
    sealed: Sequence[Sealed]


class Made(NamedTuple):
    """The new Data Set in parts, what was done, what the Instance is, and what it says of its de-identification."""

    context: Context
    statements: Mapping[int, bytes]
    parts: list[Buffer]
    counts: dict[str, int]
    attributes: TopLevelAttributes
    sealed: list[Sealed]


class Template:
    """The header of one Instance of a Series, and which of its elements vary.

    context: of the Instance.  state: the engine's behind Specific Character Set.  statements: what the Instance says of
    its de-identification; another must say the same.  failures: how often in a row it did not help.
    patience: after how many it is put away; one that helped before outlives one odd Instance.
    """

    def __init__(
        self, context: Context, state: State, statements: Mapping[int, bytes], pieces: Sequence[Piece]
    ) -> None:
        self.context, self.statements = context, statements
        self._state, self._pieces = state, pieces
        self._varying: set[int] = set()
        self.failures = 0
        self.patience = 1
        self._arrange()

    def header(self) -> bytes:
        """Return the header as it goes out."""
        return b"".join(piece.out for piece in self._pieces)

    def apply(self, file: Part10[bytes]) -> Made | None:
        """Return what becomes of a file; None if the engine has to look at all of it."""
        data, pos, size = file.data, file.start, 0
        outs: list[bytes] = []
        sealed: list[Sealed] = []
        changed: list[tuple[int, int]] = []
        counts, attributes = dict(self._counts), dict(self._attributes)
        rewriter = Rewriter(data, self.context)
        for stretch in self._stretches:
            out, piece = stretch.out, self._pieces[stretch.first]
            if data.startswith(stretch.data, pos):
                pos += len(stretch.data)
                sealed += stretch.sealed
                if stretch.varies:
                    attributes.update(piece.attributes)
                    _add(counts, piece.counts)
            elif not stretch.varies:
                self._learn(data, pos, stretch)
                return self.apply(file)
            else:
                new = self._changed(rewriter, piece, pos, attributes)
                if new is None:
                    return None
                out, pos = new
                sealed += self._sealed(rewriter) if rewriter.replaced else ()
                near = changed.pop()[0] if changed and size - changed[-1][1] <= 2 * _WORD else size  # searched together
                changed.append((near, size + len(out)))
            size += len(out)
            outs.append(out)
        if pos + 8 <= len(data) and elements.read(data, pos, len(data), file.syntax).tag < _PIXELS:
            return None
        header = b"".join(outs)
        if any(self.context.identity.left_in(header[max(0, low - _WORD) : high + _WORD]) for low, high in changed):
            return None
        parts: list[Buffer] = [header]
        rewriter.pixels = PixelData(file.transfer_syntax_uid, attributes)
        rewriter.rest(pos, self._state, parts)
        _add(counts, rewriter.counts)
        return Made(self.context, self.statements, parts, counts, TopLevelAttributes(attributes), sealed)

    def _changed(
        self, rewriter: Rewriter, piece: Piece, pos: int, attributes: dict[int, bytes]
    ) -> tuple[bytes, int] | None:
        """Return what becomes of a piece that is not as it was, and where it ends; None if more than it changes."""
        data, state = rewriter.data, self._state
        if piece.tag <= _CHARSET or (element := elements.read(data, pos, len(data), state.syntax)).tag != piece.tag:
            return None
        out, following = rewriter.element(element, state)
        identifying, own = patient_identifiers.read_part(data, pos, following, state.syntax, state.charset)
        if identifying != piece.identifying:
            return None
        attributes.update(own)
        return piece.stated + out, following

    def _sealed(self, rewriter: Rewriter) -> list[Sealed]:
        """Return the entries of what was replaced in one element."""
        entries = vault_entries.entries(self.context.keys, self.context.issuer, rewriter.replaced)
        rewriter.replaced.clear()
        return entries

    def _learn(self, data: bytes, pos: int, stretch: Stretch) -> None:
        """Take the first piece of a stretch that is not as it was for one that varies."""
        for number in range(stretch.first, stretch.last):
            if not data.startswith(self._pieces[number].data, pos):
                self._varying.add(number)
                break
            pos += len(self._pieces[number].data)
        self._arrange()

    def _arrange(self) -> None:
        """Put together what does not vary."""
        self._stretches: list[Stretch] = []
        self._counts: dict[str, int] = {}
        self._attributes: dict[int, bytes] = {}
        first = 0
        for number in (*sorted(self._varying), len(self._pieces)):
            self._join(first, number, varies=False)
            for piece in self._pieces[first:number]:
                _add(self._counts, piece.counts)
                self._attributes.update(piece.attributes)
            self._join(number, number + 1, varies=True)
            first = number + 1

    def _join(self, first: int, last: int, *, varies: bool) -> None:
        pieces = self._pieces[first:last]
        if pieces:
            data, out = b"".join(piece.data for piece in pieces), b"".join(piece.out for piece in pieces)
            sealed = [entry for piece in pieces for entry in piece.sealed]
            self._stretches.append(Stretch(first, last, varies, data, out, sealed))


class _First(NamedTuple):
    """An Instance of a Series; a template is made of it when another one comes. failures: of earlier ones, in a row."""

    file: Part10[bytes]
    context: Context
    statements: Mapping[int, bytes]
    header: bytes
    failures: int


_known: OrderedDict[tuple[str, bytes], Template | _First | None] = OrderedDict()  # None: left to the engine


def made(file: Part10[FileBytes], policy: Policy) -> Made | None:
    """Return what becomes of a file by what became of another of its Series; None if the engine has to do it."""
    if not _is_in_memory(file):  # large: its header is looked at again for next to nothing
        return None
    key = _key(file)
    series = _known.get(key) if key else None
    if key is None or series is None or series.context.policy != policy:
        return None
    if isinstance(series, _First):
        _known[key] = series = _template_or_none(series)
        if series is None:
            return None
    try:
        applied = series.apply(file)
    except Permanent:
        applied = None  # what is wrong is the engine's to say
    series.failures = 0 if applied else series.failures + 1
    series.patience = 2 if applied else series.patience
    return applied


def remember(
    file: Part10[FileBytes], context: Context, statements: Mapping[int, bytes], header: Sequence[Buffer]
) -> None:
    """Keep what the engine made of a file's header for those that follow. header: the parts before the pixel data."""
    if not _is_in_memory(file):
        return
    key = _key(file)
    end = file.data.find(_PIXEL_DATA, file.start)  # if it is found too early, the template will not give the header
    end = len(file.data) if end < 0 else end
    if not key or end > _LARGEST:
        return
    known = _known.get(key, ...)
    if known is None or (isinstance(known, Template) and known.failures >= _PATIENCE):
        _known[key] = None
    elif not isinstance(known, Template) or known.failures >= known.patience or known.context.policy != context.policy:
        failures = known.failures if isinstance(known, Template) else 0
        _known[key] = _First(file._replace(data=file.data[:end]), context, statements, b"".join(header), failures)
    _known.move_to_end(key)
    while len(_known) > _SERIES:
        _known.popitem(last=False)


def _is_in_memory(file: Part10[FileBytes]) -> TypeGuard[Part10[bytes]]:
    return isinstance(file.data, bytes)


def forget() -> None:
    """Forget every Series."""
    _known.clear()


def _key(file: Part10[bytes]) -> tuple[str, bytes] | None:
    """Return what chooses the template: only where to look, since every byte is compared."""
    if file.deflated or file.syntax is EXPLICIT_BIG:
        return None
    at = file.data.find(_SERIES_UID, file.start, file.start + _SEARCHED_BYTES)
    length = file.data[at + 6 : at + 8] if file.syntax.explicit else file.data[at + 4 : at + 8]
    uid = file.data[at + 8 : at + 8 + min(_UID_BYTES, int.from_bytes(length, "little"))]
    return (file.transfer_syntax_uid, uid) if at >= 0 else None


def _template_or_none(first: _First) -> Template | None:
    try:
        return _template(first)
    except Permanent:
        return None


def _template(first: _First) -> Template | None:
    """Return the template of an Instance; None if its pieces do not make what the engine made of the whole."""
    file, data = first.file, first.file.data
    rewriter = Rewriter(data, first.context)
    state = rewriter.begin(file.syntax, first.statements)
    pieces: list[Piece] = []
    pos = file.start
    while pos + 8 <= len(data):
        tag = (element := elements.read(data, pos, len(data), file.syntax)).tag
        if tag >= _PIXELS or tag in WITH_SURPLUS or data.startswith(b"\0\0\0\0", pos):
            break  # a template without a table of look-up values is none: how much of it goes out, another element says
        stated = rewriter.stated_before(tag)
        rewriter.counts.clear()
        rewriter.replaced.clear()
        out, following = rewriter.element(element, state)
        identifying, attributes = patient_identifiers.read_part(data, pos, following, state.syntax, state.charset)
        sealed = vault_entries.entries(first.context.keys, first.context.issuer, rewriter.replaced)
        counts = dict(rewriter.counts)
        pieces.append(Piece(tag, data[pos:following], stated, stated + out, counts, identifying, attributes, sealed))
        if tag == _CHARSET:
            state = rewriter.switched(state, pos)
        pos = following
    pieces.append(Piece(_PIXELS, b"", last := rewriter.stated_before(_PIXELS), last, {}, (), {}, ()))
    template = Template(first.context, state, first.statements, pieces)
    template.failures = first.failures
    return template if template.header() == first.header else None


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for action, count in more.items():
        counts[action] = counts.get(action, 0) + count
