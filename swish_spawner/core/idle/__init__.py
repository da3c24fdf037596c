"""Since when nobody uses an environment, why that is so, and what is to be done about it when.

Told what was seen and what the time is; it asks nobody, acts on nothing and remembers nothing: what a verdict needs of
the one before is given to it, so that a service that was started again comes to the same one.
"""
