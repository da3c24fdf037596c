"""A person's environments and the ways into them, as a page and as REST.

What is shown is what the hub keeps; nothing here starts or stops anything.
"""
