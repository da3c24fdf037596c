"""What sshd tells, as a record: events, the entries made of them, how far each log was read, the chain, and words.

No line is believed beyond what its pod could know, and nobody reads more of the record than the policy says.
"""
