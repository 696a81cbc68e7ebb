/*
 * Commands whose operands decide: wrappers, shells, find, sed, awk, dd and their like.
 */
#include <string.h>

#include "arena.h"
#include "engines/sh_lex.h"
#include "banned.h"

/* nice, timeout, sudo, env: the command behind their options counts. */
void
sh_rule_wrapper(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i = 1;

	if (r->danger > DANGER_READ)
		sh_add(s, r->danger, r->name, r->why);
	while (i < n && (w[i].text[0] == '-' || strchr(w[i].text, '=') != NULL ||
			    strspn(w[i].text, "0123456789.smhd") == strlen(w[i].text))) {
		/* An option with a value of its own. */
		if (r->words != NULL && sh_has_word(r->words, w[i].text, strlen(w[i].text)))
			i++;
		i++;
	}
	if (i < n && ++s->nesting <= SH_NESTING) {
		if (strcmp(r->name, "watch") == 0)
			sh_text(s, w[i].text, strlen(w[i].text));
		else
			sh_command(s, w + i, n - i);
	} else if (i < n)
		sh_add(s, DANGER_OPAQUE, "too-deep", "nests commands deeper than is followed");
	else if (r->danger == DANGER_READ)
		sh_add(s, DANGER_OPAQUE, r->name, "runs a command that is not here");
	s->nesting -= i < n;
}

/* sh -c 'text', eval text, and a shell that reads its commands from somewhere. */
void
sh_rule_shell(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i;

	sh_add(s, r->danger, r->name, r->why);
	if (strcmp(r->name, "eval") == 0) {
		for (i = 1; i < n; i++)
			sh_text(s, w[i].text, strlen(w[i].text));
		return;
	}
	for (i = 1; i + 1 < n; i++)
		if (w[i].text[0] == '-' && strchr(w[i].text, 'c') != NULL) {
			sh_text(s, w[i + 1].text, strlen(w[i + 1].text));
			return;
		}
}

void
sh_rule_find(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i, end;
	struct sh_word *inner;

	sh_add(s, DANGER_READ, r->name, r->why);
	for (i = 1; i < n; i++) {
		if (w[i].is_expanded)
			sh_add(s, DANGER_OPAQUE, r->name,
			    "what it is given is not known before it runs");
		if (strcmp(w[i].text, "-delete") == 0)
			sh_add(s, DANGER_DESTRUCTIVE, "find-delete", "deletes every file it finds");
		else if (strncmp(w[i].text, "-fprint", 7) == 0 || strcmp(w[i].text, "-fls") == 0)
			sh_add(s, DANGER_DANGEROUS, "find-print", "writes a file");
		else if (sh_has_word("-exec -execdir -ok -okdir", w[i].text, strlen(w[i].text))) {
			sh_add(s, DANGER_DANGEROUS, "find-exec",
			    "runs a command for every file it finds");
			for (end = ++i; end < n && strcmp(w[end].text, ";") != 0 &&
					strcmp(w[end].text, "+") != 0;)
				end++;
			if (end == i)
				continue;
			inner = arena_memdup(s->a, w + i, (end - i) * sizeof(*w));
			for (size_t k = 0; k < end - i; k++)
				if (strcmp(inner[k].text, "{}") == 0)
					inner[k].is_expanded = 0;
			sh_command(s, inner, end - i);
			i = end;
		}
	}
}

/* A script of sed that only chooses and replaces what is shown. */
static int
is_plain_sed(const char *script)
{
	const char *p = script;
	char d;
	int k;

	while (*p != '\0') {
		p += strspn(p, "0123456789,$!; \t\n~+{}");
		if (*p == '/') {
			for (p++; *p != '\0' && *p != '/'; p++)
				p += *p == '\\' && p[1] != '\0';
			p += *p == '/';
		} else if (*p == 's' && p[1] != '\0') {
			d = *++p;
			for (k = 0, p++; *p != '\0' && k < 2; p++)
				if (*p == '\\' && p[1] != '\0')
					p++;
				else if (*p == d)
					k++;
			p += strspn(p, "gpiI0123456789");
		} else if (*p != '\0' && strchr("pdqPDlnNgGhHx=", *p) != NULL)
			p++;
		else if (*p != '\0')
			return 0;
	}
	return 1;
}

void
sh_rule_sed(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i, script = 0;

	for (i = 1; i < n; i++) {
		if (w[i].text[0] == '-' && w[i].text[1] != '\0') {
			if (strncmp(w[i].text, "--in", 4) == 0 ||
			    (w[i].text[1] != '-' && strchr(w[i].text, 'i') != NULL)) {
				sh_add(s, DANGER_DANGEROUS, r->name, "changes files in place");
				return;
			}
			if (!sh_has_word(
				"-n -r -E -u -s -z -e -ne -nE -nr --quiet --silent --posix",
				w[i].text, strlen(w[i].text))) {
				sh_add(s, DANGER_OPAQUE, r->name, "its script is not in the text");
				return;
			}
			if (strchr(w[i].text, 'e') != NULL && w[i].text[1] != '-' && i + 1 < n) {
				script = ++i;
				if (!is_plain_sed(w[i].text) || w[i].is_expanded)
					break;
			}
		} else if (script == 0) {
			script = i;
			if (!is_plain_sed(w[i].text) || w[i].is_expanded)
				break;
		} else if (sh_is_secret(w[i].text) || sh_is_device(w[i].text)) {
			sh_add(s, DANGER_DANGEROUS, r->name, "shows a secret, or a device's bytes");
			return;
		}
	}
	if (i < n)
		sh_add(s, DANGER_OPAQUE, r->name, "its script can write files or run commands");
	else
		sh_add(s, DANGER_READ, r->name, r->why);
}

void
sh_rule_awk(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	const char *p, *print;
	size_t i;

	for (i = 1; i < n && w[i].text[0] == '-'; i++) {
		if (sh_has_word("-F -v", w[i].text, strlen(w[i].text)))
			i++;
		else if (strncmp(w[i].text, "-F", 2) != 0) {
			sh_add(s, DANGER_OPAQUE, r->name, "its script is not in the text");
			return;
		}
	}
	if (i >= n || w[i].is_expanded)
		sh_add(s, DANGER_OPAQUE, r->name, "its script is not in the text");
	else if (strstr(w[i].text, "system") != NULL || strstr(w[i].text, "getline") != NULL ||
		 strchr(w[i].text, '@') != NULL)
		sh_add(
		    s, DANGER_DANGEROUS, r->name, "its script runs commands or reads other files");
	else {
		p = w[i].text;
		/* print > "file" and print | "command"; || and > of a comparison are harmless. */
		while ((print = strstr(p, "print")) != NULL) {
			size_t k = strcspn(print, ";}\n>|");

			p = print + 5;
			if (print[k] == '>' || (print[k] == '|' && print[k + 1] != '|')) {
				sh_add(s, DANGER_DANGEROUS, r->name,
				    "its script writes a file or feeds a command");
				return;
			}
		}
		for (i++; i < n; i++)
			if (sh_is_secret(w[i].text) || sh_is_device(w[i].text)) {
				sh_add(s, DANGER_DANGEROUS, r->name,
				    "shows a secret, or a device's bytes");
				return;
			}
		sh_add(s, DANGER_READ, r->name, r->why);
	}
}

void
sh_rule_xargs(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	sh_add(s, DANGER_DANGEROUS, r->name, r->why);
	struct sh_row inner = *r;

	inner.danger = DANGER_READ;
	sh_rule_wrapper(s, &inner, w, n);
}

void
sh_rule_dd(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (strncmp(w[i].text, "of=", 3) == 0 && strcmp(w[i].text, "of=/dev/null") != 0) {
			sh_by_row(s, r, w, n);
			return;
		}
	sh_add(s, DANGER_DANGEROUS, r->name, "copies bytes of a file or device");
}

void
sh_rule_date(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (w[i].text[0] != '+' &&
		    (w[i].text[0] != '-' || sh_is_option("-s --set", w[i].text)) &&
		    !(i > 1 && sh_has_word("-d --date -r", w[i - 1].text, strlen(w[i - 1].text)))) {
			sh_add(s, DANGER_DANGEROUS, r->name, "sets the clock");
			return;
		}
	sh_add(s, DANGER_READ, r->name, "shows the time");
}

void
sh_rule_kill(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	if (n > 1 && sh_has_word("-l -L -0 --list --table", w[1].text, strlen(w[1].text)))
		sh_add(s, DANGER_READ, r->name, "sends no signal");
	else
		sh_by_row(s, r, w, n);
}

void
sh_rule_rsync(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	struct action *x = sh_by_row(s, r, w, n);
	size_t i;

	for (i = 1; i < n; i++)
		if (strncmp(w[i].text, "--del", 5) == 0 || strncmp(w[i].text, "--remove", 8) == 0) {
			x->danger = DANGER_DESTRUCTIVE;
			x->why = "deletes files that the other side does not have";
		}
}

void
sh_rule_tee(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (w[i].text[0] != '-' && strcmp(w[i].text, "/dev/null") != 0) {
			sh_by_row(s, r, w, n);
			return;
		}
	sh_add(s, DANGER_READ, r->name, "passes on what it reads");
}

/* service NAME status */
void
sh_rule_service(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	if ((n == 3 && strcmp(w[2].text, "status") == 0 && !w[1].is_expanded) ||
	    (n == 2 && strcmp(w[1].text, "--status-all") == 0))
		sh_add(s, DANGER_READ, r->name, "shows the state of a service");
	else
		sh_by_row(s, r, w, n);
}

void
sh_rule_sysctl(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (strchr(w[i].text, '=') != NULL ||
		    sh_is_option("-w -p --write --load --system", w[i].text)) {
			sh_by_row(s, r, w, n);
			return;
		}
	sh_add(s, DANGER_READ, r->name, "shows settings of the kernel");
}

/* ip OBJECT [show ...]; verbs can be cut short, so only whole harmless ones count. */
void
sh_rule_ip(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	static const char objects[] = "a addr address l link r ro route n neigh rule maddr mroute";
	size_t i = 1;

	while (i < n && sh_has_word("-s -br -4 -6 -o -d -brief -details -stats -c -j -p", w[i].text,
			    strlen(w[i].text)))
		i++;
	if (i < n && sh_has_word(objects, w[i].text, strlen(w[i].text)) &&
	    (i + 1 == n ||
		sh_has_word("show list ls get sh", w[i + 1].text, strlen(w[i + 1].text))))
		sh_add(s, DANGER_READ, r->name, "shows the network");
	else
		sh_by_row(s, r, w, n);
}

/* It takes several commands at once. */
void
sh_rule_mysqladmin(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i;
	int shows = 0;

	for (i = 1; i < n; i++) {
		if (sh_has_word("-u -h -P -S", w[i].text, strlen(w[i].text)))
			i++;
		else if (w[i].text[0] != '-' || w[i].is_expanded) {
			shows = sh_has_word(r->words, w[i].text, strlen(w[i].text));
			if (!shows)
				break;
		}
	}
	if (shows)
		sh_add(s, DANGER_READ, r->name, "shows the state of the server");
	else
		sh_by_row(s, r, w, n);
}
