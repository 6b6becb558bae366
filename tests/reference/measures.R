# Reference values of reliability, agreement and detection: psych's alpha, omega and ICC, and base R.
# Rscript tests/reference/measures.R > tests/reference/measures.json
suppressPackageStartupMessages({
  library(psych)
  library(jsonlite)
})
set.seed(20220523)

scale_of <- function(n, loadings, noise) {
  factor <- rnorm(n)
  values <- sapply(seq_along(loadings), function(k) loadings[k] * factor + rnorm(n, sd = noise[k]))
  round(pmin(pmax(4 + 1.5 * values, 1), 7))
}
reliability <- function(values) {
  colnames(values) <- paste0("item", seq_len(ncol(values)))
  whole <- suppressWarnings(psych::alpha(as.data.frame(values), warnings = FALSE))
  feldt <- alpha.ci(whole$total$raw_alpha, nrow(values), n.var = ncol(values), digits = 10)
  factor <- fa(values, 1, fm = "minres", warnings = FALSE)
  list(values = values, alpha = whole$total$raw_alpha, alpha_std = whole$total$std.alpha,
       low = feldt$lower.ci, high = feldt$upper.ci,
       omega_std = 1 - sum(factor$uniquenesses) / sum(cor(values)), loadings = as.numeric(factor$loadings),
       item_rest = whole$item.stats$r.drop, without = if (ncol(values) > 2) whole$alpha.drop$raw_alpha else NULL)
}
agreement <- function(values) {
  found <- ICC(values, lmer = FALSE)$results
  pick <- function(type) {
    row <- found[found$type == type, ]
    list(estimate = row$ICC, low = row[["lower bound"]], high = row[["upper bound"]])
  }
  list(values = values, single = pick("ICC2"), mean = pick("ICC2k"))
}
incomplete <- function(values) {
  found <- ICC(values, missing = FALSE, lmer = TRUE)$results
  list(values = values, single = found$ICC[found$type == "ICC2"])
}
detected <- function(hits, n_signal, alarms, n_noise) {
  hit <- qnorm((hits + 0.5) / (n_signal + 1))
  alarm <- qnorm((alarms + 0.5) / (n_noise + 1))
  list(counts = c(hits, n_signal, alarms, n_noise), d_prime = hit - alarm, criterion = -(hit + alarm) / 2)
}

three <- scale_of(120, c(0.9, 0.7, 0.8), c(0.6, 0.9, 0.7))
five <- scale_of(80, c(0.9, 0.5, 0.8, 0.3, 0.7), c(0.5, 0.9, 0.7, 1, 0.8))
# Shrout & Fleiss 1979, table 2: six subjects, four judges.
shrout <- matrix(c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7), ncol = 4, byrow = TRUE)
people <- matrix(rnorm(10, sd = 1), 12, 10, byrow = TRUE)
ours <- round(5 + rnorm(12, sd = 0.8) + people + matrix(rnorm(120), 12), 2)
holes <- ours
holes[sample(length(holes), 40)] <- NA

cat(toJSON(list(
  reliability = list(reliability(three), reliability(five)),
  icc = list(agreement(shrout), agreement(ours)),
  icc_incomplete = incomplete(holes),
  detection = list(detected(20, 25, 10, 25), detected(25, 25, 0, 25), detected(8, 20, 3, 30)),
  detectable = lapply(list(c(20, 1), c(64, 2), c(5, 1)), function(case) list(
    n = case[1], sd = case[2],
    delta = power.t.test(n = case[1], sd = case[2], power = 0.8, strict = TRUE, tol = 1e-10)$delta
  )),
  # Degrees of freedom that are no whole number, as mixed models have them, at levels that Holm's adjustment takes.
  detectable_by_df = lapply(list(c(14, .05), c(7.3, .05), c(48.6, .05 / 3), c(Inf, .01)), function(case) list(
    df = case[1], alpha = case[2], delta = uniroot(function(d) {
      at <- qt(1 - case[2] / 2, case[1])
      pt(at, case[1], d, lower.tail = FALSE) + pt(-at, case[1], d) - 0.8
    }, c(0, 20), tol = 1e-12)$root
  )),
  detectable_noncentrality = lapply(list(c(2, 11.1, .05), c(4, 72.06, .05), c(1, 30, .01)), function(case) list(
    df = case[1], df_within = case[2], alpha = case[3], noncentrality = uniroot(function(l)
      pf(qf(1 - case[3], case[1], case[2]), case[1], case[2], ncp = l, lower.tail = FALSE) - 0.8, c(0, 200), tol = 1e-12)$root
  )),
  # Shares of one rating a person, the larger difference of both ways: towards a half.
  detectable_shares = lapply(list(c(200, .5), c(400, .28), c(60, .5), c(150, .1)), function(case) list(
    n = case[1], share = case[2],
    delta = power.prop.test(n = case[1], p1 = case[2], p2 = NULL, power = 0.8, strict = TRUE)$p2 - case[2]
  ))
), auto_unbox = TRUE, digits = 12, na = "null"), "\n")
