"""The way into an environment: public keys, sshd's container and settings, names, addresses and the gateway.

What sshd says of those who came is `core.ssh_log`.
"""
