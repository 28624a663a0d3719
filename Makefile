# make demo | test | serve do all the set-up themselves: Python 3.11+ with venv and pip is enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
endif

# the core is covered whole: every branch of what an exchange is, and of how TOP speaks
CORE := mockserver/domain/*,mockserver/protocol/*,mockserver/world/clock.py,mockserver/world/transitions.py

SDK_TESTS ?= not slow

unexport PYTHONDONTWRITEBYTECODE  # byte code that is kept halves the time of runs inside runs

.PHONY: help demo serve test test-slow coverage test-lowest test-newest test-sdk test-sdk-long test-plugins test-diagrams test-console test-integrations fuzz-control test-walk test-written test-honest scenarios stories lint types floors bench soak weight build clean reference

help:
	@echo "make demo      a whole exchange, step by step       跑一次完整换货"
	@echo "make serve     the server on 127.0.0.1:8420          启动服务"
	@echo "make test      the tests that are quick              测试"
	@echo "make test-slow  the tests with many processes        较慢的测试(许多进程)"
	@echo "make coverage  the same tests, with the share of branches that they take   覆盖率"
	@echo "make scenarios the scenarios that ship               运行附带的场景"
	@echo "make reference  docs/reference, written from the code      生成参考文档"
	@echo "make test-sdk  the official Node SDK and another     真实 SDK 测试(需要 Node)"
	@echo "make test-sdk-long  real clients of the message channel, long       消息通道的真实客户端，长时间"
	@echo "make test-diagrams  the diagrams in the real Mermaid (Node, Chromium)   真实 Mermaid 渲染"
	@echo "make test-console  the console in a real Chromium (Node, Chromium)   真实浏览器里的控制台"
	@echo "make test-integrations  the helpers for other languages, by their own tools   其他语言的测试助手"
	@echo "make test-walk  README and guides, as pasted into a fresh environment   照文档走一遍"
	@echo "make test-plugins  beside 25 popular pytest plugins      与常用 pytest 插件共存"
	@echo "make fuzz-control  schemathesis against the control API   控制接口模糊测试"
	@echo "make test-written  the tests that a machine writes of a failure   状态机写出的测试"
	@echo "make test-honest   whom the machine accuses though the client is honest   状态机是否冤枉正确的客户端"
	@echo "make test-lowest   the tests with the lowest versions of all dependencies   最低版本依赖"
	@echo "make test-newest   the tests with the newest versions   最新版本依赖"
	@echo "make lint types floors build bench soak clean"

$(VENV)/.run: pyproject.toml
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新 (Python 3.11 or newer is needed)"; exit 3; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "正在安装到 $(VENV)，一两分钟；下载慢时设 PIP_INDEX_URL 换镜像 (installing into $(VENV); a mirror: PIP_INDEX_URL)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(VENV)/.run
	@$(BIN)/python -m mockserver demo

serve: $(VENV)/.run
	@$(BIN)/python -m mockserver serve || test $$? -eq 130  # Ctrl-C is how it ends

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto -m "not slow"

# processes, clients and servers that are waited for: whole commands, guides, machines, bad days
test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto -m slow

# the branches that `make test` and `make test-slow` take; those two judge the tests, since measuring slows tests that wait
coverage: $(VENV)/.dev
	$(BIN)/python -m coverage erase
	-$(BIN)/python -m coverage run -m pytest -n auto
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --skip-covered --show-missing
	$(BIN)/python -m coverage report --include='$(CORE)' --fail-under=100

reference: $(VENV)/.run
	$(BIN)/python -m docs.make_reference
	$(BIN)/python -m mockserver schema > scenarios/schema.json

test-lowest: pyproject.toml
	@test -x $(VENV)-lowest/$(notdir $(BIN))/python || $(PYTHON) -m venv $(VENV)-lowest
	@$(VENV)-lowest/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check uv
	@$(VENV)-lowest/$(notdir $(BIN))/uv pip install --quiet --python $(VENV)-lowest --resolution lowest-direct --editable '.[dev]'
	$(VENV)-lowest/$(notdir $(BIN))/python -m pytest -n auto

test-newest: pyproject.toml
	@test -x $(VENV)-newest/$(notdir $(BIN))/python || $(PYTHON) -m venv $(VENV)-newest
	@$(VENV)-newest/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check uv
	@$(VENV)-newest/$(notdir $(BIN))/uv pip install --quiet --python $(VENV)-newest --upgrade --editable '.[dev]'
	$(VENV)-newest/$(notdir $(BIN))/python -m pytest -n auto

test-sdk: $(VENV)/.dev
	cd tests/sdk && npm ci --no-audit --no-fund --loglevel=error
	@test -x $(VENV)-sdk/$(notdir $(BIN))/python || $(PYTHON) -m venv $(VENV)-sdk
	@$(VENV)-sdk/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check --requirement tests/sdk/requirements.txt
	$(BIN)/python -m pytest tests/sdk -m "$(SDK_TESTS)"

# 200 s of nothing, and 10,000 messages, with each real client of the message channel
test-sdk-long:
	$(MAKE) test-sdk SDK_TESTS=slow

test-diagrams: $(VENV)/.dev
	cd tests/diagrams && npm ci --no-audit --no-fund --loglevel=error
	$(BIN)/python -m pytest tests/diagrams

test-console: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check playwright==1.65.2
	cd tests/browser && npm ci --no-audit --no-fund --loglevel=error
	$(BIN)/python -m pytest tests/browser

# the example of each language, by the tools that are here (all of them with TEST_LANGUAGES=1)
test-integrations: $(VENV)/.dev
	$(BIN)/python -m pytest tests/integrations

# the plugin beside popular plugins of others, in an environment of their own
test-plugins: pyproject.toml
	@test -x $(VENV)-plugins/$(notdir $(BIN))/python || $(PYTHON) -m venv $(VENV)-plugins
	@$(VENV)-plugins/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check uv
	@$(VENV)-plugins/$(notdir $(BIN))/uv pip install --quiet --python $(VENV)-plugins --editable '.[pytest]' -r tests/beside/requirements.txt
	cd tests/beside && $(CURDIR)/$(VENV)-plugins/$(notdir $(BIN))/python -m pytest --session-timeout 170

test-walk: $(VENV)/.dev
	$(BIN)/python docs/walk.py
# schemathesis brings a pytest plugin of its own, so it lives apart
fuzz-control: $(VENV)/.dev
	@test -x $(VENV)-fuzz/$(notdir $(BIN))/python || $(PYTHON) -m venv $(VENV)-fuzz
	@$(VENV)-fuzz/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check schemathesis==4.32.5
	$(BIN)/python -m benchmarks.fuzz_control $(VENV)-fuzz/$(notdir $(BIN))/schemathesis

test-written: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto tests/written

# honest clients of six designs, 20 seeds of 200 runs of 30 steps each, in worlds that make it hard
test-honest: $(VENV)/.dev
	$(BIN)/python -m tests.honest.accusations

scenarios stories: $(VENV)/.run
	@$(BIN)/python -m mockserver run scenarios

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

floors: $(VENV)/.dev
	$(BIN)/python -m pytest tests/house

soak: $(VENV)/.dev
	$(BIN)/python -m benchmarks.soak 120

weight: $(VENV)/.dev
	$(BIN)/python -m benchmarks.weight

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.gateway
	$(BIN)/python -m benchmarks.lifecycle
	$(BIN)/python -m benchmarks.stories
	$(BIN)/python -m benchmarks.fault_cost
	$(BIN)/python -m benchmarks.fixtures
	@test -z "$(BASE)" || $(BIN)/python -m benchmarks.compare $(BASE)

build: $(VENV)/.dev
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-newest $(VENV)-plugins $(VENV)-fuzz dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* tests/sdk/node_modules tests/diagrams/node_modules tests/browser/node_modules
