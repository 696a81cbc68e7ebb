# Luscii, 10 April 2024: a release's migration adds a foreign key to a large table; its lock stops everything.
# Times as published, Amsterdam's.
zone CET-1CEST,M3.5.0,M10.5.0/3
person dev app1
person pic bastion1
person third bastion1
2024-04-10T11:57:00Z dev opens vitals
2024-04-10T11:57:00Z dev topology {"cluster":"pg:2024","digest":"01","taken_at":"2024-04-10T11:57:00Z","nodes":[
	{"name":"pg1","role":"primary","identity":"pg:2024:1","version":"15.6","hold":"none","position":"4/10000000"},
	{"name":"pg2","role":"replica","identity":"pg:2024:2","upstream":"pg1","version":"15.6","hold":"none",
	"position":"4/10000000","streaming":true,"lag_bytes":0,"lag_ms":0}]}
2024-04-10T11:57:00Z dev types ALTER TABLE measurements ADD COLUMN device_id bigint REFERENCES devices (id);
2024-04-10T11:57:01Z dev intent {"plan":"lusciiaaaaaaaaaaaaaaaaaaaa","danger":"dangerous","level":"confirm",
	"text":"ALTER TABLE measurements ADD COLUMN device_id bigint REFERENCES devices (id);",
	"reasons":[{"rule":"dangerous","sentence":"It locks table public.measurements."}],
	"kinds":"alter-table","objects":"public.measurements,public.devices"}
2024-04-10T11:57:01Z dev plan {"id":"lusciiaaaaaaaaaaaaaaaaaaaa","digest":"02","plan":{"id":"lusciiaaaaaaaaaaaaaaaaaaaa",
	"engine":"postgresql","danger":"dangerous","requester":"dev","losses":[],"steps":[{"kind":"statement","node":"pg1"}],
	"session":{"node":"pg1","role":"primary","database":"vitals"},"nodes":[{"name":"pg1","role":"primary"},{"name":"pg2","role":"replica"}]}}
2024-04-10T11:57:30Z dev begins lusciiaaaaaaaaaaaaaaaaaaaa 1 main statement pg1
	ALTER TABLE measurements ADD COLUMN device_id bigint REFERENCES devices (id)
2024-04-10T12:15:00Z pic opens vitals
2024-04-10T12:15:00Z pic incident {"action":"open","name":"luscii-1","title":"People cannot log in","severity":"high"}
2024-04-10T12:15:10Z dev incident {"action":"open","name":"luscii-1"}
2024-04-10T12:15:30Z pic note {"text":"detected: first reports of people not being able to log in","incident":"luscii-1"}
2024-04-10T12:18:00Z pic note {"text":"first line escalates to third line","incident":"luscii-1"}
2024-04-10T12:22:00Z pic note {"text":"nudges third line","incident":"luscii-1"}
2024-04-10T12:23:00Z third opens vitals
2024-04-10T12:23:00Z third incident {"action":"open","name":"luscii-1"}
2024-04-10T12:23:10Z third note {"text":"acknowledged: the problem is seen, investigation begins","incident":"luscii-1"}
2024-04-10T12:25:00Z third alarm {"sentence":"214 sessions of pg1 wait behind ALTER TABLE measurements of plan lusciiaa"}
2024-04-10T12:31:00Z third note {"text":"correcting: back to the release before","incident":"luscii-1"}
2024-04-10T12:31:20Z dev ends lusciiaaaaaaaaaaaaaaaaaaaa 1 main statement pg1 failed 57014 canceling statement due to user request
2024-04-10T12:38:00Z third note {"text":"the release before is out, its containers start","incident":"luscii-1"}
2024-04-10T12:45:00Z third impact {"text":"the platform was down for patients and clinicians","incident":"luscii-1",
	"from":"2024-04-10T12:15:00Z","until":"2024-04-10T12:45:00Z"}
2024-04-10T12:45:10Z third note {"text":"corrected: the Vitals API is back","incident":"luscii-1"}
2024-04-10T12:50:00Z third incident {"action":"close","name":"luscii-1"}
2024-04-10T12:50:10Z third leaves
2024-04-10T12:51:00Z dev leaves
2024-04-10T12:52:00Z pic leaves
