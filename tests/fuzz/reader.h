/* The target of a reader, whose name is FORMAT: the table, its summary and the dataset made of
 * it. */
#include "datasets/dataset.h"
#include "tests/fuzz/fuzz.h"

static void assemble(struct lb_table *t, enum lb_kind kind)
{
	static const char *const paths_of[LB_FILES] = { "input" };
	struct lb_table *const tables[LB_FILES] = { t };
	const struct lb_roles roles = { .kind = kind, .categorical_auto = true, .missing = LB_MISSING_MEAN };
	struct lb_dataset *d = NULL;
	struct lb_err err = { 0 };

	if (lb_dataset_assemble(tables, paths_of, &roles, &d, &err))
		fuzz_check_error(&err, LB_DATA, LB_MACHINE);
	else
		FUZZ_CHECK(d && d->n > 0);
	lb_dataset_free(d);
}

static void read_as(const char *path, const struct lb_read_options *opt, enum lb_kind kind)
{
	struct lb_table t = { 0 };
	struct lb_err err = { 0 };
	size_t n = 0;

	if (lb_table_read(path, opt, &t, &err)) {
		fuzz_check_error(&err, LB_DATA, LB_MACHINE);
		FUZZ_CHECK(!t.n && !t.n_cols && !t.col && !t.block.x);
	} else {
		struct lb_summary *s = opt->by_rows ? NULL : lb_table_summary(&t, &n, &err);
		FUZZ_CHECK((s && n == t.block.d + t.n_cols) || opt->by_rows);
		FUZZ_CHECK(strlen(t.sha256) == 64);
		lb_summary_free(s, n);
		assemble(&t, kind);
	}
	lb_table_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *path = fuzz_file(data, n);
	struct lb_read_options opt = { .format = FORMAT, .missing_ok = true, .max_bytes = 4 << 20, .max_memory = 32 << 20 };

	read_as(path, &opt, LB_MULTICLASS);
	opt.by_rows = true;
	opt.index_base = LB_BASE_AUTO;
	opt.no_labels = true;
	opt.role = LB_READ_FEATURES;
	read_as(path, &opt, LB_REGRESSION);
	opt.by_rows = n % 4 > 1;
	opt.role = LB_READ_LABELS;
	opt.header = n % 2 ? 1 : -1;
	opt.format = NULL;
	read_as(path, &opt, LB_BINARY);
	return 0;
}
