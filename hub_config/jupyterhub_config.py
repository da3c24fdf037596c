"""Wires JupyterHub to the chart's values, its secrets and Swish's policy; it defines nothing.

Other places for tests: SWISH_CONFIG_DIR, SWISH_POLICY_DIR, SWISH_SECRETS_DIR, SWISH_STATE_DIR.
"""

import os
from pathlib import Path

import yaml
from traitlets.config import Config

from swish_spawner.hub import add_services, configure

c = get_config()
config_dir = Path(os.environ.get("SWISH_CONFIG_DIR", "/etc/swish/config"))
policy_dir = Path(os.environ.get("SWISH_POLICY_DIR", "/etc/swish/policy"))
secrets_dir = Path(os.environ.get("SWISH_SECRETS_DIR", "/etc/swish/secrets"))
state_dir = Path(os.environ.get("SWISH_STATE_DIR", "/srv/jupyterhub"))
values = yaml.safe_load((config_dir / "config.yaml").read_text())

# The hub listens on every address of its pod; environments and proxy find it by its Service.
c.JupyterHub.base_url = values["urls"]["base"]
c.JupyterHub.hub_bind_url = "http://:8081"
c.JupyterHub.hub_connect_url = values["urls"]["hub"]
c.JupyterHub.db_url = f"sqlite:///{state_dir}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(secrets_dir / "cookie-secret")
c.CryptKeeper.keys = [(secrets_dir / "crypt-key").read_text().strip()]

# The proxy is a Deployment of its own: a hub restart interrupts nobody.
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = values["urls"]["proxyApi"]
c.ConfigurableHTTPProxy.auth_token = (secrets_dir / "proxy-token").read_text().strip()
c.JupyterHub.last_activity_interval = 60  # also how soon a restarted proxy is told all routes again

c.JupyterHub.allow_named_servers = True
c.JupyterHub.named_server_limit_per_user = 5
c.KubeSpawner.image_pull_policy = values["images"]["pullPolicy"]
c.KubeSpawner.image_pull_secrets = values["imagePullSecrets"]

# What the person who installs says wins over the above, and what the policy decides over that.
c.merge(Config(values["hubConfig"]))
for class_name, traits in values["hubConfigFromSecret"].items():
    c[class_name].update({trait: (secrets_dir / key).read_text().strip() for trait, key in traits.items()})

add_services(c, secrets_dir, values.get("web"))
configure(
    c,
    policy_path=str(policy_dir / "policy.yaml"),
    namespace=values["environments"]["namespace"],
    images=values["images"],
    sweeper_dry_run=values["sweeper"]["dryRun"],
)
