# Reference values of contrasts of shares where people gave several ratings: intervals from prop.test's Wilson limits on
# effective sizes, each arm's own or, where that is smaller, by the design effect of both arms together, with t of Welch's or the paired t.test's degrees of freedom in the place of z (Newcombe 1998; Zou &
# Donner 2008 for the ratio); the statistic is the quantile at which uniroot finds the interval to reach 0, p that of t.
# Rscript tests/reference/shares.R > tests/reference/shares.json
suppressPackageStartupMessages(library(jsonlite))
set.seed(20240817)

# People's shares are beta-distributed: one person's ratings are alike.
people <- function(n, ratings, share, alike) {
  own <- rbeta(n, share * (1 - alike) / alike, (1 - share) * (1 - alike) / alike)
  given <- rep_len(ratings, n)
  list(yes = rbinom(n, given, own), given = given)
}
within <- function(size, p, ratings) min(ratings, max(length(p), size))
own_size <- function(p, ratings) {
  if (mean(p) %in% c(0, 1)) return(length(p))
  if (var(p) == 0) return(ratings)
  within(mean(p) * (1 - mean(p)) / (var(p) / length(p)), p, ratings)
}
# Kish's design effect, of which numerator and denominator are each pooled over both arms' degrees of freedom.
effect <- function(x, nx, y, ny) {
  df <- c(length(x), length(y)) - 1
  sum(df * c(nx / length(x) * var(x), ny / length(y) * var(y))) / sum(df * c(mean(x) * (1 - mean(x)), mean(y) * (1 - mean(y))))
}
smaller <- function(p, ratings, effect) {
  if (!is.finite(effect) || effect == 0) return(own_size(p, ratings))
  min(own_size(p, ratings), within(ratings / effect, p, ratings))
}
# prop.test takes z of its level: that of the level at which z is this quantile. It asks for whole counts, and uses none.
wilson <- function(p, n, z) {
  suppressWarnings(as.numeric(prop.test(p * n, n, conf.level = 2 * pnorm(z) - 1, correct = FALSE)$conf.int))
}
# Halfway from the largest correlation of yes-no answers with these shares (Frechet's bound) to 1.
most <- function(p, q) {
  odds <- sort(c(p / (1 - p), q / (1 - q)))
  if (odds[1] > 0 && is.finite(odds[2])) (1 + sqrt(odds[1] / odds[2])) / 2 else .5
}
# At the limit further from no difference two shares are no more alike than they can be that lie at their own limits.
at_limits <- function(a, la, b, lb, r) {
  c(if (a > b) r else min(r, most(la[1], lb[2])), if (a < b) r else min(r, most(la[2], lb[1])))
}
joined <- function(a, la, b, lb, r) {
  low <- (a - la[1])^2 - 2 * r[1] * (a - la[1]) * (lb[2] - b) + (lb[2] - b)^2
  high <- (la[2] - a)^2 - 2 * r[2] * (la[2] - a) * (b - lb[1]) + (b - lb[1])^2
  c(a - b - sqrt(low), a - b + sqrt(high))
}
contrast <- function(one, two, paired, level = .95) {
  x <- one$yes / one$given; y <- two$yes / two$given; a <- mean(x); b <- mean(y)
  constant <- paired && diff(range(x - y)) == 0
  test <- if (!constant) t.test(x, y, paired = paired)
  df <- if (paired) length(x) - 1 else unname(test$parameter)
  both <- effect(x, sum(one$given), y, sum(two$given))
  na <- smaller(x, sum(one$given), both); nb <- smaller(y, sum(two$given), both)
  r <- if (paired && !constant) min(cor(x, y), most(a, b)) else 0
  at <- function(z) at_limits(a, wilson(a, na, z), b, wilson(b, nb, z), r)
  difference <- function(z) joined(a, wilson(a, na, z), b, wilson(b, nb, z), at(z))
  at_0 <- function(z) if (a > b) difference(z)[1] else difference(z)[2]
  q <- sign(a - b) * uniroot(at_0, c(1e-6, 7), tol = 1e-14)$root
  z <- qt(1 - (1 - level) / 2, df)
  limits <- difference(z)
  ratio <- if (a > 0 && b > 0) exp(joined(log(a), log(wilson(a, na, z)), log(b), log(wilson(b, nb, z)), at(z))) else c(NA, NA)
  list(arm = one, reference = two, paired = paired, level = level, estimate = a - b,
       std_error = if (constant) NA else test$stderr, statistic = q, df = df, p_value = 2 * pt(-abs(q), df),
       ci_low = max(-1, limits[1]), ci_high = min(1, limits[2]), risk_ratio = if (b > 0) a / b else NA,
       risk_ratio_ci_low = ratio[1], risk_ratio_ci_high = ratio[2],
       detectable = detectable(na, b, nb, r, df, 1 - level), detectable_adjusted = detectable(na, b, nb, r, df, (1 - level) / 3))
}
# The difference from the second share at which the statistic is what the t test finds in 80% of studies, the larger of
# both ways that there are.
detectable <- function(na, b, nb, r, df, alpha) {
  at <- qt(1 - alpha / 2, df)
  k <- uniroot(function(d) pt(at, df, d, lower.tail = FALSE) + pt(-at, df, d) - 0.8, c(0, 20), tol = 1e-13)$root
  both <- sapply(c(1, -1), function(s) {
    at_0 <- function(d) {
      q <- b + s * d
      limits <- joined(q, wilson(q, na, k), b, wilson(b, nb, k), rep(min(r, most(q, b)), 2))
      if (s > 0) limits[1] else -limits[2]
    }
    room <- if (s > 0) 1 - b else b
    if (room <= 0 || at_0(room) <= 0) NA else uniroot(at_0, c(0, room), tol = 1e-14)$root
  })
  if (all(is.na(both))) NA else max(both, na.rm = TRUE)
}
alike <- people(14, 6, .7, .3)
cases <- list(
  contrast(people(12, 8, .6, .3), people(15, 8, .8, .3), FALSE),
  contrast(people(10, c(2, 3, 5), .5, .2), people(40, 4, .75, .4), FALSE, .9),
  # Answers of one person so unlike that all ratings count.
  contrast(people(20, 4, .5, .001), people(20, 4, .7, .001), FALSE),
  contrast(alike, list(yes = pmax(0, alike$yes - rbinom(14, 2, .5)), given = alike$given), TRUE),
  contrast(people(11, 1, .6, .5), people(11, 1, .6, .5), TRUE, .99),
  # Few people against many, near 1; and an arm in which all say yes to all.
  contrast(people(10, 8, .9, .3), people(40, 8, .95, .3), FALSE),
  contrast(list(yes = rep(8, 10), given = rep(8, 10)), people(40, 8, .9, .3), FALSE),
  # The same people: all against nothing, one rating less for everybody, and for all but one.
  contrast(list(yes = rep(4, 12), given = rep(4, 12)), list(yes = rep(0, 12), given = rep(4, 12)), TRUE),
  contrast(list(yes = rep(4:3, 6), given = rep(4, 12)), list(yes = rep(3:2, 6), given = rep(4, 12)), TRUE),
  contrast(list(yes = rep(4:3, 6), given = rep(4, 12)), list(yes = c(rep(3:2, 5), 3, 3), given = rep(4, 12)), TRUE),
  # One arm's people very alike, the other's not: the first keeps its own size. Twenty very alike ratings near 1.
  contrast(people(12, 10, .6, .02), people(12, 10, .6, .7), FALSE),
  contrast(people(10, 20, .9, .6), people(10, 20, .9, .6), FALSE),
  contrast(people(12, 2, .7, .5), people(12, 9, .7, .5), TRUE)
)
write(toJSON(list(made_by = R.version.string, cases = cases), digits = NA, auto_unbox = TRUE, na = "null"), stdout())
