/*
 * Reading a file of options by a table: see conf.h. The library reports through a callback that
 * gets nothing of ours, so the collector of mistakes travels in a hidden option of every section.
 * Must never go on after the first mistake, and never take a file that others can write.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "shell/conf.h"
#include "text.h"
#include "banned.h"

#define CARRIER "?"		/* no bare word of the syntax */
#define END "holdfast_file_end" /* comes after the text: an open section would swallow it */

/* What was said so far of one option, or of a section as a whole (name ""). */
struct seen {
	const cfg_t *section;
	const char *name;
	unsigned int n; /* elements of a list */
	int is_closed;
	int line; /* where the section ended */
};

struct collector {
	long carrier; /* first: what the library believes the hidden option's number to be */
	struct arena *arena;
	const char *file;
	struct err *err;
	int has_error;
	int ends;  /* times END was set */
	int lines; /* of the file: what we append has no line of its own */
	struct seen *seen;
	size_t nseen;
	const struct conf_option *root;
};

static struct collector *
collector_of(cfg_t *c)
{
	cfg_opt_t *o = c->opts;

	while (o->name != NULL && strcmp(o->name, CARRIER) != 0)
		o++;
	return o->name == NULL ? NULL
			       : (struct collector *)(void *)o->simple_value.number /* ->carrier */;
}

static int
mistake(struct collector *x, int line, const char *what, const char *expected)
{
	if (x->has_error)
		return -1;
	x->has_error = 1;
	line = line > x->lines ? x->lines : line;
	return err_set(x->err, ERR_CONFIG, "%s:%d: %s%s%s", x->file, line, what,
	    expected == NULL ? "" : "; expected ", expected == NULL ? "" : expected);
}

static const char *
names_of(struct collector *x, const cfg_t *c)
{
	const char *out = "";
	const cfg_opt_t *o;

	for (o = c->opts; o->name != NULL; o++)
		if (strcmp(o->name, CARRIER) != 0 && strcmp(o->name, END) != 0)
			out = arena_printf(
			    x->arena, "%s%s%s", out, out[0] == '\0' ? "" : ", ", o->name);
	return out;
}

static void __attribute__((format(printf, 2, 0))) on_error(cfg_t *c, const char *fmt, va_list ap)
{
	struct collector *x = collector_of(c);
	const char *said;

	if (x == NULL)
		return;
	said = arena_vprintf(x->arena, fmt, ap);
	said = text_fit(x->arena, said, strlen(said), 200);
	if (strstr(said, END) != NULL)
		mistake(x, c->line, "a section or comment is still open at the end of the file",
		    "its end");
	else if (strncmp(said, "no such option", 14) == 0)
		mistake(x, c->line, said, arena_printf(x->arena, "one of %s", names_of(x, c)));
	else if (strncmp(said, "invalid integer", 15) == 0)
		mistake(x, c->line, said, "a whole number");
	else if (strncmp(said, "found duplicate title", 21) == 0)
		mistake(x, c->line, said, "each name once");
	else if (strncmp(said, "missing title", 13) == 0)
		mistake(x, c->line, said, "a name in double quotes before the brace");
	else
		mistake(x, c->line, said, "NAME = VALUE, or SECTION \"NAME\" { ... }");
}

static struct seen *
see(struct collector *x, const cfg_t *c, const char *name)
{
	size_t i;

	for (i = 0; i < x->nseen; i++)
		if (x->seen[i].section == c && strcmp(x->seen[i].name, name) == 0)
			return &x->seen[i];
	x->seen = arena_grow(x->arena, x->seen, x->nseen, sizeof(*x->seen));
	x->seen[x->nseen] = (struct seen){c, arena_strdup(x->arena, name), 0, 0, 0};
	return &x->seen[x->nseen++];
}

/*
 * An option said twice is a mistake: the reader would believe one, the program the other. The
 * library reports a list once for each element, and once more at its closing brace.
 */
static int
is_second(struct seen *s, const struct conf_option *r, unsigned int n)
{
	if (s->is_closed)
		return 1;
	s->is_closed = r->type != CONF_LIST || n == s->n;
	s->n = n;
	return 0;
}

static const struct conf_option *
option_of(const struct conf_option *options, const char *section, const char *name)
{
	const struct conf_option *o, *found;

	for (o = options; o->name != NULL; o++) {
		if (o->type == CONF_SECTION && strcmp(o->name, section) == 0)
			return option_of(o->of, "", name);
		if (o->type == CONF_SECTION && (found = option_of(o->of, section, name)) != NULL)
			return found;
		if (section[0] == '\0' && strcmp(o->name, name) == 0)
			return o;
	}
	return NULL;
}

static int
is_word(const struct conf_option *r, const char *value)
{
	size_t i;

	for (i = 0; r->words[i] != NULL; i++)
		if (strcmp(r->words[i], value) == 0)
			return 1;
	return 0;
}

static int
check_string(struct collector *x, cfg_t *c, const struct conf_option *r, const char *value)
{
	const char *why = NULL, *shown;

	if (value == NULL)
		return mistake(x, c->line, "a value is missing", r->expected);
	if (strcmp(value, END) == 0)
		return mistake(x, c->line,
		    arena_printf(x->arena, "%s = has no value at the end of the file", r->name),
		    r->expected);
	shown = text_fit(x->arena, value, strlen(value), 100);
	if (value[0] == '\0')
		why = "is empty";
	else if (!text_is_utf8(value, strlen(value)) || text_is_exotic(value, strlen(value)) ||
		 strpbrk(value, "\n\t") != NULL)
		why = "has characters that cannot be seen";
	else if (r->type == CONF_WORD && !is_word(r, value))
		why = "is not known";
	else if (r->wrong != NULL)
		why = r->wrong(value);
	if (why == NULL && r->explain != NULL)
		why = r->explain(x->arena, value);
	if (why == NULL)
		return 0;
	/* A value that holds a secret is not repeated. */
	if (strstr(why, "password") != NULL)
		shown = "...";
	return mistake(
	    x, c->line, arena_printf(x->arena, "%s = \"%s\" %s", r->name, shown, why), r->expected);
}

static int
check_int(struct collector *x, cfg_t *c, const struct conf_option *r, long value)
{
	if (value >= r->min && value <= r->max)
		return 0;
	return mistake(x, c->line,
	    arena_printf(x->arena, "%s = %ld is out of range", r->name, value),
	    arena_printf(x->arena, "%s%s%ld to %ld", r->expected == NULL ? "" : r->expected,
		r->expected == NULL ? "" : ", ", r->min, r->max));
}

static int
on_set(cfg_t *c, cfg_opt_t *o)
{
	struct collector *x = collector_of(c);
	int is_root = strcmp(c->name, "root") == 0;
	const struct conf_option *r = option_of(x->root, is_root ? "" : c->name, o->name);
	unsigned int n = cfg_opt_size(o);

	if (strcmp(o->name, CARRIER) == 0)
		return mistake(x, c->line, "no such option '" CARRIER "'",
		    arena_printf(x->arena, "one of %s", names_of(x, c)));
	if (strcmp(o->name, END) == 0) {
		x->ends++;
		return 0;
	}
	if (r == NULL || n == 0)
		return 0;
	see(x, c, o->name)->line = c->line;
	if (is_second(see(x, c, o->name), r, n))
		return mistake(x, c->line,
		    arena_printf(x->arena, "%s is said a second time", o->name),
		    "each option once");
	if (r->type == CONF_INT)
		return check_int(x, c, r, cfg_opt_getnint(o, n - 1));
	return check_string(x, c, r, cfg_opt_getnstr(o, n - 1));
}

/* A section has ended: its name must be one that can be typed. */
static int
on_section(cfg_t *c, cfg_opt_t *o)
{
	struct collector *x = collector_of(c);
	cfg_t *section = cfg_opt_getnsec(o, cfg_opt_size(o) - 1);
	const char *title = cfg_title(section);

	see(x, section, "")->line = c->line;
	if (title != NULL && text_is_name(title, 64))
		return 0;
	return mistake(x, c->line,
	    arena_printf(x->arena, "%s \"%s\" has no usable name", o->name,
		title == NULL ? "" : text_fit(x->arena, title, strlen(title), 70)),
	    "1 to 64 letters, digits, dots, dashes, @ or _");
}

/* One option of ours as the library's. */
static cfg_opt_t
build_one(const struct conf_option *r, cfg_opt_t *inner)
{
	const cfg_opt_t text = CFG_STR(r->name, NULL, CFGF_NONE);
	const cfg_opt_t number = CFG_INT(r->name, CONF_NO_INT, CFGF_NONE);
	const cfg_opt_t list = CFG_STR_LIST(r->name, NULL, CFGF_NONE);
	const cfg_opt_t section =
	    CFG_SEC(r->name, inner, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	cfg_opt_t o = r->type == CONF_SECTION ? section
		      : r->type == CONF_INT   ? number
		      : r->type == CONF_LIST  ? list
					      : text;

	o.validcb = r->type == CONF_SECTION ? on_section : on_set;
	return o;
}

/* The library's table for ours; the arrays live as long as the arena. */
static cfg_opt_t *
build(struct collector *x, const struct conf_option *options, int is_root)
{
	const cfg_opt_t carrier = CFG_SIMPLE_INT(CARRIER, &x->carrier);
	const cfg_opt_t last = CFG_INT(END, 0, CFGF_NONE);
	const cfg_opt_t end = CFG_END();
	cfg_opt_t *out;
	size_t i, n = 0;

	while (options[n].name != NULL)
		n++;
	out = arena_array(x->arena, n + 3, sizeof(*out));
	for (i = 0; i < n; i++)
		out[i] = build_one(&options[i],
		    options[i].type == CONF_SECTION ? build(x, options[i].of, 0) : NULL);
	out[n] = carrier;
	out[n++].validcb = on_set;
	if (is_root) {
		out[n] = last;
		out[n++].validcb = on_set;
	}
	out[n] = end;
	return out;
}

static int
count_lines(const char *s)
{
	int n = 1;

	for (; *s != '\0'; s++)
		n += *s == '\n' && s[1] != '\0';
	return n;
}

int
conf_parse(struct arena *a, const struct conf_option *options, const char *file, const char *text,
    size_t len, cfg_t **out, struct err *e)
{
	struct collector *x = arena_alloc(a, sizeof(*x));
	char *all;
	FILE *f;
	cfg_t *c;
	int rc;

	*x = (struct collector){.arena = a, .file = file, .err = e, .root = options};
	if (conf_clean(a, file, text, len, &all, e) != 0)
		return -1;
	x->lines = count_lines(all);
	all = arena_printf(a, "%s\n" END " = 1\n", all);
	f = fmemopen(all, strlen(all), "r");
	c = cfg_init(build(x, options, 1), CFGF_NONE);
	if (f == NULL || c == NULL) {
		if (f != NULL)
			fclose(f);
		return err_set(e, ERR_CONFIG, "%s could not be read: out of memory", file);
	}
	cfg_set_error_function(c, on_error);
	rc = cfg_parse_fp(c, f);
	fclose(f);
	if (!x->has_error && rc == CFG_SUCCESS && x->ends == 0)
		mistake(x, c->line, "a section or comment is still open at the end of the file",
		    "its end");
	if (!x->has_error && rc != CFG_SUCCESS)
		mistake(x, c->line, "this could not be understood", "NAME = VALUE");
	if (!x->has_error && x->ends > 1)
		mistake(x, c->line, "no such option '" END "'", "an option of the manual page");
	if (!x->has_error) {
		*out = c;
		return 0;
	}
	cfg_free(c);
	return -1;
}

int
conf_line(cfg_t *section)
{
	return see(collector_of(section), section, "")->line;
}

int
conf_option_line(cfg_t *section, const char *name)
{
	struct collector *x = collector_of(section);
	int line = see(x, section, name)->line;

	return line > x->lines ? x->lines : line;
}

const char *
conf_string(struct arena *a, cfg_t *c, const char *name)
{
	return arena_strdup(a, cfg_getstr(c, name));
}

size_t
conf_list(struct arena *a, cfg_t *c, const char *name, const char ***out)
{
	size_t i, n = cfg_size(c, name);

	*out = n == 0 ? NULL : arena_array(a, n, sizeof(**out));
	for (i = 0; i < n; i++)
		(*out)[i] = arena_strdup(a, cfg_getnstr(c, name, (unsigned int)i));
	return n;
}

long
conf_int(cfg_t *c, const char *name, long otherwise)
{
	long v = cfg_getint(c, name);

	return v == CONF_NO_INT ? otherwise : v;
}
