# Faults: a preloaded shim fails the Nth call of the journal's writer, or kills it there; see tests/fault/fault.py.
FAULT_PROGRAMS = $(BUILD)/fault/driver $(BUILD)/fault/shim.so

$(BUILD)/fault/driver: $(BUILD)/tests/fault/driver.o $(BUILD)/journal.a $(BUILD)/include.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(BUILD)/journal.a $(BUILD)/include.a -Wl,--end-group $(LIBS)
# Without sanitizers: it stands in front of them.
$(BUILD)/fault/shim.so: tests/fault/shim.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=gnu11 -O2 -g $(WARN) $(WERROR) -fPIC -shared -o $@ $<

.PHONY: fault fault-quick
# All of it, every bit of the demo's journal first; some minutes, without a terminal too. The last line has the
# figures. The quick part is in `make check`.
fault: $(FAULT_PROGRAMS) $(BUILD)/flips all lab-driver
	@$(CHECK_BUILD) BITS=8 $(TAP) flips "$(BATS) --filter flipped" tests/cli/demo.bats
	@$(CHECK_BUILD) python3 tests/fault/fault.py
fault-quick: $(FAULT_PROGRAMS)
	@$(CHECK_BUILD) $(TAP) fault "" tests/fault/quick

# Holds in a storm of restarts, kills and cuts: STORM plans, each with two holds; about an hour for 500.
.PHONY: storm
STORM ?= 500
storm: all lab-driver $(BUILD)/delay-proxy
	@python3 tests/fault/storm.py $(BUILD) $(STORM) $(SEED)
