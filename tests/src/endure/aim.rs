//! Which moments a siege must have hit, and the rounds that are made for those that no kill has hit.
//!
//! Comes in: what was under way at the kills so far. Goes out: what is missing, and so what the next round is made for.
//! Fails: with the moment that was not hit in so many rounds more.

use anyhow::bail;

use super::Siege;
use super::course::{Beside, round};

/// From so many kills on, each of the moments must be among them; a smaller siege cannot promise that.
const FROM: u32 = 100;
/// Rounds at most that are made for moments.
const MORE: u32 = 15;
/// The moments, and what is beside the job in a round that is made for one. The key is agreed on once, before all rounds.
const MOMENTS: [(&str, Option<Beside>); 8] = [
    ("generate", None),
    ("refresh", Some(Beside::Refresh)),
    ("repair", Some(Beside::Repair)),
    ("backup", Some(Beside::Backups)),
    ("restore", Some(Beside::Restore)),
    ("import", Some(Beside::Nothing)),
    ("evaluation", Some(Beside::Nothing)),
    ("submission", Some(Beside::Nothing)),
];

impl Siege {
    /// Moments that a kill must hit and none has hit.
    pub(super) fn missed(&self) -> Vec<&'static str> {
        if !self.options.every_moment && self.options.kills < FROM {
            return Vec::new();
        }
        let during = self.tally().during;
        let hit = |word: &str| during.get(word).is_some_and(|kills| *kills > 0);
        MOMENTS.into_iter().map(|(word, _)| word).filter(|word| !hit(word)).collect()
    }

    /// What this round is made for, until it is hit.
    pub(super) fn aim(&self) -> Option<&'static str> {
        let aim = *self.aim.lock().expect("nobody panics with it");
        aim.filter(|word| self.missed().contains(word))
    }
}

/// Rounds from this number on, each made for one of the moments that were missed, until there are none.
pub(super) async fn at_what_was_missed(siege: &Siege, first: u32) -> anyhow::Result<()> {
    for number in first..first + MORE {
        let Some(word) = siege.missed().first().copied() else { return Ok(()) };
        let Some(beside) = MOMENTS.into_iter().find_map(|(of, beside)| beside.filter(|_| of == word)) else {
            bail!("no process was killed during {word}, which comes once in a siege");
        };
        *siege.aim.lock().expect("nobody panics with it") = Some(word);
        siege.count(|tally| tally.aimed += 1);
        Box::pin(round(siege, number, beside)).await?;
    }
    match siege.missed().as_slice() {
        [] => Ok(()),
        missed => bail!("no process was killed during {}, in {MORE} rounds made for it", missed.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endure::moment;

    /// A word that nobody says would never be hit.
    #[test]
    fn every_moment_is_one_that_is_counted() {
        let said = ["generate", "refresh", "repair", "backup", "restore", "import"];
        for (word, _) in MOMENTS {
            assert!(said.contains(&word) != moment::is_told(word), "{word}");
        }
    }
}
