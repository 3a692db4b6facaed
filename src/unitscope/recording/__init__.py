"""Recording: a network and labelled items go in, a run comes out.

Forward hooks on the user's own module, one pass for all chosen layers, written block by block, resumable.
"""

from .add_runs import add_runs
from .plan import Plan, plan_recording
from .record import record, record_shard

__all__ = ["Plan", "add_runs", "plan_recording", "record", "record_shard"]
