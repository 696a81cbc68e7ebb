/*
 * The shape of a plan: every member that is signed, one row each. The digest itself is none of
 * them. A member added to struct plan and its parts must get its row here; the order does not
 * matter, keys are sorted.
 */
#include "plan.h"
#include "plan_table.h"
#include "banned.h"

_Static_assert(sizeof(enum role) == sizeof(int), "enums travel as int");
#if defined(__LP64__)
/* Whoever adds a member here adds its row below, or it would not be signed. */
_Static_assert(sizeof(struct object) == 56, "add the row of the new member");
_Static_assert(sizeof(struct action) == 64, "add the row of the new member");
/* reads has none: what they turned out to do is an action. */
_Static_assert(sizeof(struct statement) == 56, "add the row of the new member");
_Static_assert(sizeof(struct session) == 152, "add the row of the new member");
_Static_assert(sizeof(struct plan_node) == 32, "add the row of the new member");
_Static_assert(sizeof(struct keep) == 24, "add the row of the new member");
_Static_assert(sizeof(struct check) == 40, "add the row of the new member");
_Static_assert(sizeof(struct step) == 144, "add the row of the new member");
_Static_assert(sizeof(struct reason) == 32, "add the row of the new member");
_Static_assert(sizeof(struct verdict) == 32, "add the row of the new member");
_Static_assert(
    sizeof(struct plan) == 632, "add the row of the new member"); /* is_shown, backups have none */
#endif

/* Names by number, NULL past the end. */
#define NAMES(function, name, last, type)                                                          \
	static const char *function(int i)                                                         \
	{                                                                                          \
		return i >= 0 && i <= (int)(last) ? name((type)i) : NULL;                          \
	}
NAMES(danger_of, danger_name, DANGER_DESTRUCTIVE, enum danger)
NAMES(role_of, role_name, ROLE_STANDALONE, enum role)
NAMES(part_of, step_part_name, PART_UNDO, enum step_part)
NAMES(kind_of, step_kind_name, KIND_FOLLOW, enum step_kind)
NAMES(back_of, way_back_name, BACK_ROLLBACK, enum way_back)
NAMES(level_of, level_name, LEVEL_REFUSE, enum level)

#define LIST(function, ...)                                                                        \
	static const char *function(int i)                                                         \
	{                                                                                          \
		static const char *const names[] = {__VA_ARGS__};                                  \
		return i >= 0 && i < (int)(sizeof(names) / sizeof(names[0])) ? names[i] : NULL;    \
	}
LIST(tx_of, "none", "open", "failed", "unknown")
LIST(type_of, "text", "template", "proc")
LIST(conn_of, "control", "main", "operator", "host")
LIST(value_of, "text", "int", "lsn", "time", "gtid")
LIST(op_of, "eq", "ne", "le", "ge")
LIST(guard_of, "hold", "limits", "read-only", "objects", "reversible", "count")
LIST(flag_of, "cascade", "if-exists", "concurrently", "no-tx", "tx", "dml", "unbounded", "select",
    "refinable", "tempable", "session", "secret", "promote", "resume", "copy-stream", "commits")

/* clang-format off */
#define AT(member) .offset = offsetof(struct OF, member)
#define N(member) .count = offsetof(struct OF, member)
#define STRING(m) {#m, SHAPE_STRING, AT(m)}
#define LONG(m) {#m, SHAPE_STRING, AT(m), .max = PLAN_MAX_BYTES}
#define NULLABLE(m) {#m, SHAPE_NULLABLE, AT(m)}
#define NUMBER(m, type) {#m, type, AT(m)}
#define ENUM(m, of) {#m, SHAPE_ENUM, AT(m), .name_of = of}
#define FLAGS(m, of) {#m, SHAPE_FLAGS, AT(m), .name_of = of}
#define MANY(m, n, shape) {#m, SHAPE_LIST, AT(m), N(n), .of = &(shape)}
#define STRINGS(m, n) {#m, SHAPE_STRINGS, AT(m), N(n), .max = PLAN_MAX_BYTES}
#define SHAPE(name, fields) \
	static const struct shape name = {sizeof(struct OF), fields, sizeof(fields) / sizeof((fields)[0])}
/* clang-format on */

#define OF object
static const struct shape_field object_fields[] = {
    STRING(type),
    NULLABLE(schema),
    STRING(name),
    NUMBER(oid, SHAPE_UINT32),
    NUMBER(relfilenode, SHAPE_UINT32),
    NUMBER(is_unqualified, SHAPE_BOOL),
    NUMBER(is_temporary, SHAPE_BOOL),
    NUMBER(rows, SHAPE_INT64),
    NUMBER(bytes, SHAPE_INT64),
};
SHAPE(object_shape, object_fields);
#undef OF

#define OF action
static const struct shape_field action_fields[] = {
    ENUM(danger, danger_of),
    STRING(kind),
    FLAGS(flags, flag_of),
    MANY(objects, nobjects, object_shape),
    STRINGS(functions, nfunctions),
    STRING(why),
};
SHAPE(action_shape, action_fields);
#undef OF

#define OF statement
static const struct shape_field statement_fields[] = {
    NUMBER(from, SHAPE_SIZE),
    NUMBER(len, SHAPE_SIZE),
    ENUM(danger, danger_of),
    MANY(actions, nactions, action_shape),
};
SHAPE(statement_shape, statement_fields);
#undef OF

#define OF setting
static const struct shape_field setting_fields[] = {STRING(name), STRING(value)};
SHAPE(setting_shape, setting_fields);
#undef OF

#define OF session
static const struct shape_field session_fields[] = {
    STRING(engine),
    STRING(cluster),
    STRING(node),
    STRING(identity),
    STRING(incarnation),
    ENUM(role, role_of),
    STRING(database),
    NUMBER(database_oid, SHAPE_UINT32),
    STRING(login),
    STRING(current_role),
    MANY(settings, nsettings, setting_shape),
    ENUM(tx, tx_of),
    NUMBER(tx_age_ms, SHAPE_INT64),
    STRINGS(prepared, nprepared),
    NUMBER(ntemporary, SHAPE_SIZE),
    NUMBER(version, SHAPE_INT),
    NUMBER(backend_pid, SHAPE_INT),
    NUMBER(is_superuser, SHAPE_BOOL),
};
SHAPE(session_shape, session_fields);
#undef OF

#define OF plan_node
static const struct shape_field node_fields[] = {
    STRING(name),
    STRING(identity),
    STRING(incarnation),
    ENUM(role, role_of),
    NUMBER(is_held, SHAPE_BOOL),
};
SHAPE(node_shape, node_fields);
#undef OF

#define OF fact
static const struct shape_field fact_fields[] = {STRING(name), STRING(value)};
SHAPE(fact_shape, fact_fields);
#undef OF

#define OF loss
static const struct shape_field loss_fields[] = {STRING(what), STRING(detail)};
SHAPE(loss_shape, loss_fields);
#undef OF

#define OF keep
static const struct shape_field keep_fields[] = {
    NUMBER(column, SHAPE_INT), STRING(name), ENUM(type, value_of)};
SHAPE(keep_shape, keep_fields);
#undef OF

#define OF check
static const struct shape_field check_fields[] = {
    NUMBER(column, SHAPE_INT),
    ENUM(op, op_of),
    ENUM(type, value_of),
    NULLABLE(value),
    NULLABLE(name),
    STRING(field),
};
SHAPE(check_shape, check_fields);
#undef OF

#define OF argument
static const struct shape_field argument_fields[] = {STRING(name), LONG(value)};
SHAPE(argument_shape, argument_fields);
#undef OF

#define OF step
static const struct shape_field step_fields[] = {
    ENUM(part, part_of),
    ENUM(type, type_of),
    ENUM(kind, kind_of),
    ENUM(conn, conn_of),
    STRING(node),
    NUMBER(wave, SHAPE_INT),
    STRINGS(texts, ntexts),
    NULLABLE(proc),
    MANY(args, nargs, argument_shape),
    MANY(keeps, nkeeps, keep_shape),
    MANY(checks, nchecks, check_shape),
    NUMBER(poll_ms, SHAPE_INT),
    NUMBER(timeout_ms, SHAPE_INT),
    NUMBER(is_soft, SHAPE_BOOL),
    STRING(why),
    NULLABLE(undo),
    NULLABLE(say),
};
SHAPE(step_shape, step_fields);
#undef OF

#define OF reason
static const struct shape_field reason_fields[] = {
    STRING(rule), STRING(sentence), NULLABLE(learned), ENUM(level, level_of)};
SHAPE(reason_shape, reason_fields);
#undef OF

#define OF verdict
static const struct shape_field verdict_fields[] = {
    ENUM(level, level_of),
    NUMBER(approvals, SHAPE_INT),
    FLAGS(guards, guard_of),
    MANY(reasons, nreasons, reason_shape),
};
SHAPE(verdict_shape, verdict_fields);
#undef OF

#define OF plan
static const struct shape_field plan_fields[] = {
    {"id", SHAPE_ID, AT(id)},
    STRING(engine),
    STRING(incident),
    STRING(requester),
    STRING(reason),
    {"text", SHAPE_BYTES, AT(text), N(text_len), .max = PLAN_MAX_BYTES},
    ENUM(danger, danger_of),
    MANY(statements, nstatements, statement_shape),
    {"session", SHAPE_RECORD, AT(session), .of = &session_shape},
    {"topology", SHAPE_HEX, AT(topology)},
    MANY(nodes, nnodes, node_shape),
    MANY(world, nworld, fact_shape),
    MANY(losses, nlosses, loss_shape),
    STRINGS(accepted, naccepted),
    MANY(steps, nsteps, step_shape),
    ENUM(back, back_of),
    STRING(way_back),
    STRING(undoes),
    LONG(reversible),
    {"verdict", SHAPE_RECORD, AT(verdict), .of = &verdict_shape},
    {"policy", SHAPE_HEX, AT(policy)},
};
const struct shape plan_shape = {
    sizeof(struct plan), plan_fields, sizeof(plan_fields) / sizeof(plan_fields[0])};
#undef OF
