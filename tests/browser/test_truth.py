"""What the page says of states, findings, questions and content, in runs that have them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, OpenContext
from tests.browser.server import Server
from tests.browser.true_chains import ELSEWHERE
from tests.browser.view import View, post_run, wait_for_end

THREAD = {"configurable": {"thread_id": "t"}}


def ran(page: Page, server: Server, chain: str, given: Any, **more: Any) -> View:
    """A run of the chain, ended, with its page open."""
    run = post_run(page, chain, given, **more)
    wait_for_end(page, run)
    page.goto(f"{server.origin}/runs/{run}")
    view = View(page)
    expect(view.rows.first).to_be_visible()
    return view


def press_until(page: Page, key: str, words: str, most: int = 200) -> None:
    """Press the key until what has the focus is known by these words."""
    for _ in range(most):
        name: str = page.evaluate(
            """() => { const one = document.activeElement;
                 return one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent || ""; }"""
        )
        if re.fullmatch(words, name.strip()):
            return
        page.keyboard.press(key)
    raise AssertionError(f"nothing called {words} got the focus")


# —— states


def test_what_failed_below_names_where_and_one_goes_there_by_keyboard(tab: Page, server: Server) -> None:
    view = ran(tab, server, "fails", 1)
    expect(view.row(r"outer.*propagated ConnectionError")).to_have_count(1)
    expect(view.row(r"look up.*error ConnectionError")).to_have_count(1)
    view.choose("chain outer", "Output")
    tab.get_by_role("button", name=re.compile(r"look up · span \d")).focus()
    tab.keyboard.press("Enter")
    chosen = view.spans.locator('[aria-selected="true"]')
    expect(chosen).to_have_accessible_name(re.compile("look up"))
    expect(view.spans).to_be_focused()
    tab.keyboard.press("ArrowUp")
    expect(chosen).to_have_accessible_name(re.compile("calm"))


def test_one_goes_where_it_failed_from_the_top_of_the_page_even_into_a_collapsed_row(
    page: Page, server: Server
) -> None:
    view = ran(page, server, "fails", 1)
    view.row("chain outer").locator(".twisty").click()
    expect(view.row("look up")).to_have_count(0)
    page.get_by_role("button", name="Show where").click()
    expect(view.spans.locator('[aria-selected="true"]')).to_have_accessible_name(re.compile("look up"))


def test_what_was_made_good_is_marked_once_and_warns_nobody_above(tab: Page, server: Server) -> None:
    view = ran(tab, server, "recovers", 1)
    view.ended("ok")
    expect(view.row(r"RunnableWithFallbacks.*recovered")).to_have_count(1)
    expect(view.row("recovered")).to_have_count(1)
    expect(view.rows.first).not_to_have_accessible_name(re.compile("a failure below"))
    expect(view.row("look up.*error")).to_have_count(1)


def test_code_that_cannot_be_stopped_is_shown_where_it_hangs(page: Page) -> None:
    view = View(page)
    view.start("stuck", 1)
    expect(view.row("hang.*running")).to_be_visible()
    view.stop.click()
    view.ended("abandoned")
    view.choose("hang.*abandoned", "Output")
    expect(view.panel).to_contain_text("_hang")
    expect(view.panel).to_contain_text("threading.Event().wait")
    first = view.runs.get_by_role("link").first
    expect(first).to_have_accessible_name(re.compile("stuck.*abandoned"))


def test_a_branch_that_nobody_ended_is_unfinished(tab: Page, server: Server) -> None:
    view = ran(tab, server, "half", 1)
    view.ended("error")
    expect(view.row(r"chain soon.*error")).to_have_count(1)
    expect(view.row(r"chain slow.*(unfinished|cancelled|ok)")).to_have_count(1)


def test_each_state_looks_different_without_its_colour(tab: Page, server: Server) -> None:
    view = ran(tab, server, "fails", 1)
    seen = set()
    states = ("ok", "error", "propagated", "cancelled", "interrupted", "abandoned", "unfinished", "lost")
    row = view.rows.first
    for state in states:
        row.evaluate("(row, state) => { row.dataset.state = state; }", state)
        # Colours of the type of span are taken away; what is left is shape.
        seen.add(
            row.locator(".bar").evaluate(
                """bar => { const style = getComputedStyle(bar);
                     return [style.borderTopStyle, style.borderTopWidth, style.borderRightStyle,
                             style.borderRightWidth, style.backgroundImage.replace(/[\\d.]+ [\\d.]+ [\\d.]+/g, ""),
                             style.maskImage].join(); }"""
            )
        )
    assert len(seen) == len(states)


# —— interrupts


def test_a_graph_is_interrupted_and_resumed_by_keyboard_alone(page: Page, server: Server) -> None:
    view = View(page)
    page.keyboard.press("Tab")
    press_until(page, "Tab", "Chain")
    view.chain.evaluate("(list) => { list.dataset.seen = 'yes'; }")
    page.keyboard.type("asks")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="asks", exact=True)).to_be_visible()
    press_until(page, "Tab", r"Edit as JSON")
    page.keyboard.press("Enter")
    expect(view.json).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type('{"text": "Ann"}')
    press_until(page, "Tab", r"Config.*")
    page.keyboard.press("Enter")
    press_until(page, "Tab", r"thread_id.*")
    page.keyboard.type("by keys")
    page.keyboard.press("Control+Enter")
    first = view.run_id()
    view.ended("interrupted")
    form = page.get_by_role("form", name="Answer")
    expect(form).to_contain_text("Should it be sent?")
    expect(form).to_contain_text("Dear Ann")
    answer = page.get_by_role("textbox", name="Answer")
    expect(answer).to_be_focused()  # the form that had the focus is gone
    page.keyboard.type("yes, please")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: "/runs/" in url and first not in url)
    view.ended("ok")
    page.get_by_role("link", name=re.compile("continues")).focus()
    view.choose("LangGraph", "Output")
    expect(view.panel).to_contain_text("answered 'yes, please'")
    # And back by keyboard: the old run says who answered it.
    page.get_by_role("link", name=re.compile("continues")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(first))
    expect(page.get_by_role("region", name="Interrupt")).to_contain_text("It was answered")
    page.get_by_role("region", name="Interrupt").get_by_role("link").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/runs/" in url and first not in url)


def test_the_answer_is_reached_by_tab_from_the_top_of_the_page(tab: Page, server: Server) -> None:
    ran(tab, server, "asks", {"text": "Bo"}, config=THREAD)
    tab.locator("body").evaluate("() => document.activeElement.blur()")
    press_until(tab, "Tab", "Answer")
    tab.keyboard.type("no")
    press_until(tab, "Tab", r"Resume.*")
    tab.keyboard.press("Enter")
    view = View(tab)
    expect(tab.get_by_role("link", name=re.compile("continues"))).to_be_visible()
    view.ended("ok")


def test_an_answer_at_hand_is_sent_as_what_it_says(tab: Page, server: Server) -> None:
    view = ran(tab, server, "asks", {"text": "Cy"}, config=THREAD)
    tab.get_by_role("button", name="false", exact=True).click()
    expect(tab.get_by_role("button", name="JSON", exact=True)).to_have_attribute("aria-pressed", "true")
    tab.get_by_role("button", name=re.compile("Resume")).click()
    expect(tab.get_by_role("link", name=re.compile("continues"))).to_be_visible()
    view.ended("ok")
    view.choose("LangGraph", "Output")
    expect(view.panel).to_contain_text("answered False")


def test_no_answer_and_no_json_are_refused_where_they_stand(tab: Page, server: Server) -> None:
    ran(tab, server, "asks", {"text": "Di"}, config=THREAD)
    form = tab.get_by_role("form", name="Answer")
    tab.get_by_role("button", name=re.compile("Resume")).click()
    expect(form).to_contain_text("Type an answer first")
    tab.get_by_role("button", name="JSON", exact=True).click()
    tab.keyboard.type("{no")
    tab.keyboard.press("Control+Enter")
    expect(form).to_contain_text("This is not JSON")
    expect(tab.get_by_role("textbox", name="Answer")).to_be_focused()


def test_two_questions_get_an_answer_each(tab: Page, server: Server) -> None:
    view = ran(tab, server, "asks_two", {}, config={"configurable": {"thread_id": "two"}})
    view.ended("interrupted")
    for label, word in (("Answer 1", "one"), ("Answer 2", "two")):
        tab.get_by_role("textbox", name=label).fill(word)
    tab.get_by_role("button", name=re.compile("Resume")).click()
    expect(tab.get_by_role("link", name=re.compile("continues"))).to_be_visible()
    view.ended("ok")
    view.choose("LangGraph", "Output")
    for word in ("one", "two"):
        expect(view.panel).to_contain_text(word)


@pytest.mark.parametrize(
    ("chain", "answers"), [("asks", {"Answer": "yes"}), ("asks_two", {"Answer 1": "a", "Answer 2": "b"})]
)
def test_the_graph_of_an_answer_lights_no_way_that_was_gone_before(
    tab: Page, server: Server, chain: str, answers: dict[str, str]
) -> None:
    view = ran(tab, server, chain, {"text": "Cleo"}, config={"configurable": {"thread_id": f"lit {chain}"}})
    view.ended("interrupted")
    asked = view.run_id()
    for label, word in answers.items():
        tab.get_by_role("textbox", name=label).fill(word)
    tab.get_by_role("button", name=re.compile("Resume")).click()
    expect(tab.get_by_role("link", name=re.compile("continues"))).to_be_visible()
    view.ended("ok")
    for run, ways in ((asked, 2), (view.run_id(), 0)):
        tab.goto(f"{server.origin}/runs/{run}?view=graph")
        graph = tab.get_by_role("region", name="Graph")
        expect(graph.get_by_role("button").first).to_be_visible()
        expect(graph.locator("svg > path[data-taken]")).to_have_count(ways)


# —— findings


def test_findings_are_counted_listed_marked_and_filtered(tab: Page, server: Server) -> None:
    view = ran(tab, server, "twice", "really?")
    stat = tab.get_by_role("button", name=re.compile(r"^1\s*finding"))
    expect(stat).to_have_attribute("aria-expanded", "false")
    expect(view.row("1 finding")).to_have_count(1)
    stat.focus()
    tab.keyboard.press("Enter")
    listed = tab.get_by_role("region", name="Findings")
    expect(listed).to_be_focused()
    expect(listed).to_contain_text("asked the very same again")
    expect(listed).to_contain_text("give the model a cache")
    expect(listed).to_contain_text("same_prompt_twice")
    view.rows.first.click()
    listed.get_by_role("button", name=re.compile("GenericFakeChatModel · span 3")).click()
    chosen = view.spans.locator('[aria-selected="true"]')
    expect(chosen).to_have_accessible_name(re.compile("1 finding"))
    view.tab("Output")
    expect(view.panel).to_contain_text("asked the very same again")
    tab.get_by_role("button", name=re.compile("^findings")).click()
    log = tab.get_by_role("region", name="Event log")
    expect(log).to_contain_text(re.compile(r"Events\s*1 of \d+"))
    expect(view.events).to_contain_text("finding")
    listed.press("Escape")
    expect(listed).to_be_hidden()
    expect(stat).to_be_focused()


def test_a_finding_is_announced_as_it_is_made(page: Page) -> None:
    view = View(page)
    page.evaluate(
        """() => { window.heard = [];
             const region = document.getElementById("announcer");
             new MutationObserver(() => window.heard.push(region.textContent)).observe(region, {childList: true}); }"""
    )
    view.start("twice", "again")
    view.ended("ok")
    page.wait_for_function("() => window.heard.some(text => text.includes('Finding: GenericFakeChatModel is asked'))")


def test_a_healthy_run_has_no_word_of_findings(tab: Page, server: Server) -> None:
    ran(tab, server, "rag", {"question": "How do I stream JSON?", "k": 1})
    expect(tab.get_by_role("button", name=re.compile(r"^\d+\s*findings?$"))).to_have_count(0)
    expect(View(tab).row("finding")).to_have_count(0)


# —— streaming health and what was asked


def test_attributes_tell_how_it_streamed_and_what_was_asked(tab: Page, server: Server) -> None:
    view = ran(tab, server, "thinks", "Paris?")
    view.choose("Says", "Attributes")
    for words in (
        r"first token after\s*\d+ ms",
        r"gaps between chunks\s*p50 \d.* p95 \d.* longest \d",
        r"speed\s*[\d.]+ tokens/s",
        r"tokens out\s*21",
        r"tokens counted\s*from the end",
        r"finish reason\s*tool_calls",
        r"temperature\s*0\.2",
        r'stop\s*"END"',
    ):
        expect(view.panel).to_contain_text(re.compile(words))
    view.panel.get_by_text("weather", exact=True).click()
    expect(view.panel).to_contain_text("required")
    expect(tab.get_by_text("waited for models")).to_be_visible()


def test_what_is_unknown_is_not_nought_and_what_is_cut_is_said(tab: Page, server: Server) -> None:
    view = ran(tab, server, "refuses", "x")
    view.choose("Says", "Attributes")
    expect(view.panel).to_contain_text(re.compile(r"tokens out\s*unknown"))
    expect(view.panel).to_contain_text("length: the answer was cut off")
    expect(tab.get_by_role("banner")).not_to_contain_text("0 → 0")


# —— content


def test_reasoning_calls_and_text_each_in_their_place_as_they_stream(page: Page) -> None:
    view = View(page)
    view.start("thinks", "Paris?", watched=True)
    view.ended()
    seen = " ".join(sample["text"] for sample in view.seen())
    assert '{"ci' in seen.replace('{"city"', "")  # a piece of the arguments was on the page before the next
    view.choose("Says", "Output")
    thought = view.panel.locator("details", has_text="Reasoning")
    expect(thought).to_contain_text("The user asks about Paris.")
    thought.locator("summary").click()
    expect(thought.get_by_text("The user asks")).to_be_hidden()
    expect(view.panel.locator(".text-out")).to_have_text("Let me look.")
    expect(view.panel).to_contain_text('{"city": "Paris"}')


def test_a_refusal_is_marked(tab: Page, server: Server) -> None:
    view = ran(tab, server, "refuses", "x")
    view.choose("Says", "Output")
    expect(view.panel.get_by_role("heading", name="Refusal")).to_be_visible()
    expect(view.panel).to_contain_text("I cannot help with that.")


def test_images_are_drawn_once_with_their_size_and_none_from_elsewhere(
    page: Page, server: Server, complaints: Complaints
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    view = ran(page, server, "sees", "x")
    view.choose("FakeChatModel", "Input")
    image = view.panel.get_by_role("img")
    expect(image).to_have_count(1)
    expect(view.panel).to_contain_text(re.compile(r"PNG, \d+ B, 48 × 32 pixels"))
    expect(view.panel).to_contain_text("The same image as image 1")
    expect(view.panel).to_contain_text(f"{ELSEWHERE}, not loaded")
    expect(view.panel).to_contain_text("image/svg+xml, which is not drawn here")
    assert view.panel.get_by_role("heading").all_inner_texts() == ["system", "human"]
    assert not [url for url in asked if not url.startswith((server.origin, "data:image/png"))]


# —— graphs


def test_nodes_have_steps_and_their_executions_numbers(tab: Page, server: Server) -> None:
    view = ran(tab, server, "rounds", {"rounds": 0})
    for nth in (1, 2, 3):
        expect(view.row(rf"chain work.*step {nth}, run {nth} of 3")).to_have_count(1)
    expect(view.spans).to_contain_text("work #3")
    view.choose("LangGraph", "Output")
    for words in (r"update by\s*work #2\s*step 2", r"custom event\s*stream_writer", r"round: 3"):
        expect(view.panel).to_contain_text(re.compile(words))
    view.choose(r"work.*run 2 of 3", "Output")
    expect(view.panel).to_contain_text(re.compile(r"custom event\s*worked"))
    expect(view.panel).to_contain_text(re.compile("so_far: 1"))
    view.events.evaluate("(log) => { log.scrollTop = 0; }")
    expect(view.events).to_contain_text("on_custom_event")
    # Where data goes in and where the graph may stop are no steps: no time, no state.
    tab.get_by_role("button", name="graph", exact=True).click()
    nodes = tab.locator(".chain-graph .node")
    expect(nodes.filter(has_text=re.compile(r"^input\s*$"))).to_have_attribute("aria-label", "input, reached")
    expect(nodes.filter(has_text=re.compile(r"^end\s*$"))).to_have_attribute("aria-label", "end, reached")
    expect(nodes.filter(has_text=re.compile(r"work\s*3×"))).to_have_attribute("data-state", "ok")


# —— invoke


def test_a_chain_is_invoked_by_choice_and_its_page_says_so(page: Page) -> None:
    view = View(page)
    view.open("rag")
    mode = page.get_by_role("group", name="Mode")
    expect(mode.get_by_role("button", name="stream")).to_have_attribute("aria-pressed", "true")
    mode.get_by_role("button", name="invoke").click()
    page.get_by_role("button", name="Edit as JSON").click()
    view.json.fill('{"question": "What is a Runnable?", "k": 1}')
    view.run.click()
    view.run_id()
    view.ended()
    expect(page.get_by_title("The chain was called by ainvoke, not streamed")).to_be_visible()
    view.choose("ChatOpenAI", "Output")
    expect(view.panel).to_contain_text(re.compile("Runnable"))
    expect(view.panel).not_to_contain_text("It gave nothing")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_the_question_can_be_read_and_answered(
    open_context: OpenContext, server: Server, theme: str
) -> None:
    page = open_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme=theme)
    first = page.new_page()
    first.goto(server.url)
    ran(first, server, "asks", {"text": theme}, config={"configurable": {"thread_id": theme}})
    assert first.evaluate("() => document.documentElement.scrollWidth") <= 390
    answer = first.get_by_role("textbox", name="Answer")
    expect(answer).to_be_in_viewport()
    answer.fill("yes")
    first.get_by_role("button", name=re.compile("Resume")).tap()
    View(first).ended("ok")
