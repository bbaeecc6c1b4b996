"""The page by axe-core, the engine behind Lighthouse's accessibility score, and by keyboard alone."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.studio_server import Source
from tests.support.browser import SpeakingPage, blank_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = files("axe_playwright_python") / "axe.min.js"
# Evaluated from outside: the page's policy lets no foreign script in.
RUN = """async (context) => {
    // All rules run; only of those that are violated is it told where.
    const { violations, passes } = await axe.run(context, { resultTypes: ["violations"] });
    const where = (nodes) => nodes.map(({ target }) => target.join(" "));
    const told = ({ id, impact, nodes }) => ({ id, impact, nodes: where(nodes) });
    return { violations: violations.map(told), passes: passes.map(({ id }) => id) };
}"""
# How much a rule weighs in Lighthouse's average, by its impact.
WEIGHTS = {"critical": 10, "serious": 7, "moderate": 3, "minor": 1}


async def audit(speaking: SpeakingPage) -> dict[str, Any]:
    if not await speaking.page.evaluate("'axe' in window"):
        await speaking.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = await speaking.page.evaluate(RUN, "body")
    return found


def score(found: dict[str, Any]) -> float:
    """Return 100 for no violation, less by the weight of each violated rule among all that apply."""
    failed = sum(WEIGHTS[rule["impact"]] for rule in found["violations"])
    # A rule that passes has no impact; Lighthouse weighs most of them 7.
    return 100 * 7 * len(found["passes"]) / (7 * len(found["passes"]) + failed)


# Every two of language, theme and width together.
LOOKS = [("en-GB", "light", 1180), ("zh-CN", "dark", 1180), ("en-GB", "dark", 390), ("zh-CN", "light", 390)]


@pytest.mark.parametrize(("locale", "scheme", "width"), LOOKS)
async def test_nothing_is_wrong_in_any_tab(
    browser: Browser, studio: tuple[str, Source], locale: str, scheme: Any, width: int
) -> None:
    speaking = await blank_page(
        browser,
        locale=locale,
        color_scheme=scheme,
        reduced_motion="reduce",
        viewport={"width": width, "height": 900},
    )
    page = speaking.page
    await speaking.load(studio[0])
    await page.click("#speak")
    await speaking.until("polyvox.status === 'playing'")
    await page.keyboard.press("Escape")
    await page.click("#more summary")
    await page.click("#load summary")
    for tab in ("speak", "live", "voices"):
        await page.click(f"#tab-{tab}")
        found = await audit(speaking)
        assert (found["violations"], round(score(found))) == ([], 100), tab
    await page.click("#key-button")
    assert (await audit(speaking))["violations"] == []
    await page.context.close()


async def test_an_audit_can_fail(speaking: SpeakingPage) -> None:
    await speaking.page.evaluate("document.querySelector('label[for=language]').remove()")
    found = await audit(speaking)

    assert [rule["id"] for rule in found["violations"]] == ["select-name"]
    assert score(found) < 98


async def test_everything_can_be_reached_by_keyboard_and_left_again(speaking: SpeakingPage) -> None:
    page = speaking.page
    await page.click("#more summary")
    await page.focus("#key-button")
    seen = ["key-button"]
    for _ in range(60):
        await page.keyboard.press("Tab")
        here = await page.evaluate("document.activeElement.id || document.activeElement.tagName")
        if here == "BODY":
            break
        seen.append(here)

    expected = ["key-button", "theme", "tongue", "tab-speak", "text", "voice", "language", "speed", "pitch"]
    assert [name for name in seen if name in expected] == expected
    assert {"format", "model", "text_format", "emoji", "more-reset", "speak"} <= set(seen)
    assert "stop" not in seen  # nothing to stop
    assert len(seen) < 60  # out of the page in the end


async def test_tabs_are_gone_through_with_arrows(speaking: SpeakingPage) -> None:
    page = speaking.page
    await page.focus("#tab-speak")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#panel-live")).to_be_visible()
    await page.keyboard.press("End")
    await expect(page.locator("#panel-voices")).to_be_visible()
    await page.keyboard.press("ArrowRight")

    await expect(page.locator("#tab-speak")).to_be_focused()
    assert await page.get_attribute("#tab-speak", "aria-selected") == "true"


async def test_focus_is_always_seen(speaking: SpeakingPage) -> None:
    await speaking.page.focus("#key-button")
    for _ in range(12):
        await speaking.page.keyboard.press("Tab")
        shown = await speaking.page.evaluate(
            """(() => {
                const focused = document.activeElement;
                const outlined = getComputedStyle(focused).outlineStyle !== "none";
                const edge = (element) => element && getComputedStyle(element).borderColor;
                const card = edge(focused.closest(".text"));
                const isEdged = card && card !== edge(document.querySelector("section.card"));
                return outlined || focused.matches("[type=range]") || isEdged;
            })()"""
        )
        assert shown, await speaking.page.evaluate("document.activeElement.outerHTML")


async def test_language_and_theme_are_chosen_and_remembered(speaking: SpeakingPage) -> None:
    page = speaking.page
    light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.click("#theme")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == light
    await page.click("#theme")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    await page.click("#tongue")
    await page.reload()
    await speaking.until("!document.getElementById('speak').disabled")

    assert await page.get_attribute("html", "lang") == "zh-Hans"
    assert await speaking.text_of("#tab-voices") == "音色"
    assert await speaking.text_of("#status") == "就绪。"
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != light


async def test_a_chinese_browser_is_spoken_to_in_chinese(
    browser: Browser, studio: tuple[str, Source]
) -> None:
    speaking = await blank_page(browser, locale="zh-CN")
    await speaking.load(studio[0])
    await speaking.page.fill("#text", "")
    await speaking.page.click("#speak")
    assert "还没有要说的内容" in await speaking.text_of("#status")
    await speaking.page.click("#tongue")

    assert "nothing to say" in await speaking.text_of("#status")
    await speaking.page.context.close()


async def test_both_languages_say_the_same_things(speaking: SpeakingPage) -> None:
    differences = await speaking.page.evaluate(
        """Promise.all([import("/page/words_en.js"), import("/page/words_zh.js")]).then(([en, zh]) => {
            const kinds = (table) => Object.entries(table).map(([name, value]) => `${name}: ${typeof value}`);
            const [mine, theirs] = [kinds(en.ENGLISH), kinds(zh.CHINESE)];
            const named = [...document.querySelectorAll("*")].flatMap((e) => Object.entries(e.dataset))
                .filter(([name]) => name.startsWith("words")).map(([, key]) => `${key}: string`);
            const lacks = (some, others) => others.filter((one) => !some.includes(one));
            return [...lacks(theirs, mine), ...lacks(mine, theirs), ...lacks(mine, named)];
        })"""
    )
    assert differences == []
