"""`tongbao up`: prepares the data folder when it is new, starts every part and keeps it running."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

from tongbao.app.cli import EXIT_ENVIRONMENT, EXIT_OK
from tongbao.app.postgresql import PostgresqlFailedError, PostgresqlMissingError, PrivatePostgresql
from tongbao.app.processes import Part, PartFailedError
from tongbao.app.settings import DATABASE_URL_VARIABLE, SettingsError
from tongbao.app.setup import PORT_BASE, PreparedWorld, SetUpError, SetUpOptions, prepare
from tongbao.app.supervisor import Supervisor
from tongbao.app.world import (
    console_part,
    device_part,
    devices_part,
    host_part,
    sandbox_part,
    terminal_part,
    worker_part,
)

STAFF_NAME = "admin"
_PRIVATE = "postgresql"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tongbao up`."""
    parser.add_argument(
        "--data", type=Path, default=None, help="the data folder (default: ./var in a checkout)"
    )
    parser.add_argument(
        "--port-base",
        type=int,
        default=PORT_BASE,
        help=f"first of nine ports, used when the data folder is made (default: {PORT_BASE})",
    )
    parser.add_argument(
        "--store",
        default="sqlite",
        help="sqlite, postgresql (a private one in the data folder) or a postgresql:// address",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run until Ctrl-C or SIGTERM; returns the exit code."""
    folder = arguments.data or default_data_folder()
    with contextlib.ExitStack() as stack:
        try:
            database_url = _database_url(arguments.store, folder, stack)
            options = SetUpOptions(port_base=arguments.port_base, database_url=database_url)
            if database_url:
                os.environ[DATABASE_URL_VARIABLE] = database_url
            world = prepare(folder, options)
            if world.completed:
                _say(completed_line(world))
            password = _first_password(world)
            parts = [
                sandbox_part(world),
                host_part(world),
                console_part(world),
                worker_part(world),
                *_devices(world),
                *(device_part(world, name) for name in world.settings.devices),
                terminal_part(world),
            ]
            supervisor = Supervisor(parts, _say)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: supervisor.request_stop())
            supervisor.start()
        except (
            SetUpError,
            SettingsError,
            PartFailedError,
            PostgresqlMissingError,
            PostgresqlFailedError,
        ) as error:
            _say(f"{error}")
            return EXIT_ENVIRONMENT
        print(banner(world, parts, password), flush=True)
        supervisor.run()
        _say("stopped 已停止")
    return EXIT_OK


def _devices(world: PreparedWorld) -> list[Part]:
    """Return the device gateway, unless the folder is of an older set-up that has none."""
    platform = world.settings.platform
    return [devices_part(world)] if platform is not None and platform.devices is not None else []


def default_data_folder() -> Path:
    """Name `./var` in a checkout of the source, else a folder of the user's own."""
    root = Path(__file__).resolve().parents[4]
    if (root / "pyproject.toml").exists() and (root / "src" / "tongbao").exists():
        return root / "var"
    return Path.home() / ".local" / "share" / "tongbao"


def completed_line(world: PreparedWorld) -> str:
    """Say in both languages what the settings of an earlier version were given."""
    names = ", ".join(world.completed)
    return (
        f"{world.settings_file} is of an earlier version; added: {names}. "
        f"设置文件来自旧版本，已补全：{names}"
    )


def banner(world: PreparedWorld, parts: list[Part], password: str | None) -> str:
    """Say in both languages where everything is; the password only when it was just made."""
    addresses = {part.name: part.ready for part in parts}
    till = addresses[parts[-1].name]["address"]
    sandbox = addresses["sandbox"]["http"]
    # Browsers make passkeys for a name and not for a number.
    platform = addresses["console"]["address"].replace("127.0.0.1", "localhost")
    lines = [
        "",
        "  Tongbao 通宝",
        "",
        f"  till       收银台    http://{till}/",
        f"  portal     商户门户  http://{platform}/",
        f"  console    运营后台  http://{platform}/console/",
        f"  sandbox    沙盒      http://{addresses['sandbox']['http']}/drawer",
        *(
            f"  new device 新终端    http://{part.ready['address']}/ (to be activated 待激活)"
            for part in parts
            if part.name.startswith("device-")
        ),
        f"  host       主机      {addresses['host']['address']} (ISO 8583 over TLS)",
        f"  data       数据      {world.folder}",
        "",
        "  operator 01, PIN 0000      操作员 01，密码 0000",
        "  supervisor 00, 123456      主管 00，密码 123456",
    ]
    if password is not None:
        lines += [
            f"  console log-in {STAFF_NAME} / {password}",
            f"  后台登录 {STAFF_NAME} / {password}",
            "  shown once; it is not kept    仅显示一次，不会保存",
            "  also reviewer, fleet, custodian, settlement, risk, support, auditor and, where two",
            "  people must agree, admin2, reviewer2 … with the same password; the code for the",
            f"  second step is on    其他角色同一密码，第二步验证码见  http://{sandbox}/phones",
        ]
    lines += ["", "  Ctrl-C stops everything    按 Ctrl-C 停止全部", ""]
    return "\n".join(lines)


def _database_url(store: str, folder: Path, stack: contextlib.ExitStack) -> str | None:
    if store == "sqlite":
        return None
    if store == _PRIVATE:
        # Beside the data folder's own files, so that a second start finds the first one's data.
        cluster = folder.resolve().with_name(f"{folder.name}-postgresql")
        server = stack.enter_context(PrivatePostgresql(cluster))
        if server.data_folder.parent != cluster:
            raise SetUpError(
                f"PostgreSQL's own user cannot enter {cluster.parent}, so nothing would be kept "
                "there; name a folder it can reach with --data, or do not start as root"
            )
        return server.url
    return store


def _first_password(world: PreparedWorld) -> str | None:
    from tongbao.platform.accounts.generated import generated_password
    from tongbao.platform.accounts.services import create_sandbox_staff

    password = generated_password()
    made = create_sandbox_staff(world.settings.database_url, password)
    return None if made is None else password


def _say(text: str) -> None:
    print(f"[tongbao] {text}", file=sys.stderr, flush=True)
