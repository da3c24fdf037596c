"""Pages over a real hub and a Kubernetes API server in memory, in Debian's Chromium: no cluster."""

from tests.e2e.browser import browser, page, pictures  # noqa: F401 - fixtures
