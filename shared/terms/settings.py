"""Settings of the terminologies, read as JMID_TERMS_<FIELD>."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from shared import settings


class TermsSettings(msgspec.Struct, frozen=True):
    """Where terminologies are."""

    folder: Annotated[
        Path | None,
        Meta(
            description="The folder of the centre's terminologies (jmid terms load), the same for its linker and its "
            "search; empty is terms of the centre's home."
        ),
    ] = None


def terms_folder(environ: Mapping[str, str], home: Path) -> Path:
    """Return the folder of terminologies. home: the centre's."""
    return settings.read(TermsSettings, "TERMS", environ).folder or home / "terms"
