"""Why a measuring ended as it did, in one sentence for people."""

REASONS: dict[str, str] = {
    "arrived": "All that was agreed arrived between the readings.",
    "arrived_in_part": "Less than agreed arrived, and spending does not move this figure.",
    "did_not_arrive": "Nothing arrived, and spending does not move this figure.",
    "less_than_agreed": "At least this much arrived. Spending meanwhile may hide the rest.",
    "nothing_seen": "No rise was seen. Spending meanwhile may hide an arrival.",
    "too_few_readings": "There were too few readings to compare.",
    "other_currency": "The balance is in another currency than the order.",
    "account_changed": "The readings are of different accounts.",
    "reset_between": "A period, plan or credit line changed between the readings.",
    "unit_without_price": "The provider counts in a unit that has no fixed price.",
    "a_person_compares": "A moderator has to compare what was handed in.",
    "a_person_compared": "A moderator compared what was handed in.",
    "answer_not_confirmed": "The form of this provider’s answer is not confirmed yet.",
    "nothing_read_before": "Nothing could be read before the credit was sent.",
    "order_ended": "The order ended before the measuring did.",
    "not_readable": "This provider’s balance cannot be read.",
    "key_refused": "The provider refused the key.",
    "key_malformed": "The key has not the form that the provider wants.",
    "key_unreadable": "The stored key could not be read any more.",
    "resting": "The provider did not answer, and was left alone for a while.",
    "timeout": "The provider took too long to answer.",
    "connection": "The connection to the provider broke.",
    "unresolved": "The provider’s host was not found.",
    "not_public": "The provider’s host led to an address that is not public.",
    "not_allowed": "The address is not one that keys may be sent to.",
    "redirect": "The provider sent us elsewhere, and keys are not sent elsewhere.",
    "too_large": "The provider’s answer was far too large.",
    "error_status": "The provider answered with an error.",
    "unreadable": "The provider’s answer was not what its documentation shows.",
}


def explain(reason: str) -> str:
    """The sentence for a reason; "" while there is none."""
    return REASONS.get(reason, "")
