# The proxy that adds a round trip, for benches and tests.
$(BUILD)/delay-proxy: $(BUILD)/tests/bench/delay_proxy.o
	$(CC) $(LDFLAGS) -o $@ $<
$(BUILD)/verify-gen: $(BUILD)/tests/bench/verify_gen.o $(BUILD)/journal.a $(BUILD)/include.a
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(BUILD)/journal.a $(BUILD)/include.a -Wl,--end-group $(LIBS)
