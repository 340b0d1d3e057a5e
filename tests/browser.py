"""A real JupyterLab on a loopback port and a real Chromium, for the browser test and the click benchmark."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
FIRST = "01-what-does-vmxon-ask-for.ipynb"
MINUTE = 60_000


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """Serve a copy of the notebooks, with settings of its own below `folder`; yield the address, and stop it again.

    A Jupyter server gives a shell to everyone it talks to, and every local user can reach the port.  So it asks for a
    token, which is part of the address; it gets it in the environment, because everyone can read a command line.
    """
    work = folder / "work"
    shutil.copytree(NOTEBOOKS, work, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    quiet = folder / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_urlsafe()
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
         f"--ServerApp.root_dir={work}", f"--LabApp.user_settings_dir={folder / 'settings'}",
         f"--LabApp.workspaces_dir={folder / 'workspaces'}", *(["--allow-root"] if os.geteuid() == 0 else [])],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ
        | {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "RUNTIME")}
        | {"JUPYTER_TOKEN": token},
    )  # fmt: skip
    try:
        for _ in range(240):
            if process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended with status {process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.25)
        yield f"http://127.0.0.1:{port}/?token={token}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def open_and_run(page: Any, address: str, notebook: str) -> None:
    """Open the notebook, run all of its cells, and wait until they have run."""
    server, token = address.split("?")
    page.goto(f"{server}doc/tree/{notebook}?reset&{token}", wait_until="domcontentloaded")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=MINUTE)
    idle = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
    page.wait_for_selector(idle, timeout=MINUTE)
    # The first "idle" comes before there is a kernel, and the next before it listens: what is run then is lost.
    page.wait_for_selector('.jp-Toolbar-kernelName:has-text("Python")', timeout=MINUTE)
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt")
    for _ in range(30):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
        page.wait_for_timeout(1000)
        if re.search("[0-9*]", prompts.first.inner_text()):
            break
    page.wait_for_selector(idle, timeout=MINUTE)
