# Programs & Events Dashboard, 4 to 8 December 2025: a broken file system left indexes corrupt; rows are read around
# the damage, and references to lost rows are found and deleted in batches. Times of day are the journals' own.
zone UTC0
person ragesoss peony
person sage laptop
2025-12-04T15:00:00Z ragesoss opens dashboard
2025-12-04T15:00:00Z ragesoss incident {"action":"open","name":"programs-and-events","title":"The database crashed","severity":"high"}
2025-12-04T15:00:10Z ragesoss note {"text":"detected: the web server cannot connect to the database","incident":"programs-and-events"}
2025-12-04T15:30:00Z ragesoss note {"text":"the file system does not mount; a new server on the old volume","incident":"programs-and-events"}
2025-12-04T16:10:00Z ragesoss topology {"cluster":"my:9","digest":"01","taken_at":"2025-12-04T16:10:00Z","nodes":[
	{"name":"peony","role":"standalone","identity":"my:9:1","version":"10.11.6-MariaDB","hold":"none","position":""}]}
2025-12-04T16:20:00Z ragesoss types snapshot peony:/srv/mysql peony:/srv/mysql.bak
2025-12-04T16:20:01Z ragesoss intent {"plan":"peonyaaaaaaaaaaaaaaaaaaaaa","danger":"write","level":"confirm",
	"text":"snapshot peony:/srv/mysql peony:/srv/mysql.bak","reasons":[],"kinds":"snapshot","objects":""}
2025-12-04T16:20:30Z ragesoss begins peonyaaaaaaaaaaaaaaaaaaaaa 1 main proc peony host-copy-v1 /srv/mysql to /srv/mysql.bak
2025-12-04T17:02:00Z ragesoss ends peonyaaaaaaaaaaaaaaaaaaaaa 1 main proc peony ok -1 COPIED
2025-12-04T23:30:00Z ragesoss note {"text":"all is dumped but the damaged ranges of articles_courses, article_course_timeslices, articles, course_wiki_timeslices and users; two users by hand","incident":"programs-and-events"}
2025-12-04T23:31:00Z ragesoss leaves
2025-12-05T15:00:00Z ragesoss opens dashboard
2025-12-05T15:00:00Z ragesoss incident {"action":"open","name":"programs-and-events"}
2025-12-05T15:01:00Z ragesoss note {"text":"correcting: the database is built again from the dumps","incident":"programs-and-events"}
2025-12-05T17:00:00Z ragesoss alarm {"sentence":"loading course_wiki_timeslices: duplicate key, 1 row kept aside"}
2025-12-05T18:00:00Z ragesoss note {"text":"workaround: the site is back, with what could be read","incident":"programs-and-events"}
2025-12-05T19:00:00Z ragesoss types DELETE FROM courses_users WHERE user_id NOT IN (SELECT id FROM users);
2025-12-05T19:00:01Z ragesoss intent {"plan":"peonybbbbbbbbbbbbbbbbbbbbb","danger":"destructive","level":"approve",
	"text":"DELETE FROM courses_users WHERE user_id NOT IN (SELECT id FROM users);",
	"reasons":[{"rule":"write-many-rows","sentence":"It deletes 1,823 rows."}],"kinds":"delete","objects":"dashboard.courses_users"}
2025-12-05T19:00:01Z ragesoss plan {"id":"peonybbbbbbbbbbbbbbbbbbbbb","digest":"02","plan":{"id":"peonybbbbbbbbbbbbbbbbbbbbb",
	"engine":"mariadb","danger":"destructive","requester":"ragesoss","reason":"enrolments of users that are lost",
	"losses":[{"what":"rows of dashboard.courses_users","detail":"1,823 rows"}],"steps":[{"kind":"statement","node":"peony"}],"session":{"node":"peony","role":"standalone","database":"dashboard"},
	"nodes":[{"name":"peony","role":"standalone"}]}}
2025-12-05T19:00:02Z ragesoss request {"request":"peonybbbbbbbbbbbbbbbbbbbbb","digest":"02","expires":"2025-12-05T19:09:00Z"}
2025-12-05T19:00:40Z sage approves peonybbbbbbbbbbbbbbbbbbbbb
2025-12-05T19:01:00Z ragesoss begins peonybbbbbbbbbbbbbbbbbbbbb 1 main statement peony
	DELETE FROM courses_users WHERE user_id NOT IN (SELECT id FROM users)
2025-12-05T19:01:04Z ragesoss ends peonybbbbbbbbbbbbbbbbbbbbb 1 main statement peony ok 1823 DELETE 1823
2025-12-05T20:00:00Z ragesoss types DELETE FROM articles_courses WHERE article_id NOT IN (SELECT id FROM articles);
2025-12-05T20:00:01Z ragesoss intent {"plan":"peonyccccccccccccccccccccc","danger":"destructive","level":"approve",
	"text":"DELETE FROM articles_courses WHERE article_id NOT IN (SELECT id FROM articles);",
	"reasons":[{"rule":"write-many-rows","sentence":"It deletes 9,473,774 rows."}],"kinds":"delete","objects":"dashboard.articles_courses"}
2025-12-05T20:00:01Z ragesoss plan {"id":"peonyccccccccccccccccccccc","digest":"03","plan":{"id":"peonyccccccccccccccccccccc",
	"engine":"mariadb","danger":"destructive","requester":"ragesoss","losses":[{"what":"rows of dashboard.articles_courses","detail":"9,473,774 rows"}],
	"steps":[{"kind":"statement","node":"peony"}],"session":{"node":"peony","role":"standalone","database":"dashboard"},
	"nodes":[{"name":"peony","role":"standalone"}]}}
2025-12-05T20:00:02Z ragesoss request {"request":"peonyccccccccccccccccccccc","digest":"02","expires":"2025-12-05T20:09:00Z"}
2025-12-05T20:00:40Z sage approves peonyccccccccccccccccccccc
2025-12-05T20:01:00Z ragesoss begins peonyccccccccccccccccccccc 1 main statement peony
	DELETE FROM articles_courses WHERE article_id NOT IN (SELECT id FROM articles)
2025-12-05T20:02:00Z ragesoss progress {"plan":"peonyccccccccccccccccccccc","step":1,"node":"peony",
	"text":"deleting: 40,000 rows of 9,473,774, 3 h 55 min left"}
2025-12-06T10:15:00Z ragesoss ends peonyccccccccccccccccccccc 1 main statement peony ok 9473774 DELETE 9473774
2025-12-06T10:20:00Z ragesoss leaves
2025-12-08T16:00:00Z ragesoss opens dashboard
2025-12-08T16:00:00Z ragesoss incident {"action":"open","name":"programs-and-events"}
2025-12-08T16:01:00Z ragesoss impact {"text":"no updates; users added since 14 November are lost","incident":"programs-and-events",
	"from":"2025-12-04T15:00:00Z","until":"2025-12-08T16:00:00Z"}
2025-12-08T16:02:00Z ragesoss note {"text":"corrected: all background jobs are on","incident":"programs-and-events"}
2025-12-08T16:03:00Z ragesoss incident {"action":"close","name":"programs-and-events"}
2025-12-08T16:04:00Z ragesoss leaves
