"""swish-packages: what was asked for at a launch, installed before the server starts.

Its command says how it is called; this is what it does. All of it runs as the person, in their own files.
"""
