"""Small pictures at once of what a re-roll or a known colour gives."""

import os
import pathlib
import re
import time

from playwright.sync_api import expect

import desk as spool
from conftest import drawn_anew, held_up, open_photograph, until

FRESH = """() => {
    const images = [...document.querySelectorAll('.variant.fresh img')];
    return images.length >= 2 && images.every((image) => image.complete && image.naturalWidth);
}"""

PHOTOGRAPH = "camera.jpg"


def test_a_reroll_shows_previews_before_its_full_size(steered, opened):
    page = opened(steered)
    open_photograph(page, "camera")
    page.keyboard.press("1")
    expect(page.locator(".variant.chosen")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    with held_up(page, "**/reroll") as held:
        page.keyboard.press("r")
    until(page, FRESH)
    expect(page.locator(".stage-status")).to_contain_text("A preview.")
    expect(page.locator(".label-words")).to_have_text("A new draw, in preview.")
    expect(page.locator(".variant").first).not_to_have_class(re.compile("fresh"))
    expect(page.locator(".variant.fresh")).to_have_count(3)
    expect(page.locator(".layer.color img")).to_have_attribute("src", re.compile("/previews/"))
    # What is chosen in preview is chosen once it is made.
    page.keyboard.press("3")
    expect(page.locator("#notices")).to_contain_text("as soon as its full size is made")
    held[0].continue_()
    expect(page.locator(".variant.chosen")).to_have_text(re.compile("3"), timeout=60_000)
    expect(page.locator(".variant.fresh")).to_have_count(0)


def test_a_known_colour_shows_previews(steered, opened):
    page = opened(steered)
    open_photograph(page, "camera")
    page.keyboard.press("h")
    page.keyboard.press("Enter")
    with held_up(page, "**/hints") as held:
        page.get_by_role("button", name="Brick", exact=True).click()
    until(page, FRESH)
    expect(page.locator(".pin")).to_have_count(1)
    with drawn_anew(page):
        held[0].continue_()
    expect(page.locator(".variant.fresh")).to_have_count(0)


def test_what_is_chosen_in_a_preview_is_chosen_though_one_walks_on(steered, opened):
    steered.put(spool.samples / "astronaut.jpg")
    steered.colored(2)
    page = opened(steered)
    open_photograph(page, "camera")
    entry = page.evaluate("location.pathname.split('/').pop()")
    with held_up(page, "**/reroll") as held, page.expect_response(re.compile("/previews$"), timeout=60_000) as preview:
        page.keyboard.press("r")
    until(page, FRESH)
    wished = next(variant for variant in preview.value.json()["variants"] if not variant["is_kept"])
    page.keyboard.press(str(wished["number"]))
    expect(page.locator("#notices")).to_contain_text("as soon as its full size is made")
    page.keyboard.press("ArrowDown" if page.get_by_role("button", name="Next photograph").is_enabled() else "ArrowUp")
    expect(page.locator("#photograph-name")).to_contain_text("astronaut")
    held[0].continue_()
    expect(page.locator("#notices")).to_contain_text(re.compile(r"camera\.jpg: Variant \d is chosen\."), timeout=60_000)
    assert steered.get(f"/results/{entry}")["choice"]["draw"] == wished["draw"]
    expect(page.locator("#photograph-name")).to_contain_text("astronaut")
    expect(page.locator(".variant.chosen")).to_have_count(0)


def test_a_desk_ends_well_whatever_it_prepares():
    with spool.Desk() as desk:
        desk.start()
        desk.put(spool.samples / "camera.jpg")
        (entry,) = desk.colored(1)["results"]
        # At once, while the model is loaded, and while pictures are painted.
        for seconds in (0, 0.2, 0.6):
            desk.stop("desk")
            desk.start("desk")
            before = worked(desk)
            desk.get(f"/results/{entry['id']}")
            # A quick machine is done sooner.
            end = time.monotonic() + 10
            spool.wait_for(
                lambda: worked(desk) >= before + seconds or time.monotonic() > end, "the desk prepares previews"
            )


def worked(desk):
    """The seconds for which the desk's process has kept cores busy."""
    figures = pathlib.Path(f"/proc/{desk.processes['desk'].pid}/stat").read_text().rpartition(")")[2].split()
    return (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")
