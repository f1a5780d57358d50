//! How a setting is declared.

/// Which verbs offer a setting as a flag. File and environment may always name every setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every verb.
    Everywhere,
    /// `rota serve` only.
    Serve,
}

/// The values a setting accepts.
#[derive(Clone, Copy, Debug)]
pub enum Bounds {
    /// Whatever its type can read.
    Any,
    /// Whole numbers, both ends included.
    Range(u64, u64),
}

/// One declared setting, as told to people.
#[derive(Debug)]
pub struct Declared {
    /// The name, with the unit as its last word.
    pub name: &'static str,
    /// What it is and why the default is what it is.
    pub help: &'static str,
    /// The default, as text.
    pub default: &'static str,
    /// The accepted values.
    pub bounds: Bounds,
    /// The verbs that offer it as a flag.
    pub scope: Scope,
}

impl Declared {
    /// The environment variable: `ROTA_` and the name in capitals.
    pub fn variable(&self) -> String {
        format!("ROTA_{}", self.name.to_uppercase())
    }

    /// The flag without its dashes: the name with `-` for `_`.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}

/// Declares the settings: the struct, the table of [`Declared`] and the reading of both.
macro_rules! declare {
    ($( $(#[doc = $doc:literal])+ $scope:ident $name:ident: $type:ty = $default:literal, $bounds:expr; )+) => {
        /// Every setting, read and checked.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $( $(#[doc = $doc])+ pub $name: $type, )+
        }

        /// The table of all settings, in the order of this file.
        pub const DECLARED: &[Declared] = &[
            $( Declared {
                name: stringify!($name),
                help: concat!($($doc, "\n"),+),
                default: $default,
                bounds: $bounds,
                scope: Scope::$scope,
            }, )+
        ];

        impl Settings {
            /// Reads every setting from its layers. Faults are collected, not thrown: the caller shows all.
            fn read(layers: &Layers, faults: &mut Vec<Fault>) -> Option<Self> {
                $( let $name = layers.read::<$type>(stringify!($name), $default, $bounds, faults); )+
                Some(Self { $( $name: $name?, )+ })
            }

            /// Name, value as text (secrets hidden) of every setting, in the order of this file.
            pub fn shown(&self) -> Vec<(&'static str, String)> {
                vec![ $( (stringify!($name), self.$name.show()), )+ ]
            }
        }
    };
}

pub(crate) use declare;
