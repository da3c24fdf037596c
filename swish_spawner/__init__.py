"""Swish: development environments on Kubernetes through JupyterHub."""

__version__ = "0.1.0"
