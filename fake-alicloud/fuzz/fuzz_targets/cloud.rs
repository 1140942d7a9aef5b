//! The cloud that is fuzzed: one account, with some of everything.

use fake_alicloud::{Seed, fuzzing::Door};

use crate::sign::MOMENT;

const SEED: &str = r#"
accounts:
  - id: "1111111111111111"
    accessKeys: [{ id: LTAI5tFuzz, secret: fuzz-secret }]
    instances: [{ id: kst-abc, internetAccess: true }]
    keys: [{ id: key-1 }, { id: key-2, dkmsInstanceId: kst-abc }]
    secrets:
      - name: db
        versions: [{ id: v1, data: 7he-Hidden-7ext-1 }, { id: v2, data: 7he-Hidden-7ext-2 }]
      - name: in
        dkmsInstanceId: kst-abc
        encryptionKeyId: key-2
        versions: [{ id: v1, data: 7he-Hidden-7ext-5 }]
    parameters:
      - name: /a/b
        constraints: { AllowedPattern: "^[a-zA-Z0-9-]+$", MinLength: 1, MaxLength: 40 }
        versions: [7he-Hidden-7ext-3, 7he-Hidden-7ext-4]
      - { name: /a/c, type: String, tags: [{ key: k, value: v }], versions: [one, two] }
"#;

pub fn door() -> Door {
    let seed = Seed::from_yaml(SEED).expect("a seed");
    Door::open(&seed, MOMENT.parse().expect("a time")).expect("an empty cloud")
}
