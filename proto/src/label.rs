//! What one bank tells another about an identifier that both hold; travels sealed, all of one length.
//!
//! Comes in: what a bank's register says of all its records with this identifier. Goes out: a fixed layout of bytes.
//! Under `institutions` a label is the bank alone; under `count` there is none.

use crate::catalogue::{Disclosure, Grade, Role, Typology};
use crate::ids::BankId;
use crate::limits::CONTACT_BYTES;

const VERSION: u8 = 1;
const BANK_BYTES: usize = 33;
const INSTITUTIONS_BYTES: usize = 1 + BANK_BYTES;
const LABEL_BYTES: usize = 112;

/// Bytes of a label before it is sealed.
pub const fn plain_bytes(disclosure: Disclosure) -> usize {
    match disclosure {
        Disclosure::Count => 0,
        Disclosure::Institutions => INSTITUTIONS_BYTES,
        Disclosure::Labels => LABEL_BYTES,
    }
}

/// A calendar month, counted from January of year 0; 0 where none is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(u16);

impl Month {
    /// The month, if the year is from 1 to 5000 and the month from 1 to 12.
    pub fn new(year: i16, month: i8) -> Option<Self> {
        let (year, month) = (u16::try_from(year).ok()?, u16::try_from(month).ok()?);
        ((1..=5000).contains(&year) && (1..=12).contains(&month)).then(|| Self(year * 12 + month - 1))
    }

    /// Whether a month is known.
    pub const fn is_known(self) -> bool {
        self.0 != 0
    }

    /// `YYYY-MM`, or nothing.
    pub fn text(self) -> String {
        if self.is_known() { format!("{:04}-{:02}", self.0 / 12, self.0 % 12 + 1) } else { String::new() }
    }

    /// The number that travels and is stored.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The month of a stored number.
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }
}

/// A set of members of a closed list, as bits by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumberSet(u32);

impl NumberSet {
    /// Adds the member with this number (under 32).
    pub fn insert(&mut self, number: u8) {
        self.0 |= 1_u32.checked_shl(number.into()).unwrap_or(0);
    }

    /// Whether the member is in it.
    pub fn contains(self, number: u8) -> bool {
        1_u32.checked_shl(number.into()).unwrap_or(0) & self.0 != 0
    }

    /// The members of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the two have a member in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The bits, as stored.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set with these bits.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

impl FromIterator<u8> for NumberSet {
    fn from_iter<I: IntoIterator<Item = u8>>(numbers: I) -> Self {
        let mut set = Self::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

/// What is said about one identifier by one bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Who says it.
    pub bank: BankId,
    /// Under `labels`: what it says.
    pub content: Option<LabelContent>,
}

/// What a label says beyond the bank's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelContent {
    /// Roles of all the bank's records with this identifier.
    pub roles: NumberSet,
    /// Their typologies.
    pub typologies: NumberSet,
    /// The best grade.
    pub grade: Grade,
    /// The earliest month.
    pub first_month: Month,
    /// The latest month.
    pub last_month: Month,
    /// Where the bank can be reached about this.
    pub contact: String,
}

impl LabelContent {
    /// One label for two records of one identifier at one bank.
    pub fn merge(&mut self, other: &Self) {
        self.roles = self.roles.union(other.roles);
        self.typologies = self.typologies.union(other.typologies);
        self.grade = self.grade.min(other.grade);
        self.first_month = match (self.first_month.is_known(), other.first_month.is_known()) {
            (true, true) => self.first_month.min(other.first_month),
            (false, _) => other.first_month,
            (true, false) => self.first_month,
        };
        self.last_month = self.last_month.max(other.last_month);
    }

    /// The roles' codes, joined by `;` in the order of the catalogue.
    pub fn role_codes(&self) -> String {
        join(Role::ALL.iter().filter(|r| self.roles.contains(r.number())).map(|r| r.code()))
    }

    /// The typologies' codes, joined by `;` in the order of the catalogue.
    pub fn typology_codes(&self) -> String {
        join(Typology::ALL.iter().filter(|t| self.typologies.contains(t.number())).map(|t| t.code()))
    }
}

fn join<'a>(codes: impl Iterator<Item = &'a str>) -> String {
    codes.collect::<Vec<_>>().join(";")
}

/// A label that opened and is not of its form: its bank sealed something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("label: {0} is not of its form")]
pub struct LabelError(&'static str);

impl Label {
    /// The label's bytes under this disclosure; empty under `count`.
    pub fn encode(&self, disclosure: Disclosure) -> Vec<u8> {
        let mut out = Vec::with_capacity(plain_bytes(disclosure));
        if disclosure == Disclosure::Count {
            return out;
        }
        out.push(VERSION);
        text(&mut out, self.bank.as_str(), BANK_BYTES);
        if let (Disclosure::Labels, Some(content)) = (disclosure, &self.content) {
            out.push(u8::try_from(content.roles.bits()).unwrap_or(0));
            out.extend_from_slice(&content.typologies.bits().to_be_bytes());
            out.push(content.grade.number());
            out.extend_from_slice(&content.first_month.number().to_be_bytes());
            out.extend_from_slice(&content.last_month.number().to_be_bytes());
            text(&mut out, &content.contact, 1 + CONTACT_BYTES);
        }
        out.resize(plain_bytes(disclosure), 0);
        out
    }

    /// Reads an opened label; everything must be as `encode` writes it.
    pub fn decode(bytes: &[u8], disclosure: Disclosure) -> Result<Self, LabelError> {
        let mut rest = bytes;
        let [version] = *take(&mut rest)?;
        if version != VERSION || bytes.len() != plain_bytes(disclosure) {
            return Err(LabelError("version or length"));
        }
        let bank =
            BankId::parse(take_text(&mut rest, BANK_BYTES)?, "bank").map_err(|_| LabelError("bank"))?;
        let content = match disclosure {
            Disclosure::Labels => Some(decode_content(&mut rest)?),
            Disclosure::Count | Disclosure::Institutions => None,
        };
        let label = Self { bank, content };
        if label.encode(disclosure) == bytes { Ok(label) } else { Err(LabelError("padding")) }
    }
}

fn decode_content(rest: &mut &[u8]) -> Result<LabelContent, LabelError> {
    let [roles] = *take(rest)?;
    let typologies = u32::from_be_bytes(*take(rest)?);
    let [grade] = *take(rest)?;
    Ok(LabelContent {
        roles: NumberSet::from_bits(roles.into()),
        typologies: NumberSet::from_bits(typologies),
        grade: Grade::from_number(grade).ok_or(LabelError("grade"))?,
        first_month: Month::from_number(u16::from_be_bytes(*take(rest)?)),
        last_month: Month::from_number(u16::from_be_bytes(*take(rest)?)),
        contact: take_text(rest, 1 + CONTACT_BYTES)?.to_owned(),
    })
}

/// Writes a length byte and the text, filled with zeros to `field` bytes; what does not fit is cut at a character.
fn text(out: &mut Vec<u8>, value: &str, field: usize) {
    let mut end = value.len().min(field - 1);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    let start = out.len();
    out.push(u8::try_from(end).unwrap_or(0));
    out.extend_from_slice(&value.as_bytes()[..end]);
    out.resize(start + field, 0);
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Result<&'a [u8; N], LabelError> {
    let (head, tail) = bytes.split_first_chunk().ok_or(LabelError("length"))?;
    *bytes = tail;
    Ok(head)
}

fn take_text<'a>(bytes: &mut &'a [u8], field: usize) -> Result<&'a str, LabelError> {
    let (head, tail) = bytes.split_at_checked(field).ok_or(LabelError("length"))?;
    *bytes = tail;
    let text = head.get(1..=usize::from(head[0])).ok_or(LabelError("text"))?;
    std::str::from_utf8(text).map_err(|_| LabelError("text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> Label {
        Label {
            bank: BankId::parse("alpha", "bank").unwrap(),
            content: Some(LabelContent {
                roles: [Role::Agent.number()].into_iter().collect(),
                typologies: [Typology::AntiCollection.number(), Typology::Phishing.number()]
                    .into_iter()
                    .collect(),
                grade: Grade::Documented,
                first_month: Month::new(2024, 1).unwrap(),
                last_month: Month::default(),
                contact: "合规部 0591-1234".to_owned(),
            }),
        }
    }

    #[test]
    fn labels_lead_back() {
        let label = label();
        let bytes = label.encode(Disclosure::Labels);
        assert_eq!(bytes.len(), plain_bytes(Disclosure::Labels));
        assert_eq!(Label::decode(&bytes, Disclosure::Labels), Ok(label.clone()));
        let short = Label { content: None, ..label };
        let bytes = short.encode(Disclosure::Institutions);
        assert_eq!(Label::decode(&bytes, Disclosure::Institutions), Ok(short));
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = label().encode(Disclosure::Labels);
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x80;
            if let Ok(read) = Label::decode(&other, Disclosure::Labels) {
                assert_eq!(read.encode(Disclosure::Labels), other, "byte {at} is read and lost");
            }
            assert!(Label::decode(&bytes[..at], Disclosure::Labels).is_err());
        }
    }

    #[test]
    fn merging_keeps_the_widest_span_and_the_best_grade() {
        let mut one = label().content.unwrap();
        let mut two = one.clone();
        two.grade = Grade::Judged;
        two.first_month = Month::default();
        two.last_month = Month::new(2025, 12).unwrap();
        two.roles = [Role::Agency.number()].into_iter().collect();
        one.merge(&two);
        assert_eq!(one.grade, Grade::Judged);
        assert_eq!((one.first_month.text(), one.last_month.text()), ("2024-01".into(), "2025-12".into()));
        assert_eq!(one.role_codes(), "agent;agency");
        assert_eq!(one.typology_codes(), "anti-collection;phishing");
    }

    #[test]
    fn a_long_contact_is_cut_at_a_character() {
        let mut long = label();
        long.content.as_mut().unwrap().contact = "险".repeat(40);
        let read = Label::decode(&long.encode(Disclosure::Labels), Disclosure::Labels).unwrap();
        assert_eq!(read.content.unwrap().contact, "险".repeat(21));
    }
}
