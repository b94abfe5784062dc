"""The feedback log: what was shown, with which probability, and what came of it. Imports no TensorFlow."""

from serving.feedback.log import FeedbackLog
from serving.feedback.part_files import FeedbackLogError

__all__ = ["FeedbackLog", "FeedbackLogError"]
