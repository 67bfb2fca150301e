"""One Instance that cannot be handled is that Instance's refusal, and never its neighbours'."""

import pytest
from pydicom.uid import ImplicitVRLittleEndian

from services.anonymizer.instances import batch
from services.anonymizer.instances.batch import Refusal, deidentify_batch
from services.anonymizer.instances.deidentify import Cleaned, deidentify
from services.anonymizer.policy import Policy
from tests.anonymizer.instances.planted import ct


def test_an_unknown_error_of_one_instance_refuses_it_alone(jmid: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = ct().data, ct(syntax=ImplicitVRLittleEndian).data

    def fails_on_one(data: bytes, *rest: object) -> Cleaned:
        if data is bad:
            raise ValueError("YAMADA^TARO was born on a day that is none")
        return deidentify(data, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "deidentify", fails_on_one)

    first, refused, last = deidentify_batch([(good, None), (bad, None), (good, None)], jmid)

    assert isinstance(first, Cleaned)
    assert isinstance(last, Cleaned)
    assert isinstance(refused, Refusal)
    assert refused.reason == "not-handled"
    assert "YAMADA" not in refused.detail
