"""Which site a Study is of: the one that all its Instances came from. Pure.

A Study of which that is not known, or with Instances of several sites, is of none: nobody who sees one site's Studies
sees it (docs/decisions/0130).
"""

from collections.abc import Iterable, Set
from typing import Final

from services.archive.records import InstanceRecord, StudyRecord
from shared.dicom.json_values import Json, attribute, text

INSTITUTION_NAME: Final = "00080080"
"""Into which a gateway puts the site's short name."""
SITE_ID: Final = "00120030"
"""Clinical Trial Site ID, "the site responsible for submitting" (PS3.3 C.7.1.3): how a search answers the site."""


def named_in(attributes: Json) -> str:
    """Return the site that an Instance says it is of, empty if none."""
    return text(attributes, INSTITUTION_NAME)


def delivered_by(sites: Set[str], named: str) -> str | None:
    """Return the site of an Instance; None if its gateway may not deliver for it.

    sites: those that the gateway showed it is of; empty if it showed none: then the Instance itself is believed.
    named: the site that the Instance says.
    """
    if not sites:
        return named
    if named:
        return named if named in sites else None
    return next(iter(sites)) if len(sites) == 1 else None


def after_store(study: StudyRecord | None, new: Iterable[InstanceRecord]) -> str:
    """Return the only site of a Study that Instances are stored into. study: as it was; None if there was none."""
    sites = {each.site for each in new if each.site}
    if study is None:
        return sites.pop() if len(sites) == 1 else ""
    return study.only_site if sites <= {study.only_site} else ""


def of_all(instances: Iterable[InstanceRecord], before: str) -> str:
    """Return the only site of a Study by all its Instances. before: what was known, where no Instance says any."""
    sites = {each.site for each in instances if each.site}
    return before if not sites else sites.pop() if len(sites) == 1 else ""


def told(attributes: Json, site: str) -> Json:
    """Return a Study's Attributes with its site, whatever an Instance said in that place."""
    others = {tag: value for tag, value in attributes.items() if tag != SITE_ID}
    return others | {SITE_ID: attribute("LO", site)} if site else others
