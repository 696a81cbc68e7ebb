# Every bit of the demo's sealed journal turned over, in one process: build/flips FILE OPERATORS PART PARTS BITS
$(BUILD)/flips: $(BUILD)/tests/demo/flips.o $(BUILD)/journal.a $(BUILD)/include.a
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(BUILD)/journal.a $(BUILD)/include.a -Wl,--end-group $(LIBS)
