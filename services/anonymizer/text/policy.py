"""The policy of free text, and the one function that derives it from a de-identification profile. Pure."""

from functools import lru_cache
from typing import Final, Literal

import msgspec

from services.anonymizer.profile import profile
from services.anonymizer.profile.profile import Action
from services.anonymizer.text import clinical_lists
from services.anonymizer.text.clinical_lists import ClinicalLists
from services.anonymizer.text.site_list import NONE, SiteList

MOST_NAMED: Final = 3
"""Of different people, places and numbers that rules find in one text without the header's help; see residual_risk."""
_AGE_LIMIT: Final = 89  # 45 CFR 164.514(b)(2)(i)(C)


class TextPolicy(msgspec.Struct, frozen=True):
    """What a profile says about free text; names, IDs and contacts always go.

    dates: exam dates are kept, removed, or shifted by shift_days (without it: removed). Birth dates always go.
    relative: "3 days ago" is kept, or made coarse. ages_over: ages above it are made coarse; None keeps every age.
    institutions: whether names of hospitals go.  analyse: whether the morphological analyser reads the text beside the
    rules and lists.  learned: whether the learned reader, which knows reports and no descriptors, reads what it made.
    names: the site's own.  clinical: its lists of diseases.  most_named: a text in which rules find more different
    people, places and numbers that the header does not tell is flagged; 0: never for that.
    """

    dates: Literal["keep", "remove", "shift"] = "keep"
    shift_days: int | None = None
    relative: Literal["keep", "generalise"] = "keep"
    ages_over: int | None = None
    institutions: Literal["remove", "keep"] = "remove"
    analyse: bool = True
    learned: bool = True
    names: SiteList = NONE
    most_named: int = MOST_NAMED
    clinical: ClinicalLists = clinical_lists.NONE

    @classmethod
    def of_profile(
        cls,
        name: str,
        shift_days: int | None = None,
        *,
        analyse: bool = True,
        names: SiteList = NONE,
        most_named: int = MOST_NAMED,
        clinical: ClinicalLists = clinical_lists.NONE,
    ) -> "TextPolicy":
        """Return the policy of a profile. shift_days: by how many days the patient's dates move.

        A profile that moves dates removes them from a text whose patient's shift is not known.
        Raises SettingsError: there is no such profile.
        """
        policy = _of_profile(name, shift_days, analyse, names, most_named)
        return msgspec.structs.replace(policy, clinical=clinical) if clinical.digest else policy

    @classmethod
    def moving(cls, days: int) -> "TextPolicy":
        """Return the policy that moves the dates of a text that was cleaned before, and leaves the rest."""
        return cls(dates="shift", shift_days=days, learned=False)


@lru_cache(1024)
def _of_profile(name: str, shift_days: int | None, analyse: bool, names: SiteList, most_named: int) -> TextPolicy:
    taken = profile.load(name)
    option = profile.dates(taken)
    ages = _AGE_LIMIT if any(rule.action is Action.CAP_AGE for rule in taken.rules) else None
    policy = TextPolicy(ages_over=ages, analyse=analyse, names=names, most_named=most_named)
    if option == "UNMODIFIED":
        return policy
    if option == "MODIFIED" and shift_days is not None:
        return msgspec.structs.replace(policy, dates="shift", shift_days=shift_days)
    return msgspec.structs.replace(policy, dates="remove")
