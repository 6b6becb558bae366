"""A participant's way: enrol, where am I, record, be assigned, leave, withdraw, complete. The only writer of positions.

Every move is an ``UPDATE ... WHERE`` the position is the expected one, in one transaction with what belongs to it, so
that of two requests for one step exactly one is recorded.
"""

from surveys.flow.again import differs
from surveys.flow.endings import (
    acknowledge_debrief,
    can_finish_page,
    can_withdraw,
    end_at_panel,
    end_because_closed,
    had_open,
    leave,
    withdraw,
    withdrawal_deadline,
)
from surveys.flow.enrol import (
    Arrival,
    Gate,
    StrangerError,
    agree,
    arrive,
    can_reconsider,
    choose_language,
    decline,
    gate,
    is_superseded,
    join_current,
    reconsider,
    turn_back,
)
from surveys.flow.late import has_come_too_late, has_kept_late, keep_late, late_page, mark_debriefing_shown
from surveys.flow.ledger import ledger_differences, recount
from surveys.flow.place import Place, find, mark_shown
from surveys.flow.record import Problems, Submitted, save_draft, submit
from surveys.flow.resume import come_back, end_if_late

__all__ = [
    "Arrival",
    "Gate",
    "Place",
    "Problems",
    "StrangerError",
    "Submitted",
    "acknowledge_debrief",
    "agree",
    "arrive",
    "can_finish_page",
    "can_reconsider",
    "can_withdraw",
    "choose_language",
    "come_back",
    "decline",
    "differs",
    "end_at_panel",
    "end_because_closed",
    "end_if_late",
    "find",
    "gate",
    "had_open",
    "has_come_too_late",
    "has_kept_late",
    "is_superseded",
    "join_current",
    "keep_late",
    "late_page",
    "leave",
    "ledger_differences",
    "mark_debriefing_shown",
    "mark_shown",
    "reconsider",
    "recount",
    "save_draft",
    "submit",
    "turn_back",
    "withdraw",
    "withdrawal_deadline",
]
