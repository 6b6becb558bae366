# Reference values of intraclass correlations where not everybody rated every article: lme4's variances, with limits by
# the delta method on the logit, from the curvature of lme4's own deviance.
# Rscript tests/reference/agreement.R > tests/reference/agreement.json
suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.1, rhoend = 1e-10, maxfun = 100000),
                     calc.derivs = FALSE)

# The second derivatives of a function by central differences, extrapolated (Richardson).
curvature <- function(f, x) {
  at <- function(h) {
    outer(1:2, 1:2, Vectorize(function(i, j) {
      e <- diag(2) * h
      (f(x + e[i, ] + e[j, ]) - f(x + e[i, ] - e[j, ]) - f(x - e[i, ] + e[j, ]) + f(x - e[i, ] - e[j, ])) / (4 * h^2)
    }))
  }
  (4 * at(1e-3) - at(2e-3)) / 3
}

agreement <- function(people, articles, each, seed, person_sd, article_sd) {
  set.seed(seed)
  data <- do.call(rbind, lapply(seq_len(people), function(i) {
    data.frame(participant = i, article = sample(articles, each[1 + i %% length(each)]))
  }))
  data$credibility <- round(5 + rnorm(people, sd = person_sd)[data$participant] +
    rnorm(articles, sd = article_sd)[data$article] + rnorm(nrow(data)), 3)
  formula <- credibility ~ 1 + (1 | article) + (1 | participant)
  data$participant <- sprintf("p%02d", data$participant)
  data$article <- sprintf("a%02d", data$article)
  model <- lmer(formula, data, control = tight)
  # The names of theta say which is whose, since lme4 puts the factor with more levels first.
  theta <- getME(model, "theta")
  a <- theta[["article.(Intercept)"]]
  p <- theta[["participant.(Intercept)"]]
  spread <- 2 * solve(curvature(lmer(formula, data, control = tight, devFunOnly = TRUE), unname(theta)))
  dimnames(spread) <- list(names(theta), names(theta))
  order <- c("article.(Intercept)", "participant.(Intercept)")
  slope <- c(2 / a, -2 * p / (p^2 + 1))
  error <- sqrt(drop(slope %*% spread[order, order] %*% slope))
  limits <- function(k) {
    middle <- log(a^2 * k / (p^2 + 1))
    as.list(setNames(plogis(middle + c(0, -1, 1) * qnorm(0.975) * error), c("estimate", "low", "high")))
  }
  list(data = data, k = nrow(data) / articles, single = limits(1), mean = limits(nrow(data) / articles))
}

cat(toJSON(list(
  agreement(30, 12, c(3, 5, 7), 11, 0.8, 0.6),
  agreement(50, 20, 4, 12, 0.5, 0.9)
), auto_unbox = TRUE, digits = 12, dataframe = "columns"), "\n")
