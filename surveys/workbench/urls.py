"""The addresses of the workbench, by resource."""

from django.urls import path

from surveys.workbench.views import (
    accounts,
    amendments,
    arms,
    article_files,
    articles,
    designing,
    lifecycle,
    monitor,
    panel,
    payments,
    people,
    quality,
    question,
    questions,
    recruitment,
    studies,
    texts,
)

app_name = "workbench"

STUDY = "studies/<slug:study_key>/"
ARM = f"{STUDY}arms/<slug:arm_key>/"
ARTICLE = f"{STUDY}articles/<slug:article_key>/"
BLOCK = f"{STUDY}questions/<slug:block_key>/"
QUESTION = f"{STUDY}questions/+/item/<slug:item_key>/"
PERSON = f"{STUDY}people/<slug:person_key>/"

urlpatterns = [
    path("", studies.home, name="home"),
    path("sign-in/", accounts.sign_in, name="sign-in"),
    path("sign-in/<str:token>/", accounts.sign_in_by_link, name="sign-in-by-link"),
    path("language/", accounts.language, name="language"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("account/password/", accounts.password, name="password"),
    path("studies/new/", studies.new, name="study-new"),
    path(STUDY, studies.overview, name="study"),
    path(f"{STUDY}texts/", texts.texts, name="study-texts"),
    path(f"{STUDY}design/", texts.design, name="study-design"),
    path(f"{STUDY}design/beside/", designing.beside, name="study-beside"),
    path(f"{STUDY}design/check/", designing.design_check, name="study-design-check"),
    path(f"{STUDY}questions/", questions.questions, name="study-questions"),
    path(f"{STUDY}questions/add/", questions.add, name="study-question-add"),
    path(f"{STUDY}questions/export/", questions.export, name="study-definition"),
    path(f"{STUDY}questions/import/", questions.load, name="study-definition-import"),
    path(f"{STUDY}questions/+/new/", question.choose, name="study-question-kinds"),
    path(f"{STUDY}questions/+/new/<slug:kind>/", question.new, name="study-question-new"),
    path(f"{QUESTION}", question.edit, name="study-question-edit"),
    path(f"{QUESTION}remove/", question.remove, name="study-question-remove-one"),
    path(f"{QUESTION}move/", question.move, name="study-question-move-one"),
    path(f"{BLOCK}page/", question.page, name="study-question-page"),
    path(f"{BLOCK}scoring/", question.scoring, name="study-question-scoring"),
    path(f"{BLOCK}instrument/", question.instrument_file, name="study-question-instrument"),
    path(f"{BLOCK}preview/", question.preview, name="study-question-preview"),
    path(f"{BLOCK}remove/", questions.remove, name="study-question-remove"),
    path(f"{BLOCK}move/", questions.move, name="study-question-move"),
    path(f"{STUDY}arms/", arms.arms, name="study-arms"),
    path(f"{STUDY}arms/+/new/", arms.new, name="study-arm-new"),
    path(ARM, arms.arm, name="study-arm"),
    path(f"{ARM}delete/", arms.delete, name="study-arm-delete"),
    path(f"{ARM}move/", arms.move, name="study-arm-move"),
    path(f"{STUDY}articles/", articles.articles, name="study-articles"),
    path(f"{STUDY}articles/+/new/", articles.new, name="study-article-new"),
    path(f"{STUDY}articles/+/import/", article_files.load, name="study-article-import"),
    path(f"{STUDY}articles/+/template/", article_files.template, name="study-article-template"),
    path(ARTICLE, articles.article, name="study-article"),
    path(f"{ARTICLE}edit/", articles.edit, name="study-article-edit"),
    path(f"{ARTICLE}place/", articles.put_in_arm, name="study-article-place"),
    path(f"{ARTICLE}untrue/", articles.describe, name="study-article-untrue"),
    path(f"{ARTICLE}take-down/", articles.set_down, {"down": True}, name="study-article-take-down"),
    path(f"{ARTICLE}put-back/", articles.set_down, {"down": False}, name="study-article-put-back"),
    path(f"{STUDY}recruitment/", recruitment.recruitment, name="study-recruitment"),
    path(f"{STUDY}recruitment/payments/", payments.listed, name="study-payments"),
    path(f"{STUDY}recruitment/payments/file/", payments.download, name="study-payments-file"),
    path(f"{STUDY}recruitment/keys/", panel.keys, name="study-access-keys"),
    path(f"{STUDY}recruitment/keys/revoke/", panel.revoke_key, name="study-access-key-revoke"),
    path(f"{STUDY}recruitment/statuses/", panel.statuses, name="study-panel-statuses"),
    path(f"{STUDY}preview/", recruitment.preview, name="study-preview"),
    path(f"{STUDY}amendments/", amendments.made, name="study-amendments"),
    path(f"{STUDY}monitor/", monitor.monitor, name="study-monitor"),
    path(f"{STUDY}quality/", quality.quality, name="study-quality"),
    path(f"{STUDY}people/", people.people, name="study-people"),
    path(f"{STUDY}people/add/", people.add, name="study-person-add"),
    path(f"{PERSON}role/", people.role, name="study-person-role"),
    path(f"{PERSON}link/", people.renew, name="study-person-link"),
    path(f"{PERSON}remove/", people.remove, name="study-person-remove"),
    path(f"{STUDY}log/", lifecycle.log, name="study-log"),
    *(path(f"{STUDY}{step}/", lifecycle.move, {"step": step}, name=f"study-{step}") for step in lifecycle.MOVES),
]
