"""Pictures of every page of the built site, light and dark: `make screenshots`."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.progress import track

BUILD = Path(__file__).resolve().parent / "_build"
SITE, SHOTS = BUILD / "html", BUILD / "screenshots"
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


def main() -> None:
    pages = sorted([*SITE.glob("*.html"), *SITE.glob("course/*.html")])
    if not pages:
        sys.exit("there is no site yet: make site")
    SHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS.split()
        )
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
            for path in track(pages, description=scheme):
                page.goto(path.as_uri())
                page.wait_for_load_state("networkidle")
                page.wait_for_function(
                    "[...document.querySelectorAll('.math')].every((f) => f.querySelector('svg'))"
                )
                page.screenshot(
                    path=SHOTS / f"{path.stem}-{scheme}.png", full_page=True, animations="disabled"
                )
        browser.close()
    print(f"{2 * len(pages)} pictures in {SHOTS.relative_to(BUILD.parents[1])}/")


if __name__ == "__main__":
    main()
