"""The ssh log: who entered which environment, read from the pods and kept in a chain that shows every change.

It runs in the web service's process (`run.Audit`), and writes one folder that only that process has.
"""
