"""Prepares a data folder once: keys, certificates, settings, database, the first merchant.

The folder is built beside its place and renamed when it is whole, so an interrupted set-up leaves
nothing half-made. A folder that is there already is used as it is; only certificates near their
end are renewed and the schema is brought up to date.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tongbao.app.certificates import ensure_certificates, ensure_device_authority
from tongbao.app.settings import Settings, read_settings
from tongbao.app.upgrading import Table, complete_settings, toml_table
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.master_key import make_master_key_file, master_key_from
from tongbao.crypto.operator_pin import hash_pin
from tongbao.crypto.rsa_transport import new_private_key
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import KeyBytes, Pin
from tongbao.platform.fleet.stock_list import NewDevice
from tongbao.platform.registry import (
    NewMerchant,
    NewTerminal,
    put_into_stock,
    register_merchant,
    register_terminals,
)
from tongbao.platform.schema import migrate

SETTINGS_FILE = "tongbao.toml"
PORT_BASE = 8601
PORT_NAMES = (
    *("till", "console", "sandbox_http", "host", "issuer", "reader", "devices"),
    *("new_till", "new_reader"),
)

MERCHANT = NewMerchant(
    merchant_id="100000000000001",
    name="通宝便利店",
    name_en="Tongbao Corner Shop",
    mcc="5411",
    city="上海 Shanghai",
    mail_order_allowed=True,
)
# The sandbox's cashiers and their supervisor; a real terminal gets its operators at activation.
SANDBOX_OPERATORS = {"00": "123456", "01": "0000", "02": "0000", "03": "0000"}

# What lies in the sandbox's stock; the first is the new terminal that waits to be activated.
NEW_SERIAL = "TB26110001"
NEW_DEVICE = "new"
STOCK = tuple(
    NewDevice(
        serial_number=f"TB2611{number:04d}",
        model="T1" if number <= 14 else "T1 mini",
        software_version="0.1.0",
        parts={"screen": "8in-2", "printer": "P58-4", "scanner": "S2-1", "modem": "M4-7"},
    )
    for number in range(1, 21)
)

TRANSPORT: Final = "rsa/transport"


class SetUpError(RuntimeError):
    """The data folder cannot be prepared; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpOptions:
    """What to prepare; the tables change settings of a part from their defaults.

    `port_base` is the till's port, the others follow; None takes free ports. `database_url` None
    makes a SQLite file in the folder.
    """

    port_base: int | None = PORT_BASE
    database_url: str | None = None
    terminal_ids: tuple[str, ...] = ("00000001", "00000002")
    tls: bool = True
    host: Table = field(default_factory=dict)
    sandbox: Table = field(default_factory=dict)
    terminal: Table = field(default_factory=dict)
    device: Table = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PreparedWorld:
    """A data folder that is ready; `fresh` when this call made it.

    `completed` names what this call added to the settings of an earlier version.
    """

    folder: Path
    settings: Settings
    fresh: bool
    completed: tuple[str, ...] = ()

    @property
    def settings_file(self) -> Path:
        """The file that every part reads."""
        return self.folder / SETTINGS_FILE


def prepare(folder: Path, options: SetUpOptions | None = None) -> PreparedWorld:
    """Make the data folder if it is not there and return it; raises `SetUpError`."""
    options = options or SetUpOptions()
    folder = folder.resolve()
    completed: tuple[str, ...] = ()
    fresh = not (folder / SETTINGS_FILE).exists()
    if fresh:
        _build(folder, options)
    else:
        completed = _complete(folder, options)
    ensure_certificates(folder / "tls")
    ensure_device_authority(folder / "tls")
    settings = read_settings(folder / SETTINGS_FILE)
    if settings.platform is not None:
        _ensure_hex_key(settings.platform.trace_key_place)
        _ensure_hex_key(settings.platform.data_key_place)
        _ensure_hex_key(settings.platform.audit_key_place)
    if settings.platform is not None and settings.platform.devices is not None:
        ivr_key_file = settings.platform.devices.ivr_key_file
        if ivr_key_file is not None:
            _ensure_hex_key(ivr_key_file)
    migrate(settings.database_url)
    # Registering again changes nothing, so a set-up cut short here is finished by the next.
    register_merchant(settings.database_url, MERCHANT)
    register_terminals(
        settings.database_url,
        [
            NewTerminal(
                terminal_id=terminal_id,
                merchant_id=MERCHANT.merchant_id,
                label=f"收银台 {number} Counter {number}",
            )
            for number, terminal_id in enumerate(settings.terminals, 1)
        ],
    )
    put_into_stock(settings.database_url, STOCK)
    return PreparedWorld(folder, settings, fresh, completed)


def _build(folder: Path, options: SetUpOptions) -> None:
    """Build everything but the database beside its place, then move it there in one step."""
    if folder.exists() and any(folder.iterdir()):
        raise SetUpError(
            f"{folder} is not empty and has no {SETTINGS_FILE}; "
            "name another folder with --data, or remove it"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700)
    try:
        _make_keys(building / "keys", options.terminal_ids)
        ensure_certificates(building / "tls")
        ensure_device_authority(building / "tls")
        for name in ("sandbox", "logs"):
            (building / name).mkdir()
        document = _document(options, _ports(options.port_base))
        settings_file = building / SETTINGS_FILE
        settings_file.touch(mode=0o600)
        settings_file.write_text(document, encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _complete(folder: Path, options: SetUpOptions) -> tuple[str, ...]:
    """Add to a folder of an earlier version what the parts expect by now; return what it was."""
    settings_file = folder / SETTINGS_FILE
    document = tomllib.loads(settings_file.read_text(encoding="utf-8"))
    options = replace(options, tls=document.get("host", {}).get("tls", True))
    tables = _tables(options, _ports_of(document))
    added = complete_settings(settings_file, tables, SANDBOX_OPERATORS)
    if "host.remote_master_key" in added:
        master_key = master_key_from(file=folder / "keys" / "host.master")
        host = SoftwareKeyStore.open(folder / "keys" / "host.json", master_key)
        if not host.has(KeyName(TRANSPORT)):
            host.import_keys([NamedKey(TRANSPORT, new_private_key(), KeyAlgorithm.RSA)])
    return added


def _ports_of(document: dict[str, Any]) -> dict[str, int]:
    """Return the ports of a folder: its own, and for what is new those that follow them."""
    terminals = list(document.get("terminal", {}).values())
    own = {
        "till": terminals[0].get("screen_port") if terminals else None,
        "reader": terminals[0].get("reader_port") if terminals else None,
        "console": document.get("platform", {}).get("listen_port"),
        "sandbox_http": document.get("sandbox", {}).get("http_port"),
        "host": document.get("host", {}).get("listen_port"),
        "issuer": document.get("sandbox", {}).get("issuer_port"),
        "devices": document.get("platform", {}).get("devices", {}).get("listen_port"),
    }
    known = {name: port for name, port in own.items() if port}
    bases = {port - PORT_NAMES.index(name) for name, port in known.items()}
    # Ports that follow one another were given by a base; any others were free ones.
    return {**_ports(bases.pop() if len(bases) == 1 else None), **known}


def _make_keys(folder: Path, terminal_ids: tuple[str, ...]) -> None:
    """Draw every key and give each party the ones it shares; files are 0600."""
    folder.mkdir(mode=0o700)

    def new(name: str, length: int, algorithm: KeyAlgorithm) -> NamedKey:
        return NamedKey(name, KeyBytes(secrets.token_bytes(length)), algorithm)

    zone = [new("zpk", 16, KeyAlgorithm.TDES), new("zak", 16, KeyAlgorithm.AES)]
    masters = {terminal_id: KeyBytes(secrets.token_bytes(16)) for terminal_id in terminal_ids}
    host = [
        NamedKey(f"tmk/{terminal_id}", key, KeyAlgorithm.TDES)
        for terminal_id, key in masters.items()
    ]
    transport = NamedKey(TRANSPORT, new_private_key(), KeyAlgorithm.RSA)
    _keep(folder, "host", [*zone, *host, new("token", 32, KeyAlgorithm.HMAC), transport])
    issuer = [new("pvk", 32, KeyAlgorithm.HMAC), new("token", 32, KeyAlgorithm.HMAC)]
    _keep(folder, "issuer", [*zone, *issuer])
    for terminal_id, key in masters.items():
        _keep(folder, f"terminal-{terminal_id}", [NamedKey("tmk", key, KeyAlgorithm.TDES)])
    secret_key = folder / "platform-secret-key"
    secret_key.touch(mode=0o600)
    secret_key.write_text(secrets.token_urlsafe(64), encoding="ascii")


def _ensure_hex_key(file: Path) -> None:
    """Make a key of the platform if it is not there, also in a folder of an earlier version."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(32))
            opened.flush()
            os.fsync(opened.fileno())


def _keep(folder: Path, party: str, keys: list[NamedKey]) -> None:
    master_key = make_master_key_file(folder / f"{party}.master")
    SoftwareKeyStore.open(folder / f"{party}.json", master_key).import_keys(keys)


def _ports(port_base: int | None) -> dict[str, int]:
    if port_base is not None:
        return {name: port_base + number for number, name in enumerate(PORT_NAMES)}
    held = [socket.create_server(("127.0.0.1", 0)) for _ in PORT_NAMES]
    try:
        return {
            name: int(server.getsockname()[1])
            for name, server in zip(PORT_NAMES, held, strict=True)
        }
    finally:
        for server in held:
            server.close()


def _document(options: SetUpOptions, ports: dict[str, int]) -> str:
    """Write the settings file: only what differs from the defaults of each part."""
    return "".join(toml_table(name, table) for name, table in _tables(options, ports).items())


def _tables(options: SetUpOptions, ports: dict[str, int]) -> dict[str, Table]:
    tables: dict[str, Table] = {
        "database": {"url": options.database_url or "sqlite:///platform.sqlite3"},
        "host": {
            "listen_port": ports["host"],
            "tls": options.tls,
            **_tls_files(options),
            **_client_authority(options),
            "key_file": "keys/host.json",
            "master_key_file": "keys/host.master",
            "remote_master_key": True,
            "profile": "unionpay",
            "issuer_port": ports["issuer"],
            **options.host,
        },
        "sandbox": {
            "issuer_port": ports["issuer"],
            "http_port": ports["sandbox_http"],
            "database_file": "sandbox/issuer.sqlite3",
            "key_file": "keys/issuer.json",
            "master_key_file": "keys/issuer.master",
            "telephone_url": f"http://127.0.0.1:{ports['console']}",
            "telephone_key_file": "keys/ivr-key",
            **options.sandbox,
        },
        "platform": {
            "listen_port": ports["console"],
            "secret_key_file": "keys/platform-secret-key",
            "sandbox": True,
            "providers_url": f"http://127.0.0.1:{ports['sandbox_http']}",
            "devices": _devices_table(options, ports),
        },
    }
    tables[f"device.{NEW_DEVICE}"] = _device_table(options, ports)
    for number, terminal_id in enumerate(options.terminal_ids):
        tables[f"terminal.{terminal_id}"] = _terminal_table(options, ports, terminal_id, number)
    return tables


def _devices_table(options: SetUpOptions, ports: dict[str, int]) -> Table:
    return {
        "listen_port": ports["devices"],
        "certificate_file": "tls/host.pem",
        "key_file": "tls/host-key.pem",
        "authority_file": "tls/device-ca.pem",
        "authority_key_file": "tls/device-ca-key.pem",
        "host_key_file": "keys/host.json",
        "host_master_key_file": "keys/host.master",
        "host_port": ports["host"],
        "host_tls": options.tls,
        **({"host_ca_file": "tls/ca.pem"} if options.tls else {}),
        "ivr_key_file": "keys/ivr-key",
    }


def _device_table(options: SetUpOptions, ports: dict[str, int]) -> Table:
    """The new terminal in its box: it knows who it is and where the platform is."""
    return {
        "serial_number": NEW_SERIAL,
        "model": STOCK[0].model,
        "data_folder": f"device-{NEW_SERIAL}",
        "gateway_port": ports["devices"],
        "gateway_ca_file": "tls/ca.pem",
        "screen_port": ports["new_till"],
        "reader_port": ports["new_reader"],
        "drawer_url": f"http://127.0.0.1:{ports['sandbox_http']}",
        "on_screen_pin": True,
        "on_screen_card_entry": True,
        **options.device,
    }


def _client_authority(options: SetUpOptions) -> Table:
    """Devices of the fleet prove themselves to the host; the first terminals have no device."""
    if not options.tls:
        return {}
    return {"tls_client_ca_file": "tls/device-ca.pem", "tls_client_required": False}


def _tls_files(options: SetUpOptions) -> Table:
    if not options.tls:
        return {}
    return {"tls_certificate_file": "tls/host.pem", "tls_key_file": "tls/host-key.pem"}


def _terminal_table(
    options: SetUpOptions, ports: dict[str, int], terminal_id: str, number: int
) -> Table:
    operators = {
        operator: hash_pin(Pin(pin), secrets.token_bytes(16))
        for operator, pin in SANDBOX_OPERATORS.items()
    }
    return {
        "terminal_id": terminal_id,
        "merchant_id": MERCHANT.merchant_id,
        "merchant_name": MERCHANT.name,
        "merchant_name_en": MERCHANT.name_en,
        "data_folder": f"terminal-{terminal_id}",
        "key_file": f"keys/terminal-{terminal_id}.json",
        "master_key_file": f"keys/terminal-{terminal_id}.master",
        "profile": "unionpay",
        "host_port": ports["host"],
        "host_tls": options.tls,
        **({"host_ca_file": "tls/ca.pem"} if options.tls else {}),
        # Only the first terminal has fixed ports; a second one takes what is free.
        "screen_port": ports["till"] if number == 0 else 0,
        "reader_port": ports["reader"] if number == 0 else 0,
        "drawer_url": f"http://127.0.0.1:{ports['sandbox_http']}",
        "on_screen_pin": True,
        "on_screen_card_entry": True,
        "mail_order_allowed": MERCHANT.mail_order_allowed,
        "operators": operators,
        **options.terminal,
    }
