//! Large registers for measuring: one mobile per record, a known share of them at every bank.
//!
//! Comes in: sizes and a seed. Goes out: a register written row by row, whatever its size, and the answer by arithmetic.

use std::io::{self, Write};

use super::numbers::Numbers;

/// Registers of equal size that share exactly `common` identifiers, all of them held by every bank.
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    /// The seed.
    pub seed: u64,
    /// Identifiers, and so records, per bank; banks times this must stay under 700 million.
    pub identifiers: u64,
    /// How many of them every bank holds.
    pub common: u64,
}

impl Plain {
    /// The canonical mobile in a row of a bank; the rows below `common` are the same everywhere.
    pub fn identifier(&self, bank: u64, row: u64) -> String {
        let own = self.identifiers.saturating_sub(self.common);
        let index = if row < self.common { row } else { self.common + bank * own + row - self.common };
        Numbers::new(self.seed).mobile(index)
    }

    /// Writes a bank's register in memory of one row; its rows stand in an order of the bank's own.
    pub fn write_register(&self, bank: u64, into: &mut impl Write) -> io::Result<()> {
        self.write_rows(bank, |_| true, into)
    }

    /// The same of those rows alone that are wanted.
    pub fn write_rows(
        &self,
        bank: u64,
        wanted: impl Fn(u64) -> bool,
        into: &mut impl Write,
    ) -> io::Result<()> {
        into.write_all(b"record,role,mobile\n")?;
        let rows = (0..self.identifiers).map(|place| (place + bank * 7919) % self.identifiers);
        for row in rows.filter(|row| wanted(*row)) {
            let mobile = self.identifier(bank, row);
            let number = mobile.trim_start_matches("+86");
            writeln!(into, "P{row:08},agent,{number}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_share_in_common_is_exact() {
        let plain = Plain { seed: 3, identifiers: 2000, common: 150 };
        let sets: Vec<BTreeSet<String>> =
            (0..3).map(|bank| (0..2000).map(|row| plain.identifier(bank, row)).collect()).collect();
        assert!(sets.iter().all(|set| set.len() == 2000));
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            assert_eq!(sets[one].intersection(&sets[other]).count(), 150);
        }
        let mut file = Vec::new();
        plain.write_register(1, &mut file).unwrap();
        let text = String::from_utf8(file).unwrap();
        assert_eq!(text.lines().count(), 2001);
        let written: BTreeSet<String> =
            text.lines().skip(1).map(|line| format!("+86{}", line.rsplit(',').next().unwrap())).collect();
        assert_eq!(written, sets[1]);
    }
}
