"""`tongbao platform …` from the outside."""

import http.client
import io
import socket
import sqlite3
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.platform.conftest import browser_of, django_on
from tests.platform.running import running_console, write_settings
from tests.platform.seed import MERCHANT, seed
from tests.platform.seed_beside import seed_families
from tongbao.app.cli import main
from tongbao.app.processes import Part
from tongbao.platform.payments.traces.document import TraceKey, read_trace
from tongbao.platform.registry import register_merchant
from tongbao.platform.server import serve
from tongbao.platform.settings import PlatformSettings


def get(base, path, **headers):
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    with closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def test_serving_says_where_and_ends_cleanly_on_sigterm(tmp_path):
    with running_console(tmp_path) as console:
        assert console.part.ready["ready"] == "platform"
        status, headers, body = get(console.base, "/console/login/")
        assert status == 200
        assert b"Operations console" in body
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        status, headers, body = get(console.base, "/static/console/coin.svg")
        assert (status, headers["Content-Type"]) == (200, "image/svg+xml")
        status, headers, body = get(console.base, "/static/unfold/js/app.js")
        assert status == 200
        assert console.part.stop() == 0
    log = (tmp_path / "console.log").read_text()
    assert "Traceback" not in log


def test_serving_on_a_real_postgresql(tmp_path, postgresql_url):
    settings = write_settings(tmp_path, postgresql_url)
    part = Part("platform", ["platform", "serve", "--config", str(settings)], tmp_path / "log")
    with part:
        assert get(f"http://{part.ready['address']}", "/console/login/")[0] == 200


def test_a_busy_port_is_said_in_words(tmp_path, sqlite_url, capsys):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        settings = write_settings(tmp_path, sqlite_url)
        settings.write_text(settings.read_text().replace("= 0", f"= {port}"))
        part = Part("platform", ["platform", "serve", "--config", str(settings)], tmp_path / "log")
        with pytest.raises(Exception, match=f"cannot listen on 127.0.0.1:{port}"):
            part.start()
    assert part.exit_code() == 3


@pytest.mark.parametrize("content", [None, "too short"])
def test_without_a_proper_key_nothing_is_served(tmp_path, sqlite_url, content):
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content)
    said = []
    with pytest.raises((OSError, ValueError)):
        serve(sqlite_url, PlatformSettings(listen_port=0, secret_key_file=file), said.append)
    assert said == []


def test_a_database_of_another_version_is_not_served(tmp_path):
    settings = write_settings(tmp_path, f"sqlite:///{tmp_path / 'bare.db'}")
    part = Part("platform", ["platform", "serve", "--config", str(settings)], tmp_path / "log")
    with pytest.raises(Exception, match="tongbao platform migrate"):
        part.start()
    assert part.exit_code() == 3


@pytest.mark.parametrize(
    "values", [{"listen_port": 65_536}, {"threads": 0}, {"session_idle_minutes": 0}]
)
def test_senseless_settings_are_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        PlatformSettings(**values)


def test_behind_a_tls_proxy_cookies_are_for_https_only(secret_key_file):
    from tongbao.platform.project import serving

    values = serving(
        PlatformSettings(
            secret_key_file=secret_key_file, behind_https=True, allowed_hosts=("ops.example",)
        )
    )
    assert values["SESSION_COOKIE_SECURE"] is True
    assert values["CSRF_COOKIE_SECURE"] is True
    assert values["CSRF_TRUSTED_ORIGINS"] == ["https://ops.example"]
    assert values["SECURE_HSTS_SECONDS"] > 0
    assert "ops.example" in values["ALLOWED_HOSTS"]
    plain = serving(PlatformSettings(secret_key_file=secret_key_file))
    assert plain["SESSION_COOKIE_SECURE"] is False
    assert "SECURE_PROXY_SSL_HEADER" not in plain


def test_migrate_makes_the_database(tmp_path):
    settings = write_settings(tmp_path, "sqlite:///new.db")
    assert main(["platform", "migrate", "--config", str(settings)]) == 0
    assert main(["platform", "migrate", "--config", str(settings)]) == 0
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        assert connection.execute("SELECT count(*) FROM fleet_terminal").fetchone() == (0,)


def test_a_created_person_can_log_in_with_the_password_shown(tmp_path, sqlite_url, capsys):
    settings = write_settings(tmp_path, sqlite_url)
    assert main(["platform", "create-staff", "--config", str(settings), "--name", "han"]) == 0
    name, _, password = capsys.readouterr().out.strip().partition(": ")
    with django_on(sqlite_url):
        answer = browser_of().post("/console/login/", {"username": name, "password": password})
        assert answer.status_code == 302


def test_a_password_may_come_from_standard_input(tmp_path, sqlite_url, capsys, monkeypatch):
    settings = write_settings(tmp_path, sqlite_url)
    command = ["platform", "create-staff", "--config", str(settings), "--name", "han"]
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main([*command, "--password-stdin"]) == 4
    monkeypatch.setattr("sys.stdin", io.StringIO("correct-horse-battery-9\n"))
    assert main([*command, "--password-stdin"]) == 0
    assert "correct-horse" not in "".join(capsys.readouterr())


def test_a_terminal_is_registered_for_a_known_merchant_only(tmp_path, sqlite_url, capsys):
    settings = write_settings(tmp_path, sqlite_url)
    command = ["platform", "register-terminal", "--config", str(settings), "--terminal", "00000007"]
    command += ["--merchant", MERCHANT.merchant_id, "--label", "门口"]
    assert main(command) == 4
    assert "is not registered" in capsys.readouterr().err
    register_merchant(sqlite_url, MERCHANT)
    assert main(command) == 0
    with django_on(sqlite_url):
        from tongbao.platform.fleet.models import Terminal

        assert Terminal.objects.get().label == "门口"


@pytest.fixture
def traced(tmp_path, sqlite_url):
    """A settings file beside which the key for traces stands, over seeded families."""
    seed(sqlite_url)
    seed_families(sqlite_url)
    (tmp_path / "platform-trace-key").write_text("1f" * 32)
    return write_settings(tmp_path, sqlite_url)


def test_a_trace_is_told_as_a_story(traced, capsys):
    command = ["platform", "trace", "--config", str(traced), "--rrn", "500000000003"]
    assert main(command) == 0
    story = capsys.readouterr().out
    for part in (
        "  sale 500000000002: approved",
        "* refund 500000000003: approved",
        "amount 50.00 (156), card 620000*********0128, original 500000000002",
        "terminal → host           0220  F3=200000 F4=000000005000 F60=25000005",
        "           host → issuer  0220",
        "+1.230 s  = approved 00",
    ):
        assert part in story
    assert main([*command[:-1], "nothing"]) == 4
    assert "no payment with the reference number 'nothing'" in capsys.readouterr().err


def test_a_trace_file_is_saved_verified_and_refused_when_changed(traced, tmp_path, capfdbinary):
    command = ["platform", "trace", "--config", str(traced), "--rrn", "500000000003", "--json"]
    assert main(command) == 0
    data = capfdbinary.readouterr().out
    assert read_trace(data, TraceKey(b"\x1f" * 32)).subject == "500000000003"
    file = tmp_path / "trace.json"
    file.write_bytes(data)
    verify = ["platform", "verify-trace", "--config", str(traced), "--file", str(file)]
    assert main(verify) == 0
    assert b"whole and ours: 500000000003, 3 payments" in capfdbinary.readouterr().out
    file.write_bytes(data.replace(b'"trace": 103', b'"trace": 104'))
    assert main(verify) == 4
    assert b"changed" in capfdbinary.readouterr().err


def test_without_a_key_no_trace_is_signed_or_verified(traced, tmp_path, capsys):
    key = tmp_path / "platform-trace-key"
    commands = (["trace", "--rrn", "500000000003", "--json"], ["verify-trace", "--file", "x"])
    for content in ("secret and short", None):
        key.unlink() if content is None else key.write_text(content)
        for command in commands:
            assert main(["platform", *command, "--config", str(traced)]) == 3
            said = capsys.readouterr()
            assert said.out == ""
            assert "the key for trace files" in said.err
            assert "secret" not in said.err


def test_a_missing_settings_file_is_said_in_words(tmp_path, capsys):
    for verb in ("serve", "migrate"):
        assert main(["platform", verb, "--config", str(tmp_path / "none.toml")]) == 4
        assert "does not exist" in capsys.readouterr().err
