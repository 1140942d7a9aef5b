//! The worked example of "Import Alibaba Cloud KMS credentials using csi-secrets-store-provider-alibabacloud", with RRSA:
//! the plug-in's service account becomes a role by its token and reads a secret, and nobody else does.

use fake_alicloud::{FakeAlicloud, KeyRotation, Seed, ServiceAccountToken};

use super::*;

/// A cluster as the ACK documentation has it, the role with the conditions that the page sets, and the page's policy.
const CLUSTER: &str = r#"
issuers: [{ url: "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c2" }]
accounts:
  - id: "1111111111111111"
    oidcProviders:
      - name: ack-rrsa-c2
        issuerUrl: https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c2
        clientIds: [sts.aliyuncs.com]
    policies:
      - name: read-secrets
        document:
          Statement:
            - { Action: ["kms:GetSecretValue", "kms:Decrypt"], Resource: ["*"], Effect: Allow }
    roles:
      - name: secrets-reader
        policies: [read-secrets]
        trust:
          Statement:
            - Action: sts:AssumeRole
              Effect: Allow
              Condition:
                StringEquals:
                  oidc:aud: sts.aliyuncs.com
                  oidc:iss: https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c2
                  oidc:sub: system:serviceaccount:kube-system:csi-secrets-store-provider-alibabacloud
              Principal:
                Federated: ["acs:ram::1111111111111111:oidc-provider/ack-rrsa-c2"]
"#;

const CLUSTER_ISSUER: &str = "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c2";
const CLUSTER_PROVIDER: &str = "acs:ram::1111111111111111:oidc-provider/ack-rrsa-c2";
const ROLE: &str = "acs:ram::1111111111111111:role/secrets-reader";

async fn cluster() -> World {
    let world = world().await;
    world.fake.seed(&Seed::from_yaml(CLUSTER).expect("a seed")).expect("it is new");
    world
}

fn plug_in() -> ServiceAccountToken {
    ServiceAccountToken::new("kube-system", "csi-secrets-store-provider-alibabacloud").issuer(CLUSTER_ISSUER)
}

async fn present(world: &World, provider: &str, token: &ServiceAccountToken) -> Reply {
    let fake: &FakeAlicloud = &world.fake;
    let token = fake.mint_token(token).expect("an issuer");
    unsigned(world, &federation(ROLE, provider, &token)).await
}

#[tokio::test]
async fn the_plug_in_reads_a_secret_and_does_nothing_else() {
    let world = cluster().await;
    let session = Credentials::of(&present(&world, CLUSTER_PROVIDER, &plug_in()).await);
    let reply = world.send(&session.on(read())).await;
    assert_eq!(reply.json()["SecretData"], "second", "{}", reply.text);
    let describe = Call { action: "DescribeSecret".to_owned(), ..read() };
    assert_eq!(world.send(&session.on(describe)).await.refusal(), (403, "Forbidden.NoPermission".to_owned()));
}

#[tokio::test]
async fn it_goes_on_after_the_cluster_has_changed_its_key() {
    let world = cluster().await;
    let before = world.fake.mint_token(&plug_in()).expect("an issuer");
    world.fake.rotate_keys(&KeyRotation::of(CLUSTER_ISSUER)).expect("an issuer");
    assert_eq!(unsigned(&world, &federation(ROLE, CLUSTER_PROVIDER, &before)).await.status, 200);
    assert_eq!(present(&world, CLUSTER_PROVIDER, &plug_in()).await.status, 200);
}

#[tokio::test]
async fn another_service_account_is_not_trusted() {
    let world = cluster().await;
    for token in [
        ServiceAccountToken::new("default", "csi-secrets-store-provider-alibabacloud"),
        ServiceAccountToken::new("kube-system", "other"),
        plug_in().claim("sub", "system:serviceaccount:kube-system:CSI-secrets-store-provider-alibabacloud"),
    ] {
        let reply = present(&world, CLUSTER_PROVIDER, &token.issuer(CLUSTER_ISSUER)).await;
        assert_refused(&reply, 401, "AuthenticationFail.NoPermission", "There is no permission");
    }
}

#[tokio::test]
async fn another_audience_is_refused_by_the_provider_and_by_the_trust() {
    let world = cluster().await;
    let elsewhere = plug_in().audiences(["elsewhere"]);
    let code = "AuthenticationFail.OIDCToken.AudienceNotMatch";
    let reply = present(&world, CLUSTER_PROVIDER, &elsewhere).await;
    assert_refused(&reply, 401, code, "Invalid audience.");
    let lenient = format!(
        "accounts: [{{ id: \"1111111111111111\", roles: [{{ name: strict, trust: {{ Statement: [{{ Effect: Allow, \
         Action: \"sts:AssumeRole\", Principal: {{ Federated: [\"{CLUSTER_PROVIDER}\"] }}, \
         Condition: {{ StringEquals: {{ \"oidc:aud\": another }} }} }}] }} }}] }}]"
    );
    world.fake.seed(&Seed::from_yaml(&lenient).expect("a seed")).expect("it is new");
    let token = world.fake.mint_token(&plug_in()).expect("an issuer");
    let strict = "acs:ram::1111111111111111:role/strict";
    let reply = unsigned(&world, &federation(strict, CLUSTER_PROVIDER, &token)).await;
    assert_refused(&reply, 401, "AuthenticationFail.NoPermission", "There is no permission");
}

#[tokio::test]
async fn another_issuer_is_refused_by_the_provider_and_by_the_trust() {
    let world = cluster().await;
    let other = plug_in().issuer(ISSUER);
    let reply = present(&world, CLUSTER_PROVIDER, &other).await;
    let code = "AuthenticationFail.OIDCToken.IssuerNotMatch";
    let message = "The issuer in the OIDC Token doesn't match the OIDC Provider registered.";
    assert_refused(&reply, 401, code, message);
    // Through a provider of its own it is believed, and the role does not trust it.
    let reply = present(&world, PROVIDER, &other).await;
    assert_refused(&reply, 401, "AuthenticationFail.NoPermission", "There is no permission");
}
