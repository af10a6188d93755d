# SPDX-License-Identifier: Apache-2.0

# Every step of the pipeline is one of these targets and runs on a laptop too. `make help` lists them.

ENV ?= staging
FUZZTIME ?= 10m
COUNT ?= 1000

SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help

# What needs neither engine nor emulator: the inner loop.
SHORT := ./infra/... ./form/... ./stacks/... ./tools/init/... ./components/... ./policy/... ./internal/...

REHEARSE := .toolchain/bin/rehearse
POLICY := .toolchain/bin/bulkhead-policy

# The environment as an argument of the rehearsal command, which refuses one that there is not and lists those that there are.
# make itself would ignore env=production in small letters, and take the default.
SMALL := $(firstword $(foreach name,env Env,$(if $($(name)),$(name))))
ENVIRONMENT = $(if $(SMALL),$(if $(filter file,$(origin ENV)),$(error $(SMALL)=$($(SMALL)) chooses nothing: write ENV=$($(SMALL)), in capitals. \
Known are $(patsubst Pulumi.%.yaml,%,$(wildcard Pulumi.*.yaml)))))'$(subst ','\'',$(ENV))'
LINT := .toolchain/bin/golangci-lint
GOTESTSUM := .toolchain/bin/gotestsum

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  ENV=staging (default) or ENV=production chooses the environment: Pulumi.<ENV>.yaml"
	@echo "  JSON=1 lets diff, twin and preflight write JSON; EMULATED=1 lets opens, heard and preflight ask about the rehearsed ENV"
	@echo "  NO_DATABASE=1 lets rehearse do without a real database server"
	@echo "  FUZZTIME=10m (default) is how long each fuzz target runs"
	@echo "  COUNT=1000 (default) is how often test-repeat runs each test"

.PHONY: rehearse
rehearse: $(REHEARSE) ## Deploy ENV to an emulated AWS account on this machine, with the real engine and provider
	@$(REHEARSE) up $(if $(NO_DATABASE),--no-database) $(ENVIRONMENT)

.PHONY: known-values
known-values: ## Refresh the table of values that AWS knows (docs/aws-behaviour.md) from the packages beside the emulator
	@.toolchain/venv/bin/python tools/emulator/fill/known.py

.PHONY: diff
diff: $(REHEARSE) ## Show what the program and configuration as they are now would change in the rehearsed ENV, by segment
	@$(REHEARSE) diff $(if $(JSON),--json) $(ENVIRONMENT)

.PHONY: twin
twin: $(REHEARSE) ## Make the rehearsed ENV of network namespaces, try connections between all pairs, compare with the proof; it stays up
	@$(REHEARSE) twin $(if $(JSON),--json) $(ENVIRONMENT)

.PHONY: twin-shell
twin-shell: $(REHEARSE) ## Look around in the twin of ENV, from a host of SEGMENT=app, by a shell or COMMAND="nc -vz db-1 5432"
	@$(REHEARSE) twin --in '$(or $(SEGMENT),app)' $(ENVIRONMENT) $(if $(COMMAND),-- sh -c '$(COMMAND)')

.PHONY: twin-down
twin-down: $(REHEARSE) ## End the twin of ENV, and whatever runs in it; down and rehearse do so too
	@$(REHEARSE) twin --down $(ENVIRONMENT)

.PHONY: down
down: $(REHEARSE) ## Destroy what `make rehearse` has deployed for ENV and stop the emulator when unused
	@$(REHEARSE) down $(ENVIRONMENT)

.PHONY: init
init: ## Make the repository yours: NAME=shop ACCOUNT=… PRODUCTION_ACCOUNT=… REGION=… MODULE=…
	@go run ./tools/init -name '$(NAME)' -account '$(ACCOUNT)' -production-account '$(PRODUCTION_ACCOUNT)' -region '$(REGION)' -module '$(MODULE)'

.PHONY: check
check: $(REHEARSE) ## Check the configuration of ENV and list everything that is wrong with it
	@$(REHEARSE) check $(ENVIRONMENT)

# Both leave in build/ what the change opens and closes between the segments, seen from the state to the preview. That
# is for a person to judge: against the table, the policy pack has judged it in the preview. EMULATED=1 asks about the
# rehearsed ENV.
OPENS = build/opens-$(ENVIRONMENT)
EXEC = $(REHEARSE) exec $(if $(EMULATED),--emulated) $(ENVIRONMENT) --
PREVIEW = mkdir -p build && rm -f $(OPENS)-* $(OPENS).md && $(EXEC) pulumi stack export --stack $(ENVIRONMENT) --file $(CURDIR)/$(OPENS)-before.json && \
	$(EXEC) pulumi preview --stack $(ENVIRONMENT) --diff --event-log $(CURDIR)/$(OPENS)-after.jsonl
SAY = echo "Between the segments, this change:" && { $(POLICY) diff -also $(OPENS).md $(OPENS)-before.json $(OPENS)-after.jsonl || [ $$? = 1 -a -z "$(STRICT)" ]; }

.PHONY: preview
preview: $(REHEARSE) $(POLICY) dbagent ## Preview ENV in its real AWS account (needs credentials and a backend)
	@$(PREVIEW)
	@$(SAY)

.PHONY: opens
opens: $(REHEARSE) $(POLICY) dbagent ## Say what the program would open and close between the segments of ENV; with STRICT=1 fail if anything opens
	@mkdir -p build; ($(PREVIEW)) >build/opens.log || { cat build/opens.log; exit 1; }
	@$(SAY)

# It asks about everything that the preview would make. An emulated account's domains are in nobody's DNS.
.PHONY: preflight
preflight: $(REHEARSE) dbagent ## Ask AWS, without changing anything, whether the account of ENV has room for what a deployment would make; JSON=1, STRICT=1
	@mkdir -p build; ($(PREVIEW)) >build/preflight.log || { cat build/preflight.log; exit 1; }
	@$(EXEC) go run ./tools/preflight $(if $(EMULATED),-resolver none) $(if $(JSON),-json) $(if $(STRICT),-strict) $(ENVIRONMENT) $(OPENS)-after.jsonl

.PHONY: heard
heard: $(REHEARSE) ## Ask AWS who hears the alarms of ENV, and fail for who has not confirmed; with EMULATED=1 ask the rehearsed account
	@mkdir -p build; $(EXEC) pulumi stack output --json --stack $(ENVIRONMENT) >build/outputs.json
	@$(EXEC) go run ./tools/heard $(ENVIRONMENT) <build/outputs.json

.PHONY: up
up: $(REHEARSE) dbagent ## Deploy ENV to its real AWS account (needs credentials and a backend), then say who hears its alarms
	@$(REHEARSE) exec $(ENVIRONMENT) -- pulumi up --stack $(ENVIRONMENT) $(if $(CI),--yes --non-interactive)
	@$(MAKE) --no-print-directory heard || echo "The deployment stands, but not everybody hears its alarms; look again with: make heard ENV=$(ENVIRONMENT)" >&2

# What an account has once is a project of its own, deployed before the environments in the account.
BASELINE = @$(REHEARSE) exec $(ENVIRONMENT) -- pulumi -C $(CURDIR)/infra/baseline --stack $(ENVIRONMENT) --policy-pack-config $(CURDIR)/policy/profiles/baseline.json

.PHONY: baseline-preview
baseline-preview: $(REHEARSE) ## Preview the baseline of the account of ENV in the real account (needs credentials and a backend)
	$(BASELINE) preview --diff

.PHONY: baseline-up
baseline-up: $(REHEARSE) ## Deploy the baseline of the account of ENV to the real account (needs credentials and a backend)
	$(BASELINE) up $(if $(CI),--yes --non-interactive)

.PHONY: toolchain
toolchain: $(REHEARSE) ## Find or build what a rehearsal needs: the Pulumi CLI, its Go language host, the AWS provider, the emulator
	@$(REHEARSE) toolchain

.PHONY: postgresql
postgresql: ## Find or unpack the PostgreSQL server that rehearsals and tests start
	@tools/postgresql/install

# The same commit gives the same bytes: no paths, no build id, no clock, neither in the program nor in the archive.
.PHONY: dbagent
dbagent: ## Build the database agent as a Lambda function (provided.al2023, arm64): build/dbagent.zip
	@go run ./tools/lambdazip -arch arm64 -o build/dbagent.zip ./dbagent

.PHONY: test
test: toolchain postgresql vet lint $(GOTESTSUM) ## Run every check and every test that this machine can run, and say at the end which it cannot
	@mkdir -p build
	@$(REHEARSE) provider
	@cd tools/awsprovider && go vet ./... && $(CURDIR)/$(GOTESTSUM) --format pkgname-and-test-fails -- ./...
	@$(GOTESTSUM) --format pkgname-and-test-fails --junitfile build/junit.xml -- -timeout 60m -count 1 -tags engine,postgresql$$(test/needs tags) ./...; code=$$?; \
		make --no-print-directory test-versions || code=1; test/needs missing; exit $$code

.PHONY: test-kill
test-kill: toolchain ## Kill each process of a rehearsal at 20 random moments; every time the next run has to converge (two hours)
	@go test ./test/failures -run TestEveryProcessKilled -count 1 -timeout 6h -v -args -kills 20

.PHONY: test-database
test-database: postgresql ## Try the database agent on a real PostgreSQL: users, rights, and rotation under load (two minutes)
	@go test -tags postgresql -count 1 -p 1 ./dbagent/... ./tools/postgresql

.PHONY: test-versions
test-versions: ## Try the database agent on the other versions of PostgreSQL that a stack may have: 16, 17 and 18 (three minutes)
	@tools/postgresql/versions
	@for version in $$(tools/postgresql/versions list); do echo "PostgreSQL $$version"; \
		BULKHEAD_POSTGRESQL=$$version go test -tags postgresql -count 1 -p 1 ./dbagent ./dbagent/client ./dbagent/postgres || exit 1; done

.PHONY: test-mutations
test-mutations: ## Widen and break each rule, route, ACL entry, attachment and address of production; make test tries 60 (four minutes)
	@go test -count 1 -timeout 30m -v -run EveryMutation ./policy/segmentation -mutations 0 | grep -v '^=== \|--- PASS: .*/'

# It needs Linux, iproute2, nftables, and user namespaces or root; without them it fails and says what is missing.
.PHONY: test-kernel
test-kernel: ## Try 100 random networks on this machine's kernel, and compare each packet with the proof; make test tries 15 (two minutes)
	@go test -tags kernel -count 1 -timeout 30m -v ./policy/segmentation/twin -networks 100
	@go test -tags kernel -count 1 -timeout 30m -v ./policy/segmentation/twin/trial
	@go test -tags kernel -count 1 -timeout 30m -v -run TestATwin ./tools/rehearse

# It needs Chromium or Chrome, and npm for axe-core; without them it fails and says so. The screenshots are for people to look at.
.PHONY: test-browser
test-browser: ## Open the report of the proof in a headless browser: clicks, keyboard, screen reader, both colour schemes (half a minute)
	@mkdir -p build
	@go test -tags browser -count 1 ./policy/segmentation/page -args -pictures $(CURDIR)/build

.PHONY: test-short
test-short: $(GOTESTSUM) ## Run the tests that need neither engine nor emulator
	@$(GOTESTSUM) --format pkgname-and-test-fails -- $(SHORT)

# The race detector needs a C compiler. Two packages at a time, so that they disturb each other.
.PHONY: test-repeat
test-repeat: ## Run the unit tests of the components COUNT times in a row under the race detector, all cores busy
	@CGO_ENABLED=1 go test -race -count $(COUNT) -timeout 0 ./components/... ./infra/... ./form/...

.PHONY: test-renamed
test-renamed: ## Run them again in a copy with another project, module, region and environments; SUITE=test runs all, REHEARSE=live rehearses one
	@test/renamed/run

.PHONY: vet
vet: ## Run go vet
	@go vet -tags engine,postgresql,kernel,browser,java ./...

# The findings in the linters' cache name the files of the checkout that made them, and a comment that allows one is looked
# for there: a checkout that shared its cache with one that is gone would be refused for what it allows.
.PHONY: lint
lint: $(LINT) ## Run the linters of .golangci.yml; every warning is an error
	@GOLANGCI_LINT_CACHE=$(CURDIR)/.cache/golangci-lint $(LINT) run --allow-parallel-runners ./...

.PHONY: fmt
fmt: ## Format the code
	@gofmt -w infra form stacks components dbagent policy internal test tools

.PHONY: pack
pack: $(POLICY) ## Build the policy pack, for --policy-pack .toolchain/bin/bulkhead-policy or --policy-pack policy

# The same commit gives the same bytes: no paths, no build id, no clock.
.PHONY: release
release: ## Build the policy pack of VERSION=v1.2.3 for Linux and macOS, with checksums, and print the tags to set
	@[[ "$(VERSION)" =~ ^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$$ ]] || { echo "VERSION=$(VERSION) is not a semantic version; write VERSION=v1.2.3" >&2; exit 1; }
	@[ -z "$$(git status --porcelain)" ] || { echo "the working tree has changes that no commit holds; commit them first (git status)" >&2; exit 1; }
	@rm -rf build/release && mkdir -p build/release
	@set -e; for os in linux darwin; do for arch in amd64 arm64; do \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -buildvcs=false -ldflags '-s -w -buildid=' -o build/release/bulkhead-policy-$(VERSION)-$$os-$$arch ./policy; \
	done; done
	@cd build/release && sha256sum bulkhead-policy-* | tee SHA256SUMS
	@echo; echo "git tag -a $(VERSION) -m $(VERSION) $$(git rev-parse HEAD) && git push origin $(VERSION)"

.PHONY: bench
bench: ## Measure the program alone: time and memory of a preview of the production stack
	@go test -run '^$$' -bench . -benchmem ./infra/...

.PHONY: bench-policy
bench-policy: ## Measure the policy pack: start, memory, time per resource and per stack
	@go test -run '^$$' -bench . -benchtime 1s ./policy/figures

.PHONY: bench-database
bench-database: postgresql ## Measure the database agent on a real PostgreSQL: logins and rotations, 20 databases with 60 users, its start
	@go test -tags postgresql -count 1 -v -run 'FiftyRotations|StartsFast' ./dbagent | grep -v '^=== '
	@go test -tags postgresql -run '^$$' -bench . -benchtime 3x ./dbagent/postgres

.PHONY: bench-segmentation
bench-segmentation: ## Measure the proof of segmentation: our production stack, all pairs of up to 100,000 interfaces, their report in a browser
	@go test -run '^$$' -bench . -benchmem -benchtime 1x -p 1 -tags browser ./policy/segmentation ./policy/segmentation/page

# Until Go 1.27 a run may end with "context deadline exceeded" though nothing was found (golang/go#75804). A finding
# says what it is and leaves its input in testdata/fuzz.
.PHONY: fuzz
fuzz: ## Fuzz every parser and decision of the policy pack and the proof, each for FUZZTIME
	@mkdir -p build
	@set -e; grep -roE --include='*_test.go' '^func Fuzz[A-Za-z]+' policy | sort | while IFS=: read -r file func; do \
		echo "$$(dirname $$file) $${func#func }"; \
		go test -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s ./$$(dirname $$file) </dev/null 2>&1 | tee build/fuzz.log \
			|| grep -qx ' *context deadline exceeded' build/fuzz.log; \
	done

.PHONY: bench-packs
bench-packs: toolchain ## Preview 1, 100 and 1,000 resources without a policy pack, with this one, and with Pulumi's own kinds
	@go run ./tools/policybench

.PHONY: clean
clean: $(if $(wildcard .rehearsal/emulator),$(REHEARSE)) ## Stop the emulator and remove everything that was built or rehearsed
	@[ ! -x $(REHEARSE) ] || $(REHEARSE) forget
	@rm -rf .toolchain .rehearsal build

# What to say when a build fails.
EXPLAIN = || { echo "$@ could not be built. If a module could not be downloaded: connect once, or set GOPROXY to a proxy that you reach (go env GOPROXY)." >&2; exit 1; }

# Always asked: the Go build cache knows best whether they are up to date.
.PHONY: $(REHEARSE) $(POLICY) $(LINT) $(GOTESTSUM)
$(REHEARSE):
	@mkdir -p $(@D)
	@[ -x $@ ] || echo "building the rehearsal command (once; about two minutes with empty caches)"
	@go build -o $@ ./tools/rehearse $(EXPLAIN)

$(POLICY):
	@mkdir -p $(@D)
	@go build -o $@ ./policy $(EXPLAIN)
	@ln -sf $(@F) $(@D)/pulumi-analyzer-policy-bulkhead

$(LINT):
	@mkdir -p $(@D)
	@[ -x $@ ] || echo "building the linters (once; about two minutes with empty caches)"
	@go -C tools/quality build -mod=readonly -o $(CURDIR)/$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint $(EXPLAIN)

$(GOTESTSUM):
	@mkdir -p $(@D)
	@go -C tools/quality build -mod=readonly -o $(CURDIR)/$@ gotest.tools/gotestsum $(EXPLAIN)
