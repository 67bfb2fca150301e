"""Draws counts over time as an SVG of stacked bars: no script, readable by a screen reader through its table."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 260, 46, 34, 14
COLOURS = tuple(f"var(--plot-{number})" for number in range(1, 9))  # jmid.css: for light and dark
MOST_LABELS = 12
Counts = Mapping[str, Mapping[str, int]]


def stacked_bars(counts: Counts, title: str) -> str:
    """Return the SVG of period → value → number."""
    periods = list(counts)
    names = names_of(counts)
    top = max((sum(values.values()) for values in counts.values()), default=0)
    scale = _nice(top)
    step = (WIDTH - LEFT - 10) / max(1, len(periods))
    parts = [*_grid(scale)]
    for index, period in enumerate(periods):
        parts += _bar(LEFT + index * step, step, period, counts[period], names, scale)
        if index % max(1, -(-len(periods) // MOST_LABELS)) == 0:
            parts.append(_text(LEFT + (index + 0.5) * step, HEIGHT - BOTTOM + 18, _label(period), "middle"))
    body = "".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" '
        f'style="width:100%;height:auto" xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )


def names_of(counts: Counts) -> list[str]:
    """Return the values that occur, the most frequent first."""
    totals: dict[str, int] = {}
    for values in counts.values():
        for name, number in values.items():
            totals[name] = totals.get(name, 0) + number
    return sorted(totals, key=lambda name: (-totals[name], name))


def legend(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return name and colour of each value, as the bars show them."""
    return [(name, COLOURS[index % len(COLOURS)]) for index, name in enumerate(names)]


def _bar(
    left: float, step: float, period: str, values: Mapping[str, int], names: Sequence[str], scale: int
) -> list[str]:
    parts: list[str] = []
    base = float(HEIGHT - BOTTOM)
    width = min(46.0, step * 0.72)
    for name, colour in legend(names):
        number = values.get(name, 0)
        if not number:
            continue
        height = number / scale * (HEIGHT - BOTTOM - TOP)
        base -= height
        label = escape(f"{_label(period)} {name}: {number}")
        parts.append(
            f'<rect x="{left + (step - width) / 2:.1f}" y="{base:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'style="fill:{colour}"><title>{label}</title></rect>'
        )
    return parts


def _grid(scale: int) -> list[str]:
    parts: list[str] = []
    for quarter in range(5):
        value = scale * quarter / 4
        y = HEIGHT - BOTTOM - quarter / 4 * (HEIGHT - BOTTOM - TOP)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" style="stroke:var(--line)"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{value:g}", "end"))
    return parts


def _text(x: float, y: float, text: str, anchor: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="11" style="fill:var(--quiet)">{escape(text)}</text>'


def _label(period: str) -> str:
    """Write 202405 as 2024-05; a period of zeros is a case without a date."""
    if not period.strip("0"):
        return "no date"
    return "-".join(part for part in (period[:4], period[4:6], period[6:8]) if part)


def _nice(top: int) -> int:
    """Return the smallest of 4, 8, 20, 40, 80, 200, … that holds the highest bar."""
    scale = 4
    while scale < top:
        scale = scale * 5 // 2 if str(scale)[0] == "8" else scale * 2
    return scale
