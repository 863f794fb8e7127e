"""The platform serves the built portal: the right file, kept as long as it may be, well guarded."""

import gzip
import json

import pytest

from tests.platform.conftest import browser_of
from tongbao.platform.portal import views
from tongbao.platform.portal.pages import BuiltPages

LONG_SCRIPT = "const a = 1;\n" * 200


@pytest.fixture
def dist(tmp_path, monkeypatch):
    """A built portal of a few small files, in place of the real one."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    for name, text in {
        "index.html": "<title>portal</title>",
        "worker.js": "self",
        "offline.html": "<title>offline</title>",
        "offline.css": "a{}",
        "manifest.webmanifest": json.dumps({"name": "Tongbao"}),
        "assets/main-1.js": LONG_SCRIPT,
        ".built-from": "hash",
    }.items():
        (folder / name).write_text(text)
    (tmp_path / "secret.js").write_text("secret")
    monkeypatch.setattr(views, "_pages", BuiltPages(folder))
    return folder


@pytest.fixture
def browser(django_sqlite):
    return browser_of()


@pytest.mark.parametrize("address", ["/", "/portal/", "/portal/login", "/portal/m/a/payments/1"])
def test_every_address_of_the_portal_gets_the_one_page(dist, browser, address):
    answer = browser.get(address)
    assert (answer.status_code, answer.content) == (200, b"<title>portal</title>")
    assert answer["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("address", ["/", "/portal/worker.js", "/portal/assets/main-1.js"])
def test_the_policy_lets_nothing_be_evaluated_and_nothing_come_from_elsewhere(
    dist, browser, address
):
    policy = browser.get(address)["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "camera=(self)" in browser.get(address)["Permissions-Policy"]


def test_the_console_keeps_its_own_policy(dist, browser):
    assert "camera=()" in browser.get("/console/login/")["Permissions-Policy"]


def test_a_script_is_packed_and_kept_for_ever(dist, browser):
    answer = browser.get("/portal/assets/main-1.js", headers={"accept-encoding": "br, gzip"})
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert gzip.decompress(answer.content).decode() == LONG_SCRIPT
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_browser_without_gzip_gets_it_plain(dist, browser):
    answer = browser.get("/portal/assets/main-1.js", headers={"accept-encoding": "identity"})
    assert "Content-Encoding" not in answer
    assert answer.content.decode() == LONG_SCRIPT


@pytest.mark.parametrize(
    ("address", "content_type"),
    [
        ("/portal/worker.js", "text/javascript; charset=utf-8"),
        ("/portal/manifest.webmanifest", "application/manifest+json; charset=utf-8"),
        ("/portal/offline.html", "text/html; charset=utf-8"),
        ("/portal/offline.css", "text/css; charset=utf-8"),
    ],
)
def test_files_whose_name_stays_are_asked_for_each_time(dist, browser, address, content_type):
    answer = browser.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, content_type)
    assert answer["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["none.js", "..%2f..%2fsecret.js", ".built-from", "..%2f.built-from", "main-1.js.map"]
)
def test_what_is_not_built_is_not_served(dist, browser, name):
    answer = browser.get(f"/portal/assets/{name}")
    assert b"secret" not in answer.content
    assert b"hash" not in answer.content
    assert answer.status_code in (200, 404)
    if answer.status_code == 200:  # An address like any other: the page says that there is nothing.
        assert answer.content == b"<title>portal</title>"


def test_pages_cannot_be_written_to(dist, browser):
    assert browser.post("/portal/login").status_code == 405


def test_an_unbuilt_portal_says_how_to_build_it_and_where_the_console_is(
    browser, tmp_path, monkeypatch
):
    monkeypatch.setattr(views, "_pages", BuiltPages(tmp_path))
    answer = browser.get("/")
    assert answer.status_code == 503
    assert "scripts/build_web.py" in answer.content.decode()
    assert 'href="/console/"' in answer.content.decode()


def test_a_page_learns_its_token_and_its_world_and_nobody_keeps_them(dist, browser):
    answer = browser.get("/portal/start")
    assert answer["Cache-Control"] == "no-store"
    assert answer.json().keys() == {"csrf_token", "sandbox"}
    assert answer.json()["sandbox"] is False
    assert "tongbao_csrf" in answer.cookies
