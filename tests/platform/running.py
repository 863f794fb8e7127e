"""A console that runs as a process of its own, as `tongbao up` starts it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.platform.second_step import DATA_KEY, give_second_factor
from tests.platform.seed import seed
from tongbao.app.processes import Part
from tongbao.platform.accounts.services import create_staff
from tongbao.platform.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "lilei"
PASSWORD = "correct-horse-battery-9"


@dataclass(frozen=True)
class RunningConsole:
    """Where it listens, what is in its database, its process, and the database's address."""

    base: str
    payments: dict[str, int]
    part: Part
    url: str
    # Codes for the second step of a log-in, each good once.
    codes: list[str]


def write_settings(folder: Path, database_url: str, more: str = "") -> Path:
    """Write a settings file for the console alone."""
    (folder / "platform-secret-key").write_text("k" * 60)
    (folder / "platform-data-key").write_text(DATA_KEY.hex())
    file = folder / "tongbao.toml"
    file.write_text(
        f'[database]\nurl = "{database_url}"\n'
        "[platform]\nlisten_port = 0\nsandbox = true\n"
        f'secret_key_file = "platform-secret-key"\n{more}'
    )
    return file


@contextmanager
def running_console(folder: Path, more_approved: int = 0) -> Iterator[RunningConsole]:
    """Seed a database, serve it and stop at the end."""
    url = f"sqlite:///{folder / 'platform.sqlite3'}"
    migrate(url)
    payments = seed(url, more_approved=more_approved)
    create_staff(url, NAME, PASSWORD)
    codes = give_second_factor(url, NAME)
    settings = write_settings(folder, url)
    arguments = ["platform", "serve", "--config", str(settings)]
    with Part("platform", arguments, folder / "console.log") as part:
        yield RunningConsole(f"http://{part.ready['address']}", payments, part, url, codes)
