"""What runs beside the hub, each in a process of its own: pages and workers over `core` and `adapters`.

A service decides nothing that `core` can decide, keeps nothing that the hub or Kubernetes keeps, and blocks no event
loop: what waits is awaited, and what computes for long is computed elsewhere.
"""
