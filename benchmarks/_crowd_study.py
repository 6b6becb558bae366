"""The crowd's studies: `python -m benchmarks._crowd_study KEY` makes an earlier one, of the same stories.

It prints the earlier one's key.

From then on the study of this key belongs to a panel, whose ids it keeps, and keeps out who took part in the earlier
one or reads one of its stories there.
"""

import sys

import django


def earlier_study(key: str) -> str:
    """The key of the earlier study, live, for the study of this key."""
    from surveys import lifecycle, recruitment
    from surveys.models import Study

    study = Study.objects.get(key=key)
    owner = study.created_by
    earlier = lifecycle.copy_study(study, owner, "An earlier study")
    lifecycle.freeze(earlier, owner)
    lifecycle.launch(earlier, owner)
    recruitment.store(earlier, {"panel": "prolific", "codes": {"completed": "EARLIER"}}, by=owner)
    settings = {"panel": "prolific", "keep_out": [earlier.key], "keep_out_readers": True}
    recruitment.store(study, settings | {"codes": {"completed": "DONE"}}, by=owner)
    return earlier.key


if __name__ == "__main__":
    django.setup()
    print(earlier_study(sys.argv[1]))
