# Standard errors of an ordinal regression clustered by participant: the coefficients are clm's, the curvature and each
# person's score are differences of its log likelihood, written here anew, and the factors of small samples those of
# Stata and statsmodels. Rscript tests/reference/clustered_odds.R > tests/reference/clustered_odds.json
suppressPackageStartupMessages({
  library(ordinal)
  library(jsonlite)
})
data <- as.data.frame(fromJSON("tests/reference/crossed.json")$more$ordinal$data)
data$arm <- factor(data$arm, levels = c("real", "small", "large"))
data$rating <- factor(data$credibility, ordered = TRUE)
model <- clm(rating ~ arm, data = data, control = clm.control(gradTol = 1e-10))
cuts <- length(model$alpha)
x <- model.matrix(~ arm, data)[, -1]
y <- as.integer(data$rating)
each <- function(parameters) {
  edges <- c(-Inf, parameters[seq_len(cuts)], Inf)
  eta <- as.vector(x %*% parameters[-seq_len(cuts)])
  log(plogis(edges[y + 1] - eta) - plogis(edges[y] - eta))
}
at <- coef(model)
stopifnot(abs(sum(each(at)) - as.numeric(logLik(model))) < 1e-8)
step <- 1e-4
moved <- function(k, by = step) replace(at, k, at[[k]] + by)
scores <- sapply(seq_along(at), function(k) (each(moved(k)) - each(moved(k, -step))) / (2 * step))
curvature <- outer(seq_along(at), seq_along(at), Vectorize(function(j, k) {
  e <- function(a, b) { p <- at; p[j] <- p[j] + a; p[k] <- p[k] + b; sum(each(p)) }
  (e(step, step) - e(step, -step) - e(-step, step) + e(-step, -step)) / (4 * step^2)
}))
# The curvature is clm's own, to five digits.
stopifnot(max(abs(sqrt(diag(solve(-curvature))) / sqrt(diag(vcov(model))) - 1)) < 1e-5)
of_people <- rowsum(scores, data$participant)
people <- nrow(of_people)
bread <- solve(-curvature)
factor_ <- people / (people - 1) * (nrow(data) - 1) / (nrow(data) - length(at))
errors <- sqrt(diag(bread %*% crossprod(of_people) %*% bread * factor_))
names(errors) <- names(at)
cat(toJSON(list(small = errors[["armsmall"]], large = errors[["armlarge"]]), auto_unbox = TRUE, digits = 12), "\n")
