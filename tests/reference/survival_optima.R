#!/usr/bin/env Rscript
# Writes tests/golden/survival_optima.json: optima of coxph (Breslow, Efron) and survreg (R's package survival), without and with weights of
# rows, and concordance indices, on the samples gbsg and lung. Weights are scaled to mean 1. Run it from the project's root.
library(survival)

number <- function(v) paste(sprintf("%.17g", v), collapse = ", ")
list_of <- function(v) paste0("[", number(v), "]")

read_sample <- function(name, time, event, features, drop) {
  d <- na.omit(read.csv(gzfile(file.path("datasets/samples", paste0(name, ".csv.gz"))))[c(features, time, event)])
  list(name = name, x = as.matrix(d[features]), s = Surv(d[[time]], d[[event]] == max(d[[event]])), features = features)
}

# The weight of row i, from 0: 0.5 + (7 i mod 11) / 4.
weights_of <- function(d) {
  w <- 0.5 + (7 * (seq_len(nrow(d$x)) - 1)) %% 11 / 4
  w / mean(w)
}

# The start of a case, up to its features; with weights it says so.
begin <- function(d, loss, set, weighted) {
  sprintf('{"data": "%s", "loss": "%s", "set": {%s}, %s"features": ["%s"]', d$name, loss, set, if (weighted) '"weighted": true, ' else "",
          paste(d$features, collapse = '", "'))
}

hazard_case <- function(d, fit, w) {
  base <- basehaz(coxph(d$s ~ d$x, weights = w, ties = "breslow", init = coef(fit), control = coxph.control(iter.max = 0)), centered = FALSE)
  at <- quantile(d$s[d$s[, 2] == 1, 1], c(0.25, 0.5, 0.75), type = 1)
  hazard <- sapply(at, function(u) max(c(0, base$hazard[base$time <= u])))
  sprintf('"times": %s, "hazard": %s}', list_of(at), list_of(hazard))
}

weighted_cox_case <- function(d, ties) {
  w <- weights_of(d)
  fit <- coxph(d$s ~ d$x, weights = w, ties = ties, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100))
  sprintf('%s, "coefficients": %s, "value": %s, %s', begin(d, "cox", sprintf('"ties": "%s"', ties), TRUE), list_of(coef(fit)),
          number(-fit$loglik[2] / sum(w[d$s[, 2] == 1])), hazard_case(d, fit, w))
}

# 1 minus the weighted concordance index of a feature that is 0 or 1.
concordance_case <- function(d, feature) {
  c <- concordance(d$s ~ d$x[, feature], weights = weights_of(d), reverse = TRUE)$concordance
  sprintf('{"data": "%s", "loss": "concordance", "set": {}, "weighted": true, "features": ["%s"], "wrong": %s}', d$name, feature, number(1 - c))
}

cox_case <- function(d, ties) {
  fit <- coxph(d$s ~ d$x, ties = ties, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100))
  risk <- as.vector(d$x %*% coef(fit))
  harrell <- concordance(d$s ~ risk, reverse = TRUE)$concordance
  uno <- concordance(d$s ~ risk, reverse = TRUE, timewt = "n/G2")$concordance
  sprintf('%s, "coefficients": %s, "value": %s, "harrell": %s, "uno": %s, %s', begin(d, "cox", sprintf('"ties": "%s"', ties), FALSE),
          list_of(coef(fit)), number(-fit$loglik[2] / fit$nevent), number(harrell), number(uno), hazard_case(d, fit, NULL))
}

aft_case <- function(d, dist, ours, scale = 0, w = NULL) {
  fit <- survreg(d$s ~ d$x, weights = w, dist = dist, scale = scale, control = survreg.control(rel.tolerance = 1e-14, maxiter = 200))
  sprintf('%s, "intercept": %s, "coefficients": %s, "log_scale": %s, "value": %s}',
          begin(d, "aft", sprintf('"dist": "%s", "scale": %s', ours, number(scale)), !is.null(w)), number(coef(fit)[1]), list_of(coef(fit)[-1]),
          number(log(fit$scale)), number(-fit$loglik[2] / nrow(d$x)))
}

sets <- list(read_sample("gbsg", "rfstime", "status", c("age", "meno", "size", "grade", "nodes", "pgr", "er", "hormon")),
             read_sample("lung", "time", "status", c("age", "sex", "ph.ecog", "ph.karno", "wt.loss")))
cases <- c()
for (d in sets) {
  for (ties in c("efron", "breslow")) cases <- c(cases, cox_case(d, ties))
  cases <- c(cases, aft_case(d, "lognormal", "normal"), aft_case(d, "loglogistic", "logistic"), aft_case(d, "weibull", "extreme"),
             aft_case(d, "weibull", "extreme", 1), aft_case(d, "lognormal", "normal", 0.5))
  w <- weights_of(d)
  cases <- c(cases, weighted_cox_case(d, "efron"), weighted_cox_case(d, "breslow"), aft_case(d, "lognormal", "normal", w = w),
             aft_case(d, "loglogistic", "logistic", w = w), aft_case(d, "weibull", "extreme", w = w), aft_case(d, "weibull", "extreme", 1, w = w))
  if (d$name == "gbsg") cases <- c(cases, concordance_case(d, "hormon"), concordance_case(d, "meno"))
}
writeLines(c('{"made_by": "tests/reference/survival_optima.R",', ' "cases": [', paste0("  ", cases, c(rep(",", length(cases) - 1), "")), " ]}"),
           "tests/golden/survival_optima.json")
