"""The first notebook in a real JupyterLab in a real Chromium: run it all, click, and see the verdict change."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "01-vmxon.ipynb"
MINUTE = 60_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """JupyterLab on a loopback port, on a copy of the notebook, with settings of its own."""
    work = tmp_path / "work"
    work.mkdir()
    shutil.copy(NOTEBOOK, work)
    quiet = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
         f"--ServerApp.port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={work}",
         f"--LabApp.user_settings_dir={tmp_path / 'settings'}", f"--LabApp.workspaces_dir={tmp_path / 'workspaces'}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")},
    )  # fmt: skip
    try:
        for _ in range(240):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.25)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run_all(page: Any) -> None:
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=MINUTE)
    idle = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
    page.wait_for_selector(idle, timeout=MINUTE)
    page.wait_for_timeout(2000)  # the first "idle" comes before the kernel listens
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
    page.wait_for_timeout(1000)
    page.wait_for_selector(idle, timeout=MINUTE)


def test_a_click_changes_the_verdict(server: str) -> None:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 6000})
        page.goto(f"{server}/doc/tree/{NOTEBOOK.name}?reset", wait_until="domcontentloaded")
        run_all(page)
        verdict = page.locator(".widget-html [role=status]")
        playwright.expect(verdict).to_contain_text("success", timeout=MINUTE)
        box = page.get_by_role("checkbox", name="CR4.VMXE")
        box.click()
        playwright.expect(verdict).to_contain_text("#UD")
        playwright.expect(verdict).to_contain_text("CR4.VMXE set")
        box.click()
        playwright.expect(verdict).to_contain_text("success")
        page.get_by_role("combobox", name="CPL").select_option("3")
        playwright.expect(verdict).to_contain_text("#GP(0)")
        page.keyboard.press("ArrowUp")
        outputs = '[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type="application/vnd.jupyter.error"]'
        assert page.locator(outputs).count() == 0
        browser.close()
