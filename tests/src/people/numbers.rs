//! Identifiers in their canonical form, each made from an index: another index, another identifier.
//!
//! Comes in: an index and the world's seed. Goes out: canonical text. The check digits are written from the standards
//! and not from the node's normaliser, which they are to test. Sources: GB 11643 (ISO 7064 MOD 11-2), GB 32100,
//! GB 11714, ISO/IEC 7812-1 annex B (Luhn).

use std::fmt::Write;

/// The characters of GB 32100, in the order of their values.
const CREDIT_CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Administrative divisions; the last three are of residents from Hong Kong, Macao and Taiwan.
const DIVISIONS: [&str; 12] = [
    "110105", "310104", "350102", "440524", "510104", "420106", "230102", "650102", "540102", "810000",
    "820000", "830000",
];
/// Area codes without the dialling 0, and how many digits follow.
const AREAS: [(&str, usize); 6] = [("10", 8), ("21", 8), ("755", 8), ("591", 8), ("371", 8), ("596", 7)];
const PROVINCES: [&str; 6] = ["京", "沪", "闽", "粤", "川", "鄂"];

/// Makes identifiers; two makers with one seed make the same.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    seed: u64,
}

impl Numbers {
    /// A maker.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// A bijection on `0..space` for every salt, so that indexes below `space` never collide.
    fn scatter(self, index: u64, salt: u64, space: u64) -> u64 {
        let offset = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03);
        let place = u128::from(index) * 2_654_435_761 + u128::from(offset);
        u64::try_from(place % u128::from(space)).unwrap_or_default()
    }

    /// A birth date, which the identity number of the same index carries.
    pub fn birth(self, index: u64) -> (u64, u64, u64) {
        let day = self.scatter(index, 1, 12 * 15_120 * 899) / 12 % 15_120;
        (1955 + day / 336, day / 28 % 12 + 1, day % 28 + 1)
    }

    /// 居民身份证, 18 characters.
    pub fn cn_id(self, index: u64) -> String {
        let place = self.scatter(index, 1, 12 * 15_120 * 899);
        let (year, month, day) = self.birth(index);
        let division = pick(&DIVISIONS, place % 12);
        let body = format!("{division}{year:04}{month:02}{day:02}{:03}", place / (12 * 15_120) + 1);
        let check = identity_check(&body);
        body + check
    }

    /// 组织机构代码 of a firm, nine characters.
    pub fn org_code(self, index: u64) -> String {
        let mut place = self.scatter(index, 2, 31_u64.pow(6));
        let mut body = "MA".to_owned();
        for _ in 0..6 {
            body.push(char::from(pick(CREDIT_CHARACTERS, place % 31)));
            place /= 31;
        }
        let check = organisation_check(&body);
        body.push(check);
        body
    }

    /// 统一社会信用代码 of the same firm.
    pub fn uscc(self, index: u64) -> String {
        let body = format!("91{}{}", pick(&DIVISIONS[..9], index), self.org_code(index));
        let check = credit_check(&body);
        body + &check.to_string()
    }

    /// A mainland mobile. Its last two digits differ, so it is on no stop list.
    pub fn mobile(self, index: u64) -> String {
        let place = self.scatter(index, 3, 700_000_000);
        let last = place % 10;
        format!("+861{}{:07}{}{last}", place / 100_000_000 + 3, place / 10 % 10_000_000, (last + 1) % 10)
    }

    /// A mobile of Hong Kong or the United Kingdom.
    pub fn foreign_mobile(self, index: u64) -> String {
        let place = self.scatter(index, 4, 10_000_000);
        if index.is_multiple_of(2) { format!("+8526{place:07}") } else { format!("+44791{place:07}") }
    }

    /// A fixed line.
    pub fn landline(self, index: u64) -> String {
        let place = self.scatter(index, 5, 6 * 7 * 1_000_000);
        let (area, digits) = pick(&AREAS, place % 6);
        let rest = format!("{:07}", place / 42);
        format!("+86{area}{}{}", place / 6 % 7 + 2, &rest[8 - digits..])
    }

    /// A card of 16 or 19 digits.
    pub fn bank_card(self, index: u64) -> String {
        let place = self.scatter(index, 6, 1_000_000_000);
        let body = if index.is_multiple_of(2) {
            format!("621700{place:09}")
        } else {
            format!("622202000{place:09}")
        };
        let check = luhn_check(&body);
        body + &check.to_string()
    }

    /// An account, the last digit of which is never a Luhn digit.
    pub fn account(self, index: u64) -> String {
        let body = format!("3500104{:09}", self.scatter(index, 7, 1_000_000_000));
        let check = (luhn_check(&body) + 5) % 10;
        body + &check.to_string()
    }

    /// 港澳居民来往内地通行证 without the digits of its reissues.
    pub fn permit(self, index: u64) -> String {
        format!(
            "{}{:08}",
            if index.is_multiple_of(3) { 'M' } else { 'H' },
            self.scatter(index, 8, 100_000_000)
        )
    }

    /// A passport with its country.
    pub fn passport(self, index: u64) -> String {
        let place = self.scatter(index, 9, 100_000_000);
        if index.is_multiple_of(4) { format!("US:5{place:08}") } else { format!("CN:E{place:08}") }
    }

    /// A licence plate, every third one of a car without fuel.
    pub fn plate(self, index: u64) -> String {
        let place = self.scatter(index, 10, 6 * 8 * 100_000);
        let letter = char::from(pick(b"ABCDEFGH", place / 6 % 8));
        let energy = if index.is_multiple_of(3) { "D" } else { "" };
        format!("{}{letter}{energy}{:05}", pick(&PROVINCES, place % 6), place / 48)
    }

    /// A QQ number.
    pub fn qq(self, index: u64) -> String {
        (100_000_000 + self.scatter(index, 11, 900_000_000)).to_string()
    }

    /// A 支付宝 number.
    pub fn alipay(self, index: u64) -> String {
        format!("2088{:012}", self.scatter(index, 12, 1_000_000_000_000))
    }

    /// A word of letters and digits that no other index has.
    pub fn word(self, index: u64) -> String {
        let mut place = self.scatter(index, 13, 36_u64.pow(6));
        let mut word = String::new();
        for _ in 0..6 {
            word.push(char::from(pick(b"abcdefghijklmnopqrstuvwxyz0123456789", place % 36)));
            place /= 36;
        }
        word
    }

    /// A waybill.
    pub fn waybill(self, index: u64) -> String {
        format!("SF{:013}", self.scatter(index, 14, 10_000_000_000_000))
    }

    /// The place of a house, under 12 streets times 9,000 numbers; no two indexes below that share one.
    pub(super) fn building(self, index: u64) -> u64 {
        self.scatter(index, 16, 12 * 9_000)
    }

    /// A device, sixteen hexadecimal digits.
    pub fn device(self, index: u64) -> String {
        let mut text = String::new();
        let written = write!(text, "a{:015x}", self.scatter(index, 15, 1 << 60));
        debug_assert!(written.is_ok(), "writing to a string does not fail");
        text
    }
}

/// The member of a list at a place that is taken modulo its length.
pub(super) fn pick<T: Copy>(from: &[T], place: u64) -> T {
    from[usize::try_from(place % from.len() as u64).unwrap_or_default()]
}

/// The value of a letter or digit when A stands for 10.
fn value(byte: u8) -> u64 {
    u64::from(if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' + 10 })
}

/// ISO 7064 MOD 11-2 in its recursive form: no table of weights.
pub fn identity_check(body: &str) -> &'static str {
    let product = body.bytes().fold(0, |product, byte| (product + value(byte)) * 2 % 11);
    ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][usize::try_from(product).unwrap_or_default()]
}

/// GB 11714: the number that brings the weighted sum to a multiple of eleven.
fn organisation_check(body: &str) -> char {
    let sum: u64 =
        body.bytes().zip([3, 7, 9, 10, 5, 8, 4, 2]).map(|(byte, weight)| value(byte) * weight).sum();
    match (0..11).find(|check| (sum + check).is_multiple_of(11)) {
        Some(10) | None => 'X',
        Some(check) => char::from_digit(u32::try_from(check).unwrap_or_default(), 10).unwrap_or('X'),
    }
}

/// GB 32100: the character that brings the sum with weights of powers of three to a multiple of 31.
fn credit_check(body: &str) -> char {
    let place = |byte| CREDIT_CHARACTERS.iter().position(|&other| other == byte).unwrap_or_default();
    let (sum, _) =
        body.bytes().fold((0, 1), |(sum, power), byte| ((sum + place(byte) * power) % 31, power * 3 % 31));
    char::from(CREDIT_CHARACTERS[(31 - sum) % 31])
}

/// Luhn: the digit that brings the sum to a multiple of ten.
fn luhn_check(body: &str) -> u64 {
    let digits = |(place, byte): (usize, u8)| {
        let digit = value(byte) * if place % 2 == 0 { 2 } else { 1 };
        digit / 10 + digit % 10
    };
    (10 - body.bytes().rev().enumerate().map(digits).sum::<u64>() % 10) % 10
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn check_digits_of_the_standards() {
        assert_eq!(identity_check("11010519491231002"), "X");
        assert_eq!(identity_check("44052418800101001"), "4");
        assert_eq!(organisation_check("M000100Y"), '4');
        assert_eq!(credit_check("91350100M000100Y4"), '3');
        assert_eq!(luhn_check("7992739871"), 3);
    }

    #[test]
    fn no_two_indexes_share_an_identifier() {
        let makers: [fn(Numbers, u64) -> String; 17] = [
            Numbers::cn_id,
            Numbers::org_code,
            Numbers::uscc,
            Numbers::mobile,
            Numbers::foreign_mobile,
            Numbers::landline,
            Numbers::bank_card,
            Numbers::account,
            Numbers::permit,
            Numbers::passport,
            Numbers::plate,
            Numbers::qq,
            Numbers::alipay,
            Numbers::word,
            Numbers::waybill,
            Numbers::device,
            Numbers::cn_id,
        ];
        for (place, make) in makers.into_iter().enumerate() {
            let numbers = Numbers::new(9);
            let made: BTreeSet<String> = (0..5000).map(|index| make(numbers, index)).collect();
            assert_eq!(made.len(), 5000, "maker {place}");
        }
    }
}
