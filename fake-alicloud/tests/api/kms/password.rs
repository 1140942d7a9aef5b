//! `GetRandomPassword`.

use rstest::rstest;

use super::*;

fn password() -> Call {
    kms("GetRandomPassword")
}

async fn drawn(world: &World, call: &Call) -> String {
    ok(world, call).await["RandomPassword"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn two_passwords_of_the_usual_length_differ() {
    let world = World::new().await;
    let (first, second) = (drawn(&world, &password()).await, drawn(&world, &password()).await);
    assert_eq!((first.len(), second.len()), (32, 32));
    assert_ne!(first, second);
}

#[tokio::test]
async fn what_is_excluded_does_not_come_up() {
    let world = World::new().await;
    let call = password()
        .with("PasswordLength", "128")
        .with("ExcludeLowercase", "true")
        .with("ExcludeUppercase", "true")
        .with("ExcludePunctuation", "True")
        .with("ExcludeCharacters", "0123");
    let drawn = drawn(&world, &call).await;
    assert_eq!(drawn.len(), 128);
    assert!(drawn.chars().all(|c| "456789".contains(c)), "{drawn}");
}

#[tokio::test]
async fn every_kind_is_there_if_it_has_to_be() {
    let world = World::new().await;
    let call = password().with("PasswordLength", "8").with("RequireEachIncludedType", "true");
    for _ in 0..20 {
        let drawn = drawn(&world, &call).await;
        let kinds: [fn(&char) -> bool; 4] = [
            char::is_ascii_lowercase,
            char::is_ascii_uppercase,
            char::is_ascii_digit,
            char::is_ascii_punctuation,
        ];
        assert!(kinds.iter().all(|kind| drawn.chars().any(|c| kind(&c))), "{drawn}");
    }
}

#[rstest]
#[case("PasswordLength", password().with("PasswordLength", "7"))]
#[case("PasswordLength", password().with("PasswordLength", "129"))]
#[case("ExcludeNumbers", password().with("ExcludeNumbers", "all"))]
#[case(
    "ExcludeCharacters",
    password()
        .with("ExcludeLowercase", "true")
        .with("ExcludeUppercase", "true")
        .with("ExcludePunctuation", "true")
        .with("ExcludeNumbers", "true")
)]
#[tokio::test]
async fn a_wrong_parameter_is_named(#[case] name: &str, #[case] call: Call) {
    invalid(&World::new().await, &call, name).await;
}
