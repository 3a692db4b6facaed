"""Recording: a network and labelled items go in, a run comes out.

One forward pass per batch of items takes all chosen layers; the run is written block by block and can be resumed.
"""

from .add_runs import add_runs
from .plan import Plan, plan_recording
from .record import record, record_run, record_shard
from .settings import RecordingSettings

__all__ = ["Plan", "RecordingSettings", "add_runs", "plan_recording", "record", "record_run", "record_shard"]
