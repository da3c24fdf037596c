"""The pages that people use beside JupyterHub's own, and the same as REST, at ``/services/swish/``.

Environments and how to enter them, the keys that let one in, and the log of who entered. ``python -m
swish_spawner.services.web`` runs it as a service of the hub.
"""
