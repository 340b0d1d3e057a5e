"""The first notebook in a real JupyterLab in a real Chromium: run it all, click, and see the verdict change."""

from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from browser import CHROMIUM, FIRST, FLAGS, MINUTE, jupyterlab, open_and_run

pytestmark = pytest.mark.browser


def status(server: str, path: str) -> int:
    connection = HTTPConnection(urlsplit(server).netloc)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("jupyterlab")
    with jupyterlab(tmp_path_factory.mktemp("jupyterlab")) as found:
        yield found


def test_the_server_answers_only_with_its_token(address: str) -> None:
    server, token = address.split("?")
    assert status(server, f"/api/contents?{token}") == 200
    for wrong in ("", "?token=", f"?{token}x"):
        assert status(server, f"/api/contents{wrong}") == 403


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")
def test_a_click_changes_the_verdict(address: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 9000})
        open_and_run(page, address, FIRST)
        full = page.locator(".jp-OutputArea-output", has=page.get_by_role("combobox", name="compare with"))
        verdict = full.locator("[role=status]")
        playwright.expect(verdict).to_contain_text("success", timeout=MINUTE)
        box = full.get_by_role("checkbox", name="CR4.VMXE")
        box.click()
        playwright.expect(verdict).to_contain_text("#UD")
        playwright.expect(verdict).to_contain_text("because CR4.VMXE = 0; check 4 asks for CR4.VMXE set")
        full.get_by_role("button", name="Apply the repair").click()
        playwright.expect(verdict).to_contain_text("success")
        playwright.expect(box).to_be_checked()
        full.get_by_role("combobox", name="CPL").select_option("3")
        playwright.expect(verdict).to_contain_text("#GP(0)")
        full.get_by_role("combobox", name="mode").select_option("virtual-8086")
        playwright.expect(verdict).to_contain_text("#UD")
        full.get_by_role("checkbox", name="EFER.LMA").click()
        playwright.expect(full).to_contain_text("No processor can be in this state")
        full.get_by_role("button", name="Nearest possible state").click()
        playwright.expect(full).not_to_contain_text("No processor can be in this state")
        question = page.locator(".jp-OutputArea-output", has=page.get_by_role("radio")).first
        question.get_by_role("radio", name="#UD").click()
        playwright.expect(question.locator("[role=status]")).to_contain_text("Right")
        outputs = '[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type="application/vnd.jupyter.error"]'
        assert page.locator(outputs).count() == 0
        browser.close()
