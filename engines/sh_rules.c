/*
 * Commands whose operands decide: find, sed, awk, dd and their like.
 */
#include <string.h>

#include "arena.h"
#include "engines/sh_lex.h"
#include "banned.h"

/* It shows nothing that must not be shown, whichever file it is given. */
static int
is_for_any_file(const struct sh_word *w, const char *below)
{
	const struct sh_row *r = sh_find(w);

	return r != NULL && r->rule == NULL && r->danger == DANGER_READ &&
	       (!r->is_content || strncmp(below, "/var/log", 8) == 0);
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
			if (!is_for_any_file(inner, w[1].text))
				sh_add(s, DANGER_DANGEROUS, "find-exec",
				    "runs a command for every file it finds");
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

/* -n alone or in a bundle, and nothing that runs a program or writes a file of its own. */
static int
is_rsync_trial(const struct sh_word *w, size_t n)
{
	size_t i;
	int is_trial = 0;

	for (i = 1; i < n; i++) {
		if (w[i].is_expanded ||
		    sh_is_option(
			"-e --rsh --rsync-path --log-file --write-batch --only-write-batch",
			w[i].text))
			return 0;
		is_trial |= sh_is_option("-n", w[i].text) || strcmp(w[i].text, "--dry-run") == 0;
	}
	return is_trial;
}

void
sh_rule_rsync(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	struct action *x;
	size_t i;

	if (is_rsync_trial(w, n)) {
		sh_add(s, DANGER_READ, r->name, "only shows what it would copy");
		return;
	}
	x = sh_by_row(s, r, w, n);
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
