//! Match rates of banks: how many of the rows that a bank submitted were matches, by its own signed return.
//!
//! A rate far above the others' shows a register that was filled to probe those of others. It is told in whole hundredths
//! of the padded rows, and not at all where there were from one to a few matches: so it does not give away the totals
//! that a summary keeps back.

use lianfang_telemetry::metrics::{BANK_MATCH_RATE, Key, Label, MATCH_RATE_ALARM, Moment};

use crate::certificate::read_return;
use crate::fault::Error;
use crate::job::ledger::{self, Party};
use crate::office::Office;

/// Jobs among which a bank's last one is looked for.
const JOBS: i64 = 4;

/// A bank's match rate in its last job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rate {
    matches: u64,
    rows: u64,
}

impl Rate {
    /// In hundredths, rounded down; `None` if it is not told.
    fn percent(self, suppressed_below: u64) -> Option<u8> {
        let told = self.matches == 0 || self.matches >= suppressed_below;
        let percent = self.matches.saturating_mul(100).checked_div(self.rows)?;
        told.then(|| u8::try_from(percent.min(100)).unwrap_or(100))
    }
}

fn rate(party: &Party) -> Result<Option<Rate>, Error> {
    let (Some(header), Some(returned)) = (party.submission()?, &party.returned) else { return Ok(None) };
    let matches = read_return(returned)?.by_kind.iter().map(|(_, count)| *count).fold(0, u64::saturating_add);
    Ok(Some(Rate { matches, rows: header.rows }))
}

/// The rates of all banks that have returned something lately.
pub(super) async fn read(office: &Office, moment: &Moment) -> Result<(), Error> {
    let mut connection = office.store.readers().acquire().await?;
    let sql = "SELECT id FROM job WHERE certificate IS NOT NULL ORDER BY created_at DESC LIMIT $1";
    let jobs: Vec<Vec<u8>> = sqlx::query_scalar(sql).bind(JOBS).fetch_all(&mut *connection).await?;
    let mut told = std::collections::BTreeSet::new();
    for job in jobs {
        let Ok(job) = lianfang_proto::ids::JobId::from_slice(&job, "job") else { continue };
        for party in ledger::parties(&mut connection, job).await? {
            let Some(rate) = rate(&party)? else { continue };
            if told.insert(party.bank.clone()) {
                show(office, &party, rate, moment);
            }
        }
    }
    Ok(())
}

fn show(office: &Office, party: &Party, rate: Rate, moment: &Moment) {
    let bank = [Label::party(Key::Bank, party.bank.as_str())];
    let percent = rate.percent(office.config.suppressed_below);
    moment.set_known(&BANK_MATCH_RATE, &bank, percent.map(|percent| f64::from(percent) / 100.0));
    let limit = office.config.match_rate_alarm_percent;
    let alarm = limit < 100 && percent.is_some_and(|percent| percent >= limit);
    moment.set(&MATCH_RATE_ALARM, &bank, u8::from(alarm).into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_coarse_and_few_matches_are_none() {
        let percent = |matches, rows| Rate { matches, rows }.percent(5);
        assert_eq!(percent(0, 1_024), Some(0));
        assert_eq!(percent(1, 1_024), None);
        assert_eq!(percent(4, 1_024), None);
        assert_eq!(percent(5, 1_024), Some(0));
        assert_eq!(percent(20, 1_024), Some(1));
        assert_eq!(percent(1_024, 1_024), Some(100));
        assert_eq!(percent(u64::MAX, 1), Some(100), "a return that lies stays a rate");
        assert_eq!(percent(5, 0), None);
    }
}
