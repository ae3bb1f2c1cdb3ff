"""What the page weighs, and that its parts come when they are needed."""

from playwright.sync_api import expect

from conftest import open_photograph, tile, until

#: What a page may weigh without its photographs, in bytes.
MOST = 150_000

LOADED = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter((entry) => !entry.name.includes('/images/'))
    .map((entry) => ({path: new URL(entry.name).pathname, start: entry.startTime, sent: entry.encodedBodySize, whole: entry.decodedBodySize}))"""


def test_the_page_is_light(full, opened):
    page = opened(full)
    expect(page.locator(".tile")).to_have_count(5)
    # The last of what comes when the wall stands.
    until(page, "() => performance.getEntriesByType('resource').some(({name}) => name.endsWith('/dialog.js'))")
    loaded = page.evaluate(LOADED)
    parts = {entry["path"].removeprefix("/page/"): entry for entry in loaded}
    assert {"main.js", "wall.js", "room.css", "photograph.js", "settings.js"} <= parts.keys()
    assert all(entry["whole"] for entry in loaded), loaded
    first = [entry for entry in loaded if entry["start"] < parts["photograph.js"]["start"]]
    # As it is, and as it is sent, with what one photograph, its settings and the keys need.
    assert sum(entry["whole"] for entry in first) <= MOST
    open_photograph(page, "camera")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert sum(entry["sent"] for entry in page.evaluate(LOADED)) <= MOST


def test_the_wall_stays_though_a_photograph_cannot_be_opened(full, opened):
    page = opened(full)
    page.route("**/page/photograph.js", lambda route: route.abort())
    page.reload()
    expect(page.locator(".tile")).to_have_count(5)
    tile(page, "camera").click()
    expect(page.locator("#notices")).to_contain_text("The desk does not answer.")
    expect(tile(page, "camera")).to_be_visible()
    assert page.url == full.address + "/"
    page.unroute("**/page/photograph.js")
    open_photograph(page, "camera")
