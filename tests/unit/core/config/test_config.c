#include "core/base/mem.h"
#include "core/config/options.h"
#include "tests/unit/core/config/config_fixture.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* Resolved forms */

START_TEST(test_defaults)
{
	static const char expected[] =
		"{\"name\":\"a\",\"task\":\"multiclass\","
		"\"data\":{\"train\":{\"path\":\"a.csv\",\"format\":\"auto\"},\"header\":\"auto\",\"delimiter\":\"auto\",\"drop\":[],"
		"\"categorical\":\"auto\",\"unseen\":\"error\",\"missing\":\"error\","
		"\"split\":{\"train\":0.64,\"valid\":0.16,\"test\":0.2,\"stratify\":true,\"seed\":1},"
		"\"preprocess\":{\"standardize\":true,\"subtract\":0,\"divide\":1}},"
		"\"corrupt\":{\"labels\":{\"kind\":\"none\"}},\"model\":{\"kind\":\"linear\"},\"loss\":{\"name\":\"ce\"},"
		"\"optimizer\":{\"name\":\"sgd\",\"lr\":0.1,\"momentum\":0},\"schedule\":{\"name\":\"constant\"},"
		"\"train\":{\"epochs\":20,\"batch\":128,\"seed\":1,\"precision\":\"float32\",\"shuffle\":true,\"sampler\":\"shuffle\",\"clip_norm\":0,\"loss_lr_factor\":1,"
		"\"class_weight\":\"none\",\"curves\":[\"valid\"]},"
		"\"evaluate\":{\"threshold\":\"fixed\",\"calibration\":\"none\"},\"metrics\":[{\"name\":\"accuracy\"},{\"name\":\"top_k\",\"k\":5}],"
		"\"output\":{\"dir\":\"results/a\",\"predictions\":false,\"model\":false}}";
	struct lb_trial_list list;
	struct lb_err err = { 0 };

	ck_assert_msg(!expand(BASE, NULL, &list, &err), "%s", err.text);
	ck_assert_uint_eq(list.n, 1);
	char *text = cJSON_PrintUnformatted(list.config[0]);
	ck_assert_str_eq(text, expected);
	free(text);
	const cJSON *member;
	cJSON_ArrayForEach(member, list.config[0]) {
		cJSON *part;
		ck_assert(!lb_config_identity(member, &part, &err));
		ck_assert_msg(!part == (!strcmp(member->string, "name") || !strcmp(member->string, "output") || !strcmp(member->string, "evaluate")),
			      "%s", member->string);
		cJSON_Delete(part);
	}
	lb_trial_list_free(&list);
}
END_TEST

/* A part of the only trial, as canonical JSON. */
static const struct {
	const char *yaml;
	const char *sets[MAX_SETS];
	const char *path, *expected;
} parts[] = {
	{ "data: {train: {path: x}, label: y}\nloss: ce\n", { 0 }, "data.train", "{\"format\":\"auto\",\"label\":\"y\",\"path\":\"x\"}" },
	{ "data: {train: {path: x, label: z}, label: y, test: {path: t}}\nloss: ce\n", { 0 }, "data.test",
	  "{\"format\":\"auto\",\"path\":\"t\"}" },
	{ "data: {train: {path: x}, test: {path: t}}\nloss: ce\n", { 0 }, "data.split",
	  "{\"seed\":1,\"stratify\":true,\"test\":0,\"train\":1,\"valid\":0}" },
	{ "data: {train: {path: x}, test: {path: t}, split: {valid: 0.1}}\nloss: ce\n", { 0 }, "data.split",
	  "{\"seed\":1,\"stratify\":true,\"test\":0,\"train\":0.9,\"valid\":0.1}" },
	{ "data: {train: {path: x}, valid: {path: v}}\nloss: ce\n", { 0 }, "data.split",
	  "{\"seed\":1,\"stratify\":true,\"test\":0.2,\"train\":0.8,\"valid\":0}" },
	{ "data: {train: {path: x}, valid: {path: v, labels: w}, test: {path: t}}\nloss: ce\n", { 0 }, "data.split",
	  "{\"seed\":1,\"stratify\":true,\"test\":0,\"train\":1,\"valid\":0}" },
	{ "data: {train: {path: x}, valid: {path: v, labels: w}}\nloss: ce\n", { 0 }, "data.valid",
	  "{\"format\":\"auto\",\"labels\":\"w\",\"path\":\"v\"}" },
	{ "data: {train: {path: x}, valid: {path: v}, split: {test: 0.3}}\nloss: ce\n", { 0 }, "data.split",
	  "{\"seed\":1,\"stratify\":true,\"test\":0.3,\"train\":0.7,\"valid\":0}" },
	{ "data: {train: {path: x}, valid: {path: v}, split: {folds: 5}}\nloss: ce\n", { 0 }, "data.split",
	  "{\"fold\":0,\"folds\":5,\"seed\":1,\"stratify\":true,\"valid\":0}" },
	{ "data: {generator: blobs}\nloss: ce\ntrain: {seed: 7}\n", { 0 }, "data.generator", "{\"name\":\"blobs\",\"rows\":100,\"seed\":7}" },
	{ BASE, { "data.split={valid: 0.2, test: 0.2}" }, "data.split", "{\"seed\":1,\"stratify\":true,\"test\":0.2,\"train\":0.6,\"valid\":0.2}" },
	{ BASE, { "data.split.train=0.8" }, "data.split", "{\"seed\":1,\"stratify\":true,\"test\":0,\"train\":0.8,\"valid\":0}" },
	{ BASE, { "data.split.first=100", "data.split.seed=3" }, "data.split", "{\"first\":100,\"seed\":3,\"stratify\":true,\"valid\":0}" },
	{ BASE, { "data.split={modulo: 5, test: [4, 0]}" }, "data.split", "{\"modulo\":5,\"seed\":1,\"stratify\":true,\"test\":[4,0],\"valid\":0}" },
	{ BASE, { "data.split={folds: 5, valid: 0.1}" }, "data.split", "{\"fold\":0,\"folds\":5,\"seed\":1,\"stratify\":true,\"valid\":0.1}" },
	{ BASE, { "data.group=subject" }, "data.split.stratify", "false" },
	{ BASE, { "task=regression", "loss=mse" }, "data.split.stratify", "false" },
	{ BASE, { "task=regression", "loss=mse" }, "metrics", "[{\"name\":\"rmse\"}]" },
	{ BASE, { "train.early_stopping.metric=valid.accuracy" }, "train.early_stopping", "{\"metric\":\"valid.accuracy\",\"min_delta\":0,\"patience\":5}" },
	{ BASE "train: {early_stopping: {metric: valid.accuracy}}\n", { "train.early_stopping=null" }, "train.early_stopping", NULL },
	{ BASE, { "metrics=[{name: top_k, k: 3}, accuracy]" }, "metrics", "[{\"k\":3,\"name\":\"top_k\"},{\"name\":\"accuracy\"}]" },
	{ BASE "optimizer: {lr: 0.5}\n", { 0 }, "optimizer", "{\"lr\":0.5,\"momentum\":0,\"name\":\"sgd\"}" },
	{ BASE, { "loss=gce" }, "loss", "{\"name\":\"gce\",\"q\":0.7}" },
	{ BASE, { "loss=gce", "loss.q=0.3" }, "loss", "{\"name\":\"gce\",\"q\":0.3}" },
	{ BASE, { "loss={name: gce, q: 0.2}" }, "loss", "{\"name\":\"gce\",\"q\":0.2}" },
	{ "data: {train: {path: x}}\nloss: {name: gce, q: 0.2}\n", { "loss.name=gce" }, "loss", "{\"name\":\"gce\",\"q\":0.2}" },
	{ BASE, { "model.kind=mlp", "model.hidden=[64,32]" }, "model", "{\"activation\":\"relu\",\"hidden\":[64,32],\"kind\":\"mlp\",\"seed\":1}" },
	{ BASE, { "data.label='a,b'" }, "data.train.label", "\"a,b\"" },
	{ BASE, { "data.label=a: b # c=d" }, "data.train.label", "\"a: b # c=d\"" },
	{ BASE, { "data.label=\"5\"" }, "data.train.label", "\"5\"" },
	{ BASE, { "data.drop=[a, b]" }, "data.drop", "[\"a\",\"b\"]" },
	{ BASE, { "data.header=true" }, "data.header", "\"true\"" },
	{ BASE, { "train.epochs=3", "train.epochs=4" }, "train.epochs", "4" },
	{ BASE "sweep: {train.seed: [1, 2, 3]}\n", { "train.seed=9" }, "train.seed", "9" },
	{ BASE "sweep: {loss: [ce, gce], loss.q: default}\n", { "loss=focal" }, "loss", "{\"gamma\":2,\"name\":\"focal\"}" },
	{ BASE, { "output.dir=a, b" }, "output.dir", "\"a, b\"" },
	{ BASE, { "name=study" }, "output.dir", "\"results/study\"" },
	{ BASE, { "train.curves=[train, test]" }, "train.curves", "[\"train\",\"test\"]" },
};

START_TEST(test_part)
{
	struct lb_trial_list list;
	struct lb_err err = { 0 };

	ck_assert_msg(!expand(parts[_i].yaml, parts[_i].sets, &list, &err), "%d: %s", _i, err.text);
	ck_assert_uint_eq(list.n, 1);
	const cJSON *item = lb_json_at(list.config[0], parts[_i].path);
	char *text = item ? canonical(item) : NULL;
	ck_assert_msg(!text == !parts[_i].expected && (!text || !strcmp(text, parts[_i].expected)), "%d: %s", _i, text ? text : "nothing");
	free(text);
	lb_trial_list_free(&list);
}
END_TEST

/* Sweeps: the values of one or more paths, trial by trial */

#define MAX_PATHS 3

static const struct {
	const char *yaml;
	const char *sets[MAX_SETS];
	const char *path[MAX_PATHS];
	const char *expected, *varying;
} sweeps[] = {
	{ BASE "sweep: {train.seed: [1, 2], train.epochs: [5, 6]}\n", { 0 }, { "train.seed", "train.epochs" }, "1,5 1,6 2,5 2,6",
	  "[\"data.split.seed\",\"train.epochs\",\"train.seed\"]" },
	{ BASE "sweep: {train.seed: {from: 1, to: 3}}\n", { "data.split.seed=0" }, { "train.seed" }, "1 2 3", "[\"train.seed\"]" },
	{ BASE "sweep: {\"optimizer.lr\": {from: 0.001, to: 1, steps: 4}}\n", { 0 }, { "optimizer.lr" }, "0.001 0.01 0.1 1", "[\"optimizer.lr\"]" },
	{ BASE "sweep: {optimizer.momentum: {from: 0, to: 0.3, steps: 4}}\n", { 0 }, { "optimizer.momentum" }, "0 0.1 0.2 0.3", NULL },
	{ BASE "sweep: {optimizer.lr: {from: 1, to: 2, steps: 3, scale: linear}}\n", { 0 }, { "optimizer.lr" }, "1 1.5 2", NULL },
	{ BASE "sweep: {train.batch: {from: 16, to: 128, steps: 4, scale: log}}\n", { 0 }, { "train.batch" }, "16 32 64 128", NULL },
	{ BASE "sweep: {optimizer.lr: default}\n", { 0 }, { "optimizer.lr" }, "0.01 0.1", NULL },
	{ BASE "model: mlp\nsweep: {model.activation: default}\n", { 0 }, { "model.activation" }, "\"relu\" \"tanh\"", NULL },
	{ BASE "model: mlp\nsweep: {model.hidden: [[64], [32, 16]]}\n", { 0 }, { "model.hidden" }, "[64] [32,16]", "[\"model.hidden\"]" },
	{ BASE "sweep: {loss: [ce, {name: gce, q: [0.3, 0.7]}, {name: focal, gamma: default}, {name: gce, q: {from: 0.1, to: 0.3, steps: 3}}]}\n",
	  { 0 }, { "loss" },
	  "{\"name\":\"ce\"} {\"name\":\"gce\",\"q\":0.3} {\"name\":\"gce\",\"q\":0.7} {\"gamma\":0,\"name\":\"focal\"} {\"gamma\":2,\"name\":\"focal\"} "
	  "{\"name\":\"gce\",\"q\":0.1} {\"name\":\"gce\",\"q\":0.2}", "[\"loss.name\",\"loss.gamma\",\"loss.q\"]" },
	{ BASE "sweep: {model: [linear, {kind: mlp, hidden: [8], activation: [relu, tanh]}, {kind: mlp, hidden: [[8], [9, 9]]}]}\n", { 0 },
	  { "model.hidden", "model.activation" }, ", [8],\"relu\" [8],\"tanh\" [9,9],\"relu\"", NULL },
	{ BASE "sweep: {data.split: [{first: 10}, {folds: 3, fold: {from: 0, to: 2}}]}\n", { 0 }, { "data.split.first", "data.split.fold" },
	  "10, ,0 ,1 ,2", NULL },
	{ BASE "sweep: {zip: {optimizer.lr: [0.1, 0.2], train.batch: [16, 32]}, train.seed: [1, 2]}\n", { 0 },
	  { "optimizer.lr", "train.batch", "train.seed" }, "0.1,16,1 0.1,16,2 0.2,32,1 0.2,32,2", NULL },
	{ BASE "sweep:\n  zip:\n    - {optimizer.lr: [0.1, 0.2], train.batch: [16, 32]}\n    - {train.seed: [1, 2], train.epochs: [3, 4]}\n", { 0 },
	  { "train.batch", "train.seed", "train.epochs" }, "16,1,3 16,2,4 32,1,3 32,2,4", NULL },
	{ BASE "sweep: {optimizer.lr: [0.3, 0.4], optimizer: [sgd, adam]}\n", { 0 }, { "optimizer.lr", "optimizer.name" },
	  "0.3,\"sgd\" 0.3,\"adam\" 0.4,\"sgd\" 0.4,\"adam\"", NULL },
	{ BASE "sweep: {train.seed: [1, 2, 1], train.epochs: [20]}\n", { 0 }, { "train.seed" }, "1 2", NULL },
	{ BASE "sweep: {train.seed: [1, 2]}\n", { "loss=ce,gce" }, { "train.seed", "loss.name" }, "1,\"ce\" 1,\"gce\" 2,\"ce\" 2,\"gce\"", NULL },
	{ BASE, { "loss=ce,gce,{name: gce, q: 0.3}" }, { "loss.name", "loss.q" }, "\"ce\", \"gce\",0.7 \"gce\",0.3", NULL },
	{ BASE, { "loss=ce,{name: gce, q: [0.1, 0.2]}" }, { "loss.name", "loss.q" }, "\"ce\", \"gce\",0.1 \"gce\",0.2", NULL },
	/* what some have is set for these, whatever comes first */
	{ BASE "sweep: {loss.q: [0.1, 0.2], loss: [ce, gce]}\n", { 0 }, { "loss.name", "loss.q" }, "\"ce\", \"gce\",0.1 \"gce\",0.2", NULL },
	{ BASE "sweep: {loss: [ce, gce]}\n", { "loss.q=0.3" }, { "loss.name", "loss.q" }, "\"ce\", \"gce\",0.3", NULL },
	{ BASE, { "loss=gce", "loss.q=0.3, 0.7" }, { "loss.q" }, "0.3 0.7", NULL },
	{ BASE "sweep: {train.seed: [1, 2]}\n", { "train.seed=5,6,7" }, { "train.seed" }, "5 6 7", NULL },
	{ BASE, { "loss.gamma=default", "loss=focal" }, { "loss.name", "loss.gamma" }, "\"focal\",0 \"focal\",2", "[\"loss.gamma\"]" },
	{ BASE, { "loss=focal", "loss.gamma=default" }, { "loss.name", "loss.gamma" }, "\"focal\",0 \"focal\",2", "[\"loss.gamma\"]" },
	{ BASE, { "loss.name=focal", "loss.gamma=default" }, { "loss.gamma" }, "0 2", NULL },
	{ BASE, { "loss.gamma=default", "loss={name: focal, gamma: 1}" }, { "loss.gamma" }, "0 2", NULL },
	{ BASE, { "loss.q=0.3,0.7", "loss=gce" }, { "loss.q" }, "0.3 0.7", NULL },
	{ BASE, { "loss.q=0.3", "loss=gce" }, { "loss.q" }, "0.3", NULL },
	{ BASE, { "loss.name=focal", "loss=gce", "loss.q=0.1", "loss.q=0.3" }, { "loss.name", "loss.q" }, "\"gce\",0.3", NULL },
	{ BASE, { "loss=gce", "loss.name=ce,focal" }, { "loss.name" }, "\"ce\" \"focal\"", NULL },
	{ BASE, { "optimizer.lr={from: 0.001, to: 1, steps: 4}" }, { "optimizer.lr" }, "0.001 0.01 0.1 1", "[\"optimizer.lr\"]" },
	{ BASE, { "optimizer.lr={from: 1, to: 2, steps: 3, scale: linear}", "optimizer=adam" }, { "optimizer.name", "optimizer.lr" },
	  "\"adam\",1 \"adam\",1.5 \"adam\",2", NULL },
	{ BASE "sweep: {optimizer.lr: [0.1, 0.2]}\n", { "optimizer.lr=default" }, { "optimizer.lr" }, "0.01 0.1", NULL },
	{ BASE, { "train.seed={from: 1, to: 3}", "data.split.seed=0" }, { "train.seed" }, "1 2 3", "[\"train.seed\"]" },
	{ BASE, { "train.seed=1,2", "loss=ce,gce" }, { "train.seed", "loss.name" }, "1,\"ce\" 1,\"gce\" 2,\"ce\" 2,\"gce\"", NULL },
	{ BASE, { "data.label=default" }, { "data.train.label" }, "\"default\"", NULL },
	{ BASE "model: mlp\n", { "model.hidden=[1,2],[3]" }, { "model.hidden" }, "[1,2] [3]", NULL },
	{ BASE "sweep: {data.drop: [[], [a]]}\n", { 0 }, { "data.drop" }, "[] [\"a\"]", NULL },
	{ BASE "sweep: {train.seed: {from: 1, to: 2}, train.curves: [[train], [valid, test]]}\n", { "data.split.seed=4" }, { "train.curves" },
	  "[\"train\"] [\"valid\",\"test\"] [\"train\"] [\"valid\",\"test\"]", "[\"train.seed\",\"train.curves\"]" },
};

static void add_values(struct lb_buf *text, const cJSON *trial, const char *const *path)
{
	for (size_t i = 0; i < MAX_PATHS && path[i]; i++) {
		const cJSON *item = lb_json_at(trial, path[i]);
		if (i)
			lb_buf_puts(text, ",");
		if (item)
			lb_json_canonical(item, text);
	}
}

START_TEST(test_sweep)
{
	struct lb_trial_list list;
	struct lb_err err = { 0 };
	struct lb_buf text = { 0 };
	const int rc = expand(sweeps[_i].yaml, sweeps[_i].sets, &list, &err);

	ck_assert_msg(!rc, "%d: %s", _i, err.text);
	for (size_t t = 0; t < list.n; t++) {
		lb_buf_puts(&text, t ? " " : "");
		add_values(&text, list.config[t], sweeps[_i].path);
	}
	ck_assert_msg(!strcmp(text.s, sweeps[_i].expected), "%d: %s", _i, text.s);
	if (sweeps[_i].varying) {
		cJSON *varying = lb_config_varying(&list, &err);
		char *paths = canonical(varying);
		cJSON_Delete(varying);
		ck_assert_msg(!strcmp(paths, sweeps[_i].varying), "%d: %s", _i, paths);
		free(paths);
	}
	lb_buf_free(&text);
	lb_trial_list_free(&list);
}
END_TEST

/* Trials of a sweep hold what they have in common once; what differs, be it in the last bit, stays
 * each one's own. */
START_TEST(test_shared)
{
	static const char yaml[] = BASE "sweep: {optimizer.lr: [0.1, 0.10000000000000002], loss: [ce, {name: gce, q: 0.3}]}\n";
	struct lb_trial_list list;
	struct lb_err err = { 0 };

	ck_assert_int_eq(expand(yaml, NULL, &list, &err), 0);
	ck_assert_uint_eq(list.n, 4);
	for (size_t i = 1; i < list.n; i++)
		ck_assert_ptr_eq(lb_json_at(list.config[i], "data")->child, lb_json_at(list.config[0], "data")->child);
	ck_assert(lb_json_at(list.config[0], "optimizer.lr")->valuedouble == 0.1);
	ck_assert(lb_json_at(list.config[2], "optimizer.lr")->valuedouble == 0.10000000000000002);
	lb_trial_list_free(&list);
}
END_TEST

START_TEST(test_pure)
{
	static const char yaml[] = BASE "sweep: {loss: [ce, {name: gce, q: default}], train.seed: {from: 1, to: 4}, optimizer.lr: default}\n";
	struct lb_trial_list a, b;
	struct lb_err err = { 0 };

	ck_assert_int_eq(expand(yaml, NULL, &a, &err), 0);
	ck_assert_int_eq(expand(yaml, NULL, &b, &err), 0);
	ck_assert_uint_eq(a.n, 32);
	ck_assert_uint_eq(b.n, a.n);
	for (size_t i = 0; i < a.n; i++) {
		char *x = canonical(a.config[i]), *y = canonical(b.config[i]);
		ck_assert_str_eq(x, y);
		free(x);
		free(y);
	}
	lb_trial_list_free(&a);
	lb_trial_list_free(&b);
}
END_TEST

/* Errors: every line of the message, in order; the part after the last ", allowed" may be left out
 * of an expected line. */

#define MAX_LINES 8

static const struct {
	const char *yaml;
	const char *sets[MAX_SETS];
	const char *line[MAX_LINES];
} errors[] = {
	{ "data: {train: {path: a.csv, lable: y}}\nloss: {name: gce, q: 1.5}\ntrain:\n  epochs: 2.5\n  batch: \"16\"\nlr: 0.1\n", { 0 },
	  { "a.yaml:1:29: data.train.lable: unknown key, allowed: path, label, labels, format, x, y; did you mean \"label\"?",
	    "a.yaml:2:22: loss.q: found 1.5, allowed: a number in (0, 1]", "a.yaml:4:11: train.epochs: found 2.5, allowed: an integer in [1, 1000000]",
	    "a.yaml:5:10: train.batch: found \"16\" in quotes", "a.yaml:6:1: lr: unknown key" } },
	{ "{}\n", { 0 }, { "a.yaml: loss: is missing", "a.yaml: data.train.path: is missing, allowed: a data file; or give data.generator" } },
	{ "data: {test: {}}\nloss: {q: 3}\n", { 0 },
	  { "a.yaml:1:7: data.train.path: is missing", "a.yaml:1:14: data.test.path: is missing", "a.yaml:2:7: loss.name: is missing" } },
	{ BASE "epochs: 3\n", { 0 }, { "a.yaml:3:1: epochs: unknown key, allowed: sweep, name, task, data, corrupt, model, loss, terms, optimizer, schedule, "
				       "procedures, regularisers, train, evaluate, metrics, tune, output; did you mean \"train.epochs\"?" } },
	{ BASE "gamma: 3\ntrain: {epoch: 3}\n", { 0 },
	  { "a.yaml:3:1: gamma: unknown key", "a.yaml:4:9: train.epoch: unknown key, allowed: epochs, batch, seed, precision, shuffle, sampler, per_class, clusters, positive_rate, miner, clip_norm, "
	    "loss_lr_factor, class_weight, scale_pos_weight, views, attack, early_stopping, checkpoint, curves; did you mean \"epochs\"?" } },
	{ BASE "optimizer.lr: 3\n", { 0 }, { "a.yaml:3:1: optimizer.lr: a dotted key is allowed in sweep and --set only; nest the keys here" } },
	{ "data: {train: {path: x}}\nloss: logistic\n", { 0 }, { "a.yaml:2:7: loss.name: logistic is a binary loss; the task is multiclass, allowed: ce, gce, focal" } },
	{ "data: {train: {path: x}}\nloss: gcee\n", { 0 }, { "a.yaml:2:7: loss.name: unknown loss \"gcee\", allowed: ce, gce, focal; did you mean \"gce\"?" } },
	{ "data: {train: {path: x}}\nloss: softmax\n", { 0 }, { "a.yaml:2:7: loss.name: unknown loss \"softmax\", allowed: ce, gce, focal; did you mean \"ce\"?" } },
	{ "data: {train: {path: x}}\nloss: {name: gce, gamma: 2, r: 3}\n", { 0 },
	  { "a.yaml:2:19: loss.gamma: a parameter of focal, not of gce, allowed: name, q", "a.yaml:2:29: loss.r: unknown key of gce" } },
	{ BASE "task: multiclas\nmodel: [mlp]\ncorrupt: 3\n", { 0 },
	  { "a.yaml:3:7: task: found \"multiclas\", allowed: multiclass, binary, regression, embedding, distillation, multilabel, ranking, survival, anomaly; did you mean \"multiclass\"?",
	    "a.yaml:4:8: model: found a list", "a.yaml:5:10: corrupt: found 3, allowed: a block" } },
	{ "task: survival\ndata: {train: {path: x, label: y}, time: t}\nloss: ce\n", { 0 },
	  { "a.yaml:2:7: data.event: is missing, allowed: the column that says whether the event was seen (1) or the row is censored (0)",
	    "a.yaml:2:32: data.train.label: cannot be combined with task: survival, where data.time and data.event are what is learned; remove it",
	    "a.yaml:3:7: loss.name: ce is a multiclass loss; the task is survival" } },
	{ "data: {train: {path: x}, time: t, event: e}\nloss: ce\n", { 0 },
	  { "a.yaml:1:32: data.time: goes with task: survival alone; remove it", "a.yaml:1:42: data.event: goes with task: survival alone; remove it" } },
	{ "task: anomaly\ndata: {train: {path: x, label: y}, positive: a}\nloss: ce\n", { 0 },
	  { "a.yaml:2:7: data.normal: is missing, allowed: the label values of normal rows, such as [normal] or [0]; the task is anomaly",
	    "a.yaml:2:46: data.positive: cannot be combined with task: anomaly, whose labels data.normal reads; remove it",
	    "a.yaml:3:7: loss.name: ce is a multiclass loss; the task is anomaly" } },
	{ "data: {train: {path: x, label: y}, normal: [0], anomalies: unlabelled}\nloss: ce\n", { 0 },
	  { "a.yaml:1:44: data.normal: goes with task: anomaly alone; remove it", "a.yaml:1:60: data.anomalies: goes with task: anomaly alone; remove it" } },
	{ BASE, { "loss.gamma=default", "loss=ce" }, { "--set loss.gamma=default: loss.gamma: a parameter of focal, not of ce" } },
	{ BASE, { "loss=ce", "loss.gamma=default" }, { "--set loss.gamma=default: loss.gamma: a parameter of focal, not of ce" } },
	{ BASE "sweep: {loss.gamma: default}\n", { 0 }, { "a.yaml:3:9: loss.gamma: a parameter of focal, not of ce" } },
	{ BASE, { "train.batch=default" }, { "--set train.batch=default: train.batch: has no default grid; give a list" } },
	{ BASE "sweep: {train.batch: default}\n", { 0 }, { "a.yaml:3:22: train.batch: has no default grid; give a list" } },
	{ BASE, { "loss.gamma=default", "loss=focal,gce" }, { "--set loss.gamma=default: loss.gamma: `default` is not known where the component is swept" } },
	{ BASE, { "loss=focal,gce", "loss.gamma=default" }, { "--set loss.gamma=default: loss.gamma: `default` is not known where the component is swept" } },
	{ BASE, { "optimizer.lr={from: 0, to: 1, steps: 3}" }, { "--set optimizer.lr={from: 0, to: 1, steps: 3}: optimizer.lr: the range: the log scale "
	  "needs from > 0 and to > 0; change them, or give scale: linear" } },
	{ BASE, { "optimizer.lr={from: 1, to: 2}" }, { "--set optimizer.lr={from: 1, to: 2}: optimizer.lr: the range lacks \"steps\"" } },
	{ BASE, { "optimizer.lr={form: 1, to: 2, steps: 2}" }, { "--set optimizer.lr={form: 1, to: 2, steps: 2}: optimizer.lr: unknown key of a range, "
	  "allowed: from, to, steps, scale; did you mean \"from\"?" } },
	{ BASE, { "loss.q=0.3", "loss=ce" }, { "--set loss.q=0.3: loss.q: a parameter of gce, not of ce" } },
	{ BASE, { "loss.gama=1" }, { "--set loss.gama=1: loss.gama: unknown key of ce" } },
	{ BASE, { "los.name=ce" }, { "--set los.name=ce: los: unknown key, allowed: sweep, name, task, data, corrupt, model, loss, terms, optimizer, schedule, "
				     "procedures, regularisers, train, evaluate, metrics, tune, output; did you mean \"loss\"?" } },
	{ BASE, { "train.epochs=many" }, { "--set train.epochs=many: train.epochs: found \"many\", allowed: an integer in [1, 1000000]" } },
	{ BASE, { "loss={name: gce, q: 0.3}", "loss.name=focal" }, { "--set loss={name: gce, q: 0.3}: loss.q: a parameter of gce, not of focal" } },
	{ BASE, { "loss", "a..b=3", "loss=ce,", "sweep.loss=ce" },
	  { "--set loss: allowed: key.path=value", "--set a..b=3: allowed: key.path=value", "--set loss=ce,: loss: an empty value",
	    "--set sweep.loss=ce: the sweep block cannot be set" } },
	{ BASE, { "data.split={first: 3, folds: 2}" }, { "--set data.split={first: 3, folds: 2}: data.split.folds: cannot be combined with data.split.first; keep one" } },
	{ BASE, { "data.split={train: 0.5, valid: 0.6}" }, { "--set data.split={train: 0.5, valid: 0.6}: data.split: train, valid and test sum to 1.1, allowed: at most 1" } },
	{ BASE, { "data.split={valid: 0.6, test: 0.6}" }, { "--set data.split={valid: 0.6, test: 0.6}: data.split: valid and test sum to more than 1" } },
	{ BASE, { "data.split.fold=1" }, { "--set data.split.fold=1: data.split.fold: goes with data.split.folds" } },
	{ BASE, { "data.split={folds: 3, fold: 3}" }, { "--set data.split={folds: 3, fold: 3}: data.split.fold: found 3, allowed: an integer in [0, 2]" } },
	{ BASE, { "data.split={modulo: 3, test: [3]}" }, { "--set data.split={modulo: 3, test: [3]}: data.split.test: found 3, allowed: residues in [0, 2]" } },
	{ BASE, { "data.split={modulo: 3, test: 1}" }, { "--set data.split={modulo: 3, test: 1}: data.split.test: found 1, allowed: a list of integers >= 0; write [1]" } },
	{ BASE, { "data.test.path=t", "data.split.test=0.2" }, { "--set data.split.test=0.2: data.split.test: cannot be combined with data.test" } },
	{ BASE, { "data.valid.path=v", "data.split.valid=0.2" }, { "--set data.split.valid=0.2: data.split.valid: cannot be combined with data.valid" } },
	{ BASE, { "data.valid.path=v", "data.split={folds: 3, valid: 0.2}" }, { "--set data.split={folds: 3, valid: 0.2}: data.split.valid: cannot be combined with data.valid" } },
	{ BASE, { "data.valid={labels: w}" }, { "--set data.valid={labels: w}: data.valid.path: is missing" } },
	{ "data: {generator: blobs, valid: {path: v}}\nloss: ce\n", { 0 }, { "a.yaml:1:33: data.valid: cannot be combined with data.generator" } },
	{ BASE, { "data.generator=blobs" }, { "--set data.generator=blobs: data.generator: cannot be combined with data.train; keep one" } },
	{ BASE, { "data.group=g", "data.split.stratify=true" }, { "--set data.split.stratify=true: data.split.stratify: cannot be combined with data.group" } },
	{ BASE, { "task=regression", "loss=mse", "data.split.stratify=true" }, { "--set data.split.stratify=true: data.split.stratify: found true, allowed: "
	  "false; the task is regression, which has neither classes nor events whose shares could be kept" } },
	{ BASE, { "data.train.labels=[a, b]" }, { "--set data.train.labels=[a, b]: data.train.labels: found a list, allowed: any text; did you mean "
	  "\"data.labels\"?" } },
	{ BASE, { "data.labels={kind: uniform}" }, { "--set data.labels={kind: uniform}: data.labels: found a block, allowed: a list such as [a, b]; did you mean \"corrupt.labels\"?" } },
	{ BASE, { "data.cv={folds: 3, fold: 0, test: [0]}" }, { "--set data.cv={folds: 3, fold: 0, test: [0]}: data.cv.test: found a list, allowed: true or false; did you mean \"data.split.test\"?" } },
	{ "data: {train: {path: x.csv}}\nloss: ce\noutput: {model: {kind: mlp}}\n", { 0 }, { "a.yaml:3:17: output.model: found a block, allowed: true or "
	  "false; did you mean \"model\"?" } },
	{ BASE, { "name=a/b" }, { "--set name=a/b: name: found \"a/b\"" } },
	{ BASE "metrics: [acuracy, top_k, {name: top_k, k: 3}, {name: top_k, k: 3}]\n", { 0 },
	  { "a.yaml:3:11: metrics.name: unknown metric \"acuracy\", allowed: accuracy, top_k; did you mean \"accuracy\"?",
	    "a.yaml:3:48: metrics: top_k stands twice; keep one" } },
	{ BASE, { "train.early_stopping.metric=valid.acuracy" }, { "--set train.early_stopping.metric=valid.acuracy: train.early_stopping.metric: found "
	  "\"valid.acuracy\", allowed: valid.accuracy, valid.top_k; did you mean \"valid.accuracy\"?" } },
	{ BASE, { "train.early_stopping.metric=test.accuracy" }, { "--set train.early_stopping.metric=test.accuracy: train.early_stopping.metric: found "
	  "\"test.accuracy\", allowed: valid.accuracy, valid.top_k; did you mean \"valid.accuracy\"?" } },
	{ BASE, { "train.early_stopping.metric=valid.top_k", "data.split.valid=0" }, { "--set train.early_stopping.metric=valid.top_k: train.early_stopping: needs validation rows" } },
	{ BASE "sweep:\n  los.q: [1]\n  train.epochs: []\n  train.seed: 3\n  optimizer.lr: {from: 0, to: 1, steps: 3}\n  loss.q: [1]\n  name: [a]\n"
	       "  schedule: default\n", { 0 },
	  { "a.yaml:4:3: los.q: unknown key", "a.yaml:5:17: train.epochs: an empty list", "a.yaml:6:15: train.seed: found 3, allowed: a list",
	    "a.yaml:7:17: optimizer.lr: the range: the log scale needs from > 0", "a.yaml:8:3: loss.q: a parameter of gce, not of ce",
	    "a.yaml:9:3: name: cannot be swept", "a.yaml:10:13: schedule: has no default grid" } },
	{ BASE "sweep: {loss: [ce, gce], loss.q: default}\n", { 0 }, { "a.yaml:3:34: loss.q: `default` is not known where the component is swept" } },
	{ BASE "sweep: {loss: [ce, focal], loss.q: [0.1]}\n", { 0 }, { "a.yaml:3:28: loss.q: a parameter of gce, not of ce, allowed: name", "a.yaml:3:28: loss.q: a parameter of gce, not of focal, allowed: name" } },
	{ BASE "sweep: {zip: {train.seed: [1, 2], train.epochs: [1, 2, 3]}}\n", { 0 },
	  { "a.yaml:3:35: train.epochs: 3 values, but train.seed has 2; zip needs equal lengths" } },
	{ BASE "sweep: {train.seed: [1], zip: {train.seed: [2]}}\n", { 0 }, { "a.yaml:3:32: train.seed: is swept twice" } },
	{ BASE "sweep: {train.seed: {from: 1, to: 2000}, train.epochs: {from: 1, to: 2000}}\n", { 0 },
	  { "a.yaml:3:8: sweep: 4000000 trials, allowed: at most 1000000" } },
	{ BASE "model: mlp\nsweep: {model.hidden: [64], train.precision: [float32, float16]}\n", { 0 },
	  { "a.yaml:4:24: model.hidden: found 64, allowed: a list of integers in [1, 4096]; write [64]",
	    "a.yaml:4:56: train.precision: found \"float16\", allowed: float32, float64" } },
	{ "[1]\n", { 0 }, { "a.yaml:1:1: not a config" } },
	{ BASE "train: &t {epochs: 0}\nmodel: *t\nschedule: !x cosine\ntrain: {bach: 3}\n---\nx: 1\n", { 0 },
	  { "a.yaml:3:8: found the anchor", "a.yaml:3:20: train.epochs: found 0", "a.yaml:4:8: found the alias \"*t\"",
	    "a.yaml:5:11: found the tag", "a.yaml:6:1: the key \"train\" stands twice, here and on line 3", "a.yaml:6:9: train.bach: unknown key", "a.yaml:7:1: a second document" } },
};

START_TEST(test_error)
{
	struct lb_trial_list list;
	struct lb_err err = { 0 };
	size_t n = 0;

	ck_assert_int_eq(expand(errors[_i].yaml, errors[_i].sets, &list, &err), -1);
	ck_assert_int_eq(err.code, LB_CONFIG);
	for (char *rest = err.text, *line; (line = strsep(&rest, "\n")); n++) {
		const char *expected = n < MAX_LINES ? errors[_i].line[n] : NULL;
		ck_assert_msg(expected && !strncmp(line, expected, strlen(expected)), "%d: %s", _i, line);
	}
	ck_assert_msg(n == MAX_LINES || !errors[_i].line[n], "%d: only %zu lines", _i, n);
}
END_TEST

START_TEST(test_one_trial_only)
{
	static const char *const sets[MAX_SETS] = { "train.seed=1,2,3", "loss=[" };
	struct lb_err err = { 0 };

	ck_assert_ptr_null(load(BASE, sets, false, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "--set train.seed=1,2,3: train.seed: 3 values make a sweep; give one value, or run `lossbench sweep`\n--set loss=["));

	/* One value that stands for several is found out when the components are known. */
	static const char *const spread[][MAX_SETS] = { { "loss=focal", "loss.gamma=default" }, { "optimizer.lr={from: 0.1, to: 1, steps: 2}" } };
	for (size_t i = 0; i < 2; i++) {
		struct lb_trial_list list;
		struct lb_config *config = load(BASE, spread[i], false, &(struct lb_err){ 0 });
		ck_assert_ptr_nonnull(config);
		err = (struct lb_err){ 0 };
		ck_assert_int_eq(lb_config_expand(config, &registry, &list, &err), -1);
		ck_assert_ptr_nonnull(strstr(err.text, "2 values make a sweep; give one value, or run `lossbench sweep`"));
		lb_config_free(config);
	}
}
END_TEST

START_TEST(test_many_faults)
{
	struct lb_buf yaml = { 0 };
	struct lb_trial_list list;
	struct lb_err err = { 0 };

	for (int i = 0; i < 200; i++)
		lb_buf_printf(&yaml, "key%d: 1\n", i);
	ck_assert_int_eq(expand(yaml.s, NULL, &list, &err), -1);
	ck_assert(strlen(err.text) < sizeof err.text - 1);
	ck_assert_ptr_nonnull(strstr(strrchr(err.text, '\n'), "\nand "));
	lb_buf_free(&yaml);
}
END_TEST

/* Places and names */

static const struct {
	const char *yaml, *set, *path, *expected;
} places[] = {
	{ BASE, NULL, "data.train.path", "a.yaml:1:22" },
	{ BASE, NULL, "data.train.format", "a.yaml:1:15" },
	{ BASE, NULL, "train.epochs", "a.yaml" },
	{ BASE, "data.train.path=b.csv", "data.train.path", "--set data.train.path=b.csv" },
	{ BASE, "data.label=y", "data.train.label", "--set data.label=y" },
	{ BASE "sweep: {data.train.path: [a, b], zip: {train.seed: [1]}}\n", NULL, "data.train.path", "a.yaml:3:26" },
	{ BASE "sweep: {data.train.path: [a, b], zip: {train.seed: [1]}}\n", NULL, "train.seed", "a.yaml:3:52" },
	{ BASE, "loss={name: gce, q: 0.1}", "loss.q", "--set loss={name: gce, q: 0.1}" },
};

START_TEST(test_place)
{
	const char *const sets[MAX_SETS] = { places[_i].set };
	struct lb_err err = { 0 };
	struct lb_config *config = load(places[_i].yaml, sets, true, &err);

	ck_assert_msg(config, "%s", err.text);
	char *place = lb_config_place(config, places[_i].path, &err);
	ck_assert_str_eq(place, places[_i].expected);
	free(place);
	lb_config_free(config);
}
END_TEST

START_TEST(test_name)
{
	static const char *const named[MAX_SETS] = { "name=b" }, *const swept[MAX_SETS] = { "loss=ce,gce" };
	struct lb_err err = { 0 };
	struct lb_config *config = load("name: c\n", NULL, true, &err);

	ck_assert_str_eq(lb_config_name(config), "c");
	lb_config_free(config);
	config = load("name: c\nsweep: {train.seed: [1]}\n", named, true, &err);
	ck_assert_str_eq(lb_config_name(config), "b");
	lb_config_free(config);
	config = load("sweep:\n", swept, true, &err);
	ck_assert_str_eq(lb_config_name(config), "a");
	lb_config_free(config);
}
END_TEST

/* The schema's item of an option: in a block of the component that it belongs to, or by its
 * path. */
static const cJSON *schema_of(const cJSON *schema, const struct lb_option *o)
{
	char copy[100], *rest = copy, *key;
	const cJSON *block, *found = NULL;

	ck_assert(strlen(o->path) < sizeof copy);
	strcpy(copy, o->path);
	while ((key = strsep(&rest, "."))) {
		found = lb_json_at(schema, "properties");
		cJSON_ArrayForEach(block, lb_json_at(schema, "oneOf"))
			if (!found)
				found = lb_json_at(block, "properties");
		schema = cJSON_GetObjectItemCaseSensitive(found, key);
	}
	return schema;
}

/* Every option of the table has a place in the schema, and its help. */
START_TEST(test_schema)
{
	struct lb_err err = { 0 };
	cJSON *schema = lb_config_schema(&registry, &err);

	ck_assert_msg(schema, "%s", err.text);
	for (size_t i = 0; i < lb_option_count(); i++) {
		const struct lb_option *o = lb_option_at(i);
		ck_assert_msg(cJSON_IsString(lb_json_at(schema_of(schema, o), "description")), "%s", o->path);
	}
	const cJSON *blocks = lb_json_at(schema, "properties.loss.oneOf");
	ck_assert_int_eq(cJSON_GetArraySize(blocks), 6);
	ck_assert_int_eq(cJSON_GetArraySize(lb_json_at(cJSON_GetArrayItem(blocks, 0), "enum")), 5);
	char *focus = canonical(lb_json_at(cJSON_GetArrayItem(blocks, 3), "properties.gamma"));
	ck_assert_str_eq(focus, "{\"default\":2,\"description\":\"focus\",\"maximum\":10,\"minimum\":0,\"type\":\"number\"}");
	free(focus);
	cJSON_Delete(schema);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");

	tcase_add_checked_fixture(t, enter, leave);
	tcase_add_test(t, test_defaults);
	tcase_add_loop_test(t, test_part, 0, sizeof parts / sizeof *parts);
	tcase_add_loop_test(t, test_sweep, 0, sizeof sweeps / sizeof *sweeps);
	tcase_add_test(t, test_shared);
	tcase_add_test(t, test_pure);
	tcase_add_loop_test(t, test_error, 0, sizeof errors / sizeof *errors);
	tcase_add_test(t, test_one_trial_only);
	tcase_add_test(t, test_many_faults);
	tcase_add_loop_test(t, test_place, 0, sizeof places / sizeof *places);
	tcase_add_test(t, test_name);
	tcase_add_test(t, test_schema);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("config")
