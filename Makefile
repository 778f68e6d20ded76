# make demo         the whole journey on this computer: a course page and a wallet
# make demo-reset   forget what the demo remembers
# make test         install what the tests need, run every check and every test
# make check        the checks alone
# make bench        credentials a second, against two other implementations
# make bench-form   opening the author's form of a small and of a large pill
# make bench-wallets  deliveries a second through each push adapter, against bare requests
# make bench-load   10,000 awards by two workers on MariaDB and Redis, against bare code: some minutes
# make test-platform PLATFORM=<checkout>   the tests that need Open edX itself: docs/platform.md
# make messages     collect and compile translations
#
# PORT= and WALLET_PORT= choose the demo's ports, PYTHON= the interpreter. MICROCRED_REQUIRE_ALL=1 makes missing
# Chromium, node, MariaDB, Redis or PostgreSQL an error instead of a skip.

.DEFAULT_GOAL := help
.PHONY: help test-platform demo demo-reset demo-env test test-env test-newest test-floor test-floor-run check bench bench-form bench-wallets bench-load messages clean

PORT ?= 8000
WALLET_PORT ?= 8100
DEMO := .venv
TEST := .venvs/newest
FLOOR := .venvs/floor
REQUIRE_ALL := $(if $(CI)$(filter 1,$(MICROCRED_REQUIRE_ALL)),yes)
PIP_OPTIONS := --quiet --quiet --disable-pip-version-check
PACKAGING := setup.py pyproject.toml
# $(call install-mysql,<environment>,<constraint>): the one driver that is compiled.
install-mysql = $(1)/bin/python -m pip install $(PIP_OPTIONS) --requirement requirements/mysql.txt $(2) || { \
    echo "mysqlclient could not be built: the tests on MariaDB cannot run." >&2; \
    echo "On Debian and Ubuntu: apt install libmariadb-dev pkg-config gcc python3-dev" >&2; \
    test -z "$(REQUIRE_ALL)"; }

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

demo: $(DEMO)/.installed
	@exec $(DEMO)/bin/python -m microcred_xblock.workbench.demo --port="$(PORT)" --wallet-port="$(WALLET_PORT)"

demo-reset: $(DEMO)/.installed
	@$(DEMO)/bin/python -m microcred_xblock.workbench.demo --reset

$(DEMO)/.installed: $(PACKAGING)
	@echo "Installing the demo into $(DEMO) (once, about a minute) …"
	@python=$$(tools/find_python.sh) && "$$python" -m venv --clear $(DEMO)
	@$(DEMO)/bin/python -m pip install $(PIP_OPTIONS) --upgrade pip
	@$(DEMO)/bin/python -m pip install $(PIP_OPTIONS) --editable ".[demo]"
	@touch $@

# The tests run on the newest platform (Python 3.12, newest XBlock) and their core again on the oldest one that is
# supported (Python 3.11, XBlock 5.2). Each has its versions pinned in requirements/.
$(TEST)/.installed: $(PACKAGING) $(wildcard requirements/*.txt)
	@echo "Installing what the tests need into $(TEST) …"
	@python=$$(tools/find_python.sh) && "$$python" -m venv --clear $(TEST)
	@$(TEST)/bin/python -m pip install $(PIP_OPTIONS) --upgrade pip
	@version=$$($(TEST)/bin/python -c 'import sys; print("py%d%d" % sys.version_info[:2])'); pins=; \
	 if [ $$version = py312 ]; then pins="--constraint requirements/pins-py312.txt"; fi; \
	 $(TEST)/bin/python -m pip install $(PIP_OPTIONS) --editable ".[demo,validation]" \
	    --requirement requirements/test.txt $$pins && \
	 { $(call install-mysql,$(TEST),$$pins); }
	@touch $@

$(FLOOR)/.installed: $(PACKAGING) $(wildcard requirements/*.txt)
	@echo "Installing the oldest supported platform into $(FLOOR) …"
	@"$$(tools/find_python.sh 3.11)" -m venv --clear $(FLOOR)
	@$(FLOOR)/bin/python -m pip install $(PIP_OPTIONS) --upgrade pip
	@$(FLOOR)/bin/python -m pip install $(PIP_OPTIONS) --editable ".[demo,validation]" \
	    --requirement requirements/test.txt --constraint requirements/pins-py311.txt
	@$(call install-mysql,$(FLOOR),--constraint requirements/pins-py311.txt)
	@touch $@

# The verifiers and axe come from npm, by lock file; without node their tests say so and skip.
NODE_FOLDERS := $(patsubst %/package-lock.json,%,$(wildcard tests/*/package-lock.json))
NODE_STAMPS := $(if $(shell command -v npm),$(addsuffix /node_modules/.installed,$(NODE_FOLDERS)))

%/node_modules/.installed: %/package-lock.json
	@echo "Installing npm packages of $* …"
	@cd $* && npm ci --no-audit --no-fund --silent
	@touch $@

demo-env: $(DEMO)/.installed
test-env: $(TEST)/.installed $(NODE_STAMPS)

# Both suites at once: each is busy with one core, and they share nothing but the servers.
test: test-env check
	@$(MAKE) --no-print-directory --jobs=2 test-newest test-floor
	@echo "Everything passed."

test-newest: test-env
	@$(TEST)/bin/python -c 'import sys, django, importlib.metadata as m; \
	    print("The whole suite on Python %d.%d" % sys.version_info[:2], "Django", django.__version__, \
	    "XBlock", m.version("XBlock"))'
	$(TEST)/bin/python -m pytest

test-floor:
	@if tools/find_python.sh 3.11 >/dev/null; then $(MAKE) --no-print-directory test-floor-run; \
	 elif [ -n "$(REQUIRE_ALL)" ]; then echo "Python 3.11 is missing: the oldest platform cannot be tested." >&2; exit 1; \
	 else echo "No Python 3.11 here: the core suite on the oldest supported platform was left out."; fi

test-floor-run: $(FLOOR)/.installed
	@$(FLOOR)/bin/python -c 'import sys, django, importlib.metadata as m; \
	    print("The core suite on Python %d.%d" % sys.version_info[:2], "Django", django.__version__, \
	    "XBlock", m.version("XBlock"))'
	$(FLOOR)/bin/python -m pytest -m "not node and not browser" --ignore=tests/browser --ignore=tests/faults

check: $(TEST)/.installed
	@if [ -n "$(REQUIRE_ALL)" ]; then tools/find_python.sh 3.12 >/dev/null || \
	    { echo "Python 3.12 is missing: the newest platform cannot be tested." >&2; exit 1; }; fi
	$(TEST)/bin/ruff check .
	$(TEST)/bin/lint-imports
	DJANGO_SETTINGS_MODULE=tests.settings $(TEST)/bin/python -m django makemigrations --check --dry-run microcred
	MICROCRED_DEMO_DIR=var/check DJANGO_SETTINGS_MODULE=microcred_xblock.workbench.wallet.settings \
	    $(TEST)/bin/python -m django makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=tests.settings $(TEST)/bin/code_annotations django_find_annotations \
	    --config_file .pii_annotations.yml --lint --coverage
	MICROCRED_DEMO_DIR=var/check DJANGO_SETTINGS_MODULE=microcred_xblock.workbench.wallet.settings \
	    $(TEST)/bin/code_annotations django_find_annotations --config_file .pii_annotations.yml --lint --coverage
	$(TEST)/bin/python -m tools.messages check
	$(TEST)/bin/python -m tools.check_package

# The package must be installed in PLATFORM_PYTHON, next to the platform's own testing requirements; the platform's
# test settings say where they look for MongoDB. With PLATFORM_LMS, PLATFORM_STUDIO and PLATFORM_WALLET (addresses of
# running servers) the journey in the browser runs too.
PLATFORM ?=
PLATFORM_PYTHON ?= python
PLATFORM_TEST = cd "$(PLATFORM)" && mkdir -p test_root/log && PYTHONPATH="$(PLATFORM)" PYTHONDONTWRITEBYTECODE=1 \
    "$(PLATFORM_PYTHON)" -m pytest -c "$(CURDIR)/pyproject.toml" --rootdir "$(CURDIR)" --nomigrations -p no:randomly \
    -p no:cacheprovider -W ignore --show-capture=no -q

test-platform: $(TEST)/.installed
	@test -f "$(PLATFORM)/lms/urls.py" || { \
	    echo "PLATFORM= must name the checkout of an Open edX platform (docs/platform.md)." >&2; exit 2; }
	$(PLATFORM_TEST) --ds lms.envs.test "$(CURDIR)/tests/platform"
	$(PLATFORM_TEST) --ds cms.envs.test "$(CURDIR)/tests/platform"
	$(TEST)/bin/python -m pytest tests/platform/running

bench: $(TEST)/.installed $(NODE_STAMPS)
	@$(TEST)/bin/python -m benchmarks.signing

bench-form: $(TEST)/.installed
	@$(TEST)/bin/python -W ignore -m benchmarks.studio_form

bench-wallets: $(TEST)/.installed
	@$(TEST)/bin/python -W ignore -m benchmarks.delivering

bench-load: $(TEST)/.installed
	@$(TEST)/bin/python -m tests.services $(TEST)/bin/python -m benchmarks.issuing

messages: $(TEST)/.installed
	@$(TEST)/bin/python -m tools.messages update
	@$(TEST)/bin/python -m tools.messages compile

clean:
	rm -rf $(DEMO) .venvs build dist var artefacts
