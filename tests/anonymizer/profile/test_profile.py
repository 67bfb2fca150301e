"""Profiles are data that cannot contradict itself, and compile to what the table says."""

from pathlib import Path

import msgspec
import pytest

from services.anonymizer.profile import profile, tables
from services.anonymizer.profile.profile import Action, Rule, resolve
from shared.errors import SettingsError

CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.33"


@pytest.mark.parametrize(
    ("code", "kind", "action"),
    [
        ("X", "1", Action.REMOVE), ("Z", "", Action.EMPTY), ("D", "3", Action.DUMMY), ("U", "1", Action.UID),
        ("X/Z", "2", Action.EMPTY), ("X/Z", "3", Action.REMOVE), ("X/Z", "1", Action.EMPTY),
        ("X/D", "1C", Action.DUMMY), ("X/D", "3", Action.REMOVE), ("X/D", "2", Action.DUMMY),
        ("X/Z/D", "1", Action.DUMMY), ("X/Z/D", "2C", Action.EMPTY), ("X/Z/D", "", Action.REMOVE),
        ("Z/D", "1", Action.DUMMY), ("Z/D", "2", Action.EMPTY), ("Z/D", "", Action.EMPTY),
    ],
)  # fmt: skip
def test_compound_actions_follow_the_type_of_the_attribute(code: str, kind: str, action: Action) -> None:
    assert resolve(code, kind) is action


@pytest.mark.parametrize("name", ["jmid", "research"])
def test_every_row_of_the_table_is_at_least_as_strict_as_the_options_ask(name: str) -> None:
    taken = profile.load(name)
    weaker = []

    for row in tables.rows():
        if "x" in row.tag or row.tag == "private" or row.options.keys() & set(taken.options):
            continue
        tag = int(row.tag, 16)
        if tag >> 16 > 2 and profile.compiled(name, CT).top.get(tag) is Action.KEEP:
            weaker.append(row.tag)

    assert weaker == []


def test_dates_are_kept_by_jmid_and_shifted_by_research() -> None:
    study_date = 0x00080020

    assert profile.compiled("jmid", CT).top[study_date] is Action.KEEP
    assert profile.compiled("research", CT).top[study_date] is Action.SHIFT


def test_a_type_2_attribute_is_emptied_where_a_type_3_one_is_removed() -> None:
    referenced_step = 0x00081111

    assert profile.compiled("jmid", SR).top[referenced_step] is Action.EMPTY
    assert profile.compiled("jmid", CT).top[referenced_step] is Action.REMOVE


@pytest.mark.parametrize("name", ["jmid", "research"])
@pytest.mark.parametrize(
    "tag",
    [
        *(0x60003000, 0x601E0010, 0x50000005, 0x00291010, 0x04000500, 0x04000310),
        *(0x7F000010, 0x7F1E0020, 0x7F020011, 0x00686300, 0x00143080),
    ],
)
def test_overlays_curves_private_encrypted_and_other_pictures_are_not_kept(name: str, tag: int) -> None:
    table = profile.compiled(name, CT)

    assert table.top.get(tag, Action.REMOVE) is Action.REMOVE
    assert table.nested.get(tag, Action.REMOVE) is Action.REMOVE


def test_options_that_disagree_are_an_error() -> None:
    taken = profile.load("jmid")
    both = (*taken.options, "retain_longitudinal_modified_dates")

    with pytest.raises(SettingsError, match="disagree"):
        profile.check(msgspec.structs.replace(taken, options=both))


def test_an_unknown_option_and_two_rules_for_one_tag_are_errors() -> None:
    taken = profile.load("jmid")

    with pytest.raises(SettingsError, match="unknown option"):
        profile.check(msgspec.structs.replace(taken, options=("retain_everything",)))
    with pytest.raises(SettingsError, match="two rules"):
        profile.check(msgspec.structs.replace(taken, rules=(*taken.rules, Rule("00100020", Action.KEEP, ""))))


def test_a_profile_that_cannot_be_read_names_itself(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\nversion = 1\n')

    with pytest.raises(SettingsError, match="mine"):
        profile.load("mine", tmp_path)
