"""What sshd tells, as a record: lines and streams of lines, the chain that seals them, who may read which, and words.

No line is believed beyond what its pod could know.
"""
