#include "core/engine/model/net.h"

#include "core/engine/kernels/kernels.h"
#include "core/engine/model/activation.h"
#include "core/engine/model/head/head.h"
#include "core/numeric/thread_team.h"

#include <string.h>

static struct lb_panels rows_of(const real *x, size_t ld)
{
	return (struct lb_panels){ .x = (real *)x, .panel = LB_PANEL, .row = ld };
}

static struct lb_panels stacked(const real *x, size_t rows)
{
	return (struct lb_panels){ .x = (real *)x, .panel = rows * LB_PANEL, .row = LB_PANEL };
}

/* From a column on, the first of a panel. */
static struct lb_panels stacked_from(const real *x, size_t rows, size_t column)
{
	return stacked(x + column * rows, rows);
}

static void drop(const struct lb_net *net, struct lb_layer *l, const struct lb_pass *p, size_t index)
{
	const bool again = p->draw && index + 2 == net->spec.n_layers;
	const uint64_t step = (uint64_t)p->step;
	const double keep = 1 - net->spec.dropout;
	const uint32_t below = (uint32_t)(keep * 4294967295.0);
	struct lb_rng rng;

	lb_rng_init(&rng, net->spec.seed, again ? LB_RNG_DROPOUT_AGAIN : LB_RNG_DROPOUT, again ? step * LB_MOST_DRAWS + p->draw : step * LB_MAX_LAYERS + index);
	for (size_t i = 0; i < p->b; i++)
		for (size_t j = i * l->ld; j < i * l->ld + l->out; j++) {
			l->mask[j] = lb_rng_u32(&rng) <= below ? (real)(1 / keep) : R(0.0);
			l->h[j] *= l->mask[j];
		}
}

/* What one of the threads does of a layer's work: rows `row` .. `row` + `rows` of a batch, and
 * columns `column` .. `column` + `columns` of the layer, in whole panels. A wide layer is cut into
 * columns, so that a thread mostly has the same weights, and with them their gradient and update,
 * in its own cache; a narrow one into rows, of which fewer than ROW_GRAIN are not worth a second
 * thread. */
enum { ROW_GRAIN = 16, COLUMN_GRAIN = 2 * LB_PANEL };

struct part {
	size_t row, rows, column, columns;
};

static bool cut_by_columns(const struct lb_layer *l, size_t size)
{
	return size > 1 && l->ld >= size * COLUMN_GRAIN && 5 * l->out >= 4 * l->ld;
}

static struct part part_of(const struct lb_layer *l, size_t b, size_t i, size_t size)
{
	struct part p = { .rows = b, .columns = l->ld };

	if (cut_by_columns(l, size))
		p.columns = lb_team_share(l->ld, COLUMN_GRAIN, i, size, &p.column) - p.column;
	else
		p.rows = lb_team_share(b, ROW_GRAIN, i, size, &p.row) - p.row;
	return p;
}

/* The same work by pieces of at most `high` rows and COLUMN_GRAIN columns, going down the rows
 * first: threads that are done with their own help the others. */
enum { PIECE_ROWS = 64, TOLD_ROWS = 112 };

static size_t pieces_of(size_t rows, size_t ld, size_t high)
{
	return (rows + high - 1) / high * ((ld + COLUMN_GRAIN - 1) / COLUMN_GRAIN);
}

static struct part piece_of(size_t rows, size_t ld, size_t high, size_t k)
{
	const size_t down = (rows + high - 1) / high, row = k % down * high, column = k / down * COLUMN_GRAIN;

	return (struct part){ row, rows - row < high ? rows - row : high, column, ld - column < COLUMN_GRAIN ? ld - column : COLUMN_GRAIN };
}

/* Rows of a forward piece; all where another number would change the bytes. */
static size_t piece_rows(size_t b)
{
	return lb_kernel()->chain ? PIECE_ROWS : b;
}

struct forward_job {
	const struct lb_net *net;
	const struct lb_pass *pass;
	const struct lb_layer *l;
	const real *w, *x;
	size_t stride;           /* of rows of x */
};

/* a (b,out) = x (b,in) . W + bias, h = activation of a in a hidden layer; a part of it */
static void make_scores(const struct forward_job *j, struct part p)
{
	const struct lb_layer *l = j->l;
	const struct lb_panels w = stacked_from(j->w + l->w, l->in, p.column), a = rows_of(l->a + p.row * l->ld + p.column, l->ld);
	const real *bias = j->w + l->b + p.column;

	if (j->pass->first_layer_done && l == j->net->layer)
		;
	else if (!j->x) {
		const struct lb_compressed *all = j->pass->sparse, some = { all->start + p.row, all->end + p.row, all->column, all->value };
		if (l->column)
			lb_kernel()->sparse_column_product(p.rows, &some, w.x, bias[0], a);
		else
			lb_kernel()->sparse_product(p.rows, p.columns, &some, w, bias, a);
	} else {
		const struct lb_left x = { j->x + p.row * j->stride, j->stride, 1 };
		if (l->column)
			lb_kernel()->column_product(p.rows, l->in, x, w.x, bias[0], a);
		else
			lb_kernel()->product(p.rows, p.columns, l->in, x, w, bias, a);
	}
	if (l->h)
		lb_activate(j->net->spec.activation, p.rows, p.columns, l->ld, a.x, l->h + p.row * l->ld + p.column);
}

static void forward_part(void *arg, size_t i, size_t size)
{
	const struct forward_job *j = arg;

	make_scores(j, part_of(j->l, j->pass->b, i, size));
}

static void forward_piece(void *arg, size_t k)
{
	const struct forward_job *j = arg;

	make_scores(j, piece_of(j->pass->b, j->l->ld, piece_rows(j->pass->b), k));
}

static bool drops(const struct lb_net *net, const struct lb_pass *p)
{
	return net->spec.dropout > 0 && p->step >= 0;
}

static struct lb_head_pass head_pass(const struct lb_net *net, const real *w, const struct lb_pass *p)
{
	const struct lb_layer *l = &net->layer[net->spec.n_layers - 1];
	struct lb_head_pass at = { .b = p->b, .in = l->in, .out = l->out, .ld = l->ld, .w = w + l->w, .par = net->spec.head_par, .row = net->head_row,
				   .column = net->head_column, .row_pull = net->head_row + net->max_b, .column_pull = net->head_column + l->ld };

	at.h = lb_net_features(net, p->x, &at.in, &at.stride);
	return at;
}

/* z (b, out) += the rows' offsets. */
static void add_offsets(const struct lb_pass *p, const struct lb_layer *l, real *z)
{
	for (size_t i = 0; p->offset && i < p->b; i++)
		for (size_t k = 0; k < l->out; k += p->outputs)
			z[i * l->ld + k] = (real)((double)z[i * l->ld + k] + p->offset[p->rows[i]]);
}

const real *lb_net_forward(struct lb_net *net, const real *w, const struct lb_pass *p)
{
	const size_t first = p->draw && net->spec.n_layers > 1 ? net->spec.n_layers - 2 : 0;
	struct forward_job job = { .net = net, .pass = p, .w = w, .x = first ? net->layer[first - 1].h : p->x, .stride = first ? net->layer[first - 1].ld : net->layer[0].in };

	for (size_t i = first; i < net->spec.n_layers - p->features_only; i++) {
		struct lb_layer *l = &net->layer[i];
		job.l = l;
		if (cut_by_columns(l, lb_team_size(p->team)))
			lb_team_pieces(p->team, pieces_of(p->b, l->ld, piece_rows(p->b)), forward_piece, &job);
		else
			lb_team_run(p->team, forward_part, &job);
		if (drops(net, p) && l->h)
			drop(net, l, p, i);
		job.x = l->h;
		job.stride = l->ld;
	}
	if (p->features_only)
		return NULL;
	real *z = net->layer[net->spec.n_layers - 1].a;
	if (net->head->scores) {
		const struct lb_head_pass at = head_pass(net, w, p);
		net->head->scores(&at, z);
	}
	add_offsets(p, &net->layer[net->spec.n_layers - 1], z);
	return z;
}

const real *lb_net_features(const struct lb_net *net, const real *x, size_t *d, size_t *stride)
{
	const size_t last = net->spec.n_layers - 1;

	*d = net->layer[last].in;
	*stride = last ? net->layer[last - 1].ld : *d;
	return last ? net->layer[last - 1].h : x;
}

size_t lb_net_features_stride(const struct lb_net *net)
{
	return net->spec.n_layers > 1 ? net->layer[net->spec.n_layers - 2].ld : 0;
}

struct backward_job {
	const struct lb_net *net;
	const struct lb_pass *pass;
	const struct lb_layer *l, *below; /* below NULL: the first layer */
	struct lb_left seen;          /* the layer's input, transposed */
	const real *d;                   /* (b,out) */
	const real *w;                   /* the flat vector */
	const real *transposed;          /* the layer's weights, transposed; where there is a layer below. NULL: it is left out */
	real *g, *next;
	const real *dfeatures;           /* the pass's, in the output layer; else NULL */
	const double *row_pull, *column_pull; /* a head's (core/engine/model/head/head.h), in its layer; else NULL */
};

/* Returns the transpose of a layer's weights, made in `room`; for weights side by side, they
 * themselves. */
static const real *transposed(const struct lb_layer *l, const real *w, real *room)
{
	if (l->column)
		return w + l->w;
	lb_kernel()->transpose(l->in, l->out, stacked(w + l->w, l->in), stacked(room, l->out));
	return room;
}

/* Starts at the output layer: d <- the derivatives by its products of features and weights. */
static void begin_backward(struct backward_job *j, const real *dz)
{
	const struct lb_net *net = j->net;

	j->d = dz;
	j->dfeatures = j->pass->dfeatures;
	if (!net->head->backward)
		return;
	const struct lb_head_pass at = head_pass(net, j->w, j->pass);
	net->head->backward(&at, net->layer[net->spec.n_layers - 1].a, dz, net->products);
	j->d = net->products;
	j->row_pull = at.row_pull;
	j->column_pull = at.column_pull;
}

/* Adds column_pull times the weights to their gradient, a part of it. */
static void pull_weights(const struct backward_job *j, struct part p, struct lb_panels g)
{
	const struct lb_layer *l = j->l;

	for (size_t c = 0; j->column_pull && c < p.columns; c += LB_PANEL) {
		const real *w = j->w + l->w + (p.column + c) * l->in + p.row * LB_PANEL;
		const double *pull = j->column_pull + p.column + c;
		real *to = g.x + c / LB_PANEL * g.panel;
		for (size_t i = 0; i < p.rows * LB_PANEL; i++)
			to[i] += (real)(pull[i % LB_PANEL] * (double)w[i]);
	}
}

/* Adds row_pull times the rows of features h to the gradient by them, n columns of `rows` rows. */
static void pull_rows(const double *row_pull, size_t rows, size_t n, const real *h, size_t stride, real *d, size_t ld)
{
	for (size_t r = 0; row_pull && r < rows; r++)
		for (size_t k = 0; k < n; k++)
			d[r * ld + k] += (real)(row_pull[r] * (double)h[r * stride + k]);
}

/* Adds n columns of `rows` rows of what a loss says of the features itself to the gradient by
 * them. */
static void add_rows(const real *dfeatures, size_t rows, size_t n, real *d, size_t ld)
{
	for (size_t r = 0; dfeatures && r < rows; r++)
		for (size_t k = 0; k < n; k++)
			d[r * ld + k] += dfeatures[r * ld + k];
}

/* gW (in,out) = x' (in,b) . d, a part of it */
static void make_gradient(const struct backward_job *j, struct part p)
{
	const struct lb_layer *l = j->l;
	struct lb_panels to = stacked_from(j->g + l->w, l->in, p.column);

	if (l->column) {
		lb_kernel()->column_gradient(j->pass->b, p.rows, (struct lb_left){ j->seen.x + p.row, j->seen.column, 1 }, rows_of(j->d, l->ld),
					     j->g + l->w + p.row);
		return;
	}
	to.x += p.row * LB_PANEL;
	if (l->transposed_gradient) {
		const struct lb_panels transposed = rows_of(j->net->gradient + p.row, LB_PADDED(l->in));
		lb_kernel()->product(l->out, LB_PADDED(p.rows), j->pass->b, (struct lb_left){ j->d, 1, l->ld }, rows_of(j->seen.x + p.row, j->seen.column),
					NULL, transposed);
		lb_kernel()->transpose(l->out, p.rows, transposed, to);
	} else {
		lb_kernel()->product(p.rows, p.columns, j->pass->b, (struct lb_left){ j->seen.x + p.row, j->seen.row, j->seen.column },
					rows_of(j->d + p.column, l->ld), NULL, to);
	}
	pull_weights(j, p, to);
}

/* gW of the rows of W that the sparse rows have entries for += x' . d */
static void sparse_gradient(const struct backward_job *j)
{
	const struct lb_layer *l = j->l;

	if (l->column)
		lb_kernel()->sparse_column_gradient(j->pass->b, j->pass->sparse, rows_of(j->d, l->ld), j->g + l->w);
	else
		lb_kernel()->sparse_transposed(j->pass->b, l->ld, j->pass->sparse, rows_of(j->d, l->ld), stacked(j->g + l->w, l->in));
}

/* Computes one tile of dW into a stack buffer and passes it to on_gradient while it is still in the
 * first caches. The tile is not written to g. */
static void tell_piece(void *arg, size_t k)
{
	const struct backward_job *j = arg;
	const struct lb_layer *l = j->l;
	const struct part p = piece_of(l->in, l->ld, TOLD_ROWS, k);
	real g[TOLD_ROWS * COLUMN_GRAIN] __attribute__((aligned(64)));

	lb_kernel()->product(p.rows, p.columns, j->pass->b, (struct lb_left){ j->seen.x + p.row, j->seen.row, j->seen.column },
				rows_of(j->d + p.column, l->ld), NULL, stacked(g, p.rows));
	pull_weights(j, p, stacked(g, p.rows));
	for (size_t c = 0; c < p.columns; c += LB_PANEL)
		j->pass->on_gradient(j->pass->arg, l->w + (p.column + c) * l->in + p.row * LB_PANEL, p.rows * LB_PANEL, g + c * p.rows);
}

/* Whether the gradient of the layer's weights is made and told of by pieces. */
static bool by_pieces(const struct backward_job *j, size_t size)
{
	return j->seen.x && j->pass->on_gradient && !j->l->column && !j->l->transposed_gradient && (size == 1 || cut_by_columns(j->l, size));
}

static void clear_part(struct part p, real *x, size_t ld)
{
	for (size_t r = 0; r < p.rows; r++)
		memset(x + r * ld, 0, p.columns * sizeof *x);
}

/* next (b,in) = d (b,out) . W', or 0 where the output layer is left out, through the activation of
 * the layer below */
static void next_part(void *arg, size_t i, size_t size)
{
	const struct backward_job *j = arg;
	const size_t out = j->l->out, ld = j->below->ld;
	const struct part p = part_of(j->below, j->pass->b, i, size);
	const size_t first = p.row * ld + p.column;
	real *next = j->next + first;

	if (j->transposed)
		lb_kernel()->product(p.rows, p.columns, out, (struct lb_left){ j->d + p.row * j->l->ld, j->l->ld, 1 },
					stacked_from(j->transposed, out, p.column), NULL, rows_of(next, ld));
	else
		clear_part(p, next, ld);
	pull_rows(j->row_pull ? j->row_pull + p.row : NULL, p.rows, p.columns, j->below->h + first, ld, next, ld);
	add_rows(j->dfeatures ? j->dfeatures + first : NULL, p.rows, p.columns, next, ld);
	for (size_t r = 0; drops(j->net, j->pass) && r < p.rows; r++)
		for (size_t k = 0; k < p.columns; k++)
			next[r * ld + k] *= j->below->mask[first + r * ld + k];
	lb_activate_back(j->net->spec.activation, p.rows, p.columns, ld, j->below->a + first, next);
}

static void backward_part(void *arg, size_t i, size_t size)
{
	const struct backward_job *j = arg;

	if (j->seen.x && !by_pieces(j, size))
		make_gradient(j, part_of(j->l, j->l->in, i, size));
	if (j->below)
		next_part(arg, i, size);
}

/* Starts below the output layer, with the derivatives by the features. */
static void begin_below(struct backward_job *j)
{
	const struct lb_net *net = j->net;

	j->l = &net->layer[net->spec.n_layers - 1];
	j->below = j->l - 1;
	j->next = net->delta[(net->spec.n_layers - 1) % 2];
	j->dfeatures = j->pass->dfeatures;
	lb_team_run(j->pass->team, next_part, j);
	j->d = j->next;
	j->dfeatures = NULL;
}

void lb_net_backward(struct lb_net *net, const real *w, const struct lb_pass *p, const real *dz, real *g)
{
	struct backward_job job = { .net = net, .pass = p, .w = w, .g = g };

	if (p->features_only)
		begin_below(&job);
	else
		begin_backward(&job, dz);
	for (size_t i = net->spec.n_layers - p->features_only; i-- > 0;) {
		const struct lb_layer *l = &net->layer[i], *below = i ? l - 1 : NULL;

		job.l = l;
		job.below = below;
		job.next = net->delta[i % 2];
		job.seen = (struct lb_left){ below ? below->h : p->x, 1, below ? below->ld : l->in };
		if (below)
			job.transposed = transposed(l, w, net->transposed);
		const bool pieces = by_pieces(&job, lb_team_size(p->team));
		if (below || !pieces)
			lb_team_run(p->team, backward_part, &job);
		if (pieces)
			lb_team_pieces(p->team, pieces_of(l->in, l->ld, TOLD_ROWS), tell_piece, &job);
		else if (!job.seen.x)
			sparse_gradient(&job);
		else if (p->on_gradient)
			p->on_gradient(p->arg, l->w, l->b - l->w, g + l->w);
		if (net->spec.bias_init == LB_BIAS_NONE || (job.column_pull && net->head->scale))
			memset(g + l->b, 0, l->ld * sizeof *g);
		else
			lb_kernel()->column_sums(p->b, l->ld, rows_of(job.d, l->ld), g + l->b);
		job.d = job.next;
		job.dfeatures = NULL;
		job.row_pull = job.column_pull = NULL;
	}
}

/* dx (b,in) = d (b,out) . W' of the first layer, whose transpose is `transposed` */
struct input_job {
	const struct lb_layer *l;
	const real *d, *transposed, *x;
	const double *row_pull;
	real *dx;
	size_t b;
};

static void input_rows(void *arg, size_t i, size_t size)
{
	const struct input_job *j = arg;
	const size_t out = j->l->out, ld = LB_PADDED(j->l->in);
	size_t start;
	const size_t rows = lb_team_share(j->b, ROW_GRAIN, i, size, &start) - start;

	lb_kernel()->product(rows, ld, out, (struct lb_left){ j->d + start * j->l->ld, j->l->ld, 1 }, stacked(j->transposed, out), NULL,
				rows_of(j->dx + start * ld, ld));
	pull_rows(j->row_pull ? j->row_pull + start : NULL, rows, j->l->in, j->x + start * j->l->in, j->l->in, j->dx + start * ld, ld);
}

void lb_net_input_gradient(struct lb_net *net, const real *w, const struct lb_pass *p, const real *dz, real *room, real *dx)
{
	const struct lb_layer *first = &net->layer[0];
	struct backward_job job = { .net = net, .pass = p, .w = w };

	begin_backward(&job, dz);
	for (size_t i = net->spec.n_layers; i-- > 1;) {
		job.l = &net->layer[i];
		job.below = job.l - 1;
		job.next = net->delta[i % 2];
		job.transposed = transposed(job.l, w, net->transposed);
		lb_team_run(p->team, next_part, &job);
		job.d = job.next;
		job.dfeatures = NULL;
		job.row_pull = NULL;
	}
	lb_team_run(p->team, input_rows, &(struct input_job){ .l = first, .d = job.d, .transposed = transposed(first, w, room), .x = p->x, .row_pull = job.row_pull, .dx = dx, .b = p->b });
}
