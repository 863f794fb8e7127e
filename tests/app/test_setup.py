import sqlite3
import stat
import tomllib
from contextlib import closing

import pytest

from tongbao.app import setup
from tongbao.app.commands.up import completed_line
from tongbao.app.setup import SetUpError, SetUpOptions, prepare
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.master_key import master_key_from
from tongbao.crypto.operator_pin import pin_fits
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import Pin

FREE_PORTS = SetUpOptions(port_base=None)


def key_store(folder, party):
    master_key = master_key_from(folder / "keys" / f"{party}.master")
    return SoftwareKeyStore.open(folder / "keys" / f"{party}.json", master_key)


def test_the_folder_holds_all_that_the_parts_need(tmp_path):
    world = prepare(tmp_path / "var", FREE_PORTS)
    assert world.fresh
    assert world.settings.host is not None
    assert world.settings.sandbox is not None
    assert world.settings.host.issuer_port == world.settings.sandbox.issuer_port
    assert set(world.settings.terminals) == {"00000001", "00000002"}
    with closing(sqlite3.connect(world.folder / "platform.sqlite3")) as connection:
        rows = connection.execute("SELECT terminal_id, merchant_id FROM fleet_terminal").fetchall()
    assert sorted(rows) == [("00000001", "100000000000001"), ("00000002", "100000000000001")]


def test_the_key_for_trace_files_is_made_once_also_in_an_older_folder(tmp_path):
    folder = prepare(tmp_path / "var", FREE_PORTS).folder
    file = folder / "keys" / "platform-trace-key"
    made = file.read_text()
    assert len(bytes.fromhex(made)) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    prepare(folder, FREE_PORTS)
    assert file.read_text() == made
    file.unlink()
    prepare(folder, FREE_PORTS)
    assert file.read_text() != made


def test_parties_share_the_keys_they_must_and_no_others(tmp_path):
    folder = prepare(tmp_path / "var", FREE_PORTS).folder
    host, issuer = key_store(folder, "host"), key_store(folder, "issuer")
    first = key_store(folder, "terminal-00000001")
    second = key_store(folder, "terminal-00000002")
    for name in ("zpk", "zak"):
        assert host.kcv(KeyName(name)) == issuer.kcv(KeyName(name))
    assert host.kcv(KeyName("tmk/00000001")) == first.kcv(KeyName("tmk"))
    assert host.kcv(KeyName("tmk/00000002")) == second.kcv(KeyName("tmk"))
    assert first.kcv(KeyName("tmk")) != second.kcv(KeyName("tmk"))
    assert not host.has(KeyName("pvk"))


def test_only_the_owner_can_read_keys_and_settings(tmp_path):
    folder = prepare(tmp_path / "var", FREE_PORTS).folder
    files = [*(folder / "keys").iterdir(), folder / "tongbao.toml", folder / "tls" / "host-key.pem"]
    assert [path for path in files if stat.S_IMODE(path.stat().st_mode) != 0o600] == []


def test_a_second_preparation_changes_no_key_and_no_setting(tmp_path):
    folder = prepare(tmp_path / "var", FREE_PORTS).folder
    kept = [*(folder / "keys").iterdir(), *(folder / "tls").iterdir(), folder / "tongbao.toml"]
    before = {path: path.read_bytes() for path in kept}
    again = prepare(tmp_path / "var", FREE_PORTS)
    assert not again.fresh
    assert {path: path.read_bytes() for path in kept} == before


def test_an_interrupted_preparation_leaves_nothing_and_can_be_repeated(tmp_path, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(setup, "_document", fail)
        with pytest.raises(KeyboardInterrupt):
            prepare(tmp_path / "var", FREE_PORTS)
    assert list(tmp_path.iterdir()) == []
    assert prepare(tmp_path / "var", FREE_PORTS).fresh


def test_a_preparation_cut_before_registration_is_finished_by_the_next(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(setup, "migrate", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            prepare(tmp_path / "var", FREE_PORTS)
    world = prepare(tmp_path / "var", FREE_PORTS)
    with closing(sqlite3.connect(world.folder / "platform.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM fleet_terminal").fetchone() == (2,)


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(SetUpError, match="is not empty"):
        prepare(tmp_path, FREE_PORTS)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_settings_of_a_part_can_be_changed_from_their_defaults(tmp_path):
    options = SetUpOptions(
        port_base=None,
        host={"issuer_timeout_ms": 1500},
        sandbox={"late_reply_delay_ms": 2500},
        terminal={"host_timeout_ms": 2000},
        tls=False,
        terminal_ids=("00000009",),
    )
    settings = prepare(tmp_path / "var", options).settings
    assert settings.host is not None
    assert settings.sandbox is not None
    assert settings.host.issuer_timeout_ms == 1500
    assert not settings.host.tls
    assert settings.sandbox.late_reply_delay_ms == 2500
    assert settings.terminals["00000009"].host_timeout_ms == 2000
    assert not settings.terminals["00000009"].host_tls


def test_ports_follow_the_base(tmp_path):
    settings = prepare(tmp_path / "var", SetUpOptions(port_base=18601)).settings
    assert settings.host is not None
    assert settings.terminals["00000001"].screen_port == 18601
    assert settings.host.listen_port == 18604


def test_terminals_of_an_older_folder_get_the_operators_they_lack(tmp_path):
    folder = prepare(tmp_path / "var", FREE_PORTS).folder
    file = folder / "tongbao.toml"
    whole = file.read_text()
    older = "".join(
        line for line in whole.splitlines(keepends=True) if not line.startswith("00 = ")
    )
    assert older != whole
    file.write_text(older)
    settings = prepare(folder, FREE_PORTS).settings
    for terminal in settings.terminals.values():
        assert pin_fits(Pin("123456"), terminal.operators["00"])
        assert set(terminal.operators) == {"00", "01", "02", "03"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    brought = file.read_text()
    prepare(folder, FREE_PORTS)
    assert file.read_text() == brought


@pytest.fixture
def no_database(monkeypatch):
    """Leave the database out, which takes the longest and is of no matter here."""
    for name in ("migrate", "register_merchant", "register_terminals", "put_into_stock"):
        monkeypatch.setattr(setup, name, lambda *_: None)


def older(folder, *, without):
    """Make the settings file look as an earlier version wrote it; return it and its new text."""
    file = folder / "tongbao.toml"
    kept, skipping = [], False
    for line in file.read_text().splitlines(keepends=True):
        if line.startswith("["):
            skipping = line.strip() in without
        if not skipping and line.partition(" = ")[0] not in without:
            kept.append(line)
    file.write_text("".join(kept))
    return file


OLDER = (
    *("[platform.devices]", "[device.new]", "providers_url", "remote_master_key"),
    *("tls_client_ca_file", "tls_client_required", "telephone_url", "telephone_key_file"),
)


@pytest.mark.usefixtures("no_database")
def test_an_older_folder_gets_the_settings_that_came_later_and_says_which(tmp_path):
    first = prepare(tmp_path / "var", SetUpOptions(port_base=18601))
    whole = tomllib.loads(first.settings_file.read_text())
    file = older(first.folder, without=OLDER)
    commented = file.read_text().replace("[platform]", "[platform] # 后台\nthreads = 2")
    file.write_text(commented)
    world = prepare(first.folder, SetUpOptions(port_base=18601))
    assert set(world.completed) == {
        *("host.remote_master_key", "host.tls_client_ca_file", "host.tls_client_required"),
        *("sandbox.telephone_url", "sandbox.telephone_key_file", "platform.providers_url"),
        *("[platform.devices]", "[device.new]"),
    }
    brought = tomllib.loads(file.read_text())
    assert brought["platform"].pop("threads") == 2
    assert brought == whole
    assert "# 后台" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "[device.new]" in completed_line(world)
    assert prepare(first.folder, SetUpOptions(port_base=18601)).completed == ()


@pytest.mark.usefixtures("no_database")
def test_an_older_folder_without_a_transport_key_is_given_one(tmp_path):
    folder = prepare(tmp_path / "var", FREE_PORTS).folder
    older(folder, without=OLDER)
    host = key_store(folder, "host")
    zone = host.kcv(KeyName("zpk"))
    host.destroy(KeyName("rsa/transport"))
    prepare(folder, FREE_PORTS)
    assert key_store(folder, "host").has(KeyName("rsa/transport"))
    assert key_store(folder, "host").kcv(KeyName("zpk")) == zone


@pytest.mark.usefixtures("no_database")
def test_what_was_switched_off_stays_off(tmp_path):
    folder = prepare(tmp_path / "var", FREE_PORTS).folder
    file = older(folder, without=("[device.new]", "providers_url"))
    file.write_text(file.read_text().replace("[platform]", '[platform]\nproviders_url = ""'))
    file.write_text(file.read_text() + "[device]\n")
    before = file.read_bytes()
    world = prepare(folder, FREE_PORTS)
    assert (world.completed, file.read_bytes(), world.settings.devices) == ((), before, {})
