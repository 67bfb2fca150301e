"""Pseudonyms, keys and dates."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.anonymizer.instances.elements import replacement_values
from services.anonymizer.pseudonyms import keys, pseudonyms
from services.anonymizer.pseudonyms.keys import KeySet
from shared.errors import SettingsError


def test_the_same_patient_has_one_pseudonym_however_the_id_is_written(key_set: KeySet) -> None:
    written = ["00123", " 00123 ", "００１２３", "00123\0"]

    assert len({pseudonyms.patient_pseudonym(key_set, "a", each) for each in written}) == 1


def test_issuers_domains_and_keys_make_different_pseudonyms(key_set: KeySet, tmp_path: Path) -> None:
    other = keys.create(tmp_path / "other", "jmid")
    project = keys.create(tmp_path / "project", "project", patient=key_set.patient)

    found = {pseudonyms.patient_pseudonym(key, issuer, "1") for key in (key_set, other, project) for issuer in "ab"}

    assert len(found) == 6
    assert all(len(each) == 32 for each in found)


def test_a_consortium_key_links_a_patient_across_sites(tmp_path: Path) -> None:
    one, other = (keys.create(tmp_path / name, "jmid", patient=b"k" * 32) for name in ("one", "other"))

    assert pseudonyms.patient_pseudonym(one, "x", "1") == pseudonyms.patient_pseudonym(other, "x", "1")
    assert pseudonyms.uid_pseudonym(one, "1.2.3") != pseudonyms.uid_pseudonym(other, "1.2.3")


@given(st.text(min_size=1).filter(lambda text: pseudonyms.normalised(text)))
def test_pseudonyms_fit_their_vrs(text: str) -> None:
    key = KeySet("k1", "jmid", "", *(bytes([n]) * 32 for n in range(6)))

    assert len(pseudonyms.accession_pseudonym(key, "site", text)) == 16
    assert len(pseudonyms.uid_pseudonym(key, text.replace("\ud800", "?") + "1")) <= 64


def test_registered_uids_stay_and_others_change(key_set: KeySet) -> None:
    found = replacement_values.uids(key_set, b"1.2.840.10008.1.2.1\\1.2.3\0").decode().split("\\")

    assert found[0] == "1.2.840.10008.1.2.1"
    assert found[1].startswith("2.25.")


@pytest.mark.parametrize(
    ("vr", "value", "moved"),
    [
        (b"DA", b"20240312", b"20240305"), (b"DA", b"2024.03.12", b"20240305"), (b"DA", b"20240231", b"20240222"),
        (b"DA", b"20240312\\20240313 ", b"20240305\\20240306"), (b"DA", b"", b""), (b"DA", b"SATO KEN", None),
        (b"DA", b"00010101", None), (b"DA", b"20241301", None), (b"TM", b"101112.5", b"101112.5"),
        (b"TM", b"SATO", None), (b"DT", b"20240312101112.000000+0900", b"20240305101112.000000+0900"),
        (b"DT", b"202403", b"202402"), (b"DT", b"2024", b"2023"), (b"DT", b"20240312", b"20240305"),
    ],
)  # fmt: skip
def test_dates_move_and_what_is_none_does_not_stay(vr: bytes, value: bytes, moved: bytes | None) -> None:
    assert replacement_values.shifted(vr, value, -7) == moved


@pytest.mark.parametrize(("age", "capped"), [("089Y", "089Y"), ("090Y", "090Y"), ("101Y", "090Y"), ("SATO", "")])
def test_ages_over_89_are_one_group(age: str, capped: str) -> None:
    assert replacement_values.capped_age(age.encode()).decode() == capped


def test_keys_are_the_owners_alone_and_never_shown(tmp_path: Path) -> None:
    made = keys.create(tmp_path / "keys", "jmid")

    path = tmp_path / "keys" / "k1.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert made.patient.hex() not in repr(made)
    assert str(made.patient) not in repr(made)


def test_keys_that_others_can_read_are_an_error(tmp_path: Path) -> None:
    keys.create(tmp_path, "jmid")
    (tmp_path / "k1.key").chmod(0o644)

    with pytest.raises(SettingsError, match="chmod"):
        keys.load(tmp_path)


def test_rotation_keeps_old_versions(tmp_path: Path) -> None:
    first = keys.create(tmp_path, "jmid")
    second = keys.create(tmp_path, "jmid")

    ring = keys.load(tmp_path)

    assert ring.current == second
    assert ring.get("k1") == first
    with pytest.raises(SettingsError):
        ring.get("k9")


def test_processes_that_start_together_get_the_same_keys(tmp_path: Path) -> None:
    if os.fork() == 0:
        keys.load_or_create(tmp_path, "jmid")
        os._exit(0)
    mine = keys.load_or_create(tmp_path, "jmid")
    os.wait()

    assert keys.load(tmp_path).versions == (mine.current,)


def test_a_process_that_looked_before_another_made_the_keys_makes_no_second_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = keys.create(tmp_path, "jmid")
    as_it_is = Path.glob
    looks = iter([iter(())])  # the first look is from before
    monkeypatch.setattr(Path, "glob", lambda self, pattern: next(looks, None) or as_it_is(self, pattern))

    assert keys.load_or_create(tmp_path, "jmid").versions == (theirs,)
