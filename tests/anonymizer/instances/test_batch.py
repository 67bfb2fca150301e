"""One Instance that cannot be handled is that Instance's refusal, and never its neighbours'."""

import io

import pydicom
import pytest
from pydicom.uid import ImplicitVRLittleEndian

from services.anonymizer.instances import batch
from services.anonymizer.instances.batch import Refusal, Source, deidentify_batch
from services.anonymizer.instances.deidentify import Cleaned, deidentify
from services.anonymizer.policy import Policy
from tests.anonymizer.instances.planted import ct


@pytest.mark.parametrize("birth_date", ["19509999", "00000000", "99999999", "1950", "19500230", "2024123"])
def test_a_birth_date_that_no_calendar_has_refuses_nothing(birth_date: str, policy: Policy) -> None:
    dataset = pydicom.dcmread(io.BytesIO(ct().data))
    dataset.PatientBirthDate = birth_date
    data = io.BytesIO()
    dataset.save_as(data)

    (finding,) = deidentify_batch([Source(data.getvalue(), "")], policy)

    assert isinstance(finding, Cleaned)
    assert birth_date.encode() not in finding.data or len(birth_date) < 8


def test_an_unknown_error_of_one_instance_refuses_it_alone(jmid: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = ct().data, ct(syntax=ImplicitVRLittleEndian).data

    def fails_on_one(data: bytes, *rest: object) -> Cleaned:
        if data is bad:
            raise ValueError("YAMADA^TARO was born on a day that is none")
        return deidentify(data, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "deidentify", fails_on_one)

    first, refused, last = deidentify_batch([Source(good, ""), Source(bad, ""), Source(good, "")], jmid)

    assert isinstance(first, Cleaned)
    assert isinstance(last, Cleaned)
    assert isinstance(refused, Refusal)
    assert refused.reason == "not-handled"
    assert "YAMADA" not in refused.detail
