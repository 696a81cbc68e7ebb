/*
 * The built-in rules, one row each. Rules about actions first, then rules about the whole text,
 * which see what the first ones decided. A level only rises, so the order decides nothing but the
 * order of equally strict reasons. Every sentence says what will happen, what is not known, and
 * one next step.
 */
#include "policy/inside.h"
#include "banned.h"

#define GATED_CLASSES (CLASS(DANGER_DANGEROUS) | CLASS(DANGER_OPAQUE) | CLASS(DANGER_DESTRUCTIVE))
#define NOT_READ (CLASS(DANGER_WRITE) | GATED_CLASSES)

const struct rule policy_rules[] = {
    /* What each class means by itself. */
    {
	.id = "read",
	.classes = CLASS(DANGER_READ),
	.is_base = 1,
	.level = LEVEL_ALLOW,
	.sentence =
	    "It only reads and runs on your own session; how long it takes is not known, and "
	    "Ctrl-C cancels it.",
    },
    {
	.id = "write",
	.classes = CLASS(DANGER_WRITE),
	.is_base = 1,
	.level = LEVEL_ALLOW,
	.sentence =
	    "It changes a bounded set of rows or adds something new, and every replica will "
	    "replay it; open a transaction first if you want to look before it is permanent.",
    },
    {
	.id = "write-many-rows",
	.classes = CLASS(DANGER_WRITE),
	.match = match_many_rows,
	.about = about_estimate,
	.level = LEVEL_CONFIRM,
	.sentence = "It changes {} rows, more than the policy lets pass unasked; the number is an "
		    "estimate. Narrow its condition, or confirm.",
    },
    {
	.id = "write-count-first",
	.classes = CLASS(DANGER_WRITE),
	.match = match_many_changed,
	.about = about_estimate,
	.level = LEVEL_CONFIRM,
	.guards = GUARD_COUNT | GUARD_LIMITS,
	.sentence = "It runs in a transaction of its own and shows how many rows it really changed "
		    "before anything is permanent; then type commit, or it is rolled back.",
    },
    {
	.id = "dangerous",
	.classes = CLASS(DANGER_DANGEROUS),
	.is_base = 1,
	.about = about_kind,
	.level = LEVEL_CONFIRM,
	.guards = GUARD_LIMITS,
	.sentence =
	    "It can block others or change how the server works ({}); who waits behind its lock "
	    "is not known beforehand, so it gives up at the lock limit. Look at `locks` first.",
	.learned = "luscii",
    },
    {
	.id = "opaque-query",
	.classes = CLASS(DANGER_OPAQUE),
	.is_base = 1,
	.match = match_plain_query,
	.about = about_functions,
	.level = LEVEL_CONFIRM,
	.guards = GUARD_READ_ONLY | GUARD_LIMITS,
	.sentence =
	    "What {} does is not known, so it runs in a READ ONLY transaction; that stops "
	    "changes of rows, and does not stop a function that takes locks, signals sessions "
	    "or writes files. Read its source with \\df first.",
    },
    {
	.id = "opaque",
	.classes = CLASS(DANGER_OPAQUE),
	.is_base = 1,
	.match = match_other_opaque,
	.about = about_kind,
	.level = LEVEL_APPROVE,
	.guards = GUARD_HOLD | GUARD_LIMITS,
	.sentence =
	    "What it does cannot be told from its text ({}), so it is judged like something that "
	    "destroys data: replicas are held first and another person approves. Write the "
	    "statements out plainly where you can.",
	.learned = "usegalaxy",
    },
    {
	.id = "opaque-scratch",
	.classes = CLASS(DANGER_OPAQUE),
	.is_base = 1,
	.match = match_other_opaque_scratch,
	.about = about_kind,
	.level = LEVEL_CONFIRM,
	.guards = GUARD_LIMITS,
	.sentence =
	    "What it does cannot be told from its text ({}); this is a scratch server, so nothing "
	    "is held and nobody else is asked. Confirm if its data may be lost.",
    },
    {
	.id = "destructive",
	.classes = CLASS(DANGER_DESTRUCTIVE),
	.is_base = 1,
	.match = match_not_scratch,
	.about = about_objects,
	.level = LEVEL_APPROVE,
	.guards = GUARD_HOLD | GUARD_LIMITS | GUARD_OBJECTS | GUARD_REVERSIBLE,
	.sentence =
	    "It can destroy data for good ({}), on every replica within moments; whether a backup "
	    "could bring it back is not known here. Replicas are held first and another person "
	    "approves; take the reversible form where one is offered.",
	.learned = "cxalloy",
    },
    {
	.id = "destructive-scratch",
	.classes = CLASS(DANGER_DESTRUCTIVE),
	.is_base = 1,
	.match = match_scratch,
	.about = about_objects,
	.level = LEVEL_CONFIRM,
	.guards = GUARD_LIMITS | GUARD_OBJECTS | GUARD_REVERSIBLE,
	.sentence =
	    "It can destroy data for good ({}); this is a scratch server, so nothing is held and "
	    "nobody else is asked. Confirm if its data may be lost.",
    },
    {
	.id = "cascade",
	.classes = CLASS(DANGER_DESTRUCTIVE),
	.flags = ACTION_CASCADE,
	.about = about_objects,
	.level = LEVEL_CONFIRM,
	.sentence = "CASCADE takes along everything that hangs on {}; what that is stands in the "
		    "plan as it "
		    "is now. Read that list before you ask for approval.",
	.learned = "programs-and-events",
    },
    {
	.id = "every-row",
	.classes = CLASS(DANGER_DESTRUCTIVE),
	.flags = ACTION_DML | ACTION_UNBOUNDED,
	.about = about_objects,
	.level = LEVEL_CONFIRM,
	.sentence =
	    "No condition limits it: every row of {} is meant. If that is not so, cancel and write "
	    "the WHERE.",
    },

    /* What must not go through at all. */
    {
	.id = "promote-held",
	.flags = ACTION_PROMOTE,
	.match = match_held,
	.about = about_node,
	.level = LEVEL_REFUSE,
	.sentence =
	    "{} is held back: promoting it ends the hold and replays everything received, the "
	    "mistake included. Choose how far it shall replay: failover NODE before, or failover "
	    "NODE all.",
	.learned = "cxalloy",
    },
    {
	.id = "promote-unseen",
	.flags = ACTION_PROMOTE,
	.match = match_unseen,
	.about = about_node,
	.level = LEVEL_REFUSE,
	.sentence = "Promoting {} would end a hold on it, and whether it is held could not be "
		    "seen. Look at "
		    "`topology` first.",
    },
    {
	.id = "promote",
	.flags = ACTION_PROMOTE,
	.about = about_node,
	.level = LEVEL_REFUSE,
	.sentence =
	    "It makes {} a primary beside the old one: whether that still takes writes, and what "
	    "is lost, nobody would have looked at. Use failover and the node's name.",
	.learned = "gitlab",
    },
    {
	.id = "held-receiver",
	.classes = CLASS(DANGER_DANGEROUS),
	.match = match_held_receiver,
	.about = about_node,
	.level = LEVEL_REFUSE,
	.sentence =
	    "{} is held back: once its receiving thread is stopped, starting it again may throw "
	    "away what it received and did not apply. Leave it; resume and failover know how.",
	.learned = "cxalloy",
    },
    {
	.id = "resume-promotes",
	.flags = ACTION_RESUME,
	.match = match_resume_promotes,
	.about = about_node,
	.level = LEVEL_REFUSE,
	.sentence =
	    "{} was restarted while its hold was hardened: resuming it now would promote it. Use "
	    "`resume`, which takes the hardening away first.",
    },
    {
	.id = "resume-held",
	.flags = ACTION_RESUME,
	.match = match_held_or_unknown,
	.about = about_node,
	.level = LEVEL_APPROVE,
	.sentence =
	    "It releases {}: what was kept from it is replayed at once, and the copy it holds is "
	    "gone for good. Use `resume` when another person agrees.",
	.learned = "cxalloy",
    },
    {
	.id = "has-dependents",
	.match = match_dependents,
	.about = about_dependents,
	.classes = GATED_CLASSES,
	.level = LEVEL_REFUSE,
	.sentence = "The server will refuse it, because of what depends on it: {}; nothing was "
		    "sent. Write CASCADE yourself if that may all go, too.",
    },
    {
	.id = "has-references",
	.match = match_dependents_stay,
	.about = about_dependents,
	.classes = GATED_CLASSES,
	.level = LEVEL_REFUSE,
	.sentence =
	    "The server will refuse it, because of what depends on it: {}; CASCADE does nothing "
	    "there, and nothing was sent. Drop or name that first, if it may go, too.",
    },
    {
	.id = "truncate-referenced",
	.match = match_referenced,
	.about = about_dependents,
	.classes = GATED_CLASSES,
	.level = LEVEL_APPROVE,
	.sentence =
	    "The server will refuse it as it stands: {} refers to the table. Name those tables "
	    "too, or write CASCADE yourself if all their rows may go.",
    },
    {
	.id = "on-a-replica",
	.classes = NOT_READ,
	.match = match_replica,
	.about = about_node,
	.level = LEVEL_REFUSE,
	.sentence =
	    "{} is a replica: the server will refuse it, so nothing was sent. Connect to the "
	    "primary if you mean the primary.",
	.learned = "gitlab",
    },
    {
	.id = "no-journal",
	.classes = NOT_READ,
	.match = match_no_journal,
	.level = LEVEL_REFUSE,
	.sentence =
	    "No journal can be written, so what happened could not be proved: only reading and "
	    "pausing replicas work, and nothing was sent. Make room, or name another journal "
	    "directory in holdfast.conf.",
    },
    {
	.id = "unsigned",
	.classes = NOT_READ,
	.match = match_unsigned,
	.level = LEVEL_REFUSE,
	.sentence =
	    "This session has no key, so nobody could be named as its author: only reading and "
	    "pausing replicas work, and nothing was sent. Start with --as PERSON.",
    },

    /* About the text as a whole, knowing the level so far. */
    {
	.id = "failed-transaction",
	.about_text = 1,
	.match = match_failed_tx,
	.level = LEVEL_REFUSE,
	.sentence =
	    "Your transaction has failed: the server takes nothing but ROLLBACK now, and nothing "
	    "was sent. Type ROLLBACK.",
    },
    {
	.id = "open-transaction",
	.about_text = 1,
	.match = match_open_tx,
	.level = LEVEL_REFUSE,
	.sentence =
	    "Your transaction is open, and nobody waits for an approval with locks held: nothing "
	    "was sent, the transaction stands as it was. COMMIT or ROLLBACK, then type the "
	    "statement again; or paste BEGIN, statements and COMMIT as one text.",
	.learned = "usegalaxy",
    },
    {
	.id = "transaction-shape",
	.about_text = 1,
	.from = LEVEL_CONFIRM,
	.match = match_tx_shape,
	.level = LEVEL_REFUSE,
	.sentence =
	    "As one plan it must have one outcome, and this text opens or ends a transaction in "
	    "its middle: nothing was sent. Put exactly one BEGIN first and one COMMIT last, or "
	    "leave both out.",
    },
    {
	.id = "not-in-transaction",
	.about_text = 1,
	.match = match_no_tx_inside,
	.level = LEVEL_REFUSE,
	.sentence =
	    "The server will refuse a statement of this text inside a transaction: nothing was "
	    "sent. Type that statement by itself, outside of a transaction.",
    },
    {
	.id = "session-in-plan",
	.about_text = 1,
	.from = LEVEL_CONFIRM,
	.match = match_has_session_change,
	.level = LEVEL_REFUSE,
	.sentence =
	    "It changes the session's settings and then acts under them, so what its names mean "
	    "could not be checked: nothing was sent. Type the SET by itself first; the plan then "
	    "states it.",
    },
    {
	.id = "temporary-in-plan",
	.about_text = 1,
	.from = LEVEL_CONFIRM,
	.match = match_temporary,
	.level = LEVEL_REFUSE,
	.sentence =
	    "It names a temporary object, which exists in your session only, and a plan runs on a "
	    "connection of its own: nothing was sent. Type what concerns the temporary object by "
	    "itself.",
    },
    {
	.id = "prepared-in-plan",
	.about_text = 1,
	.from = LEVEL_CONFIRM,
	.match = match_prepared,
	.level = LEVEL_REFUSE,
	.sentence =
	    "A prepared name exists in your session only, and a plan runs on a connection of its "
	    "own: nothing was sent. Type the statement itself.",
    },
    {
	.id = "copy-among-others",
	.about_text = 1,
	.from = LEVEL_CONFIRM,
	.match = match_copy_among_others,
	.level = LEVEL_REFUSE,
	.sentence =
	    "Rows that stream in or out belong to one statement, and this text has several: "
	    "nothing was sent. Type the COPY by itself, then the rest.",
    },
    {
	.id = "copy-in-plan",
	.about_text = 1,
	.from = LEVEL_APPROVE,
	.match = match_has_copy,
	.level = LEVEL_REFUSE,
	.sentence =
	    "Rows that stream in or out are no part of what is shown and signed: nothing was sent. "
	    "Copy into a new table by itself, then type the rest.",
    },
    {
	.id = "secret-in-plan",
	.about_text = 1,
	.from = LEVEL_CONFIRM,
	.match = match_has_secret,
	.level = LEVEL_REFUSE,
	.sentence =
	    "It carries a secret, and its text would be shown, signed and journaled: nothing was "
	    "sent, and the secret was not written down. Leave the literal out; `secret:NAME` will "
	    "ask for it without echo in a later version.",
    },
    {
	.id = "topology-unknown",
	.about_text = 1,
	.from = LEVEL_APPROVE,
	.match = match_no_topology,
	.level = LEVEL_REFUSE,
	.sentence =
	    "Who would replay it is not known yet, so no hold could be proved: nothing was sent. "
	    "Type `topology` and wait until it shows every node.",
	.learned = "gitlab",
    },
    {
	.id = "no-one-primary",
	.about_text = 1,
	.from = LEVEL_APPROVE,
	.match = match_no_primary,
	.about = about_node,
	.level = LEVEL_REFUSE,
	.sentence = "{} was not seen to be the one primary, so no hold could be proved: nothing "
		    "was sent. Look "
		    "at the findings of `topology`.",
	.learned = "gitlab",
    },
    {
	.id = "unknown-node",
	.about_text = 1,
	.from = LEVEL_APPROVE,
	.match = match_unknown_node,
	.about = about_unknown_nodes,
	.level = LEVEL_REFUSE,
	.sentence = "What {} is, is not known, and an unknown node is never taken for a replica: "
		    "nothing was "
		    "sent. Look at `topology` for the reason.",
	.learned = "gitlab",
    },
    {
	.id = "manager",
	.about_text = 1,
	.from = LEVEL_APPROVE,
	.match = match_manager,
	.about = about_manager,
	.level = LEVEL_REFUSE,
	.sentence = "{} A hold is made only where its manager is seen to be paused.",
    },
    {
	.id = "remote-apply",
	.about_text = 1,
	.from = LEVEL_CONFIRM,
	.match = match_remote_apply,
	.about = about_sync,
	.level = LEVEL_REFUSE,
	.sentence =
	    "With synchronous_commit = remote_apply, pausing {} freezes every writer until it is "
	    "released: nothing was sent. Choose that explicitly, or lower synchronous_commit "
	    "first.",
    },
    {
	.id = "cannot-hold",
	.about_text = 1,
	.from = LEVEL_APPROVE,
	.match = match_cannot_hold,
	.about = about_cannot_hold,
	.level = LEVEL_APPROVE,
	.sentence = "Not all can be held: {} may lose it too, and whether it does is not known. "
		    "The approver "
		    "accepts each by name; bring them back first if you can.",
	.learned = "cxalloy",
    },
    {
	.id = "not-all-held",
	.about_text = 1,
	.from = LEVEL_APPROVE,
	.match = match_not_chosen,
	.about = about_not_chosen,
	.level = LEVEL_APPROVE,
	.sentence =
	    "The policy does not hold {}: it will lose it too. Set hold = all to keep every copy.",
    },
    {
	.id = "nothing-to-hold",
	.about_text = 1,
	.from = LEVEL_APPROVE,
	.match = match_nothing_to_hold,
	.about = about_primary,
	.level = LEVEL_APPROVE,
	.sentence =
	    "No replica of {} can be held, so none keeps what it takes; whether a backup exists is "
	    "not known here. Read in the plan what the way back is, before you ask for approval.",
	.learned = "gitlab",
    },
};

const size_t policy_nrules = sizeof(policy_rules) / sizeof(policy_rules[0]);
