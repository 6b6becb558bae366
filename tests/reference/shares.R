# Reference values of contrasts of shares where people gave several ratings: base R's t.test of people's shares, and
# intervals from prop.test's Wilson limits on effective sizes, with t of the test's degrees of freedom in the place of z
# (Newcombe 1998; Zou & Donner 2008 for the ratio). Rscript tests/reference/shares.R > tests/reference/shares.json
suppressPackageStartupMessages(library(jsonlite))
set.seed(20240817)

# People's shares are beta-distributed: one person's ratings are alike.
people <- function(n, ratings, share, alike) {
  own <- rbeta(n, share * (1 - alike) / alike, (1 - share) * (1 - alike) / alike)
  given <- rep_len(ratings, n)
  list(yes = rbinom(n, given, own), given = given)
}
effective <- function(p, ratings) min(ratings, max(length(p), mean(p) * (1 - mean(p)) / (var(p) / length(p))))
# prop.test takes z of its level: that of the level at which z is this t. It asks for whole counts, and uses none.
wilson <- function(p, n, df, level) {
  z <- qt(1 - (1 - level) / 2, df)
  suppressWarnings(as.numeric(prop.test(p * n, n, conf.level = 2 * pnorm(z) - 1, correct = FALSE)$conf.int))
}
joined <- function(a, la, b, lb, r) {
  low <- (a - la[1])^2 - 2 * r * (a - la[1]) * (lb[2] - b) + (lb[2] - b)^2
  high <- (la[2] - a)^2 - 2 * r * (la[2] - a) * (b - lb[1]) + (b - lb[1])^2
  c(a - b - sqrt(low), a - b + sqrt(high))
}
contrast <- function(one, two, paired, level = .95) {
  x <- one$yes / one$given; y <- two$yes / two$given
  test <- t.test(x, y, paired = paired)
  df <- unname(test$parameter)
  la <- wilson(mean(x), effective(x, sum(one$given)), df, level)
  lb <- wilson(mean(y), effective(y, sum(two$given)), df, level)
  r <- if (paired) cor(x, y) else 0
  limits <- joined(mean(x), la, mean(y), lb, r)
  ratio <- exp(joined(log(mean(x)), log(la), log(mean(y)), log(lb), r))
  list(arm = one, reference = two, paired = paired, level = level, estimate = mean(x) - mean(y), std_error = test$stderr,
       statistic = unname(test$statistic), df = df, p_value = test$p.value, ci_low = limits[1], ci_high = limits[2],
       risk_ratio = mean(x) / mean(y), risk_ratio_ci_low = ratio[1], risk_ratio_ci_high = ratio[2])
}
alike <- people(14, 6, .7, .3)
cases <- list(
  contrast(people(12, 8, .6, .3), people(15, 8, .8, .3), FALSE),
  contrast(people(10, c(2, 3, 5), .5, .2), people(40, 4, .75, .4), FALSE, .9),
  # Answers of one person so unlike that all ratings count.
  contrast(people(20, 4, .5, .001), people(20, 4, .7, .001), FALSE),
  contrast(alike, list(yes = pmax(0, alike$yes - rbinom(14, 2, .5)), given = alike$given), TRUE),
  contrast(people(11, 1, .6, .5), people(11, 1, .6, .5), TRUE, .99)
)
write(toJSON(list(made_by = R.version.string, cases = cases), digits = NA, auto_unbox = TRUE), stdout())
