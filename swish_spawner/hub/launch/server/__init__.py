"""One server of a person's, for as long as the hub runs: what is set, decided, seen and kept of it, and whose it is.

The parts of a launch know it by the protocol in `host`; nothing here begins or ends a start.
"""
