/* Reading a resolved config, in which every option is present and of its type. */
#ifndef LB_GET_H
#define LB_GET_H

#include "core/base/json.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Text at a dotted path, or NULL when the option is absent. */
static inline const char *lb_get_text(const cJSON *config, const char *path)
{
	return cJSON_GetStringValue(lb_json_at(config, path));
}

/* Number at a path ("inf" is INFINITY), or `otherwise` when it is absent. */
static inline double lb_get_number(const cJSON *config, const char *path, double otherwise)
{
	const cJSON *item = lb_json_at(config, path);

	if (cJSON_IsNumber(item))
		return item->valuedouble;
	return cJSON_IsString(item) && !strcmp(item->valuestring, "inf") ? (double)INFINITY : otherwise;
}

static inline bool lb_get_bool(const cJSON *config, const char *path)
{
	return cJSON_IsTrue(lb_json_at(config, path));
}

#endif
