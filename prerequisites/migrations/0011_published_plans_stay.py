"""A published or retired plan and what it asks for are never changed: the database holds it.

Until its transaction commits, a plan that is being published may be filled: nobody has seen it. A published one may be
retired, and signed off once. The owner may do everything (migrations of data), the operator delete (a whole practice).
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION treffa_plan_stays() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    may_change text[] := ARRAY['state', 'retired_at', 'signed_off_by_id', 'signed_off_at'];
BEGIN
    IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'draft' OR current_user = 'treffa_operator' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'plan % is %: it is not deleted', OLD.id, OLD.state USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state <> 'draft' AND (
        to_jsonb(NEW) - may_change <> to_jsonb(OLD) - may_change
        OR (NEW.state <> OLD.state AND NOT (OLD.state = 'published' AND NEW.state = 'retired'))
        OR (OLD.retired_at IS NOT NULL AND NEW.retired_at IS DISTINCT FROM OLD.retired_at)
        OR (OLD.signed_off_at IS NOT NULL AND (NEW.signed_off_at, NEW.signed_off_by_id)
            IS DISTINCT FROM (OLD.signed_off_at, OLD.signed_off_by_id))
    ) THEN
        RAISE EXCEPTION 'plan % is %: it is not changed', OLD.id, OLD.state USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state <> 'draft' AND (TG_OP = 'INSERT' OR OLD.state = 'draft') THEN
        PERFORM set_config(
            'treffa.publishing', concat(current_setting('treffa.publishing', true), ',', NEW.id, ','), true
        );
    END IF;
    RETURN NEW;
END $body$;

CREATE FUNCTION treffa_prerequisite_stays() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    stays bigint;
BEGIN
    IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
        OR (TG_OP = 'DELETE' AND current_user = 'treffa_operator') THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    -- Who publishes meanwhile is waited for, and waits.
    PERFORM 1 FROM prerequisites_plan plan WHERE plan.id IN (NEW.plan_id, OLD.plan_id) FOR SHARE;
    SELECT plan.id INTO stays FROM prerequisites_plan plan
     WHERE plan.id IN (NEW.plan_id, OLD.plan_id) AND plan.state <> 'draft'
       AND position(concat(',', plan.id, ',') IN COALESCE(current_setting('treffa.publishing', true), '')) = 0
     LIMIT 1;
    IF stays IS NOT NULL THEN
        RAISE EXCEPTION 'plan % is published: what it asks for is not changed', stays
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $body$;

CREATE TRIGGER plan_stays BEFORE INSERT OR UPDATE OR DELETE ON prerequisites_plan
    FOR EACH ROW EXECUTE FUNCTION treffa_plan_stays();
CREATE TRIGGER prerequisite_stays BEFORE INSERT OR UPDATE OR DELETE ON prerequisites_prerequisite
    FOR EACH ROW EXECUTE FUNCTION treffa_prerequisite_stays();
"""

BACKWARDS = """
DROP TRIGGER prerequisite_stays ON prerequisites_prerequisite;
DROP TRIGGER plan_stays ON prerequisites_plan;
DROP FUNCTION treffa_prerequisite_stays();
DROP FUNCTION treffa_plan_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("prerequisites", "0010_asked_at")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
