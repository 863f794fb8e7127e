"""Where the host keeps its records: one port, SQLite and PostgreSQL behind it."""
