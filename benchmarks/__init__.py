"""Measurements: of starts beside stock KubeSpawner, of faults, and of launches on the installation that is up.

Measurements assert nothing about speed: they print and plot what was seen. Nothing outside imports from here but tests.
"""
