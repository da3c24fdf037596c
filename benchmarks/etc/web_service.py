"""The web service, whose rounds come each second, which in an installation come each minute."""

import sys
from functools import partial

from swish_spawner.services.keys.upkeep import upkeep
from swish_spawner.services.web import __main__ as web

web.upkeep = partial(upkeep, round_seconds=1.0)  # type: ignore[attr-defined]
sys.exit(web.main())
