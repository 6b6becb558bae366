# Reference values of the power of a claim about one or several contrasts with a common reference, given their standard
# error and degrees of freedom: base R's integrate for two one-sided tests, power.t.test for one difference, mvtnorm for
# Bonferroni's adjustment over all contrasts, and a simulation of the multivariate t with p.adjust for the others.
# Rscript tests/reference/power.R > tests/reference/power.json
suppressPackageStartupMessages({ library(mvtnorm); library(jsonlite) })
set.seed(20220519)

tost <- function(low, high, difference, error, df, alpha) {
  t <- qt(1 - alpha, df)
  inside <- function(s) pmax(0, pnorm((high - difference) / error - t * s) - pnorm((low - difference) / error + t * s))
  # The variance's estimate over the variance is chi-square over df.
  density <- function(s) dchisq(s^2 * df, df) * 2 * s * df
  widest <- (high - low) / error / (2 * t)
  integrate(function(s) inside(s) * density(s), 0, widest, rel.tol = 1e-10, subdivisions = 2000)$value
}
cases <- list(c(-0.5, 0.5, 0, 0.15, 30, 0.05), c(-0.5, 0.5, 0.2, 0.15, 12.5, 0.05), c(-0.3, 0.6, 0.1, 0.12, 200, 0.025),
              c(-0.5, 0.5, 0, 0.3, 8, 0.05))
equivalence <- lapply(cases, function(k) list(low = k[1], high = k[2], difference = k[3], std_error = k[4], df = k[5],
                                              alpha = k[6], power = do.call(tost, as.list(k))))

# power.t.test: the standard error is sd * sqrt(2 / n), its df 2 n - 2; strict counts both tails.
one <- lapply(list(c(10, 1.2), c(64, 0.5), c(200, 0.1)), function(k) list(std_error = sqrt(2 / k[1]), df = 2 * k[1] - 2,
  difference = k[2], power = power.t.test(k[1], k[2], strict = TRUE)$power))

several <- function(contrasts, shift, df, alpha, method, which, draws = 40000) {
  truth <- c(shift, rep(if (which == "all") shift else 0, contrasts - 1))
  sigma <- matrix(0.5, contrasts, contrasts) + diag(0.5, contrasts)
  z <- sweep(rmvnorm(draws, sigma = sigma), 2, truth, "+")
  p <- 2 * pt(-abs(z / sqrt(rchisq(draws, df) / df)), df)
  # p.adjust a row; BH and holm by their definitions in base R.
  adjusted <- t(apply(p, 1, p.adjust, method = method))
  list(contrasts = contrasts, shift = shift, df = df, alpha = alpha, method = method, which = which,
       power = mean(if (which == "one") adjusted[, 1] < alpha else rowSums(adjusted < alpha) == contrasts))
}
grid <- expand.grid(method = c("holm", "BH"), which = c("one", "all"), contrasts = c(2, 4), stringsAsFactors = FALSE)
adjusted <- lapply(seq_len(nrow(grid)), function(n) several(grid$contrasts[n], 2.8, 14, 0.05, grid$method[n], grid$which[n]))

# All of k contrasts beyond Bonferroni's critical value, on either side: sums over orthants of the noncentral
# (Kshirsagar) multivariate t.
orthants <- function(k, shift, df, alpha) {
  critical <- qt(1 - alpha / (2 * k), df)
  sides <- as.matrix(expand.grid(rep(list(c(-1, 1)), k)))
  sum(apply(sides, 1, function(s) {
    sigma <- (matrix(0.5, k, k) + diag(0.5, k)) * outer(s, s)
    as.numeric(pmvt(lower = rep(critical, k), upper = rep(Inf, k), delta = s * shift, df = df, sigma = sigma,
                    type = "Kshirsagar", algorithm = GenzBretz(abseps = 1e-6, maxpts = 1e6)))
  }))
}
bonferroni <- lapply(list(c(2, 3.1, 12), c(3, 3.5, 40)), function(k)
  list(contrasts = k[1], shift = k[2], df = k[3], alpha = 0.05, power = orthants(k[1], k[2], k[3], 0.05)))

cat(toJSON(list(equivalence = equivalence, one = one, adjusted = adjusted, bonferroni = bonferroni),
           auto_unbox = TRUE, digits = 10, pretty = TRUE), "\n")
