"""The local cluster, and installing Swish into it or into any other: `python -m local up | down | status | tool`.

Modules here talk to the machine and to Kubernetes. They may not import `swish_spawner`: this is a way to run Swish, not
a part of it. What a module decides (an argv list, a content key, a list of problems) is a pure function; what it does
goes through `local.shell` or one small function, so that the decisions are tested without root, cluster or network.
"""
