# Makes people.json: loss by arm (Pearson's test, Wilson's intervals) and standardised differences, by base R.
# Run in this folder: Rscript people.R
library(jsonlite)
n <- c(120, 118, 121)
lost <- c(6, 23, 13)
test <- chisq.test(cbind(lost, n - lost), correct = FALSE)
wilson <- sapply(seq_along(n), function(i) prop.test(lost[i], n[i], correct = FALSE)$conf.int)

people <- data.frame(
  arm = c(rep("real", 8), rep("small", 7)),
  age = c(23, 31, 45, 52, 38, 29, 61, 44, 27, 33, 58, 47, 36, 65, 40),
  party = c("left", "left", "right", "other", "left", "right", "right", "left",
            "right", "right", "left", "other", "right", "left", "other")
)
real <- people[people$arm == "real", ]
small <- people[people$arm == "small", ]
age <- (mean(small$age) - mean(real$age)) / sqrt((var(small$age) + var(real$age)) / 2)
share <- function(level) {
  p <- mean(small$party == level)
  q <- mean(real$party == level)
  (p - q) / sqrt((p * (1 - p) + q * (1 - q)) / 2)
}
levels <- c("left", "other", "right")
write_json(
  list(
    attrition = list(
      statistic = unname(test$statistic), df = unname(test$parameter), p_value = test$p.value,
      least_expected = min(test$expected), share_low = wilson[1, ], share_high = wilson[2, ]
    ),
    balance = list(data = as.list(people), age = age, party = setNames(lapply(levels, share), levels))
  ),
  "people.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
