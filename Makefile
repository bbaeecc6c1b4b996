# `make serve` and `make test` work on a bare machine with Python 3.10 to 3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Nothing here phones home; export another value to change that.
export RAY_USAGE_STATS_ENABLED ?= 0
# Gives every request a clean name before Serve's proxies see it.
export RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH ?= deployments.http.request_id.middlewares
# A proxy that has died is replaced after three checks of its health.
export RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S ?= 2
# A replica that starts takes no core from those that speak.
export RAY_worker_niceness ?= 0

# HAProxy's binary exists for Linux only; elsewhere Serve's own proxy does its work.
ifeq ($(shell uname -s),Linux)
export RAY_SERVE_THROUGHPUT_OPTIMIZED ?= 1
export RAY_SERVE_ENABLE_HA_PROXY ?= 1
# How long a stopping server waits for its proxies to look elsewhere. In a cluster, leave Ray's 30 s.
serve: export RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S ?= 1
endif

.DEFAULT_GOAL := help
.PHONY: help serve neural test check docs format tools clients clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[formant,production]'
	@touch $@

# PyTorch for this machine: CUDA where there is an NVIDIA driver, else the CPU build, wherever pip has it, or
# where uv knows it to be. Installed first, it satisfies what the project asks for.
TORCH_BACKEND ?= $(if $(shell command -v nvidia-smi),auto,cpu)
$(VENV)/.installed-torch: | $(BIN)/python
	{ [ $(TORCH_BACKEND) = cpu ] && $(BIN)/python -m pip install --quiet 'torch==2.13.0+cpu'; } || \
	{ $(BIN)/python -m pip install --quiet uv && \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --torch-backend=$(TORCH_BACKEND) torch; }
	@touch $@

$(VENV)/.installed-neural: pyproject.toml $(VENV)/.installed-torch | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[formant,production,neural,g2pw]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed-torch | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.installed

serve: $(VENV)/.installed ## Set up where needed, and serve on http://127.0.0.1:8000
	@$(BIN)/python -m polyvox.announce http://127.0.0.1:8000 &
	PATH="$(abspath $(BIN)):$$PATH" exec $(BIN)/serve run serve_config.yaml

neural: $(VENV)/.installed-neural ## Add what GPT-SoVITS needs, with the PyTorch build that fits this machine

test: $(VENV)/.installed-dev ## Set up where needed, and run every test
	$(BIN)/python -m pytest -n logical --dist worksteal tests/unit tests/parity tests/e2e
	$(BIN)/python -m pytest tests/serve

check: $(VENV)/.installed-dev ## Format, lint, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/unit/test_architecture.py

docs: $(VENV)/.installed-dev ## Build the documentation into build/docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs build/docs

format: $(VENV)/.installed-dev ## Put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

tools: ## Install what some tests drive, and are skipped without: Chromium, Prometheus (Debian, Ubuntu)
	command -v chromium && command -v prometheus || \
	(apt-get update -qq && apt-get install -y -qq chromium prometheus prometheus-node-exporter-)

# Apart from the rest: they pin other versions than this project's tools do. Node's only where there is npm.
clients: ## Install clients' own packages (LiveKit, Pipecat, OpenAI for Node), which tests/serve/clients runs
	$(PYTHON) -m venv .clients/venv
	.clients/venv/bin/python -m pip install --quiet livekit-plugins-openai 'pipecat-ai[openai]'
	if command -v npm; then npm install --silent --no-audit --no-fund --prefix .clients openai; fi

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .clients .mypy_cache .pytest_cache .ruff_cache .hypothesis
