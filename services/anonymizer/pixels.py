"""Decides about burned-in text and has it masked: by rule, by a person's decision, or by the text detector.

Source: PS3.15 E.3.1 (Clean Pixel Data Option).
"""

from typing import TYPE_CHECKING

from services.anonymizer import pixel_detect, pixel_image
from services.anonymizer.context import Policy
from services.anonymizer.identity import Facts
from services.anonymizer.pixel_detect import Box
from services.anonymizer.pixel_rules import rule_for
from shared.errors import Refused

if TYPE_CHECKING:
    from services.anonymizer.instance import Review


def cleaned(data: bytes, facts: Facts, policy: Policy, review: "Review | None") -> bytes | None:
    """Return the file with its text masked, the file itself if it was looked at and has none, None if none is expected.

    Raises Refused if a person has to look at it first.
    """
    rule = rule_for(facts)
    if rule is None or (rule.then == "pass" and review is None):
        return None
    if rule.then == "refuse":
        raise Refused(rule.name, rule.why)
    if review is not None:
        return pixel_image.masked(data, [Box(*box) for box in review.boxes]) if review.boxes else data
    if not policy.trust_detector:
        raise Refused(rule.name, rule.why)
    boxes = proposed(data)
    return pixel_image.masked(data, boxes) if boxes else data


def pass_unseen(facts: Facts) -> bool:
    """Say whether the rules let the pixels pass without a look."""
    rule = rule_for(facts)
    return rule is None or rule.then == "pass"


def proposed(data: bytes) -> list[Box]:
    """Return what should be masked: all outside the ultrasound regions, and where the detector finds text."""
    boxes = pixel_image.outside_regions(data)
    if pixel_detect.available():
        boxes += pixel_detect.text_boxes(pixel_image.displayed(data))
    return boxes
