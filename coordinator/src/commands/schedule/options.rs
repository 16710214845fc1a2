//! The options of a schedule, and the plan that they make.

use jiff::civil::Date;
use lianfang_desk::Problem;
use lianfang_proto::catalogue::Disclosure;

use crate::commands::span;
use crate::commands::terms::{OrNone, TermsOptions, required, span_or_none, unusable};
use crate::office::Office;
use crate::ports::Micros;
use crate::schedule::plan::{CatchUp, Plan, PlanError, TooSoon};
use crate::schedule::rhythm::{Malformed, Rhythm, Zone};

const ZONE: &str = "Asia/Shanghai";
/// Jobs of counts alone are left out if they differ from the last by fewer banks.
const COUNTS_DIFFER: u16 = 3;

fn said<T>(read: Result<T, Malformed>) -> Result<T, String> {
    read.map_err(|error| error.to_string())
}

fn day(text: &str) -> Result<OrNone<Option<Date>>, String> {
    if text == "none" {
        return Ok(OrNone(None));
    }
    let date = text.parse().map_err(|_| "a date, as in 2027-01-31, or none".to_owned());
    date.map(|date| OrNone(Some(date)))
}

/// When runs are planned, what happens to those that do not fit, and the terms of each.
#[derive(clap::Args)]
pub(in crate::commands) struct Options {
    /// Every week.
    #[arg(long, value_name = "mon@02:00", value_parser = |text: &str| said(Rhythm::weekly(text)),
        conflicts_with_all = ["monthly", "cron", "once"])]
    weekly: Option<Rhythm>,
    /// Every month.
    #[arg(long, value_name = "1@02:00|last@02:00", value_parser = |text: &str| said(Rhythm::monthly(text)),
        conflicts_with_all = ["cron", "once"])]
    monthly: Option<Rhythm>,
    /// By a cron expression.
    #[arg(long, value_name = "EXPRESSION", value_parser = |text: &str| said(Rhythm::cron(text)), conflicts_with = "once")]
    cron: Option<Rhythm>,
    /// Once.
    #[arg(long, value_name = "2027-01-15T02:00", value_parser = |text: &str| said(Rhythm::once(text)))]
    once: Option<Rhythm>,
    /// By which wall clock.
    #[arg(long, value_parser = |text: &str| said(Zone::named(text)))]
    zone: Option<Zone>,
    /// The first day.
    #[arg(long, value_name = "DATE|none", value_parser = day)]
    from: Option<OrNone<Option<Date>>>,
    /// The last day.
    #[arg(long, value_name = "DATE|none", value_parser = day)]
    until: Option<OrNone<Option<Date>>>,
    /// What happens to runs that were missed.
    #[arg(long, value_name = "skip|run-last|run-all:N", value_parser = |text: &str| said(CatchUp::parse(text)))]
    catch_up: Option<CatchUp>,
    /// What happens to a run that comes too soon.
    #[arg(long, value_name = "wait|skip", value_parser = |text: &str| said(TooSoon::parse(text)))]
    overlap: Option<TooSoon>,
    /// The least time between the beginnings of two runs.
    #[arg(long, value_name = "SPAN|none", value_parser = span_or_none)]
    min_interval: Option<OrNone<Micros>>,
    /// By how many banks a run must differ from the last, if it differs.
    #[arg(long, value_name = "BANKS")]
    min_change: Option<u16>,
    #[command(flatten)]
    terms: TermsOptions,
}

impl Options {
    /// What was chosen, over what was chosen before.
    pub(super) fn over(self, before: Option<Plan>, office: &Office) -> Result<Plan, Problem> {
        let rhythm = self.weekly.or(self.monthly).or(self.cron).or(self.once);
        let disclosure_chosen = self.terms.disclosure.is_some();
        let default_change = |disclosure| if disclosure == Disclosure::Count { COUNTS_DIFFER } else { 0 };
        let plan = if let Some(before) = before {
            let template = self.terms.over(Some(before.template), office)?;
            let kept =
                if disclosure_chosen { default_change(template.disclosure) } else { before.min_change };
            Plan {
                rhythm: rhythm.unwrap_or(before.rhythm),
                zone: self.zone.unwrap_or(before.zone),
                from: self.from.map_or(before.from, |day| day.0),
                until: self.until.map_or(before.until, |day| day.0),
                catch_up: self.catch_up.unwrap_or(before.catch_up),
                overlap: self.overlap.unwrap_or(before.overlap),
                min_interval: self.min_interval.map_or(before.min_interval, |span| span.0),
                min_change: self.min_change.unwrap_or(kept),
                template,
            }
        } else {
            let rhythm = required("--weekly|--monthly|--cron|--once", rhythm)?;
            let template = self.terms.over(None, office)?;
            Plan {
                rhythm,
                zone: self
                    .zone
                    .map_or_else(|| Zone::named(ZONE), Ok)
                    .map_err(|_| unusable("--zone", ZONE))?,
                from: self.from.and_then(|day| day.0),
                until: self.until.and_then(|day| day.0),
                catch_up: self.catch_up.unwrap_or(CatchUp::RunLast),
                overlap: self.overlap.unwrap_or(TooSoon::Wait),
                min_interval: self.min_interval.map_or(0, |span| span.0),
                min_change: self.min_change.unwrap_or(default_change(template.disclosure)),
                template,
            }
        };
        plan.check(office.now()).map_err(|error| cannot_be(error, &plan))?;
        Ok(plan)
    }
}

/// Why a plan cannot be, by the option.
fn cannot_be(error: PlanError, plan: &Plan) -> Problem {
    let rhythm = plan.rhythm.to_string();
    let option = rhythm.split(' ').next().unwrap_or_default();
    match error {
        PlanError::EndsBeforeItBegins => Problem::usage("coordinator-schedule-ends-first").field("--until"),
        PlanError::Never => {
            Problem::usage("coordinator-schedule-never").field(format!("--{option}")).with("got", rhythm)
        }
        PlanError::TooClose => {
            Problem::usage("coordinator-schedule-too-close").field(format!("--{option}")).with("got", rhythm)
        }
        PlanError::NoneMayWait => Problem::usage("coordinator-schedule-none-may-wait").field("--overlap"),
    }
}

/// A plan as it is shown: as it would be typed.
pub(super) fn shown(plan: &Plan) -> serde_json::Value {
    let template = &plan.template;
    let spans = |spans: &[Micros]| spans.iter().map(|span| span::text(*span)).collect::<Vec<_>>();
    let deadlines = template.deadlines.iter().map(|(bank, span)| (bank.to_string(), span::text(*span)));
    serde_json::json!({
        "rhythm": plan.rhythm.to_string(),
        "zone": plan.zone.name(),
        "from": plan.from.map(|day| day.to_string()),
        "until": plan.until.map(|day| day.to_string()),
        "catch_up": plan.catch_up.text(),
        "overlap": plan.overlap.text(),
        "min_interval": span::text(plan.min_interval),
        "min_change": plan.min_change,
        "deadline": span::text(template.deadline),
        "deadline_of": deadlines.collect::<std::collections::BTreeMap<_, _>>(),
        "remind": spans(&template.reminders),
        "grace": span::text(template.grace),
        "match_threshold": template.match_threshold,
        "disclosure": template.disclosure.code(),
        "purpose": template.purpose,
        "legal_basis": template.legal_basis,
    })
}
