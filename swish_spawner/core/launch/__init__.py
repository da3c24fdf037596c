"""What somebody asks for and what they get: request, choices, price, plan, quotas, room on nodes, and whose turn it is.

Nothing here makes an object of Kubernetes; `core.pod` does, of a plan.
"""
