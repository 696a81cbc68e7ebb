/*
 * Times as the journal writes them. UTC only; the zone of the machine is never asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "line.h"
#include "banned.h"

void
jtime_now(char out[JLINE_T_CHARS + 1])
{
	/* A session that types fast asks many times within one second. */
	static _Thread_local time_t last = -1;
	static _Thread_local char day[32];
	struct timespec ts;
	struct tm tm;
	unsigned us;
	int i;

	clock_gettime(CLOCK_REALTIME, &ts);
	/* The format has four digits of year; a clock beyond is written as its end. */
	if (ts.tv_sec < 0 || ts.tv_sec > 253402300799)
		ts.tv_sec = ts.tv_sec < 0 ? 0 : 253402300799;
	if (ts.tv_sec != last) {
		gmtime_r(&ts.tv_sec, &tm);
		strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
		last = ts.tv_sec;
	}
	memcpy(out, day, 19);
	out[19] = '.';
	for (i = 25, us = (unsigned)(ts.tv_nsec / 1000); i > 19; i--, us /= 10)
		out[i] = (char)('0' + us % 10);
	out[26] = 'Z';
	out[27] = '\0';
}

int64_t
jtime_boot(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Fixed digits at s, or -1. */
static int
digits(const char *s, size_t n)
{
	int v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

int64_t
jtime_parse(const char *s)
{
	size_t n = strlen(s);
	struct tm tm, again;
	time_t t;

	if (n != 20 && n != JLINE_T_CHARS)
		return -1;
	if (s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' ||
	    s[n - 1] != 'Z' || (n == JLINE_T_CHARS && (s[19] != '.' || digits(s + 20, 6) < 0)))
		return -1;
	memset(&tm, 0, sizeof(tm));
	tm.tm_year = digits(s, 4) - 1900;
	tm.tm_mon = digits(s + 5, 2) - 1;
	tm.tm_mday = digits(s + 8, 2);
	tm.tm_hour = digits(s + 11, 2);
	tm.tm_min = digits(s + 14, 2);
	tm.tm_sec = digits(s + 17, 2);
	if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_hour < 0 || tm.tm_min < 0 ||
	    tm.tm_sec < 0)
		return -1;
	/* 30 February comes back as 2 March: then it was no date. */
	again = tm;
	t = timegm(&again);
	if (t < 0 || again.tm_mon != tm.tm_mon || again.tm_mday != tm.tm_mday ||
	    again.tm_hour != tm.tm_hour || again.tm_min != tm.tm_min || again.tm_sec != tm.tm_sec)
		return -1;
	return (int64_t)t;
}
