"""The terminal's logic, `step(state, event, now) -> (state, effects)`: no I/O, clock or chance."""
