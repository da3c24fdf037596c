"""The files of the ssh log: written by one, in a chain that shows every change, and read by pages and the command.

Nothing here knows where entries come from.
"""
