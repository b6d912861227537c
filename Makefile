# genmux: `make run` starts it, `make test` tests it, `make help` lists the rest.
PYTHON ?= python3
export PYTHON

# Hundreds of tests start a program of ours: none is to compile us anew, also where the environment wants no bytecode.
export PYTHONDONTWRITEBYTECODE =

BIN := .venv/bin
STAMP := .venv/.stamp
CHECKS := ruff format types imports dependencies docstrings dead-code spelling sizes words tests docs

.DEFAULT_GOAL := help
.PHONY: help run test coverage check bench bench-peers bench-usage bench-voice docs lock clean $(addprefix check-,$(CHECKS))

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

$(STAMP): requirements.lock pyproject.toml tools/environment.sh
	@tools/environment.sh

run: $(STAMP) ## Start the gateway with everything that needs no key
	@$(WEIGHTS) || echo "without weights the embedded models do not answer; everything else does"
	@exec $(BIN)/genmux serve

WEIGHTS = $(BIN)/genmux local install smollm2 && $(BIN)/genmux local install upscale && \
  $(BIN)/genmux local install whisper-tiny

# Tests mostly wait, for processes, sockets and disks: three for two cores keep these busy.
WORKERS = $(shell $(PYTHON) -c "import os; print(min(4, (os.cpu_count() or 1) * 3 // 2))")

test: $(STAMP) ## Run the whole test suite
	@$(WEIGHTS) || echo "without weights the tests of the embedded models are left out"
	@$(BIN)/python -m pytest --quiet --numprocesses $(WORKERS) --dist worksteal $(ARGS)

coverage: $(STAMP) ## Run the whole test suite and measure what it covers
	@$(BIN)/python -m pytest --quiet --numprocesses $(WORKERS) --dist worksteal \
	  --cov --cov-report=term --cov-report=html $(ARGS)

# ---- checks: each prints one line, and its output only if it fails. One of them: make check-types
check: $(STAMP) ## Run every check that is not a test
	@$(MAKE) --no-print-directory --keep-going --jobs 2 $(addprefix check-,$(CHECKS))

define quietly
	@if output=$$($(1) 2>&1); then echo "ok      $(@:check-%=%)"; \
	  else printf 'FAILED  %s\n%s\n' "$(@:check-%=%)" "$$output"; exit 1; fi
endef

check-ruff: $(STAMP)
	$(call quietly,$(BIN)/ruff check --quiet --output-format concise)
check-format: $(STAMP)
	$(call quietly,$(BIN)/ruff format --check --quiet || { $(BIN)/ruff format --check; false; })
check-types: $(STAMP)
	$(call quietly,$(BIN)/basedpyright)
check-imports: $(STAMP)
	$(call quietly,$(BIN)/lint-imports --no-logo)
check-dependencies: $(STAMP)
	$(call quietly,$(BIN)/deptry --no-ansi src)
check-docstrings: $(STAMP)
	$(call quietly,$(BIN)/interrogate --quiet src || { $(BIN)/interrogate -vv src; false; })
check-dead-code: $(STAMP)
	$(call quietly,$(BIN)/vulture)
check-spelling: $(STAMP)
	$(call quietly,git ls-files -z --cached --others --exclude-standard | xargs -0 $(BIN)/codespell)
check-sizes: $(STAMP)
	$(call quietly,$(BIN)/python -m tools.check_sizes)
check-words: $(STAMP)
	$(call quietly,$(BIN)/python -m tools.check_words)
check-tests: $(STAMP)
	$(call quietly,$(BIN)/python -m tools.check_tests)
check-docs: $(STAMP)
	$(call quietly,$(BIN)/python -m tools.generate_docs --check)

# ---- measuring
bench: $(STAMP) ## Measure genmux against its performance budget
	@$(BIN)/python benchmarks/run.py $(ARGS)
	@$(BIN)/python benchmarks/holds.py
	@$(BIN)/python benchmarks/money.py
	@$(BIN)/python benchmarks/jobs.py

bench-voice: $(STAMP) ## Measure live sessions, and the embedded models that hear and speak
	@$(BIN)/python benchmarks/realtime.py $(ARGS)
	@$(WEIGHTS) && $(BIN)/genmux local install whisper-base
	@$(BIN)/python benchmarks/speech.py --models local/whisper-tiny local/whisper-base
	@$(BIN)/python benchmarks/first_audio.py

bench-usage: $(STAMP) ## Measure questions about ten million usage rows (takes minutes and 3 GB)
	@$(BIN)/python benchmarks/usage.py $(ARGS)

bench-peers: $(STAMP) ## Measure other libraries beside genmux (installs them into .venv-peers)
	@$(BIN)/python benchmarks/peers.py $(ARGS)

# ---- upkeep
docs: $(STAMP) ## Write the generated documents anew
	@$(BIN)/python -m tools.generate_docs

lock: $(STAMP) ## Resolve requirements.lock anew; ARGS=--upgrade takes newer versions
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  --quiet --output-file requirements.lock $(ARGS)

clean: ## Remove the environment and all that tools left behind
	@rm -rf .venv .venv-peers build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache \
	  .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
