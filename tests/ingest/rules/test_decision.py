"""What the rules say of Instances and reports, and what their file may say."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.ingest.rules.decision import Decision, Sent, decide
from services.ingest.rules.facts import Facts, report_facts
from services.ingest.rules.rule_file import RuleSet, read_rules
from services.ingest.rules.trial import Trial
from shared.errors import SettingsError

CT = Facts(
    modality="CT",
    station="CT-1",
    procedures=("胸部単純", "CHEST"),
    codes=("P1",),
    age_y=40,
    study_date=dt.date(2024, 5, 1),
)


def rules(folder: Path, *texts: str, default: str = "leave") -> RuleSet:
    path = folder / "rules.toml"
    tables = "\n".join(f'[[rule]]\nname = "r{number}"\n{text}' for number, text in enumerate(texts, 1))
    path.write_text(f'version = "1"\ndefault = "{default}"\n{tables}', encoding="utf-8")
    return read_rules(path)


@pytest.mark.parametrize(
    ("asked", "changes", "fits"),
    [
        ('modality = ["CT", "MR"]', {}, True),
        ('modality = ["MR"]', {}, False),
        ('station = ["ct-*"]', {}, True),
        ('station = ["ＣＴ－１"]', {"station": "ct-1"}, True),
        ('procedure = ["胸部*"]', {}, True),
        ('procedure = ["胸部*"]', {"procedures": ()}, False),
        ('code = ["P?"]', {}, True),
        ('sender = ["PACS"]', {}, True),
        ("age_from = 20\nage_to = 40", {}, True),
        ("age_from = 41", {}, False),
        ("age_from = 0", {"age_y": None}, False),
        ("study_from = 2024-05-01", {}, True),
        ("study_to = 2024-04-30", {}, False),
        ("study_from = 2020-01-01", {"study_date": None}, False),
        ("manual = false", {}, True),
        ("manual = true", {}, False),
        ('kind = "report"', {}, False),
        ('modality = ["CT"]\nage_from = 50', {}, False),
    ],
)
def test_a_rule_collects_what_has_everything_that_it_asks_for(
    tmp_path: Path, asked: str, changes: dict[str, Any], fits: bool
) -> None:
    decision = decide(
        rules(tmp_path, f'action = "collect"\n{asked}'),
        Sent("instances", "PACS"),
        msgspec.structs.replace(CT, **changes),
    )

    assert decision == (Decision(True, "r1") if fits else Decision(False, "default"))


def test_the_first_rule_that_matches_decides(tmp_path: Path) -> None:
    own = rules(tmp_path, 'action = "leave"\nstation = ["CT-1"]', 'action = "collect"\nmodality = ["CT"]')

    assert decide(own, Sent("instances"), CT) == Decision(False, "r1")


def test_what_cannot_be_checked_is_left_out(tmp_path: Path) -> None:
    own = rules(tmp_path, 'action = "leave"\nmodality = ["CT"]\nage_to = 19', default="collect")

    decisions = [decide(own, Sent("instances"), Facts(modality="CT", age_y=age)) for age in (19, 20, None)]

    assert decisions == [Decision(False, "r1"), Decision(True, "default"), Decision(False, "r1", undecided=True)]
    assert decisions[2].label == "r1:unknown"


def test_a_rule_on_what_a_report_does_not_have_is_not_for_it(tmp_path: Path) -> None:
    own = rules(tmp_path, 'action = "leave"\nstation = ["*"]', 'action = "leave"\nmodality = ["MG"]', default="collect")

    assert decide(own, Sent("report"), Facts()).collected


def test_a_report_says_modality_date_age_and_procedure() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "category": [{"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}]}],
        "code": {"coding": [{"code": "18748-4"}], "text": "胸部CT"},
        "effectiveDateTime": "2024-05-01T10:00:00+09:00",
    }
    patient = {"resourceType": "Patient", "birthDate": "1984-05-02"}
    bundle = json.dumps({"entry": [{"resource": report}, {"resource": patient}, {"resource": "x"}, 3]}).encode()

    assert report_facts(bundle) == Facts(
        modality="CT", procedures=("胸部CT",), codes=("18748-4",), age_y=39, study_date=dt.date(2024, 5, 1)
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('version = "1"', "default"),
        ('default = "collect"', "version"),
        ('version = "1"\ndefault = "maybe"', "default"),
        ('version = "1"\ndefault = "leave"\n[[rule]]\nname = "a"\naction = "collect"\nmodalty = ["CT"]', "modalty"),
        (
            'version = "1"\ndefault = "leave"\n' + '[[rule]]\nname = "a"\naction = "collect"\nmodality = ["CT"]\n' * 2,
            "a name is given once",
        ),
        (
            'version = "1"\ndefault = "leave"\n[[rule]]\nname = "a"\naction = "leave"\nreason = "x"\n'
            '[[rule]]\nname = "b"\naction = "collect"',
            "no rule after it",
        ),
        ('version = "1"\ndefault = "leave"\n[[rule]]\nname = "a"\naction = "leave"\nage_from = 9\nage_to = 8', "above"),
        ("version", "rules.toml"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=named):
        read_rules(path)


def test_a_version_is_of_its_text(tmp_path: Path) -> None:
    versions = {rules(tmp_path, default=default).version for default in ("leave", "collect")}

    assert len(versions) == 2 and all(version.startswith("1-") for version in versions)


def test_a_trial_counts_by_rule_and_says_what_would_change(tmp_path: Path) -> None:
    old = rules(tmp_path, 'action = "collect"\nmodality = ["CT"]')
    trial = Trial(rules(tmp_path, 'action = "collect"\nmodality = ["MR"]', 'action = "leave"\nage_to = 9'), old)

    for facts in (CT, CT, Facts(modality="MR", age_y=3)):
        trial.add(Sent("instances"), facts)

    counts = {name: (tally.collected, tally.left, dict(tally.examples)) for name, tally in trial.rows()}
    assert counts == {"r1": (1, 0, {"MR": 1}), "r2": (0, 0, {}), "default": (0, 2, {"CT CT-1": 2})}
    assert trial.changes == {
        ("collected by r1", "left out by default"): 2,
        ("left out by default", "collected by r1"): 1,
    }
