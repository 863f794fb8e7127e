"""The PostgreSQL that demos, benchmarks and tests start for themselves."""

import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tongbao.app import postgresql
from tongbao.app.postgresql import PostgresqlMissingError, PrivatePostgresql, find_binaries

START_AND_WAIT = """
import sys
from tongbao.app.postgresql import PrivatePostgresql
server = PrivatePostgresql().start()
print(server.data_folder, server.socket_folder, flush=True)
sys.stdin.read()
"""


def postmaster_of(server):
    return int((server.data_folder / "postmaster.pid").read_text().split()[0])


def setting(url, name):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0]


def test_it_flushes_and_listens_on_no_port(postgresql_server):
    url = postgresql_server.url
    assert setting(url, "fsync") == "on"
    assert setting(url, "synchronous_commit") == "on"
    assert setting(url, "full_page_writes") == "on"
    assert setting(url, "listen_addresses") == ""


def test_only_the_owner_can_reach_it(postgresql_server):
    for folder in (postgresql_server.socket_folder, postgresql_server.data_folder):
        assert folder.stat().st_mode & 0o077 == 0


def test_it_does_not_run_as_root(postgresql_server):
    process = Path(f"/proc/{postmaster_of(postgresql_server)}")
    assert process.stat().st_uid != 0
    if os.geteuid() == 0:
        assert process.stat().st_uid == pwd.getpwnam("postgres").pw_uid


def test_errors_reach_the_log_without_the_values_that_caused_them(postgresql_server):
    with (
        psycopg.connect(postgresql_server.url, autocommit=True) as connection,
        pytest.raises(psycopg.errors.InvalidTextRepresentation),
    ):
        connection.execute("SELECT '6200001234567890128x'::bigint")
    log = (postgresql_server.data_folder.parent / "postgresql.log").read_text()
    assert "SELECT" not in log


def test_a_database_can_be_made_as_a_copy(postgresql_server):
    url = postgresql_server.create_database("first")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    copy = postgresql_server.create_database("second", template="first")
    with psycopg.connect(copy) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]


def test_a_second_start_finds_the_data_of_the_first(tmp_path_factory):
    # Under root the server's user cannot enter pytest's own folders, so data are not kept there.
    folder = Path("/tmp") / f"tongbao-kept-{os.getpid()}"
    try:
        with PrivatePostgresql(folder) as server, psycopg.connect(server.url) as connection:
            assert server.data_folder == folder / "cluster"
            connection.execute("CREATE TABLE kept (n int)")
        with PrivatePostgresql(folder) as server, psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)


def test_stopping_ends_the_server_and_clears_its_passing_folders():
    server = PrivatePostgresql().start()
    pid, home = postmaster_of(server), server.data_folder.parent
    server.stop()
    server.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert not server.socket_folder.exists()
    assert not home.exists()


def test_it_ends_when_its_owner_is_killed():
    owner = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    folders = [Path(part) for part in owner.stdout.readline().decode().split()]
    pid = int((folders[0] / "postmaster.pid").read_text().split()[0])
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    owner.stdin.close()
    deadline = time.monotonic() + 20
    while any(folder.exists() for folder in folders) and time.monotonic() < deadline:
        time.sleep(0.02)  # polling another process, which tells nobody when it has ended
    assert [folder for folder in folders if folder.exists()] == []
    assert not Path(f"/proc/{pid}").exists()


def test_a_machine_without_it_is_told_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(postgresql.Path, "glob", lambda self, pattern: iter(()))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PostgresqlMissingError, match="sudo apt-get install --yes postgresql"):
        find_binaries()


def test_a_server_that_cannot_start_says_what_it_printed(tmp_path, monkeypatch):
    monkeypatch.setitem(postgresql._SETTINGS, "shared_buffers", "nonsense")
    server = PrivatePostgresql()
    with pytest.raises(postgresql.PostgresqlFailedError, match="shared_buffers"):
        server.start()
    assert not server.socket_folder.exists()


@pytest.fixture
def closed_folder(tmp_path, monkeypatch):
    """A folder for temporary files that only its owner can enter."""
    tmp_path.chmod(0o700)
    monkeypatch.setattr(postgresql.tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_an_initdb_that_fails_leaves_no_folder_behind(tmp_path, monkeypatch):
    real = find_binaries()
    (tmp_path / "postgres").symlink_to(real / "postgres")
    (tmp_path / "initdb").write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    (tmp_path / "initdb").chmod(0o755)
    monkeypatch.setattr(postgresql, "find_binaries", lambda: tmp_path)
    monkeypatch.setattr(PrivatePostgresql, "_as_account", lambda self: (None, None))
    made = []
    own = PrivatePostgresql._own
    monkeypatch.setattr(
        PrivatePostgresql, "_own", lambda self, folder: made.append(folder) or own(self, folder)
    )
    with pytest.raises(postgresql.PostgresqlFailedError, match="initdb failed: no room"):
        PrivatePostgresql().start()
    assert len(made) == 2
    assert [folder for folder in made if folder.exists()] == []


def test_it_finds_a_place_when_its_user_cannot_enter_the_folder_for_temporary_files(closed_folder):
    with PrivatePostgresql() as server:
        home = server.data_folder.parent
        assert setting(server.url, "fsync") == "on"
    assert not home.exists()
    assert list(closed_folder.iterdir()) == []


def test_it_leaves_nothing_in_a_folder_that_its_user_can_enter_but_not_write_to(monkeypatch):
    folder = Path("/tmp") / f"tongbao-read-only-{os.getpid()}"
    folder.mkdir(mode=0o711)
    monkeypatch.setattr(postgresql.tempfile, "tempdir", str(folder))
    try:
        with PrivatePostgresql() as server:
            assert server.data_folder.parent.parent == folder
        assert list(folder.iterdir()) == []
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)
