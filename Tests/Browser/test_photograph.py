"""One photograph: compare, choose, undo, look closer."""

import re

from playwright.sync_api import expect

from conftest import hold, open_photograph, until


def shown(page, layer):
    return page.locator(f".layer.{layer} img")


def test_the_slider_lies_over_the_gray_original(full, opened):
    page = opened(full)
    open_photograph(page, "coffee")
    gray, color = shown(page, "gray"), shown(page, "color")
    for image in (gray, color):
        until(page, "(image) => image.complete && image.naturalWidth > 300", image.element_handle())
    assert gray.bounding_box() == color.bounding_box()
    page.locator(".stage").evaluate("node => node.scrollIntoView()")
    spread = """(image) => {
        const canvas = document.createElement('canvas');
        canvas.width = canvas.height = 32;
        const context = canvas.getContext('2d');
        context.filter = getComputedStyle(image).filter;
        context.drawImage(image, 0, 0, 32, 32);
        const data = context.getImageData(0, 0, 32, 32).data;
        let most = 0;
        for (let i = 0; i < data.length; i += 4) most = Math.max(most, Math.abs(data[i] - data[i + 1]), Math.abs(data[i + 1] - data[i + 2]));
        return most;
    }"""
    assert gray.evaluate(spread) <= 6
    assert color.evaluate(spread) > 20


def test_the_slider_slides_by_mouse_and_by_keys(full, opened):
    page = opened(full)
    open_photograph(page, "camera")
    slider = page.get_by_role("slider", name="Original against colours")
    box = page.locator(".stage").bounding_box()
    handle = page.locator(".grip").bounding_box()
    middle = (handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    before = int(slider.get_attribute("aria-valuenow"))
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 120, middle[1], steps=4)
    page.mouse.up()
    after = int(slider.get_attribute("aria-valuenow"))
    assert after > before + 5, (before, after, box)
    # The arrows go on walking the variants.
    page.keyboard.press("ArrowRight")
    expect(page.locator(".label-which")).to_contain_text("Variant 2")
    page.keyboard.press("ArrowLeft")
    assert int(slider.get_attribute("aria-valuenow")) == after
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", re.compile(f"{after + 1}|{after + 2}|{after + 3}"))
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "All in colour")
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "All original")
    expect(page.locator(".label-which")).to_contain_text("Variant 1")


def test_keys_choose_and_undo(full, opened):
    page = opened(full)
    open_photograph(page, "astronaut")
    page.keyboard.press("3")
    expect(page.locator(".variant.chosen")).to_have_text(re.compile("3"))
    expect(page.get_by_role("button", name="Chosen", exact=True)).to_be_visible()
    assert full.get("/results?filter=chosen")["results"][0]["chosen"] == 3
    assert (full.outbox / "astronaut/chosen.json").exists()
    page.keyboard.press("2")
    expect(page.locator(".variant.chosen")).to_have_text(re.compile("2"))
    page.keyboard.press("u")
    expect(page.locator(".variant.chosen")).to_have_text(re.compile("3"))
    page.keyboard.press("0")
    expect(page.locator(".variant.chosen")).to_have_count(0)


def test_arrows_walk_variants_and_photographs(full, opened):
    page = opened(full)
    expect(page.locator(".tile")).to_have_count(5)
    page.locator(".tile").first.click()
    expect(page.locator(".place-count")).to_contain_text("1 of 5")
    expect(page.locator(".label-which")).to_have_text("Variant 1 of 4")
    first = page.locator("#photograph-name").text_content()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".label-which")).to_have_text("Variant 2 of 4")
    expect(page.locator(".variant[aria-current]")).to_have_text(re.compile("2"))
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".label-which")).to_have_text("Variant 1 of 4")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".place-count")).to_contain_text("2 of 5")
    expect(page.locator("#photograph-name")).not_to_have_text(first)
    page.keyboard.press("ArrowUp")
    expect(page.locator("#photograph-name")).to_have_text(first)
    page.keyboard.press("ArrowUp")
    expect(page.locator(".place-count")).to_contain_text("1 of 5")
    page.keyboard.press("Escape")
    expect(page.locator("#wall")).to_be_visible()


def test_zoom_shows_pixels_and_pans(full, opened):
    page = opened(full, viewport={"width": 900, "height": 420})
    open_photograph(page, "coffee")
    image = shown(page, "color")
    small = image.bounding_box()
    page.keyboard.press("z")
    until(page, "(width) => document.querySelector('.layer.color img').getBoundingClientRect().width > width * 1.2", small["width"])
    large = image.bounding_box()
    metadata = full.get(page.url.removeprefix(full.address).join(["", ""]))["metadata"]["source"]
    assert large["width"] >= min(metadata["width"], small["width"] * 1.4)
    middle = page.locator(".stage").bounding_box()
    page.mouse.move(middle["x"] + 20, middle["y"] + 20)
    page.mouse.down()
    page.mouse.move(middle["x"] - 40, middle["y"] - 40, steps=3)
    page.mouse.up()
    moved = image.bounding_box()
    assert moved["x"] < large["x"] and moved["y"] < large["y"]
    assert shown(page, "gray").bounding_box() == moved
    page.keyboard.press("z")
    until(page, "(width) => Math.abs(document.querySelector('.layer.color img').getBoundingClientRect().width - width) < 1", small["width"])


def test_doubt_lies_over_the_picture(full, opened):
    page = opened(full)
    open_photograph(page, "astronaut")
    button = page.get_by_role("button", name="Doubt")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    over = shown(page, "map")
    until(page, "(image) => image.complete && image.naturalWidth > 50", over.element_handle())
    natural = over.evaluate("node => node.naturalWidth / node.naturalHeight")
    source = full.get("/results?q=astronaut")["results"][0]
    assert abs(natural - source["width"] / source["height"]) < 0.02
    page.keyboard.press("d")
    expect(page.locator(".layer.map")).to_be_hidden()


def test_the_label_is_honest_and_complete(full, opened):
    page = opened(full)
    open_photograph(page, "chelsea")
    label = page.locator(".label")
    expect(label).to_contain_text("The colours are guesses.")
    expect(label).to_contain_text("Animals")
    expect(label).to_contain_text("The most likely colours.")
    details = page.locator(".about")
    if not details.evaluate("node => node.open"):
        details.locator("summary").click()
    expect(page.locator(".facts").first).to_contain_text("Coloured")
    page.locator(".figures summary").click()
    expect(page.locator(".figures .facts")).to_contain_text("Log-likelihood")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save variant 1").click()
    assert download.value.suggested_filename.endswith(".jpg")


def test_keys_are_told_and_can_be_turned_off(full, opened):
    page = opened(full)
    open_photograph(page, "camera")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("re-roll")
    dialog.get_by_label("Single keys work").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("3")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".label-which")).to_have_text("Variant 2 of 4")
    expect(page.locator(".variant.chosen")).to_have_count(0)


def test_a_small_picture_is_shown_1_to_1(full, opened):
    page = opened(full, viewport={"width": 1900, "height": 1300})
    open_photograph(page, "chelsea")
    width = full.get("/results?q=chelsea")["results"][0]["width"]
    assert shown(page, "color").bounding_box()["width"] > width * 1.2
    page.keyboard.press("z")
    until(page, "(width) => Math.abs(document.querySelector('.layer.color img').getBoundingClientRect().width - width) < 1", width)


def test_a_choice_leads_on_and_takes_a_note(full, opened):
    page = opened(full)
    expect(page.locator(".tile")).to_have_count(5)
    page.locator(".tile").first.click()
    expect(page.locator(".label-which")).to_have_text("Variant 1 of 4")
    name = page.locator("#photograph-name").text_content()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".place-count")).to_contain_text("2 of 5")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#photograph-name")).to_have_text(name)
    note = page.get_by_label("A note on the choice")
    note.fill("Her coat was red.")
    note.press("Tab")
    expect(page.locator("#notices")).to_contain_text("The note is kept.")
    chosen = full.get("/results?filter=chosen")["results"][0]
    choice = full.get(f"/results/{chosen['id']}")["choice"]
    assert choice["variant"] == 2 and choice["note"] == "Her coat was red."


def test_a_choice_is_of_the_photograph_that_was_in_view(full, opened):
    page = opened(full)
    open_photograph(page, "chelsea")
    first = page.evaluate("location.pathname.split('/').pop()")
    held = hold(page, "**/choose")
    with page.expect_request("**/choose"):
        page.keyboard.press("1")
    page.keyboard.press("2")
    page.keyboard.press("ArrowDown" if page.get_by_role("button", name="Next photograph").is_enabled() else "ArrowUp")
    expect(page.locator("#photograph-name")).not_to_contain_text("chelsea")
    expect(page.locator(".label-which")).to_have_text("Variant 1 of 4")
    held[0].continue_()
    expect(page.locator("#notices")).to_contain_text("chelsea.png: Variant 2 is chosen.")
    chosen = {entry["id"]: entry["chosen"] for entry in full.get("/results")["results"] if entry["is_chosen"]}
    assert chosen == {first: 2}
