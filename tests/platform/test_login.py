"""Logging in and out: throttled, protected, and never with a default password."""

import pytest

from tests.platform.conftest import add_user, browser_of, django_on
from tests.platform.seed import seed
from tongbao.platform.accounts.services import (
    StaffError,
    create_first_staff,
    create_staff,
    generated_password,
)
from tongbao.platform.accounts.throttle import Attempt, delay_s, wait_s

PASSWORD = "correct-horse-battery-9"
LOGIN = "/console/login/"
SECOND = 1_000_000


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    from tongbao.platform.accounts import attempts

    class Clock:
        now_ns = 1_795_226_400_000_000_000

        def time_ns(self):
            return self.now_ns

        def forward(self, seconds):
            self.now_ns += seconds * 1_000_000_000

    moving = Clock()
    monkeypatch.setattr(attempts, "time", moving)
    return moving


@pytest.fixture
def person(django_sqlite):
    return add_user("lilei", password=PASSWORD)


def log_in(browser, name="lilei", password=PASSWORD):
    return browser.post(LOGIN, {"username": name, "password": password})


def test_the_right_password_opens_the_console(person):
    browser = browser_of()
    answer = log_in(browser)
    assert (answer.status_code, answer["Location"]) == (302, "/console/")
    assert browser.get("/console/")["Location"] == "/console/second-step/?next=%2Fconsole%2F"


@pytest.mark.parametrize(("name", "password"), [("lilei", "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(person, name, password):
    answer = log_in(browser_of(), name, password)
    assert answer.status_code == 200
    assert "Wrong name or password." in answer.content.decode()


def test_guessing_gets_slower_and_the_right_password_waits_too(person, clock):
    browser = browser_of()
    for _ in range(5):
        assert "Wrong name" in log_in(browser, password="guess").content.decode()
    assert "Try again in 2 seconds." in log_in(browser).content.decode()
    clock.forward(2)
    assert "Wrong name" in log_in(browser, password="guess").content.decode()
    assert "Try again in 4 seconds." in log_in(browser).content.decode()
    clock.forward(3)
    assert "Try again in 1 second." in log_in(browser).content.decode()
    clock.forward(1)
    assert log_in(browser).status_code == 302


def test_a_success_forgives_the_failures_before_it(person, clock):
    browser = browser_of()
    for _ in range(4):
        log_in(browser, password="guess")
    assert log_in(browser).status_code == 302
    for _ in range(4):
        log_in(browser_of(), password="guess")
    assert log_in(browser_of()).status_code == 302


def test_an_address_that_tries_many_names_is_slowed_down(person, clock):
    for number in range(20):
        log_in(browser_of(), name=f"name{number}")
    assert "Try again in 2 seconds." in log_in(browser_of(), name="lilei").content.decode()
    assert log_in(browser_of(REMOTE_ADDR="127.0.0.9")).status_code == 302


def test_without_a_proxy_its_header_is_not_believed(person, clock):
    for number in range(5):
        browser_of(HTTP_X_FORWARDED_FOR=f"10.0.0.{number}").post(
            LOGIN, {"username": "lilei", "password": "guess"}
        )
    from tongbao.platform.accounts.models import LoginAttempt

    assert set(LoginAttempt.objects.values_list("address", flat=True)) == {"127.0.0.1"}


def test_attempts_are_kept_without_the_typed_name(person):
    log_in(browser_of(), name="hunter2-typed-in-the-wrong-field")
    from tongbao.platform.accounts.models import LoginAttempt

    attempt = LoginAttempt.objects.get()
    assert not attempt.succeeded
    assert len(attempt.name_digest) == 64


@pytest.mark.parametrize(
    ("failures", "delay"), [(0, 0), (4, 0), (5, 2), (6, 4), (7, 8), (11, 128), (12, 256), (99, 300)]
)
def test_the_delay_doubles_up_to_its_maximum(failures, delay):
    assert delay_s(failures, free_failures=5, delay_max_s=300) == delay


def test_the_wait_counts_from_the_newest_failure():
    failed = [Attempt(at_us=second * SECOND, succeeded=False) for second in (9, 8, 7, 6, 5)]
    options = {"free_failures": 5, "delay_max_s": 300}
    assert wait_s(failed, 10 * SECOND, **options) == 1
    assert wait_s(failed, 9 * SECOND + 1, **options) == 2
    assert wait_s(failed, 11 * SECOND, **options) == 0
    assert wait_s([Attempt(10 * SECOND, succeeded=True), *failed], 10 * SECOND, **options) == 0
    assert wait_s([], 0, **options) == 0


@pytest.mark.parametrize("address", [LOGIN, "/console/logout/", "/language/setlang/"])
def test_a_form_without_its_token_is_refused(person, address):
    browser = browser_of(person, enforce_csrf_checks=True)
    answer = browser.post(address, {"username": "lilei", "password": PASSWORD, "language": "en"})
    assert answer.status_code == 403
    assert "The page was open too long" in answer.content.decode()


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(person):
    browser = browser_of()
    browser.get(LOGIN)
    log_in(browser)
    session, csrf = browser.cookies["tongbao_session"], browser.cookies["tongbao_csrf"]
    assert (session["httponly"], session["samesite"], session["max-age"]) == (True, "Lax", 3600)
    assert (csrf["httponly"], csrf["samesite"]) == (True, "Strict")


def test_logging_out_ends_the_session_and_needs_a_post(person):
    browser = browser_of(person)
    assert browser.get("/console/logout/").status_code == 405
    assert browser.get("/console/").status_code == 200
    answer = browser.post("/console/logout/")
    assert (answer.status_code, answer["Location"]) == (302, LOGIN)
    assert browser.get("/console/").status_code == 302


def test_logging_in_never_leads_to_another_site(person):
    answer = browser_of().post(
        f"{LOGIN}?next=https://evil.example/", {"username": "lilei", "password": PASSWORD}
    )
    assert answer["Location"] == "/console/"


def test_another_host_name_is_refused(person):
    assert browser_of().get(LOGIN, headers={"host": "evil.example"}).status_code == 400


def test_each_answer_carries_the_security_headers(person):
    for address in (LOGIN, "/console/", "/nowhere"):
        headers = browser_of(person).get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "'unsafe-inline'" not in policy.split("style-src")[0]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_pages_with_records_are_not_cached(person):
    assert "no-store" in browser_of(person).get("/console/")["Cache-Control"]


def test_a_weak_new_password_is_refused(person):
    browser = browser_of(person)
    for new in ("short", "123456789012", "lilei-lilei"):
        answer = browser.post(
            "/console/password_change/",
            {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
        )
        assert answer.status_code == 200
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_the_first_person_gets_a_generated_password_once(sqlite_url):
    password = create_first_staff(sqlite_url, "admin")
    assert password is not None
    assert create_first_staff(sqlite_url, "admin") is None
    with django_on(sqlite_url):
        assert log_in(browser_of(), "admin", password).status_code == 302


def test_generated_passwords_differ_and_are_long():
    passwords = {generated_password() for _ in range(50)}
    assert len(passwords) == 50
    assert {len(password) for password in passwords} == {23}


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("wang", "qzxvj", "at least 12"),
        ("wang", "password1234", "too common"),
        ("wang", "836275918364", "entirely numeric"),
        ("wangxiaoming", "wangxiaoming1", "too similar"),
        ("wang wu", PASSWORD, "valid username"),
        ("LILEI", PASSWORD, "of this name"),
    ],
)
def test_a_weak_password_or_a_bad_name_is_refused(sqlite_url, name, password, why):
    create_staff(sqlite_url, "lilei", PASSWORD)
    with pytest.raises(StaffError, match=why) as caught:
        create_staff(sqlite_url, name, password)
    assert password not in str(caught.value)
    with django_on(sqlite_url):
        from tongbao.platform.accounts.models import User

        assert list(User.objects.values_list("username", flat=True)) == ["lilei"]


def test_no_password_is_kept_in_clear(sqlite_url, tmp_path):
    from django.test import override_settings

    from tongbao.platform import django_settings

    with override_settings(PASSWORD_HASHERS=django_settings.PASSWORD_HASHERS):
        create_staff(sqlite_url, "lilei", PASSWORD)
    with django_on(sqlite_url):
        from tongbao.platform.accounts.models import User

        password = User.objects.get().password
    assert password.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
    seed(sqlite_url)
    for file in tmp_path.iterdir():
        assert PASSWORD.encode() not in file.read_bytes()
