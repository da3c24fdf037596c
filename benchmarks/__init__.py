"""Measurements on a running installation. They assert nothing: they print what was seen."""
