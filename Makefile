# `make` alone lists the targets. Each does its own set-up; what a target can't install it names in one
# line and stops.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Debian keeps haproxy and nutcracker in sbin, which an ordinary user's PATH lacks.
export PATH := $(PATH):/usr/sbin:/sbin

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 10s
IMAGE    ?= sentinelproxy:$(VERSION)

# A hung test has to end before whatever runs make gives up on it: then its goroutines are printed.
TEST_TIMEOUT ?= 8m
RACE_TIMEOUT ?= 12m

# The version is passed in rather than taken from the build's VCS stamp: an image is built from a context
# without .git.
LDFLAGS   := -s -w -X main.version=$(VERSION)
TOOL      := $(GO) tool -modfile=$(CURDIR)/tools/go.mod
MODULES   := . deploy benchmarks e2e/clients/rueidis
# The end-to-end tests start their own clusters and kill them; they come after the packages' tests, not
# beside them, so that the compiler does not starve a Sentinel into a failover of its own.
PACKAGES  = $(shell $(GO) list ./... | grep -v '^sentinelproxy/e2e')

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## the static binary, bin/sentinelproxy
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/sentinelproxy

.PHONY: test
test: ## every test of every module, with real servers (installs them where it may)
	@tools/install-packages.sh redis-server redis-tools haproxy nutcracker
	$(GO) test -timeout $(TEST_TIMEOUT) $(PACKAGES)
	$(GO) test -timeout $(TEST_TIMEOUT) -parallel 3 ./e2e
	@tools/install-packages.sh iproute2 iptables || true
	$(GO) test -timeout $(TEST_TIMEOUT) ./e2e/history ./e2e/chaos
	@$(MAKE) test-clients
	cd deploy && $(GO) test -timeout $(TEST_TIMEOUT) ./...
	cd benchmarks && $(GO) test -timeout $(TEST_TIMEOUT) ./...

.PHONY: test-long
test-long: ## the end-to-end tests with those that make test leaves out for their time (ten minutes)
	@tools/install-packages.sh redis-server redis-tools haproxy nutcracker
	E2E_LONG=1 $(GO) test -timeout 20m ./e2e

# Libraries that can't be installed are no error here: the tests say which are missing, and fail for it in CI.
CLIENT_PACKAGES := python3-redis php-cli php-redis ruby ruby-redis ruby-sidekiq gcc libhiredis-dev nodejs npm
NODE_CLIENTS    := e2e/clients/node

.PHONY: test-clients
test-clients: ## programs on other people's client libraries, and rueidis's own tests, through the proxy
	@tools/install-packages.sh redis-server
	@tools/install-packages.sh $(CLIENT_PACKAGES) || true
	@cd $(NODE_CLIENTS) && if [[ package-lock.json -nt node_modules/.package-lock.json ]]; then \
		npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || true; \
	fi
	$(GO) test -timeout $(TEST_TIMEOUT) ./e2e/clients

# Where the source of Redis can't be had, that is no error but in CI.
.PHONY: test-redis
test-redis: ## Redis's own tests through the proxy (Debian's source package of redis, two minutes)
	@tools/install-packages.sh redis-server redis-tools tcl
	@if tools/redis-source.sh bin/redis-source; then \
		REDIS_SUITE=$(CURDIR)/bin/redis-source $(GO) test -count=1 -timeout $(TEST_TIMEOUT) ./e2e/redis; \
	elif [[ $${CI:-} == true ]]; then exit 1; fi

.PHONY: chaos
chaos: ## every fault under every load, into docs/faults.md (minutes; partitions need root and iptables)
	@tools/install-packages.sh redis-server
	@tools/install-packages.sh iproute2 iptables || true
	$(GO) test -count=1 -v -timeout 60m -parallel 3 ./e2e/chaos -run TestFaults -whole -write $(CURDIR)/docs/faults.md

.PHONY: hold-times
hold-times: ## how long a switch takes, as distributions, into docs/faults.md (two minutes)
	@tools/install-packages.sh redis-server
	$(GO) test -count=1 -v -timeout 60m ./e2e/chaos -run TestHoldTimes -whole -write $(CURDIR)/docs/faults.md

.PHONY: race
race: ## the packages' tests under the race detector, the end-to-end tests in short (needs a C compiler)
	@tools/install-packages.sh redis-server redis-tools
	CGO_ENABLED=1 $(GO) test -race -timeout $(RACE_TIMEOUT) $(PACKAGES)
	CGO_ENABLED=1 $(GO) test -race -short -timeout $(RACE_TIMEOUT) ./e2e

.PHONY: lint
lint: lint-format lint-modules lint-cross ## format, go mod tidy, the other systems' code, go vet, golangci-lint
	@for module in $(MODULES); do \
		echo "go vet, golangci-lint in $$module"; \
		(cd $$module && $(GO) vet ./... && $(TOOL) golangci-lint run ./...); \
	done

.PHONY: lint-format
lint-format:
	@echo "gofumpt"; unformatted=$$($(TOOL) gofumpt -l .); \
	if [[ -n $$unformatted ]]; then echo "not formatted by gofumpt:"; echo "$$unformatted"; exit 1; fi

# Not tools: tidying it would add what the tests of a hundred linters need.
.PHONY: lint-modules
lint-modules:
	@for module in $(MODULES); do \
		echo "go mod tidy -diff in $$module"; (cd $$module && $(GO) mod tidy -diff); \
	done

# The kqueue half of proxy/reactor is never run here, so at least it is compiled and vetted.
.PHONY: lint-cross
lint-cross:
	@for os in darwin freebsd; do \
		echo "build and vet for $$os"; \
		GOOS=$$os CGO_ENABLED=0 $(GO) build ./...; \
		GOOS=$$os CGO_ENABLED=0 $(GO) vet ./proxy/reactor; \
	done

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10s) each
	@FUZZTIME=$(FUZZTIME) tools/fuzz.sh

.PHONY: demo
demo: ## clients that know nothing of Sentinel, through two failovers, the second to Dragonfly
	@tools/install-packages.sh redis-server redis-tools
	@$(GO) run ./demo

.PHONY: bench
bench: ## the comparison with HAProxy, twemproxy and no proxy, into README.md, thirteen minutes (see benchmarks/README.md)
	@tools/install-packages.sh redis-server redis-tools haproxy nutcracker
	@cd benchmarks && $(GO) run . -readme ../README.md

.PHONY: bench-quick
bench-quick: ## the same for what the requirements speak of only, in two to three minutes
	@tools/install-packages.sh redis-server redis-tools haproxy nutcracker
	@cd benchmarks && $(GO) run . -quick

.PHONY: bench-switch
bench-switch: ## what clients see of a planned switch, through the proxy and without it, as plots (two minutes)
	@tools/install-packages.sh redis-server
	@cd benchmarks && $(GO) run . switch

.PHONY: bench-sizing
bench-sizing: ## how cost grows with connections, lanes, groups, Sentinels, pinned sessions (about five minutes)
	@tools/install-packages.sh redis-server redis-tools
	@cd benchmarks && $(GO) run . sizing

.PHONY: image
image: ## the container image, built by buildah without a network and tried (root, Debian or Ubuntu)
	@VERSION=$(VERSION) deploy/image/build-local.sh $(IMAGE)

.PHONY: clean
clean: ## remove what the other targets built
	rm -rf bin
