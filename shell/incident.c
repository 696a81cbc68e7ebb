/*
 * The incident in the session: see incident.h. A handover is a statement both can read and the one
 * who takes over signs, here with a key of theirs or elsewhere with ssh-keygen. Must never write
 * one down whose signature does not hold.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "program.h"
#include "text.h"
#include "shell/app.h"
#include "shell/incident.h"
#include "shell/out.h"
#include "shell/pending.h"
#include "shell/tty.h"
#include "banned.h"

#define STATUS_MS 20000
#define PASTE_MAX ((size_t)64 << 10)

struct handover {
	struct app *app;
	struct arena *a;
	const char *to, *held, *statement;
	char *sig;
};

int
incident_taken(struct app *app, const struct entry *entry, struct err *e)
{
	const struct config *c = app->config;
	char since[32];

	if (entry->set_incident != NULL) {
		text_copy(app->incident, sizeof(app->incident), entry->set_incident);
		app->on_duty_since = 0;
		if (entry->on_duty_since != NULL && entry->set_incident[0] != '\0') {
			/* Records have microseconds; whole seconds are enough here. */
			text_copy(since, sizeof(since), entry->on_duty_since);
			if (strlen(since) > 20)
				memcpy(since + 19, "Z", 2);
			app->on_duty_since = rfc3339_parse(since);
			if (app->on_duty_since < 0)
				app->on_duty_since = (int64_t)time(NULL);
		}
	}
	if (entry->status == NULL)
		return 0;
	if (program_run(c->status_page, c->nstatus_page, entry->status, "the status page",
		STATUS_MS, e) != 0) {
		journal_put(app->journal, "note",
		    json_pack("{s:o,s:s}", "text", journal_text(e->msg, strlen(e->msg)), "incident",
			app->incident),
		    NULL);
		return err_hint(
		    e, "The text is in the journal, not on the page: publish it another way.");
	}
	out_line(app, STYLE_PLAIN, "the status page has it");
	return 0;
}

char *
incident_duty(const struct app *app, struct arena *a)
{
	int64_t s = (int64_t)time(NULL) - app->on_duty_since;

	if (app->incident[0] == '\0' || app->on_duty_since <= 0)
		return NULL;
	if (s < 0)
		s = 0;
	return s < 3600 ? arena_printf(a, "on duty %lld min", (long long)(s / 60))
			: arena_printf(a, "on duty %lld h %lld min", (long long)(s / 3600),
			      (long long)(s % 3600 / 60));
}

/* --- handing over ---------------------------------------------------------------------------- */

static const char *
held_names(struct handover *h)
{
	const char *out = "";
	size_t i;

	for (i = 0; i < h->app->nholds; i++)
		out = arena_printf(h->a, "%s%s%s", out, i == 0 ? "" : ",", h->app->holds[i].node);
	return out[0] == '\0' ? "nothing" : text_inert(h->a, out, strlen(out), 0);
}

static void
write_statement(struct handover *h)
{
	struct app *app = h->app;

	h->statement = arena_printf(h->a,
	    "holdfast-handover-v1\nincident: %s\njournal: %s\nfrom: %s\nto: %s\nheld: %s\nissued: "
	    "%s\n",
	    app->incident, journal_head(h->a, app->journal), app->person_config->name, h->to,
	    h->held, rfc3339(h->a, (int64_t)time(NULL)));
}

static void
show(struct handover *h)
{
	struct app *app = h->app;
	const char *duty = incident_duty(app, h->a);

	out_line(app, STYLE_BOLD, "handover of incident %s: %s hands over to %s", app->incident,
	    app->person_config->name, h->to);
	out_line(app, STYLE_PLAIN, "%s: %s", app->person_config->name,
	    duty == NULL ? "on duty, since when is not known" : duty);
	out_line(app, STYLE_PLAIN, "%s: on duty from now", h->to);
	out_line(app, STYLE_PLAIN, "held: %s", h->held);
}

/* The signature, made elsewhere, as ssh-keygen prints it. */
static int
ask_paste(struct handover *h, struct err *e)
{
	struct tty t;
	struct buf b;
	char *rest = arena_strdup(h->a, h->statement), *line;
	int rc;

	if (tty_open(h->app, &t, e) != 0)
		return err_wrap(e, "%s must sign the handover", h->to);
	tty_line(&t, SHOW_HEAD,
	    arena_printf(h->a, "%s signs these lines, each ended by a line feed:", h->to));
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			tty_line(&t, SHOW_PLAIN, line);
	tty_line(&t, SHOW_HEAD, "with: ssh-keygen -Y sign -n " NS_HANDOVER " -f KEY FILE");
	tty_line(&t, SHOW_HEAD, "and pastes the signature here, BEGIN to END (Ctrl-C leaves):");
	buf_init(&b, PASTE_MAX);
	rc = tty_paste(&t, "END SSH SIGNATURE", &b);
	tty_close(&t);
	if (rc != 0 || b.len == 0)
		rc = err_set(e, ERR_CANCELLED, "nothing was signed; you are still on duty");
	else
		rc = sshsig_dearmor(h->a, buf_str(&b), b.len, &h->sig, e);
	buf_free(&b);
	return rc;
}

static int
get_signature(struct handover *h, struct err *e)
{
	const struct person_config *p = config_person(h->app->config, h->to);
	const struct operator_key *k;

	if (p != NULL && p->key != NULL && access(p->key, R_OK) == 0) {
		if (sshsig_sign_file(h->a, p->key, NS_HANDOVER, h->statement, strlen(h->statement),
			&h->sig, e) != 0)
			return err_wrap(e, "%s did not sign; you are still on duty", h->to);
	} else if (ask_paste(h, e) != 0) {
		return -1;
	}
	if (sshsig_verify_person(h->a, h->app->operators, h->sig, strlen(h->sig), NS_HANDOVER,
		h->statement, strlen(h->statement), (int64_t)time(NULL), &k, e) != 0)
		return err_wrap(e, "the handover was not signed as it must be");
	if (strcmp(k->person, h->to) != 0)
		return err_set(e, ERR_SIGNATURE,
		    "the handover is signed by %s, not by %s; you are still on duty", k->person,
		    h->to);
	return 0;
}

static int
check(const struct handover *h, struct err *e)
{
	const struct app *app = h->app;

	if (app->operators == NULL)
		return err_set(e, ERR_CONFIG,
		    "no operators file is configured, so no signature can be trusted");
	if (!text_is_name(h->to, 64) || !operators_has(app->operators, h->to))
		return err_set(e, ERR_CONFIG, "%s does not name %.64s: nobody to hand over to",
		    app->operators->file, h->to);
	return app->journal == NULL
		   ? err_set(e, ERR_JOURNAL, "no journal takes records; nothing was handed over")
		   : 0;
}

int
incident_handover(struct app *app, const char *person, struct err *e)
{
	struct handover h = {.app = app, .a = arena_new(), .to = person};
	int rc = check(&h, e);

	if (rc == 0)
		rc = app_certify(app, e);
	if (rc == 0) {
		h.held = held_names(&h);
		write_statement(&h);
		show(&h);
		rc = get_signature(&h, e);
	}
	if (rc == 0)
		rc = journal_put(app->journal, "incident",
		    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "action", "handover", "name",
			app->incident, "person", app->person_config->name, "to", h.to, "held",
			h.held, "statement", h.statement, "signature", h.sig),
		    e);
	if (rc == 0) {
		app->on_duty_since = 0;
		out_line(app, STYLE_BOLD,
		    "%s is on duty for %s. This session stays %s's: leave it; %s starts holdfast "
		    "--as "
		    "%s, then incident open %s",
		    h.to, app->incident, app->person_config->name, h.to, h.to, app->incident);
	}
	arena_free(h.a);
	return rc;
}
