"""A wall that is longer than what exists of it at once."""

import re

import pytest
from playwright.sync_api import expect

import desk as spool
from conftest import until

COUNT = 700


@pytest.fixture(scope="module")
def many():
    with spool.Desk() as desk:
        desk.fill(COUNT, spool.samples / "rocket-sepia.jpg")
        desk.start("desk")
        desk.colored(COUNT)
        yield desk


def in_view(page):
    return page.evaluate("""() => [...document.querySelectorAll('.tile')]
        .filter((tile) => { const {top, bottom} = tile.getBoundingClientRect(); return bottom > 0 && top < innerHeight; })
        .map((tile) => Number(tile.dataset.position))""")


def test_the_wall_is_as_high_as_all_and_no_larger_than_what_is_seen(many, opened):
    page = opened(many)
    expect(page.locator("#count")).to_have_text(f"{COUNT} photographs")
    assert page.evaluate("document.documentElement.scrollHeight") > 20_000
    for part in (0.5, 0.13, 0.87, 0.31):
        page.evaluate(f"scrollTo(0, document.documentElement.scrollHeight * {part})")
        until(page, """() => [...document.querySelectorAll('.tile img')].some((image) => {
            const {top, bottom} = image.getBoundingClientRect();
            return bottom > 0 && top < innerHeight && image.complete && image.naturalWidth;
        })""")
        assert abs(min(in_view(page)) / COUNT - part) < 0.1
        assert page.locator(".tile").count() <= 300


def test_what_is_looked_at_stays_while_pages_above_arrive(many, opened):
    page = opened(many)
    expect(page.locator(".tile").first).to_be_visible()
    page.keyboard.press("Tab")
    page.locator(".tile").first.focus()
    page.keyboard.press("End")
    last = page.locator(f'.tile[data-position="{COUNT - 1}"]')
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("Number(document.activeElement.dataset.position)") < COUNT - 2
    page.keyboard.press("Home")
    expect(page.locator('.tile[data-position="0"]')).to_be_focused()
    expect(page.locator('.tile[data-position="0"]')).to_be_in_viewport()


def test_walking_leads_over_the_edge_of_a_page(many, opened):
    page = opened(many)
    page.locator('.tile[data-position="29"]').click()
    expect(page.locator(".place-count")).to_contain_text(f"30 of {COUNT}")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".place-count")).to_contain_text(f"31 of {COUNT}")
    page.keyboard.press("Escape")
    expect(page.locator('.tile[data-position="30"]')).to_be_focused()
    page.reload()
    page.locator("#folders").get_by_role("link", name=re.compile("Album 001")).click()
    expect(page.locator("#count")).to_have_text(f"{COUNT - 500} photographs")
