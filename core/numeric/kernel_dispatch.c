#include "core/numeric/kernel_dispatch.h"

#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

const char *lb_kernel_name_f32(size_t i);
void lb_kernel_pick_f32(size_t i);
void lb_kernel_pick_f64(size_t i);

static size_t chosen;

const char *lb_kernels_at(size_t i)
{
	return lb_kernel_name_f32(i);
}

int lb_kernels_choose(const char *name, struct lb_err *err)
{
	const char *names[8], *meant;
	char hint[80] = "", list[120] = "";
	size_t n = 0, i = 0;

	for (; n < 8 && (names[n] = lb_kernels_at(n)); n++)
		snprintf(list + strlen(list), sizeof list - strlen(list), ", %s", names[n]);
	while (name && strcmp(name, "auto") && i < n && strcmp(names[i], name))
		i++;
	if (i == n) {
		if ((meant = lb_nearest(name, names, n)))
			snprintf(hint, sizeof hint, "; did you mean \"%s\"?", meant);
		return lb_fail(err, LB_USAGE, "--kernels: found \"%s\", allowed on this processor: auto%s%s", name, list, hint);
	}
	chosen = i;
	lb_kernel_pick_f32(i);
	lb_kernel_pick_f64(i);
	return 0;
}

const char *lb_kernels_name(void)
{
	return lb_kernels_at(chosen);
}

bool lb_kernels_are_blas(void)
{
	return !strcmp(lb_kernels_name(), "blas");
}
