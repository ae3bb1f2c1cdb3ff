"""The wall: what is there, folders, search, filters, the way in and out."""

import re

from playwright.sync_api import expect

from conftest import open_photograph, tile, until


def test_every_result_is_on_the_wall_with_a_picture(full, opened):
    page = opened(full)
    expect(page.locator(".tile")).to_have_count(5)
    expect(page.locator("#count")).to_have_text("5 photographs")
    until(page, "() => [...document.querySelectorAll('.tile img')].every((image) => image.complete && image.naturalWidth)")
    names = page.locator(".tile-name").all_text_contents()
    assert sorted(names) == ["astronaut", "camera", "chelsea", "coffee-16bit", "rocket-sepia"]


def test_photographs_stand_in_rows_without_overlap(full, opened):
    page = opened(full)
    expect(page.locator(".tile")).to_have_count(5)
    boxes = [frame.bounding_box() for frame in page.locator(".frame").all()]
    for index, one in enumerate(boxes):
        assert one["width"] > 60 and one["height"] > 60
        for other in boxes[index + 1 :]:
            apart = (
                one["x"] + one["width"] <= other["x"]
                or other["x"] + other["width"] <= one["x"]
                or one["y"] + one["height"] <= other["y"]
                or other["y"] + other["height"] <= one["y"]
            )
            assert apart, (one, other)


def test_folders_hold_what_is_in_them_and_below(full, opened):
    page = opened(full)
    page.locator("#folders").get_by_role("link", name=re.compile("Animals")).click()
    expect(page.locator("#title")).to_have_text("Animals")
    expect(page.locator(".tile")).to_have_count(2)
    page.locator("#folders").get_by_role("link", name=re.compile("Rockets")).click()
    expect(page.locator(".tile-name")).to_have_text(["rocket-sepia"])
    assert "/folders/" in page.url
    page.reload()
    expect(page.locator("#title")).to_have_text("Rockets")
    expect(page.locator(".tile")).to_have_count(1)
    page.go_back()
    expect(page.locator(".tile")).to_have_count(2)


def test_search_finds_by_name_as_one_types(full, opened):
    page = opened(full)
    page.keyboard.press("/")
    page.keyboard.type("CHEL")
    expect(page.locator(".tile-name")).to_have_text(["chelsea"])
    page.get_by_role("searchbox").fill("zebra")
    expect(page.locator("#empty")).to_contain_text("zebra")
    page.get_by_role("searchbox").fill("")
    expect(page.locator(".tile")).to_have_count(5)


def test_filters_follow_choices(full, opened):
    page = opened(full)
    open_photograph(page, "camera")
    page.keyboard.press("2")
    expect(page.locator("#notices")).to_contain_text("Variant 2 is chosen.")
    page.keyboard.press("Escape")
    expect(tile(page, "camera").locator(".tile-mark")).to_have_text("2")
    counts = page.locator("#filters .rail-count")
    expect(counts.nth(2)).to_have_text("1")
    expect(counts.nth(3)).to_have_text("4")
    page.locator("#filters").get_by_role("link", name=re.compile("^Chosen")).click()
    expect(page.locator(".tile-name")).to_have_text(["camera"])
    page.locator("#filters").get_by_role("link", name=re.compile("Not chosen")).click()
    expect(page.locator(".tile")).to_have_count(4)
    page.locator("#filters").get_by_role("link", name=re.compile("^New")).click()
    expect(page.locator(".tile")).to_have_count(4)
    page.locator("#filters").get_by_role("link", name=re.compile("In hand")).click()
    expect(page.locator("#empty")).to_contain_text("Nothing is in hand.")
    page.goto(full.address)
    open_photograph(page, "camera")
    page.keyboard.press("0")
    expect(page.locator("#notices")).to_contain_text("Nothing is chosen.")


def test_back_leads_to_where_one_was(full, opened):
    page = opened(full, viewport={"width": 700, "height": 400})
    tile(page, "astronaut").focus()
    tile(page, "astronaut").scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    open_photograph(page, "astronaut")
    page.go_back()
    expect(page.locator("#photograph")).to_be_hidden()
    expect(tile(page, "astronaut")).to_be_focused()
    assert abs(page.evaluate("scrollY") - before) < 4


def test_an_address_of_a_photograph_can_be_passed_on(full, opened):
    page = opened(full)
    open_photograph(page, "chelsea")
    address = page.url.removeprefix(full.address)
    other = opened(full, address)
    expect(other.locator("#photograph-name")).to_have_text("chelsea.png")
    other.keyboard.press("Escape")
    expect(other.locator(".tile")).to_have_count(5)


def test_settings_of_a_folder_are_shown_and_changed(full, opened):
    # A try before this one may have left it.
    (full.inbox / "Animals/.autochrome.yaml").unlink(missing_ok=True)
    page = opened(full)
    page.locator("#folders").get_by_role("link", name=re.compile("Animals")).click()
    expect(page.locator("#title")).to_have_text("Animals")
    page.get_by_role("button", name="Settings").click()
    samples = page.get_by_label("Variants for each photograph", exact=True)
    expect(samples).to_have_value("4")
    labels = page.locator(".setting label").all_text_contents()
    assert all(label[0].isupper() and "_" not in label for label in labels), labels
    samples.fill("3")
    samples.press("Tab")
    # Nothing is written before it is applied, and how much that colours again is said.
    expect(page.locator(".settings-told")).to_contain_text("1 change is not applied yet")
    assert not (full.inbox / "Animals/.autochrome.yaml").exists()
    page.get_by_role("button", name="Discard").click()
    expect(samples).to_have_value("4")
    samples.fill("3")
    samples.press("Tab")
    page.get_by_role("button", name="Apply, and colour 2 photographs again").click()
    expect(page.locator(".settings-told")).to_contain_text("Set")
    expect(page.locator(".setting.folder")).to_contain_text("set here")
    assert "samples: 3" in (full.inbox / "Animals/.autochrome.yaml").read_text()
    samples.fill("500")
    samples.press("Enter")
    assert not samples.evaluate("node => node.validity.valid")
    samples.fill("3")
    page.get_by_role("button", name=re.compile("Take back: Variants")).click()
    page.get_by_role("button", name=re.compile("Apply")).click()
    expect(samples).to_have_value("4")


def test_arrows_and_digits_work_on_a_fresh_wall(full, opened):
    page = opened(full)
    expect(page.locator(".tile")).to_have_count(5)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tile").first).to_be_focused()
    page.keyboard.press("2")
    expect(page.locator(".tile-mark:visible")).to_have_text("2")
    page.keyboard.press("0")
    expect(page.locator(".tile-mark:visible")).to_have_count(0)


def test_the_order_by_name_is_remembered(full, opened):
    page = opened(full)
    expect(page.locator(".tile")).to_have_count(5)
    page.get_by_label("Order").select_option("By name")
    names = ["chelsea", "rocket-sepia", "astronaut", "camera", "coffee-16bit"]
    expect(page.locator(".tile-name")).to_have_text(names)
    page.reload()
    expect(page.locator(".tile-name")).to_have_text(names)
    cursor = full.get("/results?order=name&limit=2")
    rest = full.get(f"/results?order=name&limit=3&cursor={cursor['next']}")
    assert [entry["name"].split(".")[0] for entry in cursor["results"] + rest["results"]] == names


def test_an_address_of_nothing_is_told_to_people_in_a_page(full, opened, accessible):
    for address in ("/results/deadbeef", "/nonsense", "/results/" + "0" * 32):
        page = opened(full, address)
        expect(page.locator("h1")).to_have_text("Nothing is here.")
        accessible(page)
        page.get_by_role("link", name="To the photographs").click()
        expect(page.locator(".tile")).to_have_count(5)
        answer = page.request.get(full.address + address, headers={"Accept": "application/json"})
        assert answer.status == 404 and answer.json()["error"]["code"] == "not_found"
