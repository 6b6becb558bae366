# Makes compare.json: reference values for tests/analysis, from base R, car and effectsize.
# Run from this folder: Rscript compare.R
suppressPackageStartupMessages({library(jsonlite); library(effectsize); library(car)})
set.seed(20190820)

rate <- function(n, mean, sd) pmin(10, pmax(1, round(rnorm(n, mean, sd))))
arms <- list(real = rate(31, 6.9, 1.7), small = rate(28, 5.6, 2.3), large = rate(40, 6.6, 1.4))
values <- unlist(arms, use.names = FALSE)
group <- factor(rep(names(arms), lengths(arms)), levels = names(arms))

welch <- function(a, b) {
  t <- t.test(a, b)
  # Limits are those of d: with Hedges' factor on them, as hedges_g has them, they hold the truth less often.
  g <- hedges_g(a, b, pooled_sd = TRUE); d <- cohens_d(a, b, pooled_sd = TRUE)
  list(estimate = unname(t$estimate[1] - t$estimate[2]), std_error = t$stderr, statistic = unname(t$statistic),
       df = unname(t$parameter), p_value = t$p.value, ci_low = t$conf.int[1], ci_high = t$conf.int[2],
       effect_size = g$Hedges_g, effect_size_ci_low = d$CI_low, effect_size_ci_high = d$CI_high)
}
# Wilson's interval is prop.test without correction; Newcombe's joins two of them (Newcombe 1998, method 10).
wilson <- function(x, n, level = .95) as.numeric(prop.test(x, n, conf.level = level, correct = FALSE)$conf.int)
newcombe <- function(x1, n1, x2, n2, level = .95) {
  a <- wilson(x1, n1, level); b <- wilson(x2, n2, level); p1 <- x1 / n1; p2 <- x2 / n2
  c(p1 - p2 - sqrt((p1 - a[1])^2 + (b[2] - p2)^2), p1 - p2 + sqrt((a[2] - p1)^2 + (p2 - b[1])^2))
}
shares <- function(a, b, cut = 6) {
  x1 <- sum(a >= cut); x2 <- sum(b >= cut); n1 <- length(a); n2 <- length(b)
  ci <- newcombe(x1, n1, x2, n2)
  # The test that inverts this interval: the quantile at which it reaches 0.
  at_0 <- function(z) newcombe(x1, n1, x2, n2, 2 * pnorm(z) - 1)[if (x1 / n1 > x2 / n2) 1 else 2]
  z <- sign(x1 / n1 - x2 / n2) * uniroot(at_0, c(1e-6, 7), tol = 1e-14)$root
  # The ratio's is that of the logarithms' difference, from the same two intervals (Zou & Donner 2008).
  la <- log(wilson(x1, n1)); lb <- log(wilson(x2, n2)); a <- log(x1 / n1); b <- log(x2 / n2)
  list(estimate = x1 / n1 - x2 / n2, statistic = z, p_value = 2 * pnorm(-abs(z)), ci_low = ci[1], ci_high = ci[2],
       risk_ratio = (x1 / n1) / (x2 / n2),
       risk_ratio_ci_low = exp(a - b - sqrt((a - la[1])^2 + (lb[2] - b)^2)),
       risk_ratio_ci_high = exp(a - b + sqrt((la[2] - a)^2 + (b - lb[1])^2)))
}

means <- list(small = welch(arms$small, arms$real), large = welch(arms$large, arms$real))
p <- sapply(means, `[[`, "p_value")

before <- rate(24, 6.5, 1.6); after <- pmin(10, pmax(1, before - round(rnorm(24, .7, 1.5))))
tp <- t.test(after, before, paired = TRUE); gz <- hedges_g(after, before, paired = TRUE)
dz <- cohens_d(after, before, paired = TRUE)

# Two one-sided Welch tests against a bound of 1.2 points.
tost <- function(a, b, bound) max(t.test(a, b, mu = -bound, alternative = "greater")$p.value,
                                  t.test(a, b, mu = bound, alternative = "less")$p.value)

# Newcombe 1998, method 8: the same people, with the correlation of their two answers, and with t of their number but
# one in the place of z, which is that of another level.
wilson_t <- function(x, n) wilson(x, n, 2 * pnorm(qt(.975, n - 1)) - 1)
y1 <- as.integer(after >= 6); y2 <- as.integer(before >= 6); n <- length(y1)
w1 <- wilson_t(sum(y1), n); w2 <- wilson_t(sum(y2), n); p1 <- mean(y1); p2 <- mean(y2); phi <- cor(y1, y2)
paired_share <- c(p1 - p2 - sqrt((p1 - w1[1])^2 - 2 * phi * (p1 - w1[1]) * (w2[2] - p2) + (w2[2] - p2)^2),
                  p1 - p2 + sqrt((w1[2] - p1)^2 - 2 * phi * (w1[2] - p1) * (p2 - w2[1]) + (p2 - w2[1])^2))

ow <- oneway.test(values ~ group); oc <- oneway.test(values ~ group, var.equal = TRUE)
kw <- kruskal.test(values ~ group); lv <- leveneTest(values, group, center = mean)

proportions <- list(c(72, 100), c(83, 100), c(0, 12), c(12, 12), c(1, 3), c(415, 500), c(3, 100000))
out <- list(
  made_by = paste(R.version.string, "car", packageVersion("car"), "effectsize", packageVersion("effectsize")),
  arms = arms,
  means = Map(function(m, adj) c(m, p_adjusted = adj), means, p.adjust(p, "holm")),
  shares = list(small = shares(arms$small, arms$real), large = shares(arms$large, arms$real)),
  summaries = lapply(arms, function(x) { t <- t.test(x); w <- wilson(sum(x >= 6), length(x))
    list(mean = mean(x), sd = sd(x), median = median(x), ci_low = t$conf.int[1], ci_high = t$conf.int[2],
         share = mean(x >= 6), share_ci_low = w[1], share_ci_high = w[2]) }),
  omnibus = list(
    "Welch's ANOVA" = list(statistic = unname(ow$statistic), df = unname(ow$parameter[1]),
                           df_within = unname(ow$parameter[2]), p_value = ow$p.value),
    "Classical ANOVA" = list(statistic = unname(oc$statistic), df = unname(oc$parameter[1]),
                             df_within = unname(oc$parameter[2]), p_value = oc$p.value),
    "Kruskal-Wallis" = list(statistic = unname(kw$statistic), df = unname(kw$parameter), p_value = kw$p.value),
    "Levene" = list(statistic = lv[1, "F value"], df = lv[1, "Df"], df_within = lv[2, "Df"], p_value = lv[1, "Pr(>F)"])),
  paired = list(before = before, after = after, estimate = unname(tp$estimate), std_error = tp$stderr,
                statistic = unname(tp$statistic), df = unname(tp$parameter), p_value = tp$p.value,
                ci_low = tp$conf.int[1], ci_high = tp$conf.int[2], effect_size = gz$Hedges_g,
                effect_size_ci_low = dz$CI_low, effect_size_ci_high = dz$CI_high,
                share_ci_low = paired_share[1], share_ci_high = paired_share[2]),
  tost = list(bound = 1.2, p_value = tost(arms$large, arms$real, 1.2)),
  wilson = lapply(proportions, function(xn) { w <- suppressWarnings(wilson(xn[1], xn[2])); w90 <- suppressWarnings(wilson(xn[1], xn[2], .9))
    list(x = xn[1], n = xn[2], low = w[1], high = w[2], low_90 = w90[1], high_90 = w90[2]) }),
  holm = list(p = c(.01, .04, .03, .005, .5), adjusted = p.adjust(c(.01, .04, .03, .005, .5), "holm"))
)
write_json(out, "compare.json", digits = NA, auto_unbox = TRUE, pretty = 1)
