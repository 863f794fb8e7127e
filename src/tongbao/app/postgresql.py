"""A private PostgreSQL for demos, benchmarks and tests: found, initialised, started, stopped.

The server listens on a socket in a folder that only its owner can enter and on no port, runs with
fsync on, and ends by itself when the process that started it ends, however that happens. It logs
no statement and no value, so no card data can reach its log.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from types import TracebackType

INSTALL_COMMAND = "sudo apt-get install --yes postgresql"
DATABASE = "tongbao"
USER = "tongbao"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "jit": "off",
    # An error would otherwise be logged with its statement and the offending values.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# $1 is the server, $2 a colon-separated list of folders to remove at the end. When our end of the
# pipe closes, the server gets the signal for a fast shutdown.
_WATCHED = """
server=$1; passing=$2; shift 2
"$server" "$@" </dev/null & pid=$!
exec 3<&0
( cat <&3 >/dev/null; kill -INT $pid 2>/dev/null ) & watcher=$!
wait $pid; code=$?
kill $watcher 2>/dev/null
IFS=:; for folder in $passing; do rm -rf -- "$folder"; done
exit $code
"""


class PostgresqlMissingError(RuntimeError):
    """PostgreSQL's server programs are not on this machine; the text says how to get them."""


class PostgresqlFailedError(RuntimeError):
    """A server program refused; the text ends with what it printed."""


def find_binaries() -> Path:
    """Return the folder that holds `initdb` and `postgres`, the newest version first.

    Raises PostgresqlMissingError when there is none.
    """
    folders = sorted(
        [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")],
        key=lambda folder: [int(part) for part in re.findall(r"\d+", str(folder))],
        reverse=True,
    )
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    raise PostgresqlMissingError(
        f"PostgreSQL is not installed. On Debian or Ubuntu run: {INSTALL_COMMAND}"
    )


class PrivatePostgresql:
    """One PostgreSQL server with one empty database; a context manager.

    `folder` keeps the cluster, so that a second start finds the first one's data. Started by root
    the server runs as the system user `postgres`; if that user cannot enter `folder`, or none is
    given, the cluster lives in a temporary folder, inside `passing_in` when that is named, and is
    removed at the end.
    """

    def __init__(self, folder: Path | None = None, *, passing_in: Path | None = None) -> None:
        self._binaries = find_binaries()
        self._account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self._wanted = folder
        self._passing_in = passing_in
        self._process: subprocess.Popen[bytes] | None = None
        self._passing: list[Path] = []
        self.data_folder = Path()
        self.socket_folder = Path()

    @property
    def url(self) -> str:
        """The URL of the database made at the start."""
        return self.url_of(DATABASE)

    @property
    def version(self) -> str:
        """The server's version, for instance "15.14"."""
        text = subprocess.run(  # noqa: S603 - the path is ours, no outside text
            [self._binaries / "postgres", "--version"], capture_output=True, check=True, text=True
        ).stdout
        return text.split()[2]

    def url_of(self, database: str) -> str:
        """Return the URL of a database of this server."""
        return f"postgresql:///{quote(database)}?" + urlencode(
            {"host": str(self.socket_folder), "user": USER}
        )

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create a database, as a copy of `template` if given, and return its URL."""
        import psycopg  # noqa: PLC0415 - needed only where PostgreSQL is used
        from psycopg import sql  # noqa: PLC0415 - as above: only when needed

        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement)
        return self.url_of(name)

    def start(self) -> Self:
        """Initialise the cluster if it is new, start the server and wait until it answers.

        Raises PostgresqlFailedError when a program refuses or START_TIMEOUT_S pass.
        """
        # Short, because a socket path has at most 107 bytes.
        self.socket_folder = self._own(Path(tempfile.mkdtemp(prefix="tongbao-pg-", dir="/tmp")))
        self._passing = passing = [self.socket_folder]
        try:
            if self._wanted is not None and self._may_enter(self._wanted):
                self._wanted.mkdir(parents=True, exist_ok=True)
                home = self._own(self._wanted)
            else:
                home = self._own(self._temporary_home())
                passing.append(home)
            self.data_folder = home / "cluster"
            if not self.data_folder.exists():
                self._initialise()
            # Held open: the log's folder may be gone when a failed start is to be explained.
            with self._log.open("a+b") as log:
                self._log.chmod(0o600)
                self._launch(passing, log)
                self._wait_until_ready(log)
            self._ensure_database()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Shut the server down and wait for its end; nothing happens when it is not running."""
        process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        # The server's watcher removes them too, but not out of a folder only we may write to.
        passing, self._passing = self._passing, []
        for folder in passing:
            shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _own(self, folder: Path) -> Path:
        folder.chmod(0o700)
        if self._account is not None:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        return folder

    def _may_enter(self, folder: Path) -> bool:
        """Return whether the server's user can reach a folder of its own at this path."""
        if self._account is None:
            return True
        parents = [parent for parent in folder.absolute().parents if parent.exists()]
        return all(parent.stat().st_mode & 0o001 for parent in parents)

    def _temporary_home(self) -> Path:
        """Make a folder for the cluster where the server's user can reach it."""
        wanted = self._passing_in or Path(tempfile.gettempdir())
        reachable = wanted if self._may_enter(wanted / "cluster") else Path("/tmp")  # noqa: S108 - mkdtemp makes a private folder there
        return Path(tempfile.mkdtemp(prefix="tongbao-pg-data-", dir=reachable))

    def _as_account(self) -> tuple[int | None, int | None]:
        if self._account is None:
            return None, None
        return self._account.pw_uid, self._account.pw_gid

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole."""
        user, group = self._as_account()
        building = self.data_folder.with_name("cluster.new")
        shutil.rmtree(building, ignore_errors=True)
        result = subprocess.run(  # noqa: S603 - the paths are ours, no outside text
            [
                self._binaries / "initdb",
                f"--pgdata={building}",
                f"--username={USER}",
                "--auth=trust",  # whoever can enter the socket's folder is the owner
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
            ],
            cwd=building.parent,
            user=user,
            group=group,
            capture_output=True,
            check=False,
            text=True,
        )
        if result.returncode != 0:
            raise PostgresqlFailedError(f"initdb failed: {result.stderr.strip()}")
        building.rename(self.data_folder)

    def _ensure_database(self) -> None:
        import psycopg  # noqa: PLC0415 - needed only where PostgreSQL is used

        with psycopg.connect(self.url_of("postgres")) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            found = connection.execute(query, [DATABASE]).fetchone()
        if found is None:
            self.create_database(DATABASE)

    def _launch(self, passing: list[Path], log: IO[bytes]) -> None:
        user, group = self._as_account()
        settings = _SETTINGS | {"unix_socket_directories": str(self.socket_folder)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self._process = subprocess.Popen(  # noqa: S603 - the paths are ours, no outside text
            [
                *("/bin/sh", "-c", _WATCHED, "tongbao-postgresql"),
                str(self._binaries / "postgres"),
                ":".join(map(str, passing)),
                *("-D", str(self.data_folder), *options),
            ],
            cwd=self.data_folder,
            user=user,
            group=group,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C is for us; we end the server last
        )

    @property
    def _log(self) -> Path:
        return self.data_folder.parent / "postgresql.log"

    def _wait_until_ready(self, log: IO[bytes]) -> None:
        import psycopg  # noqa: PLC0415 - needed only where PostgreSQL is used

        deadline = time.monotonic() + START_TIMEOUT_S
        while self._process is not None and self._process.poll() is None:
            try:
                psycopg.connect(self.url_of("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.02)
            else:
                return
        self.stop()
        log.seek(0)
        said = log.read().decode(errors="replace")[-2000:].strip()
        raise PostgresqlFailedError(f"PostgreSQL did not start: {said}")
