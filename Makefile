# The one user interface of this repository; `make help` lists it. A fresh machine needs Python 3.11 or newer and make.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

ENV ?= local
ARGS ?=
ARCHITECTURE ?= arm64
PARAMETERS ?=

# ---- environments: several, because the SAM command line, MiniStack and Checkov pin packages that the project does not.
# Each lock is complete, hence --no-deps; with it pip does not stumble over the extras that a lock leaves out.

DEV := .venv/.installed
SAM := .venv-sam/.installed
MINISTACK := .venv-ministack/.installed
AUDIT := .venv-audit/.installed
BIN := .venv/bin

# The newest Python that runs here (a pyenv shim may stand in PATH and still refuse), asked once and only if needed.
FIND_PYTHON = for python in $${PYTHON:-} python3.13 python3.12 python3.11 python3.14 python3; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; exit; }; \
	done; echo "Python 3.11 or newer with venv is needed; name it with PYTHON=..." >&2; exit 1

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(DEV) $(SAM) $(MINISTACK) ## The environments, nothing else

$(DEV): requirements/dev.txt pyproject.toml
$(SAM): requirements/sam.txt
$(MINISTACK): requirements/ministack.txt
$(AUDIT): requirements/audit.txt

$(DEV) $(SAM) $(MINISTACK) $(AUDIT): %/.installed:
	@echo "Setting up $(@D) from $<"
	@test -x $(@D)/bin/python || { python=$$($(FIND_PYTHON)); $$python -m venv $(@D); }
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	@test $(@D) != .venv || $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: lock
lock: $(DEV) ## Resolve the locks again
	for name in layers/connector/requirements requirements/dev requirements/sam requirements/ministack requirements/audit; do \
		case $$name in */dev) runtime="--constraint layers/connector/requirements.txt";; *) runtime=;; esac; \
		$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
			--no-emit-find-links $$runtime $$name.in --output-file $$name.txt; done

# ---- quality

.PHONY: check
check: $(DEV) ## Format, lint, types, template with the house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/cfn-lint

.PHONY: audit
audit: $(AUDIT) ## The template by Checkov, every package against the advisories; needs the network
	.venv-audit/bin/checkov --config-file .checkov.yaml
	for lock in layers/connector/requirements.txt requirements/*.txt; do \
		.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement $$lock; done

.PHONY: test
test: setup ## Every test
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

.PHONY: prove
prove: setup build $(AUDIT) ## Try hard to break every guarantee: under 30 minutes on 2 cores, one table at the end
	$(BIN)/python -m proof $(ARGS)

.PHONY: bench
bench: setup build ## The figures in docs/performance.md, measured again
	$(BIN)/python -m bench

# ---- build and deploy: the runtime of the functions is the Python of .venv, so that it can compile for it

RUNTIME = $(shell $(BIN)/python -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
ifeq ($(ENV),local)
override ARCHITECTURE := $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
LAYER_PLATFORM =
else
LAYER_PLATFORM = manylinux2014_$(if $(filter arm64,$(ARCHITECTURE)),aarch64,x86_64)
endif
STREAM = $(if $(filter prod,$(ENV)),live,test)
BUILT = .aws-sam/$(ENV)
STACK = PythonRuntime=$(RUNTIME) Architecture=$(ARCHITECTURE) Stream=$(STREAM)
SAM_CLI = SAM_CLI_TELEMETRY=0 PATH="$(CURDIR)/.venv-sam/bin:$(CURDIR)/.venv/bin:$$PATH" .venv-sam/bin/sam
SOURCES = template.yaml $(shell find functions layers -type f -not -path '*/__pycache__/*')

.PHONY: build
build: .env-is-known $(BUILT)/$(ARCHITECTURE).built ## The artifact of ENV=local|dev|prod

$(BUILT)/$(ARCHITECTURE).built: $(SOURCES) Makefile $(DEV) | $(SAM)
	LAYER_PYTHON=$(CURDIR)/$(BIN)/python LAYER_PLATFORM=$(LAYER_PLATFORM) $(SAM_CLI) build \
		--config-env $(ENV) --build-dir $(BUILT) --parameter-overrides $(STACK)
	@touch $@

.PHONY: deploy
deploy: build ## To AWS: ENV=dev|prod, ARCHITECTURE=arm64|x86_64, PARAMETERS="AlarmEmail=... Name=..."
	@test $(ENV) != local || { echo "make deploy needs ENV=dev or ENV=prod; the laptop stack is make up." >&2; exit 2; }
	$(SAM_CLI) deploy --config-env $(ENV) --template-file $(BUILT)/template.yaml --parameter-overrides $(STACK) $(PARAMETERS)

.PHONY: .env-is-known
.env-is-known:
	@case $(ENV) in local|dev|prod) ;; *) echo "ENV is one of local, dev, prod; not $(ENV)." >&2; exit 2;; esac

# ---- the laptop stack

.PHONY: up down demo
up: setup build ## The laptop stack, left running
	$(BIN)/python -m local.up

down: $(DEV) ## Stop it
	$(BIN)/python -m local.down

demo: setup build ## The main job from end to end on this machine
	$(BIN)/python -m local.demo

.PHONY: clean
clean: ## Remove what was built; the environments stay
	rm -rf .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis build
	find . -name __pycache__ -not -path './.venv*' -type d -prune -exec rm -rf {} +
