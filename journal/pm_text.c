/*
 * Text for a postmortem. Everything that came from a journal or a notes file passes here once, on
 * its way into each format: first inert, then escaped for that format. Nothing else may escape.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

#define TEXT_MAX ((size_t)8 << 20)

static char *
finish(struct pm *pm, struct buf *b)
{
	char *s = arena_strndup(pm->a, buf_str(b), b->len);

	buf_free(b);
	return s;
}

static int
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

/* The person whose name begins here, as a word of its own, whatever its case. */
static const struct pm_person *
person_at(const struct pm *pm, const char *s, const char *from)
{
	size_t i, n;

	if (from > s && is_word(from[-1]))
		return NULL;
	for (i = 0; i < pm->npeople; i++) {
		n = strlen(pm->people[i].name);
		if (n > 0 && strncasecmp(from, pm->people[i].name, n) == 0 && !is_word(from[n]))
			return &pm->people[i];
	}
	return NULL;
}

static const char *
blameless(struct pm *pm, const char *s)
{
	const struct pm_person *who;
	const char *p = s;
	struct buf b;

	if (!pm->setup->is_blameless)
		return s;
	buf_init(&b, TEXT_MAX);
	while (*p != '\0') {
		who = person_at(pm, s, p);
		if (who != NULL) {
			buf_puts(&b, who->shown);
			p += strlen(who->name);
		} else {
			buf_add(&b, p++, 1);
		}
	}
	return finish(pm, &b);
}

char *
pm_inert(struct pm *pm, const char *s, unsigned flags)
{
	char *out;
	size_t i;

	if (s == NULL)
		return arena_strdup(pm->a, "");
	s = blameless(pm, s);
	out = text_inert(pm->a, s, strlen(s), flags);
	for (i = 0; out[i] != '\0'; i++)
		if (out[i] == '\t')
			out[i] = ' ';
	return out;
}

char *
pm_html(struct pm *pm, const char *s)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	for (s = pm_inert(pm, s, TEXT_LINES); *s != '\0'; s++) {
		switch (*s) {
		case '<':
			buf_puts(&b, "&lt;");
			break;
		case '>':
			buf_puts(&b, "&gt;");
			break;
		case '&':
			buf_puts(&b, "&amp;");
			break;
		case '"':
			buf_puts(&b, "&quot;");
			break;
		case '\'':
			buf_puts(&b, "&#39;");
			break;
		default:
			buf_add(&b, s, 1);
		}
	}
	return finish(pm, &b);
}

/* Characters that mean something to a Markdown reader, wherever they stand. */
char *
pm_md(struct pm *pm, const char *s)
{
	const char *from = s = pm_inert(pm, s, 0);
	struct buf b;

	buf_init(&b, TEXT_MAX);
	for (; *s != '\0'; s++) {
		if (*s == '<')
			buf_puts(&b, "&lt;");
		else if (*s == '>')
			buf_puts(&b, "&gt;");
		else if (*s == '&')
			buf_puts(&b, "&amp;");
		else if (*s == ':' && s[1] == '/' && s[2] == '/')
			buf_puts(&b, "&#58;"); /* no link by itself */
		else if (strchr("\\`*[]|~", *s) != NULL)
			buf_printf(&b, "\\%c", *s);
		else if (*s == '_' && (s == from || !isalnum((unsigned char)s[-1]) ||
					  !isalnum((unsigned char)s[1])))
			buf_puts(&b, "\\_");
		else if (s == from && strchr("#=+-!", *s) != NULL)
			buf_printf(&b, "\\%c", *s);
		else
			buf_add(&b, s, 1);
	}
	return finish(pm, &b);
}

/* RFC 4180; what a spreadsheet would take for a formula gets an apostrophe in front. */
char *
pm_csv(struct pm *pm, const char *s)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	s = pm_inert(pm, s, 0);
	buf_puts(&b,
	    s[0] != '\0' && strchr("=+-@|%", s[strspn(s, " ")]) != NULL && s[strspn(s, " ")] != '\0'
		? "\"'"
		: "\"");
	for (; *s != '\0'; s++)
		buf_puts(&b, *s == '"' ? "\"\"" : (char[2]){*s, '\0'});
	buf_puts(&b, "\"");
	return finish(pm, &b);
}

static char *
clock_text(struct pm *pm, int64_t us, int has_date)
{
	time_t s = (time_t)(us / 1000000);
	struct tm tm;
	char out[64];
	size_t n;

	if (us < 0 || gmtime_r(&s, &tm) == NULL)
		return arena_strdup(pm->a, "?");
	n = has_date ? strftime(out, sizeof(out), "%Y-%m-%d %H:%M:%S", &tm)
		     : strftime(out, sizeof(out), "%H:%M:%S", &tm);
	return arena_strndup(pm->a, out, n);
}

char *
pm_utc(struct pm *pm, int64_t us)
{
	if (us == PM_NONE)
		return arena_strdup(pm->a, "");
	return arena_printf(pm->a, "%s.%03dZ", clock_text(pm, us, 1), (int)(us / 1000 % 1000));
}

char *
pm_local(struct pm *pm, const struct pm_event *ev)
{
	const struct pm_source *s = ev->source;
	int64_t minutes;

	if (!s->has_offset)
		return arena_strdup(pm->a, "");
	minutes = s->offset_s / 60;
	return arena_printf(pm->a, "%s %c%02d:%02d",
	    clock_text(pm, ev->us + s->offset_s * 1000000, 0), minutes < 0 ? '-' : '+',
	    (int)((minutes < 0 ? -minutes : minutes) / 60),
	    (int)((minutes < 0 ? -minutes : minutes) % 60));
}

char *
pm_since(struct pm *pm, int64_t us)
{
	int64_t d = us - pm->start->us;
	const char *sign = d <= -100000 ? "-" : "+";

	d = d < 0 ? -d : d;
	return arena_printf(pm->a, "%s%lld:%02d:%02d.%d", sign, (long long)(d / 3600000000),
	    (int)(d / 60000000 % 60), (int)(d / 1000000 % 60), (int)(d / 100000 % 10));
}

char *
pm_duration(struct pm *pm, int64_t us)
{
	if (us == PM_NONE)
		return arena_strdup(pm->a, "");
	return arena_printf(pm->a, "%s%s", us < 0 ? "-" : "",
	    text_seconds(pm->a, (double)(us < 0 ? -us : us) / 1e6));
}

char *
pm_ref(struct pm *pm, const struct pm_event *ev)
{
	if (ev == NULL)
		return arena_strdup(pm->a, "");
	return arena_printf(pm->a, "%s:%llu", ev->source->label, (unsigned long long)ev->seq);
}

size_t
pm_source_no(const struct pm *pm, const struct pm_source *s)
{
	return (size_t)(s - pm->sources);
}

const char *
pm_verdict(enum verify_code code)
{
	static const char *const names[] = {
	    [VERIFY_SEALED] = "SEALED AND TRUSTED",
	    [VERIFY_TAMPERED] = "TAMPERED WITH",
	    [VERIFY_CRASH] = "ENDED IN A CRASH",
	    [VERIFY_OPEN] = "NOT SEALED",
	    [VERIFY_UNTRUSTED] = "NOT TRUSTED",
	    [VERIFY_IO] = "NOT READABLE",
	};

	return names[code];
}

const char *
pm_head(const struct verify_report *r)
{
	const char *colon = r->head == NULL ? NULL : strrchr(r->head, ':');

	return colon == NULL ? "" : colon + 1;
}

const char *
pm_word(const char *s)
{
	static const char plain[] =
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:._-";

	return strspn(s, plain) == strlen(s) ? s : "";
}

const struct pm_word_meaning pm_glossary[] = {
    {"held", "a replica receives what is written and does not apply it"},
    {"hardened", "the hold outlasts a restart of the replica"},
    {"PROVEN", "looked at again after the act: the replica had not applied it"},
    {"witnessed", "another person signed the journal's head up to that record"},
    {"unwitnessed", "written after the last such signature"},
    {"OUTCOME UNKNOWN", "it began, and no record says how it ended"},
    {"level", "what the rules asked for: allow, confirm, approve, refuse"},
    {NULL, NULL},
};
