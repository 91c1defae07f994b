/* Files of right values, tests/golden/NAME.json. */
#ifndef LB_TEST_GOLDEN_H
#define LB_TEST_GOLDEN_H

#include "core/base/file.h"
#include "core/base/json.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

/* Returns what the file holds, to be deleted with cJSON_Delete. */
static inline cJSON *golden_read(const char *path)
{
	struct lb_err err = { 0 };
	size_t n = 0;
	char *text = lb_read_file(path, 1 << 26, &n, LB_DATA, &err);

	ck_assert_msg(text, "%s; run the tests from the project's root", err.text);
	cJSON *tree = lb_json_parse(path, text, n, LB_DATA, &err);
	free(text);
	ck_assert_msg(tree, "%s", err.text);
	return tree;
}

#endif
