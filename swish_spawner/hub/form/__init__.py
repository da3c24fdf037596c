"""The launch form: the policy as a page, and what a page sends as options.

It decides nothing: each choice is made by the rules of `core`.
"""
