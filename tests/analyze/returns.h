/* SPDX-License-Identifier: Apache-2.0
 * For analysers, which see one file at a time: what common/err.h says in words, that the three
 * always return -1. */
#ifndef EF_TESTS_RETURNS_H
#define EF_TESTS_RETURNS_H

#include "common/err.h"

#define err_set(...)   (err_set(__VA_ARGS__), -1)
#define err_errno(...) (err_errno(__VA_ARGS__), -1)
#define err_wrap(...)  (err_wrap(__VA_ARGS__), -1)

#endif
