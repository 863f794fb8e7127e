"""The device on the counter: pure core, journal, link to the host, devices, screen server."""
