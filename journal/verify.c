/*
 * journal verify: first the chain over raw bytes, then every record, then what people signed;
 * and one verdict that never claims more than was seen (holdfast-journal(5), VERIFICATION).
 */
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "quick.h"
#include "text.h"
#include "verify.h"
#include "walk.h"
#include "banned.h"

static void
verdict(struct arena *a, struct verify_report *out, enum verify_code code, const char *sentence)
{
	out->code = code;
	out->sentence = text_inert(a, sentence, strlen(sentence), 0);
}

/* The chain broke. */
static void
judge_broken(struct arena *a, const struct walk *w, int is_live, struct verify_report *out)
{
	out->bad_seq = w->bad;
	if (w->is_damage && !is_live)
		verdict(a, out, VERIFY_CRASH,
		    arena_printf(a,
			"the last line, record %llu, is damaged as a crash can damage it; nothing "
			"says who did it. The chain holds before it",
			(unsigned long long)w->bad));
	else if (w->lines == 0)
		verdict(a, out, VERIFY_TAMPERED, "record 0 is not the first record of a journal");
	else if (w->found > (int64_t)w->lines)
		verdict(a, out, VERIFY_TAMPERED,
		    arena_printf(a,
			"tampered: the chain breaks at record %llu; record %lld stands there, so "
			"%lld %s removed",
			(unsigned long long)w->lines, (long long)w->found,
			(long long)w->found - (long long)w->lines,
			w->found - (int64_t)w->lines == 1 ? "record was" : "records were"));
	else if (w->found >= 0 && w->found < (int64_t)w->lines)
		verdict(a, out, VERIFY_TAMPERED,
		    arena_printf(a,
			"tampered: the chain breaks at record %llu; a record %lld stands there, "
			"which was added or moved",
			(unsigned long long)w->lines, (long long)w->found));
	else if (w->found >= 0)
		verdict(a, out, VERIFY_TAMPERED,
		    arena_printf(a,
			"tampered: the chain breaks at record %llu, which was changed after it "
			"was written, or replaced",
			(unsigned long long)w->bad));
	else
		verdict(a, out, VERIFY_TAMPERED,
		    arena_printf(a,
			"tampered: the chain breaks at record %llu; what stands there is no "
			"record",
			(unsigned long long)w->bad));
}

/* Every record in turn. 0, or -1 with the verdict given. */
static int
check_each(struct check *c, int fd, off_t size, const struct walk *w, struct verify_report *out)
{
	const char *line, *why = NULL;
	struct jhead head;
	struct jscan s;
	json_t *rec;
	size_t len;
	int r = 0;

	jscan_init(&s, fd, size);
	while (r == 0 && c->next < w->lines && jscan_next(&s, &line, &len) == JSCAN_LINE) {
		out->bad_seq = c->next;
		rec = jline_parse(line, len, &why);
		if (rec == NULL || jline_head(line, len, &head) != 0) {
			r = -1;
			if (c->next == w->lines - 1 && w->end == WALK_CLEAN && !c->is_closed &&
			    c->next > 0 && walk_is_damage(line, len))
				verdict(c->a, out, VERIFY_CRASH,
				    arena_printf(c->a,
					"the last line, record %llu, %s, as a crash can leave "
					"it; nothing says who did it",
					(unsigned long long)c->next, why));
			else
				verdict(c->a, out, VERIFY_TAMPERED,
				    arena_printf(c->a, "tampered: record %llu %s",
					(unsigned long long)c->next, why));
		} else if (check_record(c, line, len, rec, &head) != 0) {
			r = -1;
			verdict(c->a, out, VERIFY_TAMPERED,
			    arena_printf(c->a, "tampered: record %llu %s",
				(unsigned long long)out->bad_seq, c->wrong));
		}
		json_decref(rec);
	}
	jscan_free(&s);
	/* A file that changed between two passes is not what was hashed. */
	if (r == 0 && c->next != w->lines) {
		verdict(c->a, out, VERIFY_IO, "changed while it was read; verify it again");
		r = -1;
	}
	return r;
}

/* The same; where the last signature does not hold, also which is the first that does not. */
static int
check_lines(struct check *c, int fd, off_t size, const struct walk *w, struct verify_report *out)
{
	struct check fresh = *c;
	int r = check_each(c, fd, size, w, out);

	if ((r != 0 && out->code != VERIFY_CRASH) || check_last_signature(c))
		return r;
	json_object_clear(fresh.begun);
	*c = fresh;
	c->is_thorough = 1;
	return check_each(c, fd, size, w, out);
}

static void
add_witness(struct witness *all, size_t *n, const struct claim *claim)
{
	size_t i;

	for (i = 0; i < *n && strcmp(all[i].person, claim->person) != 0; i++)
		;
	if (i == *n)
		all[(*n)++] = (struct witness){claim->person, claim->issued, claim->seq, 0};
	all[i].answers++;
	if (claim->seq > all[i].seq) {
		all[i].seq = claim->seq;
		all[i].issued = claim->issued;
	}
}

/* Who saw which head. 0, or -1 where a witness saw another history. */
static int
judge_claims(struct check *c, struct verify_report *out)
{
	const struct claim *best = NULL;
	struct witness *all = arena_array(c->a, c->nclaims + 1, sizeof(*all));
	int64_t seconds;
	uint64_t after;
	size_t i;

	out->witnesses = all;
	for (i = 0; i < c->nclaims; i++) {
		const struct claim *w = &c->claims[i];

		/* A continuing file holds approvals of heads of the file before it. */
		if (!w->is_met && c->part == 0) {
			out->bad_seq = w->seq;
			verdict(c->a, out, VERIFY_TAMPERED,
			    arena_printf(c->a,
				"tampered: %s signed another record %llu than stands here",
				w->person, (unsigned long long)w->seq));
			return -1;
		}
		if (w->is_met)
			add_witness(all, &out->nwitnesses, w);
		if (w->is_met && (best == NULL || w->seq > best->seq))
			best = w;
	}
	if (best == NULL) {
		out->witnessed = arena_printf(c->a, "nothing witnessed; %llu records unwitnessed",
		    (unsigned long long)out->records);
		return 0;
	}
	after = out->records - best->seq - 1;
	seconds = jtime_parse(c->last_t) - jtime_parse(best->issued);
	out->witnessed = arena_printf(c->a,
	    "record %llu by %s at %s; %llu record%s until %s (%lld s) unwitnessed",
	    (unsigned long long)best->seq, best->person, best->issued, (unsigned long long)after,
	    after == 1 ? "" : "s", c->last_t, seconds < 0 ? 0 : (long long)seconds);
	return 0;
}

static void
judge_open(struct check *c, const struct walk *w, int is_live, struct verify_report *out)
{
	unsigned long long last = (unsigned long long)out->records - 1;

	if (is_live)
		verdict(c->a, out, VERIFY_OPEN,
		    arena_printf(c->a,
			"live: a process writes it; the chain holds up to record %llu", last));
	else if (out->records == 0)
		verdict(c->a, out, VERIFY_CRASH, "crash tail: holds no complete record");
	else if (w->end == WALK_TAIL)
		verdict(c->a, out, VERIFY_CRASH,
		    arena_printf(c->a,
			"crash tail: %zu bytes of an unfinished record after record %llu; the "
			"chain holds before them",
			w->ntail, last));
	else if (out->begins_without_outcome > 0)
		verdict(c->a, out, VERIFY_CRASH,
		    arena_printf(c->a,
			"crash tail: the process ended with %zu outcome%s unknown; the chain "
			"holds up to record %llu",
			out->begins_without_outcome, out->begins_without_outcome == 1 ? "" : "s",
			last));
	else
		verdict(c->a, out, VERIFY_OPEN,
		    arena_printf(c->a,
			"not sealed: the session was never closed; the chain holds up to "
			"record %llu",
			last));
}

static void
judge_sealed(struct check *c, struct verify_report *out)
{
	const char *why = c->distrust;

	if (why == NULL && c->operators == NULL)
		why = "no operators file was given, so nobody vouches for the session's key";
	if (why == NULL && !c->has_cert)
		why = "no certificate: nobody vouches for the session's key";
	if (why != NULL)
		verdict(c->a, out, VERIFY_UNTRUSTED,
		    arena_printf(c->a, "sealed, trust not met: %s", why));
	else
		verdict(c->a, out, VERIFY_SEALED,
		    arena_printf(c->a, "sealed and trusted: %llu records, certified by %s%s",
			(unsigned long long)out->records, c->person,
			out->begins_without_outcome > 0 ? "; holds an OUTCOME UNKNOWN" : ""));
}

/* All at once, where everything holds; anything else is told by going through it in order. */
static int
try_quick(struct check *c, int fd, off_t size, struct walk *w)
{
	struct check fresh = *c;

	if (quick_file(c, fd, size, w))
		return 1;
	json_object_clear(fresh.begun);
	*c = fresh;
	return 0;
}

static void
judge(struct check *c, int fd, off_t size, int is_live, int is_quick, struct verify_report *out)
{
	char leaf[SHA256_HEX];
	struct walk w;
	int is_sure = is_quick && try_quick(c, fd, size, &w);

	if (!is_sure)
		walk_chain(fd, size, NULL, 0, &w);
	out->records = w.lines;
	if (w.end == WALK_FAIL) {
		verdict(c->a, out, VERIFY_IO,
		    arena_printf(c->a, "could not be read: %s", strerror(w.error)));
		return;
	}
	if (w.end == WALK_BROKEN) {
		judge_broken(c->a, &w, is_live, out);
		return;
	}
	if (!is_sure && check_lines(c, fd, size, &w, out) != 0)
		return;
	if (w.end == WALK_TAIL && c->is_closed) {
		out->bad_seq = w.lines;
		verdict(c->a, out, VERIFY_TAMPERED, "tampered: bytes stand after the close");
		return;
	}
	if (c->session != NULL && w.lines > 0) {
		hex_encode(w.leaf, SHA256_BYTES, leaf);
		out->head = arena_printf(
		    c->a, "%s:%llu:%s", c->session, (unsigned long long)w.lines - 1, leaf);
	}
	if (!is_sure && c->nclaims > 0) {
		struct walk again;

		walk_chain(fd, size, c->claims, c->nclaims, &again);
	}
	/* What a live file has not signed yet, a power cut may still take. */
	if (!is_live)
		out->lasting = out->head;
	else if (c->signed_seq > 0) {
		hex_encode(c->signed_leaf, SHA256_BYTES, leaf);
		out->lasting = arena_printf(
		    c->a, "%s:%llu:%s", c->session, (unsigned long long)c->signed_seq, leaf);
	}
	out->begins_without_outcome = c->nbegun;
	if (judge_claims(c, out) != 0)
		return;
	out->bad_seq = 0;
	if (c->is_closed)
		judge_sealed(c, out);
	else
		judge_open(c, &w, is_live, out);
}

static int
verify_file(struct arena *a, const char *file, const struct operators *operators, int is_quick,
    struct verify_report *out, struct err *e)
{
	struct check c = {.a = a, .operators = operators};
	int fd, is_live;
	struct err why;
	off_t size;

	memset(out, 0, sizeof(*out));
	fd = jfile_open(file, &size, &is_live, &why);
	if (fd < 0) {
		verdict(a, out, VERIFY_IO, why.msg);
		if (e != NULL)
			*e = why;
		return -1;
	}
	c.begun = json_object();
	judge(&c, fd, size, is_live, is_quick, out);
	json_decref(c.begun);
	close(fd);
	out->session = c.session;
	out->part = (int)c.part;
	out->parent = c.parent;
	out->person = c.person;
	if (out->code == VERIFY_IO)
		return err_set(e, ERR_FAILED, "the journal %s %s", file, out->sentence);
	return 0;
}

int
journal_verify(struct arena *a, const char *file, const struct operators *operators,
    struct verify_report *out, struct err *e)
{
	return verify_file(a, file, operators, 1, out, e);
}

int
verify_in_order(struct arena *a, const char *file, const struct operators *operators,
    struct verify_report *out, struct err *e)
{
	return verify_file(a, file, operators, 0, out, e);
}
