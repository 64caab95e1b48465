"""What the checks of pages rely on: of texts that look the same, one is looked at for contrast."""

from playwright.sync_api import Page

from tests.browser import violations

PALE = """<!doctype html><html lang="en"><head><title>Pale</title><style>
p, button { color: #777; background: #fff; font-size: 14px; border: 0 }
.dark { background: #999 }
</style></head><body><main><h1>Pale</h1>%s</main></body></html>"""


def found(page: Page, body: str) -> list[str]:
    page.set_content(PALE % body)
    return [
        node["html"]
        for one in violations(page)
        if one["id"] == "color-contrast"
        for node in one["nodes"]
    ]


def test_one_that_is_seen_stands_for_all_that_look_the_same(page: Page) -> None:
    alike = "<p hidden>Not seen</p><p style='visibility: hidden'>Nor this</p>"
    alike += "<button disabled>Off</button><p>First</p><p>Second</p>"
    assert [html for html in found(page, alike) if "<p" in html] == [
        '<p data-axe-look="">First</p>'
    ]


def test_another_ground_is_another_look(page: Page) -> None:
    assert len(found(page, "<p>On white</p><div class='dark'><p>On grey</p></div>")) == 2
    both = (
        "<div class='dark'><p>On its own</p><span><b style='color: #888'>On grey</b></span></div>"
    )
    assert len(found(page, both)) == 2
