"""What Kubernetes says of a start, in words: news, phases, refusals, and each kind of trouble.

What is read is not trusted; nothing here decides what is done about it.
"""
