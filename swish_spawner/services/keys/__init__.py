"""People's public keys: the page and REST, where they are kept, how they follow people, and the gateway's question.

Nothing here knows what a key was used for.
"""
