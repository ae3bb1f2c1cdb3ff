#!/usr/bin/env python3
"""How the desk fares: its page in Debian's Chromium, a large store, and its server under load.

    scripts/browser-tests --collect-only -q     sets up .build/browser
    scripts/dependencies bench                  wrk
    .build/browser/bin/python Benchmarks/desk.py [--results 10000] [--store 100000] [--seconds 60]
        [--program .build/release/autochrome]

The results are one colouring of the sample photographs, linked under many names. `--only` measures a part alone. It ends
with the number of figures that are not as they are meant to be.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

root = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(root / "Tests/Browser"))

import desk_server as server  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

LONG_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => { for (const entry of list.getEntries()) longTasks.push(Math.round(entry.duration)); })
    .observe({type: 'longtask', buffered: true});
"""

IN_VIEW = """() => {
    const images = [...document.querySelectorAll('.tile img')].filter((image) => image.getBoundingClientRect().top < innerHeight);
    return images.length > 3 && images.every((image) => image.complete && image.naturalWidth) && performance.now();
}"""

WEIGHT = """() => {
    const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    const own = entries.filter((entry) => !entry.name.includes('/images/'));
    const sum = (size) => own.reduce((sum, entry) => sum + entry[size], 0);
    const isWhole = own.some((entry) => entry.name.endsWith('/dialog.js'));
    return isWhole && [sum('encodedBodySize'), sum('decodedBodySize')];
}"""

MEMORY = "() => [performance.memory.usedJSHeapSize / 1e6, document.querySelectorAll('*').length]"


def watch_until(page, condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = page.evaluate(condition)
        if value:
            return value
        time.sleep(0.005)
    raise SystemExit(f"not within {seconds} s: {condition}")


def first_views(browser, desk, times):
    """Milliseconds from the start of the navigation until every thumbnail in view is there, with an empty cache."""
    seconds, weight = [], None
    for _ in range(times):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(desk.address, wait_until="commit")
        seconds.append(watch_until(page, IN_VIEW))
        weight = watch_until(page, WEIGHT)
        context.close()
    return seconds, weight


def processor_time(trace):
    """The milliseconds for which the page's longest task kept a core busy, whatever else the machine had to do."""
    events = json.loads(trace)["traceEvents"]
    mains = {(event["pid"], event["tid"]) for event in events if event.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [event for event in events if event["name"] == "ThreadControllerImpl::RunTask"]
    return max(task.get("tdur", 0) / 1000 for task in tasks if (task["pid"], task["tid"]) in mains)


def scrolling(browser, desk):
    """Long tasks and memory while the wall is read at speed, jumped through, and read again."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(LONG_TASKS)
    page.goto(desk.address)
    watch_until(page, IN_VIEW)
    session = page.context.new_cdp_session(page)

    def memory():
        session.send("HeapProfiler.collectGarbage")
        return page.evaluate(MEMORY)

    def tasks(work):
        page.evaluate("() => { longTasks.length = 0; }")
        browser.start_tracing(page=page, categories=["toplevel"])
        work()
        busiest = processor_time(browser.stop_tracing())
        return [task for task in page.evaluate("() => longTasks") if task > 50], busiest

    def wheel():
        page.mouse.move(800, 500)
        for _ in range(600):
            page.mouse.wheel(0, 160)
            time.sleep(0.016)

    def jump():
        height = page.evaluate("document.documentElement.scrollHeight")
        for step in range(80):
            page.evaluate(f"scrollTo(0, {height} * {(step * 37) % 80} / 80)")
            time.sleep(0.15)

    walked = [("at the top", memory())]
    read, jumped = tasks(wheel), tasks(jump)
    walked.append(("after a walk through all", memory()))
    again = tasks(jump)
    walked.append(("after another", memory()))
    page.close()
    return {"read": read, "jumped": jumped, "jumped again": again}, walked


SHOWN = """() => {
    const shown = () => [...document.querySelectorAll('.variant.fresh img')];
    const look = () => {
        const images = shown();
        if (images.length && images.every((image) => image.complete && image.naturalWidth)) window.shownAt = performance.now();
        else requestAnimationFrame(look);
    };
    window.shownAt = 0;
    addEventListener('%s', () => { window.askedAt = performance.now(); look(); }, {once: true, capture: true});
}"""


def previews(browser, desk, times):
    """Milliseconds from a key or a click to the last visible preview, of a photograph of 12 megapixels."""
    photograph = desk.folder / "large.jpg"
    Image.open(desk_module.samples / "camera.jpg").convert("L").resize((4000, 3000), Image.LANCZOS).save(photograph)
    desk.start("watch")
    desk.put(photograph)
    desk_module.wait_for(lambda: desk.get("/results?q=large")["total"], "the large photograph is coloured", 120)
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(desk.address + "/?q=large")
    page.locator(".tile").click()
    page.locator(".label-which", has_text="Variant").wait_for()

    def reroll():
        page.evaluate(SHOWN % "keydown")
        page.keyboard.press("r")

    def hint():
        page.keyboard.press("h")
        page.keyboard.press("Enter")
        page.evaluate(SHOWN % "click")
        page.get_by_role("button", name="Brick", exact=True).click()

    taken = {"re-roll": [], "known colour": []}
    for ask, values in zip((reroll, hint), taken.values()):
        for _ in range(times):
            # As somebody does who looks at the picture first.
            time.sleep(3)
            ask()
            watch_until(page, "() => window.shownAt")
            values.append(page.evaluate("() => shownAt - askedAt"))
            watch_until(page, "() => !/made|Drawing/.test(document.querySelector('.stage-status').textContent)", 300)
    page.close()
    desk.stop("watch")
    return taken


class Report:
    """A table of figures, and how many are not as they are meant to be."""

    missed = 0

    def tell(self, name, figure, is_met=None):
        mark = {None: "", True: "met", False: "MISSED"}[is_met]
        self.missed += is_met is False
        print(f"{name:<56}{figure:<52}{mark}", flush=True)

    def times(self, name, values, limit):
        figure = f"{statistics.median(values):.1f} ms (slowest of {len(values)}: {max(values):.1f})"
        self.tell(f"{name}, at most {limit} ms", figure, statistics.median(values) <= limit)


def measure_page(report, desk, count):
    desk.fill(count)
    desk.start("desk")
    desk_module.wait_for(lambda: desk.get("/results")["total"] == count, "all results are listed", 300)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        seconds, weight = first_views(browser, desk, 7)
        sent, whole = weight
        figure = f"{sent / 1000:.1f} kB as sent, {whole / 1000:.1f} kB unpacked"
        report.tell("page without photographs, at most 150 kB", figure, sent <= 150_000)
        report.times(f"first view of {count} results", seconds, 1000)
        tasks, walked = scrolling(browser, desk)
        for name, (over, busiest) in tasks.items():
            figure = f"{len(over)} (longest {max(over, default=0)} ms; of a core at most {busiest:.0f} ms)"
            report.tell(f"long tasks, {name}, none above 50 ms", figure, not over)
        for name, (heap, nodes) in walked:
            report.tell(f"memory of the page {name}", f"{heap:.1f} MB, {nodes} elements")
        grown = walked[-1][1][0] - walked[1][1][0]
        report.tell("memory of the page, flat", f"{grown:+.1f} MB from one walk through all to the next", grown < 5)
        for name, values in previews(browser, desk, 5).items():
            report.times(f"{name} to previews, 12 megapixels", values, 300)
        browser.close()


def measure_store(report, desk, count):
    desk.fill(count, light=True)
    start = time.monotonic()
    desk.start("desk")
    desk_module.wait_for(lambda: desk.answers() and desk.get("/results")["total"] == count, "all results are listed", 900)
    report.tell(f"{count} results are listed after the start in", f"{time.monotonic() - start:.1f} s")
    for name, values in server.store(desk).items():
        report.times(name, values, 100)


def measure_server(report, desk, seconds):
    desk.fill(500)
    desk.start("desk")
    desk_module.wait_for(lambda: desk.get("/results")["total"] == 500, "all results are listed", 300)
    taken = server.health(desk, desk_module.samples / "camera.jpg", min(seconds, 30))
    high = server.percentile(taken, 0.99)
    figure = f"{high:.1f} ms (median {statistics.median(taken):.1f}, slowest of {len(taken)}: {max(taken):.1f})"
    report.tell("/healthz while all workers work, p99 at most 20 ms", figure, high <= 20)
    requests, rate, wrong, seen = server.pressure(desk, seconds)
    report.tell("200 connections, no error", f"{requests} answers, {rate:.0f} a second; {' '.join(wrong) or 'no error'}", not wrong)
    # What the first requests need is there after half the time.
    settled = seen[len(seen) // 2]
    figure = f"{settled:.0f} MB after half of it, {seen[-1]:.0f} MB at the end, {max(seen):.0f} MB at most"
    report.tell("memory of the desk meanwhile, flat", figure, seen[-1] < settled * 1.15 + 10)
    found = server.exposure(root)
    report.tell("exposure of the unit, at most 1.5", str(found), found is not None and found <= 1.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=int, default=10_000, help="results on the page")
    parser.add_argument("--store", type=int, default=100_000, help="results of the large store")
    parser.add_argument("--seconds", type=int, default=60, help="of load by 200 connections")
    parser.add_argument("--only", choices=["page", "store", "server"])
    parser.add_argument("--program", default=str(root / ".build/release/autochrome"))
    arguments = parser.parse_args()
    os.environ["AUTOCHROME"] = str(pathlib.Path(arguments.program).resolve())
    global desk_module
    import desk as desk_module

    parts = {
        "page": (measure_page, arguments.results),
        "store": (measure_store, arguments.store),
        "server": (measure_server, arguments.seconds),
    }
    report = Report()
    report.tell("load of the machine", f"{os.getloadavg()[0]:.1f}")
    for name, (measure, size) in parts.items():
        if arguments.only in (None, name):
            with desk_module.Desk(settings="samples: 8", threads=os.cpu_count()) as desk:
                measure(report, desk, size)
    report.tell("figures missed", str(report.missed))


if __name__ == "__main__":
    main()
