"""What all starts, pages and rounds of one hub have in common: the policy, what runs, who waits, what nodes are like.

There is one `Shared` for a hub, made where the hub is configured and reached by the hub's settings; none for a process.
"""
