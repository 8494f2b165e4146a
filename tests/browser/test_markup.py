"""R12: whatever a chain, a model, a tool or a file says, in whatever place, is text on the page and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request, Route, expect

from tests.browser.conftest import Complaints, OpenContext
from tests.browser.markup_log import KINDS, asking_log, groups_of, hostile_log, short_log
from tests.browser.payloads import OUTSIDE, PAYLOADS, SAMPLE, packed, together
from tests.browser.server import Server
from tests.browser.view import View, post_run

TABS = ["Output", "JSON", "Input", "Attributes", "Raw"]
TOUR = Path(__file__).with_name("tour.js").read_text()
FOREIGN, LIST = (Path(__file__).with_name(name).read_text() for name in ("foreign.js", "listed.js"))
ASKS = "markup-asks"
LONG = [pytest.mark.long, pytest.mark.timeout(900)]
# What is not in the sample of the suite.
IN_FULL = pytest.mark.parametrize("hostile", [pytest.param(PAYLOADS, marks=LONG, id="all")], indirect=True)

# In every frame before anything else: what a payload calls, and what the browser says of a policy that was broken.
HOOK = """
  window.hits = [];
  window.hit = (number) => { (window.top.hits ?? window.hits).push(`ran ${number}`); };
  // How many answers the page waits for.
  window.asking = 0;
  const ask = window.fetch;
  window.fetch = (...given) => {
    window.asking++;
    return ask(...given).finally(() => window.asking--);
  };
  document.addEventListener("securitypolicyviolation", (event) =>
    window.top.hits.push(`violation ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class Witness:
    """Sees what a page does, and asks nothing of it: scripts that ran, dialogs, requests, elements."""

    def __init__(self, context: BrowserContext, origin: str, *, has_csp: bool = True) -> None:
        self.has_csp = has_csp
        self.found: list[str] = []
        self._own = urlsplit(origin).netloc
        context.add_init_script(HOOK)
        context.route(lambda url: not self._is_own(url), lambda route: route.abort())
        context.on("request", self._request)
        context.on("page", self._page)

    def _is_own(self, url: str) -> bool:
        parts = urlsplit(url)
        known = parts.path == "/" or parts.path.startswith(("/static/", "/api/", "/runs/", "/open"))
        return parts.scheme in ("data", "blob") or (parts.netloc == self._own and known)

    def _request(self, request: Request) -> None:
        if not self._is_own(request.url) or OUTSIDE in urlsplit(request.url).netloc:
            self.found.append(f"request {request.url[:300]}")

    def _page(self, page: Page) -> None:
        page.on("dialog", self._dialog)
        page.on("popup", lambda popup: self.found.append(f"window {popup.url}"))
        page.on("frameattached", lambda frame: self.found.append(f"frame {frame.url}"))
        page.on("download", lambda download: self.found.append(f"download {download.url}"))

    def _dialog(self, dialog: Dialog) -> None:
        self.found.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def nothing(self, page: Page) -> None:
        """Nothing of what is, and was, shown on it did anything."""
        assert page.evaluate(FOREIGN) == []
        assert page.evaluate("window.hits") == []
        assert page.evaluate("[Object.prototype.hit, ({}).polluted, window.polluted]") == [None, None, None]
        assert self.found == []


class Hostile(NamedTuple):
    """A server whose chain says these texts, and whose folder holds runs that do: one of each, and two of all."""

    server: Server
    texts: Sequence[str]

    @property
    def spans(self) -> list[int]:
        """Those that hold all texts in each of their fields."""
        return list(range(2, 2 + len(KINDS) * len(groups_of(self.texts))))

    def tour(self, page: Page, spans: list[int], hovered: list[int]) -> Any:
        about = {"groups": groups_of(self.texts), "spans": spans, "tabs": TABS, "hovered": hovered}
        return page.evaluate(TOUR, about)


# All of them are in `make long`, with the policy and without.
@pytest.fixture(scope="module", params=[SAMPLE, pytest.param(PAYLOADS, marks=LONG)], ids=["sample", "all"])
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    texts = request.param
    folder = tmp_path_factory.mktemp("markup") / "runs"
    folder.mkdir()
    for number, one in enumerate(texts):
        (folder / f"short-{number:03}.jsonl").write_bytes(short_log(one))
        name = {"name": " ".join(one.split())[:200], "starred": number % 2 == 0}
        if number % 3:
            (folder / f"short-{number:03}.meta.json").write_text(json.dumps(name))
    (folder / "markup.jsonl").write_bytes(hostile_log(texts))
    (folder / f"{ASKS}.jsonl").write_bytes(asking_log(texts))
    server = Server(folder, (str(Path(__file__).with_name("markup_chains.py")),), pace=0)
    server.start()
    yield Hostile(server, texts)
    server.stop()


@pytest.fixture(params=[False, pytest.param(True, marks=LONG)], ids=["CSP", "no CSP"])
def seen(request: pytest.FixtureRequest, open_context: OpenContext, hostile: Hostile) -> tuple[Page, Witness]:
    """A tall page, so that much is drawn at once."""
    context = open_context(bypass_csp=request.param, viewport={"width": 1600, "height": 1400})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=hostile.server.origin)
    witness = Witness(context, hostile.server.origin, has_csp=not request.param)
    page = context.new_page()
    page.goto(hostile.server.url)
    expect(page.get_by_role("combobox", name="Chain").locator("option").nth(1)).to_be_attached()
    return page, witness


def drop(page: Page, name: str, text: str) -> None:
    page.evaluate(
        """([name, text]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([text], name));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        }""",
        [name, text],
    )


def look_around(page: Page, hostile: Hostile) -> Any:
    """Everything of a run that is shown: tabs, hover cards, rows, events; then find, filters, help."""
    told = hostile.tour(page, hostile.spans, hostile.spans)
    keys = page.keyboard
    find = page.get_by_role("searchbox", name="Find in run")
    find.fill("hit")
    expect(page.locator("#find-said")).to_contain_text(re.compile(r"\d"))
    for _ in range(3):
        find.press("Enter")
    page.get_by_role("button", name="filters").click()
    keys.press("Escape")
    find.fill("")
    page.get_by_role("treegrid").focus()
    keys.press("?")
    keys.press("Escape")
    return told


def copies(page: Page) -> list[str]:
    """What the menu copies: as text, and it is the text."""
    taken = []
    for item in ("This span, as Markdown", "This span, as JSON", "The whole tree, as Markdown"):
        page.get_by_role("button", name="Copy", exact=True).first.click()
        page.get_by_role("menuitem", name=item).click()
        expect(page.locator(".copy [role=status]")).to_contain_text(re.compile("copied", re.IGNORECASE))
        taken.append(page.evaluate("navigator.clipboard.readText()"))
    return taken


@pytest.mark.parametrize(
    ("texts", "has_csp"),
    [
        (SAMPLE, False),
        pytest.param(PAYLOADS, False, marks=LONG),
        pytest.param(PAYLOADS, True, marks=LONG),
    ],
    ids=["sample-no CSP", "all-no CSP", "all-CSP"],
)
def test_what_these_texts_do_where_they_are_taken_for_markup(
    texts: Sequence[str], has_csp: bool, browser: Browser, server: Server
) -> None:
    """And that the witness sees it; else the tests below would show nothing."""
    context = browser.new_context(bypass_csp=not has_csp)
    witness = Witness(context, server.origin, has_csp=has_csp)
    page = context.new_page()
    page.goto(f"{server.origin}/runs/none")
    page.evaluate(
        """async (texts) => {
          const home = document.body.appendChild(document.createElement("div"));
          for (const text of texts) {
            home.innerHTML = text;
            await new Promise((done) => setTimeout(done));
          }
          home.innerHTML = texts[0];
        }""",
        # One that leads to another page leads there.
        [one for one in texts if "http-equiv=refresh" not in one],
    )
    hits = page.evaluate("window.hits")
    ran = {one for one in hits if one.startswith("ran")}
    assert (len(ran) > len(texts) / 9) != has_csp, ran
    assert bool([one for one in hits if one.startswith("violation")]) == has_csp
    assert [one for one in witness.found if one.startswith("request")]
    assert page.evaluate(FOREIGN)
    with pytest.raises(AssertionError):
        witness.nothing(page)
    context.close()


def test_a_file_in_the_folder(seen: tuple[Page, Witness], hostile: Hostile) -> None:
    page, witness = seen
    page.goto(f"{hostile.server.origin}/runs/markup?span=2")
    View(page).ended("error")
    told = look_around(page, hostile)
    # It was there to be seen, and is what it was.
    for tab, shares in told["seen"].items():
        assert max(shares) > 0.6, (tab, told["seen"])
        # Some are spelled so that the page says them in another way: letters that cannot be seen, or turn the text.
        if tab in ("Output", "Input", "Attributes"):
            assert sorted(shares)[len(shares) // 10] > 0.1, (tab, shares)
    assert told["cards"] > 100
    page.locator(".stat-button").click()
    if witness.has_csp:
        for text in copies(page):
            assert re.search(r"hit\(\d+\)", text)
    witness.nothing(page)
    # As it was in between, and by its graph.
    page.goto(f"{hostile.server.origin}/runs/markup?at=700&span=4&tab=Output&view=graph&find=hit")
    expect(page.locator(".pill")).to_contain_text(["REPLAY"])
    witness.nothing(page)


@IN_FULL
def test_a_file_that_is_opened_played_and_kept(seen: tuple[Page, Witness], hostile: Hostile) -> None:
    page, witness = seen
    name = together([one for one in hostile.texts if len(one) < 500][:200])
    drop(page, name, together(hostile.texts))
    expect(page.get_by_role("alert").filter(has_text="no log")).to_be_visible()
    witness.nothing(page)
    drop(page, name, hostile_log(hostile.texts).decode())
    expect(page.locator(".strip-file")).to_contain_text("not kept")
    View(page).ended("error")
    page.get_by_role("treegrid").get_by_role("row").nth(1).click()
    for key in (",", ",", ".", "Space", "Space", "End", "e", "Escape"):
        page.keyboard.press(key)
    hostile.tour(page, hostile.spans[:3], [])
    witness.nothing(page)
    page.locator(".strip-file").get_by_role("button", name="Keep").click()
    page.wait_for_url(re.compile(r"/runs/"))
    View(page).ended("error")
    hostile.tour(page, hostile.spans[-3:], [])
    witness.nothing(page)


def test_a_run_that_is_watched(seen: tuple[Page, Witness], hostile: Hostile) -> None:
    """The same texts by a chain that says them, through the server."""
    page, witness = seen
    run = post_run(page, "everything" if hostile.texts is PAYLOADS else "some", together(hostile.texts))
    page.goto(f"{hostile.server.origin}/runs/{run}")
    expect(page.get_by_role("treegrid").get_by_role("row").nth(2)).to_be_visible()
    View(page).ended("error", seconds=60)
    told = hostile.tour(page, [4, 5, 6], [4, 5])
    assert int(told["rows"]) > len(hostile.texts) * 0.6
    witness.nothing(page)


@IN_FULL
def test_a_run_that_asks(seen: tuple[Page, Witness], hostile: Hostile) -> None:
    page, witness = seen
    page.goto(f"{hostile.server.origin}/runs/{ASKS}")
    expect(page.get_by_role("form", name="Answer")).to_contain_text("onerror")
    page.get_by_role("group", name="Answers at hand").first.get_by_role("button").first.click()
    witness.nothing(page)


@IN_FULL
def test_the_list_of_runs(seen: tuple[Page, Witness], hostile: Hostile) -> None:
    """Names, chains, errors of a run of each payload; searches in what is listed and inside, which show their text."""
    page, witness = seen
    runs = page.get_by_role("navigation", name="Runs")
    expect(runs.get_by_role("link").first).to_be_visible()
    shown = page.evaluate(LIST, len(hostile.texts) + 2)
    assert len(shown) >= len(hostile.texts) + 2
    witness.nothing(page)
    search = runs.get_by_role("searchbox")
    search.fill("onerror")
    expect(runs.get_by_role("link").first).to_contain_text("onerror")
    search.press("Enter")
    expect(page.get_by_text(re.compile("with “onerror” inside"))).to_be_visible(timeout=60_000)
    page.evaluate(LIST, 60 if hostile.texts is PAYLOADS else 1)
    link = runs.get_by_role("link").first
    link.focus()
    page.keyboard.press("F2")
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    expect(page.get_by_role("dialog")).to_be_visible()
    witness.nothing(page)


@IN_FULL
def test_what_the_server_says_of_its_chains(
    seen: tuple[Page, Witness], hostile: Hostile, complaints: Complaints
) -> None:
    """Labels, descriptions, schemas, examples, graphs and refusals, as a chain's author may have written them."""
    page, witness = seen
    complaints.expect("status of 400")
    texts = list(hostile.texts)
    third = len(texts) // 3
    chains = [{"name": one, "label": one, "description": one} for one in texts]
    fields = {one: {"title": one, "description": one, "default": one, "type": "string"} for one in texts[:third]}
    chosen = {"title": "choice", "enum": texts[third : third * 2], "description": together(texts[third * 2 :])}
    schema = {"title": together(texts), "type": "object", "properties": {"choice": chosen, **fields}}
    nodes = [{"id": str(at), "name": one, "type": one} for at, one in enumerate(texts)]
    edges = [{"source": str(at), "target": str(at + 1), "data": one} for at, one in enumerate(texts[1:])]
    chain: dict[str, Any] = {
        **chains[0],
        "input_schema": schema,
        "configurable": schema,
        "examples": [{one: one for one in texts[:third]}, *texts],
        "modes": ["stream", *texts[:20]],
        "graph": {"nodes": nodes, "edges": edges},
        "last_input": [],
        "name": "here:one",
    }
    named = [{**chains[0], "name": "here:one"}, *chains]
    listed: dict[str, Any] = {"chains": named, "notice": together(texts), "dir": together(texts)}
    problem = {"status": 400, "title": together(texts), "detail": f"Refused: {together(texts)}"}
    refusals = [{**problem, "field": f"input.{texts[0]}"}, {**problem, "field": "config.tags"}, problem]

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if route.request.method == "POST":
            route.fulfill(status=400, content_type="application/problem+json", body=json.dumps(refusals.pop()))
        else:
            route.fulfill(json=listed if path == "/api/chains" else chain)

    page.route("**/api/chains*", answer)
    page.route("**/api/chains/*", answer)
    page.route(
        lambda url: urlsplit(url).path == "/api/runs",
        lambda route: answer(route) if route.request.method == "POST" else route.fallback(),
    )
    page.goto(hostile.server.origin)
    expect(page.get_by_role("combobox", name="Chain").locator("option").nth(len(texts))).to_be_attached()
    expect(page.get_by_role("main")).to_contain_text("onerror")
    witness.nothing(page)
    page.goto(f"{hostile.server.origin}/?chain=here:one")
    expect(page.get_by_role("form")).to_contain_text("onerror")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("main").get_by_role("alert").first).to_contain_text("Refused:")
    for _ in (1, 2):
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_timeout(100)
    for chip in page.get_by_role("group", name="Examples").get_by_role("button").all()[:12]:
        chip.click()
    page.get_by_role("button", name="Edit as JSON").click()
    witness.nothing(page)


@IN_FULL
def test_addresses(seen: tuple[Page, Witness], hostile: Hostile, complaints: Complaints) -> None:
    """What a link may say: a run, a file, a chain, a tab, a search."""
    page, witness = seen
    origin = hostile.server.origin
    complaints.expect("status of 40[04]")
    short = [one for one in hostile.texts if len(one) < 200]
    for group in packed(80, short):
        written = quote(together(group), safe="")
        for path in ("?chain=", "open?file=x&name=", "runs/markup?span=2&tab=x&find="):
            page.goto(f"{origin}/{path}{written}")
            expect(page.get_by_role("main")).to_be_visible()
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            witness.nothing(page)
        page.goto(f"{origin}/runs/{written[:4000]}")
        witness.nothing(page)
