"""The policy file: its values, how a document becomes them, its JSON Schema and its rules.

Nothing here knows of a person's request or of Kubernetes' objects.
"""
