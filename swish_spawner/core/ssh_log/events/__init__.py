"""What ``swish-sshd`` tells: where its lines come from, what they may hold, and the events that they become.

No line is believed beyond what its pod could know. What is kept of an event is not decided here.
"""
