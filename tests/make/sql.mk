# The classifier's helpers: its cases without the program around it, and its bench.
.PHONY: classify-driver
classify-driver: $(BUILD)/classify-driver

$(BUILD)/classify-driver: $(BUILD)/tests/classify/driver.o $(BUILD)/engines.a $(BUILD)/include.a
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(BUILD)/engines.a $(BUILD)/include.a -Wl,--end-group $(LIBS)

$(BUILD)/classify-rate: $(BUILD)/tests/bench/classify_rate.o $(BUILD)/engines.a $(BUILD)/include.a
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(BUILD)/engines.a $(BUILD)/include.a -Wl,--end-group $(LIBS)

# A third opinion beside clang's: what speaks to MariaDB and MySQL, as Oracle's headers have it.
.PHONY: oracle
oracle:
	@tests/check/oracle.sh
clang: oracle
