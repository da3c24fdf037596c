"""One server of a person's, until it stops: what is set, decided, seen and kept of it, and whose it is.

The parts of a launch know it by the protocol in `host`; nothing here begins or ends a start.
"""
