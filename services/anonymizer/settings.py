"""The anonymizer's settings, read as JMID_ANONYMIZER_<FIELD>."""

from pathlib import Path
from typing import Literal

import msgspec


class AnonymizerSettings(msgspec.Struct, frozen=True):
    """What a site decides.

    profile: name of a built-in profile.  keys: the key folder; under the gateway's home if not set, and made on the
    first start.  domain: whose pseudonyms these are; all sites whose patients are to be linked name the same.
    foreign_issuers: issuers of patient IDs that are not the site's own (Issuer of Patient ID, assigning authority).
    key_wrap, key_unwrap: commands of a KMS or card that wrap and unwrap the key files (see docs/operations.md); none:
    the files are plain.  key_timeout_s: how long one of them may take.
    two_persons: whether re-identification needs a second person.
    pixel_text: what happens to images that may carry burned-in text: ``review``: a person looks at each; ``mask``: what
    the text detector finds is masked and the image passes.
    search_pixels: whether the text detector also looks at images in which no rule expects text, as plain CT and MR:
    0.4 s of a core each.
    flagged_reports: what happens to reports whose cleaned text may still identify somebody: ``review``: a person reads
    each; ``pass``: they leave, with the flag on them.
    name_recogniser: ``auto``: a recogniser of names, if ``jmid[names]`` is installed, reads cleaned reports and flags;
    ``off``: only the rules and lists flag.
    batch_bytes: how much one worker process takes at once.
    """

    profile: str = "jmid"
    keys: Path | None = None
    domain: str = "jmid"
    foreign_issuers: tuple[str, ...] = ()
    pixel_text: Literal["review", "mask"] = "review"
    search_pixels: bool = False
    flagged_reports: Literal["review", "pass"] = "review"
    name_recogniser: Literal["auto", "off"] = "auto"
    key_wrap: str = ""
    key_unwrap: str = ""
    key_timeout_s: float = 30.0
    two_persons: bool = False
    batch_bytes: int = 16 << 20
