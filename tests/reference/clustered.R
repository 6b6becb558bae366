# Reference values of least squares with errors clustered by participant and article, by sandwich's vcovCL. Its variances
# V_people + V_articles - V_both are taken without its factors of clusters; fixest's, G / (G - 1) of the fewer clusters
# for all three, stands in their place. Rscript tests/reference/clustered.R > tests/reference/clustered.json
suppressPackageStartupMessages({
  library(sandwich)
  library(jsonlite)
})
more <- fromJSON("tests/reference/crossed.json")$more
data <- as.data.frame(more$data)
data$arm <- factor(data$arm, levels = c("real", "small", "large"))
model <- lm(credibility ~ arm, data)
fewer <- min(length(unique(data$participant)), length(unique(data$article)))
variance <- vcovCL(model, cluster = ~ participant + article, type = "HC1", cadjust = FALSE) * fewer / (fewer - 1)
rows <- lapply(c("small", "large"), function(arm) {
  name <- paste0("arm", arm)
  estimate <- coef(model)[[name]]
  error <- sqrt(variance[name, name])
  list(arm = arm, estimate = estimate, std_error = error, df = fewer - 1, p_value = 2 * pt(-abs(estimate / error), fewer - 1),
       ci_low = estimate - qt(0.975, fewer - 1) * error, ci_high = estimate + qt(0.975, fewer - 1) * error)
})
cat(toJSON(rows, auto_unbox = TRUE, digits = 12), "\n")
