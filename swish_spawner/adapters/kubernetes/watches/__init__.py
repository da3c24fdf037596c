"""What Kubernetes says by itself, kept by long watches that wake whoever waits.

A watch knows its objects and nothing of what is done with them.
"""
