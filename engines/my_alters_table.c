/*
 * Clauses of ALTER TABLE of MySQL and MariaDB, the longer before the shorter. What is not here is
 * opaque.
 */
#include "engines/my_sql.h"
#include "banned.h"

#define WAITS "waits for every open transaction on the table, and others wait behind it"
#define COPIES "can copy the whole table while writers wait, and again on each replica"
#define ROWS "removes the rows of a partition at once"

const struct my_alter my_alters[] = {
    {"add period for", DANGER_DANGEROUS, "alter-add-period", COPIES},
    {"add system versioning", DANGER_DANGEROUS, "alter-add-versioning", COPIES},
    {"add partition", DANGER_DANGEROUS, "alter-add-partition", WAITS},
    {"add constraint|foreign|check", DANGER_DANGEROUS, "alter-add-constraint", COPIES},
    {"add primary|unique|index|key|fulltext|spatial|vector", DANGER_DANGEROUS, "alter-add-index",
	WAITS "; each replica builds it again"},
    {"add column?", DANGER_DANGEROUS, "alter-add-column",
	WAITS "; some forms copy the whole table"},
    {"alter index|key|check|constraint", DANGER_DANGEROUS, "alter-alter-index", WAITS},
    {"alter column?", DANGER_DANGEROUS, "alter-column-default", WAITS},
    {"change column?", DANGER_DANGEROUS, "alter-column-type", COPIES},
    {"modify column?", DANGER_DANGEROUS, "alter-column-type", COPIES},
    {"drop partition", DANGER_DESTRUCTIVE, "drop-partition", ROWS},
    {"drop system versioning", DANGER_DESTRUCTIVE, "drop-versioning",
	"removes the old versions of every row"},
    {"drop period for", DANGER_DANGEROUS, "alter-drop-period", WAITS},
    {"drop primary key", DANGER_DANGEROUS, "drop-primary-key",
	COPIES "; replication by rows then scans the table for each row"},
    {"drop foreign key", DANGER_DANGEROUS, "drop-constraint", WAITS "; later rows go unchecked"},
    {"drop constraint|check", DANGER_DANGEROUS, "drop-constraint",
	WAITS "; later rows go unchecked"},
    {"drop index|key", DANGER_DANGEROUS, "drop-index",
	WAITS "; the index is gone, and plans with it"},
    {"drop column?", DANGER_DESTRUCTIVE, "drop-column", "drops a column with all its values"},
    {"truncate partition", DANGER_DESTRUCTIVE, "truncate-partition", ROWS},
    {"discard partition", DANGER_DESTRUCTIVE, "discard-tablespace",
	"deletes the files of a partition"},
    {"discard tablespace", DANGER_DESTRUCTIVE, "discard-tablespace",
	"deletes the file of the table, on every replica too"},
    {"import partition", DANGER_DANGEROUS, "import-tablespace",
	"takes files of the server for its rows"},
    {"import tablespace", DANGER_DANGEROUS, "import-tablespace",
	"takes a file of the server for its rows"},
    {"exchange partition", DANGER_DANGEROUS, "alter-exchange-partition",
	"swaps rows with another table"},
    {"reorganize partition", DANGER_DANGEROUS, "alter-partitions", COPIES},
    {"coalesce partition", DANGER_DANGEROUS, "alter-partitions", COPIES},
    {"remove partitioning", DANGER_DANGEROUS, "alter-partitions", COPIES},
    {"rebuild|optimize partition", DANGER_DANGEROUS, "alter-partitions", COPIES},
    {"analyze|check partition", DANGER_DANGEROUS, "alter-check-partition", WAITS},
    {"repair partition", DANGER_DANGEROUS, "repair", "can drop rows that it cannot repair"},
    {"upgrade partitioning", DANGER_DANGEROUS, "alter-partitions", COPIES},
    {"convert partition", DANGER_DANGEROUS, "alter-exchange-partition",
	"makes a table of a partition: its rows leave the table"},
    {"convert table", DANGER_DANGEROUS, "alter-exchange-partition", "makes a partition of a table"},
    {"convert to", DANGER_DANGEROUS, "alter-charset", COPIES "; characters can be lost"},
    {"partition by", DANGER_DANGEROUS, "alter-partitions", COPIES},
    {"rename column", DANGER_DANGEROUS, "alter-rename",
	WAITS "; clients that use the old name stop working"},
    {"rename index|key", DANGER_DANGEROUS, "alter-rename", WAITS},
    {"rename to|as?", DANGER_DANGEROUS, "alter-rename",
	WAITS "; clients that use the old name stop working"},
    {"order by", DANGER_DANGEROUS, "alter-order", COPIES},
    {"enable|disable keys", DANGER_DANGEROUS, "alter-keys", WAITS},
    {"force", DANGER_DANGEROUS, "alter-rebuild", COPIES},
    {"algorithm", DANGER_DANGEROUS, "alter-algorithm", "says how the table is changed"},
    {"lock", DANGER_DANGEROUS, "alter-lock", "says who may go on meanwhile"},
    {"with|without validation", DANGER_DANGEROUS, "alter-validation", COPIES},
    {"default? character set", DANGER_DANGEROUS, "alter-charset", WAITS},
    {"default? charset|collate", DANGER_DANGEROUS, "alter-charset", WAITS},
    {"engine|type", DANGER_DANGEROUS, "alter-engine", COPIES},
    {"tablespace|data|index|union|insert_method|connection", DANGER_DANGEROUS, "alter-options",
	COPIES},
    {"secondary_load|secondary_unload|secondary_engine", DANGER_DANGEROUS, "alter-options", WAITS},
    {"encryption|encrypted|encryption_key_id", DANGER_DANGEROUS, "alter-options", COPIES},
    {"auto_increment|autoextend_size|avg_row_length|checksum|comment|compression|delay_key_write|"
     "engine_attribute|secondary_engine_attribute|ietf_quotes|key_block_size|max_rows|min_rows|"
     "pack_keys|page_checksum|page_compressed|page_compression_level|password|row_format|sequence|"
     "stats_auto_recalc|stats_persistent|stats_sample_pages|transactional|with|raid_type",
	DANGER_DANGEROUS, "alter-options", WAITS "; some options rebuild the table"},
};
const size_t my_nalters = sizeof(my_alters) / sizeof(my_alters[0]);
