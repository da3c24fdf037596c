"""The kit of a service beside the hub: settings, who asks, how errors read and pages look, health and metrics.

It knows no room; what a room adds, it adds by itself.
"""
