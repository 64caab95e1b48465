from pathlib import Path

import pytest
from playwright.sync_api import Browser

from marketplace.local import chromium


def program(path: Path, status: int) -> Path:
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_the_named_one_is_used_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = program(tmp_path / "mine", 0)
    monkeypatch.setenv("CHROMIUM", str(named))
    assert chromium.find() == named


def test_a_named_one_that_does_not_run_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", str(program(tmp_path / "mine", 1)))
    with pytest.raises(SystemExit, match="which does not run"):
        chromium.find()


def test_one_that_does_not_run_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = program(tmp_path / "works", 0)
    places = [tmp_path / "absent", program(tmp_path / "broken", 127), works]
    monkeypatch.setattr(chromium, "_places", lambda: iter(places))
    assert chromium.find() == works


def test_ways_of_installing_are_tried_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def fails() -> None:
        """The first way"""
        tried.append("first")
        raise OSError("no network")

    def works() -> None:
        """The second way"""
        tried.append("second")
        program(tmp_path / "chromium", 0)

    monkeypatch.setattr(chromium, "_places", lambda: iter([tmp_path / "chromium"]))
    monkeypatch.setattr(chromium, "_install_with_playwright", fails)
    monkeypatch.setattr(chromium, "_install_with_apt", works)
    monkeypatch.setattr(chromium, "_install_with_npm", fails)
    assert chromium.find_or_install() == tmp_path / "chromium"
    assert tried == ["first", "second"]


def test_without_any_the_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "_places", lambda: iter([]))
    for way in ("playwright", "apt", "npm"):
        monkeypatch.setattr(chromium, f"_install_with_{way}", lambda: None)
    with pytest.raises(SystemExit, match="apt-get install chromium"):
        chromium.find_or_install()


def test_the_browser_of_the_journeys_shows_a_page(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<p>Held payment</p>")
    assert page.get_by_text("Held payment").is_visible()
    page.close()
