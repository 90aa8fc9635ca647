"""What the auditor looks for over all practices: kinds and numbers, nothing else."""

from django.db import migrations

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [
        ("escalation", "0009_findings"),
        ("appointments", "0014_merged_index"),
        ("messaging", "0006_added"),
    ]

    operations = [
        lookup_function(
            "treffa_audit(at timestamptz, late timestamptz, most bigint)",
            returns="TABLE (kind text, practice_id bigint, subject bigint)",
            reads=(
                *("prerequisites_case", "escalation_escalation", "escalation_task", "escalation_policy"),
                *("messaging_message", "appointments_feed", "appointments_appointment", "practices_practice"),
            ),
            body="""
                (SELECT 'case_without_step', one.practice_id, one.id FROM prerequisites_case one
                  JOIN appointments_appointment booked ON booked.id = one.appointment_id
                  WHERE one.closed_at IS NULL AND booked."end" > at
                    AND (one.due_at IS NULL OR (
                      one.escalation_due_at IS NULL AND one.readiness IN ('at_risk', 'overdue', 'not_performable')
                      AND NOT EXISTS (SELECT FROM escalation_escalation e WHERE e.case_id = one.id AND e.state <> 'ended')
                      AND NOT EXISTS (SELECT FROM escalation_task t WHERE t.case_id = one.id AND t.state <> 'closed')
                      AND NOT EXISTS (SELECT FROM escalation_policy p
                        WHERE p.practice_id = one.practice_id AND p.steps = '[]'::jsonb)))
                  LIMIT most)
                UNION ALL
                (SELECT 'case_left_behind', one.practice_id, one.id FROM prerequisites_case one
                  JOIN practices_practice p ON p.id = one.practice_id
                  WHERE one.due_at < late OR one.escalation_due_at < late OR (p.sending AND one.requests_due_at < late)
                  LIMIT most)
                UNION ALL
                (SELECT 'message_hangs', one.practice_id, one.id FROM messaging_message one
                  WHERE one.due_at < late AND one.state IN ('queued', 'sending', 'unknown') LIMIT most)
                UNION ALL
                (SELECT 'feed_overdue', one.practice_id, one.id FROM appointments_feed one
                  WHERE one.next_poll_at < late AND one.state <> 'paused' AND one.removed_at IS NULL LIMIT most)
            """,
        ),
    ]
