# The writer's tests fail fdatasync on demand; everything else they do to real files.
$(BUILD)/unit/journal/test_writer: $(BUILD)/tests/unit/journal/test_writer.o $(BUILD)/journal.a $(BUILD)/include.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -Wl,--wrap=fdatasync -o $@ $< -Wl,--start-group $(BUILD)/journal.a \
		$(BUILD)/include.a -Wl,--end-group -lcmocka $(LIBS)
