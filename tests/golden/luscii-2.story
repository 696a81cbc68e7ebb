# Luscii, 24 April 2024: the same statement, by hand this time. The journals remember the first.
zone CET-1CEST,M3.5.0,M10.5.0/3
person dev app1
person third bastion1
2024-04-24T08:50:00Z dev opens vitals
2024-04-24T08:50:30Z dev types ALTER TABLE measurements ADD COLUMN device_id bigint REFERENCES devices (id);
2024-04-24T08:50:31Z dev intent {"plan":"lusciibbbbbbbbbbbbbbbbbbbb","danger":"dangerous","level":"confirm",
	"text":"ALTER TABLE measurements ADD COLUMN device_id bigint REFERENCES devices (id);",
	"reasons":[{"rule":"dangerous","sentence":"It locks table public.measurements."},
	{"rule":"memory","sentence":"Something like this went wrong before: dev, 2024-04-10T11:57:01Z, incident luscii-1:
	failed: canceling statement due to user request. Read it first: journal search."}],
	"kinds":"alter-table","objects":"public.measurements,public.devices"}
2024-04-24T08:50:31Z dev plan {"id":"lusciibbbbbbbbbbbbbbbbbbbb","digest":"03","plan":{"id":"lusciibbbbbbbbbbbbbbbbbbbb",
	"engine":"postgresql","danger":"dangerous","requester":"dev","losses":[],"steps":[{"kind":"statement","node":"pg1"}],
	"session":{"node":"pg1","role":"primary","database":"vitals"},"nodes":[{"name":"pg1","role":"primary"}]}}
2024-04-24T08:51:00Z dev begins lusciibbbbbbbbbbbbbbbbbbbb 1 main statement pg1
	ALTER TABLE measurements ADD COLUMN device_id bigint REFERENCES devices (id)
2024-04-24T08:51:00Z dev incident {"action":"open","name":"luscii-2","title":"The platform is down again","severity":"high"}
2024-04-24T08:53:00Z third opens vitals
2024-04-24T08:53:00Z third incident {"action":"open","name":"luscii-2"}
2024-04-24T08:53:00Z third note {"text":"detected: support and third line are told","incident":"luscii-2"}
2024-04-24T08:53:00Z third note {"text":"correcting: waiting, it ends by itself","incident":"luscii-2"}
2024-04-24T09:05:00Z third status {"text":"We are looking into it.","incident":"luscii-2"}
2024-04-24T09:09:00Z dev ends lusciibbbbbbbbbbbbbbbbbbbb 1 main statement pg1 ok -1 ALTER TABLE
2024-04-24T09:09:00Z third note {"text":"servers seem stable again","incident":"luscii-2"}
2024-04-24T09:13:00Z third note {"text":"corrected: the cause was a statement run by hand","incident":"luscii-2"}
2024-04-24T09:13:00Z third impact {"text":"the platform was unavailable to users","incident":"luscii-2",
	"from":"2024-04-24T08:51:00Z","until":"2024-04-24T09:13:00Z"}
2024-04-24T09:20:00Z third incident {"action":"close","name":"luscii-2"}
2024-04-24T09:20:00Z third leaves
2024-04-24T09:20:00Z dev leaves
