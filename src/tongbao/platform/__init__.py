"""The Django project: schema, operations console, one app a capability."""
