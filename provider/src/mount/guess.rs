//! What was probably meant by a name that is none.

/// Far beyond the longest name that is known.
const LONGEST: usize = 60;

/// The known name that differs from what was written by letter case, a slip or two, or a beginning such as `object`.
pub fn guess<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    if written.len() > LONGEST {
        return None;
    }
    let written = written.to_ascii_lowercase();
    let distance = |name: &&str| strsim::damerau_levenshtein(&name.to_ascii_lowercase(), &written);
    let nearest = known.iter().copied().min_by_key(distance)?;
    if distance(&nearest) <= nearest.len() / 4 {
        return Some(nearest);
    }
    let abbreviated = |name: &&str| written.len() >= 4 && name.to_ascii_lowercase().ends_with(&written);
    known.iter().copied().find(abbreviated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("objectVersions", Some("objectVersion"))]
    #[case("objectname", Some("objectName"))]
    #[case("obejctAlias", Some("objectAlias"))]
    #[case("jmespaths", Some("jmesPath"))]
    #[case("alias", Some("objectAlias"))]
    #[case("path", Some("jmesPath"))]
    #[case("colour", None)]
    #[case("", None)]
    #[case(&"x".repeat(1 << 20), None)]
    fn a_slip_is_recognised(#[case] written: &str, #[case] expected: Option<&str>) {
        let known = ["objectName", "objectAlias", "objectVersion", "objectVersionLabel", "jmesPath"];
        assert_eq!(guess(written, &known), expected);
    }
}
