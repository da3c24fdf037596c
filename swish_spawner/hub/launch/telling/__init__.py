"""What a launch says: to the person who waits, to the log and to Prometheus. It decides and waits for nothing.

What the words are is in `core.progress`; here is when they are said, how often, and to whom.
"""
