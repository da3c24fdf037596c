"""The larger sections of the policy file as frozen values, and what their fields may hold.

They know nothing of the whole policy, which is in `values`, nor of how a document is read.
"""
