"""The Kubernetes API through KubeSpawner's own client library: one module a kind of object, all by retrying requests.

Nothing here decides; what is asked for again and again is kept by a watch (`watches`).
"""
