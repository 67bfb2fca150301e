"""Every page of gateway and centre: nothing serious for axe-core, light and dark, and no wider than a telephone.

Source: WCAG 2.2 AA, 1.4.3 (contrast), 1.4.10 (reflow), 4.1.2 (name, role, value).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.flow.system import System

if TYPE_CHECKING:
    from playwright.async_api import Page, ViewportSize

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

AXE = Path(__file__).parent / "axe" / "axe.min.js"
SERIOUS = frozenset({"serious", "critical"})
NARROW: "ViewportSize" = {"width": 390, "height": 844}
WIDE: "ViewportSize" = {"width": 1280, "height": 900}


async def places_of(system: System, page: "Page") -> list[str]:
    """Return the path of every page that the menu leads to, of two cases, and of pages that say what is wrong."""
    await page.goto(system.url("search") + "/")
    menu = await page.eval_on_selector_all("nav:not(.languages) a", "links => links.map(link => link.pathname)")
    cases = [next(c for c in system.cases() if c["has_images"] is has)["id"] for has in (True, False)]
    return [*menu, *(f"/cases/{case}" for case in cases), "/cases/1.2.3", "/?age_from=old", "/?q=zzz"]


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "ja")])
async def test_every_page_is_read_by_everybody(system: System, page: "Page", theme: str, language: str) -> None:
    source, wrong = AXE.read_text("utf-8"), list[str]()
    places = await places_of(system, page)
    await page.goto(f"{system.url('search')}/-/theme/{theme}?to=/-/language/{language}")

    for place in places:
        await page.set_viewport_size(WIDE)
        await page.goto(system.url("search") + place)
        wrong += [f"{place}: {each}" for each in await violations(page, source)]
        wrong += [f"{place}: {await wider_than_the_screen(page)}"] if await wider_than_the_screen(page) else []

    assert wrong == []
    assert await page.get_attribute("html", "data-theme") == theme
    assert await page.get_attribute("html", "lang") == language


async def violations(page: "Page", source: str) -> list[str]:
    """Return what axe-core calls serious or critical: rule and element."""
    await page.evaluate(source)
    result: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']} {node['target']} {node['any'][:1] and node['any'][0]['message']}"
        for rule in result["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


async def wider_than_the_screen(page: "Page") -> str:
    """Return the first element that makes a page wider than 390 pixels; empty if none does."""
    await page.set_viewport_size(NARROW)
    found: str = await page.evaluate(
        """() => {
          if (document.documentElement.scrollWidth <= innerWidth) return '';
          const isWide = each => each.getBoundingClientRect().right > innerWidth + 1;
          const wide = [...document.querySelectorAll('body *')].find(isWide);
          return `${document.documentElement.scrollWidth} px: ${wide ? wide.outerHTML.slice(0, 120) : ''}`;
        }"""
    )
    return found


async def test_without_a_choice_the_browsers_preference_holds(system: System, page: "Page") -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    await page.goto(system.url("search") + "/")

    await page.emulate_media(color_scheme="dark")
    dark = await page.evaluate(ground)
    await page.emulate_media(color_scheme="light")

    assert await page.get_attribute("html", "data-theme") is None
    assert await page.evaluate(ground) != dark
