# The line editor alone, with an app_line that shows what it was handed: for the tests in tests/tty.
.PHONY: tty-driver
tty-driver: $(BUILD)/tty-driver

$(BUILD)/tty-driver: $(BUILD)/tests/tty/driver.o $(LIBRARY)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBRARY) -Wl,--end-group $(LIBS)

-include $(wildcard $(BUILD)/tests/tty/*.d)
