# GitLab.com, 31 January 2017: the data directory of the primary, by someone who believed to be on the replica.
# Times as published, UTC. The rm on the primary's host is refused; the replica's is renamed, and comes back.
zone UTC0
person team1 bastion1
person team2 bastion1
2017-01-31T17:20:00Z team1 opens gitlab
2017-01-31T17:20:10Z team1 note {"text":"an LVM snapshot for staging, by hand"}
2017-01-31T19:00:00Z team1 incident {"action":"open","name":"gitlab","title":"Load by spam, replication lags","severity":"S1"}
2017-01-31T19:00:00Z team1 note {"text":"detected: database load rises, spam is suspected","incident":"gitlab"}
2017-01-31T19:05:00Z team1 topology {"cluster":"pg:2017","digest":"01","taken_at":"2017-01-31T19:05:00Z","nodes":[
	{"name":"db1","role":"primary","identity":"pg:2017:1","version":"15.6","hold":"none","position":"12/40000000"},
	{"name":"db2","role":"replica","identity":"pg:2017:2","upstream":"db1","version":"15.6","hold":"none",
	"position":"12/30000000","streaming":false,"lag_bytes":268435456,"lag_ms":240000}]}
2017-01-31T22:00:00Z team1 alarm {"sentence":"db2 no longer streams: the log it needs is gone from db1"}
2017-01-31T23:00:00Z team2 opens gitlab
2017-01-31T23:00:00Z team2 incident {"action":"open","name":"gitlab"}
2017-01-31T23:00:30Z team1 note {"text":"decision: db2 is built again from db1","incident":"gitlab"}
2017-01-31T23:25:00Z team1 types rm db1-host:/var/opt/gitlab/postgresql/data
2017-01-31T23:25:01Z team1 intent {"plan":"gitlabaaaaaaaaaaaaaaaaaaaa","danger":"destructive","level":"refuse",
	"text":"rm db1-host:/var/opt/gitlab/postgresql/data",
	"reasons":[{"rule":"running-data","sentence":"It is the data directory of db1, the PRIMARY, on host db1-host; db2, the replica, is on host db2-host; nothing was renamed."}],
	"kinds":"rm","objects":""}
2017-01-31T23:27:00Z team1 types rm db2-host:/var/opt/gitlab/postgresql/data
2017-01-31T23:27:01Z team1 intent {"plan":"gitlabbbbbbbbbbbbbbbbbbbbb","danger":"destructive","level":"approve",
	"text":"rm db2-host:/var/opt/gitlab/postgresql/data","reasons":[{"rule":"destructive","sentence":"It is renamed into quarantine."}],
	"kinds":"rm","objects":"","backups":[{"name":"pg_dump","made":0,"proved":0,"ok":false},
	{"name":"lvm","made":1485882000,"proved":0,"ok":false}]}
2017-01-31T23:27:01Z team1 plan {"id":"gitlabbbbbbbbbbbbbbbbbbbbb","digest":"02","plan":{"id":"gitlabbbbbbbbbbbbbbbbbbbbb",
	"engine":"postgresql","danger":"destructive","requester":"team1","losses":[{"what":"db2-host:/var/opt/gitlab/postgresql/data",
	"detail":"the data of db2, 310 GB, stopped"}],"way_back":"undo renames it back","steps":[{"kind":"proc","node":"db2-host"}],
	"session":{"node":"db2-host","role":"replica","database":""},"nodes":[{"name":"db1","role":"primary"},{"name":"db2-host","role":"replica"}]}}
2017-01-31T23:27:02Z team1 request {"request":"gitlabbbbbbbbbbbbbbbbbbbbb","digest":"02","expires":"2017-01-31T23:42:02Z"}
2017-01-31T23:30:00Z team2 approves gitlabbbbbbbbbbbbbbbbbbbbb
2017-01-31T23:30:30Z team1 begins gitlabbbbbbbbbbbbbbbbbbbbb 1 main proc db2-host host-quarantine-v1 /var/opt/gitlab/postgresql/data
2017-01-31T23:30:31Z team1 ends gitlabbbbbbbbbbbbbbbbbbbbb 1 main proc db2-host ok -1 RENAMED
2017-01-31T23:35:00Z team1 note {"text":"correcting: db2 is copied anew from db1","incident":"gitlab"}
2017-02-01T00:00:00Z team2 status {"text":"GitLab.com is up; its replica is built again.","incident":"gitlab"}
2017-02-01T00:40:00Z team1 types undo gitlabbbbbbbbbbbbbbbbbbbbb
2017-02-01T00:40:01Z team1 intent {"plan":"gitlabcccccccccccccccccccc","danger":"dangerous","level":"confirm",
	"text":"undo gitlabbb","reasons":[{"rule":"dangerous","sentence":"It renames back."}],"kinds":"undo","objects":""}
2017-02-01T00:40:01Z team1 plan {"id":"gitlabcccccccccccccccccccc","digest":"03","plan":{"id":"gitlabcccccccccccccccccccc",
	"engine":"postgresql","danger":"dangerous","requester":"team1","losses":[],"undoes":"gitlabbbbbbbbbbbbbbbbbbbbb",
	"steps":[{"kind":"proc","node":"db2-host"}],"session":{"node":"db2-host","role":"replica","database":""},
	"nodes":[{"name":"db1","role":"primary"},{"name":"db2-host","role":"replica"}]}}
2017-02-01T00:40:10Z team1 begins gitlabcccccccccccccccccccc 1 main proc db2-host host-restore-v1 /var/opt/gitlab/postgresql/data
2017-02-01T00:40:11Z team1 ends gitlabcccccccccccccccccccc 1 main proc db2-host ok -1 RENAMED BACK
2017-02-01T00:41:00Z team1 note {"text":"corrected: db2 has its data, and follows","incident":"gitlab"}
2017-02-01T00:42:00Z team1 impact {"text":"no replica to fail over to","incident":"gitlab",
	"from":"2017-01-31T22:00:00Z","until":"2017-02-01T00:41:00Z"}
2017-02-01T00:45:00Z team1 incident {"action":"close","name":"gitlab"}
2017-02-01T00:45:10Z team1 leaves
2017-02-01T00:46:00Z team2 leaves
