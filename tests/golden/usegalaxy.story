# UseGalaxy.eu, 18 March 2019: a migration fails half-way; the copy was made minutes too late; one table comes
# back from the day before. Times as published, Freiburg's. The second try is stopped, the table is restored alone.
zone CET-1CEST,M3.5.0,M10.5.0/3
person helena bastion1
person bjoern bastion1
2019-03-18T15:00:00Z helena opens galaxy
2019-03-18T15:00:00Z helena incident {"action":"open","name":"usegalaxy","title":"Upgrade to 19.01","severity":"maintenance"}
2019-03-18T15:00:10Z helena topology {"cluster":"pg:1901","digest":"01","taken_at":"2019-03-18T15:00:10Z","nodes":[
	{"name":"pg1","role":"primary","identity":"pg:1901:1","version":"15.6","hold":"none","position":"9/20000000"}]}
2019-03-18T15:01:00Z helena note {"text":"the upgrade begins, expected to go smoothly","incident":"usegalaxy"}
2019-03-18T17:30:00Z helena types ALTER TABLE workflow_step_connection ADD COLUMN input_step_input_id int NOT NULL;
2019-03-18T17:30:01Z helena intent {"plan":"galaxyaaaaaaaaaaaaaaaaaaaa","danger":"dangerous","level":"confirm",
	"text":"ALTER TABLE workflow_step_connection ADD COLUMN input_step_input_id int NOT NULL;",
	"reasons":[{"rule":"dangerous","sentence":"It locks table public.workflow_step_connection."}],
	"kinds":"alter-table","objects":"public.workflow_step_connection",
	"backups":[{"name":"nightly","made":1552863600,"proved":0,"ok":false}]}
2019-03-18T17:30:01Z helena plan {"id":"galaxyaaaaaaaaaaaaaaaaaaaa","digest":"02","plan":{"id":"galaxyaaaaaaaaaaaaaaaaaaaa",
	"engine":"postgresql","danger":"dangerous","requester":"helena","losses":[{"what":"table public.workflow_step_connection",
	"detail":"1,203,455 rows, rewritten"}],"steps":[{"kind":"statement","node":"pg1"}],
	"session":{"node":"pg1","role":"primary","database":"galaxy"},"nodes":[{"name":"pg1","role":"primary"}]}}
2019-03-18T17:31:00Z helena begins galaxyaaaaaaaaaaaaaaaaaaaa 1 main statement pg1
	ALTER TABLE workflow_step_connection ADD COLUMN input_step_input_id int NOT NULL
2019-03-18T17:45:00Z helena ends galaxyaaaaaaaaaaaaaaaaaaaa 1 main statement pg1 failed 23502
	column "input_step_input_id" of relation "workflow_step_connection" contains null values
2019-03-18T17:45:10Z helena incident {"action":"severity","name":"usegalaxy","severity":"high"}
2019-03-18T17:45:20Z helena note {"text":"detected: the migration failed in a bad way","incident":"usegalaxy"}
2019-03-18T17:52:00Z helena types ALTER TABLE workflow_step_connection ADD COLUMN input_step_input_id int NOT NULL;
2019-03-18T17:52:01Z helena intent {"plan":"galaxybbbbbbbbbbbbbbbbbbbb","danger":"dangerous","level":"refuse",
	"text":"ALTER TABLE workflow_step_connection ADD COLUMN input_step_input_id int NOT NULL;",
	"reasons":[{"rule":"failed-before","sentence":"It failed on this table at 17:45 and what it left was not looked at; nothing was sent."}],
	"kinds":"alter-table","objects":"public.workflow_step_connection"}
2019-03-18T17:55:00Z helena note {"text":"decision: restore from the backup, no more hand fixes","incident":"usegalaxy"}
2019-03-18T18:45:00Z helena note {"text":"the restored backup was made minutes too late: it already holds the damage","incident":"usegalaxy"}
2019-03-18T18:46:00Z helena note {"text":"decision: the most recent backup, and the one table from the day before","incident":"usegalaxy"}
2019-03-18T19:30:00Z helena status {"text":"UseGalaxy.eu is down after an upgrade; we restore from backup.","incident":"usegalaxy"}
2019-03-18T20:00:00Z helena note {"text":"partially functional; zerglings refuse to serve 19.01","incident":"usegalaxy"}
2019-03-18T21:00:00Z helena note {"text":"stops for the evening: six hours on duty, errors become likely","incident":"usegalaxy"}
2019-03-18T21:00:10Z helena gives usegalaxy bjoern
2019-03-18T21:01:00Z helena leaves
2019-03-19T07:00:00Z helena opens galaxy
2019-03-19T07:00:00Z helena incident {"action":"open","name":"usegalaxy"}
2019-03-19T07:02:00Z bjoern opens galaxy
2019-03-19T07:02:00Z bjoern incident {"action":"open","name":"usegalaxy"}
2019-03-19T07:05:00Z helena types restore workflow_step_connection from nightly
2019-03-19T07:05:01Z helena intent {"plan":"galaxycccccccccccccccccccc","danger":"destructive","level":"approve",
	"text":"restore workflow_step_connection from nightly","reasons":[{"rule":"destructive","sentence":"It takes the place of what stands."}],
	"kinds":"restore","objects":"public.workflow_step_connection",
	"backups":[{"name":"nightly","made":1552863600,"proved":1552978800,"ok":true}]}
2019-03-19T07:05:01Z helena plan {"id":"galaxycccccccccccccccccccc","digest":"03","plan":{"id":"galaxycccccccccccccccccccc",
	"engine":"postgresql","danger":"destructive","requester":"helena","losses":[],"undoes":"galaxyaaaaaaaaaaaaaaaaaaaa",
	"way_back":"undo swaps the tables back","steps":[{"kind":"load","node":"pg1"}],
	"session":{"node":"pg1","role":"primary","database":"galaxy"},"nodes":[{"name":"pg1","role":"primary"}]}}
2019-03-19T07:05:02Z helena request {"request":"galaxycccccccccccccccccccc","digest":"03","expires":"2019-03-19T07:20:02Z"}
2019-03-19T07:08:00Z bjoern approves galaxycccccccccccccccccccc only that table
2019-03-19T07:09:00Z helena begins galaxycccccccccccccccccccc 1 main load pg1 table=workflow_step_connection
2019-03-19T07:09:30Z helena progress {"plan":"galaxycccccccccccccccccccc","step":1,"node":"pg1",
	"text":"loading public.workflow_step_connection: 120,000 rows of 1,203,455, 4 min left"}
2019-03-19T07:14:00Z helena ends galaxycccccccccccccccccccc 1 main load pg1 ok 1203455 RESTORE TABLE
2019-03-19T07:20:00Z helena note {"text":"the migration is applied by hand, and holds","incident":"usegalaxy"}
2019-03-19T09:00:00Z helena note {"text":"upstream bugs in new options; the server stays closed","incident":"usegalaxy"}
2019-03-19T10:40:00Z helena impact {"text":"UseGalaxy.eu was down; new workflow connections of Monday are lost","incident":"usegalaxy",
	"from":"2019-03-18T15:00:00Z","until":"2019-03-19T10:40:00Z"}
2019-03-19T10:40:10Z helena status {"text":"UseGalaxy.eu is back online.","incident":"usegalaxy"}
2019-03-19T10:45:00Z helena incident {"action":"close","name":"usegalaxy"}
2019-03-19T10:45:10Z bjoern leaves
2019-03-19T10:46:00Z helena leaves
