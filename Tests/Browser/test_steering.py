"""Re-roll and known colours: what is kept, what is given, what is taken back."""

import hashlib
import re

from playwright.sync_api import expect

import desk as spool
from conftest import drawn_anew, held_up, open_photograph

PHOTOGRAPH = "astronaut.jpg"


def digests(desk):
    """What the variants are, by number."""
    entry = desk.get("/results")["results"][0]
    return {variant["number"]: variant["sha256"] for variant in desk.get(f"/results/{entry['id']}")["variant_list"]}


def test_a_reroll_keeps_what_is_kept(steered, opened):
    page = opened(steered)
    open_photograph(page, "astronaut")
    before = digests(steered)
    page.keyboard.press("2")
    expect(page.locator(".variant.chosen")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Kept", exact=True)).to_be_visible()
    with drawn_anew(page):
        page.keyboard.press("r")
    after = digests(steered)
    assert set(after.values()) & set(before.values()) >= {before[2], before[3]}
    assert len(set(after.values()) & set(before.values())) <= 3
    chosen = steered.get("/results")["results"][0]["chosen"]
    assert after[chosen] == before[2]
    expect(page.locator(".variant.chosen")).to_have_text(re.compile(str(chosen)))


def test_a_known_colour_is_taken_shown_and_removed(steered, opened):
    page = opened(steered)
    open_photograph(page, "astronaut")
    page.keyboard.press("h")
    expect(page.locator(".picker")).to_contain_text("Point at a place")
    box = page.locator(".layer.color img").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    with drawn_anew(page):
        page.get_by_role("button", name="Navy", exact=True).click()
        expect(page.locator(".hint-list li")).to_have_count(1)
        expect(page.locator(".pin")).to_have_count(1)
    entry = steered.get("/results")["results"][0]
    (hint,) = steered.get(f"/results/{entry['id']}")["hints"]
    assert hint["color"].lower() == "#27385f"
    assert abs(hint["x"] - 0.25) < 0.01 and abs(hint["y"] - 0.75) < 0.01
    page.reload()
    expect(page.locator(".hint-list li")).to_have_count(1)
    with drawn_anew(page):
        page.get_by_role("button", name=re.compile("Remove the colour")).click()
        expect(page.locator(".hint-list li")).to_have_count(0)
    assert steered.get(f"/results/{entry['id']}")["hints"] == []


def test_what_was_chosen_can_be_seen_though_a_colour_has_changed_all(steered, opened):
    page = opened(steered)
    open_photograph(page, "astronaut")
    page.keyboard.press("1")
    expect(page.locator(".variant.chosen")).to_have_text(re.compile("1"))
    chosen = digests(steered)[1]
    page.keyboard.press("h")
    page.keyboard.press("Enter")
    with drawn_anew(page):
        page.get_by_role("button", name="Brick", exact=True).click()
    expect(page.locator(".label-words")).to_contain_text("What was chosen before these were made is kept.")
    expect(page.locator(".label-words")).to_contain_text("Variant 1 is the same draw, made again.")
    # It has a place of its own in the strip, and is what stands for the photograph.
    kept = page.locator(".variant.chosen")
    expect(kept).to_have_text(re.compile("kept"))
    kept.click()
    expect(page.locator(".label-which")).to_have_text("The chosen picture")
    entry = steered.get("/results")["results"][0]
    thumbnail = page.request.get(steered.address + entry["images"]["thumbnail"]).body()
    small = [file.read_bytes() for file in (steered.outbox / "astronaut").glob(".thumbnail-kept-*.jpg")]
    assert thumbnail in small and thumbnail != (steered.outbox / "astronaut/.thumbnail-01.jpg").read_bytes()
    if not page.locator(".about").evaluate("node => node.open"):
        page.locator(".about summary").first.click()
    address = page.get_by_role("link", name="Save the chosen picture").get_attribute("href")
    assert hashlib.sha256(page.request.get(steered.address + address).body()).hexdigest() == chosen
    page.keyboard.press("Escape")
    expect(page.locator(".tile img")).to_have_attribute("src", entry["images"]["thumbnail"])
    expect(page.locator(".tile-mark")).to_be_visible()
    open_photograph(page, "astronaut")
    with drawn_anew(page):
        page.keyboard.press("u")
    expect(page.locator(".hint-list li")).to_have_count(0)
    page.keyboard.press("0")
    expect(page.locator(".label-words")).not_to_contain_text("is kept")


def test_undo_takes_a_reroll_back(steered, opened):
    page = opened(steered)
    open_photograph(page, "astronaut")
    before = digests(steered)
    with drawn_anew(page):
        page.keyboard.press("r")
    drawn = digests(steered)
    assert drawn != before
    # It is remembered though the page is loaded again.
    page.reload()
    expect(page.locator(".label-which")).to_contain_text("Variant")
    with drawn_anew(page):
        page.keyboard.press("u")
    assert digests(steered) == before


def test_undo_takes_a_known_colour_back(steered, opened):
    page = opened(steered)
    open_photograph(page, "astronaut")
    page.keyboard.press("h")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Fair skin")).to_be_focused()
    page.keyboard.press("ArrowRight")
    with drawn_anew(page):
        page.keyboard.press("Enter")
    expect(page.locator(".hint-list li")).to_have_count(1)
    with drawn_anew(page):
        page.keyboard.press("u")
    expect(page.locator(".hint-list li")).to_have_count(0)


def test_escape_leaves_the_picker_and_not_the_photograph(steered, opened):
    page = opened(steered)
    open_photograph(page, "astronaut")
    page.keyboard.press("h")
    expect(page.locator(".picker")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".picker")).to_be_hidden()
    expect(page.locator("#photograph")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#photograph")).to_be_hidden()


def test_a_known_colour_keeps_the_draws_that_are_shown(steered, opened):
    page = opened(steered)
    open_photograph(page, "astronaut")
    before, shown = digests(steered), draws(steered)
    page.keyboard.press("h")
    page.keyboard.press("Enter")
    with held_up(page, "**/hints") as held, page.expect_response(re.compile("/previews$"), timeout=60_000) as preview:
        page.get_by_role("button", name="Brick", exact=True).click()
    assert [variant["draw"] for variant in preview.value.json()["variants"]] == shown
    expect(page.locator(".label-words")).to_contain_text("With the colours that you know, in preview.")
    with drawn_anew(page):
        held[0].continue_()
    assert draws(steered) == shown and not set(digests(steered).values()) & set(before.values())
    with drawn_anew(page):
        page.keyboard.press("u")
    assert digests(steered) == before


def test_what_is_chosen_in_a_preview_is_chosen_whenever_its_full_size_comes(steered, opened):
    page = opened(steered)
    refused = []
    page.on("response", lambda answer: answer.status == 409 and refused.append(answer.url))
    open_photograph(page, "astronaut")
    page.keyboard.press("0")
    for turn in range(4):
        expect(page.locator(".variant.fresh")).to_have_count(0)
        with held_up(page, "**/reroll") as held:
            page.keyboard.press("r")
        number = 2 + turn % 3
        expect(page.locator(".variant.fresh")).to_have_count(4 if turn == 0 else 3, timeout=30_000)
        fresh = page.locator(".variant.fresh", has_text=str(number))
        if not fresh.count():
            number = 1
        page.keyboard.press(str(number))
        expect(page.locator("#notices")).to_contain_text("as soon as its full size is made")
        held[0].continue_()
        expect(page.locator(".variant.chosen")).to_have_text(re.compile(str(number)), timeout=60_000)
        assert steered.get("/results")["results"][0]["chosen"] == number
    assert not refused


def test_a_choice_meets_a_result_that_was_just_exchanged(steered, opened):
    page = opened(steered)
    open_photograph(page, "astronaut")
    page.keyboard.press("0")
    expect(page.locator(".variant.chosen")).to_have_count(0)
    entry = steered.get("/results")["results"][0]
    # The page does not hear of what another one has drawn anew, and its revision is of what was before.
    page.route("**/api/v1/events", lambda route: route.abort())
    page.reload()
    expect(page.locator(".label-which")).to_contain_text("Variant")
    before = digests(steered)
    steered.post(f"/results/{entry['id']}/reroll", {"keep": [1, 3]})
    spool.wait_for(lambda: digests(steered) != before, "drawn anew")
    page.keyboard.press("3")
    expect(page.locator(".variant.chosen")).to_have_text(re.compile("3"))
    assert steered.get("/results")["results"][0]["chosen"] == 3


def draws(desk):
    entry = desk.get("/results")["results"][0]
    return [variant["draw"] for variant in desk.get(f"/results/{entry['id']}")["variant_list"]]
