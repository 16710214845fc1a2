//! What selection and labels need of a record: role, typologies, grade, dates. Sealed, all of one length.
//!
//! Comes in: what the file said. Goes out: whether terms admit the record, and what a label says about it.
//!
//! ```text
//! u8 version ‖ u8 role (0 none) ‖ u32 typologies ‖ u8 grade ‖ u8 which days are known
//!            ‖ i32 first day ‖ i32 last day ‖ u16 first month ‖ u16 last month                  days since 1970
//! ```

use jiff::civil::Date;
use lianfang_proto::catalogue::{Grade, Role};
use lianfang_proto::documents::terms::Admission;
use lianfang_proto::label::{LabelContent, Month, NumberSet};

/// Bytes of sealed facts before they are sealed.
pub(super) const FACTS_BYTES: usize = 20;

const VERSION: u8 = 1;

/// What terms ask about a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What the subject is, where it could be read.
    pub role: Option<Role>,
    /// What it is suspected of.
    pub typologies: NumberSet,
    /// How good the evidence is.
    pub grade: Grade,
    /// First day and its month.
    pub first: Option<Day>,
    /// Last day and its month.
    pub last: Option<Day>,
}

/// A day, in the two forms in which it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970.
    pub number: i32,
    /// Its month, unknown outside the years that a label can name.
    pub month: Month,
}

impl Day {
    /// This date.
    pub fn of(date: Date) -> Self {
        let epoch = Date::constant(1970, 1, 1);
        let number = epoch.until(date).map_or(0, |span| span.get_days());
        Self { number, month: Month::new(date.year(), date.month()).unwrap_or_default() }
    }
}

impl Facts {
    /// Whether the terms let this record in. That it is not held, and not a victim's, is asked before.
    pub fn admitted(&self, admission: &Admission) -> bool {
        let role =
            self.role.is_some_and(|role| role != Role::Victim && admission.roles.contains(role.number()));
        let typology = if self.typologies.is_empty() {
            admission.without_typology
        } else {
            self.typologies.meets(admission.typologies)
        };
        let day = self.last.or(self.first);
        let window =
            admission.window.zip(day).is_none_or(|((first, last), day)| (first..=last).contains(&day.number));
        role && typology && admission.grades.contains(self.grade.number()) && window
    }

    /// What a label says of this record alone; the contact is the caller's.
    pub fn label(&self) -> LabelContent {
        let month = |day: Option<Day>| day.map_or_else(Month::default, |day| day.month);
        LabelContent {
            roles: self.role.iter().map(|role| role.number()).collect(),
            typologies: self.typologies,
            grade: self.grade,
            first_month: month(self.first),
            last_month: month(self.last),
            contact: String::new(),
        }
    }

    pub(super) fn encode(&self) -> [u8; FACTS_BYTES] {
        let day = |day: Option<Day>| day.map_or((0, Month::default()), |day| (day.number, day.month));
        let ((first, first_month), (last, last_month)) = (day(self.first), day(self.last));
        let mut out = [0; FACTS_BYTES];
        out[0] = VERSION;
        out[1] = self.role.map_or(0, Role::number);
        out[2..6].copy_from_slice(&self.typologies.bits().to_be_bytes());
        out[6] = self.grade.number();
        out[7] = u8::from(self.first.is_some()) | u8::from(self.last.is_some()) << 1;
        out[8..12].copy_from_slice(&first.to_be_bytes());
        out[12..16].copy_from_slice(&last.to_be_bytes());
        out[16..18].copy_from_slice(&first_month.number().to_be_bytes());
        out[18..].copy_from_slice(&last_month.number().to_be_bytes());
        out
    }

    /// Reads what [`encode`](Self::encode) wrote; nothing else.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; FACTS_BYTES] = bytes.try_into().ok()?;
        let [version, role, t0, t1, t2, t3, grade, known, ref days @ ..] = *bytes;
        let number = |at: usize| i32::from_be_bytes([days[at], days[at + 1], days[at + 2], days[at + 3]]);
        let month = |at: usize| Month::from_number(u16::from_be_bytes([days[at], days[at + 1]]));
        let day = |bit: u8, at, month_at| {
            (known & bit != 0).then(|| Day { number: number(at), month: month(month_at) })
        };
        let facts = Self {
            role: Role::from_number(role),
            typologies: NumberSet::from_bits(u32::from_be_bytes([t0, t1, t2, t3])),
            grade: Grade::from_number(grade)?,
            first: day(1, 0, 8),
            last: day(2, 4, 10),
        };
        (version == VERSION && facts.encode() == *bytes).then_some(facts)
    }
}

#[cfg(test)]
mod tests {
    use lianfang_proto::catalogue::Typology;

    use super::*;

    fn facts() -> Facts {
        Facts {
            role: Some(Role::Agent),
            typologies: [Typology::Phishing.number()].into_iter().collect(),
            grade: Grade::Documented,
            first: Some(Day::of(Date::constant(2024, 1, 31))),
            last: None,
        }
    }

    #[test]
    fn facts_lead_back_and_other_bytes_do_not() {
        for facts in
            [facts(), Facts { role: None, last: Some(Day::of(Date::constant(1969, 12, 31))), ..facts() }]
        {
            let bytes = facts.encode();
            assert_eq!(Facts::decode(&bytes), Some(facts));
            assert_eq!(Facts::decode(&bytes[1..]), None);
            for at in 0..FACTS_BYTES {
                let mut other = bytes;
                other[at] ^= 0x80;
                assert!(Facts::decode(&other).is_none_or(|read| read.encode() == other), "byte {at}");
            }
        }
        assert_eq!(Day::of(Date::constant(1969, 12, 31)).number, -1);
        assert_eq!(Day::of(Date::constant(2024, 1, 31)).number, 19_753);
    }

    #[test]
    fn terms_admit() {
        let all = Admission::everyone();
        let without = Facts { typologies: NumberSet::default(), ..facts() };
        assert!(facts().admitted(&all) && without.admitted(&all));
        assert!(!Facts { role: None, ..facts() }.admitted(&all));
        let victims = Admission { roles: NumberSet::from_bits(u32::MAX), ..all };
        assert!(!Facts { role: Some(Role::Victim), ..facts() }.admitted(&victims));
        assert!(!without.admitted(&Admission { without_typology: false, ..all }));
        let other = [Typology::LoanBroker.number()].into_iter().collect();
        assert!(!facts().admitted(&Admission { typologies: other, ..all }));
        let judged = [Grade::Judged.number()].into_iter().collect();
        assert!(!facts().admitted(&Admission { grades: judged, ..all }));
    }

    #[test]
    fn the_window_asks_the_last_day_or_the_first_and_lets_the_undated_in() {
        let window = |first, last| Admission { window: Some((first, last)), ..Admission::everyone() };
        assert!(facts().admitted(&window(19_753, 19_753)));
        assert!(!facts().admitted(&window(19_754, 20_000)));
        assert!(!facts().admitted(&window(19_000, 19_752)));
        let later = Facts { last: Some(Day::of(Date::constant(2024, 2, 2))), ..facts() };
        assert!(later.admitted(&window(19_754, 20_000)));
        assert!(Facts { first: None, ..facts() }.admitted(&window(0, 0)));
    }
}
