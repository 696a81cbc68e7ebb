/*
 * The guards, in the order they stand in a plan. What runs on the operator's own connection has
 * no row of the second part, what runs on the plan's connection none of the first.
 */
#include "policy/guarding.h"
#include "banned.h"

const struct guard_row guard_rows[] = {
    {"limit", guard_in_open_tx, guard_build_limit},
    {"operator", guard_on_operator, guard_build_operator},

    {"copy", guard_copies, guard_build_copy},
    {"hold", guard_holds, guard_build_hold},
    {"cover", guard_covers, guard_build_cover},
    {"fence", guard_fences, guard_build_fence},
    {"harden", guard_hardens, guard_build_harden},
    {"enter", guard_on_main, guard_build_enter},
    {"main", guard_on_main, guard_build_main},
    {"leave", guard_on_main, guard_build_leave},
    {"prove-again", guard_holds, guard_build_reprove},
    {"cover-again", guard_covers, guard_build_recover},

    {"nodes", guard_always, guard_nodes},
    {"accepted", guard_always, guard_accepted},
    {"way-back", guard_always, guard_way_back},
    {"reversible", guard_always, guard_reversible},
    {NULL, NULL, NULL},
};
