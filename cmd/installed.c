#include "cmd/installed.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/run/provenance.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *installed_path(const char *folder, const char *installed, const char *name, struct lb_err *err)
{
	char exe[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	exe[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	const struct {
		const char *from, *up, *folder;
	} places[] = { { exe, "", folder }, { exe, "../", folder }, { exe, "../", installed }, { lb_source_folder, "", folder } };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char *path = lb_strfmt(err, "%s/%s%s/%s", places[i].from, places[i].up, places[i].folder, name);
		if (!path || lb_file_exists(path))
			return path;
		free(path);
	}
	lb_fail(err, LB_MACHINE, "%s/%s is not found near %s; run from a checkout or after make install", folder, name, exe);
	return NULL;
}
