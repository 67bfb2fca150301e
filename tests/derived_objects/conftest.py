"""The archive of its own tests."""

from tests.archive.conftest import archive

__all__ = ["archive"]
