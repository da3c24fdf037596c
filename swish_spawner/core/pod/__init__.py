"""What a plan becomes in Kubernetes: KubeSpawner's traits, a manifest that hooks cannot loosen, and what is beside.

Nothing here reads what Kubernetes answers.
"""
