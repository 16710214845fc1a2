//! Enums that know all of their variants.

/// Declares an enum without data, and `ALL` of it from the same list: whatever goes through all states, or all events,
/// leaves none out.
macro_rules! listed {
    ($(#[$about:meta])* $visible:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident,)+ }) => {
        $(#[$about])*
        $visible enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// All of them, in this order.
            $visible const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];
        }
    };
}

pub(crate) use listed;
