"""What registering takes, checked when it is made. Pure: imports no Django."""

from __future__ import annotations

from dataclasses import dataclass

from tongbao.domain.ids import TerminalId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerminal:
    """What is known of a terminal at registration; an empty serial number becomes `SN-<id>`."""

    terminal_id: str
    merchant_id: str
    serial_number: str = ""
    label: str = ""
    batch_no: int = 1

    def __post_init__(self) -> None:
        TerminalId(self.terminal_id)
        if len(self.serial_number) > 50 or len(self.label) > 80:
            raise ValueError("a serial number has at most 50 characters and a label at most 80")
        if not 1 <= self.batch_no <= 999_999:
            raise ValueError("a batch number is 1 to 999999")
