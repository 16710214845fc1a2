//! People and firms that exist nowhere, and the registers in which banks keep them.
//!
//! Comes in: a seed, sizes, a shape. Goes out: one register per bank as bytes, and the truth about every row: what it
//! says, and which canonical identifiers it gives. The canonical value is known before any noise is made, so the truth
//! owes nothing to the normaliser. The same seed gives the same bytes. Every overlap from one bank to all of them occurs.
//! The noise is that of real exports: full width, blanks, prefixes, old numbers, other cases, several values in a cell,
//! values twice, empty cells, wrong check digits, words that cannot be read, five encodings, two languages.

use std::collections::{BTreeMap, BTreeSet};

use lianfang_proto::catalogue::{Grade, Hold, Kind, Role, Typology};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub mod file;
pub mod numbers;
pub mod plain;
mod spelling;
mod subject;

pub use file::{Style, Writing};
pub use plain::Plain;

use numbers::Numbers;
use subject::{Fact, Subject};

/// How the registers relate to one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Every overlap from one bank to all of them.
    #[default]
    Ordinary,
    /// Every bank knows the same of the same subjects.
    Identical,
    /// No subject stands in two registers.
    Disjoint,
    /// As ordinary, but the last register is a header alone.
    OneEmpty,
    /// As ordinary, but the first register has a hundred times the records.
    OneLarge,
    /// As ordinary, but every value stands twice in its record, spelled anew.
    ValuesTwice,
}

/// Every register, and the truth about it.
pub struct World {
    /// In the order of their names.
    pub banks: Vec<BankRegister>,
}

/// One bank's register.
pub struct BankRegister {
    /// The bank's name.
    pub id: String,
    /// The file to import.
    pub file: Vec<u8>,
    /// How it is written.
    pub style: Style,
    /// The truth, row by row.
    pub rows: Vec<TruthRow>,
}

/// Where a record stands in the face of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It enters.
    In,
    /// Held, by a known word or one that cannot be read.
    Held,
    /// A victim.
    Victim,
    /// Its role cannot be read.
    Out,
}

/// What a row says.
#[derive(Clone)]
pub struct TruthRow {
    /// The bank's own case number.
    pub record: String,
    /// Its standing.
    pub standing: Standing,
    /// Its role, where it can be read.
    pub role: Option<Role>,
    /// Its typologies, in the order of the catalogue.
    pub typologies: Vec<Typology>,
    /// Its grade.
    pub grade: Grade,
    /// `YYYY-MM`, or empty.
    pub first_month: String,
    /// `YYYY-MM`, or empty.
    pub last_month: String,
    /// Every canonical identifier that it gives.
    pub identifiers: BTreeSet<(Kind, String)>,
    /// How many of its values and cells must be rejected.
    pub rejected: usize,
}

impl World {
    /// Makes `banks` registers of `records` rows each.
    pub fn generate(seed: u64, banks: usize, records: usize, shape: Shape) -> Self {
        let mut capacity = vec![records; banks];
        match (shape, capacity.as_mut_slice()) {
            (Shape::OneEmpty, [.., last]) => *last = 0,
            (Shape::OneLarge, [first, ..]) => *first = records.saturating_mul(100),
            _ => {}
        }
        let mut scribe = Scribe::new(seed, banks, shape);
        let (mut index, mut agents) = (0, Vec::new());
        while capacity.iter().any(|&left| left > 0) {
            let agent = if agents.is_empty() || shape == Shape::Disjoint {
                None
            } else {
                Some(scribe.chance.pick(&agents))
            };
            let subject = Subject::new(scribe.numbers, index, agent, &mut scribe.chance);
            for bank in scribe.choose(index, &capacity) {
                capacity[bank] -= 1;
                scribe.write(bank, &subject);
            }
            if Subject::is_agent(index) {
                agents.push(index);
            }
            index += 1;
        }
        Self { banks: scribe.banks }
    }
}

/// A source of choices.
pub(crate) struct Chance {
    rng: StdRng,
}

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.rng.random_range(0..bound)
    }

    fn often(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Writes rows into registers.
struct Scribe {
    chance: Chance,
    numbers: Numbers,
    shape: Shape,
    banks: Vec<BankRegister>,
    mistakes: u64,
}

type Cells = BTreeMap<&'static str, String>;

impl Scribe {
    fn new(seed: u64, banks: usize, shape: Shape) -> Self {
        let width = banks.to_string().len().max(2);
        let empty = |bank: usize| {
            let (style, mut file) = (Style::of(bank), Vec::new());
            let started = style.start(&mut file);
            debug_assert!(started.is_ok(), "writing to memory does not fail");
            BankRegister { id: format!("bank-{:0width$}", bank + 1), file, style, rows: Vec::new() }
        };
        let chance = Chance { rng: StdRng::seed_from_u64(seed) };
        let banks = (0..banks).map(empty).collect();
        Self { chance, numbers: Numbers::new(seed), shape, banks, mistakes: 0 }
    }

    /// The banks that know the subject of this index: from all of them down to one, and round again.
    fn choose(&mut self, index: u64, capacity: &[usize]) -> Vec<usize> {
        let banks = capacity.len() as u64;
        let wanted = match self.shape {
            Shape::Identical => banks,
            Shape::Disjoint => 1,
            Shape::Ordinary | Shape::OneEmpty | Shape::OneLarge | Shape::ValuesTwice => banks - index % banks,
        };
        let mut open: Vec<(usize, usize, usize)> = capacity
            .iter()
            .enumerate()
            .map(|(bank, &left)| (left, self.chance.below(1 << 20), bank))
            .collect();
        open.retain(|&(left, _, _)| left > 0);
        open.sort_unstable_by(|one, other| other.cmp(one));
        open.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        open.into_iter().map(|(_, _, bank)| bank).collect()
    }

    fn write(&mut self, bank: usize, subject: &Subject) {
        let mut cells = Cells::new();
        let record = format!("C{:02}-{:06}", bank + 1, self.banks[bank].rows.len() + 1);
        cells.insert("record", record.clone());
        let mut truth = self.standing(record, subject.role, &mut cells);
        self.criteria(&mut truth, &mut cells);
        for (place, fact) in subject.facts.iter().enumerate() {
            if place == 0 || self.shape == Shape::Identical || self.chance.often(80) {
                self.fact(fact, &mut truth, &mut cells);
            }
        }
        self.mobiles(bank, subject, &mut truth, &mut cells);
        self.name(subject, &mut truth, &mut cells);
        self.mistake(&mut truth, &mut cells);
        let register = &mut self.banks[bank];
        let written =
            register.style.row(&mut register.file, |column| cells.get(column).map_or("", String::as_str));
        debug_assert!(written.is_ok(), "writing to memory does not fail");
        register.rows.push(truth);
    }

    /// Role and hold, with words that cannot be read among them.
    fn standing(&mut self, record: String, role: Role, cells: &mut Cells) -> TruthRow {
        let word = |role, english: bool| match (role, english) {
            (role, true) => Role::code(role),
            (Role::Agent, false) => "代理人",
            (Role::Agency, false) => "代理机构",
            (Role::Complainant, false) => "投诉人",
            (Role::Victim, false) => "受害人",
        };
        let throw = if self.shape == Shape::Identical { 99 } else { self.chance.below(100) };
        let english = self.chance.often(50);
        let (role, written) = match throw {
            0..=3 => (Some(Role::Victim), word(Role::Victim, english)),
            4 => (None, "律师"),
            _ if role == Role::Complainant && english => (Some(role), ""),
            _ => (Some(role), word(role, english)),
        };
        let (standing, hold) = match throw {
            0..=3 => (Standing::Victim, ""),
            4 => (Standing::Out, ""),
            5..=8 => (
                Standing::Held,
                self.chance.pick(&["hardship", "困难", "dispute", "争议", Hold::Victim.code(), "受害"]),
            ),
            9 => (Standing::Held, "待核实"),
            _ => (Standing::In, ""),
        };
        cells.insert("role", written.to_owned());
        cells.insert("hold", hold.to_owned());
        TruthRow {
            record,
            standing,
            role,
            typologies: Vec::new(),
            grade: Grade::Suspected,
            first_month: String::new(),
            last_month: String::new(),
            identifiers: BTreeSet::new(),
            rejected: usize::from(matches!(throw, 4 | 9)),
        }
    }

    /// Typologies, grade, dates; a typology or grade that is not in the catalogue costs its cell.
    fn criteria(&mut self, truth: &mut TruthRow, cells: &mut Cells) {
        let mut words = Vec::new();
        for _ in 0..self.chance.below(4) {
            let typology = self.chance.pick(Typology::ALL);
            truth.typologies.push(typology);
            words.push(if self.chance.often(50) { typology.code() } else { typology.chinese() });
        }
        truth.typologies.sort_unstable();
        truth.typologies.dedup();
        if self.chance.often(1) {
            words.push("其他");
            truth.typologies.clear();
            truth.rejected += 1;
        }
        cells.insert("typology", words.join(self.chance.pick(&[";", "；", "\n"])));
        let (grade, word) = self.chance.pick(&[
            (Grade::Judged, "A"),
            (Grade::Documented, "b"),
            (Grade::Suspected, "Ｃ"),
            (Grade::Suspected, ""),
        ]);
        truth.grade = grade;
        cells.insert("grade", word.to_owned());
        if self.chance.often(70) {
            let year = 2023 + self.chance.below(2) as u64;
            let first = (year, 1 + self.chance.below(12) as u64, 1 + self.chance.below(28) as u64);
            let last = (year + 1, 1 + self.chance.below(12) as u64, 1 + self.chance.below(28) as u64);
            truth.first_month = format!("{}-{:02}", first.0, first.1);
            truth.last_month = format!("{}-{:02}", last.0, last.1);
            cells.insert("first_seen", spelling::spell_date(first, &mut self.chance));
            cells.insert("last_seen", spelling::spell_date(last, &mut self.chance));
        }
        cells.insert(
            "note",
            self.chance.pick(&["", "", "来电三次, 要求\"退息\"", "第一行\n第二行"]).to_owned(),
        );
    }

    /// One fact into its cell; a firm's code may be the old one, which gives less.
    fn fact(&mut self, fact: &Fact, truth: &mut TruthRow, cells: &mut Cells) {
        let ((mut kind, mut value), mut column) = (fact.written.clone(), fact.column);
        let mut gives = fact.gives.as_slice();
        if column == Kind::Uscc && self.shape != Shape::Identical && self.chance.often(40) {
            gives = &gives[1..];
            (kind, value) = gives[0].clone();
            column = kind;
        }
        let times = if self.shape == Shape::ValuesTwice || self.chance.often(8) { 2 } else { 1 };
        for _ in 0..times {
            let text = spelling::spell(kind, &value, &mut self.chance);
            self.append(column, &text, cells);
        }
        truth.identifiers.extend(gives.iter().cloned());
    }

    /// The old mobile, the new one, or both.
    fn mobiles(&mut self, bank: usize, subject: &Subject, truth: &mut TruthRow, cells: &mut Cells) {
        let known: &[String] = match (subject.mobiles[0].is_empty(), (bank + self.chance.below(2)) % 3) {
            (true, _) => &[],
            _ if self.shape == Shape::Identical => &subject.mobiles,
            (_, 0) => &subject.mobiles[..1],
            (_, 1) => &subject.mobiles[1..],
            _ => &subject.mobiles,
        };
        for mobile in known {
            let gives = vec![(Kind::Mobile, mobile.clone())];
            let fact = Fact { column: Kind::Mobile, written: (Kind::Mobile, mobile.clone()), gives };
            self.fact(&fact, truth, cells);
        }
    }

    fn name(&mut self, subject: &Subject, truth: &mut TruthRow, cells: &mut Cells) {
        cells.insert("name", spelling::spell_name(&subject.name, &mut self.chance));
        let told = self.shape == Shape::Identical || self.chance.often(70);
        if let Some(birth) = subject.birth.filter(|_| told) {
            cells.insert("birth_date", spelling::spell_date(birth, &mut self.chance));
            let value = format!("{}/{:04}-{:02}-{:02}", subject.name, birth.0, birth.1, birth.2);
            truth.identifiers.insert((Kind::NameBirth, value));
        }
    }

    /// Now and then a value that must be refused, and must not cost its neighbours.
    fn mistake(&mut self, truth: &mut TruthRow, cells: &mut Cells) {
        if !self.chance.often(5) {
            return;
        }
        self.mistakes += 1;
        let (column, text) = match self.chance.below(4) {
            0 => {
                let mut number = self.numbers.cn_id(100_000_000 + self.mistakes);
                let wrong =
                    number.pop().and_then(|check| check.to_digit(10)).map_or(0, |check| (check + 1) % 10);
                (Kind::CnId, format!("{number}{wrong}"))
            }
            1 => (Kind::Mobile, "138 0013 8000".to_owned()),
            2 => (Kind::Mobile, "1391234".to_owned()),
            _ => (Kind::OrgCode, "M000100Y-5".to_owned()),
        };
        self.append(column, &text, cells);
        truth.rejected += 1;
    }

    fn append(&mut self, column: Kind, text: &str, cells: &mut Cells) {
        let between = self.chance.pick(&[";", "；", "; ", "\n", "；；"]);
        let cell = cells.entry(column.code()).or_default();
        if !cell.is_empty() {
            cell.push_str(between);
        }
        cell.push_str(text);
    }
}

#[cfg(test)]
mod tests;
