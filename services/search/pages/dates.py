"""How a date of the index is written. Pure."""


def day(value: int) -> str:
    """Write 20240531 as 2024-05-31."""
    return f"{value // 10000:04d}-{value // 100 % 100:02d}-{value % 100:02d}" if value else "–"
