# Makes curation.json: reference values for tests/generation, from base R.
# Run from this folder: Rscript curation.R
suppressPackageStartupMessages(library(jsonlite))

# Bradley-Terry by logistic regression of the wins on the design of differences. Baseball teams of the American League
# of 1987, wins (rows) over losers (columns), as printed by Agresti (2002), Categorical Data Analysis, table 10.10.
teams <- c("Milwaukee", "Detroit", "Toronto", "NewYork", "Boston", "Cleveland", "Baltimore")
wins <- matrix(c(0, 7, 9, 7, 7, 9, 11,  6, 0, 7, 5, 11, 9, 9,  4, 6, 0, 7, 7, 8, 12,  6, 8, 6, 0, 6, 7, 10,
                 6, 2, 6, 7, 0, 7, 12,  4, 4, 5, 6, 6, 0, 6,  2, 4, 1, 3, 1, 7, 0), 7, byrow = TRUE,
               dimnames = list(teams, teams))
fit <- function(wins, prior = 0) {
  n <- nrow(wins); rows <- list(); y <- NULL; w <- NULL
  for (i in seq_len(n)) for (j in seq_len(n)) if (i < j && wins[i, j] + wins[j, i] > 0) {
    x <- numeric(n); x[i] <- 1; x[j] <- -1
    rows[[length(rows) + 1]] <- x; y <- c(y, wins[i, j] / (wins[i, j] + wins[j, i])); w <- c(w, wins[i, j] + wins[j, i])
  }
  if (prior > 0) for (i in seq_len(n)) {
    x <- numeric(n); x[i] <- 1; rows[[length(rows) + 1]] <- x; y <- c(y, .5); w <- c(w, 2 * prior)
  }
  X <- do.call(rbind, rows)
  if (prior == 0) {  # abilities that sum to zero: the last is minus the sum of the others
    basis <- rbind(diag(n - 1), -1)
    model <- suppressWarnings(glm.fit(X %*% basis, y, w, family = binomial(), intercept = FALSE,
                                      control = glm.control(1e-14, 200)))
    covariance <- basis %*% chol2inv(qr.R(model$qr)) %*% t(basis)
    ability <- as.numeric(basis %*% model$coefficients)
  } else {
    model <- suppressWarnings(glm.fit(X, y, w, family = binomial(), intercept = FALSE,
                                      control = glm.control(1e-14, 200)))
    covariance <- chol2inv(qr.R(model$qr)); ability <- as.numeric(model$coefficients)
  }
  list(ability = ability, std_error = sqrt(diag(covariance)))
}
never_lost <- matrix(c(0, 3, 2, 0, 0, 1, 0, 2, 0), 3, byrow = TRUE)

# The standardised difference of two groups: means apart in units of the root mean of both variances (Austin 2009).
smd <- function(a, b) (mean(b) - mean(a)) / sqrt((var(a) + var(b)) / 2)
real <- c(412, 380, 455, 501, 398); synthetic <- c(310, 295, 402, 288, 350, 377)

# Student's and Welch's intervals of the difference in the same units, each one of so many that hold together with 95%
# (Bonferroni).
means <- function(among, equal) {
  test <- t.test(synthetic, real, conf.level = 1 - .05 / among, var.equal = equal)
  list(among = among, interval = as.numeric(test$conf.int) / sqrt((var(real) + var(synthetic)) / 2), p = test$p.value)
}
student_means <- lapply(c(1, 15, 60), means, equal = TRUE)
welch_means <- lapply(c(1, 15, 60), means, equal = FALSE)
# What lies beyond t on both sides.
student <- apply(expand.grid(t = c(.1, 1, 2.5, 12), df = c(1, 1.3, 3.7, 22, 400)), 1, function(x)
  list(t = x[["t"]], df = x[["df"]], p = 2 * pt(-x[["t"]], x[["df"]])))

# Fisher's exact test of two shares, two-sided. The first is Fisher's (1935) lady tasting tea.
fisher <- lapply(list(c(3, 4, 1, 4), c(30, 40, 1, 40), c(1, 40, 12, 40), c(4, 10, 1, 10), c(0, 7, 5, 9)), function(x)
  list(real = x[1:2], synthetic = x[3:4], p = fisher.test(matrix(c(x[1], x[2] - x[1], x[3], x[4] - x[3]), 2))$p.value))

write_json(list(
  bradley_terry = list(teams = teams, wins = wins, fit = fit(wins), with_prior = fit(wins, .5)),
  never_lost = list(wins = never_lost, with_prior = fit(never_lost, .5)),
  standardised = list(real = real, synthetic = synthetic, difference = smd(real, synthetic),
                      student = student_means, welch = welch_means),
  student = unname(student),
  fisher = fisher
), "curation.json", digits = NA, auto_unbox = TRUE, matrix = "rowmajor")
