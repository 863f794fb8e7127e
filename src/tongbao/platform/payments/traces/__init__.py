"""Trace files: what happened to a payment, hashed and signed, to attach to a ticket and to replay.

Pure: imports no Django, so that the simulator and the command line may use it. The format is
described in docs/traces.md.
"""
