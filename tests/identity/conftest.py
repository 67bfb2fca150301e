"""Here a page's Content Security Policy holds in the browser."""

import pytest


@pytest.fixture
def bypasses_csp() -> bool:
    """Let the policies of pages hold."""
    return False
