//! The entries of the register's drawers, byte by byte.
//!
//! ```text
//! said      facts (20) ‖ text reference ‖ text evidence                                   a text is u32 length ‖ UTF-8
//! record    mark (8) ‖ print (16) ‖ u8 standing ‖ u8 hold by hand ‖ u32 n ‖ n numbers of identifiers (8 each)
//!           ‖ u32 length ‖ said ‖ the rest of the body; a retracted one has no identifiers, no said and no rest
//! mention   u8 kind ‖ u8 whether it enters ‖ text value ‖ said
//! ```
//!
//! A mention repeats of its record what a job asks for, so that jobs read mentions alone, in their order. Only evidence
//! that is long is not repeated: the length `u32::MAX` in its place says that it stands in the record.
//!
//! Records and identifiers are known by numbers: 63 bits of a keyed hash. Two of a million share one with a probability of
//! one in ten million; the mark (further bits of a record's hash) and the value itself tell them apart, and the later one
//! is refused. Comes in: bytes that were sealed. Goes out: their parts; `None` for bytes of another form.

use std::borrow::Cow;

use lianfang_proto::catalogue::Kind;
use zeroize::Zeroizing;

use super::facts::{FACTS_BYTES, Facts};
use super::standing::{Standing, State};

/// What tells apart two records with one number.
pub(super) type Mark = [u8; 8];
/// A keyed digest of all that a row says.
pub(super) type Print = [u8; 16];

/// The number and the mark of a keyed index.
pub(super) fn number(index: [u8; 16]) -> (i64, Mark) {
    let (mut number, mut mark) = ([0; 8], [0; 8]);
    number.copy_from_slice(&index[..8]);
    mark.copy_from_slice(&index[8..]);
    // 0 stands before the first.
    ((i64::from_be_bytes(number) & i64::MAX).max(1), mark)
}

/// Reads fields one after the other.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    pub(super) fn length(&mut self) -> Option<usize> {
        self.fixed().map(|bytes| u32::from_be_bytes(bytes) as usize)
    }

    pub(super) fn number(&mut self) -> Option<i64> {
        self.fixed().map(i64::from_be_bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    pub(super) const fn rest(self) -> &'a [u8] {
        self.0
    }

    /// The value, if nothing is left.
    pub(super) fn end<T>(self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}

/// Bytes behind their length; what is written here comes from a row, which has a limit far below 4 GiB.
pub(super) fn push_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend_from_slice(bytes);
}

pub(super) fn push_text(to: &mut Vec<u8>, text: &str) {
    push_bytes(to, text.as_bytes());
}

/// Evidence up to this is repeated in each mention of its record.
const REPEATED_BYTES: usize = 256;

/// What a record says to a job.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    facts: &'a [u8],
    pub(super) reference: &'a str,
    /// None in a mention whose record has long evidence.
    pub(super) evidence: Option<&'a str>,
}

impl<'a> Said<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::of(bytes);
        let facts = fields.bytes(FACTS_BYTES)?;
        let reference = fields.text()?;
        if fields.rest() == [255; 4] {
            return Some(Self { facts, reference, evidence: None });
        }
        let evidence = Some(fields.text()?);
        fields.end(Self { facts, reference, evidence })
    }

    /// What a mention repeats of it.
    pub(super) fn repeated(bytes: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let evidence = Self::read(bytes)?.evidence.map_or(0, str::len);
        if evidence <= REPEATED_BYTES {
            return Some(bytes.into());
        }
        let before = bytes.len().checked_sub(evidence + 4)?;
        Some([bytes.get(..before)?, &[255; 4]].concat().into())
    }

    pub(super) fn facts(&self) -> Option<Facts> {
        Facts::decode(self.facts)
    }
}

/// An entry of the records.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) mark: Mark,
    pub(super) print: Print,
    pub(super) standing: Standing,
    /// A hold set by a person, or 0.
    pub(super) hand_hold: u8,
    /// Numbers of identifiers, as bytes.
    identifiers: &'a [u8],
    pub(super) said: &'a [u8],
    pub(super) rest: &'a [u8],
}

impl<'a> Record<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::of(bytes);
        let (mark, print) = (fields.fixed()?, fields.fixed()?);
        let standing = Standing::from_number(fields.u8()?)?;
        let hand_hold = fields.u8()?;
        let count = fields.length()?;
        let identifiers = fields.bytes(count.checked_mul(8)?)?;
        let said = fields.length()?;
        let said = fields.bytes(said)?;
        Some(Self { mark, print, standing, hand_hold, identifiers, said, rest: fields.rest() })
    }

    pub(super) fn identifiers(&self) -> impl Iterator<Item = i64> + use<'a> {
        self.identifiers.chunks_exact(8).filter_map(|id| id.first_chunk().map(|id| i64::from_be_bytes(*id)))
    }
}

/// Writes an entry of the records.
pub(super) struct NewRecord<'a, I> {
    pub(super) mark: Mark,
    pub(super) print: Print,
    pub(super) standing: Standing,
    pub(super) hand_hold: u8,
    pub(super) identifiers: I,
    pub(super) said: &'a [u8],
    pub(super) rest: &'a [u8],
}

impl<I: ExactSizeIterator<Item = i64>> NewRecord<'_, I> {
    pub(super) fn encode(self) -> Zeroizing<Vec<u8>> {
        let bytes = 34 + 8 * self.identifiers.len() + self.said.len() + self.rest.len();
        let mut to = Zeroizing::new(Vec::with_capacity(bytes));
        to.extend_from_slice(&self.mark);
        to.extend_from_slice(&self.print);
        to.extend_from_slice(&[self.standing as u8, self.hand_hold]);
        to.extend_from_slice(&u32::try_from(self.identifiers.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.identifiers.for_each(|id| to.extend_from_slice(&id.to_be_bytes()));
        push_bytes(&mut to, self.said);
        to.extend_from_slice(self.rest);
        to
    }
}

/// The same record, which stands so. Of one that is retracted nothing else stays: that there was one, and a person's hold.
pub(super) fn restated(record: &Record<'_>, state: State) -> Zeroizing<Vec<u8>> {
    let State { standing, hand_hold } = state;
    let left = Some(record).filter(|_| standing != Standing::Retracted);
    let identifiers: Vec<i64> = left.into_iter().flat_map(Record::identifiers).collect();
    let entry = NewRecord {
        mark: record.mark,
        print: left.map_or([0; 16], |record| record.print),
        standing,
        hand_hold,
        identifiers: identifiers.into_iter(),
        said: left.map_or(&[][..], |record| record.said),
        rest: left.map_or(&[][..], |record| record.rest),
    };
    entry.encode()
}

/// An entry of the mentions.
#[derive(Clone, Copy)]
pub(super) struct Mention<'a> {
    pub(super) kind: Kind,
    pub(super) enters: bool,
    pub(super) value: &'a str,
    pub(super) said: &'a [u8],
}

impl<'a> Mention<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::of(bytes);
        let kind = Kind::from_number(fields.u8()?)?;
        let enters = match fields.u8()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        Some(Self { kind, enters, value: fields.text()?, said: fields.rest() })
    }

    /// Whether an entry says that its record enters; nothing else of it is looked at.
    pub(super) fn says_enters(bytes: &[u8]) -> bool {
        bytes.get(1) == Some(&1)
    }

    pub(super) fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&[self.kind.number(), u8::from(self.enters)]);
        push_text(to, self.value);
        to.extend_from_slice(self.said);
    }

    pub(super) fn bytes(&self) -> usize {
        6 + self.value.len() + self.said.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_lead_back_and_cut_ones_do_not() {
        let said = [&[1; FACTS_BYTES][..], &[0, 0, 0, 2], b"A1", &[0, 0, 0, 1], b"E"].concat();
        let record = NewRecord {
            mark: [1; 8],
            print: [2; 16],
            standing: Standing::Held,
            hand_hold: 3,
            identifiers: [5_i64, 7].into_iter(),
            said: &said,
            rest: b"rest",
        };
        let bytes = record.encode();
        let read = Record::read(&bytes).unwrap();
        assert_eq!((read.mark, read.print, read.hand_hold), ([1; 8], [2; 16], 3));
        assert!(read.standing == Standing::Held);
        assert_eq!(read.identifiers().collect::<Vec<_>>(), [5, 7]);
        assert_eq!((read.said, read.rest), (&said[..], &b"rest"[..]));
        let parts = Said::read(read.said).unwrap();
        assert_eq!((parts.reference, parts.evidence), ("A1", Some("E")));
        assert_eq!(Said::repeated(&said).unwrap(), said);
        let long = [&said[..said.len() - 5], &[0, 0, 1, 1], &[b'e'; 257]].concat();
        let repeated = Said::repeated(&long).unwrap();
        let parts = Said::read(&repeated).unwrap();
        assert_eq!((parts.reference, parts.evidence, repeated.len()), ("A1", None, said.len() - 1));
        assert!((0..bytes.len() - 4).all(|cut| Record::read(&bytes[..cut]).is_none()));
        let lifted = restated(&read, State { standing: Standing::Held, hand_hold: 0 });
        let lifted = Record::read(&lifted).unwrap();
        assert_eq!((lifted.mark, lifted.print, lifted.hand_hold), ([1; 8], [2; 16], 0));
        assert!(lifted.standing == Standing::Held && lifted.identifiers().eq([5, 7]));
        assert_eq!((lifted.said, lifted.rest), (read.said, read.rest));
        let emptied = restated(&read, State { standing: Standing::Retracted, hand_hold: 3 });
        let left = Record::read(&emptied).unwrap();
        assert_eq!(left.print, [0; 16]);
        assert!(left.standing == Standing::Retracted && left.hand_hold == 3 && left.mark == [1; 8]);
        assert_eq!((left.identifiers().count(), left.said.len(), left.rest.len()), (0, 0, 0));

        let mention = Mention { kind: Kind::Qq, enters: true, value: "10001", said: &said };
        let mut bytes = Vec::new();
        mention.write(&mut bytes);
        assert_eq!(bytes.len(), mention.bytes());
        let read = Mention::read(&bytes).unwrap();
        assert!(read.kind == Kind::Qq && read.enters && Mention::says_enters(&bytes));
        assert_eq!((read.value, read.said), ("10001", &said[..]));
        assert!((0..11).all(|cut| Mention::read(&bytes[..cut]).is_none()));
        bytes[1] = 2;
        assert!(Mention::read(&bytes).is_none());
    }

    #[test]
    fn numbers_are_never_before_the_first() {
        assert_eq!(number([0; 16]).0, 1);
        let (number, mark) = number([255; 16]);
        assert_eq!((number, mark), (i64::MAX, [255; 8]));
    }
}
