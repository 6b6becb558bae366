"""What an export says of a study beside what people answered: where its texts come from, who arrived, what was asked.

Like analysis/frames.py a seam between the database and files.
"""

import json
from typing import Any

import pandas as pd
from django.db.models import Count, Q

from analysis.files.qualtrics import Question
from analysis.schema_study import FLOW, LINEAGE
from surveys.frozen import FrozenStudy
from surveys.items import TEXTS
from surveys.models import Article, PanelIdentity, PanelSubmission, Participant, StudyVersion
from surveys.route import steps
from surveys.tokens import unseal


def lineage_frame(version: StudyVersion) -> pd.DataFrame:
    """One row an article of the version, in its order. It holds no answer, and can be shown before the unblinding."""
    frozen = version.frozen
    known = dict(
        Article.objects.filter(study=version.study_id, key__in=list(frozen.article_by_key)).values_list(
            "key", "lineage"
        )
    )
    rows = []
    for article in frozen.articles:
        rows.append(
            {
                "article": article.key,
                "arm": article.arm,
                "story": article.story,
                "origin": article.origin,
                "curation": article.curation,
                "article_sha256": article.sha256,
                "language": article.language,
                "source": article.source,
                "published_on": article.published_on,
                "model": article.model_name,
                **_written(known.get(article.key) or {}),
            }
        )
    frame = pd.DataFrame(rows, columns=list(LINEAGE.names))
    whole = [column.name for column in LINEAGE.columns if column.type == "integer"]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def _written(lineage: dict[str, Any]) -> dict[str, Any]:
    """The lineage's main facts as cells, and all of it as JSON."""
    if not lineage:
        return {}
    model, prompt = lineage.get("model", {}), lineage.get("prompt", {})
    batch, candidate = lineage.get("batch", {}), lineage.get("candidate", {})
    return {
        "model_source": model.get("source", ""),
        "model_identity": _json(model.get("identity")),
        "engine": _json(lineage.get("engine")),
        "prompt_kind": prompt.get("kind", ""),
        "prompt_sha256": prompt.get("sha256", ""),
        "prompt": prompt.get("text", ""),
        "sampling": _json(lineage.get("sampling")),
        "seed": str(candidate.get("seed", "")),
        "batch": batch.get("number"),
        "candidate": candidate.get("index"),
        "candidates": batch.get("size"),
        "raw_sha256": lineage.get("raw", {}).get("sha256", ""),
        "edits": _edits(lineage),
        "reviews": len(lineage.get("reviews", ())),
        "flags": _json(lineage.get("flags")),
        "lineage": _json(lineage),
    }


def _edits(lineage: dict[str, Any]) -> int:
    """The edits of a text and of those that it goes on from."""
    count, step = 0, lineage
    while step:
        count += len(step.get("edits", ()))
        step = step.get("continues") or {}
    return count


def _json(part: Any) -> str:
    return json.dumps(part, ensure_ascii=False, sort_keys=True) if part else ""


def flow_frame(version: StudyVersion, mode: str) -> pd.DataFrame:
    """One row an arm and ending: counts of people and no answer, as a running study shows them too."""
    counts: dict[str, Any] = {
        "people": Count("pk"),
        "consented": Count("pk", filter=Q(consented_at__isnull=False)),
        "randomised": Count("pk", filter=Q(randomised_at__isnull=False)),
        "exposed": Count("pk", filter=Q(exposed_at__isnull=False)),
        "debriefed": Count("pk", filter=Q(debriefed_at__isnull=False)),
        "completed": Count("pk", filter=Q(completed_at__isnull=False)),
        "withdrawn": Count("pk", filter=Q(withdrawn_at__isnull=False)),
    }
    people = Participant.objects.filter(version=version, mode=mode)
    rows = people.order_by("arm", "outcome").values("mode", "arm", "outcome").annotate(**counts)
    return pd.DataFrame(list(rows), columns=list(FLOW.names))


def panel_ids(keys: list[int]) -> dict[str, str]:
    """{export id: the panel's id} of these people, where a panel sent them and they consented."""
    rows = PanelIdentity.objects.filter(participant__in=keys, ciphertext__isnull=False)
    return {
        person: unseal(bytes(sealed or b""))
        for person, sealed in rows.values_list("participant__export_id", "ciphertext")
    }


def panel_studies(keys: list[int]) -> dict[str, str]:
    """{export id: the panel's own ids of the study} of these people, where their links named one."""
    rows = PanelSubmission.objects.filter(identity__participant__in=keys, panel_study__gt="").order_by("seen_at", "pk")
    found: dict[str, dict[str, None]] = {}
    for person, study in rows.values_list("identity__participant__export_id", "panel_study"):
        found.setdefault(person, {})[study] = None
    return {person: " ".join(studies) for person, studies in found.items()}


def questions(frozen: FrozenStudy) -> list[Question]:
    """Every item of the study at every step, in the order of the pages."""
    first = frozen.definition.languages[0]
    return [
        Question(
            step=step.slug,
            item=item.key,
            wording=frozen.definition.text(item.wording, first),
            place=0 if step.trial is None else step.trial + 1,
            is_text=item.kind in TEXTS,
            has_order=item.order != "fixed",
        )
        for step in steps(frozen)
        for block in step.blocks
        for item in block.items
    ]
