"""Reads what tells of ssh from the containers that there are, and tells the hub who works.

What it reads goes to `keep`; nothing here writes a file.
"""
