//! Enums that know all of their variants.

/// Declares an enum without data, and `ALL` of it from the same list, so that whatever goes through all states, or all events,
/// leaves none out: a table that lacks one does not compile, or does not fit. The enum is `Copy` and can be compared and shown.
/// Variants may have numbers.
///
/// ```
/// lianfang_proto::listed! {
///     /// What a lamp does.
///     enum Lamp { On, Off }
/// }
/// assert_eq!(Lamp::ALL, [Lamp::On, Lamp::Off]);
/// ```
#[macro_export]
macro_rules! listed {
    (
        $(#[$about:meta])*
        $visible:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident $(= $number:literal)?),+ $(,)? }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visible enum $name {
            $($(#[$doc])* $variant $(= $number)?,)+
        }

        impl $name {
            /// All of them, in this order.
            $visible const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];
        }
    };
}
