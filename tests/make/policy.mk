# The fuzz target of the config and policy files needs their readers, which live in shell/.
CONF_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(wildcard shell/conf*.c) shell/policy_file.c)
CONF_LIB = $(filter-out $(BUILD)/shell.a,$(LIBRARY))
$(BUILD)/tests/fuzz/config: $(BUILD)/tests/fuzz/config.o $(CONF_OBJ) $(CONF_LIB)
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< $(CONF_OBJ) -Wl,--start-group $(CONF_LIB) \
		-Wl,--end-group $(LIBS)
