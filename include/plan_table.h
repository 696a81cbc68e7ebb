/*
 * The shape of a plan, for include/plan.c and its tests.
 */
#ifndef PLAN_TABLE_H
#define PLAN_TABLE_H

#include "shape.h"

extern const struct shape plan_shape;

#endif
