"""Whole numbers as clients write them. Pure."""


def whole_number(text: str, most: int) -> int | None:
    """Return the number from 0 to ``most`` that stands in ASCII digits, else None; however many digits there are."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)):
        return None
    number = int(text)
    return number if number <= most else None
