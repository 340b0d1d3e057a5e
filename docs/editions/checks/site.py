"""The site: every page wide and on a phone, light and dark; every explorer and question; links; accessibility."""

import urllib.parse
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from packages import installed

from .pages import CLICK, PHONE, SIDEWAYS, WIDE, Watched, served

AXE_ON = ("index.html", "01-what-does-vmxon-ask-for.html", "vmxon.html", "messages.html", "glossary.html")


def check(folder: Path, browser: Any, screenshots: Path) -> list[str]:
    """Return what is wrong with the site, and print what was counted."""
    wrong = _links(folder)
    pages = sorted(path.name for path in folder.glob("*.html"))
    explorers = questions = 0
    with served(folder) as home:
        for scheme, size in (("light", WIDE), ("dark", PHONE)):
            context = browser.new_context(viewport=size, color_scheme=scheme)
            for name in pages:
                watched = Watched(context, home)
                watched.page.goto(home + name, wait_until="load")
                watched.page.screenshot(path=screenshots / f"{name[:-5]}-{scheme}-{size['width']}.png", full_page=True)
                if name == "index.html":
                    top = watched.page.evaluate("document.getElementById('explorer').getBoundingClientRect().top")
                    if top > size["height"] / 2:
                        watched.wrong.append(f"the explorer begins at {top} px")
                if sideways := watched.page.evaluate(SIDEWAYS):
                    watched.wrong.append(f"scrolls sideways by {sideways}")
                clicked = watched.page.evaluate(CLICK)
                watched.wrong += [f"does not answer: {each}" for each in clicked["silent"]]
                if size is WIDE:
                    explorers += clicked["explorers"]
                    questions += clicked["questions"]
                wrong += [f"{name}, {size['width']} px: {each}" for each in watched.wrong]
                watched.page.close()
            context.close()
        wrong += _accessibility(browser, home)
        wrong += _address(browser, home)
    print(f"site: {len(pages)} pages, {explorers} explorers and {questions} questions clicked, at two widths")
    return wrong


def _address(browser: Any, home: str) -> list[str]:
    """Return what is wrong with a link to a question."""
    page = browser.new_page()
    page.goto(home + "index.html#VMXON/intel?cpl=3")
    found = page.evaluate("document.getElementById('explorer').shadowRoot.querySelector('.headline').textContent")
    page.close()
    return [] if "#GP(0)" in found else [f"index.html#VMXON/intel?cpl=3 shows {found!r}"]


def _accessibility(browser: Any, home: str) -> list[str]:
    """Return what axe-core finds on the first pages of each kind, light and dark."""
    script = installed("axe-core", "4.14.1") / "axe.min.js"
    wrong = []
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport=WIDE, color_scheme=scheme)
        for name in AXE_ON:
            page = context.new_page()
            page.goto(home + name, wait_until="load")
            page.add_script_tag(path=str(script))
            found = page.evaluate("axe.run().then(found => found.violations.map(each => [each.id, each.impact,"
                                  " each.nodes.length, each.nodes[0].html.slice(0, 150)]))")  # fmt: skip
            wrong += [f"{name}, {scheme}: axe-core: {each}" for each in found]
            page.close()
        context.close()
    return wrong


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        held = dict(attrs)
        self.ids.add(held.get("id") or "")
        self.links += [value for key in ("href", "src") if (value := held.get(key))]


def _links(folder: Path) -> list[str]:
    """Return the links within the site that lead nowhere."""
    pages = {path.name: _Page(path.read_text(encoding="utf-8")) for path in folder.glob("*.html")}
    wrong = []
    for name, page in pages.items():
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            file, section = urllib.parse.unquote(parts.path) or name, urllib.parse.unquote(parts.fragment)
            if not (folder / file).exists() or (section and file in pages and section not in pages[file].ids):
                wrong.append(f"{name}: leads nowhere: {link}")
    return sorted(set(wrong))
