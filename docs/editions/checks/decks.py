"""The decks, from file://, with everything else blocked: every slide at two resolutions, as a hall sees it."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image

from .pages import Watched

SIZES = ({"width": 1920, "height": 1080}, {"width": 1280, "height": 720})
TEXT, PICTURE = 24, 18  # pixels: no smaller type
_ROUNDED = 0.1
_KEYS = ("ArrowRight", "Space", "n")
_SHEET, _COLUMNS, _ROWS = (480, 270), 4, 6

# What stands on the slide: how small its type is, and what is cut off, scrolls, or lies on something else.
MEASURE = r"""() => {
  const slide = Reveal.getCurrentSlide(), frame = slide.getBoundingClientRect();
  const scale = frame.width / slide.offsetWidth;
  const number = document.querySelector(".slide-number").getBoundingClientRect();
  const kinds = { text: Infinity, explorer: Infinity, picture: Infinity };
  const wrong = [], seen = [], lines = [];
  const isClipped = e => e !== null && (getComputedStyle(e).clipPath !== "none" || isClipped(e.parentElement));
  const words = text => text.replaceAll("​", "").trim().slice(0, 40);
  const visit = (root, kind) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node instanceof Element) {
        if (node.shadowRoot) visit(node.shadowRoot, node.dataset.nvmx !== undefined ? "explorer" : "text");
        if (["auto", "scroll"].includes(getComputedStyle(node).overflowY) && node.scrollHeight > node.clientHeight + 1)
          wrong.push(`scrolls: ${node.tagName}.${node.className}`);
        continue;
      }
      const parent = node.parentElement;
      if (!node.data.trim() || !parent || parent.closest(".notes, .quiet, style, script, option")) continue;
      if (!parent.checkVisibility({ visibilityProperty: true })) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const rects = [...range.getClientRects()].filter(rect => rect.width > 1 && rect.height > 1);
      if (!rects.length || isClipped(parent)) continue;
      seen.push(node.data);
      const size = parseFloat(getComputedStyle(parent).fontSize) * (parent.currentCSSZoom ?? 1) * scale;
      kinds[kind] = Math.min(kinds[kind], size);
      for (const rect of rects) {
        for (const [other, text] of lines) {
          const wide = Math.min(rect.right, other.right) - Math.max(rect.left, other.left);
          const high = Math.min(rect.bottom, other.bottom) - Math.max(rect.top, other.top);
          if (wide > 2 && high > size / 2) wrong.push(`on each other: ${words(node.data)}, ${words(text)}`);
        }
        lines.push([rect, node.data]);
        if (rect.left < frame.left - 1 || rect.right > frame.right + 1 || rect.top < frame.top - 1 ||
            rect.bottom > frame.bottom + 1) { wrong.push(`cut off: ${words(node.data)}`); break; }
        if (rect.left < number.right && rect.right > number.left && rect.bottom > number.top + 4) {
          wrong.push(`on the number of the slide: ${words(node.data)}`); break; }
      }
    }
  };
  visit(slide, "text");
  const body = slide.querySelector(".body");
  if (body.scrollHeight > body.clientHeight + 1) wrong.push(`${body.scrollHeight - body.clientHeight} px too high`);
  if (body.scrollWidth > body.clientWidth + 1) wrong.push(`${body.scrollWidth - body.clientWidth} px too wide`);
  for (const image of slide.querySelectorAll(".body img")) {
    const box = image.getBoundingClientRect();
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 ||
        box.bottom > frame.bottom + 1)
      wrong.push("a picture is cut off");
    if (!image.alt) wrong.push("a picture without its sentence");
    // matplotlib draws letters as paths in units of 100 to the size of the type
    const svg = decodeURIComponent(image.src);
    const glyphs = [...svg.matchAll(/scale\(([\d.]+) -[\d.]+\)/g)].map(found => 100 * found[1]);
    const shown = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
    const inside = image.naturalWidth / parseFloat(svg.match(/viewBox="0 0 ([\d.]+)/)[1]);
    if (glyphs.length) kinds.picture = Math.min(kinds.picture, Math.min(...glyphs) * inside * shown);
    else wrong.push("a picture without letters");
  }
  const left = [...slide.children].find(e => e.matches("h1, h2")).getBoundingClientRect();
  for (const image of slide.querySelectorAll(".beside .body img, .body img")) {
    const box = image.getBoundingClientRect();
    for (const text of slide.querySelectorAll("h2, .body > p")) {
      const range = document.createRange();
      range.selectNodeContents(text);
      const rect = range.getBoundingClientRect();
      if (rect.right > box.left + 1 && rect.left < box.right && rect.bottom > box.top + 1 && rect.top < box.bottom)
        wrong.push(`under a picture: ${words(text.textContent)}`);
    }
  }
  const quiz = slide.querySelector("[data-nvmx-quiz]");
  const plain = html => new DOMParser().parseFromString(html, "text/html").body.textContent;
  const all = seen.join(" ");
  if (quiz) {
    const asked = JSON.parse(quiz.dataset.nvmxQuiz);
    const told = (asked.choices ?? asked.bounds).flatMap(each => each.slice(1, 3));
    const replies = [asked.praise, ...told].filter(Boolean);
    if (replies.some(each => all.includes(plain(each)))) wrong.push("gives its answer away");
    if (quiz.querySelector("*") || quiz.shadowRoot.querySelector(".mark:not(:empty)")) wrong.push("shows an answer");
  }
  const found = Object.fromEntries(Object.entries(kinds).filter(([, size]) => size < Infinity));
  return { sizes: found, wrong: [...new Set(wrong)], title: slide.querySelector("h1, h2").textContent,
           kind: slide.className.split(" ")[0], explorer: !!slide.querySelector("[data-nvmx]"), quiz: !!quiz,
           full: slide.matches(".full"), notes: slide.querySelector(".notes").textContent.length };
}"""
# Try the answer with the longest reply; return whether there is a reply.
ANSWER = r"""async () => {
  const host = Reveal.getCurrentSlide().querySelector("[data-nvmx-quiz]"), root = host.shadowRoot;
  const asked = JSON.parse(host.dataset.nvmxQuiz);
  if (asked.choices) {
    const open = asked.choices.filter(each => each[1] && !host.dataset.tried?.includes(each[0]));
    const next = open.reduce((best, each) => each[1].length > (best?.[1].length ?? 0) ? each : best, null);
    const name = next ? next[0] : asked.right;
    host.dataset.tried = (host.dataset.tried ?? "") + name;
    root.querySelector(`input[value="${CSS.escape(name)}"]`).click();
  } else root.querySelector("input").value = String(asked.right[0] + 12345 + (host.dataset.tried ??= "0").length);
  if (!asked.choices) host.dataset.tried += "0";
  root.querySelector("button").click();
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return root.querySelector("[role=status]").textContent.length > 5;
}"""
# Click the controls of an explorer, one after the other, and choose each value of its lists; return how many clicks
# were answered, and the values that push it off the slide.
CLICKS = r"""async () => {
  const slide = Reveal.getCurrentSlide(), body = slide.querySelector(".body");
  const root = slide.querySelector("[data-nvmx]").shadowRoot;
  const painted = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const seen = () => [...root.querySelectorAll(".headline, [role=status]")].map(e => e.textContent).join();
  let answered = 0;
  for (const control of [...root.querySelectorAll(".cover:not(:disabled)")].slice(0, 12)) {
    if (!control.isConnected || control.checked && control.type === "radio") continue;
    const before = seen();
    control.click();
    await painted();
    if (seen() !== before) answered++;
  }
  const off = [];
  for (const list of root.querySelectorAll(".checks select")) {
    for (const { value } of list.options) {
      list.value = value;
      list.dispatchEvent(new Event("change", { bubbles: true }));
      await painted();
      const bottom = Math.max(body.getBoundingClientRect().top + body.scrollHeight, ...[...body.children].map(
        each => each.getBoundingClientRect().bottom));
      if (bottom > slide.getBoundingClientRect().bottom + 1) off.push(value);
    }
  }
  return [answered, off];
}"""
# Give a control the focus; return whether it has it.
FOCUS = r"""() => {
  const root = Reveal.getCurrentSlide().querySelector("[data-nvmx], [data-nvmx-quiz]").shadowRoot;
  const all = [...root.querySelectorAll("input:not(:disabled), select, button")];
  all.find(each => each.checkVisibility() && each.getClientRects().length).focus();
  return root.activeElement !== null;
}"""


def check(folder: Path, browser: Any, screenshots: Path) -> list[str]:
    """Return what is wrong with the decks, and print what was counted."""
    wrong: list[str] = []
    for path in sorted(folder.glob("*.html")):
        for size in SIZES:
            wrong += [f"{path.stem}, {size['width']} px: {each}" for each in _deck(path, browser, size, screenshots)]
    return wrong


def _deck(path: Path, browser: Any, size: dict[str, int], screenshots: Path) -> list[str]:
    context = browser.new_context(viewport=size, color_scheme="light")
    watched = Watched(context, path.as_uri())
    page = watched.page
    page.goto(path.as_uri(), wait_until="load")
    page.wait_for_selector("html[data-ready]")
    count = page.evaluate("Reveal.getTotalSlides()")
    part = size["width"] / SIZES[0]["width"]
    smallest: dict[str, float] = {}
    counted: Counter[str] = Counter(slides=count)
    shots = []
    for number in range(count):
        page.evaluate(f"Reveal.slide({number})")
        found = page.evaluate(MEASURE)
        problems = list(found["wrong"])
        for kind, pixels in found["sizes"].items():
            name = "full explorer" if kind == "explorer" and found["full"] else kind
            smallest[name] = min(smallest.get(name, pixels), pixels)
            least = {"text": TEXT, "explorer": TEXT, "picture": PICTURE * part, "full explorer": TEXT * part}.get(
                name, 0
            )
            if pixels < least - _ROUNDED:
                problems.append(f"{name} has type of {pixels:.1f} px")
        if not found["notes"]:
            problems.append("no notes")
        if size is SIZES[-1]:
            shots.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        if found["quiz"] or found["explorer"]:
            counted["questions" if found["quiz"] else "explorers"] += 1
            problems += _live(page, found, number)
        wrong_here = f"slide {number + 1} ({found['title']}): "
        watched.wrong += [wrong_here + each for each in problems]
    if size is SIZES[-1]:
        _contact_sheets(shots, path.stem, screenshots)
        watched.wrong += _notes(page)
    context.close()
    types = ", ".join(f"{name} {pixels:.1f}" for name, pixels in sorted(smallest.items()))
    about = ", ".join(f"{number} {name}" for name, number in counted.items())
    print(f"{path.stem}, {size['width']} px: {about}; smallest type: {types}", flush=True)
    return watched.wrong


def _live(page: Any, found: Any, number: int) -> list[str]:
    """Return what is wrong with the question or the explorer on this slide."""
    wrong = []
    if not page.evaluate(FOCUS):
        wrong.append("no control takes the focus")
    for key in _KEYS:
        page.keyboard.press(key)
    if page.evaluate("Reveal.getIndices().h") != number:
        page.evaluate(f"Reveal.slide({number})")
        wrong.append("a key in a control turns the slide")
    if found["quiz"]:
        for attempt in ("first", "second"):
            if not page.evaluate(ANSWER):
                wrong.append(f"the question does not reply to the {attempt} answer")
            wrong += [f"after the {attempt} answer: {each}" for each in page.evaluate(MEASURE)["wrong"]
                      if "answer" not in each]  # fmt: skip
    else:
        answered, off = page.evaluate(CLICKS)
        if not answered:
            wrong.append("the explorer does not answer")
        wrong += [f"the value {each} pushes the explorer off the slide" for each in off]
        wrong += [f"after clicks: {each}" for each in page.evaluate(MEASURE)["wrong"]]
    return wrong


def _notes(page: Any) -> list[str]:
    """Return what is wrong with the speaker's window, which the key S opens."""
    page.evaluate("Reveal.slide(1)")
    page.evaluate("document.activeElement?.blur()")
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    window = opened.value
    try:
        window.wait_for_function("document.querySelector('.speaker-controls-notes .value')?.textContent.length > 20")
    except Exception as error:  # noqa: BLE001 - whatever it is, there are no notes
        return [f"no notes in the speaker's window: {error}"]
    finally:
        window.close()
    return []


def _contact_sheets(shots: list[Image.Image], name: str, screenshots: Path) -> None:
    each = _COLUMNS * _ROWS
    for first in range(0, len(shots), each):
        part = shots[first : first + each]
        rows = -(-len(part) // _COLUMNS)
        sheet = Image.new("RGB", (_COLUMNS * (_SHEET[0] + 6), rows * (_SHEET[1] + 6)), "gray")
        for number, shot in enumerate(part):
            place = (number % _COLUMNS * (_SHEET[0] + 6), number // _COLUMNS * (_SHEET[1] + 6))
            sheet.paste(shot.resize(_SHEET, Image.Resampling.LANCZOS), place)
        sheet.save(screenshots / f"{name}-{first // each + 1:02}.png")
