"""The ``swish`` command, a module for each of its verbs' groups.

It works without a hub or a cluster; what it prints is for people, and its exit status for programs.
"""
