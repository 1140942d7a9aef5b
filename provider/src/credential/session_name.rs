//! What the account's audit log calls a session.

use crate::kubernetes::Name;

/// The vendor's name, which queries of existing audit logs look for.
pub const DEFAULT: &str = "csi-secrets-store-provider-alibaba";
/// The vendor's name for sessions of a cross-account role.
pub const CROSS_ACCOUNT: &str = "csi-secrets-store-cross-account";

/// The cloud takes no longer ones.
const LONGEST: usize = 64;
const PLACEHOLDERS: [&str; 3] = ["{namespace}", "{serviceAccount}", "{node}"];
/// What stands for the service account in sessions that all pods share.
const SHARED: &str = "shared";

/// A name with placeholders: `{namespace}` and `{serviceAccount}` of the pod whose identity it is, and `{node}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(String);

impl Template {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut literal = text.to_owned();
        for placeholder in PLACEHOLDERS {
            literal = literal.replace(placeholder, "xx");
        }
        if literal.chars().all(is_allowed) && literal.len() >= 2 && text.len() <= 200 {
            let fixed = PLACEHOLDERS.iter().all(|placeholder| !text.contains(placeholder));
            if !fixed || text.len() <= LONGEST {
                return Ok(Self(text.to_owned()));
            }
        }
        Err(format!(
            "expected 2 to {LONGEST} letters, digits and characters of '.', '@', '-' and '_', and the placeholders {}",
            PLACEHOLDERS.join(", ")
        ))
    }

    /// The name of a session of `account`, or of one that all pods share. Too long ones are cut.
    pub fn render(&self, account: Option<&Name>, node: &str) -> String {
        let (namespace, name) =
            account.map_or((SHARED, SHARED), |account| (account.namespace(), account.name()));
        let text = PLACEHOLDERS
            .iter()
            .zip([namespace, name, node])
            .fold(self.0.clone(), |text, (placeholder, value)| text.replace(placeholder, value));
        text.chars()
            .map(|character| if is_allowed(character) { character } else { '-' })
            .take(LONGEST)
            .collect()
    }
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '@' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("my-session", "my-session")]
    #[case("{namespace}.{serviceAccount}@{node}", "shop.reader@node-1")]
    #[case("p-{serviceAccount}", "p-reader")]
    fn placeholders_say_whose_session_it_is(#[case] template: &str, #[case] expected: &str) {
        let account = Name::new("shop", "reader").unwrap();
        assert_eq!(Template::parse(template).unwrap().render(Some(&account), "node-1"), expected);
    }

    #[test]
    fn a_session_of_no_pod_in_particular_says_so() {
        assert_eq!(Template::parse("{namespace}@{node}").unwrap().render(None, "n"), "shared@n");
    }

    #[test]
    fn a_name_is_always_one_that_the_cloud_takes() {
        let account = Name::new(&"n".repeat(60), &"s".repeat(60)).unwrap();
        let name =
            Template::parse("{node}-{namespace}-{serviceAccount}").unwrap().render(Some(&account), "ä b");
        assert_eq!((&name[..5], name.len()), ("--b-n", 64));
    }

    #[rstest]
    #[case("a")]
    #[case("with space")]
    #[case("{pod}")]
    #[case("{namespace")]
    #[case("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    fn other_names_are_refused_with_the_bounds(#[case] template: &str) {
        let message = Template::parse(template).unwrap_err();
        assert!(message.contains("2 to 64") && message.contains("{namespace}"), "{message}");
    }
}
