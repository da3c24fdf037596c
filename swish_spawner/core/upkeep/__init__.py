"""What a hub may tidy up, and how sure it has to be: pods that are nobody's, people who are gone, namespaces it holds.

Each decision waits, is made again with what is asked anew, and is refused where too much would go at once.
"""
