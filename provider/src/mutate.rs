//! Places at which a mutant may take over. An ordinary build has none of them: the macro is what it would be without it.

/// Unless the process plays the mutant of that name, `mutate!(Name, right, wrong)` is `right`, and `mutate!(Name => wrong)` and
/// `mutate!(Name: variable = wrong)` are nothing at all.
#[cfg(not(feature = "mutants"))]
macro_rules! mutate {
    ($mutant:ident, $right:expr, $wrong:expr) => {
        $right
    };
    ($mutant:ident => $wrong:expr) => {};
    ($mutant:ident: $variable:ident = $wrong:expr) => {};
}

#[cfg(feature = "mutants")]
macro_rules! mutate {
    ($mutant:ident, $right:expr, $wrong:expr) => {
        if $crate::mutant::Mutant::$mutant.is_played() { $wrong } else { $right }
    };
    ($mutant:ident => $wrong:expr) => {
        if $crate::mutant::Mutant::$mutant.is_played() {
            $wrong
        }
    };
    ($mutant:ident: $variable:ident = $wrong:expr) => {
        let $variable = mutate!($mutant, $variable, $wrong);
    };
}
