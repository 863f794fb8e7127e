"""Providers answer, or say that they cannot be asked; there is no third thing."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tongbao.platform.project import configured
from tongbao.platform.providers.in_memory import in_memory_providers
from tongbao.platform.providers.ports import (
    AccountClaim,
    AccountVerdict,
    MailMessage,
    Place,
    ProviderUnavailableError,
    ReadingOutcome,
    ScreeningHit,
    TextMessage,
)
from tongbao.platform.providers.sandbox_http import SandboxProviders

CLAIM = AccountClaim(holder="张三", number="6200001234567890", bank="")


@contextmanager
def answering(status, body):
    """A server on the loopback that gives one answer and keeps what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, json.loads(content)))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield SandboxProviders(url=f"http://127.0.0.1:{server.server_port}"), asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_sandbox_is_asked_with_the_fields_of_its_endpoints():
    with answering(200, {"verdict": "name_mismatch", "deposit_id": "D1", "hits": []}) as (
        port,
        asked,
    ):
        port.send(TextMessage(to="+8619900001234", text="code 1"))
        assert port.verify(CLAIM) is AccountVerdict.NAME_MISMATCH
        assert port.send_one_fen(CLAIM, remark="123456", reference="ref") == "D1"
        assert port.screen("张三") == ()
        port.deliver(MailMessage(to="a@example.com", subject="Hello", text="code 1"))
    claim = {"holder": "张三", "number": "6200001234567890", "bank": ""}
    assert asked == [
        ("/gateway/sms", {"to": "+8619900001234", "text": "code 1"}),
        ("/bank/verify", claim),
        ("/bank/one-fen", {**claim, "remark": "123456", "reference": "ref"}),
        ("/gateway/screening", {"name": "张三"}),
        ("/gateway/mail", {"to": "a@example.com", "subject": "Hello", "text": "code 1"}),
    ]


def test_a_place_is_told_in_both_languages_or_not_at_all():
    for answer, place in (
        ({"place": {"zh": "北京", "en": "Beijing"}}, Place(zh="北京", en="Beijing")),
        ({"place": None}, None),
    ):
        with answering(200, answer) as (port, asked):
            assert port.place_of("192.0.2.1") == place
            assert asked == [("/gateway/places", {"address": "192.0.2.1"})]
    with (
        answering(200, {"place": "Beijing"}) as (port, _),
        pytest.raises(ProviderUnavailableError, match="places"),
    ):
        port.place_of("192.0.2.1")


def test_a_listed_name_is_told_with_its_list():
    hit = {"listed_name": "李四", "list_name": "sandbox", "likeness_percent": 92}
    with answering(200, {"hits": [hit]}) as (port, _):
        assert port.screen("李四儿") == (ScreeningHit(**hit),)


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, {}), (200, b"no json"), (200, []), (200, {}), (200, {"verdict": "yes", "hits": [{}]})],
)
def test_any_other_answer_is_no_answer(status, body):
    with answering(status, body) as (port, _):
        with pytest.raises(ProviderUnavailableError, match="bank"):
            port.verify(CLAIM)
        with pytest.raises(ProviderUnavailableError, match="bank"):
            port.send_one_fen(CLAIM, remark="1", reference="r")
        with pytest.raises(ProviderUnavailableError, match="screening"):
            port.screen("x")


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1", "http://127.0.0.1:9"])
def test_nobody_there_is_no_answer_and_the_error_tells_nothing_of_the_question(url):
    with pytest.raises(ProviderUnavailableError) as raised:
        SandboxProviders(url=url).verify(CLAIM)
    assert raised.value.provider == "bank"
    assert "张三" not in str(raised.value)
    assert "6200" not in repr(CLAIM)


def test_without_an_address_every_port_says_so_and_reading_is_not_installed():
    configured()
    from tongbao.platform.providers.registry import providers, using_providers

    none = providers()
    for ask in (
        lambda: none.sms.send(TextMessage(to="+86", text="")),
        lambda: none.mail.deliver(MailMessage(to="a@example.com", subject="", text="")),
        lambda: none.places.place_of("192.0.2.1"),
        lambda: none.bank.verify(CLAIM),
        lambda: none.bank.send_one_fen(CLAIM, remark="", reference=""),
        lambda: none.screening.screen("x"),
    ):
        with pytest.raises(ProviderUnavailableError):
            ask()
    assert none.documents.read("licence", b"").outcome is ReadingOutcome.NOT_INSTALLED
    with using_providers(in_memory_providers()) as others:
        assert providers() is others
    assert providers() is not others
