"""The ISO 8583 codec: a table of fields becomes a dialect that decodes and encodes messages."""
