/*
 * A command line as shell words: parsed, never evaluated. What the parser does not follow makes the
 * line opaque. Private to engines/.
 */
#ifndef SH_LEX_H
#define SH_LEX_H

#include "engine.h"

struct arena;

#define SH_NESTING 6

struct sh_word {
	const char *text; /* quotes taken away */
	int is_expanded;  /* a variable, a pattern, a substitution: its value is not known */
	int is_variable;  /* more than a file name pattern or braces */
	int is_pattern;	  /* only a file name pattern, not at its beginning */
	int is_made;	  /* by a substitution, which is judged by itself */
	int is_quoted;
};

/* One command of a pipeline. */
struct sh {
	struct arena *a;
	struct action *actions;
	size_t nactions;
	int nesting;
};

struct sh_row;
struct action *sh_add(struct sh *s, enum danger d, const char *kind, const char *why);
/* A whole text, commands and all. */
void sh_text(struct sh *s, const char *p, size_t len);
/* A command by its words; at least one. */
void sh_command(struct sh *s, const struct sh_word *w, size_t n);

/* The word stands in a list with spaces between. */
int sh_has_word(const char *list, const char *word, size_t len);
/* The word is one of the list's options, cut short or in a bundle. */
int sh_is_option(const char *list, const char *word);
int sh_is_secret(const char *path);
int sh_is_device(const char *path);
struct action *sh_by_row(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n);

/* A command and what its options and operands make of it. */
struct sh_row {
	const char *name;
	enum danger danger; /* where nothing below says better */
	const char *why;
	/* Of a harmless command: options that change something. Of any other: sub-commands and
	 * options that only show ("-" nothing at all). */
	const char *words;
	int is_content;	  /* shows what is in the files it is given */
	int max_operands; /* more of them change something; 0: any number */
	void (*rule)(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n);
};
extern const struct sh_row sh_rows[]; /* sorted by name */
extern const size_t sh_nrows;

/* More of some commands: words that destroy what they name, and options whose value is the next
 * word. */
struct sh_words {
	const char *name, *kills, *valued;
};
extern const struct sh_words sh_words[];
extern const size_t sh_nwords;
/* The word of the command that destroys something, or NULL. */
const char *sh_kill(const char *name, const struct sh_word *w, size_t n);
/* The option takes the next word as its value. */
int sh_has_value(const char *name, const char *word);
/* The command's row; NULL unknown. */
const struct sh_row *sh_find(const struct sh_word *w);
/* The worst of the actions from this one on. */
enum danger sh_worst(const struct sh *s, size_t from);

#define SH_RULE(name)                                                                              \
	void name(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
SH_RULE(sh_rule_wrapper);
SH_RULE(sh_rule_shell);
SH_RULE(sh_rule_su);
SH_RULE(sh_rule_ssh);
SH_RULE(sh_rule_watch);
SH_RULE(sh_rule_git);
SH_RULE(sh_rule_sql);
SH_RULE(sh_rule_find);
SH_RULE(sh_rule_sed);
SH_RULE(sh_rule_awk);
SH_RULE(sh_rule_xargs);
SH_RULE(sh_rule_dd);
SH_RULE(sh_rule_date);
SH_RULE(sh_rule_kill);
SH_RULE(sh_rule_rsync);
SH_RULE(sh_rule_tee);
SH_RULE(sh_rule_service);
SH_RULE(sh_rule_sysctl);
SH_RULE(sh_rule_ip);
SH_RULE(sh_rule_mysqladmin);

int sh_next(const char *text, size_t len, size_t *at, struct statement *s);
void sh_judge(const char *text, struct arena *a, struct statement *s);
void sh_scan(const char *text, size_t len, const struct lexical *lx, struct scan *out);

#endif
