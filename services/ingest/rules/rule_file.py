"""The collection rules of a site: a TOML file (JMID_INGEST_RULES), checked whole when it is read.

The first rule that matches decides; where none does, ``default``. Without a file everything is collected.
"""

import datetime as dt
import hashlib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from services.ingest.settings import IngestSettings
from shared.errors import SettingsError

SETTING: Final = "JMID_INGEST_RULES"
MOST_YEARS: Final = 150
Action = Literal["collect", "leave"]
_Name = Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,64}$")]
_Years = Annotated[int, Meta(ge=0, le=MOST_YEARS)]
_Patterns = tuple[Annotated[str, Meta(min_length=1)], ...]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule: all that it asks for has to hold. What it does not name, it does not ask for.

    reason: why, for a person.  kind: instances or report.  modality: codes (PS3.3 C.7.3.1.1.1).
    station, sender, procedure, code: patterns with * and ?, of which one has to fit; without regard to case and width.
    sender: the calling AE title, or the name of an MLLP sender.  procedure: Study or Series Description, Protocol Name,
    Requested Procedure Description; of a report, its examination.  code: of the procedure.
    age_from, age_to: whole years at the examination, both included.  study_from, study_to: dates, both included.
    manual: whether a person chose it: it came from a peer that the list of peers marks so.
    """

    name: _Name
    action: Action
    reason: str = ""
    kind: Literal["instances", "report"] | None = None
    modality: _Patterns = ()
    station: _Patterns = ()
    sender: _Patterns = ()
    procedure: _Patterns = ()
    code: _Patterns = ()
    age_from: _Years | None = None
    age_to: _Years | None = None
    study_from: dt.date | None = None
    study_to: dt.date | None = None
    manual: bool | None = None


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: _Name
    default: Action
    default_reports: Action | None = None
    rule: tuple[Rule, ...] = ()


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one file. version: as the file says, and eight digits of its SHA-256; empty without a file.

    default, default_reports: what is done with what no rule matches.
    """

    version: str
    rules: tuple[Rule, ...] = ()
    default: Action = "collect"
    default_reports: Action = "collect"


EVERYTHING: Final = RuleSet(version="")


def rules_in_force(settings: IngestSettings) -> RuleSet:
    """Return the rules of the setting; raise SettingsError if its file cannot be used."""
    return EVERYTHING if settings.rules is None else read_rules(settings.rules)


def read_rules(path: Path) -> RuleSet:
    """Return the rules of a file; raise SettingsError that says what is wrong with it."""
    try:
        data = path.read_bytes()
        file = msgspec.toml.decode(data, type=_File)
    except OSError as error:
        raise SettingsError(f"{SETTING}: {path} cannot be read") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise SettingsError(f"{SETTING}: {path}: {error}") from error
    names: set[str] = set()
    for number, rule in enumerate(file.rule, 1):
        if wrong := _wrong(rule, names, is_last=number == len(file.rule)):
            raise SettingsError(f"{SETTING}: {path}: rule {rule.name}: {wrong}")
        names.add(rule.name)
    return RuleSet(
        version=f"{file.version}-{hashlib.sha256(data).hexdigest()[:8]}",
        rules=file.rule,
        default=file.default,
        default_reports=file.default_reports or file.default,
    )


def _wrong(rule: Rule, names: set[str], *, is_last: bool) -> str:
    if rule.name in names or rule.name == "default":
        return "a name is given once, and is not default"
    if rule.age_from is not None and rule.age_to is not None and rule.age_from > rule.age_to:
        return "age_from is above age_to"
    if rule.study_from and rule.study_to and rule.study_from > rule.study_to:
        return "study_from is after study_to"
    asks = any(getattr(rule, name) not in (None, ()) for name in _CONDITIONS)
    return "it matches everything, so that no rule after it is ever asked" if not asks and not is_last else ""


_CONDITIONS: Final = tuple(set(Rule.__struct_fields__) - {"name", "action", "reason"})
