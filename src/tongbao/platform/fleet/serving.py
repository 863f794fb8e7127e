"""Turns the gateway's settings into what a serving process holds: keys, authority, addresses.

Imports no Django: it is read before Django's settings stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.domain.secrets import KeyBytes
from tongbao.platform.fleet.authority import DeviceAuthority
from tongbao.platform.fleet.key_room import KeyRoom
from tongbao.wire.device.activation import HostAddress

if TYPE_CHECKING:
    from tongbao.platform.fleet.gateway_settings import GatewaySettings


def device_settings(gateway: GatewaySettings) -> dict[str, Any]:
    """Return the Django settings for the fleet.

    Raises OSError when a file cannot be read and ValueError when its content is of no use.
    """
    ca_file = gateway.host_ca_file
    return {
        "TONGBAO_KEY_ROOM": _key_room(gateway),
        "TONGBAO_DEVICE_AUTHORITY": DeviceAuthority.open(
            gateway.authority_file, gateway.authority_key_file
        ),
        "TONGBAO_TERMINAL_HOST": HostAddress(
            address=gateway.host_address,
            port=gateway.host_port,
            tls=gateway.host_tls,
            tls_name=gateway.host_tls_name or None,
            ca_pem=ca_file.read_text(encoding="ascii") if ca_file else None,
            profile=gateway.host_profile,
        ),
        "TONGBAO_IVR_KEY": _ivr_key(gateway),
    }


def _key_room(gateway: GatewaySettings) -> KeyRoom | None:
    if gateway.host_key_file is None or gateway.host_master_key_file is None:
        return None
    own = gateway.ceremony_key_file or gateway.host_key_file.with_name("ceremonies.json")
    return KeyRoom(
        host_key_file=gateway.host_key_file,
        master_key_file=gateway.host_master_key_file,
        ceremony_key_file=own,
    )


def _ivr_key(gateway: GatewaySettings) -> KeyBytes | None:
    if gateway.ivr_key_file is None:
        return None
    text = gateway.ivr_key_file.read_text(encoding="ascii").strip()
    try:
        return KeyBytes(bytes.fromhex(text))
    except ValueError:
        raise ValueError(f"{gateway.ivr_key_file} must hold hex digits") from None
