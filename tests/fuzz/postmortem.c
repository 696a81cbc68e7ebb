/*
 * Fuzz target: what reads whole journals, the postmortem in every format and the directories in
 * quarantine. The input is either a journal as it stands, or each two bytes of it are a record of
 * a hostile session, so that plans of thousands of steps come about (pm_lean.c). Nothing crashes,
 * no control byte gets out, and JSON is JSON.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "journal.h"
#include "postmortem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUARANTINE                                                                                 \
	",\"proc\":\"%s\",\"args\":{\"above\":\"/srv\",\"name\":\"data\","                         \
	"\"quarantine\":\".holdfast-quarantine-1\"}"

/* A record's type and what comes after plan, step and node. */
static const char *const forms[][2] = {
    {"begin", "\"kind\":\"statement\",\"texts\":[\"DELETE FROM t\"]"},
    {"outcome", "\"kind\":\"statement\",\"ok\":true,\"rows\":7,\"ms\":1"},
    {"outcome", "\"kind\":\"statement\",\"ok\":false,\"error\":\"no\",\"ms\":1"},
    {"outcome", "\"ok\":true,\"unknown\":true"},
    {"begin", "\"kind\":\"load\",\"args\":{\"table\":\"t\",\"from\":\"pg2\"}"},
    {"progress", "\"text\":\"copying, 3 min left\""},
    {"intent", "\"text\":\"DELETE\",\"danger\":\"destructive\",\"level\":\"approve\""},
    {"hold", "\"position\":\"0/1\",\"hardened_at\":\"0/1\""}, {"release", "\"position\":\"0/1\""},
    {"recover",
	"\"of\":{\"session\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\",\"seq\":3},\"status\":\"committed\""},
    {"note", "\"text\":\"detected: \\u001b[2J<script>|=1+1\""},
    {"incident", "\"action\":\"open\",\"name\":\"x\",\"severity\":\"high\""},
    {"incident", "\"action\":\"handover\",\"name\":\"x\",\"to\":\"bob\""},
    {"impact",
	"\"text\":\"down\",\"from\":\"2026-11-22T10:00:00Z\",\"until\":\"2026-11-22T11:00:00Z\""},
    {"topology",
	"\"nodes\":[{\"name\":\"pg2\",\"role\":\"replica\",\"hold\":\"paused\",\"lag_bytes\":9}]"},
    {"input", "\"text\":\"SELECT 1;\""}};
#define FORMS (sizeof(forms) / sizeof(forms[0]))
static const char *const procs[] = {
    "host-quarantine-v1", "host-restore-v1", "host-expunge-v1", "pg-undo-v1"};

static void
story(FILE *out, const uint8_t *data, size_t size)
{
	static const char *const plans[] = {
	    "bbbbbbbbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccccccccc", "d", ""};
	unsigned form;
	size_t i;

	fprintf(out,
	    "{\"prev\":\"%064d\",\"seq\":0,\"t\":\"2026-11-22T10:00:00.000000Z\",\"boot\":\"1\","
	    "\"type\":\"open\",\"session\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\",\"person\":\"alice\","
	    "\"host\":\"h\",\"part\":0,\"offset\":3600}\n",
	    0);
	for (i = 0; i + 1 < size; i += 2) {
		form = data[i] % FORMS;
		fprintf(out,
		    "{\"prev\":\"%064d\",\"seq\":%zu,\"t\":\"2026-11-22T%02zu:%02zu:%02zu."
		    "000000Z\","
		    "\"boot\":\"1\",\"type\":\"%s\",\"plan\":\"%s\",\"step\":%d,\"part\":\"main\","
		    "\"node\":\"%s\",%s",
		    0, i / 2 + 1, 10 + i / 7200 % 10, i / 120 % 60, i / 2 % 60, forms[form][0],
		    plans[data[i] / FORMS % 4], data[i + 1] / 16, data[i + 1] & 1 ? "pg1" : "h2",
		    forms[form][1]);
		if (form == 0 && (data[i + 1] & 2))
			fprintf(out, QUARANTINE, procs[data[i + 1] >> 2 & 3]);
		fputs("}\n", out);
	}
}

static void
look(struct arena *a, const char *file, enum postmortem_format format, int is_blameless)
{
	struct operators nobody = {0};
	struct postmortem_setup setup = {.paths = &file,
	    .npaths = 1,
	    .operators = &nobody,
	    .format = format,
	    .is_blameless = is_blameless};
	struct buf out;
	struct err e;
	json_t *v;
	size_t i;

	buf_init(&out, (size_t)256 << 20);
	if (postmortem_write(a, &setup, &out, &e) == 0) {
		for (i = 0; i < out.len; i++)
			if ((uint8_t)out.data[i] == 0x7f ||
			    ((uint8_t)out.data[i] < 0x20 && strchr("\r\n\t", out.data[i]) == NULL))
				abort();
		if (format == POSTMORTEM_JSON) {
			v = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
			if (v == NULL)
				abort();
			json_decref(v);
		}
	} else if (e.msg[0] == '\0') {
		abort();
	}
	buf_free(&out);
}

static char dir[] = "/dev/shm/hf-fuzz-XXXXXX";

static void
tidy(void)
{
	rmdir(dir);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int is_made;
	struct quarantined *moved;
	const char *where = dir;
	struct arena *a;
	char *file;
	FILE *out;
	struct err e;
	size_t n;

	if (size < 2)
		return 0;
	if (!is_made && (mkdtemp(dir) == NULL || atexit(tidy) != 0))
		abort();
	is_made = 1;
	a = arena_new();
	file = arena_printf(a, "%s/20261122T100000Z-h-alice-aaaaaaaa.jsonl", dir);
	if ((out = fopen(file, "w")) == NULL)
		abort();
	if (data[0] & 1)
		story(out, data + 1, size - 1);
	else if (fwrite(data + 1, 1, size - 1, out) != size - 1)
		abort();
	if (fclose(out) != 0)
		abort();
	look(a, file, (enum postmortem_format)(data[0] >> 1 & 3), data[0] >> 3 & 1);
	journal_quarantined(a, &where, 1, &moved, &n, &e);
	arena_free(a);
	unlink(file);
	return 0;
}
