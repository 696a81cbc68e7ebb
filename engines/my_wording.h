/* The words of MariaDB and MySQL for holds, proofs and guards. Private to engines/. */
#ifndef MY_WORDING_H
#define MY_WORDING_H

#include "engine.h"

extern const struct wording my_wording;

#endif
