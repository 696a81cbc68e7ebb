# CxAlloy, 23 and 24 March 2022: an ALTER crashes the server, its table is damaged and must be dropped. Times as
# published, Eastern's. Here the replica is held first, and the rows come back from it in minutes, not in ten hours.
zone EST5EDT,M3.2.0,M11.1.0
person alice bastion1
person bob bastion2
2022-03-24T03:06:00Z alice opens cxalloytq
2022-03-24T03:06:00Z alice types ALTER TABLE checklistsectionline ADD COLUMN asset_id bigint, ADD COLUMN note text;
2022-03-24T03:06:01Z alice intent {"plan":"cxalloyaaaaaaaaaaaaaaaaaaa","danger":"dangerous","level":"confirm",
	"text":"ALTER TABLE checklistsectionline ADD COLUMN asset_id bigint, ADD COLUMN note text;",
	"reasons":[{"rule":"dangerous","sentence":"The server rewrites 125,000,000 rows of table cxalloytq.checklistsectionline."}],
	"kinds":"alter-table","objects":"cxalloytq.checklistsectionline"}
2022-03-24T03:06:01Z alice plan {"id":"cxalloyaaaaaaaaaaaaaaaaaaa","digest":"01","plan":{"id":"cxalloyaaaaaaaaaaaaaaaaaaa",
	"engine":"mariadb","danger":"dangerous","requester":"alice","losses":[],"steps":[{"kind":"statement","node":"my1"}],
	"session":{"node":"my1","role":"primary","database":"cxalloytq"},"nodes":[{"name":"my1","role":"primary"},{"name":"my2","role":"replica"}]}}
2022-03-24T03:06:30Z alice begins cxalloyaaaaaaaaaaaaaaaaaaa 1 main statement my1
	ALTER TABLE checklistsectionline ADD COLUMN asset_id bigint, ADD COLUMN note text
2022-03-24T08:45:00Z alice ends cxalloyaaaaaaaaaaaaaaaaaaa 1 main statement my1 failed HY000
	Lost connection to server during query
2022-03-24T08:45:00Z alice alarm {"sentence":"my1 does not answer any more"}
2022-03-24T08:55:00Z alice incident {"action":"open","name":"cxalloy","title":"The database is down","severity":"critical"}
2022-03-24T08:55:00Z alice note {"text":"detected: the database restarts itself after the migration failed","incident":"cxalloy"}
2022-03-24T08:58:00Z bob opens cxalloytq
2022-03-24T08:58:00Z bob incident {"action":"open","name":"cxalloy"}
2022-03-24T08:58:10Z bob incident {"action":"role","name":"cxalloy","role":"commander","person":"bob"}
2022-03-24T09:34:00Z bob status {"text":"CxAlloy TQ is down: the database restarts.","incident":"cxalloy"}
2022-03-24T10:03:00Z alice note {"text":"the restart is complete; checklistsectionline is corrupted: please drop the table and recreate it","incident":"cxalloy"}
2022-03-24T10:05:00Z alice topology {"cluster":"my:7","digest":"02","taken_at":"2022-03-24T10:05:00Z","nodes":[
	{"name":"my1","role":"primary","identity":"my:7:1","version":"10.11.6-MariaDB-log","hold":"none","position":"0-1-900"},
	{"name":"my2","role":"replica","identity":"my:7:2","upstream":"my1","version":"10.11.6-MariaDB-log","hold":"none",
	"position":"0-1-900","streaming":true,"lag_bytes":0,"lag_ms":0}]}
2022-03-24T10:34:00Z bob note {"text":"the rows are exported from my2 to another machine","incident":"cxalloy"}
2022-03-24T11:15:00Z alice types DROP TABLE checklistsectionline;
2022-03-24T11:15:01Z alice intent {"plan":"cxalloybbbbbbbbbbbbbbbbbbb","danger":"destructive","level":"approve",
	"text":"DROP TABLE checklistsectionline;","reasons":[{"rule":"destructive","sentence":"It can destroy data for good, on every replica within moments."}],
	"kinds":"drop-table","objects":"cxalloytq.checklistsectionline"}
2022-03-24T11:15:01Z alice plan {"id":"cxalloybbbbbbbbbbbbbbbbbbb","digest":"03","plan":{"id":"cxalloybbbbbbbbbbbbbbbbbbb",
	"engine":"mariadb","danger":"destructive","requester":"alice","way_back":"my2 keeps everything: undo",
	"losses":[{"what":"table cxalloytq.checklistsectionline","detail":"about 125,000,000 rows, damaged here"}],
	"steps":[{"kind":"hold","node":"my2"},{"kind":"statement","node":"my1"}],
	"session":{"node":"my1","role":"primary","database":"cxalloytq"},"nodes":[{"name":"my1","role":"primary"},{"name":"my2","role":"replica"}]}}
2022-03-24T11:15:02Z alice request {"request":"cxalloybbbbbbbbbbbbbbbbbbb","digest":"03","expires":"2022-03-24T11:30:02Z"}
2022-03-24T11:17:00Z bob denies cxalloybbbbbbbbbbbbbbbbbbb say first that my2 is held
2022-03-24T11:17:30Z alice intent {"plan":"cxalloyccccccccccccccccccc","danger":"destructive","level":"approve",
	"text":"DROP TABLE checklistsectionline;","reasons":[{"rule":"destructive","sentence":"It can destroy data for good, on every replica within moments."}],
	"kinds":"drop-table","objects":"cxalloytq.checklistsectionline"}
2022-03-24T11:17:30Z alice plan {"id":"cxalloyccccccccccccccccccc","digest":"04","plan":{"id":"cxalloyccccccccccccccccccc",
	"engine":"mariadb","danger":"destructive","requester":"alice","reason":"the server asks for it; my2 is held first","way_back":"my2 keeps everything: undo",
	"losses":[{"what":"table cxalloytq.checklistsectionline","detail":"about 125,000,000 rows, damaged here"}],
	"steps":[{"kind":"hold","node":"my2"},{"kind":"statement","node":"my1"}],
	"session":{"node":"my1","role":"primary","database":"cxalloytq"},"nodes":[{"name":"my1","role":"primary"},{"name":"my2","role":"replica"}]}}
2022-03-24T11:17:31Z alice request {"request":"cxalloyccccccccccccccccccc","digest":"04","expires":"2022-03-24T11:32:31Z"}
2022-03-24T11:18:00Z bob approves cxalloyccccccccccccccccccc
2022-03-24T11:18:10Z alice begins cxalloyccccccccccccccccccc 1 before hold my2 STOP ALL SLAVES SQL_THREAD
2022-03-24T11:18:11Z alice ends cxalloyccccccccccccccccccc 1 before hold my2 ok -1 STOP
2022-03-24T11:18:11Z alice hold {"node":"my2","identity":"my:7:2","cluster":"my:7","position":"0-1-901",
	"plan":"cxalloyccccccccccccccccccc","hardened_at":"","before":""}
2022-03-24T11:18:12Z alice begins cxalloyccccccccccccccccccc 2 before fence my1 SELECT @@gtid_binlog_pos
2022-03-24T11:18:12Z alice ends cxalloyccccccccccccccccccc 2 before fence my1 ok 1 SELECT 1
2022-03-24T11:18:13Z alice begins cxalloyccccccccccccccccccc 3 main statement my1 DROP TABLE checklistsectionline
2022-03-24T11:18:15Z alice ends cxalloyccccccccccccccccccc 3 main statement my1 ok 0 DROP TABLE
2022-03-24T11:18:16Z alice begins cxalloyccccccccccccccccccc 4 after prove-again my2 SHOW ALL SLAVES STATUS
2022-03-24T11:18:16Z alice ends cxalloyccccccccccccccccccc 4 after prove-again my2 ok 1 SELECT 1
2022-03-24T11:18:20Z alice topology {"cluster":"my:7","digest":"02","taken_at":"2022-03-24T11:18:20Z","nodes":[
	{"name":"my1","role":"primary","identity":"my:7:1","version":"10.11.6-MariaDB-log","hold":"none","position":"0-1-902"},
	{"name":"my2","role":"replica","identity":"my:7:2","upstream":"my1","version":"10.11.6-MariaDB-log","hold":"paused",
	"position":"0-1-901","streaming":true,"lag_bytes":120,"lag_ms":4000}]}
2022-03-24T11:20:00Z alice types undo cxalloyccccccccccccccccccc
2022-03-24T11:20:01Z alice intent {"plan":"cxalloyddddddddddddddddddd","danger":"destructive","level":"approve",
	"text":"undo cxalloyc","reasons":[{"rule":"destructive","sentence":"It loads the table from my2 and releases it."}],"kinds":"undo","objects":"cxalloytq.checklistsectionline"}
2022-03-24T11:20:01Z alice plan {"id":"cxalloyddddddddddddddddddd","digest":"05","plan":{"id":"cxalloyddddddddddddddddddd",
	"engine":"mariadb","danger":"destructive","requester":"alice","losses":[],"undoes":"cxalloyccccccccccccccccccc",
	"steps":[{"kind":"load","node":"my1"},{"kind":"release","node":"my2"}],
	"session":{"node":"my1","role":"primary","database":"cxalloytq"},"nodes":[{"name":"my1","role":"primary"},{"name":"my2","role":"replica"}]}}
2022-03-24T11:20:02Z alice request {"request":"cxalloyddddddddddddddddddd","digest":"05","expires":"2022-03-24T11:35:02Z"}
2022-03-24T11:22:00Z bob approves cxalloyddddddddddddddddddd
2022-03-24T11:22:10Z alice begins cxalloyddddddddddddddddddd 1 main load my1 table=checklistsectionline
2022-03-24T11:24:10Z alice progress {"plan":"cxalloyddddddddddddddddddd","step":1,"node":"my1",
	"text":"copying cxalloytq.checklistsectionline: 3,400,000 rows of about 125,000,000, 72 min left"}
2022-03-24T11:25:00Z bob status {"text":"The table is copied back; 72 minutes are left.","incident":"cxalloy"}
2022-03-24T12:41:00Z alice ends cxalloyddddddddddddddddddd 1 main load my1 ok 125000000 UNDO TABLE
2022-03-24T12:41:01Z alice begins cxalloyddddddddddddddddddd 2 main release my2 START ALL SLAVES SQL_THREAD
2022-03-24T12:41:01Z alice ends cxalloyddddddddddddddddddd 2 main release my2 ok -1 START
2022-03-24T12:41:01Z alice release {"node":"my2","identity":"my:7:2","plan":"cxalloyddddddddddddddddddd"}
2022-03-24T12:45:00Z alice topology {"cluster":"my:7","digest":"02","taken_at":"2022-03-24T12:45:00Z","nodes":[
	{"name":"my1","role":"primary","identity":"my:7:1","version":"10.11.6-MariaDB-log","hold":"none","position":"0-1-990"},
	{"name":"my2","role":"replica","identity":"my:7:2","upstream":"my1","version":"10.11.6-MariaDB-log","hold":"none",
	"position":"0-1-990","streaming":true,"lag_bytes":0,"lag_ms":0}]}
2022-03-24T13:15:00Z bob impact {"text":"CxAlloy TQ was down","incident":"cxalloy","from":"2022-03-24T08:45:00Z","until":"2022-03-24T13:15:00Z"}
2022-03-24T13:15:10Z bob status {"text":"CxAlloy TQ is open again.","incident":"cxalloy"}
2022-03-24T13:20:00Z bob incident {"action":"close","name":"cxalloy"}
2022-03-24T13:20:10Z bob leaves
2022-03-24T13:21:00Z alice leaves
