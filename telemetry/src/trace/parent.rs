//! Under what a span hangs, as it travels. Source: W3C Trace Context, section 3.2.2 (version 00).

/// The header, in gRPC's metadata too.
pub const HEADER: &str = "traceparent";

/// `00-` trace `-` span `-` flags.
const LENGTH: usize = 55;

/// A trace and a span of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    pub(super) trace: [u8; 16],
    pub(super) span: [u8; 8],
}

impl Parent {
    /// What all parties' spans of a job hang under.
    pub fn of_job(job: [u8; 16]) -> Self {
        let mut span = [0; 8];
        span.copy_from_slice(&job[8..]);
        Self { trace: job, span }
    }

    /// Reads what a peer sent; anything but exactly this form is nothing.
    pub fn read(header: &[u8]) -> Option<Self> {
        if header.len() != LENGTH || !header.starts_with(b"00-") || header[35] != b'-' || header[52] != b'-' {
            return None;
        }
        digits::<1>(&header[53..])?;
        let read = Self { trace: digits(&header[3..35])?, span: digits(&header[36..52])? };
        (read.trace != [0; 16] && read.span != [0; 8]).then_some(read)
    }

    /// As it is sent.
    pub fn header(&self) -> String {
        let (trace, span) = (u128::from_be_bytes(self.trace), u64::from_be_bytes(self.span));
        format!("00-{trace:032x}-{span:016x}-01")
    }
}

/// Lower-case hexadecimal digits, as the standard wants them.
fn digits<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard, section 3.2.3.
    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_standards_example_is_read_and_written() {
        let parent = Parent::read(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(parent.header(), EXAMPLE);
        assert_eq!((parent.trace[0], parent.span[7]), (0x4b, 0xb7));
    }

    #[test]
    fn nothing_else_is_read() {
        let broken = |at: usize, byte: u8| {
            let mut header = EXAMPLE.as_bytes().to_vec();
            header[at] = byte;
            Parent::read(&header)
        };
        for (at, byte) in
            [(0, b'f'), (2, b'_'), (10, b'A'), (10, b'g'), (35, b'_'), (52, b' '), (54, b'x'), (40, 0xff)]
        {
            assert_eq!(broken(at, byte), None, "{at} {byte}");
        }
        assert!(broken(54, b'0').is_some(), "unsampled is read as well");
        for short in 0..EXAMPLE.len() {
            assert_eq!(Parent::read(&EXAMPLE.as_bytes()[..short]), None);
        }
        assert_eq!(Parent::read(format!("{EXAMPLE}-more").as_bytes()), None);
        assert_eq!(Parent::read(&[b'0'; LENGTH]), None);
        let zero = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        assert_eq!(Parent::read(zero.as_bytes()), None);
    }

    #[test]
    fn all_parties_know_what_a_jobs_spans_hang_under() {
        let job = *b"0123456789abcdef";
        assert_eq!(Parent::of_job(job), Parent { trace: job, span: *b"89abcdef" });
    }
}
