"""A real hub of one contender, in a pod of the cluster with its proxy, for `benchmarks.launches`.

All hubs are the same image and the same lines but for the spawner; given.json says whose it is.
"""

import json
from pathlib import Path

from swish_spawner.hub import configure

etc, secrets = Path("/etc/bench"), Path("/etc/bench-secrets")
given = json.loads((etc / "given.json").read_text())
c.JupyterHub.hub_bind_url = "http://:8081"
c.JupyterHub.hub_connect_url = f"http://hub.{given['namespace']}:8081"
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:8001"
c.ConfigurableHTTPProxy.auth_token = (secrets / "proxy-token").read_text()
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = {given["user"]}
c.JupyterHub.load_groups = {given["group"]: {"users": [given["user"]]}}
c.JupyterHub.services = [{"name": "bench", "api_token": (secrets / "token").read_text()}]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [{"name": "bench", "scopes": scopes, "services": ["bench"]}]
c.KubeSpawner.namespace = given["namespace"]
c.KubeSpawner.image_pull_policy = "IfNotPresent"
if given["spawner"] == "swish":
    configure(c, policy_path=str(etc / "policy.yaml"), namespace=given["namespace"], images=given["images"])
else:
    c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
    c.KubeSpawner.start_timeout = 600  # as ours; its own minute is for a failure, which is not measured here
    for trait, value in given["traits"].items():
        c.KubeSpawner[trait] = value
