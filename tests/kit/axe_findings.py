"""What axe-core's rules for WCAG 2.2 AA find on a page that stands."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOUR = ["color-contrast", "link-in-text-block"]
# Findings inside Gradio's own widgets that the page cannot mend: (rule, part of the element's address) and why.
ALLOWED: dict[tuple[str, str], str] = {}
# Colours fade in; what moves for ever, as a bar of work that goes on, is not waited for.
FADED = """() => new Promise((done) => setTimeout(done, 300)).then(() => {
  const ends = (one) => Number.isFinite(one.effect.getComputedTiming().endTime);
  return Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished)).then(() => null);
})"""
# Tabs that are not shown are out of the page meanwhile: axe finds nothing in them, and takes long to see that. The
# first stays: without it the page wears the colours in which it waits for Gradio.
ASIDE = """() => {
  const [, ...others] = document.querySelectorAll("#tabs > [role=tabpanel]");
  window.putBack = others.filter((one) => !one.offsetHeight).map((one) => {
    const place = document.createComment("");
    one.replaceWith(place);
    return () => place.replaceWith(one);
  });
}"""
VIOLATIONS = "async (options) => (await axe.run(document, options)).violations"
BACK = "() => putBack.forEach((put) => put())"


def findings(page: Page, *, of_colour: bool = False) -> list[str]:
    """Serious and critical ones, and headings out of order, but for those that are allowed; of all rules or of two."""
    page.evaluate(FADED)
    only = {"type": "rule", "values": OF_COLOUR} if of_colour else {"type": "tag", "values": RULES}
    options = {"runOnly": only, "resultTypes": ["violations"]}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    page.evaluate(ASIDE)
    try:
        found = page.evaluate(VIOLATIONS, options)
    finally:
        page.evaluate(BACK)
    return [
        f"{one['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical") or one["id"] == "heading-order"
        for node in one["nodes"]
        if not any(one["id"] == rule and part in str(node["target"]) for rule, part in ALLOWED)
    ]
