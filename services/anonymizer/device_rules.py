"""Rules that a person made for all images of one device: what is masked in each from now on. Pure.

A rule holds for one kind of picture: manufacturer, model, size in pixels, SOP Class and, unless it says any, Image
Type. All of them are compared whole: a rule that fits by a part of a name could pass pictures that nobody saw.

Source: PS3.15 E.3.1 (Clean Pixel Data Option); PS3.3 C.7.5.1 (General Equipment), C.7.6.3 (Image Pixel).
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from services.anonymizer.dicom.patient_identifiers import TopLevelAttributes
from shared.errors import Invalid

Box = tuple[int, int, int, int]
_SOP_CLASS, _IMAGE_TYPE, _MANUFACTURER, _MODEL = 0x00080016, 0x00080008, 0x00080070, 0x00081090
_ROWS, _COLUMNS = 0x00280010, 0x00280011


class Device(msgspec.Struct, frozen=True):
    """One kind of picture of one device. rows, columns: in pixels.  image_type: "" in a rule means any."""

    sop_class_uid: str = ""
    manufacturer: str = ""
    model: str = ""
    rows: int = 0
    columns: int = 0
    image_type: str = ""

    @property
    def is_told(self) -> bool:
        """Whether an image tells its device well enough for a rule."""
        return all((self.sop_class_uid, self.manufacturer, self.model, self.rows, self.columns))


class RuleState(StrEnum):
    """Whether a rule is in force."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


class RuleVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a rule. boxes: left, top inclusive, right, bottom exclusive.  at: RFC 3339."""

    version: int
    state: RuleState
    boxes: tuple[Box, ...]
    by: str
    at: str
    why: str = ""


class DeviceRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule with all its versions, the last of which holds. id: of the device, so one device has one rule."""

    id: str
    device: Device
    versions: tuple[RuleVersion, ...]
    state: RuleState

    @property
    def current(self) -> RuleVersion:
        return self.versions[-1]

    @property
    def label(self) -> str:
        """What an audit row names: the rule and its version."""
        return f"{self.id}/{self.current.version}"


def device_of(attributes: TopLevelAttributes) -> Device:
    """Return which device and kind of picture an Instance tells of, as rules compare it."""
    return Device(
        sop_class_uid=attributes.text(_SOP_CLASS),
        manufacturer=_folded(attributes.text(_MANUFACTURER)),
        model=_folded(attributes.text(_MODEL)),
        rows=_number(attributes.values.get(_ROWS)),
        columns=_number(attributes.values.get(_COLUMNS)),
        image_type="\\".join(_folded(each) for each in attributes.text(_IMAGE_TYPE).split("\\")),
    )


def rule_id(device: Device) -> str:
    """Return the id of the rule for a device; raise Invalid for one that an image does not tell."""
    if not device.is_told:
        raise Invalid("device-not-told", "a rule needs manufacturer, model, SOP Class, rows and columns in the image")
    return "d" + hashlib.sha256(msgspec.json.encode(device)).hexdigest()[:12]


def holds_for(rule: Device, device: Device) -> bool:
    """Say whether a rule for one device holds for an image of another."""
    if not rule.is_told:
        return False
    return rule in (device, msgspec.structs.replace(device, image_type=""))


def matching(rules: Iterable[DeviceRule], device: Device) -> DeviceRule | None:
    """Return the active rule that holds for an image; one for its Image Type before one for any."""
    holding = [each for each in rules if each.state is RuleState.ACTIVE and holds_for(each.device, device)]
    return max(holding, key=lambda rule: bool(rule.device.image_type), default=None)


def with_version(old: DeviceRule | None, device: Device, decided: RuleVersion) -> DeviceRule:
    """Return the rule after one more decision, which gets the next number."""
    versions = old.versions if old else ()
    numbered = msgspec.structs.replace(decided, version=len(versions) + 1)
    return DeviceRule(id=rule_id(device), device=device, versions=(*versions, numbered), state=numbered.state)


def _folded(text: str) -> str:
    return " ".join(text.upper().split())


def _number(value: bytes | None) -> int:
    """Return a US; little endian, in which only the retired Explicit VR Big Endian does not come."""
    return int.from_bytes((value or b"")[:2], "little")
