//! What would be right instead, for each refusal that has an answer to that.

use super::ExtensionError;

impl ExtensionError {
    pub(super) fn hint(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => refusal.hint.as_deref(),
            Self::UnknownZone { .. } => {
                Some("a full name of pg_timezone_names, such as Europe/Berlin; no abbreviation and no offset")
            }
            Self::MissingView { .. } | Self::MissingColumn { .. } => Some(
                "schema rota_source holds the views that show a roster; the migrations create them, \
                 or you do over tables of your own",
            ),
            Self::UnreadableProposal { .. } | Self::ProposedNoList => Some(
                "[{\"person_id\": \"…\", \"shift_id\": \"…\"}] or \
                 [{\"person_id\": \"…\", \"starts_at\": \"…\", \"ends_at\": \"…\"}]",
            ),
            Self::UnreadableRule { rule_type, .. } => Some(match rule_type.as_str() {
                "maximum_minutes" => {
                    "parameters such as {\"maximum_minutes\": 2880, \"per\": \"week\"}; level one of violation, \
                     warning, advisory, unknown"
                }
                "consecutive_days" => {
                    "parameters such as {\"maximum_days\": 6}; level one of violation, warning, advisory, unknown"
                }
                "rest_period" => {
                    "parameters {\"minimum_minutes\": 660}; level one of violation, warning, advisory, unknown"
                }
                _ => {
                    "rota.preset_rules has rules of many types with their parameters; level one of violation, \
                     warning, advisory, unknown"
                }
            }),
            Self::UnknownRuleSet { .. } => {
                Some("rota.rule_sets lists those that are law; sets of your own stand in rota_source.rules")
            }
            Self::UnfitForSwap { .. } => {
                Some("name two assignments that book two different people, by assignment_id")
            }
            Self::UnreadablePayRules { .. } => {
                Some("rota.pay_rules('japan') shows a whole document; other fields than its own are refused")
            }
            Self::InsideTransaction => Some("CALL it as a statement of its own, with autocommit"),
            Self::NoInvalidationsOnStandby => Some("ask its primary"),
            Self::NotPreloaded => Some(
                "LISTEN rota_invalidation; or set shared_preload_libraries = 'rota' and restart the server",
            ),
            Self::PreparedAnnouncement => Some("COMMIT it, or rota.unwatch the tables that it changes"),
            Self::WrongTrigger => Some("rota.watch makes the triggers of a table"),
            Self::GuardViolated(violation) => Some(violation.hint),
            Self::RuleBroken(_) => {
                Some("plan less or later work, or somebody else; rota.explain_verdict tells what counts")
            }
            Self::UnusableEnforcement { .. } => Some(
                "rota.unenforce_rules and rota.enforce_rules make it anew; rota.enforced_rules shows what it is",
            ),
            Self::UnusableGuard { .. } => Some(
                "rota.unguard_overlaps and rota.guard_overlaps make it anew; rota.guards shows what it is",
            ),
            Self::UnreadablePredicate { .. } | Self::UnguardablePredicate { .. } => {
                Some("a condition on columns of the table, such as status = 'active'")
            }
            Self::WrongTrackingTrigger => {
                Some("rota.manage_view and rota.create_rollup make the triggers of a table")
            }
            Self::MissingQueue { .. } => Some("rota.unmanage_view and manage the view anew"),
            Self::RefreshTimedOut { .. } => Some("a longer refresh_timeout, or a query that an index serves"),
            Self::UnknownRelation { .. } => Some("the name of a materialized view or rollup"),
            Self::ViewNotOwned { .. } => {
                Some("ask as its owner; who may call rota.refresh_due may refresh any managed view")
            }
            Self::TooManyOverlaps { .. } => Some("narrow them with a predicate"),
            Self::TooManyVerdicts { .. } => Some("ask about a shorter window, or fewer people"),
            Self::UnknownRule { .. } => Some("rota.check_rules tells the rule_id of each verdict"),
            Self::TooManyConflicts { .. } => Some("ask about a shorter window, or fewer people or teams"),
            _ => None,
        }
    }
}
