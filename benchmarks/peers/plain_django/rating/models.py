"""Articles, readers and what they answered."""

from django.db import models


class Article(models.Model):
    position = models.PositiveSmallIntegerField(unique=True)
    headline = models.CharField(max_length=200)
    text = models.TextField()

    def __str__(self):
        return self.headline


class Reader(models.Model):
    position = models.PositiveSmallIntegerField(default=0)
    began_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return f"reader {self.pk}"


class Rating(models.Model):
    reader = models.ForeignKey(Reader, models.CASCADE)
    article = models.ForeignKey(Article, models.PROTECT)
    believable = models.CharField(max_length=1)
    accurate = models.CharField(max_length=1)
    clear = models.CharField(max_length=1)
    share = models.CharField(max_length=1)
    comment = models.TextField()
    submitted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "article"], name="rated_once")]

    def __str__(self):
        return f"rating {self.pk}"
