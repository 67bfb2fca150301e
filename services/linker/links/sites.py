"""Keep a report to the Studies of its own site: another site's is a candidate for a person, never a link. Pure.

UIDs and pseudonyms of two sites differ by their keys, so this meets keys that are shared, mistakes and attacks: a case
of two sites is seen by nobody who sees one (docs/decisions/0147).
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from services.linker.links.matching import Match, StudyKeys

OTHER_SITE = "other-site"


def is_foreign(report_site: str, study_site: str) -> bool:
    """Say whether a Study is known to be of another site than the report."""
    return bool(study_site) and study_site != report_site


def within_site(
    report_site: str,
    studies: Iterable[StudyKeys],
    sites: Mapping[str, str],
    decide: Callable[[Iterable[StudyKeys]], Match],
) -> Match:
    """Return what the rules say among the Studies of the report's site.

    sites: Study Instance UID → its site, empty or left out where it is not known.  decide: the rules.  What they would
    have linked beyond is held, with these Studies as its candidates.
    """
    every = list(studies)
    own = [each for each in every if not is_foreign(report_site, sites.get(each.study_instance_uid, ""))]
    match = decide(own)
    return match if match.studies or len(own) == len(every) else _held(match, decide(every))


def linked_within_site(match: Match, report_site: str, sites: Mapping[str, str]) -> Match:
    """Return a link that somebody else decided without the Studies of other sites; held if none is left."""
    left = tuple(uid for uid in match.studies if not is_foreign(report_site, sites.get(uid, "")))
    return msgspec.structs.replace(match, studies=left) if left else _held(Match(), match)


def _held(own: Match, among_all: Match) -> Match:
    if not among_all.studies:
        return own
    return Match(reason=OTHER_SITE, candidates=tuple(sorted({*own.candidates, *among_all.studies})))
