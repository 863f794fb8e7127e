"""The fleet's tables: terminals, devices, activations, settings and what devices say."""

from __future__ import annotations

from tongbao.platform.fleet.models.activation import (
    Activation,
    DeviceCertificate,
    DeviceNonce,
    IvrCall,
)
from tongbao.platform.fleet.models.device import (
    Device,
    DeviceEvent,
    Installation,
    KeyCeremony,
    KeyComponent,
    Shipment,
)
from tongbao.platform.fleet.models.settings import WantedIssue, WantedReport, WantedSettings
from tongbao.platform.fleet.models.telling import (
    DeviceHealth,
    Heartbeat,
    RemoteAct,
    SelfTest,
)
from tongbao.platform.fleet.models.terminals import (
    Terminal,
    TerminalOrder,
    TerminalOrderDone,
    TerminalSession,
    TerminalStatus,
)

__all__ = [
    "Activation",
    "Device",
    "DeviceCertificate",
    "DeviceEvent",
    "DeviceHealth",
    "DeviceNonce",
    "Heartbeat",
    "Installation",
    "IvrCall",
    "KeyCeremony",
    "KeyComponent",
    "RemoteAct",
    "SelfTest",
    "Shipment",
    "Terminal",
    "TerminalOrder",
    "TerminalOrderDone",
    "TerminalSession",
    "TerminalStatus",
    "WantedIssue",
    "WantedReport",
    "WantedSettings",
]
