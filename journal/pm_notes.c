/*
 * The people's part: sections that no record can fill. It lives in a file of its own, so that
 * making the document again never loses a word. A section this version does not know is kept, too.
 */
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

static const struct {
	const char *title, *hint;
} ours[] = {
    {"Summary", "What happened, in three sentences a customer would understand."},
    {"Impact", "Who could not do what, for how long; numbers; support tickets."},
    {"Detection", "How it was noticed, and what should have noticed it earlier."},
    {"Trigger", "What set it off."},
    {"Contributing factors", "Plural. Conditions, never a person."},
    {"What made it worse", "Retries, hand repairs, steps out of order."},
    {"Resolution", "What put it right; what is temporary and what is for good."},
    {"What went well", ""},
    {"What did not go well", ""},
    {"Where we got lucky", ""},
    {"Why we were surprised", ""},
    {"Action items", "Action, kind (prevent, detect, mitigate, process), owner, ticket, due."},
    {"Message to customers", "What happened, and what is being done."},
};
#define NOURS (sizeof(ours) / sizeof(ours[0]))

static struct pm_section *
section(struct pm *pm, const char *title, size_t len)
{
	size_t i;

	for (i = 0; i < pm->nsections; i++)
		if (strlen(pm->sections[i].title) == len &&
		    strncasecmp(pm->sections[i].title, title, len) == 0)
			return &pm->sections[i];
	pm->sections = arena_grow(pm->a, pm->sections, pm->nsections, sizeof(*pm->sections));
	pm->sections[pm->nsections] =
	    (struct pm_section){.title = arena_strndup(pm->a, title, len), .hint = ""};
	return &pm->sections[pm->nsections++];
}

/* A line that is only "TODO", or our own hint, is no word of anybody's. */
static int
is_left_open(const struct pm_section *s, const char *text, size_t len)
{
	const char *open = s == NULL ? "" : s->hint;

	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		len--;
	while (len > 0 && strchr(" \t\r\n", text[0]) != NULL) {
		text++;
		len--;
	}
	if (len == 0 || (len == 4 && memcmp(text, "TODO", 4) == 0))
		return 1;
	return len == strlen(open) + 6 && memcmp(text, "TODO: ", 6) == 0 &&
	       memcmp(text + 6, open, len - 6) == 0;
}

static void
take(struct pm *pm, struct pm_section *s, const char *text, size_t len)
{
	if (is_left_open(s, text, len))
		return;
	if (s == NULL) /* words before the first heading */
		s = section(pm, "Further notes", 13);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		len--;
	while (len > 0 && strchr("\r\n", text[0]) != NULL) {
		text++;
		len--;
	}
	/* The same heading twice: both are kept. */
	s->text = s->text == NULL ? arena_strndup(pm->a, text, len)
				  : arena_printf(pm->a, "%s\n\n%.*s", s->text, (int)len, text);
}

static void
parse(struct pm *pm, const char *notes, size_t len)
{
	const char *p = notes, *end = notes + len, *from = NULL, *eol;
	struct pm_section *s = NULL;
	size_t n;

	for (; p < end; p = eol + (eol < end)) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		if (end - p < 3 || memcmp(p, "## ", 3) != 0) {
			if (s == NULL && from == NULL && (end - p < 2 || memcmp(p, "# ", 2) != 0))
				from = p;
			continue;
		}
		if (from != NULL)
			take(pm, s, from, (size_t)(p - from));
		for (p += 3, n = (size_t)(eol - p); n > 0 && strchr(" \t\r", p[n - 1]) != NULL;)
			n--;
		s = section(pm, p, n);
		from = eol < end ? eol + 1 : end;
	}
	if (from != NULL)
		take(pm, s, from, (size_t)(end - from));
}

void
pm_sections(struct pm *pm)
{
	size_t i, len = pm->setup->notes_len;
	char *clean;

	for (i = 0; i < NOURS; i++) {
		pm->sections =
		    arena_grow(pm->a, pm->sections, pm->nsections, sizeof(*pm->sections));
		pm->sections[pm->nsections++] =
		    (struct pm_section){.title = ours[i].title, .hint = ours[i].hint, .is_ours = 1};
	}
	if (pm->setup->notes == NULL)
		return;
	clean = arena_strndup(pm->a, pm->setup->notes, len);
	for (i = 0; i < len; i++)
		if (clean[i] == '\0' || clean[i] == '\t')
			clean[i] = clean[i] == '\0' ? '?' : ' ';
	parse(pm, clean, len);
}

/* The file to fill in. What the given notes say is in it as it stands there. */
void
pm_write_notes(struct pm *pm, struct buf *b)
{
	const struct pm_section *s;
	size_t i;

	buf_printf(b, "# Notes for the postmortem of %s\n",
	    pm->incident[0] != '\0' ? pm_inert(pm, pm->incident, 0) : "this incident");
	for (i = 0; i < pm->nsections; i++) {
		s = &pm->sections[i];
		buf_printf(b, "\n## %s\n\n%s%s\n", s->title,
		    s->text != NULL	 ? s->text
		    : s->hint[0] != '\0' ? "TODO: "
					 : "TODO",
		    s->text != NULL ? "" : s->hint);
	}
}
