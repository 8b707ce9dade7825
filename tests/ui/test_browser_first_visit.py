"""What a browser asks for that was never here: a handful of files, from which the page stands and works."""

import pytest
from playwright.sync_api import Browser, expect


@pytest.mark.parametrize("path", ["/", "/zh"])
def test_a_first_visit_asks_for_a_handful_of_files(browser: Browser, address: str, path: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        asked: list[str] = []
        failed: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.goto(address + path)
        expect(page.locator(".panel")).to_have_count(3)
        page.locator(".bits-and-buttons button.primary").click()
        expect(page.locator(".panel.entered .verdict.right")).to_have_count(1)
        files = [url.rpartition(".")[2] for url in asked if url.startswith(f"{address}/assets/")]
        assert sorted(files) == ["css", "json"], files
        assert failed == []


def test_a_browser_without_import_maps_takes_gradios_own_files(browser: Browser, address: str) -> None:
    with browser.new_context() as context:
        context.add_init_script("HTMLScriptElement.supports = () => false")
        page = context.new_page()
        page.goto(address)
        expect(page.locator(".panel")).to_have_count(3)


def test_a_page_at_rest_asks_for_no_frames(browser: Browser, address: str) -> None:
    with browser.new_context() as context:
        context.add_init_script(
            "const asked = requestAnimationFrame; window.last = 0;"
            "window.requestAnimationFrame = (then) => { window.last = performance.now(); return asked(then); };"
        )
        page = context.new_page()
        page.goto(address)
        expect(page.locator(".panel")).to_have_count(3)
        assert page.evaluate("last > 0")
        page.wait_for_function("performance.now() - last > 1500", polling=100)
