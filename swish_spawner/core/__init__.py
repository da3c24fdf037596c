"""The rules of Swish as data in, data out.

Nothing here may read a file, a clock, the environment or a random number, write a log line, or import JupyterHub,
KubeSpawner, Kubernetes, tornado or traitlets. Time is an argument. The contract is linted (``setup.cfg``).
"""
