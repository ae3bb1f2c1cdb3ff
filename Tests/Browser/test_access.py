"""For everybody: by keyboard alone, on a phone, without scripts, with a screen reader."""

import re

import pytest
from playwright.sync_api import expect

from conftest import open_photograph, tile

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(full, opened, accessible, options):
    page = opened(full, **options)
    expect(page.locator(".tile")).to_have_count(5)
    accessible(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("dialog")).to_contain_text("Variants for each photograph")
    accessible(page)
    page.keyboard.press("Escape")
    open_photograph(page, "camera")
    accessible(page)
    page.keyboard.press("h")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Fair skin")).to_be_visible()
    accessible(page)


def test_by_keyboard_alone(full, opened):
    page = opened(full)
    expect(page.locator(".tile")).to_have_count(5)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the photographs")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".tile").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tile").nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator(".tile").last).to_be_focused()
    page.keyboard.press("Home")
    expect(page.locator(".tile").first).to_be_focused()
    outline = page.locator(".tile").first.locator(".frame").evaluate("node => getComputedStyle(node).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".label-which")).to_contain_text("Variant 1")
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"))
    assert "Original against colours" in reached
    assert {"Variant 2", "Wall", "Next photograph"} <= {name.split(",")[0] for name in reached}
    assert any(name.startswith("Choose") for name in reached)
    page.locator(".variant").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".label-which")).to_contain_text("Variant 2")
    page.locator(".label .primary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".variant.chosen")).to_have_text(re.compile("2"))
    page.keyboard.press("Enter")
    expect(page.locator(".variant.chosen")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".tile").first).to_be_focused()


def swipe(page, x, y, by):
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at, "y": y} for at in points]})

    send("touchStart", x)
    for step in range(1, 6):
        send("touchMove", x + by * step / 5)
    send("touchEnd")


def test_on_a_phone(full, opened):
    page = opened(full, **PHONE)
    expect(page.locator(".tile")).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Folders and filters").tap()
    page.locator("#folders").get_by_role("link", name=re.compile("Animals")).tap()
    expect(page.locator(".tile")).to_have_count(2)
    tile(page, "chelsea").tap()
    expect(page.locator(".label-which")).to_contain_text("Variant 1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    slider = page.get_by_role("slider", name="Original against colours")
    before = int(slider.get_attribute("aria-valuenow"))
    grip = page.locator(".grip").bounding_box()
    swipe(page, grip["x"] + 20, grip["y"] + 20, 125)
    assert int(slider.get_attribute("aria-valuenow")) > before + 10
    # Nothing of what follows a swipe at once is lost, wherever it began.
    page.locator(".variant").nth(2).tap()
    expect(page.locator(".label-which")).to_contain_text("Variant 3")
    stage = page.locator(".stage").bounding_box()
    swipe(page, stage["x"] + 40, stage["y"] + 40, 125)
    page.locator(".variant").nth(1).tap()
    page.get_by_role("button", name="Choose 2").tap()
    expect(page.get_by_role("button", name="Chosen", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo").tap()
    expect(page.locator(".variant.chosen")).to_have_count(0)
    small = [
        button.get_attribute("aria-label") or button.text_content()
        for button in page.locator("#photograph button:visible").all()
        if min(button.bounding_box()["width"], button.bounding_box()["height"]) < 24
    ]
    assert not small, small


def test_settings_and_colours_fit_a_phone(full, opened):
    page = opened(full, **PHONE)
    page.get_by_role("button", name="Settings").tap()
    fields = page.locator(".setting input:not([type=checkbox]), .setting select")
    expect(fields.first).to_be_visible()
    for field in fields.all():
        assert field.evaluate("node => node.clientWidth > 100 && node.scrollWidth <= node.clientWidth"), field.get_attribute("id")
    page.get_by_role("button", name="Close").tap()
    tile(page, "camera").tap()
    expect(page.locator(".label-which")).to_contain_text("Variant 1")
    page.get_by_role("button", name="Give a colour").tap()
    stage = page.locator(".stage").bounding_box()
    page.touchscreen.tap(stage["x"] + stage["width"] / 3, stage["y"] + stage["height"] / 3)
    swatches = page.locator(".swatch")
    expect(swatches.last).to_be_in_viewport(ratio=1)
    for swatch in swatches.all():
        box = swatch.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] >= 24


def test_without_scripts_it_lists_and_shows(full, plain):
    page = plain
    page.goto(full.address)
    expect(page.locator("#desk")).to_be_hidden()
    expect(page.locator(".plain-wall li")).to_have_count(5)
    page.locator(".plain-wall a", has_text="camera").click()
    # Playwright finds nothing by text or role within <noscript>.
    expect(page.locator(".plain .guess")).to_have_text("The colours are guesses.")
    expect(page.locator(".plain-picture")).to_have_count(5)
    page.locator(".plain-picture button").nth(1).click()
    expect(page.locator("figcaption").nth(2)).to_contain_text("Variant 2, chosen")
    assert full.get("/results?filter=chosen")["results"][0]["chosen"] == 2
    page.locator(".plain header a").click()
    expect(page.locator(".plain-wall li", has_text="camera")).to_contain_text("variant 2 chosen")


def test_nothing_moves_for_those_who_do_not_want_it(full, opened):
    page = opened(full, reduced_motion="reduce")
    open_photograph(page, "camera")
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter((node) => parseFloat(getComputedStyle(node).transitionDuration) > 0).length"
    )
    assert moving == 0
