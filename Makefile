# What people and CI call. Everything that is fetched lands in .tools/ or target/, which git ignores.

DUCKDB_VERSION := 1.5.6
PYTHON ?= python3
CARGO ?= cargo
DUCKDB := .tools/duckdb
READERS := .tools/readers
BROWSER := .tools/browser

export KPIC_DUCKDB := $(CURDIR)/$(DUCKDB)

.PHONY: demo test test-engines engines test-docs test-forecast test-unusual test-site test-dbt site test-random test-builds fuzz lint deny typos wheel wheel-test bench bench-sql clean help

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(DUCKDB) ## Build kpic and show the flights that left New York in 2013
	$(CARGO) build --release --locked
	./target/release/kpic -C specs/flights run

# What `make test` runs SQL on; those that are named have to be there. `make test ENGINES=duckdb` where nothing can be installed.
ENGINES ?= duckdb postgres sqlite clickhouse
# What takes longer than all else, and is compared by `make test-engines` alone.
LATER ?= clickhouse/saas

test: $(DUCKDB) engines ## Run all tests
	KPIC_ENGINES="$(ENGINES)" KPIC_ENGINE_LATER="$(LATER)" $(CARGO) test --locked
	$(MAKE) --no-print-directory test-docs

# Random projects beside all examples and cases.
ENGINE_RANDOM ?= 300

test-engines: ENGINES = all
test-engines: $(DUCKDB) engines ## Compare every view on every engine; ENGINES="postgres spark" for some
	KPIC_ENGINES="$(ENGINES)" KPIC_ENGINE_RANDOM=$(ENGINE_RANDOM) KPIC_RANDOM_SEED=$(RANDOM_SEED) $(CARGO) test --locked --test engines

engines: ## Install the engines that tests run SQL on
	PYTHON="$(PYTHON)" tests/engines/install.sh $(ENGINES)

test-dbt: $(DUCKDB) ## Ask dbt and MetricFlow what their metrics are, compare what kpic makes of them, and have dbt build what kpic writes
	PYTHON="$(PYTHON)" tests/dbt/run.sh $(CURDIR)/target/dbt
	KPIC_DBT=$(CURDIR)/target/dbt $(CARGO) test --locked --test imports dbt::figures
	$(CARGO) build --locked
	PYTHON="$(PYTHON)" tests/dbt/out.sh target/debug/kpic $(CURDIR)/target/dbt-out

test-docs: $(READERS)/done ## Look at documents, built and own, with MkDocs and mermaid
	$(CARGO) build --locked
	$(WITH_READERS) "$$python" tests/readers/check.py ./target/debug/kpic $(READERS) specs/cdnow specs/flights specs/saas tests/hostile

test-forecast: tests/forecast/requirements.txt ## Have statsmodels and SciPy make the numbers anew that forecasts are compared with
	rm -rf .tools/of-forecast && mkdir -p .tools
	($(PYTHON) -m venv .tools/of-forecast && .tools/of-forecast/bin/python -m pip install --quiet -r $<) \
	  || (rm -rf .tools/of-forecast && $(PYTHON) -m pip install --quiet --target .tools/of-forecast/pip -r $<)
	python=.tools/of-forecast/bin/python; [ -x "$$python" ] || python=$(PYTHON); \
	  PYTHONPATH=.tools/of-forecast/pip "$$python" -W ignore tests/forecast/reference.py
	$(CARGO) test --locked --test forecast

test-unusual: $(DUCKDB) ## Have Python work out anew what is unusual in random series, and compare
	$(PYTHON) tests/unusual/reference.py
	KPIC_CASES=unusual $(CARGO) test --locked --test cases -- every_case

test-site: $(DUCKDB) $(BROWSER)/done ## Look at what `kpic site` writes in Chromium; on Debian, `apt-get install chromium nodejs npm` first
	$(CARGO) build --locked
	for project in cdnow saas; do ./target/debug/kpic -C specs/$$project site --output $(CURDIR)/target/site-test/$$project || exit 1; done
	node tests/site/browser/check.mjs $(BROWSER) target/site-test/cdnow target/site-test/saas

$(BROWSER)/done: tests/site/browser/package-lock.json
	rm -rf $(BROWSER) && mkdir -p $(BROWSER)
	cp tests/site/browser/package.json tests/site/browser/package-lock.json $(BROWSER)/
	cd $(BROWSER) && npm ci --silent --no-audit --no-fund --ignore-scripts
	touch $@

site: $(READERS)/done ## Make a site of kpic's own documents in target/site
	$(WITH_READERS) NO_MKDOCS_2_WARNING=1 "$$python" -m mkdocs build --strict --clean -f mkdocs.yml

# The seed says which projects; the scheduled workflow takes one that nobody has tried.
RANDOM_CASES ?= 10000
RANDOM_SEED ?= 1

test-random: $(DUCKDB) ## Check 10,000 random projects against the reference evaluator; RANDOM_SEED=7 for others
	KPIC_RANDOM_CASES=$(RANDOM_CASES) KPIC_RANDOM_SEED=$(RANDOM_SEED) $(CARGO) test --locked --release --test random -- --nocapture

test-builds: ## Kill 100 builds at random moments and let 50 pairs of builds meet
	KPIC_BUILD_KILLS=100 KPIC_BUILD_PAIRS=50 $(CARGO) test --locked --release --test builds

# Each target for so long; the corpus grows in fuzz/corpus, and what does harm lands in fuzz/artifacts.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?= formula spec project sql render template name raw import import_sql import_cube import_lookml

fuzz: .tools/cargo-fuzz ## Look for inputs that do harm, each target for FUZZ_SECONDS (needs a nightly Rust)
	cd fuzz && for target in $(FUZZ_TARGETS); do \
	  mkdir -p corpus/$$target && RUSTUP_TOOLCHAIN=nightly ../.tools/cargo-fuzz fuzz run --target-dir ../target/fuzz $$target \
	    corpus/$$target seeds/$$target -- -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=8192 || exit 1; \
	done

lint: ## Formatting and lints, as CI has them
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

deny: .tools/cargo-deny ## Licences, sources and doubles of what kpic is built from
	.tools/cargo-deny --locked check bans licenses sources

typos: .tools/typos ## Spelling
	.tools/typos

wheel: .tools/maturin ## Build the Python wheel into target/wheels
	rm -rf target/wheels && .tools/maturin build --locked --out target/wheels

wheel-test: wheel ## Install the wheel into an empty environment and run it there
	rm -rf target/wheel-test && $(PYTHON) -m venv target/wheel-test
	target/wheel-test/bin/python -m pip install --quiet target/wheels/kpic-*.whl
	cd target/wheel-test && unset KPIC_DUCKDB && export PATH="$$PWD/bin:$$PATH" \
	  && kpic init demo --sample && kpic -C demo test && kpic -C demo verify && kpic -C demo run && kpic -C ../../specs/cdnow run

bench: $(DUCKDB) ## Time kpic on generated projects of up to 50,000 KPIs, beside its limits, and stage by stage
	$(CARGO) bench --locked --bench process
	$(CARGO) bench --locked --bench stages
	$(CARGO) bench --locked --bench engine

bench-sql: $(DUCKDB) ## Time the emitted SQL against an expert's, on 10 million rows
	$(CARGO) bench --locked --bench sql

clean: ## Delete what was built and fetched
	rm -rf target .tools

# The DuckDB command line program, as PyPI has it. A virtual environment where Python can make one, else a plain folder.
$(DUCKDB):
	rm -rf .tools/of-duckdb $(DUCKDB) && mkdir -p .tools
	($(PYTHON) -m venv .tools/of-duckdb && .tools/of-duckdb/bin/python -m pip install --quiet duckdb-cli==$(DUCKDB_VERSION)) \
	  || $(PYTHON) -m pip install --quiet --target .tools/of-duckdb duckdb-cli==$(DUCKDB_VERSION)
	program=$$(find .tools/of-duckdb -name duckdb -path '*duckdb_cli*' -type f | head -n 1) && chmod +x "$$program" \
	  && ln -s "$${program#.tools/}" $(DUCKDB)
	$(DUCKDB) --version

# Programs that PyPI has, each in an environment of its own.
.tools/maturin: PACKAGE := maturin>=1.9,<2
.tools/typos: PACKAGE := typos>=1.40,<2
.tools/maturin .tools/typos:
	mkdir -p .tools && rm -rf .tools/of-$(@F)
	($(PYTHON) -m venv .tools/of-$(@F) && .tools/of-$(@F)/bin/python -m pip install --quiet "$(PACKAGE)") \
	  || (rm -rf .tools/of-$(@F) && $(PYTHON) -m pip install --quiet --target .tools/of-$(@F) "$(PACKAGE)")
	ln -sf of-$(@F)/bin/$(@F) $@

.tools/cargo-deny .tools/cargo-fuzz:
	$(CARGO) install --quiet --locked --root .tools/of-$(@F) $(@F)
	ln -sf of-$(@F)/bin/$(@F) $@

# MkDocs and Node from PyPI, mermaid's parser from npm; the two files that are named here say which versions.
$(READERS)/done: tests/readers/requirements.txt tests/readers/package-lock.json
	rm -rf $(READERS) && mkdir -p $(READERS)
	($(PYTHON) -m venv $(READERS)/venv && $(READERS)/venv/bin/python -m pip install --quiet -r $<) \
	  || (rm -rf $(READERS)/venv && $(PYTHON) -m pip install --quiet --target $(READERS)/pip -r $<)
	cp tests/readers/package.json tests/readers/package-lock.json $(READERS)/
	$(WITH_READERS) cd $(READERS) && npm ci --silent --no-audit --no-fund
	touch $@

# Makes what is installed there the first to be found, whichever of the two ways it was installed.
WITH_READERS = python=$(CURDIR)/$(READERS)/venv/bin/python; [ -x "$$python" ] || python=$(PYTHON); \
  export PATH="$(CURDIR)/$(READERS)/venv/bin:$(CURDIR)/$(READERS)/pip/bin:$$PATH" PYTHONPATH="$(CURDIR)/$(READERS)/pip";
