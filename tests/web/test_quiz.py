"""A question in Chromium: what stands in for it, made live, says what Python says, and the keyboard alone answers."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from browser import CHROMIUM, FLAGS

import nvmx

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")]

REPORT = nvmx.read("VMXON raises #GP. CR4=0x2020, CR0=0x80000031, FEATURE_CONTROL=1").explain(cpl=0)
SHOWN = "what is shown with the solution"
# Every answer, or pair of answers, that is tried; numbers at and beside the bounds of the replies.
NUMBERS = [(0.256,), (2.5,), (25.6, 25.6), (128, 230.4), (255, 256), (-1, 257), (512, 2560), (1e9, 3, 256)]


def questions() -> list[nvmx.lab.Prediction]:
    return [
        nvmx.lab.predict("VMXON", "intel", cpl=3, cr4_vmxe=0, shows=SHOWN),
        nvmx.lab.predict("VMXON", "kvm-2017", choices=["success", "#UD", "#GP(0)"], cpl=3, shows=SHOWN),
        nvmx.lab.predict_cause(REPORT, ["CR4.VMXE", "CPL 0", "fc_vmx", "CR0.NE"], shows=SHOWN),
        nvmx.lab.guess("How many <b>states</b>?", 256, unit="states", shows=SHOWN),
    ]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    file = tmp_path_factory.mktemp("quiz") / "page.html"
    body = "".join(question.static()[1] for question in questions())
    again = f"<script type='module'>{nvmx.web.module('dom', 'quiz')}window.enhanceQuiz = enhanceQuiz;</script>"
    html = "<!doctype html><meta charset='utf-8'><title>test</title>{}<main>{}</main><script>{}</script>"
    file.write_text(html.format(again, body, nvmx.web.enhance()), "utf-8")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        found = browser.new_page()
        found.goto(file.as_uri())
        yield found
        browser.close()


# Ask afresh for each of these lists of answers, and try them in turn; return what is said after each, and whether
# what is shown with the solution is there.
TRY = """([html, lists]) => lists.map(tries => {
  const element = document.createRange().createContextualFragment(html).firstChild;
  document.body.append(element);
  enhanceQuiz(element);
  const root = element.shadowRoot;
  const found = tries.map(answer => {
    const radio = [...root.querySelectorAll("[type=radio]")].find(each => each.value === answer);
    if (radio) radio.checked = true; else root.querySelector("[type=number]").value = answer;
    root.querySelector("button").click();
    return [root.querySelector("[role=status]").innerHTML, element.textContent.includes("what is shown")];
  });
  element.remove();
  return found;
})"""
SAME = """texts => texts.map(html => {
  const node = document.createElement("div");
  node.innerHTML = html;
  return node.innerHTML;
})"""


def test_what_stands_in_says_what_python_says(page: Any) -> None:
    for question in questions():
        names = question.choices
        lists = [*((name,) for name in names), *permutations(names, 2)] if names else NUMBERS
        expected = []
        for tries in lists:
            question.choice = None
            for answer in tries:
                question.choice = answer
                expected.append((question.answer, question.solved))
        found = [each for tries in page.evaluate(TRY, [question.static()[1], lists]) for each in tries]
        texts = page.evaluate(SAME, [text for text, _ in expected])
        assert [said for said, _ in found] == texts
        assert [shown for _, shown in found] == [solved for _, solved in expected]


def test_nothing_in_the_document_gives_the_answer_away(page: Any) -> None:
    inside = "[...document.querySelectorAll('[data-nvmx-quiz]')].map(each => each.shadowRoot.lastChild.textContent)"
    text = "".join([*page.evaluate(inside), page.locator("main").text_content()])
    assert SHOWN not in text
    assert "because" not in text
    assert "How many <b>states</b>?" in text
    assert page.locator("details").count() == 0


def test_the_keyboard_alone(page: Any) -> None:
    page.evaluate("""() => {
      window.leaked = [];
      for (const type of ["keydown", "keypress", "keyup"]) document.addEventListener(type, e => leaked.push(e.key));
    }""")
    group = page.get_by_role("group", name="VMXON by kvm-2017, ready except for CPL = 3: how does it end?")
    status = group.get_by_role("status")
    group.get_by_role("button").press("Enter")
    assert status.inner_text() == "Choose one first."
    group.get_by_role("radio").first.focus()
    for key in ("Space", "ArrowDown", "b"):  # moving about is no try
        page.keyboard.press(key)
    assert group.get_by_role("radio", name="#UD").is_checked()
    page.keyboard.press("Enter")
    assert status.inner_text().startswith("Not so: #UD would be right with ")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert status.inner_text().startswith("Right: success")
    page.get_by_role("spinbutton", name="How many").fill("256")
    page.keyboard.press("Enter")
    assert page.get_by_role("status").last.inner_text() == "Right: 256 states."
    assert page.evaluate("leaked") == []


def test_targets_are_large_enough(page: Any) -> None:
    for control in page.locator("label, button, [type=number]").all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 24


def test_a_narrow_page_does_not_scroll_sideways(page: Any) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
