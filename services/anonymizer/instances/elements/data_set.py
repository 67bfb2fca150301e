"""Rewrites one Data Set by a compiled profile, without decoding what is kept.

The bytes are walked once. Runs of kept elements are taken over as they are; what an action changes is written anew, and
so are the lengths of the Sequences and Items around it (PS3.5 7.5). Pixel data are one slice of the input, unless
something stands in them that is no image.
"""

from collections import Counter
from collections.abc import Mapping

from services.anonymizer.instances.elements import actions, attribute_tags, content_items, padding, private_attributes
from services.anonymizer.instances.elements.action_tables import CHARSET, PIXELS, STATED, Scope, State, scope
from services.anonymizer.instances.elements.surplus import WITH_SURPLUS, without_surplus
from services.anonymizer.pixels import pixel_data
from services.anonymizer.pixels.pixel_data import PixelData
from services.anonymizer.policy import Context
from services.anonymizer.profile import profile
from services.anonymizer.profile.profile import Action
from shared.dicom import character_sets, elements, vrs
from shared.dicom.elements import ITEM_END, SEQUENCE_END, UNDEFINED, Element, FileBytes, Syntax
from shared.errors import Invalid

Buffer = bytes | memoryview
_NO_MORE = 1 << 33
_UTF8 = b"ISO_IR 192"


class Rewriter:
    """Rewrites the Data Set of one Instance.

    act: what an action makes of a value.  counts: how often each was carried out.  replaced: action, value, its
    character set → its pseudonym.  header: how many of the parts come before the pixel data.  pixels: theirs, by what
    the Data Set says of the image.
    """

    def __init__(
        self, data: FileBytes, context: Context, *, search: bool = False, act: actions.Acting = actions.act
    ) -> None:
        self._data = self.data = data
        self._view = memoryview(data)
        self._context = context
        self._search, self._act = search, act
        self._pending: list[tuple[int, bytes]] = []
        self._to_utf8 = profile.load(context.profile).character_set == "utf-8"
        self.counts: Counter[str] = Counter()
        self.replaced: dict[tuple[Action, bytes, bytes], bytes] = {}
        self.header = 0
        self.pixels: PixelData | None = None

    def rewrite(self, start: int, syntax: Syntax, additions: Mapping[int, bytes]) -> list[Buffer]:
        """Return the new Data Set in parts. additions: encoded elements, in place of any of their tags."""
        parts: list[Buffer] = []
        self._dataset(start, len(self._data), self.begin(syntax, additions)._replace(start=start), parts)
        while self._pending:
            parts.append(self._pending.pop()[1])
        self.header = self.header or len(parts)
        return parts

    def begin(self, syntax: Syntax, additions: Mapping[int, bytes]) -> State:
        """Return where the walk begins, for who calls ``stated_before``, ``element`` and ``rest`` himself."""
        charset = self._context.identity.charset
        if self._recodes(charset):
            additions = {**additions, CHARSET: elements.encode(CHARSET, b"CS", _UTF8, syntax)}
        self._pending = sorted(additions.items(), reverse=True)
        table = self._scope("top", syntax, charset)
        if extra := additions.keys() - STATED:
            kept = {tag: vr for tag, vr in table.kept.items() if tag not in extra}
            table = Scope({**table.actions, **dict.fromkeys(extra, Action.REMOVE)}, kept, table.most)
        return State(syntax, table, charset, 0)

    def stated_before(self, tag: int) -> bytes:
        """Return the additions that come in front of an element of the top level."""
        stated = b""
        while self._pending and tag > self._pending[-1][0]:
            stated += self._pending.pop()[1]
        return stated

    def element(self, element: Element, state: State) -> tuple[bytes, int]:
        """Return what becomes of an element of the top level, or its private group, and the position after it."""
        replacement, following = self._element(element, len(self._data), state)
        return self._data[element.start : following] if replacement is None else b"".join(replacement), following

    def rest(self, pos: int, state: State, parts: list[Buffer]) -> None:
        """Append what is left of the top level from pos on: the pixel data, and what a sender put behind it."""
        self._dataset(pos, len(self._data), state, parts)

    def switched(self, state: State, pos: int) -> State:
        """Return the state behind Specific Character Set (0008,0005) at pos."""
        element = elements.read(self._data, pos, len(self._data), state.syntax)
        return self._switched(state, self._data[element.value : element.value + element.length].rstrip(b" \0"))

    def _scope(self, place: str, syntax: Syntax, charset: bytes) -> Scope:
        name, sop_class_uid = self._context.profile, self._context.sop_class_uid
        return scope(name, sop_class_uid, place, self._search, self._recodes(charset), syntax.explicit)

    def _recodes(self, charset: bytes) -> bool:
        """Say whether texts of this Specific Character Set go out in another."""
        return self._to_utf8 and not character_sets.is_utf8(charset)

    def _dataset(self, pos: int, end: int, state: State, parts: list[Buffer]) -> tuple[int, bool]:
        """Append the elements up to end or the Item's delimiter; return where that is, and if any changed."""
        data, view, top = self._data, self._view, state.depth == 0
        syntax, kept, most = state.syntax, state.table.kept, state.table.most
        span, changed = pos, False
        while True:
            limit = self._pending[-1][0] if top and self._pending else _NO_MORE
            pos = elements.skip(data, pos, end, syntax, kept, limit, most)
            if pos >= end or (top and data[pos : pos + 4] == b"\0\0\0\0" and not data[pos:].strip(b"\0")):
                break  # at the end, or at zeros that a sender padded the file with
            element = elements.read(data, pos, end, syntax)
            if element.tag == ITEM_END and not top:
                break
            if top:
                while self._pending and element.tag > self._pending[-1][0]:
                    parts += (view[span:pos], self._pending.pop()[1])
                    span = pos
            replacement, following = self._element(element, end, state)
            if element.tag == CHARSET:
                state = self._switched(state, data[element.value : following].rstrip(b" \0"))
                kept = state.table.kept
            elif element.tag in PIXELS and top:
                parts.append(view[span:pos])
                self.header = self.header or len(parts)
                span = pos
            if replacement is not None:
                parts += (view[span:pos], *replacement)
                span, changed = following, True
            pos = following
        parts.append(view[span:pos])
        return pos, changed

    def _switched(self, state: State, charset: bytes) -> State:
        """Return the state after Specific Character Set (0008,0005): an Item may have its own (PS3.3 C.12.1.1.2)."""
        table = state.table
        if self._recodes(charset):
            table = Scope(
                table.actions,
                {tag: vr for tag, vr in table.kept.items() if vr not in character_sets.WITH_CHARACTER_SET},
                table.most,
            )
        return state._replace(charset=charset, table=table)

    def _element(self, element: Element, end: int, state: State) -> tuple[list[Buffer] | None, int]:
        """Return what stands in the element's place, None for itself, and the position after it."""
        syntax = state.syntax
        if element.tag >> 16 & 1:
            return self._private(element, end, state)
        action = state.table.actions.get(element.tag, Action.REMOVE)
        if action in (Action.REMOVE, Action.EMPTY):
            following = elements.after(self._data, element, end, syntax, state.depth)
            self.counts[action] += 1
            if action is Action.REMOVE:
                return [], following
            return [elements.encode(element.tag, self._vr(element), b"", syntax)], following
        if elements.is_sequence(element):
            return self._sequence(element, end, state, action)
        following = elements.after(self._data, element, end, syntax, state.depth)
        if element.tag in PIXELS or element.tag in pixel_data.TABLES or element.length == UNDEFINED:
            return self._image(element, state), following
        value = self._data[element.value : following]
        if element.tag == CHARSET:
            return ([elements.encode(CHARSET, b"CS", _UTF8, syntax)] if self._recodes(value) else None), following
        vr = self._vr(element)
        acted = self._act(action, element.tag, vr, value, state.charset, self._context, self._search)
        if acted is not None:
            action, new = acted
            self.counts[action] += 1
            if new is None:
                return [], following
            if action in profile.PSEUDONYMS:
                self.replaced[action, value, state.charset] = new
            value = new
        bare = self._without_padding(element, vr, value, state)
        if acted is None and vr == b"AT":
            left = attribute_tags.retained(element.tag, bare, syntax, self._is_retained)
            if left is not None:
                self.counts["dangling-pointer"] += 1
                return ([elements.encode(element.tag, vr, left, syntax)] if left else []), following
        recoded = self._recoded(vr, bare, state.charset)
        if acted is None and recoded is None and len(bare) == len(value):
            return None, following
        return [elements.encode(element.tag, vr, bare if recoded is None else recoded, syntax)], following

    def _without_padding(self, element: Element, vr: bytes, value: bytes, state: State) -> bytes:
        """Return a value as it goes out, without what stands behind what it can hold."""
        bare = padding.cleared(element.tag, vr, value)
        if element.tag in WITH_SURPLUS:
            bare = without_surplus(self._data, state.start, element, bare, state.syntax)
        if len(bare) < len(value):
            self.counts["clear-padding"] += 1
        return bare

    def _image(self, element: Element, state: State) -> list[Buffer] | None:
        """Return pixel data, or a table of their frames, with nothing in them that is no image; none within an Item."""
        if element.tag in PIXELS and self.pixels is not None and not state.depth:
            new = self.pixels.cleared(self._data, element, state.syntax)
        elif state.depth or self.pixels is None or element.undefined:
            return []
        else:
            table = self.pixels.table(self._data, element, state.syntax)
            new = None if table is None else [table]
        if new is not None:
            self.counts["clear-pixel-data"] += 1
        return new

    def _is_retained(self, tag: int) -> bool:
        """Say whether an Attribute can be in the output, at the top or in an Item."""
        table = profile.compiled(self._context.profile, self._context.sop_class_uid)
        actions = (table.top.get(tag, Action.REMOVE), table.nested.get(tag, Action.REMOVE))
        return not tag >> 16 & 1 and any(action is not Action.REMOVE for action in actions)

    def _recoded(self, vr: bytes, value: bytes, charset: bytes) -> bytes | None:
        """Return the text in UTF-8; None if it stays as it is."""
        if vr not in character_sets.WITH_CHARACTER_SET or not self._recodes(charset):
            return None
        new = character_sets.as_utf8(value, charset, vr)
        if new is not None:
            self.counts["to-utf-8"] += 1
        return new

    def _vr(self, element: Element) -> bytes:
        return vrs.vr_of(element.tag) if element.vr == b"UN" else element.vr

    def _private(self, element: Element, end: int, state: State) -> tuple[list[Buffer] | None, int]:
        kept, count, following = private_attributes.safe(
            self._data, element.start, end, state.syntax, state.charset, self._context, state.depth
        )
        if "retain_safe_private" not in profile.load(self._context.profile).options:
            kept, count = b"", 0
        if count and self._recodes(state.charset) and not private_attributes.is_plain(kept, state.syntax):
            kept, count = b"", 0
        self.counts["remove-private"] += 1
        if count:
            self.counts["keep-safe-private"] += count
        return [kept] if kept else [], following

    def _sequence(self, element: Element, end: int, state: State, action: Action) -> tuple[list[Buffer] | None, int]:
        """Rewrite each Item. A Sequence of defined length gets its new one; of undefined length, its delimiter."""
        inside = elements.inside(element, state.syntax)
        if state.depth >= elements.MAX_DEPTH:
            raise Invalid("too-deep", f"Sequences are nested more than {elements.MAX_DEPTH} deep")
        stop = end if element.length == UNDEFINED else element.value + element.length
        dummy = action is Action.DUMMY or state.dummy
        nested = State(
            inside,
            self._scope("dummy" if dummy else "nested", inside, state.charset),
            state.charset,
            state.depth + 1,
            dummy,
        )
        parts: list[Buffer] = []
        pos, changed = element.value, False
        while pos < stop:
            item = elements.read(self._data, pos, stop, inside)
            if item.tag == SEQUENCE_END and element.length == UNDEFINED:
                stop = pos
                break
            if item.tag != elements.ITEM:
                raise Invalid("bad-sequence", "something other than an Item stands in a Sequence (PS3.5 7.5)")
            pos, differs = self._item(element.tag, item, stop, nested, parts)
            changed = changed or differs
        following = pos + 8 if element.length == UNDEFINED else pos
        if not changed:
            return None, following
        return self._closed(element, parts, state.syntax, inside), following

    def _item(self, tag: int, item: Element, stop: int, state: State, parts: list[Buffer]) -> tuple[int, bool]:
        """Append one rewritten Item, or nothing if it is removed; return the position after it, and if it changed."""
        finish = stop if item.length == UNDEFINED else item.value + item.length
        if tag in content_items.SEQUENCES:
            overrides = content_items.overrides(
                self._data, item.value, finish, state.syntax, state.charset, self._context.profile
            )
            if overrides is None:
                self.counts["remove-content"] += 1
                if item.length == UNDEFINED:
                    finish = elements.item_end(self._data, item.value, stop, state.syntax, state.depth) + 8
                return finish, True
            if overrides:  # of values, none of which is ever kept without a look
                table = Scope({**state.table.actions, **overrides}, state.table.kept, state.table.most)
                state = state._replace(table=table)
        inner: list[Buffer] = []
        at, changed = self._dataset(item.value, finish, state._replace(start=item.value), inner)
        if item.length == UNDEFINED:
            if self._data[at : at + 4] != state.syntax.tag.pack(0xFFFE, 0xE00D):
                raise Invalid("bad-sequence", "no delimiter ends an Item of undefined length (PS3.5 7.5.2)")
            at += 8
        size = sum(len(part) for part in inner)
        parts.append(elements.header(elements.ITEM, b"", size, state.syntax))
        parts += inner
        return at, changed

    def _closed(self, element: Element, parts: list[Buffer], syntax: Syntax, inside: Syntax) -> list[Buffer]:
        """Return header, Items and delimiter. UN stays UN, for its contents are Implicit VR (PS3.5 6.2.2, note)."""
        vr = b"UN" if element.vr == b"UN" else b"SQ"
        if element.length == UNDEFINED:
            end = elements.header(SEQUENCE_END, b"", 0, inside)
            return [elements.header(element.tag, vr, UNDEFINED, syntax), *parts, end]
        return [elements.header(element.tag, vr, sum(len(part) for part in parts), syntax), *parts]
