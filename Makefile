SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3

# The files of the checkout, new ones too, ignored ones not.
FILES = git ls-files -co --exclude-standard | while read -r file; do [ ! -f "$$file" ] || echo "$$file"; done
SHELL_FILES = $(FILES) | xargs -d '\n' awk \
	'FNR == 1 && (/^\#!.*[\/ ](ba|da)?sh/ || FILENAME ~ /\.(sh|bash|bats)$$/) { print FILENAME }'

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 14

.venv: .venv/.stamp
.venv/.stamp: setup.cfg pyproject.toml
	@mkdir -p .cache; exec 9>.cache/venv.lock; ! command -v flock >/dev/null || flock 9; \
	[ ! $@ -nt setup.cfg ] || [ ! $@ -nt pyproject.toml ] || exit 0; \
	echo 'creating .venv'; \
	tests/run packages python3:ensurepip; \
	$(PYTHON) -m venv .venv; .venv/bin/pip install -qq --editable '.[test]'; touch $@

.PHONY: demo
demo: .venv ## names in, a served certificate out, against a test CA on this machine
	@demo/run

.PHONY: test
test: ## every test; installs what it needs (REQUIRE_ALL=1: a skip is a failure)
	@tests/run

.PHONY: test-oldest
test-oldest: .venv ## pytest with the oldest releases that setup.cfg allows
	@tests/run oldest

.PHONY: lint
lint: .venv ## ruff, mypy --strict, shellcheck, mandoc -Tlint
	@tests/run packages shellcheck mandoc
	.venv/bin/ruff check --quiet
	.venv/bin/mypy --strict
	! command -v shellcheck >/dev/null || $(SHELL_FILES) | \
		xargs -d '\n' shellcheck --external-sources --exclude=SC2154 # $$stderr, which bats sets
	! command -v mandoc >/dev/null || ! { mandoc -T lint man/*.[157] || true; } | \
		grep -v 'referenced manual not found' # whether other projects' pages are there says nothing about ours

.PHONY: bench
bench: .venv ## measure beside certbot, dehydrated, lego and uacme
	.venv/bin/python -m tests.bench

.PHONY: wheel
wheel: .venv ## dist/*.whl, made of the files of the checkout and nothing older
	@rm -rf .cache/source dist; mkdir -p .cache/source
	@$(FILES) | tar -cT - | tar -xC .cache/source
	.venv/bin/pip wheel -qq --no-deps --wheel-dir dist .cache/source

.PHONY: install
install: wheel ## pip install, into the environment of PYTHON (python3)
	$(PYTHON) -m pip install dist/*.whl

.PHONY: clean
clean: ## remove what make made
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
