"""A launch, from what somebody asked for to an environment that answers, and its end.

What is decided is in `core.launch` and `core.pod`; here it is done, waited for and told.
"""
