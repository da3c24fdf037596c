# The same PATH in a login shell as outside one; see the Dockerfile.
PATH="/home/swish/.local/bin:/opt/swish/bin:$PATH"
