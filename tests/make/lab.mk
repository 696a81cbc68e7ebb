# The lab without the whole program: build/lab-driver up --shape cascade:2 --dir DIR
.PHONY: lab-driver
lab-driver: $(BUILD)/lab-driver

$(BUILD)/lab-driver: $(BUILD)/tests/lab/driver.o $(BUILD)/engines.a $(BUILD)/include.a
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(BUILD)/engines.a $(BUILD)/include.a -Wl,--end-group $(LIBS)
