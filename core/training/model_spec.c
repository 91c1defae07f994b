#include "core/training/model_spec.h"

#include "core/training/head_info.h"
#include "losses/loss_info.h"

static const char *const inits[] = { "torch", "xavier", "he", "zero", NULL };
static const char *const activations[] = { "relu", "tanh", "gelu", "identity", "cos", NULL };

#define INIT_HELP "initial weights: torch (weights and biases uniform within 1/sqrt(inputs)), xavier or he (normal, biases 0), zero"

static const char *const bias_inits[] = { "scheme", "zero", "uniform", "none", NULL };
#define BIAS_HELP "initial biases: scheme (as init has them), zero, uniform (within 1/sqrt(inputs)); none: they stay 0"

#define DIMENSION_HELP "task embedding: columns of the embedding; task anomaly: of outputs that are trained to be near a centre, or 0: the features; 0 in every other task"

#define HEADS_HELP "output layers side by side, for terms that read another than head 1"
#define START { .name = "start", .type = LB_TEXT_PARAM, .help = "a saved model (output.model: true) with whose parameters the training begins; drawn by init and seed if not given" }

enum { LINEAR_INIT, LINEAR_BIAS, LINEAR_SEED, LINEAR_DIMENSION, LINEAR_HEADS, LINEAR_START };
static const struct lb_param linear_params[] = {
	[LINEAR_INIT] = { .name = "init", .type = LB_CHOICE_PARAM, .choices = inits, .def = LB_INIT_TORCH, .help = INIT_HELP },
	[LINEAR_BIAS] = { .name = "bias_init", .type = LB_CHOICE_PARAM, .choices = bias_inits, .def = LB_BIAS_SCHEME, .help = BIAS_HELP },
	[LINEAR_SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "seed of the initial weights; default train.seed" },
	[LINEAR_DIMENSION] = { .name = "dimension", .type = LB_INT_PARAM, .min = 0, .max = 65536, .help = DIMENSION_HELP },
	[LINEAR_HEADS] = { .name = "heads", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = LB_MOST_HEADS, .help = HEADS_HELP },
	[LINEAR_START] = START,
};

static const double default_hidden[] = { 64 };
static const char *const start_layers[] = { "all", "hidden", NULL };
enum { MLP_HIDDEN, MLP_ACTIVATION, MLP_DROPOUT, MLP_INIT, MLP_BIAS, MLP_SEED, MLP_DIMENSION, MLP_HEADS, MLP_START, MLP_START_LAYERS };
static const struct lb_param mlp_params[] = {
	[MLP_HIDDEN] = { .name = "hidden", .type = LB_INTS_PARAM, .def_list = default_hidden, .n_def_list = 1, .min = 1, .max = 65536,
			 .help = "widths of the hidden layers, first to last" },
	[MLP_ACTIVATION] = { .name = "activation", .type = LB_CHOICE_PARAM, .choices = activations, .def = LB_RELU,
			     .help = "after every hidden layer; gelu is the exact form with erf; identity makes a deep linear network" },
	[MLP_DROPOUT] = { .name = "dropout", .type = LB_REAL_PARAM, .min = 0, .max = 1, .max_open = true, .grid = { 0, 0.2, 0.5 },
			  .n_grid = 3, .help = "share of hidden units dropped in training" },
	[MLP_INIT] = { .name = "init", .type = LB_CHOICE_PARAM, .choices = inits, .def = LB_INIT_TORCH, .help = INIT_HELP },
	[MLP_BIAS] = { .name = "bias_init", .type = LB_CHOICE_PARAM, .choices = bias_inits, .def = LB_BIAS_SCHEME, .help = BIAS_HELP },
	[MLP_SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "seed of initial weights and dropout; default train.seed" },
	[MLP_DIMENSION] = { .name = "dimension", .type = LB_INT_PARAM, .min = 0, .max = 65536, .help = DIMENSION_HELP },
	[MLP_HEADS] = { .name = "heads", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = LB_MOST_HEADS, .help = HEADS_HELP },
	[MLP_START] = START,
	[MLP_START_LAYERS] = { .name = "start_layers", .type = LB_CHOICE_PARAM, .choices = start_layers, .help = "the layers that begin with the parameters of "
			       "start; hidden leaves out the output layer, which is drawn: for other classes or another task" },
};

enum { BAYES_SMOOTHING };
static const struct lb_param bayes_params[] = {
	[BAYES_SMOOTHING] = { .name = "smoothing", .symbol = "s", .type = LB_REAL_PARAM, .def = 1e-9, .min = 0, .max = 1e6, .min_open = true,
			      .help = "added to every variance" },
};

static int make_linear(const struct lb_arg *par, size_t inputs, size_t outputs, struct lb_model_spec *out, struct lb_err *err)
{
	const size_t columns = par[LINEAR_DIMENSION].v > 0 ? (size_t)par[LINEAR_DIMENSION].v : outputs, heads = (size_t)par[LINEAR_HEADS].v;

	(void)err;
	*out = (struct lb_model_spec){ .n_layers = 1, .width = { inputs, heads * columns }, .heads = heads, .init = (enum lb_init)par[LINEAR_INIT].v,
				       .bias_init = (enum lb_bias_init)par[LINEAR_BIAS].v, .seed = (uint64_t)par[LINEAR_SEED].v };
	return 0;
}

const struct lb_model_kind lb_model_kind_linear = {
	.base = { .name = "linear", .tasks = LB_EVERY_TASK, .traits = LB_FIXED_FEATURES | LB_ONE_LAYER, .title = "Linear model: one affine layer", .cite = "classic", .formula = "z = W x + b",
		  .keywords = "logistic regression linear probe softmax", LB_PARAMS(linear_params) },
	.make = make_linear,
};

static int make_mlp(const struct lb_arg *par, size_t inputs, size_t outputs, struct lb_model_spec *out, struct lb_err *err)
{
	const struct lb_arg *hidden = &par[MLP_HIDDEN];
	const size_t heads = (size_t)par[MLP_HEADS].v;

	if (hidden->n >= LB_MAX_LAYERS)
		return lb_fail(err, LB_CONFIG, "model.hidden: found %zu layers, allowed: at most %d", hidden->n, LB_MAX_LAYERS - 1);
	*out = (struct lb_model_spec){ .n_layers = hidden->n + 1, .width = { inputs }, .heads = heads, .activation = (enum lb_activation)par[MLP_ACTIVATION].v,
				       .dropout = par[MLP_DROPOUT].v, .init = (enum lb_init)par[MLP_INIT].v,
				       .bias_init = (enum lb_bias_init)par[MLP_BIAS].v, .seed = (uint64_t)par[MLP_SEED].v };
	for (size_t i = 0; i < hidden->n; i++)
		out->width[i + 1] = (size_t)hidden->list[i];
	out->width[out->n_layers] = heads * (par[MLP_DIMENSION].v > 0 ? (size_t)par[MLP_DIMENSION].v : outputs);
	return 0;
}

const struct lb_model_kind lb_model_kind_mlp = {
	.base = { .name = "mlp", .tasks = LB_EVERY_TASK, .title = "Multi-layer perceptron", .cite = "classic",
		  .formula = "h_0 = x, h_i = dropout(act(W_i h_{i-1} + b_i)), z = W h + b", .keywords = "neural network dense feed-forward",
		  .notes = "Gelu: Hendrycks & Gimpel, Gaussian Error Linear Units, 2016. Dropout: Srivastava et al., JMLR 2014 (inverted form). "
			   "xavier: Glorot & Bengio, AISTATS 2010, normal form; he: He et al., ICCV 2015, normal form; torch: the default of "
			   "torch.nn.Linear.",
		  LB_PARAMS(mlp_params) },
	.make = make_mlp,
};

static int make_naive_bayes(const struct lb_arg *par, size_t inputs, size_t outputs, struct lb_model_spec *out, struct lb_err *err)
{
	(void)err;
	*out = (struct lb_model_spec){ .n_layers = 1, .width = { inputs, outputs }, .init = LB_INIT_ZERO, .closed_form = LB_NAIVE_BAYES,
				       .smoothing = par[BAYES_SMOOTHING].v };
	return 0;
}

const struct lb_model_kind lb_model_kind_naive_bayes = {
	.base = {
		.name = "naive_bayes",
		.tasks = LB_CLASS_TASKS,
		.traits = LB_CLOSED_FORM | LB_ONE_LAYER,
		.title = "Gaussian naive Bayes, one diagonal variance for all classes",
		.cite = "classic; in the form of Zheng et al., Revisiting Discriminative vs. Generative Classifiers, ICML 2023",
		.formula = "v = sum_c n_c/n (var_c + s); z_c = log(n_c/n) - 1/2 sum_i (x_i - mu_ci)^2/v_i, linear in x: W_c = mu_c/v, "
			   "b_c = log(n_c/n) - 1/2 sum_i mu_ci^2/v_i",
		.notes = "Fitted in closed form from the training rows: loss, optimizer, schedule, epochs and batch have no effect, and the record "
			 "shows 0 epochs and 0 steps. Row weights count as rows. The term of x^2, the same for all classes, is left out of the "
			 "scores. Binary: the difference of the two scores. A class without training rows is refused.",
		.keywords = "bayes gaussian generative nb",
		LB_PARAMS(bayes_params),
	},
	.make = make_naive_bayes,
};

static const char *const covariances[] = { "ledoit_wolf", "shrunk", "empirical", NULL };

enum { LDA_COVARIANCE, LDA_SHRINKAGE };
static const struct lb_param lda_params[] = {
	[LDA_COVARIANCE] = { .name = "covariance", .type = LB_CHOICE_PARAM, .choices = covariances,
			     .help = "of the features within the classes: ledoit_wolf chooses the shrinkage; empirical has none" },
	[LDA_SHRINKAGE] = { .name = "shrinkage", .symbol = "s", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1, .grid = { 0.01, 0.1, 0.5 }, .n_grid = 3,
			    .help = "of covariance shrunk: 0 is the empirical one, 1 a multiple of the unit matrix" },
};

static int make_lda(const struct lb_arg *par, size_t inputs, size_t outputs, struct lb_model_spec *out, struct lb_err *err)
{
	(void)err;
	*out = (struct lb_model_spec){ .n_layers = 1, .width = { inputs, outputs }, .init = LB_INIT_ZERO, .closed_form = LB_LDA,
				       .covariance = (enum lb_covariance)par[LDA_COVARIANCE].v, .shrinkage = par[LDA_SHRINKAGE].v };
	return 0;
}

const struct lb_model_kind lb_model_kind_lda = {
	.base = {
		.name = "lda",
		.tasks = LB_CLASS_TASKS,
		.traits = LB_CLOSED_FORM | LB_ONE_LAYER,
		.title = "Linear discriminant analysis: Gaussian classes of one covariance",
		.cite = "R. A. Fisher, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7, 1936; shrinkage: O. Ledoit, M. Wolf, A well-conditioned "
			"estimator for large-dimensional covariance matrices, Journal of Multivariate Analysis 88, 2004",
		.formula = "S = (1/n) sum_i (x_i - mu_{y_i})(x_i - mu_{y_i})', V = (1 - s) S + s tr(S)/d I;  W_c = V^-1 mu_c, b_c = log(n_c/n) - 1/2 mu_c' V^-1 mu_c",
		.notes = "Fitted in closed form from the training rows, as naive_bayes is. Row weights count as rows. Binary: the difference of the two scores. An empirical "
			 "covariance without an inverse is refused. ledoit_wolf takes s of the rows less their class's mean, all classes together; scikit-learn's "
			 "shrinkage=auto takes one of each class. Time grows as rows d^2 and d^3.",
		.keywords = "linear_discriminant_analysis fisher class_gaussians ledoit_wolf gaussian generative",
		LB_PARAMS(lda_params),
	},
	.make = make_lda,
};

static const char *const feature_activations[] = { "cos", "relu", "tanh", "gelu", "identity", NULL };
static const enum lb_activation activation_of[] = { LB_COS, LB_RELU, LB_TANH, LB_GELU, LB_IDENTITY };

enum { FEATURES_N, FEATURES_ACTIVATION, FEATURES_WEIGHTS, FEATURES_BIASES, FEATURES_RIDGE, FEATURES_INTERCEPT, FEATURES_SEED };
static const struct lb_param features_params[] = {
	[FEATURES_N] = { .name = "features", .symbol = "k", .type = LB_INT_PARAM, .def = 400, .min = 1, .max = 8192, .help = "random features" },
	[FEATURES_ACTIVATION] = { .name = "activation", .type = LB_CHOICE_PARAM, .choices = feature_activations,
				  .help = "cos approximates a Gaussian kernel, relu an arc-cosine kernel; identity makes random projections" },
	[FEATURES_WEIGHTS] = { .name = "weight_sd", .symbol = "s", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6, .min_open = true, .grid = { 0.3, 1, 3 }, .n_grid = 3,
			       .help = "standard deviation of the weights, times the root of the number of inputs" },
	[FEATURES_BIASES] = { .name = "bias_sd", .symbol = "t", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6,
			      .help = "standard deviation of the biases; those of cos are spread evenly over a turn" },
	[FEATURES_RIDGE] = { .name = "ridge", .symbol = "r", .type = LB_REAL_PARAM, .def = 0.01, .min = 0, .max = 1e12, .min_open = true, .grid = { 1e-4, 0.01, 1 }, .n_grid = 3,
			     .help = "penalty of the output weights, against a sum over the rows" },
	[FEATURES_INTERCEPT] = { .name = "intercept", .type = LB_BOOL_PARAM, .def = 1, .help = "whether the output layer has biases, which are not penalised" },
	[FEATURES_SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the features; default train.seed" },
};

static int make_random_features(const struct lb_arg *par, size_t inputs, size_t outputs, struct lb_model_spec *out, struct lb_err *err)
{
	(void)err;
	*out = (struct lb_model_spec){ .n_layers = 2, .width = { inputs, (size_t)par[FEATURES_N].v, outputs },
				       .activation = activation_of[(size_t)par[FEATURES_ACTIVATION].v], .seed = (uint64_t)par[FEATURES_SEED].v,
				       .closed_form = LB_RANDOM_FEATURES,
				       .random = { par[FEATURES_WEIGHTS].v, par[FEATURES_BIASES].v, par[FEATURES_RIDGE].v, par[FEATURES_INTERCEPT].v != 0 } };
	return 0;
}

const struct lb_model_kind lb_model_kind_random_features = {
	.base = {
		.name = "random_features",
		.tasks = LB_CLASS_TASKS | 1u << LB_REGRESSION,
		.traits = LB_CLOSED_FORM,
		.title = "Ridge regression on a layer of random features",
		.cite = "A. Rahimi, B. Recht, Random Features for Large-Scale Kernel Machines, NIPS 2007; in the form of Simon et al., More is Better in Modern Machine Learning, ICLR 2024",
		.formula = "h = act(W x + b), W_ij ~ N(0, s^2/d), b_i ~ N(0, t^2); z = V h + c with V, c the minimum of sum_i |t_i - z_i|^2 + r k |V|^2",
		.notes = "Fitted in closed form from the training rows, as naive_bayes is. Row weights count relative to their mean. A class's target is 1 for its rows and -1 for the "
			 "others; binary: 1 and -1. So scores are no log probabilities: for log-loss and the like calibrate them (evaluate.calibration). r k |V|^2 "
			 "is kernel ridge regression with the kernel h(x).h(x')/k and penalty r; it is Ridge(alpha=r k) of scikit-learn. Time grows as rows k^2 and k^3, "
			 "memory as k^2.",
		.keywords = "extreme_learning_machine rff random_kitchen_sinks kernel_ridge least_squares rahimi_recht",
		LB_PARAMS(features_params),
	},
	.make = make_random_features,
};

static const char *const components[] = { "all", "high", "low", NULL };

enum { GAUSSIAN_COVARIANCE, GAUSSIAN_SHRINKAGE, GAUSSIAN_COMPONENTS, GAUSSIAN_VARIANCE };
static const struct lb_param gaussian_params[] = {
	[GAUSSIAN_COVARIANCE] = { .name = "covariance", .type = LB_CHOICE_PARAM, .choices = covariances,
				  .help = "of the features: ledoit_wolf chooses the shrinkage; empirical has none" },
	[GAUSSIAN_SHRINKAGE] = { .name = "shrinkage", .symbol = "s", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1, .grid = { 0.01, 0.1, 0.5 }, .n_grid = 3,
				 .help = "of covariance shrunk: 0 is the empirical one, 1 a multiple of the unit matrix" },
	[GAUSSIAN_COMPONENTS] = { .name = "components", .type = LB_CHOICE_PARAM, .choices = components,
				  .help = "principal components that count: all; high, the fewest that have the share `variance`; low, the others" },
	[GAUSSIAN_VARIANCE] = { .name = "variance", .symbol = "q", .type = LB_REAL_PARAM, .def = 0.95, .min = 0, .max = 1, .min_open = true, .max_open = true,
				.grid = { 0.5, 0.9, 0.95, 0.99 }, .n_grid = 4, .help = "of components high and low: the share of the variance between them" },
};

static int make_gaussian(const struct lb_arg *par, size_t inputs, size_t outputs, struct lb_model_spec *out, struct lb_err *err)
{
	(void)outputs;
	(void)err;
	*out = (struct lb_model_spec){ .n_layers = 1, .width = { inputs, inputs }, .init = LB_INIT_ZERO, .closed_form = LB_GAUSSIAN,
				       .covariance = (enum lb_covariance)par[GAUSSIAN_COVARIANCE].v, .shrinkage = par[GAUSSIAN_SHRINKAGE].v,
				       .components = (enum lb_components)par[GAUSSIAN_COMPONENTS].v, .variance = par[GAUSSIAN_VARIANCE].v };
	return 0;
}

const struct lb_model_kind lb_model_kind_gaussian = {
	.base = {
		.name = "gaussian",
		.tasks = 1u << LB_ANOMALY,
		.traits = LB_CLOSED_FORM | LB_WHITENS,
		.title = "One Gaussian of the normal rows, for anomaly scores by Mahalanobis distance",
		.cite = "O. Rippel, P. Mertens, D. Merhof, Modeling the distribution of normal data in pre-trained deep features for anomaly detection, ICPR 2020; shrinkage: O. "
			"Ledoit, M. Wolf, A well-conditioned estimator for large-dimensional covariance matrices, Journal of Multivariate Analysis 88, 2004",
		.formula = "S = (1/n) sum_i (x_i - mu)(x_i - mu)', V = (1 - s) S + s tr(S)/d I;  z = L^-1 (x - mu), L L' = V;  with components: z_k = v_k'(x - mu)/sqrt(l_k)",
		.notes = "Fitted in closed form from the training rows: loss, optimizer, schedule, epochs and batch have no effect, and the record shows 0 epochs and 0 "
			 "steps. Row weights count as rows. The outputs are whitened, so that the score of a row (evaluate.anomaly: mahalanobis) is |z|^2, the squared "
			 "distance of scikit-learn's EmpiricalCovariance and LedoitWolf. The components of S in descending order of variance: high are the first until "
			 "their share of tr(S) is q or more, low the rest, which the authors call negated PCA; outputs of the others are 0. Components low without any, or "
			 "an empirical covariance without an inverse, are refused. Time grows as rows d^2 and d^3.",
		.keywords = "mahalanobis elliptic_envelope one_class ledoit_wolf npca pca padim mcd",
		LB_PARAMS(gaussian_params),
	},
	.make = make_gaussian,
};

static int make_nearest_neighbours(const struct lb_arg *par, size_t inputs, size_t outputs, struct lb_model_spec *out, struct lb_err *err)
{
	(void)par;
	(void)err;
	*out = (struct lb_model_spec){ .n_layers = 1, .width = { inputs, outputs }, .init = LB_INIT_ZERO, .closed_form = LB_TRAINING_ROWS };
	return 0;
}

const struct lb_model_kind lb_model_kind_nearest_neighbours = {
	.base = {
		.name = "nearest_neighbours",
		.tasks = 1u << LB_ANOMALY,
		.traits = LB_CLOSED_FORM | LB_KEEPS_ROWS,
		.title = "The training rows themselves, for anomaly scores by distances to the nearest",
		.cite = "S. Ramaswamy, R. Rastogi, K. Shim, Efficient algorithms for mining outliers from large data sets, SIGMOD 2000",
		.formula = "z_i = x'x_i - |x_i|^2 / 2, so that |x - x_i|^2 = |x|^2 - 2 z_i",
		.notes = "Keeps the encoded training rows, also in a saved model: loss, optimizer, schedule, epochs and batch have no effect, and the record shows 0 epochs "
			 "and 0 steps. The score (evaluate.anomaly: knn) has the number of neighbours. Weights of rows are refused. Time grows as training rows times "
			 "rows times features.",
		.keywords = "knn k_nearest_neighbours nearest_neighbors lof",
	},
	.make = make_nearest_neighbours,
};

const struct lb_info *const lb_models[] = {
#define MODEL(name) &lb_model_kind_##name.base,
#include "core/training/models.def"
#undef MODEL
	NULL
};

int lb_model_spec_make(const struct lb_info *info, const struct lb_arg *par, size_t inputs, size_t outputs,
		       struct lb_model_spec *out, struct lb_err *err)
{
	return ((const struct lb_model_kind *)info)->make(par, inputs, outputs, out, err);
}

size_t lb_model_spec_columns(const struct lb_model_spec *s)
{
	return s->width[s->n_layers] / (s->heads ? s->heads : 1);
}

size_t lb_model_spec_size(const struct lb_model_spec *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_layers; i++)
		n += (s->width[i] + 1) * s->width[i + 1];
	return n;
}

void lb_model_spec_head(struct lb_model_spec *s, const struct lb_info *head, const struct lb_arg *par)
{
	s->head = head;
	s->head_par = par;
	s->cosine_scale = lb_head_scale_f64(head, par);
	s->factored = lb_head_is_factored_f64(head);
}

size_t lb_model_spec_unused(const struct lb_model_spec *s)
{
	return s->cosine_scale > 0 ? s->width[s->n_layers] : 0;
}
