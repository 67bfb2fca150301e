"""Decides about burned-in text and has it masked: by rule, by a person's decision, or by the text detector.

Source: PS3.15 E.3.1 (Clean Pixel Data Option).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from services.anonymizer import device_rules
from services.anonymizer.device_rules import DeviceRule
from services.anonymizer.dicom.patient_identifiers import TopLevelAttributes
from services.anonymizer.pixels import image, text_detector
from services.anonymizer.pixels.rules import PixelRule, rule_for
from services.anonymizer.pixels.text_detector import Box
from services.anonymizer.policy import Policy
from shared.dicom.elements import FileBytes
from shared.errors import Refused

if TYPE_CHECKING:
    from services.anonymizer.instances.deidentify import Review

FOUND: Final = "burned-in-text-found"
LEFT: Final = "burned-in-text-left"


def cleaned(
    data: FileBytes, attributes: TopLevelAttributes, policy: Policy, review: "Review | None"
) -> FileBytes | None:
    """Return the file with its text masked, the file itself if it was looked at and has none, None if none is expected.

    What a person decided about this image comes before a rule for its device.
    Raises Refused if a person has to look at it first, or the text detector and there is none.
    """
    rule = rule_for(attributes)
    if rule is None:
        return None
    device_rule = None if review else device_rule_for(attributes, policy)
    if device_rule and rule.then != "refuse":
        return _masked_by_rule(data, device_rule, policy)
    if rule.then == "pass" and review is None:
        return _searched(data, rule, policy) if _is_searched(rule, policy) else None
    if rule.then == "refuse":
        raise Refused(rule.name, rule.why)
    if review is not None:
        return _masked_by_person(data, review)
    if not policy.trust_detector:
        raise Refused(rule.name, rule.why)
    return _masked_by_detector(data)


def _masked_by_person(data: FileBytes, review: "Review") -> FileBytes:
    by_page = [(page, Box(*box)) for page, *box in review.page_boxes]
    boxes = [Box(*box) for box in review.boxes]
    return image.masked(data, boxes, by_page) if boxes or by_page else data


def device_rule_for(attributes: TopLevelAttributes, policy: Policy) -> DeviceRule | None:
    """Return the rule that a person made for images like this one."""
    if not policy.device_rules:
        return None
    return device_rules.matching(policy.device_rules, device_rules.device_of(attributes))


def _masked_by_rule(data: FileBytes, rule: DeviceRule, policy: Policy) -> FileBytes:
    boxes = [Box(*box) for box in rule.current.boxes]
    return _masked_by_detector(data, boxes) if policy.trust_detector else image.masked(data, boxes)


def _masked_by_detector(data: FileBytes, boxes: Sequence[Box] = ()) -> FileBytes:
    """Return the file without text, the file itself if it has none. boxes: to be masked whatever the detector sees."""
    return _masked_and_looked_at(data, [*boxes, *image.outside_regions(data), *_text_in(data)])


def _masked_and_looked_at(data: FileBytes, boxes: Sequence[Box]) -> FileBytes:
    """Return the file with the boxes masked, after a second look, larger and at other frames, sees no text beside them.

    Raises Refused if it does.
    """
    masked = image.masked(data, list(boxes)) if boxes else data
    if any(text_detector.left_in(frames, boxes) for frames in image.for_detector(masked)):
        raise Refused(LEFT, "the text detector sees text beside what it masked: a person has to look at it")
    return masked


def _text_in(data: FileBytes) -> list[Box]:
    return [box for frames in image.for_detector(data) for box in text_detector.text_boxes(frames)]


def _is_searched(rule: PixelRule, policy: Policy) -> bool:
    return policy.search_pixels and (rule.search == "each" or (rule.search == "ends" and policy.search_slices))


def _searched(data: FileBytes, rule: PixelRule, policy: Policy) -> FileBytes | None:
    """Return the file of an image in which no rule expects text, after the detector looked; masked if it saw some.

    None if it saw none, and the file cannot say that it was cleaned: not all of its frames were looked at, or the
    same slice goes out without a look where no other of its Series has text. Raises Refused if the detector saw some,
    and a person has to look at it first.
    """
    sample = image.sampled(data)
    boxes = text_detector.legible_boxes(sample.frames)
    if boxes and not policy.trust_detector:
        raise Refused(FOUND, "the text detector sees text in an image in which none is expected")
    if boxes:
        return _masked_and_looked_at(data, boxes)
    return data if sample.is_all and rule.search == "each" else None


def pass_unseen(attributes: TopLevelAttributes, policy: Policy) -> bool:
    """Say whether the pixels pass without a look."""
    rule = rule_for(attributes)
    if rule is not None and device_rule_for(attributes, policy):
        return False
    return rule is None or (rule.then == "pass" and not _is_searched(rule, policy))


class Proposal(NamedTuple):
    """What a person might mask. outside: of the ultrasound regions.  text: that the detector sees; None without one."""

    outside: list[Box]
    text: list[Box] | None


def proposed(data: FileBytes, reason: str = "") -> Proposal:
    """Return what a person should mask: all outside the ultrasound regions, and where the detector finds text.

    reason: why it is looked at. Where no text is expected, only what is legible counts.
    """
    outside = image.outside_regions(data)
    if not text_detector.available():
        return Proposal(outside, None)
    if reason != FOUND:
        return Proposal(outside, _text_in(data))
    legible = (text_detector.legible_boxes(frames) for frames in image.for_detector(data))
    return Proposal(outside, [box for boxes in legible for box in boxes])
