"""Settings of backups, read as JMID_BACKUP_<FIELD>."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from shared.settings import Seconds


class BackupSettings(msgspec.Struct, frozen=True):
    """With which key backups are made and read, and how long they are kept."""

    key: Annotated[
        Path | None,
        Meta(description="The file of the backup key, made by jmid backup --new-key; keep it elsewhere too."),
    ] = None
    key_wrap: Annotated[
        str, Meta(description="Command of a KMS or card that wraps the backup key; empty: the key file is plain.")
    ] = ""
    key_unwrap: Annotated[str, Meta(description="Command that unwraps the backup key; goes with key_wrap.")] = ""
    key_timeout_s: Annotated[Seconds, Meta(description="How long one of these commands may take.")] = 30.0
    keep_days: Annotated[
        float,
        Meta(
            description="How long a backup is kept; what was deleted from a home is in no copy of ours after that.",
            gt=0,
            le=36_500,
        ),
    ] = 35.0
