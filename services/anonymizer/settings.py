"""The anonymizer's settings, read as JMID_ANONYMIZER_<FIELD>."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.settings import Bytes, Seconds


class AnonymizerSettings(msgspec.Struct, frozen=True):
    """The profile, the keys, and what a person looks at before it leaves."""

    profile: Annotated[str, Meta(description="Name of a built-in de-identification profile.")] = "jmid"
    keys: Annotated[
        Path | None,
        Meta(
            description="The key folder, which must hold keys; empty is <home>/gateway/keys, made on the first start."
        ),
    ] = None
    domain: Annotated[
        str, Meta(description="Whose pseudonyms these are; sites whose patients are to be linked name the same.")
    ] = "jmid"
    foreign_issuers: Annotated[
        tuple[str, ...],
        Meta(description="Issuers of patient IDs that are not the site's own (0010,0021; HL7 assigning authority)."),
    ] = ()
    pixel_text: Annotated[
        Literal["review", "mask"],
        Meta(
            description="Images that may carry burned-in text: mask, what the text detector finds is masked, and the "
            "image passes if a second look at it finds nothing left; review, a person looks at each."
        ),
    ] = "mask"
    documents: Annotated[
        Literal["refuse", "review"],
        Meta(
            description="Encapsulated PDFs: review, a person looks at each page, masks, and only pictures of the pages "
            "leave, which needs pypdfium2; refuse, they can only be rejected."
        ),
    ] = "review"
    search_pixels: Annotated[
        bool,
        Meta(
            description="Whether the text detector also looks at images in which no rule expects text: at derived ones "
            "and localizers each, of CT and MR at the first, the middle and the last slice of each Series."
        ),
    ] = True
    flagged_reports: Annotated[
        Literal["review", "pass"],
        Meta(
            description="Reports whose cleaned text may still identify somebody: review, a person reads each; "
            "pass, they leave with the flag on them."
        ),
    ] = "review"
    name_recogniser: Annotated[
        Literal["auto", "off"],
        Meta(
            description="auto: a recogniser of names, if jmid[names] is installed, reads cleaned reports and flags; "
            "off: only rules and lists flag."
        ),
    ] = "auto"
    text_analyser: Annotated[
        Literal["required", "off"],
        Meta(
            description="required: a morphological analyser reads every text beside the rules, and the learned reader "
            "every report, and without them the service does not start; off: rules and lists alone, which leave more "
            "names."
        ),
    ] = "required"
    site_list: Annotated[
        Path | None,
        Meta(
            description="A file of the site's own names (institution:, department:, ward:, staff:), which are cleaned "
            "wherever they stand; empty: none."
        ),
    ] = None
    clinical_lists: Annotated[
        tuple[Path, ...],
        Meta(
            description="Files with the site's copies of lists of diseases (MANBYO, names of ICD-10), whose words are "
            "clinical and stay; empty: our own list alone."
        ),
    ] = ()
    most_named: Annotated[
        int,
        Meta(
            description="A report waits for a person if rules find more in it than its header tells: staff and "
            "institutions count once, other people, places and numbers twice, and more than this in all is much, so "
            "that one is soon missed. Higher where reports have a heading of their own; 0: never for that.",
            ge=0,
            le=1000,
        ),
    ] = 3
    header_name_studies: Annotated[
        int,
        Meta(
            description="On how many Studies a name of staff, an institution, a department or a ward stands in headers "
            "of this site before it is cleaned from every text; 0: names are not learned from headers.",
            ge=0,
            le=1000,
        ),
    ] = 3
    key_wrap: Annotated[
        str, Meta(description="Command of a KMS or card that wraps a key file; empty: key files are plain.")
    ] = ""
    key_unwrap: Annotated[str, Meta(description="Command that unwraps a key file; goes with key_wrap.")] = ""
    key_timeout_s: Annotated[Seconds, Meta(description="How long one of these commands may take.")] = 30.0
    two_persons: Annotated[bool, Meta(description="Whether re-identification needs a second person.")] = False
    batch_bytes: Annotated[Bytes, Meta(description="How many bytes one worker process takes at once.")] = 16 << 20
