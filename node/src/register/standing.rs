//! How a record stands, and what a file or a hand makes of it.
//!
//! ```text
//! by file   (none) ──▶ enters, victim, held or role unknown ──▶ another of these, as each file says
//!                        └──retract, or lacking in a file that is --full──▶ retracted ──a file has it──▶ one of these
//! by hand   not held ──hold──▶ held ──lift──▶ not held           whatever files say, and whether or not it is retracted
//! ```
//!
//! Comes in: how a record stands, what a row says of it and which columns its file lacks, or what a person does. Goes out:
//! how it stands from then on, or why nothing changes. Pure: `filing` and `by_hand` look up, ask here, and write.

use lianfang_proto::catalogue::{Grade, Hold, Role};
use lianfang_proto::label::NumberSet;

use super::RegisterError;
use super::body::HeldBy;
use super::entry::{Record, Said};
use super::facts::Facts;
use crate::ingest::Column;

/// How a record stands by what the last file said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Standing {
    /// It may enter jobs, if their terms admit it and no person holds it.
    Enters = 0,
    /// Its subject is a victim; it never enters.
    Victim = 1,
    /// Held by the file, for a known reason or one that could not be read.
    Held = 2,
    /// Its role could not be read.
    RoleUnknown = 3,
    /// Retracted: its content is gone.
    Retracted = 4,
}

impl Standing {
    /// Every way to stand.
    pub const ALL: [Self; 5] = [Self::Enters, Self::Victim, Self::Held, Self::RoleUnknown, Self::Retracted];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Enters => "enters",
            Self::Victim => "victim",
            Self::Held => "held",
            Self::RoleUnknown => "role-unknown",
            Self::Retracted => "retracted",
        }
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| *standing as u8 == number)
    }

    /// How a record stands by what a file says of it; a known victim is named as such before any other reason.
    pub(super) const fn by_file(role: Option<Role>, held_by: HeldBy) -> Self {
        match (role, held_by) {
            (Some(Role::Victim), _) => Self::Victim,
            (_, HeldBy::Reason(_) | HeldBy::Unreadable) => Self::Held,
            (None, HeldBy::Nothing) => Self::RoleUnknown,
            (Some(Role::Agent | Role::Agency | Role::Complainant), HeldBy::Nothing) => Self::Enters,
        }
    }

    /// How a record stands that a person holds, or does not.
    #[must_use]
    pub const fn under(self, hand_hold: bool) -> Self {
        match self {
            Self::Enters | Self::RoleUnknown if hand_hold => Self::Held,
            other => other,
        }
    }
}

/// What a file says, or what the register knows, in the columns by which a record enters jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stood {
    pub(super) role: Option<Role>,
    pub(super) typologies: NumberSet,
    pub(super) grade: Grade,
    pub(super) held_by: HeldBy,
}

impl Stood {
    /// What stands in these bytes; nothing in those of a record that was retracted.
    pub(super) fn read(said: &[u8], rest: &[u8]) -> Option<Self> {
        let Facts { role, typologies, grade, .. } = Said::read(said)?.facts()?;
        Some(Self { role, typologies, grade, held_by: HeldBy::from_number(*rest.first()?)? })
    }

    /// What a row says of a record that is known, where its file lacks columns: an absent column is no empty cell.
    #[must_use]
    pub(super) fn keeping(self, known: Self, lacks: &[Column]) -> Self {
        let lacks = |column| lacks.contains(&column);
        Self {
            role: if lacks(Column::Role) { known.role } else { self.role },
            typologies: if lacks(Column::Typology) { known.typologies } else { self.typologies },
            grade: if lacks(Column::Grade) { known.grade } else { self.grade },
            held_by: if lacks(Column::Hold) { known.held_by } else { self.held_by },
        }
    }

    /// How the record stands by that.
    pub(super) const fn standing(self) -> Standing {
        Standing::by_file(self.role, self.held_by)
    }
}

/// How a record stands by its file and by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// By its file.
    pub(super) standing: Standing,
    /// The number of the hold that a person has set, or 0.
    pub(super) hand_hold: u8,
}

/// What a person does to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Empties it.
    Retract,
    /// Holds it.
    Hold(Hold),
    /// Lifts the hold that a person has set.
    Lift,
}

/// Why a deed changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    AlreadyRetracted,
    NotHeldByHand,
}

impl From<Refused> for RegisterError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::AlreadyRetracted => Self::AlreadyRetracted,
            Refused::NotHeldByHand => Self::NotHeldByHand,
        }
    }
}

impl State {
    pub(super) const fn of(record: &Record<'_>) -> Self {
        Self { standing: record.standing, hand_hold: record.hand_hold }
    }

    /// A file says how it stands; it may be new, or have been retracted.
    pub(super) fn filed(known: Option<Self>, standing: Standing) -> Self {
        Self { standing, hand_hold: known.map_or(0, |known| known.hand_hold) }
    }

    /// A file that is all there is lacks it.
    #[must_use]
    pub(super) const fn lacking(self) -> Self {
        Self { standing: Standing::Retracted, ..self }
    }

    /// A person does something to it.
    pub(super) fn by_hand(self, deed: Deed) -> Result<Self, Refused> {
        match deed {
            Deed::Retract if self.standing == Standing::Retracted => Err(Refused::AlreadyRetracted),
            Deed::Retract => Ok(Self { standing: Standing::Retracted, ..self }),
            Deed::Hold(hold) => Ok(Self { hand_hold: hold.number(), ..self }),
            Deed::Lift if self.hand_hold == 0 => Err(Refused::NotHeldByHand),
            Deed::Lift => Ok(Self { hand_hold: 0, ..self }),
        }
    }

    /// Whether it may enter jobs.
    pub(super) fn enters(self) -> bool {
        self.standing == Standing::Enters && self.hand_hold == 0
    }

    /// How it stands, all in all.
    pub(super) const fn stands(self) -> Standing {
        self.standing.under(self.hand_hold != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::Standing::{Enters, Held, Retracted, RoleUnknown, Victim};
    use super::*;

    const NOBODY: u8 = 0;
    const DISPUTE: u8 = Hold::Dispute.number();
    const HARDSHIP: u8 = Hold::Hardship.number();

    const fn state(standing: Standing, hand_hold: u8) -> State {
        State { standing, hand_hold }
    }

    const E: State = state(Enters, NOBODY);
    const V: State = state(Victim, NOBODY);
    const H: State = state(Held, NOBODY);
    const R: State = state(RoleUnknown, NOBODY);
    const X: State = state(Retracted, NOBODY);
    /// The same, held by a person for a dispute.
    const ED: State = state(Enters, DISPUTE);
    const VD: State = state(Victim, DISPUTE);
    const HD: State = state(Held, DISPUTE);
    const RD: State = state(RoleUnknown, DISPUTE);
    const XD: State = state(Retracted, DISPUTE);

    fn states() -> impl Iterator<Item = State> {
        Standing::ALL.into_iter().flat_map(|standing| [NOBODY, DISPUTE].map(|hold| state(standing, hold)))
    }

    #[test]
    fn every_role_with_every_hold_of_a_file() {
        const HOLDS: [HeldBy; 5] = [
            HeldBy::Nothing,
            HeldBy::Reason(Hold::Hardship),
            HeldBy::Reason(Hold::Dispute),
            HeldBy::Reason(Hold::Victim),
            HeldBy::Unreadable,
        ];
        let table = [
            (Some(Role::Agent), [Enters, Held, Held, Held, Held]),
            (Some(Role::Agency), [Enters, Held, Held, Held, Held]),
            (Some(Role::Complainant), [Enters, Held, Held, Held, Held]),
            (Some(Role::Victim), [Victim; 5]),
            (None, [RoleUnknown, Held, Held, Held, Held]),
        ];
        assert!(Hold::ALL.iter().all(|hold| HOLDS.contains(&HeldBy::Reason(*hold))));
        for role in Role::ALL.iter().copied().map(Some).chain([None]) {
            let (_, row) = table.iter().find(|(of, _)| *of == role).unwrap();
            assert_eq!(HOLDS.map(|held_by| Standing::by_file(role, held_by)), *row, "{role:?}");
        }
    }

    /// What a file says, in its order: enters, victim, held, role unknown; and that it is all there is, and lacks the record.
    #[test]
    fn every_record_after_every_file() {
        let table = [
            (None, [E, V, H, R], None),
            (Some(E), [E, V, H, R], Some(X)),
            (Some(V), [E, V, H, R], Some(X)),
            (Some(H), [E, V, H, R], Some(X)),
            (Some(R), [E, V, H, R], Some(X)),
            (Some(X), [E, V, H, R], Some(X)),
            (Some(ED), [ED, VD, HD, RD], Some(XD)),
            (Some(VD), [ED, VD, HD, RD], Some(XD)),
            (Some(HD), [ED, VD, HD, RD], Some(XD)),
            (Some(RD), [ED, VD, HD, RD], Some(XD)),
            (Some(XD), [ED, VD, HD, RD], Some(XD)),
        ];
        let says: Vec<Standing> = Standing::ALL.into_iter().filter(|says| *says != Retracted).collect();
        for known in states().map(Some).chain([None]) {
            let (_, filed, lacking) = table.iter().find(|(of, ..)| *of == known).unwrap();
            let found: Vec<State> = says.iter().map(|says| State::filed(known, *says)).collect();
            assert_eq!(found, filed, "{known:?}");
            assert_eq!(known.map(State::lacking), *lacking, "{known:?}");
        }
    }

    /// The column of a deed; one without does not compile.
    const fn column(deed: Deed) -> usize {
        match deed {
            Deed::Retract => 0,
            Deed::Hold(_) => 1,
            Deed::Lift => 2,
        }
    }

    #[test]
    fn every_record_after_every_deed() {
        const RETRACTED: Result<State, Refused> = Err(Refused::AlreadyRetracted);
        const NOT_HELD: Result<State, Refused> = Err(Refused::NotHeldByHand);
        let held = |standing| Ok(state(standing, HARDSHIP));
        let table = [
            (E, [Ok(X), held(Enters), NOT_HELD]),
            (V, [Ok(X), held(Victim), NOT_HELD]),
            (H, [Ok(X), held(Held), NOT_HELD]),
            (R, [Ok(X), held(RoleUnknown), NOT_HELD]),
            (X, [RETRACTED, held(Retracted), NOT_HELD]),
            (ED, [Ok(XD), held(Enters), Ok(E)]),
            (VD, [Ok(XD), held(Victim), Ok(V)]),
            (HD, [Ok(XD), held(Held), Ok(H)]),
            (RD, [Ok(XD), held(RoleUnknown), Ok(R)]),
            (XD, [RETRACTED, held(Retracted), Ok(X)]),
        ];
        for known in states() {
            let (_, row) = table.iter().find(|(of, _)| *of == known).unwrap();
            for deed in [Deed::Retract, Deed::Hold(Hold::Hardship), Deed::Lift] {
                assert_eq!(known.by_hand(deed), row[column(deed)], "{known:?} {deed:?}");
            }
        }
    }

    #[test]
    fn which_records_enter_and_how_they_are_shown() {
        let table = [
            (E, true, Enters),
            (V, false, Victim),
            (H, false, Held),
            (R, false, RoleUnknown),
            (X, false, Retracted),
            (ED, false, Held),
            (VD, false, Victim),
            (HD, false, Held),
            (RD, false, Held),
            (XD, false, Retracted),
        ];
        for known in states() {
            let (_, enters, stands) = table.iter().find(|(of, ..)| *of == known).unwrap();
            assert_eq!((known.enters(), known.stands()), (*enters, *stands), "{known:?}");
        }
    }

    fn stood(role: Option<Role>, held_by: HeldBy) -> Stood {
        Stood { role, typologies: NumberSet::default(), grade: Grade::Suspected, held_by }
    }

    /// Each of the four columns is there or is not: what is known stands for those that are not, and for no other.
    #[test]
    fn every_choice_of_columns_that_a_file_lacks() {
        let columns = [Column::Role, Column::Typology, Column::Grade, Column::Hold];
        let row = stood(Some(Role::Agent), HeldBy::Nothing);
        let typologies = NumberSet::from_bits(6);
        let known = Stood { typologies, grade: Grade::Judged, ..stood(None, HeldBy::Unreadable) };
        for lacking in 0..16_u8 {
            let lacks = |at: usize| lacking >> at & 1 == 1;
            let list: Vec<Column> = (0..4).filter(|at| lacks(*at)).map(|at| columns[at]).collect();
            let found = row.keeping(known, &list);
            assert_eq!(found.role.is_none(), lacks(0), "{list:?}");
            assert_eq!(found.typologies == typologies, lacks(1), "{list:?}");
            assert_eq!(found.grade == Grade::Judged, lacks(2), "{list:?}");
            assert_eq!(found.held_by == HeldBy::Unreadable, lacks(3), "{list:?}");
        }
    }

    /// How a record stands after a row of a file that lacks neither column, the role's, the hold's, both: by what is known
    /// of it (first) and what the row says.
    #[test]
    fn every_record_after_every_row_without_columns() {
        const KINDS: [(Option<Role>, HeldBy); 6] = [
            (Some(Role::Agent), HeldBy::Nothing),
            (Some(Role::Victim), HeldBy::Nothing),
            (Some(Role::Agent), HeldBy::Reason(Hold::Dispute)),
            (None, HeldBy::Nothing),
            (None, HeldBy::Reason(Hold::Dispute)),
            (Some(Role::Victim), HeldBy::Reason(Hold::Dispute)),
        ];
        let table = [
            ["EEEE", "VEVE", "HHEE", "RERE", "HHRE", "VHVE"],
            ["EVEV", "VVVV", "HVEV", "RVRV", "HVRV", "VVVV"],
            ["EEHH", "VEVH", "HHHH", "REHH", "HHHH", "VHVH"],
            ["ERER", "VRVR", "HHER", "RRRR", "HHRR", "VHVR"],
            ["ERHH", "VRVH", "HHHH", "RRHH", "HHHH", "VHVH"],
            ["EVHV", "VVVV", "HVHV", "RVHV", "HVHV", "VVVV"],
        ];
        let lacks: [&[Column]; 4] = [&[], &[Column::Role], &[Column::Hold], &[Column::Role, Column::Hold]];
        let letter = |standing: Standing| match standing {
            Enters => 'E',
            Victim => 'V',
            Held => 'H',
            RoleUnknown => 'R',
            Retracted => 'X',
        };
        for (known, cells) in KINDS.iter().zip(table) {
            for (row, expected) in KINDS.iter().zip(cells) {
                let after = |lacks| stood(row.0, row.1).keeping(stood(known.0, known.1), lacks).standing();
                let found: String = lacks.iter().map(|lacks| letter(after(*lacks))).collect();
                assert_eq!(found, expected, "{known:?}, then {row:?}");
            }
        }
    }
}
