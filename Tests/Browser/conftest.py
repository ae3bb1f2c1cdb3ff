"""Debian's Chromium on the real desk."""

import re
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

import desk as spool

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as started:
        yield started


def launch(playwright, *options):
    """Starts Chromium; its sandbox needs a user that is not root, and the pages here are our own."""
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", *options])


@pytest.fixture(scope="session")
def chromium(playwright):
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def plain(playwright):
    """A page of a browser whose scripts are off, as by its settings."""
    browser = launch(playwright, "--blink-settings=scriptEnabled=false")
    yield browser.new_page()
    browser.close()


@pytest.fixture(scope="session")
def wall():
    """A desk with the sample photographs on its wall, two of them in folders."""
    with spool.Desk() as desk:
        desk.start()
        for name in ("astronaut.jpg", "camera.jpg", "coffee-16bit.tif"):
            desk.put(spool.samples / name)
        desk.put(spool.samples / "chelsea.png", "Animals/chelsea.png")
        desk.put(spool.samples / "rocket-sepia.jpg", "Animals/Rockets/rocket-sepia.jpg")
        desk.colored(5)
        yield desk


@pytest.fixture(scope="module")
def easel(request):
    """A desk with the one photograph that a module names."""
    with spool.Desk() as desk:
        desk.start()
        desk.put(spool.samples / request.module.PHOTOGRAPH)
        desk.colored(1)
        yield desk


@pytest.fixture
def steered(easel):
    """The same desk, without any choice or known colour."""
    easel.unchoose_all()
    for entry in easel.get("/results")["results"]:
        path = f"/results/{entry['id']}"
        if easel.get(path)["hints"]:
            easel.post(f"{path}/hints", {"hints": []})
            spool.wait_for(lambda: not easel.get(path)["hints"], "no known colours")
    return easel


@pytest.fixture
def full(wall):
    """The same desk, without any choice."""
    wall.unchoose_all()
    return wall


@pytest.fixture
def bare():
    """A desk without any photograph."""
    with spool.Desk() as desk:
        yield desk.start()


class Errors(list):
    """What went wrong in a page."""


@pytest.fixture
def opened(chromium):
    """Opens pages, and fails the test if a script of one did."""
    contexts, errors = [], Errors()

    def open_page(desk, path="/", **options):
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: refused(message, errors))
        page.goto(desk.address + path)
        page.errors = errors
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors, "\n".join(errors)


def refused(message, errors):
    """Notes what the browser would not do, such as an inline script; refusals of the API are told on the page.

    What is printed is seen if the test fails.
    """
    if message.type == "error":
        print(message.text, message.location)
    if message.type == "error" and not re.search(r"status of (4\d\d|507)|net::ERR_", message.text):
        errors.append(message.text)


@pytest.fixture
def accessible():
    """Checks a page with axe: nothing serious may be wrong."""
    axe = Axe()

    def check(page):
        found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [
            f"{rule['impact']} {rule['id']}: {rule['help']}\n  " + "\n  ".join(node["html"][:160] for node in rule["nodes"][:4])
            for rule in found
            if rule["impact"] in ("serious", "critical", "moderate")
        ]
        assert not serious, "\n".join(serious)

    return check


def until(page, script, argument=None):
    """Waits until a script in the page is true; Playwright's own way needs eval, which the page forbids."""
    spool.wait_for(lambda: page.evaluate(script, argument), script, 20)


def hold(page, address):
    """Holds the first request for an address, which stands in the list that is returned once the page has sent it."""
    held = []

    def hold_first(route):
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(address, hold_first)
    return held


@contextmanager
def held_up(page, address):
    """What is done within asks for new variants, of which previews come first; the full size waits for `continue_`."""
    held = hold(page, address)
    # For the first preview of a desk the model is loaded.
    with page.expect_request(address, timeout=60_000):
        yield held


def tile(page, name):
    """The tile of a photograph on the wall."""
    return page.locator(".tile").filter(has_text=name)


def open_photograph(page, name):
    """Opens a photograph from the wall, and waits for all of it."""
    tile(page, name).click()
    expect(page.locator("#photograph-name")).to_contain_text(name)
    expect(page.locator(".label-which")).to_have_text(re.compile("Variant|The chosen picture"))


@contextmanager
def drawn_anew(page):
    """What is done within asks for new variants; they are made when it ends."""
    with page.expect_response(re.compile("/(reroll|hints)$"), timeout=60_000):
        yield
    until_made(page)


def until_made(page):
    """Waits until the new variants of the photograph in view are made."""
    expect(page.locator(".stage-status")).not_to_have_text(re.compile("made|Drawing"), timeout=60_000)
