# Reference values of agreement about articles within arms: lme4's variances with the arms in the fixed part, limits by
# the delta method from the curvature of lme4's own deviance; and Krippendorff's alpha from every pair of judgements,
# those expected being the pairs within an arm. Rscript tests/reference/within_arms.R > tests/reference/within_arms.json
suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})
set.seed(5081)
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.1, rhoend = 1e-10, maxfun = 100000),
                     calc.derivs = FALSE)
arms <- c("real", "small", "large")
data <- do.call(rbind, lapply(1:48, function(i) {
  arm <- arms[1 + i %% 3]
  data.frame(participant = sprintf("p%02d", i), arm = arm, article = paste(arm, sample(6, 3 + i %% 2), sep = "-"))
}))
drawn <- function(keys, sd) unname(setNames(rnorm(length(unique(keys)), sd = sd), unique(keys))[keys])
data$credibility <- round(c(real = 7, small = 3, large = 5)[data$arm] + drawn(data$participant, 0.5) +
  drawn(data$article, 0.6) + rnorm(nrow(data), sd = 0.8))

formula <- credibility ~ arm + (1 | article) + (1 | participant)
model <- lmer(formula, data, control = tight)
theta <- getME(model, "theta")
order <- c("article.(Intercept)", "participant.(Intercept)")
a <- theta[[order[1]]]
p <- theta[[order[2]]]
stopifnot(a > 0, p > 0)
# The second derivatives of the deviance by central differences, extrapolated (Richardson).
deviance <- lmer(formula, data, control = tight, devFunOnly = TRUE)
at <- function(h) outer(1:2, 1:2, Vectorize(function(i, j) {
  e <- diag(2) * h
  x <- unname(theta)
  (deviance(x + e[i, ] + e[j, ]) - deviance(x + e[i, ] - e[j, ]) - deviance(x - e[i, ] + e[j, ]) +
    deviance(x - e[i, ] - e[j, ])) / (4 * h^2)
}))
spread <- 2 * solve((4 * at(1e-3) - at(2e-3)) / 3)
dimnames(spread) <- list(names(theta), names(theta))
slope <- c(2 / a, -2 * p / (p^2 + 1))
error <- sqrt(drop(slope %*% spread[order, order] %*% slope))
limits <- function(k) {
  as.list(setNames(plogis(log(a^2 * k / (p^2 + 1)) + c(0, -1, 1) * qnorm(0.975) * error), c("estimate", "low", "high")))
}

# All ordered pairs of judgements: of one article, each weighing 1 / (judgements of it - 1), and of one arm, each
# weighing 1 / (judgements in it - 1), so that every judgement counts once in both.
alpha <- function(value) {
  pairs <- function(group) sum(vapply(split(value, group), function(v) sum(outer(v, v, "-")^2) / (length(v) - 1), 0))
  1 - pairs(data$article) / pairs(data$arm)
}
stopifnot(min(table(data$article)) > 1)
cat(toJSON(list(
  data = data, single = limits(1), mean = limits(nrow(data) / length(unique(data$article))),
  interval = alpha(data$credibility), ordinal = alpha(rank(data$credibility))
), auto_unbox = TRUE, digits = 12, dataframe = "columns"), "\n")
