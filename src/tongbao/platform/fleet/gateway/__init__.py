"""The device gateway: where terminals speak with the platform, over mutual TLS."""
