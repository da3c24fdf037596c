"""What runs in the hub's own process: launches and their form, the sweeper, pages. `config` puts all of it into a hub.

Nothing here is known to a service, and no service is known here.
"""

from swish_spawner.hub.config import add_services, configure

__all__ = ["add_services", "configure"]
