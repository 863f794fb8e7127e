"""The host's decisions, pure: `HostCore.step(event, now)` returns effects and does no I/O."""
