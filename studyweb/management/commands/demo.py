"""`manage.py demo`: the whole chain with nobody at the keyboard, into a folder of its own."""

import argparse
import io
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from studyweb.demo.installation import Installation, InstallationError


class Command(BaseCommand):
    help = "Generate, curate, launch, simulate 160 readers, report: the whole chain, into demo-output/."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--output", default="demo-output", help="folder for data and results (emptied first)")
        parser.add_argument("--seed", type=int, default=1, help="seed of the simulated readers")

    def handle(self, *args: Any, **options: Any) -> None:
        output = Path(options["output"]).resolve()
        data = output / "data"
        if data != settings.DATA_DIR:
            self._begin_there(output, data)
        from studyweb.demo.chain import LinkFailed
        from studyweb.demo.walk import WalkError

        self._say("Starting studyweb: database, broker, workers, language model ...")
        try:
            with Installation(output / "studyweb.log") as running:
                self._walk_the_chain(running.address, output, options["seed"])
        except (InstallationError, LinkFailed, WalkError) as error:
            raise CommandError(f"The chain broke: {error}") from error
        self._say(f"Everything is in {output}: open {output / 'report.html'} in a browser.")

    def _begin_there(self, output: Path, data: Path) -> None:
        """Start this command again with the demonstration's own data folder; settings are read only once."""
        if output.exists() and not (output / "data").exists() and any(output.iterdir()):
            raise CommandError(f"{output} holds other things than a demonstration: name an empty or a new folder.")
        shutil.rmtree(output, ignore_errors=True)
        data.mkdir(parents=True)
        outside = {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY", "IDENTITY_KEY"}
        kept = {name: value for name, value in os.environ.items() if name not in outside}
        os.execve(sys.executable, [sys.executable, *sys.argv], {**kept, "STUDYWEB_DATA_DIR": str(data)})  # noqa: S606

    def _walk_the_chain(self, address: str, output: Path, seed: int) -> None:
        from analysis import exports
        from studyweb.demo import chain
        from studyweb.demonstration import make_demonstration
        from surveys.accounts import ensure_first_researcher

        researcher = ensure_first_researcher("researcher@localhost")
        study = make_demonstration(researcher)
        self._say("The built-in model writes candidates ...")
        batches = chain.prompts(study, researcher)
        chain.drafted(batches, self._say)
        chain.curated(study, batches, researcher)
        chain.launched(study, researcher)
        self._say(f"Frozen and launched: {study.current_version}. Simulated participants walk the pages ...")
        walks = chain.read_and_rated(study, address, seed, self._say)
        chain.recorded(study, walks)
        self._say(f"{len(walks.codes)} people in {walks.seconds:.0f} s. The report is made ...")
        report, export = chain.reported(study, researcher)
        self._write(output, report.html, b"".join(exports.read(export)), report.result)
        self._tell(report.result, chain.EFFECTS)

    def _write(self, output: Path, html: str, archive: bytes, result: dict[str, Any]) -> None:
        (output / "report.html").write_text(html, encoding="utf-8")
        (output / "report.json").write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            files.extractall(output / "exports")

    def _tell(self, result: dict[str, Any], effects: dict[str, float]) -> None:
        """The planted effects beside the estimates; whether an interval holds its effect sets no exit status."""
        for sentence in result["sentences"]:
            self._say(sentence)
        for row in result["results"]["means"]:
            planted = effects[row["arm"]] - effects[row["reference"]]
            inside = row["ci_low"] <= planted <= row["ci_high"]
            self._say(
                f"  {row['arm']} - {row['reference']}: planted {planted:+.2f}, estimated {row['estimate']:+.2f} "
                f"[{row['ci_low']:+.2f}, {row['ci_high']:+.2f}]: {'inside' if inside else 'NOT inside'} the interval"
            )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
