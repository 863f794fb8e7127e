"""Whoever counts in one process counts for all: limits stand in a table of the database."""

from tongbao.platform import django_settings


def test_a_count_made_by_one_process_is_seen_by_another(django_sqlite):
    from django.core.cache import caches
    from django.test import override_settings

    with override_settings(CACHES=django_settings.CACHES):
        one, other = caches.create_connection("default"), caches.create_connection("default")
        assert one.add("login:192.0.2.7", [1.0], 60) is True
        assert other.add("login:192.0.2.7", [2.0], 60) is False
        assert other.get("login:192.0.2.7") == [1.0]
        other.set("login:192.0.2.7", [3.0, 1.0], 60)
        assert one.get("login:192.0.2.7") == [3.0, 1.0]
        one.delete("login:192.0.2.7")
        assert other.get("login:192.0.2.7") is None


def test_the_list_of_known_passwords_is_in_the_package_and_asks_nobody(django_sqlite, monkeypatch):
    import socket

    import pytest
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    def refuse(*_args, **_more):
        raise AssertionError("a password must not leave this machine")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(ValidationError) as refused:
        validate_password("1q2w3e4r5t6y")
    assert [one.code for one in refused.value.error_list] == ["password_too_common"]
    validate_password("correct-horse-battery-9")
