"""Real Instances for the flow tests."""

from pathlib import Path

import pytest

from tests.flow import senders


@pytest.fixture
def ct(shared_data: Path, tmp_path: Path) -> list[bytes]:
    """Return three slices of a real CT, of one made-up patient."""
    folder = shared_data / "dicom" / "ct-philips"
    files = sorted(path for path in folder.iterdir() if path.name.startswith("I"))[:3]
    written = senders.study(files, senders.person(1), tmp_path / "ct", senders.Sent())
    return [path.read_bytes() for path in written]
