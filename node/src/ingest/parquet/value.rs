//! From a value of a Parquet column to the text of a cell.
//!
//! Comes in: the type of a column, then its values. Goes out: text, and whether it is a number that may be rounded. Fails:
//! for types that are no single plain value and no list of them, which the caller names.

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::Decimal;
use parquet::record::Field;
use parquet::schema::types::Type;

use crate::ingest::line::Mark;

/// How a column's values are written.
pub(super) struct Shape {
    /// Whether the day of a time is the one in China.
    utc: bool,
    /// Whether numbers are nanoseconds, which the library does not say.
    nanoseconds: bool,
}

impl Shape {
    /// The shape of a column; none where it is nested otherwise than as a list, or of a type that is not read.
    pub(super) fn of(column: &Type) -> Option<Self> {
        let leaf = leaf(column)?;
        let info = leaf.get_basic_info();
        let (converted, physical) = (info.converted_type(), leaf.get_physical_type());
        let decimal = converted == ConvertedType::DECIMAL;
        if matches!(physical, Physical::FIXED_LEN_BYTE_ARRAY) && !decimal
            || matches!(
                converted,
                ConvertedType::TIME_MILLIS
                    | ConvertedType::TIME_MICROS
                    | ConvertedType::INTERVAL
                    | ConvertedType::BSON
            )
        {
            return None;
        }
        let timestamp = match info.logical_type_ref() {
            Some(LogicalType::Timestamp(timestamp)) => Some(timestamp),
            Some(LogicalType::Time(_)) => return None,
            _ => None,
        };
        let nanoseconds = timestamp.is_some_and(|timestamp| timestamp.unit == TimeUnit::NANOS);
        // What came before the newer types was adjusted, as is what Hive and Spark write in 96 bits.
        let utc = timestamp.is_none_or(|timestamp| timestamp.is_adjusted_to_u_t_c);
        Some(Self { utc, nanoseconds })
    }

    /// The text of a cell.
    pub(super) fn written(&self, field: &Field) -> (String, Option<Mark>) {
        let Field::ListInternal(list) = field else { return self.plain(field) };
        let (mut text, mut mark) = (String::new(), None);
        for element in list.elements() {
            let (one, marked) = self.plain(element);
            if !text.is_empty() {
                text.push(';');
            }
            text.push_str(&one);
            // One value that cannot be read makes the cell unreadable, whatever the others are.
            mark = if marked == Some(Mark::Faulty) { marked } else { mark.or(marked) };
        }
        (text, mark)
    }

    fn plain(&self, field: &Field) -> (String, Option<Mark>) {
        let number = Some(Mark::Number);
        match field {
            Field::Null => (String::new(), None),
            Field::Bool(value) => (value.to_string(), None),
            Field::Byte(value) => (value.to_string(), None),
            Field::Short(value) => (value.to_string(), None),
            Field::Int(value) => (value.to_string(), None),
            Field::Long(value) if self.nanoseconds => {
                (self.moment(Timestamp::from_nanosecond((*value).into())), number)
            }
            Field::Long(value) => (value.to_string(), None),
            Field::UByte(value) => (value.to_string(), None),
            Field::UShort(value) => (value.to_string(), None),
            Field::UInt(value) => (value.to_string(), None),
            Field::ULong(value) => (value.to_string(), None),
            Field::Float16(value) => (value.to_string(), number),
            Field::Float(value) => (value.to_string(), number),
            Field::Double(value) => (value.to_string(), number),
            Field::Decimal(value) => decimal(value),
            Field::Str(text) => (text.clone(), None),
            Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
                Ok(text) => (text.to_owned(), None),
                Err(_) => (String::new(), Some(Mark::Faulty)),
            },
            Field::Date(days) => {
                let epoch = jiff::civil::date(1970, 1, 1);
                let day = jiff::Span::new().try_days(*days).and_then(|days| epoch.checked_add(days));
                day.map_or((String::new(), Some(Mark::Faulty)), |day| (day.to_string(), number))
            }
            Field::TimestampMillis(value) => (self.moment(Timestamp::from_millisecond(*value)), number),
            Field::TimestampMicros(value) => (self.moment(Timestamp::from_microsecond(*value)), number),
            Field::TimeMillis(_)
            | Field::TimeMicros(_)
            | Field::Group(_)
            | Field::ListInternal(_)
            | Field::MapInternal(_) => (String::new(), Some(Mark::Faulty)),
        }
    }

    /// A time as it is shown; one out of any calendar is left to be refused as a date.
    fn moment(&self, time: Result<Timestamp, jiff::Error>) -> String {
        let zone = if self.utc { TimeZone::fixed(offset(8)) } else { TimeZone::UTC };
        time.map_or_else(|_| "?".to_owned(), |time| time.to_zoned(zone).datetime().to_string())
    }
}

/// The one plain column behind a column: itself, or what it is a list of.
fn leaf(column: &Type) -> Option<&Type> {
    if column.is_primitive() {
        return Some(column);
    }
    let info = column.get_basic_info();
    let list = info.converted_type() == ConvertedType::LIST
        || matches!(info.logical_type_ref(), Some(LogicalType::List));
    let [repeated] = column.get_fields() else { return None };
    let repeats = repeated.get_basic_info().has_repetition()
        && repeated.get_basic_info().repetition() == Repetition::REPEATED;
    if !list || !repeats {
        return None;
    }
    if repeated.is_primitive() {
        return Some(repeated);
    }
    match repeated.get_fields() {
        [element] if element.is_primitive() => Some(element),
        _ => None,
    }
}

/// What a type is called when it is refused.
pub(super) fn kind(column: &Type) -> String {
    if column.is_primitive() { format!("{:?}", column.get_physical_type()) } else { "nested".to_owned() }
}

/// Digits exactly; a fraction makes it a number that is no identifier.
fn decimal(value: &Decimal) -> (String, Option<Mark>) {
    let (data, Ok(scale)) = (value.data(), usize::try_from(value.scale())) else {
        return (String::new(), Some(Mark::Faulty));
    };
    if data.is_empty() || data.len() > 16 || scale > 38 {
        return (String::new(), Some(Mark::Faulty));
    }
    let sign = if data.first().is_some_and(|byte| byte & 0x80 != 0) { 0xFF } else { 0 };
    let mut wide = [sign; 16];
    wide[16 - data.len()..].copy_from_slice(data);
    let value = i128::from_be_bytes(wide);
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let (minus, fraction) = (if value < 0 { "-" } else { "" }, fraction.trim_end_matches('0'));
    if fraction.is_empty() {
        (format!("{minus}{whole}"), None)
    } else {
        (format!("{minus}{whole}.{fraction}"), Some(Mark::Number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let written = |value: i64, scale| decimal(&Decimal::from_i64(value, 18, scale));
        assert_eq!(written(622_202_000_000_000_001, 0), ("622202000000000001".to_owned(), None));
        assert_eq!(written(1_300, 2), ("13".to_owned(), None));
        assert_eq!(written(-1_305, 3), ("-1.305".to_owned(), Some(Mark::Number)));
        assert_eq!(written(5, 3), ("0.005".to_owned(), Some(Mark::Number)));
        let wide = Decimal::from_bytes(vec![0; 17].into(), 38, 0);
        assert_eq!(decimal(&wide).1, Some(Mark::Faulty));
    }
}
