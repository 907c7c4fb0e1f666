# Two commands on a fresh machine: make demo, make test. Only Python >= 3.11 with pip, and make, are needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PIP    := $(PYTHON) -m pip --disable-pip-version-check --python $(BIN)/python install --quiet --no-input

.PHONY: demo test check docs lock clean
.DEFAULT_GOAL := demo

# The stamp names the folder it was made in: an environment that was moved, or whose Python is gone, is made anew.
ifneq ($(shell $(BIN)/python -c 'print(open("$(STAMP)").read(), end="")' 2>/dev/null),$(CURDIR))
$(shell rm -f $(STAMP))
endif

# No stamp means that nothing was installed or that it was interrupted: begin from nothing. The stamp goes first and
# comes last, so that a step that fails leaves none.
# --without-pip: Debian's bare Python has no ensurepip; the machine's own pip installs into the environment.
$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there: install Python 3.11 or newer, or name one: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "settlement-recon needs Python 3.11 or newer; $(PYTHON) is %d.%d: make PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "$(PYTHON) has no pip: install it (Debian, Ubuntu: apt-get install python3-pip)" >&2; exit 1; }
	@test -e $(STAMP) || rm -rf $(VENV)
	@rm -f $(STAMP)
	@echo "installing locked dependencies into $(VENV) (once, about a minute) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@$(PIP) --no-deps --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q pipelines schemas reports
	@printf '%s' "$(CURDIR)" > $(STAMP)

# The demo leaves nothing outside this folder and asks no Prefect server of yours.
demo: $(STAMP)
	@mkdir -p var/prefect
	@env -u PREFECT_API_URL PREFECT_HOME="$(CURDIR)/var/prefect" $(BIN)/python -m pipelines demo

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The parts of README.md and docs/ between the `generated` marks.
docs: $(STAMP)
	@$(BIN)/python -m pipelines.dictionary

lock: $(STAMP)
	$(BIN)/uv pip compile pyproject.toml --extra sftp --extra s3 --extra pdf --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
