"""PURE: a study's tables as files, written chunk by chunk so that memory does not grow with the study."""

from analysis.files.package import FORMATS, Package
from analysis.files.qualtrics import Question

__all__ = ["FORMATS", "Package", "Question"]
