"""A real browser on the UI: Debian's chromium, in a new profile, that keeps what it saw where a test fails."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Error, Page, Response, sync_playwright

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = {"width": 1440, "height": 900}


def require_chromium() -> None:
    """Skip where chromium is not installed; in CI, fail."""
    if not CHROMIUM:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("chromium is not installed: .ci/install-debian-packages")


@dataclass(frozen=True)
class FilePage:
    """A page, what its scripts and its console complained of, and what it asked for."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def open_page(url: str, profile: Path, errors: list[str]) -> Iterator[Page]:
    """A page at `url` without Dagster's dialog of the first visit; `errors` gathers what went wrong in its scripts."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=list(FLAGS), viewport=SIZE, color_scheme="light"
        )
        try:
            page = context.pages[0]
            page.set_default_timeout(60_000)
            page.on("pageerror", lambda error: errors.append(str(error)))
            with page.expect_response(_asks_for_the_dialog) as answer:
                page.goto(url)
            if answer.value.json()["data"]["shouldShowNux"]:  # until somebody has closed it in this deployment
                page.get_by_role("button", name="Skip").click()
            yield page
        finally:
            context.close()


@contextmanager
def open_file(
    path: Path, profile: Path, *, width: int, color_scheme: Literal["dark", "light"] = "light"
) -> Iterator[FilePage]:
    """A page that is a file, as wide as some screen."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            args=list(FLAGS),
            viewport={"width": width, "height": 900},
            color_scheme=color_scheme,
        )
        try:
            opened = FilePage(context.pages[0])
            opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
            opened.page.on("console", lambda message: opened.errors.append(message.text))
            opened.page.on("request", lambda request: opened.requests.append(request.url))
            opened.page.goto(path.as_uri())
            yield opened
        finally:
            context.close()


def _asks_for_the_dialog(response: Response) -> bool:
    return "/graphql" in response.url and "shouldShowNux" in (response.request.post_data or "")


@contextmanager
def evidence(page: Page, folder: Path) -> Iterator[None]:
    """Keep the page's picture and text in `folder` if the block fails."""
    try:
        yield
    except (AssertionError, Error) as error:
        page.screenshot(path=folder / "failed.png")
        (folder / "failed.txt").write_text(page.inner_text("body"))
        error.add_note(f"The page as it was: {folder}/failed.png, {folder}/failed.txt")
        raise
