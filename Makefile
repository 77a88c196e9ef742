# The one user interface of this repository; `make help` lists it. A fresh machine needs Python 3.11 or newer and make.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

ENV ?= local
ARGS ?=

# Modules are compiled once, not again in each of the many processes that tests and proofs start.
unexport PYTHONDONTWRITEBYTECODE

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
	@$(@D)/bin/python -m pip --version > /dev/null 2>&1 || { python=$$($(FIND_PYTHON)); $$python -m venv --clear $(@D); }
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
	$(BIN)/python -m infra --check
	$(BIN)/cfn-lint

.PHONY: template
template: $(DEV) ## template.yaml, the part that is generated from infra/
	$(BIN)/python -m infra

.PHONY: audit
audit: $(AUDIT) ## The template by Checkov, every package against the advisories; needs the network
	.venv-audit/bin/checkov --config-file .checkov.yaml
	for lock in layers/connector/requirements.txt requirements/*.txt; do \
		.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement $$lock; done

.PHONY: test
test: setup ## Every test
	$(BIN)/pytest -n 3 --dist loadgroup $(ARGS)

.PHONY: prove
prove: setup build $(AUDIT) ## Try hard to break every guarantee: 25 minutes on 2 quiet cores, one table at the end
	$(BIN)/python -m proof $(ARGS)

.PHONY: bench
bench: setup build ## The figures in docs/performance.md, cost.md and scale.md again
	$(BIN)/python -m bench

# ---- build and deploy. What is deployed stands in two files: parameters/$(ENV).yaml has the parameters of the stack,
# samconfig.toml its name and region. The laptop stack takes the Python of .venv and the processor of this machine.

BUILT = .aws-sam/$(ENV)
PARAMETERS = $(if $(filter-out local,$(ENV)),parameters/$(ENV).yaml)
SOURCES = template.yaml samconfig.toml $(PARAMETERS) $(shell find functions layers -type f -not -path '*/__pycache__/*')
SAM_CLI = SAM_CLI_TELEMETRY=0 PATH="$(CURDIR)/.venv-sam/bin:$(CURDIR)/.venv/bin:$$PATH" .venv-sam/bin/sam

parameter = $(shell sed -n 's/^$(1): *"\{0,1\}\([a-z0-9_.]*\).*/\1/p' $(PARAMETERS))
ifeq ($(ENV),local)
RUNTIME = $(shell $(BIN)/python -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
LAYER = LAYER_RUNTIME=$(RUNTIME) LAYER_ARCHITECTURE=native
OVERRIDES = --parameter-overrides PythonRuntime=$(RUNTIME) \
	Architecture=$(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
else
LAYER = LAYER_RUNTIME=$(call parameter,PythonRuntime) LAYER_ARCHITECTURE=$(call parameter,Architecture)
OVERRIDES =
endif

.PHONY: wheel
wheel: $(DEV) ## The connector command as a wheel, in dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

.PHONY: build
build: .env-is-known $(BUILT)/.built ## The artifact of ENV=local|dev|prod

$(BUILT)/.built: $(SOURCES) Makefile $(DEV) | $(SAM)
	@echo "Building functions and layer for ENV=$(ENV) (sam build; the log is $(BUILT).log)"
	@mkdir -p $(@D)
	@LAYER_PYTHON=$(CURDIR)/$(BIN)/python $(LAYER) $(SAM_CLI) build --config-env $(ENV) --build-dir $(BUILT) $(OVERRIDES) \
		> $(BUILT).log 2>&1 || { cat $(BUILT).log >&2; echo "The build failed; what sam said stands above." >&2; exit 1; }
	@touch $@

.PHONY: deploy
deploy: .parameters-are-right .account-is-known .template-is-current build ## To AWS: ENV=dev|prod, with the parameters of parameters/ENV.yaml
	$(SAM_CLI) deploy --config-file $(CURDIR)/samconfig.toml --config-env $(ENV) --template-file $(BUILT)/template.yaml

.PHONY: .parameters-are-right
.parameters-are-right: .env-is-known $(DEV)
	@test $(ENV) != local || { echo "make deploy needs ENV=dev or ENV=prod; the laptop stack is make up." >&2; exit 2; }
	@$(BIN)/python -m parameters.check $(PARAMETERS)

.PHONY: .account-is-known
.account-is-known: $(DEV)
	@$(BIN)/python -m parameters.account $(ENV)

.PHONY: .template-is-current
.template-is-current: $(DEV)
	@$(BIN)/python -m infra --check

.PHONY: .env-is-known
.env-is-known:
	@case $(ENV) in local|dev|prod) ;; *) echo "ENV is one of local, dev, prod; not $(ENV)." >&2; exit 2;; esac

# ---- the laptop stack

.PHONY: up down demo invoke
up: setup build ## The laptop stack, left running
	@$(BIN)/python -m testkit.laptop.up

down: $(DEV) ## Stop it
	@$(BIN)/python -m testkit.laptop.down

invoke: setup build ## One function of the laptop stack in Lambda's image: FUNCTION=translate_document [EVENT=FILE]
	@$(BIN)/python -m testkit.laptop.invoke "$(FUNCTION)" "$(EVENT)"

demo: setup build ## The main job from end to end on this machine
	@$(BIN)/python -m demo

.PHONY: clean
clean: ## Remove what was built; the environments stay
	rm -rf .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -not -path './.venv*' -type d -prune -exec rm -rf {} +
