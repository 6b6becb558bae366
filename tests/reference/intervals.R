# Reference values of intervals: lme4's parametric bootstrap (bootMer), and profile intervals of singular fits, found
# here without lme4's profile, by the dense likelihood of a few rows and a search from several starts.
# Rscript tests/reference/intervals.R > tests/reference/intervals.json
suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})
draws <- 2000

# 24 people read 4 of 8 articles; half of them are real.
set.seed(20220611)
people <- 24
plan <- do.call(rbind, lapply(seq_len(people), function(i) data.frame(participant = i, article = sample(8, 4))))
plan$arm <- ifelse(plan$article %% 2 == 1, "real", "synthetic")
plan$y <- round(5 - 0.6 * (plan$arm == "synthetic") + rnorm(people, sd = 0.8)[plan$participant] +
  rnorm(8, sd = 0.5)[plan$article] + rnorm(nrow(plan)), 3)
plan$participant <- sprintf("p%02d", plan$participant)
plan$article <- sprintf("a%d", plan$article)

formula <- "y ~ arm + (1 | participant) + (1 | article)"
model <- lmer(as.formula(formula), plan, control = lmerControl(check.conv.singular = "ignore", calc.derivs = FALSE))
spread <- function(m) setNames(as.data.frame(VarCorr(m))$sdcor, as.data.frame(VarCorr(m))$grp)
parts <- function(m) {
  sds <- spread(m)
  c(participant = sds[["participant"]], article = sds[["article"]], residual = sds[["Residual"]],
    Intercept = fixef(m)[[1]], arm = fixef(m)[[2]])
}
made <- bootMer(model, parts, nsim = draws, seed = 5, type = "parametric", use.u = FALSE)
stopifnot(!anyNA(made$t))
levels <- c(0.025, 0.25, 0.5, 0.75, 0.975)
percentiles <- lapply(colnames(made$t), function(name) unname(quantile(made$t[, name], levels)))

# -2 log-likelihood by ML with the coefficients at their best, from the covariance matrix itself.
deviance_of <- function(y, x, groups, sds, sigma) {
  v <- diag(sigma^2, length(y))
  for (k in seq_along(groups)) v <- v + sds[k]^2 * outer(groups[[k]], groups[[k]], "==")
  root <- chol(v)
  ys <- backsolve(root, y, transpose = TRUE)
  if (is.null(x)) left <- ys else {
    xs <- backsolve(root, x, transpose = TRUE)
    left <- qr.resid(qr(xs), ys)
  }
  length(y) * log(2 * pi) + 2 * sum(log(diag(root))) + sum(left^2)
}
least <- function(objective, count) {
  starts <- list(rep(0.05, count), rep(0.5, count), rep(1.5, count), seq(0.1, 2, length.out = count))
  found <- sapply(starts, function(start) {
    optim(start, objective, method = "L-BFGS-B", lower = c(rep(0, count - 1), 1e-3),
          control = list(factr = 10, maxit = 1000))$value
  })
  min(found)
}
singular <- function(name, data, formula, groups) {
  y <- data[[all.vars(as.formula(formula))[1]]]
  scale <- sd(y)
  x <- model.matrix(lmer(as.formula(formula), data, control = lmerControl(check.conv.singular = "ignore")))
  codes <- lapply(groups, function(group) data[[group]])
  count <- length(groups) + 1
  full <- function(p) deviance_of(y / scale, x, codes, p[-count], p[count])
  best <- least(full, count)
  fixed <- function(place) function(value) {
    at <- function(p) full(append(p, value, after = place - 1))
    if (place < count) return(least(at, count - 1) - best - qchisq(0.95, 1))
    # What is left to search is standard deviations alone.
    starts <- list(rep(0.05, count - 1), rep(0.5, count - 1), rep(1, count - 1))
    min(sapply(starts, function(start) optim(start, at, method = "L-BFGS-B", lower = 0,
                                              control = list(factr = 10))$value)) - best - qchisq(0.95, 1)
  }
  rows <- lapply(seq_along(groups), function(place) {
    excess <- fixed(place)
    list(group = groups[place], term = "Intercept",
         low = if (excess(0) <= 0) 0 else scale * uniroot(excess, c(0, 0.3), tol = 1e-9)$root,
         high = scale * uniroot(excess, c(0.02, 5), tol = 1e-9)$root)
  })
  ends <- optim(rep(0.5, count), full, method = "L-BFGS-B", lower = c(rep(0, count - 1), 1e-3), control = list(factr = 10))
  noise <- ends$par[count]
  excess <- fixed(count)
  rows <- c(rows, list(list(group = "residual", term = "",
                            low = scale * uniroot(excess, c(noise / 4, noise), tol = 1e-9)$root,
                            high = scale * uniroot(excess, c(noise, noise * 4), tol = 1e-9)$root)))
  beta <- lapply(seq_len(ncol(x)), function(j) {
    centre <- coef(lm(y / scale ~ x - 1))[j]
    width <- 3 * sqrt(diag(vcov(lm(y / scale ~ x - 1))))[j]
    excess <- function(value) {
      rest <- if (ncol(x) == 1) NULL else x[, -j, drop = FALSE]
      least(function(p) deviance_of(y / scale - value * x[, j], rest, codes, p[-count], p[count]), count) -
        best - qchisq(0.95, 1)
    }
    list(group = "", term = colnames(x)[j], low = scale * uniroot(excess, centre + c(-4, 0) * width, tol = 1e-9)$root,
         high = scale * uniroot(excess, centre + c(0, 4) * width, tol = 1e-9)$root)
  })
  list(name = name, formula = formula, data = data, intervals = c(rows, beta))
}

# Two variances of zero, and one (lme4's Dyestuff2, whose batches differ less than chance would have them).
set.seed(7)
flat <- expand.grid(participant = 1:10, article = 1:4)
flat <- flat[(flat$participant + flat$article) %% 2 == 0, ]
flat$arm <- ifelse(flat$article > 2, "real", "synthetic")
noise <- rnorm(nrow(flat))
flat$y <- round(3 + (noise - ave(noise, flat$participant)) + 0.3 * (flat$arm == "real"), 3)
flat$participant <- sprintf("p%02d", flat$participant)
flat$article <- sprintf("a%d", flat$article)

cat(toJSON(list(
  bootstrap = list(formula = formula, data = plan, draws = draws, levels = levels, names = colnames(made$t),
                   percentiles = percentiles, singular = sum(made$t[, "participant"] < 1e-4 | made$t[, "article"] < 1e-4)),
  singular = list(
    singular("people and articles alike", flat, formula, c("participant", "article")),
    singular("Dyestuff2", transform(Dyestuff2, Batch = as.character(Batch)), "Yield ~ 1 + (1 | Batch)", "Batch")
  )
), auto_unbox = TRUE, digits = 10, dataframe = "columns"), "\n")
