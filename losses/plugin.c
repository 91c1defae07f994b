#include "losses/plugin.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "losses/precision_bridge.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_OF(name) #name
#define NAME_OF(name) TEXT_OF(name)

/* Plug-ins that are loaded, for the process. */
static struct loaded {
	char *path, sha256[65];
	size_t first, n;         /* its losses in the registry */
	struct loaded *next;
} *plugins;

enum { MOST_BYTES = 1 << 28 };

/* "…; build it again" with what is wrong with the object. */
static int refuse(const char *path, const char *what, struct lb_err *err)
{
	return lb_fail(err, LB_CONFIG, "%s: %s; build it again from its source: lossbench losses build FILE.c", path, what);
}

static int checksum_of(const char *path, char hex[65], struct lb_err *err)
{
	size_t n = 0;
	char *bytes = lb_read_file(path, MOST_BYTES, &n, LB_CONFIG, err);

	if (!bytes)
		return -1;
	lb_sha256_hex(bytes, n, hex);
	free(bytes);
	return 0;
}

/* ---- does it fit? ---- */

static int check_interface(const char *path, const struct lb_plugin *p, struct lb_err *err)
{
	char what[200];

	if (p->interface == LB_PLUGIN_INTERFACE && p->layout == lb_loss_layout_f64() && lb_loss_layout_f32() == lb_loss_layout_f64())
		return 0;
	snprintf(what, sizeof what, "was built for interface %u (layout %zu) of lossbench %.40s, this program has interface %u (layout %zu)", p->interface,
		 p->layout, p->interface <= LB_PLUGIN_INTERFACE && p->built_with ? p->built_with : "of another version", (unsigned)LB_PLUGIN_INTERFACE,
		 lb_loss_layout_f64());
	return refuse(path, what, err);
}

static bool valid_name(const char *s)
{
	return s && *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s) && !strchr("0123456789", *s);
}

/* What is wrong with a loss; NULL: nothing is. */
static const char *fault_of(const struct lb_loss_info *info)
{
	if (info->kind >= LB_N_KINDS)
		return "has no kind";
	if (!valid_name(info->base.name))
		return "needs a name of small letters, digits and _";
	if (!info->base.title || !info->base.cite || !info->base.formula || !info->good_for)
		return "needs .title, .cite (\"unpublished\" will do), .formula and .good_for";
	for (int i = 0; i < info->base.n_params; i++) {
		const struct lb_param *p = &info->base.params[i];
		if (!p->name || !p->help || p->required || !strcmp(p->name, "plugin") || !strcmp(p->name, "name"))
			return "needs a name (not name or plugin), a default and .help for each parameter";
	}
	return NULL;
}

static int check_loss(const char *path, const struct lb_plugin *p, size_t i, struct lb_err *err)
{
	const struct lb_loss_info *info = lb_loss_info_of_f64(p->f64[i]), *single = lb_loss_info_of_f32(p->f32[i]);
	const char *fault = fault_of(info);

	if (!fault)
		fault = lb_loss_fault_f64(p->f64[i]);
	if (!fault)
		fault = lb_loss_fault_f32(p->f32[i]);
	if (fault)
		return lb_fail(err, LB_CONFIG, "%s: the loss %.60s %s", path, info->base.name ? info->base.name : "without a name", fault);
	if (single->kind != info->kind || strcmp(single->base.name, info->base.name))
		return refuse(path, "has other losses in float32 than in float64", err);
	const struct lb_loss_info *other = lb_loss_find(info->kind, info->base.name);
	if (!other)
		return 0;
	return lb_fail(err, LB_CONFIG, lb_plugin_of(other) ? "%s: another plug-in with a %s loss \"%s\" is loaded already; keep one of them, or name one anew" :
		       "%s: the program itself has a %s loss \"%s\"; name this one anew", path, lb_kind_name(info->kind), info->base.name);
}

static int check(const char *path, const struct lb_plugin *p, struct lb_err *err)
{
	if (!p)
		return refuse(path, "is no plug-in of lossbench: it has no variable " NAME_OF(LB_PLUGIN_SYMBOL), err);
	if (check_interface(path, p, err))
		return -1;
	if (!p->n)
		return refuse(path, "has no loss", err);
	if (p->n > lb_loss_room_f64() || p->n > lb_loss_room_f32())
		return lb_fail(err, LB_CONFIG, "%s: found too many losses, allowed: %d from all plug-ins together", path, LB_PLUGIN_LOSSES);
	for (size_t i = 0; i < p->n; i++)
		if (check_loss(path, p, i, err))
			return -1;
	return 0;
}

/* ---- loading ---- */

/* The parameters of a loss, and the checksum as one more. */
static struct lb_param *params_with(const struct lb_loss_info *info, const char *sha256, struct lb_err *err)
{
	const size_t n = (size_t)info->base.n_params;
	struct lb_param *own = lb_alloc(n + 1, sizeof *own, err);

	if (!own)
		return NULL;
	if (n)
		memcpy(own, info->base.params, n * sizeof *own);
	own[n] = (struct lb_param){ .name = "plugin", .type = LB_TEXT_PARAM, .fixed = sha256, .help = "checksum (SHA-256) of the plug-in that it comes from" };
	return own;
}

static int add_losses(const struct lb_plugin *p, struct loaded *to, struct lb_err *err)
{
	for (; to->n < p->n; to->n++) {
		const struct lb_loss_info *info = lb_loss_info_of_f64(p->f64[to->n]);
		struct lb_param *params = params_with(info, to->sha256, err);
		if (!params || lb_loss_add_f32(p->f32[to->n], params, info->base.n_params + 1, err) ||
		    lb_loss_add_f64(p->f64[to->n], params, info->base.n_params + 1, err))
			return -1;
	}
	return 0;
}

static struct loaded *load(const char *shown, const char *full, const char *sha256, struct lb_err *err)
{
	void *object = dlopen(full, RTLD_NOW | RTLD_LOCAL);

	if (!object) {
		lb_fail(err, LB_CONFIG, "%s: cannot be loaded as a plug-in: %.300s; lossbench losses build FILE.c makes one", shown, dlerror());
		return NULL;
	}
	const struct lb_plugin *described = dlsym(object, NAME_OF(LB_PLUGIN_SYMBOL));
	struct loaded *p = check(shown, described, err) ? NULL : lb_alloc(1, sizeof *p, err);
	if (!p) {
		dlclose(object);
		return NULL;
	}
	*p = (struct loaded){ .first = lb_loss_count(), .next = plugins };
	snprintf(p->sha256, sizeof p->sha256, "%s", sha256);
	plugins = p;
	return (p->path = lb_strdup(full, err)) && !add_losses(described, p, err) ? p : NULL;
}

int lb_plugin_load(const char *path, const char *shown, size_t *first, size_t *n, struct lb_err *err)
{
	char full[PATH_MAX], sha256[65];
	struct loaded *p = plugins;

	shown = shown ? shown : path;
	if (!realpath(path, full))
		return lb_fail(err, LB_CONFIG, "%s: there is no such file; lossbench losses build FILE.c makes a plug-in", shown);
	if (checksum_of(full, sha256, err))
		return -1;
	while (p && strcmp(p->sha256, sha256)) {
		if (!strcmp(p->path, full))
			return lb_fail(err, LB_CONFIG, "%s: has changed since it was loaded; start again", shown);
		p = p->next;
	}
	if (!p && !(p = load(shown, full, sha256, err)))
		return -1;
	*first = p->first;
	*n = p->n;
	return 0;
}

const char *lb_plugin_of(const struct lb_loss_info *info)
{
	const int n = info->base.n_params;

	return n && info->base.params[n - 1].fixed && !strcmp(info->base.params[n - 1].name, "plugin") ? info->base.params[n - 1].fixed : NULL;
}
