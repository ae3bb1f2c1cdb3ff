"""An empty desk, files that are dropped on it, what fails, and two windows."""

import base64
import re

from PIL import Image
from playwright.sync_api import expect

import desk as spool
from conftest import open_photograph, tile

DROP = """async ({name, data}) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, {type: 'image/jpeg'}));
    for (const type of ['dragenter', 'dragover', 'drop'])
        document.body.dispatchEvent(new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""


def drop(page, name, data):
    page.evaluate(DROP, {"name": name, "data": base64.b64encode(data).decode()})


def test_an_empty_desk_takes_a_dropped_photograph_and_shows_it(bare, opened, accessible):
    page = opened(bare)
    expect(page.get_by_text("Drop gray photographs here.")).to_be_visible()
    expect(page.locator("#empty")).to_contain_text(str(bare.inbox))
    accessible(page)
    drop(page, "grandma.jpg", (spool.samples / "camera.jpg").read_bytes())
    expect(page.locator("#uploads")).to_contain_text("grandma.jpg")
    expect(page.locator("#uploads")).to_contain_text(re.compile("In the inbox|Coloured"))
    expect(page.locator(".tile-name")).to_have_text(["grandma"], timeout=60_000)
    expect(page.locator("#empty")).to_be_hidden()
    assert (bare.inbox / "grandma.jpg").read_bytes() == (spool.samples / "camera.jpg").read_bytes()


def test_files_of_every_kind_of_name_arrive_or_say_why_not(bare, opened):
    page = opened(bare)
    expect(page.locator("#empty")).to_be_visible()
    photograph = (spool.samples / "camera.jpg").read_bytes()
    evil = "<img src=x onerror=document.title='hurt'>.jpg"
    files = [
        {"name": evil, "mimeType": "image/jpeg", "buffer": photograph},
        {"name": "Großmutter im Garten, 1938 – Rückseite.jpg", "mimeType": "image/jpeg", "buffer": (spool.samples / "astronaut.jpg").read_bytes()},
        {"name": "nothing.jpg", "mimeType": "image/jpeg", "buffer": b""},
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no photograph"},
    ]
    page.locator("#files").set_input_files(files)
    expect(page.locator("#uploads-title")).to_contain_text("2 photographs added, 2 failed")
    expect(page.locator(".uploads-list .failed")).to_have_count(2)
    expect(page.locator(".tile")).to_have_count(2, timeout=60_000)
    names = page.locator(".tile-name").all_text_contents()
    assert "<img src=x onerror=document.title='hurt'>" in names, names
    tile(page, "<img").click()
    expect(page.locator("#photograph-name")).to_have_text(evil)
    assert "hurt" != page.title()
    assert page.locator("#photograph-name img").count() == 0


def test_what_failed_says_why_and_is_tried_again(bare, opened, accessible):
    page = opened(bare, "/?filter=failed")
    expect(page.locator("#empty")).to_contain_text("Nothing has failed.")
    whole = (spool.samples / "camera.jpg").read_bytes()
    note = bare.folder / "note"
    note.write_text("This is no photograph.")
    bare.put(note, "torn.jpg")
    row = page.locator(".queue-row", has_text="torn.jpg")
    expect(row).to_be_visible(timeout=60_000)
    assert len(row.locator(".queue-reason").text_content()) > 10
    accessible(page)
    (failed,) = [path for path in (bare.folder / "state/failed").rglob("torn.jpg")]
    failed.write_bytes(whole)
    row.get_by_role("button", name="Retry torn.jpg").click()
    expect(page.locator("#notices")).to_contain_text("tried again")
    expect(page.locator("#empty")).to_contain_text("Nothing has failed.", timeout=60_000)
    page.locator("#filters").get_by_role("link", name=re.compile("^All")).click()
    expect(page.locator(".tile-name")).to_have_text(["torn"], timeout=60_000)


def test_two_windows_stay_in_step(full, opened):
    one, other = opened(full), opened(full)
    open_photograph(one, "chelsea")
    open_photograph(other, "chelsea")
    one.keyboard.press("3")
    expect(other.locator(".variant.chosen")).to_have_text(re.compile("3"))
    other.keyboard.press("1")
    expect(one.locator(".variant.chosen")).to_have_text(re.compile("1"))
    one.keyboard.press("Escape")
    other.keyboard.press("0")
    expect(tile(one, "chelsea").locator(".tile-mark")).to_be_hidden()


def test_what_the_command_line_chooses_is_seen_at_once(full, opened):
    wall, photograph = opened(full), opened(full)
    open_photograph(photograph, "rocket")
    full.run("choose", str(full.outbox / "Animals/Rockets/rocket-sepia"), "--variant", "2")
    expect(photograph.locator(".variant.chosen")).to_have_text(re.compile("2"))
    expect(tile(wall, "rocket").locator(".tile-mark")).to_have_text("2")
    full.run("choose", str(full.outbox / "Animals/Rockets/rocket-sepia"), "--none")
    expect(photograph.locator(".variant.chosen")).to_have_count(0)
    expect(tile(wall, "rocket").locator(".tile-mark")).to_be_hidden()


def test_a_lost_desk_is_said_and_found_again(bare, opened):
    page = opened(bare)
    expect(page.locator("#empty")).to_be_visible()
    bare.stop("desk")
    expect(page.locator("#connection")).to_contain_text("out of reach")
    bare.put(spool.samples / "camera.jpg")
    bare.start("desk")
    expect(page.locator("#connection")).to_be_empty(timeout=30_000)
    expect(page.locator(".tile-name")).to_have_text(["camera"], timeout=60_000)
    open_photograph(page, "camera")
    page.keyboard.press("2")
    expect(page.locator(".variant.chosen")).to_have_text(re.compile("2"))


def test_what_is_left_alone_says_why(bare, opened, accessible):
    page = opened(bare)
    expect(page.locator("#empty")).to_be_visible()
    gray = (spool.samples / "camera.jpg").read_bytes()
    drop(page, "grandma.jpg", gray)
    expect(page.locator(".tile-name")).to_have_text(["grandma"], timeout=60_000)
    drop(page, "again.jpg", gray)
    expect(page.locator(".uploads-list")).to_contain_text("Left alone: the same picture as grandma", timeout=60_000)
    page.locator("#filters").get_by_role("link", name="Left alone").click()
    row = page.locator(".queue-row", has_text="again.jpg")
    expect(row).to_contain_text("the same picture as grandma")
    accessible(page)
    row.get_by_role("link").click()
    expect(page.locator("#photograph-name")).to_have_text("grandma.jpg")


def test_what_is_in_colour_is_coloured_anyway(bare, opened, accessible):
    photograph = bare.folder / "lamp.png"
    wheel = Image.merge("HSV", [Image.linear_gradient("L"), Image.new("L", (256, 256), 220), Image.radial_gradient("L")])
    wheel.convert("RGB").save(photograph)
    bare.put(photograph)
    page = opened(bare, "/?filter=left-alone")
    row = page.locator(".queue-row", has_text="lamp.png")
    expect(row).to_contain_text("already in colour", timeout=60_000)
    accessible(page)
    bare.stop("watch")
    row.get_by_role("button", name="Colour it anyway: lamp.png").press("Enter")
    expect(page.locator("#notices")).to_contain_text("lamp.png is coloured when its turn comes.")
    expect(row.get_by_role("button")).to_have_text("Asked for")
    bare.start("watch")
    expect(page.locator("#empty")).to_contain_text("Nothing was left alone.", timeout=60_000)
    assert (bare.inbox / "lamp.png.autochrome.yaml").read_text() == "colored: recolor\n"
    page.locator("#filters").get_by_role("link", name=re.compile("^All")).click()
    expect(page.locator(".tile-name")).to_have_text(["lamp"], timeout=60_000)


def test_what_waits_for_a_daemon_is_seen(opened):
    with spool.Desk() as desk:
        desk.start("desk")
        page = opened(desk)
        expect(page.get_by_text("Drop gray photographs here.")).to_be_visible()
        drop(page, "grandma.jpg", (spool.samples / "camera.jpg").read_bytes())
        expect(page.locator("#empty")).to_contain_text("A photograph is in hand.")
        expect(page.locator("[data-filter=in-hand] .rail-count")).to_have_text("1")
        page.get_by_role("link", name="Show them").click()
        expect(page.locator(".queue-row")).to_contain_text("grandma.jpg")
        desk.start("watch")
        page.goto(desk.address)
        expect(page.locator(".tile-name")).to_have_text(["grandma"], timeout=60_000)
        expect(page.locator("[data-filter=in-hand] .rail-count")).to_have_text("", timeout=60_000)


def test_failures_are_counted_for_the_folder_in_view(bare, opened):
    note = bare.folder / "note"
    note.write_text("This is no photograph.")
    bare.put(note, "Album/torn.jpg")
    bare.put(spool.samples / "camera.jpg", "Other/camera.jpg")
    bare.colored(1)
    page = opened(bare)
    failed = page.locator("[data-filter=failed] .rail-count")
    expect(failed).to_have_text("1", timeout=60_000)
    page.locator("#folders").get_by_role("link", name=re.compile("Other")).click()
    expect(page.locator("#title")).to_have_text("Other")
    expect(failed).to_have_text("")
    # What happens elsewhere changes nothing here.
    bare.put(note, "Album/torn-too.jpg")
    spool.wait_for(lambda: bare.get("/failures")["total"] == 2, "two failures")
    # The page hears of this after that.
    bare.put(spool.samples / "astronaut.jpg", "Other/astronaut.jpg")
    expect(page.locator(".tile")).to_have_count(2, timeout=60_000)
    expect(failed).to_have_text("")
