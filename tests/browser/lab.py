"""JupyterLab on this machine, and a browser that looks at it as a learner does."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

import psutil

EXTENSION = Path(__file__).resolve().parents[2] / "course" / "plots" / "alt_text"
PATIENCE = 300  # seconds that a busy machine may take for one step
QUIET = (
    "--no-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
    "--ServerApp.terminals_enabled=False",
    "--ServerApp.allow_root=True",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


class Lab(NamedTuple):
    """A running JupyterLab; url ends in a slash."""

    url: str
    token: str
    folder: Path

    def ask(self, path: str, method: str = "GET") -> bytes:
        headers = {"Authorization": f"token {self.token}"}
        with urlopen(Request(self.url + path, method=method, headers=headers), timeout=PATIENCE) as answer:
            return answer.read()

    def stop_kernels(self) -> None:
        for session in json.loads(self.ask("api/sessions")):
            self.ask(f"api/sessions/{session['id']}", "DELETE")


@contextmanager
def running_lab(folder: Path, home: Path) -> Iterator[Lab]:
    """Serve a folder; settings, logs and the like stay in `home`. At the end no process is left.

    Raises: RuntimeError with the last lines of the log if JupyterLab does not come up.
    """
    token = secrets.token_hex()
    places = (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "IPYTHONDIR",
    )
    environment = os.environ | {name: str(home / name.lower()) for name in places} | {"JUPYTER_TOKEN": token}
    # What is installed may be older than what stands here.
    shutil.copytree(EXTENSION, home / "jupyter_data_dir" / "labextensions" / "course-alt-text")
    # JupyterLab 4.4 keeps cells that are out of sight out of the page, where no test finds them.
    settings = home / "jupyterlab_settings_dir" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"windowingMode": "none"}', encoding="utf-8")
    log = home / "lab.log"
    with open(log, "wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *QUIET, f"--ServerApp.root_dir={folder}"],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    lab = None
    try:
        lab = Lab(_url(server, Path(environment["JUPYTER_RUNTIME_DIR"]), log), token, folder)
        yield lab
    finally:
        _stop(server, lab)


def _url(server: subprocess.Popen, runtime: Path, log: Path) -> str:
    """Wait for the file in which the server says where it is, and for its first answer."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                url = json.loads(path.read_text(encoding="utf-8"))["url"]
                with urlopen(f"{url}api", timeout=PATIENCE):
                    return url
            except (OSError, ValueError):  # not all is written yet, or nobody listens yet
                pass
        time.sleep(0.1)
    last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
    raise RuntimeError(f"JupyterLab did not come up, exit status {server.poll()}: see its log\n{last}")


def _stop(server: subprocess.Popen, lab: Lab | None) -> None:
    """Ask the server to end with its kernels, and end what is left."""
    try:
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    try:
        if lab and server.poll() is None:
            lab.ask("api/shutdown", "POST")
        else:
            server.kill()
    except OSError:
        server.kill()
    left = psutil.wait_procs(family, timeout=30)[1]
    for process in left:
        process.kill()
    server.wait()


@contextmanager
def browser_context(executable: str) -> Iterator:
    """A window of a headless browser that knows no name but this machine's; playwright's BrowserContext."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=executable, args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        )
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        context.set_default_timeout(1000 * PATIENCE)
        try:
            yield context
        finally:
            browser.close()
