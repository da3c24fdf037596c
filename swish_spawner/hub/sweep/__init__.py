"""The sweeper, which ends pods that are nobody's, and the Lease that says whose the namespaces are.

What is nobody's decides `core.upkeep.sweep`.
"""
