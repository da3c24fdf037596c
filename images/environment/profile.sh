# The same PATH in a login shell as outside one; see the Dockerfile. In front are the programs of the packages that were
# asked for at the launch.
PATH="/home/swish/.local/bin:/opt/swish/bin:$PATH"
[ -z "${PYTHONUSERBASE:-}" ] || PATH="$PYTHONUSERBASE/bin:$PATH"
