# The checks and the test suites. `make check` runs them one after the other and stops at the first
# that fails; it needs no network and no server but what it starts itself.
TAP = tests/check/tap.sh
BATS = bats --tap --print-output-on-failure
# How many files of a suite with servers run side by side: they wait as much as they work. Those that take longest
# begin first, so that none of them runs alone at the end.
JOBS ?= 6
LONGEST = $(wildcard $(addprefix tests/,incidents/drop.bats cli/bad.bats incidents/hosts.bats incidents/failover.bats \
	incidents/hosts_my.bats incidents/gitlab.bats cli/levels.bats incidents/copies.bats incidents/snapshot.bats \
	incidents/story-mariadb.bats incidents/stale.bats cli/demo.bats incidents/restore.bats incidents/patroni.bats \
	incidents/million.bats cli/lab.bats incidents/failover_my.bats))
longest_first = $(filter $(1),$(LONGEST)) $(filter-out $(LONGEST),$(1))
CHECK_BUILD = HOLDFAST_BUILD="$(abspath $(BUILD))" HOLDFAST_TOP="$(CURDIR)"

.PHONY: check clang floors sizes banned format docs checks-can-fail unit classify servers cli tty incidents

SUITES = floors sizes banned format clang docs checks-can-fail unit fault-quick classify servers

check:
	@tests/make/deps.sh
	@for s in $(SUITES); do $(MAKE) --no-print-directory $$s || exit 1; done

floors: libs
	@tests/check/floors.sh
	@tests/check/symbols.sh $(BUILD)
sizes:
	@tests/check/sizes.sh
banned:
	@tests/check/banned.sh
format:
	@tests/check/format.sh
# A second compiler's opinion, without making anything of it.
CLANG_SRC = $(SRC) $(wildcard tests/*/*.c tests/unit/*/*.c)
clang:
	@printf '%s\n' $(CLANG_SRC) | xargs -P "$$(nproc)" -n 16 clang -fsyntax-only -std=gnu11 $(WARN) \
		-Werror $(CPPFLAGS)
	@echo "clang: $(words $(CLANG_SRC)) files: ok"
docs: all
	@tests/check/mdoc.sh
	@$(CHECK_BUILD) tests/check/docs.sh
checks-can-fail:
	@$(CHECK_BUILD) $(TAP) checks-can-fail "$(BATS)" $(wildcard tests/check/*.bats)
unit: unit-programs
	@$(CHECK_BUILD) TAP_JOBS=$(JOBS) $(TAP) unit "" $(UNIT)
classify: all
	@$(CHECK_BUILD) $(TAP) classify "$(BATS)" $(wildcard tests/classify/*.bats)
# Everything that starts servers, as one suite; each part by itself: cli, tty, incidents.
SERVERS = cli tty incidents
with_servers = $(call longest_first,$(wildcard $(foreach s,$(1),tests/$(s)/*.bats)))
servers: SUITE = $(SERVERS)
$(SERVERS): SUITE = $@
DRIVERS = lab-driver topology-driver tty-driver $(BUILD)/flips $(BUILD)/golden-driver $(BUILD)/fault/shim.so
servers $(SERVERS): all $(DRIVERS)
	@$(CHECK_BUILD) TAP_ROOT=1 TAP_JOBS=$(JOBS) $(TAP) $@ "$(BATS)" $(call with_servers,$(SUITE))
