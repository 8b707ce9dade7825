"""Waiting for an end instead of for seconds: what takes a moment on an idle machine takes many on a busy one."""

from collections.abc import Callable

from app_process import PATIENCE
from playwright.sync_api import Page

LOOK_EVERY = 50  # milliseconds
# Resolves once nothing in the page has changed for so many milliseconds and nothing that ends is still moving.
STILL = """([quiet, patience]) => new Promise((done, failed) => {
  const begun = performance.now();
  let changed = begun;
  const watcher = new MutationObserver(() => { changed = performance.now(); });
  watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  const moves = (one) => one.playState === "running" && Number.isFinite(one.effect.getComputedTiming().endTime);
  const look = () => {
    const now = performance.now();
    if (document.getAnimations().some(moves)) changed = now;
    if (now - changed < quiet && now - begun < patience) return void setTimeout(look, 20);
    watcher.disconnect();
    if (now - changed < quiet) failed(new Error("the page never stands still"));
    else done();
  };
  look();
})"""


def until(page: Page, ended: Callable[[], bool]) -> None:
    """Wait until this is so; whoever asks says afterwards what it should have been, for the message.

    Args:
        page: goes on meanwhile, with all that tests have put between it and the app.
        ended: asked again and again.
    """
    for _ in range(PATIENCE // LOOK_EVERY):
        if ended():
            return
        page.wait_for_timeout(LOOK_EVERY)


def still(page: Page, quiet: int) -> None:
    """Wait until nothing has changed or moved in the page for so many milliseconds."""
    page.evaluate(STILL, [quiet, PATIENCE])
