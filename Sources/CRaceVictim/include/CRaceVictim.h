/* SPDX-License-Identifier: MIT */
#ifndef C_RACE_VICTIM_H
#define C_RACE_VICTIM_H

#include "race_victim.h"
#include "victim_sources.h"

#endif
