"""Print the counts of a checkout, this one if none is named."""

import sys
from pathlib import Path

from tests.house.counts import count, shared_names, singletons, table

repository = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
print(table(count(repository)))
for found in singletons(repository):
    print(f"        {found}")
print(f"        {' '.join(shared_names(repository))}")
