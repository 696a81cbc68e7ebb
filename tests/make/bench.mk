# The proxy that adds a round trip, for benches and tests.
$(BUILD)/delay-proxy: $(BUILD)/tests/bench/delay_proxy.o
	$(CC) $(LDFLAGS) -o $@ $<
