"""swish-sshd: who gets in by SSH, and the record of it.

The listener of one environment, or of the shared gateway. It accepts connections, holds the limits, starts one OpenSSH
`sshd -i` for each connection, and turns what that says into one JSON line an event. OpenSSH does all cryptography.

Nothing but Python's standard library, so that it runs in any image that has Python 3.11 and OpenSSH 9.2 or newer.
"""
