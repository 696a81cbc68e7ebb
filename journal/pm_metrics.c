/*
 * The figures: when it began, was noticed, was worked around, was put right; how long people waited
 * for each other; what was estimated and what it took. Each names the records it is made of, and
 * where there is none it is left open.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

struct moments {
	struct pm_event *started, *detected, *acknowledged, *correcting, *workaround, *mitigated;
	struct pm_event *corrected;
	int64_t started_us, corrected_us;
	const char *how_started, *how_detected, *how_acknowledged, *how_corrected;
};

/* A correction: takes a plan back, or brings something back. */
static int
is_correction(const struct pm_plan *p)
{
	const json_t *steps = json_object_get(p->json, "steps");
	const char *kind;
	size_t i;

	if (p->undoes[0] != '\0')
		return 1;
	for (i = 0; i < json_array_size(steps); i++) {
		kind = pm_str(json_array_get(steps, i), "kind");
		if (kind != NULL && strcmp(kind, "load") == 0)
			return 1;
	}
	return 0;
}

int
pm_note_says(const struct pm_event *ev, const char *word)
{
	const char *text = strcmp(ev->type, "note") == 0 ? pm_str(ev->json, "text") : NULL;
	size_t n = strlen(word);

	return text != NULL && strncasecmp(text, word, n) == 0 && text[n] == ':';
}

static void
from_impacts(struct pm *pm, struct moments *m)
{
	struct pm_event *ev;
	int64_t at;
	size_t i;

	m->started_us = m->corrected_us = PM_NONE;
	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		if (strcmp(ev->type, "impact") != 0)
			continue;
		at = pm_time(pm_str(ev->json, "from"));
		if (at == PM_NONE)
			at = pm_str(ev->json, "from") == NULL ? ev->us : PM_NONE;
		if (at != PM_NONE && (m->started == NULL || at < m->started_us)) {
			m->started = ev;
			m->started_us = at;
			m->how_started = "the earliest impact somebody recorded";
		}
		at = pm_time(pm_str(ev->json, "until"));
		if (at != PM_NONE && (m->corrected == NULL || at > m->corrected_us)) {
			m->corrected = ev;
			m->corrected_us = at;
			m->how_corrected = "the latest end of an impact somebody recorded";
		}
	}
}

static void
from_notes(struct pm *pm, struct moments *m)
{
	struct pm_event *ev;
	size_t i;

	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		if (m->detected == NULL && pm_note_says(ev, "detected")) {
			m->detected = ev;
			m->how_detected = "the first note that says so";
		}
		if (m->acknowledged == NULL && pm_note_says(ev, "acknowledged")) {
			m->acknowledged = ev;
			m->how_acknowledged = "the first note that says so";
		}
		if (m->workaround == NULL && pm_note_says(ev, "workaround"))
			m->workaround = ev;
		if (m->mitigated == NULL &&
		    (pm_note_says(ev, "mitigated") || pm_note_says(ev, "workaround")))
			m->mitigated = ev;
		if (m->correcting == NULL && pm_note_says(ev, "correcting"))
			m->correcting = ev;
		if (pm_note_says(ev, "corrected") || pm_note_says(ev, "resolved")) {
			m->corrected = ev;
			m->corrected_us = ev->us;
			m->how_corrected = "the last note that says so";
		}
	}
}

static void
from_plans(struct pm *pm, struct moments *m)
{
	struct pm_plan *p;
	size_t i;

	for (i = 0; i < pm->nplans; i++) {
		p = pm->plans[i];
		if (p->act == NULL)
			continue;
		if (is_correction(p)) {
			m->correcting = m->correcting == NULL ? p->act : m->correcting;
			if (p->last != NULL && p->failed == NULL && p->unknown == NULL &&
			    m->how_corrected == NULL) {
				m->corrected = p->last;
				m->corrected_us = p->last->us;
			}
		} else if (m->started == NULL && pm_is_dangerous(p)) {
			m->started = p->act;
			m->started_us = p->act->us;
			m->how_started = "the first dangerous act in the journals; nobody recorded "
					 "an impact";
		}
	}
	if (m->corrected != NULL && m->how_corrected == NULL)
		m->how_corrected = "the end of the last plan that took something back";
}

static const char *
action_of(const struct pm_event *ev)
{
	const char *op = pm_str(ev->json, "op");

	if (ev->kind != PM_INCIDENT)
		return "";
	op = op != NULL ? op : pm_str(ev->json, "action");
	return op == NULL ? "" : op;
}

static void
detect(struct pm *pm, struct moments *m)
{
	struct pm_event *ev;
	size_t i;

	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		if (m->detected == NULL && ev->kind == PM_ALARM) {
			m->detected = ev;
			m->how_detected = "the first alarm";
		}
		if (strcmp(action_of(ev), "open") != 0)
			continue;
		if (m->detected == NULL) {
			m->detected = ev;
			m->how_detected = "the incident was opened";
		}
		if (m->acknowledged == NULL) {
			m->acknowledged = ev;
			m->how_acknowledged = "somebody opened the incident";
		}
	}
}

static void
add(struct pm *pm, struct pm_metric x)
{
	pm->metrics = arena_grow(pm->a, pm->metrics, pm->nmetrics, sizeof(*pm->metrics));
	pm->metrics[pm->nmetrics++] = x;
}

/* A moment, or that no record tells it. */
static void
add_moment(struct pm *pm, const char *id, const char *name, int64_t us, struct pm_event *ev,
    const char *means)
{
	add(pm, (struct pm_metric){.id = id,
		    .name = name,
		    .value = ev == NULL ? "TODO" : pm_utc(pm, us),
		    .means = ev == NULL ? "no record says so" : means,
		    .us = PM_NONE,
		    .from = ev});
}

static void
add_between(struct pm *pm, const char *id, const char *name, struct pm_event *from, int64_t from_us,
    struct pm_event *to, int64_t to_us, const char *means)
{
	int is_known = from != NULL && to != NULL;
	const char *value = "TODO";

	if (is_known && to_us < from_us)
		value = arena_printf(pm->a, "none: %s earlier", pm_duration(pm, from_us - to_us));
	else if (is_known)
		value = pm_duration(pm, to_us - from_us);
	add(pm, (struct pm_metric){.id = id,
		    .name = name,
		    .value = value,
		    .means = means,
		    .us = is_known ? to_us - from_us : PM_NONE,
		    .from = from,
		    .to = to});
}

static int64_t
us_of(const struct pm_event *ev)
{
	return ev == NULL ? PM_NONE : ev->us;
}

static void
add_moments(struct pm *pm)
{
	struct moments m = {0};

	from_impacts(pm, &m);
	from_notes(pm, &m);
	from_plans(pm, &m);
	detect(pm, &m);
	add_between(pm, "total_time", "In all", m.started, m.started_us, m.corrected,
	    m.corrected_us, "from started to corrected");
	add_between(pm, "detection_time", "Detection time", m.started, m.started_us, m.detected,
	    us_of(m.detected), "from started to detected");
	add_between(pm, "lead_time", "Lead time", m.detected, us_of(m.detected), m.correcting,
	    us_of(m.correcting), "from detected to the begin of the correction");
	add_between(pm, "workaround_time", "Work-around time", m.detected, us_of(m.detected),
	    m.workaround, us_of(m.workaround),
	    "from detected to the note \"workaround:\"; N/A where there was none");
	add_between(pm, "correction_time", "Correction time", m.correcting, us_of(m.correcting),
	    m.corrected, m.corrected_us, "from the begin of the correction to corrected");
	add_moment(pm, "started", "Started", m.started_us, m.started, m.how_started);
	add_moment(pm, "detected", "Detected", us_of(m.detected), m.detected, m.how_detected);
	add_moment(pm, "acknowledged", "Acknowledged", us_of(m.acknowledged), m.acknowledged,
	    m.how_acknowledged);
	add_moment(pm, "mitigated", "Mitigated", us_of(m.mitigated), m.mitigated,
	    "the first note \"workaround:\" or \"mitigated:\"");
	add_moment(pm, "correcting", "Correction began", us_of(m.correcting), m.correcting,
	    "the first act that takes something back, or the note \"correcting:\"");
	add_moment(pm, "corrected", "Corrected", m.corrected_us, m.corrected, m.how_corrected);
}

struct wait {
	const struct pm_plan *plan;
	const struct pm_answer *answer;
};

static int
by_value(const void *x, const void *y)
{
	int64_t a = ((const struct wait *)x)->answer->wait_us,
		b = ((const struct wait *)y)->answer->wait_us;

	return (a > b) - (a < b);
}

static void
add_wait(struct pm *pm, const char *id, const char *name, const struct wait *w, const char *means)
{
	add_between(pm, id, name, w->plan->request, w->plan->request->us, w->answer->event,
	    w->plan->request->us + w->answer->wait_us, means);
}

static void
add_waits(struct pm *pm)
{
	struct wait *all = NULL;
	size_t i, k, n = 0;

	for (i = 0; i < pm->nplans; i++)
		for (k = 0; k < pm->plans[i]->nanswers; k++) {
			all = arena_grow(pm->a, all, n, sizeof(*all));
			all[n] = (struct wait){pm->plans[i], &pm->plans[i]->answers[k]};
			add_wait(pm, "approval_wait",
			    arena_printf(pm->a, "Approval of %.8s by %s", pm->plans[i]->id,
				all[n].answer->event->who),
			    &all[n], "from the request to the signature");
			n++;
		}
	if (n < 2)
		return;
	qsort(all, n, sizeof(*all), by_value);
	add_wait(pm, "approval_wait_median", "Approval, median", &all[(n - 1) / 2],
	    "the middle one; the lower of two");
	add_wait(pm, "approval_wait_max", "Approval, longest", &all[n - 1], "");
}

/* "copying orders: ..., 3 min left" of a step, against what it then took. */
static void
add_estimate(struct pm *pm, struct pm_event *ev, struct pm_event **told)
{
	const char *text = pm_str(ev->json, "text"), *left;
	struct pm_event *end = NULL;
	size_t i, n = text == NULL ? 0 : strlen(text);

	if (n < 6 || strcmp(text + n - 5, " left") != 0 || ev->plan == NULL ||
	    !is_correction(ev->plan) || (*told != NULL && (*told)->plan == ev->plan))
		return;
	*told = ev;
	for (i = 0; i < pm->nevents && end == NULL; i++)
		if (pm->events[i]->source == ev->source && pm->events[i]->seq > ev->seq &&
		    strcmp(pm->events[i]->type, "outcome") == 0 &&
		    json_equal(json_object_get(pm->events[i]->json, "step"),
			json_object_get(ev->json, "step")))
			end = pm->events[i];
	left = strrchr(text, ',');
	left = left == NULL ? text : left + 2;
	add(pm, (struct pm_metric){.id = "restore_estimate",
		    .name = arena_printf(pm->a, "Restore of %.8s, first estimate", ev->plan->id),
		    .value = left,
		    .means = "as the program said it when it could first say it",
		    .us = PM_NONE,
		    .from = ev});
	add_between(pm, "restore_actual", "Restore, what was left in fact", ev, ev->us, end,
	    us_of(end), "from that estimate to the end of the step");
}

static void
add_restores(struct pm *pm)
{
	struct pm_event *told = NULL, *begun;
	const struct pm_plan *p;
	size_t i;

	for (i = 0; i < pm->nevents; i++)
		if (strcmp(pm->events[i]->type, "progress") == 0)
			add_estimate(pm, pm->events[i], &told);
	for (i = 0; i < pm->nplans; i++) {
		p = pm->plans[i];
		begun = p->act;
		if (begun == NULL || !is_correction(p))
			continue;
		add_between(pm, "restore_time", arena_printf(pm->a, "Restore by %.8s", p->id),
		    begun, begun->us, p->last, us_of(p->last),
		    "from its first act to its last outcome");
	}
}

static void
add_status(struct pm *pm)
{
	struct pm_event *first = NULL, *last = NULL;
	size_t i, n = 0;

	for (i = 0; i < pm->nevents; i++)
		if (pm->events[i]->kind == PM_STATUS) {
			first = first == NULL ? pm->events[i] : first;
			last = pm->events[i];
			n++;
		}
	if (n == 0)
		return;
	add_moment(pm, "status_first", "First status update", first->us, first,
	    arena_printf(pm->a, "%zu in all", n));
	add_moment(pm, "status_last", "Last status update", last->us, last, "");
}

/* How long it was how bad: from each word about it to the next, or to the end. */
static void
add_severities(struct pm *pm)
{
	struct pm_event *ev, *since = NULL;
	const char *is = "", *says;
	size_t i;
	int is_over;

	for (i = 0; i <= pm->nevents; i++) {
		ev = i < pm->nevents ? pm->events[i] : pm->end;
		is_over = i == pm->nevents || strcmp(action_of(ev), "close") == 0;
		says = ev->kind == PM_INCIDENT ? pm_str(ev->json, "severity") : NULL;
		if (!is_over && (says == NULL || says[0] == '\0' || strcmp(says, is) == 0))
			continue;
		if (since != NULL)
			add_between(pm, "severity_time", arena_printf(pm->a, "In severity %s", is),
			    since, since->order_us, ev, ev->order_us,
			    i == pm->nevents ? "from the word to the last record"
			    : is_over	     ? "from the word to the end of the incident"
					     : "from the word to the next one");
		since = is_over ? NULL : ev;
		is = is_over ? "" : says;
	}
}

void
pm_metrics(struct pm *pm)
{
	add_moments(pm);
	add_severities(pm);
	add_waits(pm);
	add_restores(pm);
	add_status(pm);
}
