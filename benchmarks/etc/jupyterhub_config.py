"""A real JupyterHub with nothing before it, for fault trials; `benchmarks.hub_process` says by JSON what differs."""

import json
import os
from datetime import timedelta
from functools import partial

from benchmarks.no_proxy import NoProxy
from swish_spawner.core.upkeep.sweep import Rules
from swish_spawner.hub import config as ours

# The sweeper waits five minutes before it takes a pod for nobody's, which no trial lasts.
ours.Rules = partial(Rules, age=timedelta(seconds=10), apart=timedelta(seconds=2))
given = json.loads(os.environ["SWISH_BENCH_HUB"])
ours.configure(c, policy_path=given["policy"], namespace=given["namespace"])
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.db_url = f"sqlite:///{given['folder']}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{given['folder']}/cookie_secret"
c.JupyterHub.hub_bind_url = given["hub_url"]
c.JupyterHub.bind_url = given["public_url"]
c.JupyterHub.services = [
    {"name": "bench", "api_token": given["token"]},
    {"name": "web", "api_token": given["web_token"]},
]
c.JupyterHub.load_roles = [
    {"name": "bench", "scopes": ["admin:users", "admin:servers"], "services": ["bench"]},
    {"name": "web", "scopes": ours._WEB_SCOPES, "services": ["web"]},
]
c.JupyterHub.load_groups = {group: {"users": users} for group, users in given["groups"].items()}
c.JupyterHub.concurrent_spawn_limit = 0
c.Authenticator.allowed_users = set(given["users"])
c.SwishSpawner.port = given["server_port"]
c.SwishSpawner.poll_interval = 5
