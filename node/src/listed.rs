//! Lists for tests of tables: an enum that knows all its variants, so that a table which is tried over them lacks none.

macro_rules! listed {
    ($(#[$about:meta])* $seen:vis enum $name:ident { $($(#[$what:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $seen enum $name { $($(#[$what])* $variant),+ }

        impl $name {
            /// All of them, in their order.
            $seen const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];
        }
    };
}

pub(crate) use listed;
