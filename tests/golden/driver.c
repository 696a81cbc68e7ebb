/*
 * Tells a story to the real writer: driver STORY DIR makes DIR/operators and DIR/journal/. Same
 *bytes from the same story: the clock, random numbers, host and process are those of the story (see
 * journal.mk for what is wrapped). A story's lines; one that begins with a blank continues the one
 * before:
 *	zone TZ				as for TZ, before anybody opens
 *	person NAME HOST
 *	TIME NAME opens CLUSTER		a session, certified with the person's key
 *	TIME NAME types TEXT		a line at the prompt
 *	TIME NAME TYPE {MEMBERS}	a record
 *	TIME NAME begins PLAN STEP PART KIND NODE TEXT
 *	TIME NAME ends PLAN STEP PART KIND NODE ok ROWS TAG, or: failed SQLSTATE ERROR
 *	TIME NAME approves ID [COMMENT]	signs the request; `denies` the same; into the requester's
 *journal TIME NAME gives INCIDENT TO	hands over, signed by who takes over TIME NAME leaves
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "hash.h"
#include "journal.h"
#include "journal/parent.h"

#define PEOPLE_MAX 8
#define REQUESTS_MAX 16
#define LINE_BYTES (64 << 10)

struct person {
	char name[32], host[32];
	struct session_key *own, *session;
	struct journal *journal;
	int pid;
};

struct asked { /* a request that was filed, and the head its signatures carry */
	char *id, *head;
	struct person *by;
};

struct story {
	struct arena *a;
	const char *dir;
	struct person people[PEOPLE_MAX], *now;
	struct asked asked[REQUESTS_MAX];
	size_t npeople, nasked;
	time_t begun; /* the last step */
	int line;
};

/* What the writer asks the machine for. One story a process; no thread runs. */
static struct {
	time_t second;
	uint64_t random;
	const char *host;
	int pid;
} world = {.second = 1480000000, .random = 1, .host = "nowhere", .pid = 1};

time_t __wrap_time(time_t *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);
ssize_t __wrap_getrandom(void *out, size_t n, unsigned flags);
int __wrap_gethostname(char *out, size_t n);
pid_t __wrap_getpid(void);
void __wrap_jparent_boot_id(char *out, size_t size);

time_t
__wrap_time(time_t *out)
{
	if (out != NULL)
		*out = world.second;
	return world.second;
}

/* Since the boot as many seconds as the story's clock is past its beginning. */
int
__wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	*out = (struct timespec){
	    .tv_sec = clock == CLOCK_REALTIME ? world.second : world.second - 1480000000};
	return 0;
}

ssize_t
__wrap_getrandom(void *out, size_t n, unsigned flags)
{
	uint8_t *p = out;
	size_t i;

	(void)flags;
	for (i = 0; i < n; i++) {
		world.random ^= world.random << 13;
		world.random ^= world.random >> 7;
		world.random ^= world.random << 17;
		p[i] = (uint8_t)(world.random >> 32);
	}
	return (ssize_t)n;
}

int
__wrap_gethostname(char *out, size_t n)
{
	snprintf(out, n, "%s", world.host);
	return 0;
}

pid_t
__wrap_getpid(void)
{
	return world.pid;
}

void
__wrap_jparent_boot_id(char *out, size_t size)
{
	snprintf(out, size, "00000000-0000-4000-8000-000000000001");
}

static void
die(const struct story *s, const char *what, const char *why)
{
	fprintf(stderr, "line %d: %s: %s\n", s->line, what, why);
	exit(1);
}

static char *
stamp(const struct story *s)
{
	struct tm tm;
	char out[32];

	gmtime_r(&world.second, &tm);
	strftime(out, sizeof(out), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_strdup(s->a, out);
}

/* The writer is that person's process on that person's host. */
static void
be(struct story *s, struct person *p)
{
	s->now = p;
	world.host = p->host;
	world.pid = p->pid;
}

static struct person *
find(struct story *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->npeople; i++)
		if (strcmp(s->people[i].name, name) == 0)
			return &s->people[i];
	die(s, name, "nobody of that name");
	return NULL;
}

static void
put(struct story *s, const char *type, json_t *body)
{
	struct err e;

	if (s->now->journal == NULL)
		die(s, type, "no session is open");
	if (body == NULL || journal_put(s->now->journal, type, body, &e) != 0)
		die(s, type, body == NULL ? "no object" : e.msg);
}

static char *
signature(struct story *s, const struct session_key *key, const char *namespace, const char *text)
{
	struct err e;
	char *sig;

	if (sshsig_sign(s->a, key, namespace, text, strlen(text), &sig, &e) != 0)
		die(s, "a signature", e.msg);
	return sig;
}

static void
opens(struct story *s, char *cluster)
{
	const char *dir = arena_printf(s->a, "%s/journal", s->dir);
	struct journal_setup setup = {.dirs = &dir,
	    .ndirs = 1,
	    .person = s->now->name,
	    .cluster = cluster,
	    .operators_file = "/etc/holdfast/operators",
	    .policy_digest = ""};
	struct person *p = s->now;
	struct err e;
	char *text;

	be(s, p);
	if (session_key_new(&p->session, &e) != 0)
		die(s, "a key", e.msg);
	setup.key = p->session;
	if (journal_open(&setup, &p->journal, &e) != 0)
		die(s, "opens", e.msg);
	put(s, "terminal", json_pack("{s:i,s:i,s:s}", "columns", 100, "rows", 40, "term", "xterm"));
	text = arena_printf(s->a,
	    "holdfast-session-v1\nsession: %s\nkey: %s\nperson: %s\nhost: %s\nissued: %s\n",
	    journal_session(p->journal), session_key_public(p->session), p->name, p->host,
	    stamp(s));
	put(s, "cert",
	    json_pack("{s:s,s:s,s:s}", "person", p->name, "statement", text, "sig",
		signature(s, p->own, NS_SESSION, text)));
}

static void
leaves(struct story *s, char *rest)
{
	struct person *p = s->now;

	(void)rest;
	journal_close(p->journal);
	session_key_free(p->session);
	p->journal = NULL;
	p->session = NULL;
	p->pid += PEOPLE_MAX;
}

static void
types(struct story *s, char *text)
{
	put(s, "input", json_pack("{s:o}", "text", journal_text(text, strlen(text))));
}

static char *
hex_of(struct story *s, const char *text)
{
	char *out = arena_alloc(s->a, 2 * strlen(text) + 1);

	hex_encode((const uint8_t *)text, strlen(text), out);
	return out;
}

static void
answers(struct story *s, const char *type, const char *decision, char *rest)
{
	struct person *who = s->now;
	char *id = strtok_r(rest, " ", &rest), *text, *when = stamp(s);
	size_t i;

	for (i = 0; i < s->nasked; i++)
		if (id != NULL && strcmp(s->asked[i].id, id) == 0)
			break;
	if (i == s->nasked)
		die(s, decision, "no such request");
	text = arena_printf(s->a,
	    "holdfast-approval-v1\ndecision: %s\nrequest: %s\njournal: %s\nrequester: %s\n"
	    "approver: %s\nissued: %s\nexpires: %s\n%s%s%s",
	    decision, id, s->asked[i].head, s->asked[i].by->name, who->name, when, when,
	    *rest == '\0' ? "" : "comment: ", hex_of(s, rest), *rest == '\0' ? "" : "\n");
	be(s, s->asked[i].by);
	put(s, type,
	    json_pack("{s:s,s:s,s:s,s:s}", "request", id, "person", who->name, "statement", text,
		"sig", signature(s, who->own, NS_APPROVAL, text)));
}

static void
approves(struct story *s, char *rest)
{
	answers(s, "approval", "approve", rest);
}

static void
denies(struct story *s, char *rest)
{
	answers(s, "denial", "deny", rest);
}

static void
gives(struct story *s, char *rest)
{
	char *incident = strtok_r(rest, " ", &rest), *text;
	struct person *from = s->now, *to = find(s, rest);

	text = arena_printf(s->a,
	    "holdfast-handover-v1\nincident: %s\njournal: %s\nfrom: %s\nto: %s\nheld: nothing\n"
	    "issued: %s\n",
	    incident, journal_head(s->a, from->journal), from->name, to->name, stamp(s));
	put(s, "incident",
	    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "action", "handover", "name", incident,
		"person", from->name, "to", to->name, "held", "nothing", "statement", text,
		"signature", signature(s, to->own, NS_HANDOVER, text)));
}

/* The members that begin and outcome have in common; the rest of the line is left in *rest. */
static json_t *
step_of(struct story *s, char **rest)
{
	static const char *const keys[] = {"plan", "step", "part", "kind", "node"};
	json_t *body = json_object();
	char *word;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if ((word = strtok_r(*rest, " ", rest)) == NULL)
			die(s, "a step", "words are missing");
		json_object_set_new(body, keys[i],
		    i == 1 ? json_integer(strtol(word, NULL, 10)) : json_string(word));
	}
	json_object_set_new(body, "conn", json_string("main"));
	return body;
}

static void
begins(struct story *s, char *rest)
{
	json_t *body = step_of(s, &rest);

	json_object_set_new(body, "texts", json_pack("[s]", rest));
	s->begun = world.second;
	put(s, "begin", body);
}

static void
ends(struct story *s, char *rest)
{
	json_t *body = step_of(s, &rest);
	char *how = strtok_r(rest, " ", &rest), *figure = strtok_r(rest, " ", &rest);
	int ok = how != NULL && strcmp(how, "ok") == 0;

	if (figure == NULL)
		die(s, "ends", "how?");
	json_object_set_new(body, "ok", json_boolean(ok));
	json_object_set_new(body, ok ? "tag" : "error", json_string(rest));
	if (ok)
		json_object_set_new(body, "rows", json_integer(strtol(figure, NULL, 10)));
	else
		json_object_set_new(body, "sqlstate", json_string(figure));
	json_object_set_new(body, "ms", json_integer((world.second - s->begun) * 1000));
	put(s, "outcome", body);
}

/* A record of that type; a request's head is what its approvers will sign. */
static void
records(struct story *s, const char *type, const char *members)
{
	json_error_t why;
	json_t *body = json_loads(members, JSON_REJECT_DUPLICATES, &why);
	struct asked *x = &s->asked[s->nasked];

	if (body == NULL)
		die(s, type, why.text);
	if (strcmp(type, "request") != 0) {
		put(s, type, body);
		return;
	}
	if (s->nasked == REQUESTS_MAX)
		die(s, type, "too many");
	*x = (struct asked){
	    .id = arena_strdup(s->a, json_string_value(json_object_get(body, "request"))),
	    .head = journal_head(s->a, s->now->journal),
	    .by = s->now};
	s->nasked++;
	put(s, type, body);
}

static void
person(struct story *s, char *rest)
{
	struct person *p = &s->people[s->npeople];
	struct err e;

	if (s->npeople == PEOPLE_MAX || sscanf(rest, "%31s %31s", p->name, p->host) != 2 ||
	    session_key_new(&p->own, &e) != 0)
		die(s, "person", rest);
	p->pid = 1000 + (int)s->npeople++;
}

static void
told(struct story *s, char *line)
{
	static const struct {
		const char *word;
		void (*tell)(struct story *s, char *rest);
	} words[] = {{"opens", opens}, {"leaves", leaves}, {"types", types}, {"begins", begins},
	    {"ends", ends}, {"approves", approves}, {"denies", denies}, {"gives", gives}};
	char *name = strtok_r(line, " ", &line), *word = strtok_r(line, " ", &line);
	size_t i;

	if (word == NULL)
		die(s, name, "and what?");
	be(s, find(s, name));
	if (s->now->journal != NULL)
		journal_tick(s->now->journal);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0) {
			words[i].tell(s, line);
			return;
		}
	records(s, word, line);
}

static void
take(struct story *s, char *line)
{
	struct tm tm = {0};
	char *rest;

	if (line[0] == '\0' || line[0] == '#')
		return;
	if (strncmp(line, "zone ", 5) == 0) {
		setenv("TZ", line + 5, 1);
		tzset();
	} else if (strncmp(line, "person ", 7) == 0) {
		person(s, line + 7);
	} else {
		rest = strptime(line, "%Y-%m-%dT%H:%M:%SZ ", &tm);
		if (rest == NULL || timegm(&tm) < world.second)
			die(s, line, "no time, or one before the last");
		world.second = timegm(&tm);
		told(s, rest);
	}
}

static void
read_story(struct story *s, FILE *in)
{
	char *whole = arena_alloc(s->a, LINE_BYTES), *line = arena_alloc(s->a, LINE_BYTES);

	whole[0] = '\0';
	while (fgets(line, LINE_BYTES, in) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != ' ' && line[0] != '\t') {
			take(s, whole);
			whole[0] = '\0';
		}
		s->line++;
		if (strlen(whole) + strlen(line) + 2 > LINE_BYTES)
			die(s, "a line", "too long");
		strcat(whole, whole[0] == '\0' ? "" : " ");
		strcat(whole, line + strspn(line, " \t"));
	}
	take(s, whole);
}

static void
write_operators(struct story *s)
{
	FILE *out = fopen(arena_printf(s->a, "%s/operators", s->dir), "w");
	size_t i;

	for (i = 0; out != NULL && i < s->npeople; i++)
		fprintf(out,
		    "%s namespaces=\"session@holdfast,approval@holdfast,handover@holdfast\" %s\n",
		    s->people[i].name, session_key_public(s->people[i].own));
	if (out == NULL || fclose(out) != 0)
		die(s, "operators", strerror(errno));
}

int
main(int argc, char **argv)
{
	struct story s = {.a = arena_new()};
	FILE *in = argc == 3 ? fopen(argv[1], "r") : NULL;
	size_t i;

	if (in == NULL) {
		fprintf(stderr, "driver STORY DIR\n");
		return 2;
	}
	s.dir = argv[2];
	for (i = 0; argv[1][i] != '\0'; i++) /* another story, other keys and sessions */
		world.random =
		    argv[1][i] == '/' ? 1 : world.random * 31 + (unsigned char)argv[1][i];
	read_story(&s, in);
	fclose(in);
	write_operators(&s);
	for (i = 0; i < s.npeople; i++) {
		if (s.people[i].journal != NULL)
			die(&s, s.people[i].name, "never leaves");
		session_key_free(s.people[i].own);
	}
	arena_free(s.a);
	return 0;
}
