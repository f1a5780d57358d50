//! The settings as flags of the command line, made from the declarations.

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

use super::{DECLARED, Declared, Layers, Scope, Source};

/// Flags offered by every verb.
#[derive(Clone, Debug, Default)]
pub struct EverywhereFlags(Vec<(&'static Declared, String)>);

/// Flags offered by `rota serve`.
#[derive(Clone, Debug, Default)]
pub struct ServeFlags(Vec<(&'static Declared, String)>);

impl EverywhereFlags {
    /// Puts the given flags on top of the other layers.
    pub fn put(&self, layers: &mut Layers) {
        put(&self.0, layers);
    }
}

impl ServeFlags {
    /// Puts the given flags on top of the other layers.
    pub fn put(&self, layers: &mut Layers) {
        put(&self.0, layers);
    }
}

fn put(given: &[(&'static Declared, String)], layers: &mut Layers) {
    for (declared, value) in given {
        layers.put(declared.name, Source::Flag(declared.flag()), value.clone());
    }
}

fn declared(scope: Scope) -> impl Iterator<Item = &'static Declared> {
    DECLARED.iter().filter(move |declared| declared.scope == scope)
}

fn with_flags(command: Command, scope: Scope) -> Command {
    declared(scope).fold(command, |command, declared| {
        let unit = declared.name.rsplit('_').next().unwrap_or_default();
        let value_name =
            if matches!(unit, "ms" | "bytes" | "url") { unit.to_uppercase() } else { "VALUE".to_owned() };
        let default = if declared.default.is_empty() { "empty" } else { declared.default };
        command.arg(
            Arg::new(declared.name)
                .long(declared.flag())
                .value_name(value_name)
                .global(scope == Scope::Everywhere)
                .help_heading("Settings")
                .help(format!("{} [{}] [default: {default}]", declared.help.trim(), declared.variable())),
        )
    })
}

fn given(matches: &ArgMatches, scope: Scope) -> Vec<(&'static Declared, String)> {
    declared(scope)
        .filter_map(|declared| {
            let value = matches.try_get_one::<String>(declared.name).ok().flatten()?;
            Some((declared, value.clone()))
        })
        .collect()
}

macro_rules! flags_of {
    ($type:ident, $scope:expr) => {
        impl FromArgMatches for $type {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
                Ok(Self(given(matches, $scope)))
            }
            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
                self.0 = given(matches, $scope);
                Ok(())
            }
        }

        impl Args for $type {
            fn augment_args(command: Command) -> Command {
                with_flags(command, $scope)
            }
            fn augment_args_for_update(command: Command) -> Command {
                with_flags(command, $scope)
            }
        }
    };
}

flags_of!(EverywhereFlags, Scope::Everywhere);
flags_of!(ServeFlags, Scope::Serve);
