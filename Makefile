# Swish: one command for each thing a person does here. `make` alone lists them.
#
# Variables: CONTEXT, REGISTRY, PORT, VALUES, KUBECONFIG, PURGE, SWISH_CACHE and PYTHON; `make help` says what each does.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory
.PHONY: help up down status test lint unit unit-newest unit-oldest pages chart e2e bench reference lock format

PYTHON ?= python3
# Without any Python these name folders that are not there, and the rule that makes them says so.
VENV := $(or $(shell $(PYTHON) .ci/venv.py --path requirements/dev.txt 2>/dev/null),.no-python/dev)
OLD_VENV := $(or $(shell $(PYTHON) .ci/venv.py --path requirements/jupyterhub-5.txt 2>/dev/null),.no-python/jupyterhub-5)
PY := $(VENV)/bin/python

# What checkers remember goes by the content of files, so that all checkouts share it.
export MYPY_CACHE_DIR := $(VENV)/cache/mypy
export RUFF_CACHE_DIR := $(VENV)/cache/ruff
# Compiled once, and outside the tree: a run of the tests starts Python hundreds of times.
export PYTHONPYCACHEPREFIX := $(VENV)/cache/bytecode
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPATH := $(CURDIR)
export PATH := $(VENV)/bin:$(PATH)

help: ## list the commands and the variables
	@echo "Swish: development environments on Kubernetes via JupyterHub"
	@echo
	@sed -n 's/^\([a-z0-9]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F '|' '{printf "%-18s %s\n", $$1, $$2}'
	@echo
	@sed -n 's/^#: \([A-Z_]*\) *\(.*\)/  \1|\2/p' Makefile | awk -F '|' '{printf "%-18s %s\n", $$1, $$2}'

#: CONTEXT      install into this kubectl context instead of the local cluster (up, down, status)
#: REGISTRY     push the images there, for a cluster that cannot be loaded directly (up)
#: PORT         port of the printed address on this machine, 8000 unless told (up)
#: VALUES       a file of Helm values to add (up)
#: KUBECONFIG   as for kubectl; the local cluster has its own
#: PURGE        PURGE=1 deletes the users' volumes too (down)
#: SWISH_CACHE  where what can be built again is kept; ~/.cache/swish unless told
#: BENCH        what to measure, e.g. BENCH='--only "200 starts" --repeats 1' or BENCH=--full (bench)
#: PYTHON       Python 3.11 or newer; python3 unless told

up: venv ## start Swish and print where to log in
	@$(PY) -m local up

down: venv ## stop what `make up` started; users' files stay unless PURGE=1
	@$(PY) -m local down

status: venv ## print one JSON object; success only when the hub answers
	@$(PY) -m local status

test: venv ## run every check, and the end-to-end tests on a real cluster; ends with how long each part took
	@$(MAKE) openssh chromium bind promtool
	@$(PY) .ci/checks.py $(MAKE)

lint: venv ## formatting, lint, types and import contracts
	ruff format --check .
	ruff check .
	mypy
	lint-imports --cache-dir $(VENV)/cache/imports

unit: unit-newest unit-oldest ## tests that need no cluster and no network, on both supported JupyterHubs

unit-newest: venv openssh
	$(PY) -m pytest

unit-oldest: openssh $(OLD_VENV)/complete
	$(OLD_VENV)/bin/python -m pytest tests/hub tests/adapters

# An API server is what its tests on one want; a build of it that is under way is waited for.
chart: venv promtool ## check the Helm chart and what it renders
	@for tool in kube-apiserver etcd; do $(PY) -m local tool $$tool >/dev/null || exit 1; done
	@helm=$$($(PY) -m local tool helm) && [ -n "$$helm" ] && SWISH_HELM=$$helm $(PY) -m pytest tests/chart

# What drives the real parts without a cluster: Chromium over a real hub, ExternalDNS and BIND over an API server.
pages: venv chromium bind ## tests of pages in a browser and of names in a DNS server; no cluster
	@for tool in kube-apiserver etcd kwok external-dns; do $(PY) -m local tool $$tool >/dev/null || exit 1; done
	$(PY) -m pytest tests/pages tests/names

e2e: venv chromium ## end-to-end tests; boots the local cluster if it is not up, and leaves things as it found them
	@$(PY) .ci/e2e.py $(E2E)

bench: venv ## measure starts beside stock KubeSpawner on an API server of its own; about 45 minutes
	@$(PY) -m benchmarks $(BENCH)

reference: venv ## write the reference pages again from the schemas
	$(PY) docs/make_reference.py

format: venv ## format the code and mend what can be mended
	ruff check --fix-only .
	ruff format .

LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
  --overrides requirements/overrides.in
lock: venv ## pin requirements/*.in again, with hashes and without addresses
	$(LOCK) $(UPGRADE) -o requirements/dev.txt requirements/dev.in
	$(LOCK) $(UPGRADE) -o requirements/jupyterhub-5.txt requirements/jupyterhub-5.in

# The environments are keyed by content, so that they exist is all there is to know.
NEED_PYTHON = command -v $(PYTHON) >/dev/null || { echo "error: Swish needs Python 3.11 or newer; no $(PYTHON) here" >&2; exit 1; }
.PHONY: venv chromium openssh bind promtool
venv: $(VENV)/complete

$(VENV)/complete:
	@$(NEED_PYTHON)
	@$(PYTHON) .ci/venv.py requirements/dev.txt >/dev/null

$(OLD_VENV)/complete:
	@$(NEED_PYTHON)
	@$(PYTHON) .ci/venv.py requirements/jupyterhub-5.txt >/dev/null

# The browser tests drive Debian's own Chromium, the one without windows.
chromium:
	@command -v chromium-headless-shell >/dev/null || \
	  .ci/install-debian "Chromium, for the tests of pages" chromium-headless-shell fonts-liberation

# The tests of swish-sshd run Debian's own OpenSSH; where it may not be installed they are skipped, and say so.
openssh:
	@{ [ -x /usr/sbin/sshd ] && command -v rsync >/dev/null; } || .ci/install-debian \
	  "OpenSSH, for the tests of swish-sshd" openssh-client openssh-server openssh-sftp-server rsync || [ $$? = 3 ]

# The tests of environments' names ask Debian's own BIND.
bind:
	@{ [ -x /usr/sbin/named ] && command -v dig >/dev/null; } || \
	  .ci/install-debian "BIND, for the tests of names" bind9 bind9-dnsutils || [ $$? = 3 ]

# The tests of alert rules ask Debian's own promtool.
promtool:
	@command -v promtool >/dev/null || .ci/install-debian "promtool, for the tests of alerts" prometheus || [ $$? = 3 ]
