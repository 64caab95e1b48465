"""The content security policy allows no inline style or script, so no template has one."""

import re

import pytest

from marketplace.local.environment import ROOT
from tests.architecture.source import files

# Mail programs know no stylesheet: styles of mails are inline by necessity.
MAILS = ROOT / "templates" / "emails"
INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*="),
    "a style element": re.compile(r"<style(?![^>]*\bnonce=)"),
    "a script element": re.compile(r"<script(?![^>]*\b(?:src|nonce)=)"),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*="),
    "a javascript address": re.compile(r"[\"']\s*javascript:", re.IGNORECASE),
}


def inline(text: str) -> list[str]:
    return [what for what, pattern in INLINE.items() if pattern.search(text)]


@pytest.mark.parametrize(
    "text",
    [
        '<p class="x" style="color: red">',
        "<style>p {}</style>",
        "<script>alert(1)</script>",
        '<button onclick="go()">',
        "<a href='javascript:go()'>",
    ],
)
def test_inline_things_are_found(text: str) -> None:
    assert len(inline(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "<script src=\"{% static 'js/x.js' %}\" defer></script>",
        '<script nonce="{{ csp_nonce }}">go()</script>',
        '<link rel="stylesheet" href="x.css">',
        '<button hx-post="/x" hx-on:click="">',
        '<svg><path d="M0 0" stroke-style="none"/></svg>',
    ],
)
def test_what_the_policy_allows_is_not(text: str) -> None:
    assert inline(text) == []


def test_no_template_has_an_inline_style_or_script() -> None:
    # The sandbox is another site, for developers, with a policy of its own.
    outside = {MAILS, ROOT / "sandbox", ROOT / "tests"}
    templates = [path for path in files(".html") if not outside & set(path.parents)]
    found = {str(path.relative_to(ROOT)): inline(path.read_text()) for path in templates}
    assert {path: what for path, what in found.items() if what} == {}
