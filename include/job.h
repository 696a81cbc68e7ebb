/*
 * A job that was paused: derived from the `begin` and `outcome` records of the steps that pause and
 * resume jobs, so that it outlives the session.
 */
#ifndef JOB_H
#define JOB_H

#define JOB_PAUSE "job-pause-v1"
#define JOB_RESUME "job-resume-v1"

struct job_pause {
	const char *job, *host;
	const char *since; /* RFC 3339 */
	const char *plan, *person;
	const char *journal; /* session id of the journal it is written in; "" another operator's */
	int is_certain;	     /* 0: whether it is paused is not known */
};

#endif
