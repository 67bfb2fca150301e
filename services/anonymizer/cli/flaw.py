"""What a check of de-identified files finds."""

import msgspec


class Flaw(msgspec.Struct, frozen=True):
    """One thing that is wrong. where: path of tags, or of what the file has around them; never a value."""

    where: str
    what: str
