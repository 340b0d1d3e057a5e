"""What every page of every edition is asked: a server of its own, no other host, no error, and live stand-ins."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

# Click in each explorer and each question; return, for those that did not answer, what they are.
CLICK = r"""async () => {
  const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  const silent = [];
  let explorers = 0, questions = 0;
  for (const each of document.querySelectorAll("#explorer, [data-nvmx], [data-nvmx-quiz]")) {
    const quiz = each.dataset.nvmxQuiz !== undefined;
    quiz ? questions++ : explorers++;
    const root = each.shadowRoot;
    const text = () => root.innerHTML + [...root.querySelectorAll("input")].map(box => box.checked).join();
    const seen = () => [...root.querySelectorAll(".headline, .answer, [role=status]")].map(e => e.textContent).join();
    let answered = false;
    const controls = quiz ? "button, input[type=radio]" : "input:not(:disabled), select";
    for (const control of root?.querySelectorAll(controls) ?? []) {
      const before = quiz ? text() : seen();
      if (control.type === "number") { control.value = control.max || "1"; continue; }
      if (control.tagName === "SELECT") {
        control.selectedIndex = (control.selectedIndex + 1) % control.options.length;
        control.dispatchEvent(new Event("change"));
      } else control.click();
      await painted();
      if (answered = before !== (quiz ? text() : seen())) break;
    }
    if (!answered) silent.push((quiz ? each.dataset.nvmxQuiz : each.dataset.nvmx ?? each.id).slice(0, 80));
  }
  return { explorers, questions, silent };
}"""
# By how much the page, or its frame (as in Furo on a phone), scrolls sideways, and what sticks out.
SIDEWAYS = r"""() => {
  const scrolls = e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
  const frames = [...document.querySelectorAll("body, main, article, .main, .content")].filter(scrolls);
  frames.push(document.documentElement);
  const over = Math.max(...frames.map(e => e.scrollWidth - e.clientWidth));
  if (over <= 0) return "";
  const sticksOut = e => e.getBoundingClientRect().right > innerWidth + 1;
  const wide = [...document.querySelectorAll("main *, article *")].filter(sticksOut);
  return `${over} px: ${wide.slice(0, 3).map(e => e.tagName + "." + e.className).join(", ")}`;
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a page that is closed does not wait for the rest."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a loopback port; yield the address."""
    server = _Server(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Watched:
    """A page that reaches one address only, and the list of what it wanted elsewhere and of the errors it printed."""

    def __init__(self, context: Any, home: str) -> None:
        self.wrong: list[str] = []
        self.page = context.new_page()
        self._home = home
        self.page.route("**/*", self._route)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))

    def _route(self, route: Any) -> None:
        if route.request.url.startswith((self._home, "data:", "blob:")):
            route.continue_()
        else:
            self.wrong.append(f"request: {route.request.url}")
            route.abort()

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.wrong.append(f"console: {message.text}")
